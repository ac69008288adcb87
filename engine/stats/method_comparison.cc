#include "engine/stats/method_comparison.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/distributions.h"
#include "engine/stats/run_chart.h"
#include "engine/stats/sums.h"

namespace plumbline::stats {
namespace {

constexpr double kMostMeasured = 1e150;  // squares stay finite

Outcome<void> CheckPairs(std::span<const double> x, std::span<const double> y, std::size_t least, double confidence) {
  if (!(confidence > 0 && confidence < 1)) return No(Reason::kOutsideDomain, "a confidence lies inside (0,1)");
  if (x.size() != y.size()) return No(Reason::kOutsideDomain, "both methods have as many values");
  if (x.size() < least)
    return No(Reason::kTooFew, std::to_string(x.size()) + " pairs, at least " + std::to_string(least) + " are needed");
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!(std::fabs(x[i]) < kMostMeasured && std::fabs(y[i]) < kMostMeasured)) {
      return No(Reason::kOutsideDomain, "pair " + std::to_string(i + 1) + " has a value that is not finite");
    }
  }
  return {};
}

std::vector<double> Differences(std::span<const double> x, std::span<const double> y) {
  std::vector<double> d(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) d[i] = x[i] - y[i];
  return d;
}

// Weighted means and central sums of squares and products.
struct Moments {
  double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0, weight = 0;
};
Moments MomentsOf(std::span<const double> x, std::span<const double> y, std::span<const double> weight, std::size_t skip) {
  Moments m;
  CompensatedSum w, wx, wy, xx, yy, xy;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i == skip) continue;
    w.Add(weight[i]);
    wx.Add(weight[i] * x[i]);
    wy.Add(weight[i] * y[i]);
  }
  m.weight = w.Value();
  m.mean_x = wx.Value() / m.weight;
  m.mean_y = wy.Value() / m.weight;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i == skip) continue;
    const double dx = x[i] - m.mean_x, dy = y[i] - m.mean_y;
    xx.Add(weight[i] * dx * dx);
    yy.Add(weight[i] * dy * dy);
    xy.Add(weight[i] * dx * dy);
  }
  m.xx = xx.Value();
  m.yy = yy.Value();
  m.xy = xy.Value();
  return m;
}

struct Fit {
  double slope = 0, intercept = 0;
};

Outcome<Fit> DemingOnce(const Moments& m, double ratio) {
  if (!(std::fabs(m.xy) > 1e-14 * std::sqrt(m.xx) * std::sqrt(m.yy)) || m.xx == 0) {
    return No(Reason::kNoInformation, "the methods do not vary together, so a line has no direction");
  }
  const double difference = m.yy - ratio * m.xx;
  const double root = std::sqrt(difference * difference + 4 * ratio * m.xy * m.xy);
  // The form without cancellation of the two.
  const double slope = difference >= 0 ? (difference + root) / (2 * m.xy) : 2 * ratio * m.xy / (root - difference);
  return Fit{slope, m.mean_y - slope * m.mean_x};
}

constexpr std::size_t kNoSkip = static_cast<std::size_t>(-1);

// One fit without observation `skip`.
Outcome<Fit> DemingFit(std::span<const double> x, std::span<const double> y, const DemingOptions& o, std::size_t skip) {
  std::vector<double> weight(x.size(), 1.0);
  PLUMBLINE_ASSIGN(Fit fit, DemingOnce(MomentsOf(x, y, weight, skip), o.error_ratio));
  if (!o.weighted) return fit;
  constexpr int kMaxRounds = 200;
  for (int round = 0; round < kMaxRounds; ++round) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      // The point of the line nearest to the observation in the errors' metric; its level is the mean of both coordinates.
      const double off = y[i] - (fit.intercept + fit.slope * x[i]), scale = o.error_ratio + fit.slope * fit.slope;
      const double level = 0.5 * ((x[i] + fit.slope * off / scale) + (y[i] - o.error_ratio * off / scale));
      if (!(std::fabs(level) > 0))
        return No(Reason::kOutsideDomain, "a level of 0 has no proportional error; use the unweighted regression");
      weight[i] = 1 / (level * level);
    }
    PLUMBLINE_ASSIGN(const Fit next, DemingOnce(MomentsOf(x, y, weight, skip), o.error_ratio));
    const double moved = std::max(std::fabs(next.slope - fit.slope), std::fabs(next.intercept - fit.intercept));
    fit = next;
    if (moved < 1e-12 * (1 + std::fabs(fit.slope) + std::fabs(fit.intercept))) return fit;
  }
  return No(Reason::kNotConverged, "the weights did not settle in 200 rounds");
}

Estimate Jackknifed(double value, std::span<const double> pseudo, double confidence) {
  const auto n = static_cast<double>(pseudo.size());
  const double error = std::sqrt(VarianceExact(pseudo) / n);
  const double half = StudentTQuantile(0.5 + 0.5 * confidence, n - 2) * error;
  return Stated(value, value - half, value + half, confidence, error);
}

}  // namespace

