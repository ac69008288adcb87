// Stage one: the partition as a deterministic state machine over events of its patients. See engine/run/machine.h for who drives
// it and engine/rule/kind.h for what a rule is to it.
//
// Time: the clock of a topic is the greatest arrival read from it (or a tick); the partition's clock C is the least over its
// input topics. Verdicts by time act when C has passed their instant; a verdict is final when C has passed its limit.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/alert/announce.h"
#include "engine/alert/handling.h"
#include "engine/model/decode.h"
#include "engine/model/event.h"
#include "engine/rule/rule_index.h"
#include "engine/rule/rule_set.h"
#include "engine/run/early_rows.h"
#include "engine/run/intake.h"
#include "engine/run/panes.h"
#include "engine/run/subject.h"

namespace plumbline::run {

inline constexpr std::size_t kMaxTopics = 8;

// A tick to this time (the end of the year 9998) closes a stream: every deadline has passed.
inline constexpr TimeMs kClosed = 253'370'764'800'000;

struct FeedOptions {
  std::string site, source;
  TimeMs timeout_ms = 5 * 60 * 1000;
};

struct PartitionOptions {
  std::uint32_t partition = 0;
  std::uint32_t partition_count = 1;
  std::uint16_t input_topics = 3;                    // topics 0 .. n-1 move the clock
  std::vector<FeedOptions> feeds;                    // declared; rules name them by position
  TimeMs corrections_ms = 400LL * 24 * 3600 * 1000;  // how long events other than device values are kept
  std::uint32_t max_rows = 100'000;                  // a subject's limit
  std::uint32_t most_subjects = 0;                   // beyond it idle ones leave memory; 0: all stay
  TimeMs idle_ms = 60LL * 60 * 1000;                 // idle: no event newer than so long ago
  bool intake_statistics = true;                     // delay and disorder by feed
};

// Plain counters of one partition, read by the worker between batches.
struct PartitionCounts {
  std::uint64_t accepted = 0;  // events that became rows or concern no rule
  std::uint64_t duplicates = 0;
  std::uint64_t conflicts = 0;     // same id and version, other content
  std::uint64_t outdated = 0;      // a version below one already known
  std::uint64_t skew = 0;          // records stamped below their topic's clock
  std::uint64_t out_of_order = 0;  // events not after the last one of their patient
  std::uint64_t truncated = 0;     // verdicts that are unknown because their patient is over the limit of rows
  std::uint64_t heartbeats = 0;
};

// Per rule; final verdicts by kind are indexed by rule::VerdictKind.
struct RuleCounts {
  std::array<std::uint64_t, 6> events{};  // verdicts of single events, as given when they came
  std::array<std::uint64_t, 6> finals{};
  std::uint64_t late_triggers = 0;
  std::uint64_t late_events = 0;
  std::array<std::uint64_t, 8> transitions{};  // by alert::TransitionKind
  // Instances of which people were told last that they fire, or are unknown: now, not in sum.
  std::uint64_t firing = 0;
  std::uint64_t unknown = 0;
};

// A transition to tell. Text fields live until the next batch.
struct Told {
  const rule::Rule* rule = nullptr;
  std::uint16_t rule_number = 0;
  std::uint16_t step = 0;
  Hash128 subject;
  Hash128 anchor;
  std::string anchor_text;
  TimeMs anchor_time = 0;
  alert::Step what;
  Hash128 alert_id;
  Hash128 chain;
  Hash128 supersedes;            // zero: nothing
  std::uint32_t transition = 0;  // 1, 2, ... of this alert
  bool late = false;
  bool alert = false;  // part of an alert's history; passes are told to those who ask, and counted
  std::string site;
  std::string evidence;               // JSON objects of the events used, by commas; fails and unknowns
  std::uint32_t evidence_events = 0;  // all of them; `evidence` may hold fewer
  std::string values;                 // JSON members of what the rule's expressions said
  rule::Why why = rule::Why::kNone;   // of an unknown
  std::string feed;                   // the silent feed of an unknown
  std::uint32_t retracts = 0;         // of a retraction: the number of the transition that it takes back; 0: nothing was shown
  alert::Announced was = alert::Announced::kNothing;  // what people had been told before
  TimeMs first_instant = 0;  // of what the same subject and rule say in this batch: they are told together, in this order
};

// A verdict that entered, changed in, or left the measures.
struct CaseChange {
  std::uint16_t rule = 0;
  std::uint16_t step = 0;
  Hash128 subject;
  Hash128 anchor;
  TimeMs anchor_time = 0;
  rule::VerdictKind before = rule::VerdictKind::kNone;
  rule::VerdictKind after = rule::VerdictKind::kNone;
  bool late = false;
  bool is_final = false;
};

enum class Taken : std::uint8_t { kAccepted, kDuplicate, kConflict, kOutdated };

class Partition {
 public:
  Partition(PartitionOptions options, std::shared_ptr<const rule::RuleSet> rules);

