// DDSketch: quantiles of a stream with a stated relative error, in a state that merges exactly. Masson, Rim & Lee 2019, PVLDB
// 12:2195. A value x > 0 falls into bucket ceil(log_gamma x), gamma = (1+alpha)/(1-alpha), and is told as 2*gamma^i/(gamma+1); so
// a quantile differs from the true one by at most alpha of it. Negative values are kept in a mirror, zero (and anything below
// 1e-300 in size) in one count.
//
// merge(sketch(A), sketch(B)) == sketch(A + B), bit for bit, in any order: buckets are integer counts and never collapse. The
// number of buckets is limited by the values' range (alpha = 0.01: 115 per factor of ten); kMaxBuckets is a hard limit, and a
// value that would pass it is refused and counted, so memory is bounded and no count is silently moved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

class DdSketch {
 public:
  static constexpr std::size_t kMaxBuckets = 16384;

  // 1e-4 <= alpha <= 0.2.
  [[nodiscard]] static Outcome<DdSketch> Make(double alpha);

  // False (and counted in refused()) when x is not finite or the buckets are at their limit. weight > 0.
  bool Add(double x, std::uint64_t weight = 1);
  // Takes back an Add of the same value (a corrected or withdrawn event); false when the bucket has not that many.
  bool Remove(double x, std::uint64_t weight = 1);
  // kOutsideDomain when the other has another alpha.
  [[nodiscard]] Outcome<void> Merge(const DdSketch& other);

  // The value at rank floor(1 + q*(n-1)), 0 <= q <= 1, within alpha of it. kTooFew when empty.
  [[nodiscard]] Outcome<double> Quantile(double q) const;
  // The share of values <= x, exact up to values that share x's bucket.
  [[nodiscard]] Outcome<double> ShareAtMost(double x) const;

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::size_t buckets() const { return positive_.size() + negative_.size(); }
  [[nodiscard]] double alpha() const { return alpha_; }
  [[nodiscard]] double gamma() const { return gamma_; }

  [[nodiscard]] std::int32_t IndexOf(double positive) const;
  [[nodiscard]] double ValueOf(std::int32_t index) const;

  // Canonical: equal sketches have equal bytes. version u8, alpha f64, zero u64, refused u64, then per side (negative, positive):
  // count varint, then (index delta zigzag varint, count varint) ascending.
  [[nodiscard]] std::string Serialise() const;
  [[nodiscard]] static Outcome<DdSketch> Restore(std::string_view bytes);

  friend bool operator==(const DdSketch&, const DdSketch&) = default;

 private:
  DdSketch(double alpha, double gamma, double log_gamma) : alpha_(alpha), gamma_(gamma), log_gamma_(log_gamma) {}
  using Buckets = std::map<std::int32_t, std::uint64_t>;

  double alpha_;
  double gamma_;
  double log_gamma_;
  Buckets positive_;
  Buckets negative_;  // by the index of -x
  std::uint64_t zero_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace plumbline::stats
