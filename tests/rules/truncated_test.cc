// A patient with more rows than the limit: verdicts that would rest on what was dropped say so.
#include <catch2/catch.hpp>
#include <iostream>
#include <random>

#include "tests/rules/one_patient.h"

using plumbline::rules_test::OnePatient;

namespace {

constexpr std::uint32_t kMost = 100;

plumbline::run::PartitionOptions Limited() {
  plumbline::run::PartitionOptions options;
  options.max_rows = kMost;
  return options;
}

// A value that fires at once; and, so that rows are kept for long, one that must follow a shock.
constexpr const char* kRules =
    "  - {id: low, kind: check, on: '[Device: \"Value\"] V', must: \"V.value >= 10 '1'\", lateness: 20 hours}\n"
    "  - {id: measured, kind: pathway, when: '[Diagnosis: \"Shock\"] D', expect: '[Device: \"Other\"] O', within: 6 hours,\n"
    "     lookback: 6 hours, lateness: 15 minutes}\n";

constexpr int kGood = 20, kLow = 5;

}  // namespace

TEST_CASE("a patient beyond the limit of rows has its oldest values dropped and no more rows than that", "[truncated]") {
  OnePatient patient(kRules, Limited());
  for (int minute = 0; minute < 1000; ++minute) patient.Value(minute, kGood);
  CHECK(patient.rows() <= kMost);
  CHECK(patient.told().empty());
}

TEST_CASE("a verdict that would rest on dropped values is unknown (truncated), one that does not is given", "[truncated]") {
  for (const bool flood : {false, true}) {
    OnePatient patient(kRules, Limited());
    patient.Other(0);  // the answer, which the flood drives out
    for (int i = 0; i < (flood ? 300 : 20); ++i) patient.Value(1 + i, kGood);
    patient.Shock(310);
    patient.Tick(671);
    CHECK(patient.told() == (flood ? "unknown s310 @670 (truncated)" : "pass s310 @670"));
    CHECK(patient.partition().counts().truncated == (flood ? 1 : 0));
    patient.Shock(1100);
    patient.Other(1110);
    patient.Tick(1500);
    CHECK_THAT(patient.told(), Catch::EndsWith("; pass s1100 @1460"));
  }
}

TEST_CASE("an alert that was told before values were dropped stands, and may still end", "[truncated]") {
  OnePatient patient(kRules, Limited());
  patient.Value(0, kLow);
  for (int minute = 1; minute < 200; ++minute) patient.Value(minute, kLow);
  CHECK(patient.told() == "firing v0 @0");
  patient.Value(200, kGood);
  CHECK(patient.told() == "firing v0 @0; resolved v0 @200 (answered)");
}

TEST_CASE("a late value from before what was dropped is not judged, and a restart ends alike", "[truncated]") {
  OnePatient patient(kRules, Limited());
  patient.Shock(0);
  for (int minute = 1; minute < 300; ++minute) {
    patient.Value(minute, kGood);
    if (minute % 50 == 0) patient.Restart();
  }
  const std::size_t rows = patient.rows();
  patient.Value(30.5, kLow, 300);
  patient.Other(31, 300);
  CHECK(patient.rows() == rows);
  patient.Restart();
  patient.Tick(400);
  CHECK(patient.told() == "unknown s0 @360 (truncated)");
}

TEST_CASE("what excuses is dropped after all values only", "[truncated]") {
  OnePatient patient(
      "  - {id: excused, kind: pathway, when: '[Diagnosis: \"Shock\"] D', expect: '[Consultation: \"Other\"] O', within: 6 "
      "hours,\n"
      "     unless: 'exists [Consultation: \"Comfort\"]', lateness: 15 minutes}\n"
      "  - {id: low, kind: check, on: '[Device: \"Value\"] V', must: \"V.value >= 10 '1'\", lateness: 20 hours}\n",
      Limited());
  patient.Comfort(0);
  patient.Shock(1);
  for (int minute = 2; minute < 300; ++minute) patient.Value(minute, kGood);
  patient.Tick(400);
  CHECK(patient.told() == "excluded s1 @361");
}

TEST_CASE("no verdict of a patient beyond the limit is silently another than without a limit", "[truncated]") {
  const std::uint64_t seed = 20261125;
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 rng(seed);
  std::size_t unknown = 0, same = 0;
  for (int history = 0; history < 60; ++history) {
    struct Given {
      double minute, arrives;
      int what, value;
    };
    std::vector<Given> events;
    const int n = 200 + static_cast<int>(rng() % 400);
    for (int i = 0; i < n; ++i) {
      const double minute = static_cast<double>(rng() % 120'000) / 60;  // of 33 hours, to the second
      const double delays[] = {0, 0, 0, 1, 9, 40};
      const int kind = static_cast<int>(rng() % 60);
      events.push_back({minute, minute + delays[rng() % 6], kind < 55 ? 0 : kind < 58 ? 1 : 2, rng() % 6 == 0 ? kLow : kGood});
    }
    std::stable_sort(events.begin(), events.end(), [](const Given& a, const Given& b) { return a.arrives < b.arrives; });
    const auto play = [&](OnePatient& patient) {
      for (const Given& e : events) {
        if (e.what == 0) patient.Value(e.minute, e.value, e.arrives);
        if (e.what == 1) patient.Other(e.minute, e.arrives);
        if (e.what == 2) patient.Shock(e.minute, e.arrives);
      }
      patient.Tick(10'000);
    };
    OnePatient limited(kRules, Limited()), unlimited(kRules);
    play(limited);
    play(unlimited);
    INFO("history " << history << " of seed " << seed);
    CHECK(limited.rows() <= kMost);
    for (const auto& [anchor, verdict] : limited.finals()) {
      INFO(anchor);
      if (verdict == "unknown") {
        ++unknown;
        continue;
      }
      ++same;
      CHECK(unlimited.finals().contains(anchor));
      if (unlimited.finals().contains(anchor)) CHECK(verdict == unlimited.finals().at(anchor));
    }
    // What must follow a shock is judged for every shock that was not charted late.
    for (const auto& [anchor, verdict] : unlimited.finals()) {
      if (anchor.starts_with("measured")) CHECK(limited.finals().contains(anchor));
    }
  }
  CHECK(unknown > 20);
  CHECK(same > 100);
}
