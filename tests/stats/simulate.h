// Random numbers for simulations: the same on every machine (mt19937_64 is, and the normals come from our own quantile).
#pragma once

#include <cstdint>
#include <random>

#include "engine/stats/distributions.h"

namespace plumbline::simulate {

class Source {
 public:
  explicit Source(std::uint64_t seed) : engine_(seed) {}
  // Uniform inside (0,1).
  double Uniform() { return (static_cast<double>(engine_() >> 12) + 0.5) * 0x1p-52; }
  double Normal() { return stats::NormalQuantile(Uniform()); }
  bool Event(double probability) { return Uniform() < probability; }
  std::uint64_t Below(std::uint64_t n) { return engine_() % n; }
  std::int64_t Poisson(double mean) {
    // By inversion; for small means.
    double u = Uniform();
    std::int64_t k = 0;
    for (double p = stats::PoissonPmf(0, mean); u > p && k < 1000; p = stats::PoissonPmf(++k, mean)) u -= p;
    return k;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace plumbline::simulate
