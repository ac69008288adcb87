// Compiled evaluation (folded constants, typed paths, slots, kept definitions) against a plain walk over the typed tree.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "tests/cql/random_program_support.h"

namespace plumbline::cql {
namespace {

TEST_CASE("compiled evaluation and a plain walk agree on random well-typed libraries", "[cql][property]") {
  const char* given = std::getenv("PLUMBLINE_SEED");
  const char* many = std::getenv("PLUMBLINE_LIBRARIES");
  const std::uint64_t seed = given == nullptr ? 20251125 : std::strtoull(given, nullptr, 10);
  const int libraries = many == nullptr ? 1500 : static_cast<int>(std::strtol(many, nullptr, 10));
  WARN("seed " << seed);
  std::mt19937_64 random(seed);
  const Draw draw = [&random](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  Comparison all;
  for (int i = 0; i < libraries; ++i) {
    const std::string library = RandomLibrary(draw, 4);
    const Comparison one = CompareEvaluations(library);
    INFO(library << "\n" << one.difference);
    REQUIRE(one.difference.empty());
    all.definitions += one.definitions;
    all.failed += one.failed;
    all.too_long += one.too_long;
  }
  WARN(all.definitions << " definitions compared, " << all.failed << " of them end in an error; " << all.too_long << " left out");
  CHECK(all.definitions > 2 * libraries);
  CHECK(all.too_long * 50 < all.definitions);
  CHECK(all.failed * 4 < all.definitions);
}

}  // namespace
}  // namespace plumbline::cql
