// The adaptive grid of e_detector.h: Shin, Ramdas & Rinaldo 2023, algorithm 1 (DesignBernoulliGrid).
#include <algorithm>
#include <cmath>

#include "engine/base/math.h"
#include "engine/stats/e_detector.h"

namespace plumbline::stats {
namespace {

constexpr int kMaxValues = 200;
constexpr int kBisections = 200;

// psi*(d) of the Bernoulli exponential family about m0: the Kullback-Leibler divergence of m0 + d from m0, and its slope.
double Divergence(double m0, double d) {
  const double p = m0 + d;
  return p * det::Log(p / m0) + (1 - p) * (p < 1 ? det::Log((1 - p) / (1 - m0)) : 0);
}
double Slope(double m0, double d) { return det::Log((m0 + d) / m0) - det::Log((1 - m0 - d) / (1 - m0)); }

// The best of k values: min over k of log k - g * ratio^(-1/k).
struct Best {
  double value;
  int k;
};
Best Spacing(double g, double ratio) {
  Best best{-g / ratio, 1};
  for (int k = 2; k <= kMaxValues; ++k) {
    const double v = det::Log(k) - g * det::Pow(ratio, -1.0 / k);
    if (v < best.value) best = {v, k};
  }
  return best;
}

double LogSum(double a, double b) {
  const double top = std::max(a, b);
  return top + det::Log(det::Exp(a - top) + det::Exp(b - top));
}

template <typename F>
double Bisect(F f, double low, double high) {
  const bool rising = f(low) < 0;
  for (int i = 0; i < kBisections; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    ((f(middle) < 0) == rising ? low : high) = middle;
  }
  return low + (high - low) / 2;
}

}  // namespace

Outcome<AdaptiveGrid> DesignBernoulliGrid(const AdaptiveGridOptions& o) {
  if (!(o.m0 > 0 && o.m0 < 1 && o.delta_lower > 0 && o.delta_upper >= o.delta_lower && o.m0 + o.delta_upper < 1 &&
        o.run_length > 1 && std::isfinite(o.run_length))) {
    return No(Reason::kOutsideDomain, "0 < m0 < 1, 0 < delta_lower <= delta_upper < 1 - m0 and a run length above 1 are needed");
  }
  const double log_arl = det::Log(o.run_length);
  const double low = Divergence(o.m0, o.delta_lower), high = Divergence(o.m0, o.delta_upper);
  AdaptiveGrid grid;
  if (log_arl <= low || o.delta_lower == o.delta_upper) return AdaptiveGrid{{Slope(o.m0, o.delta_lower)}, {1.0}};
  const double ratio = high / low;
  const bool small = Spacing(high, ratio).value <= -log_arl;
  const double g = small ? Bisect([&](double x) { return Spacing(x, ratio).value + log_arl; }, log_arl, high)
                         : Bisect([&](double x) { return LogSum(-x, Spacing(x, ratio).value) + log_arl; }, high,
                                  ratio * det::Log(2 * o.run_length));
  const int k = Spacing(g, ratio).k;
  const double eta = det::Pow(ratio, 1.0 / k);
  const bool with_top = g > high;
  if (with_top) grid.lambdas.push_back(Slope(o.m0, o.delta_upper));
  for (int i = 1; i < k; ++i) {
    const double target = high / det::Pow(eta, i);
    const double d = Bisect([&](double x) { return Divergence(o.m0, x) - target; }, 0.0, o.delta_upper);
    grid.lambdas.push_back(Slope(o.m0, d));
  }
  grid.lambdas.push_back(Slope(o.m0, o.delta_lower));
  if (with_top) grid.weights.push_back(det::Exp(-g));
  for (int i = 0; i < k; ++i) grid.weights.push_back(det::Exp(-g / eta));
  double total = 0;
  for (const double w : grid.weights) total += w;
  for (double& w : grid.weights) w /= total;
  return grid;
}

}  // namespace plumbline::stats
