// Between centres: how much units differ beyond chance, for `analyse funnel`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/app/analyse/analyse.h"
#include "engine/stats/funnel.h"
#include "engine/stats/meta.h"

namespace plumbline::analyse {

// Units on the log scale (log odds of a proportion, log of observed over expected) and their random-effects summary.
struct Between {
  std::vector<std::size_t> unit;  // of each estimate
  std::vector<double> y, v;
  stats::Outcome<stats::MetaResult> meta = stats::No(stats::Reason::kTooFew, "fewer than two units");
  std::vector<double> shrunken;  // back on the scale of proportions or ratios; empty without a summary
  stats::Outcome<stats::TauInterval> tau2 = stats::No(stats::Reason::kTooFew, "fewer than two units");
  std::optional<stats::Outcome<stats::GlmmResult>> glmm;  // proportions: random-intercept logistic model
};
// Units that the funnel shows. kUsage for an unknown --tau2.
[[nodiscard]] Result<Between> BetweenUnits(const FunnelRequest& request, const std::vector<stats::FunnelUnit>& units,
                                           const stats::FunnelResult& funnel, stats::FunnelKind kind);
void WriteBetween(const FunnelRequest& request, const Between& between, stats::FunnelKind kind, Json* json);
[[nodiscard]] std::string BetweenText(const FunnelRequest& request, const Between& between, stats::FunnelKind kind);
// Observed over expected with exact and Byar's interval, or the proportion's intervals: members of the open object.
void WriteIntervals(const FunnelRequest& request, const stats::FunnelUnit& unit, stats::FunnelKind kind, Json* json);
[[nodiscard]] std::string BetweenForest(const FunnelRequest& request, const std::vector<std::string>& names,
                                        const std::vector<stats::FunnelUnit>& units, const Between& between,
                                        stats::FunnelKind kind);

}  // namespace plumbline::analyse
