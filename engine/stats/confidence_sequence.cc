#include "engine/stats/confidence_sequence.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "engine/base/math.h"
#include "engine/stats/distributions.h"

namespace plumbline::stats {
namespace {

constexpr int kBisections = 200;
constexpr double kZeta14 = 3.1055472779775813;  // Riemann's zeta at 1.4

double Zeta(double s) {
  if (s == 1.4) return kZeta14;
  // Euler-Maclaurin with 30 terms; s > 1.
  double sum = 0;
  constexpr int kTerms = 30;
  for (int n = 1; n < kTerms; ++n) sum += det::Pow(n, -s);
  const double n = kTerms, at = det::Pow(n, -s);
  return sum + n * at / (s - 1) + at / 2 + s * at / (12 * n) - s * (s + 1) * (s + 2) * at / (720 * n * n * n);
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

// The s at which log M(s, v) reaches log 1/alpha, at most `limit`.
template <typename Mixture>
double BoundOf(const Mixture& mixture, double v, double alpha, double limit) {
  const double needed = -det::Log(alpha);
  double high = std::min(std::max(v, 1e-6), limit);
  for (int i = 0; i < 60 && high < limit && mixture.LogMixture(high, v) < needed; ++i) high = std::min(limit, high * 2);
  if (mixture.LogMixture(high, v) < needed) return high;
  return Bisect([&](double s) { return mixture.LogMixture(s, v) - needed; }, 0.0, high);
}

}  // namespace

double BestRho(double v, double alpha) {
  const double l = -2 * det::Log(alpha);
  return v / (l + det::Log1p(l));
}

double NormalMixture::LogMixture(double s, double v) const {
  return 0.5 * det::Log(rho_ / (v + rho_)) + s * s / (2 * (v + rho_));
}
double NormalMixture::Bound(double v, double alpha) const {
  return std::sqrt((v + rho_) * (det::Log1p(v / rho_) - 2 * det::Log(alpha)));
}

double OneSidedNormalMixture::LogMixture(double s, double v) const {
  const double spread = v + rho_;
  return 0.5 * det::Log(4 * rho_ / spread) + s * s / (2 * spread) + det::Log(NormalCdf(s / std::sqrt(spread)));
}
double OneSidedNormalMixture::Bound(double v, double alpha) const { return BoundOf(*this, v, alpha, 1e300); }

GammaExponentialMixture::GammaExponentialMixture(double v_opt, double alpha_opt, double c)
    : rho_(BestRho(v_opt, 2 * alpha_opt)), c_(c) {
  const double a = rho_ / (c_ * c_);
  leading_ = a * det::Log(a) - det::LGamma(a) - det::Log(IncompleteGamma(a, a).lower);
}
double GammaExponentialMixture::LogMixture(double s, double v) const {
  const double c2 = c_ * c_, shape = (v + rho_) / c2, x = (c_ * s + v + rho_) / c2;
  return leading_ + det::LGamma(shape) + det::Log(IncompleteGamma(shape, x).lower) - shape * det::Log(x) + (c_ * s + v) / c2;
}
double GammaExponentialMixture::Bound(double v, double alpha) const { return BoundOf(*this, v, alpha, 1e300); }

BetaBinomialMixture::BetaBinomialMixture(double v_opt, double alpha_opt, double g, double h)
    : g_(g),
      h_(h),
      r_(std::max(BestRho(v_opt, alpha_opt) - g * h, 1e-3 * g * h)),
      normaliser_(LogBeta(r_ / (g * (g + h)), r_ / (h * (g + h)))) {}
double BetaBinomialMixture::LogMixture(double s, double v) const {
  const double sum = g_ + h_;
  // Counts of a two-point variable at h and -g with mean zero: up = (v/h + s)/(g+h), down = (v/g - s)/(g+h).
  const double up = (v / h_ + s) / sum, down = (v / g_ - s) / sum;
  return v / (g_ * h_) * det::Log(sum) - up * det::Log(g_) - down * det::Log(h_) +
         LogBeta(r_ / (g_ * sum) + down, r_ / (h_ * sum) + up) - normaliser_;
}
double BetaBinomialMixture::Bound(double v, double alpha) const { return BoundOf(*this, v, alpha, v / g_); }

double PolynomialStitchingBound(double v, double alpha, const Stitching& o) {
  const double at = std::max(v, o.v_min);
  const double k1 = (det::Pow(o.eta, 0.25) + det::Pow(o.eta, -0.25)) / std::sqrt(2.0), k2 = (std::sqrt(o.eta) + 1) / 2;
  const double l =
      o.s * det::Log(det::Log(o.eta * at / o.v_min)) + det::Log(Zeta(o.s) / (alpha * det::Pow(det::Log(o.eta), o.s)));
  const double linear = k2 * o.c * l;
  return std::sqrt(k1 * k1 * at * l + linear * linear) + linear;
}

namespace {

// The error of constant C, the best over the spacing eta.
double LilError(double c, double a) {
  const auto error = [&](double eta) {
    const double root = a - std::sqrt(2 * (eta - 1) / c);
    const double gamma2 = 2 / eta * root * root;
    if (root <= 0 || gamma2 <= 1 + 1e-12) return 1e30;
    return 4 * det::Exp(-gamma2 * c) * (1 + 1 / ((gamma2 - 1) * det::Log(eta)));
  };
  double low = 1 + 1e-9,
         high = Bisect([&](double eta) { return std::sqrt(eta / 2) + std::sqrt(2 * (eta - 1) / c) - a; }, 1.0, 2 * a * a);
  // Golden section; the error is unimodal in eta.
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double x1 = high - golden * (high - low), x2 = low + golden * (high - low), f1 = error(x1), f2 = error(x2);
  for (int i = 0; i < 120; ++i) {
    if (f1 <= f2) {
      high = x2;
      x2 = x1;
      f2 = f1;
      x1 = high - golden * (high - low);
      f1 = error(x1);
    } else {
      low = x1;
      x1 = x2;
      f1 = f2;
      x2 = low + golden * (high - low);
      f2 = error(x2);
    }
  }
  return std::min(f1, f2);
}

}  // namespace

Outcome<double> EmpiricalProcessBound(double t, double alpha, double t_min, double a) {
  if (!(a > 0.7072 && a < 10 && t_min >= 1 && alpha > 0 && alpha < 1))
    return No(Reason::kOutsideDomain, "A > 1/sqrt 2, t_min >= 1, 0 < alpha < 1");
  if (!(t >= t_min) || !std::isfinite(t)) return No(Reason::kTooFew, "fewer observations than the bound begins with");
  double high = 1;
  while (high < 1e6 && LilError(high, a) > alpha) high *= 2;
  if (high >= 1e6) return No(Reason::kNotConverged, "no constant keeps this level");
  const double c = Bisect([&](double x) { return alpha - LilError(x, a); }, high / 2, high);
  return a * std::sqrt((det::Log1p(det::Log(t / t_min)) + c) / t);
}

double DoubleStitchingBound(double p, double t, double alpha, const DoubleStitching& o) {
  const double at = std::max(t, o.t_opt), logit = det::Log(p / (1 - p));
  double r = p;
  if (p < 0.5) {
    const double shifted = logit + 2 * o.delta * std::sqrt(o.t_opt * o.eta / at);
    r = std::min(0.5, 1 / (1 + det::Exp(-shifted)));
  }
  const double variance = r * (1 - r), zeta = Zeta(o.s);
  const double j = std::sqrt(at / o.t_opt) * std::fabs(logit) / (2 * o.delta) + 1;
  const double l = o.s * det::Log(det::Log(o.eta * at / o.t_opt)) + o.s * det::Log(j) +
                   det::Log(2 * zeta * (2 * zeta + 1) / (alpha * det::Pow(det::Log(o.eta), o.s)));
  const double k1 = (det::Pow(o.eta, 0.25) + det::Pow(o.eta, -0.25)) / std::sqrt(2.0), k2 = (std::sqrt(o.eta) + 1) / 2;
  const double linear = k2 * (1 - 2 * p) / 3 * l;
  return o.delta * std::sqrt(o.eta * at * variance / o.t_opt) + std::sqrt(k1 * k1 * variance * at * l + linear * linear) + linear;
}

Outcome<Estimate> BernoulliConfidenceSequence(double events, double n, double alpha, double t_opt) {
  if (!(alpha > 0 && alpha < 1 && t_opt > 0 && std::isfinite(t_opt)))
    return No(Reason::kOutsideDomain, "0 < alpha < 1 and t_opt > 0");
  if (!(n > 0) || !std::isfinite(n)) return No(Reason::kTooFew, "no cases");
  if (!(events >= 0 && events <= n)) return No(Reason::kOutsideDomain, "events lie between 0 and the cases");
  const double mean = events / n;
  const auto excess = [&](double p) {
    const double q = 1 - p;
    const BetaBinomialMixture mixture(p * q * t_opt, 0.05, p, q);
    return mixture.LogMixture((mean - p) * n, p * q * n) + det::Log(alpha);
  };
  // The mixture is large far from the mean and below 1/alpha at it.
  constexpr double kEdge = 1e-12;
  const double low = mean <= kEdge || excess(kEdge) < 0 ? 0 : Bisect(excess, kEdge, mean >= 1 - kEdge ? 1 - kEdge : mean);
  const double high = mean >= 1 - kEdge || excess(1 - kEdge) < 0 ? 1 : Bisect(excess, mean <= kEdge ? kEdge : mean, 1 - kEdge);
  return Stated(mean, low, high, 1 - alpha);
}

Outcome<double> BetaBinomialLogE(double events, double n, double p0, double a, double b) {
  if (!(p0 > 0 && p0 < 1 && a > 0 && b > 0 && events >= 0 && events <= n) || !std::isfinite(n + a + b)) {
    return No(Reason::kOutsideDomain, "0 < p0 < 1, a, b > 0 and 0 <= events <= n");
  }
  const double misses = n - events;
  return LogBeta(a + events, b + misses) - LogBeta(a, b) - events * det::Log(p0) - misses * det::Log1p(-p0);
}

bool EmpiricalBernsteinSequence::Add(double x) {
  if (!(x >= 0 && x <= 1)) return false;
  // Predictable: lambda and the centre use the values before x. sigma^2 with a prior of 1/4, mean with a prior of 1/2.
  const double before = static_cast<double>(n_), t = before + 1;
  const double variance = (0.25 + squares_) / t;
  const double lambda = std::min(truncation_, std::sqrt(2 * det::Log(2 / alpha_) / (variance * t * det::Log1p(t))));
  const double psi = -det::Log1p(-lambda) - lambda;
  // Centred at the mean so far; at the first value at 0 for the lower bound and at 1 for the upper, as the reference does.
  const double centre_low = n_ == 0 ? 0 : sum_ / before, centre_high = n_ == 0 ? 1 : sum_ / before;
  psi_low_ += psi * (x - centre_low) * (x - centre_low);
  psi_high_ += psi * (x - centre_high) * (x - centre_high);
  lambda_sum_ += lambda;
  lambda_x_ += lambda * x;
  sum_ += x;
  const double mean = (0.5 + sum_) / (t + 1);
  squares_ += (x - mean) * (x - mean);
  ++n_;
  return true;
}

Estimate EmpiricalBernsteinSequence::Interval() const {
  if (n_ == 0) return WithoutInterval(0.5, Reason::kTooFew);
  const double mean = sum_ / static_cast<double>(n_), centre = lambda_x_ / lambda_sum_, needed = det::Log(2 / alpha_);
  return Stated(mean, std::max(0.0, centre - (needed + psi_low_) / lambda_sum_),
                std::min(1.0, centre + (needed + psi_high_) / lambda_sum_), 1 - alpha_);
}

std::string EmpiricalBernsteinSequence::Serialise() const {
  std::string out(1, '\1');
  const std::array<double, 8> numbers = {alpha_, truncation_, sum_, squares_, lambda_sum_, lambda_x_, psi_low_, psi_high_};
  const auto put = [&out](std::uint64_t v) {
    for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>((v >> (8 * i)) & 0xFF));
  };
  put(n_);
  for (const double x : numbers) put(std::bit_cast<std::uint64_t>(x));
  return out;
}

Outcome<EmpiricalBernsteinSequence> EmpiricalBernsteinSequence::Restore(std::string_view bytes) {
  if (bytes.size() != 73 || bytes[0] != '\1') return No(Reason::kOutsideDomain, "the state is of another version or size");
  const auto take = [&bytes](std::size_t k) {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < 8; ++i)
      v |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[1 + 8 * k + i])) << (8 * i);
    return v;
  };
  std::array<double, 8> x{};
  for (std::size_t k = 0; k < x.size(); ++k) {
    x[k] = std::bit_cast<double>(take(k + 1));
    if (!std::isfinite(x[k]) || std::signbit(x[k])) return No(Reason::kOutsideDomain, "the state holds a number that cannot be");
  }
  // What no sequence of values in [0,1] leads to would divide by nothing or overflow later.
  const std::uint64_t count = take(0);
  const auto n = static_cast<double>(count);
  const bool possible = count < (1ULL << 52) && x[0] >= kLeastAlpha && x[0] < 1 && x[1] >= kLeastTruncation && x[1] < 1 &&
                        x[2] <= n && x[3] <= n && x[4] <= x[1] * n * (1 + 1e-9) && x[5] <= x[4] * (1 + 1e-9) &&
                        (count == 0) == (x[4] == 0) && std::max(x[6], x[7]) <= n * -det::Log1p(-x[1]) &&
                        (count == 0 || x[4] > 1e-12);
  if (!possible) return No(Reason::kOutsideDomain, "the state's numbers do not belong together");
  EmpiricalBernsteinSequence s(x[0], x[1]);
  s.n_ = take(0);
  s.sum_ = x[2];
  s.squares_ = x[3];
  s.lambda_sum_ = x[4];
  s.lambda_x_ = x[5];
  s.psi_low_ = x[6];
  s.psi_high_ = x[7];
  return s;
}

}  // namespace plumbline::stats
