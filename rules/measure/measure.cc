#include "rules/measure/measure.h"

#include <simdjson.h>

#include <array>
#include <optional>

namespace plumbline::rules {
namespace {

namespace dom = simdjson::dom;

struct NamedPopulation {
  PopulationKind kind;
  std::string_view code;
};
constexpr std::array kPopulations{
    NamedPopulation{PopulationKind::kInitialPopulation, "initial-population"},
    NamedPopulation{PopulationKind::kDenominator, "denominator"},
    NamedPopulation{PopulationKind::kDenominatorExclusion, "denominator-exclusion"},
    NamedPopulation{PopulationKind::kDenominatorException, "denominator-exception"},
    NamedPopulation{PopulationKind::kNumerator, "numerator"},
    NamedPopulation{PopulationKind::kNumeratorExclusion, "numerator-exclusion"},
    NamedPopulation{PopulationKind::kMeasurePopulation, "measure-population"},
    NamedPopulation{PopulationKind::kMeasurePopulationExclusion, "measure-population-exclusion"},
    NamedPopulation{PopulationKind::kMeasureObservation, "measure-observation"},
};
constexpr std::array<std::string_view, 4> kScorings{"proportion", "ratio", "continuous-variable", "cohort"};

std::string Text(dom::element object, std::string_view name) {
  std::string_view text;
  return object[name].get_string().get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

// The first coding's code of a CodeableConcept.
std::string FirstCode(simdjson::simdjson_result<dom::element> concept_element) {
  std::string_view code;
  return concept_element["coding"].at(0)["code"].get_string().get(code) == simdjson::SUCCESS ? std::string(code) : std::string();
}

template <typename Visit>
void ForEach(simdjson::simdjson_result<dom::element> array, Visit visit) {
  dom::array items;
  if (array.get_array().get(items) != simdjson::SUCCESS) return;
  for (const dom::element item : items) visit(item);
}

std::optional<Scoring> ScoringOf(std::string_view code) {
  for (std::size_t i = 0; i < kScorings.size(); ++i) {
    if (kScorings[i] == code) return static_cast<Scoring>(i);
  }
  return std::nullopt;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<std::uint32_t>(c - 'a' + 26);
    } else if (c >= '0' && c <= '9') {
      value = static_cast<std::uint32_t>(c - '0' + 52);
    } else if (c == '+' || c == '-') {
      value = 62;
    } else if (c == '/' || c == '_') {
      value = 63;
    } else if (c == '=' || c == '\n' || c == '\r' || c == ' ') {
      continue;
    } else {
      return std::nullopt;
    }
    bits = bits << 6 | value;
    if (++count % 4 == 0) {
      out.push_back(static_cast<char>(bits >> 16 & 255));
      out.push_back(static_cast<char>(bits >> 8 & 255));
      out.push_back(static_cast<char>(bits & 255));
      bits = 0;
    }
  }
  if (count % 4 == 1) return std::nullopt;
  if (count % 4 == 2) out.push_back(static_cast<char>(bits >> 4 & 255));
  if (count % 4 == 3) {
    out.push_back(static_cast<char>(bits >> 10 & 255));
    out.push_back(static_cast<char>(bits >> 2 & 255));
  }
  return out;
}

Result<MeasurePopulation> ReadPopulation(dom::element element) {
  MeasurePopulation population;
  population.id = Text(element, "id");
  const std::string code = FirstCode(element["code"]);
  bool known = false;
  for (const NamedPopulation& named : kPopulations) {
    if (named.code != code) continue;
    population.kind = named.kind;
    known = true;
  }
  if (!known) return Fail(ErrorCode::kParse, "measure: unknown population code '" + code + "'");
  std::string_view text;
  if (element["code"]["coding"].at(0)["display"].get_string().get(text) == simdjson::SUCCESS) population.display = text;
  if (element["criteria"]["expression"].get_string().get(text) != simdjson::SUCCESS || text.empty()) {
    return Fail(ErrorCode::kParse, "measure: the population " + code + " has no expression");
  }
  population.expression = text;
  ForEach(element["extension"], [&population](dom::element extension) {
    const std::string url = Text(extension, "url");
    if (url.ends_with("cqfm-aggregateMethod")) {
      population.aggregate_method = Text(extension, "valueString");
      if (population.aggregate_method.empty()) population.aggregate_method = Text(extension, "valueCode");
    }
    if (url.ends_with("cqfm-criteriaReference")) population.criteria_reference = Text(extension, "valueString");
  });
  return population;
}

Result<MeasureGroup> ReadGroup(dom::element element, std::string scoring) {
  MeasureGroup group;
  group.id = Text(element, "id");
  ForEach(element["extension"], [&](dom::element extension) {
    const std::string url = Text(extension, "url");
    if (url.ends_with("cqfm-populationBasis")) group.basis = Text(extension, "valueCode");
    if (url.ends_with("cqfm-scoring")) scoring = FirstCode(extension["valueCodeableConcept"]);
    if (url.ends_with("cqfm-improvementNotation")) group.improvement = FirstCode(extension["valueCodeableConcept"]);
  });
  const auto known = ScoringOf(scoring);
  if (!known) return Fail(ErrorCode::kParse, "measure: group " + group.id + " has the scoring '" + scoring + "'");
  group.scoring = *known;
  dom::array populations;
  if (element["population"].get_array().get(populations) != simdjson::SUCCESS) {
    return Fail(ErrorCode::kParse, "measure: group " + group.id + " has no populations");
  }
  for (const dom::element item : populations) {
    PLUMBLINE_ASSIGN(MeasurePopulation population, ReadPopulation(item));
    group.populations.push_back(std::move(population));
  }
  ForEach(element["stratifier"], [&group](dom::element stratifier) {
    MeasureStratifier read{.id = Text(stratifier, "id"), .expression = {}};
    std::string_view expression;
    if (stratifier["criteria"]["expression"].get_string().get(expression) == simdjson::SUCCESS) read.expression = expression;
    if (!read.expression.empty()) group.stratifiers.push_back(std::move(read));
  });
  return group;
}

Result<void> ReadMeasure(dom::element element, Measure* measure) {
  measure->id = Text(element, "id");
  measure->url = Text(element, "url");
  measure->version = Text(element, "version");
  measure->name = Text(element, "name");
  measure->title = Text(element, "title");
  std::string_view text;
  if (element["effectivePeriod"]["start"].get_string().get(text) == simdjson::SUCCESS) measure->period_start = text;
  if (element["effectivePeriod"]["end"].get_string().get(text) == simdjson::SUCCESS) measure->period_end = text;
  std::string_view library;
  if (element["library"].at(0).get_string().get(library) != simdjson::SUCCESS) {
    return Fail(ErrorCode::kParse, "measure: " + measure->name + " names no library");
  }
  library = library.substr(0, library.find('|'));
  measure->library = library.substr(library.rfind('/') + 1);
  const std::string scoring = FirstCode(element["scoring"]);
  dom::array groups;
  if (element["group"].get_array().get(groups) != simdjson::SUCCESS) {
    return Fail(ErrorCode::kParse, "measure: " + measure->name + " has no groups");
  }
  for (const dom::element item : groups) {
    PLUMBLINE_ASSIGN(MeasureGroup group, ReadGroup(item, scoring));
    if (group.id.empty()) group.id = "Group_" + std::to_string(measure->groups.size() + 1);
    if (group.improvement.empty()) group.improvement = FirstCode(element["improvementNotation"]);
    measure->groups.push_back(std::move(group));
  }
  ForEach(element["supplementalData"], [measure](dom::element item) {
    SupplementalData data{.id = Text(item, "id"), .usage = FirstCode(item["usage"].at(0)), .expression = {}};
    std::string_view expression;
    if (item["criteria"]["expression"].get_string().get(expression) == simdjson::SUCCESS) data.expression = expression;
    if (!data.expression.empty()) measure->supplemental.push_back(std::move(data));
  });
  return {};
}

Result<void> ReadLibrary(dom::element element, Measure* measure) {
  dom::array contents;
  if (element["content"].get_array().get(contents) != simdjson::SUCCESS) return {};
  for (const dom::element content : contents) {
    if (Text(content, "contentType") != "text/cql") continue;
    LibraryText library{.name = Text(element, "name"), .version = Text(element, "version"), .cql = {}};
    auto text = DecodeBase64(Text(content, "data"));
    if (!text) return Fail(ErrorCode::kParse, "measure: the text of library " + library.name + " is not base64");
    library.cql = *std::move(text);
    measure->libraries.push_back(std::move(library));
  }
  return {};
}

}  // namespace

