// Where effects go after their journal entry is durable: alerts, measures, dead letters, audit. An effect is named by (partition,
// entry, index), the index counting all effects of its entry over all logs, so that a restart appends exactly what is missing and
// a reader recognises what it has seen.
//
// In the embedded log the name travels as the header "plumbline-effect": u64 entry, u32 index, little-endian. The record's
// timestamp is the entry's, which is computed from its inputs: rerun, the record has the same bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/io/effects.h"
#include "engine/io/local_log.h"

namespace plumbline::io {

inline constexpr std::string_view kEffectHeader = "plumbline-effect";
inline constexpr OutputLog kOutputLogs[] = {OutputLog::kAlerts, OutputLog::kMeasures, OutputLog::kDeadLetters, OutputLog::kAudit};
// "alerts", "measures", "dead_letters", "audit".
[[nodiscard]] std::string_view OutputLogName(OutputLog log);

struct EffectId {
  std::uint64_t entry = 0;
  std::uint32_t index = 0;
  friend auto operator<=>(const EffectId&, const EffectId&) = default;
};

// The name in a record read from an output log; nothing when the header is absent or malformed.
[[nodiscard]] std::optional<EffectId> EffectIdOf(std::span<const HeaderView> headers);
// The header's value.
[[nodiscard]] std::string EffectIdBytes(EffectId id);

// Calls for one partition come from one thread; different partitions may be served by different threads at a time.
class OutputSink {
 public:
  virtual ~OutputSink() = default;
  // The last effect that the log holds; names rise within a log and partition.
  [[nodiscard]] virtual Result<std::optional<EffectId>> Tail(OutputLog log, std::uint32_t partition) = 0;
  [[nodiscard]] virtual Result<void> Append(std::uint32_t partition, EffectId id, std::int64_t timestamp_ms,
                                            const EffectView& effect) = 0;
  // All that was appended is on its way: readers see it soon.
  [[nodiscard]] virtual Result<void> Flush(std::uint32_t partition) = 0;
  // All that was appended is durable.
  [[nodiscard]] virtual Result<void> Sync(std::uint32_t partition) = 0;
  // The same without a long wait: false when it is not durable yet, because a server is away or slow. Try again later.
  [[nodiscard]] virtual Result<bool> TrySync(std::uint32_t partition) {
    PLUMBLINE_TRY(Sync(partition));
    return true;
  }
};

// Output logs as topics of the embedded log, named by OutputLogName with a prefix.
class LocalOutput final : public OutputSink {
 public:
  struct Options {
    std::uint32_t partitions = 1;
    std::string topic_prefix;
    LogWriterOptions writer;
  };
  [[nodiscard]] static Result<std::unique_ptr<LocalOutput>> Open(FileSystem& files, const std::string& root, Clock& clock,
                                                                 const Options& options);

  Result<std::optional<EffectId>> Tail(OutputLog log, std::uint32_t partition) override;
  Result<void> Append(std::uint32_t partition, EffectId id, std::int64_t timestamp_ms, const EffectView& effect) override;
  Result<void> Flush(std::uint32_t partition) override;
  Result<void> Sync(std::uint32_t partition) override;

 private:
  LocalTopic& TopicOf(OutputLog log) { return *topics_[static_cast<std::size_t>(log) - 1]; }

  std::vector<std::unique_ptr<LocalTopic>> topics_;          // in the order of kOutputLogs
  std::vector<std::vector<std::optional<EffectId>>> tails_;  // by log, partition
};

}  // namespace plumbline::io
