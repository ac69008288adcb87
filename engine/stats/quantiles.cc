// The quantiles of distributions.h.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/check.h"
#include "engine/base/math.h"
#include "engine/stats/distributions.h"
#include "engine/stats/distributions_internal.h"

namespace plumbline::stats {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

void CheckProbability(double p) { PLUMBLINE_CHECK(p > 0 && p < 1, "a quantile is asked for a probability inside (0,1)"); }

// What is sought: the x > 0 whose lower tail (or upper, when that is the smaller) is `p`.
struct Target {
  double p = 0;
  bool upper = false;
};

Target Nearer(double p, bool upper) { return Target{p, upper}; }

// Safeguarded Newton for a distribution on (0, limit), limit possibly infinite. tails(x) -> Tails, density(x) -> double. The
// bracket always holds the root; a step that leaves it, or that does not halve it in time, becomes a (geometric) bisection.
template <typename TailsFunction, typename DensityFunction>
double SolvePositive(Target target, double start, TailsFunction tails, DensityFunction density) {
  // above(x) > 0 when x is too great.
  const auto above = [&](double x) {
    const Tails t = tails(x);
    return target.upper ? target.p - t.upper : t.lower - target.p;
  };
  double low = 0, high = std::numeric_limits<double>::infinity();
  double x = start > 0 && std::isfinite(start) ? start : 1;
  for (int i = 0; i < 400; ++i) {
    const double g = above(x);
    if (g == 0) return x;
    (g > 0 ? high : low) = x;
    const double slope = density(x);
    double next = slope > 0 ? x - g / slope : -1;
    if (!(next > low && next < high)) {
      if (low == 0) {
        next = x / 16;
      } else if (std::isinf(high)) {
        next = x * 4;
      } else {
        next = high / low > 4 ? std::sqrt(low) * std::sqrt(high) : 0.5 * (low + high);
      }
    }
    if (next == x || std::fabs(next - x) <= kEpsilon * x || next < 1e-305) return next;
    x = next;
  }
  return x;
}

double GammaSolve(double p, bool upper, double shape) {
  CheckProbability(p);
  // Wilson-Hilferty start; for small shapes the leading term of the series.
  const double z = upper ? -NormalQuantile(p) : NormalQuantile(p);
  const double c = 1 - 1 / (9 * shape) + z / (3 * std::sqrt(shape));
  double start = shape * c * c * c;
  if (!(c > 0.1)) start = det::Exp((det::Log(upper ? 1 - p : p) + det::LGamma(shape + 1)) / shape);
  return SolvePositive(
      Nearer(p, upper), start, [&](double x) { return IncompleteGamma(shape, x); },
      [&](double x) { return internal::GammaDensity(shape, x); });
}

// The odds x/(1-x) of the Beta(a,b) quantile: positive and unbounded, so that both ends keep their digits.
double BetaOddsSolve(double p, bool upper, double a, double b) {
  CheckProbability(p);
  const auto split = [](double odds) { return std::pair<double, double>{odds / (1 + odds), 1 / (1 + odds)}; };
  return SolvePositive(
      Nearer(p, upper), a / b,
      [&](double odds) {
        const auto [x, y] = split(odds);
        return IncompleteBeta(a, b, x, y);
      },
      [&](double odds) {
        const auto [x, y] = split(odds);
        return internal::BetaDensity(a, b, x, y) * y * y;
      });
}

// The least k in [low, high] with enough(k); enough(high) holds.
template <typename Enough>
std::int64_t LeastCount(std::int64_t low, std::int64_t high, Enough enough) {
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (enough(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

double Polynomial(const double (&c)[8], double r) {
  double sum = c[7];
  for (int i = 6; i >= 0; --i) sum = sum * r + c[i];
  return sum;
}

}  // namespace

// AS 241, PPND16: rational approximations of degree 7 on three ranges, relative error about 1e-16.
double NormalQuantile(double p) {
  CheckProbability(p);
  static constexpr double kA[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                   1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                   3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static constexpr double kB[8] = {1.0,
                                   4.2313330701600911252e+1,
                                   6.8718700749205790830e+2,
                                   5.3941960214247511077e+3,
                                   2.1213794301586595867e+4,
                                   3.9307895800092710610e+4,
                                   2.8729085735721942674e+4,
                                   5.2264952788528545610e+3};
  static constexpr double kC[8] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                   3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                   2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double kD[8] = {1.0,
                                   2.05319162663775882187e0,
                                   1.67638483018380384940e0,
                                   6.89767334985100004550e-1,
                                   1.48103976427480074590e-1,
                                   1.51986665636164571966e-2,
                                   5.47593808499534494600e-4,
                                   1.05075007164441684324e-9};
  static constexpr double kE[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                   2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                   2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double kF[8] = {1.0,
                                   5.99832206555887937690e-1,
                                   1.36929880922735805310e-1,
                                   1.48753612908506148525e-2,
                                   7.86869131145613259100e-4,
                                   1.84631831751005468180e-5,
                                   1.42151175831644588870e-7,
                                   2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * Polynomial(kA, r) / Polynomial(kB, r);
  }
  const double r = std::sqrt(-det::Log(q < 0 ? p : 1 - p));
  const double x = r <= 5 ? Polynomial(kC, r - 1.6) / Polynomial(kD, r - 1.6) : Polynomial(kE, r - 5) / Polynomial(kF, r - 5);
  return q < 0 ? -x : x;
}

double NormalTwoSided(double confidence) {
  CheckProbability(confidence);
  return -NormalQuantile(0.5 * (1 - confidence));
}

double GammaQuantile(double p, double shape, double scale) { return scale * GammaSolve(p, false, shape); }
double GammaUpperQuantile(double q, double shape, double scale) { return scale * GammaSolve(q, true, shape); }
double ChiSquaredQuantile(double p, double df) { return GammaQuantile(p, df / 2, 2); }
double ChiSquaredUpperQuantile(double q, double df) { return GammaUpperQuantile(q, df / 2, 2); }

double BetaQuantile(double p, double a, double b) {
  const double odds = p <= 0.5 ? BetaOddsSolve(p, false, a, b) : BetaOddsSolve(1 - p, true, a, b);
  return odds / (1 + odds);
}

double StudentTQuantile(double p, double df) {
  CheckProbability(p);
  if (p == 0.5) return 0;
  const double tail = p < 0.5 ? p : 1 - p;
  if (tail > 0.25) {
    // Near the middle t^2/df is small and its distribution is taken from below.
    const double odds = BetaOddsSolve(1 - 2 * tail, false, 0.5, df / 2);
    const double t = std::sqrt(df * odds);
    return p < 0.5 ? -t : t;
  }
  const double odds = BetaOddsSolve(2 * tail, true, 0.5, df / 2);
  const double t = std::sqrt(df * odds);
  return p < 0.5 ? -t : t;
}

double FQuantile(double p, double df1, double df2) { return BetaOddsSolve(p, false, df1 / 2, df2 / 2) * df2 / df1; }
double FUpperQuantile(double q, double df1, double df2) { return BetaOddsSolve(q, true, df1 / 2, df2 / 2) * df2 / df1; }

std::int64_t BinomialQuantile(double probability, std::int64_t n, double p) {
  CheckProbability(probability);
  const double least = probability * (1 - 64 * kEpsilon);
  return LeastCount(0, n, [&](std::int64_t k) { return BinomialCdf(k, n, p) >= least; });
}

std::int64_t PoissonQuantile(double probability, double mean) {
  CheckProbability(probability);
  const double least = probability * (1 - 64 * kEpsilon);
  std::int64_t high = static_cast<std::int64_t>(mean + 10 * std::sqrt(mean)) + 10;
  while (PoissonCdf(high, mean) < least) high *= 2;
  return LeastCount(0, high, [&](std::int64_t k) { return PoissonCdf(k, mean) >= least; });
}

}  // namespace plumbline::stats
