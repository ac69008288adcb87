// Checks that hold and that are to be clear for a time: where an alert begins and ends, also when the rows it began with are kept
// no more. That any order of arrival ends alike is tests/run/time_test.cc's.
#include "rules/kinds/check.h"

#include <catch2/catch.hpp>

#include "tests/rules/one_patient.h"

using plumbline::rules_test::OnePatient;

namespace {

constexpr const char* kHeld =
    "  - {id: held, kind: check, on: '[Device: \"Value\"] V', must: \"V.value >= 10 '1'\", hold: 10 minutes, carry: 5 minutes,\n"
    "     lateness: 0 minutes}\n";
constexpr const char* kCleared =
    "  - {id: cleared, kind: check, on: '[Device: \"Value\"] V', must: \"V.value >= 10 '1'\", consecutive: 2, clear: 10 "
    "minutes,\n"
    "     carry: 5 minutes, lateness: 1 minute}\n";

constexpr int kLow = 5, kGood = 20;

}  // namespace

TEST_CASE("a run that ended before its hold does not fire when its first value is kept no more", "[check]") {
  OnePatient patient(kHeld);
  for (int minute = 0; minute < 12; ++minute) patient.Value(minute, kGood);
  patient.Value(12, kLow);  // when row 24 comes, this one is dropped and the next is not
  for (int minute = 13; minute < 23; ++minute) patient.Value(minute, kGood);
  patient.Value(23, kLow);
  REQUIRE(patient.rows() < 24);
  patient.Value(24, kGood);
  patient.Tick(60);
  CHECK(patient.told().empty());
}

TEST_CASE("an alert that is to be clear ends when the value has been good for so long", "[check]") {
  OnePatient patient(kCleared);
  patient.Value(0, kLow);
  patient.Value(1, kLow);
  patient.Value(2, kGood);
  patient.Value(6, kGood);
  patient.Value(10, kGood);
  patient.Tick(12);
  CHECK(patient.told() == "firing v0 @1");  // not before the clock has passed 12
  patient.Tick(12.1);
  CHECK(patient.told() == "firing v0 @1; resolved v0 @12 (answered)");
}

TEST_CASE("a value that falls again at the very end of the clear time goes on with the same alert", "[check]") {
  OnePatient patient(kCleared);
  patient.Value(0, kLow);
  patient.Value(1, kLow);
  for (const int minute : {2, 6, 10}) patient.Value(minute, kGood);
  patient.Value(12, kLow);
  for (const int minute : {13, 17, 21}) patient.Value(minute, kGood);
  patient.Value(30, kLow);  // one alone: a new run of one
  patient.Tick(60);
  CHECK(patient.told() == "firing v0 @1; resolved v0 @23 (answered)");
}

TEST_CASE("what was not measured for longer than a value stands is not clear", "[check]") {
  OnePatient patient(kCleared);
  patient.Value(0, kLow);
  patient.Value(1, kLow);
  patient.Value(2, kGood);
  patient.Value(8, kGood);  // a gap: it begins anew here
  patient.Value(12, kGood);
  patient.Tick(16);
  CHECK(patient.told() == "firing v0 @1");
  patient.Value(16, kGood);
  patient.Tick(18.1);
  CHECK(patient.told() == "firing v0 @1; resolved v0 @18 (answered)");
}

TEST_CASE("a late low value takes back that an alert was clear", "[check]") {
  OnePatient patient(kCleared);
  patient.Value(0, kLow);
  patient.Value(1, kLow);
  for (const int minute : {2, 6, 10}) patient.Value(minute, kGood);
  patient.Tick(12.1);
  patient.Value(11, kLow, 12.2);
  CHECK(patient.told() == "firing v0 @1; resolved v0 @12 (answered); firing v0 @1");
  for (const int minute : {13, 17, 21}) patient.Value(minute, kGood);
  patient.Tick(30);
  CHECK(patient.told() == "firing v0 @1; resolved v0 @12 (answered); firing v0 @1; resolved v0 @23 (answered)");
}

TEST_CASE("an alert about a value that flaps for hours is one alert, though its rows are dropped and the engine restarts",
          "[check]") {
  for (const bool restarts : {false, true}) {
    OnePatient patient(kCleared);
    patient.Value(0, kLow);
    patient.Value(1, kLow);
    for (int minute = 2; minute < 300; ++minute) {
      patient.Value(minute, minute % 9 == 0 ? kLow : kGood);
      if (restarts && minute % 7 == 0) patient.Restart();
    }
    CHECK(patient.rows() < 60);
    CHECK(patient.told() == "firing v0 @1");
    for (int minute = 300; minute < 320; ++minute) patient.Value(minute, kGood);
    CHECK(patient.told() == "firing v0 @1; resolved v0 @308 (answered)");  // 297 was low
  }
}
