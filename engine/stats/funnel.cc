#include "engine/stats/funnel.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/distributions.h"

namespace plumbline::stats {
namespace {

constexpr double kTail95 = 0.025;
constexpr double kTail998 = 0.001;

// R's type 7 quantile of sorted values.
double Quantile7(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(std::floor(at));
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

double LogScaleObserved(double observed) { return observed > 0 ? observed : 0.5; }

struct Scale {
  double z;
  double s;
};
Scale ScaleOf(const FunnelUnit& u, double target, const FunnelOptions& o) {
  if (o.kind == FunnelKind::kProportion) {
    const double s = 1 / (2 * std::sqrt(u.denominator));
    return {(det::Asin(std::sqrt(u.numerator / u.denominator)) - det::Asin(std::sqrt(target))) / s, s};
  }
  if (o.over_dispersion == OverDispersion::kShmi) {
    return {std::sqrt(u.denominator) * det::Log(LogScaleObserved(u.numerator) / u.denominator), 1 / std::sqrt(u.denominator)};
  }
  return {2 * (std::sqrt(u.numerator) - std::sqrt(u.denominator)), 1 / (2 * std::sqrt(u.denominator))};
}

Outcome<void> CheckFunnel(std::span<const FunnelUnit> units, const FunnelOptions& o) {
  if (!(o.trim >= 0 && o.trim < 0.5)) return No(Reason::kOutsideDomain, "the trim lies in [0,0.5)");
  if (!(o.target >= 0) || (o.kind == FunnelKind::kProportion && o.target > 1))
    return No(Reason::kOutsideDomain, "the target is a proportion");
  for (std::size_t i = 0; i < units.size(); ++i) {
    const FunnelUnit& u = units[i];
    const bool finite = std::isfinite(u.numerator) && std::isfinite(u.denominator) && u.numerator >= 0 && u.denominator >= 0;
    if (!finite || (o.kind == FunnelKind::kProportion && u.numerator > u.denominator)) {
      return No(Reason::kOutsideDomain, "unit " + std::to_string(i) + " has a numerator or denominator outside the domain");
    }
  }
  return {};
}

void Dispersion(const std::vector<Scale>& scales, const std::vector<bool>& counts, const FunnelOptions& o, FunnelResult* r) {
  std::vector<double> sorted;
  for (std::size_t i = 0; i < scales.size(); ++i) {
    if (counts[i]) sorted.push_back(scales[i].z);
  }
  r->used = sorted.size();
  if (sorted.size() < 2) return;
  std::sort(sorted.begin(), sorted.end());
  // Truncation leaves out floor(trim*n) units at each end; winsorising pulls them to the type 7 quantiles.
  const auto cut = static_cast<std::size_t>(std::floor(o.trim * static_cast<double>(sorted.size())));
  const bool truncate = o.over_dispersion == OverDispersion::kShmi;
  const double low = truncate ? sorted[cut] : Quantile7(sorted, o.trim);
  const double high = truncate ? sorted[sorted.size() - 1 - cut] : Quantile7(sorted, 1 - o.trim);
  double squares = 0, w1 = 0, w2 = 0, n = 0;
  for (std::size_t i = 0; i < scales.size(); ++i) {
    if (!counts[i]) continue;
    const double z = scales[i].z;
    if (truncate && (z < low || z > high)) continue;
    const double used = std::clamp(z, low, high);
    const double w = 1 / (scales[i].s * scales[i].s);
    squares += used * used;
    w1 += w;
    w2 += w * w;
    n += 1;
  }
  r->used = static_cast<std::size_t>(n);
  if (n < 2) return;
  r->phi = squares / n;
  if (o.over_dispersion != OverDispersion::kNone) r->tau2 = std::max(0.0, (n * r->phi - (n - 1)) / (w1 - w2 / w1));
}

double Multiplier95(const FunnelOptions& o) {
  static const double exact = NormalQuantile(1 - kTail95);
  return o.z95 > 0 ? o.z95 : exact;
}
double Multiplier998(const FunnelOptions& o) {
  static const double exact = NormalQuantile(1 - kTail998);
  return o.z998 > 0 ? o.z998 : exact;
}

Verdict Judge(double z, const FunnelOptions& o) {
  const double z95 = Multiplier95(o), z998 = Multiplier998(o);
  if (z > z998) return Verdict::kHigh998;
  if (z > z95) return Verdict::kHigh95;
  if (z < -z998) return Verdict::kLow998;
  if (z < -z95) return Verdict::kLow95;
  return Verdict::kInside;
}

// Sum of the probabilities of all counts that are at most as probable as the observed one (as R's poisson.test).
double PoissonTwoSided(double observed, double expected) {
  const auto at = static_cast<std::int64_t>(std::llround(observed));
  if (static_cast<double>(at) == expected) return 1;
  const double limit = PoissonPmf(at, expected) * (1 + 1e-7);
  const bool above = static_cast<double>(at) > expected;
  // The nearest count on the other side of the mode that is no more probable; probabilities are monotone on each side.
  std::int64_t low = above ? -1 : static_cast<std::int64_t>(std::ceil(expected));
  std::int64_t high = above ? static_cast<std::int64_t>(std::floor(expected)) + 1 : low + 1;
  if (above) {
    while (high - low > 1) {
      const std::int64_t middle = low + (high - low) / 2;
      (PoissonPmf(middle, expected) <= limit ? low : high) = middle;
    }
    return std::min(1.0, PoissonAtLeast(at, expected) + (low >= 0 ? PoissonCdf(low, expected) : 0));
  }
  if (PoissonPmf(low, expected) <= limit) return std::min(1.0, PoissonCdf(at, expected) + PoissonAtLeast(low, expected));
  while (PoissonPmf(high, expected) > limit) high += high - low;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (PoissonPmf(middle, expected) > limit ? low : high) = middle;
  }
  return std::min(1.0, PoissonCdf(at, expected) + PoissonAtLeast(high, expected));
}

}  // namespace

Outcome<RatioInterval> ObservedExpected(double observed, double expected, double confidence) {
  if (!(observed >= 0) || !std::isfinite(observed) || !std::isfinite(expected) || expected < 0) {
    return No(Reason::kOutsideDomain, "observed and expected are finite and not negative");
  }
  if (!(confidence > 0 && confidence < 1)) return No(Reason::kOutsideDomain, "the confidence lies between 0 and 1");
  if (expected == 0) return No(Reason::kZeroExpected, "nothing is expected, so the ratio has no meaning");
  const double tail = (1 - confidence) / 2, z = NormalTwoSided(confidence), ratio = observed / expected;
  RatioInterval r;
  const double low = observed == 0 ? 0 : GammaQuantile(tail, observed);
  const double high = GammaUpperQuantile(tail, observed + 1);
  r.garwood = Stated(ratio, low / expected, high / expected, confidence);
  const auto byar = [z](double count, double sign) {
    const double inner = 1 - 1 / (9 * count) + sign * z / (3 * std::sqrt(count));
    return count * inner * inner * inner;
  };
  r.byar = Stated(ratio, observed == 0 ? 0 : std::max(0.0, byar(observed, -1)) / expected, byar(observed + 1, 1) / expected,
                  confidence);
  r.p_two_sided = PoissonTwoSided(observed, expected);
  return r;
}

Outcome<ProportionIntervals> Proportion(std::int64_t events, std::int64_t n, double confidence) {
  if (n < 1) return No(Reason::kTooFew, "no cases");
  if (events < 0 || events > n) return No(Reason::kOutsideDomain, "events lie between 0 and the cases");
  if (!(confidence > 0 && confidence < 1)) return No(Reason::kOutsideDomain, "the confidence lies between 0 and 1");
  const double x = static_cast<double>(events), size = static_cast<double>(n), p = x / size, tail = (1 - confidence) / 2;
  ProportionIntervals r;
  r.clopper_pearson = Stated(p, events == 0 ? 0 : BetaQuantile(tail, x, size - x + 1),
                             events == n ? 1 : BetaQuantile(1 - tail, x + 1, size - x), confidence);
  const double z = NormalTwoSided(confidence), z2 = z * z;
  const double centre = (x + z2 / 2) / (size + z2), half = z / (size + z2) * std::sqrt(x * (size - x) / size + z2 / 4);
  r.wilson = Stated(p, std::max(0.0, centre - half), std::min(1.0, centre + half), confidence);
  r.jeffreys = Stated(p, events == 0 ? 0 : BetaQuantile(tail, x + 0.5, size - x + 0.5),
                      events == n ? 1 : BetaQuantile(1 - tail, x + 0.5, size - x + 0.5), confidence);
  return r;
}

FunnelLimits LimitsAt(double denominator, double target, double tau2, const FunnelOptions& o) {
  const double z95 = Multiplier95(o), z998 = Multiplier998(o);
  FunnelLimits limits;
  if (!(denominator > 0)) return limits;
  if (o.kind == FunnelKind::kProportion) {
    const double centre = det::Asin(std::sqrt(target)), spread = std::sqrt(1 / (4 * denominator) + tau2);
    const auto back = [](double y) {
      const double s = det::Sin(std::clamp(y, 0.0, 1.5707963267948966));
      return s * s;
    };
    return {back(centre - z95 * spread), back(centre + z95 * spread), back(centre - z998 * spread), back(centre + z998 * spread)};
  }
  if (o.over_dispersion == OverDispersion::kShmi) {
    const double spread = std::sqrt(1 / denominator + tau2);
    const auto back = [spread](double z) { return det::Exp(std::min(z * spread, 600.0)); };
    return {back(-z95), back(z95), back(-z998), back(z998)};
  }
  const double spread = std::sqrt(1 / (4 * denominator) + tau2);
  const auto back = [spread](double z) {
    const double y = std::max(0.0, 1 + z * spread);
    return y * y;
  };
  return {back(-z95), back(z95), back(-z998), back(z998)};
}

FunnelLimits ExactPoissonLimits(double expected) {
  FunnelLimits limits;
  if (!(expected > 0) || !std::isfinite(expected)) return limits;
  const auto low = [expected](double tail) { return GammaQuantile(tail, expected) / expected; };
  const auto high = [expected](double tail) { return GammaUpperQuantile(tail, expected + 1) / expected; };
  return {low(kTail95), high(kTail95), low(kTail998), high(kTail998)};
}

Outcome<FunnelResult> Funnel(std::span<const FunnelUnit> units, const FunnelOptions& o) {
  PLUMBLINE_TRY(CheckFunnel(units, o));
  FunnelResult r;
  r.points.resize(units.size());
  double events = 0, cases = 0;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    FunnelPoint& point = r.points[i];
    if (units[i].denominator == 0) {
      point.reason = o.kind == FunnelKind::kRatio ? Reason::kZeroExpected : Reason::kTooFew;
    } else if (units[i].denominator < o.min_denominator || units[i].n < o.min_n) {
      point.reason = Reason::kTooFew;
    } else {
      events += units[i].numerator;
      cases += units[i].denominator;
      ++shown;
    }
  }
  if (shown < 2) return No(Reason::kTooFew, "fewer than two units have enough cases to be compared");
  r.target = o.kind == FunnelKind::kRatio ? 1 : (o.target > 0 ? o.target : events / cases);
  if (o.kind == FunnelKind::kProportion && (r.target <= 0 || r.target >= 1)) {
    return No(Reason::kOneCategory, "the common proportion is 0 or 1: there is nothing to compare");
  }
  std::vector<Scale> scales(units.size());
  std::vector<bool> counts(units.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (r.points[i].reason != Reason::kNone) continue;
    scales[i] = ScaleOf(units[i], r.target, o);
    const bool log_of_zero =
        o.kind == FunnelKind::kRatio && o.over_dispersion == OverDispersion::kShmi && units[i].numerator == 0;
    counts[i] = !log_of_zero;
  }
  Dispersion(scales, counts, o, &r);
  for (std::size_t i = 0; i < units.size(); ++i) {
    FunnelPoint& point = r.points[i];
    if (point.reason != Reason::kNone) continue;
    point.value = units[i].numerator / units[i].denominator;
    point.z = scales[i].z;
    point.adjusted_z = scales[i].z * scales[i].s / std::sqrt(scales[i].s * scales[i].s + r.tau2);
    const FunnelLimits limits = LimitsAt(units[i].denominator, r.target, r.tau2, o);
    point.low95 = limits.low95;
    point.high95 = limits.high95;
    point.low998 = limits.low998;
    point.high998 = limits.high998;
    point.verdict = Judge(point.adjusted_z, o);
  }
  return r;
}

}  // namespace plumbline::stats
