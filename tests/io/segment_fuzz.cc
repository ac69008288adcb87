// Any bytes as frames of a segment: they are measured and parsed within their bounds. The checksum of a whole frame is mended, so
// that what lies behind it is reached.
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/io/crc32c.h"
#include "engine/io/segment.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  std::vector<io::HeaderView> headers;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto rest = AsBytes(std::string_view(bytes)).subspan(at);
    std::size_t frame = 0, count = 0;
    if (io::MeasureFrame(rest, &frame) != io::FrameState::kWhole) break;
    PLUMBLINE_CHECK(frame <= rest.size(), "a whole frame is there to its end");
    StoreLe(bytes.data() + at, io::Crc32c(rest.subspan(4, frame - 4)));
    io::Record record;
    headers.clear();
    if (io::ParseFrame(rest.first(frame), record, headers, &count))
      PLUMBLINE_CHECK(record.key.size() + record.value.size() <= frame, "a record lies in its frame");
    at += frame;
  }
  return 0;
}
