// Maximum mean discrepancy, permutation tests and Hotelling's T2 of two_sample.h.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/distributions.h"
#include "engine/stats/random.h"
#include "engine/stats/two_sample.h"

namespace plumbline::stats {
namespace {

constexpr std::size_t kMaxKernelValues = 20'000;

double MedianDistance(std::vector<double> pooled) {
  // Of at most 1,000 values, taken evenly from the sorted ones: the bandwidth needs no more precision than that.
  std::sort(pooled.begin(), pooled.end());
  std::vector<double> sample;
  const std::size_t step = pooled.size() / 1000 + 1;
  for (std::size_t i = 0; i < pooled.size(); i += step) sample.push_back(pooled[i]);
  std::vector<double> distances;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (sample[i] != sample[j]) distances.push_back(sample[i] - sample[j]);
    }
  }
  if (distances.empty()) return 0;
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  return *middle;
}

Outcome<double> Statistic(PermutationStatistic kind, std::span<const double> a, std::span<const double> b, double bandwidth) {
  switch (kind) {
    case PermutationStatistic::kEnergy: {
      PLUMBLINE_ASSIGN(const Distances d, DistancesOf(a, b));
      return d.energy_squared;
    }
    case PermutationStatistic::kWasserstein: {
      PLUMBLINE_ASSIGN(const Distances d, DistancesOf(a, b));
      return d.wasserstein;
    }
    case PermutationStatistic::kMmd: {
      PLUMBLINE_ASSIGN(const MmdResult d, MaximumMeanDiscrepancy(a, b, bandwidth));
      return d.unbiased_squared;
    }
    case PermutationStatistic::kMeanDifference:
      break;
  }
  double x = 0, y = 0;
  for (const double v : a) x += v;
  for (const double v : b) y += v;
  return std::fabs(x / static_cast<double>(a.size()) - y / static_cast<double>(b.size()));
}

}  // namespace

Outcome<MmdResult> MaximumMeanDiscrepancy(std::span<const double> a, std::span<const double> b, double bandwidth) {
  if (a.size() < 2 || b.size() < 2) return No(Reason::kTooFew, "two values on each side are needed");
  if (a.size() + b.size() > kMaxKernelValues)
    return No(Reason::kOutsideDomain, "more than 20,000 values: use the energy distance");
  std::vector<double> pooled(a.begin(), a.end());
  pooled.insert(pooled.end(), b.begin(), b.end());
  for (const double x : pooled) {
    if (!std::isfinite(x)) return No(Reason::kOutsideDomain, "values are finite");
  }
  if (!(bandwidth >= 0) || !std::isfinite(bandwidth)) return No(Reason::kOutsideDomain, "the bandwidth is positive");
  if (bandwidth == 0) bandwidth = MedianDistance(pooled);
  if (bandwidth == 0) return No(Reason::kZeroVariance, "all values are equal");
  const double scale = -1 / (2 * bandwidth * bandwidth);
  const auto kernel = [scale](double x, double y) { return det::Exp(scale * (x - y) * (x - y)); };
  double aa = 0, bb = 0, ab = 0;  // off-diagonal halves
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) aa += kernel(a[i], a[j]);
    for (const double y : b) ab += kernel(a[i], y);
  }
  for (std::size_t i = 0; i < b.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) bb += kernel(b[i], b[j]);
  }
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  MmdResult r;
  r.bandwidth = bandwidth;
  r.biased_squared = std::max(0.0, (2 * aa + n) / (n * n) + (2 * bb + m) / (m * m) - 2 * ab / (n * m));
  r.unbiased_squared = 2 * aa / (n * (n - 1)) + 2 * bb / (m * (m - 1)) - 2 * ab / (n * m);
  return r;
}

