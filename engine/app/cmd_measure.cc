// `plumbline measure run`: a FHIR Measure over patients, with expected counts where they are test cases.
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "engine/app/commands.h"
#include "engine/cql/fhir/value_sets.h"
#include "rules/measure/measure_run.h"

namespace plumbline::app {
namespace {

namespace json = boost::json;
using rules::Measure;
using rules::Patient;
using rules::PatientReport;

struct MeasureOptions {
  std::string bundle;
  std::vector<std::string> value_sets;
  std::vector<std::string> cases;
  std::string only_case;
  std::string library_versions = "exact";
  std::string missing_value_sets = "empty";
  std::string period;
  std::string report_folder;
  bool as_json = false;
  bool expressions = false;
};

constexpr std::size_t kProgressEvery = 500;  // patients

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(ErrorCode::kNotFound, "cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// A file or the *.json of a folder.
Result<void> LoadValueSets(const std::string& path, cql::fhir::ValueSetIndex* index) {
  std::vector<std::string> files{path};
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    files.clear();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path, error)) {
      if (entry.path().extension() == ".json") files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
  }
  for (const std::string& file : files) {
    PLUMBLINE_ASSIGN(const std::string text, ReadFile(file));
    if (const auto added = index->Add(text); !added) return Fail(added.error().code, file + ": " + added.error().message);
  }
  return {};
}

std::string SafeName(std::string name) {
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!plain) c = '_';
  }
  return name;
}

Result<void> WriteReport(const std::string& folder, const std::string& name, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string path = folder + "/" + SafeName(name) + ".json";
  std::ofstream file(path, std::ios::binary);
  file << text << "\n";
  if (!file) return Fail(ErrorCode::kIo, "cannot write " + path);
  return {};
}

// Prints what a run finds: lines for people, or a JSON object a line.
class Output {
 public:
  Output(const MeasureOptions& options, const Measure& measure) : options_(options), measure_(measure) {}

  void Show(const Patient& patient, const PatientReport& report, const std::vector<std::string>& differences) {
    if (options_.as_json) return ShowJson(patient, &report, differences);
    if (options_.expressions) {
      std::printf("%s %s\n", patient.id.c_str(), patient.title.c_str());
      for (const auto& [name, value] : report.expressions) std::printf("  %s: %s\n", name.c_str(), value.c_str());
    }
    for (const std::string& difference : differences) Failed(patient, difference);
  }

  void ShowError(const Patient& patient, const std::string& message) {
    if (options_.as_json) return ShowJson(patient, nullptr, {message});
    Failed(patient, message);
  }

  void Close(const rules::SummaryReport& summary, std::size_t passed, std::size_t failed) const {
    if (!options_.as_json) ShowSummary(summary);
    std::fprintf(options_.as_json ? stderr : stdout, "%zu passed, %zu failed\n", passed, failed);
  }

 private:
  void Failed(const Patient& patient, const std::string& why) const {
    std::printf("FAILED %s%s%s: %s\n", patient.id.c_str(), patient.title.empty() ? "" : " ", patient.title.c_str(), why.c_str());
  }

  void ShowJson(const Patient& patient, const PatientReport* report, const std::vector<std::string>& failures) const {
    json::object out{{"case", patient.id}};
    if (!patient.title.empty()) out["title"] = patient.title;
    json::array groups;
    for (std::size_t g = 0; report != nullptr && g < measure_.groups.size(); ++g) {
      json::object group{{"group", measure_.groups[g].id}};
      for (std::size_t i = 0; i < measure_.groups[g].populations.size(); ++i) {
        group[rules::PopulationCode(measure_.groups[g].populations[i].kind)] = report->groups[g].counts[i];
      }
      groups.push_back(std::move(group));
    }
    if (report != nullptr) out["got"] = std::move(groups);
    if (report != nullptr && !report->expressions.empty()) {
      json::object expressions;
      for (const auto& [name, value] : report->expressions) expressions[name] = value;
      out["expressions"] = std::move(expressions);
    }
    out["passed"] = failures.empty();
    if (!failures.empty()) out["failures"] = json::array(failures.begin(), failures.end());
    std::printf("%s\n", json::serialize(out).c_str());
  }

  void ShowSummary(const rules::SummaryReport& summary) const {
    for (std::size_t g = 0; g < measure_.groups.size(); ++g) {
      const rules::MeasureGroup& group = measure_.groups[g];
      std::printf("%s %s, %s, basis %s:", measure_.name.c_str(), group.id.c_str(),
                  std::string(rules::ScoringCode(group.scoring)).c_str(), group.basis.c_str());
      for (std::size_t i = 0; i < group.populations.size(); ++i) {
        std::printf(" %s %lld", std::string(rules::PopulationCode(group.populations[i].kind)).c_str(),
                    static_cast<long long>(summary.groups[g].counts[i]));
      }
      if (const auto score = rules::GroupScore(group, summary.groups[g])) std::printf(", score %.4f", *score);
      std::printf("\n");
    }
  }

  const MeasureOptions& options_;
  const Measure& measure_;
};

struct Loaded {
  std::unique_ptr<rules::MeasureProgram> program;
  std::unique_ptr<cql::fhir::ValueSetIndex> value_sets;
  std::vector<Patient> patients;
};

