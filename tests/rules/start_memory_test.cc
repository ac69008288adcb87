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

// Stage one, which notes how many subjects were in memory at most.
class Watched final : public run::Machine {
 public:
  Watched(run::PatientMachineOptions options, std::shared_ptr<const rule::RuleSet> rules, std::size_t* most)
      : inner_(std::move(options), std::move(rules)), most_(*most) {}
  void Command(std::string_view payload) override { inner_.Command(payload); }
  void Tick(std::uint16_t topic, std::int64_t time_ms) override { inner_.Tick(topic, time_ms); }
  void Take(const io::Record& record) override { inner_.Take(record), Look(); }
  void Finish(io::Effects& effects) override { inner_.Finish(effects); }
  void BeginCheckpoint() override { inner_.BeginCheckpoint(); }
  bool NextSlice(std::size_t max_bytes, const SliceSink& sink) override { return inner_.NextSlice(max_bytes, sink); }
  Result<void> Restore(std::string_view key, std::string_view value) override {
    PLUMBLINE_TRY(inner_.Restore(key, value));
    Look();
    return {};
  }
  bool EvictSome(std::size_t most) override { return inner_.EvictSome(most); }
  bool AnyEvicted() const override { return inner_.AnyEvicted(); }
  void Missing(const io::Record& record, std::vector<std::string>& keys) const override { inner_.Missing(record, keys); }
  Digest StateDigest() override { return inner_.StateDigest(); }

 private:
  void Look() { most_ = std::max(most_, inner_.partition().subjects()); }
  run::PatientMachine inner_;
  std::size_t& most_;
};

}  // namespace

TEST_CASE("a start keeps no more idle patients in memory than the run may, and takes up where the journal ends", "[evict]") {
  constexpr int kPatients = 60'000;
  constexpr std::uint32_t kMost = 1000;
  const test::TempFolder folder("start");
  const std::string root = (folder / "log").string();
  CpuClock clock;
  Fill(root, clock, kPatients, 2);
  const auto packs = Need(rules::LoadPacks({"rules/packs/ordinary.yaml"}, {}));
  std::size_t most = 0;
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
    most = 0;
    run::Worker worker(
        *store, source, *output, clock, [&](std::uint32_t) { return std::make_unique<Watched>(machine, packs.rules, &most); },
        options, metrics);
    Need(worker.Start());
    while (Need(worker.RunRound(false))) {
    }
    Need(worker.Finish());
    CHECK(metrics.partitions[0]->state_rows.Get() > kPatients);
    if (again) {
      CHECK(most > kMost);
      CHECK(most < kPatients / 2);
    } else {
      CHECK(most == kPatients);
    }
  }
}
