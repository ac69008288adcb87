#include "dashboards/metrics.h"

#include <unistd.h>

#include <cmath>
#include <fstream>
#include <map>
#include <tuple>

#include "engine/base/check.h"

namespace plumbline::dashboards {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// One family being put together; label names are the same for all its samples.
class Family {
 public:
  Family(std::vector<MetricFamily>& families, MetricType type, std::string name, std::string help) : families_(families) {
    family_.type = type;
    family_.name = std::move(name);
    family_.help = std::move(help);
  }
  ~Family() { families_.push_back(std::move(family_)); }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  void Add(Labels labels, double value) {
    if (std::isnan(value)) return;
    ClientMetric metric;
    metric.label = std::move(labels);
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family_.metric.push_back(std::move(metric));
  }
  void Add(Labels labels, std::uint64_t value) { Add(std::move(labels), static_cast<double>(value)); }
  void Add(Labels labels, std::int64_t value) { Add(std::move(labels), static_cast<double>(value)); }
  void Add(const LatencyHistogram& histogram) {
    ClientMetric metric;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < kLatencyBounds.size(); ++i) {
      count += histogram.counts[i];
      metric.histogram.bucket.push_back({count, kLatencyBounds[i]});
    }
    metric.histogram.sample_count = count + histogram.counts.back();
    metric.histogram.sample_sum = histogram.sum_seconds;
    family_.metric.push_back(std::move(metric));
  }

 private:
  std::vector<MetricFamily>& families_;
  MetricFamily family_;
};

double UnixSeconds() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

// NaN for a clock that has not begun: such a sample is left out.
double DelaySeconds(double now, std::int64_t clock_ms) {
  return clock_ms == kNoClock ? std::nan("") : now - static_cast<double>(clock_ms) / 1000.0;
}

// All workers' snapshots, with rules and dead letters summed over workers.
struct Total {
  std::vector<TopicCounts> topics;
  std::vector<PartitionState> partitions;
  std::map<std::string, RuleState> rules;
  std::map<std::string, std::uint64_t> dead_letters;               // by reason
  std::map<std::pair<std::string, std::string>, FeedState> feeds;  // the least complete of a feed's partitions
  LatencyHistogram event_latency, batch_latency, commit_latency, append_latency, checkpoint_pause;

  void Add(const WorkerSnapshot& snapshot);
};

template <typename T, std::size_t N>
void AddEach(std::array<T, N>& to, const std::array<T, N>& from) {
  for (std::size_t i = 0; i < N; ++i) to[i] += from[i];
}

void Total::Add(const WorkerSnapshot& snapshot) {
  topics.insert(topics.end(), snapshot.topics.begin(), snapshot.topics.end());
  partitions.insert(partitions.end(), snapshot.partitions.begin(), snapshot.partitions.end());
  for (const RuleState& rule : snapshot.rules) {
    RuleState& sum = rules[rule.rule];
    AddEach(sum.final_verdicts, rule.final_verdicts);
    AddEach(sum.transitions, rule.transitions);
    AddEach(sum.alerts, rule.alerts);
    sum.late_events += rule.late_events;
    sum.late_triggers += rule.late_triggers;
  }
  for (const DeadLetterCounts& letters : snapshot.dead_letters) dead_letters[letters.reason] += letters.count;
  for (const FeedState& feed : snapshot.feeds) {
    const auto [at, fresh] = feeds.try_emplace({feed.site, feed.source}, feed);
    if (fresh) continue;
    at->second.complete_to_ms = std::min(at->second.complete_to_ms, feed.complete_to_ms);
    at->second.silent = at->second.silent || feed.silent;
  }
  event_latency.Add(snapshot.event_latency);
  batch_latency.Add(snapshot.batch_latency);
  commit_latency.Add(snapshot.commit_latency);
  append_latency.Add(snapshot.append_latency);
  checkpoint_pause.Add(snapshot.checkpoint_pause);
}

// Labels of a topic-partition.
Labels LabelsOf(const TopicCounts& topic) { return {{"topic", topic.topic}, {"partition", std::to_string(topic.partition)}}; }
Labels LabelsOf(const PartitionState& state) { return {{"partition", std::to_string(state.partition)}}; }

