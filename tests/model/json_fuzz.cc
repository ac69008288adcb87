// Any bytes as JSON: read or refused, and what is read is the same event after another encoding.
#include <cstdint>

#include "tests/model/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline::model;
  CheckDecoded({reinterpret_cast<const char*>(data), size}, Encoding::kJson);
  return 0;
}
