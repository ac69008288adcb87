// Control charts over a table: limits, points, signals and the run length the chart really has. Limits are estimated in a stated
// phase I, given, or as wide as a wanted average run length asks. For looking at past data and for learning the limits that the
// detectors of detectors.h use on streams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/stats/estimate.h"
#include "engine/stats/runs_rules.h"
#include "engine/stats/signal.h"

namespace plumbline::stats {

// The standards of a process that is known: its centre and the standard deviation of one observation, in the data's unit. Charts
// of counts use the centre alone.
struct Standards {
  double centre = 0;
  double sigma = 0;
};

struct ChartOptions {
  double width = 3;                    // limits at centre +- width standard deviations of what is plotted
  std::optional<double> wanted_arl{};  // instead of `width`: the width whose ARL for normal values is this
  std::optional<Standards> given{};    // instead of estimating
  std::size_t phase_one = 0;           // the first so many points estimate; 0: all
  std::vector<std::size_t> exclude{};  // points left out of the estimate (a cause was found); they are still plotted
  std::uint8_t tests = 0b1;            // runs tests, bit i-1 is test i; test 1 means the limits
  RunsOptions runs{};                  // parameters of the tests (its own `tests` and `width` are not used)
  bool rounded_d2 = false;             // 1.128 for d2(2), as textbooks
  bool screen_moving_ranges = false;   // drop moving ranges above 3.267 times their mean once (Nelson 1982)
  bool find_arl = true;                // false: arl0 of limits on normal values is left out, for many charts of one design
};

enum class LimitsFrom : std::uint8_t { kPhaseOne, kGiven };

struct ChartPoint {
  double value = 0;
  double centre = 0;
  double lower = 0;
  double upper = 0;
  friend bool operator==(const ChartPoint&, const ChartPoint&) = default;
};

struct Chart {
  std::string name;  // "I", "MR", "Xbar", "p", ...
  LimitsFrom limits = LimitsFrom::kPhaseOne;
  std::size_t phase_one = 0;  // points that estimated the limits; 0 when given
  double centre = 0;
  double sigma = 0;  // standard deviation of one observation as used for the limits; 0 for charts of counts
  double width = 3;
  std::vector<ChartPoint> points;
  std::vector<Signal> signals;  // by point, then by rule
  // Average run length with nothing wrong, of this chart's limits and tests, under the distribution the chart supposes.
  Outcome<double> arl0 = No(Reason::kTooFew, "not computed");
};

// Individuals and moving ranges: sigma = mean moving range / d2(2) (Montgomery 2009, section 6.4). x: n >= 2.
struct IndividualsCharts {
  Chart individuals;
  Chart moving_range;  // its first point is x[1]-x[0]; signal positions are those of x
  double mean_moving_range = 0;
};
[[nodiscard]] Outcome<IndividualsCharts> ChartIndividuals(std::span<const double> x, const ChartOptions& options);

// Subgroups of one size n, 2 <= n <= 100 (Montgomery 2009, sections 6.2 and 6.3), sigma by
enum class SpreadBy : std::uint8_t {
  kRange,      // mean range / d2
  kDeviation,  // mean standard deviation / c4
  kPooled,     // root mean variance / c4(sum(n-1)+1); spread chart of standard deviations
};
struct SubgroupCharts {
  Chart means;
  Chart spread;  // ranges or standard deviations
  double mean_spread = 0;
};
[[nodiscard]] Outcome<SubgroupCharts> ChartSubgroups(std::span<const std::vector<double>> subgroups, SpreadBy spread,
                                                     const ChartOptions& options);

// Counts. events[i] of trials[i] for p and np; events[i] in area[i] (> 0, any unit) for u. Lower limits stop at 0, upper limits
// of proportions at 1. arl0 is exact over the binomial or Poisson at the centre (the mean over points where sizes differ).
[[nodiscard]] Outcome<Chart> ChartP(std::span<const double> events, std::span<const double> trials, const ChartOptions& options);
[[nodiscard]] Outcome<Chart> ChartNp(std::span<const double> events, double trials, const ChartOptions& options);
[[nodiscard]] Outcome<Chart> ChartC(std::span<const double> events, const ChartOptions& options);
[[nodiscard]] Outcome<Chart> ChartU(std::span<const double> events, std::span<const double> area, const ChartOptions& options);
// Laney 2002, Qual. Eng. 14:531: p and u with the between-subgroup spread sigma_z, estimated from the moving ranges of the
// z-scores.
struct LaneyChart {
  Chart chart;
  double sigma_z = 0;
};
[[nodiscard]] Outcome<LaneyChart> ChartLaneyP(std::span<const double> events, std::span<const double> trials,
                                              const ChartOptions& options);
[[nodiscard]] Outcome<LaneyChart> ChartLaneyU(std::span<const double> events, std::span<const double> area,
                                              const ChartOptions& options);

// Rare events. g: opportunities without an event between two events, geometric from 0 (Benneyan 2001): sigma^2 = m(m+1). With a
// wanted ARL the limits are quantiles with half its reciprocal in each tail, as far as a discrete count can.
[[nodiscard]] Outcome<Chart> ChartG(std::span<const double> between, const ChartOptions& options);
// t: time between events, charted as individuals of time^power (Nelson 1994: 0.2777 makes an exponential nearly normal).
struct TimeBetweenChart {
  Chart chart;  // on the transformed scale
  double mean_moving_range = 0;
  double power = 0.2777;
  double centre_time = 0;  // back on the scale of time
  double lower_time = 0;   // 0 where the transformed limit is below 0
  double upper_time = 0;
};
[[nodiscard]] Outcome<TimeBetweenChart> ChartT(std::span<const double> times, const ChartOptions& options, double power = 0.2777);

// Hotelling's T2. x: m rows of p values. Phase I limits by the beta distribution, phase II by F (Tracy, Young & Mason 1992, J.
// Qual. Technol. 24:88). alpha per point, or 1/wanted_arl.
struct HotellingChart {
  Chart chart;
  std::vector<double> mean;  // p
};
[[nodiscard]] Outcome<HotellingChart> ChartHotelling(std::span<const std::vector<double>> x, double alpha,
                                                     std::size_t phase_one = 0);

namespace internal {

// Shared by the files that build charts.
[[nodiscard]] Outcome<void> CheckFinite(std::span<const double> values, std::string_view what);
[[nodiscard]] Outcome<double> WidthOf(const ChartOptions& options);
// The points that estimate: the first phase_one (or all), without the excluded.
[[nodiscard]] std::vector<bool> EstimatingPoints(const ChartOptions& options, std::size_t n);
// Appends the signals of the tests. sd[i]: standard deviation of point i (0: no runs tests there). offset: number of the first
// point.
void AddSignals(const ChartOptions& options, std::span<const double> sd, std::uint64_t offset, Chart* chart);
// ARL of tests and width for normal points; tests 3 and 4 have none here (SimulatedRunsArl of simulated_length.h has).
[[nodiscard]] Outcome<double> NormalArl0(const ChartOptions& options, double width);
// The mean moving range over consecutive estimating points, screened when asked; kTooFew without a pair, kZeroVariance when all
// are 0.
[[nodiscard]] Outcome<double> MeanMovingRange(std::span<const double> x, const std::vector<bool>& use, bool screen);

}  // namespace internal
}  // namespace plumbline::stats
