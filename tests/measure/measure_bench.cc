// A whole measure per patient: from parsed resources, and with parsing; and what compiling one takes. The published measures are
// read from the shared data beside the checkout; without them the small measure of the tests is used.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "engine/cql/fhir/value_sets.h"
#include "rules/measure/measure_run.h"

namespace plumbline::rules {
namespace {

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::string Folder(const std::string& name) {
  const char* shared = std::getenv("PLUMBLINE_SHARED");
  return std::string(shared != nullptr ? shared : "../shared") + "/ecqm/" + name;
}

struct Loaded {
  explicit Loaded(const std::string& name) {
    bundle = FileText(Folder(name) + "/measure-bundle.json");
    auto measure = LoadMeasure(bundle);
    if (!measure) return;
    auto compiled = MeasureProgram::Compile(*std::move(measure), {.versions_present = true}, nullptr);
    auto cases = LoadPatients(Folder(name) + "/cases");
    if (!compiled || !cases || !terms.Add(FileText(Folder(name) + "/valuesets.json"))) return;
    program = *std::move(compiled);
    patients = *std::move(cases);
  }
  std::string bundle;
  std::unique_ptr<MeasureProgram> program;
  cql::fhir::ValueSetIndex terms;
  std::vector<Patient> patients;
};

void EvaluatePatients(benchmark::State& state, const std::string& name) {
  const Loaded loaded(name);
  if (loaded.program == nullptr) return state.SkipWithError("no shared data");
  MeasureRun run(*loaded.program, loaded.terms);
  std::vector<cql::fhir::ResourceSet> sets(loaded.patients.size());
  std::vector<MeasurementPeriod> periods;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (!run.Read(loaded.patients[i].documents, &sets[i])) return state.SkipWithError("a case that cannot be read");
    periods.push_back(ReadPeriod(loaded.patients[i].period_start, loaded.patients[i].period_end).value());
  }
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(run.Evaluate(sets[at], periods[at]));
    at = at + 1 == sets.size() ? 0 : at + 1;
  }
  state.counters["program_bytes"] = static_cast<double>(loaded.program->program().bytes());
  state.counters["evaluation_bytes"] = static_cast<double>(run.evaluation_bytes());
}

void ParseAndEvaluatePatients(benchmark::State& state, const std::string& name) {
  const Loaded loaded(name);
  if (loaded.program == nullptr) return state.SkipWithError("no shared data");
  MeasureRun run(*loaded.program, loaded.terms);
  cql::fhir::ResourceSet set;
  std::size_t at = 0;
  for (auto _ : state) {
    const Patient& patient = loaded.patients[at];
    benchmark::DoNotOptimize(run.Read(patient.documents, &set));
    benchmark::DoNotOptimize(run.Evaluate(set, ReadPeriod(patient.period_start, patient.period_end).value()));
    at = at + 1 == loaded.patients.size() ? 0 : at + 1;
  }
}

void CompileMeasure(benchmark::State& state, const std::string& name) {
  const std::string bundle = FileText(Folder(name) + "/measure-bundle.json");
  if (bundle.empty()) return state.SkipWithError("no shared data");
  for (auto _ : state) {
    benchmark::DoNotOptimize(MeasureProgram::Compile(LoadMeasure(bundle).value(), {.versions_present = true}, nullptr));
  }
}

std::vector<std::string> MeasureNames() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(Folder(""), error)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

double Microseconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double, std::micro>(time).count(); }

// Of every case of every measure the median of some warm passes, as the Java engine's harness takes it; then the median, the 95th
// percentile and the greatest over the cases.
void AllCases(benchmark::State& state) {
  constexpr int kPasses = 9;
  std::vector<double> evaluate;
  std::vector<double> with_parsing;
  for (auto _ : state) {
    for (const std::string& name : MeasureNames()) {
      const Loaded loaded(name);
      if (loaded.program == nullptr) return state.SkipWithError("no shared data");
      MeasureRun run(*loaded.program, loaded.terms);
      std::vector<std::vector<double>> alone(loaded.patients.size());
      std::vector<std::vector<double>> whole(loaded.patients.size());
      cql::fhir::ResourceSet set;
      for (int pass = 0; pass < kPasses + 2; ++pass) {
        for (std::size_t i = 0; i < loaded.patients.size(); ++i) {
          const auto begin = std::chrono::steady_clock::now();
          const bool read = run.Read(loaded.patients[i].documents, &set).has_value();
          const auto period = ReadPeriod(loaded.patients[i].period_start, loaded.patients[i].period_end);
          const bool done = run.Evaluate(set, *period).has_value();
          const auto end = std::chrono::steady_clock::now();
          benchmark::DoNotOptimize(set.all());
          const auto parsed = std::chrono::steady_clock::now();
          const bool again = run.Evaluate(set, *period).has_value();
          const auto evaluated = std::chrono::steady_clock::now();
          if (!read || !done || !again) return state.SkipWithError("a case that does not evaluate");
          if (pass < 2) continue;  // warming
          whole[i].push_back(Microseconds(end - begin));
          alone[i].push_back(Microseconds(evaluated - parsed));
        }
      }
      for (auto& times : alone) evaluate.push_back(Median(std::move(times)));
      for (auto& times : whole) with_parsing.push_back(Median(std::move(times)));
    }
  }
  std::sort(evaluate.begin(), evaluate.end());
  std::sort(with_parsing.begin(), with_parsing.end());
  state.counters["cases"] = static_cast<double>(evaluate.size());
  state.counters["evaluate_us_median"] = evaluate[evaluate.size() / 2];
  state.counters["evaluate_us_p95"] = evaluate[evaluate.size() * 95 / 100];
  state.counters["evaluate_us_max"] = evaluate.back();
  state.counters["parse_evaluate_us_median"] = with_parsing[with_parsing.size() / 2];
  state.counters["parse_evaluate_us_p95"] = with_parsing[with_parsing.size() * 95 / 100];
}
BENCHMARK(AllCases)->Iterations(1)->Unit(benchmark::kMillisecond);

const bool kRegistered = [] {
  for (const std::string name : {"CMS22", "CMS125", "CMS128", "CMS144", "CMS816"}) {
    benchmark::RegisterBenchmark(("Evaluate/" + name).c_str(), EvaluatePatients, name);
    benchmark::RegisterBenchmark(("ParseAndEvaluate/" + name).c_str(), ParseAndEvaluatePatients, name);
    benchmark::RegisterBenchmark(("Compile/" + name).c_str(), CompileMeasure, name)->Unit(benchmark::kMillisecond);
  }
  return true;
}();

}  // namespace
}  // namespace plumbline::rules
