#include "engine/app/feed/metrics_feed.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <algorithm>

#include "engine/model/reject.h"
#include "engine/run/patient_machine.h"

namespace plumbline::app {
namespace {

using dashboards::LatencyHistogram;
using dashboards::WorkerSnapshot;

static_assert(dashboards::kLatencyBounds.size() == run::kLatencyBoundsNs.size());
static_assert(dashboards::kNoClock == model::kNoTime);
constexpr bool SameBounds() {
  for (std::size_t i = 0; i < run::kLatencyBoundsNs.size(); ++i) {
    const double wanted = static_cast<double>(run::kLatencyBoundsNs[i]) / 1e9;
    const double difference = dashboards::kLatencyBounds[i] - wanted;
    if (difference > wanted / 1e6 || difference < -wanted / 1e6) return false;
  }
  return true;
}
static_assert(SameBounds(), "workers and dashboards count into the same buckets");

LatencyHistogram Copy(const run::LatencyHistogram& from) {
  LatencyHistogram to;
  for (std::size_t i = 0; i < to.counts.size(); ++i) to.counts[i] = from.Count(i);
  to.sum_seconds = from.SumSeconds();
  return to;
}

void AddRules(const run::Partition& partition, WorkerSnapshot& snapshot) {
  using rule::VerdictKind;
  const auto& rules = partition.rules().rules;
  const std::vector<std::uint64_t> acknowledged = partition.AcknowledgedFiring();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const run::RuleCounts& counts = partition.rule_counts(i);
    dashboards::RuleState state;
    state.rule = rules[i].id;
    constexpr std::array<VerdictKind, 4> kOrder = {VerdictKind::kPass, VerdictKind::kFail, VerdictKind::kUnknown,
                                                   VerdictKind::kExcluded};
    for (std::size_t k = 0; k < kOrder.size(); ++k) {
      const auto kind = static_cast<std::size_t>(kOrder[k]);
      state.final_verdicts[k] = counts.finals[kind] + counts.events[kind];
    }
    constexpr std::array<alert::TransitionKind, 8> kKinds = {
        alert::TransitionKind::kPass,    alert::TransitionKind::kExcluded,  alert::TransitionKind::kUnknown,
        alert::TransitionKind::kFiring,  alert::TransitionKind::kResolved,  alert::TransitionKind::kRetracted,
        alert::TransitionKind::kAmended, alert::TransitionKind::kSuperseded};
    for (std::size_t k = 0; k < kKinds.size(); ++k)
      state.transitions[k] = counts.transitions[static_cast<std::size_t>(kKinds[k])];
    state.alerts = {counts.firing, acknowledged[i], counts.unknown};
    state.late_events = counts.late_events;
    state.late_triggers = counts.late_triggers;
    snapshot.rules.push_back(std::move(state));
  }
}

void AddFeeds(const run::Partition& partition, WorkerSnapshot& snapshot) {
  const rule::FeedBook& feeds = partition.feeds();
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    const auto feed = static_cast<rule::FeedIndex>(i);
    const std::string& name = feeds.Name(feed);
    const std::size_t cut = std::min(name.find('/'), name.size());  // as Partition declares them
    dashboards::FeedState state;
    state.site = name.substr(0, cut);
    state.source = cut < name.size() ? name.substr(cut + 1) : "";
    const auto& beats = feeds.Beats(feed);
    if (beats.empty()) continue;  // nothing to measure a delay from
    state.complete_to_ms = beats.back().complete_to;
    state.silent = feeds.Silent(feed, partition.clock(), partition.clock());
    snapshot.feeds.push_back(std::move(state));
  }
}

}  // namespace

void WorkerFeed::AddPartition(std::size_t i) {
  const run::PartitionMetrics& counters = *counters_.partitions[i];
  dashboards::PartitionState state;
  state.partition = counters.partition;
  state.clock_ms = counters.clock_ms.Get();
  state.watermark_ms = state.clock_ms;
  state.skewed_records = counters.skewed.Get();
  state.state_rows = counters.state_rows.Get();
  state.state_bytes = counters.state_bytes.Get();
  state.journal_entries = counters.entries.Get();
  state.checkpoints = counters.checkpoint.Get();
  state.rerun_seconds = counters.rerun_seconds.Get();
  state.stopped = counters.stopped.Get();
  if (const auto* machine = dynamic_cast<const run::PatientMachine*>(&worker_.machine(i))) {
    const run::Partition& partition = machine->partition();
    const run::PartitionCounts& counts = partition.counts();
    state.accepted = counts.accepted;
    state.duplicates = counts.duplicates;
    state.conflicts = counts.conflicts;
    state.outdated = counts.outdated;
    state.out_of_order_events = counts.out_of_order;
    state.truncated_verdicts = counts.truncated;
    state.subjects = partition.subjects();
    state.controls = machine->controls();
    state.refused_controls = machine->refused();
    if (state.clock_ms != dashboards::kNoClock)
      for (const rule::Rule& rule : partition.rules().rules)
        state.watermark_ms = std::min(state.watermark_ms, state.clock_ms - rule.kind->LatenessMs());
    AddRules(partition, snapshot_);
    AddFeeds(partition, snapshot_);
    for (std::size_t reason = 0; reason < run::kRejectReasons; ++reason)
      if (const std::uint64_t count = machine->rejected()[reason]; count > 0)
        snapshot_.dead_letters.push_back({std::string(model::ReasonName(static_cast<model::RejectReason>(reason))), count});
  }
  snapshot_.partitions.push_back(state);
}

