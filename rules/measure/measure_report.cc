#include "rules/measure/measure_report.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>

#include "rules/measure/population.h"

namespace plumbline::rules {
namespace {

namespace json = boost::json;

constexpr std::string_view kPopulationSystem = "http://terminology.hl7.org/CodeSystem/measure-population";
constexpr std::string_view kImprovementSystem = "http://terminology.hl7.org/CodeSystem/measure-improvement-notation";

json::object Coded(std::string_view system, std::string_view code, std::string_view display) {
  json::object coding{{"system", system}, {"code", code}};
  if (!display.empty()) coding["display"] = display;
  return {{"coding", json::array{coding}}};
}

json::array Populations(const MeasureGroup& group, const std::vector<std::int64_t>& counts) {
  json::array out;
  for (std::size_t i = 0; i < group.populations.size(); ++i) {
    const MeasurePopulation& population = group.populations[i];
    json::object item;
    if (!population.id.empty()) item["id"] = population.id;
    item["code"] = Coded(kPopulationSystem, PopulationCode(population.kind), population.display);
    item["count"] = counts[i];
    out.push_back(std::move(item));
  }
  return out;
}

json::array Stratifiers(const MeasureGroup& group, const GroupCounts& counts) {
  json::array out;
  for (std::size_t i = 0; i < group.stratifiers.size() && i < counts.strata.size(); ++i) {
    json::object stratifier;
    if (!group.stratifiers[i].id.empty()) stratifier["id"] = group.stratifiers[i].id;
    stratifier["code"] = json::array{json::object{{"text", group.stratifiers[i].expression}}};
    json::array strata;
    for (const StratumCounts& stratum : counts.strata[i]) {
      json::object item{{"value", json::object{{"text", stratum.value}}}, {"population", Populations(group, stratum.counts)}};
      GroupCounts alone;
      alone.counts = stratum.counts;
      alone.observations.resize(stratum.counts.size());
      const bool counted = group.scoring == Scoring::kProportion || group.scoring == Scoring::kRatio;
      if (const auto score = GroupScore(group, alone); score && counted) item["measureScore"] = json::object{{"value", *score}};
      strata.push_back(std::move(item));
    }
    stratifier["stratum"] = std::move(strata);
    out.push_back(std::move(stratifier));
  }
  return out;
}

json::array Groups(const Measure& measure, const std::vector<GroupCounts>& counts) {
  json::array out;
  for (std::size_t i = 0; i < measure.groups.size(); ++i) {
    const MeasureGroup& group = measure.groups[i];
    json::object item{{"id", group.id}, {"population", Populations(group, counts[i].counts)}};
    if (const auto score = GroupScore(group, counts[i])) item["measureScore"] = json::object{{"value", *score}};
    if (!group.stratifiers.empty()) item["stratifier"] = Stratifiers(group, counts[i]);
    out.push_back(std::move(item));
  }
  return out;
}

json::object Head(const Measure& measure, std::string_view type, const std::string& start, const std::string& end) {
  json::object report{{"resourceType", "MeasureReport"},
                      {"status", "complete"},
                      {"type", type},
                      {"measure", measure.version.empty() ? measure.url : measure.url + "|" + measure.version},
                      {"period", json::object{{"start", start}, {"end", end}}}};
  const auto improved = std::ranges::find_if(measure.groups, [](const MeasureGroup& g) { return !g.improvement.empty(); });
  if (improved != measure.groups.end()) report["improvementNotation"] = Coded(kImprovementSystem, improved->improvement, "");
  return report;
}

// Supplemental data as contained observations; the references say which data element each is of.
void AddSupplemental(const Measure& measure, const PatientReport& report, json::object* out) {
  json::array contained;
  json::array references;
  for (std::size_t i = 0; i < report.supplemental.size(); ++i) {
    const auto& [expression, value] = report.supplemental[i];
    const std::string id = "supplemental-" + std::to_string(i + 1);
    const std::string name =
        i < measure.supplemental.size() && !measure.supplemental[i].id.empty() ? measure.supplemental[i].id : expression;
    contained.push_back(json::object{{"resourceType", "Observation"},
                                     {"id", id},
                                     {"status", "final"},
                                     {"code", json::object{{"text", expression}}},
                                     {"subject", json::object{{"reference", "Patient/" + report.patient}}},
                                     {"valueString", value}});
    references.push_back(json::object{
        {"reference", "#" + id},
        {"extension",
         json::array{json::object{
             {"url", "http://hl7.org/fhir/us/davinci-deqm/StructureDefinition/extension-supplementalDataElementReference"},
             {"valueString", name}}}}});
  }
  if (contained.empty()) return;
  (*out)["contained"] = std::move(contained);
  (*out)["evaluatedResource"] = std::move(references);
}

void Append(const GroupCounts& from, GroupCounts* to) {
  for (std::size_t i = 0; i < to->counts.size(); ++i) {
    to->counts[i] += from.counts[i];
    if (i < from.observations.size()) {
      to->observations[i].insert(to->observations[i].end(), from.observations[i].begin(), from.observations[i].end());
    }
  }
  for (std::size_t i = 0; i < from.strata.size(); ++i) {
    for (const StratumCounts& stratum : from.strata[i]) {
      auto& strata = to->strata[i];
      auto known = std::ranges::find(strata, stratum.value, &StratumCounts::value);
      if (known == strata.end()) {
        // In the order of the values, whatever the order of the patients.
        const auto place = std::ranges::lower_bound(strata, stratum.value, {}, &StratumCounts::value);
        known = strata.insert(place, {.value = stratum.value, .counts = std::vector<std::int64_t>(stratum.counts.size(), 0)});
      }
      for (std::size_t k = 0; k < stratum.counts.size(); ++k) known->counts[k] += stratum.counts[k];
    }
  }
}

// The aggregate of a group's observation that is made over `reference`; of the first one when the measure does not say.
std::optional<double> Observed(const MeasureGroup& group, const GroupCounts& counts, PopulationKind over) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < group.populations.size(); ++i) {
    const MeasurePopulation& population = group.populations[i];
    if (population.kind != PopulationKind::kMeasureObservation) continue;
    const auto reference = std::ranges::find(group.populations, population.criteria_reference, &MeasurePopulation::id);
    // A reference that names no population of the group (as some published measures have): denominator first, numerator second.
    const PopulationKind kind = reference != group.populations.end() ? reference->kind
                                : group.scoring == Scoring::kRatio
                                    ? (seen == 0 ? PopulationKind::kDenominator : PopulationKind::kNumerator)
                                    : PopulationKind::kMeasurePopulation;
    ++seen;
    if (kind == over) return Aggregate(population.aggregate_method, counts.observations[i]);
  }
  return std::nullopt;
}

}  // namespace

