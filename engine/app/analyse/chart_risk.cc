// `analyse chart`: outcomes against expected risk (risk_detectors.h) as panels.
#include <algorithm>

#include "engine/app/analyse/chart_panel.h"
#include "engine/base/error.h"
#include "engine/stats/arl.h"

namespace plumbline::analyse {
namespace {

constexpr double kThreeSigmaArl = 370.3983473449564;

ChartPanel Start(const ChartInput& input, std::string name) {
  ChartPanel p;
  p.name = std::move(name);
  p.labels = LabelsOf(input);
  p.tracks = {{"value", {}}};
  p.given = true;  // what is expected comes from the table
  return p;
}

// Each side has the half of the wanted frequency of signals. A wanted length below what the lattice can tell is an error of the
// design, said there.
stats::Outcome<stats::RaCusumDesign> DesignOf(ChartDesigns* designs) {
  const ChartRequest& r = designs->request();
  const bool two = r.sides == "both";
  const double up = r.odds_ratio > 1 ? r.odds_ratio : 1 / r.odds_ratio;
  stats::RaCusumDesign d{up,
                         1 / up,
                         r.limit,
                         r.limit,
                         two ? stats::Sides::kTwo : stats::Sides::kUpper,
                         r.go_on ? stats::AfterAlarm::kContinue : stats::AfterAlarm::kRestart};
  if (r.limit > 0) return d;
  const double wanted = (r.wanted_arl > 0 ? r.wanted_arl : kThreeSigmaArl) * (two ? 2 : 1);
  PLUMBLINE_ASSIGN(d.h_upper,
                   designs->Once("h up", [&] { return stats::DesignRaCusum(designs->data().mix, d.deterioration, wanted); }));
  if (two) {
    PLUMBLINE_ASSIGN(d.h_lower,
                     designs->Once("h down", [&] { return stats::DesignRaCusum(designs->data().mix, d.improvement, wanted); }));
  } else {
    d.h_lower = d.h_upper;
  }
  return d;
}

stats::Outcome<ChartPanel> RaCusum(const ChartInput& input, ChartDesigns* designs) {
  PLUMBLINE_ASSIGN(const stats::RaCusumDesign d, DesignOf(designs));
  PLUMBLINE_TRY(stats::CheckDesign(d));
  ChartPanel p = Start(input, "RA-CUSUM");
  const bool two = d.sides == stats::Sides::kTwo;
  p.design = {{"odds_ratio_up", d.deterioration}, {"h_up", d.h_upper}};
  if (two) {
    p.design.insert(p.design.end(), {{"odds_ratio_down", d.improvement}, {"h_down", d.h_lower}});
    p.tracks.push_back({"downward", {}});
  }
  stats::RaCusumState state;
  for (const ChartPoint& point : input.points) {
    const stats::CusumStep step = stats::StepRaCusum(d, &state, point.value > 0, point.expected);
    p.tracks[0].values.push_back(step.upper);
    if (two) p.tracks[1].values.push_back(-step.lower);
    if (step.upper_alarm) p.signals.push_back(stats::Expand(*step.upper_alarm));
    if (step.lower_alarm) p.signals.push_back(stats::Expand(*step.lower_alarm));
  }
  p.centre.assign(input.points.size(), 0.0);
  p.upper.assign(input.points.size(), d.h_upper);
  p.lower.assign(input.points.size(), two ? -d.h_lower : 0.0);
  p.length.unit = "cases";
  p.length.arl = designs->Once("arl", [&] { return stats::Arl(d, designs->data().mix); });
  return p;
}

ChartPanel Vlad(const ChartInput& input) {
  ChartPanel p = Start(input, "VLAD");
  stats::VladState state;
  for (const ChartPoint& point : input.points)
    p.tracks[0].values.push_back(stats::StepVlad(&state, point.value > 0, point.expected).value_or(state.Value()));
  p.design = {{"cases", static_cast<double>(state.count)},
              {"events", static_cast<double>(state.events)},
              {"expected", state.expected + state.carry}};
  p.centre.assign(input.points.size(), 0.0);
  p.length.arl = stats::No(stats::Reason::kOutsideDomain, "a VLAD is a display without limits; the RA-CUSUM beside it signals");
  return p;
}

ChartPanels Sprt(const ChartInput& input, ChartDesigns* designs) {
  const ChartRequest& r = designs->request();
  const stats::SprtDesign d{r.odds_ratio, r.alpha, r.beta, r.go_on ? stats::AfterAlarm::kContinue : stats::AfterAlarm::kRestart};
  PLUMBLINE_TRY(stats::CheckDesign(d));
  ChartPanel p = Start(input, "SPRT");
  stats::SprtState state;
  for (const ChartPoint& point : input.points) {
    const stats::SprtStep step = stats::StepSprt(d, &state, point.value > 0, point.expected);
    p.tracks[0].values.push_back(step.llr);
    if (step.alarm) p.signals.push_back(stats::Expand(*step.alarm));
  }
  const std::size_t n = input.points.size();
  p.centre.assign(n, 0.0);
  p.upper.assign(n, d.Upper());
  p.lower.assign(n, d.Lower());
  p.design = {{"odds_ratio", r.odds_ratio}, {"alpha", r.alpha}, {"beta", r.beta}};
  double error = 0, share = 0, cases = 0;
  p.length.unit = "cases";
  p.length.arl = designs->Once("sprt", [&]() -> stats::Outcome<double> {
    PLUMBLINE_ASSIGN(const stats::SprtLength found, stats::SimulatedSprt(d, designs->data().mix));
    error = found.arl.standard_error;
    share = found.alternative.value;
    cases = found.cases.value;
    return found.arl.value;
  });
  const auto kept = [&](const char* key, double value) {
    return designs->Once(key, [&]() -> stats::Outcome<double> { return value; }).value_or(0);
  };
  p.length.error = kept("sprt error", error);
  p.design.emplace_back("false_alternative_probability", kept("sprt share", share));
  p.design.emplace_back("cases_of_a_test", kept("sprt cases", cases));
  return std::vector<ChartPanel>{std::move(p)};
}

ChartPanels MaxSprt(const ChartInput& input, ChartDesigns* designs) {
  const ChartRequest& r = designs->request();
  double horizon = r.horizon;
  if (!(horizon > 0)) {
    for (const ChartPoint& p : input.points) horizon += p.expected;
  }
  if (!(horizon > 0)) return stats::No(stats::Reason::kZeroExpected, "no event is expected");
  const auto min_events = static_cast<std::uint64_t>(std::max<std::int64_t>(1, r.min_events));
  stats::MaxSprtDesign d{r.limit, horizon, min_events};
  if (!(r.limit > 0)) {
    PLUMBLINE_ASSIGN(d.critical, designs->Once("critical " + std::to_string(horizon), [&] {
      return stats::MaxSprtCriticalValue(r.alpha, horizon, static_cast<std::int64_t>(min_events));
    }));
  }
  PLUMBLINE_TRY(stats::CheckDesign(d));
  ChartPanel p = Start(input, "maxSPRT");
  stats::MaxSprtState state;
  for (const ChartPoint& point : input.points) {
    const stats::MaxSprtStep step = stats::StepMaxSprt(d, &state, static_cast<std::uint64_t>(point.value), point.expected);
    if (step.refused) {
      return stats::No(stats::Reason::kZeroExpected,
                       "row " + std::to_string(point.row) + ": an event where nothing was expected has no likelihood");
    }
    p.tracks[0].values.push_back(step.llr);
    if (step.alarm) p.signals.push_back(stats::Expand(*step.alarm));
  }
  p.upper.assign(input.points.size(), d.critical);
  p.design = {{"critical", d.critical}, {"horizon", horizon}, {"min_events", static_cast<double>(min_events)}};
  if (const auto alpha = stats::MaxSprtAlpha(d.critical, horizon, static_cast<std::int64_t>(min_events)))
    p.design.emplace_back("false_signal_probability", *alpha);
  p.design.emplace_back("events", static_cast<double>(state.events));
  p.length.arl =
      stats::No(stats::Reason::kOutsideDomain, "a maxSPRT ends at its horizon; false_signal_probability is its error until then");
  return std::vector<ChartPanel>{std::move(p)};
}

}  // namespace

ChartPanels RiskCharts(const ChartInput& input, ChartDesigns* designs) {
  const std::string& kind = designs->request().kind;
  if (input.points.empty()) return stats::No(stats::Reason::kTooFew, "there is no case");
  if (kind == "sprt") return Sprt(input, designs);
  if (kind == "max-sprt") return MaxSprt(input, designs);
  std::vector<ChartPanel> panels;
  if (kind == "vlad") panels.push_back(Vlad(input));
  auto cusum = RaCusum(input, designs);
  if (!cusum && panels.empty()) return std::unexpected(cusum.error());
  if (cusum) panels.push_back(*std::move(cusum));
  return panels;
}

}  // namespace plumbline::analyse
