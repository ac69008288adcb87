#include "engine/stats/divergence.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/distributions.h"

namespace plumbline::stats {

Outcome<Divergences> DivergencesOf(std::span<const double> p, std::span<const double> q) {
  if (p.size() != q.size() || p.size() < 2)
    return No(Reason::kTooFew, "two distributions over the same two or more categories are needed");
  double sum_p = 0, sum_q = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!(p[i] >= 0 && q[i] >= 0)) return No(Reason::kOutsideDomain, "probabilities are not negative");
    if ((p[i] == 0) != (q[i] == 0)) return No(Reason::kUnbounded, "a category is empty in one distribution only");
    sum_p += p[i];
    sum_q += q[i];
  }
  if (std::fabs(sum_p - 1) > 1e-9 || std::fabs(sum_q - 1) > 1e-9) return No(Reason::kOutsideDomain, "probabilities sum to 1");
  Divergences d;
  double hellinger = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] == 0) continue;
    const double m = (p[i] + q[i]) / 2;
    d.kl_pq += p[i] * det::Log(p[i] / q[i]);
    d.kl_qp += q[i] * det::Log(q[i] / p[i]);
    d.js += (p[i] * det::Log(p[i] / m) + q[i] * det::Log(q[i] / m)) / 2;
    const double root = std::sqrt(p[i]) - std::sqrt(q[i]);
    hellinger += root * root;
    d.total_variation += std::fabs(p[i] - q[i]) / 2;
  }
  d.psi = d.kl_pq + d.kl_qp;
  d.js = std::max(0.0, d.js);
  d.js_bits = d.js / std::numbers::ln2;
  d.js_distance = std::sqrt(d.js);
  d.hellinger = std::sqrt(hellinger / 2);
  return d;
}

Outcome<PsiResult> PsiOfCounts(std::span<const double> baseline, std::span<const double> current) {
  if (baseline.size() != current.size()) return No(Reason::kOutsideDomain, "counts over the same categories are needed");
  std::vector<double> a, b;
  bool hole = false;
  double n = 0, m = 0;
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    if (!(baseline[i] >= 0 && current[i] >= 0) || !std::isfinite(baseline[i] + current[i])) {
      return No(Reason::kOutsideDomain, "counts are finite and not negative");
    }
    if (baseline[i] == 0 && current[i] == 0) continue;
    hole = hole || baseline[i] == 0 || current[i] == 0;
    a.push_back(baseline[i]);
    b.push_back(current[i]);
    n += baseline[i];
    m += current[i];
  }
  if (n == 0 || m == 0) return No(Reason::kTooFew, "no cases on one side");
  if (a.size() < 2) return No(Reason::kOneCategory, "all cases are in one category");
  const double add = hole ? 0.5 : 0.0;
  const double width = add * static_cast<double>(a.size());
  for (double& x : a) x = (x + add) / (n + width);
  for (double& x : b) x = (x + add) / (m + width);
  PsiResult result;
  PLUMBLINE_ASSIGN(result.divergences, DivergencesOf(a, b));
  result.smoothed = hole;
  result.test.statistic = result.divergences.psi * n * m / (n + m);
  result.test.df = static_cast<double>(a.size() - 1);
  result.test.p = ChiSquaredUpper(result.test.statistic, result.test.df);
  return result;
}

}  // namespace plumbline::stats
