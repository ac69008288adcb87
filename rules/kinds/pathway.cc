#include "rules/kinds/pathway.h"

#include <algorithm>

#include "engine/rule/vocabulary.h"

namespace plumbline::rules {
namespace {

using rule::IsVisible;
using rule::JudgeContext;
using rule::Judgement;
using rule::Row;
using rule::RowList;
using rule::Sight;
using rule::TimeMs;
using rule::Tri;
using rule::Verdict;
using rule::VerdictKind;

constexpr TimeMs kNever = model::kNoTime;

// What a view says of the events that may answer a step.
struct Answers {
  TimeMs earliest = kNever;     // of those that certainly answer
  bool unknown_by_due = false;  // one whose condition is unknown lies at or before the deadline
};

class Pathway final : public rule::RuleKind {
 public:
  explicit Pathway(PathwayOptions options) : options_(std::move(options)) {
    for (const PathwayStep& s : options_.steps) span_ms_ = std::max(span_ms_, SpanOf(s));
  }

  rule::StepResult Step(const rule::SubjectRows&, const Row&, rule::Roles roles, rule::Phase phase) const override {
    // A row that is no trigger can only matter where there is an instance.
    const bool matters = (roles & rule::kTriggerRole) != 0 || phase != rule::kIdle;
    return {matters ? rule::Touch::kJudge : rule::Touch::kNothing, VerdictKind::kNone};
  }

  bool Inert(const rule::SubjectRows&, const Row&, rule::Roles roles) const override {
    return (roles & (rule::kTriggerRole | rule::kHistoryRole)) == 0;
  }

  rule::Phase Judge(const JudgeContext& context, std::vector<Judgement>& out) const override {
    const RowList& rows = *context.subject->rows;
    const std::size_t before = out.size();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if ((context.roles->Of(rows[i]) & rule::kTriggerRole) == 0) continue;
      // Each event is an instance once, at its first version in canonical order.
      if (rows[i].versions && FirstTriggerRow(context, rows[i].id) != i) continue;
      for (std::size_t step = 0; step < options_.steps.size(); ++step) JudgeAnchor(context, i, step, out);
    }
    return out.size() > before ? rule::kOpen : rule::kIdle;
  }

  TimeMs KeepMs(rule::Roles roles) const override {
    TimeMs keep = span_ms_ + options_.lateness_ms + options_.grace_ms;
    if ((roles & rule::kHistoryRole) != 0) keep = Plus(keep, options_.retain_ms);
    // The first trigger of a period hides the later ones for as long.
    if ((roles & rule::kTriggerRole) != 0 && options_.first_only) keep = Plus(keep, options_.period_ms);
    return keep;
  }
  TimeMs FinalMs() const override { return span_ms_ + options_.lateness_ms + options_.grace_ms; }
  TimeMs BackMs() const override {
    TimeMs back = 0;
    for (const PathwayStep& s : options_.steps) back = std::max(back, s.lookback_ms);
    return back;
  }
  TimeMs ReachMs() const override {
    const auto reads = [](const auto& condition) { return condition && condition->ReadsHistory(); };
    const bool history = reads(options_.when) || reads(options_.unless) ||
                         std::any_of(options_.steps.begin(), options_.steps.end(),
                                     [&reads](const PathwayStep& s) { return reads(s.where); });
    TimeMs reach = std::max(BackMs(), history ? options_.retain_ms : 0);
    if (options_.first_only) reach = std::max(reach, options_.period_ms);
    return reach;
  }
  TimeMs LatenessMs() const override { return options_.lateness_ms; }

  void Evidence(const JudgeContext& context, const Judgement& judgement, std::vector<std::size_t>& used) const override {
    const RowList& rows = *context.subject->rows;
    const Row* trigger = judgement.trigger;
    if (trigger == nullptr) return RuleKind::Evidence(context, judgement, used);
    for (std::size_t i = rows.LowerBound(trigger->time - options_.steps[judgement.step].lookback_ms); i < rows.size(); ++i) {
      const bool answers = (context.roles->Of(rows[i]) & (AnswerRole(judgement.step) | rule::kHistoryRole)) != 0;
      if (&rows[i] == trigger || (answers && SameScope(*trigger, rows[i]) && IsVisible(rows, i, rule::kForever)))
        used.push_back(i);
    }
  }

