// A measure of a few lines, for tests.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cql/fhir/value_sets.h"
#include "rules/measure/measure_run.h"

namespace plumbline::rules::test {

inline constexpr std::string_view kSmallLibrary = R"(library Small version '1.0'
using QICore version '6.0.0'
parameter "Measurement Period" Interval<DateTime>
context Patient
define "Initial Population": [Encounter] E where E.period during "Measurement Period"
define "Denominator": "Initial Population"
define "Stays": "Initial Population" E return all difference in days between start of E.period and end of E.period
define "Numerator": "Initial Population" E where difference in days between start of E.period and end of E.period > 2
)";

inline constexpr std::string_view kSmallPatient = R"({"case":"c1","period":{"start":"2026-01-01","end":"2026-12-31"},
  "expected":{"initial-population":2,"denominator":2,"numerator":2},"resources":[
  {"resourceType":"Patient","id":"p1","meta":{"profile":["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-patient"]}},
  {"resourceType":"Encounter","id":"e1","meta":{"profile":["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-encounter"]},
   "period":{"start":"2026-02-01T08:00:00Z","end":"2026-02-02T07:00:00Z"}},
  {"resourceType":"Encounter","id":"e2","meta":{"profile":["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-encounter"]},
   "period":{"start":"2026-03-01T08:00:00Z","end":"2026-03-04T07:00:00Z"}},
  {"resourceType":"Encounter","id":"e3","meta":{"profile":["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-encounter"]},
   "period":{"start":"2025-03-01T08:00:00Z","end":"2025-03-04T07:00:00Z"}}]})";

inline std::string Base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k > text.size() ? '=' : kDigits[bits >> (18 - 6 * k) & 63];
    }
  }
  return out;
}

// Of an observation `about` is the population it refers to, and its values are summed.
struct SmallPopulation {
  std::string_view code;
  std::string_view expression;
  std::string_view about = {};
};
inline const std::vector<SmallPopulation> kSmallProportion{
    {"initial-population", "Initial Population"}, {"denominator", "Denominator"}, {"numerator", "Numerator"}};

inline std::string PopulationText(const SmallPopulation& population) {
  constexpr std::string_view kExtension = "http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-";
  std::string text = R"({"id":")" + std::string(population.code) + R"(",)";
  if (!population.about.empty()) {
    text += R"("extension":[{"url":")" + std::string(kExtension) + R"(criteriaReference","valueString":")" +
            std::string(population.about) + R"("},{"url":")" + std::string(kExtension) +
            R"(aggregateMethod","valueString":"Sum"}],)";
  }
  return text + R"("code":{"coding":[{"code":")" + std::string(population.code) + R"("}]},"criteria":{"expression":")" +
         std::string(population.expression) + R"("}})";
}

inline std::string SmallBundle(std::string_view library, std::string_view scoring = "proportion",
                               const std::vector<SmallPopulation>& of = kSmallProportion) {
  std::string populations;
  for (const SmallPopulation& population : of) populations += (populations.empty() ? "" : ",") + PopulationText(population);
  return R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Measure","id":"Small",
    "name":"Small","url":"http://example.org/Small",
    "library":["http://example.org/Library/Small|1.0"],"effectivePeriod":{"start":"2026-01-01","end":"2026-12-31"},
    "group":[{"id":"Group_1","extension":[
      {"url":"http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-scoring",
       "valueCodeableConcept":{"coding":[{"code":")" +
         std::string(scoring) + R"("}]}},
      {"url":"http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-populationBasis","valueCode":"Encounter"}],
      "population":[)" +
         populations + R"(]}]}},{"resource":{"resourceType":"Library","name":"Small","version":"1.0","content":[
      {"contentType":"text/cql","data":")" +
         Base64(library) + R"("}]}}]})";
}

struct SmallRun {
  explicit SmallRun(std::string_view library = kSmallLibrary, std::string_view scoring = "proportion",
                    const std::vector<SmallPopulation>& populations = kSmallProportion) {
    auto measure = LoadMeasure(SmallBundle(library, scoring, populations));
    REQUIRE(measure.has_value());
    auto compiled = MeasureProgram::Compile(*std::move(measure), {}, nullptr);
    INFO((compiled ? "" : compiled.error().message));
    REQUIRE(compiled.has_value());
    program = *std::move(compiled);
    run = std::make_unique<MeasureRun>(*program, terms);
  }

  cql::fhir::ValueSetIndex terms;
  std::unique_ptr<MeasureProgram> program;
  std::unique_ptr<MeasureRun> run;
};

}  // namespace plumbline::rules::test
