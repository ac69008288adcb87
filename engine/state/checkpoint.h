// What a checkpoint is: the rows of a partition's state (key and value as the machine serialises them), written in slices that
// carry the checkpoint's number, and a manifest that makes them count.
//
//   manifest := "PLMF" u8 version=1  u32 partition  u64 checkpoint  u64 cut_entry  digest cut_entry_digest
//               u64 count(rows)  u64 sum_hi  u64 sum_lo  u16 count(topics) topic*  digest (of all bytes before)
//   topic    := u16 topic  u8 active  i64 next_offset  i64 clock_ms        ; by topic, ascending; little-endian
//
// The state's digest is the sum, half by half modulo 2^64, of XXH3-128 over each row. Sums do not depend on order, so a slice
// changes the digest by its own rows alone, and loading proves the whole. It finds damage; tampering is found by the journal's
// chain.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
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

// The digest of a partition's rows, kept up while slices are written. Costs about 70 bytes a row.
class RowSum {
 public:
  explicit RowSum(std::uint32_t partition) : partition_(partition) {}
  // An empty value: the row is gone.
  void Set(std::string_view key, std::string_view value);
  [[nodiscard]] std::uint64_t rows() const { return rows_.size(); }
  [[nodiscard]] Hash128 sum() const { return sum_; }
  // Of keys and values.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint32_t partition_;
  Hash128 sum_;
  std::uint64_t bytes_ = 0;
  struct RowOf {
    Hash128 hash;
    std::uint64_t bytes = 0;
  };
  std::unordered_map<Hash128, RowOf, Hash128Hasher> rows_;  // by the hash of the key
  std::string scratch_;
};

}  // namespace plumbline::state
