// Compiled evaluation (folded constants, typed paths, kept definitions) against a plain walk over the same tree.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "tests/cql/random_expression_support.h"

namespace plumbline::cql {
namespace {

TEST_CASE("compiled evaluation and a plain walk agree on random well-typed expressions", "[cql][property]") {
  const char* given = std::getenv("PLUMBLINE_SEED");
  const std::uint64_t seed = given == nullptr ? 20251125 : std::strtoull(given, nullptr, 10);
  WARN("seed " << seed);
  std::mt19937_64 random(seed);
  const Draw draw = [&random](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  constexpr int kExpressions = 1500;
  for (int i = 0; i < kExpressions; ++i) {
    const std::string expression = RandomExpression(draw, 4);
    const std::string difference = CompareEvaluations(expression);
    INFO(expression << "\n" << difference);
    REQUIRE(difference.empty());
  }
}

}  // namespace
}  // namespace plumbline::cql
