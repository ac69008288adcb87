// A counter-based generator for resampling and simulation inside statistics: a stream is named by (seed, stream), so results do
// not depend on threads or order, and are the same on every machine. SplitMix64 (Steele, Lea & Flood 2014). Not for secrets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace plumbline::stats {

class SplitMix {
 public:
  SplitMix(std::uint64_t seed, std::uint64_t stream) : state_(Mix(seed + 0x9E3779B97F4A7C15ULL * (stream + 1))) {}

  std::uint64_t Next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    return Mix(state_);
  }
  // Uniform in [0,1), 53 bits.
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  // Uniform in 0..n-1, n >= 1; unbiased by rejection.
  std::size_t Below(std::size_t n) {
    const std::uint64_t limit = UINT64_MAX - UINT64_MAX % n;
    std::uint64_t x = Next();
    while (x >= limit) x = Next();
    return static_cast<std::size_t>(x % n);
  }

 private:
  static std::uint64_t Mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

}  // namespace plumbline::stats