Outcome<BlandAltman> BlandAltmanLimits(std::span<const double> x, std::span<const double> y, const BlandAltmanOptions& o) {
  PLUMBLINE_TRY(CheckPairs(x, y, 2, o.confidence));
  const double multiplier = o.multiplier == 0 ? NormalTwoSided(0.95) : o.multiplier;
  if (!(multiplier > 0 && multiplier < 100)) return No(Reason::kOutsideDomain, "the multiplier is above 0");
  const auto d = Differences(x, y);
  const auto n = static_cast<double>(d.size());
  BlandAltman result;
  result.pairs = d.size();
  const double bias = MeanExact(d);
  result.sd = std::sqrt(VarianceExact(d));
  if (!(result.sd > 0)) {
    result.bias = result.lower_limit = result.upper_limit = WithoutInterval(bias, Reason::kZeroVariance);
    return result;
  }
  const double t = StudentTQuantile(0.5 + 0.5 * o.confidence, n - 1), error = result.sd / std::sqrt(n);
  const double z = NormalTwoSided(0.95);
  result.limit_error_1986 = result.sd * std::sqrt(3 / n);
  result.limit_error_1999 = result.sd * std::sqrt(1 / n + z * z / (2 * (n - 1)));
  result.bias = Stated(bias, bias - t * error, bias + t * error, o.confidence, error);
  const auto limit = [&](double at) {
    return Stated(at, at - t * result.limit_error_1999, at + t * result.limit_error_1999, o.confidence, result.limit_error_1999);
  };
  result.lower_limit = limit(bias - multiplier * result.sd);
  result.upper_limit = limit(bias + multiplier * result.sd);
  return result;
}

Outcome<Accuracy> RootMeanSquareAccuracy(std::span<const double> x, std::span<const double> y) {
  PLUMBLINE_TRY(CheckPairs(x, y, 2, 0.95));
  const auto d = Differences(y, x);
  return Accuracy{std::sqrt(SumSquaresAbout(d, 0) / static_cast<double>(d.size())), MeanExact(d), std::sqrt(VarianceExact(d))};
}

Outcome<Concordance> LinConcordance(std::span<const double> x, std::span<const double> y, double confidence) {
  PLUMBLINE_TRY(CheckPairs(x, y, 3, confidence));
  const auto n = static_cast<double>(x.size());
  const Moments m = MomentsOf(x, y, std::vector<double>(x.size(), 1.0), kNoSkip);
  if (!(m.xx > 0) || !(m.yy > 0)) return No(Reason::kZeroVariance, "one method gave one value only");
  const double shift = m.mean_x - m.mean_y;
  Concordance result;
  result.pearson = std::clamp(m.xy / (std::sqrt(m.xx) * std::sqrt(m.yy)), -1.0, 1.0);
  const double ccc = 2 * m.xy / (m.xx + m.yy + n * shift * shift);
  result.bias_correction =
      2 / (std::sqrt(m.xx / m.yy) + std::sqrt(m.yy / m.xx) + n * shift * shift / (std::sqrt(m.xx) * std::sqrt(m.yy)));
  result.ccc_sample_denominator = 2 * m.xy / (m.xx + m.yy + (n - 1) * shift * shift);
  const double r = result.pearson;
  if (!(std::fabs(ccc) < 1 - 1e-15) || r == 0) {
    result.ccc = WithoutInterval(ccc, r == 0 ? Reason::kNoInformation : Reason::kZeroVariance);
    return result;
  }
  const double u2 = shift * shift * n / (std::sqrt(m.xx) * std::sqrt(m.yy));
  const double c2 = ccc * ccc, room = 1 - c2;
  const double variance = ((1 - r * r) * c2 / (room * r * r) + 2 * c2 * ccc * (1 - ccc) * u2 / (r * room * room) -
                           c2 * c2 * u2 * u2 / (2 * r * r * room * room)) /
                          (n - 2);
  if (!(variance > 0) || !std::isfinite(variance)) {
    result.ccc = WithoutInterval(ccc, Reason::kZeroVariance);
    return result;
  }
  const double z = 0.5 * (det::Log1p(ccc) - det::Log1p(-ccc)), half = NormalTwoSided(confidence) * std::sqrt(variance);
  result.ccc = Stated(ccc, det::Tanh(z - half), det::Tanh(z + half), confidence, room * std::sqrt(variance));
  return result;
}

