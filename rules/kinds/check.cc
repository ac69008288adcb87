#include "rules/kinds/check.h"

#include <algorithm>

namespace plumbline::rules {
namespace {

using rule::JudgeContext;
using rule::Judgement;
using rule::OpenRun;
using rule::Row;
using rule::RowList;
using rule::TimeMs;
using rule::Tri;
using rule::VerdictKind;

constexpr TimeMs kNever = model::kNoTime;

// A finished or open run as one view shows it.
struct Run {
  Hash128 anchor;
  std::string_view anchor_text;
  const Row* first = nullptr;  // null where the run began before the kept rows
  TimeMs anchor_time = 0;
  TimeMs last = 0;
  std::uint32_t count = 0;
  TimeMs fire = kNever;  // the instant at which it fires, if it does
  TimeMs end = kNever;   // the first satisfied event after it
};

// Scans rows in canonical order and cuts them into runs.
class Scanner {
 public:
  Scanner(const CheckOptions& options, const OpenRun& carried, std::vector<Run>& out) : options_(options), out_(out) {
    if (!carried.open && !carried.awaiting) return;
    run_.anchor = carried.anchor;
    run_.anchor_time = carried.anchor_time;
    run_.last = carried.last;
    run_.count = carried.count;
    run_.fire = carried.fired;
    last_by_fire_ = carried.last;
    clearing_ = carried.clearing;
    clearing_last_ = carried.clearing_last;
    open_ = carried.open;
    awaiting_end_ = carried.awaiting;
    if (awaiting_end_) out_.push_back(run_);
  }

  void Add(const Row& row, Tri passes) {
    if (open_ && options_.clear_ms > 0) {
      FireByHold(row.time);
      if (run_.fire != kNever && !ClearedBefore(row.time)) return AddToFired(row, passes);
      if (run_.fire != kNever) Close(row.time, ClearTime());
    }
    if (open_ && passes == Tri::kFalse && !Gap(run_.last, row.time)) return Extend(row);
    if (open_) Close(row.time, passes == Tri::kTrue ? row.time : kNever);
    if (awaiting_end_ && passes == Tri::kTrue) {
      out_.back().end = row.time;
      awaiting_end_ = false;
    }
    if (passes != Tri::kFalse) return;
    awaiting_end_ = false;
    open_ = true;
    run_ = {row.id, row.IdText(), &row, row.time, row.time, 0, kNever, kNever};
    last_by_fire_ = row.time;
    Extend(row);
  }

  // After the last row; returns true if a run is open. One that would be clear at a later time has that time as its end.
  bool Finish() {
    const bool was_open = open_;
    if (open_) Close(rule::kForever, ClearTime());
    return was_open;
  }

  // What goes on at `boundary`, when all rows before it have been added; returns false where nothing does.
  bool Carry(TimeMs boundary, OpenRun* run) {
    if (open_) FireByHold(boundary);
    if (open_ && run_.fire != kNever && ClearedBefore(boundary)) open_ = false;
    if (!open_ && !awaiting_end_) return false;
    const Run& r = open_ ? run_ : out_.back();
    run->anchor = r.anchor;
    run->anchor_time = r.anchor_time;
    run->last = r.last;
    run->fired = r.fire;
    run->count = r.count;
    run->boundary = std::max(run->boundary, boundary);
    run->open = open_;
    run->awaiting = !open_;
    run->clearing = clearing_;
    run->clearing_last = clearing_last_;
    return true;
  }

 private:
  void Extend(const Row& row) {
    run_.last = row.time;
    ++run_.count;
    if (options_.hold_ms > 0) {
      if (row.time <= run_.anchor_time + options_.hold_ms) last_by_fire_ = row.time;
    } else if (run_.count == options_.count) {
      run_.fire = row.time;
    }
  }

  // A row of a run that has fired and is to be clear for a time.
  void AddToFired(const Row& row, Tri passes) {
    if (passes == Tri::kTrue) {
      if (clearing_ == kNever || Gap(clearing_last_, row.time)) clearing_ = row.time;
      clearing_last_ = row.time;
      return;
    }
    clearing_ = kNever;
    if (passes != Tri::kFalse) return;
    run_.last = row.time;
    ++run_.count;
  }

