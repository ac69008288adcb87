// Where records come from and where results go, as the configuration says: the embedded log or Kafka. Opened here, used by run,
// replay and whoever else reads what an engine wrote.
//
// Names. Inputs are the configured topics in either medium. Outputs in Kafka are the configured topics, dead letters
// `<input topic>.dlq`; in the embedded log they are kOutputPrefix and kResultsPrefix with the log's name
// (engine/io/output_log.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/site.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/io/output_log.h"
#include "engine/io/source.h"

namespace plumbline::kafka {
class KafkaSource;
}

namespace plumbline::app {

inline constexpr std::uint16_t kInputTopics = 3;                        // the streams
inline constexpr std::uint16_t kReadTopics = 4;                         // and the control topic behind them
inline constexpr std::string_view kOutputPrefix = "plumbline.out.";     // stage one's output logs in the embedded log
inline constexpr std::string_view kResultsPrefix = "plumbline.units.";  // stage two's

// The streams, in the order of their numbers.
[[nodiscard]] std::vector<std::string> InputTopics(const config::Config& config);
// The streams and the control topic.
[[nodiscard]] std::vector<std::string> ReadTopics(const config::Config& config);

struct OpenedSource {
  std::unique_ptr<io::Source> source;
  const kafka::KafkaSource* kafka = nullptr;  // the same, where it is Kafka
  // Why nothing comes, in words for /ready; empty when all is well. On the thread that reads.
  [[nodiscard]] std::string Trouble() const;
};

// `import`: arrivals are the records' own stamps. `reader` tells one reader of the topics from another, for the broker's logs.
[[nodiscard]] Result<OpenedSource> OpenInputs(const config::Config& config, bool import, const std::string& reader);
// Puts records into the control topic's partitions, durable or acknowledged when it returns; the topic is made where it is not
// there. `at_ms`: their time, where the topic takes the writer's. Returns the offsets.
[[nodiscard]] Result<std::vector<std::int64_t>> WriteControl(const config::Config& config,
                                                             const std::vector<std::uint32_t>& partitions, std::int64_t at_ms,
                                                             const std::string& record, Clock& clock);
// Number of partitions of the inputs.
[[nodiscard]] Result<std::uint32_t> InputPartitions(const config::Config& config);

// The alerts log, or the measures log of stage one, as topic 0.
[[nodiscard]] Result<OpenedSource> OpenAlerts(const config::Config& config, const std::string& reader);
[[nodiscard]] Result<OpenedSource> OpenMeasures(const config::Config& config, const std::string& reader);

[[nodiscard]] Result<OpenedSource> OpenAudit(const config::Config& config, const std::string& reader);

// The embedded log's topics are made by their first writer; an engine that starts before it makes them, so that reading can
// begin. Returns their number of partitions.
[[nodiscard]] Result<std::uint32_t> MakeLocalInputs(const config::Config& config, bool import, Clock& clock);

// Output logs of stage one; topics that are missing are made.
[[nodiscard]] Result<std::unique_ptr<io::OutputSink>> OpenOutput(const config::Config& config, std::uint32_t partitions,
                                                                 Clock& clock);
// Of stage two: the results of windows.
[[nodiscard]] Result<std::unique_ptr<io::OutputSink>> OpenResults(const config::Config& config, Clock& clock);

}  // namespace plumbline::app
