// crash_child BROKER PLAN STATE_FOLDER PREFIX: the engine's stage one from Kafka to Kafka, by a script: in each phase the records
// of the phase are shown and judged, then time passes and ticks are due. Batches hold five records, so their cuts do not depend
// on how fast the broker is; a process that starts again finds what is done already and goes on. Meant to be killed.
//
// Ends with code 0 and writes how often each failpoint was passed, "name count" a line.
#include <cstdio>

#include "connectors/kafka/output.h"
#include "connectors/kafka/source.h"
#include "engine/base/failpoint.h"
#include "engine/run/worker.h"
#include "tests/io/scripted_clock.h"
#include "tests/kafka/crash_plan.h"
#include "tests/run/patient_records.h"

namespace plumbline::kafka {
namespace {

// Shows a partition up to the script's end and waits for what is shown, so that nothing depends on when it comes.
class ScriptedSource final : public io::Source {
 public:
  ScriptedSource(io::Source& inner, const CrashPlan& plan) : inner_(inner), plan_(plan) {}
  void ShowPhase(int phase) { phase_ = phase; }

  Result<void> Seek(io::TopicPartition from, std::int64_t offset) override { return inner_.Seek(from, offset); }
  [[nodiscard]] std::int64_t Position(io::TopicPartition of) const override { return inner_.Position(of); }
  Result<std::span<const io::Record>> Poll(io::TopicPartition from, std::size_t most) override {
    while (Position(from) < End(from)) {
      const auto left = static_cast<std::size_t>(End(from) - Position(from));
      auto records = inner_.Poll(from, std::min(most, left));
      if (!records || !records->empty()) return records;
      clock_.SleepMs(1);
    }
    return std::span<const io::Record>{};
  }
  [[nodiscard]] bool SeemsAtEnd(io::TopicPartition of) const override { return Position(of) >= End(of); }
  Result<std::int64_t> EndOffset(io::TopicPartition of) override { return std::max(End(of), Position(of)); }
  Result<std::int64_t> LowWatermark(io::TopicPartition of) override { return inner_.LowWatermark(of); }
  Result<std::uint32_t> Partitions(std::uint16_t topic) override { return inner_.Partitions(topic); }
  [[nodiscard]] std::string TopicName(std::uint16_t topic) const override { return inner_.TopicName(topic); }
  Result<std::string> TopicIdentity(std::uint16_t topic) override { return inner_.TopicIdentity(topic); }

 private:
  [[nodiscard]] std::int64_t End(io::TopicPartition of) const {
    return plan_.ends[static_cast<std::size_t>(phase_)][of.topic][of.partition];
  }
  io::Source& inner_;
  const CrashPlan& plan_;
  SystemClock clock_;
  int phase_ = kCrashPhases - 1;  // a rerun may read what it read before
};

run::WorkerOptions ScriptedOptions() {
  run::WorkerOptions options;
  for (std::uint32_t p = 0; p < kCrashPartitions; ++p) options.partitions.push_back(p);
  options.topics = kCrashTopics;
  options.active = {0, 1, 2};
  options.provenance = {Sha256Of("build"), Sha256Of("rules")};
  options.batch.most_records = 5;
  options.tick_interval_ms = 0;
  options.checkpoint_after_seconds = 0.000004;  // of a clock that moves a microsecond a look: every few batches
  options.checkpoint_piece_bytes = 400;
  return options;
}

Result<void> Drain(run::Worker& worker, bool ticks) {
  while (true) {
    PLUMBLINE_ASSIGN(const bool ran, worker.RunRound(ticks));
    for (const auto& status : worker.status())
      if (status.stopped) return std::unexpected(*status.stopped);
    if (!ran) return {};
  }
}

// A tick is due in each partition that has read all that is shown; what a tick carried once, it does not carry again.
Result<void> RunScript(run::Worker& worker, ScriptedSource& source, ScriptedClock& clock) {
  for (int phase = 0; phase < kCrashPhases; ++phase) {
    source.ShowPhase(phase);
    clock.SetWallMs(run::kPatientStart + run::kPatientPhase * phase);
    PLUMBLINE_TRY(Drain(worker, false));
    clock.SetWallMs(run::kPatientStart + run::kPatientPhase * phase + run::kPatientPhase * 9 / 10);
    PLUMBLINE_TRY(Drain(worker, true));
  }
  return worker.Finish();
}

Result<void> Run(char** arguments) {
  const CrashPlan plan = CrashPlan::Read(arguments[2]);
  const std::string prefix = arguments[4];
  ScriptedClock clock(run::kPatientStart);
  clock.SetStepNs(1000);
  PLUMBLINE_ASSIGN(const auto store,
                   state::Store::Open({.path = arguments[3], .memory_bytes = 8u << 20, .environment = nullptr}));
  KafkaOutput::Options o;
  o.settings.bootstrap = arguments[1];
  o.partitions = kCrashPartitions;
  o.input_topics = plan.inputs;
  o.alerts = AlertsOf(prefix);
  o.measures = MeasuresOf(prefix);
  o.audit = AuditOf(prefix);
  o.dead_letter_suffix = LettersSuffixOf(prefix);
  PLUMBLINE_ASSIGN(const auto output, KafkaOutput::Open(o));
  KafkaSource::Options s;
  s.settings = o.settings;
  for (const auto& name : plan.inputs) s.topics.push_back({name, Arrival::kCreateTime});
  PLUMBLINE_ASSIGN(const auto inner, KafkaSource::Open(s));
  ScriptedSource source(*inner, plan);
  const auto options = ScriptedOptions();
  run::WorkerMetrics metrics(options.partitions);
  run::Worker worker(
      *store, source, *output, clock, [](std::uint32_t p) { return run::MakePatientMachine(p, kCrashPartitions); }, options,
      metrics);
  PLUMBLINE_TRY(worker.Start());
  return RunScript(worker, source, clock);
}

}  // namespace
}  // namespace plumbline::kafka

int main(int count, char** arguments) {
  using namespace plumbline;
  if (count != 5) return 2;
  if (const auto armed = ArmFailpointsFromEnvironment(); !armed) {
    std::fprintf(stderr, "%s\n", armed.error().Text().c_str());
    return 2;
  }
  if (const auto ran = kafka::Run(arguments); !ran) {
    std::fprintf(stderr, "%s\n", ran.error().Text().c_str());
    return 1;
  }
  for (int i = 0; i < static_cast<int>(Failpoint::kCount); ++i) {
    const auto point = static_cast<Failpoint>(i);
    std::printf("%s %llu\n", std::string(FailpointName(point)).c_str(), static_cast<unsigned long long>(FailpointHits(point)));
  }
  return 0;
}
