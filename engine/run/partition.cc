#include "engine/run/partition.h"

#include <algorithm>

#include "engine/base/check.h"

namespace plumbline::run {

using rule::Row;
using rule::Uses;
using rule::VerdictKind;

namespace {

// What nobody was shown (a pass, an exclusion, and their retraction) has no number of its own; a pass that takes the place of
// what was shown does.
bool IsShown(alert::TransitionKind kind, const Instance& instance) {
  using alert::Announced;
  const Announced was = instance.announced;
  const bool quiet = was == Announced::kNothing || was == Announced::kPass || was == Announced::kExcluded;
  switch (kind) {
    case alert::TransitionKind::kPass:
    case alert::TransitionKind::kExcluded:
      return was == Announced::kUnknown || (was >= Announced::kAmendedToFail && was <= Announced::kAmendedToExcluded);
    case alert::TransitionKind::kRetracted:
      return !quiet;
    default:
      return true;
  }
}

// The patient; of QC samples, which have none, the device.
Hash128 SubjectOf(const model::Event& event) {
  if (!event.patient.empty()) [[likely]]
    return HashText(event.patient);
  return DeviceSubject(HashText(event.device));
}

}  // namespace

Partition::Partition(PartitionOptions options, std::shared_ptr<const rule::RuleSet> rules)
    : options_(std::move(options)),
      rules_(std::make_shared<rule::RuleSet>(*rules)),
      force_(rules_->rules.size()),
      index_(*rules_, vocabulary_),
      rule_counts_(rules_->rules.size()),
      panes_(rules_->measures) {
  PLUMBLINE_CHECK(options_.input_topics >= 1 && options_.input_topics <= kMaxTopics, "configuration limits the number of topics");
  topic_clocks_.fill(model::kNoTime);
  for (const FeedOptions& f : options_.feeds) feeds_.Declare(f.site + "/" + f.source, f.timeout_ms);
  waiting_.resize(options_.feeds.size());
  LinkMeasures();
}

TimeMs Partition::MoveClock(std::uint16_t topic, TimeMs arrival) {
  TimeMs& clock = topic_clocks_[topic];
  if (arrival < clock) {
    ++counts_.skew;
    return clock;
  }
  if (arrival > clock) {
    clock = arrival;
    SetClock();
  }
  return arrival;
}

void Partition::SetClock() { clock_ = *std::min_element(topic_clocks_.begin(), topic_clocks_.begin() + options_.input_topics); }

void Partition::Ahead(const Hash128& patient) {
  const auto at = [this](std::size_t steps) -> Expected& {
    return expected_[(next_expected_ - steps * kAheadSteps) % expected_.size()];
  };
  at(0) = {patient, nullptr};
  subjects_.Prefetch(patient);
  Expected& nearer = at(1);
  nearer.subject = subjects_.PrefetchSubject(nearer.patient);
  if (const Subject* subject = at(2).subject) subject->Prefetch();
  ++next_expected_;
}

void Partition::Pass(std::uint16_t topic, TimeMs arrival) { MoveClock(topic, arrival); }

void Partition::Tick(std::uint16_t topic, TimeMs time) {
  if (topic >= options_.input_topics || time <= topic_clocks_[topic]) return;
  topic_clocks_[topic] = time;
  SetClock();
}

void Partition::Heartbeat(std::uint16_t topic, TimeMs arrival, std::string_view site, std::string_view source,
                          TimeMs complete_to) {
  const TimeMs at = MoveClock(topic, arrival);
  ++counts_.heartbeats;
  const rule::FeedIndex feed = feeds_.Find(std::string(site) + "/" + std::string(source));
  if (feed == rule::kNoFeed || !feeds_.Add(feed, {at, complete_to})) return;
  std::vector<Pair> waiting = std::move(waiting_[feed]);
  waiting_[feed].clear();
  for (const Pair& p : waiting) Touch(*p.subject, p.rule);
}

Row Partition::RowOf(const model::Event& event, TimeMs arrival) {
  Row row;
  row.id = HashText(event.id);
  row.time = event.time;
  row.arrival = arrival;
  row.sequence = event.source_sequence;
  row.content = event.content.lo;
  row.encounter = event.encounter.empty() ? 0 : HashText(event.encounter).lo;
  row.version = event.version;
  row.kind = event.kind;
  row.status = event.status;
  const Int128 units = event.quantity.value.units();
  row.has_value = event.has_quantity && units >= INT64_MIN && units <= INT64_MAX;
  row.value = row.has_value ? static_cast<std::int64_t>(units) : 0;
  row.unit = static_cast<std::uint16_t>(event.has_quantity ? vocabulary_.Intern(event.quantity.unit) : rule::kNoTerm);
  row.site = static_cast<std::uint16_t>(vocabulary_.Intern(event.site));
  row.source = static_cast<std::uint16_t>(vocabulary_.Intern(event.source));
  row.id_size = static_cast<std::uint8_t>(std::min(event.id.size(), rule::kInlineIdBytes));
  std::memcpy(row.id_text, event.id.data(), row.id_size);
  return row;
}

Taken Partition::TakeEvent(std::uint16_t topic, TimeMs arrival, const model::Event& event, std::string_view payload) {
  const TimeMs at = MoveClock(topic, arrival);
  const rule::Term code = vocabulary_.InternCode(event.code.system, event.code.code);
  const Uses& uses = index_.Of(event.kind, code);
  const bool kept = !uses.uses.empty() || event.kind != model::EventKind::kDevice || event.version != 1;
  if (!kept && !options_.intake_statistics) {
    ++counts_.accepted;
    return Taken::kAccepted;
  }
  Subject& subject = subjects_.FindOrAdd(SubjectOf(event));
  Row row = RowOf(event, at);
  row.code = code;
  if (!kept) {
    ++counts_.accepted;
    NoteIntake(subject, row);
    return Taken::kAccepted;
  }
  const std::size_t known = subject.rows.FindId(row.id);
  if (known < subject.rows.size()) [[unlikely]]
    return TakeVersion(subject, known, row, payload, uses);
  Changed(subject);
  if (uses.needs_payload || event.id.size() > rule::kInlineIdBytes) row.payload = subject.AddPayload(payload);
  ++counts_.accepted;
  if (options_.intake_statistics) NoteIntake(subject, row);
  const std::size_t index = subject.rows.Insert(row);
  const bool in_order = index + 1 == subject.rows.size();
  // On time and last in order, it is in every view from now on and in none before: the newest view's phase decides what it can
  // change, whatever came late or was corrected earlier.
  const bool regular = row.status != model::EventStatus::kEnteredInError &&
                       (uses.uses.empty() || row.arrival - row.time <= uses.least_lateness_ms);
  if (!in_order) [[unlikely]] {
    ++counts_.out_of_order;
    if (row.time < subject.TruncatedBefore(row.kind)) {  // nobody can place it among what has been dropped
      subject.rows.Prune([&row](const Row& r) { return r.id != row.id; });
      subject.DropPayload(row.payload);
      return Taken::kAccepted;
    }
  }
  if (in_order && regular) [[likely]] {
    StepInOrder(subject, row, uses);
  } else {
    CountId(subject, row.id, 1);
    TouchAll(subject, row);
  }
  if (subject.rows.size() >= subject.prune_at) {
    to_prune_.push_back(&subject);
    subject.prune_at = UINT32_MAX;  // once a batch; Prune sets it anew
  }
  return Taken::kAccepted;
}

Taken Partition::TakeVersion(Subject& subject, std::size_t known, Row row, std::string_view payload, const Uses& uses) {
  bool outdated = false;
  for (std::size_t i = known; i < subject.rows.size(); i = subject.rows.FindId(row.id, i + 1)) {
    const Row& other = subject.rows[i];
    if (other.version == row.version) {
      const bool same = other.content == row.content;
      ++(same ? counts_.duplicates : counts_.conflicts);
      return same ? Taken::kDuplicate : Taken::kConflict;
    }
    outdated = outdated || other.version > row.version;
  }
  Changed(subject);
  ++(outdated ? counts_.outdated : counts_.accepted);
  CountId(subject, row.id, -1);
  row.versions = true;
  if (uses.needs_payload || row.id_size == rule::kInlineIdBytes) row.payload = subject.AddPayload(payload);
  for (std::size_t i = known; i < subject.rows.size(); i = subject.rows.FindId(row.id, i + 1)) {
    subject.rows[i].versions = true;
    TouchAll(subject, subject.rows[i]);
  }
  subject.rows.Insert(row);
  CountId(subject, row.id, 1);
  TouchAll(subject, row);
  return outdated ? Taken::kOutdated : Taken::kAccepted;
}

void Partition::StepInOrder(Subject& subject, const Row& row, const Uses& uses) {
  const rule::SubjectRows view = ViewOf(subject);
  for (const rule::Use& use : uses.uses) {
    const rule::Roles roles = InForce(use, row.time);
    if (roles != use.roles) [[unlikely]]
      StepEnded(subject, use.rule);
    if (roles == 0) continue;
    const rule::StepResult result = rules_->rules[use.rule].kind->Step(view, row, roles, subject.PhaseOf(use.rule));
    ++rule_counts_[use.rule].events[static_cast<std::size_t>(result.row_verdict)];
    if (!measures_of_[use.rule].empty() && result.row_verdict != VerdictKind::kNone) CountRow(subject, row, use.rule, result, 1);
    if (result.touch == rule::Touch::kJudge) Touch(subject, use.rule);
  }
}

void Partition::TouchAll(Subject& subject, const Row& row) {
  const Uses& uses = index_.Of(row.kind, row.code);
  const rule::SubjectRows view = ViewOf(subject);
  for (const rule::Use& use : uses.uses) {
    const rule::RuleKind& kind = *rules_->rules[use.rule].kind;
    if (row.arrival - row.time > kind.LatenessMs()) ++rule_counts_[use.rule].late_events;
    const rule::StepResult result = kind.Step(view, row, InForce(use, row.time), rule::kOpen);
    if (!row.versions) ++rule_counts_[use.rule].events[static_cast<std::size_t>(result.row_verdict)];
    const bool plain = row.version == 1 && !row.versions && !row.Withdrawn() && row.arrival - row.time <= kind.LatenessMs();
    if (plain && !HasInstance(subject, use.rule) && kind.Inert(view, row, use.roles)) continue;
    Touch(subject, use.rule);
  }
}

bool Partition::HasInstance(const Subject& subject, std::uint16_t rule) {
  return subject.PhaseOf(rule) != rule::kIdle ||
         std::any_of(subject.instances.begin(), subject.instances.end(), [rule](const Instance& i) { return i.rule == rule; });
}

void Partition::Touch(Subject& subject, std::uint16_t rule) {
  if (subject.MarkTouched(rule)) touched_.push_back({subject.key, rule, &subject});
}

void Partition::Changed(Subject& subject) {
  if (subject.frozen) [[unlikely]] {
    early_.Add(SubjectKey(subject.key).view(), [&subject](std::string& out) { subject.Serialize(out); });
    subject.frozen = false;
  }
  if (!subject.dirty) {
    subject.dirty = true;
    dirty_.push_back(&subject);
  }
}

void Partition::FireTimers() {
  while (!timers_.empty() && timers_.top().wake < clock_) {
    const Timer t = timers_.top();
    timers_.pop();
    if (Subject* subject = subjects_.Find(t.subject)) Touch(*subject, t.rule);
  }
}

void Partition::Finish() {
  told_.clear();
  changes_.clear();
  FireTimers();
  std::sort(touched_.begin(), touched_.end());
  for (std::size_t i = 0; i < touched_.size(); ++i) JudgePair(*touched_[i].subject, touched_[i].rule);
  touched_.clear();
  std::stable_sort(told_.begin(), told_.end(), [](const Told& a, const Told& b) { return a.first_instant < b.first_instant; });
  for (Subject* subject : to_prune_) Prune(*subject);
  to_prune_.clear();
}

rule::SubjectRows Partition::ViewOf(const Subject& subject) const { return {&subject.rows, {subject.payloads}, &vocabulary_}; }

void Partition::JudgePair(Subject& subject, std::uint16_t rule) {
  Changed(subject);
  const rule::SubjectRows view = ViewOf(subject);
  const rule::IndexRoles roles(index_, rule, force_[rule]);
  rule::JudgeContext context{&view, &roles, &feeds_, clock_, {}, force_[rule].known_from};
  for (const rule::OpenRun& run : subject.runs) {
    if (run.rule == rule) context.carried = run;
  }
  judgements_.clear();
  subject.SetPhase(rule, rules_->rules[rule].kind->Judge(context, judgements_));
  Reconcile(subject, rule, context);
}

void Partition::Reconcile(Subject& subject, std::uint16_t rule, const rule::JudgeContext& context) {
  const std::size_t first_told = told_.size();
  // Instances that no view shows any more are taken back first, so that what takes their place can say so.
  for (Instance& instance : subject.instances) {
    if (instance.rule != rule) continue;
    const bool shown = std::any_of(judgements_.begin(), judgements_.end(), [&](const rule::Judgement& j) {
      return j.anchor == instance.anchor && j.step == instance.step;
    });
    if (!shown && !IsFrozen(subject, instance) && !RestsOnDropped(subject, instance)) Withdraw(subject, instance);
  }
  for (const rule::Judgement& j : judgements_) {
    auto it = std::find_if(subject.instances.begin(), subject.instances.end(),
                           [&](const Instance& i) { return i.rule == rule && i.anchor == j.anchor && i.step == j.step; });
    if (it == subject.instances.end()) {
      Instance fresh;
      fresh.anchor = j.anchor;
      fresh.rule = rule;
      fresh.step = j.step;
      subject.instances.push_back(fresh);
      it = subject.instances.end() - 1;
    }
    if (RestsOnDropped(subject, *it)) continue;
    if (subject.Truncated() && RestsOnTruncated(subject, rule, j)) [[unlikely]] {
      ApplyTruncated(subject, *it, j, context);
    } else {
      Apply(subject, *it, j, context);
    }
  }
  std::erase_if(subject.instances, [rule](const Instance& i) {
    // What has been shown keeps its numbers: a second firing goes on counting.
    return i.rule == rule && i.announced == alert::Announced::kNothing && i.wake == rule::kForever && !i.is_final &&
           i.transitions == 0;
  });
  LinkSupersedes(first_told, subject, rule);
  TimeMs first = rule::kForever;
  for (std::size_t i = first_told; i < told_.size(); ++i) first = std::min(first, told_[i].what.instant);
  for (std::size_t i = first_told; i < told_.size(); ++i) told_[i].first_instant = first;
}

void Partition::Apply(Subject& subject, Instance& instance, const rule::Judgement& judgement, const rule::JudgeContext& context) {
  instance.anchor_time = judgement.anchor_time;
  instance.last_time = std::max(judgement.last_time, judgement.anchor_time);
  instance.late = judgement.late;
  instance.limit = judgement.limit;
  instance.feed = judgement.feed;
  const rule::Rule& rule = rules_->rules[instance.rule];
  const bool is_final = judgement.limit != model::kNoTime && clock_ > judgement.limit;
  // A rule that speaks when final waits for the watermark; what it would have said early is not said.
  const bool silent = rule.silent || (rule.speaks == rule::Speaks::kFinal && !is_final);
  const VerdictKind verdict = judgement.on_time.kind == VerdictKind::kPending ? VerdictKind::kNone : judgement.on_time.kind;
  Enter(subject, instance, verdict);
  CountInstance(subject, instance);
  if (is_final) MarkFinal(subject, instance, judgement);
  TimeMs wake = judgement.wake;
  if (!silent) {
    alert::Announced now = alert::StateOf(judgement.on_time, judgement.everything);
    if (now == alert::Announced::kFiring && editions_) [[unlikely]]
      now = SupersededOr(subject, instance, now, &wake);
    alert::Steps steps = alert::Transitions(instance.announced, now, judgement.on_time, judgement.everything);
    if (now == alert::Announced::kSuperseded && steps.count > 0) MendSuperseded(subject, instance, &steps.step[steps.count - 1]);
    for (int i = 0; i < steps.count; ++i) Tell(subject, instance, steps.step[i], &judgement, &context);
    Announce(instance, now);
  }
  const bool rescheduled = wake != instance.wake;
  instance.wake = wake;
  if (rescheduled || instance.feed != rule::kNoFeed) Schedule(subject, instance);
}

void Partition::MarkFinal(const Subject& subject, Instance& instance, const rule::Judgement& judgement) {
  if (instance.is_final) return;
  instance.is_final = true;
  RuleCounts& counts = rule_counts_[instance.rule];
  if (judgement.late) {
    ++counts.late_triggers;
  } else {
    ++counts.finals[static_cast<std::size_t>(judgement.on_time.kind)];
  }
  changes_.push_back({instance.rule, instance.step, subject.key, instance.anchor, instance.anchor_time, instance.verdict,
                      instance.verdict, instance.late, true});
}

void Partition::Enter(const Subject& subject, Instance& instance, VerdictKind verdict) {
  if (verdict == instance.verdict) return;
  changes_.push_back({instance.rule, instance.step, subject.key, instance.anchor, instance.anchor_time, instance.verdict, verdict,
                      instance.late, false});
  instance.verdict = verdict;
}

void Partition::Schedule(Subject& subject, const Instance& instance) {
  if (instance.wake != rule::kForever) timers_.push({instance.wake, subject.key, instance.rule});
  if (instance.feed < waiting_.size()) {
    const Pair pair{subject.key, instance.rule, &subject};
    auto& waiting = waiting_[instance.feed];
    if (std::find(waiting.begin(), waiting.end(), pair) == waiting.end()) waiting.push_back(pair);
  }
}

void Partition::Announce(Instance& instance, alert::Announced now) {
  RuleCounts& counts = rule_counts_[instance.rule];
  counts.firing += (now == alert::Announced::kFiring ? 1 : 0) - (instance.announced == alert::Announced::kFiring ? 1 : 0);
  counts.unknown += (now == alert::Announced::kUnknown ? 1 : 0) - (instance.announced == alert::Announced::kUnknown ? 1 : 0);
  instance.announced = now;
}

// The anchor's row has been dropped and its verdict is final: what was told of it stands.
bool Partition::IsFrozen(const Subject& subject, const Instance& instance) const {
  return subject.rows.FindId(instance.anchor) == subject.rows.size();
}

bool Partition::RestsOnDropped(const Subject& subject, const Instance& instance) const {
  if (!instance.is_final || alert::IsFiring(instance.announced)) return false;
  const rule::Rule& rule = rules_->rules[instance.rule];
  if (rule.kind->SettleMs() > 0 || instance.anchor_time - rule.kind->BackMs() >= subject.dropped_before) return false;
  // Only device values are dropped so early; what a rule reads of the others is all there.
  return std::any_of(rule.selectors.begin(), rule.selectors.end(),
                     [](const rule::Selector& s) { return s.kind == model::EventKind::kDevice; });
}

void Partition::Withdraw(Subject& subject, Instance& instance) {
  Enter(subject, instance, VerdictKind::kNone);
  CountInstance(subject, instance);
  if (instance.announced == alert::Announced::kFiring || instance.announced == alert::Announced::kResolved ||
      instance.announced == alert::Announced::kUnknown || instance.announced == alert::Announced::kPass ||
      instance.announced == alert::Announced::kExcluded || instance.announced == alert::Announced::kSuperseded) {
    const rule::RowList& rows = subject.rows;
    const std::size_t row = rows.FindId(instance.anchor);
    const bool visible = row < rows.size() && rule::IsVisible(rows, row, rule::kForever);
    const alert::Cause cause = !visible                                       ? alert::Cause::kWithdrawn
                               : !force_[instance.rule].Holds(rows[row].time) ? alert::Cause::kRevision
                                                                              : alert::Cause::kEvidence;
    alert::Step step{alert::TransitionKind::kRetracted, cause, instance.instant, alert::Announced::kNothing};
    Tell(subject, instance, step, nullptr, nullptr);
  }
  Announce(instance, alert::Announced::kNothing);
  instance.wake = rule::kForever;
  instance.is_final = false;
}

void Partition::Tell(const Subject& subject, Instance& instance, const alert::Step& step, const rule::Judgement* judgement,
                     const rule::JudgeContext* context) {
  const rule::Rule& rule = rules_->rules[instance.rule];
  Told t;
  t.rule = &rule;
  t.rule_number = instance.rule;
  t.step = instance.step;
  t.subject = subject.key;
  t.anchor = instance.anchor;
  t.anchor_time = instance.anchor_time;
  t.what = step;
  if (step.kind == alert::TransitionKind::kRetracted) t.what.instant = instance.instant;
  if (step.kind == alert::TransitionKind::kFiring || step.kind == alert::TransitionKind::kUnknown ||
      step.kind == alert::TransitionKind::kPass || step.kind == alert::TransitionKind::kExcluded) {
    instance.instant = step.instant;
  }
  t.alert_id = AlertIdOf(subject, instance);
  if (instance.chain.IsZero()) instance.chain = t.alert_id;
  t.chain = instance.chain;
  t.alert = IsShown(step.kind, instance);
  t.was = instance.announced;
  if (step.kind == alert::TransitionKind::kRetracted && t.alert) {
    // What fired and ended since was shown by the transition before its end.
    const bool ended = t.was == alert::Announced::kResolved || t.was == alert::Announced::kSuperseded;
    t.retracts = instance.transitions - (ended ? 1 : 0);
  }
  if (t.alert && ++instance.transitions == 1) subject_of_alert_[t.alert_id] = subject.key;
  t.transition = t.alert ? instance.transitions : 0;
  t.late = instance.late;
  const std::size_t row = subject.rows.FindId(instance.anchor);
  if (row < subject.rows.size()) {
    t.anchor_text = subject.rows[row].IdText();
    t.site = vocabulary_.Text(subject.rows[row].site);
  }
  if (judgement != nullptr && (step.kind == alert::TransitionKind::kFiring || step.kind == alert::TransitionKind::kUnknown))
    AddEvidence(subject, *judgement, *context, t);
  ++rule_counts_[instance.rule].transitions[static_cast<std::size_t>(step.kind)];
  told_.push_back(std::move(t));
}

// A late event that moves the anchor of a run takes one alert back and fires another about the same stretch of time: the new one
// says which it supersedes, and goes on under the first id of that chain.
void Partition::LinkSupersedes(std::size_t first_told, Subject& subject, std::uint16_t rule) {
  for (std::size_t i = first_told; i < told_.size(); ++i) {
    if (told_[i].what.kind != alert::TransitionKind::kFiring || told_[i].transition != 1) continue;
    auto instance = std::find_if(subject.instances.begin(), subject.instances.end(), [&](const Instance& x) {
      return x.rule == rule && x.anchor == told_[i].anchor && x.step == told_[i].step;
    });
    if (instance == subject.instances.end()) continue;
    for (std::size_t k = first_told; k < told_.size(); ++k) {
      Told& old = told_[k];
      if (old.what.kind != alert::TransitionKind::kRetracted || old.step != told_[i].step || old.anchor == told_[i].anchor)
        continue;
      const bool overlaps = told_[i].anchor_time <= old.what.instant && old.anchor_time <= instance->last_time;
      if (!overlaps) continue;
      told_[i].supersedes = old.alert_id;
      told_[i].chain = instance->chain = old.chain;
      told_[k].what.cause = alert::Cause::kMoved;
      break;
    }
    if (told_[i].supersedes.IsZero() && editions_) [[unlikely]]
      LinkAcrossRevisions(subject, *instance, told_[i]);
  }
}

}  // namespace plumbline::run
