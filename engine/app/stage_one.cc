#include "engine/app/stage_one.h"

#include <algorithm>

#include "engine/app/mirror_output.h"
#include "engine/cql/ucum.h"

namespace plumbline::app {
namespace {

// A tick to the end of the year 9998: every deadline has passed.
constexpr std::int64_t kCloseMs = run::kClosed;

}  // namespace

run::PatientMachineOptions MachineOptions(const config::Config& c, std::uint32_t partition, std::uint32_t partitions) {
  run::PatientMachineOptions o;
  o.partition.partition = partition;
  o.partition.partition_count = partitions;
  o.partition.input_topics = kInputTopics;
  o.partition.corrections_ms = c.limits.corrections_ms;
  if (c.limits.subjects > 0)
    o.partition.most_subjects = static_cast<std::uint32_t>(std::max<std::int64_t>(1, c.limits.subjects / partitions));
  o.partition.max_rows = static_cast<std::uint32_t>(std::min<std::int64_t>(c.limits.events, UINT32_MAX / 2));
  for (const config::SiteConfig& site : c.sites) {
    for (const config::FeedConfig& feed : site.feeds) {
      if (feed.heartbeats) o.partition.feeds.push_back({site.site, feed.source, feed.timeout_ms});
    }
  }
  o.validation = c.validation;
  o.compile = PackCompiler(c);
  o.validation.is_unit = [](std::string_view unit) { return cql::ParseUnit(unit).has_value(); };
  return o;
}

run::Provenance ProvenanceOf(const rules::Packs& packs) {
  return {Sha256Of("plumbline " PLUMBLINE_VERSION), packs.rules->digest};
}

Result<void> StageOne::OpenStore() {
  PLUMBLINE_ASSIGN(store_, state::Store::Open({config_.state.folder + "/patients",
                                               static_cast<std::size_t>(config_.state.cache_bytes), nullptr}));
  return {};
}

Result<void> StageOne::Open() {
  if (config_.source == config::Medium::kLog) {
    PLUMBLINE_ASSIGN(partitions_, MakeLocalInputs(config_, options_.import, clock_));
  }
  const auto wanted = static_cast<std::uint32_t>(config_.workers);
  PLUMBLINE_ASSIGN(OpenedSource first, OpenInputs(config_, options_.import, ""));
  PLUMBLINE_ASSIGN(partitions_, first.source->Partitions(0));
  PLUMBLINE_ASSIGN(inner_output_, OpenOutput(config_, partitions_, clock_));
  output_ = std::make_unique<MirrorOutput>(*inner_output_, on_line_);
  const std::uint32_t workers = std::min(wanted, partitions_);
  for (std::uint32_t w = 0; w < workers; ++w) {
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t p = w; p < partitions_; p += workers) numbers.push_back(p);
    if (w == 0) {
      PLUMBLINE_TRY(AddWorker(std::move(numbers), std::move(first)));
      continue;
    }
    PLUMBLINE_ASSIGN(OpenedSource another, OpenInputs(config_, options_.import, "worker" + std::to_string(w)));
    PLUMBLINE_TRY(AddWorker(std::move(numbers), std::move(another)));
  }
  return {};
}

Result<void> StageOne::AddWorker(std::vector<std::uint32_t> numbers, OpenedSource opened) {
  auto lane = std::make_unique<Lane>();
  lane->opened = std::move(opened);
  lane->source = std::make_unique<CountingSource>(*lane->opened.source);
  lane->counters = std::make_unique<run::WorkerMetrics>(numbers);
  lane->partitions = numbers;
  run::WorkerOptions w;
  w.partitions = std::move(numbers);
  w.topics = kReadTopics;
  w.active = {0, 1, 2, 3};
  w.merge.clock_topics = kInputTopics;
  w.provenance = ProvenanceOf(packs_);
  w.tick_interval_ms = options_.import ? 0 : 1000;
  w.checkpoint_after_seconds = static_cast<double>(config_.state.checkpoint_ms) / 1000;
  w.ignore_checkpoint = options_.ignore_checkpoint;
  const auto make = [this](std::uint32_t p) {
    return std::make_unique<run::PatientMachine>(MachineOptions(config_, p, partitions_), packs_.rules);
  };
  lane->worker = std::make_unique<run::Worker>(*store_, *lane->source, *output_, clock_, make, w, *lane->counters);
  workers_.push_back(std::move(lane));
  return {};
}

