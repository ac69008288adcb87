#include "engine/run/partition_runner.h"

#include <algorithm>

#include "engine/base/failpoint.h"
#include "engine/run/sources.h"

namespace plumbline::run {

using state::JournalEntry;
using state::JournalStep;

namespace {

// So many records before it is taken, a record is shown to the machine.
constexpr std::size_t kAhead = 12;

}  // namespace

PartitionRunner::PartitionRunner(std::uint32_t partition, std::unique_ptr<Machine> machine, io::Source& source,
                                 io::OutputSink& output, Clock& clock, Provenance provenance, MergeOptions merge_options)
    : partition_(partition),
      machine_(std::move(machine)),
      source_(source),
      output_(output),
      provenance_(provenance),
      merge_(source, clock, partition, merge_options) {}

Result<void> PartitionRunner::ReadTails(std::uint64_t last_entry) {
  for (const auto log : io::kOutputLogs) {
    auto& tail = tails_[static_cast<std::size_t>(log) - 1];
    PLUMBLINE_ASSIGN(tail, output_.Tail(log, partition_));
    if (!tail || tail->entry <= last_entry) continue;
    return Fail(ErrorCode::kIntegrity, "partition " + std::to_string(partition_) + ": the " + std::string(OutputLogName(log)) +
                                           " log holds effects of entry " + std::to_string(tail->entry) +
                                           ", the journal ends at entry " + std::to_string(last_entry) +
                                           ": journal and output logs are not of one history; restore both from one copy");
  }
  return {};
}

void PartitionRunner::BeginBatch() {
  while (runs_.size() < merge_.lanes().size()) runs_.push_back(std::make_unique<RunState>());
  effects_.Clear();
  batch_records_ = 0;
  may_miss_ = machine_->AnyEvicted();
  entry_.partition = partition_;
  entry_.number = chain_.number + 1;
  entry_.previous = chain_.digest;
  entry_.build = provenance_.build;
  entry_.rules = provenance_.rules;
  entry_.runs.clear();
  entry_.steps.clear();
  entry_.time_ms = chain_.time_ms;
}

Result<void> PartitionRunner::ApplyTick(std::uint16_t topic, std::int64_t time_ms) {
  PLUMBLINE_TRY(merge_.Tick(topic, time_ms));
  machine_->Tick(topic, time_ms);
  entry_.time_ms = std::max(entry_.time_ms, time_ms);
  return {};
}

Result<void> PartitionRunner::ApplyCommand(const std::string& payload) {
  if (const auto topics = DecodeSources(payload)) PLUMBLINE_TRY(merge_.Activate(*topics));
  machine_->Command(payload);
  return {};
}

Result<void> PartitionRunner::LoadMissing(const io::Record& record) {
  missing_.clear();
  machine_->Missing(record, missing_);
  return missing_.empty() ? Result<void>{} : load_(missing_, *machine_);
}

Result<void> PartitionRunner::Take(const Merge::Taken& taken) {
  RunState& run = *runs_[taken.lane];
  if (run.count++ == 0) run.first_offset = taken.record->offset;
  run.last_offset = taken.record->offset;
  run.digest.Add(*taken.record);
  entry_.time_ms = std::max(entry_.time_ms, taken.arrival_ms);
  const auto& rest = merge_.lanes()[taken.lane].at_hand;
  if (rest.size() > kAhead) machine_->Ahead(rest[kAhead]);
  if (may_miss_) [[unlikely]]
    PLUMBLINE_TRY(LoadMissing(*taken.record));
  machine_->Take(*taken.record);
  return {};
}

void PartitionRunner::CollectRuns() {
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    RunState& run = *runs_[i];
    if (run.count == 0) continue;
    entry_.runs.push_back({merge_.lanes()[i].topic, run.first_offset, run.last_offset, run.count, run.digest.Finish()});
    run.count = 0;
  }
  entry_.effect_count = static_cast<std::uint32_t>(effects_.size());
  entry_.effects = EffectsDigest(effects_);
}

Result<bool> PartitionRunner::RunBatch(std::span<const Tick> ticks, std::span<const std::string> commands,
                                       const BatchOptions& options) {
  PLUMBLINE_TRY(merge_.Gather());
  BeginBatch();
  for (const auto& tick : ticks) {
    PLUMBLINE_TRY(ApplyTick(tick.topic, tick.time_ms));
    entry_.steps.push_back(
        {.kind = JournalStep::Kind::kTick, .count = 0, .topic = tick.topic, .time_ms = tick.time_ms, .payload = {}});
  }
  for (const auto& command : commands) {
    PLUMBLINE_TRY(ApplyCommand(command));
    entry_.steps.push_back({.kind = JournalStep::Kind::kCommand, .count = 0, .topic = 0, .time_ms = 0, .payload = command});
  }
  while (batch_records_ < options.most_records) {
    auto taken = merge_.Next();
    // A log that cannot be reached now ends the batch; the next one will tell.
    if (!taken && taken.error().code == ErrorCode::kUnavailable) break;
    if (!taken) return std::unexpected(taken.error());
    if (taken->record == nullptr) break;
    PLUMBLINE_TRY(Take(*taken));
    ++batch_records_;
  }
  if (batch_records_ == 0 && entry_.steps.empty()) return false;
  if (batch_records_ > 0) {
    entry_.steps.push_back(
        {.kind = JournalStep::Kind::kRecords, .count = batch_records_, .topic = 0, .time_ms = 0, .payload = {}});
  }
  machine_->Finish(effects_);
  CollectRuns();
  entry_bytes_ = EncodeEntry(entry_);
  chain_ = {entry_.number, state::EntryDigest(entry_bytes_), entry_.time_ms};
  return true;
}

