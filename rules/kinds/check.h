// The check kind: an event, with the patient's retained history, must satisfy a condition. What fails in a row is one run; an
// alert fires at the `count`-th failing event of a run, or when the run has been held for `hold` with no gap above `carry`, and
// is resolved by the first event that satisfies the condition. `hold` fires at anchor + hold unless a satisfied, an unknown, or a
// gap came by then, inclusive. With `clear`, what has fired goes on as one alert, whatever comes between, until the condition has
// been satisfied for `clear` on end: resolved at the first satisfied event + clear, unless a failing event, an unknown, or a gap
// above `carry` came by then, inclusive. So a value that flaps about its limit makes one alert.
#pragma once

#include <memory>

#include "engine/rule/kind.h"

namespace plumbline::rules {

struct CheckOptions {
  std::shared_ptr<const rule::Condition> must;  // true: the event passes
  std::shared_ptr<const rule::Condition> when;  // may be null: which events are checked at all
  std::uint32_t count = 1;                      // failing events in a row; ignored with a hold
  rule::TimeMs hold_ms = 0;                     // 0: by count
  rule::TimeMs carry_ms = 0;                    // 0: gaps do not end a run
  rule::TimeMs clear_ms = 0;                    // 0: the first satisfied event resolves
  rule::TimeMs lateness_ms = 15 * 60 * 1000;
  bool per_encounter = false;
  rule::TimeMs lookback_ms = 0;  // how far the conditions read back
};

std::unique_ptr<rule::RuleKind> MakeCheck(CheckOptions options);

}  // namespace plumbline::rules
