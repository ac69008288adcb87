// beside_java.py's other half: our engine on one measure (a folder) or on the rule expressions of one library (a file), driven
// line by line as java_peer/Times.java is, with the same answers: a line of what compiling took; then, for each line of standard
// input, `warm SECONDS` or `pass`: microseconds of every case, or nanoseconds of every definition with the allocations counted;
// `end`: memory.
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "engine/cql/compiler.h"
#include "engine/cql/fhir/value_sets.h"
#include "engine/cql/temporal.h"
#include "rules/measure/measure_run.h"
#include "tests/support/counted_new.h"

namespace {

using namespace plumbline;
using rules::MeasureProgram;

// CPU time of this thread, as the Java side takes it: other work of the machine does not count.
double Now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}
double Since(double begin) { return Now() - begin; }

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::size_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

[[noreturn]] void Stop(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::_Exit(2);
}

void Say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

std::string Numbers(const char* name, const std::vector<double>& values) {
  std::string text = std::string("\"") + name + "\":[";
  for (const double value : values) text += (text.back() == '[' ? "" : ",") + std::to_string(value);
  return text + "]";
}

class Measured {
 public:
  explicit Measured(const std::string& folder) {
    const double begin = Now();
    const std::string bundle = FileText(folder + "/measure-bundle.json");
    auto measure = rules::LoadMeasure(bundle);
    if (!measure) Stop(measure.error().Text());
    auto compiled = MeasureProgram::Compile(*std::move(measure), {.versions_present = true}, nullptr);
    if (!compiled) Stop(compiled.error().Text());
    program_ = *std::move(compiled);
    Say("{\"compile_ms\":" + std::to_string(Since(begin) / 1e3) + "}");

    if (!terms_.Add(FileText(folder + "/valuesets.json"))) Stop("value sets that cannot be read");
    auto patients = rules::LoadPatients(folder + "/cases");
    if (!patients) Stop(patients.error().Text());
    patients_ = *std::move(patients);
    run_ = std::make_unique<rules::MeasureRun>(*program_, terms_);
    const std::size_t before = HeapBytes();
    parsed_.resize(patients_.size());
    for (std::size_t i = 0; i < patients_.size(); ++i) {
      if (!run_->Read(patients_[i].documents, &parsed_[i])) Stop("a case that cannot be read");
      const auto period = rules::ReadPeriod(patients_[i].period_start, patients_[i].period_end);
      if (!period) Stop("a case without a period");
      periods_.push_back(*period);
      if (!run_->Evaluate(parsed_[i], periods_[i])) Stop("a case that does not evaluate");  // reads what is asked for
      evaluation_bytes_ = std::max(evaluation_bytes_, run_->evaluation_bytes());
    }
    Say("{\"patient_bytes\":" + std::to_string((HeapBytes() - before) / std::max<std::size_t>(1, patients_.size())) +
        ",\"program_bytes\":" + std::to_string(program_->program().bytes()) +
        ",\"evaluation_bytes\":" + std::to_string(evaluation_bytes_) + "}");
  }

  std::string Pass() {
    std::vector<double> alone;
    std::vector<double> whole;
    for (std::size_t i = 0; i < patients_.size(); ++i) {
      double begin = Now();
      const bool evaluated = run_->Evaluate(parsed_[i], periods_[i]).has_value();
      alone.push_back(evaluated ? Since(begin) : -1);
      begin = Now();
      const bool read = run_->Read(patients_[i].documents, &set_).has_value();
      const bool done = run_->Evaluate(set_, periods_[i]).has_value();
      whole.push_back(read && done ? Since(begin) : -1);
    }
    return "{" + Numbers("evaluate_us", alone) + "," + Numbers("parse_evaluate_us", whole) + "}";
  }

 private:
  std::unique_ptr<MeasureProgram> program_;
  cql::fhir::ValueSetIndex terms_;
  std::vector<rules::Patient> patients_;
  std::vector<rules::MeasurementPeriod> periods_;
  std::unique_ptr<rules::MeasureRun> run_;
  std::vector<cql::fhir::ResourceSet> parsed_;
  cql::fhir::ResourceSet set_;
  std::size_t evaluation_bytes_ = 0;
};

class RuleTimes {
 public:
  explicit RuleTimes(const std::string& file) {
    const double begin = Now();
    compiled_ = cql::CompileLibrary(FileText(file), file, {});
    if (!compiled_.ok()) Stop(compiled_.diagnostics.Text());
    Say("{\"compile_ms\":" + std::to_string(Since(begin) / 1e3) + "}");
    evaluation_ = std::make_unique<cql::Evaluation>(*compiled_.program);
    context_.now = cql::Value::OfTemporal(cql::DateTimeFromUnixMs(1'795'568'523'000, 0));
    Say("{}");
  }

  std::string Pass() {
    constexpr int kRounds = 200'000;
    std::string times, allocations;
    const auto definitions = compiled_.program->definitions();
    for (std::size_t d = 0; d < definitions.size(); ++d) {
      Evaluate(static_cast<int>(d));  // the arena has its memory
      const std::uint64_t before = test::Allocations();
      const double begin = Now();
      for (int i = 0; i < kRounds; ++i) Evaluate(static_cast<int>(d));
      const double ns = Since(begin) * 1e3 / kRounds;
      const double counted = static_cast<double>(test::Allocations() - before) / kRounds;
      const std::string name = std::string(d == 0 ? "" : ",") + "\"" + definitions[d].name + "\":";
      times += name + std::to_string(ns);
      allocations += name + std::to_string(counted);
    }
    return "{\"call_ns\":{" + times + "},\"allocations\":{" + allocations + "}}";
  }

 private:
  void Evaluate(int definition) {
    arena_.Reset();
    evaluation_->Begin(context_);
    kept_ = evaluation_->Evaluate(definition);
    if (context_.Failed() || kept_.IsNull()) Stop("an expression without a value");
  }

  cql::Compiled compiled_;
  cql::Arena arena_;
  cql::EvalContext context_{arena_};
  std::unique_ptr<cql::Evaluation> evaluation_;
  cql::Value kept_;
};

void Serve(const std::function<std::string()>& pass) {
  for (std::string line; std::getline(std::cin, line) && line != "end";) {
    std::string last = pass();
    if (line.starts_with("warm ")) {
      const double us = std::stod(line.substr(5)) * 1e6;
      for (const double begin = Now(); Since(begin) < us;) last = pass();
    }
    Say(last);
  }
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:"))
      Say("{\"rss_mb\":" + std::to_string(std::stod(line.substr(6)) / 1024) +
          ",\"heap_live_mb\":" + std::to_string(static_cast<double>(HeapBytes()) / (1 << 20)) + "}");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  if (std::filesystem::is_directory(argv[1])) {
    Measured measured(argv[1]);
    Serve([&] { return measured.Pass(); });
  } else {
    RuleTimes rules(argv[1]);
    Serve([&] { return rules.Pass(); });
  }
  return 0;
}
