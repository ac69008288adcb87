// What `plumbline bench` runs, at the scale of a test: the pack of twenty rules on traffic of one value a patient and minute.
#include <catch2/catch.hpp>
#include <random>

#include "engine/base/bytes.h"
#include "engine/model/encode.h"
#include "engine/run/patient_machine.h"
#include "rules/pack/pack.h"
#include "tests/support/counted_new.h"

using namespace plumbline;

namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kStart = 1'767'225'600'000;
constexpr int kPatients = 50;

struct Stored {
  std::int64_t arrival;
  std::string key, value;
};

// Values that no rule of the pack finds fault with, 2 % of them late by up to ten minutes, in the order of arrival.
std::vector<Stored> Traffic(int minutes) {
  struct Kind {
    const char* code;
    const char* unit;
    int value;
  };
  constexpr Kind kKinds[] = {{"8867-4", "/min", 80}, {"59408-5", "%", 97},  {"8478-0", "mm[Hg]", 85},
                             {"9279-1", "/min", 16}, {"8310-5", "Cel", 37}, {"2339-0", "mg/dL", 120}};
  std::mt19937_64 rng(7);
  model::Encoder encoder;
  std::vector<Stored> all;
  for (int minute = 0; minute < minutes; ++minute) {
    for (int p = 0; p < kPatients; ++p) {
      const Kind& kind = kKinds[static_cast<std::size_t>(minute) % std::size(kKinds)];
      const std::string patient = "patient-" + std::to_string(p), id = "value-" + std::to_string(minute * kPatients + p);
      model::Event e;
      e.kind = model::EventKind::kDevice;
      e.id = id;
      e.patient = patient;
      e.site = "north";
      e.source = "monitors";
      e.time = kStart + minute * kMinute + p * (kMinute / kPatients);
      e.code = {"http://loinc.org", kind.code, {}};
      e.has_quantity = true;
      e.quantity = {Decimal::FromInteger(kind.value + static_cast<int>(rng() % 3) - 1), kind.unit};
      const bool late = rng() % 50 == 0;
      all.push_back({e.time + (late ? static_cast<std::int64_t>(rng() % 10) * kMinute : 500), patient,
                     std::string(encoder.FlatBuffers(e))});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Stored& a, const Stored& b) { return a.arrival < b.arrival; });
  return all;
}

}  // namespace

TEST_CASE("an ordinary event reaches the heap not once", "[ordinary][allocation]") {
  const auto packs = rules::LoadPacks({"rules/packs/ordinary.yaml"}, {});
  INFO((packs ? std::string() : packs.error().message));
  REQUIRE(packs);
  REQUIRE(packs->rules->rules.size() == 20);
  run::PatientMachineOptions options;
  options.check_partition = false;
  options.partition.input_topics = 1;
  run::PatientMachine machine(options, packs->rules);
  const std::vector<Stored> traffic = Traffic(400);
  io::Effects effects;
  std::uint64_t counted = 0, of_events = 0;
  for (std::size_t i = 0; i < traffic.size(); ++i) {
    io::Record record;
    record.offset = static_cast<std::int64_t>(i);
    record.timestamp_ms = traffic[i].arrival;
    record.key = AsBytes(std::string_view(traffic[i].key));
    record.value = AsBytes(std::string_view(traffic[i].value));
    const std::uint64_t before = test::Allocations();
    machine.Take(record);
    // The first two hours fill what is kept for each patient; a quarter-hour's first events open its panes.
    const std::int64_t minute = (traffic[i].arrival - kStart) / kMinute;
    if (minute >= 120 && minute % 15 >= 11) {
      of_events += test::Allocations() - before;
      ++counted;
    }
    if (i % 500 == 499) {
      effects.Clear();
      machine.Finish(effects);
    }
  }
  CHECK(machine.partition().counts().accepted == traffic.size());
  CHECK(machine.partition().counts().out_of_order > 100);
  CHECK(counted > 3'000);
  INFO(of_events << " allocations in " << counted << " events");
  CHECK(of_events == 0);
}
