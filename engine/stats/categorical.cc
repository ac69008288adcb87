#include "engine/stats/categorical.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/distributions.h"

namespace plumbline::stats {
namespace {

Outcome<void> CheckTable(const CountTable& t) {
  if (t.rows < 2 || t.columns < 2 || t.counts.size() != t.rows * t.columns) {
    return No(Reason::kOutsideDomain, "a table of at least 2 x 2 counts is needed");
  }
  for (const double x : t.counts) {
    if (!(x >= 0) || !std::isfinite(x)) return No(Reason::kOutsideDomain, "counts are finite and not negative");
  }
  return {};
}

struct Margins {
  std::vector<double> row, column;
  double n = 0;
};
Margins MarginsOf(const CountTable& t) {
  Margins m{std::vector<double>(t.rows), std::vector<double>(t.columns), 0};
  for (std::size_t r = 0; r < t.rows; ++r) {
    for (std::size_t c = 0; c < t.columns; ++c) {
      m.row[r] += t.At(r, c);
      m.column[c] += t.At(r, c);
      m.n += t.At(r, c);
    }
  }
  return m;
}

std::size_t Positive(const std::vector<double>& v) {
  return static_cast<std::size_t>(std::count_if(v.begin(), v.end(), [](double x) { return x > 0; }));
}

void Finish(Test* test, double df) {
  test->df = df;
  test->statistic = std::max(0.0, test->statistic);
  test->p = ChiSquaredUpper(test->statistic, df);
}

// The cell a of a 2 x 2 table with the given margins whose odds ratio is `ratio`.
double FittedCell(double row1, double column1, double n, double ratio) {
  const double low = std::max(0.0, row1 + column1 - n), high = std::min(row1, column1);
  if (std::fabs(ratio - 1) < 1e-12) return row1 * column1 / n;
  const double a = 1 - ratio;
  const double b = n - row1 - column1 + ratio * (row1 + column1);
  const double c = -ratio * row1 * column1;
  // The root inside [low, high], by the form that does not cancel.
  const double root = std::sqrt(std::max(0.0, b * b - 4 * a * c));
  const double q = -(b + (b >= 0 ? root : -root)) / 2;
  for (const double x : {q / a, q != 0 ? c / q : low}) {
    if (x >= low - 1e-9 && x <= high + 1e-9) return std::clamp(x, low, high);
  }
  return std::clamp(q / a, low, high);
}

struct MhSums {
  double r = 0, s = 0, pr = 0, ps_qr = 0, qs = 0;
};

void BreslowDay(std::span<const CountTable> strata, double ratio, CmhResult* out) {
  double statistic = 0, difference = 0, variance = 0;
  for (const CountTable& t : strata) {
    const Margins m = MarginsOf(t);
    if (Positive(m.row) < 2 || Positive(m.column) < 2) continue;
    const double a = FittedCell(m.row[0], m.column[0], m.n, ratio);
    const double b = m.row[0] - a, c = m.column[0] - a, d = m.n - m.row[0] - m.column[0] + a;
    if (a <= 0 || b <= 0 || c <= 0 || d <= 0) continue;
    const double v = 1 / (1 / a + 1 / b + 1 / c + 1 / d);
    statistic += (t.At(0, 0) - a) * (t.At(0, 0) - a) / v;
    difference += t.At(0, 0) - a;
    variance += v;
  }
  if (out->strata_used < 2) return;
  const double df = static_cast<double>(out->strata_used - 1);
  out->breslow_day.statistic = statistic;
  out->breslow_day_tarone.statistic = variance > 0 ? statistic - difference * difference / variance : statistic;
  Finish(&out->breslow_day, df);
  Finish(&out->breslow_day_tarone, df);
}

}  // namespace

Outcome<HomogeneityResult> HomogeneityTest(const CountTable& t) {
  PLUMBLINE_TRY(CheckTable(t));
  const Margins m = MarginsOf(t);
  const std::size_t rows = Positive(m.row), columns = Positive(m.column);
  if (rows < 2 || columns < 2) return No(Reason::kOneCategory, "fewer than two rows or two columns have cases");
  HomogeneityResult result;
  result.least_expected = m.n;
  for (std::size_t r = 0; r < t.rows; ++r) {
    for (std::size_t c = 0; c < t.columns; ++c) {
      if (m.row[r] == 0 || m.column[c] == 0) continue;
      const double e = m.row[r] * m.column[c] / m.n, o = t.At(r, c);
      result.pearson.statistic += (o - e) * (o - e) / e;
      if (o > 0) result.likelihood_ratio.statistic += 2 * o * det::Log(o / e);
      result.least_expected = std::min(result.least_expected, e);
    }
  }
  const double df = static_cast<double>((rows - 1) * (columns - 1));
  Finish(&result.pearson, df);
  Finish(&result.likelihood_ratio, df);
  result.cramers_v = std::sqrt(result.pearson.statistic / (m.n * static_cast<double>(std::min(rows, columns) - 1)));
  return result;
}

Outcome<HomogeneityResult> GoodnessOfFit(std::span<const double> counts, std::span<const double> p) {
  if (counts.size() != p.size() || counts.size() < 2)
    return No(Reason::kOutsideDomain, "as many counts as probabilities, at least two");
  double n = 0, total = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!(counts[i] >= 0) || !std::isfinite(counts[i]) || !(p[i] >= 0))
      return No(Reason::kOutsideDomain, "counts and probabilities are not negative");
    if (p[i] == 0 && counts[i] > 0) return No(Reason::kZeroExpected, "a category with cases has probability 0 in the baseline");
    n += counts[i];
    total += p[i];
  }
  if (std::fabs(total - 1) > 1e-9) return No(Reason::kOutsideDomain, "the probabilities sum to 1");
  if (n == 0) return No(Reason::kTooFew, "no cases");
  HomogeneityResult result;
  result.least_expected = n;
  std::size_t used = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] == 0) continue;
    ++used;
    const double e = n * p[i];
    result.pearson.statistic += (counts[i] - e) * (counts[i] - e) / e;
    if (counts[i] > 0) result.likelihood_ratio.statistic += 2 * counts[i] * det::Log(counts[i] / e);
    result.least_expected = std::min(result.least_expected, e);
  }
  if (used < 2) return No(Reason::kOneCategory, "the baseline has one category");
  Finish(&result.pearson, static_cast<double>(used - 1));
  Finish(&result.likelihood_ratio, static_cast<double>(used - 1));
  result.cramers_v = std::sqrt(result.pearson.statistic / (n * static_cast<double>(used - 1)));
  return result;
}

