#include "rules/measure/patients.h"

#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace plumbline::rules {
namespace {

namespace dom = simdjson::dom;

std::string Text(dom::element object, std::string_view name) {
  std::string_view text;
  return object[name].get_string().get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::string LastSegment(std::string_view reference) { return std::string(reference.substr(reference.rfind('/') + 1)); }

ExpectedCounts ReadCounts(dom::object object) {
  ExpectedCounts counts;
  for (const auto& [key, value] : object) {
    std::int64_t count = 0;
    std::string_view text;
    if (key == "group" && value.get_string().get(text) == simdjson::SUCCESS) counts.group = text;
    if (value.get_int64().get(count) == simdjson::SUCCESS)
      counts.counts.push_back({.population = std::string(key), .count = count});
  }
  return counts;
}

Result<Patient> ReadCase(dom::element root, std::string_view text, const std::string& name) {
  Patient patient;
  patient.file = name;
  patient.id = Text(root, "case");
  patient.title = Text(root, "title");
  dom::element period;
  if (root["period"].get(period) == simdjson::SUCCESS) {
    patient.period_start = Text(period, "start");
    patient.period_end = Text(period, "end");
  }
  dom::element expected;
  if (root["expected"].get(expected) == simdjson::SUCCESS) {
    if (expected.is_object()) patient.expected.push_back(ReadCounts(dom::object(expected)));
    if (expected.is_array()) {
      for (const dom::element item : dom::array(expected)) {
        if (!item.is_object()) return Fail(ErrorCode::kParse, name + ": `expected` must be counts or a list of them");
        patient.expected.push_back(ReadCounts(dom::object(item)));
      }
    }
  }
  patient.documents.emplace_back(text);
  return patient;
}

// The id of the Patient a resource is about; empty where it names none.
std::string SubjectOf(dom::element resource) {
  if (Text(resource, "resourceType") == "Patient") return Text(resource, "id");
  for (const std::string_view field : {"subject", "patient", "beneficiary", "for", "individual"}) {
    dom::element reference;
    if (resource[field].get(reference) != simdjson::SUCCESS) continue;
    const std::string target = Text(reference, "reference");
    if (target.contains("Patient/")) return LastSegment(target);
  }
  return {};
}

// Resources of several patients, put together by whom they are about.
class Grouping {
 public:
  void Add(dom::element resource) {
    const std::string id = SubjectOf(resource);
    if (Text(resource, "resourceType") == "Patient" && !id.empty()) patients_.push_back(id);
    resources_.push_back({.subject = id, .json = simdjson::minify(resource)});
  }

  [[nodiscard]] std::vector<Patient> Take(const std::string& name) {
    std::vector<Patient> out;
    if (patients_.size() <= 1) {
      Patient& only = out.emplace_back();
      only.id = patients_.empty() ? std::filesystem::path(name).stem().string() : patients_.front();
      only.file = name;
      for (Item& item : resources_) only.documents.push_back(std::move(item.json));
      return out;
    }
    std::map<std::string, std::size_t, std::less<>> index;
    for (const std::string& id : patients_) {
      if (!index.emplace(id, out.size()).second) continue;
      Patient& patient = out.emplace_back();
      patient.id = id;
      patient.file = name;
    }
    for (const Item& item : resources_) {
      const auto found = index.find(item.subject);
      if (found != index.end()) {
        out[found->second].documents.push_back(item.json);
      } else if (item.subject.empty()) {
        for (Patient& patient : out) patient.documents.push_back(item.json);
      }
    }
    return out;
  }

 private:
  struct Item {
    std::string subject;
    std::string json;
  };
  std::vector<std::string> patients_;
  std::vector<Item> resources_;
};

void AddDocument(dom::element root, Grouping* grouping) {
  if (root.is_array()) {
    for (const dom::element item : dom::array(root)) grouping->Add(item);
    return;
  }
  dom::array entries;
  if (Text(root, "resourceType") != "Bundle") return grouping->Add(root);
  if (root["entry"].get_array().get(entries) != simdjson::SUCCESS) return;
  for (const dom::element entry : entries) {
    dom::element resource;
    if (entry["resource"].get(resource) == simdjson::SUCCESS) grouping->Add(resource);
  }
}

Result<std::vector<Patient>> ReadLines(std::string_view text, const std::string& name) {
  std::vector<Patient> out;
  Grouping loose;
  bool any_loose = false;
  dom::parser parser;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    dom::element root;
    const auto code = parser.parse(line.data(), line.size()).get(root);
    if (code != simdjson::SUCCESS) {
      return Fail(ErrorCode::kParse, name + ":" + std::to_string(number) + ": " + simdjson::error_message(code));
    }
    if (Text(root, "resourceType") != "Bundle") {
      loose.Add(root);
      any_loose = true;
      continue;
    }
    Grouping bundle;
    AddDocument(root, &bundle);
    for (Patient& patient : bundle.Take(name + ":" + std::to_string(number))) out.push_back(std::move(patient));
  }
  if (any_loose) {
    for (Patient& patient : loose.Take(name)) out.push_back(std::move(patient));
  }
  return out;
}

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(ErrorCode::kNotFound, "cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace

Result<std::vector<Patient>> ReadPatients(std::string_view text, const std::string& name) {
  if (name.ends_with(".ndjson")) return ReadLines(text, name);
  dom::parser parser;
  dom::element root;
  const auto code = parser.parse(text.data(), text.size()).get(root);
  if (code != simdjson::SUCCESS) return Fail(ErrorCode::kParse, name + ": " + simdjson::error_message(code));
  dom::element resources;
  if (root.is_object() && root["resources"].get(resources) == simdjson::SUCCESS) {
    PLUMBLINE_ASSIGN(Patient patient, ReadCase(root, text, name));
    if (patient.id.empty()) patient.id = std::filesystem::path(name).stem().string();
    std::vector<Patient> one;
    one.push_back(std::move(patient));
    return one;
  }
  Grouping grouping;
  AddDocument(root, &grouping);
  return grouping.Take(name);
}

Result<std::vector<Patient>> LoadPatients(const std::string& path) {
  std::vector<std::string> files;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".json" || extension == ".ndjson") files.push_back(entry.path().string());
    }
    if (files.empty()) return Fail(ErrorCode::kNotFound, path + " holds no *.json or *.ndjson");
  } else {
    files.push_back(path);
  }
  std::ranges::sort(files);
  std::vector<Patient> out;
  for (const std::string& file : files) {
    PLUMBLINE_ASSIGN(const std::string text, ReadFile(file));
    PLUMBLINE_ASSIGN(std::vector<Patient> patients, ReadPatients(text, file));
    for (Patient& patient : patients) out.push_back(std::move(patient));
  }
  return out;
}

}  // namespace plumbline::rules