Outcome<Line> Deming(std::span<const double> x, std::span<const double> y, const DemingOptions& o) {
  PLUMBLINE_TRY(CheckPairs(x, y, 3, o.confidence));
  if (!(o.error_ratio > 0 && o.error_ratio < 1e12))
    return No(Reason::kOutsideDomain, "the ratio of the error variances is above 0");
  PLUMBLINE_ASSIGN(const Fit fit, DemingFit(x, y, o, kNoSkip));
  const auto n = static_cast<double>(x.size());
  std::vector<double> slopes, intercepts;
  for (std::size_t i = 0; i < x.size(); ++i) {
    PLUMBLINE_ASSIGN(const Fit without, DemingFit(x, y, o, i));
    slopes.push_back(n * fit.slope - (n - 1) * without.slope);
    intercepts.push_back(n * fit.intercept - (n - 1) * without.intercept);
  }
  return Line{Jackknifed(fit.slope, slopes, o.confidence), Jackknifed(fit.intercept, intercepts, o.confidence), x.size()};
}

namespace {

// The sorted slopes of all pairs; infinite ones are at the end. `below`: how many are less than -1.
struct Slopes {
  std::vector<double> sorted;
  std::size_t below = 0;
};

Slopes SlopesOf(std::span<const double> x, std::span<const double> y, double tolerance) {
  Slopes slopes;
  slopes.sorted.reserve(x.size() * (x.size() - 1) / 2);
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = i + 1; j < x.size(); ++j) {
      const double dx = x[j] - x[i], dy = y[j] - y[i];
      const bool no_dx = std::fabs(dx) <= tolerance, no_dy = std::fabs(dy) <= tolerance;
      if (no_dx && no_dy) continue;                             // identical points
      if (!no_dx && std::fabs(dx + dy) <= tolerance) continue;  // a slope of exactly -1
      const double slope = no_dx ? HUGE_VAL : no_dy ? 0 : dy / dx;
      if (slope < -1) ++slopes.below;
      slopes.sorted.push_back(slope);
    }
  }
  std::sort(slopes.sorted.begin(), slopes.sorted.end());
  return slopes;
}

double MedianIntercept(std::span<const double> x, std::span<const double> y, double slope) {
  std::vector<double> intercepts(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) intercepts[i] = y[i] - slope * x[i];
  return Median(intercepts);
}

}  // namespace

Outcome<Line> PassingBablok(std::span<const double> x_in, std::span<const double> y_in, const PassingBablokOptions& o) {
  PLUMBLINE_TRY(CheckPairs(x_in, y_in, 3, o.confidence));
  if (x_in.size() > kMaxPassingBablok) return No(Reason::kOutsideDomain, "Passing-Bablok takes at most 4,000 pairs");
  if (!(o.resolution >= 0) || !std::isfinite(o.resolution)) return No(Reason::kOutsideDomain, "a resolution is 0 or more");
  std::vector<double> x(x_in.begin(), x_in.end()), y(y_in.begin(), y_in.end());
  double unit = 1, greatest = 0;
  if (o.resolution > 0) {
    unit = o.resolution;
    for (double& v : x) v = std::nearbyint(v / unit);
    for (double& v : y) v = std::nearbyint(v / unit);
  }
  for (std::size_t i = 0; i < x.size(); ++i) greatest = std::max({greatest, std::fabs(x[i]), std::fabs(y[i])});
  const Slopes slopes = SlopesOf(x, y, o.resolution > 0 ? 0 : 1e-12 * greatest);
  const std::size_t count = slopes.sorted.size();
  if (count == 0) return No(Reason::kNoInformation, "no two points give a slope");
  // Ranks from 1, shifted by K.
  const auto at = [&](double rank) -> Outcome<double> {
    const double shifted = rank + static_cast<double>(slopes.below);
    if (shifted < 1 || shifted > static_cast<double>(count)) return No(Reason::kTooFew, "too few points for this confidence");
    const double slope = slopes.sorted[static_cast<std::size_t>(shifted) - 1];
    if (!std::isfinite(slope)) return No(Reason::kUnbounded, "the slope, or a bound of it, is infinite");
    return slope;
  };
  const auto total = static_cast<double>(count), n = static_cast<double>(x.size());
  PLUMBLINE_ASSIGN(const double lower_middle, at(std::floor((total + 1) / 2)));
  PLUMBLINE_ASSIGN(const double upper_middle, at(std::floor(total / 2) + 1));
  const double slope = 0.5 * (lower_middle + upper_middle);
  const double c = NormalTwoSided(o.confidence) * std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
  const double m2 =
      o.ranks == RankConvention::kPaper ? total - std::floor(0.5 * (total - c) + 0.5) + 1 : std::ceil(0.5 * (total + c));
  const double m1 = total - m2 + 1;
  const double intercept = MedianIntercept(x, y, slope);
  Line line{WithoutInterval(slope, Reason::kTooFew), WithoutInterval(intercept * unit, Reason::kTooFew), x.size()};
  const auto low = at(m1), high = at(m2);
  if (!low || !high) {
    line.slope.interval = line.intercept.interval = (!low ? low : high).error().reason;
    return line;
  }
  line.slope = Stated(slope, *low, *high, o.confidence);
  line.intercept =
      Stated(intercept * unit, MedianIntercept(x, y, *high) * unit, MedianIntercept(x, y, *low) * unit, o.confidence);
  return line;
}

}  // namespace plumbline::stats