Outcome<CmhResult> CochranMantelHaenszel(std::span<const CountTable> strata, double confidence) {
  if (!(confidence > 0 && confidence < 1)) return No(Reason::kOutsideDomain, "the confidence lies between 0 and 1");
  CmhResult result;
  MhSums sums;
  double difference = 0, variance = 0;
  for (const CountTable& t : strata) {
    PLUMBLINE_TRY(CheckTable(t));
    if (t.rows != 2 || t.columns != 2) return No(Reason::kOutsideDomain, "strata are 2 x 2; GeneralisedCmh takes larger ones");
    const Margins m = MarginsOf(t);
    if (Positive(m.row) < 2 || Positive(m.column) < 2) continue;
    ++result.strata_used;
    const double a = t.At(0, 0), b = t.At(0, 1), c = t.At(1, 0), d = t.At(1, 1), n = m.n;
    difference += a - m.row[0] * m.column[0] / n;
    if (n > 1) variance += m.row[0] * m.row[1] * m.column[0] * m.column[1] / (n * n * (n - 1));
    const double p = (a + d) / n, q = (b + c) / n, r = a * d / n, s = b * c / n;
    sums.r += r;
    sums.s += s;
    sums.pr += p * r;
    sums.ps_qr += p * s + q * r;
    sums.qs += q * s;
  }
  if (result.strata_used == 0 || variance == 0)
    return No(Reason::kNoInformation, "no stratum has cases in both rows and both columns");
  const double corrected = std::max(0.0, std::fabs(difference) - 0.5);
  result.with_continuity.statistic = corrected * corrected / variance;
  result.without_continuity.statistic = difference * difference / variance;
  Finish(&result.with_continuity, 1);
  Finish(&result.without_continuity, 1);
  if (sums.s == 0) {
    return No(Reason::kUnbounded, "the common odds ratio is unbounded: the second cell times the third is 0 in every stratum");
  }
  const double ratio = sums.r / sums.s;
  if (sums.r == 0) {
    result.common_odds_ratio = WithoutInterval(0, Reason::kUnbounded);
  } else {
    const double v = sums.pr / (2 * sums.r * sums.r) + sums.ps_qr / (2 * sums.r * sums.s) + sums.qs / (2 * sums.s * sums.s);
    const double half = NormalTwoSided(confidence) * std::sqrt(v);
    result.common_odds_ratio = Stated(ratio, ratio * det::Exp(-half), ratio * det::Exp(half), confidence, std::sqrt(v));
  }
  if (sums.r > 0) BreslowDay(strata, ratio, &result);
  return result;
}

Outcome<Test> GeneralisedCmh(std::span<const CountTable> strata) {
  if (strata.empty()) return No(Reason::kTooFew, "no strata");
  const std::size_t rows = strata[0].rows, columns = strata[0].columns;
  if (rows < 2 || columns < 2) return No(Reason::kOneCategory, "at least 2 x 2 categories are needed");
  const auto size = static_cast<Eigen::Index>((rows - 1) * (columns - 1));
  Eigen::VectorXd g = Eigen::VectorXd::Zero(size);
  Eigen::MatrixXd v = Eigen::MatrixXd::Zero(size, size);
  for (const CountTable& t : strata) {
    PLUMBLINE_TRY(CheckTable(t));
    if (t.rows != rows || t.columns != columns) return No(Reason::kOutsideDomain, "strata have the same categories");
    const Margins m = MarginsOf(t);
    if (m.n < 2) continue;
    const double scale = 1 / (m.n * m.n * (m.n - 1));
    for (Eigen::Index i = 0; i < size; ++i) {
      const auto r = static_cast<std::size_t>(i) / (columns - 1), c = static_cast<std::size_t>(i) % (columns - 1);
      g(i) += t.At(r, c) - m.row[r] * m.column[c] / m.n;
      for (Eigen::Index j = 0; j < size; ++j) {
        const auto r2 = static_cast<std::size_t>(j) / (columns - 1), c2 = static_cast<std::size_t>(j) % (columns - 1);
        const double by_row = m.row[r] * ((r == r2 ? m.n : 0) - m.row[r2]);
        const double by_column = m.column[c] * ((c == c2 ? m.n : 0) - m.column[c2]);
        v(i, j) += by_row * by_column * scale;
      }
    }
  }
  const Eigen::FullPivLU<Eigen::MatrixXd> lu(v);
  if (!lu.isInvertible()) return No(Reason::kNoInformation, "a category is empty in every stratum: leave it out");
  Test test;
  test.statistic = g.dot(lu.solve(g));
  Finish(&test, static_cast<double>(size));
  return test;
}

}  // namespace plumbline::stats