SummaryReport EmptySummary(const Measure& measure) {
  SummaryReport summary;
  for (const MeasureGroup& group : measure.groups) {
    GroupCounts counts;
    counts.counts.assign(group.populations.size(), 0);
    counts.observations.resize(group.populations.size());
    counts.strata.resize(group.stratifiers.size());
    summary.groups.push_back(std::move(counts));
  }
  return summary;
}

void AddToSummary(const PatientReport& patient, SummaryReport* summary) {
  ++summary->patients;
  if (summary->period_start.empty() || patient.period_start < summary->period_start) summary->period_start = patient.period_start;
  summary->period_end = std::max(summary->period_end, patient.period_end);
  for (std::size_t i = 0; i < summary->groups.size(); ++i) Append(patient.groups[i], &summary->groups[i]);
}

std::optional<double> GroupScore(const MeasureGroup& group, const GroupCounts& counts) {
  if (group.scoring == Scoring::kContinuousVariable) return Observed(group, counts, PopulationKind::kMeasurePopulation);
  if (group.scoring == Scoring::kRatio) {
    const auto denominator = Observed(group, counts, PopulationKind::kDenominator);
    const auto numerator = Observed(group, counts, PopulationKind::kNumerator);
    if (denominator || numerator) {
      if (!denominator || *denominator == 0) return std::nullopt;
      return numerator.value_or(0) / *denominator;
    }
  }
  return ScoreOf(group, counts.counts);
}

std::string IndividualReportJson(const Measure& measure, const PatientReport& report) {
  json::object out = Head(measure, "individual", report.period_start, report.period_end);
  out["subject"] = json::object{{"reference", "Patient/" + report.patient}};
  out["group"] = Groups(measure, report.groups);
  AddSupplemental(measure, report, &out);
  return json::serialize(out);
}

std::string SummaryReportJson(const Measure& measure, const SummaryReport& report) {
  json::object out = Head(measure, "summary", report.period_start, report.period_end);
  out["group"] = Groups(measure, report.groups);
  return json::serialize(out);
}

}  // namespace plumbline::rules