Result<void> PartitionRunner::AppendEffects() {
  bool appended = false;
  for (std::size_t i = 0; i < effects_.size(); ++i) {
    const auto effect = effects_[i];
    const io::EffectId id{chain_.number, static_cast<std::uint32_t>(i)};
    auto& tail = tails_[static_cast<std::size_t>(effect.log) - 1];
    if (tail && id <= *tail) continue;
    PLUMBLINE_TRY(AtFailpoint(Failpoint::kOutputBetween));
    PLUMBLINE_TRY(output_.Append(partition_, id, chain_.time_ms, effect));
    tail = id;
    appended = true;
  }
  if (!appended) return {};
  PLUMBLINE_TRY(output_.Flush(partition_));
  return AtFailpoint(Failpoint::kOutputAfterAppend);
}

Result<void> PartitionRunner::RerunSteps(const JournalEntry& wanted) {
  for (const auto& run : wanted.runs) PLUMBLINE_TRY(merge_.Expect(run.topic, run.first_offset, run.count));
  for (const auto& step : wanted.steps) {
    if (step.kind == JournalStep::Kind::kTick) PLUMBLINE_TRY(ApplyTick(step.topic, step.time_ms));
    if (step.kind == JournalStep::Kind::kCommand) PLUMBLINE_TRY(ApplyCommand(step.payload));
    for (std::uint64_t i = 0; i < step.count; ++i) {
      PLUMBLINE_ASSIGN(const auto taken, merge_.NextExpected());
      if (taken.record == nullptr) return Fail(ErrorCode::kIntegrity, "its steps take more records than its runs hold");
      PLUMBLINE_TRY(Take(taken));
      ++batch_records_;
    }
  }
  machine_->Finish(effects_);
  CollectRuns();
  return {};
}

Result<void> PartitionRunner::Compare(const JournalEntry& wanted) const {
  const auto range = [](const state::JournalRun& run) {
    return "offsets " + std::to_string(run.first_offset) + " to " + std::to_string(run.last_offset) + " (" +
           std::to_string(run.count) + " records)";
  };
  for (std::size_t i = 0; i < wanted.runs.size(); ++i) {
    const auto& was = wanted.runs[i];
    const std::string topic = "topic " + source_.TopicName(was.topic);
    if (i >= entry_.runs.size() || entry_.runs[i].topic != was.topic)
      return Fail(ErrorCode::kIntegrity, topic + " gave no records");
    const auto& now = entry_.runs[i];
    if (now.first_offset != was.first_offset || now.last_offset != was.last_offset || now.count != was.count) {
      return Fail(ErrorCode::kIntegrity, topic + ": the journal took " + range(was) + ", the log gives " + range(now));
    }
    if (now.records != was.records) {
      return Fail(ErrorCode::kIntegrity, topic + ": an input of " + range(was) + " is not what it was: digest " +
                                             DigestHex(was.records) + " in the journal, " + DigestHex(now.records) + " now");
    }
  }
  if (entry_.effect_count == wanted.effect_count && entry_.effects == wanted.effects && entry_.time_ms == wanted.time_ms)
    return {};
  std::string why = "from the same inputs other effects come: " + std::to_string(wanted.effect_count) + " in the journal, " +
                    std::to_string(entry_.effect_count) + " now";
  if (wanted.build != provenance_.build) why += "; the entry was written by another build of the program";
  if (wanted.rules != provenance_.rules) why += "; the entry was written with other rules";
  return Fail(ErrorCode::kIntegrity, why);
}

Result<void> PartitionRunner::Rerun(std::string_view bytes) {
  const std::string name = "partition " + std::to_string(partition_) + " entry " + std::to_string(chain_.number + 1) + ": ";
  const auto named = [&](const Error& error) { return Fail(error.code, name + error.message); };
  const auto wanted = state::DecodeEntry(bytes);
  if (!wanted) return named(wanted.error());
  if (wanted->partition != partition_ || wanted->number != chain_.number + 1) {
    return Fail(ErrorCode::kIntegrity, name + "the journal holds entry " + std::to_string(wanted->number) + " of partition " +
                                           std::to_string(wanted->partition) + " in its place");
  }
  if (wanted->previous != chain_.digest) {
    return Fail(ErrorCode::kIntegrity, name + "it does not follow the entry before: the digest in its chain is another");
  }
  PLUMBLINE_TRY(AtFailpoint(Failpoint::kRerunEntry));
  BeginBatch();
  if (const auto ran = RerunSteps(*wanted); !ran) return named(ran.error());
  if (const auto same = Compare(*wanted); !same) return named(same.error());
  chain_ = {wanted->number, state::EntryDigest(bytes), wanted->time_ms};
  return {};
}

}  // namespace plumbline::run
