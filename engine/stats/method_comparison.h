// Agreement of two methods of measurement on n pairs: Bland-Altman limits, root mean square accuracy, Lin's concordance, and the
// regressions that allow error in both: Deming, weighted Deming, Passing-Bablok. x and y in the same unit; x is the method
// compared with (reference). Pairs with a value that is not finite are an error.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

struct BlandAltmanOptions {
  double multiplier = 0;  // of the SD for the limits; 0: the normal quantile 1.959964; the paper of 1986 used 2
  double confidence = 0.95;
};
// d = x - y (Bland & Altman 1986, Lancet i:307; errors of the limits: 1999, Stat. Methods Med. Res. 8:135).
struct BlandAltman {
  Estimate bias;         // mean d with its t interval
  double sd = 0;         // of d
  Estimate lower_limit;  // bias - multiplier sd, with the t interval of the 1999 error
  Estimate upper_limit;
  double limit_error_1986 = 0;  // sd sqrt(3/n)
  double limit_error_1999 = 0;  // sd sqrt(1/n + z^2/(2(n-1))), z = 1.959964
  std::size_t pairs = 0;
};
[[nodiscard]] Outcome<BlandAltman> BlandAltmanLimits(std::span<const double> x, std::span<const double> y,
                                                     const BlandAltmanOptions& options = {});

// Of y (the device) against x (the reference): A_rms = sqrt(mean (y-x)^2), as ISO 80601-2-61 has it for pulse oximeters
// (limit 4.0 over 70-100 % SaO2), with its parts. n >= 2.
struct Accuracy {
  double root_mean_square = 0;
  double bias = 0;  // mean (y - x)
  double sd = 0;    // sample standard deviation of y - x
};
[[nodiscard]] Outcome<Accuracy> RootMeanSquareAccuracy(std::span<const double> x, std::span<const double> y);

// Lin 1989, Biometrics 45:255: 2 s_xy / (s_x^2 + s_y^2 + (mean difference)^2), with moments over n as in the paper, and its
// interval by Fisher's z. kZeroVariance when a method gives one value only.
struct Concordance {
  Estimate ccc;
  double pearson = 0;
  double bias_correction = 0;         // C_b = ccc / pearson
  double ccc_sample_denominator = 0;  // the variant with moments over n-1
};
[[nodiscard]] Outcome<Concordance> LinConcordance(std::span<const double> x, std::span<const double> y, double confidence = 0.95);

struct Line {
  Estimate slope;
  Estimate intercept;
  std::size_t pairs = 0;
};

// Errors in both variables; error_ratio = variance of y's error / variance of x's (1: orthogonal). Errors and t intervals (n-2)
// by the jackknife (Linnet 1990, Clin. Chem. 36:1936 & 1993, 39:424). Weighted: errors proportional to the level, weights
// 1/level^2 of the fitted point, iterated. n >= 3; kNoInformation when the covariance is 0, for then the line has no direction.
struct DemingOptions {
  double error_ratio = 1;
  double confidence = 0.95;
  bool weighted = false;
};
[[nodiscard]] Outcome<Line> Deming(std::span<const double> x, std::span<const double> y, const DemingOptions& options = {});

// Shifted median of the slopes of all pairs of points (Passing & Bablok 1983, J. Clin. Chem. Clin. Biochem. 21:709). Slopes of
// exactly -1 and identical points are left out; points one above the other have an infinite slope; the shift K counts the slopes
// below -1.
enum class RankConvention : std::uint8_t {
  kPaper,  // M1 = (N - C)/2 rounded to an integer, M2 = N - M1 + 1
  kMcr,    // M2 = (N + C)/2 rounded up, M1 = N - M2 + 1, as R's mcr has them
};
struct PassingBablokOptions {
  double confidence = 0.95;
  RankConvention ranks = RankConvention::kPaper;
  // Values are whole multiples of this (0.01 for two decimals); they are then compared exactly. 0: differences within 1e-12 of
  // the greatest value count as equal. Without either, rounding misjudges slopes of exactly -1.
  double resolution = 0;
};
inline constexpr std::size_t kMaxPassingBablok = 4000;  // pairs; the slopes are n(n-1)/2
// n >= 3. kUnbounded when the slope or a bound is infinite.
[[nodiscard]] Outcome<Line> PassingBablok(std::span<const double> x, std::span<const double> y,
                                          const PassingBablokOptions& options = {});

}  // namespace plumbline::stats