  bool Gap(TimeMs a, TimeMs b) const { return options_.carry_ms > 0 && b - a > options_.carry_ms; }

  // When the run will have been clear for long enough if nothing else comes; kNever where it is not clearing.
  TimeMs ClearTime() const {
    if (clearing_ == kNever || Gap(clearing_last_, clearing_ + options_.clear_ms)) return kNever;
    return clearing_ + options_.clear_ms;
  }
  bool ClearedBefore(TimeMs next) const { return ClearTime() != kNever && next > ClearTime(); }

  void FireByHold(TimeMs next) {
    if (options_.hold_ms == 0 || run_.fire != kNever) return;
    const TimeMs fire = run_.anchor_time + options_.hold_ms;
    if (next > fire && !Gap(last_by_fire_, fire)) run_.fire = fire;
  }

  // `next`: the time of the row that ended it (kForever: none yet); `end`: when its alert ends, kNever where that is not known.
  void Close(TimeMs next, TimeMs end) {
    FireByHold(next);
    run_.end = end;
    out_.push_back(run_);
    awaiting_end_ = end == kNever && next != rule::kForever && !Gap(run_.last, next);
    open_ = false;
    clearing_ = kNever;
  }

  const CheckOptions& options_;
  std::vector<Run>& out_;
  Run run_;
  bool open_ = false;
  bool awaiting_end_ = false;  // an unknown ended the last run; the next satisfied event ends its alert
  TimeMs last_by_fire_ = 0;
  TimeMs clearing_ = kNever;  // since when the fired run has been satisfied
  TimeMs clearing_last_ = kNever;
};

class Check final : public rule::RuleKind {
 public:
  explicit Check(CheckOptions options) : options_(std::move(options)) {}

  rule::StepResult Step(const rule::SubjectRows& subject, const Row& row, rule::Roles roles, rule::Phase phase) const override {
    if ((roles & rule::kTriggerRole) == 0) return {};
    const Tri passes = Passes(&subject, row, rule::kForever);
    const VerdictKind verdict = VerdictOf(passes);
    if (verdict == VerdictKind::kNone) return {};
    const bool nothing = (phase == rule::kIdle && passes != Tri::kFalse) ||
                         (phase == rule::kFiring && passes == Tri::kFalse && options_.carry_ms == 0);
    return {nothing ? rule::Touch::kNothing : rule::Touch::kJudge, verdict};
  }

  // A value that passes ends runs and begins none, wherever it stands.
  bool Inert(const rule::SubjectRows& subject, const Row& row, rule::Roles roles) const override {
    return roles == rule::kTriggerRole && !options_.must->ReadsHistory() && !options_.when &&
           Passes(&subject, row, rule::kForever) == Tri::kTrue;
  }

  rule::Phase Judge(const JudgeContext& context, std::vector<Judgement>& out) const override {
    const RowList& rows = *context.subject->rows;
    Scratch& s = scratch_;
    s.cuts.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (Irregular(rows[i]) && (context.roles->Of(rows[i]) & rule::kTriggerRole) != 0) s.cuts.push_back(rows[i].arrival);
    }
    std::sort(s.cuts.begin(), s.cuts.end());
    s.cuts.erase(std::unique(s.cuts.begin(), s.cuts.end()), s.cuts.end());

    const std::size_t before = out.size();
    bool open = Scan(context, rule::kForever, s.everything);
    for (std::size_t k = 0; k <= s.cuts.size(); ++k) {
      const TimeMs from = k == 0 ? INT64_MIN : s.cuts[k - 1];
      const TimeMs until = k == s.cuts.size() ? INT64_MAX : s.cuts[k];
      std::vector<Run>& runs = s.cuts.empty() ? s.everything : s.view;
      if (!s.cuts.empty()) Scan(context, from, s.view);
      for (const Run& run : runs) {
        if (run.fire == kNever) continue;
        const TimeMs limit = run.fire + options_.lateness_ms;
        if (limit < from || limit >= until) continue;
        AddOnTime(context, run, limit, before, out);
      }
    }
    return Complete(context, before, open, out);
  }

