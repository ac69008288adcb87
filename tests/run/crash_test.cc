#include <catch2/catch.hpp>

#include "engine/base/failpoint.h"
#include "tests/run/site.h"

using namespace plumbline;
using namespace plumbline::run;

namespace {

struct Undisturbed {
  Outputs outputs;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::string> journal;
  Digest state[Site::kPartitions];
  std::uint64_t changes = 0;
};

constexpr std::uint64_t kSeed = 5;

void MustRun(Result<void> result) {
  INFO((result ? "" : result.error().Text()));
  REQUIRE(result);
}

const Undisturbed& TheUndisturbed() {
  static const Undisturbed run = [] {
    Undisturbed out;
    Site site(kSeed);
    site.StepClock(1000);
    MustRun(site.Start());
    MustRun(site.RunScript());
    out.changes = site.kill_switch().changes();
    out.outputs = site.ReadOutputs();
    out.journal = site.ReadJournal();
    for (std::uint32_t p = 0; p < Site::kPartitions; ++p) out.state[p] = site.worker().machine(p).StateDigest();
    CHECK(site.metrics().partitions[0]->checkpoint.Get() > 3);
    return out;
  }();
  return run;
}

// Starts and runs to the end, dying and starting again as often as the kill switch says so.
int Survive(Site& site, std::uint64_t second_kill) {
  int deaths = 0;
  while (true) {
    auto ran = site.Start();
    if (ran) ran = site.RunScript();
    if (ran) return deaths;
    INFO(ran.error().Text());
    REQUIRE(site.kill_switch().dead());
    REQUIRE(deaths < 3);
    site.Die();
    ++deaths;
    if (deaths == 1 && second_kill > 0) site.kill_switch().KillAtChange(second_kill);
  }
}

void CheckSame(Site& site) {
  const auto& wanted = TheUndisturbed();
  CHECK(site.ReadJournal() == wanted.journal);
  CHECK(site.ReadOutputs() == wanted.outputs);
  for (std::uint32_t p = 0; p < Site::kPartitions; ++p) CHECK(site.worker().machine(p).StateDigest() == wanted.state[p]);
}

}  // namespace

TEST_CASE("the undisturbed run is worth disturbing: batches, ticks, effects of several logs, checkpoints") {
  const auto& run = TheUndisturbed();
  CHECK(run.journal.size() > 100);
  CHECK(run.outputs.size() > 100);
  CHECK(run.changes > 500);
  std::set<int> logs;
  for (const auto& [id, bytes] : run.outputs) logs.insert(std::get<0>(id));
  CHECK(logs.size() == 3);
}

TEST_CASE("killed at 120 points, with every unsynced byte lost, journal and outputs equal the undisturbed run's byte for byte") {
  const auto& wanted = TheUndisturbed();
  constexpr std::uint64_t kPoints = 120;
  std::uint64_t died = 0;
  for (std::uint64_t point = 0; point < kPoints; ++point) {
    const std::uint64_t kill_at = 1 + point * wanted.changes / kPoints;
    // Every third time the restart is killed as well.
    const std::uint64_t second = point % 3 == 0 ? 1 + point : 0;
    INFO("seed " << kSeed << ", kill at change " << kill_at << " of " << wanted.changes << ", then at change " << second);
    Site site(kSeed);
    site.StepClock(1000);
    site.kill_switch().KillAtChange(kill_at);
    const int deaths = Survive(site, second);
    site.kill_switch().KillAtChange(0);
    died += deaths > 0 ? 1 : 0;
    CheckSame(site);
  }
  // RocksDB's threads of its own make the number of changes vary a little, so a kill near the end may come too late.
  CHECK(died >= kPoints - 5);
}

TEST_CASE("killed at each named failpoint, at its first and later passings, the run ends as if nothing had been") {
  TheUndisturbed();
  const Failpoint points[] = {Failpoint::kJournalBeforeSync,  Failpoint::kJournalAfterSync, Failpoint::kOutputBetween,
                              Failpoint::kOutputAfterAppend,  Failpoint::kCheckpointSlice,  Failpoint::kCheckpointBeforeSeal,
                              Failpoint::kCheckpointAfterSeal};
  for (const auto point : points) {
    for (const std::uint64_t count : {1, 2, 7}) {
      INFO(FailpointName(point) << " at passing " << count);
      Site site(kSeed);
      site.StepClock(1000);
      bool fired = false;
      MustRun(site.Start());
      SetFailpointKillHandler([&] {
        fired = true;
        site.kill_switch().Kill();
      });
      ArmFailpoint(point, count, FailpointAction::kKill);
      const auto ran = site.RunScript();
      DisarmFailpoints();
      SetFailpointKillHandler({});
      CHECK(fired);
      REQUIRE_FALSE(ran);
      site.Die();
      CHECK(Survive(site, 0) == 0);
      CheckSame(site);
    }
  }
}

TEST_CASE("killed while rerunning entries at the start, the next start does it") {
  TheUndisturbed();
  Site site(kSeed);
  site.options().checkpoint_after_seconds = 0;
  site.StepClock(1000);
  MustRun(site.Start());
  for (int i = 0; i < 3; ++i) site.Arrive();
  MustRun(site.Drain(false));
  site.Die();
  SetFailpointKillHandler([&] { site.kill_switch().Kill(); });
  ArmFailpoint(Failpoint::kRerunEntry, 4, FailpointAction::kKill);
  const auto started = site.Start();
  CHECK(FailpointHits(Failpoint::kRerunEntry) == 4);
  DisarmFailpoints();
  SetFailpointKillHandler({});
  CHECK_FALSE(started);
  site.Die();
  MustRun(site.Start());
  CHECK(site.worker().status()[0].entry > 4);
}

TEST_CASE("a graceful stop leaves nothing to rerun") {
  Site site(kSeed);
  site.StepClock(1000);
  MustRun(site.Start());
  MustRun(site.RunScript());
  const auto entry = site.worker().status()[0].entry;
  const auto outputs = site.ReadOutputs();
  site.Close();
  ArmFailpoint(Failpoint::kRerunEntry, 1'000'000, FailpointAction::kError);
  MustRun(site.Start());
  CHECK(FailpointHits(Failpoint::kRerunEntry) == 0);
  DisarmFailpoints();
  CHECK(site.worker().status()[0].entry == entry);
  CHECK(site.ReadOutputs() == outputs);
}
