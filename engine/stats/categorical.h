// Counts in categories against counts in categories: is what this unit does distributed as what the others (or the baseline) do?
// Pearson and likelihood-ratio tests of an r x c table, and the Cochran-Mantel-Haenszel family, which compares within strata of
// case mix, so that a unit is not blamed for the patients it gets.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

// Row-major counts, rows x columns, not negative and finite.
struct CountTable {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> counts;
  [[nodiscard]] double At(std::size_t r, std::size_t c) const { return counts[r * columns + c]; }
};

struct HomogeneityResult {
  Test pearson;           // sum (O-E)^2/E, df (r-1)(c-1)
  Test likelihood_ratio;  // G = 2 sum O log(O/E)
  double cramers_v = 0;
  double least_expected = 0;  // below 5 the chi-squared approximation is doubtful (Cochran 1954)
};
// Empty rows and columns are left out (df accordingly). kOneCategory when fewer than two of either remain.
[[nodiscard]] Outcome<HomogeneityResult> HomogeneityTest(const CountTable& table);

// Goodness of fit of counts to given probabilities (the frozen baseline's); df = categories - 1.
[[nodiscard]] Outcome<HomogeneityResult> GoodnessOfFit(std::span<const double> counts, std::span<const double> probabilities);

struct CmhResult {
  Test with_continuity;  // (|sum(a-E)| - 1/2)^2 / sum V, df 1
  Test without_continuity;
  Estimate common_odds_ratio;   // Mantel-Haenszel, interval of Robins, Breslow & Greenland 1986
  Test breslow_day;             // homogeneity of the odds ratios, df = informative strata - 1
  Test breslow_day_tarone;      // the same with Tarone's correction (1985)
  std::size_t strata_used = 0;  // informative ones: no margin empty
};
// strata of 2 x 2 tables. kNoInformation when no stratum has both margins; the odds ratio has no interval where it is 0 or
// unbounded.
[[nodiscard]] Outcome<CmhResult> CochranMantelHaenszel(std::span<const CountTable> strata, double confidence = 0.95);

// General association over r x c x K (Landis, Heyman & Koch 1978): df (r-1)(c-1). For 2 x 2 equals without_continuity.
[[nodiscard]] Outcome<Test> GeneralisedCmh(std::span<const CountTable> strata);

}  // namespace plumbline::stats
