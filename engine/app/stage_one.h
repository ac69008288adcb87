// Stage one of a running engine: the configured number of workers, each on a thread of its own with a source of its own and every
// n-th partition, on one store and one set of output logs. What a partition does depends on its inputs alone, so the number of
// workers changes no byte of any output.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "config/site.h"
#include "dashboards/metrics.h"
#include "engine/app/engine_run.h"
#include "engine/app/feed/counting_source.h"
#include "engine/app/feed/metrics_feed.h"
#include "engine/app/media.h"
#include "engine/app/packs_in_force.h"
#include "engine/run/patient_machine.h"
#include "engine/run/worker.h"
#include "engine/state/store.h"
#include "rules/pack/pack.h"

namespace plumbline::app {

// How partition `partition` of `partitions` judges, as the configuration says.
[[nodiscard]] run::PatientMachineOptions MachineOptions(const config::Config& config, std::uint32_t partition,
                                                        std::uint32_t partitions);
[[nodiscard]] run::Provenance ProvenanceOf(const rules::Packs& packs);

class StageOne {
 public:
  using OnLine = std::function<void(io::OutputLog log, std::string_view line)>;

  // Everything given outlives the stage. `on_line` is called on the workers' threads.
  StageOne(const config::Config& config, const RunOptions& options, const rules::Packs& packs, Clock& clock, OnLine on_line)
      : config_(config), options_(options), packs_(packs), clock_(clock), on_line_(std::move(on_line)) {}
  ~StageOne() { Join(); }
  StageOne(const StageOne&) = delete;
  StageOne& operator=(const StageOne&) = delete;

  Result<void> OpenStore();
  [[nodiscard]] state::Store& store() { return *store_; }
  // Opens sources and outputs; the packs are there now.
  Result<void> Open();
  // Connects the workers' counters to the metrics, which were made for workers() of them.
  void Attach(dashboards::Metrics& metrics);
  // Loads checkpoints and reruns tails, then starts the threads; they run until `stop`, the end of an import, or an error.
  Result<void> Start(const std::atomic<bool>& stop);
  [[nodiscard]] bool Done() const { return running_.load(std::memory_order_acquire) == 0; }
  // Also ends them: for who has met an error elsewhere.
  void RequestStop() { halt_.store(true, std::memory_order_relaxed); }
  // Waits for the threads. The first error of a worker, or why a partition has stopped.
  Result<void> Join();

  [[nodiscard]] std::uint32_t partitions() const { return partitions_; }
  [[nodiscard]] std::size_t workers() const { return workers_.size(); }
  // Taken by this process so far; from any thread.
  [[nodiscard]] std::uint64_t Records() const {
    return Count([](const run::PartitionMetrics& p) { return p.records.Get(); });
  }
  [[nodiscard]] std::uint64_t DeadLetters() const;
  // After Join: counts since the partitions were first run.
  void AddTo(RunSummary& summary) const;

 private:
  struct Lane {
    OpenedSource opened;
    std::unique_ptr<CountingSource> source;
    std::unique_ptr<run::WorkerMetrics> counters;
    std::unique_ptr<run::Worker> worker;
    std::unique_ptr<WorkerFeed> feed;
    std::vector<std::uint32_t> partitions;
    std::size_t stopped = 0;  // partitions that an integrity error has stopped
    std::set<std::uint32_t> told;
    std::thread thread;
    Result<void> result;
  };
  Result<void> AddWorker(std::vector<std::uint32_t> numbers, OpenedSource opened);
  Result<void> Run(Lane& lane, const std::atomic<bool>& stop);
  void TellStopped(Lane& lane);
  Result<bool> AtEnd(Lane& lane);
  void Publish(Lane& lane);
  template <typename Of>
  [[nodiscard]] std::uint64_t Count(Of of) const {
    std::uint64_t sum = 0;
    for (const auto& lane : workers_)
      for (const auto& partition : lane->counters->partitions) sum += of(*partition);
    return sum;
  }

  const config::Config& config_;
  const RunOptions& options_;
  const rules::Packs& packs_;
  Clock& clock_;
  OnLine on_line_;
  std::uint32_t partitions_ = 1;
  std::unique_ptr<state::Store> store_;
  std::unique_ptr<io::OutputSink> inner_output_, output_;
  std::vector<std::unique_ptr<Lane>> workers_;
  std::atomic<int> running_{0};
  std::atomic<bool> halt_{false};
};

}  // namespace plumbline::app
