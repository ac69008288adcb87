#include "connectors/kafka/output.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>

#include "connectors/kafka/admin.h"
#include "connectors/kafka/dead_letter.h"
#include "engine/base/check.h"
#include "engine/base/hash.h"

namespace plumbline::kafka {
namespace {

constexpr std::size_t kFirstDeadLetterTopic = 3;

struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using MessagePtr = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

std::optional<io::EffectId> NameOf(const rd_kafka_message_t* message) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_header_get_last(headers, std::string(io::kEffectHeader).c_str(), &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::nullopt;
  const io::HeaderView view[] = {{io::kEffectHeader, {static_cast<const std::byte*>(value), size}}};
  return io::EffectIdOf(view);
}

// The name of the last record from `from` to the end; nothing when no record is left there.
Result<std::optional<io::EffectId>> LastFrom(const Client& reader, const std::string& topic, std::uint32_t partition,
                                             std::int64_t from) {
  const std::string doing = "reading the tail of " + topic + " [" + std::to_string(partition) + "]";
  const PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), static_cast<std::int32_t>(partition))->offset = from;
  if (const auto code = rd_kafka_assign(reader.get(), list.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::unexpected(KafkaError(code, doing, reader.bootstrap()));
  std::optional<io::EffectId> name;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(4 * reader.request_timeout_ms());
  while (std::chrono::steady_clock::now() < end) {
    const MessagePtr message(rd_kafka_consumer_poll(reader.get(), 100));
    if (message == nullptr || IsTransient(message->err)) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return name;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(KafkaError(message->err, doing, reader.bootstrap()));
    name = NameOf(message.get());
    if (!name)
      return Fail(ErrorCode::kIntegrity, topic + " [" + std::to_string(partition) + "] offset " +
                                             std::to_string(message->offset) +
                                             " carries no name of an effect: another program writes to this output topic");
  }
  return Fail(ErrorCode::kUnavailable, doing + " at " + reader.bootstrap() + ": no answer in time");
}

Result<std::optional<io::EffectId>> TailOf(const Client& reader, const std::string& topic, std::uint32_t partition) {
  PLUMBLINE_ASSIGN(const Watermarks marks, QueryWatermarks(reader, topic, partition));
  // Offsets may have gaps (transaction markers), so the last record may lie further back than one.
  for (std::int64_t back = 1; marks.end > marks.low; back *= 32) {
    const std::int64_t from = std::max(marks.low, marks.end - back);
    PLUMBLINE_ASSIGN(const auto name, LastFrom(reader, topic, partition, from));
    if (name || from == marks.low) return name;
  }
  return std::optional<io::EffectId>{};
}

}  // namespace

std::vector<std::string> KafkaOutput::TopicNames(const Options& options) {
  std::vector<std::string> names = {options.alerts, options.measures, options.audit};
  for (const std::string& input : options.input_topics) names.push_back(input + options.dead_letter_suffix);
  return names;
}

Result<void> KafkaOutput::CreateTopics(const Options& options, int replication) {
  PLUMBLINE_ASSIGN(Admin admin, Admin::Create(options.settings));
  for (const std::string& name : TopicNames(options)) {
    const auto known = admin.Partitions(name);
    if (known) continue;
    if (known.error().code != ErrorCode::kNotFound) return std::unexpected(known.error());
    // Stamps are the entries' own: those of an import lie years back, those of its close years ahead, and neither may make the
    // broker refuse or drop a record. How long they are kept is the site's to say.
    PLUMBLINE_TRY(admin.CreateTopic({name,
                                     options.partitions,
                                     replication,
                                     {{"message.timestamp.type", "CreateTime"},
                                      {"message.timestamp.after.max.ms", "9223372036854775807"},
                                      {"retention.ms", "-1"},
                                      {"cleanup.policy", "delete"}}}));
  }
  return {};
}

Result<std::unique_ptr<KafkaOutput>> KafkaOutput::Open(const Options& options) {
  auto output = std::make_unique<KafkaOutput>(Private{}, options);
  PLUMBLINE_ASSIGN(output->producer_, Producer::Create(options.settings, {}));
  for (const std::string& name : TopicNames(options)) {
    PLUMBLINE_ASSIGN(const std::uint32_t count, QueryPartitions(output->producer_->client(), name));
    if (count < options.partitions)
      return Fail(ErrorCode::kConfig, "output topic " + name + " has " + std::to_string(count) + " partitions, the inputs have " +
                                          std::to_string(options.partitions));
    output->topics_.push_back({name, Tails(options.partitions)});
  }
  PLUMBLINE_TRY(output->ReadTails());
  return output;
}

Result<void> KafkaOutput::ReadTails() {
  PLUMBLINE_ASSIGN(const Client reader, Client::Create(ClientKind::kConsumer, options_.settings,
                                                       {{"group.id", "plumbline-tails"},
                                                        {"enable.auto.commit", "false"},
                                                        {"auto.offset.reset", "error"},
                                                        {"enable.partition.eof", "true"},
                                                        {"fetch.wait.max.ms", "20"}}));
  rd_kafka_poll_set_consumer(reader.get());
  for (Topic& topic : topics_)
    for (std::uint32_t partition = 0; partition < options_.partitions; ++partition) {
      PLUMBLINE_ASSIGN(topic.tails[partition], TailOf(reader, topic.name, partition));
    }
  return {};
}

std::vector<const KafkaOutput::Topic*> KafkaOutput::TopicsOf(io::OutputLog log) const {
  std::vector<const Topic*> topics;
  switch (log) {
    case io::OutputLog::kAlerts:
      topics.push_back(&topics_[0]);
      break;
    case io::OutputLog::kMeasures:
      topics.push_back(&topics_[1]);
      break;
    case io::OutputLog::kAudit:
      topics.push_back(&topics_[2]);
      break;
    case io::OutputLog::kDeadLetters:
      for (std::size_t i = kFirstDeadLetterTopic; i < topics_.size(); ++i) topics.push_back(&topics_[i]);
      break;
  }
  return topics;
}

Result<std::optional<io::EffectId>> KafkaOutput::Tail(io::OutputLog log, std::uint32_t partition) {
  PLUMBLINE_CHECK(partition < options_.partitions, "a partition of the inputs");
  const std::scoped_lock lock(mutex_);
  const std::vector<const Topic*> topics = TopicsOf(log);
  std::optional<io::EffectId> least;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const auto& tail = topics[i]->tails[partition];
    if (!tail) return std::optional<io::EffectId>{};
    if (i == 0 || *tail < *least) least = tail;
  }
  return least;
}

