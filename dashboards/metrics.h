// The numbers of a running engine for Prometheus: workers publish snapshots, a scrape sums them up and writes prometheus-cpp's
// families in the text format or, when asked for, OpenMetrics. Every metric and label is listed in README.md.
//
// Publish is called by each worker once a batch and takes one lock that only a scrape contends for; everything else happens on
// the server's thread.
#pragma once

#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "dashboards/http_server.h"
#include "dashboards/snapshot.h"

namespace plumbline::dashboards {

class Metrics {
 public:
  struct Options {
    std::string version;
    // A worker that has not published for this long counts as stuck: /health is red and the process may be restarted.
    std::chrono::seconds stuck_after{60};
  };
  Metrics(Options options, std::size_t workers);

  // Replaces what this worker published before. `snapshot` is swapped: it comes back with old capacity to fill again.
  void Publish(std::size_t worker, WorkerSnapshot& snapshot);
  // Reasons that are no worker's: a missing partition, a receiver of alerts that is down. Replaces those given under `source`
  // before.
  void SetTrouble(const std::string& source, std::vector<std::string> reasons);

  // For parts that count for themselves (delivery of alerts, imports): families registered here are written as well.
  [[nodiscard]] prometheus::Registry& registry() { return registry_; }

  enum class Format { kText, kOpenMetrics };
  [[nodiscard]] std::string Write(Format format) const;
  // Why the engine is not ready; empty when it is.
  [[nodiscard]] std::vector<std::string> NotReady() const;
  // Workers that stand still; empty when all live.
  [[nodiscard]] std::vector<std::string> Stuck() const;
  // GET /metrics, /health, /ready; 404 for others, 405 for other methods.
  [[nodiscard]] HttpResponse Serve(const HttpRequest& request) const;

 private:
  struct Slot {
    mutable std::mutex mutex;
    WorkerSnapshot snapshot;
    bool published = false;
    std::chrono::steady_clock::time_point at;
  };
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const;

  Options options_;
  std::vector<std::unique_ptr<Slot>> slots_;
  prometheus::Registry registry_;
  mutable std::mutex trouble_mutex_;
  std::vector<std::pair<std::string, std::vector<std::string>>> trouble_;
  std::chrono::steady_clock::time_point started_;
  double started_unix_seconds_ = 0;
};

// Both text formats of Prometheus, families in the order given.
[[nodiscard]] std::string WriteFamilies(const std::vector<prometheus::MetricFamily>& families, Metrics::Format format);

}  // namespace plumbline::dashboards
