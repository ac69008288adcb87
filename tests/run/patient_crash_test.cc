// The crash test with the engine's own stage one: septic shock and its antimicrobial, late and corrected events, deadlines that
// pass while nobody charts, records that are refused.
#include <catch2/catch.hpp>

#include "tests/run/patient_records.h"
#include "tests/run/site.h"

using namespace plumbline;
using namespace plumbline::run;

namespace {

void ArrivePatients(Site& site, std::mt19937_64& random, std::int64_t phase_ms) {
  model::Encoder encoder;
  for (int i = 0; i < kPatientRecordsInPhase; ++i) {
    const PatientRecord r = MakePatientRecord(random, encoder, phase_ms, i, Site::kPartitions);
    PLUMBLINE_CHECK(site.topic(static_cast<std::size_t>(r.topic)).AppendTo(r.partition, r.arrival_ms, r.key, r.bytes).has_value(),
                    "input files do not fail");
  }
}

void Prepare(Site& site) {
  site.UseMachine([](std::uint32_t partition) { return MakePatientMachine(partition, Site::kPartitions); }, ArrivePatients,
                  kPatientStart, kPatientPhase);
  site.StepClock(1000);
}

void MustRun(Result<void> result) {
  INFO((result ? "" : result.error().Text()));
  REQUIRE(result);
}

}  // namespace

TEST_CASE("stage one killed at 40 points, with every unsynced byte lost, tells what the undisturbed run tells, byte for byte") {
  Site undisturbed(21);
  Prepare(undisturbed);
  MustRun(undisturbed.Start());
  MustRun(undisturbed.RunScript());
  const auto changes = undisturbed.kill_switch().changes();
  const auto wanted = undisturbed.ReadOutputs();
  const auto journal = undisturbed.ReadJournal();
  std::set<int> logs;
  std::size_t alerts = 0;
  for (const auto& [id, bytes] : wanted) {
    logs.insert(std::get<0>(id));
    alerts += std::get<0>(id) == 0 ? 1 : 0;
  }
  CHECK(logs.contains(0));
  CHECK(logs.contains(2));
  CHECK(alerts > 5);
  CHECK(undisturbed.metrics().partitions[0]->checkpoint.Get() > 1);
  constexpr std::uint64_t kPoints = 40;
  for (std::uint64_t point = 0; point < kPoints; ++point) {
    const std::uint64_t kill_at = 1 + point * changes / kPoints;
    INFO("seed 21, kill at change " << kill_at << " of " << changes);
    Site site(21);
    Prepare(site);
    site.kill_switch().KillAtChange(kill_at);
    for (int deaths = 0;; ++deaths) {
      auto ran = site.Start();
      if (ran) ran = site.RunScript();
      if (ran) break;
      INFO(ran.error().Text());
      REQUIRE(site.kill_switch().dead());
      REQUIRE(deaths == 0);
      site.Die();
    }
    site.kill_switch().KillAtChange(0);
    CHECK(site.ReadJournal() == journal);
    CHECK(site.ReadOutputs() == wanted);
    for (std::uint32_t p = 0; p < Site::kPartitions; ++p) {
      CHECK(site.worker().machine(p).StateDigest() == undisturbed.worker().machine(p).StateDigest());
    }
  }
}
