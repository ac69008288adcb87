// `plumbline cql`: evaluate expressions and libraries, run the public test suite, format libraries.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "engine/app/commands.h"
#include "engine/base/error.h"
#include "engine/cql/compiler.h"
#include "engine/cql/fhir/fhir_model.h"
#include "engine/cql/fhir/patient_data.h"
#include "engine/cql/fhir/resource_set.h"
#include "engine/cql/fhir/value_sets.h"
#include "engine/cql/format.h"
#include "engine/cql/json.h"
#include "engine/cql/literal.h"
#include "engine/cql/program.h"
#include "engine/cql/suite.h"

namespace plumbline::app {
namespace {

constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{512} << 20;

Result<std::string> ReadText(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return Fail(ErrorCode::kNotFound, path + ": " + error.message());
  if (size > kMaxFileBytes) return Fail(ErrorCode::kLimit, path + ": longer than " + std::to_string(kMaxFileBytes) + " bytes");
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return Fail(ErrorCode::kIo, path + ": cannot be read");
  return std::move(text).str();
}

int Complain(const Error& error) {
  std::fprintf(stderr, "%s\n", error.Text().c_str());
  return kExitUsage;
}

struct EvalOptions {
  std::string expression;
  std::string library;
  std::vector<std::string> include;
  std::vector<std::string> defines;
  std::vector<std::string> patients;
  std::vector<std::string> value_sets;
  std::vector<std::string> parameters;
  std::string model;
  std::string now;
  std::string versions = "stated";
  bool dependencies = false;
  bool literals = false;
};

// What an evaluation is made of, kept while its values are shown.
struct EvalSession {
  cql::LibrarySet libraries;
  cql::Compiled compiled;
  std::vector<std::unique_ptr<cql::Compiled>> parameter_programs;
  cql::fhir::ResourceSet resources;
  cql::fhir::ValueSetIndex value_sets;
  cql::fhir::PatientData data;
  cql::Arena arena;
};

Result<cql::Temporal> Instant(const std::string& text) {
  if (!text.empty()) {
    const auto parsed = cql::ParseDateTime(text);
    if (!parsed) return Fail(ErrorCode::kUsage, "--now is no DateTime: " + text);
    return *parsed;
  }
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  return cql::DateTimeFromUnixMs(now.count(), 0);
}

Result<void> LoadData(const EvalOptions& options, EvalSession* session) {
  for (const std::string& path : options.value_sets) {
    PLUMBLINE_ASSIGN(const std::string text, ReadText(path));
    PLUMBLINE_TRY(session->value_sets.Add(text));
  }
  for (const std::string& path : options.patients) {
    PLUMBLINE_ASSIGN(const std::string text, ReadText(path));
    PLUMBLINE_TRY(session->resources.Add(text));
  }
  session->resources.Index();
  session->data.Use(&session->resources);
  return {};
}

Result<void> CompileFor(const EvalOptions& options, EvalSession* session) {
  for (const std::string& path : options.include) {
    PLUMBLINE_ASSIGN(std::string text, ReadText(path));
    session->libraries.Add(std::move(text));
  }
  cql::CompileOptions compile;
  compile.libraries = &session->libraries;
  compile.find_model = cql::fhir::FindModel;
  compile.versions_present = options.versions == "present";
  if (!options.model.empty()) {
    const std::size_t equals = options.model.find('=');
    compile.model = cql::fhir::FindModel(options.model.substr(0, equals),
                                         equals == std::string::npos ? std::string() : options.model.substr(equals + 1));
    if (compile.model == nullptr) return Fail(ErrorCode::kNotFound, "there is no model " + options.model);
  }
  if (options.library.empty()) {
    session->compiled = cql::CompileExpression(options.expression, "expression", compile);
  } else {
    PLUMBLINE_ASSIGN(std::string text, ReadText(options.library));
    session->compiled = cql::CompileLibrary(std::move(text), options.library, compile);
  }
  const std::string said = session->compiled.diagnostics.Text();
  if (!said.empty()) std::fprintf(stderr, "%s", said.c_str());
  if (!session->compiled.ok()) {
    return Fail(ErrorCode::kExpression, std::to_string(session->compiled.diagnostics.errors()) + " errors");
  }
  return {};
}

// NAME=EXPRESSION, the expression evaluated beforehand.
Result<void> SetParameter(const std::string& setting, EvalSession* session, cql::EvalContext* context,
                          cql::Evaluation* evaluation) {
  const std::size_t equals = setting.find('=');
  if (equals == std::string::npos) return Fail(ErrorCode::kUsage, "a parameter is given as NAME=EXPRESSION: " + setting);
  auto compiled = std::make_unique<cql::Compiled>(cql::CompileExpression(setting.substr(equals + 1), "parameter", {}));
  if (!compiled->ok()) return Fail(ErrorCode::kExpression, compiled->diagnostics.Text());
  cql::Evaluation of_parameter(*compiled->program);
  of_parameter.Begin(*context);
  const cql::Value value = of_parameter.Evaluate(0);
  session->parameter_programs.push_back(std::move(compiled));
  if (!evaluation->SetParameter(setting.substr(0, equals), value))
    return Fail(ErrorCode::kNotFound, "no library declares the parameter " + setting.substr(0, equals));
  return {};
}

void PrintDependencies(const cql::Program& program) {
  const cql::Dependencies found = program.DependenciesOf();
  for (const cql::RetrieveDependency& retrieve : found.retrieves) {
    std::string codes = retrieve.value_set;
    for (const std::string& code : retrieve.codes) codes += (codes.empty() ? "" : " ") + code;
    if (!retrieve.codes_known) codes = "(computed)";
    std::printf("retrieve %s %s %s in \"%s\"\n", retrieve.type.c_str(), retrieve.code_path.c_str(), codes.c_str(),
                retrieve.used_by.c_str());
    for (const cql::TimeBound& bound : retrieve.bounds) std::printf("  %s\n", cql::BoundText(bound).c_str());
  }
  for (const std::string& definition : found.definitions) std::printf("definition %s\n", definition.c_str());
  for (const std::string& parameter : found.parameters) std::printf("parameter %s\n", parameter.c_str());
  std::printf("now %s\n", found.uses_now ? "yes" : "no");
}

std::string Shown(const EvalOptions& options, const cql::Value& value) {
  return options.literals ? cql::ToLiteral(value) : cql::ToJson(value);
}

// One JSON object: definition to value; of an expression its value alone. As literals: a line a definition. A definition that
// fails is said on the standard error and left out; the others are shown.
Result<int> PrintValues(const EvalOptions& options, const cql::Program& program, cql::EvalContext* context,
                        cql::Evaluation* evaluation) {
  for (const std::string& name : options.defines) {
    if (!program.Find(name)) return Fail(ErrorCode::kNotFound, "the library has no definition \"" + name + "\"");
  }
  const bool object = !options.library.empty() && !options.literals;
  std::string out = object ? "{" : "";
  bool failed = false;
  bool first = true;
  for (std::size_t i = 0; i < program.definitions().size(); ++i) {
    const cql::Definition& definition = program.definitions()[i];
    const bool named = std::find(options.defines.begin(), options.defines.end(), definition.name) != options.defines.end();
    if (definition.library != program.library_name() || (!options.defines.empty() && !named)) continue;
    if (definition.line == 0 && !options.library.empty() && !named) continue;  // the context's own define
    const cql::Value value = evaluation->Evaluate(static_cast<int>(i));
    const std::string shown = context->Failed() ? std::string() : Shown(options, value);
    if (shown.size() >= cql::kMaxValueText) (void)context->Fail(cql::EvalErrorKind::kLimit, "the value is too long to be shown");
    if (context->Failed()) {
      std::fprintf(stderr, "run-time error in \"%s\": %s\n", definition.name.c_str(),
                   std::string(context->error_message).c_str());
      failed = true;
      context->error = cql::EvalErrorKind::kNone;
      evaluation->Begin(*context);  // what was computed on the way is not to be trusted
      continue;
    }
    if (object) {
      out += first ? "\n  " : ",\n  ";
      cql::AppendJsonText(definition.name, &out);
      out += ": ";
    } else if (!options.library.empty()) {
      out += definition.name + "\t";
    }
    first = false;
    out += shown;
    if (!object) out += "\n";
  }
  if (object) out += "\n}\n";
  std::fputs(out.c_str(), stdout);
  return failed ? kExitFindings : kExitOk;
}

Result<int> RunEval(const EvalOptions& options) {
  if (options.expression.empty() == options.library.empty())
    return Fail(ErrorCode::kUsage, "give either an expression or --library FILE");
  EvalSession session;
  PLUMBLINE_TRY(CompileFor(options, &session));
  if (options.dependencies) {
    PrintDependencies(*session.compiled.program);
    return kExitOk;
  }
  PLUMBLINE_TRY(LoadData(options, &session));
  PLUMBLINE_ASSIGN(const cql::Temporal instant, Instant(options.now));
  cql::EvalContext context(session.arena);
  context.now = cql::Value::OfTemporal(instant);
  context.default_offset = instant.HasOffset() ? instant.offset_minutes : 0;
  context.terms = &session.value_sets;
  if (!options.patients.empty()) context.data = &session.data;
  cql::Evaluation evaluation(*session.compiled.program);
  for (const std::string& setting : options.parameters) PLUMBLINE_TRY(SetParameter(setting, &session, &context, &evaluation));
  evaluation.Begin(context);
  return PrintValues(options, *session.compiled.program, &context, &evaluation);
}

struct TestOptions {
  std::vector<std::string> suites;
  std::string junit;
};

// A folder stands for the XML files in it, by name.
Result<std::vector<std::string>> SuiteFiles(const std::vector<std::string>& suites) {
  std::vector<std::string> files;
  for (const std::string& path : suites) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    const std::size_t before = files.size();
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.path().extension() == ".xml") files.push_back(entry.path().string());
    }
    if (files.size() == before) return Fail(ErrorCode::kUsage, path + ": no XML file in this folder");
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

Result<int> RunTests(const TestOptions& options) {
  std::vector<cql::SuiteFileReport> reports;
  PLUMBLINE_ASSIGN(const auto files, SuiteFiles(options.suites));
  for (const std::string& path : files) {
    PLUMBLINE_ASSIGN(const std::string text, ReadText(path));
    PLUMBLINE_ASSIGN(cql::SuiteFile file, cql::ReadSuite(std::filesystem::path(path).filename().string(), text));
    reports.push_back(cql::RunSuite(std::move(file), {}));
  }
  std::printf("%s\n%s%s\n", cql::SuiteTable(reports).c_str(), cql::SuiteFailures(reports).c_str(),
              cql::SuiteClosing(reports).c_str());
  if (!options.junit.empty()) {
    std::ofstream file(options.junit, std::ios::binary);
    file << cql::SuiteJUnit(reports);
    if (!file) return Fail(ErrorCode::kIo, options.junit + ": cannot be written");
  }
  for (const cql::SuiteFileReport& report : reports) {
    if (report.passed() != report.results.size()) return kExitFindings;
  }
  return kExitOk;
}

struct FormatOptions {
  std::vector<std::string> files;
  bool check = false;
  bool print = false;
};

Result<int> RunFormat(const FormatOptions& options) {
  int exit = kExitOk;
  for (const std::string& path : options.files) {
    PLUMBLINE_ASSIGN(std::string text, ReadText(path));
    const cql::Source source(path, text);
    cql::Diagnostics diagnostics;
    const auto formatted = cql::FormatLibrary(source, &diagnostics);
    if (!formatted) {
      std::fprintf(stderr, "%s", diagnostics.Text().c_str());
      exit = kExitUsage;
    } else if (options.print) {
      std::fputs(formatted->c_str(), stdout);
    } else if (*formatted != text) {
      std::printf("%s\n", path.c_str());
      if (options.check && exit == kExitOk) exit = kExitFindings;
      if (options.check) continue;
      std::ofstream file(path, std::ios::binary | std::ios::trunc);
      file << *formatted;
      if (!file) return Fail(ErrorCode::kIo, path + ": cannot be written");
    }
  }
  return exit;
}

void AddEval(CLI::App& cql, int* exit_code) {
  const auto options = std::make_shared<EvalOptions>();
  CLI::App* command = cql.add_subcommand("eval", "Evaluate an expression, or the definitions of a library; JSON out");
  command->footer(
      "Examples:\n  plumbline cql eval \"@2026-03-01 - 2 days\"\n  plumbline cql eval --literals \"5 'mg' + 3 'g'\"\n  "
      "plumbline "
      "cql eval --library library.cql --define InitialPopulation --patient patient.json");
  command->add_option("expression", options->expression, "A CQL expression");
  command->add_option("--library", options->library, "A file with a library, in place of an expression");
  command->add_option("--include", options->include, "Files with libraries that may be included");
  command->add_option("--define", options->defines, "Only these definitions of the library");
  command->add_option("--patient", options->patients, "FHIR JSON: a Bundle or resources, all of one patient");
  command->add_option("--valuesets", options->value_sets, "FHIR JSON: ValueSets or a Bundle of them");
  command->add_option("--parameter", options->parameters, "NAME=EXPRESSION");
  command->add_option("--model", options->model, "Of an expression: NAME[=VERSION], such as QICore=6.0.0");
  command->add_option("--now", options->now, "The evaluation's instant, such as 2026-01-31T08:00:00.000+01:00");
  command->add_option("--library-versions", options->versions, "stated: as includes say; present: what is there")
      ->check(CLI::IsMember({"stated", "present"}));
  command->add_flag("--literals", options->literals, "Values as CQL literals, a line a definition, in place of JSON");
  command->add_flag("--dependencies", options->dependencies, "Say what the text reads, and evaluate nothing");
  command->callback([options, exit_code] {
    const auto result = RunEval(*options);
    *exit_code = result ? *result : Complain(result.error());
  });
}

}  // namespace

