// The state of one patient: its ordered rows (shared by its rules), what has been announced of each instance, and the runs that
// began before the rows that are still kept. Everything a checkpoint holds of the patient is here. Owned by its partition.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "engine/alert/announce.h"
#include "engine/base/block_pool.h"
#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/rule/kind.h"

namespace plumbline::run {

using rule::TimeMs;

// What has been told of one instance of one rule.
struct Instance {
  Hash128 anchor;
  TimeMs anchor_time = 0;
  TimeMs last_time = 0;
  TimeMs instant = model::kNoTime;  // of the verdict last told
  TimeMs limit = model::kNoTime;
  TimeMs wake = rule::kForever;
  Hash128 chain;  // id of the first alert of its `supersedes` chain; zero before the first transition
  std::uint32_t transitions = 0;
  std::uint16_t rule = 0;
  std::uint16_t step = 0;
  rule::FeedIndex feed = rule::kNoFeed;
  alert::Announced announced = alert::Announced::kNothing;
  rule::VerdictKind verdict = rule::VerdictKind::kNone;  // that entered the measures
  bool late = false;
  bool is_final = false;
};

// A case as it stands in a measure's pane, so that it can be taken out of there again.
struct CountedCase {
  Hash128 anchor;  // zero where the case is the patient
  Hash128 group;
  TimeMs time = 0;
  std::int64_t events = 0;  // of a patient's case: its events and its failed instances
  std::int64_t fails = 0;
  std::uint16_t measure = 0;
  std::uint16_t rule = 0;  // whose instance it is
  std::uint16_t step = 0;
  rule::VerdictKind verdict = rule::VerdictKind::kNone;
  bool late = false;
};

// The subject of a device's own samples, from the hash of its name: apart from every patient's, whatever their names are.
[[nodiscard]] constexpr Hash128 DeviceSubject(Hash128 device) {
  constexpr std::uint64_t kDevices = 0x64657669636573ULL;
  return {device.hi ^ kDevices, device.lo};
}

struct GreatestTime {
  std::uint16_t source;
  TimeMs time;
};

struct PhaseCell {
  std::uint16_t rule;
  rule::Phase phase;
  bool touched;
};

struct alignas(64) Subject {
  explicit Subject(BlockPool* pool = nullptr) : rows(pool) {}
  // What an ordinary event touches comes first, in two cache lines.
  Hash128 key;
  rule::RowList rows;
  std::uint32_t prune_at = 24;  // rows at which to look for old ones
  bool dirty = false;
  bool frozen = false;                 // in the checkpoint under way and not yet written
  std::vector<PhaseCell> phases;       // of the rules that are not idle or are touched
  std::vector<GreatestTime> greatest;  // by source system, for the intake's statistics of disorder
  std::vector<std::string> payloads;
  std::vector<std::uint32_t> free_payloads;
  std::vector<Instance> instances;  // in order of (rule, anchor_time, anchor, step)
  std::vector<rule::OpenRun> runs;
  std::vector<CountedCase> counted;   // cases in measures over instances and patients
  TimeMs dropped_before = INT64_MIN;  // rows before it may have been dropped
  // Over its limit of rows: device values, and other events, before these times have been dropped although rules read them.
  TimeMs truncated_values = INT64_MIN;
  TimeMs truncated_others = INT64_MIN;

  // Asks the memory for what an event in order reads and writes. Its own lines are there already.
  [[gnu::always_inline]] void Prefetch() const {
    rows.Prefetch();
    __builtin_prefetch(phases.data());
    __builtin_prefetch(greatest.data(), 1);
  }

