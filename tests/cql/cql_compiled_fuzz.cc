// The input's bytes choose a library; compiled evaluation must agree with the plain walk on all its definitions.
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "engine/base/check.h"
#include "tests/cql/random_program_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t at = 0;
  const plumbline::cql::Draw draw = [&](std::uint32_t limit) {
    return at < size ? static_cast<std::uint32_t>(data[at++]) % limit : 0U;
  };
  const std::string library = plumbline::cql::RandomLibrary(draw, 5);
  const std::string difference = plumbline::cql::CompareEvaluations(library).difference;
  if (!difference.empty()) std::fprintf(stderr, "%s\n%s\n", library.c_str(), difference.c_str());
  PLUMBLINE_CHECK(difference.empty(), "compiled evaluation and the plain walk give the same values");
  return 0;
}
