// A FHIR Measure as published: groups with populations, stratifiers and supplemental data, and the CQL libraries of its bundle.
// Plain data, read once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace plumbline::rules {

enum class Scoring : std::uint8_t { kProportion, kRatio, kContinuousVariable, kCohort };
[[nodiscard]] std::string_view ScoringCode(Scoring scoring);

enum class PopulationKind : std::uint8_t {
  kInitialPopulation,
  kDenominator,
  kDenominatorExclusion,
  kDenominatorException,
  kNumerator,
  kNumeratorExclusion,
  kMeasurePopulation,
  kMeasurePopulationExclusion,
  kMeasureObservation,
};
// The code of the system measure-population: "initial-population".
[[nodiscard]] std::string_view PopulationCode(PopulationKind kind);

struct MeasurePopulation {
  PopulationKind kind = PopulationKind::kInitialPopulation;
  std::string id;
  std::string display;
  std::string expression;
  // Of an observation: over which population's members, and how values of many are put together.
  std::string criteria_reference;
  std::string aggregate_method;
};

struct MeasureStratifier {
  std::string id;
  std::string expression;
};

struct MeasureGroup {
  std::string id;
  std::string basis = "boolean";
  Scoring scoring = Scoring::kProportion;
  std::string improvement;  // "increase" or "decrease"; empty where the measure does not say
  std::vector<MeasurePopulation> populations;
  std::vector<MeasureStratifier> stratifiers;
};

struct SupplementalData {
  std::string id;
  std::string usage;  // "supplemental-data" or "risk-adjustment-factor"
  std::string expression;
};

struct LibraryText {
  std::string name;
  std::string version;
  std::string cql;
};

struct Measure {
  std::string id;
  std::string url;
  std::string version;
  std::string name;
  std::string title;
  std::string period_start;  // effectivePeriod, as written
  std::string period_end;
  std::string library;  // name of the library whose expressions the criteria name
  std::vector<MeasureGroup> groups;
  std::vector<SupplementalData> supplemental;
  std::vector<LibraryText> libraries;
};

// From a Bundle with one Measure and its Library resources (content of type text/cql, base64).
[[nodiscard]] Result<Measure> LoadMeasure(std::string_view bundle_json);

}  // namespace plumbline::rules
