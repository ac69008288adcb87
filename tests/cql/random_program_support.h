// Random well-typed libraries, drawn from choices that a seed or a fuzzer's bytes make, over a small data model's resources; and
// the comparison of compiled evaluation with a plain walk on one of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace plumbline::cql {

// Gives a number below its argument.
using Draw = std::function<std::uint32_t(std::uint32_t)>;

// A few parameters, functions and definitions of random types that use each other; depth bounds the nesting of each.
[[nodiscard]] std::string RandomLibrary(const Draw& draw, int depth);
// One expression of a random type.
[[nodiscard]] std::string RandomExpression(const Draw& draw, int depth);

struct Comparison {
  std::string difference;  // empty where compiled evaluation and the plain walk agree, in values and in failing
  int definitions = 0;     // compared
  int failed = 0;          // of these: that end in a run-time error
  int too_long = 0;        // not compared: the walk takes too long
};
[[nodiscard]] Comparison CompareEvaluations(const std::string& library);

}  // namespace plumbline::cql
