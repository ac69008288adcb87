// What the engine keeps of an event: a compact row in its subject's ordered rows. Owned by the subject; touched by the worker's
// thread alone. Rows of all versions of an event are kept, because a verdict must be able to say what it would have been with the
// evidence that had arrived by its instant plus the rule's lateness, and no more.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/block_pool.h"
#include "engine/base/hash.h"
#include "engine/model/event.h"

namespace plumbline::rule {

using model::TimeMs;

inline constexpr TimeMs kForever = INT64_MAX;

// A number from the partition's vocabulary (codes, units, sites, sources): part of the state, numbered by first appearance, and
// never seen outside it.
using Term = std::uint32_t;
inline constexpr Term kNoTerm = 0;

inline constexpr std::size_t kInlineIdBytes = 42;
inline constexpr std::uint32_t kNoPayload = UINT32_MAX;

struct Row {
  Hash128 id;                   // hash of the event id
  TimeMs time = 0;              // event time
  TimeMs arrival = 0;           // never below the topic's clock when it was taken
  std::uint64_t sequence = 0;   // the source's
  std::int64_t value = 0;       // units of 1e-8; only when has_value (larger values live in the payload alone)
  std::uint64_t content = 0;    // low half of the content digest
  std::uint64_t encounter = 0;  // low half of the encounter's hash; 0 where there is none
  Term code = kNoTerm;
  std::uint32_t version = 1;
  std::uint32_t payload = kNoPayload;  // index into the subject's payloads
  std::uint16_t unit = kNoTerm;
  std::uint16_t site = kNoTerm;
  std::uint16_t source = kNoTerm;
  model::EventKind kind = model::EventKind::kDevice;
  model::EventStatus status = model::EventStatus::kFinal;
  bool has_value : 1 = false;
  bool versions : 1 = false;  // other versions of this event are kept too
  std::uint8_t id_size = 0;   // of id_text; the rest of a longer id is in the payload
  char id_text[kInlineIdBytes] = {};

  [[nodiscard]] bool Withdrawn() const { return status == model::EventStatus::kEnteredInError; }
  [[nodiscard]] std::string_view IdText() const { return {id_text, id_size}; }
};
static_assert(sizeof(Row) == 128, "two cache lines");

// Canonical order: (event time, source sequence, event id), then version. Ids compare as text, so that people can predict the
// order; ids longer than kInlineIdBytes compare by their first bytes and then by hash.
[[nodiscard]] inline bool CanonicalLess(const Row& a, const Row& b) {
  if (a.time != b.time) return a.time < b.time;
  if (a.sequence != b.sequence) return a.sequence < b.sequence;
  if (a.id != b.id) {
    const int c = a.IdText().compare(b.IdText());
    return c != 0 ? c < 0 : a.id < b.id;
  }
  return a.version < b.version;
}

// The rows of one subject in canonical order, in one block of memory: the rows, then sixteen bits of each row's id, beside each
// other so that looking for one among thirty is a line of memory and a few comparisons. Insertion at the end is the ordinary case
// and costs a copy; anything else moves what comes after it. Dropping from the front keeps the capacity, so a subject in steady
// state does not allocate.
class RowList {
 public:
  // Blocks come from `pool`, which outlives the list; from the heap without one.
  explicit RowList(BlockPool* pool = nullptr) : pool_(pool) {}
  ~RowList() { Free(rows_, capacity_); }
  RowList(const RowList&) = delete;
  RowList& operator=(const RowList&) = delete;

  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] const Row& operator[](std::size_t i) const { return rows_[begin_ + i]; }
  [[nodiscard]] Row& operator[](std::size_t i) { return rows_[begin_ + i]; }
  [[nodiscard]] const Row& back() const { return rows_[end_ - 1]; }
  [[nodiscard]] std::span<const Row> all() const { return {rows_ + begin_, size()}; }

  // Returns the index at which the row now stands.
  std::size_t Insert(const Row& row);
  // Index of the first row not before `time`.
  [[nodiscard]] std::size_t LowerBound(TimeMs time) const;
  // The first row of this id at or after `from`, or size().
  [[nodiscard]] std::size_t FindId(const Hash128& id, std::size_t from = 0) const;
  // Keeps the rows for which keep(row) is true; keep is asked once for each, in order. Returns how many went.
  template <typename Keep>
  std::size_t Prune(const Keep& keep) {
    const std::size_t before = size();
    // Rows are dropped from the front first: the common case is a prefix.
    while (begin_ < end_ && !keep(rows_[begin_])) ++begin_;
    std::uint32_t kept = begin_;
    for (std::uint32_t i = begin_; i < end_; ++i) {
      if (i > begin_ && !keep(rows_[i])) continue;
      if (kept != i) rows_[kept] = rows_[i], marks()[kept] = marks()[i];
      ++kept;
    }
    end_ = kept;
    if (begin_ == end_) Clear();
    return before - size();
  }
  void Clear() { begin_ = end_ = 0; }
  // Asks the memory for the marks and the place of the next row. Inlined always: GCC takes a function that only prefetches for
  // one without effect and leaves out the calls of it.
  [[gnu::always_inline]] void Prefetch() const {
    if (rows_ == nullptr) return;
    const char* const marks_end = reinterpret_cast<const char*>(marks() + end_);
    for (const char* line = reinterpret_cast<const char*>(marks() + begin_); line <= marks_end; line += 64)
      __builtin_prefetch(line, 1);
    const char* row = reinterpret_cast<const char*>(rows_ + end_);
    __builtin_prefetch(row - 128);
    __builtin_prefetch(row, 1);
    __builtin_prefetch(row + 64, 1);
  }
  [[nodiscard]] std::size_t CapacityBytes() const { return capacity_ == 0 ? 0 : BytesOf(capacity_); }

 private:
  using Mark = std::uint16_t;
  static constexpr std::size_t kMarksAtOnce = 8;
  static constexpr std::size_t kRowBytes = sizeof(Row) + sizeof(Mark);
  // Marks are read eight at a time, also those after the last one.
  static constexpr std::size_t kBehind = kMarksAtOnce * sizeof(Mark);
  static constexpr std::size_t BytesOf(std::size_t capacity) { return capacity * kRowBytes + kBehind; }
  static Mark MarkOf(const Hash128& id) { return static_cast<Mark>(id.lo >> 48); }
  [[nodiscard]] Mark* marks() const { return reinterpret_cast<Mark*>(rows_ + capacity_); }
  // Room for one more at the end.
  void MakeRoom();
  void Free(Row* rows, std::uint32_t capacity);

  Row* rows_ = nullptr;
  std::uint32_t begin_ = 0, end_ = 0, capacity_ = 0;
  BlockPool* pool_;
};

}  // namespace plumbline::rule
