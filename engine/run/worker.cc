#include "engine/run/worker.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/failpoint.h"
#include "engine/run/anchor.h"

namespace plumbline::run {
namespace {

bool StopsPartition(const Error& error) {
  return error.code == ErrorCode::kIntegrity || error.code == ErrorCode::kTrimmed || error.code == ErrorCode::kVersion;
}

}  // namespace

struct Worker::Partition {
  Partition(std::uint32_t n, PartitionMetrics& m) : number(n), metrics(m) {}
  std::uint32_t number;
  PartitionMetrics& metrics;
  std::unique_ptr<PartitionRunner> runner;
  std::unique_ptr<Checkpointer> checkpointer;
  std::optional<Error> stopped;
  std::vector<PartitionRunner::Tick> ticks;
  std::vector<std::string> commands;  // not yet given to the machine
  std::int64_t run_ns = 0;            // spent in batches since the start; rerunning them takes about as long
  std::int64_t run_ns_at_cut = 0, run_ns_at_sealed_cut = 0;
};

Worker::Worker(state::Store& store, io::Source& source, io::OutputSink& output, Clock& clock, MachineFactory make_machine,
               WorkerOptions options, WorkerMetrics& metrics)
    : store_(store),
      source_(source),
      output_(output),
      clock_(clock),
      make_machine_(std::move(make_machine)),
      options_(std::move(options)),
      metrics_(metrics) {
  PLUMBLINE_CHECK(metrics_.partitions.size() == options_.partitions.size(), "the metrics are made for the worker's partitions");
  for (std::size_t i = 0; i < options_.partitions.size(); ++i) {
    partitions_.push_back(std::make_unique<Partition>(options_.partitions[i], *metrics_.partitions[i]));
  }
}

Worker::~Worker() = default;

void Worker::Command(const std::string& payload) {
  for (auto& partition : partitions_) partition->commands.push_back(payload);
}

Machine& Worker::machine(std::size_t i) { return partitions_[i]->runner->machine(); }

bool Worker::HoldsRecords() const {
  for (const auto& partition : partitions_) {
    if (!partition->stopped && partition->runner != nullptr && partition->runner->merge().HoldsRecords()) return true;
  }
  return false;
}

std::vector<Worker::Status> Worker::status() const {
  std::vector<Status> out;
  for (const auto& partition : partitions_) {
    Status status{partition->number, partition->stopped, 0, 0};
    if (partition->runner != nullptr) {
      status.entry = partition->runner->chain().number;
      status.clock_ms = partition->runner->merge().ClockMs();
    }
    out.push_back(status);
  }
  return out;
}

// A topic that was made anew under its name has other records at the same offsets.
Result<void> Worker::CheckTopics() {
  for (std::uint16_t topic = 0; topic < options_.topics; ++topic) {
    auto identity = source_.TopicIdentity(topic);
    if (!identity && identity.error().code == ErrorCode::kNotFound) continue;  // not made yet
    PLUMBLINE_TRY(identity);
    if (identity->empty()) continue;
    const std::string note = "identity/" + std::to_string(topic) + "/" + source_.TopicName(topic);
    PLUMBLINE_ASSIGN(const auto known, store_.GetNote(note));
    if (!known) {
      PLUMBLINE_TRY(store_.PutNote(note, *identity));
      continue;
    }
    if (*known == *identity) continue;
    return Fail(ErrorCode::kTrimmed,
                "topic " + source_.TopicName(topic) + " is not the one that the journal was written over (identity " + *identity +
                    ", then " + *known + "): it was deleted and made anew; restore it, or begin with an empty state folder");
  }
  return {};
}

Result<std::int64_t> Worker::StartOffset(std::uint32_t partition, std::uint16_t topic) {
  const std::string note = "start/" + std::to_string(partition) + "/" + std::to_string(topic);
  PLUMBLINE_ASSIGN(const auto known, store_.GetNote(note));
  if (known) return std::stoll(*known);
  PLUMBLINE_ASSIGN(const auto low, source_.LowWatermark({topic, partition}));
  PLUMBLINE_TRY(store_.PutNote(note, std::to_string(low)));
  return low;
}

Result<void> Worker::BeginAnew(Partition& partition) {
  for (std::uint16_t topic = 0; topic < options_.topics; ++topic) {
    const bool active = std::find(options_.active.begin(), options_.active.end(), topic) != options_.active.end();
    state::TopicPosition position{topic, active, 0, 0};
    const auto start = StartOffset(partition.number, topic);
    // A topic that nobody reads yet may not be made yet; it will begin at zero.
    if (!start && (active || start.error().code != ErrorCode::kNotFound)) return std::unexpected(start.error());
    position.next_offset = start.value_or(0);
    PLUMBLINE_TRY(partition.runner->merge().SetTopic(position));
  }
  return {};
}

Result<void> Worker::RerunTail(Partition& partition) {
  auto& runner = *partition.runner;
  PLUMBLINE_ASSIGN(const auto last, store_.LastEntry(partition.number));
  PLUMBLINE_TRY(runner.ReadTails(last));
  const std::int64_t begun = clock_.SteadyNs();
  while (runner.chain().number < last) {
    const std::uint64_t number = runner.chain().number + 1;
    PLUMBLINE_ASSIGN(const auto entry, store_.ReadEntry(partition.number, number));
    if (!entry) {
      return Fail(ErrorCode::kIntegrity, "partition " + std::to_string(partition.number) + " entry " + std::to_string(number) +
                                             ": not in the journal, which goes on to entry " + std::to_string(last) +
                                             "; restore the state folder from a copy");
    }
    PLUMBLINE_TRY(runner.Rerun(*entry));
    PLUMBLINE_TRY(runner.AppendEffects());
  }
  partition.run_ns = clock_.SteadyNs() - begun;
  return {};
}

Result<void> Worker::StartPartition(Partition& partition) {
  partition.runner = std::make_unique<PartitionRunner>(partition.number, make_machine_(partition.number), source_, output_,
                                                       clock_, options_.provenance, options_.merge);
  partition.checkpointer = std::make_unique<Checkpointer>(store_, output_, partition.number);
  partition.runner->SetLoad([checkpointer = partition.checkpointer.get()](std::span<const std::string> keys, Machine& machine) {
    return checkpointer->LoadRows(keys, machine);
  });
  bool restored = false;
  if (options_.ignore_checkpoint) {
    PLUMBLINE_TRY(store_.DropCheckpoint(partition.number));
  } else {
    PLUMBLINE_ASSIGN(const auto manifest, store_.ReadManifest(partition.number));
    if (manifest) {
      PLUMBLINE_TRY(CheckAnchors(store_, source_, clock_,
                                 {partition.number, options_.topics, manifest->cut_entry, options_.merge.read_timeout_ms}));
    }
    PLUMBLINE_ASSIGN(restored, partition.checkpointer->Restore(*partition.runner));
  }
  if (!restored) PLUMBLINE_TRY(BeginAnew(partition));
  PLUMBLINE_TRY(RerunTail(partition));
  Publish(partition);
  return {};
}

Result<void> Worker::StopPartition(Partition& partition, const Error& error) {
  if (!StopsPartition(error)) return std::unexpected(error);
  partition.stopped = error;
  partition.metrics.stopped.Set(true);
  return {};
}

Result<void> Worker::Start() {
  metrics_.rerunning.Set(true);
  PLUMBLINE_TRY(CheckTopics());
  for (auto& partition : partitions_) {
    const auto started = StartPartition(*partition);
    if (!started) PLUMBLINE_TRY(StopPartition(*partition, started.error()));
  }
  next_tick_ms_ = clock_.WallMs();
  metrics_.rerunning.Set(false);
  return {};
}

// A topic at its end may have its clock carried to now_ms, but only when the log, asked for its end after that time was read,
// names the position already reached.
Result<void> Worker::AskForTicks(Partition& partition, std::int64_t now_ms) {
  const auto& merge = partition.runner->merge();
  std::int64_t lag = 0;
  for (const auto& lane : merge.lanes()) {
    if (!lane.active) continue;
    PLUMBLINE_ASSIGN(const auto end, source_.EndOffset(merge.IdOf(lane)));
    const std::int64_t position = lane.at_hand.empty() ? source_.Position(merge.IdOf(lane)) : lane.next_offset;
    lag += std::max<std::int64_t>(0, end - position);
    if (lane.at_hand.empty() && end == position && now_ms > lane.clock_ms) partition.ticks.push_back({lane.topic, now_ms});
  }
  partition.metrics.lag_records.Set(lag);
  partition.metrics.lag_asked.Set(true);
  return {};
}

Result<bool> Worker::RunPartition(Partition& partition, bool tick, std::int64_t now_ms) {
  const std::int64_t begun = clock_.SteadyNs();
  partition.ticks.clear();
  if (tick) PLUMBLINE_TRY(AskForTicks(partition, now_ms));
  PLUMBLINE_ASSIGN(const bool ran, partition.runner->RunBatch(partition.ticks, partition.commands, options_.batch));
  partition.commands.clear();
  if (!ran) return false;
  const std::int64_t took = clock_.SteadyNs() - begun;
  partition.run_ns += took;
  busy_ns_ += took;
  metrics_.batch.Record(took);
  return true;
}

Result<void> Worker::Commit() {
  entries_.clear();
  for (const auto* partition : pending_) {
    entries_.push_back({partition->number, partition->runner->chain().number, partition->runner->entry_bytes()});
  }
  PLUMBLINE_TRY(AtFailpoint(Failpoint::kJournalBeforeSync));
  const std::int64_t begun = clock_.SteadyNs();
  PLUMBLINE_TRY(store_.CommitEntries(entries_));
  metrics_.commit.Record(clock_.SteadyNs() - begun);
  return AtFailpoint(Failpoint::kJournalAfterSync);
}

Result<void> Worker::Tell(Partition& partition) {
  const std::int64_t begun = clock_.SteadyNs();
  auto& runner = *partition.runner;
  PLUMBLINE_TRY(runner.AppendEffects());
  metrics_.append.Record(clock_.SteadyNs() - begun);
  const auto& effects = runner.effects();
  for (std::size_t i = 0; i < effects.size(); ++i) partition.metrics.effects[static_cast<std::size_t>(effects[i].log) - 1].Add(1);
  partition.metrics.records.Add(runner.records_in_batch());
  if (runner.records_in_batch() > 0) {
    metrics_.arrival_to_told.Record(std::max<std::int64_t>(0, clock_.WallMs() - runner.chain().time_ms) * 1'000'000,
                                    runner.records_in_batch());
  }
  Publish(partition);
  return {};
}

void Worker::Publish(Partition& partition) {
  auto& metrics = partition.metrics;
  const auto& merge = partition.runner->merge();
  metrics.entries.Set(partition.runner->chain().number);
  metrics.skewed.Set(merge.skewed());
  metrics.clock_ms.Set(merge.ClockMs());
  metrics.clock_delay_ms.Set(clock_.WallMs() - merge.ClockMs());
  metrics.rerun_seconds.Set(static_cast<double>(partition.run_ns - partition.run_ns_at_sealed_cut) * 1e-9);
  metrics.checkpoint.Set(partition.checkpointer->sealed().checkpoint);
  metrics.state_rows.Set(partition.checkpointer->sealed().rows);
  metrics.state_bytes.Set(partition.checkpointer->bytes());
}

Result<bool> Worker::RunOnce() {
  const std::int64_t now_ms = clock_.WallMs();
  const bool tick = options_.tick_interval_ms > 0 && now_ms >= next_tick_ms_;
  if (tick) next_tick_ms_ = now_ms + options_.tick_interval_ms;
  return RunRound(tick);
}

Result<bool> Worker::RunRound(bool with_ticks) {
  const std::int64_t now_ms = clock_.WallMs();
  pending_.clear();
  for (auto& partition : partitions_) {
    if (partition->stopped) continue;
    const auto ran = RunPartition(*partition, with_ticks, now_ms);
    if (ran && *ran) pending_.push_back(partition.get());
    if (ran) continue;
    if (ran.error().code == ErrorCode::kUnavailable) {
      metrics_.source_unavailable.Add(1);
      continue;
    }
    PLUMBLINE_TRY(StopPartition(*partition, ran.error()));
  }
  if (!pending_.empty()) {
    PLUMBLINE_TRY(Commit());
    for (auto* partition : pending_) PLUMBLINE_TRY(Tell(*partition));
  }
  bool took_records = false;
  for (const auto* partition : pending_) took_records |= partition->runner->records_in_batch() > 0;
  PLUMBLINE_TRY(Checkpoint(!took_records));
  return !pending_.empty();
}

// One piece for one partition, partitions in turn. With records waiting, checkpoints keep to their share of the time.
Result<void> Worker::Checkpoint(bool idle) {
  const bool within_share =
      static_cast<double>(checkpoint_ns_) <= options_.checkpoint_share * static_cast<double>(checkpoint_ns_ + busy_ns_);
  if (!idle && !within_share) return {};
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    auto& partition = *partitions_[(checkpoint_turn_ + i) % partitions_.size()];
    if (partition.stopped) continue;
    const bool due =
        options_.checkpoint_after_seconds > 0 &&
        static_cast<double>(partition.run_ns - partition.run_ns_at_sealed_cut) > options_.checkpoint_after_seconds * 1e9;
    if (partition.checkpointer->idle() && !due && !partition.checkpointer->evicting()) continue;
    const std::int64_t begun = clock_.SteadyNs();
    const auto sealed_before = partition.checkpointer->sealed().checkpoint;
    if (partition.checkpointer->idle() && due) {
      partition.run_ns_at_cut = partition.run_ns;
      partition.checkpointer->Begin(*partition.runner);
    }
    const auto stepped = partition.checkpointer->Step(*partition.runner, options_.checkpoint_piece_bytes);
    PLUMBLINE_TRY(stepped);
    if (partition.checkpointer->sealed().checkpoint != sealed_before) partition.run_ns_at_sealed_cut = partition.run_ns_at_cut;
    const std::int64_t took = clock_.SteadyNs() - begun;
    checkpoint_ns_ += took;
    metrics_.checkpoint_pause.Record(took);
    Publish(partition);
    checkpoint_turn_ += i + 1;
    return {};
  }
  busy_ns_ = checkpoint_ns_ = 0;
  return {};
}

