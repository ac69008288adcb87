// A patient with more rows than the limit: the oldest are dropped although rules read them, and what would rest on them is
// unknown (truncated). What has been told already stands; an alert that fires may still end.
#include <algorithm>

#include "engine/run/partition.h"

namespace plumbline::run {

using alert::Announced;
using rule::Row;
using rule::VerdictKind;

void Partition::Truncate(Subject& subject) {
  Changed(subject);
  // A quarter at once, so that it is not done for every row.
  const std::size_t target = options_.max_rows - options_.max_rows / 4;
  std::size_t excess = subject.rows.size() - target;
  const auto anchors = [&subject](const Row& row) {
    return std::any_of(subject.instances.begin(), subject.instances.end(),
                       [&row](const Instance& i) { return i.anchor == row.id && (!i.is_final || alert::IsFiring(i.announced)); });
  };
  // Device values first: they are what makes a patient too large, and the other events are what exceptions are made of.
  const auto cut = [&](bool values) {
    TimeMs before = INT64_MIN;
    for (const Row& row : subject.rows.all()) {
      if (excess == 0) break;
      if ((row.kind == model::EventKind::kDevice) != values || anchors(row)) continue;
      before = row.time + 1;
      --excess;
    }
    return before;
  };
  const TimeMs values = cut(true), others = cut(false);
  subject.truncated_values = std::max(subject.truncated_values, values);
  subject.truncated_others = std::max(subject.truncated_others, others);
  const TimeMs boundary = std::max(values, others);
  subject.dropped_before = std::max(subject.dropped_before, boundary);
  Settle(subject, boundary);
  subject.rows.Prune([&](const Row& row) {
    if (row.time >= subject.TruncatedBefore(row.kind) || anchors(row)) return true;
    subject.DropPayload(row.payload);
    return false;
  });
  Tidy(subject);
}

bool Partition::RestsOnTruncated(const Subject& subject, std::uint16_t rule, const rule::Judgement& judgement) const {
  TimeMs before = INT64_MIN;
  for (const rule::Selector& s : rules_->rules[rule].selectors) before = std::max(before, subject.TruncatedBefore(s.kind));
  const TimeMs reach = rules_->rules[rule].kind->ReachMs();
  return before != INT64_MIN && (reach == rule::kForever || judgement.anchor_time - reach < before);
}

void Partition::ApplyTruncated(Subject& subject, Instance& instance, rule::Judgement judgement,
                               const rule::JudgeContext& context) {
  const bool said = instance.announced != Announced::kNothing || instance.verdict != VerdictKind::kNone;
  if (!said || instance.announced == Announced::kUnknown) {
    const VerdictKind kind = judgement.on_time.kind;
    if (kind != VerdictKind::kNone && kind != VerdictKind::kPending) {
      if (!said) ++counts_.truncated;
      judgement.on_time = judgement.everything = {VerdictKind::kUnknown, judgement.on_time.instant, model::kNoTime};
      judgement.why = rule::Why::kTruncated;
    }
    return Apply(subject, instance, judgement, context);
  }
  if (instance.announced == Announced::kFiring && judgement.everything.kind == VerdictKind::kFail) {
    judgement.on_time = {VerdictKind::kFail, instance.instant, model::kNoTime};
    return Apply(subject, instance, judgement, context);
  }
  instance.limit = judgement.limit;
  instance.wake = rule::kForever;
  if (judgement.limit == model::kNoTime) return;
  if (clock_ > judgement.limit) return MarkFinal(subject, instance, judgement);
  instance.wake = judgement.limit;
  Schedule(subject, instance);
}

bool Partition::MayGo(const Subject& subject) const {
  if (subject.dirty || subject.frozen || subject.prune_at == UINT32_MAX) return false;
  const bool empty = subject.rows.empty() && subject.greatest.empty();  // not in the checkpoint, perhaps
  if (empty || (!subject.rows.empty() && subject.rows.back().time >= clock_ - options_.idle_ms)) return false;
  for (const GreatestTime& g : subject.greatest) {
    if (g.time >= clock_ - options_.idle_ms) return false;
  }
  return std::none_of(subject.phases.begin(), subject.phases.end(), [](const PhaseCell& c) { return c.touched; }) &&
         std::all_of(subject.instances.begin(), subject.instances.end(),
                     [](const Instance& i) { return i.wake == rule::kForever && i.feed == rule::kNoFeed && i.transitions == 0; });
}

bool Partition::EvictSome(std::size_t most) {
  if (options_.most_subjects == 0 || subjects_.size() <= options_.most_subjects || clock_ == model::kNoTime) return false;
  PLUMBLINE_CHECK(touched_.empty() && to_prune_.empty() && frozen_.empty() && early_.empty(),
                  "subjects leave between batches and while no checkpoint is under way");
  expected_.fill({});
  std::set<const Subject*> waiting;
  for (const auto& pairs : waiting_) {
    for (const Pair& p : pairs) waiting.insert(p.subject);
  }
  return subjects_.Sweep(&sweep_at_, most, [&](const Subject& s) {
    if (subjects_.size() <= options_.most_subjects || !MayGo(s) || waiting.contains(&s)) return false;
    evicted_.insert(s.key);
    return true;
  });
}

void Partition::MissingOf(std::string_view record_key, std::vector<std::string>& keys) const {
  const Hash128 patient = HashText(record_key);
  for (const Hash128& key : {patient, DeviceSubject(patient)}) {
    if (evicted_.contains(key)) keys.emplace_back(SubjectKey(key).view());
  }
}

}  // namespace plumbline::run
