// The crash test with the engine's own stage one: septic shock and its antimicrobial, late and corrected events, deadlines that
// pass while nobody charts, records that are refused.
#include <catch2/catch.hpp>

#include "engine/io/murmur2.h"
#include "engine/model/encode.h"
#include "engine/run/patient_machine.h"
#include "tests/run/engine_probe.h"
#include "tests/run/site.h"

using namespace plumbline;
using namespace plumbline::run;

namespace {

constexpr std::int64_t kStart = 1'700'000'000'000, kPhase = 15 * 60 * 1000;

std::unique_ptr<Machine> MakePatientMachine(std::uint32_t partition) {
  PatientMachineOptions options;
  options.partition.partition = partition;
  options.partition.partition_count = Site::kPartitions;
  return std::make_unique<PatientMachine>(options, oracle::EngineRule(oracle::NamedRule("shock")));
}

void ArrivePatients(Site& site, std::mt19937_64& random, std::int64_t phase_ms) {
  const auto rule = oracle::NamedRule("shock");
  model::Encoder encoder;
  for (int i = 0; i < 30; ++i) {
    const std::string patient = "patient-" + std::to_string(random() % 12);
    const bool shock = random() % 2 == 0;
    const std::string id = patient + (shock ? "-d" : "-a") + std::to_string(random() % 9);
    const std::int64_t arrival = phase_ms + i * (kPhase / 40);
    model::Event event;
    event.kind = shock ? model::EventKind::kDiagnosis : model::EventKind::kConsultation;
    event.action = shock ? model::Action::kNone : model::Action::kAdministered;
    event.version = static_cast<std::uint32_t>(1 + random() % 3);
    event.status = random() % 8 == 0   ? model::EventStatus::kEnteredInError
                   : event.version > 1 ? model::EventStatus::kAmended
                                       : model::EventStatus::kFinal;
    event.source_sequence = random() % 1000;
    event.time = arrival - static_cast<std::int64_t>(random() % 20) * 60'000;
    event.id = id;
    event.patient = patient;
    event.site = "site";
    event.source = "chart";
    const std::string code = shock ? rule.code : rule.answer;
    event.code = {"test", code, {}};
    const bool broken = random() % 15 == 0;
    const std::string bytes =
        broken ? "{not json" : std::string(random() % 2 == 0 ? encoder.Json(event) : encoder.FlatBuffers(event));
    const auto partition = io::PartitionOfKey(AsBytes(patient), Site::kPartitions);
    PLUMBLINE_CHECK(site.topic(shock ? 2 : 1).AppendTo(partition, arrival, patient, bytes).has_value(),
                    "input files do not fail");
  }
}

void Prepare(Site& site) {
  site.UseMachine(MakePatientMachine, ArrivePatients, kStart, kPhase);
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
