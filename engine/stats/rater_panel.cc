#include "engine/stats/rater_panel.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/base/error.h"
#include "engine/stats/distributions.h"
#include "engine/stats/kappa.h"
#include "engine/stats/sums.h"

namespace plumbline::stats {
namespace {

using Counts = std::vector<std::uint32_t>;

double Ratings(const Counts& unit) {
  double r = 0;
  for (const std::uint32_t c : unit) r += c;
  return r;
}

// Krippendorff's ordinal difference, (n_c/2 + n between + n_d/2)^2, from the frequencies of pairable values.
SquareMatrix OrdinalMetric(const PanelRatings& p) {
  const std::size_t q = p.category.size();
  std::vector<double> frequency(q, 0);
  for (const Counts& unit : p.counts) {
    if (Ratings(unit) < 2) continue;
    for (std::size_t c = 0; c < q; ++c) frequency[c] += unit[c];
  }
  SquareMatrix difference(q);
  for (std::size_t c = 0; c < q; ++c) {
    double between = frequency[c] / 2;
    for (std::size_t d = c + 1; d < q; ++d) {
      const double total = between + frequency[d] / 2;
      difference(c, d) = difference(d, c) = total * total;
      between += frequency[d];
    }
  }
  return difference;
}

Outcome<SquareMatrix> Weights(const PanelRatings& p, PanelWeights kind) {
  const std::size_t q = p.category.size();
  SquareMatrix difference(q);
  if (kind == PanelWeights::kOrdinalMetric) {
    difference = OrdinalMetric(p);
  } else {
    for (std::size_t c = 0; c < q; ++c) {
      for (std::size_t d = 0; d < q; ++d) {
        const double apart = std::fabs(p.category[c] - p.category[d]);
        const double ranks = std::fabs(static_cast<double>(c) - static_cast<double>(d));
        if (kind == PanelWeights::kIdentity) difference(c, d) = c == d ? 0 : 1;
        if (kind == PanelWeights::kLinear) difference(c, d) = apart;
        if (kind == PanelWeights::kQuadratic) difference(c, d) = apart * apart;
        if (kind == PanelWeights::kGwetOrdinal) difference(c, d) = (ranks + 1) * ranks / 2;
        if (kind == PanelWeights::kRatio) {
          if (!(p.category.front() >= 0)) return No(Reason::kOutsideDomain, "the ratio metric is for values of 0 or more");
          const double ratio = c == d ? 0 : apart / (p.category[c] + p.category[d]);
          difference(c, d) = ratio * ratio;
        }
      }
    }
  }
  double greatest = 0;
  for (const double d : difference.cells()) greatest = std::max(greatest, d);
  if (!(greatest > 0) || !std::isfinite(greatest)) return No(Reason::kOneCategory, "only one category was used");
  SquareMatrix w(q);
  for (std::size_t c = 0; c < q; ++c) {
    for (std::size_t d = 0; d < q; ++d) w(c, d) = 1 - difference(c, d) / greatest;
  }
  return w;
}

// sum_c r_c (r*_c - 1): weighted agreeing pairs of one unit, with r*_c = sum_d w_cd r_d.
double AgreeingPairs(const Counts& unit, const SquareMatrix& w) {
  double sum = 0;
  for (std::size_t c = 0; c < unit.size(); ++c) {
    double star = 0;
    for (std::size_t d = 0; d < unit.size(); ++d) star += w(c, d) * unit[d];
    sum += unit[c] * (star - 1);
  }
  return sum;
}

double Total(const SquareMatrix& w) {
  double sum = 0;
  for (const double x : w.cells()) sum += x;
  return sum;
}

// Mean weights of each category against the prevalences; the weights are symmetric.
std::vector<double> MeanWeights(const SquareMatrix& w, std::span<const double> prevalence) {
  std::vector<double> mean(prevalence.size(), 0);
  for (std::size_t c = 0; c < prevalence.size(); ++c) {
    for (std::size_t d = 0; d < prevalence.size(); ++d) mean[c] += w(c, d) * prevalence[d];
  }
  return mean;
}

double Dot(std::span<const double> a, std::span<const double> b) {
  CompensatedSum sum;
  for (std::size_t i = 0; i < a.size(); ++i) sum.Add(a[i] * b[i]);
  return sum.Value();
}

Outcome<Estimate> Interval(double value, std::span<const double> linearised, double centre, const PanelOptions& o) {
  const auto n = static_cast<double>(linearised.size());
  if (linearised.size() < 2) return WithoutInterval(value, Reason::kTooFew);
  const double error = std::sqrt(SumSquaresAbout(linearised, centre) / (n * (n - 1)));
  if (error < 1e-9) return WithoutInterval(value, Reason::kZeroVariance);
  const double half = StudentTQuantile(0.5 + 0.5 * o.confidence, n - 1) * error;
  return Stated(value, std::max(-1.0, value - half), std::min(1.0, value + half), o.confidence, error);
}

// Gwet, Fleiss, Brennan-Prediger: units with one rating count for the prevalences, units with two for agreement.
Outcome<PanelAgreement> ByChanceOfPrevalence(const PanelRatings& p, Coefficient kind, const SquareMatrix& w,
                                             const PanelOptions& o) {
  const std::size_t n = p.counts.size(), q = p.category.size();
  const auto nd = static_cast<double>(n), qd = static_cast<double>(q);
  std::vector<double> agreement(n, 0), prevalence(q, 0);
  CompensatedSum observed;
  double pairable = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double r = Ratings(p.counts[i]);
    for (std::size_t c = 0; c < q; ++c) prevalence[c] += p.counts[i][c] / r / nd;
    if (r < 2) continue;
    agreement[i] = AgreeingPairs(p.counts[i], w) / (r * (r - 1));
    observed.Add(agreement[i]);
    pairable += 1;
  }
  PanelAgreement result;
  result.units = n;
  result.observed = observed.Value() / pairable;
  // chance[c]: what a rating of category c adds to p_e, so that p_e is their mean over the prevalences.
  std::vector<double> chance(q, Total(w) / (qd * qd));
  if (kind == Coefficient::kGwet) {
    for (std::size_t c = 0; c < q; ++c) chance[c] = Total(w) / (qd * (qd - 1)) * (1 - prevalence[c]);
  }
  if (kind == Coefficient::kFleiss) chance = MeanWeights(w, prevalence);
  result.by_chance = Dot(chance, prevalence);
  const double room = 1 - result.by_chance;
  if (!(room > 1e-14)) return No(Reason::kOneCategory, "only one category was used");
  const double value = (result.observed - result.by_chance) / room;
  std::vector<double> linearised(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double r = Ratings(p.counts[i]);
    const double own = r < 2 ? 0 : nd / pairable * (agreement[i] - result.by_chance) / room;
    double expected = 0;
    for (std::size_t c = 0; c < q; ++c) expected += p.counts[i][c] * chance[c] / r;
    linearised[i] = kind == Coefficient::kBrennanPrediger ? own : own - 2 * (1 - value) * (expected - result.by_chance) / room;
  }
  PLUMBLINE_ASSIGN(result.coefficient, Interval(value, linearised, value, o));
  return result;
}

// Krippendorff's alpha: only units with two ratings count, each rating the same.
Outcome<PanelAgreement> Krippendorff(const PanelRatings& p, const SquareMatrix& w, const PanelOptions& o) {
  const std::size_t q = p.category.size();
  std::vector<const Counts*> units;
  double ratings = 0;
  for (const Counts& unit : p.counts) {
    if (Ratings(unit) < 2) continue;
    units.push_back(&unit);
    ratings += Ratings(unit);
  }
  const auto n = static_cast<double>(units.size());
  const double mean = ratings / n, small = 1 / ratings;
  std::vector<double> agreement, prevalence(q, 0);
  CompensatedSum observed;
  for (const Counts* unit : units) {
    agreement.push_back(AgreeingPairs(*unit, w) / (mean * (Ratings(*unit) - 1)));
    observed.Add(agreement.back());
    for (std::size_t c = 0; c < q; ++c) prevalence[c] += (*unit)[c] / ratings;
  }
  const double plain = observed.Value() / n;  // p_a before the correction for small samples
  PanelAgreement result;
  result.units = units.size();
  result.observed = (1 - small) * plain + small;
  const std::vector<double> chance = MeanWeights(w, prevalence);
  result.by_chance = Dot(chance, prevalence);
  const double room = 1 - result.by_chance;
  if (!(room > 1e-14)) return No(Reason::kOneCategory, "only one category was used");
  const double value = (result.observed - result.by_chance) / room, uncorrected = (plain - result.by_chance) / room;
  std::vector<double> linearised;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const double excess = (Ratings(*units[i]) - mean) / mean;
    double expected = -result.by_chance * excess;
    for (std::size_t c = 0; c < q; ++c) expected += (*units[i])[c] * chance[c] / mean;
    const double own = (agreement[i] - result.observed * excess - result.by_chance) / room;
    linearised.push_back(own - 2 * (1 - uncorrected) * (expected - result.by_chance) / room);
  }
  PLUMBLINE_ASSIGN(result.coefficient, Interval(value, linearised, uncorrected, o));
  return result;
}

}  // namespace

