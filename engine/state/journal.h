// The journal: what each partition took in, in which order, and what came of it. One entry a batch. An entry names its inputs by
// where they lie and what they hash to; it does not repeat them, so its size depends on batches and not on events. Entries of a
// partition form a hash chain: each carries the digest of the bytes of the one before.
//
// All integers are little-endian.
//
//   entry   := "PLJE" u8 version=1  u32 partition  u64 number  digest previous  digest build  digest rules
//              u16 count(runs) run*  u32 count(steps) step*  i64 time_ms  u32 count(effects)  digest effects
//   run     := u16 topic  i64 first_offset  i64 last_offset  u64 count(records)  digest records      ; by topic, ascending
//   step    := u8 1  u64 count(records)                ; so many of the runs' records in merge order
//            | u8 2  u16 topic  i64 time_ms            ; a tick
//            | u8 3  u32 size  payload                 ; a command
//   digest  := 32 bytes, SHA-256; `records` and `effects` over the framings of engine/io/run_digest.h; `previous` of entry 1 is
//   zero
//
// The merge order of the records of one entry: (arrival, topic, offset), where a record arrives at its timestamp or at the clock
// of its topic, whichever is later. Steps count records in that order over all runs of the entry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/hash.h"

namespace plumbline::state {

inline constexpr std::uint32_t kMaxSteps = 1u << 20;

struct JournalRun {
  std::uint16_t topic = 0;
  std::int64_t first_offset = 0;
  std::int64_t last_offset = 0;
  std::uint64_t count = 0;
  Digest records{};
};

struct JournalStep {
  enum class Kind : std::uint8_t { kRecords = 1, kTick = 2, kCommand = 3 };
  Kind kind = Kind::kRecords;
  std::uint64_t count = 0;   // kRecords
  std::uint16_t topic = 0;   // kTick
  std::int64_t time_ms = 0;  // kTick
  std::string payload;       // kCommand
};

struct JournalEntry {
  std::uint32_t partition = 0;
  std::uint64_t number = 0;  // from 1, without a gap
  Digest previous{};
  Digest build{};
  Digest rules{};
  std::vector<JournalRun> runs;
  std::vector<JournalStep> steps;
  std::int64_t time_ms = 0;  // the greatest arrival taken so far: the timestamp that the entry's effects carry
  std::uint32_t effect_count = 0;
  Digest effects{};
};

[[nodiscard]] std::string EncodeEntry(const JournalEntry& entry);
// kIntegrity for bytes that are no entry, kVersion for another version.
[[nodiscard]] Result<JournalEntry> DecodeEntry(std::string_view bytes);
// What the next entry carries as `previous`.
[[nodiscard]] inline Digest EntryDigest(std::string_view bytes) { return Sha256Of(bytes); }

// The entry as a person reads it, one line.
[[nodiscard]] std::string DescribeEntry(const JournalEntry& entry);

}  // namespace plumbline::state