  // As asked at the deadline.
  void Values(const JudgeContext& context, const Judgement& judgement, std::vector<rule::NamedValue>& out) const override {
    const Row* trigger = judgement.trigger;
    if (trigger == nullptr) return;
    if (options_.when) options_.when->Explain(SightOf(context, *trigger, trigger->time, rule::kForever), trigger, trigger, out);
    if (!options_.unless) return;
    const Sight sight = SightOf(context, *trigger, judgement.on_time.instant, rule::kForever);
    out.push_back({"unless", std::string(Name(options_.unless->Test(sight, nullptr, trigger)))});
    options_.unless->Explain(sight, nullptr, trigger, out);
  }

 private:
  static TimeMs Plus(TimeMs keep, TimeMs more) { return more == rule::kForever ? rule::kForever : keep + more; }

  TimeMs SpanOf(const PathwayStep& s) const {
    TimeMs span = s.within_ms + s.lookback_ms;
    for (int after = s.after_step; after >= 0; after = options_.steps[static_cast<std::size_t>(after)].after_step) {
      span += options_.steps[static_cast<std::size_t>(after)].within_ms;
    }
    return span;
  }

  static rule::Roles AnswerRole(std::size_t step) { return static_cast<rule::Roles>(rule::kFirstStepRole << step); }

  std::size_t FirstTriggerRow(const JudgeContext& context, const Hash128& id) const {
    const RowList& rows = *context.subject->rows;
    std::size_t i = rows.FindId(id);
    while (i < rows.size() && (context.roles->Of(rows[i]) & rule::kTriggerRole) == 0) i = rows.FindId(id, i + 1);
    return i;
  }

  bool SameScope(const Row& trigger, const Row& row) const {
    return !options_.per_encounter || trigger.encounter == row.encounter;
  }

  bool IsTrigger(const JudgeContext& context, const Row& row, TimeMs cut) const {
    if ((context.roles->Of(row) & rule::kTriggerRole) == 0) return false;
    return !options_.when || options_.when->Test(SightOf(context, row, row.time, cut), &row, &row) == Tri::kTrue;
  }

  Sight SightOf(const JudgeContext& context, const Row& trigger, TimeMs instant, TimeMs cut) const {
    return {context.subject, instant, cut, options_.per_encounter ? trigger.encounter : 0};
  }

  // The version of event `id` that is a trigger in the view at `cut`, or null.
  const Row* TriggerAt(const JudgeContext& context, const Hash128& id, TimeMs cut) const {
    const RowList& rows = *context.subject->rows;
    for (std::size_t i = rows.FindId(id); i < rows.size(); i = rows.FindId(id, i + 1)) {
      if (!IsVisible(rows, i, cut)) continue;
      if (!IsTrigger(context, rows[i], cut)) return nullptr;
      return options_.first_only && HasEarlierTrigger(context, i, cut) ? nullptr : &rows[i];
    }
    return nullptr;
  }

  bool HasEarlierTrigger(const JudgeContext& context, std::size_t index, TimeMs cut) const {
    const RowList& rows = *context.subject->rows;
    const TimeMs from = options_.period_ms == rule::kForever ? INT64_MIN : rows[index].time - options_.period_ms;
    for (std::size_t i = 0; i < index; ++i) {
      if (rows[i].time >= from && IsVisible(rows, i, cut) && SameScope(rows[index], rows[i]) && IsTrigger(context, rows[i], cut))
        return true;
    }
    return false;
  }

  Answers AnswersOf(const JudgeContext& context, const Row& trigger, std::size_t step, TimeMs due, TimeMs cut) const {
    const RowList& rows = *context.subject->rows;
    const PathwayStep& s = options_.steps[step];
    Answers found;
    for (std::size_t i = rows.LowerBound(trigger.time - s.lookback_ms); i < rows.size(); ++i) {
      const Row& row = rows[i];
      if ((context.roles->Of(row) & AnswerRole(step)) == 0 || !SameScope(trigger, row) || !IsVisible(rows, i, cut)) continue;
      if (row.id == trigger.id && s.forbidden) continue;
      const Tri is = s.where ? s.where->Test(SightOf(context, trigger, row.time, cut), &row, &trigger) : Tri::kTrue;
      if (is == Tri::kUnknown && row.time <= due) found.unknown_by_due = true;
      if (is != Tri::kTrue) continue;
      found.earliest = row.time;
      break;  // canonical order: the first is the earliest
    }
    return found;
  }

  // The time from which the step's deadline runs, or kNever while the step before it has no answer.
  TimeMs BaseOf(const JudgeContext& context, const Row& trigger, std::size_t step, TimeMs cut) const {
    const int after = options_.steps[step].after_step;
    if (after < 0) return trigger.time;
    return AnswersOf(context, trigger, static_cast<std::size_t>(after), rule::kForever, cut).earliest;
  }