Outcome<PanelRatings> PanelRatings::FromRatings(std::span<const std::vector<std::optional<double>>> ratings) {
  PanelRatings p;
  for (const auto& unit : ratings) {
    for (const auto& rating : unit) {
      if (rating && !std::isfinite(*rating)) return No(Reason::kOutsideDomain, "a rating is a finite number or missing");
      if (rating) p.category.push_back(*rating);
    }
  }
  std::sort(p.category.begin(), p.category.end());
  p.category.erase(std::unique(p.category.begin(), p.category.end()), p.category.end());
  if (p.category.size() > kMaxCategories) return No(Reason::kOutsideDomain, "more than 256 categories");
  for (const auto& unit : ratings) {
    Counts counts(p.category.size(), 0);
    bool any = false;
    for (const auto& rating : unit) {
      if (!rating) continue;
      ++counts[static_cast<std::size_t>(std::lower_bound(p.category.begin(), p.category.end(), *rating) - p.category.begin())];
      any = true;
    }
    if (any) p.counts.push_back(std::move(counts));
  }
  p.several_raters = std::any_of(p.counts.begin(), p.counts.end(), [](const Counts& u) { return Ratings(u) >= 2; });
  return p;
}

Outcome<PanelRatings> PanelRatings::FromCounts(std::span<const std::vector<double>> rows) {
  PanelRatings p;
  const std::size_t q = rows.empty() ? 0 : rows.front().size();
  if (q > kMaxCategories) return No(Reason::kOutsideDomain, "more than 256 categories");
  for (std::size_t c = 0; c < q; ++c) p.category.push_back(static_cast<double>(c));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].size() != q)
      return No(Reason::kOutsideDomain, "row " + std::to_string(i + 1) + " has another number of categories");
    Counts counts;
    for (const double count : rows[i]) {
      if (!(count >= 0 && count < 1e9) || count != std::floor(count)) {
        return No(Reason::kOutsideDomain, "row " + std::to_string(i + 1) + ": a count is a whole number, 0 or more");
      }
      counts.push_back(static_cast<std::uint32_t>(count));
    }
    if (Ratings(counts) > 0) p.counts.push_back(std::move(counts));
  }
  p.several_raters = std::any_of(p.counts.begin(), p.counts.end(), [](const Counts& u) { return Ratings(u) >= 2; });
  return p;
}

