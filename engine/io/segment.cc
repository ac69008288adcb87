#include "engine/io/segment.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/base/bytes.h"
#include "engine/io/crc32c.h"

namespace plumbline::io {
namespace {

constexpr std::string_view kMagic = "PLSEG";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kScanChunk = 1u << 20;

std::string_view Chars(std::span<const std::byte> bytes) { return AsText(bytes); }

// A frame is somewhere in `bytes`, at whatever place: whole, and of an offset that could stand here.
bool HoldsWholeFrame(std::span<const std::byte> bytes, std::int64_t least_offset) {
  std::vector<HeaderView> headers;
  for (std::size_t i = 1; i + kFramePrefixSize + kFrameFixedSize <= bytes.size(); ++i) {
    std::size_t size = 0, header_count = 0;
    Record record;
    if (MeasureFrame(bytes.subspan(i), &size) != FrameState::kWhole) continue;
    if (LoadLe<std::int64_t>(bytes.data() + i + kFramePrefixSize) < least_offset) continue;
    headers.clear();
    if (ParseFrame(bytes.subspan(i, size), record, headers, &header_count)) return true;
  }
  return false;
}

}  // namespace

std::string SegmentName(std::int64_t base_offset) {
  std::string digits = std::to_string(base_offset);
  return std::string(20 - digits.size(), '0') + digits + ".seg";
}

Result<std::vector<std::int64_t>> ListSegments(FileSystem& files, const std::string& folder) {
  PLUMBLINE_ASSIGN(const auto names, files.List(folder));
  std::vector<std::int64_t> bases;
  for (const auto& name : names) {
    if (name.size() != 24 || !name.ends_with(".seg")) continue;
    std::int64_t base = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + 20, base);
    if (parsed.ec == std::errc() && parsed.ptr == name.data() + 20) bases.push_back(base);
  }
  std::sort(bases.begin(), bases.end());
  return bases;
}

void AppendSegmentHead(std::string& out, std::int64_t base_offset, std::uint32_t partition) {
  const std::size_t start = out.size();
  ByteWriter write(out);
  write.Bytes(kMagic);
  write.U8(kVersion);
  write.U16(0);
  write.I64(base_offset);
  write.U32(partition);
  write.U32(Crc32c(AsBytes(std::string_view(out).substr(start))));
}

Result<void> CheckSegmentHead(ReadFile& file, const std::string& path, std::int64_t base_offset, std::uint32_t partition) {
  std::array<std::byte, kSegmentHeadSize> head;
  PLUMBLINE_ASSIGN(const auto got, file.ReadAt(0, head));
  const auto damaged = [&](const std::string& why) {
    return Fail(ErrorCode::kIntegrity, path + ": " + why + "; restore this file from a copy, or set the topic up anew");
  };
  if (got < head.size()) return damaged("the segment's head is cut off");
  if (Chars(head).substr(0, 5) != kMagic) return damaged("this is not a segment of a log");
  const auto version = std::to_integer<std::uint8_t>(head[5]);
  if (version != kVersion) {
    return Fail(ErrorCode::kVersion, path + ": format version " + std::to_string(version) + "; this build reads version 1");
  }
  if (LoadLe<std::uint32_t>(head.data() + 20) != Crc32c(std::span(head).first(20)))
    return damaged("the head's checksum does not match");
  if (LoadLe<std::int64_t>(head.data() + 8) != base_offset)
    return damaged("the head names another base offset than the file's name");
  if (LoadLe<std::uint32_t>(head.data() + 16) != partition) return damaged("the head names another partition than the folder");
  return {};
}

std::size_t FrameSize(std::size_t key_size, std::size_t value_size, std::span<const HeaderView> headers) {
  std::size_t size = kFramePrefixSize + kFrameFixedSize + key_size + value_size;
  for (const auto& header : headers) size += 8 + header.name.size() + header.value.size();
  return size;
}

void AppendFrame(std::string& out, std::int64_t offset, std::int64_t timestamp_ms, std::span<const std::byte> key,
                 std::span<const std::byte> value, std::span<const HeaderView> headers) {
  const std::size_t start = out.size();
  const std::size_t size = FrameSize(key.size(), value.size(), headers);
  ByteWriter write(out);
  write.U32(0);
  write.U32(static_cast<std::uint32_t>(size - kFramePrefixSize));
  write.I64(offset);
  write.I64(timestamp_ms);
  write.U32(static_cast<std::uint32_t>(key.size()));
  write.U32(static_cast<std::uint32_t>(value.size()));
  write.U32(static_cast<std::uint32_t>(headers.size()));
  write.Bytes(Chars(key));
  write.Bytes(Chars(value));
  for (const auto& header : headers) {
    write.U32(static_cast<std::uint32_t>(header.name.size()));
    write.U32(static_cast<std::uint32_t>(header.value.size()));
    write.Bytes(header.name);
    write.Bytes(Chars(header.value));
  }
  StoreLe(out.data() + start, Crc32c(AsBytes(std::string_view(out).substr(start + 4))));
}

