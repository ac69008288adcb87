// Run lengths of EWMA charts of means and variances, and of Shiryaev-Roberts.
#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/arl.h"
#include "engine/stats/distributions.h"
#include "engine/stats/numerics.h"

namespace plumbline::stats {
namespace {

constexpr double kMaxArl = 1e12;

Outcome<double> Length(double arl) {
  if (!std::isfinite(arl) || arl < 1 - 1e-9 || arl > kMaxArl) {
    return No(Reason::kUnbounded, "the average run length is beyond what can be computed (1e12)");
  }
  return std::max(arl, 1.0);
}

// Crowder's equation with fixed limits +-limit: the length from each node.
class StationaryEwma {
 public:
  static Outcome<StationaryEwma> Solve(double lambda, double limit, double mean) {
    // The kernel is lambda wide, so its features must be resolved: some nodes for each of its standard deviations.
    const auto nodes = static_cast<std::size_t>(std::clamp(40 + 8 * (2 * limit / lambda), 80.0, 600.0));
    StationaryEwma ewma(GaussLegendre(nodes, -limit, limit), lambda, mean);
    SquareMatrix a(nodes);
    for (std::size_t i = 0; i < nodes; ++i) {
      for (std::size_t j = 0; j < nodes; ++j) a(i, j) = (i == j ? 1.0 : 0.0) - ewma.Kernel(ewma.rule_.node[i], j);
    }
    const std::vector<double> ones(nodes, 1.0);
    PLUMBLINE_ASSIGN(ewma.values_, SolveLinear(a, ones));
    return ewma;
  }
  [[nodiscard]] double At(double z) const {
    double sum = 1;
    for (std::size_t j = 0; j < values_.size(); ++j) sum += values_[j] * Kernel(z, j);
    return sum;
  }

