#include "engine/io/log_writer.h"

#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/failpoint.h"

namespace plumbline::io {

Result<std::unique_ptr<LogWriter>> LogWriter::Open(FileSystem& files, std::string folder, std::uint32_t partition,
                                                   LogWriterOptions options) {
  PLUMBLINE_TRY(files.CreateDirectories(folder));
  auto writer = std::make_unique<LogWriter>(Private{}, files, std::move(folder), partition, options);
  PLUMBLINE_TRY(writer->Recover());
  return writer;
}

Result<void> LogWriter::Recover() {
  PLUMBLINE_ASSIGN(auto bases, ListSegments(files_, folder_));
  // A segment whose head never became whole held nothing: its making was cut short.
  while (!bases.empty()) {
    const std::string path = folder_ + "/" + SegmentName(bases.back());
    PLUMBLINE_ASSIGN(const auto file, files_.OpenRead(path));
    PLUMBLINE_ASSIGN(const auto size, file->Size());
    if (size >= kSegmentHeadSize) break;
    PLUMBLINE_TRY(files_.Remove(path));
    end_offset_ = bases.back();
    bases.pop_back();
  }
  if (bases.empty()) return StartSegment();
  PLUMBLINE_ASSIGN(auto scan, ScanSegment(files_, folder_, bases.back(), partition_));
  const std::string path = folder_ + "/" + SegmentName(bases.back());
  if (scan.whole_frame_behind_damage) {
    return Fail(ErrorCode::kIntegrity,
                path + ": damaged at byte " + std::to_string(scan.whole_bytes) +
                    ", with whole records behind the damage; nothing is cut off; restore this file from a copy");
  }
  if (scan.whole_bytes < scan.file_bytes) {
    cut_bytes_ = scan.file_bytes - scan.whole_bytes;
    PLUMBLINE_TRY(files_.Truncate(path, scan.whole_bytes));
  }
  end_offset_ = scan.end_offset;
  last_frame_ = std::move(scan.last_frame);
  if (last_frame_.empty() && bases.size() > 1) {
    PLUMBLINE_ASSIGN(auto before, ScanSegment(files_, folder_, bases[bases.size() - 2], partition_));
    if (before.whole_bytes < before.file_bytes || before.end_offset != bases.back()) {
      return Fail(ErrorCode::kIntegrity, folder_ + "/" + SegmentName(bases[bases.size() - 2]) + ": damaged at byte " +
                                             std::to_string(before.whole_bytes) + "; restore this file from a copy");
    }
    last_frame_ = std::move(before.last_frame);
  }
  if (!last_frame_.empty()) last_timestamp_ms_ = LoadLe<std::int64_t>(last_frame_.data() + kFramePrefixSize + 8);
  PLUMBLINE_ASSIGN(file_, files_.OpenAppend(path));
  // What the crashed writer had written and not synced stays: it is synced now, before anything is built on it.
  PLUMBLINE_TRY(file_->Sync());
  return files_.SyncDirectory(folder_);
}

Result<void> LogWriter::StartSegment() {
  PLUMBLINE_ASSIGN(file_, files_.OpenAppend(folder_ + "/" + SegmentName(end_offset_)));
  std::string head;
  AppendSegmentHead(head, end_offset_, partition_);
  PLUMBLINE_TRY(file_->Append(AsBytes(head)));
  PLUMBLINE_TRY(file_->Sync());
  PLUMBLINE_TRY(AtFailpoint(Failpoint::kLogRoll));
  return files_.SyncDirectory(folder_);
}

Result<void> LogWriter::Remember(Result<void> result) {
  if (!result) failed_ = true;
  return result;
}

Result<std::int64_t> LogWriter::Append(std::int64_t timestamp_ms, std::span<const std::byte> key,
                                       std::span<const std::byte> value, std::span<const HeaderView> headers) {
  const std::size_t size = FrameSize(key.size(), value.size(), headers);
  if (size - kFramePrefixSize > kMaxFrameBody || headers.size() > kMaxHeaders) {
    return Fail(ErrorCode::kLimit, "a record of " + std::to_string(size) + " bytes with " + std::to_string(headers.size()) +
                                       " headers; the log takes at most " + std::to_string(kMaxFrameBody) + " bytes and " +
                                       std::to_string(kMaxHeaders) + " headers");
  }
  if (buffer_.size() + size > options_.buffer_bytes) PLUMBLINE_TRY(Flush());
  AppendFrame(buffer_, end_offset_, timestamp_ms, key, value, headers);
  last_timestamp_ms_ = timestamp_ms;
  return end_offset_++;
}

Result<void> LogWriter::WriteBuffer() {
  PLUMBLINE_TRY(AtFailpoint(Failpoint::kLogAppend));
  // Segments end between buffers, so that a buffer is one write.
  if (file_->Size() >= options_.segment_bytes) {
    PLUMBLINE_TRY(file_->Sync());
    const auto next = end_offset_;
    end_offset_ = LoadLe<std::int64_t>(buffer_.data() + kFramePrefixSize);
    const auto started = StartSegment();
    end_offset_ = next;
    PLUMBLINE_TRY(started);
  }
  dirty_ = true;
  PLUMBLINE_TRY(file_->Append(AsBytes(buffer_)));
  buffer_.clear();
  return {};
}

Result<void> LogWriter::Flush() {
  if (failed_) return Fail(ErrorCode::kIo, folder_ + ": a write or sync failed before; start again, so that the log is repaired");
  if (buffer_.empty()) return {};
  return Remember(WriteBuffer());
}

Result<void> LogWriter::Sync() {
  PLUMBLINE_TRY(Flush());
  if (!dirty_) return {};
  PLUMBLINE_TRY(Remember(AtFailpoint(Failpoint::kLogSync)));
  PLUMBLINE_TRY(Remember(file_->Sync()));
  dirty_ = false;
  return {};
}

Result<void> LogWriter::TrimBefore(std::int64_t offset) {
  PLUMBLINE_ASSIGN(const auto bases, ListSegments(files_, folder_));
  for (std::size_t i = 0; i + 1 < bases.size() && bases[i + 1] <= offset; ++i) {
    PLUMBLINE_TRY(files_.Remove(folder_ + "/" + SegmentName(bases[i])));
  }
  return files_.SyncDirectory(folder_);
}

}  // namespace plumbline::io
