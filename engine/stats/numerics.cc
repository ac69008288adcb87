#include "engine/stats/numerics.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/LU>

#include "engine/base/check.h"
#include "engine/base/math.h"

namespace plumbline::stats {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const RowMajor> Map(const SquareMatrix& a) {
  const auto n = static_cast<Eigen::Index>(a.size());
  return {a.cells().data(), n, n};
}

// The Legendre polynomial of degree n and its derivative at x in (-1,1).
struct Legendre {
  double value = 0;
  double slope = 0;
};
Legendre LegendreAt(std::size_t n, double x) {
  double previous = 1, current = x;
  for (std::size_t k = 2; k <= n; ++k) {
    const auto d = static_cast<double>(k);
    const double next = ((2 * d - 1) * x * current - (d - 1) * previous) / d;
    previous = current;
    current = next;
  }
  return {current, static_cast<double>(n) * (x * current - previous) / (x * x - 1)};
}

}  // namespace

Quadrature GaussLegendre(std::size_t n, double low, double high) {
  PLUMBLINE_CHECK(n >= 2 && n <= 4096, "a quadrature has between 2 and 4096 nodes");
  constexpr double kPi = 3.14159265358979323846;
  Quadrature rule{std::vector<double>(n), std::vector<double>(n)};
  const double half = 0.5 * (high - low), middle = 0.5 * (high + low);
  for (std::size_t i = 0; i < (n + 1) / 2; ++i) {
    double x = det::Cos(kPi * (static_cast<double>(i) + 0.75) / (static_cast<double>(n) + 0.5));
    Legendre p = LegendreAt(n, x);
    for (int step = 0; step < 100; ++step) {
      const double next = x - p.value / p.slope;
      const bool done = std::fabs(next - x) < 1e-15;
      x = next;
      p = LegendreAt(n, x);
      if (done) break;
    }
    const double weight = 2 / ((1 - x * x) * p.slope * p.slope);
    rule.node[n - 1 - i] = middle + half * x;
    rule.node[i] = middle - half * x;
    rule.weight[i] = rule.weight[n - 1 - i] = half * weight;
  }
  return rule;
}

Outcome<std::vector<double>> SolveLinear(const SquareMatrix& a, std::span<const double> b) {
  PLUMBLINE_CHECK(a.size() == b.size(), "a linear system is square");
  const Eigen::PartialPivLU<RowMajor> lu(Map(a));
  const Eigen::VectorXd x = lu.solve(Eigen::Map<const Eigen::VectorXd>(b.data(), static_cast<Eigen::Index>(b.size())));
  if (!x.allFinite()) return No(Reason::kSingular, "a linear system has no unique solution");
  return std::vector<double>(x.data(), x.data() + x.size());
}

Outcome<std::vector<double>> AbsorptionTimes(const SquareMatrix& transitions) {
  SquareMatrix a = transitions;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a.size(); ++j) a(i, j) = (i == j ? 1.0 : 0.0) - a(i, j);
  }
  const std::vector<double> ones(a.size(), 1.0);
  return SolveLinear(a, ones);
}

Outcome<SquareMatrix> InverseSymmetric(const SquareMatrix& a) {
  const auto map = Map(a);
  const Eigen::LLT<RowMajor> llt(map);
  const auto n = static_cast<Eigen::Index>(a.size());
  if (llt.info() != Eigen::Success) return No(Reason::kSingular, "a covariance matrix is not positive definite");
  // A variable that is a sum of others shows as a pivot that is nothing but rounding.
  for (Eigen::Index i = 0; i < n; ++i) {
    const double pivot = llt.matrixLLT()(i, i);
    if (!(pivot * pivot > 1e-13 * map(i, i))) return No(Reason::kSingular, "variables are linear functions of each other");
  }
  const RowMajor inverse = llt.solve(RowMajor::Identity(n, n));
  if (!inverse.allFinite()) return No(Reason::kSingular, "a covariance matrix cannot be inverted");
  SquareMatrix result(a.size());
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) result(static_cast<std::size_t>(i), static_cast<std::size_t>(j)) = inverse(i, j);
  }
  return result;
}

double QuadraticForm(const SquareMatrix& m, std::span<const double> v) {
  PLUMBLINE_CHECK(m.size() == v.size(), "a quadratic form is of a matrix and a vector of one size");
  double sum = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    double row = 0;
    for (std::size_t j = 0; j < v.size(); ++j) row += m(i, j) * v[j];
    sum += v[i] * row;
  }
  return sum;
}

}  // namespace plumbline::stats