 private:
  StationaryEwma(Quadrature rule, double lambda, double mean) : rule_(std::move(rule)), lambda_(lambda), mean_(mean) {}
  // weight_j times the density of the next value at node j.
  [[nodiscard]] double Kernel(double z, std::size_t j) const {
    return rule_.weight[j] / lambda_ * NormalPdf((rule_.node[j] - (1 - lambda_) * z) / lambda_ - mean_);
  }
  Quadrature rule_;
  double lambda_;
  double mean_;
  std::vector<double> values_;
};

}  // namespace

Outcome<double> EwmaArl(const EwmaArlOptions& o) {
  if (!(o.lambda >= 0.005 && o.lambda <= 1) || !(o.width > 0 && o.width <= 12) || !std::isfinite(o.mean)) {
    return No(Reason::kOutsideDomain, "an EWMA has lambda in [0.005, 1] and a width in (0, 12]");
  }
  if (o.lambda == 1) return ShewhartArl(o.width, o.mean);
  const double limit = o.width * std::sqrt(o.lambda / (2 - o.lambda));
  PLUMBLINE_ASSIGN(const auto stationary, StationaryEwma::Solve(o.lambda, limit, o.mean));
  if (o.limits == EwmaLimits::kAsymptotic) return Length(stationary.At(0));
  // Backwards from the time when the limits have reached their asymptote to within rounding: the length from z after t steps is
  // 1 + the integral over the limits of step t+1.
  constexpr double kSettled = 1e-13;
  const double step = det::Log1p(-o.lambda);
  const auto last = static_cast<std::size_t>(std::ceil(det::Log(kSettled) / (2 * step)));
  const auto nodes = static_cast<std::size_t>(std::clamp(30 + 6 * (2 * limit / o.lambda), 60.0, 300.0));
  Quadrature next;
  std::vector<double> next_values;
  for (std::size_t t = last; t >= 1; --t) {
    const double limit_t = limit * std::sqrt(-det::Expm1(2 * static_cast<double>(t) * step));
    const Quadrature here = GaussLegendre(nodes, -limit_t, limit_t);
    std::vector<double> values(nodes);
    for (std::size_t i = 0; i < nodes; ++i) {
      const double z = here.node[i];
      if (next_values.empty()) {
        values[i] = stationary.At(z);
        continue;
      }
      double sum = 1;
      for (std::size_t j = 0; j < nodes; ++j) {
        sum += next.weight[j] / o.lambda * NormalPdf((next.node[j] - (1 - o.lambda) * z) / o.lambda - o.mean) * next_values[j];
      }
      values[i] = sum;
    }
    next = here;
    next_values = std::move(values);
  }
  double sum = 1;
  for (std::size_t j = 0; j < nodes; ++j)
    sum += next.weight[j] / o.lambda * NormalPdf(next.node[j] / o.lambda - o.mean) * next_values[j];
  return Length(sum);
}

Outcome<double> DesignEwma(double lambda, double wanted_arl, EwmaLimits limits) {
  if (!(wanted_arl > 2) || wanted_arl > 1e9) return No(Reason::kOutsideDomain, "a wanted ARL lies between 2 and 1e9");
  const auto excess = [&](double width) -> Outcome<double> {
    const auto arl = EwmaArl({.lambda = lambda, .width = width, .mean = 0, .limits = limits});
    if (!arl && arl.error().reason == Reason::kUnbounded) return 50.0;
    if (!arl) return arl;
    return det::Log(*arl) - det::Log(wanted_arl);
  };
  return RootOfIncreasing(excess, 0.05, 7, 1e-11);
}

Outcome<double> VarianceEwmaArl(double lambda, double limit, double df, double sigma) {
  if (!(lambda >= 0.01 && lambda <= 1) || !(limit > 0) || limit > 1e3 || !(df >= 1) || df > 1e4 || !(sigma > 0) || sigma > 1e3) {
    return No(Reason::kOutsideDomain, "a variance EWMA has lambda in [0.01, 1], a limit > 0, df >= 1 and sigma > 0");
  }
  // Chebyshev polynomials T_j on [0, limit], collocated at their Chebyshev points. From z the next value is (1-lambda) z + lambda
  // s with s = v^2, which takes the singularity of the chi-squared density at 0 (df < 2) out of the integral.
  constexpr std::size_t kTerms = 40, kNodes = 80;
  constexpr double kPi = 3.14159265358979323846;
  const auto polynomials = [&](double x, std::vector<double>* t) {
    const double u = 2 * x / limit - 1;
    (*t)[0] = 1;
    (*t)[1] = u;
    for (std::size_t j = 2; j < kTerms; ++j) (*t)[j] = 2 * u * (*t)[j - 1] - (*t)[j - 2];
  };
  SquareMatrix a(kTerms);
  std::vector<double> t(kTerms);
  for (std::size_t i = 0; i < kTerms; ++i) {
    const double z = limit * 0.5 * (1 + det::Cos(kPi * (static_cast<double>(i) + 0.5) / static_cast<double>(kTerms)));
    polynomials(z, &t);
    for (std::size_t j = 0; j < kTerms; ++j) a(i, j) = t[j];
    const double top = std::sqrt(std::max(0.0, (limit - (1 - lambda) * z) / lambda));
    const double scale = df / (sigma * sigma);
    const Quadrature rule = GaussLegendre(kNodes, 0, top);
    for (std::size_t n = 0; n < kNodes; ++n) {
      const double v = rule.node[n];
      const double weight = rule.weight[n] * scale * ChiSquaredPdf(v * v * scale, df) * 2 * v;
      polynomials((1 - lambda) * z + lambda * v * v, &t);
      for (std::size_t j = 0; j < kTerms; ++j) a(i, j) -= weight * t[j];
    }
  }
  const std::vector<double> ones(kTerms, 1.0);
  PLUMBLINE_ASSIGN(const auto coefficients, SolveLinear(a, ones));
  if (limit <= 1 - lambda) return No(Reason::kOutsideDomain, "the limit is below what the chart starts from");
  polynomials(std::min(1.0, limit), &t);
  double arl = 0;
  for (std::size_t j = 0; j < kTerms; ++j) arl += coefficients[j] * t[j];
  return Length(arl);
}

Outcome<double> ShiryaevRobertsArl(double k, double threshold, double mean) {
  if (!(k > 0 && k <= 5) || !(threshold > -5 && threshold <= 25) || !std::isfinite(mean)) {
    return No(Reason::kOutsideDomain, "Shiryaev-Roberts has k in (0, 5] and a log threshold in (-5, 25]");
  }
  // In w = log R: w' = log(1 + e^w) + s, s normal with mean 2k mean - 2k^2 and standard deviation 2k. Below `floor` the state is
  // as good as R = 0.
  const double sd = 2 * k, drift = 2 * k * mean - 2 * k * k, floor = -16;
  const auto nodes = static_cast<std::size_t>(std::clamp(60 + 6 * (threshold - floor) / sd, 100.0, 500.0));
  const Quadrature rule = GaussLegendre(nodes, floor, threshold);
  SquareMatrix a(nodes + 1);  // the nodes, then R = 0
  for (std::size_t i = 0; i <= nodes; ++i) {
    const double start = i < nodes ? det::Log1p(det::Exp(rule.node[i])) + drift : drift;
    for (std::size_t j = 0; j < nodes; ++j) a(i, j) = -rule.weight[j] / sd * NormalPdf((rule.node[j] - start) / sd);
    a(i, nodes) = -NormalCdf((floor - start) / sd);
    a(i, i) += 1;
  }
  const std::vector<double> ones(nodes + 1, 1.0);
  PLUMBLINE_ASSIGN(const auto values, SolveLinear(a, ones));
  return Length(values[nodes]);
}

}  // namespace plumbline::stats
