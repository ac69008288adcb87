// What a worker publishes of itself: plain counters, totals since it started, copied once a batch. No patient, encounter or
// clinician is in here, nor can be: names are topics, rules, sites, source systems and closed lists.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace plumbline::dashboards {

// Upper bounds in seconds, those of the workers' own histograms: 10 us to 10 s, and what lies above.
inline constexpr std::array<double, 18> kLatencyBounds = {
    0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0};

// Counts by bucket, not cumulative. Add costs a search over 18 bounds; many equal values are one call.
struct LatencyHistogram {
  std::array<std::uint64_t, kLatencyBounds.size() + 1> counts{};
  double sum_seconds = 0;

  void Add(double seconds, std::uint64_t times = 1) {
    const auto at = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), seconds) - kLatencyBounds.begin();
    counts[static_cast<std::size_t>(at)] += times;
    sum_seconds += seconds * static_cast<double>(times);
  }
  void Add(const LatencyHistogram& other) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    sum_seconds += other.sum_seconds;
  }
};

// Nothing was read yet: no delay is written.
inline constexpr std::int64_t kNoClock = INT64_MIN;

struct TopicCounts {
  std::string topic;
  std::uint32_t partition = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::int64_t lag_records = 0;      // end as last asked, less the position
  std::int64_t clock_ms = kNoClock;  // of this topic-partition
  bool paused = false;               // not read now, because others lie behind it or the engine is at its limit
};

struct PartitionState {
  std::uint32_t partition = 0;
  std::int64_t clock_ms = kNoClock;
  std::int64_t watermark_ms = kNoClock;  // the least over the rules
  std::uint64_t accepted = 0, duplicates = 0, conflicts = 0, outdated = 0;
  std::uint64_t skewed_records = 0;
  std::uint64_t out_of_order_events = 0;
  std::uint64_t truncated_verdicts = 0;
  std::uint64_t controls = 0, refused_controls = 0;  // records of the control topic
  std::uint64_t subjects = 0;
  std::uint64_t state_rows = 0;   // keys of the last checkpoint
  std::uint64_t state_bytes = 0;  // of those keys and their values
  std::uint64_t journal_entries = 0;
  std::uint64_t checkpoints = 0;
  double rerun_seconds = 0;  // what a restart now would take
  bool stopped = false;      // by an integrity error
};

// Fixed lists, in the order of the arrays below.
inline constexpr std::array<const char*, 4> kResults = {"pass", "fail", "unknown", "excluded"};
inline constexpr std::array<const char*, 8> kTransitions = {"pass",     "excluded",  "unknown", "firing",
                                                            "resolved", "retracted", "amended", "superseded"};
// "acknowledged" are those of "firing" that somebody has acknowledged.
inline constexpr std::array<const char*, 3> kAlertStates = {"firing", "acknowledged", "unknown"};

struct RuleState {
  std::string rule;
  std::array<std::uint64_t, kResults.size()> final_verdicts{};
  std::array<std::uint64_t, kTransitions.size()> transitions{};
  std::array<std::uint64_t, kAlertStates.size()> alerts{};  // now
  std::uint64_t late_events = 0;
  std::uint64_t late_triggers = 0;
};

struct DeadLetterCounts {
  std::string reason;
  std::uint64_t count = 0;
};

struct FeedState {
  std::string site;
  std::string source;
  std::int64_t complete_to_ms = 0;
  bool silent = false;
};

struct WorkerSnapshot {
  std::vector<TopicCounts> topics;
  std::vector<PartitionState> partitions;
  std::vector<RuleState> rules;
  std::vector<DeadLetterCounts> dead_letters;
  std::vector<FeedState> feeds;
  LatencyHistogram event_latency;     // arrival of a record to its effects being readable
  LatencyHistogram batch_latency;     // taking and judging a batch
  LatencyHistogram commit_latency;    // journal entries written and synced
  LatencyHistogram append_latency;    // effects appended to the output logs
  LatencyHistogram checkpoint_pause;  // each piece of checkpoint work between batches
  std::vector<std::string> trouble;   // why this worker is not ready, in words; empty when it is
};

}  // namespace plumbline::dashboards