// A family with one sample for each element.
template <typename Elements, typename Value>
void AddEachOf(std::vector<MetricFamily>& out, MetricType type, const char* name, const char* help, const Elements& elements,
               const Value& value) {
  Family family(out, type, name, help);
  for (const auto& element : elements) family.Add(LabelsOf(element), value(element));
}

void CollectConsumption(const Total& total, double now, std::vector<MetricFamily>& out) {
  AddEachOf(out, MetricType::Counter, "plumbline_records_total", "Records read from input topics.", total.topics,
            [](const TopicCounts& t) { return t.records; });
  AddEachOf(out, MetricType::Counter, "plumbline_record_bytes_total", "Bytes of keys and values read from input topics.",
            total.topics, [](const TopicCounts& t) { return t.bytes; });
  AddEachOf(out, MetricType::Gauge, "plumbline_lag_records",
            "Records between the position and the end of the topic as last asked.", total.topics,
            [](const TopicCounts& t) { return t.lag_records; });
  AddEachOf(out, MetricType::Gauge, "plumbline_topic_clock_delay_seconds", "Wall time less the topic-partition's clock.",
            total.topics, [now](const TopicCounts& t) { return DelaySeconds(now, t.clock_ms); });
  AddEachOf(out, MetricType::Gauge, "plumbline_topic_paused",
            "1 while the topic-partition is not read because others lie behind it.", total.topics,
            [](const TopicCounts& t) { return std::uint64_t{t.paused}; });
}

void CollectPartitions(const Total& total, double now, std::vector<MetricFamily>& out) {
  const auto& all = total.partitions;
  using State = PartitionState;
  AddEachOf(out, MetricType::Gauge, "plumbline_clock_delay_seconds", "Wall time less the partition's clock.", all,
            [now](const State& s) { return DelaySeconds(now, s.clock_ms); });
  AddEachOf(out, MetricType::Gauge, "plumbline_watermark_delay_seconds",
            "Wall time less the partition's least watermark: verdicts older than this are final.", all,
            [now](const State& s) { return DelaySeconds(now, s.watermark_ms); });
  AddEachOf(out, MetricType::Gauge, "plumbline_state_subjects", "Patients and other subjects with state.", all,
            [](const State& s) { return s.subjects; });
  AddEachOf(out, MetricType::Gauge, "plumbline_state_rows", "Keys of the partition's last checkpoint.", all,
            [](const State& s) { return s.state_rows; });
  AddEachOf(out, MetricType::Gauge, "plumbline_state_bytes", "Bytes of keys and values of the partition's checkpoint.", all,
            [](const State& s) { return s.state_bytes; });
  AddEachOf(out, MetricType::Counter, "plumbline_journal_entries_total", "Journal entries written.", all,
            [](const State& s) { return s.journal_entries; });
  AddEachOf(out, MetricType::Counter, "plumbline_checkpoints_total", "Checkpoints whose manifest was committed.", all,
            [](const State& s) { return s.checkpoints; });
  AddEachOf(out, MetricType::Gauge, "plumbline_rerun_seconds", "What a restart now would take to rerun the journal's tail.", all,
            [](const State& s) { return s.rerun_seconds; });
  AddEachOf(out, MetricType::Gauge, "plumbline_partition_stopped", "1 once an integrity error has stopped the partition.", all,
            [](const State& s) { return std::uint64_t{s.stopped}; });
  AddEachOf(out, MetricType::Counter, "plumbline_skewed_records_total", "Records stamped below their topic's clock.", all,
            [](const State& s) { return s.skewed_records; });
  AddEachOf(out, MetricType::Counter, "plumbline_out_of_order_events_total",
            "Events that came after a later one of their patient.", all, [](const State& s) { return s.out_of_order_events; });
  AddEachOf(out, MetricType::Counter, "plumbline_truncated_verdicts_total",
            "Verdicts that are unknown because a subject passed its limit of kept events.", all,
            [](const State& s) { return s.truncated_verdicts; });
  {
    Family controls(out, MetricType::Counter, "plumbline_control_records_total", "What people decided, by the engine's answer.");
    for (const State& state : all) {
      const std::string partition = std::to_string(state.partition);
      controls.Add({{"partition", partition}, {"answer", "done"}}, state.controls - state.refused_controls);
      controls.Add({{"partition", partition}, {"answer", "refused"}}, state.refused_controls);
    }
  }
  Family events(out, MetricType::Counter, "plumbline_events_total", "Events by what became of them.");
  for (const State& state : all) {
    const std::string partition = std::to_string(state.partition);
    events.Add({{"partition", partition}, {"outcome", "accepted"}}, state.accepted);
    events.Add({{"partition", partition}, {"outcome", "duplicate"}}, state.duplicates);
    events.Add({{"partition", partition}, {"outcome", "conflict"}}, state.conflicts);
    events.Add({{"partition", partition}, {"outcome", "outdated"}}, state.outdated);
  }
}

