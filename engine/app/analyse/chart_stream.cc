// `analyse chart`: the streaming detectors (detectors.h, mewma.h, westgard.h) stepped over a table's rows.
#include <algorithm>
#include <cmath>

#include "engine/app/analyse/chart_panel.h"
#include "engine/base/error.h"
#include "engine/stats/arl.h"
#include "engine/stats/detectors.h"
#include "engine/stats/mewma.h"
#include "engine/stats/sums.h"
#include "engine/stats/two_sample.h"
#include "engine/stats/westgard.h"

namespace plumbline::analyse {
namespace {

constexpr double kThreeSigmaArl = 370.3983473449564;  // of limits at 3 standard deviations: what a chart has unless asked

struct Process {
  double target = 0, sigma = 1;
  std::size_t phase_one = 0;
  bool given = false;
};
// Centre and standard deviation as an individuals chart of the same points estimates them.
stats::Outcome<Process> ProcessOf(const ChartInput& input, const stats::ChartOptions& o) {
  std::vector<double> values;
  for (const ChartPoint& p : input.points) values.push_back(p.value);
  stats::ChartOptions bare = o;
  bare.tests = 1;
  bare.find_arl = false;
  PLUMBLINE_ASSIGN(const stats::IndividualsCharts charts, stats::ChartIndividuals(values, bare));
  const stats::Chart& c = charts.individuals;
  return Process{c.centre, c.sigma, c.phase_one, c.limits == stats::LimitsFrom::kGiven};
}

ChartPanel Start(const ChartInput& input, std::string name, const Process& process) {
  ChartPanel p;
  p.name = std::move(name);
  p.labels = LabelsOf(input);
  p.design = {{"target", process.target}, {"sigma", process.sigma}};
  p.phase_one = process.phase_one;
  p.given = process.given;
  return p;
}

stats::AfterAlarm After(const ChartRequest& r) { return r.go_on ? stats::AfterAlarm::kContinue : stats::AfterAlarm::kRestart; }
stats::EwmaLimits Limits(const ChartRequest& r) {
  return r.time_varying ? stats::EwmaLimits::kTimeVarying : stats::EwmaLimits::kAsymptotic;
}

ChartPanels Ewma(const ChartInput& input, const stats::ChartOptions& o, ChartDesigns* designs) {
  const ChartRequest& r = designs->request();
  PLUMBLINE_ASSIGN(const Process process, ProcessOf(input, o));
  stats::EwmaDesign d{process.target, process.sigma, r.lambda, r.width, Limits(r), After(r)};
  if (!(r.width > 0)) {
    PLUMBLINE_ASSIGN(d.width, designs->Once("width", [&] {
      return stats::DesignEwma(r.lambda, o.wanted_arl.value_or(kThreeSigmaArl), d.limits);
    }));
  }
  PLUMBLINE_TRY(stats::CheckDesign(d));
  ChartPanel p = Start(input, "EWMA", process);
  p.design.insert(p.design.end(), {{"lambda", d.lambda}, {"width", d.width}});
  p.tracks = {{"value", {}}, {"observation", {}}};
  stats::EwmaState state;
  for (const ChartPoint& point : input.points) {
    const stats::EwmaStep step = stats::StepEwma(d, &state, point.value);
    p.tracks[0].values.push_back(step.z);
    p.tracks[1].values.push_back(point.value);
    p.centre.push_back(d.target);
    p.lower.push_back(step.lower);
    p.upper.push_back(step.upper);
    if (step.alarm) p.signals.push_back(stats::Expand(*step.alarm));
  }
  p.length.arl = designs->Once("arl", [&] { return stats::Arl(d); });
  return std::vector<ChartPanel>{std::move(p)};
}

ChartPanels Cusum(const ChartInput& input, const stats::ChartOptions& o, ChartDesigns* designs) {
  const ChartRequest& r = designs->request();
  PLUMBLINE_ASSIGN(const Process process, ProcessOf(input, o));
  stats::CusumDesign d{.target = process.target, .sigma = process.sigma, .k = r.k, .h = r.limit};
  d.sides = r.sides == "up" ? stats::Sides::kUpper : stats::Sides::kTwo;
  d.after = After(r);
  if (!(r.limit > 0)) {
    PLUMBLINE_ASSIGN(d.h, designs->Once("h", [&] {
      return stats::DesignCusum(r.k, o.wanted_arl.value_or(kThreeSigmaArl), d.sides, r.headstart);
    }));
  }
  d.headstart = r.headstart * d.h;
  PLUMBLINE_TRY(stats::CheckDesign(d));
  ChartPanel p = Start(input, "CUSUM", process);
  p.design.insert(p.design.end(), {{"k", d.k}, {"h", d.h}, {"headstart", d.headstart}});
  p.tracks = {{"value", {}}};
  const bool two = d.sides == stats::Sides::kTwo;
  if (two) p.tracks.push_back({"downward", {}});
  p.tracks.push_back({"observation", {}});
  stats::CusumState state = stats::StartCusum(d);
  for (const ChartPoint& point : input.points) {
    const stats::CusumStep step = stats::StepCusum(d, &state, point.value);
    p.tracks[0].values.push_back(step.upper);
    if (two) p.tracks[1].values.push_back(-step.lower);
    p.tracks.back().values.push_back(point.value);
    if (step.upper_alarm) p.signals.push_back(stats::Expand(*step.upper_alarm));
    if (step.lower_alarm) p.signals.push_back(stats::Expand(*step.lower_alarm));
  }
  p.centre.assign(input.points.size(), 0.0);
  p.upper.assign(input.points.size(), d.h);
  p.lower.assign(input.points.size(), two ? -d.h : 0.0);
  p.length.arl = designs->Once("arl", [&] { return stats::Arl(d); });
  return std::vector<ChartPanel>{std::move(p)};
}

ChartPanels Mewma(const ChartInput& input, const stats::ChartOptions& o, ChartDesigns* designs) {
  const ChartRequest& r = designs->request();
  const std::size_t p_count = r.values.size();
  const std::size_t m = o.phase_one == 0 ? input.points.size() : std::min(o.phase_one, input.points.size());
  if (m < p_count + 2) {
    return stats::No(stats::Reason::kTooFew,
                     std::to_string(m) + " rows in phase I, at least " + std::to_string(p_count + 2) + " are needed");
  }
  std::vector<double> cells;
  for (std::size_t i = 0; i < m; ++i) cells.insert(cells.end(), input.points[i].group.begin(), input.points[i].group.end());
  PLUMBLINE_ASSIGN(const stats::Moments moments, stats::MomentsOf(cells, p_count));
  stats::SquareMatrix covariance(p_count);
  for (std::size_t a = 0; a < p_count; ++a) {
    for (std::size_t b = 0; b < p_count; ++b) covariance(a, b) = moments.sums[a * p_count + b] / (moments.n - 1);
  }
  double limit = r.limit;
  if (!(limit > 0)) {
    PLUMBLINE_ASSIGN(limit, designs->Once("limit", [&] {
      return stats::DesignMewma(p_count, r.lambda, o.wanted_arl.value_or(kThreeSigmaArl));
    }));
  }
  PLUMBLINE_ASSIGN(const stats::MewmaDesign d,
                   stats::MewmaDesign::Make(moments.mean, covariance, r.lambda, limit, Limits(r), After(r)));
  ChartPanel p;
  p.name = "MEWMA";
  p.labels = LabelsOf(input);
  p.phase_one = m;
  p.design = {{"variables", static_cast<double>(p_count)}, {"lambda", r.lambda}, {"limit", limit}};
  for (std::size_t j = 0; j < p_count; ++j) p.design.emplace_back("target " + r.values[j], moments.mean[j]);
  p.tracks = {{"value", {}}};
  stats::MewmaState state = stats::StartMewma(d);
  for (const ChartPoint& point : input.points) {
    const stats::MewmaStep step = stats::StepMewma(d, &state, point.group);
    p.tracks[0].values.push_back(step.t2);
    if (step.alarm) p.signals.push_back(stats::Expand(*step.alarm));
  }
  p.upper.assign(input.points.size(), limit);
  p.length.arl = designs->Once("arl", [&] { return d.Arl(); });
  if (r.time_varying) {
    p.length.arl = stats::No(stats::Reason::kOutsideDomain,
                             "with limits that open from the start the length is below that of asymptotic limits");
  }
  return std::vector<ChartPanel>{std::move(p)};
}

// Target and standard deviation of each level: given, or of the level's values in phase I.
stats::Outcome<std::vector<Process>> LevelsOf(const ChartInput& input, ChartDesigns* designs) {
  const ChartRequest& r = designs->request();
  const std::size_t count = std::max<std::size_t>(1, designs->data().levels.size());
  std::vector<Process> levels(count);
  if (!r.target.empty()) return levels;
  if (r.centre && r.sigma) {
    levels.assign(count, Process{*r.centre, *r.sigma, 0, true});
    return levels;
  }
  std::vector<std::vector<double>> values(count);
  for (const ChartPoint& p : input.points) {
    auto& own = values[p.level];
    if (r.phase_one == 0 || own.size() < static_cast<std::size_t>(r.phase_one)) own.push_back(p.value);
  }
  for (std::size_t level = 0; level < count; ++level) {
    if (values[level].empty()) continue;  // this material has no such level
    const std::string name = designs->data().levels.empty() ? "the control" : "level " + designs->data().levels[level];
    if (values[level].size() < 2) return stats::No(stats::Reason::kTooFew, name + " has fewer than 2 values in phase I");
    levels[level] = {stats::MeanExact(values[level]), std::sqrt(stats::VarianceExact(values[level])), values[level].size(),
                     false};
    if (!(levels[level].sigma > 0))
      return stats::No(stats::Reason::kZeroVariance, "all values of " + name + " in phase I are equal");
  }
  return levels;
}

}  // namespace

ChartPanels StreamCharts(const ChartInput& input, const stats::ChartOptions& o, ChartDesigns* designs) {
  const std::string& kind = designs->request().kind;
  if (kind == "ewma") return Ewma(input, o, designs);
  if (kind == "cusum") return Cusum(input, o, designs);
  return Mewma(input, o, designs);
}

ChartPanels WestgardChart(const ChartInput& input, const stats::WestgardOptions& o, ChartDesigns* designs) {
  const ChartRequest& r = designs->request();
  if (input.points.empty()) return stats::No(stats::Reason::kTooFew, "there is no control value");
  PLUMBLINE_ASSIGN(const std::vector<Process> levels, LevelsOf(input, designs));
  ChartPanel p;
  p.name = "Westgard";
  p.labels = LabelsOf(input);
  p.tracks = {{"value", {}}, {"observation", {}}};
  stats::WestgardState state;
  std::vector<stats::ControlValue> run;
  std::size_t most_in_run = 1;
  const auto step = [&]() -> stats::Outcome<void> {
    if (run.empty()) return {};
    most_in_run = std::max(most_in_run, run.size());
    PLUMBLINE_ASSIGN(const std::vector<stats::Signal> signals, stats::StepWestgard(o, &state, run));
    p.signals.insert(p.signals.end(), signals.begin(), signals.end());
    run.clear();
    return {};
  };
  for (const ChartPoint& point : input.points) {
    if (point.new_run) PLUMBLINE_TRY(step());
    const Process& level = levels[point.level];
    const double z = r.target.empty() ? (point.value - level.target) / level.sigma : (point.value - point.expected) / point.size;
    run.push_back({static_cast<std::uint8_t>(point.level), z});
    p.tracks[0].values.push_back(z);
    p.tracks[1].values.push_back(point.value);
  }
  PLUMBLINE_TRY(step());
  const std::size_t n = input.points.size();
  p.centre.assign(n, 0.0);
  p.lower.assign(n, -3.0);
  p.upper.assign(n, 3.0);
  p.given = !r.target.empty() || (r.centre && r.sigma);
  for (std::size_t level = 0; level < levels.size() && !p.given; ++level) {
    const std::string name = designs->data().levels.empty() ? "" : " " + designs->data().levels[level];
    if (levels[level].phase_one == 0) continue;
    p.phase_one = std::max(p.phase_one, levels[level].phase_one);
    p.design.emplace_back("target" + name, levels[level].target);
    p.design.emplace_back("sigma" + name, levels[level].sigma);
  }
  p.design.emplace_back("controls_in_a_run", static_cast<double>(most_in_run));
  const std::string key = "westgard " + std::to_string(most_in_run);
  if (const auto first = designs->Once(key + " first", [&] { return stats::WestgardFalseRejection(o, most_in_run); }))
    p.design.emplace_back("false_rejection_of_a_first_run", *first);
  double error = 0;
  p.length.unit = "runs";
  p.length.arl = designs->Once(key, [&]() -> stats::Outcome<double> {
    PLUMBLINE_ASSIGN(const stats::Estimate found, stats::SimulatedWestgardArl(o, most_in_run));
    error = found.standard_error;
    return found.value;
  });
  p.length.error = designs->Once(key + " error", [&]() -> stats::Outcome<double> { return error; }).value_or(0);
  return std::vector<ChartPanel>{std::move(p)};
}

}  // namespace plumbline::analyse