  [[nodiscard]] bool Truncated() const { return truncated_values != INT64_MIN || truncated_others != INT64_MIN; }
  [[nodiscard]] TimeMs TruncatedBefore(model::EventKind kind) const {
    return kind == model::EventKind::kDevice ? truncated_values : truncated_others;
  }
  [[nodiscard]] rule::Phase PhaseOf(std::uint16_t rule) const {
    for (const PhaseCell& c : phases) {
      if (c.rule == rule) return c.phase;
    }
    return rule::kIdle;
  }
  // Returns true if it was not touched before.
  bool MarkTouched(std::uint16_t rule);
  void SetPhase(std::uint16_t rule, rule::Phase phase);  // clears the mark
  std::uint32_t AddPayload(std::string_view bytes);
  void DropPayload(std::uint32_t index);

  // Format of a checkpoint value (little-endian, see engine/base/bytes.h), version first:
  //   subject   = u8 version=4, u32 prune_at, i64 dropped_before, i64 truncated_values,
  //               i64 truncated_others, rows, instances, runs, counted, greatest, phases
  //   rows      = u32 n, n * row            (row: see WriteRow)
  //   instances = u32 n, n * instance
  //   runs      = u32 n, n * run
  //   counted   = u32 n, n * counted case; greatest = u32 n, n * (u16 source, i64 time)
  //   phases    = u32 n, n * (u16 rule, u8 phase)
  void Serialize(std::string& out) const;
  [[nodiscard]] Result<void> Deserialize(std::string_view bytes);
};

// Its key in a checkpoint: "s" and the hash, high half first, little-endian.
class SubjectKey {
 public:
  explicit SubjectKey(const Hash128& key);
  [[nodiscard]] std::string_view view() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 1 + sizeof(Hash128)> text_;
};

// Open addressing from patient hash to Subject; pointers stay valid until the table goes. Subjects, their rows and the table
// itself lie in its pool.
class SubjectTable {
 public:
  SubjectTable() { Grow(1024); }
  ~SubjectTable();
  SubjectTable(const SubjectTable&) = delete;
  SubjectTable& operator=(const SubjectTable&) = delete;
  [[nodiscard]] Subject* Find(const Hash128& key) const;
  Subject& FindOrAdd(const Hash128& key);
  [[nodiscard]] std::size_t size() const { return count_; }
  template <typename F>
  void ForEach(const F& f) const {
    for (std::size_t at = 0; at <= mask_; ++at) {
      if (slots_[at].subject != nullptr) f(*slots_[at].subject);
    }
  }
  // Goes on from slot *at over `most` slots and takes out the subjects for which goes(subject) is true. False when it has been
  // round; *at is 0 then.
  template <typename Goes>
  bool Sweep(std::size_t* at, std::size_t most, const Goes& goes) {
    for (; most > 0 && *at <= mask_; --most) {
      if (slots_[*at].subject != nullptr && goes(*slots_[*at].subject)) {
        Erase(*at);  // what comes after may stand here now
      } else {
        ++*at;
      }
    }
    if (*at <= mask_) return true;
    *at = 0;
    return false;
  }
  // The subject that is probably this one's, asked for; null when there is none. For looking, not for use.
  [[nodiscard, gnu::always_inline]] const Subject* PrefetchSubject(const Hash128& key) const {
    std::size_t at = key.lo & mask_;
    while (slots_[at].subject != nullptr && slots_[at].lo != key.lo) at = (at + 1) & mask_;
    const Subject* found = slots_[at].subject;
    if (found == nullptr) return nullptr;
    for (std::size_t line = 0; line < sizeof(Subject); line += 64)
      __builtin_prefetch(reinterpret_cast<const char*>(found) + line);
    return found;
  }
  // Asks the memory for the slot of a key that will be looked up soon.
  [[gnu::always_inline]] void Prefetch(const Hash128& key) const { __builtin_prefetch(&slots_[key.lo & mask_]); }

 private:
  struct Slot {
    std::uint64_t lo;
    Subject* subject;  // null: free
  };
  void Grow(std::size_t slots);
  void Erase(std::size_t at);
  BlockPool pool_;
  Slot* slots_ = nullptr;
  std::size_t mask_ = 0;  // slots less one; a power of two of them
  std::size_t count_ = 0;
};

}  // namespace plumbline::run
