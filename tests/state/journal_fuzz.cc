// Any bytes as a journal entry: refused, or an entry that is written back as the same bytes.
#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "engine/state/journal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline::state;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto entry = DecodeEntry(bytes);
  if (!entry) return 0;
  PLUMBLINE_CHECK(EncodeEntry(*entry) == bytes, "an entry has one form");
  PLUMBLINE_CHECK(!DescribeEntry(*entry).empty(), "every entry can be shown");
  return 0;
}
