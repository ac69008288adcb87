// Appends to one partition of an embedded log. Opening repairs what a crash left: the torn frame at the end of the last segment
// is cut off. Damage anywhere else is an integrity error, for what was acknowledged must not vanish silently.
//
// Append only buffers. Flush hands the frames to the operating system, where readers see them; Sync makes them durable. After an
// error the writer refuses everything: how much of the write arrived is unknown until the partition is opened again.
// One thread at a time, one writer per partition (the topic's lock sees to that).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/io/segment.h"

namespace plumbline::io {

struct LogWriterOptions {
  std::uint64_t segment_bytes = 64u << 20;  // a segment is ended when it has passed this
  std::size_t buffer_bytes = 1u << 20;      // Append flushes beyond this
};

class LogWriter {
 public:
  // Creates folder and first segment where there are none.
  [[nodiscard]] static Result<std::unique_ptr<LogWriter>> Open(FileSystem& files, std::string folder, std::uint32_t partition,
                                                               LogWriterOptions options);

  // Returns the record's offset. kLimit for a record that no frame can hold; the writer stays usable then.
  [[nodiscard]] Result<std::int64_t> Append(std::int64_t timestamp_ms, std::span<const std::byte> key,
                                            std::span<const std::byte> value, std::span<const HeaderView> headers);
  [[nodiscard]] Result<void> Flush();
  [[nodiscard]] Result<void> Sync();
  // Removes whole segments that end at or before `offset`.
  [[nodiscard]] Result<void> TrimBefore(std::int64_t offset);

  // The offset that the next record gets.
  [[nodiscard]] std::int64_t end_offset() const { return end_offset_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  // The frame of the last record as it was when opened; empty when the log was empty.
  [[nodiscard]] const std::string& last_frame_at_open() const { return last_frame_; }
  // The timestamp of the last record, 0 when there is none.
  [[nodiscard]] std::int64_t last_timestamp_ms() const { return last_timestamp_ms_; }
  // Bytes of a torn frame that opening cut off.
  [[nodiscard]] std::uint64_t cut_bytes() const { return cut_bytes_; }

 private:
  struct Private {};

 public:
  LogWriter(Private, FileSystem& files, std::string folder, std::uint32_t partition, LogWriterOptions options)
      : files_(files), folder_(std::move(folder)), partition_(partition), options_(options) {}

 private:
  Result<void> Recover();
  Result<void> StartSegment();
  Result<void> WriteBuffer();
  Result<void> Remember(Result<void> result);

  FileSystem& files_;
  std::string folder_;
  std::uint32_t partition_;
  LogWriterOptions options_;
  std::unique_ptr<AppendFile> file_;
  std::string buffer_;
  std::int64_t end_offset_ = 0;
  std::int64_t last_timestamp_ms_ = 0;
  std::string last_frame_;
  std::uint64_t cut_bytes_ = 0;
  bool dirty_ = false;
  bool failed_ = false;
};

}  // namespace plumbline::io