void StageOne::Attach(dashboards::Metrics& metrics) {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Lane& lane = *workers_[i];
    WorkerFeed::Options o;
    o.worker = i;
    if (options_.import) o.caught_up_lag_records = -1;
    lane.feed = std::make_unique<WorkerFeed>(o, *lane.worker, *lane.counters, *lane.source, metrics);
  }
}

Result<void> StageOne::Start(const std::atomic<bool>& stop) {
  for (auto& lane : workers_) PLUMBLINE_TRY(lane->worker->Start());
  running_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  for (auto& lane : workers_) {
    lane->thread = std::thread([this, &lane = *lane, &stop] {
      lane.result = Run(lane, stop);
      if (!lane.result) RequestStop();
      running_.fetch_sub(1, std::memory_order_release);
    });
  }
  return {};
}

Result<void> StageOne::Run(Lane& lane, const std::atomic<bool>& stop) {
  const auto stopping = [&] { return stop.load(std::memory_order_relaxed) || halt_.load(std::memory_order_relaxed); };
  while (!stopping()) {
    PLUMBLINE_ASSIGN(const bool busy, lane.worker->RunOnce());
    Publish(lane);
    TellStopped(lane);
    if (busy) continue;
    if (lane.stopped == lane.partitions.size()) break;
    if (options_.until_end && !(options_.more_to_come && options_.more_to_come())) {
      PLUMBLINE_ASSIGN(const bool at_end, AtEnd(lane));
      if (at_end) break;
    }
    clock_.SleepMs(1);
  }
  if (options_.close && !stopping()) PLUMBLINE_TRY(lane.worker->Close(kCloseMs));
  PLUMBLINE_TRY(lane.worker->Finish());
  Publish(lane);
  return {};
}

void StageOne::TellStopped(Lane& lane) {
  const auto stopped = static_cast<std::size_t>(std::count_if(lane.counters->partitions.begin(), lane.counters->partitions.end(),
                                                              [](const auto& p) { return p->stopped.Get(); }));
  if (stopped == lane.stopped) return;
  lane.stopped = stopped;
  if (!options_.on_stopped) return;
  for (const run::Worker::Status& s : lane.worker->status()) {
    if (!s.stopped || !lane.told.insert(s.partition).second) continue;
    options_.on_stopped("partition " + std::to_string(s.partition) + " has stopped: " + s.stopped->Text());
  }
}

// A log that cannot be reached now is not at its end as far as anybody knows. A partition that has stopped reads no more.
Result<bool> StageOne::AtEnd(Lane& lane) {
  if (lane.worker->HoldsRecords()) return false;
  for (const run::Worker::Status& status : lane.worker->status()) {
    for (std::uint16_t t = 0; t < kReadTopics && !status.stopped; ++t) {
      const std::uint32_t p = status.partition;
      const auto end = lane.source->EndOffset({t, p});
      if (!end && end.error().code == ErrorCode::kUnavailable) return false;
      if (!end) return std::unexpected(end.error());
      if (lane.source->Position({t, p}) < *end) return false;
    }
  }
  return true;
}

void StageOne::Publish(Lane& lane) {
  if (lane.feed) lane.feed->Publish(clock_.SteadyNs() / 1'000'000, lane.opened.Trouble());
}

Result<void> StageOne::Join() {
  Result<void> first;
  for (auto& lane : workers_) {
    if (lane->thread.joinable()) lane->thread.join();
    if (first && !lane->result) first = lane->result;
  }
  PLUMBLINE_TRY(first);
  for (const auto& lane : workers_) {
    for (const run::Worker::Status& s : lane->worker->status()) {
      if (s.stopped) return std::unexpected(*s.stopped);
    }
  }
  return {};
}

std::uint64_t StageOne::DeadLetters() const {
  return Count(
      [](const run::PartitionMetrics& p) { return p.effects[static_cast<std::size_t>(io::OutputLog::kDeadLetters) - 1].Get(); });
}

void StageOne::AddTo(RunSummary& s) const {
  for (const auto& lane : workers_) {
    for (std::size_t i = 0; i < lane->partitions.size(); ++i) {
      const auto& machine = static_cast<const run::PatientMachine&>(lane->worker->machine(i));
      const run::PartitionCounts& c = machine.partition().counts();
      s.records += machine.records();
      s.accepted += c.accepted;
      s.duplicates += c.duplicates;
      s.outdated += c.outdated;
      s.heartbeats += c.heartbeats;
      for (const std::uint64_t n : machine.rejected()) s.dead_letters += n;
    }
  }
}

}  // namespace plumbline::app
