#include "engine/app/bench/stages.h"

#include <algorithm>
#include <ctime>

#include "engine/base/bytes.h"
#include "engine/run/partition_runner.h"

namespace plumbline::app {
namespace {

double CpuSeconds(clockid_t of) {
  timespec t{};
  clock_gettime(of, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

class NoMachine : public run::Machine {
 public:
  void Take(const io::Record&) override {}
  void Tick(std::uint16_t, std::int64_t) override {}
  void Command(std::string_view) override {}
  void Finish(io::Effects&) override {}
  void BeginCheckpoint() override {}
  bool NextSlice(std::size_t, const SliceSink&) override { return false; }
  Result<void> Restore(std::string_view, std::string_view) override { return {}; }
  Digest StateDigest() override { return {}; }
};

class DecodingMachine final : public NoMachine {
 public:
  explicit DecodingMachine(const StagesOptions& o) : decoder_(o.decode), validator_(o.validation) {}
  void Take(const io::Record& record) override {
    if (decoder_.Decode(record.value, model::Encoding::kUnknown, event_) == model::RejectReason::kNone)
      accepted_ += validator_.Validate(event_, AsText(record.key), record.timestamp_ms) == model::RejectReason::kNone ? 1 : 0;
  }

 private:
  model::Decoder decoder_;
  model::Validator validator_;
  model::Event event_;
  std::uint64_t accepted_ = 0;
};

class NoOutput final : public io::OutputSink {
 public:
  Result<std::optional<io::EffectId>> Tail(io::OutputLog, std::uint32_t) override { return std::optional<io::EffectId>{}; }
  Result<void> Append(std::uint32_t, io::EffectId, std::int64_t, const io::EffectView&) override { return {}; }
  Result<void> Flush(std::uint32_t) override { return {}; }
  Result<void> Sync(std::uint32_t) override { return {}; }
};

Result<bool> AtEnd(io::Source& source, const StagesOptions& o) {
  for (std::uint32_t p = 0; p < o.partitions; ++p) {
    for (std::uint16_t t = 0; t < o.topics; ++t) {
      PLUMBLINE_ASSIGN(const std::int64_t end, source.EndOffset({t, p}));
      if (source.Position({t, p}) < end) return false;
    }
  }
  return true;
}

Result<StageTime> TimeReading(const StagesOptions& o, Clock& clock) {
  StageTime time{"reading", 0, 0};
  PLUMBLINE_ASSIGN(const auto source, o.open());
  for (std::uint32_t p = 0; p < o.partitions; ++p) {
    for (std::uint16_t t = 0; t < o.topics; ++t) {
      PLUMBLINE_TRY(source->Seek({t, p}, 0));
    }
  }
  const double began = ThreadCpuSeconds();
  for (bool more = true; more;) {
    bool any = false;
    for (std::uint32_t p = 0; p < o.partitions; ++p) {
      for (std::uint16_t t = 0; t < o.topics; ++t) {
        PLUMBLINE_ASSIGN(const auto records, source->Poll({t, p}, run::MergeOptions{}.poll_records));
        time.events += records.size();
        any = any || !records.empty();
      }
    }
    if (any) continue;
    PLUMBLINE_ASSIGN(const bool end, AtEnd(*source, o));
    more = !end;
    if (more) clock.SleepMs(1);
  }
  time.cpu_ns = (ThreadCpuSeconds() - began) * 1e9 / static_cast<double>(std::max<std::uint64_t>(time.events, 1));
  return time;
}

using MakeMachine = std::function<std::unique_ptr<run::Machine>(std::uint32_t)>;

Result<StageTime> TimeRunners(std::string name, const StagesOptions& o, Clock& clock, const MakeMachine& make) {
  StageTime time{std::move(name), 0, 0};
  PLUMBLINE_ASSIGN(const auto source, o.open());
  NoOutput output;
  std::vector<std::unique_ptr<run::PartitionRunner>> runners;
  for (std::uint32_t p = 0; p < o.partitions; ++p) {
    runners.push_back(
        std::make_unique<run::PartitionRunner>(p, make(p), *source, output, clock, run::Provenance{}, run::MergeOptions{}));
    for (std::uint16_t t = 0; t < o.topics; ++t) {
      PLUMBLINE_TRY(runners.back()->merge().SetTopic({t, true, 0, 0}));
    }
  }
  const double began = ThreadCpuSeconds();
  for (bool more = true; more;) {
    bool any = false;
    for (auto& runner : runners) {
      PLUMBLINE_ASSIGN(const bool ran, runner->RunBatch({}, {}, {}));
      if (ran) time.events += runner->records_in_batch();
      any = any || ran;
    }
    if (any) continue;
    PLUMBLINE_ASSIGN(const bool end, AtEnd(*source, o));
    more = !end;
    if (more) clock.SleepMs(1);
  }
  time.cpu_ns = (ThreadCpuSeconds() - began) * 1e9 / static_cast<double>(std::max<std::uint64_t>(time.events, 1));
  return time;
}

}  // namespace

double ThreadCpuSeconds() { return CpuSeconds(CLOCK_THREAD_CPUTIME_ID); }
double ProcessCpuSeconds() { return CpuSeconds(CLOCK_PROCESS_CPUTIME_ID); }

Result<std::vector<StageTime>> TimeStages(const StagesOptions& o, Clock& clock) {
  std::vector<StageTime> times;
  PLUMBLINE_ASSIGN(const StageTime reading, TimeReading(o, clock));
  times.push_back(reading);
  PLUMBLINE_ASSIGN(const StageTime merging, TimeRunners("merging, digest of inputs, journal entry", o, clock,
                                                        [](std::uint32_t) { return std::make_unique<NoMachine>(); }));
  times.push_back(merging);
  PLUMBLINE_ASSIGN(const StageTime decoding, TimeRunners("decoding, content hash, validation", o, clock,
                                                         [&o](std::uint32_t) { return std::make_unique<DecodingMachine>(o); }));
  times.push_back(decoding);
  PLUMBLINE_ASSIGN(const StageTime rules, TimeRunners("rules: rows, verdicts, measures", o, clock, o.rules));
  times.push_back(rules);
  return times;
}

}  // namespace plumbline::app
