// `analyse chart`: the charts over a table (chart.h, run_chart.h) as panels.
#include <algorithm>
#include <cmath>

#include "engine/app/analyse/chart_panel.h"
#include "engine/base/error.h"
#include "engine/stats/run_chart.h"

namespace plumbline::analyse {
namespace {

ChartPanel PanelOf(const stats::Chart& chart, const std::vector<std::string>& labels, std::size_t first = 0) {
  ChartPanel p;
  p.name = chart.name;
  p.labels.assign(labels.begin() + static_cast<std::ptrdiff_t>(std::min(first, labels.size())), labels.end());
  p.tracks.push_back({"value", {}});
  for (const stats::ChartPoint& point : chart.points) {
    p.tracks[0].values.push_back(point.value);
    p.centre.push_back(point.centre);
    p.lower.push_back(point.lower);
    p.upper.push_back(point.upper);
  }
  p.signals = chart.signals;
  for (stats::Signal& s : p.signals) {
    s.at -= first;
    for (std::uint64_t& at : s.points) at -= first;
  }
  p.design = {{"centre", chart.centre}};
  if (chart.sigma > 0) p.design.emplace_back("sigma", chart.sigma);
  if (chart.width > 0) p.design.emplace_back("width", chart.width);
  p.phase_one = chart.phase_one;
  p.given = chart.limits == stats::LimitsFrom::kGiven;
  p.length.arl = chart.arl0;
  return p;
}

std::vector<double> Values(const ChartInput& input) {
  std::vector<double> values;
  for (const ChartPoint& p : input.points) values.push_back(p.value);
  return values;
}
std::vector<double> Sizes(const ChartInput& input) {
  std::vector<double> sizes;
  for (const ChartPoint& p : input.points) sizes.push_back(p.size);
  return sizes;
}

// A normal chart's length comes from the designs shared by all charts.
void TakeLength(const stats::ChartOptions& o, double width, ChartDesigns* designs, ChartPanel* panel) {
  panel->length = designs->Normal(o, width);
}

ChartPanels Individuals(const ChartInput& input, const stats::ChartOptions& o, ChartDesigns* designs) {
  stats::ChartOptions fast = o;
  fast.find_arl = false;
  PLUMBLINE_ASSIGN(const stats::IndividualsCharts charts, stats::ChartIndividuals(Values(input), fast));
  const auto labels = LabelsOf(input);
  std::vector<ChartPanel> panels{PanelOf(charts.individuals, labels), PanelOf(charts.moving_range, labels, 1)};
  TakeLength(o, charts.individuals.width, designs, &panels[0]);
  panels[0].design.emplace_back("mean_moving_range", charts.mean_moving_range);
  return panels;
}

ChartPanels Subgroups(const ChartInput& input, const stats::ChartOptions& o, ChartDesigns* designs) {
  const std::string& kind = designs->request().kind;
  const auto by =
      kind == "xbar-r" ? stats::SpreadBy::kRange : (kind == "xbar-s" ? stats::SpreadBy::kDeviation : stats::SpreadBy::kPooled);
  std::vector<std::vector<double>> subgroups;
  for (const ChartPoint& p : input.points) {
    if (!subgroups.empty() && p.group.size() != subgroups[0].size()) {
      return stats::No(stats::Reason::kOutsideDomain, "subgroup " + p.label + " (row " + std::to_string(p.row) + ") has " +
                                                          std::to_string(p.group.size()) + " values, the first has " +
                                                          std::to_string(subgroups[0].size()) + "; sizes must be equal");
    }
    subgroups.push_back(p.group);
  }
  stats::ChartOptions fast = o;
  fast.find_arl = false;
  PLUMBLINE_ASSIGN(const stats::SubgroupCharts charts, stats::ChartSubgroups(subgroups, by, fast));
  const auto labels = LabelsOf(input);
  std::vector<ChartPanel> panels{PanelOf(charts.means, labels), PanelOf(charts.spread, labels)};
  TakeLength(o, charts.means.width, designs, &panels[0]);
  panels[0].design.emplace_back("subgroup_size", static_cast<double>(subgroups[0].size()));
  panels[0].design.emplace_back("mean_spread", charts.mean_spread);
  return panels;
}

// p, np, u and their like. With runs tests or an empirical spread the length is that of normal points.
ChartPanels Ratios(const ChartInput& input, const stats::ChartOptions& o, ChartDesigns* designs) {
  const std::string& kind = designs->request().kind;
  const std::vector<double> events = Values(input), sizes = Sizes(input);
  stats::ChartOptions fast = o;
  fast.find_arl = false;
  std::vector<ChartPanel> panels;
  if (kind == "laney-p" || kind == "laney-u") {
    PLUMBLINE_ASSIGN(const stats::LaneyChart laney,
                     kind == "laney-p" ? stats::ChartLaneyP(events, sizes, fast) : stats::ChartLaneyU(events, sizes, fast));
    panels.push_back(PanelOf(laney.chart, LabelsOf(input)));
    panels[0].design.emplace_back("sigma_z", laney.sigma_z);
    TakeLength(o, laney.chart.width, designs, &panels[0]);
    return panels;
  }
  stats::Outcome<stats::Chart> chart = kind == "u" ? stats::ChartU(events, sizes, fast) : stats::ChartP(events, sizes, fast);
  if (kind == "np") {
    for (const ChartPoint& p : input.points) {
      if (p.size != sizes[0]) {
        return stats::No(stats::Reason::kOutsideDomain, "an np chart needs equal denominators; that of point " + p.label +
                                                            " (row " + std::to_string(p.row) + ") is another: use p");
      }
    }
    if (sizes.empty()) return stats::No(stats::Reason::kTooFew, "a chart of counts needs a count");
    chart = stats::ChartNp(events, sizes[0], fast);
  }
  if (!chart) return std::unexpected(chart.error());
  panels.push_back(PanelOf(*chart, LabelsOf(input)));
  if (o.tests != 1) TakeLength(o, chart->width, designs, &panels[0]);
  return panels;
}

ChartPanels CountsOrGaps(const ChartInput& input, const stats::ChartOptions& o, ChartDesigns* designs) {
  const std::string& kind = designs->request().kind;
  const std::vector<double> values = Values(input);
  if (kind == "t") {
    PLUMBLINE_ASSIGN(const stats::TimeBetweenChart t, stats::ChartT(values, o));
    std::vector<ChartPanel> panels{PanelOf(t.chart, LabelsOf(input))};
    panels[0].design.insert(
        panels[0].design.end(),
        {{"power", t.power}, {"centre_time", t.centre_time}, {"lower_time", t.lower_time}, {"upper_time", t.upper_time}});
    panels[0].tracks.push_back({"time", values});
    if (!panels[0].length.arl) TakeLength(o, t.chart.width, designs, &panels[0]);
    return panels;
  }
  PLUMBLINE_ASSIGN(const stats::Chart chart, kind == "g" ? stats::ChartG(values, o) : stats::ChartC(values, o));
  return std::vector<ChartPanel>{PanelOf(chart, LabelsOf(input))};
}

// Anhoej's rules judge a run chart once: what is told is how often it signals with nothing wrong.
ChartPanels Runs(const ChartInput& input, const stats::ChartOptions& o) {
  const std::vector<double> values = Values(input);
  PLUMBLINE_ASSIGN(const stats::RunChart chart,
                   stats::ChartRuns(values, o.given ? std::optional<double>(o.given->centre) : std::nullopt));
  ChartPanel p;
  p.name = "run";
  p.labels = LabelsOf(input);
  p.tracks.push_back({"value", values});
  p.centre.assign(values.size(), chart.centre);
  p.signals = chart.signals;
  p.given = o.given.has_value();
  p.phase_one = p.given ? 0 : values.size();
  p.design = {{"centre", chart.centre},
              {"useful_points", static_cast<double>(chart.useful)},
              {"longest_run", static_cast<double>(chart.longest_run)},
              {"longest_usual", static_cast<double>(chart.longest_usual)},
              {"crossings", static_cast<double>(chart.crossings)},
              {"fewest_usual", static_cast<double>(chart.fewest_usual)}};
  if (const auto false_signal = stats::AnhoejFalseSignal(chart.useful))
    p.design.emplace_back("false_signal_probability", *false_signal);
  p.length.arl = stats::No(stats::Reason::kOutsideDomain,
                           "a run chart is judged once over all its points; false_signal_probability is its error then");
  return std::vector<ChartPanel>{std::move(p)};
}

ChartPanels Hotelling(const ChartInput& input, const stats::ChartOptions& o, ChartDesigns* designs) {
  std::vector<std::vector<double>> rows;
  for (const ChartPoint& p : input.points) rows.push_back(p.group);
  const double alpha = 1 / o.wanted_arl.value_or(370.3983473449564);
  PLUMBLINE_ASSIGN(const stats::HotellingChart chart, stats::ChartHotelling(rows, alpha, o.phase_one));
  ChartPanel p = PanelOf(chart.chart, LabelsOf(input));
  p.design = {{"variables", static_cast<double>(chart.mean.size())}, {"alpha", alpha}};
  for (std::size_t j = 0; j < chart.mean.size(); ++j)
    p.design.emplace_back("mean " + designs->request().values[j], chart.mean[j]);
  return std::vector<ChartPanel>{std::move(p)};
}

}  // namespace

ChartPanels TableCharts(const ChartInput& input, const stats::ChartOptions& o, ChartDesigns* designs) {
  const std::string& kind = designs->request().kind;
  const ChartKind* const known = FindChartKind(kind);
  if (kind == "i") return Individuals(input, o, designs);
  if (kind == "runs") return Runs(input, o);
  if (kind == "t2") return Hotelling(input, o, designs);
  if (known->shape == InputShape::kSubgroup) return Subgroups(input, o, designs);
  if (known->shape == InputShape::kRatio) return Ratios(input, o, designs);
  return CountsOrGaps(input, o, designs);
}

RunLength ChartDesigns::Normal(const stats::ChartOptions& o, double width) {
  stats::RunsOptions runs = o.runs;
  runs.tests = o.tests;
  runs.width = width;
  RunLength length;
  const std::string key = "runs " + std::to_string(o.tests) + " " + std::to_string(width);
  length.arl = Once(key, [&] { return stats::RunsArl(runs, 0); });
  if (length.arl || (runs.tests & 0b1100) == 0) return length;
  // Tests 3 and 4 compare neighbours: no chain over zones tells their length.
  double error = 0;
  length.arl = Once(key + " simulated", [&]() -> stats::Outcome<double> {
    PLUMBLINE_ASSIGN(const stats::Estimate found, stats::SimulatedRunsArl(runs, 0));
    error = found.standard_error;
    return found.value;
  });
  const auto kept = Once(key + " error", [&]() -> stats::Outcome<double> { return error; });
  length.error = kept.value_or(0);
  return length;
}

}  // namespace plumbline::analyse
