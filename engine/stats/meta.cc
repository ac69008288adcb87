#include "engine/stats/meta.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/distributions.h"

namespace plumbline::stats {
namespace {

constexpr int kMaxIterations = 10'000;
constexpr int kMaxBisections = 300;

// Weighted sums at a tau2.
struct Weighted {
  double w1 = 0, w2 = 0, w3 = 0;  // sums of w, w^2, w^3
  double mean = 0;
  double q = 0;      // sum w (y - mean)^2
  double ypp_y = 0;  // sum w^2 (y - mean)^2
};
Weighted At(std::span<const double> y, std::span<const double> v, double tau2) {
  Weighted s;
  double wy = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double w = 1 / (v[i] + tau2);
    s.w1 += w;
    s.w2 += w * w;
    s.w3 += w * w * w;
    wy += w * y[i];
  }
  s.mean = wy / s.w1;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double w = 1 / (v[i] + tau2), d = y[i] - s.mean;
    s.q += w * d * d;
    s.ypp_y += w * w * d * d;
  }
  return s;
}

// The tau2 >= 0 with Q(tau2) = target; 0 when Q(0) is below it. Q falls with tau2.
double RootOfQ(std::span<const double> y, std::span<const double> v, double target) {
  if (At(y, v, 0).q <= target) return 0;
  double low = 0, high = 1e-6;
  for (int i = 0; i < 200 && At(y, v, high).q > target; ++i) high *= 2;
  for (int i = 0; i < kMaxBisections; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (At(y, v, middle).q > target ? low : high) = middle;
  }
  return low + (high - low) / 2;
}

// Fisher scoring for ML and REML, kept at or above 0.
Outcome<double> Scoring(std::span<const double> y, std::span<const double> v, bool reml) {
  double tau2 = 0;
  {
    const double k = static_cast<double>(y.size());
    double mean = 0, squares = 0, mean_v = 0;
    for (const double x : y) mean += x / k;
    for (std::size_t i = 0; i < y.size(); ++i) {
      squares += (y[i] - mean) * (y[i] - mean) / (k - 1);
      mean_v += v[i] / k;
    }
    tau2 = std::max(0.0, squares - mean_v);
  }
  for (int i = 0; i < kMaxIterations; ++i) {
    const Weighted s = At(y, v, tau2);
    const double r = s.w2 / s.w1;
    const double step = reml ? (s.ypp_y - (s.w1 - r)) / (s.w2 - 2 * s.w3 / s.w1 + r * r) : (s.ypp_y - s.w1) / s.w2;
    const double next = std::max(0.0, tau2 + step);
    const bool done = std::fabs(next - tau2) <= 1e-13 * (tau2 + 1e-9);
    tau2 = next;
    if (done) return tau2;
  }
  return No(Reason::kNotConverged, "tau2 did not converge in 10,000 steps");
}

Outcome<void> CheckMeta(std::span<const double> y, std::span<const double> v, double confidence) {
  if (y.size() != v.size()) return No(Reason::kOutsideDomain, "as many variances as estimates");
  if (!(confidence > 0 && confidence < 1)) return No(Reason::kOutsideDomain, "the confidence lies between 0 and 1");
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!std::isfinite(y[i]) || !std::isfinite(v[i]) || v[i] <= 0) {
      return No(Reason::kOutsideDomain, "unit " + std::to_string(i) + " has an estimate or variance outside the domain");
    }
  }
  if (y.size() < 2) return No(Reason::kTooFew, "fewer than two units");
  return {};
}

Outcome<double> Tau2(std::span<const double> y, std::span<const double> v, TauMethod method) {
  const double df = static_cast<double>(y.size() - 1);
  const Weighted fixed = At(y, v, 0);
  switch (method) {
    case TauMethod::kFixed:
      return 0.0;
    case TauMethod::kDerSimonianLaird:
      return std::max(0.0, (fixed.q - df) / (fixed.w1 - fixed.w2 / fixed.w1));
    case TauMethod::kHedges: {
      double mean = 0, squares = 0, mean_v = 0;
      for (const double x : y) mean += x / (df + 1);
      for (std::size_t i = 0; i < y.size(); ++i) {
        squares += (y[i] - mean) * (y[i] - mean) / df;
        mean_v += v[i] / (df + 1);
      }
      return std::max(0.0, squares - mean_v);
    }
    case TauMethod::kPauleMandel:
      return RootOfQ(y, v, df);
    case TauMethod::kMaximumLikelihood:
      return Scoring(y, v, false);
    case TauMethod::kReml:
      return Scoring(y, v, true);
  }
  return No(Reason::kOutsideDomain, "an unknown method");
}

