#include "connectors/kafka/bare_consumer.h"

#include <librdkafka/rdkafka.h>

#include "connectors/kafka/source.h"

namespace plumbline::kafka {
namespace {

constexpr std::size_t kBatch = 4096;
constexpr int kWaitMs = 5;       // a batch that does not fill up waits so long
constexpr int kMostIdle = 2000;  // such waits in a row

struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};

}  // namespace

Result<BareCount> ConsumeAll(const Settings& settings, const std::vector<std::string>& topics) {
  PLUMBLINE_ASSIGN(Client client,
                   Client::Create(ClientKind::kConsumer, settings, ConsumerDefaults("plumbline-bench", 512 * 1024)));
  const PartitionList list(rd_kafka_topic_partition_list_new(1));
  std::size_t open = 0;
  for (const std::string& topic : topics) {
    PLUMBLINE_ASSIGN(const std::uint32_t partitions, QueryPartitions(client, topic));
    for (std::uint32_t p = 0; p < partitions; ++p, ++open)
      rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), static_cast<std::int32_t>(p))->offset =
          RD_KAFKA_OFFSET_BEGINNING;
  }
  const std::unique_ptr<rd_kafka_queue_t, QueueDeleter> queue(rd_kafka_queue_get_consumer(client.get()));
  if (const int code = rd_kafka_assign(client.get(), list.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::unexpected(KafkaError(code, "taking partitions", client.bootstrap()));
  BareCount count;
  std::vector<rd_kafka_message_t*> batch(kBatch);
  int idle = 0;
  while (open > 0) {
    const ssize_t n = rd_kafka_consume_batch_queue(queue.get(), kWaitMs, batch.data(), batch.size());
    idle = n > 0 ? 0 : idle + 1;
    if (idle > kMostIdle) return Fail(ErrorCode::kUnavailable, "no record and no end of a partition came for ten seconds");
    for (ssize_t i = 0; i < n; ++i) {
      const rd_kafka_message_t& message = *batch[static_cast<std::size_t>(i)];
      if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        --open;
      } else if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++count.records;
        count.bytes += message.len + message.key_len;
      }
      rd_kafka_message_destroy(batch[static_cast<std::size_t>(i)]);
    }
  }
  return count;
}

}  // namespace plumbline::kafka
