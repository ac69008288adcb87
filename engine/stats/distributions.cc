#include "engine/stats/distributions.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/check.h"
#include "engine/base/math.h"
#include "engine/stats/distributions_internal.h"

namespace plumbline::stats {
namespace {

constexpr double kLnSqrt2Pi = 0.91893853320467274178;
constexpr double kTwoPi = 6.28318530717958647692;
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr double kTiny = 1e-300;
constexpr int kMaxTerms = 4'000'000;

bool Positive(double a) { return a > 0 && std::isfinite(a); }

// log n! minus Stirling's formula; what Loader calls the Stirling error.
double StirlingError(double n) {
  if (n <= 15) return det::LGamma(n + 1) - (n + 0.5) * det::Log(n) + n - kLnSqrt2Pi;
  const double r = 1 / (n * n);
  return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - (1.0 / 1188) * r) * r) * r) * r) / n;
}

// x log(x/m) + m - x without cancellation near x = m.
double DevianceHalf(double x, double m) {
  if (std::fabs(x - m) < 0.1 * (x + m)) {
    const double v = (x - m) / (x + m);
    double sum = (x - m) * v;
    double term = 2 * x * v;
    for (int j = 1; j < 1000; ++j) {
      term *= v * v;
      const double next = sum + term / (2 * j + 1);
      if (next == sum) return next;
      sum = next;
    }
    return sum;
  }
  return x * det::Log(x / m) + m - x;
}

// m^x e^-m / Gamma(x+1) for real x >= 0.
double PoissonDensity(double x, double m) {
  if (m == 0) return x == 0 ? 1 : 0;
  if (x == 0) return det::Exp(-m);
  if (x < 1) return det::Exp(x * det::Log(m) - m - det::LGamma(x + 1));
  return det::Exp(-StirlingError(x) - DevianceHalf(x, m)) / std::sqrt(kTwoPi * x);
}

// Gamma(n+1)/(Gamma(x+1)Gamma(n-x+1)) p^x q^(n-x) for real 0 <= x <= n.
double BinomialDensity(double x, double n, double p, double q) {
  if (p == 0) return x == 0 ? 1 : 0;
  if (q == 0) return x == n ? 1 : 0;
  if (x == 0) return p < 0.1 ? det::Exp(n * det::Log1p(-p)) : det::Exp(n * det::Log(q));
  if (x == n) return q < 0.1 ? det::Exp(n * det::Log1p(-q)) : det::Exp(n * det::Log(p));
  const double exponent =
      StirlingError(n) - StirlingError(x) - StirlingError(n - x) - DevianceHalf(x, n * p) - DevianceHalf(n - x, n * q);
  return det::Exp(exponent) * std::sqrt(n / (kTwoPi * x * (n - x)));
}

// Lower tail by the series x^a e^-x / Gamma(a+1) * (1 + x/(a+1) + ...).
double GammaSeries(double a, double x) {
  double sum = 1, term = 1;
  for (int i = 1; i < kMaxTerms; ++i) {
    term *= x / (a + i);
    sum += term;
    if (term < sum * kEpsilon * 0.25) break;
  }
  return PoissonDensity(a, x) * sum;
}

// Upper tail by the continued fraction, modified Lentz.
double GammaFraction(double a, double x) {
  double b = x + 1 - a;
  double c = 1 / kTiny;
  double d = 1 / (b == 0 ? kTiny : b);
  double h = d;
  for (int i = 1; i < kMaxTerms; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (std::fabs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::fabs(c) < kTiny) c = kTiny;
    d = 1 / d;
    const double factor = d * c;
    h *= factor;
    if (std::fabs(factor - 1) < kEpsilon) break;
  }
  return PoissonDensity(a, x) * a * h;
}

// The continued fraction of I_x(a,b), without its prefix; converges fast for x < (a+1)/(a+b+2).
double BetaFraction(double a, double b, double x) {
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  if (std::fabs(d) < kTiny) d = kTiny;
  d = 1 / d;
  double h = d;
  for (int m = 1; m < kMaxTerms; ++m) {
    const double m2 = 2.0 * m;
    double coefficient = m * (b - m) * x / ((a + m2 - 1) * (a + m2));
    for (int half = 0; half < 2; ++half) {
      d = 1 + coefficient * d;
      if (std::fabs(d) < kTiny) d = kTiny;
      c = 1 + coefficient / c;
      if (std::fabs(c) < kTiny) c = kTiny;
      d = 1 / d;
      h *= d * c;
      if (half == 0) coefficient = -(a + m) * (a + b + m) * x / ((a + m2) * (a + m2 + 1));
    }
    if (std::fabs(d * c - 1) < kEpsilon) break;
  }
  return h;
}

