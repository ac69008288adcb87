// The partition's part of every measure: cases by (measure, group, pane). State of the partition.
//
// Checkpoint key  = 'm', u16 measure, i64 pane, hash of the group
// Checkpoint value = u8 version=2, u32 n, n * text group, 5 * i64 counts, i64 sum high, u64 sum low, text sketch,
//                    u8 changed since it was last told
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/base/int128.h"
#include "engine/rule/kind.h"
#include "engine/rule/measure.h"
#include "engine/stats/ddsketch.h"

namespace plumbline::run {

struct PaneSums {
  // By what the case says.
  std::int64_t pass = 0, fail = 0, excluded = 0, unknown = 0, late = 0;
  Int128 sum = 0;                         // of the values of passes and fails, in units of 1e-8
  std::optional<stats::DdSketch> sketch;  // of the same, for percentiles
  [[nodiscard]] bool Empty() const { return pass == 0 && fail == 0 && excluded == 0 && unknown == 0 && late == 0; }
};

// A case as it enters or leaves a pane.
struct PaneCase {
  rule::VerdictKind verdict = rule::VerdictKind::kNone;
  bool late = false;
  bool has_value = false;
  std::int64_t value = 0;  // units of 1e-8
};

class Panes {
 public:
  struct Pane {
    std::uint16_t measure = 0;
    std::int64_t pane = 0;
    std::vector<std::string> group;
    PaneSums sums;
    bool touched = false;
    bool dirty = false;
  };

  explicit Panes(const std::vector<rule::Measure>& measures) : measures_(measures) {}
  // Adds (weight 1) or takes back (weight -1) a case. `group_hash` names the group; its texts are asked for once per pane.
  // No allocation where the pane is there.
  template <typename Group>
  void Count(std::uint16_t measure, const Hash128& group_hash, model::TimeMs anchor_time, const PaneCase& what, int weight,
             const Group& group) {
    const Key key{measure, rule::PaneOf(anchor_time), group_hash};
    Pane* pane = Find(key);
    Count(key, pane != nullptr ? *pane : Add(key, group()), what, weight);
  }
  // Calls f(pane) for those touched since the last call, in the order of (measure, pane, group).
  void TakeTouched(const std::function<void(const Pane&)>& f);
  [[nodiscard]] std::size_t size() const { return panes_.size(); }

  // The bytes of those changed since the last call, by key.
  void TakeDirty(std::map<std::string, std::string>* out);
  [[nodiscard]] Result<void> Restore(std::string_view key, std::string_view value);
  void AppendAll(std::map<std::string, std::string>* out) const;

 private:
  struct Key {
    std::uint16_t measure;
    std::int64_t pane;
    Hash128 group;
    bool operator==(const Key&) const = default;
  };
  struct KeyHasher {
    std::size_t operator()(const Key& k) const noexcept {
      return static_cast<std::size_t>(k.group.lo ^ (static_cast<std::uint64_t>(k.pane) * 0x9E3779B97F4A7C15ULL) ^ k.measure);
    }
  };
  void MarkDirty(const Key& key, Pane& pane);
  struct Recent {
    Key key{0xffff, 0, {}};
    Pane* pane = nullptr;
  };
  [[nodiscard]] Pane* Find(const Key& key);
  Pane& Add(const Key& key, std::vector<std::string> group);
  void Count(const Key& key, Pane& pane, const PaneCase& what, int weight);
  static std::string KeyBytes(const Key& key);
  static std::string ValueBytes(const Pane& pane);

  const std::vector<rule::Measure>& measures_;
  std::unordered_map<Key, Pane, KeyHasher> panes_;
  std::vector<Key> touched_;
  std::vector<Key> dirty_;
  // The panes that cases enter now; references into an unordered_map stay valid.
  std::array<Recent, 64> recent_;
};

// The value of a case in a sketch.
[[nodiscard]] double SketchValue(std::int64_t units);

}  // namespace plumbline::run