Result<void> KafkaOutput::Put(Topic& topic, std::uint32_t partition, io::EffectId id, const Message& message) {
  if (topic.tails[partition] && id <= *topic.tails[partition]) return {};  // it is there already
  PLUMBLINE_TRY(producer_->Send(message));
  topic.tails[partition] = id;
  return {};
}

Result<void> KafkaOutput::Append(std::uint32_t partition, io::EffectId id, std::int64_t timestamp_ms,
                                 const io::EffectView& effect) {
  PLUMBLINE_CHECK(partition < options_.partitions, "a partition of the inputs");
  const std::scoped_lock lock(mutex_);
  if (effect.log == io::OutputLog::kDeadLetters) return PutDeadLetter(partition, id, timestamp_ms, effect);
  Topic& topic = topics_[effect.log == io::OutputLog::kAlerts ? 0 : effect.log == io::OutputLog::kMeasures ? 1 : 2];
  const std::string name = io::EffectIdBytes(id);
  const io::HeaderView headers[] = {{io::kEffectHeader, AsBytes(name)}};
  Message message;
  message.topic = &topic.name;
  message.partition = static_cast<std::int32_t>(partition);
  message.key = effect.key;
  message.value = effect.value;
  message.headers = headers;
  message.timestamp_ms = timestamp_ms;
  return Put(topic, partition, id, message);
}

// Header names are Kafka Connect's, so that tools that know its dead-letter queues know ours.
Result<void> KafkaOutput::PutDeadLetter(std::uint32_t partition, io::EffectId id, std::int64_t timestamp_ms,
                                        const io::EffectView& effect) {
  const auto letter = ParseDeadLetter(AsText(effect.value));
  PLUMBLINE_CHECK(letter.has_value(), "the machine writes dead letters in one form");
  PLUMBLINE_CHECK(letter->topic < options_.input_topics.size(), "a dead letter is of an input topic");
  const std::string& input = options_.input_topics[letter->topic];
  Topic& topic = topics_[kFirstDeadLetterTopic + letter->topic];
  const std::string name = io::EffectIdBytes(id);
  const std::string from_partition = std::to_string(letter->partition), from_offset = std::to_string(letter->offset);
  const io::HeaderView headers[] = {
      {"__connect.errors.topic", AsBytes(input)},
      {"__connect.errors.partition", AsBytes(from_partition)},
      {"__connect.errors.offset", AsBytes(from_offset)},
      {"__connect.errors.stage", AsBytes("intake")},
      {"__connect.errors.exception.class.name", AsBytes(letter->reason)},
      {"__connect.errors.exception.message", AsBytes(letter->detail)},
      {io::kEffectHeader, AsBytes(name)},
  };
  Message message;
  message.topic = &topic.name;
  message.partition = static_cast<std::int32_t>(partition);
  message.key = effect.key;
  message.value = AsBytes(letter->bytes);
  message.headers = headers;
  message.timestamp_ms = timestamp_ms;
  return Put(topic, partition, id, message);
}

Result<void> KafkaOutput::Flush(std::uint32_t) {
  const std::scoped_lock lock(mutex_);
  return producer_->Poll();
}

Result<void> KafkaOutput::Sync(std::uint32_t) {
  const std::scoped_lock lock(mutex_);
  return producer_->Flush(options_.sync_wait_ms);
}

}  // namespace plumbline::kafka
