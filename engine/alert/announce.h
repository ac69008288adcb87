// The alert machine of one instance: from what was announced and what the evidence says now, the transitions to tell. Pure; the
// verdict of an alert lives in event time and can be worked out anew at any moment, so retraction and amendment are nothing but
// differences between two such workings-out.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/hash.h"
#include "engine/rule/kind.h"

namespace plumbline::alert {

using rule::TimeMs;

// What people have last been told of an instance. Numbers are in checkpoints.
enum class Announced : std::uint8_t {
  kNothing = 0,
  kPass = 1,
  kExcluded = 2,
  kUnknown = 3,
  kFiring = 4,
  kResolved = 5,              // fired, and answered after all
  kClosedByWithdrawal = 6,    // later evidence took the case away
  kClosedByLateEvidence = 7,  // later evidence would have made another verdict
  kAmendedToFail = 8,
  kAmendedToNoCase = 9,
  kAmendedToPass = 10,
  kAmendedToExcluded = 11,
  kSuperseded = 12,  // fired, and another revision judges the subject since
};

// By the on-time verdict, which later evidence can close or amend but never change.
[[nodiscard]] Announced StateOf(const rule::Verdict& on_time, const rule::Verdict& everything);

enum class TransitionKind : std::uint8_t { kPass, kExcluded, kUnknown, kFiring, kResolved, kRetracted, kAmended, kSuperseded };
enum class Cause : std::uint8_t { kNone, kAnswered, kLateEvidence, kWithdrawn, kRevision, kBuild, kEvidence, kMoved, kRetired };

struct Step {
  TransitionKind kind;
  Cause cause = Cause::kNone;
  TimeMs instant = model::kNoTime;  // of the verdict; of a resolution, when it was answered
  Announced amended_to = Announced::kNothing;
};

// At most two transitions (fired and resolved at once).
struct Steps {
  Step step[2];
  int count = 0;
  void Add(Step s) { step[count++] = s; }
};

// `on_time` and `everything` are those that gave `now`.
[[nodiscard]] Steps Transitions(Announced was, Announced now, const rule::Verdict& on_time, const rule::Verdict& everything);

// True while receivers are to be shown the alert as active.
[[nodiscard]] constexpr bool IsFiring(Announced state) { return state == Announced::kFiring; }

[[nodiscard]] std::string_view Name(TransitionKind kind);     // "firing"
[[nodiscard]] std::string_view Name(Cause cause);             // "late evidence"; empty for kNone
[[nodiscard]] std::string_view AmendedName(Announced state);  // "fail", "no case", ...

// The alert's id: of what it is about, so that it is the same wherever and whenever it is worked out.
[[nodiscard]] Hash128 AlertId(std::string_view rule, std::uint32_t revision, const Hash128& subject, const Hash128& anchor,
                              std::uint16_t step);

}  // namespace plumbline::alert
