// Average run lengths: the expected number of observations until a chart signals, and the limits that give a wanted one.
//
// All lengths are zero-state (from the chart's start), in observations (subgroups for subgroup charts), for independent
// observations of unit standard deviation with mean `mean` (0 = in control) unless a function says otherwise. "One-sided" charts
// watch for an increase. Results come from integral equations solved by Gauss-Legendre Nystrom or collocation, or from Markov
// chains; where a chart has both, tests compare them. Errors against the golden tables: below 1e-8 relative for normal CUSUM,
// EWMA and runs rules, 1e-4 for MEWMA, 1e-3 for RA-CUSUM. Arguments outside the domain give kOutsideDomain.
//
// Pure functions, milliseconds to a second each: for designing charts, not for the path of an event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

// --- Shewhart ---------------------------------------------------------------------------------------------------------------
// Points beyond +-width standard errors; ARL = 1 / (Phi(-width-mean) + Phi(-width+mean)).
[[nodiscard]] Outcome<double> ShewhartArl(double width, double mean);
[[nodiscard]] Outcome<double> DesignShewhart(double wanted_arl);  // the width

// --- CUSUM: S = max(0, S + x - k), signal when S > h -------------------------------------------------------------------------
enum class Sides : std::uint8_t { kUpper, kTwo };
struct CusumArlOptions {
  double k = 0.5;  // reference value, in standard deviations
  double h = 5;    // decision interval, in standard deviations
  double mean = 0;
  double headstart = 0;  // fast initial response, 0 <= headstart < h (Lucas & Crosier 1982)
  Sides sides = Sides::kUpper;
};
// Page's integral equation (Page 1954, Biometrika 41:100). Two-sided by Kemp's combination of the two one-sided lengths,
// 1/A = 1/A+ + 1/A-, with headstarts by Lucas & Crosier 1982, Technometrics 24:199, eq. (A.1).
[[nodiscard]] Outcome<double> CusumArl(const CusumArlOptions& options);
// The same by the Markov chain of Brook & Evans 1972, Biometrika 59:539, on `states` intervals, extrapolated in states^-2.
[[nodiscard]] Outcome<double> CusumArlMarkov(const CusumArlOptions& options, std::size_t states = 100);
// The h of a wanted in-control ARL (mean 0) with the given k, headstart as a fraction of h.
[[nodiscard]] Outcome<double> DesignCusum(double k, double wanted_arl, Sides sides, double headstart_fraction = 0);

// Poisson CUSUM, S = max(0, S + x - k), x ~ Poisson(mean), signal when S > h; k and h in units of 1/denominator, so that
// k = 5/2 is {5, denominator 2}. Exact (Lucas 1985, Technometrics 27:129).
[[nodiscard]] Outcome<double> PoissonCusumArl(std::int64_t k, std::int64_t h, std::int64_t denominator, double mean);

// Risk-adjusted CUSUM of Steiner et al. 2000: a case mix of risks with weights, in-control odds ratio 1, designed for odds_ratio;
// the cases come with true odds ratio `true_odds_ratio`. Markov chain on a lattice of 1/scaling with mass-preserving paired
// rounding (Knoth, Wittenberg & Gan 2019, Stat Med 38:2206). Signal when S > h. In observations.
struct RiskMix {
  std::vector<double> risk;    // each in (0,1)
  std::vector<double> weight;  // not negative, any positive total
};
struct RaCusumArlOptions {
  double odds_ratio = 2;  // > 1 deterioration, < 1 improvement
  double h = 4.5;
  double true_odds_ratio = 1;
  std::size_t scaling = 200;  // lattice points per unit of log likelihood; at most 2,500 states in all
};
[[nodiscard]] Outcome<double> RaCusumArl(const RiskMix& mix, const RaCusumArlOptions& options);
[[nodiscard]] Outcome<double> DesignRaCusum(const RiskMix& mix, double odds_ratio, double wanted_arl, std::size_t scaling = 200);

// --- EWMA: z = (1-lambda) z + lambda x, signal when |z| > width * sd(z) --------------------------------------------------------
enum class EwmaLimits : std::uint8_t {
  kAsymptotic,   // sd(z) = sqrt(lambda/(2-lambda)) throughout
  kTimeVarying,  // sd(z_t) = sqrt(lambda/(2-lambda) (1-(1-lambda)^2t)) (Steiner 1999)
};
struct EwmaArlOptions {
  double lambda = 0.1;  // (0,1]
  double width = 2.7;
  double mean = 0;
  EwmaLimits limits = EwmaLimits::kAsymptotic;
};
// Crowder 1987, Technometrics 29:401; time-varying limits by backward recursion from the stationary solution.
[[nodiscard]] Outcome<double> EwmaArl(const EwmaArlOptions& options);
[[nodiscard]] Outcome<double> DesignEwma(double lambda, double wanted_arl, EwmaLimits limits = EwmaLimits::kAsymptotic);

// One-sided EWMA of the sample variance, z = (1-lambda) z + lambda s^2, start 1, signal when z > limit; s^2 with df degrees of
// freedom of observations with standard deviation sigma. Collocation (Knoth 2005, Stat. Comput. 15:341).
[[nodiscard]] Outcome<double> VarianceEwmaArl(double lambda, double limit, double df, double sigma);

// Multivariate EWMA of p variables, signal when T2 with the asymptotic covariance exceeds limit (Lowry et al. 1992); shift is the
// Mahalanobis length of the mean's shift. In control one equation in the radius (Rigdon 1995); otherwise two-dimensional
// (Runger & Prabhu 1996; Knoth 2017).
[[nodiscard]] Outcome<double> MewmaArl(std::size_t variables, double lambda, double limit, double shift);
[[nodiscard]] Outcome<double> DesignMewma(std::size_t variables, double lambda, double wanted_arl);

// --- Shiryaev-Roberts: R = (1 + R) exp(2k x - 2k^2), signal when log R > threshold -------------------------------------------
// R starts at 0; tuned to a mean of 2k. ARL0 >= exp(threshold) always.
[[nodiscard]] Outcome<double> ShiryaevRobertsArl(double k, double threshold, double mean);

// --- Poisson maxSPRT (Kulldorff et al. 2011, Sequential Analysis 30:58) -----------------------------------------------------
// The probability that the log likelihood ratio reaches `critical` before `horizon` expected events under the null, watched
// continuously, with signals only from min_events on. Exact.
[[nodiscard]] Outcome<double> MaxSprtAlpha(double critical, double horizon, std::int64_t min_events = 1);
[[nodiscard]] Outcome<double> MaxSprtCriticalValue(double alpha, double horizon, std::int64_t min_events = 1);

}  // namespace plumbline::stats
