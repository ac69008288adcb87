// Are two (or k) samples of numbers from one distribution? Kolmogorov-Smirnov, k-sample Anderson-Darling, energy distance,
// 1-Wasserstein distance, maximum mean discrepancy, Hotelling's T2. Values are finite; order within a sample does not matter.
//
// Permutation p-values use a counter-based generator: (seed, permutation number) fix the shuffle, on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

struct KsResult {
  double d = 0;         // sup |F_a - F_b|
  double d_signed = 0;  // F_a - F_b at the place of the greatest difference: positive when a lies below b
  double p_exact =
      0;  // Smirnov's distribution by counting lattice paths; ties are honoured (paths are checked at distinct values only)
  bool exact = false;       // p_exact was computed: n*m <= max_exact_product
  double p_asymptotic = 0;  // Kolmogorov's limit
};
[[nodiscard]] Outcome<KsResult> KolmogorovSmirnov(std::span<const double> a, std::span<const double> b,
                                                  double max_exact_product = 1e6);

// Scholz & Stephens 1987, JASA 82:918. Version 1 is their eq. 6 (right-continuous), version 2 their eq. 7 (midranks, better with
// ties).
struct AndersonDarlingResult {
  double a2_v1 = 0, t_v1 = 0, p_v1 = 0;
  double a2_v2 = 0, t_v2 = 0, p_v2 = 0;
  double sigma = 0;
  // p-values are interpolated in log p from their table 2 (as extended to 0.001 and 0.005); outside 0.001..0.25 they are
  // extrapolated and only say "small" or "large".
};
[[nodiscard]] Outcome<AndersonDarlingResult> AndersonDarlingK(std::span<const std::vector<double>> samples);

struct Distances {
  double energy_squared = 0;  // E2 = 2E|X-Y| - E|X-X'| - E|Y-Y'| = 2 integral (F-G)^2; Szekely & Rizzo 2013
  double energy_t = 0;        // n*m/(n+m) * E2
  double wasserstein = 0;     // W1 = integral |F-G|, in the values' unit
};
[[nodiscard]] Outcome<Distances> DistancesOf(std::span<const double> a, std::span<const double> b);

struct MmdResult {
  double biased_squared = 0;    // Gretton et al. 2012, eq. 5; never negative
  double unbiased_squared = 0;  // eq. 3
  double bandwidth = 0;
};
// Kernel exp(-d^2/(2*bandwidth^2)); bandwidth 0: the median distance of the pooled values. O((n+m)^2), at most 20,000 values
// together.
[[nodiscard]] Outcome<MmdResult> MaximumMeanDiscrepancy(std::span<const double> a, std::span<const double> b,
                                                        double bandwidth = 0);

enum class PermutationStatistic { kEnergy, kWasserstein, kMmd, kMeanDifference };
struct PermutationOptions {
  std::size_t permutations = 999;
  std::uint64_t seed = 1;
};
// p = (1 + #{permuted >= observed}) / (1 + permutations).
[[nodiscard]] Outcome<Test> PermutationTest(PermutationStatistic statistic, std::span<const double> a, std::span<const double> b,
                                            PermutationOptions options = {});

// Rows of `dimensions` values each. Equal covariances are assumed.
struct Moments {
  double n = 0;
  std::vector<double> mean;  // dimensions
  std::vector<double> sums;  // corrected sums of squares and products, dimensions x dimensions
};
[[nodiscard]] Outcome<Moments> MomentsOf(std::span<const double> rows, std::size_t dimensions);
struct HotellingResult {
  double mahalanobis_squared = 0;  // D2
  double t2 = 0;
  Test f;  // F on (p, n+m-p-1)
};
// kSingular when the pooled covariance cannot be inverted, kTooFew when n + m <= p + 1.
[[nodiscard]] Outcome<HotellingResult> HotellingTwoSample(const Moments& a, const Moments& b);

}  // namespace plumbline::stats
