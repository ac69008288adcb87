// Agreement of two readers on categories: Cohen's kappa, weighted kappa, and the tests whether they use the categories alike.
// Everything rests on the k x k table of counts, which is exact, merges exactly, and is all a stream has to keep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/stats/estimate.h"
#include "engine/stats/numerics.h"

namespace plumbline::stats {

inline constexpr std::size_t kMaxCategories = 256;

// counts[a][b]: cases that reader A put into category a and reader B into b. k categories, 2 <= k <= 256 (checked).
class PairTable {
 public:
  explicit PairTable(std::size_t categories);
  // a, b below k (checked).
  void Add(std::size_t a, std::size_t b, std::uint64_t cases = 1);
  void Merge(const PairTable& other);  // of the same k (checked)
  [[nodiscard]] std::size_t categories() const { return k_; }
  [[nodiscard]] std::uint64_t at(std::size_t a, std::size_t b) const { return counts_[a * k_ + b]; }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  // From rows of counts; kOutsideDomain when it is not square, or a count is not a whole number of 0 or more.
  [[nodiscard]] static Outcome<PairTable> FromRows(std::span<const std::vector<double>> rows);

 private:
  std::size_t k_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

// Weights of *disagreement*, k x k, 0 on the diagonal and not negative elsewhere.
[[nodiscard]] SquareMatrix NominalDisagreement(std::size_t k);    // 1 everywhere off the diagonal: Cohen's kappa
[[nodiscard]] SquareMatrix LinearDisagreement(std::size_t k);     // |a-b|
[[nodiscard]] SquareMatrix QuadraticDisagreement(std::size_t k);  // (a-b)^2

struct Kappa {
  Estimate kappa;
  double observed = 0;       // agreement observed, weighted, in [0,1]
  double by_chance = 0;      // agreement expected by chance, weighted
  double variance = 0;       // of kappa, for the interval (Fleiss, Cohen & Everitt 1969)
  double null_variance = 0;  // of kappa when there is no agreement beyond chance (ibid.), for the test
  std::uint64_t cases = 0;
};
// kappa_w = 1 - sum v p_ab / sum v p_a. p_.b (Cohen 1960, Educ. Psychol. Meas. 20:37; 1968, Psychol. Bull. 70:213), variances by
// Fleiss, Cohen & Everitt 1969, Psychol. Bull. 72:323, eq. 8 and 9. The normal interval is cut at -1 and 1. kTooFew below
// min_cases; kOneCategory when chance alone agrees always; perfect agreement has no interval (kZeroVariance): its formula's
// variance is 0.
struct KappaOptions {
  double confidence = 0.95;
  std::uint64_t min_cases = 2;
};
[[nodiscard]] Outcome<Kappa> WeightedKappa(const PairTable& table, const SquareMatrix& disagreement,
                                           const KappaOptions& options = {});
[[nodiscard]] Outcome<Kappa> CohenKappa(const PairTable& table, const KappaOptions& options = {});

// McNemar 1947 for two categories: b cases only A calls positive, c only B does. Two-sided.
struct McNemar {
  Test chi_squared;     // (b-c)^2/(b+c), df 1
  Test continuity;      // (|b-c|-1)^2/(b+c), df 1
  Test exact;           // binomial, p only
  Estimate difference;  // p(A) - p(B) of all cases, Wald interval
  std::optional<Estimate>
      odds_ratio;  // b/c with the exact conditional interval; absent when b or c is 0, for then a bound is infinite
};
[[nodiscard]] Outcome<McNemar> McNemarTest(const PairTable& table, double confidence = 0.95);

// Do both readers use the categories equally often? Stuart 1955, Maxwell 1970; categories without any discordant case are left
// out, and df is the number left less one. kNoInformation when nothing is discordant.
[[nodiscard]] Outcome<Test> StuartMaxwell(const PairTable& table);
// Is the table symmetric (Bowker 1948)? df: the pairs of categories with a discordant case.
[[nodiscard]] Outcome<Test> Bowker(const PairTable& table);

}  // namespace plumbline::stats
