#include "engine/stats/sums.h"

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

using namespace plumbline::stats;

TEST_CASE("an exact sum is the same in any order and any partition", "[sums]") {
  constexpr unsigned kSeed = 20261;
  INFO("seed " << kSeed);
  std::mt19937_64 random(kSeed);
  std::vector<double> values;
  for (int i = 0; i < 2000; ++i) {
    const auto exponent = static_cast<int>(random() % 600) - 300;
    const double mantissa = static_cast<double>(random() >> 11) * 0x1p-53;
    values.push_back(std::ldexp((random() & 1) != 0 ? mantissa : -mantissa, exponent));
  }
  const double sum = SumExact(values);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(values.begin(), values.end(), random);
    ExactSum left, right;
    const std::size_t cut = random() % values.size();
    for (std::size_t i = 0; i < values.size(); ++i) (i < cut ? left : right).Add(values[i]);
    left.Merge(right);
    CHECK(std::bit_cast<std::uint64_t>(left.Value()) == std::bit_cast<std::uint64_t>(sum));
    CHECK(ExactSum::FromCanonical(left.Canonical()).Value() == sum);
  }
}

TEST_CASE("an exact sum rounds once, to nearest and ties to even", "[sums]") {
  CHECK(SumExact(std::vector<double>{1e100, 1, -1e100}) == 1);
  CHECK(SumExact(std::vector<double>{1, 0x1p-53}) == 1);
  CHECK(SumExact(std::vector<double>{1, 0x1p-53, 0x1p-1000}) == 1 + 0x1p-52);
  CHECK(SumExact(std::vector<double>{-1, -0x1p-53, -0x1p-1000}) == -1 - 0x1p-52);
  CHECK(SumExact(std::vector<double>{1 + 0x1p-52, 0x1p-53}) == 1 + 0x1p-51);
  CHECK(SumExact(std::vector<double>{5e-324, 5e-324, -5e-324}) == 5e-324);
  CHECK(SumExact(std::vector<double>{1.7e308, 1.7e308, -1.7e308, -1.7e308, 3}) == 3);
  CHECK(SumExact(std::vector<double>{0.5, -0.75}) == -0.25);
  CHECK(SumExact(std::vector<double>{}) == 0);
  std::vector<double> tenths(10, 0.1);
  CHECK(SumExact(tenths) == 1.0);
}

TEST_CASE("the variance of values far from zero keeps its digits", "[sums]") {
  const std::vector<double> values{1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 4};
  CHECK(VarianceExact(values) == Approx(5.0 / 3).epsilon(1e-15));
  CompensatedSum sum;
  for (const double x : {1.0, 1e16, -1e16}) sum.Add(x);
  CHECK(sum.Value() == 1);
}