void AddCql(CLI::App& app, int* exit_code) {
  CLI::App* cql = app.add_subcommand("cql", "Clinical Quality Language: evaluate, test, format");
  cql->require_subcommand(1);
  AddEval(*cql, exit_code);

  const auto tests = std::make_shared<TestOptions>();
  CLI::App* test = cql->add_subcommand("test", "Run XML files of the public CQL test suite");
  test->add_option("suite", tests->suites, "XML files, or folders of them")->required();
  test->add_option("--junit", tests->junit, "Write the results as JUnit XML to this file");
  test->footer(
      "Example:\n  plumbline cql test CqlArithmeticFunctionsTest.xml --junit cql.xml\nExit code 1: a test of the suite failed.");
  test->callback([tests, exit_code] {
    const auto result = RunTests(*tests);
    *exit_code = result ? *result : Complain(result.error());
  });

  const auto formats = std::make_shared<FormatOptions>();
  CLI::App* format = cql->add_subcommand("fmt", "Lay out libraries anew; names the files it changed");
  format->add_option("file", formats->files, "CQL files")->required();
  format->add_flag("--check", formats->check, "Change nothing; exit 1 when a file would change");
  format->add_flag("--print", formats->print, "Write to the standard output instead");
  format->footer("Examples:\n  plumbline cql fmt --print library.cql\n  plumbline cql fmt --check library.cql");
  format->callback([formats, exit_code] {
    const auto result = RunFormat(*formats);
    *exit_code = result ? *result : Complain(result.error());
  });
}

}  // namespace plumbline::app
