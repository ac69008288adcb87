#include "engine/app/stage_two.h"

#include "engine/app/fan_in_source.h"
#include "engine/app/mirror_output.h"
#include "engine/app/stage_one.h"
#include "engine/run/unit_machine.h"

namespace plumbline::app {
namespace {

constexpr std::size_t kCacheBytes = 32U << 20;
constexpr std::int64_t kIdleMs = 5;
constexpr std::int64_t kPublishEveryMs = 500;
constexpr int kMostDrainRounds = 2000;

}  // namespace

StageTwo::~StageTwo() {
  draining_.store(true, std::memory_order_release);
  if (thread_.joinable()) thread_.join();
}

Result<void> StageTwo::Open() {
  PLUMBLINE_ASSIGN(store_, state::Store::Open({config_.state.folder + "/units", kCacheBytes, nullptr}));
  PLUMBLINE_ASSIGN(opened_, OpenMeasures(config_, "units"));
  source_ = std::make_unique<FanInSource>(*opened_.source, static_cast<std::uint16_t>(0));
  PLUMBLINE_ASSIGN(inner_output_, OpenResults(config_, clock_));
  output_ = std::make_unique<MirrorOutput>(*inner_output_, [this](io::OutputLog, std::string_view line) { on_line_(line); });
  counters_ = std::make_unique<run::WorkerMetrics>(std::vector<std::uint32_t>{0});
  run::WorkerOptions w;
  w.partitions = {0};
  w.topics = static_cast<std::uint16_t>(partitions_);
  for (std::uint16_t t = 0; t < partitions_; ++t) w.active.push_back(t);
  w.provenance = ProvenanceOf(packs_);
  // Stage two has no deadlines of its own; ticks keep a quiet partition of measures from holding back the others.
  w.tick_interval_ms = 200;
  run::UnitMachineOptions u;
  u.stage_one_partitions = partitions_;
  for (const config::SiteConfig& site : config_.sites) u.zone_of_site[site.site] = site.zone;
  if (!config_.sites.empty()) u.default_zone = config_.sites.front().zone;
  u.compile = PackCompiler(config_);
  worker_ = std::make_unique<run::Worker>(
      *store_, *source_, *output_, clock_,
      [this, u](std::uint32_t) { return std::make_unique<run::UnitMachine>(u, packs_.rules); }, w, *counters_);
  return {};
}

Result<void> StageTwo::Start(dashboards::Metrics& metrics) {
  PLUMBLINE_TRY(worker_->Start());
  PLUMBLINE_TRY(CheckStopped());
  thread_ = std::thread([this, &metrics] {
    result_ = Run(metrics);
    if (!result_) failed_.store(true, std::memory_order_release);
  });
  return {};
}

Result<void> StageTwo::CheckStopped() const {
  const auto status = worker_->status();
  if (!status.front().stopped) return {};
  return Fail(status.front().stopped->code, "stage two: " + status.front().stopped->message);
}

Result<void> StageTwo::Run(dashboards::Metrics& metrics) {
  for (;;) {
    const bool draining = draining_.load(std::memory_order_acquire);
    PLUMBLINE_ASSIGN(const bool busy, worker_->RunOnce());
    PLUMBLINE_TRY(CheckStopped());
    Publish(metrics);
    if (busy) continue;
    if (draining) break;
    clock_.SleepMs(kIdleMs);
  }
  PLUMBLINE_TRY(ReadToTheEnd());
  return worker_->Finish();
}

// Whatever the order of arrivals, by closing the lanes.
Result<void> StageTwo::ReadToTheEnd() {
  for (int round = 0; round < kMostDrainRounds; ++round) {
    PLUMBLINE_ASSIGN(const bool busy, worker_->RunRound(true));
    PLUMBLINE_TRY(CheckStopped());
    bool at_end = !worker_->HoldsRecords();
    for (std::uint16_t t = 0; t < partitions_; ++t) {
      const auto end = source_->EndOffset({t, 0});
      // Away now: the next start reads on.
      if (!end && end.error().code == ErrorCode::kUnavailable) return {};
      if (!end) return std::unexpected(end.error());
      at_end = at_end && source_->Position({t, 0}) >= *end;
    }
    if (!busy && at_end) return {};
    if (!busy) clock_.SleepMs(2);
  }
  return {};
}

void StageTwo::Publish(dashboards::Metrics& metrics) {
  const std::int64_t now_ms = clock_.SteadyNs() / 1'000'000;
  if (now_ms < next_publish_ms_) return;
  next_publish_ms_ = now_ms + kPublishEveryMs;
  std::vector<std::string> trouble;
  if (const std::string why = opened_.Trouble(); !why.empty()) trouble.push_back(why);
  metrics.SetTrouble("stage two", std::move(trouble));
}

Result<void> StageTwo::Drain() {
  draining_.store(true, std::memory_order_release);
  if (thread_.joinable()) thread_.join();
  return result_;
}

}  // namespace plumbline::app