// A family by rule and by a fixed list of names.
template <typename Counts>
void AddByRule(std::vector<MetricFamily>& out, MetricType type, const char* name, const char* help, const Total& total,
               const char* label, const auto& names, const Counts& counts) {
  Family family(out, type, name, help);
  for (const auto& [rule, state] : total.rules)
    for (std::size_t i = 0; i < names.size(); ++i) family.Add({{"rule", rule}, {label, names[i]}}, counts(state)[i]);
}

void CollectRules(const Total& total, std::vector<MetricFamily>& out) {
  AddByRule(out, MetricType::Counter, "plumbline_verdicts_total", "Final verdicts by rule and result.", total, "result", kResults,
            [](const RuleState& s) { return s.final_verdicts; });
  AddByRule(out, MetricType::Counter, "plumbline_transitions_total", "Transitions told by rule and kind.", total, "transition",
            kTransitions, [](const RuleState& s) { return s.transitions; });
  AddByRule(out, MetricType::Gauge, "plumbline_alerts", "Alerts by rule and state, now.", total, "state", kAlertStates,
            [](const RuleState& s) { return s.alerts; });
  Family late(out, MetricType::Counter, "plumbline_late_events_total",
              "Evidence that came after its verdict's lateness, by rule.");
  for (const auto& [rule, state] : total.rules) late.Add({{"rule", rule}}, state.late_events);
  Family triggers(out, MetricType::Counter, "plumbline_late_triggers_total", "Triggers that came late themselves, by rule.");
  for (const auto& [rule, state] : total.rules) triggers.Add({{"rule", rule}}, state.late_triggers);
}

void CollectRest(const Total& total, double now, std::vector<MetricFamily>& out) {
  {
    Family letters(out, MetricType::Counter, "plumbline_dead_letters_total", "Records that could not be used, by reason.");
    for (const auto& [reason, count] : total.dead_letters) letters.Add({{"reason", reason}}, count);
  }
  {
    Family delay(out, MetricType::Gauge, "plumbline_feed_delay_seconds", "Wall time less what the feed says it is complete to.");
    for (const auto& [key, feed] : total.feeds)
      delay.Add({{"site", key.first}, {"source", key.second}}, DelaySeconds(now, feed.complete_to_ms));
  }
  {
    Family silent(out, MetricType::Gauge, "plumbline_feed_silent", "1 while a declared feed is silent beyond its time-out.");
    for (const auto& [key, feed] : total.feeds)
      silent.Add({{"site", key.first}, {"source", key.second}}, std::uint64_t{feed.silent});
  }
  Family(out, MetricType::Histogram, "plumbline_event_latency_seconds", "Arrival of a record to its effects being readable.")
      .Add(total.event_latency);
  Family(out, MetricType::Histogram, "plumbline_batch_latency_seconds", "Taking and judging a batch.").Add(total.batch_latency);
  Family(out, MetricType::Histogram, "plumbline_commit_latency_seconds", "Writing and syncing journal entries.")
      .Add(total.commit_latency);
  Family(out, MetricType::Histogram, "plumbline_append_latency_seconds", "Appending a batch's effects to the output logs.")
      .Add(total.append_latency);
  Family(out, MetricType::Histogram, "plumbline_checkpoint_pause_seconds", "Each piece of checkpoint work between batches.")
      .Add(total.checkpoint_pause);
}

