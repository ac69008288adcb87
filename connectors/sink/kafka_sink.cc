#include "connectors/kafka/admin.h"
#include "connectors/kafka/producer.h"
#include "connectors/sink/event_sink.h"
#include "engine/base/hash.h"
#include "engine/model/encode.h"

namespace plumbline::sink {
namespace {

constexpr int kFinishWaitMs = 120'000;

class KafkaSink : public EventSink {
 public:
  KafkaSink(std::unique_ptr<kafka::Producer> producer, const TopicTriple& topics, std::uint32_t partitions)
      : producer_(std::move(producer)), topics_(topics), partitions_(partitions) {}

  Result<void> Write(const OutRecord& record) override {
    const std::string_view type = record.json ? model::kJsonContentType : model::kFlatBuffersContentType;
    const io::HeaderView header{"content-type", AsBytes(type)};
    kafka::Message message;
    message.topic = &topics_[StreamIndex(record.stream)];
    message.key = AsBytes(record.key);
    message.value = AsBytes(record.value);
    message.headers = {&header, 1};
    message.timestamp_ms = record.arrival_ms;
    if (!record.to_all_partitions) return producer_->Send(message);
    for (std::uint32_t p = 0; p < partitions_; ++p) {
      message.partition = static_cast<std::int32_t>(p);
      PLUMBLINE_TRY(producer_->Send(message));
    }
    return {};
  }
  Result<void> Flush() override { return producer_->Poll(); }
  Result<void> Finish() override { return producer_->Flush(kFinishWaitMs); }

 private:
  std::unique_ptr<kafka::Producer> producer_;
  TopicTriple topics_;
  std::uint32_t partitions_;
};

// Makes what is not there; what is there must have the partitions that are configured, or keys would meet in the wrong ones.
Result<void> CheckTopics(kafka::Admin& admin, const KafkaSinkOptions& options) {
  for (const std::string& topic : options.topics) {
    auto partitions = admin.Partitions(topic);
    if (!partitions && options.create_topics) {
      PLUMBLINE_TRY(
          admin.CreateTopic({topic, options.partitions, 1, {{"message.timestamp.type", "CreateTime"}, {"retention.ms", "-1"}}}));
      continue;
    }
    PLUMBLINE_TRY(partitions);
    if (*partitions != options.partitions) {
      return Fail(ErrorCode::kConfig, "topic " + topic + " has " + std::to_string(*partitions) +
                                          " partitions; the configuration says " + std::to_string(options.partitions));
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<EventSink>> OpenKafkaSink(const KafkaSinkOptions& options) {
  kafka::Settings settings;
  settings.bootstrap = options.kafka.brokers;
  for (const config::Property& p : options.kafka.properties) settings.properties[p.name] = p.value;
  PLUMBLINE_ASSIGN(auto admin, kafka::Admin::Create(settings));
  PLUMBLINE_TRY(CheckTopics(admin, options));
  kafka::Producer::Options producer_options;
  producer_options.linger_ms = 20;
  PLUMBLINE_ASSIGN(auto producer, kafka::Producer::Create(settings, producer_options));
  PLUMBLINE_TRY(producer->Prepare({options.topics.begin(), options.topics.end()}));
  return std::make_unique<KafkaSink>(std::move(producer), options.topics, options.partitions);
}

}  // namespace plumbline::sink
