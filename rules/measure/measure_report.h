// What a measure found, and its FHIR R4 MeasureReports: one for a patient (individual), one for all (summary).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/measure/measure.h"

namespace plumbline::rules {

// The counts of a group's populations, in the group's order, of one patient or of one stratum.
struct StratumCounts {
  std::string value;  // "true", or the stratifier's value as a CQL literal
  std::vector<std::int64_t> counts;
};

struct GroupCounts {
  std::vector<std::int64_t> counts;
  std::vector<std::vector<double>> observations;   // of each population, empty but for observations
  std::vector<std::vector<StratumCounts>> strata;  // of each stratifier
  std::vector<std::vector<std::string>> members;   // "Encounter/1" of each population; empty with the basis boolean
};

struct PatientReport {
  std::string patient;  // id of the Patient resource, else of the case
  std::string period_start;
  std::string period_end;
  std::vector<GroupCounts> groups;
  std::vector<std::pair<std::string, std::string>> supplemental;  // expression and its value as a CQL literal
  std::vector<std::pair<std::string, std::string>> expressions;   // every define, when asked for
};

// Sums over patients; what the summary report says.
struct SummaryReport {
  std::string period_start;
  std::string period_end;
  std::vector<GroupCounts> groups;
  std::int64_t patients = 0;
};

[[nodiscard]] SummaryReport EmptySummary(const Measure& measure);
void AddToSummary(const PatientReport& patient, SummaryReport* summary);

// The score of a group: a rate, a ratio (of observations where the measure has them), or the aggregate of what a continuous
// variable observed; nullopt where there is none.
[[nodiscard]] std::optional<double> GroupScore(const MeasureGroup& group, const GroupCounts& counts);

// FHIR JSON, on one line.
[[nodiscard]] std::string IndividualReportJson(const Measure& measure, const PatientReport& report);
[[nodiscard]] std::string SummaryReportJson(const Measure& measure, const SummaryReport& report);

}  // namespace plumbline::rules
