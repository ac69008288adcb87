#include <vector>

#include "connectors/sink/event_sink.h"
#include "engine/base/hash.h"
#include "engine/io/file_system.h"
#include "engine/io/murmur2.h"
#include "engine/model/encode.h"

namespace plumbline::sink {
namespace {

class LogSink : public EventSink {
 public:
  explicit LogSink(std::vector<std::unique_ptr<io::LocalTopic>> topics) : topics_(std::move(topics)) {}

  Result<void> Write(const OutRecord& record) override {
    io::LocalTopic& topic = *topics_[StreamIndex(record.stream)];
    const std::uint32_t partitions = topic.meta().partitions;
    if (!record.to_all_partitions) return Append(topic, io::PartitionOfKey(AsBytes(record.key), partitions), record);
    for (std::uint32_t p = 0; p < partitions; ++p) PLUMBLINE_TRY(Append(topic, p, record));
    return {};
  }
  Result<void> Flush() override {
    for (auto& topic : topics_) PLUMBLINE_TRY(topic->Flush());
    return {};
  }
  Result<void> Finish() override {
    for (auto& topic : topics_) PLUMBLINE_TRY(topic->Sync());
    return {};
  }

 private:
  Result<void> Append(io::LocalTopic& topic, std::uint32_t partition, const OutRecord& record) {
    const std::string_view type = record.json ? model::kJsonContentType : model::kFlatBuffersContentType;
    const io::HeaderView header{"content-type", AsBytes(type)};
    PLUMBLINE_TRY(topic.AppendTo(partition, record.arrival_ms, record.key, record.value, {&header, 1}));
    return {};
  }

  std::vector<std::unique_ptr<io::LocalTopic>> topics_;
};

}  // namespace

TopicTriple InputTopics(const config::TopicNames& names) { return {names.device, names.consultation, names.diagnosis}; }

Result<std::unique_ptr<EventSink>> OpenLogSink(Clock& clock, const LogSinkOptions& options) {
  std::vector<std::unique_ptr<io::LocalTopic>> topics;
  io::LocalTopic::Options topic_options;
  topic_options.partitions = options.partitions;
  topic_options.times = options.times;
  for (const std::string& name : options.topics) {
    PLUMBLINE_ASSIGN(auto topic, io::LocalTopic::Open(io::PosixFileSystem(), options.folder, name, clock, topic_options));
    topics.push_back(std::move(topic));
  }
  return std::make_unique<LogSink>(std::move(topics));
}

}  // namespace plumbline::sink