void WorkerFeed::AddTopics() {
  for (const auto& [id, counts] : source_.counts()) {
    dashboards::TopicCounts topic;
    topic.topic = source_.TopicName(id.topic);
    topic.partition = id.partition;
    topic.records = counts.records;
    topic.bytes = counts.bytes;
    for (std::size_t i = 0; i < counters_.partitions.size(); ++i)
      if (const auto* machine = dynamic_cast<const run::PatientMachine*>(&worker_.machine(i));
          machine != nullptr && counters_.partitions[i]->partition == id.partition)
        topic.clock_ms = machine->partition().topic_clock(id.topic);
    topic.lag_records = std::max<std::int64_t>(0, counts.end - source_.Position(id));
    snapshot_.topics.push_back(std::move(topic));
  }
}

void WorkerFeed::AddTrouble(const std::string& trouble) {
  if (counters_.rerunning.Get()) snapshot_.trouble.emplace_back("is starting: it reruns the journal's tail");
  if (!trouble.empty()) snapshot_.trouble.push_back(trouble);
  for (const run::Worker::Status& status : worker_.status())
    if (status.stopped)
      snapshot_.trouble.push_back("partition " + std::to_string(status.partition) + " has stopped: " + status.stopped->Text());
  std::int64_t lag = 0;
  bool asked = true;
  for (const auto& partition : counters_.partitions) {
    lag += partition->lag_records.Get();
    asked = asked && (partition->lag_asked.Get() || partition->stopped.Get());
  }
  caught_up_ = caught_up_ || options_.caught_up_lag_records < 0 || (asked && lag <= options_.caught_up_lag_records);
  if (!caught_up_)
    snapshot_.trouble.push_back("has not caught up with its inputs since it started" +
                                (asked ? ": " + std::to_string(lag) + " records to go" : std::string()));
  if (lag > options_.most_lag_records) snapshot_.trouble.push_back("is " + std::to_string(lag) + " records behind its inputs");
  for (const dashboards::DeadLetterCounts& letters : snapshot_.dead_letters)
    if (letters.reason == model::ReasonName(model::RejectReason::kWrongPartition))
      snapshot_.trouble.push_back(std::to_string(letters.count) +
                                  " records lie in another partition than their key says: a producer does not use murmur2");
}

void WorkerFeed::Publish(std::int64_t steady_ms, const std::string& trouble) {
  if (steady_ms < next_ms_) return;
  next_ms_ = steady_ms + options_.every_ms;
  snapshot_.topics.clear();
  snapshot_.partitions.clear();
  snapshot_.rules.clear();
  snapshot_.dead_letters.clear();
  snapshot_.feeds.clear();
  snapshot_.trouble.clear();
  for (std::size_t i = 0; i < counters_.partitions.size(); ++i) AddPartition(i);
  AddTopics();
  snapshot_.event_latency = Copy(counters_.arrival_to_told);
  snapshot_.batch_latency = Copy(counters_.batch);
  snapshot_.commit_latency = Copy(counters_.commit);
  snapshot_.append_latency = Copy(counters_.append);
  snapshot_.checkpoint_pause = Copy(counters_.checkpoint_pause);
  AddTrouble(trouble);
  metrics_.Publish(options_.worker, snapshot_);
}

DeliveryFeed::DeliveryFeed(std::string receiver, dashboards::Metrics& metrics)
    : receiver_(std::move(receiver)), metrics_(metrics) {
  auto& registry = metrics.registry();
  const std::map<std::string, std::string> labels = {{"receiver", receiver_}};
  const auto counter = [&](const char* name, const char* help) {
    return &prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
  };
  const auto gauge = [&](const char* name, const char* help) {
    return &prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
  };
  sent_ = counter("plumbline_delivery_sent_total", "Alerts that the receiver accepted, repetitions included.");
  resolved_ = counter("plumbline_delivery_resolved_total", "Ends of alerts that the receiver accepted.");
  refused_ = counter("plumbline_delivery_refused_total", "Alerts that the receiver does not accept.");
  failures_ = counter("plumbline_delivery_failures_total", "Requests that failed and are tried again.");
  firing_ = gauge("plumbline_delivery_firing", "Alerts that fire as far as the receiver is to know.");
  waiting_ = gauge("plumbline_delivery_waiting", "Alerts and ends that the receiver has not been told of.");
  oldest_ = gauge("plumbline_delivery_oldest_seconds", "How long the oldest of those has waited.");
}

void DeliveryFeed::Publish(const alertmanager::DeliveryStatus& status) {
  const auto raise = [](prometheus::Counter* counter, std::uint64_t total) {
    counter->Increment(static_cast<double>(total) - counter->Value());
  };
  raise(sent_, status.sent);
  raise(resolved_, status.resolved);
  raise(refused_, status.refused);
  raise(failures_, status.failures);
  firing_->Set(static_cast<double>(status.firing));
  waiting_->Set(static_cast<double>(status.waiting));
  oldest_->Set(static_cast<double>(status.oldest_ms) / 1000.0);
  metrics_.SetTrouble(receiver_, status.trouble);
}

}  // namespace plumbline::app
