// Published hospital measures with their test patients: every population of every case, from the published text unchanged.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "engine/cql/fhir/value_sets.h"
#include "rules/measure/measure_run.h"

using namespace plumbline;
using namespace plumbline::rules;

namespace {

// The shared data stand beside the checkout, or where PLUMBLINE_SHARED says.
std::string EcqmFolder() {
  const char* shared = std::getenv("PLUMBLINE_SHARED");
  return std::string(shared != nullptr ? shared : "../shared") + "/ecqm";
}

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::vector<std::string> MeasureFolders() {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(EcqmFolder(), error)) {
    if (std::filesystem::exists(entry.path() / "measure-bundle.json")) folders.push_back(entry.path().string());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

struct LoadedMeasure {
  explicit LoadedMeasure(const std::string& folder) : terms(cql::fhir::MissingSet::kError) {
    auto measure = LoadMeasure(FileText(folder + "/measure-bundle.json"));
    REQUIRE(measure.has_value());
    auto compiled = MeasureProgram::Compile(*std::move(measure), {.versions_present = true}, nullptr);
    INFO((compiled ? "" : compiled.error().message));
    REQUIRE(compiled.has_value());
    program = *std::move(compiled);
    REQUIRE(terms.Add(FileText(folder + "/valuesets.json")).has_value());
    auto loaded = LoadPatients(folder + "/cases");
    REQUIRE(loaded.has_value());
    patients = *std::move(loaded);
  }
  std::unique_ptr<MeasureProgram> program;
  cql::fhir::ValueSetIndex terms;
  std::vector<Patient> patients;
};

// The resources of a case one by one, to be given in another order.
std::vector<std::string> SplitCase(const Patient& patient) {
  const std::string& text = patient.documents.front();
  std::string list = text.substr(text.find("\"resources\"") + 11);
  list = list.substr(list.find('['), list.rfind(']') - list.find('[') + 1);
  const auto split = ReadPatients(list, "case.json");
  REQUIRE(split.has_value());
  REQUIRE(split->size() == 1);
  return split->front().documents;
}

std::size_t RunAll(LoadedMeasure& loaded, std::mt19937_64* shuffle, std::size_t* right) {
  MeasureRun run(*loaded.program, loaded.terms);
  for (Patient& patient : loaded.patients) {
    if (shuffle != nullptr) {
      patient.documents = SplitCase(patient);
      std::shuffle(patient.documents.begin(), patient.documents.end(), *shuffle);
    }
    const auto report = run.Run(patient, {});
    INFO(patient.id << " " << patient.title << (report ? "" : ": " + report.error().message));
    CHECK(report.has_value());
    if (!report) continue;
    const auto differences = Differences(loaded.program->measure(), patient, *report);
    CHECK(differences == std::vector<std::string>{});
    if (differences.empty()) ++*right;
  }
  return loaded.patients.size();
}

}  // namespace

TEST_CASE("published measures give the expected populations for all their cases", "[ecqm]") {
  const auto folders = MeasureFolders();
  if (folders.empty()) {
    WARN("SKIPPED (shared data) published measures: no data in " << EcqmFolder());
    return;
  }
  std::size_t cases = 0;
  std::size_t right = 0;
  for (const std::string& folder : folders) {
    INFO(folder);
    LoadedMeasure loaded(folder);
    cases += RunAll(loaded, nullptr, &right);
  }
  std::cout << right << " of " << cases << " cases of " << folders.size() << " measures\n";
  CHECK(right == cases);
}

TEST_CASE("the order of a case's resources does not matter", "[ecqm]") {
  const auto folders = MeasureFolders();
  if (folders.empty()) {
    WARN("SKIPPED (shared data) published measures in shuffled order: no data in " << EcqmFolder());
    return;
  }
  constexpr std::uint64_t kSeed = 20261125;
  std::cout << "shuffled with seed " << kSeed << "\n";
  std::mt19937_64 random(kSeed);
  std::size_t right = 0;
  std::size_t cases = 0;
  for (const std::string& folder : folders) {
    INFO(folder);
    LoadedMeasure loaded(folder);
    cases += RunAll(loaded, &random, &right);
  }
  CHECK(right == cases);
}