void CollectProcess(double started, std::vector<MetricFamily>& out) {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  std::ifstream stat("/proc/self/stat");
  const std::string line{std::istreambuf_iterator<char>(stat), std::istreambuf_iterator<char>()};
  std::vector<std::string> fields;  // after the program's name, which may have spaces: state is the first
  std::string field;
  for (const char letter : line.substr(std::min(line.rfind(')') + 1, line.size()))) {
    if (letter != ' ')
      field += letter;
    else if (!field.empty())
      fields.push_back(std::exchange(field, {}));
  }
  Family(out, MetricType::Gauge, "process_resident_memory_bytes", "Resident memory size in bytes.")
      .Add({}, resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
  Family(out, MetricType::Gauge, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.")
      .Add({}, started);
  constexpr std::size_t kUserTime = 11, kSystemTime = 12;
  if (fields.size() <= kSystemTime) return;
  const double ticks = std::stod(fields[kUserTime]) + std::stod(fields[kSystemTime]);
  Family(out, MetricType::Counter, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")
      .Add({}, ticks / static_cast<double>(sysconf(_SC_CLK_TCK)));
}

}  // namespace

Metrics::Metrics(Options options, std::size_t workers)
    : options_(std::move(options)), started_(std::chrono::steady_clock::now()) {
  started_unix_seconds_ = UnixSeconds();
  for (std::size_t i = 0; i < workers; ++i) slots_.push_back(std::make_unique<Slot>());
}

void Metrics::Publish(std::size_t worker, WorkerSnapshot& snapshot) {
  PLUMBLINE_CHECK(worker < slots_.size(), "a worker that was counted at the start");
  Slot& slot = *slots_[worker];
  const std::scoped_lock lock(slot.mutex);
  std::swap(slot.snapshot, snapshot);
  slot.published = true;
  slot.at = std::chrono::steady_clock::now();
}

void Metrics::SetTrouble(const std::string& source, std::vector<std::string> reasons) {
  const std::scoped_lock lock(trouble_mutex_);
  std::erase_if(trouble_, [&](const auto& entry) { return entry.first == source; });
  if (!reasons.empty()) trouble_.emplace_back(source, std::move(reasons));
}

std::vector<MetricFamily> Metrics::Collect() const {
  const double now = UnixSeconds();
  Total total;
  std::uint64_t ready = 0;
  for (const auto& slot : slots_) {
    const std::scoped_lock lock(slot->mutex);
    total.Add(slot->snapshot);
    if (slot->published && slot->snapshot.trouble.empty()) ++ready;
  }
  std::vector<MetricFamily> out;
  Family(out, MetricType::Gauge, "plumbline_build_info", "1, with the version as a label.")
      .Add({{"version", options_.version}}, 1.0);
  Family(out, MetricType::Gauge, "plumbline_workers_ready", "Workers without a reason to be not ready.").Add({}, ready);
  CollectConsumption(total, now, out);
  CollectPartitions(total, now, out);
  CollectRules(total, out);
  CollectRest(total, now, out);
  CollectProcess(started_unix_seconds_, out);
  for (MetricFamily& family : registry_.Collect()) out.push_back(std::move(family));
  return out;
}

std::string Metrics::Write(Format format) const { return WriteFamilies(Collect(), format); }

std::vector<std::string> Metrics::NotReady() const {
  std::vector<std::string> reasons;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const std::scoped_lock lock(slots_[i]->mutex);
    const std::string who = "worker " + std::to_string(i) + ": ";
    if (!slots_[i]->published) reasons.push_back(who + "is starting: it reads its checkpoint and reruns the journal's tail");
    for (const std::string& reason : slots_[i]->snapshot.trouble) reasons.push_back(who + reason);
  }
  const std::scoped_lock lock(trouble_mutex_);
  for (const auto& [source, list] : trouble_)
    for (const std::string& reason : list) reasons.push_back(source + ": " + reason);
  return reasons;
}

std::vector<std::string> Metrics::Stuck() const {
  std::vector<std::string> stuck;
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const std::scoped_lock lock(slots_[i]->mutex);
    if (!slots_[i]->published) continue;  // a start may take long; /ready shows it
    const auto silent = std::chrono::duration_cast<std::chrono::seconds>(now - slots_[i]->at);
    if (silent > options_.stuck_after)
      stuck.push_back("worker " + std::to_string(i) + " has finished no batch for " + std::to_string(silent.count()) + " s");
  }
  return stuck;
}

}  // namespace plumbline::dashboards
