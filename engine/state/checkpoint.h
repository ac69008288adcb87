// What a checkpoint is: the rows of a partition's state (key and value as the machine serialises them), each written under the
// number of the first checkpoint that has it so, and a manifest that makes them count.
//
//   manifest := "PLMF" u8 version=1  u32 partition  u64 checkpoint  u64 cut_entry  digest cut_entry_digest
//               u64 count(rows)  u64 sum_hi  u64 sum_lo  u16 count(topics) topic*  digest (of all bytes before)
//   topic    := u16 topic  u8 active  i64 next_offset  i64 clock_ms        ; by topic, ascending; little-endian
//
// The state's digest is the sum, half by half modulo 2^64, of XXH3-128 over each row. Sums do not depend on order, so a slice
// changes the digest by its own rows alone, and loading proves the whole. It finds damage; tampering is found by the journal's
// chain.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/hash.h"

namespace plumbline::state {

struct TopicPosition {
  std::uint16_t topic = 0;
  bool active = true;
  std::int64_t next_offset = 0;
  std::int64_t clock_ms = 0;
  friend bool operator==(const TopicPosition&, const TopicPosition&) = default;
};

struct Manifest {
  std::uint32_t partition = 0;
  std::uint64_t checkpoint = 0;  // from 1
  std::uint64_t cut_entry = 0;   // the last journal entry whose effects on the state are in the rows
  Digest cut_entry_digest{};
  std::uint64_t rows = 0;
  Hash128 sum;
  std::vector<TopicPosition> topics;
};

[[nodiscard]] std::string EncodeManifest(const Manifest& manifest);
[[nodiscard]] Result<Manifest> DecodeManifest(std::string_view bytes);

// The version of a row that a checkpoint wrote.
struct RowVersion {
  std::string key;
  std::uint64_t checkpoint = 0;
};

// Which versions of a partition's rows are stored, and the digest of the rows; kept up while they are written. About 70 bytes a
// row, in parts that grow by themselves, so that no single row waits for all of them to be moved.
class RowIndex {
 public:
  explicit RowIndex(std::uint32_t partition) : partition_(partition) {}
  // The row as `checkpoint` writes it; an empty value: the row is gone. Returns the checkpoint whose version of the row nothing
  // needs any more, 0 for none: the one before the last sealed one's.
  std::uint64_t Set(std::string_view key, std::string_view value, std::uint64_t checkpoint);
  // The checkpoint that wrote the row as it is now; 0: it is not there.
  [[nodiscard]] std::uint64_t VersionOf(std::string_view key) const;
  // Versions of rows that are gone since the last call, which may be removed once the checkpoint that says so is sealed.
  [[nodiscard]] std::vector<RowVersion> TakeGone() { return std::exchange(gone_, {}); }

  [[nodiscard]] std::uint64_t rows() const { return count_; }
  [[nodiscard]] Hash128 sum() const { return sum_; }
  // Of keys and values.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  struct RowOf {
    Hash128 hash;
    std::uint64_t now = 0, before = 0;  // checkpoints
    std::uint64_t bytes = 0;
  };
  using Part = boost::unordered_flat_map<Hash128, RowOf, Hash128Hasher>;  // by the hash of the key
  static constexpr std::size_t kParts = 256;
  [[nodiscard]] Hash128 NameOf(std::string_view key) const;

  std::uint32_t partition_;
  Hash128 sum_;
  std::uint64_t bytes_ = 0, count_ = 0;
  std::vector<Part> parts_ = std::vector<Part>(kParts);
  std::vector<RowVersion> gone_;
  mutable std::string scratch_;
};

}  // namespace plumbline::state
