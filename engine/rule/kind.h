// The interface of a rule kind: what instances a rule has in a subject's rows, and what the evidence says of each. A kind is
// pure: the same rows, clock and feeds give the same judgements, in whatever order the rows came. That is the whole reason why
// verdicts are order-proof; no kind contains code for late events, corrections, retraction or restart.
//
// Flow: the partition machine keeps rows. A row that comes in canonical order goes through Step, which answers whether any
// instance can have changed; ordinary events answer no, and that is their whole cost. Otherwise, once per journal entry, Judge
// says what holds now, and engine/alert turns the difference from what was announced into transitions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rule/feeds.h"
#include "engine/rule/row.h"

namespace plumbline::rule {

enum class Tri : std::uint8_t { kFalse = 0, kTrue = 1, kUnknown = 2 };

// Numbers are in checkpoints.
enum class VerdictKind : std::uint8_t { kNone = 0, kPending = 1, kPass = 2, kExcluded = 3, kUnknown = 4, kFail = 5 };

struct Verdict {
  VerdictKind kind = VerdictKind::kNone;
  TimeMs instant = model::kNoTime;
  TimeMs answered = model::kNoTime;  // when the answer came after all, or the condition ended
};

// The rows of one subject, with what is needed to read them.
class Vocabulary;
struct Payloads {
  // Canonical FlatBuffers bytes of a kept event; empty where the row has none.
  std::span<const std::string> bytes;
};
struct SubjectRows {
  const RowList* rows = nullptr;
  Payloads payloads;
  const Vocabulary* vocabulary = nullptr;
};

// What an expression may see: rows with time <= instant, of each event the greatest version that had arrived by `cut`.
struct Sight {
  const SubjectRows* subject = nullptr;
  TimeMs instant = 0;
  TimeMs cut = kForever;
  std::uint64_t encounter = 0;  // not 0: only rows of this encounter
};

[[nodiscard]] std::string_view Name(Tri value);  // "true", "false", "unknown"

// True if row i of the list is the version to go by at `cut` (a withdrawn version is, and hides what it withdraws).
[[nodiscard]] bool IsCurrent(const RowList& rows, std::size_t i, TimeMs cut);
// IsCurrent and not withdrawn.
[[nodiscard]] bool IsVisible(const RowList& rows, std::size_t i, TimeMs cut);

// The value of a named expression of a rule, as text, for people.
struct NamedValue {
  std::string name, value;
};

// An expression over a row, the trigger of its instance, and what the subject's rows show at an instant. Immutable, shared by
// partitions; Test neither allocates nor locks for scalar expressions.
class Condition {
 public:
  virtual ~Condition() = default;
  [[nodiscard]] virtual Tri Test(const Sight& sight, const Row* row, const Row* trigger) const = 0;
  // False when the answer depends on `row` and `trigger` alone.
  [[nodiscard]] virtual bool ReadsHistory() const { return false; }
  // For people: the values of the expressions that the author gave names, as of this test.
  virtual void Explain(const Sight& sight, const Row* row, const Row* trigger, std::vector<NamedValue>& out) const;
};

// What a row is to a rule: bits, given by the rule index from the row's kind and code.
using Roles = std::uint16_t;
inline constexpr Roles kTriggerRole = 1;    // may begin an instance; for a check, the event that is checked
inline constexpr Roles kHistoryRole = 2;    // read by an expression of the rule
inline constexpr Roles kFirstStepRole = 4;  // bit 2 + step: may answer that step

class RoleOfRow {
 public:
  virtual ~RoleOfRow() = default;
  [[nodiscard]] virtual Roles Of(const Row& row) const = 0;
};

// A run of failing values that began before the rows that are still kept.
struct OpenRun {
  Hash128 anchor;
  TimeMs anchor_time = 0;
  TimeMs last = 0;
  TimeMs fired = model::kNoTime;
  TimeMs boundary = INT64_MIN;  // rows before it are in the run already
  std::uint32_t count = 0;
  std::uint16_t rule = 0;
  bool open = false;
  bool awaiting = false;  // an unknown ended it; its alert waits for the next satisfied event
  // Of what has fired and is to be clear for a time: since when the condition has been satisfied, and the last such event.
  TimeMs clearing = model::kNoTime;
  TimeMs clearing_last = model::kNoTime;
};

// Why a verdict is unknown. Numbers are in no state.
enum class Why : std::uint8_t { kNone, kFeed, kWarming, kException, kAnswer, kTruncated };

struct JudgeContext {
  const SubjectRows* subject = nullptr;
  const RoleOfRow* roles = nullptr;
  const FeedBook* feeds = nullptr;
  TimeMs clock = 0;
  OpenRun carried;                // open == false where nothing was settled
  TimeMs known_from = INT64_MIN;  // a look-back to before it is a look into the dark
};

// What holds of one instance. Anchors are events; a rule with several steps has an instance per anchor and step.
struct Judgement {
  Hash128 anchor;
  std::string_view anchor_text;  // the event's id
  TimeMs anchor_time = 0;
  TimeMs last_time = 0;  // of the evidence that belongs to the instance (the last row of a run)
  std::uint16_t step = 0;
  Verdict on_time;                // by evidence that arrived by instant + lateness
  Verdict everything;             // by all that is at hand; kNone: no case
  TimeMs limit = model::kNoTime;  // the verdict is final once the clock has passed it; kNoTime: there is none to become final
  bool late = false;              // the trigger came after its limit
  TimeMs wake = kForever;         // judge again once the clock has passed it
  std::uint16_t feed = kNoFeed;   // judge again on a heartbeat of this feed
  const Row* trigger = nullptr;   // the version that counts, where there is one
  Why why = Why::kNone;           // of an unknown
};

enum class Touch : std::uint8_t { kNothing, kJudge };

// The cell of a rule in a subject that Step reads and Judge writes: 0 is idle (no instance that a later row could change).
using Phase = std::uint8_t;
inline constexpr Phase kIdle = 0;
inline constexpr Phase kOpen = 1;    // something is pending or may be answered
inline constexpr Phase kFiring = 2;  // fired, and a further failing row changes nothing

// What a row alone says, for rules that count rows (checks and indicators): see StepResult.
struct StepResult {
  Touch touch = Touch::kNothing;
  VerdictKind row_verdict = VerdictKind::kNone;
  bool has_value = false;
  std::int64_t value = 0;  // units of 1e-8, for means and percentiles
};

class RuleKind {
 public:
  virtual ~RuleKind() = default;
  // A row of this rule came in canonical order, on time, in its first version.
  [[nodiscard]] virtual StepResult Step(const SubjectRows& subject, const Row& row, Roles roles, Phase phase) const = 0;
  // An event of one version, on time, stands somewhere among the rows of a subject that has no instance of this rule: true when
  // it can neither begin one nor take part in one.
  [[nodiscard]] virtual bool Inert(const SubjectRows& subject, const Row& row, Roles roles) const {
    (void)subject, (void)row, (void)roles;
    return false;
  }
  // What the row alone says, whatever its order: the verdict and value of Step. Only for measures over rows.
  [[nodiscard]] virtual StepResult RowSays(const SubjectRows& subject, const Row& row, Roles roles) const {
    return Step(subject, row, roles, kIdle);
  }
  // All instances of the subject's kept rows. Appends to `out`; returns the phase.
  virtual Phase Judge(const JudgeContext& context, std::vector<Judgement>& out) const = 0;
  // A row in this role must be kept until clock - time exceeds this. kForever: always.
  [[nodiscard]] virtual TimeMs KeepMs(Roles roles) const = 0;
  // For kinds with runs: how long a row in the trigger role may still change one. 0: the kind has none.
  [[nodiscard]] virtual TimeMs SettleMs() const { return 0; }
  // How long after its anchor a case is final. kForever: as long as it goes on.
  [[nodiscard]] virtual TimeMs FinalMs() const { return LatenessMs(); }
  // How far before its anchor an instance's evidence may lie.
  [[nodiscard]] virtual TimeMs BackMs() const { return 0; }
  // How far before its anchor anything lies that an instance reads, its conditions included. kForever: anywhere.
  [[nodiscard]] virtual TimeMs ReachMs() const { return BackMs(); }
  // Rows before `boundary` are about to be dropped; `run` is brought up to it. Only kinds with runs have anything to do.
  virtual void Settle(const JudgeContext& context, TimeMs boundary, OpenRun* run) const;
  [[nodiscard]] virtual TimeMs LatenessMs() const = 0;
  // The rows (by index) that a judgement of this kind rests on, for people: at least the trigger where it is kept.
  virtual void Evidence(const JudgeContext& context, const Judgement& judgement, std::vector<std::size_t>& rows) const;
  // What the rule's expressions said of it.
  virtual void Values(const JudgeContext& context, const Judgement& judgement, std::vector<NamedValue>& out) const;
  // A condition that goes on, rather than a case: when another revision has judged the subject, its alert is superseded.
  [[nodiscard]] virtual bool Running() const { return false; }
};

}  // namespace plumbline::rule
