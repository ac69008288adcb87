// Random well-typed expressions, drawn from choices that a seed or a fuzzer's bytes make; and the comparison of the two editions
// of evaluation on one of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace plumbline::cql {

// Gives a number below its argument.
using Draw = std::function<std::uint32_t(std::uint32_t)>;

// Of a random type; depth bounds the nesting.
[[nodiscard]] std::string RandomExpression(const Draw& draw, int depth);

// Empty where compiled evaluation and the plain walk agree (in value, or in failing), else what differs.
[[nodiscard]] std::string CompareEvaluations(const std::string& expression);

}  // namespace plumbline::cql