// x^a y^b / B(a,b).
double BetaPrefix(double a, double b, double x, double y) { return a * (b / (a + b)) * BinomialDensity(a, a + b, x, y); }

}  // namespace

namespace internal {

double GammaDensity(double a, double x) {
  if (x <= 0) return 0;
  return PoissonDensity(a, x) * a / x;
}

double BetaDensity(double a, double b, double x, double y) {
  if (x <= 0 || y <= 0) return 0;
  return BetaPrefix(a, b, x, y) / (x * y);
}

}  // namespace internal

Tails IncompleteGamma(double a, double x) {
  PLUMBLINE_CHECK(Positive(a) && x >= 0, "the incomplete gamma function needs a > 0 and x >= 0");
  if (x == 0) return {0, 1};
  if (std::isinf(x)) return {1, 0};
  if (x < a + 1) {
    const double lower = std::min(1.0, GammaSeries(a, x));
    return {lower, 1 - lower};
  }
  const double upper = std::min(1.0, GammaFraction(a, x));
  return {1 - upper, upper};
}

Tails IncompleteBeta(double a, double b, double x, double y) {
  PLUMBLINE_CHECK(Positive(a) && Positive(b) && x >= 0 && y >= 0, "the incomplete beta function needs a, b > 0 and x in [0,1]");
  if (x == 0) return {0, 1};
  if (y == 0) return {1, 0};
  const double prefix = BetaPrefix(a, b, x, y);
  if (x < (a + 1) / (a + b + 2)) {
    const double lower = std::min(1.0, prefix / a * BetaFraction(a, b, x));
    return {lower, 1 - lower};
  }
  const double upper = std::min(1.0, prefix / b * BetaFraction(b, a, y));
  return {1 - upper, upper};
}

double NormalPdf(double x) { return det::Exp(-0.5 * x * x - kLnSqrt2Pi); }
double NormalCdf(double x) { return 0.5 * det::Erfc(-x * 0.70710678118654752440); }
double NormalUpper(double x) { return 0.5 * det::Erfc(x * 0.70710678118654752440); }

double GammaCdf(double x, double shape, double scale) {
  PLUMBLINE_CHECK(Positive(scale), "a scale is positive");
  return x <= 0 ? 0 : IncompleteGamma(shape, x / scale).lower;
}
double GammaUpper(double x, double shape, double scale) {
  PLUMBLINE_CHECK(Positive(scale), "a scale is positive");
  return x <= 0 ? 1 : IncompleteGamma(shape, x / scale).upper;
}

double ChiSquaredPdf(double x, double df) { return 0.5 * internal::GammaDensity(df / 2, x / 2); }
double ChiSquaredCdf(double x, double df) { return GammaCdf(x, df / 2, 2); }
double ChiSquaredUpper(double x, double df) { return GammaUpper(x, df / 2, 2); }

double BetaCdf(double x, double a, double b) {
  if (x <= 0) return 0;
  return x >= 1 ? 1 : IncompleteBeta(a, b, x, 1 - x).lower;
}
double BetaUpper(double x, double a, double b) {
  if (x <= 0) return 1;
  return x >= 1 ? 0 : IncompleteBeta(a, b, x, 1 - x).upper;
}

double StudentTTwoSided(double t, double df) {
  PLUMBLINE_CHECK(Positive(df) && !std::isnan(t), "Student's t needs df > 0");
  if (std::isinf(t)) return 0;
  const double square = t * t;
  return IncompleteBeta(df / 2, 0.5, df / (df + square), square / (df + square)).lower;
}
double StudentTUpper(double t, double df) {
  const double tail = 0.5 * StudentTTwoSided(t, df);
  return t >= 0 ? tail : 1 - tail;
}
double StudentTCdf(double t, double df) { return StudentTUpper(-t, df); }