  // What the view at `cut` says of the instance. *wake: the clock at which this may change by time alone.
  Verdict VerdictOf(const JudgeContext& context, const Hash128& anchor, std::size_t step, TimeMs cut, Judgement* judgement,
                    bool* has_trigger) const {
    const Row* trigger = TriggerAt(context, anchor, cut);
    judgement->why = rule::Why::kNone;
    *has_trigger = trigger != nullptr;
    if (trigger == nullptr) return {};
    const TimeMs base = BaseOf(context, *trigger, step, cut);
    if (base == kNever) return {};
    const TimeMs due = base + options_.steps[step].within_ms;
    const Answers answers = AnswersOf(context, *trigger, step, due, cut);
    return options_.steps[step].forbidden ? JudgeForbidden(context, *trigger, answers, due, cut, judgement)
                                          : JudgeExpected(context, *trigger, answers, due, cut, judgement);
  }

  Verdict JudgeExpected(const JudgeContext& context, const Row& trigger, const Answers& answers, TimeMs due, TimeMs cut,
                        Judgement* judgement) const {
    const TimeMs clock = context.clock;
    if (answers.earliest != kNever && answers.earliest <= due) return {VerdictKind::kPass, due, kNever};
    if (clock <= due) return Pending(due, due, judgement);
    if (answers.earliest == kNever && clock <= due + options_.grace_ms) return Pending(due, due + options_.grace_ms, judgement);
    return JudgeAbsence(context, trigger, answers, due, cut, judgement);
  }

  Verdict JudgeAbsence(const JudgeContext& context, const Row& trigger, const Answers& answers, TimeMs due, TimeMs cut,
                       Judgement* judgement) const {
    if (options_.unless) {
      const Tri excepted = options_.unless->Test(SightOf(context, trigger, due, cut), nullptr, &trigger);
      if (excepted == Tri::kTrue) return {VerdictKind::kExcluded, due, kNever};
      if (excepted == Tri::kUnknown) return Unknown(due, rule::Why::kException, judgement);
    }
    if (const Verdict waiting = WaitForFeeds(context, trigger, due, cut, judgement); waiting.kind != VerdictKind::kNone)
      return waiting;
    if (answers.unknown_by_due) return Unknown(due, rule::Why::kAnswer, judgement);
    if (trigger.time - options_.steps[judgement->step].lookback_ms < context.known_from)
      return Unknown(due, rule::Why::kWarming, judgement);
    return {VerdictKind::kFail, due, answers.earliest};
  }

  static Verdict Unknown(TimeMs instant, rule::Why why, Judgement* judgement) {
    judgement->why = why;
    return {VerdictKind::kUnknown, instant, kNever};
  }

  Verdict JudgeForbidden(const JudgeContext& context, const Row& trigger, const Answers& answers, TimeMs due, TimeMs cut,
                         Judgement* judgement) const {
    if (answers.earliest != kNever && answers.earliest <= due) {
      if (options_.unless) {
        const Tri excepted = options_.unless->Test(SightOf(context, trigger, answers.earliest, cut), nullptr, &trigger);
        if (excepted == Tri::kTrue) return {VerdictKind::kExcluded, answers.earliest, kNever};
      }
      if (context.clock <= due) judgement->wake = std::min(judgement->wake, due);
      return {VerdictKind::kFail, answers.earliest, context.clock > due ? due : kNever};
    }
    if (context.clock <= due) return Pending(due, due, judgement);
    if (const Verdict waiting = WaitForFeeds(context, trigger, due, cut, judgement); waiting.kind != VerdictKind::kNone)
      return waiting;
    if (answers.unknown_by_due) return Unknown(due, rule::Why::kAnswer, judgement);
    if (trigger.time - options_.steps[judgement->step].lookback_ms < context.known_from)
      return Unknown(due, rule::Why::kWarming, judgement);
    return {VerdictKind::kPass, due, kNever};
  }

  static Verdict Pending(TimeMs instant, TimeMs wake, Judgement* judgement) {
    judgement->wake = std::min(judgement->wake, wake);
    return {VerdictKind::kPending, instant, kNever};
  }

  Verdict WaitForFeeds(const JudgeContext& context, const Row& trigger, TimeMs due, TimeMs cut, Judgement* judgement) const {
    const std::string_view site = context.subject->vocabulary->Text(trigger.site);
    for (const rule::FeedIndex feed : options_.feeds) {
      // A site waits for its own feeds: another hospital's silence says nothing about this patient.
      const std::string& name = context.feeds->Name(feed);
      if (name.substr(0, name.find('/')) != site) continue;
      if (context.feeds->Complete(feed, due, cut)) continue;
      judgement->feed = feed;
      if (context.feeds->Silent(feed, context.clock, cut)) return Unknown(due, rule::Why::kFeed, judgement);
      return Pending(due, context.feeds->SilentAfter(feed, cut), judgement);
    }
    return {};
  }

