// How many false alerts people allow, in words they use, and the threshold c that keeps it: with restarts the expected number of
// false alerts in T observations is at most T/c (e_detector.h), so c = observations in the period / alerts allowed in it.
//
//   allowance = number per period [scope]
//   number    = decimal > 0 | "one" | "two" | ... | "ten"
//   per       = ("a" | "an" | "per" | "each" | "every" | "/")
//   period    = "hour" | "shift" (8 h) | "day" | "week" | "month" | "quarter" | "year"
//   scope     = ["," ] ("over" | "across" | "in" | "for" | "of") ("all" | "each" | "every" | "one") word
//   Chinese:    ["全部" word | "每个" word | "每位" word] "每" period number "次";  e.g. "全部阅片者每月2次", "每月 2 次"
// "all" (the default): over all units together; "each": for each unit. A month is 365.25/12 days.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

struct Allowance {
  enum class Scope : std::uint8_t { kAllUnits, kEachUnit };
  double alerts = 0;
  double period_days = 0;
  Scope scope = Scope::kAllUnits;
};

// kOutsideDomain with what could not be read.
[[nodiscard]] Outcome<Allowance> ParseAllowance(std::string_view text);

struct Volume {
  double observations_per_day = 0;  // steps (clusters, where clustered) over all units together
  double units = 1;
};

struct Promise {
  double threshold = 0;               // c, at least 2
  double observations_in_period = 0;  // over the allowance's scope
  double expected_false_alerts = 0;   // <= in the period, over the scope: observations / c
  double baseline_error = 0;          // alpha0: with at most this probability the baseline's bound is wrong and the promise void
  // "at most 2 false alerts expected in 30.4 days over all units (c = 5000, ...)"; in so many observations where the allowance
  // has no period.
  [[nodiscard]] std::string Text() const;
  Allowance allowance;
};

// kTooFew when the period holds fewer than 2 observations per allowed alert: every observation could alarm, and no promise is
// needed.
[[nodiscard]] Outcome<Promise> ThresholdFor(const Allowance& allowance, const Volume& volume, double baseline_error = 0);

}  // namespace plumbline::stats