Result<Loaded> Load(const MeasureOptions& options) {
  Loaded loaded;
  PLUMBLINE_ASSIGN(const std::string bundle, ReadFile(options.bundle));
  auto measure = rules::LoadMeasure(bundle);
  if (!measure) return Fail(measure.error().code, options.bundle + ": " + measure.error().message);
  std::string messages;
  PLUMBLINE_ASSIGN(loaded.program,
                   rules::MeasureProgram::Compile(*std::move(measure),
                                                  {.versions_present = options.library_versions == "present"}, &messages));
  std::fputs(messages.c_str(), stderr);
  loaded.value_sets = std::make_unique<cql::fhir::ValueSetIndex>(
      options.missing_value_sets == "error" ? cql::fhir::MissingSet::kError : cql::fhir::MissingSet::kEmpty);
  for (const std::string& path : options.value_sets) PLUMBLINE_TRY(LoadValueSets(path, loaded.value_sets.get()));
  for (const std::string& url : loaded.program->program().DependenciesOf().value_sets) {
    if (!loaded.value_sets->Has(url)) {
      std::fprintf(stderr, "warning: the value set %s is not among those given%s\n", url.c_str(),
                   options.missing_value_sets == "error" ? "" : "; it is taken as empty");
    }
  }
  for (const std::string& path : options.cases) {
    PLUMBLINE_ASSIGN(std::vector<Patient> patients, rules::LoadPatients(path));
    for (Patient& patient : patients) {
      if (options.only_case.empty() || patient.id == options.only_case) loaded.patients.push_back(std::move(patient));
    }
  }
  if (loaded.patients.empty()) return Fail(ErrorCode::kNotFound, "no patients in --cases");
  return loaded;
}

Result<int> RunMeasure(const MeasureOptions& options) {
  PLUMBLINE_ASSIGN(const Loaded loaded, Load(options));
  const Measure& measure = loaded.program->measure();
  rules::MeasureRunOptions run_options;
  const std::size_t slash = options.period.find('/');
  run_options.period_start = options.period.empty() ? measure.period_start : options.period.substr(0, slash);
  run_options.period_end = slash == std::string::npos ? measure.period_end : options.period.substr(slash + 1);
  run_options.expressions = options.expressions;
  run_options.supplemental = !options.report_folder.empty();
  rules::MeasureRun run(*loaded.program, *loaded.value_sets);
  rules::SummaryReport summary = rules::EmptySummary(measure);
  Output output(options, measure);
  std::size_t passed = 0;
  std::size_t failed = 0;
  for (const Patient& patient : loaded.patients) {
    if ((passed + failed) % kProgressEvery == kProgressEvery - 1) {
      std::fprintf(stderr, "%zu of %zu patients\n", passed + failed + 1, loaded.patients.size());
    }
    const auto report = run.Run(patient, run_options);
    if (!report) {
      ++failed;
      output.ShowError(patient, report.error().message);
      continue;
    }
    const std::vector<std::string> differences = rules::Differences(measure, patient, *report);
    ++(differences.empty() ? passed : failed);
    output.Show(patient, *report, differences);
    rules::AddToSummary(*report, &summary);
    if (!options.report_folder.empty()) {
      PLUMBLINE_TRY(WriteReport(options.report_folder, patient.id, rules::IndividualReportJson(measure, *report)));
    }
  }
  if (!options.report_folder.empty()) {
    PLUMBLINE_TRY(WriteReport(options.report_folder, "summary", rules::SummaryReportJson(measure, summary)));
  }
  output.Close(summary, passed, failed);
  return failed == 0 ? kExitOk : kExitFindings;
}

}  // namespace

void AddMeasure(CLI::App& app, int* exit_code) {
  CLI::App* measure = app.add_subcommand("measure", "Run published FHIR measures");
  measure->require_subcommand(1);
  CLI::App* run = measure->add_subcommand("run", "Count a measure's populations over patients");
  const auto options = std::make_shared<MeasureOptions>();
  run->footer(
      "Examples:\n  plumbline measure run measure-bundle.json --valuesets valuesets.json --cases cases\n  plumbline measure run "
      "measure-bundle.json --valuesets valuesets.json --cases cases --period 2026-01-01/2026-12-31 --report out/report "
      "--json\nExit "
      "code 1: a case is not what it expects, or could not be counted.");
  run->add_option("bundle", options->bundle, "Bundle with the Measure and its Libraries")->required();
  run->add_option("--valuesets", options->value_sets, "Expanded ValueSets: a Bundle, a ValueSet or a folder of them")->required();
  run->add_option("--cases", options->cases, "Patients: test cases, FHIR Bundles or NDJSON; a file or a folder")->required();
  run->add_option("--case", options->only_case, "Only the patient with this id");
  run->add_option("--library-versions", options->library_versions,
                  "exact, or present: take the version of an included library that is there")
      ->check(CLI::IsMember({"exact", "present"}));
  run->add_option("--missing-valuesets", options->missing_value_sets,
                  "empty: warn and go on; error: fail the cases that need them")
      ->check(CLI::IsMember({"empty", "error"}));
  run->add_option("--period", options->period, "START/END of patients that state none; default: the measure's effective period");
  run->add_option("--report", options->report_folder, "Folder for FHIR MeasureReports, one a patient and summary.json");
  run->add_flag("--json", options->as_json, "One JSON object a patient; the closing line goes to standard error");
  run->add_flag("--expressions", options->expressions, "Show the value of every expression of the measure's library");
  run->callback([options, exit_code] {
    const Result<int> result = RunMeasure(*options);
    if (!result) std::fprintf(stderr, "%s\n", result.error().Text().c_str());
    *exit_code = result ? *result : kExitUsage;
  });
}

}  // namespace plumbline::app
