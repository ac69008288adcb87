// What workers count. The worker's thread alone writes, once a batch; dashboards read at any time. Plain relaxed loads and
// stores: a reader may see counters of two moments, never a torn one.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace plumbline::run {

// Written by one thread.
template <typename T>
class Published {
 public:
  void Set(T value) { value_.store(value, std::memory_order_relaxed); }
  void Add(T value) { Set(Get() + value); }
  [[nodiscard]] T Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{};
};

// Upper bounds in nanoseconds; what is above the last falls into one more bucket.
inline constexpr std::array<std::int64_t, 18> kLatencyBoundsNs = {
    10'000,     25'000,     50'000,     100'000,     250'000,     500'000,     1'000'000,     2'500'000,     5'000'000,
    10'000'000, 25'000'000, 50'000'000, 100'000'000, 250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000, 10'000'000'000};

class LatencyHistogram {
 public:
  void Record(std::int64_t ns, std::uint64_t times = 1) {
    std::size_t bucket = 0;
    while (bucket < kLatencyBoundsNs.size() && ns > kLatencyBoundsNs[bucket]) ++bucket;
    counts_[bucket].Add(times);
    sum_seconds_.Add(static_cast<double>(ns) * 1e-9 * static_cast<double>(times));
    if (ns > max_ns_.Get()) max_ns_.Set(ns);
  }
  // Of one bucket alone, not cumulated.
  [[nodiscard]] std::uint64_t Count(std::size_t bucket) const { return counts_[bucket].Get(); }
  // Of an import of old records these are years, times millions: more nanoseconds than 64 bits hold.
  [[nodiscard]] double SumSeconds() const { return sum_seconds_.Get(); }
  [[nodiscard]] std::int64_t MaxNs() const { return max_ns_.Get(); }

 private:
  std::array<Published<std::uint64_t>, kLatencyBoundsNs.size() + 1> counts_;
  Published<double> sum_seconds_;
  Published<std::int64_t> max_ns_;
};

struct PartitionMetrics {
  std::uint32_t partition = 0;
  Published<bool> stopped;  // by an integrity error
  Published<std::uint64_t> records, entries, skewed;
  std::array<Published<std::uint64_t>, 4> effects;  // by output log, in the order of io::kOutputLogs
  Published<std::int64_t> clock_ms;                 // the partition's clock C
  Published<std::int64_t> clock_delay_ms;           // wall time less C, as of the last batch or tick
  Published<std::int64_t> lag_records;              // over its topics, as of the last tick
  Published<bool> lag_asked;                        // it has been asked for since the start
  Published<double> rerun_seconds;                  // what a restart would rerun now, by what it took to run
  Published<std::uint64_t> checkpoint;              // number of the last sealed one
  Published<std::uint64_t> state_rows;              // of the last sealed one
  Published<std::uint64_t> state_bytes;             // keys and values, as written to checkpoints
};

struct WorkerMetrics {
  explicit WorkerMetrics(const std::vector<std::uint32_t>& numbers) {
    for (const auto number : numbers) {
      partitions.push_back(std::make_unique<PartitionMetrics>());
      partitions.back()->partition = number;
    }
  }
  std::vector<std::unique_ptr<PartitionMetrics>> partitions;
  LatencyHistogram batch;             // of one partition: taking, judging, making the entry
  LatencyHistogram commit;            // until the entries of a round are durable
  LatencyHistogram append;            // of effects to the output logs
  LatencyHistogram checkpoint_pause;  // each piece of checkpoint work between batches
  LatencyHistogram arrival_to_told;   // from a batch's last arrival to its effects appended, once a record; by the wall clock
  Published<std::uint64_t> source_unavailable;  // polls that could not reach the log
  Published<bool> rerunning;                    // a start is under way
};

}  // namespace plumbline::run
