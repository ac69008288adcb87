// What a start keeps in memory: of many idle patients, no more than the run after it may.
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

std::size_t InMemory(run::Worker& worker) { return dynamic_cast<run::PatientMachine&>(worker.machine(0)).partition().subjects(); }

}  // namespace

TEST_CASE("a start keeps no more idle patients in memory than the run may, and takes up where the journal ends", "[evict]") {
  constexpr int kPatients = 60'000;
  constexpr std::uint32_t kMost = 1000;
  const test::TempFolder folder("start");
  const std::string root = (folder / "log").string();
  CpuClock clock;
  Fill(root, clock, kPatients, 2);
  const auto packs = Need(rules::LoadPacks({"rules/packs/ordinary.yaml"}, {}));
  run::PatientMachineOptions machine;
  machine.partition.input_topics = 1;
  machine.partition.most_subjects = kMost;
  machine.partition.idle_ms = 1;
  run::WorkerOptions options;
  options.partitions = {0};
  options.topics = 1;
  options.active = {0};
  options.tick_interval_ms = 0;
  options.checkpoint_after_seconds = 0;  // only when stopping
  for (const bool again : {false, true}) {
    const auto store = Need(state::Store::Open({.path = (folder / "state").string()}));
    const auto output = Need(io::LocalOutput::Open(io::PosixFileSystem(), (folder / "out").string(), clock, {}));
    io::LocalLogSource source(io::PosixFileSystem(), root, {"device"});
    run::WorkerMetrics metrics({0});
    run::Worker worker(
        *store, source, *output, clock,
        [&](std::uint32_t) { return std::make_unique<run::PatientMachine>(machine, packs.rules); }, options, metrics);
    Need(worker.Start());
    if (again) {
      CHECK(InMemory(worker) >= kMost);
      CHECK(InMemory(worker) < kPatients / 2);
    }
    while (Need(worker.RunRound(false))) {
    }
    if (!again) CHECK(InMemory(worker) == kPatients);
    Need(worker.Finish());
    CHECK(metrics.partitions[0]->state_rows.Get() > kPatients);
  }
}
