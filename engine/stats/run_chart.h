// Run charts by Anhoej's rules (Anhoej & Olesen 2014, PLoS ONE 9:e113825): an unusually long run on one side of the centre, or
// unusually few crossings of it. They need no limits and no distribution. Points on the centre are not useful and are passed
// over.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/stats/estimate.h"
#include "engine/stats/signal.h"

namespace plumbline::stats {

// The longest run that is usual among n useful points, round(log2 n) + 3 (Schilling 2012), and the fewest crossings that are, the
// 5 % quantile of Binomial(n-1, 1/2) (Chen 2010). n >= kMinAnhoej.
inline constexpr std::int64_t kMinAnhoej = 10;
[[nodiscard]] std::int64_t LongestUsualRun(std::int64_t n);
[[nodiscard]] std::int64_t FewestUsualCrossings(std::int64_t n);

// The chance that n useful points of a steady process (each side of the centre with probability 1/2, independent) have a run
// longer than usual or fewer crossings than usual: exact, by counting over (points, run, crossings). n in [kMinAnhoej, 2,000].
[[nodiscard]] Outcome<double> AnhoejFalseSignal(std::int64_t n);

// On a stream the centre is given (frozen from a baseline).
struct AnhoejState {
  std::uint64_t count = 0;  // points, useful or not
  std::uint64_t useful = 0;
  std::uint64_t crossings = 0;
  std::uint64_t run = 0;        // useful points of the current run
  std::uint64_t run_since = 0;  // its first point
  std::uint64_t longest = 0;
  std::uint64_t longest_first = 0, longest_last = 0;
  std::int8_t side = 0;
  friend bool operator==(const AnhoejState&, const AnhoejState&) = default;
};
struct AnhoejStep {
  bool refused = false;
  std::optional<Alarm> long_run;   // the current run is longer than usual; its points
  std::optional<Alarm> crossings;  // too few so far; all points
};
// Judged from kMinAnhoej useful points on.
[[nodiscard]] AnhoejStep StepAnhoej(double centre, AnhoejState* state, double x);
[[nodiscard]] std::string Encode(const AnhoejState& state);
[[nodiscard]] Result<AnhoejState> DecodeAnhoej(std::string_view bytes);

// Over a table, judged once at its end; the centre is the median unless given.
struct RunChart {
  double centre = 0;
  std::int64_t useful = 0;
  std::int64_t longest_run = 0;
  std::int64_t longest_usual = 0;
  std::int64_t crossings = 0;
  std::int64_t fewest_usual = 0;
  std::vector<Signal> signals;
};
[[nodiscard]] Outcome<RunChart> ChartRuns(std::span<const double> x, std::optional<double> centre = {});

// The median: the middle value, or the mean of the two. `x` must not be empty (checked).
[[nodiscard]] double Median(std::span<const double> x);

}  // namespace plumbline::stats