Outcome<Test> PermutationTest(PermutationStatistic kind, std::span<const double> a, std::span<const double> b,
                              PermutationOptions options) {
  if (options.permutations == 0 || options.permutations > 1'000'000)
    return No(Reason::kOutsideDomain, "1 to 1,000,000 permutations");
  if (a.empty() || b.empty()) return No(Reason::kTooFew, "a sample is empty");
  std::vector<double> pooled(a.begin(), a.end());
  pooled.insert(pooled.end(), b.begin(), b.end());
  double bandwidth = 0;
  if (kind == PermutationStatistic::kMmd) {
    PLUMBLINE_ASSIGN(const MmdResult m, MaximumMeanDiscrepancy(a, b));
    bandwidth = m.bandwidth;
  }
  Test test;
  PLUMBLINE_ASSIGN(test.statistic, Statistic(kind, a, b, bandwidth));
  std::size_t as_extreme = 1;
  for (std::size_t k = 0; k < options.permutations; ++k) {
    SplitMix random(options.seed, k);
    for (std::size_t i = pooled.size() - 1; i > 0; --i) std::swap(pooled[i], pooled[random.Below(i + 1)]);
    const std::span<const double> all(pooled);
    PLUMBLINE_ASSIGN(const double permuted, Statistic(kind, all.first(a.size()), all.subspan(a.size()), bandwidth));
    if (permuted >= test.statistic * (1 - 1e-12)) ++as_extreme;
  }
  test.p = static_cast<double>(as_extreme) / static_cast<double>(options.permutations + 1);
  return test;
}

Outcome<Moments> MomentsOf(std::span<const double> rows, std::size_t dimensions) {
  if (dimensions == 0 || rows.size() % dimensions != 0) return No(Reason::kOutsideDomain, "whole rows are needed");
  const std::size_t n = rows.size() / dimensions;
  if (n < 2) return No(Reason::kTooFew, "two rows are needed");
  Moments m{static_cast<double>(n), std::vector<double>(dimensions), std::vector<double>(dimensions * dimensions)};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!std::isfinite(rows[i])) return No(Reason::kOutsideDomain, "values are finite");
    m.mean[i % dimensions] += rows[i];
  }
  for (double& x : m.mean) x /= m.n;
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t i = 0; i < dimensions; ++i) {
      const double di = rows[r * dimensions + i] - m.mean[i];
      for (std::size_t j = 0; j < dimensions; ++j) m.sums[i * dimensions + j] += di * (rows[r * dimensions + j] - m.mean[j]);
    }
  }
  return m;
}

Outcome<HotellingResult> HotellingTwoSample(const Moments& a, const Moments& b) {
  const std::size_t p = a.mean.size();
  if (p == 0 || b.mean.size() != p || a.sums.size() != p * p || b.sums.size() != p * p) {
    return No(Reason::kOutsideDomain, "both samples have the same dimensions");
  }
  const double dp = static_cast<double>(p), df2 = a.n + b.n - dp - 1;
  if (df2 < 1) return No(Reason::kTooFew, "n + m must be above the number of variables plus one");
  const auto size = static_cast<Eigen::Index>(p);
  Eigen::MatrixXd s(size, size);
  Eigen::VectorXd d(size);
  for (Eigen::Index i = 0; i < size; ++i) {
    const auto at = static_cast<std::size_t>(i);
    d(i) = a.mean[at] - b.mean[at];
    for (Eigen::Index j = 0; j < size; ++j) {
      const auto cell = at * p + static_cast<std::size_t>(j);
      s(i, j) = (a.sums[cell] + b.sums[cell]) / (a.n + b.n - 2);
    }
  }
  const Eigen::FullPivLU<Eigen::MatrixXd> lu(s);
  if (!lu.isInvertible())
    return No(Reason::kSingular, "the pooled covariance cannot be inverted: a variable is constant or follows from others");
  HotellingResult r;
  r.mahalanobis_squared = d.dot(lu.solve(d));
  if (!std::isfinite(r.mahalanobis_squared)) return No(Reason::kSingular, "the pooled covariance cannot be inverted");
  r.t2 = a.n * b.n / (a.n + b.n) * r.mahalanobis_squared;
  r.f.statistic = df2 / (dp * (a.n + b.n - 2)) * r.t2;
  r.f.df = dp;
  r.f.df2 = df2;
  r.f.p = FUpper(std::max(0.0, r.f.statistic), dp, df2);
  return r;
}

}  // namespace plumbline::stats
