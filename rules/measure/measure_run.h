// Runs a compiled measure over patients. One MeasureRun belongs to one thread and keeps its memory between patients.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/cql/fhir/patient_data.h"
#include "engine/cql/fhir/resource_set.h"
#include "engine/cql/program.h"
#include "rules/measure/measure_program.h"
#include "rules/measure/measure_report.h"
#include "rules/measure/patients.h"
#include "rules/measure/population.h"

namespace plumbline::rules {

struct MeasurementPeriod {
  cql::Temporal start;
  cql::Temporal end;
};
// Dates or date-times as text; a date stands for its first and its last millisecond in UTC.
[[nodiscard]] Result<MeasurementPeriod> ReadPeriod(std::string_view start, std::string_view end);

struct MeasureRunOptions {
  std::string period_start;  // of patients that state none
  std::string period_end;
  bool expressions = false;  // every definition's value too
  bool supplemental = true;
};

class MeasureRun {
 public:
  MeasureRun(const MeasureProgram& program, const cql::TermService& terms);

  // Reads the patient's documents, evaluates and counts. An error of the patient's data or of the evaluation names the patient.
  [[nodiscard]] Result<PatientReport> Run(const Patient& patient, const MeasureRunOptions& options);

  // The parts of it, for measuring: reading; evaluating every population of every group; cutting.
  [[nodiscard]] Result<void> Read(std::span<const std::string> documents, cql::fhir::ResourceSet* resources);
  [[nodiscard]] Result<void> Evaluate(const cql::fhir::ResourceSet& resources, const MeasurementPeriod& period);
  [[nodiscard]] const std::vector<GroupMembers>& members() const { return members_; }
  // Of the last evaluation's arena.
  [[nodiscard]] std::size_t evaluation_bytes() const { return arena_.used(); }

 private:
  [[nodiscard]] Result<void> EvaluateGroup(std::size_t group);
  [[nodiscard]] Result<void> AddStrata(std::size_t group, GroupCounts* counts);
  [[nodiscard]] Members ObservedMembers(std::size_t group, std::size_t observation) const;
  [[nodiscard]] Result<void> AddObservations(std::size_t group, GroupCounts* counts);
  [[nodiscard]] Result<cql::Value> ValueOf(int definition);
  [[nodiscard]] Error EvaluationError(int definition) const;

  const MeasureProgram& program_;
  cql::Arena arena_;
  cql::EvalContext context_;
  cql::Evaluation evaluation_;
  cql::fhir::ResourceSet resources_;
  cql::fhir::PatientData data_;
  std::vector<GroupMembers> members_;
  cql::IntervalData period_;
};

// How counts differ from the expected ones; empty: not at all. One line a difference: "numerator expected 1 got 0".
[[nodiscard]] std::vector<std::string> Differences(const Measure& measure, const Patient& patient, const PatientReport& report);

}  // namespace plumbline::rules
