#include "engine/stats/panel.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/base/error.h"
#include "engine/stats/distributions.h"

namespace plumbline::stats {
namespace {

double Weight(double a, double b, KappaWeights w) {
  const double d = std::fabs(a - b);
  if (w == KappaWeights::kNone) return d > 0 ? 1 : 0;
  return w == KappaWeights::kLinear ? d : d * d;
}

// 1 - observed/expected disagreement; expected from the margin, summed over distinct grades.
struct PairSums {
  double pairs = 0;
  double disagreement = 0;
  std::map<double, double> margin;  // grade -> ordered pairs whose first reader gave it
  void Add(const PairSums& o, double sign) {
    pairs += sign * o.pairs;
    disagreement += sign * o.disagreement;
    for (const auto& [grade, n] : o.margin) margin[grade] += sign * n;
  }
};

PairSums SumsOf(const PanelCase& c, KappaWeights w) {
  PairSums s;
  const double others = static_cast<double>(c.grades.size()) - 1;
  for (std::size_t i = 0; i < c.grades.size(); ++i) {
    for (std::size_t j = 0; j < c.grades.size(); ++j) {
      if (i != j) s.disagreement += Weight(c.grades[i], c.grades[j], w);
    }
    s.margin[c.grades[i]] += others;
    s.pairs += others;
  }
  return s;
}

double Expected(const PairSums& s, KappaWeights w) {
  double expected = 0;
  for (const auto& [a, na] : s.margin) {
    for (const auto& [b, nb] : s.margin) expected += na * nb * Weight(a, b, w);
  }
  return expected / (s.pairs * s.pairs);
}

}  // namespace

Outcome<Estimate> PanelKappa(std::span<const PanelCase> cases, KappaWeights weights, double confidence) {
  PairSums all;
  std::vector<PairSums> parts;
  for (const PanelCase& c : cases) {
    if (c.grades.size() < 2) continue;
    for (const double g : c.grades) {
      if (!std::isfinite(g)) return No(Reason::kOutsideDomain, "grades are finite");
    }
    parts.push_back(SumsOf(c, weights));
    all.Add(parts.back(), 1);
  }
  if (parts.empty()) return No(Reason::kSingleRater, "no case was graded by two readers");
  const double expected = Expected(all, weights);
  if (expected <= 0) return No(Reason::kOneCategory, "every reader gave the same grade to every case");
  const double kappa = 1 - all.disagreement / all.pairs / expected;
  if (parts.size() < 2) return WithoutInterval(kappa, Reason::kTooFew);
  double mean = 0, squares = 0, n = 0;
  std::vector<double> left;
  for (const PairSums& part : parts) {
    PairSums rest = all;
    rest.Add(part, -1);
    const double e = rest.pairs > 0 ? Expected(rest, weights) : 0;
    if (e <= 0) return WithoutInterval(kappa, Reason::kOneCategory);
    left.push_back(1 - rest.disagreement / rest.pairs / e);
    mean += left.back();
    n += 1;
  }
  mean /= n;
  for (const double x : left) squares += (x - mean) * (x - mean);
  const double se = std::sqrt((n - 1) / n * squares), half = NormalTwoSided(confidence) * se;
  return Stated(kappa, std::max(-1.0, kappa - half), std::min(1.0, kappa + half), confidence, se);
}

Outcome<std::vector<GroupDeviation>> PanelDeviations(std::span<const PanelCase> cases, std::size_t groups, double confidence) {
  struct Sums {
    double n = 0, total = 0, cases = 0, squares = 0;
    std::vector<std::pair<double, double>> per_case;  // sum of deviations, readings
  };
  std::vector<Sums> sums(groups);
  for (const PanelCase& c : cases) {
    if (c.grades.size() < 2) continue;
    double total = 0;
    for (const double g : c.grades) total += g;
    std::map<std::size_t, std::pair<double, double>> here;
    for (std::size_t i = 0; i < c.grades.size(); ++i) {
      if (!std::isfinite(c.grades[i]) || c.groups[i] >= groups)
        return No(Reason::kOutsideDomain, "a grade or a group is outside the domain");
      const double d = c.grades[i] - (total - c.grades[i]) / (static_cast<double>(c.grades.size()) - 1);
      here[c.groups[i]].first += d;
      here[c.groups[i]].second += 1;
    }
    for (const auto& [group, part] : here) {
      sums[group].n += part.second;
      sums[group].total += part.first;
      sums[group].per_case.push_back(part);
    }
  }
  std::vector<GroupDeviation> out(groups);
  for (std::size_t g = 0; g < groups; ++g) {
    const Sums& s = sums[g];
    out[g].n = static_cast<std::size_t>(s.n);
    out[g].cases = s.per_case.size();
    if (s.n == 0) {
      out[g].mean = WithoutInterval(0, Reason::kTooFew);
      continue;
    }
    const double mean = s.total / s.n, k = static_cast<double>(s.per_case.size());
    if (k < 2) {
      out[g].mean = WithoutInterval(mean, Reason::kTooFew);
      continue;
    }
    double squares = 0;
    for (const auto& [total, n] : s.per_case) squares += (total - n * mean) * (total - n * mean);
    const double se = std::sqrt(k / (k - 1) * squares) / s.n, half = StudentTQuantile((1 + confidence) / 2, k - 1) * se;
    out[g].mean = Stated(mean, mean - half, mean + half, confidence, se);
  }
  return out;
}

}  // namespace plumbline::stats