  TimeMs KeepMs(rule::Roles roles) const override {
    if ((roles & rule::kHistoryRole) == 0) return SettleMs();
    return options_.lookback_ms == rule::kForever ? rule::kForever : SettleMs() + options_.lookback_ms;
  }
  TimeMs SettleMs() const override { return std::max<TimeMs>(1, options_.lateness_ms + options_.hold_ms + options_.clear_ms); }
  TimeMs FinalMs() const override {
    if (options_.hold_ms > 0 || options_.count <= 1) return options_.lateness_ms + options_.hold_ms;
    return options_.carry_ms > 0 ? options_.lateness_ms + (options_.count - 1) * options_.carry_ms : rule::kForever;
  }
  TimeMs ReachMs() const override {
    return options_.must->ReadsHistory() || (options_.when && options_.when->ReadsHistory()) ? options_.lookback_ms : 0;
  }
  bool Running() const override { return true; }
  TimeMs LatenessMs() const override { return options_.lateness_ms; }

  void Settle(const JudgeContext& context, TimeMs boundary, OpenRun* run) const override {
    Scratch& s = scratch_;
    s.view.clear();
    Scanner scanner(options_, *run, s.view);
    const RowList& rows = *context.subject->rows;
    for (std::size_t i = 0; i < rows.size() && rows[i].time < boundary; ++i) {
      if ((run->open || run->awaiting) && rows[i].time < run->boundary) continue;
      if (Checked(context, i, rule::kForever)) scanner.Add(rows[i], Passes(context.subject, rows[i], rule::kForever));
    }
    if (!scanner.Carry(boundary, run)) run->open = run->awaiting = false;
  }

 private:
  struct Scratch {
    std::vector<TimeMs> cuts;
    std::vector<Run> view, everything;
  };

  static VerdictKind VerdictOf(Tri passes) {
    return passes == Tri::kTrue ? VerdictKind::kPass : passes == Tri::kFalse ? VerdictKind::kFail : VerdictKind::kUnknown;
  }

  bool Irregular(const Row& row) const { return row.versions || row.arrival > row.time + options_.lateness_ms; }

  Tri Passes(const rule::SubjectRows* subject, const Row& row, TimeMs cut) const {
    return options_.must->Test({subject, row.time, cut, options_.per_encounter ? row.encounter : 0}, &row, &row);
  }

  bool Checked(const JudgeContext& context, std::size_t i, TimeMs cut) const {
    const RowList& rows = *context.subject->rows;
    const Row& row = rows[i];
    if ((context.roles->Of(row) & rule::kTriggerRole) == 0) return false;
    if (Irregular(row) && !rule::IsVisible(rows, i, cut)) return false;
    if (row.Withdrawn()) return false;
    return !options_.when || options_.when->Test({context.subject, row.time, cut, options_.per_encounter ? row.encounter : 0},
                                                 &row, &row) == Tri::kTrue;
  }

