// The pathway kind: after a trigger, something must (or must not) follow in time. Several steps, each with a deadline measured
// from the trigger or from an earlier step's answer; look-back (given shortly before counts as done); exceptions, asked at the
// deadline. Bounds are inclusive. What a step expects is looked for among events up to the deadline; a later answer does not
// change the verdict, it ends the alert.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/rule/kind.h"

namespace plumbline::rules {

struct PathwayStep {
  std::string name;
  bool forbidden = false;  // fails when it happens, passes when it has not by the deadline
  rule::TimeMs within_ms = 0;
  rule::TimeMs lookback_ms = 0;                  // counted back from the trigger
  int after_step = -1;                           // the deadline runs from that step's answer; -1: from the trigger
  std::shared_ptr<const rule::Condition> where;  // may be null: every event in the role answers
};

struct PathwayOptions {
  std::shared_ptr<const rule::Condition> when;  // may be null
  std::vector<PathwayStep> steps;
  std::shared_ptr<const rule::Condition> unless;  // may be null
  rule::TimeMs lateness_ms = 15 * 60 * 1000;
  rule::TimeMs grace_ms = 0;
  rule::TimeMs retain_ms = rule::kForever;  // how far back the conditions read
  bool per_encounter = false;
  bool first_only = false;  // only the first trigger of a subject (or encounter) within `period_ms`
  rule::TimeMs period_ms = rule::kForever;
  std::vector<rule::FeedIndex> feeds;  // an absence waits until these are complete to the deadline
};

std::unique_ptr<rule::RuleKind> MakePathway(PathwayOptions options);

}  // namespace plumbline::rules
