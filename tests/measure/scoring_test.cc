// Measures of every scoring from their text to their reports.
#include <catch2/catch.hpp>

#include "tests/measure/small_measure.h"

using namespace plumbline;
using namespace plumbline::rules;
using namespace plumbline::rules::test;

namespace {

// Encounters e1 (1 day), e2 (3 days) in the period, e3 before it.
const std::string kLibrary = std::string(kSmallLibrary) + R"(define "Long": "Numerator"
define "All": [Encounter]
define "None": [Encounter] E where E.id = 'none'
define "First": [Encounter] E where E.id = 'e1'
define function Days(E Encounter): difference in days between start of E.period and end of E.period
define function One(E Encounter): 1
)";

PatientReport ReportOf(SmallRun& small) {
  const auto patients = ReadPatients(kSmallPatient, "small.json");
  REQUIRE(patients.has_value());
  const auto report = small.run->Run(patients->front(), {});
  INFO((report ? "" : report.error().message));
  REQUIRE(report.has_value());
  return *report;
}

std::string SummaryOf(const SmallRun& small, const PatientReport& report) {
  SummaryReport summary = EmptySummary(small.program->measure());
  AddToSummary(report, &summary);
  AddToSummary(report, &summary);
  return SummaryReportJson(small.program->measure(), summary);
}

}  // namespace

TEST_CASE("a cohort is counted and has no score", "[measure]") {
  SmallRun small(kLibrary, "cohort", {{"initial-population", "Initial Population"}});
  const PatientReport report = ReportOf(small);
  CHECK(report.groups[0].counts == std::vector<std::int64_t>{2});
  CHECK(SummaryOf(small, report).find("measureScore") == std::string::npos);
}

TEST_CASE("a continuous variable is observed over its population without the exclusions", "[measure]") {
  SmallRun small(kLibrary, "continuous-variable",
                 {{"initial-population", "Initial Population"},
                  {"measure-population", "All"},
                  {"measure-population-exclusion", "First"},
                  {"measure-observation", "Days", "measure-population"}});
  const PatientReport report = ReportOf(small);
  // e3 is not in the initial population, e1 is excluded: three days of e2 are left.
  CHECK(report.groups[0].counts == std::vector<std::int64_t>{2, 2, 1, 1});
  CHECK(report.groups[0].observations[3] == std::vector<double>{3.0});
  CHECK(SummaryOf(small, report).find(R"("measureScore":{"value":6E0})") != std::string::npos);
}

TEST_CASE("a ratio's observations are made over the population that each refers to, less its own exclusions", "[measure]") {
  SmallRun small(kLibrary, "ratio",
                 {{"initial-population", "All"},
                  {"denominator", "Initial Population"},
                  {"denominator-exclusion", "First"},
                  {"numerator", "All"},
                  {"numerator-exclusion", "Long"},
                  {"measure-observation", "One", "denominator"},
                  {"measure-observation", "Days", "numerator"}});
  const PatientReport report = ReportOf(small);
  // Denominator e1 and e2 less e1; numerator e1, e2, e3 less e2: a stay of one day and one of three.
  CHECK(report.groups[0].counts == std::vector<std::int64_t>{3, 2, 1, 3, 1, 1, 2});
  CHECK(report.groups[0].observations[5] == std::vector<double>{1.0});
  CHECK(report.groups[0].observations[6] == std::vector<double>{1.0, 3.0});
  CHECK(SummaryOf(small, report).find(R"("measureScore":{"value":4E0})") != std::string::npos);
}
