// The digest of a run of records, as journal entries keep it, and the digest of a batch's effects.
//
// The canonical framing is the same whichever log the records came from, so that a journal written over Kafka can be rerun over
// the embedded log. Integers are little-endian; offsets and topic are not part of it, the journal entry has them beside the
// digest.
//
//   run     := record*
//   record  := i64 timestamp_ms  u32 size(key)  u32 size(value)  u32 count(headers)  key value header*
//   header  := u32 size(name)  u32 size(value)  name value
//   effects := effect*
//   effect  := u8 log  u32 size(key)  u32 size(value)  key value
#pragma once

#include <array>
#include <cstddef>

#include "engine/base/hash.h"
#include "engine/io/effects.h"
#include "engine/io/record.h"

namespace plumbline::io {

// SHA-256 over the canonical framing. Small pieces are gathered first, because SHA-256 is fastest over long contiguous bytes.
class RunDigest {
 public:
  void Add(const Record& record);
  // Of all records since the last Finish.
  [[nodiscard]] Digest Finish();

 private:
  void Flush();
  void AddLarge(const Record& record);
  void Put(const void* bytes, std::size_t size);

  static constexpr std::size_t kGather = 4096;
  Sha256 sha_;
  std::size_t used_ = 0;
  std::array<std::byte, kGather> gathered_;
};

[[nodiscard]] Digest EffectsDigest(const Effects& effects);

}  // namespace plumbline::io
