#include "engine/stats/kappa.h"

#include <algorithm>
#include <cmath>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/stats/distributions.h"
#include "engine/stats/sums.h"

namespace plumbline::stats {
namespace {

Outcome<void> CheckConfidence(double confidence) {
  if (!(confidence > 0 && confidence < 1)) return No(Reason::kOutsideDomain, "a confidence lies inside (0,1)");
  return {};
}

template <typename Function>
SquareMatrix Fill(std::size_t k, Function f) {
  SquareMatrix m(k);
  for (std::size_t a = 0; a < k; ++a) {
    for (std::size_t b = 0; b < k; ++b) m(a, b) = f(std::fabs(static_cast<double>(a) - static_cast<double>(b)));
  }
  return m;
}

// Margins of a table as shares.
struct Margins {
  std::vector<double> a, b;
};
Margins MarginsOf(const PairTable& t) {
  Margins m{std::vector<double>(t.categories(), 0.0), std::vector<double>(t.categories(), 0.0)};
  for (std::size_t i = 0; i < t.categories(); ++i) {
    std::uint64_t row = 0, column = 0;
    for (std::size_t j = 0; j < t.categories(); ++j) {
      row += t.at(i, j);
      column += t.at(j, i);
    }
    m.a[i] = static_cast<double>(row) / static_cast<double>(t.total());
    m.b[i] = static_cast<double>(column) / static_cast<double>(t.total());
  }
  return m;
}

}  // namespace

PairTable::PairTable(std::size_t categories) : k_(categories), counts_(categories * categories, 0) {
  PLUMBLINE_CHECK(categories >= 2 && categories <= kMaxCategories, "a table of agreement has 2 to 256 categories");
}

void PairTable::Add(std::size_t a, std::size_t b, std::uint64_t cases) {
  PLUMBLINE_CHECK(a < k_ && b < k_, "a category is one of the table's");
  counts_[a * k_ + b] += cases;
  total_ += cases;
}

void PairTable::Merge(const PairTable& other) {
  PLUMBLINE_CHECK(other.k_ == k_, "tables of the same categories are merged");
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  total_ += other.total_;
}

Outcome<PairTable> PairTable::FromRows(std::span<const std::vector<double>> rows) {
  if (rows.size() < 2 || rows.size() > kMaxCategories)
    return No(Reason::kOneCategory, "a table of agreement has 2 to 256 categories");
  PairTable table(rows.size());
  for (std::size_t a = 0; a < rows.size(); ++a) {
    if (rows[a].size() != rows.size())
      return No(Reason::kOutsideDomain, "row " + std::to_string(a + 1) + " is not as long as the table is high");
    for (std::size_t b = 0; b < rows.size(); ++b) {
      const double count = rows[a][b];
      if (!(count >= 0 && count < 1e15) || count != std::floor(count)) {
        return No(Reason::kOutsideDomain, "row " + std::to_string(a + 1) + ": a count is a whole number, 0 or more");
      }
      table.Add(a, b, static_cast<std::uint64_t>(count));
    }
  }
  return table;
}

SquareMatrix NominalDisagreement(std::size_t k) {
  return Fill(k, [](double d) { return d == 0 ? 0.0 : 1.0; });
}
SquareMatrix LinearDisagreement(std::size_t k) {
  return Fill(k, [](double d) { return d; });
}
SquareMatrix QuadraticDisagreement(std::size_t k) {
  return Fill(k, [](double d) { return d * d; });
}

Outcome<Kappa> WeightedKappa(const PairTable& t, const SquareMatrix& disagreement, const KappaOptions& o) {
  const std::size_t k = t.categories();
  PLUMBLINE_TRY(CheckConfidence(o.confidence));
  PLUMBLINE_CHECK(disagreement.size() == k, "weights are as many as the table's cells");
  if (t.total() < std::max<std::uint64_t>(o.min_cases, 2)) {
    return No(Reason::kTooFew, std::to_string(t.total()) + " cases, at least " +
                                   std::to_string(std::max<std::uint64_t>(o.min_cases, 2)) + " are needed");
  }
  double greatest = 0;
  for (std::size_t a = 0; a < k; ++a) {
    for (std::size_t b = 0; b < k; ++b) {
      const double v = disagreement(a, b);
      if (!(v >= 0) || !std::isfinite(v) || (a == b && v != 0))
        return No(Reason::kOutsideDomain, "disagreement is 0 on the diagonal and not negative");
      greatest = std::max(greatest, v);
    }
  }
  if (!(greatest > 0)) return No(Reason::kOutsideDomain, "no weight of disagreement is above 0");
  const Margins m = MarginsOf(t);
  const auto n = static_cast<double>(t.total());
  const auto weight = [&](std::size_t a, std::size_t b) { return 1 - disagreement(a, b) / greatest; };
  std::vector<double> row(k, 0), column(k, 0);  // mean weights against the other reader's margins
  CompensatedSum observed, by_chance;
  for (std::size_t a = 0; a < k; ++a) {
    for (std::size_t b = 0; b < k; ++b) {
      row[a] += weight(a, b) * m.b[b];
      column[b] += weight(a, b) * m.a[a];
      observed.Add(weight(a, b) * static_cast<double>(t.at(a, b)) / n);
      by_chance.Add(weight(a, b) * m.a[a] * m.b[b]);
    }
  }
  Kappa result;
  result.cases = t.total();
  result.observed = observed.Value();
  result.by_chance = by_chance.Value();
  const double room = 1 - result.by_chance;
  if (!(room > 1e-14)) return No(Reason::kOneCategory, "both readers used one and the same category");
  const double kappa = (result.observed - result.by_chance) / room;
  CompensatedSum spread, null_spread;
  for (std::size_t a = 0; a < k; ++a) {
    for (std::size_t b = 0; b < k; ++b) {
      const double mean = row[a] + column[b];
      const double d = weight(a, b) - mean * (1 - kappa);
      spread.Add(static_cast<double>(t.at(a, b)) / n * d * d);
      null_spread.Add(m.a[a] * m.b[b] * (weight(a, b) - mean) * (weight(a, b) - mean));
    }
  }
  const double centre = kappa - result.by_chance * (1 - kappa);
  result.variance = std::max(0.0, (spread.Value() - centre * centre) / (n * room * room));
  result.null_variance = std::max(0.0, (null_spread.Value() - result.by_chance * result.by_chance) / (n * room * room));
  if (result.variance < 1e-18) {
    result.kappa = WithoutInterval(kappa, Reason::kZeroVariance);
    return result;
  }
  const double error = std::sqrt(result.variance), half = NormalTwoSided(o.confidence) * error;
  result.kappa = Stated(kappa, std::max(-1.0, kappa - half), std::min(1.0, kappa + half), o.confidence, error);
  return result;
}

Outcome<Kappa> CohenKappa(const PairTable& t, const KappaOptions& o) {
  return WeightedKappa(t, NominalDisagreement(t.categories()), o);
}

Outcome<McNemar> McNemarTest(const PairTable& t, double confidence) {
  PLUMBLINE_TRY(CheckConfidence(confidence));
  if (t.categories() != 2) return No(Reason::kOutsideDomain, "McNemar's test is of two categories; use Stuart-Maxwell for more");
  const auto b = static_cast<std::int64_t>(t.at(0, 1)), c = static_cast<std::int64_t>(t.at(1, 0));
  if (b + c == 0) return No(Reason::kNoInformation, "no case was judged differently");
  const auto bd = static_cast<double>(b), cd = static_cast<double>(c), n = static_cast<double>(t.total()), discordant = bd + cd;
  McNemar result;
  const double plain = (bd - cd) * (bd - cd) / discordant;
  const double less = std::max(0.0, std::fabs(bd - cd) - 1);
  result.chi_squared = {plain, 1, 0, ChiSquaredUpper(plain, 1)};
  result.continuity = {less * less / discordant, 1, 0, ChiSquaredUpper(less * less / discordant, 1)};
  result.exact = {static_cast<double>(std::min(b, c)), 0, 0, std::min(1.0, 2 * BinomialCdf(std::min(b, c), b + c, 0.5))};
  const double difference = (bd - cd) / n;
  const double error = std::sqrt(std::max(0.0, discordant - (bd - cd) * (bd - cd) / n)) / n;
  const double half = NormalTwoSided(confidence) * error;
  result.difference =
      error > 0 ? Stated(difference, std::max(-1.0, difference - half), std::min(1.0, difference + half), confidence, error)
                : WithoutInterval(difference, Reason::kZeroVariance);
  if (b > 0 && c > 0) {
    const double tail = 0.5 * (1 - confidence);
    const double low = BetaQuantile(tail, bd, cd + 1), high = BetaQuantile(1 - tail, bd + 1, cd);
    result.odds_ratio = Stated(bd / cd, low / (1 - low), high / (1 - high), confidence);
  }
  return result;
}

Outcome<Test> StuartMaxwell(const PairTable& t) {
  std::vector<std::size_t> used;
  for (std::size_t a = 0; a < t.categories(); ++a) {
    std::uint64_t discordant = 0;
    for (std::size_t b = 0; b < t.categories(); ++b) discordant += a == b ? 0 : t.at(a, b) + t.at(b, a);
    if (discordant > 0) used.push_back(a);
  }
  if (used.size() < 2) return No(Reason::kNoInformation, "no case was judged differently");
  const std::size_t df = used.size() - 1;
  SquareMatrix v(df);
  std::vector<double> d(df, 0.0);
  for (std::size_t i = 0; i < df; ++i) {
    for (const std::size_t b : used) {
      if (b == used[i]) continue;
      const auto out = static_cast<double>(t.at(used[i], b)), in = static_cast<double>(t.at(b, used[i]));
      d[i] += out - in;
      v(i, i) += out + in;
    }
    for (std::size_t j = 0; j < df; ++j) {
      if (i != j) v(i, j) = -static_cast<double>(t.at(used[i], used[j]) + t.at(used[j], used[i]));
    }
  }
  // Discordant cases that fall into separate groups of categories make V singular; that is said, not worked around.
  PLUMBLINE_ASSIGN(const auto inverse, InverseSymmetric(v));
  const double statistic = std::max(0.0, QuadraticForm(inverse, d));
  return Test{statistic, static_cast<double>(df), 0, ChiSquaredUpper(statistic, static_cast<double>(df))};
}

Outcome<Test> Bowker(const PairTable& t) {
  double statistic = 0, df = 0;
  for (std::size_t a = 0; a < t.categories(); ++a) {
    for (std::size_t b = a + 1; b < t.categories(); ++b) {
      const auto up = static_cast<double>(t.at(a, b)), down = static_cast<double>(t.at(b, a));
      if (up + down == 0) continue;
      statistic += (up - down) * (up - down) / (up + down);
      df += 1;
    }
  }
  if (df == 0) return No(Reason::kNoInformation, "no case was judged differently");
  return Test{statistic, df, 0, ChiSquaredUpper(statistic, df)};
}

}  // namespace plumbline::stats
