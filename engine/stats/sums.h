// Sums whose result does not depend on the order of what is added, and one that does but loses little.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace plumbline::stats {

// The exact sum of doubles in a fixed-point register as wide as the whole range of a double: adding and merging are exact, so any
// order and any partition give the same bits, and Value() is the exact sum rounded once (to nearest, ties to even). After
// R. M. Neal 2015, "Fast exact summation using small and large superaccumulators". 560 bytes; about 3 ns an addition.
// Not for NaN or infinities (checked). Used by one thread at a time.
class ExactSum {
 public:
  // Chunks of 32 bits in 64-bit words; chunk 0's lowest bit weighs 2^-1074. 2,098 bits of a double's range and 64 of carry.
  static constexpr std::size_t kChunks = 68;

  void Add(double x);
  // Adds x * y, exact as a sum of its two halves (Dekker's product), except where it underflows.
  void AddProduct(double x, double y);
  void Merge(const ExactSum& other);
  [[nodiscard]] double Value() const;
  // Canonical form (carries propagated), for serialising: equal sums have equal chunks.
  [[nodiscard]] std::array<std::int64_t, kChunks> Canonical() const;
  [[nodiscard]] static ExactSum FromCanonical(const std::array<std::int64_t, kChunks>& chunks);

 private:
  void Propagate();
  std::array<std::int64_t, kChunks> chunks_{};
  std::int32_t pending_ = 0;  // additions since the last propagation; a word overflows after 2^31
};

[[nodiscard]] double SumExact(std::span<const double> values);
// values must not be empty.
[[nodiscard]] double MeanExact(std::span<const double> values);
// Sum of (x - centre)^2, exact in the deviations as rounded.
[[nodiscard]] double SumSquaresAbout(std::span<const double> values, double centre);
// SumSquaresAbout(mean)/(n-1); values.size() >= 2.
[[nodiscard]] double VarianceExact(std::span<const double> values);

// Neumaier's compensated sum: for long loops in canonical order (the order of the data), where 560 bytes are too many.
class CompensatedSum {
 public:
  constexpr void Add(double x) {
    const double t = sum_ + x;
    const double a = sum_ < 0 ? -sum_ : sum_;
    const double b = x < 0 ? -x : x;
    carry_ += a >= b ? (sum_ - t) + x : (x - t) + sum_;
    sum_ = t;
  }
  [[nodiscard]] constexpr double Value() const { return sum_ + carry_; }

 private:
  double sum_ = 0;
  double carry_ = 0;
};

}  // namespace plumbline::stats
