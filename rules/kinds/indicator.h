// The indicator kind over events: population, exclusion and numerator of each event, with a value for means and percentiles. It
// makes no alerts; its cases go into panes (engine/rule/measure.h). An event's case depends on the event alone unless its
// conditions read the patient's history: then each event of the population is an instance, judged at the event's time (see
// `by_history`).
#pragma once

#include <memory>

#include "engine/rule/kind.h"

namespace plumbline::rules {

struct IndicatorOptions {
  std::shared_ptr<const rule::Condition> population;  // may be null: every event in the trigger role
  std::shared_ptr<const rule::Condition> exclude;     // may be null
  std::shared_ptr<const rule::Condition> numerator;   // may be null: every case counts
  bool by_history = false;
  rule::TimeMs lookback_ms = 0;
  rule::TimeMs lateness_ms = 15 * 60 * 1000;
  bool per_encounter = false;
};

std::unique_ptr<rule::RuleKind> MakeIndicator(IndicatorOptions options);

}  // namespace plumbline::rules