  // `payload`: the event's canonical bytes, kept where a rule reads more than a row holds.
  Taken TakeEvent(std::uint16_t topic, TimeMs arrival, const model::Event& event, std::string_view payload);
  // An event of this patient comes in a dozen events or so: asks the memory for what it will touch, step by step.
  void Ahead(const Hash128& patient);
  // A record that is no event (refused, control): only its topic's clock moves.
  void Pass(std::uint16_t topic, TimeMs arrival);
  void Heartbeat(std::uint16_t topic, TimeMs arrival, std::string_view site, std::string_view source, TimeMs complete_to);
  void Tick(std::uint16_t topic, TimeMs time);
  // Works in what the batch touched; afterwards told() and changes() hold what it gave.
  void Finish();

  [[nodiscard]] std::span<const Told> told() const { return told_; }
  [[nodiscard]] std::span<const CaseChange> changes() const { return changes_; }
  [[nodiscard]] TimeMs clock() const { return clock_; }
  [[nodiscard]] TimeMs topic_clock(std::uint16_t topic) const { return topic_clocks_[topic]; }
  [[nodiscard]] const PartitionCounts& counts() const { return counts_; }
  [[nodiscard]] const RuleCounts& rule_counts(std::size_t rule) const { return rule_counts_[rule]; }
  [[nodiscard]] Panes& panes() { return panes_; }
  [[nodiscard]] const IntakeBook& intake() const { return intake_; }
  // Cases of the measure that are anchored before it are final.
  [[nodiscard]] TimeMs FinalBefore(const rule::Measure& measure) const;
  [[nodiscard]] const rule::FeedBook& feeds() const { return feeds_; }
  [[nodiscard]] std::size_t subjects() const { return subjects_.size(); }
  [[nodiscard]] const rule::RuleSet& rules() const { return *rules_; }
  [[nodiscard]] const rule::Force& force(std::size_t rule) const { return force_[rule]; }
  // Which alerts of this partition an id names; nothing for those that are not kept any more. (partition_control.cc)
  struct KnownAlert {
    Hash128 chain;
    const rule::Rule* rule = nullptr;
    std::string site, step;
    alert::Announced announced = alert::Announced::kNothing;
  };
  [[nodiscard]] std::optional<KnownAlert> FindAlert(const Hash128& alert_id) const;
  [[nodiscard]] alert::HandlingBook& handling() { return handling_; }
  // Of the alerts that fire now, by rule: those that somebody has acknowledged. Costs as much as people have done.
  [[nodiscard]] std::vector<std::uint64_t> AcknowledgedFiring() const;

  // Editions (partition_control.cc): rules and measures are appended, their numbers never change. `arrival` is the command's.
  struct EditionChange {
    std::vector<std::string> began, ended;  // "id/revision"
  };
  // What the compiled pack holds is in force from `from` on, in place of the revisions before it; what the pack does not hold any
  // more ends. kConfig: a revision that is loaded already says something else.
  [[nodiscard]] Result<EditionChange> Activate(const rule::RuleSet& edition, TimeMs arrival, TimeMs from);
  // Ends a rule, or all of a pack.
  [[nodiscard]] Result<EditionChange> Retire(std::string_view rule, std::string_view pack, TimeMs arrival, TimeMs from);
  // Before a checkpoint is restored that was made with these rules loaded.
  void LoadAgain(const rule::RuleSet& edition) { Append(edition, model::kNoTime); }
  [[nodiscard]] const rule::Vocabulary& vocabulary() const { return vocabulary_; }
  [[nodiscard]] Subject* FindSubject(const Hash128& key) { return subjects_.Find(key); }

  // Checkpoint; contract in engine/run/machine.h.
  using SliceSink = std::function<void(std::string_view, std::string_view)>;
  void BeginCheckpoint();
  bool NextSlice(std::size_t max_bytes, const SliceSink& sink);
  [[nodiscard]] Result<void> Restore(std::string_view key, std::string_view value);
  [[nodiscard]] Digest StateDigest();
  // Memory (partition_limits.cc); contract in engine/run/machine.h.
  bool EvictSome(std::size_t most);
  [[nodiscard]] bool AnyEvicted() const { return !evicted_.empty(); }
  // Keys of the subjects that a record with this key may concern.
  void MissingOf(std::string_view record_key, std::vector<std::string>& keys) const;

