#include "engine/run/anchor.h"

#include <optional>
#include <string>
#include <vector>

#include "engine/io/run_digest.h"
#include "engine/state/journal.h"

namespace plumbline::run {
namespace {

// A topic that had no record for so many entries is left alone: a start is not to walk through a year of journal.
constexpr std::uint64_t kMostEntries = 4096;
constexpr std::size_t kPollRecords = 1024;

struct Anchor {
  std::uint64_t entry = 0;
  state::JournalRun run;
};

Result<std::vector<std::optional<Anchor>>> FindAnchors(state::Store& store, const AnchorOptions& options) {
  std::vector<std::optional<Anchor>> anchors(options.topics);
  std::size_t missing = options.topics;
  const std::uint64_t least = options.cut_entry > kMostEntries ? options.cut_entry - kMostEntries : 0;
  for (std::uint64_t number = options.cut_entry; number > least && missing > 0; --number) {
    PLUMBLINE_ASSIGN(const auto bytes, store.ReadEntry(options.partition, number));
    if (!bytes) break;  // pruned
    const auto entry = state::DecodeEntry(*bytes);
    if (!entry) {
      return Fail(entry.error().code, "partition " + std::to_string(options.partition) + " entry " + std::to_string(number) +
                                          ": " + entry.error().message);
    }
    for (const state::JournalRun& run : entry->runs) {
      if (run.topic >= options.topics || anchors[run.topic]) continue;
      anchors[run.topic] = Anchor{number, run};
      --missing;
    }
  }
  return anchors;
}

// The digest of what lies there now.
Result<Digest> ReadAgain(io::Source& source, Clock& clock, io::TopicPartition id, const state::JournalRun& run,
                         std::int64_t read_timeout_ms) {
  PLUMBLINE_TRY(source.Seek(id, run.first_offset));
  io::RunDigest digest;
  const std::int64_t begun = clock.SteadyNs();
  for (std::uint64_t left = run.count; left > 0;) {
    PLUMBLINE_ASSIGN(const auto records, source.Poll(id, static_cast<std::size_t>(std::min<std::uint64_t>(left, kPollRecords))));
    for (const io::Record& record : records) digest.Add(record);
    left -= records.size();
    if (!records.empty()) continue;
    PLUMBLINE_ASSIGN(const auto end, source.EndOffset(id));
    if (end <= run.last_offset) {
      return Fail(ErrorCode::kTrimmed, "topic " + source.TopicName(id.topic) + " ends at offset " + std::to_string(end) +
                                           ", the journal has read to offset " + std::to_string(run.last_offset + 1) +
                                           ": the topic was cut or made anew; restore it");
    }
    if (clock.SteadyNs() - begun > read_timeout_ms * 1'000'000) {
      return Fail(ErrorCode::kUnavailable, "topic " + source.TopicName(id.topic) + " gave nothing for " +
                                               std::to_string(read_timeout_ms) + " ms though it ends at offset " +
                                               std::to_string(end) + "; start again when the log can be read");
    }
    clock.SleepMs(1);
  }
  return digest.Finish();
}

}  // namespace

Result<void> CheckAnchors(state::Store& store, io::Source& source, Clock& clock, const AnchorOptions& options) {
  PLUMBLINE_ASSIGN(const auto anchors, FindAnchors(store, options));
  for (const auto& anchor : anchors) {
    if (!anchor) continue;
    const state::JournalRun& run = anchor->run;
    const io::TopicPartition id{run.topic, options.partition};
    PLUMBLINE_ASSIGN(const auto low, source.LowWatermark(id));
    if (low > run.first_offset) continue;
    const std::string name = "partition " + std::to_string(options.partition) + " entry " + std::to_string(anchor->entry) + ": ";
    const auto now = ReadAgain(source, clock, id, run, options.read_timeout_ms);
    if (!now) return Fail(now.error().code, name + now.error().message);
    if (*now == run.records) continue;
    return Fail(ErrorCode::kIntegrity, name + "topic " + source.TopicName(run.topic) + ": an input of offsets " +
                                           std::to_string(run.first_offset) + " to " + std::to_string(run.last_offset) + " (" +
                                           std::to_string(run.count) +
                                           " records) is not what it was: the topic was made anew or " +
                                           "changed; restore it, or begin with an empty state folder");
  }
  return {};
}

}  // namespace plumbline::run
