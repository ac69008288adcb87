// What people did about alerts: acknowledged, silenced, commented, contested, handed over. Lives in the order of the records of
// the control topic and is never worked out anew; it is kept by the first id of an alert's chain, so it follows the subject over
// a `supersedes`. Part of the partition's state; one thread.
//
// Checkpoint key   = 'h' hash of the chain | 'H' (silences of rules)
// Checkpoint value = u8 version=1, text acknowledged by, i64 acknowledged at, text owner, i64 silenced until, text silenced by,
//                    u8 contested, u32 entries
//                  | u8 version=1, u32 n, n * (text rule, text site, i64 until, text by)
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/model/event.h"

namespace plumbline::alert {

using model::TimeMs;

struct Handling {
  std::string acknowledged_by;
  TimeMs acknowledged_at = model::kNoTime;
  std::string owner;  // to whom it was handed over
  TimeMs silenced_until = model::kNoTime;
  std::string silenced_by;
  bool contested = false;
  std::uint32_t entries = 0;  // lines written about it
};

// Of all alerts of a rule, at one site or everywhere (empty).
struct RuleSilence {
  std::string rule, site;
  TimeMs until = 0;
  std::string by;
};

class HandlingBook {
 public:
  // Null where nobody did anything.
  [[nodiscard]] const Handling* Find(const Hash128& chain) const;
  Handling& Change(const Hash128& chain);
  [[nodiscard]] const std::map<Hash128, Handling>& all() const { return handled_; }
  // The alert is kept no more.
  void Forget(const Hash128& chain);

  void Silence(RuleSilence silence);
  // False where there was none.
  bool Unsilence(std::string_view rule, std::string_view site);
  // The silence in force at `time` of an alert, by itself or by its rule; null where there is none.
  struct Silenced {
    TimeMs until = model::kNoTime;
    std::string_view by;
  };
  [[nodiscard]] Silenced SilencedAt(const Hash128& chain, std::string_view rule, std::string_view site, TimeMs time) const;

  [[nodiscard]] bool empty() const { return handled_.empty() && silences_.empty(); }
  // The bytes of what changed since the last call, by key; an empty value: it is gone.
  void TakeDirty(std::map<std::string, std::string>* out);
  void AppendAll(std::map<std::string, std::string>* out) const;
  [[nodiscard]] Result<void> Restore(std::string_view key, std::string_view value);

 private:
  [[nodiscard]] std::string SilenceBytes() const;
  std::map<Hash128, Handling> handled_;
  std::vector<RuleSilence> silences_;  // by (rule, site)
  std::set<Hash128> dirty_;
  bool silences_dirty_ = false;
};

}  // namespace plumbline::alert
