#include "engine/stats/control_constants.h"

#include <array>
#include <atomic>
#include <cmath>

#include "engine/base/check.h"
#include "engine/base/math.h"
#include "engine/stats/distributions.h"
#include "engine/stats/numerics.h"

namespace plumbline::stats {
namespace {

constexpr double kFar = 9.5;  // beyond it a normal tail is below 1e-20
constexpr std::size_t kNodes = 160;

double Power(double x, std::size_t n) {
  double result = 1;
  for (; n > 0; n >>= 1, x *= x) {
    if ((n & 1) != 0) result *= x;
  }
  return result;
}

// A constant is computed once for each size: charts of thousands of units ask for the same one. Two threads that both find
// nothing compute the same number.
using Known = std::array<std::atomic<double>, kMaxSubgroup + 1>;
template <typename Compute>
double Once(Known* known, std::size_t n, Compute compute) {
  double value = (*known)[n].load(std::memory_order_relaxed);
  if (value == 0) {
    value = compute(n);
    (*known)[n].store(value, std::memory_order_relaxed);
  }
  return value;
}

void CheckSize(std::size_t n) { PLUMBLINE_CHECK(n >= 2 && n <= kMaxSubgroup, "a subgroup has between 2 and 100 values"); }

}  // namespace

namespace {

double ComputeD2(std::size_t n) {
  // The mean of the range is the integral of 1 - Phi^n - (1-Phi)^n; the integrand is even.
  const Quadrature rule = GaussLegendre(kNodes, 0, kFar);
  double sum = 0;
  for (std::size_t i = 0; i < kNodes; ++i) {
    const double upper = NormalUpper(rule.node[i]);
    // 1 - (1-u)^n without cancellation.
    sum += rule.weight[i] * (-det::Expm1(static_cast<double>(n) * det::Log1p(-upper)) - Power(upper, n));
  }
  return 2 * sum;
}

}  // namespace

double D2(std::size_t n) {
  static Known known{};
  CheckSize(n);
  return Once(&known, n, ComputeD2);
}

double RangeCdf(double w, std::size_t n) {
  CheckSize(n);
  if (w <= 0) return 0;
  const Quadrature rule = GaussLegendre(kNodes, -kFar, kFar);
  double sum = 0;
  for (std::size_t i = 0; i < kNodes; ++i) {
    const double x = rule.node[i];
    const double between = x > 0 ? NormalUpper(x) - NormalUpper(x + w) : NormalCdf(x + w) - NormalCdf(x);
    sum += rule.weight[i] * NormalPdf(x) * Power(between, n - 1);
  }
  return static_cast<double>(n) * sum < 1 ? static_cast<double>(n) * sum : 1;
}

namespace {

double ComputeD3(std::size_t n) {
  // E W^2 = integral of 2 w (1 - P(W <= w)).
  const Quadrature rule = GaussLegendre(kNodes, 0, 2 * kFar);
  double second = 0;
  for (std::size_t i = 0; i < kNodes; ++i) second += rule.weight[i] * 2 * rule.node[i] * (1 - RangeCdf(rule.node[i], n));
  const double mean = D2(n);
  return std::sqrt(second - mean * mean);
}

}  // namespace

double D3(std::size_t n) {
  static Known known{};
  CheckSize(n);
  return Once(&known, n, ComputeD3);
}

double C4(double n) {
  PLUMBLINE_CHECK(n > 1 && n < 1e9, "c4 is of more than one value");
  return std::sqrt(2 / (n - 1)) * det::Exp(det::LGamma(n / 2) - det::LGamma((n - 1) / 2));
}

}  // namespace plumbline::stats