 private:
  struct Timer {
    TimeMs wake;
    Hash128 subject;
    std::uint16_t rule;
    // Earliest first.
    bool operator<(const Timer& other) const {
      if (wake != other.wake) return wake > other.wake;
      if (subject != other.subject) return subject > other.subject;
      return rule > other.rule;
    }
  };
  struct Pair {
    Hash128 key;
    std::uint16_t rule;
    Subject* subject;
    auto operator<=>(const Pair& o) const { return std::tie(key, rule) <=> std::tie(o.key, o.rule); }
    bool operator==(const Pair& o) const { return key == o.key && rule == o.rule; }
  };

  static constexpr std::size_t kAheadSteps = 4;  // events between two steps of Ahead
  TimeMs MoveClock(std::uint16_t topic, TimeMs arrival);
  void SetClock();
  rule::Row RowOf(const model::Event& event, TimeMs arrival);
  Taken TakeVersion(Subject& subject, std::size_t known, rule::Row row, std::string_view payload, const rule::Uses& uses);
  void StepInOrder(Subject& subject, const rule::Row& row, const rule::Uses& uses);
  void TouchAll(Subject& subject, const rule::Row& row);
  static bool HasInstance(const Subject& subject, std::uint16_t rule);
  void Touch(Subject& subject, std::uint16_t rule);
  void Changed(Subject& subject);
  void FireTimers();
  void JudgePair(Subject& subject, std::uint16_t rule);
  rule::SubjectRows ViewOf(const Subject& subject) const;
  void Reconcile(Subject& subject, std::uint16_t rule, const rule::JudgeContext& context);
  void Apply(Subject& subject, Instance& instance, const rule::Judgement& judgement, const rule::JudgeContext& context);
  void Withdraw(Subject& subject, Instance& instance);
  void Announce(Instance& instance, alert::Announced now);
  bool IsFrozen(const Subject& subject, const Instance& instance) const;
  void Enter(const Subject& subject, Instance& instance, rule::VerdictKind verdict);
  void Tell(const Subject& subject, Instance& instance, const alert::Step& step, const rule::Judgement* judgement,
            const rule::JudgeContext* context);
  void LinkSupersedes(std::size_t first_told, Subject& subject, std::uint16_t rule);
  // Measures (partition_measures.cc).
  void CountRow(Subject& subject, const rule::Row& row, std::uint16_t rule, const rule::StepResult& says, int weight);
  void CountId(Subject& subject, const Hash128& id, int weight);
  const rule::Row* CountedVersion(const Subject& subject, const Hash128& id, TimeMs lateness, bool* late) const;
  void CountInstance(Subject& subject, const Instance& instance);
  void CountSubject(Subject& subject, std::uint16_t rule, TimeMs event_time, int events, int fails, const rule::Row* row);
  void TakeBack(const CountedCase& c);
  void PutIn(const Subject& subject, const CountedCase& c, const rule::Row* row);
  Hash128 GroupOf(const rule::Measure& measure, const Subject& subject, const rule::Row& row);
  std::vector<std::string> GroupTexts(const rule::Measure& measure, const Subject& subject, const rule::Row& row);
  std::string FieldText(rule::GroupField field, const Subject& subject, const rule::Row& row);
  void NoteIntake(Subject& subject, const rule::Row& row);
  void Schedule(Subject& subject, const Instance& instance);
  void Prune(Subject& subject);
  TimeMs SettledUpTo(const Subject& subject);
  void Settle(Subject& subject, TimeMs boundary);
  // Its verdict is final and part of what it rests on has been dropped: what was said of it stands.
  bool RestsOnDropped(const Subject& subject, const Instance& instance) const;
  bool Keeps(const Subject& subject, const rule::Row& row);
  // After rows were dropped: what rested on them goes with them.
  void Tidy(Subject& subject);
  // A subject over its limit (partition_limits.cc).
  void Truncate(Subject& subject);
  [[nodiscard]] bool RestsOnTruncated(const Subject& subject, std::uint16_t rule, const rule::Judgement& judgement) const;
  void ApplyTruncated(Subject& subject, Instance& instance, rule::Judgement judgement, const rule::JudgeContext& context);
  [[nodiscard]] bool MayGo(const Subject& subject) const;
  void MarkFinal(const Subject& subject, Instance& instance, const rule::Judgement& judgement);
  // Editions (partition_control.cc).
  struct Straddler {
    Subject* subject;
    std::vector<Hash128> ids;  // of rows at or after the time of change
  };
  void Append(const rule::RuleSet& edition, TimeMs arrival);
  void LinkMeasures();
  TimeMs KnownFrom(const rule::Rule& rule, TimeMs arrival);
  std::vector<Straddler> TakeOut(TimeMs from);
  void PutBack(const std::vector<Straddler>& straddlers);
  void End(std::uint16_t rule, TimeMs from, EditionChange& change);
  void TouchFiring(std::uint16_t rule);
  [[nodiscard]] std::string NameOf(std::size_t rule) const;
  // What is announced of a running condition whose revision has ended, and when to ask again.
  alert::Announced SupersededOr(const Subject& subject, const Instance& instance, alert::Announced now, TimeMs* wake) const;
  const rule::Row* FirstOfSuccessor(const Subject& subject, std::uint16_t rule, TimeMs from) const;
  bool LinkAcrossRevisions(Subject& subject, Instance& instance, Told& told);
  rule::Roles InForce(const rule::Use& use, TimeMs time) const {
    if (!editions_ || force_[use.rule].Holds(time)) return use.roles;
    return static_cast<rule::Roles>(use.roles & ~rule::kTriggerRole);
  }
  [[nodiscard]] Hash128 AlertIdOf(const Subject& subject, const Instance& instance) const;
  // The instance goes: its alert cannot be named any more.
  void Forget(const Subject& subject, const Instance& instance);
  void MendSuperseded(const Subject& subject, const Instance& instance, alert::Step* step) const;
  void StepEnded(Subject& subject, std::uint16_t rule);
  void AddEvidence(const Subject& subject, const rule::Judgement& judgement, const rule::JudgeContext& context, Told& told);
  std::string PartitionBytes() const;
  [[nodiscard]] Result<void> RestorePartition(std::string_view value);

