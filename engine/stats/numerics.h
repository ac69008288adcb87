// Quadrature, dense linear systems and monotone roots for the integral equations and Markov chains of run-length theory.
// The same bits on every CPU: nodes by Newton on det::Cos starts, LU by Eigen at the baseline instruction set in numerics.cc.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

// Gauss-Legendre rule on [low, high]: sum of weight[i] * f(node[i]), exact for polynomials of degree 2n-1.
struct Quadrature {
  std::vector<double> node;    // n, ascending
  std::vector<double> weight;  // n
};
[[nodiscard]] Quadrature GaussLegendre(std::size_t n, double low, double high);

// A dense square matrix, row major.
class SquareMatrix {
 public:
  explicit SquareMatrix(std::size_t n) : n_(n), cells_(n * n, 0.0) {}
  [[nodiscard]] std::size_t size() const { return n_; }
  double& operator()(std::size_t row, std::size_t column) { return cells_[row * n_ + column]; }
  double operator()(std::size_t row, std::size_t column) const { return cells_[row * n_ + column]; }
  [[nodiscard]] std::span<const double> cells() const { return cells_; }

 private:
  std::size_t n_;
  std::vector<double> cells_;
};

// Solves A x = b by LU with partial pivoting; kSingular when the solution is not finite.
[[nodiscard]] Outcome<std::vector<double>> SolveLinear(const SquareMatrix& a, std::span<const double> b);

// Expected steps to absorption from every transient state of a Markov chain with transitions Q among them: (I - Q) x = 1.
[[nodiscard]] Outcome<std::vector<double>> AbsorptionTimes(const SquareMatrix& transitions);

// The inverse of a symmetric positive definite matrix (Cholesky); kSingular when it is not.
[[nodiscard]] Outcome<SquareMatrix> InverseSymmetric(const SquareMatrix& a);

// v' M v.
[[nodiscard]] double QuadraticForm(const SquareMatrix& m, std::span<const double> v);

// The x in [low, high] where the continuous, increasing function f is zero, by the Illinois variant of regula falsi with
// bisection when it stalls. f(low) <= 0 <= f(high) must hold; `f` returns Outcome<double>, whose reason is passed on.
template <typename Function>
[[nodiscard]] Outcome<double> RootOfIncreasing(Function f, double low, double high, double tolerance) {
  Outcome<double> at_low = f(low), at_high = f(high);
  if (!at_low) return at_low;
  if (!at_high) return at_high;
  double f_low = *at_low, f_high = *at_high;
  if (f_low > 0 || f_high < 0)
    return No(Reason::kOutsideDomain, "no design within the range that is searched meets the wanted value");
  constexpr int kMaxSteps = 200;
  int side = 0;
  for (int i = 0; i < kMaxSteps && high - low > tolerance; ++i) {
    double x = f_high == f_low ? 0.5 * (low + high) : high - f_high * (high - low) / (f_high - f_low);
    if (!(x > low && x < high) || i % 8 == 7) x = 0.5 * (low + high);
    const Outcome<double> value = f(x);
    if (!value) return value;
    if (*value == 0) return x;
    if (*value < 0) {
      low = x;
      f_low = *value;
      if (side == -1) f_high /= 2;
      side = -1;
    } else {
      high = x;
      f_high = *value;
      if (side == 1) f_low /= 2;
      side = 1;
    }
    if (std::fabs(*value) < tolerance * 1e-3) return x;
  }
  return 0.5 * (low + high);
}

}  // namespace plumbline::stats
