// Copies what a worker, its machines and a delivery count to the dashboards. A worker's feed is called on the worker's thread
// between rounds, because machines' counters are plain; it does nothing until `every_ms` has passed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectors/alertmanager/delivery.h"
#include "dashboards/metrics.h"
#include "engine/app/feed/counting_source.h"
#include "engine/run/metrics.h"
#include "engine/run/worker.h"

namespace plumbline::app {

class WorkerFeed {
 public:
  struct Options {
    std::size_t worker = 0;
    std::int64_t every_ms = 250;
    std::int64_t most_lag_records = 1'000'000;  // beyond it the worker is not ready: it does not follow its inputs
    // Not ready before it has once been as near as this to the end of its inputs. Negative: an import, which has no end to be
    // near.
    std::int64_t caught_up_lag_records = 20'000;
  };
  // Everything given outlives the feed.
  WorkerFeed(Options options, run::Worker& worker, const run::WorkerMetrics& counters, const CountingSource& source,
             dashboards::Metrics& metrics)
      : options_(options), worker_(worker), counters_(counters), source_(source), metrics_(metrics) {}

  // `trouble`: what the source or others have to say, for /ready.
  void Publish(std::int64_t steady_ms, const std::string& trouble = {});

 private:
  void AddPartition(std::size_t i);
  void AddTopics();
  void AddTrouble(const std::string& trouble);

  Options options_;
  run::Worker& worker_;
  const run::WorkerMetrics& counters_;
  const CountingSource& source_;
  dashboards::Metrics& metrics_;
  dashboards::WorkerSnapshot snapshot_;
  std::int64_t next_ms_ = 0;
  bool caught_up_ = false;
};

// Registers the delivery's families and fills them, with its troubles for /ready. Called from one thread, now and then.
class DeliveryFeed {
 public:
  DeliveryFeed(std::string receiver, dashboards::Metrics& metrics);
  void Publish(const alertmanager::DeliveryStatus& status);

 private:
  std::string receiver_;
  dashboards::Metrics& metrics_;
  prometheus::Counter *sent_, *resolved_, *refused_, *failures_;
  prometheus::Gauge *firing_, *waiting_, *oldest_;
};

}  // namespace plumbline::app