std::string_view ScoringCode(Scoring scoring) { return kScorings[static_cast<std::size_t>(scoring)]; }

std::string_view PopulationCode(PopulationKind kind) { return kPopulations[static_cast<std::size_t>(kind)].code; }

Result<Measure> LoadMeasure(std::string_view bundle_json) {
  dom::parser parser;
  dom::element root;
  const auto code = parser.parse(bundle_json.data(), bundle_json.size()).get(root);
  if (code != simdjson::SUCCESS) return Fail(ErrorCode::kParse, std::string("measure bundle: ") + simdjson::error_message(code));
  dom::array entries;
  if (root["entry"].get_array().get(entries) != simdjson::SUCCESS) {
    return Fail(ErrorCode::kParse, "measure bundle: not a Bundle with entries");
  }
  Measure measure;
  int measures = 0;
  for (const dom::element entry : entries) {
    dom::element resource;
    if (entry["resource"].get(resource) != simdjson::SUCCESS) continue;
    const std::string type = Text(resource, "resourceType");
    if (type == "Measure") {
      ++measures;
      PLUMBLINE_TRY(ReadMeasure(resource, &measure));
    } else if (type == "Library") {
      PLUMBLINE_TRY(ReadLibrary(resource, &measure));
    }
  }
  if (measures != 1) return Fail(ErrorCode::kParse, "measure bundle: holds " + std::to_string(measures) + " Measures, not one");
  return measure;
}

}  // namespace plumbline::rules