Outcome<PanelAgreement> Agreement(const PanelRatings& p, Coefficient coefficient, PanelWeights kind, const PanelOptions& o) {
  if (!(o.confidence > 0 && o.confidence < 1)) return No(Reason::kOutsideDomain, "a confidence lies inside (0,1)");
  const std::size_t least = std::max<std::size_t>(o.min_units, 1);
  if (p.counts.size() < least) {
    return No(Reason::kTooFew,
              std::to_string(p.counts.size()) + " units with a rating, at least " + std::to_string(least) + " are needed");
  }
  if (!p.several_raters) return No(Reason::kSingleRater, "no unit has two ratings");
  if (p.category.size() < 2) return No(Reason::kOneCategory, "only one category was used");
  PLUMBLINE_ASSIGN(const SquareMatrix w, Weights(p, kind));
  return coefficient == Coefficient::kKrippendorff ? Krippendorff(p, w, o) : ByChanceOfPrevalence(p, coefficient, w, o);
}

Outcome<FleissKappaResult> FleissKappa(const PanelRatings& p, const PanelOptions& o) {
  FleissKappaResult result;
  PLUMBLINE_ASSIGN(result.agreement, Agreement(p, Coefficient::kFleiss, PanelWeights::kIdentity, o));
  const double r = Ratings(p.counts.front());
  for (const Counts& unit : p.counts) {
    if (Ratings(unit) != r)
      return No(Reason::kOutsideDomain, "Fleiss' kappa asks for as many ratings of every unit; use the panel's coefficients");
  }
  const auto n = static_cast<double>(p.counts.size());
  double spread = 0, skew = 0;
  for (std::size_t c = 0; c < p.category.size(); ++c) {
    double share = 0;
    for (const Counts& unit : p.counts) share += unit[c] / (n * r);
    spread += share * (1 - share);
    skew += share * (1 - share) * (1 - 2 * share);
  }
  result.null_standard_error = std::sqrt(std::max(0.0, 2 * (spread * spread - skew) / (n * r * (r - 1)))) / spread;
  if (!(result.null_standard_error > 0)) return No(Reason::kZeroVariance, "the error under chance agreement is 0");
  result.z = result.agreement.coefficient.value / result.null_standard_error;
  return result;
}

}  // namespace plumbline::stats
