// A panel: cases that several experts have graded, where a reader's number may have no meaning beyond the case (reader_session).
// Agreement of any two of them, and each group's deviation from the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

struct PanelCase {
  std::vector<double> grades;       // one per reader
  std::vector<std::size_t> groups;  // of each reader, 0..groups-1
};

enum class KappaWeights { kNone, kLinear, kQuadratic };

// Weighted kappa of two exchangeable readers: the table of all ordered pairs of different readers of a case, which is symmetric,
// so the margins are equal and swapping readers changes nothing. Interval by the jackknife over cases. kOneCategory when all
// agree on one grade.
[[nodiscard]] Outcome<Estimate> PanelKappa(std::span<const PanelCase> cases, KappaWeights weights, double confidence = 0.95);

struct GroupDeviation {
  std::size_t n = 0;
  std::size_t cases = 0;
  Estimate mean;  // of grade minus the mean of the other readers of the case; interval by cases (cluster-robust)
};
// One per group; kTooFew in the interval's reason where a group has fewer than two cases.
[[nodiscard]] Outcome<std::vector<GroupDeviation>> PanelDeviations(std::span<const PanelCase> cases, std::size_t groups,
                                                                   double confidence = 0.95);

}  // namespace plumbline::stats
