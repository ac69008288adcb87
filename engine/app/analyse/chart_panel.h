// What every kind of chart comes to: panels of points with limits, signals and the run length they really have. Internal to
// `analyse chart`: the request's rows become a ChartInput, a kind's builder makes panels of it, one writer shows them all.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/app/analyse/analyse.h"
#include "engine/stats/chart.h"
#include "engine/stats/risk_detectors.h"
#include "engine/stats/signal.h"
#include "engine/stats/simulated_length.h"

namespace plumbline::analyse {

// What a point of a chart is made of.
enum class InputShape {
  kValue,      // a number
  kCount,      // a count, all opportunities alike
  kRatio,      // events of trials, or events in an area
  kSubgroup,   // several numbers
  kVector,     // a row of several variables
  kGap,        // what passed between two events
  kControl,    // a control value with level and run
  kCase,       // an outcome and its expected risk
  kMonitored,  // events and how many were expected
};
struct ChartKind {
  std::string_view name;
  InputShape shape;
  bool binomial = false;  // kRatio: events of whole trials
};
// Nullptr where there is no such kind.
[[nodiscard]] const ChartKind* FindChartKind(std::string_view name);
// "i, xbar-r, ...", for help and errors.
[[nodiscard]] std::string ChartKindNames();

struct ChartPoint {
  std::string label;          // of the subgroup, else the row of the file
  std::uint64_t row = 0;      // the first row of the file in it
  double value = 0;           // or the count, or events
  double size = 0;            // trials or area
  double expected = 0;        // risk, or expected events
  std::vector<double> group;  // of a subgroup or a vector
  std::size_t level = 0;
  bool new_run = true;
};
// One chart's points in order. Units (and materials) make charts of their own.
struct ChartInput {
  std::string unit;
  std::vector<ChartPoint> points;
};
struct ChartData {
  std::vector<ChartInput> inputs;  // by name; one without units
  std::vector<std::string> levels;
  std::uint64_t missing = 0;  // rows without a value
  stats::RiskMix mix;         // of all cases together, at most kMaxMix risks
  double expected = 0;        // events, over all rows
};
[[nodiscard]] Result<std::vector<std::string>> ChartColumns(const ChartRequest& request, const ChartKind& kind);
[[nodiscard]] Result<ChartData> ReadChart(const ChartRequest& request, const ChartKind& kind, const Table& table);

struct ChartTrack {
  std::string name;  // JSON key
  std::vector<double> values;
};
// The average run length and how it is known.
struct RunLength {
  stats::Outcome<double> arl = stats::No(stats::Reason::kTooFew, "not computed");
  double error = 0;    // standard error, where it was simulated
  std::string unit{};  // "points" when empty
};
struct ChartPanel {
  std::string name;
  std::vector<std::string> labels;
  std::vector<ChartTrack> tracks;                      // the first is the value
  std::vector<double> centre, lower, upper;            // per point; empty: none
  std::vector<stats::Signal> signals;                  // points are indices into labels
  std::vector<std::pair<std::string, double>> design;  // parameters, estimates, what else is told
  std::size_t phase_one = 0;
  bool given = false;
  RunLength length;
};

// Designs shared by all charts of a request: limits for wanted lengths, lengths of limits. Lazy, one thread.
class ChartDesigns {
 public:
  ChartDesigns(const ChartRequest& request, const ChartData& data) : request_(request), data_(data) {}
  [[nodiscard]] const ChartRequest& request() const { return request_; }
  [[nodiscard]] const ChartData& data() const { return data_; }
  // Of a chart with runs tests on normal values.
  [[nodiscard]] RunLength Normal(const stats::ChartOptions& options, double width);
  // A number found once for a key.
  template <typename Find>
  [[nodiscard]] stats::Outcome<double> Once(const std::string& key, Find find) {
    const auto known = numbers_.find(key);
    if (known != numbers_.end()) return known->second;
    return numbers_.emplace(key, find()).first->second;
  }

 private:
  const ChartRequest& request_;
  const ChartData& data_;
  std::map<std::string, stats::Outcome<double>> numbers_;
};

// The options that charts of a table share; kUsage for what cannot be.
[[nodiscard]] Result<stats::ChartOptions> ChartOptionsOf(const ChartRequest& request);
[[nodiscard]] Result<stats::WestgardOptions> WestgardOptionsOf(const ChartRequest& request);

using ChartPanels = stats::Outcome<std::vector<ChartPanel>>;
// One of these makes a kind's panels.
[[nodiscard]] ChartPanels TableCharts(const ChartInput& input, const stats::ChartOptions& options, ChartDesigns* designs);
[[nodiscard]] ChartPanels StreamCharts(const ChartInput& input, const stats::ChartOptions& options, ChartDesigns* designs);
[[nodiscard]] ChartPanels WestgardChart(const ChartInput& input, const stats::WestgardOptions& options, ChartDesigns* designs);
[[nodiscard]] ChartPanels RiskCharts(const ChartInput& input, ChartDesigns* designs);

// Labels of all points.
[[nodiscard]] std::vector<std::string> LabelsOf(const ChartInput& input);

struct UnitCharts {
  std::string unit;
  std::size_t points = 0;
  ChartPanels panels;
  [[nodiscard]] std::size_t Signals() const;
};
// Panels above each other; with units those that signal, at most a dozen.
[[nodiscard]] std::string ChartFigure(const ChartRequest& request, const std::vector<UnitCharts>& charts);

}  // namespace plumbline::analyse
