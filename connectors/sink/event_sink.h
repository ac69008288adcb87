// Where the generator and the importer put the records of the three streams: the embedded log, Kafka, or a file of JSON lines.
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/site.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/io/local_log.h"
#include "engine/model/event.h"

namespace plumbline::sink {

// Topics in the order of the configuration: device, consultation, diagnosis.
inline constexpr std::size_t kStreams = 3;

struct OutRecord {
  model::EventKind stream = model::EventKind::kDevice;  // a heartbeat names the stream it goes with
  bool to_all_partitions = false;                       // heartbeats
  std::int64_t arrival_ms = 0;
  std::string_view key;
  std::string_view value;
  bool json = false;
};

[[nodiscard]] inline std::size_t StreamIndex(model::EventKind stream) { return static_cast<std::size_t>(stream) - 1; }

class EventSink {
 public:
  virtual ~EventSink() = default;
  [[nodiscard]] virtual Result<void> Write(const OutRecord& record) = 0;
  // Everything written is durable (log, file) or acknowledged (Kafka) when this returns.
  [[nodiscard]] virtual Result<void> Finish() = 0;
  // What has been written leaves now; for a sink that somebody reads while it is written to.
  [[nodiscard]] virtual Result<void> Flush() { return {}; }
};

using TopicTriple = std::array<std::string, kStreams>;
[[nodiscard]] TopicTriple InputTopics(const config::TopicNames& names);

struct LogSinkOptions {
  std::string folder;
  TopicTriple topics;
  std::uint32_t partitions = 8;
  io::TopicTimes times = io::TopicTimes::kCreate;  // kAppend: the log stamps, for live use
};
[[nodiscard]] Result<std::unique_ptr<EventSink>> OpenLogSink(Clock& clock, const LogSinkOptions& options);

// One JSON object a line: {"topic","arrival_ms","key","event"}; the event in the JSON of the schema, whatever it was encoded in.
// The path "-" is standard output.
[[nodiscard]] Result<std::unique_ptr<EventSink>> OpenFileSink(const std::string& path, const TopicTriple& topics);

struct KafkaSinkOptions {
  config::KafkaConfig kafka;
  TopicTriple topics;
  std::uint32_t partitions = 8;
  bool create_topics = false;  // with CreateTime, so that the arrival column counts
};
[[nodiscard]] Result<std::unique_ptr<EventSink>> OpenKafkaSink(const KafkaSinkOptions& options);

}  // namespace plumbline::sink
