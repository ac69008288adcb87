#include "rules/kinds/indicator.h"

#include <algorithm>

namespace plumbline::rules {
namespace {

using rule::JudgeContext;
using rule::Judgement;
using rule::Row;
using rule::RowList;
using rule::TimeMs;
using rule::Tri;
using rule::VerdictKind;

class Indicator final : public rule::RuleKind {
 public:
  explicit Indicator(IndicatorOptions options) : options_(std::move(options)) {}

  rule::StepResult Step(const rule::SubjectRows& subject, const Row& row, rule::Roles roles, rule::Phase) const override {
    if (options_.by_history) return {rule::Touch::kJudge, VerdictKind::kNone, false, 0};
    if ((roles & rule::kTriggerRole) == 0) return {};
    return {rule::Touch::kNothing, Says(subject, row, rule::kForever), row.has_value, row.value};
  }

  // Counted by the partition as it comes; instances are of those that read history.
  bool Inert(const rule::SubjectRows&, const Row&, rule::Roles) const override { return !options_.by_history; }

  rule::Phase Judge(const JudgeContext& context, std::vector<Judgement>& out) const override {
    if (!options_.by_history) return rule::kIdle;
    const RowList& rows = *context.subject->rows;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if ((context.roles->Of(rows[i]) & rule::kTriggerRole) != 0) JudgeRow(context, i, out);
    }
    return rule::kOpen;
  }

  TimeMs KeepMs(rule::Roles roles) const override {
    if ((roles & rule::kHistoryRole) == 0) return options_.lateness_ms;
    return options_.lookback_ms == rule::kForever ? rule::kForever : options_.lateness_ms + options_.lookback_ms;
  }
  TimeMs BackMs() const override { return options_.lookback_ms; }
  TimeMs LatenessMs() const override { return options_.lateness_ms; }

 private:
  VerdictKind Says(const rule::SubjectRows& subject, const Row& row, TimeMs cut) const {
    const rule::Sight sight{&subject, row.time, cut, options_.per_encounter ? row.encounter : 0};
    if (options_.population) {
      const Tri in = options_.population->Test(sight, &row, &row);
      if (in != Tri::kTrue) return in == Tri::kUnknown ? VerdictKind::kUnknown : VerdictKind::kNone;
    }
    if (options_.exclude && options_.exclude->Test(sight, &row, &row) == Tri::kTrue) return VerdictKind::kExcluded;
    if (!options_.numerator) return VerdictKind::kPass;
    const Tri met = options_.numerator->Test(sight, &row, &row);
    return met == Tri::kTrue ? VerdictKind::kPass : met == Tri::kFalse ? VerdictKind::kFail : VerdictKind::kUnknown;
  }

  // A version that had not been replaced by its own time plus the lateness; the first such counts for its event.
  void JudgeRow(const JudgeContext& context, std::size_t i, std::vector<Judgement>& out) const {
    const RowList& rows = *context.subject->rows;
    const Row& row = rows[i];
    const TimeMs limit = row.time + options_.lateness_ms;
    if (!rule::IsVisible(rows, i, limit)) return;
    if (std::any_of(out.begin(), out.end(), [&row](const Judgement& j) { return j.anchor == row.id; })) return;
    Judgement j;
    j.anchor = row.id;
    j.anchor_text = row.IdText();
    j.anchor_time = j.last_time = row.time;
    j.trigger = &row;
    j.on_time = {Says(*context.subject, row, limit), row.time, model::kNoTime};
    // An indicator is counted, never told: what later evidence would have made of it is left alone.
    j.everything = j.on_time;
    if (j.everything.kind == VerdictKind::kFail) j.everything.answered = row.time;
    j.limit = limit;
    if (context.clock <= limit) j.wake = limit;
    if (j.on_time.kind != VerdictKind::kNone) out.push_back(j);
  }

  IndicatorOptions options_;
};

}  // namespace

std::unique_ptr<rule::RuleKind> MakeIndicator(IndicatorOptions options) {
  return std::make_unique<Indicator>(std::move(options));
}

}  // namespace plumbline::rules
