#include "engine/alert/announce.h"

#include <array>
#include <cstring>
#include <string>

namespace plumbline::alert {

using rule::Verdict;
using rule::VerdictKind;

Announced StateOf(const Verdict& on_time, const Verdict& everything) {
  const VerdictKind now = everything.kind;
  switch (on_time.kind) {
    case VerdictKind::kNone:
    case VerdictKind::kPending:
      return Announced::kNothing;
    case VerdictKind::kFail:
      if (now == VerdictKind::kFail) return everything.answered == model::kNoTime ? Announced::kFiring : Announced::kResolved;
      return now == VerdictKind::kNone ? Announced::kClosedByWithdrawal : Announced::kClosedByLateEvidence;
    case VerdictKind::kPass:
    case VerdictKind::kExcluded:
    case VerdictKind::kUnknown:
      break;
  }
  if (now == VerdictKind::kFail) return Announced::kAmendedToFail;
  if (now == VerdictKind::kNone) return Announced::kAmendedToNoCase;
  if (on_time.kind == VerdictKind::kUnknown && now == VerdictKind::kPass) return Announced::kAmendedToPass;
  if (on_time.kind == VerdictKind::kUnknown && now == VerdictKind::kExcluded) return Announced::kAmendedToExcluded;
  if (on_time.kind == VerdictKind::kPass) return Announced::kPass;
  return on_time.kind == VerdictKind::kExcluded ? Announced::kExcluded : Announced::kUnknown;
}

Steps Transitions(Announced was, Announced now, const Verdict& on_time, const Verdict& everything) {
  Steps out;
  if (was == now) return out;
  const bool shown = was == Announced::kFiring || was == Announced::kResolved || was == Announced::kSuperseded;
  switch (now) {
    case Announced::kClosedByWithdrawal:
    case Announced::kClosedByLateEvidence:
      if (was == Announced::kFiring) {
        const Cause cause = now == Announced::kClosedByWithdrawal ? Cause::kWithdrawn : Cause::kLateEvidence;
        out.Add({TransitionKind::kResolved, cause, everything.instant, Announced::kNothing});
      }
      return out;
    case Announced::kSuperseded:
      if (was != Announced::kFiring) out.Add({TransitionKind::kFiring, Cause::kNone, on_time.instant, Announced::kNothing});
      out.Add({TransitionKind::kSuperseded, Cause::kRevision, on_time.instant, Announced::kNothing});
      return out;
    case Announced::kFiring:
      out.Add({TransitionKind::kFiring, Cause::kNone, on_time.instant, Announced::kNothing});
      return out;
    case Announced::kResolved:
      if (was != Announced::kFiring && was != Announced::kSuperseded)
        out.Add({TransitionKind::kFiring, Cause::kNone, on_time.instant, Announced::kNothing});
      out.Add({TransitionKind::kResolved, Cause::kAnswered, everything.answered, Announced::kNothing});
      return out;
    case Announced::kAmendedToFail:
    case Announced::kAmendedToNoCase:
    case Announced::kAmendedToPass:
    case Announced::kAmendedToExcluded:
      out.Add({TransitionKind::kAmended, Cause::kNone, on_time.instant, now});
      return out;
    case Announced::kNothing:
    case Announced::kPass:
    case Announced::kExcluded:
    case Announced::kUnknown:
      break;
  }
  if (shown || now == Announced::kNothing) {
    // No case any more: what began it was withdrawn, or begins nothing now. Otherwise evidence that came in time said otherwise.
    const Cause cause = now == Announced::kNothing && on_time.kind == VerdictKind::kNone ? Cause::kWithdrawn : Cause::kEvidence;
    out.Add({TransitionKind::kRetracted, cause, on_time.instant, Announced::kNothing});
    return out;
  }
  const TransitionKind kind = now == Announced::kPass       ? TransitionKind::kPass
                              : now == Announced::kExcluded ? TransitionKind::kExcluded
                                                            : TransitionKind::kUnknown;
  out.Add({kind, Cause::kNone, on_time.instant, Announced::kNothing});
  return out;
}

std::string_view Name(TransitionKind kind) {
  static constexpr std::array<std::string_view, 8> kNames = {"pass",     "excluded",  "unknown", "firing",
                                                             "resolved", "retracted", "amended", "superseded"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view Name(Cause cause) {
  static constexpr std::array<std::string_view, 9> kNames = {"",      "answered", "late evidence", "withdrawn", "revision",
                                                             "build", "evidence", "moved",         "retired"};
  return kNames[static_cast<std::size_t>(cause)];
}

std::string_view AmendedName(Announced state) {
  switch (state) {
    case Announced::kAmendedToFail:
      return "fail";
    case Announced::kAmendedToNoCase:
      return "no case";
    case Announced::kAmendedToPass:
      return "pass";
    case Announced::kAmendedToExcluded:
      return "excluded";
    default:
      return "";
  }
}

Hash128 AlertId(std::string_view rule, std::uint32_t revision, const Hash128& subject, const Hash128& anchor,
                std::uint16_t step) {
  // Fixed-width fields first, then the name, so that no two different arrangements give the same bytes.
  std::string bytes(40, '\0');
  const std::uint64_t fields[5] = {subject.hi, subject.lo, anchor.hi, anchor.lo,
                                   static_cast<std::uint64_t>(revision) << 16 | step};
  for (std::size_t i = 0; i < 40; ++i) bytes[i] = static_cast<char>(fields[i / 8] >> (8 * (i % 8)) & 0xff);
  bytes += rule;
  return HashText(bytes);
}

}  // namespace plumbline::alert
