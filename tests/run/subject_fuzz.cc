// Any bytes as a subject of a checkpoint: refused, or a subject that can be written again.
#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "engine/run/subject.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline::run;
  Subject subject;
  if (!subject.Deserialize({reinterpret_cast<const char*>(data), size})) return 0;
  std::string again;
  subject.Serialize(again);
  Subject other;
  PLUMBLINE_CHECK(other.Deserialize(again).has_value(), "what was read can be read again");
  return 0;
}
