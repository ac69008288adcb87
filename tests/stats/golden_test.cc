#include <simdjson.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "tests/stats/golden.h"

namespace plumbline::golden {
namespace {

std::map<std::string, Handler, std::less<>>& Handlers() {
  static std::map<std::string, Handler, std::less<>> handlers;
  return handlers;
}

Value Convert(simdjson::dom::element element) {
  Value value;
  switch (element.type()) {
    case simdjson::dom::element_type::ARRAY:
      value.kind = Value::Kind::kArray;
      for (const auto item : simdjson::dom::array(element)) value.items.push_back(Convert(item));
      break;
    case simdjson::dom::element_type::OBJECT:
      value.kind = Value::Kind::kObject;
      for (const auto field : simdjson::dom::object(element)) value.members.emplace_back(field.key, Convert(field.value));
      break;
    case simdjson::dom::element_type::STRING:
      value.kind = Value::Kind::kText;
      value.text = std::string_view(element);
      break;
    case simdjson::dom::element_type::BOOL:
      value.kind = Value::Kind::kBool;
      value.number = bool(element) ? 1 : 0;
      break;
    case simdjson::dom::element_type::NULL_VALUE:
      break;
    default:
      value.kind = Value::Kind::kNumber;
      value.number = double(element);
  }
  return value;
}

std::filesystem::path SharedPath() {
  if (const char* path = std::getenv("PLUMBLINE_SHARED")) return path;
  return std::filesystem::path("..") / "shared";
}

Value& Root() {
  static Value root;
  return root;
}

bool Load() {
  const auto path = SharedPath() / "golden" / "statistics.json";
  if (!std::filesystem::exists(path)) return false;
  if (Root().IsNull()) {
    simdjson::dom::parser parser;
    Root() = Convert(parser.load(path.string()));
  }
  return true;
}

}  // namespace

bool Value::Has(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return true;
  }
  return false;
}
const Value& Value::operator[](std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return value;
  }
  throw std::out_of_range("no member " + std::string(key));
}
const Value& Value::At(std::size_t index) const { return items.at(index); }
double Value::Number() const {
  if (kind != Kind::kNumber && kind != Kind::kBool) throw std::invalid_argument("not a number");
  return number;
}
std::vector<double> Value::Numbers() const {
  std::vector<double> numbers;
  for (const auto& item : items) numbers.push_back(item.Number());
  return numbers;
}
std::vector<std::vector<double>> Value::Matrix() const {
  std::vector<std::vector<double>> rows;
  for (const auto& item : items) rows.push_back(item.Numbers());
  return rows;
}

Golden::Golden(const Value& entry, std::string id) : entry_(entry), id_(std::move(id)), kind_("exact") {
  const Value& tolerance = entry_["tolerance"];
  if (!tolerance.members.empty() && tolerance.members.front().second.kind == Value::Kind::kNumber) {
    kind_ = tolerance.members.front().first;
    tolerance_ = tolerance.members.front().second.number;
  }
}

void Golden::Near(std::string_view name, double actual) { NearValue(name, actual, expected()[name].Number()); }
void Golden::Near(std::string_view name, std::span<const double> actual) { NearValues(name, actual, expected()[name].Numbers()); }
void Golden::NearValue(std::string_view name, double actual, double expected) {
  NearValue(name, actual, expected, kind_, tolerance_);
}

void Golden::NearValue(std::string_view name, double actual, double expected, std::string_view kind, double tolerance) {
  const double difference = std::fabs(actual - expected);
  bool good = difference == 0;
  if (kind == "abs") good = difference <= tolerance;
  if (kind == "rel") good = difference <= tolerance * std::max(std::fabs(expected), 1e-3);
  ++checks_;
  if (!good) ++failures_;
  std::printf("%-28s %-34.*s %-24.15g %-24.15g %s\n", id_.c_str(), static_cast<int>(name.size()), name.data(), actual, expected,
              good ? "ok" : "DIFFERS");
}

void Golden::NearValues(std::string_view name, std::span<const double> actual, std::span<const double> expected) {
  Holds(std::string(name) + " has " + std::to_string(expected.size()) + " values", actual.size() == expected.size());
  for (std::size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) {
    NearValue(std::string(name) + "[" + std::to_string(i) + "]", actual[i], expected[i]);
  }
}

void Golden::Holds(std::string_view name, bool condition) {
  ++checks_;
  if (!condition) ++failures_;
  std::printf("%-28s %-34.*s %s\n", id_.c_str(), static_cast<int>(name.size()), name.data(),
              condition ? "holds" : "DOES NOT HOLD");
}

Registration::Registration(std::string_view id, Handler handler) { Handlers().emplace(id, handler); }

const Value& EntryById(std::string_view id) {
  for (const Value& entry : Root()["entries"].items) {
    if (entry["id"].text == id) return entry;
  }
  throw std::out_of_range("no entry " + std::string(id));
}

}  // namespace plumbline::golden

TEST_CASE("golden statistics are met within their tolerances", "[golden]") {
  using namespace plumbline::golden;
  if (!Load()) {
    WARN("SKIPPED (shared data) golden statistics: ../shared/golden/statistics.json is not there (PLUMBLINE_SHARED names another place)");
    return;
  }
  int met = 0, total = 0;
  for (const Value& entry : Root()["entries"].items) {
    const std::string& id = entry["id"].text;
    ++total;
    const auto handler = Handlers().find(id);
    if (handler == Handlers().end()) {
      FAIL_CHECK(id << " has no handler");
      continue;
    }
    Golden golden(entry, id);
    INFO(id);
    try {
      handler->second(golden);
    } catch (const std::exception& error) {
      FAIL_CHECK(error.what());
      continue;
    }
    CHECK(golden.checks() > 0);
    CHECK(golden.failures() == 0);
    if (golden.checks() > 0 && golden.failures() == 0) ++met;
  }
  std::printf("%d of %d\n", met, total);
}
