// The files of the embedded log. A partition is a folder of segments; a segment is named by the offset of its first record,
// twenty decimal digits and ".seg". All integers are little-endian.
//
//   segment      := segment_head frame*
//   segment_head := "PLSEG" u8 version=1 u16 zero  u64 base_offset  u32 partition  u32 crc32c(the 20 bytes before)
//   frame        := u32 crc32c(all of the frame behind this field)  u32 size(body)  body
//   body         := i64 offset  i64 timestamp_ms  u32 size(key)  u32 size(value)  u32 count(headers)  key value header*
//   header       := u32 size(name)  u32 size(value)  name value
//
// Offsets within a partition rise by one. Segments but the last are synced whole before the next one is made; the last may end in
// the torn frame of a write that a crash cut short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/io/file_system.h"
#include "engine/io/record.h"

namespace plumbline::io {

inline constexpr std::size_t kSegmentHeadSize = 24;
inline constexpr std::size_t kFramePrefixSize = 8;       // crc and size
inline constexpr std::size_t kFrameFixedSize = 28;       // of the body: offset to header count
inline constexpr std::size_t kMaxFrameBody = 32u << 20;  // beyond: refused by the writer, damage to a reader
inline constexpr std::uint32_t kMaxHeaders = 64;

[[nodiscard]] std::string SegmentName(std::int64_t base_offset);
// Base offsets of the segments in a partition's folder, ascending.
[[nodiscard]] Result<std::vector<std::int64_t>> ListSegments(FileSystem& files, const std::string& folder);

void AppendSegmentHead(std::string& out, std::int64_t base_offset, std::uint32_t partition);
// Reads and compares the head; kIntegrity or kVersion.
[[nodiscard]] Result<void> CheckSegmentHead(ReadFile& file, const std::string& path, std::int64_t base_offset,
                                            std::uint32_t partition);

// Bytes that a frame of this content takes.
[[nodiscard]] std::size_t FrameSize(std::size_t key_size, std::size_t value_size, std::span<const HeaderView> headers);
void AppendFrame(std::string& out, std::int64_t offset, std::int64_t timestamp_ms, std::span<const std::byte> key,
                 std::span<const std::byte> value, std::span<const HeaderView> headers);

enum class FrameState : std::uint8_t {
  kWhole,       // checked, and *size is what it takes
  kIncomplete,  // more bytes are needed (or never came): *size is how many at least, the prefix included
  kDamaged,     // whatever follows, this is no frame
};
// Looks at the frame that begins `bytes` without its checksum.
[[nodiscard]] FrameState MeasureFrame(std::span<const std::byte> bytes, std::size_t* size);
// Checks a whole frame of `size` bytes and fills record's offset, timestamp, key and value; its headers are appended to `headers`
// and counted in *header_count. False: damaged.
[[nodiscard]] bool ParseFrame(std::span<const std::byte> frame, Record& record, std::vector<HeaderView>& headers,
                              std::size_t* header_count);

// What a walk over one segment found.
struct SegmentScan {
  std::int64_t end_offset = 0;    // one past the last whole frame
  std::uint64_t whole_bytes = 0;  // up to and with the last whole frame
  std::uint64_t file_bytes = 0;
  std::string last_frame;  // empty when there is none
  bool whole_frame_behind_damage = false;
};
// Reads and checks every frame. Damage is reported, not repaired.
[[nodiscard]] Result<SegmentScan> ScanSegment(FileSystem& files, const std::string& folder, std::int64_t base_offset,
                                              std::uint32_t partition);

}  // namespace plumbline::io