  // Every instant that a verdict about this anchor may have, whatever had arrived: ascending, without repetition.
  void Candidates(const JudgeContext& context, const Hash128& anchor, std::size_t step, std::vector<TimeMs>& out) const {
    const RowList& rows = *context.subject->rows;
    const PathwayStep& s = options_.steps[step];
    TimeMs first_trigger = rule::kForever;
    out.clear();
    for (std::size_t i = rows.FindId(anchor); i < rows.size(); i = rows.FindId(anchor, i + 1)) {
      if ((context.roles->Of(rows[i]) & rule::kTriggerRole) == 0) continue;
      first_trigger = std::min(first_trigger, rows[i].time);
      if (s.after_step < 0) out.push_back(rows[i].time + s.within_ms);
    }
    if (s.after_step >= 0) {
      const auto after = static_cast<std::size_t>(s.after_step);
      AddTimes(context, after, first_trigger - options_.steps[after].lookback_ms, rule::kForever, s.within_ms, out);
    }
    if (s.forbidden && !out.empty()) {
      const TimeMs last = *std::max_element(out.begin(), out.end());
      AddTimes(context, step, first_trigger - s.lookback_ms, last, 0, out);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
  }

  void AddTimes(const JudgeContext& context, std::size_t step, TimeMs from, TimeMs until, TimeMs plus,
                std::vector<TimeMs>& out) const {
    const RowList& rows = *context.subject->rows;
    for (std::size_t i = rows.LowerBound(from); i < rows.size() && rows[i].time <= until; ++i) {
      if ((context.roles->Of(rows[i]) & AnswerRole(step)) != 0) out.push_back(rows[i].time + plus);
    }
  }

  bool ArrivedBy(const RowList& rows, const Hash128& id, TimeMs limit) const {
    for (std::size_t i = rows.FindId(id); i < rows.size(); i = rows.FindId(id, i + 1)) {
      if (rows[i].arrival <= limit) return true;
    }
    return false;
  }

  void JudgeAnchor(const JudgeContext& context, std::size_t index, std::size_t step, std::vector<Judgement>& out) const {
    const RowList& rows = *context.subject->rows;
    const Row& anchor = rows[index];
    Judgement j;
    j.anchor = anchor.id;
    j.anchor_text = anchor.IdText();
    j.anchor_time = anchor.time;
    j.step = static_cast<std::uint16_t>(step);
    bool has_trigger = false;
    j.everything = VerdictOf(context, anchor.id, step, rule::kForever, &j, &has_trigger);
    j.trigger = TriggerAt(context, anchor.id, rule::kForever);
    if (j.trigger != nullptr) j.anchor_time = j.trigger->time;

    std::vector<TimeMs>& candidates = scratch_;
    Candidates(context, anchor.id, step, candidates);
    bool decided = false;
    for (const TimeMs instant : candidates) {
      const TimeMs limit = instant + options_.lateness_ms;
      const Verdict v = VerdictOf(context, anchor.id, step, limit, &j, &has_trigger);
      if (v.kind != VerdictKind::kNone && v.instant == instant) {
        j.on_time = v;
        j.limit = limit;
        j.late = false;
        decided = true;
        break;
      }
      if (v.kind != VerdictKind::kNone || has_trigger) continue;
      if (ArrivedBy(rows, anchor.id, limit)) {  // withdrawn, or no trigger any more, in time
        j.limit = limit;
        j.late = false;
        decided = true;
        break;
      }
      j.limit = limit;
      j.late = true;
    }
    if (!decided && j.late) j.on_time = j.everything;
    if (j.limit != kNever && context.clock <= j.limit) j.wake = std::min(j.wake, j.limit);
    j.last_time = std::max(j.anchor_time, j.everything.kind == VerdictKind::kNone ? j.anchor_time : j.everything.instant);
    if (j.on_time.kind != VerdictKind::kNone || j.everything.kind != VerdictKind::kNone || j.limit != kNever) out.push_back(j);
  }

  PathwayOptions options_;
  TimeMs span_ms_ = 0;
  static thread_local std::vector<TimeMs> scratch_;
};

thread_local std::vector<TimeMs> Pathway::scratch_;

}  // namespace

std::unique_ptr<rule::RuleKind> MakePathway(PathwayOptions options) { return std::make_unique<Pathway>(std::move(options)); }

}  // namespace plumbline::rules
