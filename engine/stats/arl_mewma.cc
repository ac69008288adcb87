// Run lengths of the MEWMA chart.
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

// The density at y of y = |V|, V normal in `df` dimensions with identity covariance and mean of length `centre`: 2 y times the
// noncentral chi-squared density at y^2, as exp(-(y^2+c^2)/2) y^(df-1) 2^(1-df/2)/Gamma(df/2) sum_j (y c/2)^(2j)/(j! (df/2)_j).
class RadiusDensity {
 public:
  explicit RadiusDensity(double df) : df_(df), log_scale_((1 - df / 2) * det::Log(2.0) - det::LGamma(df / 2)) {}
  [[nodiscard]] double At(double y, double centre) const {
    if (y <= 0) return 0;
    const double half = 0.25 * y * y * centre * centre;
    double term = 1, sum = 1;
    for (int j = 0; j < 100000; ++j) {
      term *= half / ((j + 1) * (df_ / 2 + j));
      sum += term;
      if (term < sum * 1e-17) break;
    }
    return det::Exp(log_scale_ + (df_ - 1) * det::Log(y) - 0.5 * (y * y + centre * centre)) * sum;
  }

 private:
  double df_;
  double log_scale_;
};

// In control the state is the radius r of z alone: next radius / lambda is noncentral with centre (1-lambda) r / lambda.
Outcome<double> InControl(double variables, double lambda, double radius) {
  const auto nodes = static_cast<std::size_t>(std::clamp(30 + 6 * radius / lambda, 50.0, 300.0));
  const Quadrature rule = GaussLegendre(nodes, 0, radius);
  const RadiusDensity density(variables);
  const auto kernel = [&](double r, std::size_t j) {
    return rule.weight[j] / lambda * density.At(rule.node[j] / lambda, (1 - lambda) * r / lambda);
  };
  SquareMatrix a(nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    for (std::size_t j = 0; j < nodes; ++j) a(i, j) = (i == j ? 1.0 : 0.0) - kernel(rule.node[i], j);
  }
  const std::vector<double> ones(nodes, 1.0);
  PLUMBLINE_ASSIGN(const auto values, SolveLinear(a, ones));
  double sum = 1;
  for (std::size_t j = 0; j < nodes; ++j) sum += values[j] * kernel(0, j);
  return sum;
}

// Out of control: the component u along the shift, and the radius v of the others (variables - 1), with u^2 + v^2 < radius^2.
// u = radius sin(angle) crowds the nodes where the room for v closes; v runs over Gauss nodes of [0, sqrt(radius^2 - u^2)].
Outcome<double> Shifted(double variables, double lambda, double radius, double shift) {
  constexpr double kHalfPi = 1.57079632679489661923;
  const auto n_u = static_cast<std::size_t>(std::clamp(14 + 3 * radius / lambda, 26.0, 44.0));
  const auto n_v = static_cast<std::size_t>(std::clamp(8 + 1.6 * radius / lambda, 14.0, 26.0));
  const Quadrature angle = GaussLegendre(n_u, -kHalfPi, kHalfPi);
  const Quadrature unit = GaussLegendre(n_v, 0, 1);
  const RadiusDensity density(variables - 1);
  const std::size_t n = n_u * n_v;
  std::vector<double> u(n), v(n), weight(n);
  for (std::size_t i = 0; i < n_u; ++i) {
    const double room = radius * det::Cos(angle.node[i]);
    for (std::size_t j = 0; j < n_v; ++j) {
      u[i * n_v + j] = radius * det::Sin(angle.node[i]);
      v[i * n_v + j] = room * unit.node[j];
      weight[i * n_v + j] = angle.weight[i] * room * unit.weight[j] * room;
    }
  }
  const auto kernel = [&](double from_u, double from_v, std::size_t to) {
    const double along = NormalPdf((u[to] - (1 - lambda) * from_u) / lambda - shift);
    return weight[to] / (lambda * lambda) * along * density.At(v[to] / lambda, (1 - lambda) * from_v / lambda);
  };
  SquareMatrix a(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) a(i, j) = (i == j ? 1.0 : 0.0) - kernel(u[i], v[i], j);
  }
  const std::vector<double> ones(n, 1.0);
  PLUMBLINE_ASSIGN(const auto values, SolveLinear(a, ones));
  double sum = 1;
  for (std::size_t j = 0; j < n; ++j) sum += values[j] * kernel(0, 0, j);
  return sum;
}

}  // namespace

Outcome<double> MewmaArl(std::size_t variables, double lambda, double limit, double shift) {
  if (variables < 2 || variables > 50 || !(lambda >= 0.02 && lambda < 1) || !(limit > 0 && limit <= 400) ||
      !(shift >= 0 && shift <= 20)) {
    return No(Reason::kOutsideDomain,
              "a MEWMA has 2 to 50 variables, lambda in [0.02, 1), a limit in (0, 400] and a shift in [0, 20]");
  }
  const double radius = std::sqrt(limit * lambda / (2 - lambda));
  const auto p = static_cast<double>(variables);
  PLUMBLINE_ASSIGN(const double arl, shift == 0 ? InControl(p, lambda, radius) : Shifted(p, lambda, radius, shift));
  if (!std::isfinite(arl) || arl < 1 - 1e-9 || arl > kMaxArl) {
    return No(Reason::kUnbounded, "the average run length is beyond what can be computed (1e12)");
  }
  return std::max(arl, 1.0);
}

Outcome<double> DesignMewma(std::size_t variables, double lambda, double wanted_arl) {
  if (!(wanted_arl > 2) || wanted_arl > 1e9) return No(Reason::kOutsideDomain, "a wanted ARL lies between 2 and 1e9");
  const auto excess = [&](double limit) -> Outcome<double> {
    const auto arl = MewmaArl(variables, lambda, limit, 0);
    if (!arl && arl.error().reason == Reason::kUnbounded) return 50.0;
    if (!arl) return arl;
    return det::Log(*arl) - det::Log(wanted_arl);
  };
  // An uncorrelated sequence would need the chi-squared quantile; the MEWMA's limit lies below it.
  const double high = ChiSquaredUpperQuantile(1 / wanted_arl, static_cast<double>(variables)) + 5;
  return RootOfIncreasing(excess, 0.1, high, 1e-10);
}

}  // namespace plumbline::stats
