// How long a checkpoint holds up the events: twenty rules over many patients, every one of them changed since the checkpoint
// before, records waiting all the while. Pauses are counted in CPU time of the worker's thread, which other programs on the
// machine do not lengthen.
#include <catch2/catch.hpp>

#include "engine/io/local_log_source.h"
#include "engine/run/patient_machine.h"
#include "engine/run/worker.h"
#include "rules/pack/pack.h"
#include "tests/rules/many_patients.h"
#include "tests/support/process.h"

using namespace plumbline;
using namespace plumbline::many;

namespace {

struct Pauses {
  std::int64_t longest_ns = 0;
  std::uint64_t checkpoints = 0, bytes = 0, rows = 0;
};

Pauses Measure(int patients, int rounds) {
  const test::TempFolder folder("pause");
  const std::string root = (folder / "log").string();
  CpuClock clock;
  Fill(root, clock, patients, rounds);
  const auto packs = Need(rules::LoadPacks({"rules/packs/ordinary.yaml"}, {}));
  REQUIRE(packs.rules->rules.size() == 20);
  const auto store = Need(state::Store::Open({.path = (folder / "state").string()}));
  const auto output = Need(io::LocalOutput::Open(io::PosixFileSystem(), (folder / "out").string(), clock, {}));
  io::LocalLogSource source(io::PosixFileSystem(), root, {"device"});
  run::WorkerMetrics metrics({0});
  run::WorkerOptions options;
  options.partitions = {0};
  options.topics = 1;
  options.active = {0};
  options.tick_interval_ms = 0;
  options.checkpoint_after_seconds = 1e-9;
  run::PatientMachineOptions machine;
  machine.partition.input_topics = 1;
  run::Worker worker(
      *store, source, *output, clock, [&](std::uint32_t) { return std::make_unique<run::PatientMachine>(machine, packs.rules); },
      options, metrics);
  Need(worker.Start());
  while (Need(worker.RunRound(false))) {
  }
  Pauses pauses;
  pauses.longest_ns = metrics.checkpoint_pause.MaxNs();
  pauses.checkpoints = metrics.partitions[0]->checkpoint.Get();
  Need(worker.Finish());
  pauses.bytes = metrics.partitions[0]->state_bytes.Get();
  pauses.rows = metrics.partitions[0]->state_rows.Get();
  return pauses;
}

// Of an optimised build; others are slower and show the shape alone.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr std::int64_t kMostNs = 50'000'000;
#else
constexpr std::int64_t kMostNs = 500'000'000;
#endif

void Require(int patients, int rounds) {
  const Pauses pauses = Measure(patients, rounds);
  WARN(patients << " patients, " << pauses.bytes / 1'000'000 << " MB of state, " << pauses.checkpoints
                << " checkpoints: the longest pause took " << static_cast<double>(pauses.longest_ns) / 1e6 << " ms of CPU time");
  CHECK(pauses.rows > static_cast<std::uint64_t>(patients));
  CHECK(pauses.checkpoints >= 1);
  CHECK(pauses.longest_ns > 0);
  CHECK(pauses.longest_ns < kMostNs);
}

}  // namespace

TEST_CASE("a checkpoint of 40,000 patients holds up the events for less than 50 ms at a time", "[checkpoint]") {
  Require(40'000, 12);
}

// rules_test "[million]"
TEST_CASE("a checkpoint of a million patients holds up the events for less than 50 ms at a time", "[.][million]") {
  Require(1'000'000, 3);
}
