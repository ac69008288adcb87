#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "engine/model/validate.h"
#include "tests/model/sample_events.h"

namespace plumbline::model {
namespace {

ValidationTables Tables() {
  ValidationTables tables;
  tables.feeds = {{"north", "monitors", 1U << 1 | 1U << 2 | 1U << 3, 300'000, 86'400'000},
                  {"north", "orders", 1U << 2, 0, kNoLimit}};
  tables.unknown_feeds = UnknownPolicy::kReject;
  tables.codes = {{"http://loinc.org", "59408-5", {{"%", Decimal::Parse("0"), Decimal::Parse("100")}}},
                  {"http://loinc.org",
                   "2339-0",
                   {{"mg/dL", Decimal::Parse("10"), Decimal::Parse("1500")}, {"mmol/L", Decimal::Parse("0.5"), {}}}},
                  {"http://loinc.org", "8867-4", {}}};
  tables.unknown_codes = UnknownPolicy::kReject;
  tables.is_unit = [](std::string_view unit) {
    return unit == "%" || unit == "mg/dL" || unit == "mmol/L" || unit == "/min" || unit == "g";
  };
  return tables;
}

struct Case {
  std::string name;
  RejectReason expected;
  std::function<void(Event&)> change;
};

TEST_CASE("an event that keeps to the tables is accepted") {
  Validator validator(Tables());
  REQUIRE(validator.Validate(SampleDevice(), "patient-0007", kSampleTime) == RejectReason::kNone);
  REQUIRE(validator.Validate(SampleConsultation(), "patient-0007", kSampleTime) == RejectReason::kNone);
  REQUIRE(validator.Validate(SampleDiagnosis(), "patient-0007", kSampleTime) == RejectReason::kNone);
}

TEST_CASE("an event that does not is refused with its reason") {
  const std::vector<Case> cases = {
      {"no id", RejectReason::kEmptyId, [](Event& e) { e.id = {}; }},
      {"no patient", RejectReason::kEmptyPatient, [](Event& e) { e.patient = {}; }},
      {"another patient than the key", RejectReason::kKeyMismatch, [](Event& e) { e.patient = "patient-0008"; }},
      {"version 0", RejectReason::kBadVersion, [](Event& e) { e.version = 0; }},
      {"negative waiting time", RejectReason::kBadDuration, [](Event& e) { e.waiting_ms = -5; }},
      {"undeclared site", RejectReason::kUnknownFeed, [](Event& e) { e.site = "south"; }},
      {"undeclared source", RejectReason::kUnknownFeed, [](Event& e) { e.source = "lab"; }},
      {"a kind that the feed does not bring", RejectReason::kKindNotBrought, [](Event& e) { e.source = "orders"; }},
      {"one ms beyond the limit of the future", RejectReason::kFuture, [](Event& e) { e.time = kSampleTime + 300'001; }},
      {"one ms beyond the limit of the past", RejectReason::kTooOld, [](Event& e) { e.time = kSampleTime - 86'400'001; }},
      {"no code", RejectReason::kUnknownCode, [](Event& e) { e.code = {}; }},
      {"a code that the tables do not have", RejectReason::kUnknownCode, [](Event& e) { e.code.code = "0-0"; }},
      {"the code of another system", RejectReason::kUnknownCode, [](Event& e) { e.code.system = "urn:own"; }},
      {"no value", RejectReason::kMissingValue, [](Event& e) { e.has_quantity = false; }},
      {"no such unit", RejectReason::kUnknownUnit, [](Event& e) { e.quantity.unit = "percent"; }},
      {"a unit that the code is not measured in", RejectReason::kWrongUnit, [](Event& e) { e.quantity.unit = "mg/dL"; }},
      {"no unit where one is due", RejectReason::kWrongUnit, [](Event& e) { e.quantity.unit = "1"; }},
      {"just above the range", RejectReason::kImplausible, [](Event& e) { e.quantity.value = *Decimal::Parse("100.00000001"); }},
      {"just below the range", RejectReason::kImplausible, [](Event& e) { e.quantity.value = *Decimal::Parse("-0.00000001"); }},
      {"no such unit of a code with any", RejectReason::kUnknownUnit,
       [](Event& e) {
         e.code.code = "8867-4";
         e.quantity.unit = "bpm";
       }},
  };
  ValidationTables tables = Tables();
  tables.is_unit = [](std::string_view unit) { return unit == "%" || unit == "mg/dL" || unit == "/min" || unit == "1"; };
  Validator validator(tables);
  for (const Case& c : cases) {
    INFO(c.name);
    Event event = SampleDevice();
    c.change(event);
    REQUIRE(validator.Validate(event, "patient-0007", kSampleTime) == c.expected);
    REQUIRE(validator.reject().reason == c.expected);
    REQUIRE_FALSE(validator.reject().detail.empty());
  }
  REQUIRE(validator.Validate(SampleDevice(), "", kSampleTime) == RejectReason::kEmptyKey);
}

TEST_CASE("limits are inclusive") {
  Validator validator(Tables());
  Event event = SampleDevice();
  event.quantity.value = *Decimal::Parse("100");
  event.time = kSampleTime + 300'000;
  REQUIRE(validator.Validate(event, "patient-0007", kSampleTime) == RejectReason::kNone);
  event.quantity.value = Decimal();
  event.time = kSampleTime - 86'400'000;
  REQUIRE(validator.Validate(event, "patient-0007", kSampleTime) == RejectReason::kNone);
}

TEST_CASE("each unit of a code has its own range, and an open bound bounds nothing") {
  Validator validator(Tables());
  Event event = SampleDevice();
  event.code.code = "2339-0";
  event.quantity = {*Decimal::Parse("5"), "mg/dL"};
  REQUIRE(validator.Validate(event, "patient-0007", kSampleTime) == RejectReason::kImplausible);
  event.quantity.unit = "mmol/L";
  REQUIRE(validator.Validate(event, "patient-0007", kSampleTime) == RejectReason::kNone);
  event.quantity.value = *Decimal::Parse("99999");
  REQUIRE(validator.Validate(event, "patient-0007", kSampleTime) == RejectReason::kNone);
}

TEST_CASE("a withdrawal needs no code or value, and a correction may concern an old event") {
  Validator validator(Tables());
  Event event = SampleDevice();
  event.status = EventStatus::kEnteredInError;
  event.code = {};
  event.has_quantity = false;
  event.time = kSampleTime - 100 * 86'400'000LL;
  REQUIRE(validator.Validate(event, "patient-0007", kSampleTime) == RejectReason::kNone);
  Event amended = SampleDevice();
  amended.version = 2;
  amended.time = event.time;
  REQUIRE(validator.Validate(amended, "patient-0007", kSampleTime) == RejectReason::kNone);
}

TEST_CASE("a QC sample is keyed by its device and may lie outside the range") {
  Validator validator(Tables());
  Event event = SampleDevice();
  event.patient = {};
  event.qc_material = "level-check";
  event.quantity.value = *Decimal::Parse("180");
  REQUIRE(validator.Validate(event, "monitor-12", kSampleTime) == RejectReason::kNone);
  REQUIRE(validator.Validate(event, "patient-0007", kSampleTime) == RejectReason::kKeyMismatch);
}

TEST_CASE("a heartbeat has neither patient nor id, but its feed and time are checked") {
  Validator validator(Tables());
  Event event;
  event.kind = EventKind::kHeartbeat;
  event.site = "north";
  event.source = "orders";
  event.time = kSampleTime;
  REQUIRE(validator.Validate(event, "", kSampleTime) == RejectReason::kNone);
  event.time = kSampleTime + 1;
  REQUIRE(validator.Validate(event, "", kSampleTime) == RejectReason::kFuture);
  event.source = "unheard-of";
  REQUIRE(validator.Validate(event, "", kSampleTime) == RejectReason::kUnknownFeed);
}

TEST_CASE("where unknown codes and feeds are accepted, units still have to be UCUM") {
  ValidationTables tables = Tables();
  tables.unknown_codes = UnknownPolicy::kAccept;
  tables.unknown_feeds = UnknownPolicy::kAccept;
  Validator validator(tables);
  Event event = SampleDevice();
  event.site = "south";
  event.code.code = "0-0";
  REQUIRE(validator.Validate(event, "patient-0007", kSampleTime) == RejectReason::kNone);
  event.quantity.unit = "percent";
  REQUIRE(validator.Validate(event, "patient-0007", kSampleTime) == RejectReason::kUnknownUnit);
  REQUIRE(validator.Validate(event, "patient-0007", kSampleTime) == RejectReason::kUnknownUnit);
}

TEST_CASE("feeds are found by site and source together") {
  const Validator validator(Tables());
  REQUIRE(validator.FindFeed("north", "monitors") == 0U);
  REQUIRE(validator.FindFeed("north", "orders") == 1U);
  REQUIRE_FALSE(validator.FindFeed("orders", "north").has_value());
}

}  // namespace
}  // namespace plumbline::model
