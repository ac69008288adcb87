// All file access of the embedded log and the output logs goes through this interface, so that a test can take away what was not
// synced, refuse a write, or fill the disk (tests/io/faulty_file_system.h). RocksDB has the same seam of its own.
//
// Contracts that the logs build on: bytes appended are durable after Sync of their file; a file's name is durable after
// SyncDirectory of its folder; Rename replaces in one step. After a failed Append or Sync the file must be reopened, for how much
// of it reached the disk is unknown. Files are used by one thread at a time, the FileSystem itself by any number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace plumbline::io {

class AppendFile {
 public:
  virtual ~AppendFile() = default;
  // All of the bytes or an error.
  [[nodiscard]] virtual Result<void> Append(std::span<const std::byte> bytes) = 0;
  [[nodiscard]] virtual Result<void> Sync() = 0;
  [[nodiscard]] virtual std::uint64_t Size() const = 0;
};

class ReadFile {
 public:
  virtual ~ReadFile() = default;
  // Reads up to `into.size()` bytes; fewer only at the end of the file.
  [[nodiscard]] virtual Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> into) = 0;
  // As of now: the file may be growing under another writer.
  [[nodiscard]] virtual Result<std::uint64_t> Size() = 0;
  // Makes durable what whoever has written so far, so that a reader does not build on bytes that a power failure takes back.
  [[nodiscard]] virtual Result<void> Sync() = 0;
};

// Held until destroyed, or until the process ends in whatever way.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // Opens at the end, creating an empty file where there is none.
  [[nodiscard]] virtual Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) = 0;
  // kNotFound where there is none.
  [[nodiscard]] virtual Result<std::unique_ptr<ReadFile>> OpenRead(const std::string& path) = 0;
  [[nodiscard]] virtual Result<void> Truncate(const std::string& path, std::uint64_t size) = 0;
  [[nodiscard]] virtual Result<void> Rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Result<void> Remove(const std::string& path) = 0;
  // With the folders above it; nothing where it exists.
  [[nodiscard]] virtual Result<void> CreateDirectories(const std::string& path) = 0;
  // Names within the folder, sorted; kNotFound where there is none.
  [[nodiscard]] virtual Result<std::vector<std::string>> List(const std::string& path) = 0;
  [[nodiscard]] virtual Result<void> SyncDirectory(const std::string& path) = 0;
  // Creates `path` if need be and locks it against other processes and other holders; kUnavailable when another holds it.
  [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

// The operating system's files. Has no state and lives for ever.
[[nodiscard]] FileSystem& PosixFileSystem();

// The process's standard output as a file; Sync does nothing.
[[nodiscard]] std::unique_ptr<AppendFile> StandardOutput();

// The whole file, at most `limit` bytes (kLimit beyond).
[[nodiscard]] Result<std::string> ReadWholeFile(FileSystem& files, const std::string& path, std::uint64_t limit);
// Writes path.new, syncs it, renames it over `path` and syncs the folder: after a crash the old bytes are there or the new ones.
[[nodiscard]] Result<void> ReplaceFile(FileSystem& files, const std::string& folder, const std::string& name,
                                       std::span<const std::byte> bytes);

}  // namespace plumbline::io
