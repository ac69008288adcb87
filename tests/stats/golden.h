// Golden values: every entry of ../shared/golden/statistics.json has one handler, registered by its id in some golden_*_test.cc:
//
//   PLUMBLINE_GOLDEN(CohenKappa, "ag.cohen_kappa") {
//     const auto kappa = CohenKappa(Table(golden.data()["counts_row_major"]));
//     golden.Near("kappa", kappa->value);              // against expected["kappa"], with the entry's tolerance
//   }
//
// golden_test.cc runs them all, prints id, quantity, value, expected, and closes with "n of 68". A handler that checks nothing
// fails.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plumbline::golden {

// A JSON value, as read. Asking for what is not there fails the entry by exception (caught by the runner).
struct Value {
  enum class Kind { kNull, kBool, kNumber, kText, kArray, kObject };
  Kind kind = Kind::kNull;
  double number = 0;
  std::string text;
  std::vector<Value> items;
  std::vector<std::pair<std::string, Value>> members;

  [[nodiscard]] bool IsNull() const { return kind == Kind::kNull; }
  [[nodiscard]] bool Has(std::string_view key) const;
  const Value& operator[](std::string_view key) const;
  const Value& operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  const Value& operator[](int index) const { return At(static_cast<std::size_t>(index)); }
  [[nodiscard]] const Value& At(std::size_t index) const;
  [[nodiscard]] double Number() const;
  [[nodiscard]] std::vector<double> Numbers() const;              // an array of numbers
  [[nodiscard]] std::vector<std::vector<double>> Matrix() const;  // an array of arrays of numbers
};

class Golden {
 public:
  Golden(const Value& entry, std::string id);
  [[nodiscard]] const Value& data() const { return entry_["data"]; }
  [[nodiscard]] const Value& params() const { return entry_["params"]; }
  [[nodiscard]] const Value& expected() const { return entry_["expected"]; }

  // Against expected()[name] with the entry's tolerance (abs: |a-b| <= abs; rel: |a-b| <= rel*max(|b|,1e-3); exact: equal).
  void Near(std::string_view name, double actual);
  void Near(std::string_view name, std::span<const double> actual);
  // The same against a given value, with the entry's tolerance, or one given here (kind "abs" or "rel") where the notes ask for
  // it.
  void NearValue(std::string_view name, double actual, double expected);
  void NearValue(std::string_view name, double actual, double expected, std::string_view kind, double tolerance);
  void NearValues(std::string_view name, std::span<const double> actual, std::span<const double> expected);
  // Something that must hold.
  void Holds(std::string_view name, bool condition);

  [[nodiscard]] int checks() const { return checks_; }
  [[nodiscard]] int failures() const { return failures_; }

 private:
  const Value& entry_;
  std::string id_;
  std::string kind_;
  double tolerance_ = 0;
  int checks_ = 0;
  int failures_ = 0;
};

using Handler = void (*)(Golden&);
struct Registration {
  Registration(std::string_view id, Handler handler);
};

// Another entry's data, for entries that refer to it ("ref").
[[nodiscard]] const Value& EntryById(std::string_view id);

}  // namespace plumbline::golden

#define PLUMBLINE_GOLDEN(name, id)                                                               \
  static void Golden##name(::plumbline::golden::Golden& golden);                                 \
  static const ::plumbline::golden::Registration kGolden##name##Registration(id, &Golden##name); \
  static void Golden##name(::plumbline::golden::Golden& golden)
