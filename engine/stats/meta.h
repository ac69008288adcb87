// Random effects between units: how much do they differ beyond chance, where would a new one fall, and how far should each be
// pulled towards the mean? y_i estimates with variances v_i > 0 (log odds ratios, standardised differences, ...).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

enum class TauMethod {
  kFixed,             // tau2 = 0
  kDerSimonianLaird,  // DerSimonian & Laird 1986
  kHedges,            // Hedges & Olkin 1985 (unweighted)
  kPauleMandel,       // the exact root of Q(tau2) = k - 1 (equals the empirical Bayes estimator)
  kMaximumLikelihood,
  kReml,  // Viechtbauer 2005; Fisher scoring to 1e-12 relative
};

struct MetaResult {
  std::size_t k = 0;
  Test q;  // Cochran's Q with 1/v weights, df k-1
  double tau2 = 0;
  double i2 = 0;  // percent; tau2/(tau2 + typical v), for kFixed from Q (Higgins & Thompson 2002)
  double h2 = 1;
  Estimate mean;  // normal interval
  Estimate hksj;  // Hartung-Knapp-Sidik-Jonkman: t with k-1 df on the rescaled variance
  // Intervals of a new unit's true value.
  Estimate prediction_normal;    // mean +- z sqrt(tau2 + se^2)
  Estimate prediction_t;         // t with k-2 df (Higgins, Thompson & Spiegelhalter 2009); no interval when k < 3
  Estimate prediction_hksj;      // t with k-1 df and the HKSJ standard error
  std::vector<double> shrunken;  // empirical Bayes (BLUP): tau2/(tau2+v)*y + v/(tau2+v)*mean
};

// kTooFew below two units; kNotConverged with the iterations' limit; kOutsideDomain for a variance that is not positive and
// finite.
[[nodiscard]] Outcome<MetaResult> RandomEffects(std::span<const double> y, std::span<const double> v, TauMethod method,
                                                double confidence = 0.95);

// Interval of tau2 by Q-profiling (Viechtbauer 2007). Bounds are 0 where Q never reaches the quantile.
struct TauInterval {
  double low = 0;
  double high = 0;
};
[[nodiscard]] Outcome<TauInterval> QProfile(std::span<const double> y, std::span<const double> v, double confidence = 0.95);

// Balanced one-way variance components: groups of equal size n >= 2. REML equals the analysis-of-variance estimator when it is
// positive, else between = 0 and the pooled variance.
struct OneWayResult {
  double ms_between = 0, ms_within = 0;
  double between = 0, within = 0;  // REML
  double between_ml = 0;
  double icc = 0;
  double mean = 0;
  double shrinkage = 0;      // n*between/(n*between + within)
  std::vector<double> blup;  // shrinkage * (group mean - mean)
};
[[nodiscard]] Outcome<OneWayResult> BalancedOneWay(std::span<const std::vector<double>> groups);

// Median odds ratio (Larsen & Merlo 2005): exp(sqrt(2 sigma2) Phi^-1(0.75)): the odds ratio in the median between two random
// units.
[[nodiscard]] double MedianOddsRatio(double sigma2);

// Random-intercept logistic regression: logit P = x'b + u_g, u ~ N(0, sigma2), binomial rows, by maximum likelihood with adaptive
// Gauss-Hermite quadrature (1 node is Laplace's approximation).
struct GlmmData {
  std::size_t columns = 0;         // of the design, intercept included
  std::vector<double> design;      // rows x columns, row-major
  std::vector<double> events, n;   // per row
  std::vector<std::size_t> group;  // per row, 0..groups-1
};
struct GlmmResult {
  std::vector<double> beta;
  double sigma2 = 0;
  double log_likelihood = 0;  // without the binomial coefficients
  double median_odds_ratio = 1;
  double latent_icc = 0;           // sigma2/(sigma2 + pi^2/3)
  std::vector<double> group_mode;  // u_g, shrunken
};
[[nodiscard]] Outcome<GlmmResult> RandomInterceptLogistic(const GlmmData& data, int nodes = 1);

}  // namespace plumbline::stats
