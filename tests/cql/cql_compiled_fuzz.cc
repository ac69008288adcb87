// The input's bytes choose an expression; its two evaluations must agree.
#include <cstddef>
#include <cstdint>

#include "engine/base/check.h"
#include "tests/cql/random_expression_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t at = 0;
  const plumbline::cql::Draw draw = [&](std::uint32_t limit) {
    return at < size ? static_cast<std::uint32_t>(data[at++]) % limit : 0U;
  };
  const std::string expression = plumbline::cql::RandomExpression(draw, 5);
  PLUMBLINE_CHECK(plumbline::cql::CompareEvaluations(expression).empty(), "both evaluations give the same value");
  return 0;
}
