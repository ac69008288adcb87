// How a statistic answers. A result that can be stated is a value; one that cannot (one category only, no variance, too few
// cases, nothing expected, a single reader) is a NoResult with its reason. NaN and infinity never leave engine/stats.
#pragma once

#include <cmath>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/check.h"

namespace plumbline::stats {

enum class Reason : std::uint8_t {
  kNone,           // nothing is wrong
  kTooFew,         // fewer observations, subjects or groups than the method or the rule's min_n asks for
  kOneCategory,    // everyone chose the same category: agreement by chance is certain
  kZeroVariance,   // all values are equal where the method divides by their spread
  kZeroExpected,   // nothing is expected (E = 0), so a ratio to it has no meaning
  kSingleRater,    // agreement needs two
  kSingular,       // a covariance matrix that cannot be inverted
  kNoInformation,  // no discordant pair, no informative stratum
  kNotConverged,   // an iteration with a stated limit reached it
  kUnbounded,      // the estimate or the bound of its interval is infinite
  kOutsideDomain,  // an argument outside what the method is defined for; the text names it
};

// A lower-case word for tables and JSON.
[[nodiscard]] constexpr std::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "stated";
    case Reason::kTooFew:
      return "too_few";
    case Reason::kOneCategory:
      return "one_category";
    case Reason::kZeroVariance:
      return "zero_variance";
    case Reason::kZeroExpected:
      return "zero_expected";
    case Reason::kSingleRater:
      return "single_rater";
    case Reason::kSingular:
      return "singular";
    case Reason::kNoInformation:
      return "no_information";
    case Reason::kNotConverged:
      return "not_converged";
    case Reason::kUnbounded:
      return "unbounded";
    case Reason::kOutsideDomain:
      return "outside_domain";
  }
  return "unknown";
}

struct NoResult {
  Reason reason = Reason::kTooFew;
  std::string detail;  // a sentence for people, e.g. "3 subjects, at least 5 are needed"
  friend bool operator==(const NoResult&, const NoResult&) = default;
};

// Composes with PLUMBLINE_TRY and PLUMBLINE_ASSIGN, as Result<T> does.
template <typename T>
using Outcome = std::expected<T, NoResult>;

[[nodiscard]] inline std::unexpected<NoResult> No(Reason reason, std::string detail) {
  return std::unexpected(NoResult{reason, std::move(detail)});
}

// A value with its interval. When the value can be stated and the interval cannot (a standard error of zero over zero, one
// subject), `interval` says why and low == high == value, confidence == 0, which no caller can mistake for precision.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
  double confidence = 0;      // in (0,1), e.g. 0.95
  double standard_error = 0;  // 0 where the method has none (exact intervals)
  Reason interval = Reason::kNone;
  friend bool operator==(const Estimate&, const Estimate&) = default;
};

[[nodiscard]] inline Estimate Stated(double value, double low, double high, double confidence, double standard_error = 0) {
  PLUMBLINE_CHECK(std::isfinite(value) && std::isfinite(low) && std::isfinite(high), "an estimate is finite");
  return Estimate{value, low, high, confidence, standard_error, Reason::kNone};
}
[[nodiscard]] inline Estimate WithoutInterval(double value, Reason why) {
  PLUMBLINE_CHECK(std::isfinite(value), "an estimate is finite");
  return Estimate{value, value, value, 0, 0, why};
}

// A test of a hypothesis.
struct Test {
  double statistic = 0;
  double df = 0;   // 0 where the reference distribution has none
  double df2 = 0;  // the denominator's, for F
  double p = 1;    // two-sided unless the function says otherwise
  friend bool operator==(const Test&, const Test&) = default;
};

}  // namespace plumbline::stats
