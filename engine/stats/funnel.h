// Between centres: is this hospital, ward or reader further from the common value than its number of cases explains? Funnel plots
// after Spiegelhalter (2005, Stat Med 24:1185) with additive over-dispersion, and ratios of observed to expected with exact
// intervals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

// Observed over expected, observed >= 0 counts, expected > 0.
struct RatioInterval {
  Estimate garwood;        // exact Poisson (Garwood 1936): chi2 quantiles / 2E
  Estimate byar;           // Byar's approximation (Breslow & Day 1987, eq. 2.13)
  double p_two_sided = 1;  // Poisson, all counts at most as probable as the observed one (observed rounded)
};
// kZeroExpected when expected is 0.
[[nodiscard]] Outcome<RatioInterval> ObservedExpected(double observed, double expected, double confidence = 0.95);

struct ProportionIntervals {
  Estimate clopper_pearson;
  Estimate wilson;
  Estimate jeffreys;  // Beta(x+1/2, n-x+1/2), 0 and 1 at the ends (Brown, Cai & DasGupta 2001)
};
[[nodiscard]] Outcome<ProportionIntervals> Proportion(std::int64_t events, std::int64_t n, double confidence = 0.95);

enum class FunnelKind : std::uint8_t {
  kProportion,  // numerator of denominator cases, arcsine scale: y = asin(sqrt(r/n)), s = 1/(2 sqrt n)
  kRatio,       // observed over expected
};
enum class OverDispersion : std::uint8_t {
  kNone,
  kCqc,   // z winsorised at the trim and 1 - trim quantiles (R type 7); every unit stays in tau2. Ratio on the square root scale:
          // z = 2(sqrt(O) - sqrt(E)), s = 1/(2 sqrt E)
  kShmi,  // floor(trim*n) units at each end are left out of phi and tau2. Ratio on the log scale: z = sqrt(E) log(O/E),
          // s = 1/sqrt E; units with O = 0 take no part in tau2 and are judged with O + 1/2
};
// Where to stand.
enum class Verdict : std::uint8_t { kInside, kHigh95, kHigh998, kLow95, kLow998, kNotShown };

struct FunnelOptions {
  FunnelKind kind = FunnelKind::kRatio;
  OverDispersion over_dispersion = OverDispersion::kCqc;
  double trim = 0.1;
  double target = 0;           // proportion: the common value to compare with; 0: that of all units together. Ratio: always 1
  double min_denominator = 1;  // units with a smaller denominator (expected events) get kNotShown and take no part
  // Normal multipliers of the limits; 0: the exact quantiles. NHS tools use the rounded 1.959964 and 3.090232.
  double z95 = 0;
  double z998 = 0;
  // Units with fewer distinct cases than this get kNotShown and take no part.
  std::int64_t min_n = 1;
};

struct FunnelUnit {
  double numerator = 0;        // events, observed
  double denominator = 0;      // cases, expected
  std::int64_t n = INT64_MAX;  // distinct cases, for min_n
};

struct FunnelPoint {
  double value = 0;                                       // proportion or ratio
  double z = 0;                                           // unadjusted, on the working scale
  double adjusted_z = 0;                                  // z * s / sqrt(s^2 + tau2)
  double low95 = 0, high95 = 0, low998 = 0, high998 = 0;  // limits at this unit's denominator, tau2 in them
  Verdict verdict = Verdict::kNotShown;
  Reason reason = Reason::kNone;  // why not shown
};

struct FunnelResult {
  double target = 0;
  double phi = 1;   // mean squared (winsorised or truncated) z
  double tau2 = 0;  // between-unit variance on the working scale, max(0, (n*phi - (n-1)) / (sum w - sum w^2/sum w)), w = 1/s^2
  std::size_t used = 0;             // units in tau2
  std::vector<FunnelPoint> points;  // as the input
};

// kTooFew without two units to compare. Domain errors name the unit by its index.
[[nodiscard]] Outcome<FunnelResult> Funnel(std::span<const FunnelUnit> units, const FunnelOptions& options);

struct FunnelLimits {
  double low95 = 0, high95 = 1, low998 = 0, high998 = 1;
};
// Limits at a denominator, for drawing the curve. Normal limits on the working scale (arcsine, square root, log); an arcsine or
// root below 0 gives the lower limit 0 (the trap where sin^2 folds back up).
[[nodiscard]] FunnelLimits LimitsAt(double denominator, double target, double tau2, const FunnelOptions& options);
// Exact Poisson limits of a ratio without over-dispersion: chi2 quantiles about `expected`, divided by it (Garwood form).
[[nodiscard]] FunnelLimits ExactPoissonLimits(double expected);

}  // namespace plumbline::stats