Estimate About(double centre, double half, double confidence, double se) {
  return Stated(centre, centre - half, centre + half, confidence, se);
}

}  // namespace

Outcome<MetaResult> RandomEffects(std::span<const double> y, std::span<const double> v, TauMethod method, double confidence) {
  PLUMBLINE_TRY(CheckMeta(y, v, confidence));
  MetaResult r;
  r.k = y.size();
  const double df = static_cast<double>(r.k - 1);
  const Weighted fixed = At(y, v, 0);
  r.q = Test{fixed.q, df, 0, ChiSquaredUpper(fixed.q, df)};
  PLUMBLINE_ASSIGN(r.tau2, Tau2(y, v, method));
  const double typical = df / (fixed.w1 - fixed.w2 / fixed.w1);
  r.h2 = method == TauMethod::kFixed ? std::max(1.0, fixed.q / df) : r.tau2 / typical + 1;
  r.i2 = 100 * (r.h2 - 1) / r.h2;
  const Weighted s = At(y, v, r.tau2);
  const double se = std::sqrt(1 / s.w1), z = NormalTwoSided(confidence), upper = (1 + confidence) / 2;
  r.mean = About(s.mean, z * se, confidence, se);
  const double t1 = StudentTQuantile(upper, df), se_hksj = std::sqrt(s.q / df / s.w1);
  r.hksj = About(s.mean, t1 * se_hksj, confidence, se_hksj);
  const double spread = std::sqrt(r.tau2 + se * se);
  r.prediction_normal = About(s.mean, z * spread, confidence, spread);
  r.prediction_t = r.k < 3 ? WithoutInterval(s.mean, Reason::kTooFew)
                           : About(s.mean, StudentTQuantile(upper, df - 1) * spread, confidence, spread);
  const double spread_hksj = std::sqrt(r.tau2 + se_hksj * se_hksj);
  r.prediction_hksj = About(s.mean, t1 * spread_hksj, confidence, spread_hksj);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double b = r.tau2 / (r.tau2 + v[i]);
    r.shrunken.push_back(b * y[i] + (1 - b) * s.mean);
  }
  return r;
}

Outcome<TauInterval> QProfile(std::span<const double> y, std::span<const double> v, double confidence) {
  PLUMBLINE_TRY(CheckMeta(y, v, confidence));
  const double df = static_cast<double>(y.size() - 1), tail = (1 - confidence) / 2;
  return TauInterval{RootOfQ(y, v, ChiSquaredUpperQuantile(tail, df)), RootOfQ(y, v, ChiSquaredQuantile(tail, df))};
}

Outcome<OneWayResult> BalancedOneWay(std::span<const std::vector<double>> groups) {
  if (groups.size() < 2 || groups[0].size() < 2) return No(Reason::kTooFew, "two groups of two values are needed");
  const double k = static_cast<double>(groups.size()), n = static_cast<double>(groups[0].size());
  OneWayResult r;
  std::vector<double> means;
  double within = 0, between = 0;
  for (const auto& g : groups) {
    if (g.size() != groups[0].size()) return No(Reason::kOutsideDomain, "the groups are of one size");
    double mean = 0;
    for (const double x : g) {
      if (!std::isfinite(x)) return No(Reason::kOutsideDomain, "values are finite");
      mean += x / n;
    }
    for (const double x : g) within += (x - mean) * (x - mean);
    means.push_back(mean);
    r.mean += mean / k;
  }
  for (const double m : means) between += n * (m - r.mean) * (m - r.mean);
  r.ms_between = between / (k - 1);
  r.ms_within = within / (k * (n - 1));
  if (between == 0 && within == 0) return No(Reason::kZeroVariance, "all values are equal");
  r.between = (r.ms_between - r.ms_within) / n;
  r.within = r.ms_within;
  if (r.between < 0) {
    r.between = 0;
    r.within = (between + within) / (k * n - 1);
  }
  r.between_ml = std::max(0.0, (between / k - r.ms_within) / n);
  r.icc = r.between / (r.between + r.within);
  r.shrinkage = n * r.between / (n * r.between + r.within);
  for (const double m : means) r.blup.push_back(r.shrinkage * (m - r.mean));
  return r;
}

double MedianOddsRatio(double sigma2) {
  return det::Exp(std::sqrt(2 * std::max(0.0, std::min(sigma2, 1e4))) * NormalQuantile(0.75));
}

}  // namespace plumbline::stats