Result<void> Worker::Run() {
  while (!stop_.load(std::memory_order_relaxed)) {
    PLUMBLINE_ASSIGN(const bool ran, RunOnce());
    const bool all_stopped =
        std::all_of(partitions_.begin(), partitions_.end(), [](const auto& p) { return p->stopped.has_value(); });
    if (all_stopped) return std::unexpected(*partitions_.front()->stopped);
    if (!ran) clock_.SleepMs(options_.idle_sleep_ms);
  }
  return Finish();
}

// Whatever it takes, but not for longer than the output waits for its server.
Result<void> Worker::FinishCheckpoint(Partition& partition) {
  while (!partition.checkpointer->idle()) {
    PLUMBLINE_TRY(output_.Sync(partition.number));
    PLUMBLINE_TRY(partition.checkpointer->Step(*partition.runner, options_.checkpoint_piece_bytes));
  }
  return {};
}

Result<void> Worker::Finish() {
  for (auto& partition : partitions_) {
    if (partition->stopped) continue;
    auto& checkpointer = *partition->checkpointer;
    // What is under way is finished first, then one more, whose cut is the last entry.
    PLUMBLINE_TRY(FinishCheckpoint(*partition));
    if (checkpointer.sealed().checkpoint == 0 || checkpointer.sealed().cut_entry != partition->runner->chain().number) {
      partition->run_ns_at_cut = partition->run_ns;
      checkpointer.Begin(*partition->runner);
      PLUMBLINE_TRY(FinishCheckpoint(*partition));
    }
    partition->run_ns_at_sealed_cut = partition->run_ns;
    PLUMBLINE_TRY(output_.Sync(partition->number));
    Publish(*partition);
  }
  return {};
}

Result<void> Worker::Close(std::int64_t time_ms) {
  pending_.clear();
  for (auto& partition : partitions_) {
    if (partition->stopped) continue;
    partition->ticks.clear();
    for (const auto& lane : partition->runner->merge().lanes())
      if (lane.active) partition->ticks.push_back({lane.topic, time_ms});
    PLUMBLINE_ASSIGN(const bool ran, partition->runner->RunBatch(partition->ticks, {}, options_.batch));
    if (ran) pending_.push_back(partition.get());
  }
  if (pending_.empty()) return {};
  PLUMBLINE_TRY(Commit());
  for (auto* partition : pending_) PLUMBLINE_TRY(Tell(*partition));
  return {};
}

}  // namespace plumbline::run