FrameState MeasureFrame(std::span<const std::byte> bytes, std::size_t* size) {
  *size = kFramePrefixSize;
  if (bytes.size() < kFramePrefixSize) return FrameState::kIncomplete;
  const auto body = LoadLe<std::uint32_t>(bytes.data() + 4);
  if (body < kFrameFixedSize || body > kMaxFrameBody) return FrameState::kDamaged;
  *size = kFramePrefixSize + body;
  return bytes.size() < *size ? FrameState::kIncomplete : FrameState::kWhole;
}

bool ParseFrame(std::span<const std::byte> frame, Record& record, std::vector<HeaderView>& headers, std::size_t* header_count) {
  if (LoadLe<std::uint32_t>(frame.data()) != Crc32c(frame.subspan(4))) return false;
  const std::byte* body = frame.data() + kFramePrefixSize;
  record.offset = LoadLe<std::int64_t>(body);
  record.timestamp_ms = LoadLe<std::int64_t>(body + 8);
  const std::size_t key_size = LoadLe<std::uint32_t>(body + 16), value_size = LoadLe<std::uint32_t>(body + 20);
  const auto count = LoadLe<std::uint32_t>(body + 24);
  auto rest = frame.subspan(kFramePrefixSize + kFrameFixedSize);
  if (count > kMaxHeaders || key_size + value_size > rest.size()) return false;
  record.key = rest.first(key_size);
  record.value = rest.subspan(key_size, value_size);
  rest = rest.subspan(key_size + value_size);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (rest.size() < 8) return false;
    const std::size_t name_size = LoadLe<std::uint32_t>(rest.data()), size = LoadLe<std::uint32_t>(rest.data() + 4);
    if (name_size + size > rest.size() - 8) return false;
    headers.push_back({AsText(rest.subspan(8, name_size)), rest.subspan(8 + name_size, size)});
    rest = rest.subspan(8 + name_size + size);
  }
  *header_count = count;
  return rest.empty();
}

Result<SegmentScan> ScanSegment(FileSystem& files, const std::string& folder, std::int64_t base_offset, std::uint32_t partition) {
  const std::string path = folder + "/" + SegmentName(base_offset);
  PLUMBLINE_ASSIGN(const auto file, files.OpenRead(path));
  PLUMBLINE_TRY(CheckSegmentHead(*file, path, base_offset, partition));
  SegmentScan scan;
  PLUMBLINE_ASSIGN(scan.file_bytes, file->Size());
  scan.end_offset = base_offset;
  scan.whole_bytes = kSegmentHeadSize;
  std::vector<std::byte> buffer(kScanChunk);
  std::vector<HeaderView> headers;
  while (scan.whole_bytes < scan.file_bytes) {
    PLUMBLINE_ASSIGN(const auto got, file->ReadAt(scan.whole_bytes, buffer));
    auto rest = std::span<const std::byte>(buffer).first(got);
    std::size_t size = 0, header_count = 0;
    FrameState state = FrameState::kIncomplete;
    std::span<const std::byte> last;
    while ((state = MeasureFrame(rest, &size)) == FrameState::kWhole) {
      Record record;
      headers.clear();
      if (!ParseFrame(rest.first(size), record, headers, &header_count) || record.offset != scan.end_offset) {
        state = FrameState::kDamaged;
        break;
      }
      last = rest.first(size);
      rest = rest.subspan(size);
      ++scan.end_offset;
      scan.whole_bytes += size;
    }
    if (!last.empty()) scan.last_frame.assign(AsText(last));
    if (state == FrameState::kIncomplete && size > buffer.size() && scan.whole_bytes + size <= scan.file_bytes) {
      buffer.resize(size);
      continue;
    }
    if (state == FrameState::kIncomplete && !last.empty()) continue;
    if (scan.whole_bytes == scan.file_bytes) break;
    std::vector<std::byte> tail(scan.file_bytes - scan.whole_bytes);
    PLUMBLINE_ASSIGN(const auto tail_size, file->ReadAt(scan.whole_bytes, tail));
    scan.whole_frame_behind_damage = HoldsWholeFrame(std::span<const std::byte>(tail).first(tail_size), scan.end_offset);
    break;
  }
  return scan;
}

}  // namespace plumbline::io
