// Bytes of a file, decompressed while they are read. What the file is (plain, gzip, Zstandard) is told by its first bytes, not by
// its name. Used by the CSV reader (importer and `plumbline analyse`); one thread; memory is one buffer whatever the file's size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/base/error.h"

namespace plumbline::csv {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills the front of `out` and returns how many bytes; 0 at the end. A truncated or damaged stream is an error, never an end.
  [[nodiscard]] virtual Result<std::size_t> Read(std::span<char> out) = 0;
  // For progress: bytes taken from the file so far, and its size (0 when unknown). Both count compressed bytes.
  [[nodiscard]] virtual std::uint64_t consumed() const = 0;
  [[nodiscard]] virtual std::uint64_t total() const = 0;
};

// Errors: kNotFound, kIo. Compressed files may hold several members (gzip) or frames (Zstandard) one after the other.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> OpenFile(const std::string& path);

// The bytes of `text`, for tests and for tables that are in memory already; compressed text is decompressed as from a file.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> OpenText(std::string text);

}  // namespace plumbline::csv
