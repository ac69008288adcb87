#include "rules/measure/measure.h"

#include <catch2/catch.hpp>
#include <memory>

#include "engine/cql/fhir/value_sets.h"
#include "rules/measure/measure_run.h"
#include "tests/measure/small_measure.h"

using namespace plumbline;
using namespace plumbline::rules;
using namespace plumbline::rules::test;

TEST_CASE("a measure is read from its bundle") {
  const auto measure = LoadMeasure(SmallBundle(kSmallLibrary));
  REQUIRE(measure.has_value());
  CHECK(measure->name == "Small");
  CHECK(measure->library == "Small");
  REQUIRE(measure->groups.size() == 1);
  CHECK(measure->groups[0].basis == "Encounter");
  CHECK(measure->groups[0].scoring == Scoring::kProportion);
  CHECK(measure->groups[0].populations.size() == 3);
  CHECK(measure->groups[0].populations[2].expression == "Numerator");
  REQUIRE(measure->libraries.size() == 1);
  CHECK(measure->libraries[0].cql == kSmallLibrary);
}

TEST_CASE("a bundle that is no measure is refused with a reason") {
  CHECK(LoadMeasure("{").error().code == ErrorCode::kParse);
  CHECK(LoadMeasure(R"({"entry":[]})").error().message.find("0 Measures") != std::string::npos);
  const std::string no_scoring =
      R"({"entry":[{"resource":{"resourceType":"Measure","name":"M","library":["l"],"group":[{"population":[]}]}}]})";
  CHECK(LoadMeasure(no_scoring).error().message.find("scoring") != std::string::npos);
}

TEST_CASE("a measure whose library does not compile says where") {
  auto measure =
      LoadMeasure(SmallBundle("library Small\nusing QICore version '6.0.0'\ncontext Patient\n"
                              "define \"Initial Population\": [Encountre]\n"));
  REQUIRE(measure.has_value());
  const auto program = MeasureProgram::Compile(*std::move(measure), {}, nullptr);
  REQUIRE_FALSE(program.has_value());
  CHECK(program.error().message.find(":4:") != std::string::npos);
  CHECK(program.error().message.find("Encounter") != std::string::npos);
}

TEST_CASE("a measure that names an expression its library lacks is refused") {
  auto measure =
      LoadMeasure(SmallBundle("library Small\nusing QICore version '6.0.0'\ncontext Patient\n"
                              "define \"Initial Population\": [Encounter]\n"));
  REQUIRE(measure.has_value());
  const auto program = MeasureProgram::Compile(*std::move(measure), {}, nullptr);
  REQUIRE_FALSE(program.has_value());
  CHECK(program.error().message.find("Denominator") != std::string::npos);
}

TEST_CASE("populations are counted over a patient's resources, and reported") {
  SmallRun small;
  const auto patients = ReadPatients(kSmallPatient, "small.json");
  REQUIRE(patients.has_value());
  const auto report = small.run->Run(patients->front(), {});
  INFO((report ? "" : report.error().message));
  REQUIRE(report.has_value());
  CHECK(report->groups[0].counts == std::vector<std::int64_t>{2, 2, 1});
  CHECK(report->groups[0].members[2] == std::vector<std::string>{"Encounter/e2"});
  CHECK(report->patient == "p1");
  CHECK(Differences(small.program->measure(), patients->front(), *report) ==
        std::vector<std::string>{"numerator expected 2 got 1"});
  const std::string json = IndividualReportJson(small.program->measure(), *report);
  CHECK(json.find(R"("reference":"Patient/p1")") != std::string::npos);
  CHECK(json.find(R"("measureScore":{"value":5E-1})") != std::string::npos);
  SummaryReport summary = EmptySummary(small.program->measure());
  AddToSummary(*report, &summary);
  AddToSummary(*report, &summary);
  CHECK(summary.groups[0].counts == std::vector<std::int64_t>{4, 4, 2});
  CHECK(SummaryReportJson(small.program->measure(), summary).find(R"("type":"summary")") != std::string::npos);
}

TEST_CASE("a run shows every expression when asked") {
  SmallRun small;
  const auto patients = ReadPatients(kSmallPatient, "small.json");
  const auto report =
      small.run->Run(patients->front(), {.period_start = {}, .period_end = {}, .expressions = true, .supplemental = true});
  REQUIRE(report.has_value());
  bool seen = false;
  for (const auto& [name, value] : report->expressions) seen = seen || (name == "Stays" && value == "{1, 3}");
  CHECK(seen);
}

TEST_CASE("a period is a date's first to a date's last millisecond") {
  const auto period = ReadPeriod("2026-01-01", "2026-12-31");
  REQUIRE(period.has_value());
  CHECK(period->start.precision == cql::Precision::kMillisecond);
  CHECK(period->end.hour == 23);
  CHECK(period->end.millisecond == 999);
  CHECK(period->end.offset_minutes == 0);
  CHECK_FALSE(ReadPeriod("", "2026").has_value());
  CHECK_FALSE(ReadPeriod("x", "2026").has_value());
}
