// Pseudo-random numbers that are the same on every machine for a seed: SplitMix64 and integer arithmetic, no library's
// distributions.
#pragma once

#include <cstdint>

#include "engine/base/int128.h"

namespace plumbline::generator {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  // From 0 to n - 1; n is above 0. The bias of the multiplication is below n / 2^64.
  std::uint64_t Below(std::uint64_t n) { return static_cast<std::uint64_t>((static_cast<UInt128>(Next()) * n) >> 64); }
  // Inclusive.
  std::int64_t Between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(most - least + 1)));
  }
  bool Chance(std::uint32_t in_a_million) { return Below(1'000'000) < in_a_million; }
  // Bell-shaped with mean 0 and standard deviation `sd`, within 3.4 deviations: the sum of eight uniform numbers.
  std::int64_t Bell(std::int64_t sd) {
    std::int64_t sum = 0;
    for (int i = 0; i < 8; ++i) sum += static_cast<std::int64_t>(Below(2001)) - 1000;
    // One uniform number of [-1000, 1000] has variance 1000 * 1001 / 3; eight have the deviation 1633.8.
    return sum * sd / 1634;
  }

 private:
  std::uint64_t state_;
};

}  // namespace plumbline::generator