double FCdf(double f, double df1, double df2) {
  if (f <= 0) return 0;
  const double d = df2 + df1 * f;
  return IncompleteBeta(df1 / 2, df2 / 2, df1 * f / d, df2 / d).lower;
}
double FUpper(double f, double df1, double df2) {
  if (f <= 0) return 1;
  const double d = df2 + df1 * f;
  return IncompleteBeta(df1 / 2, df2 / 2, df1 * f / d, df2 / d).upper;
}

double BinomialPmf(std::int64_t k, std::int64_t n, double p) {
  PLUMBLINE_CHECK(n >= 0 && p >= 0 && p <= 1, "a binomial has n >= 0 and p in [0,1]");
  if (k < 0 || k > n) return 0;
  return BinomialDensity(static_cast<double>(k), static_cast<double>(n), p, 1 - p);
}
double BinomialCdf(std::int64_t k, std::int64_t n, double p) {
  PLUMBLINE_CHECK(n >= 0 && p >= 0 && p <= 1, "a binomial has n >= 0 and p in [0,1]");
  if (k < 0) return 0;
  if (k >= n) return 1;
  return IncompleteBeta(static_cast<double>(n - k), static_cast<double>(k + 1), 1 - p, p).lower;
}
double BinomialAtLeast(std::int64_t k, std::int64_t n, double p) {
  PLUMBLINE_CHECK(n >= 0 && p >= 0 && p <= 1, "a binomial has n >= 0 and p in [0,1]");
  if (k <= 0) return 1;
  if (k > n) return 0;
  return IncompleteBeta(static_cast<double>(k), static_cast<double>(n - k + 1), p, 1 - p).lower;
}

double PoissonPmf(std::int64_t k, double mean) {
  PLUMBLINE_CHECK(mean >= 0 && std::isfinite(mean), "a Poisson mean is not negative");
  return k < 0 ? 0 : PoissonDensity(static_cast<double>(k), mean);
}
double PoissonCdf(std::int64_t k, double mean) {
  PLUMBLINE_CHECK(mean >= 0 && std::isfinite(mean), "a Poisson mean is not negative");
  return k < 0 ? 0 : IncompleteGamma(static_cast<double>(k + 1), mean).upper;
}
double PoissonAtLeast(std::int64_t k, double mean) {
  PLUMBLINE_CHECK(mean >= 0 && std::isfinite(mean), "a Poisson mean is not negative");
  return k <= 0 ? 1 : IncompleteGamma(static_cast<double>(k), mean).lower;
}

double NoncentralChiSquaredPdf(double x, double df, double noncentrality) {
  PLUMBLINE_CHECK(noncentrality >= 0 && std::isfinite(noncentrality), "a noncentrality is not negative");
  if (x <= 0) return 0;
  const double half = noncentrality / 2;
  const int last = static_cast<int>(half + 12 * std::sqrt(half) + 40);
  double sum = 0;
  for (int j = last; j >= 0; --j) sum += PoissonDensity(j, half) * ChiSquaredPdf(x, df + 2 * j);
  return sum;
}

double NoncentralChiSquaredCdf(double x, double df, double noncentrality) {
  PLUMBLINE_CHECK(noncentrality >= 0 && std::isfinite(noncentrality), "a noncentrality is not negative");
  if (x <= 0) return 0;
  const double half = noncentrality / 2;
  const int last = static_cast<int>(half + 12 * std::sqrt(half) + 40);
  // Downwards P(a,x) = P(a+1,x) + x^a e^-x / Gamma(a+1) only adds.
  double tail = IncompleteGamma(df / 2 + last, x / 2).lower;
  double sum = PoissonDensity(last, half) * tail;
  for (int j = last - 1; j >= 0; --j) {
    tail += PoissonDensity(df / 2 + j, x / 2);
    sum += PoissonDensity(j, half) * tail;
  }
  return std::min(1.0, sum);
}

double LogBeta(double a, double b) {
  PLUMBLINE_CHECK(Positive(a) && Positive(b), "a beta function has positive arguments");
  return det::LGamma(a) + det::LGamma(b) - det::LGamma(a + b);
}
double LogChoose(double n, double k) { return det::LGamma(n + 1) - det::LGamma(k + 1) - det::LGamma(n - k + 1); }

}  // namespace plumbline::stats