  // Cuts the view into runs; returns whether the last one is open.
  bool Scan(const JudgeContext& context, TimeMs cut, std::vector<Run>& out) const {
    out.clear();
    Scanner scanner(options_, context.carried, out);
    const RowList& rows = *context.subject->rows;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].time < context.carried.boundary) continue;
      if (Checked(context, i, cut)) scanner.Add(rows[i], Passes(context.subject, rows[i], cut));
    }
    return scanner.Finish();
  }

  // Whether the view at `cut` lets the run speak: by the clock, or because an event later than its instant has been taken.
  bool Held(const JudgeContext& context, TimeMs fire, TimeMs cut) const {
    return options_.hold_ms == 0 || Passed(context, fire, cut);
  }
  // A run that is to be clear for a time ends when that is over.
  bool Ended(const JudgeContext& context, const Run& run) const {
    return run.end != kNever && (options_.clear_ms == 0 || Passed(context, run.end, rule::kForever));
  }
  bool Passed(const JudgeContext& context, TimeMs instant, TimeMs cut) const {
    if (context.clock > instant) return true;
    const RowList& rows = *context.subject->rows;
    for (std::size_t i = rows.size(); i-- > 0 && rows[i].time > instant;) {
      if (context.roles->Of(rows[i]) != 0 && rule::IsVisible(rows, i, cut)) return true;
    }
    return false;
  }

  // Of the instants that an anchor has in different views, the earliest counts.
  void AddOnTime(const JudgeContext& context, const Run& run, TimeMs limit, std::size_t before,
                 std::vector<Judgement>& out) const {
    const auto known = std::find_if(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
                                    [&run](const Judgement& j) { return j.anchor == run.anchor; });
    if (known != out.end() && known->on_time.instant <= run.fire) return;
    Judgement j;
    j.anchor = run.anchor;
    j.anchor_text = run.anchor_text;
    j.anchor_time = run.anchor_time;
    j.last_time = run.last;
    j.trigger = run.first;
    const bool held = Held(context, run.fire, limit);
    j.on_time = {held ? VerdictKind::kFail : VerdictKind::kPending, run.fire, run.end};
    j.limit = limit;
    if (context.clock <= limit) j.wake = limit;
    if (!held) j.wake = std::min(j.wake, run.fire);
    if (known != out.end()) {
      *known = j;
    } else {
      out.push_back(j);
    }
  }

 public:
  void Evidence(const JudgeContext& context, const Judgement& judgement, std::vector<std::size_t>& used) const override {
    const RowList& rows = *context.subject->rows;
    const TimeMs instant = judgement.on_time.instant;
    for (std::size_t i = rows.LowerBound(judgement.anchor_time); i < rows.size() && rows[i].time <= instant; ++i) {
      if (Checked(context, i, rule::kForever)) used.push_back(i);
    }
  }

  // Of the event at which it fired.
  void Values(const JudgeContext& context, const Judgement& judgement, std::vector<rule::NamedValue>& out) const override {
    std::vector<std::size_t> used;
    Evidence(context, judgement, used);
    if (used.empty()) return;
    const Row& row = (*context.subject->rows)[used.back()];
    const rule::Sight sight{context.subject, row.time, rule::kForever, options_.per_encounter ? row.encounter : 0};
    out.push_back({"must", std::string(Name(options_.must->Test(sight, &row, &row)))});
    options_.must->Explain(sight, &row, &row, out);
  }

 private:
  rule::Phase Complete(const JudgeContext& context, std::size_t before, bool open, std::vector<Judgement>& out) const {
    const std::vector<Run>& everything = scratch_.everything;
    for (std::size_t i = before; i < out.size(); ++i) {
      const auto run =
          std::find_if(everything.begin(), everything.end(), [&](const Run& r) { return r.anchor == out[i].anchor; });
      if (run == everything.end() || run->fire == kNever) continue;
      const bool held = Held(context, run->fire, rule::kForever);
      const bool ended = Ended(context, *run);
      out[i].everything = {held ? VerdictKind::kFail : VerdictKind::kPending, run->fire, ended ? run->end : kNever};
      if (run->end != kNever && !ended) out[i].wake = std::min(out[i].wake, run->end);
      out[i].last_time = std::max(out[i].last_time, run->last);
    }
    // A run that waits for its hold in the view of its limit may be let speak by any later row, whatever the newest view says.
    const bool waits = std::any_of(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
                                   [](const Judgement& j) { return j.on_time.kind == VerdictKind::kPending; });
    if (waits) return rule::kOpen;
    if (!open) return AwaitsEnd(everything) ? rule::kOpen : rule::kIdle;
    if (everything.back().end != kNever) return Ended(context, everything.back()) ? rule::kIdle : rule::kOpen;
    return everything.back().fire != kNever && Held(context, everything.back().fire, rule::kForever) ? rule::kFiring
                                                                                                     : rule::kOpen;
  }

  static bool AwaitsEnd(const std::vector<Run>& runs) {
    return !runs.empty() && runs.back().fire != kNever && runs.back().end == kNever;
  }

  CheckOptions options_;
  static thread_local Scratch scratch_;
};

thread_local Check::Scratch Check::scratch_;

}  // namespace

std::unique_ptr<rule::RuleKind> MakeCheck(CheckOptions options) { return std::make_unique<Check>(std::move(options)); }

}  // namespace plumbline::rules
