#include "rules/measure/measure_program.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "engine/cql/fhir/fhir_model.h"

namespace plumbline::rules {
namespace {

std::string Quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

bool HasObservations(const Measure& measure) {
  return std::ranges::any_of(measure.groups, [](const MeasureGroup& group) {
    return std::ranges::any_of(group.populations,
                               [](const MeasurePopulation& p) { return p.kind == PopulationKind::kMeasureObservation; });
  });
}

std::string ObservationName(std::size_t group, std::size_t population) {
  return "Observation " + std::to_string(group + 1) + "." + std::to_string(population + 1);
}

// A measure's observations are functions over a population's members. They are applied in a library of their own, which includes
// the measure's: each observation is a list of the members with their values.
std::string ObservationLibrary(const Measure& measure, const LibraryText& main) {
  std::string text = "library MeasureObservations\n";
  const auto using_line = main.cql.find("\nusing ");
  if (using_line != std::string::npos) {
    text += main.cql.substr(using_line + 1, main.cql.find('\n', using_line + 1) - using_line);
  }
  text += "include " + main.name + (main.version.empty() ? "" : " version '" + main.version + "'") + " called Measured\n";
  text += "context Patient\n";
  // What the measure names is named again here: of an included library only what is used is compiled.
  std::set<std::string, std::less<>> named;
  for (const MeasureGroup& group : measure.groups) {
    for (const MeasurePopulation& population : group.populations) {
      if (population.kind != PopulationKind::kMeasureObservation) named.insert(population.expression);
    }
    for (const MeasureStratifier& stratifier : group.stratifiers) named.insert(stratifier.expression);
  }
  for (const SupplementalData& data : measure.supplemental) named.insert(data.expression);
  for (const std::string& name : named) text += "define " + Quoted(name) + ": Measured." + Quoted(name) + "\n";
  for (std::size_t g = 0; g < measure.groups.size(); ++g) {
    const MeasureGroup& group = measure.groups[g];
    for (std::size_t i = 0; i < group.populations.size(); ++i) {
      if (group.populations[i].kind != PopulationKind::kMeasureObservation) continue;
      const auto over = ObservedPopulation(group, i);
      const std::string function = "Measured." + Quoted(group.populations[i].expression);
      text += "define " + Quoted(ObservationName(g, i)) + ": ";
      if (!over || group.basis == "boolean") {
        text += function + "()\n";
      } else {
        text += "(Measured." + Quoted(group.populations[*over].expression) +
                ") M return all Tuple { member: M, observed: " + function + "(M) }\n";
      }
    }
  }
  return text;
}

}  // namespace

std::optional<std::size_t> ObservedPopulation(const MeasureGroup& group, std::size_t observation) {
  const auto place = [&group](auto found) -> std::optional<std::size_t> {
    if (found == group.populations.end()) return std::nullopt;
    return static_cast<std::size_t>(found - group.populations.begin());
  };
  const std::string& reference = group.populations[observation].criteria_reference;
  if (!reference.empty()) {
    if (const auto by_id = place(std::ranges::find(group.populations, reference, &MeasurePopulation::id))) return by_id;
  }
  std::size_t before = 0;
  for (std::size_t i = 0; i < observation; ++i) {
    if (group.populations[i].kind == PopulationKind::kMeasureObservation) ++before;
  }
  const PopulationKind kind = group.scoring != Scoring::kRatio ? PopulationKind::kMeasurePopulation
                              : before == 0                    ? PopulationKind::kDenominator
                                                               : PopulationKind::kNumerator;
  return place(std::ranges::find(group.populations, kind, &MeasurePopulation::kind));
}

Result<std::unique_ptr<MeasureProgram>> MeasureProgram::Compile(Measure measure, const MeasureCompileOptions& options,
                                                                std::string* messages) {
  cql::LibrarySet libraries;
  const LibraryText* main = nullptr;
  for (const LibraryText& library : measure.libraries) {
    libraries.Add(library.cql);
    if (library.name == measure.library) main = &library;
  }
  if (main == nullptr) {
    return Fail(ErrorCode::kNotFound, "the bundle of " + measure.name + " holds no text of its library " + measure.library);
  }
  cql::CompileOptions compile;
  compile.libraries = &libraries;
  compile.find_model = cql::fhir::FindModel;
  compile.versions_present = options.versions_present;
  const bool observed = HasObservations(measure);
  cql::Compiled compiled = observed ? cql::CompileLibrary(ObservationLibrary(measure, *main), "observations", compile)
                                    : cql::CompileLibrary(main->cql, main->name, compile);
  if (messages != nullptr) *messages = compiled.diagnostics.Text();
  if (!compiled.ok()) {
    return Fail(ErrorCode::kExpression, measure.name + " does not compile:\n" + compiled.diagnostics.Text());
  }
  auto made = std::make_unique<MeasureProgram>(Key{}, std::move(measure));
  made->program_ = std::move(compiled.program);
  PLUMBLINE_TRY(made->Bind());
  return made;
}

Result<void> MeasureProgram::Bind() {
  const auto find = [this](const std::string& expression) -> Result<int> {
    auto found = program_->Find(expression, measure_.library);
    if (!found) found = program_->Find(expression);
    if (!found) {
      return Fail(ErrorCode::kNotFound,
                  "the library " + measure_.library + " has no expression \"" + expression + "\", which the measure names");
    }
    return *found;
  };
  for (std::size_t g = 0; g < measure_.groups.size(); ++g) {
    const MeasureGroup& group = measure_.groups[g];
    Group bound;
    for (std::size_t i = 0; i < group.populations.size(); ++i) {
      if (group.populations[i].kind == PopulationKind::kMeasureObservation) {
        bound.populations.push_back(program_->Find(ObservationName(g, i)).value_or(-1));
        continue;
      }
      PLUMBLINE_ASSIGN(const int definition, find(group.populations[i].expression));
      bound.populations.push_back(definition);
    }
    for (const MeasureStratifier& stratifier : group.stratifiers) {
      PLUMBLINE_ASSIGN(const int definition, find(stratifier.expression));
      bound.stratifiers.push_back(definition);
    }
    groups_.push_back(std::move(bound));
  }
  for (const SupplementalData& data : measure_.supplemental) {
    PLUMBLINE_ASSIGN(const int definition, find(data.expression));
    supplemental_.push_back(definition);
  }
  return {};
}

std::vector<int> MeasureProgram::Expressions() const {
  std::vector<int> out;
  for (std::size_t i = 0; i < program_->definitions().size(); ++i) {
    if (program_->definitions()[i].library == measure_.library) out.push_back(static_cast<int>(i));
  }
  return out;
}

}  // namespace plumbline::rules