  PartitionOptions options_;
  std::shared_ptr<rule::RuleSet> rules_;  // this partition's own list
  std::vector<rule::Force> force_;        // by rule
  bool editions_ = false;                 // some rule is not in force at all times
  rule::Vocabulary vocabulary_;
  rule::RuleIndex index_;
  rule::FeedBook feeds_;
  std::array<TimeMs, kMaxTopics> topic_clocks_;
  TimeMs clock_ = model::kNoTime;
  SubjectTable subjects_;
  struct Expected {
    Hash128 patient;
    const Subject* subject = nullptr;
  };
  std::array<Expected, 4 * kAheadSteps> expected_{};  // a ring; never part of the state
  std::size_t next_expected_ = 0;
  std::priority_queue<Timer> timers_;
  std::vector<std::vector<Pair>> waiting_;  // by feed: who asks to be judged on its heartbeat
  std::vector<Pair> touched_;
  std::vector<Subject*> to_prune_;
  std::vector<Told> told_;
  std::vector<CaseChange> changes_;
  std::vector<rule::Judgement> judgements_;
  PartitionCounts counts_;
  std::vector<RuleCounts> rule_counts_;
  Panes panes_;
  IntakeBook intake_;
  // The feeds that events come from now; counts stay where they are in the book.
  struct IntakeSlot {
    std::uint16_t site = 0, source = 0;
    IntakeCounts* counts = nullptr;
  };
  std::array<IntakeSlot, 64> intake_slots_{};
  std::vector<std::vector<std::uint16_t>> measures_of_;  // by rule
  std::vector<std::vector<std::uint16_t>> rules_of_;     // by measure: revisions of one rule
  std::unordered_map<Hash128, Hash128, Hash128Hasher> subject_of_alert_;
  alert::HandlingBook handling_;
  std::vector<Hash128> forgotten_;  // chains of instances that go in the pruning under way
  model::Decoder payload_decoder_;

  std::unordered_set<Hash128, Hash128Hasher> evicted_;  // never part of the state
  std::size_t sweep_at_ = 0;

  // Checkpoint under way.
  std::vector<Subject*> dirty_;
  std::vector<Subject*> frozen_;
  std::size_t next_frozen_ = 0;
  EarlyRows early_;                                   // frozen subjects that changed before their slice
  std::map<std::string, std::string> frozen_others_;  // the partition's own key and the panes that changed
};

}  // namespace plumbline::run
