// The frozen baseline: what an expert panel does, by case mix. A versioned, canonical, readable text whose SHA-256 names it;
// equal baselines have equal bytes. Built offline from a panel's table, read by detectors, compared by people. Pure functions,
// any thread.
//
//   file      = "plumbline-baseline 1" NL line* ;  lines in this order, fields parted by one blank, numbers shortest round-trip
//   decimals line      = "name" text | "outcome" text | "kind" ("binary" | "ordinal" | "numeric") | "source" hex64 | "rows" n |
//   "alpha0" x
//             | "level" value                                   (ascending; binary and ordinal)
//             | "range" low high                                (numeric: bounds of the loss scale)
//             | "stratum" text n clusters mean sd {count}       (one count per level; sd with n-1, 0 when n = 1)
//             | "feature" text "numeric" mean sd | "feature" text "level" text
//             | "ridge" x | "threshold" x | "coefficient" x     (feature order)
//             | "covariance" x*                                 (a row of the full matrix each)
//             | "validation" folds concordance brier intercept slope logloss reason
//   text      = JSON-like quoted string
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/stats/regression.h"

namespace plumbline::stats {

enum class BaselineKind : std::uint8_t { kBinary, kOrdinal, kNumeric };

// A column of the panel's table. Numeric ones are standardised with the panel's mean and SD; the others become one indicator per
// level but the most frequent.
struct FeatureColumn {
  std::string name;
  bool numeric = true;
  std::vector<double> numbers;     // numeric
  std::vector<std::string> texts;  // not numeric
};

struct PanelTable {
  std::string name;
  std::string outcome_name;
  std::vector<double> outcome;
  std::vector<std::string> stratum;  // empty: one stratum ""
  std::vector<std::string> cluster;  // empty: each row its own
  std::vector<FeatureColumn> features;
  std::string source_digest;  // hex SHA-256 of the table's bytes
};

struct BaselineOptions {
  BaselineKind kind = BaselineKind::kBinary;
  double alpha0 = 0.05;         // one-sided error of the bounds that detectors use
  double low = 0, high = 1;     // numeric: the scale's ends
  std::optional<double> ridge;  // none: chosen by cross-validation
  std::size_t folds = 10;
  std::size_t min_stratum = 5;  // clusters; smaller strata are joined to "" (all)
};

struct Stratum {
  std::string name;
  std::uint64_t n = 0;
  std::uint64_t clusters = 0;
  double mean = 0;
  double sd = 0;
  std::vector<std::uint64_t> counts;  // per level
};

struct Feature {
  std::string column;
  bool numeric = true;
  double mean = 0, sd = 1;
  std::string level;
};

struct Baseline {
  std::string name, outcome, source;
  BaselineKind kind = BaselineKind::kBinary;
  std::uint64_t rows = 0;
  double alpha0 = 0.05;
  double low = 0, high = 1;
  std::vector<double> levels;
  std::vector<Stratum> strata;  // by name; "" (all) is first
  std::vector<Feature> features;
  std::optional<RegressionFit> model;
  std::optional<Validation> validation;

  // The canonical text and the digest that names it.
  [[nodiscard]] std::string Text() const;
  [[nodiscard]] std::string DigestHexText() const;
};

// Learns strata always, and the model when there are features (binary and ordinal).
[[nodiscard]] Result<Baseline> BuildBaseline(const PanelTable& table, const BaselineOptions& options);
// kParse names the line; the text must be canonical (what Text() gives), else kIntegrity.
[[nodiscard]] Result<Baseline> ParseBaseline(std::string_view text);

// What the experts do with a case, on [0,1] (probability; level or value scaled to the ends), with bounds at alpha0.
struct CaseMix {
  std::string stratum;
  std::vector<double> features;  // as EncodeFeatures gives; empty when the baseline has no model
};
[[nodiscard]] Prediction Expect(const Baseline& baseline, const CaseMix& mix);
// A case's outcome on the same scale; nullopt outside it.
[[nodiscard]] std::optional<double> ScaleOutcome(const Baseline& baseline, double outcome);
// The regressors of a case from its columns' values; a level never seen counts as the reference. kParse for a number that is
// none.
[[nodiscard]] Result<std::vector<double>> EncodeFeatures(const Baseline& baseline,
                                                         const std::map<std::string, std::string>& values);

// Differences for people, a line each: what one has and the other not, moved means (with the standard error of the difference),
// moved coefficients. Empty when the digests are equal.
[[nodiscard]] std::vector<std::string> DiffBaselines(const Baseline& a, const Baseline& b);

}  // namespace plumbline::stats
