// Stage two of a running engine: the measures of every stage-one partition to the results of windows, on one thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>

#include "config/site.h"
#include "dashboards/metrics.h"
#include "engine/app/media.h"
#include "engine/run/worker.h"
#include "engine/state/store.h"
#include "rules/pack/pack.h"

namespace plumbline::app {

class StageTwo {
 public:
  using OnLine = std::function<void(std::string_view line)>;

  // Everything given outlives the stage. `on_line` gets each result, on the stage's thread.
  StageTwo(const config::Config& config, const rules::Packs& packs, std::uint32_t partitions, Clock& clock, OnLine on_line)
      : config_(config), packs_(packs), partitions_(partitions), clock_(clock), on_line_(std::move(on_line)) {}
  ~StageTwo();
  StageTwo(const StageTwo&) = delete;
  StageTwo& operator=(const StageTwo&) = delete;

  Result<void> Open();
  // Runs until Drain, or until an error, which Failed tells.
  Result<void> Start(dashboards::Metrics& metrics);
  [[nodiscard]] bool Failed() const { return failed_.load(std::memory_order_acquire); }
  // Stage one has ended: reads what it wrote to its end, writes a checkpoint, ends the thread.
  Result<void> Drain();

 private:
  Result<void> Run(dashboards::Metrics& metrics);
  Result<void> ReadToTheEnd();
  // An integrity error stops this stage's only partition.
  Result<void> CheckStopped() const;
  void Publish(dashboards::Metrics& metrics);

  const config::Config& config_;
  const rules::Packs& packs_;
  std::uint32_t partitions_;
  Clock& clock_;
  OnLine on_line_;
  std::unique_ptr<state::Store> store_;
  OpenedSource opened_;
  std::unique_ptr<io::Source> source_;
  std::unique_ptr<io::OutputSink> inner_output_, output_;
  std::unique_ptr<run::WorkerMetrics> counters_;
  std::unique_ptr<run::Worker> worker_;
  std::thread thread_;
  std::atomic<bool> draining_{false}, failed_{false};
  std::int64_t next_publish_ms_ = 0;
  Result<void> result_;
};

}  // namespace plumbline::app
