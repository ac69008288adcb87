// `analyse chart`: the figure. Panels of a process above each other; of many units those that signal, most signals first.
#include <algorithm>
#include <set>

#include "dashboards/figure/figure.h"
#include "engine/app/analyse/chart_panel.h"

namespace plumbline::analyse {
namespace {

constexpr std::size_t kMostPlots = 12;
constexpr std::size_t kMostDrawn = 3'000;  // points of a line; beyond it the extremes of each stretch are drawn

using Points = std::vector<std::pair<double, double>>;

Points Thinned(const std::vector<double>& values) {
  Points points;
  const std::size_t n = values.size(), stretch = n / (kMostDrawn / 2) + 1;
  if (n <= kMostDrawn) {
    for (std::size_t i = 0; i < n; ++i) points.emplace_back(static_cast<double>(i + 1), values[i]);
    return points;
  }
  for (std::size_t from = 0; from < n; from += stretch) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(from);
    const auto [low, high] =
        std::minmax_element(begin, values.begin() + static_cast<std::ptrdiff_t>(std::min(n, from + stretch)));
    for (const auto at : {std::min(low, high), std::max(low, high)}) {
      const double x = static_cast<double>(at - values.begin()) + 1;
      if (points.empty() || points.back().first < x) points.emplace_back(x, *at);
    }
  }
  return points;
}

// Limits are steps: they belong to the point, not to what lies between two. Corners only where the limit moves.
Points Steps(const std::vector<double>& limit) {
  Points points;
  for (std::size_t i = 0; i < limit.size(); ++i) {
    const double x = static_cast<double>(i + 1);
    const bool moved = i == 0 || limit[i] != limit[i - 1], moves = i + 1 == limit.size() || limit[i + 1] != limit[i];
    if (moved) points.emplace_back(x - 0.5, limit[i]);
    if (moves) points.emplace_back(x + 0.5, limit[i]);
  }
  return points;
}

std::string YLabel(const ChartRequest& r, const ChartPanel& p) {
  const Lang lang = r.common.lang;
  if (p.name == "Westgard") return Say(lang, "standard deviations from target", "偏离靶值的标准差数");
  if (p.name == "VLAD") return Say(lang, "expected minus observed events", "期望减观察事件数");
  if (p.name == "SPRT" || p.name == "maxSPRT") return Say(lang, "log likelihood ratio", "对数似然比");
  if (p.name.ends_with("CUSUM")) return Say(lang, "cumulative sum", "累积和");
  if (p.name == "T2" || p.name == "MEWMA") return "T²";
  if (p.name == "MR" || p.name == "R") return Say(lang, "range", "极差");
  if (p.name == "S") return Say(lang, "standard deviation", "标准差");
  if (!r.values.empty()) return r.values[0];
  return Say(lang, "proportion or rate", "比例或率");
}

std::string What(const ChartRequest& r) {
  if (!r.event.empty()) return r.event;
  if (r.values.empty()) return r.numerator;
  std::string names;
  for (const std::string& v : r.values) names += (names.empty() ? "" : ", ") + v;
  return names;
}

std::string LengthNote(const ChartPanel& p, Lang lang) {
  if (!p.length.arl)
    return Say(lang, "No average run length is stated: ", "未给出平均链长：") + p.length.arl.error().detail + ".";
  std::string unit = Say(lang, " points", " 个点");
  if (p.length.unit == "runs") unit = Say(lang, " runs", " 批");
  if (p.length.unit == "cases") unit = Say(lang, " cases", " 例");
  return Say(lang, "With nothing wrong this chart signals once in about ", "在受控状态下，本图平均每 ") + General(*p.length.arl) +
         unit +
         Say(lang, " (average run length), if points are independent and as the chart supposes.",
             " 出现一次信号（平均链长），前提是各点独立且符合图的分布假定。");
}

// The value, what else is drawn beside it, centre and limits.
void AddCurves(const ChartPanel& p, Lang lang, figure::Plot* plot) {
  plot->curves.push_back({"", Thinned(p.tracks[0].values), figure::Tone::kInk, figure::Dash::kSolid, 1});
  for (const ChartTrack& track : p.tracks) {
    if (track.name == "downward")
      plot->curves.push_back({"", Thinned(track.values), figure::Tone::kInk, figure::Dash::kSolid, 1});
  }
  if (!p.centre.empty())
    plot->curves.push_back({Say(lang, "centre", "中心线"), Steps(p.centre), figure::Tone::kAccent, figure::Dash::kShort});
  const std::string limits = Say(lang, "control limits", "控制限");
  if (!p.upper.empty()) plot->curves.push_back({limits, Steps(p.upper), figure::Tone::kMuted, figure::Dash::kLong});
  const bool floor = std::all_of(p.lower.begin(), p.lower.end(), [](double v) { return v == 0; });
  if (!p.lower.empty() && !floor) plot->curves.push_back({"", Steps(p.lower), figure::Tone::kMuted, figure::Dash::kLong});
}

void AddMarks(const ChartPanel& p, figure::Plot* plot) {
  std::set<std::pair<std::uint64_t, stats::Side>> flagged;
  for (const stats::Signal& s : p.signals) flagged.insert({s.at, s.side});
  const ChartTrack* down = nullptr;
  for (const ChartTrack& track : p.tracks) down = track.name == "downward" ? &track : down;
  if (p.labels.size() <= 400) {
    for (std::size_t i = 0; i < p.labels.size(); ++i)
      plot->marks.push_back({static_cast<double>(i + 1), p.tracks[0].values[i], figure::Shape::kDot, figure::Tone::kInk, ""});
  }
  bool first = true;
  for (const auto& [at, side] : flagged) {
    const bool low = side == stats::Side::kLower;
    const double value = low && down != nullptr ? down->values[at] : p.tracks[0].values[at];
    plot->marks.push_back({static_cast<double>(at + 1), value, low ? figure::Shape::kDown : figure::Shape::kUp,
                           low ? figure::Tone::kLow : figure::Tone::kHigh, first ? p.labels[at] : ""});
    first = false;
  }
}

figure::Plot PlotOf(const ChartRequest& r, const ChartPanel& p, const std::string& unit) {
  const Lang lang = r.common.lang;
  figure::Plot plot;
  plot.title =
      (r.common.title.empty() ? p.name + Say(lang, " chart: ", " 控制图：") + What(r) : r.common.title + " (" + p.name + ")") +
      (unit.empty() ? "" : ", " + unit);
  plot.subtitle =
      p.given ? Say(lang, "limits or expectations as given", "界限或期望为给定值")
              : Say(lang, "limits estimated from ", "界限由 ") + std::to_string(p.phase_one) + Say(lang, " points", " 个点估计");
  plot.x_label = r.subgroup.empty() ? Say(lang, "observations in order", "按序观察") : r.subgroup;
  plot.y_label = YLabel(r, p);
  AddCurves(p, lang, &plot);
  AddMarks(p, &plot);
  plot.legend = {
      {{0, 0, figure::Shape::kUp, figure::Tone::kHigh, ""}, Say(lang, "signal, high or either side", "信号：高或双侧")},
      {{0, 0, figure::Shape::kDown, figure::Tone::kLow, ""}, Say(lang, "signal, low", "信号：低")}};
  if (!p.given && p.phase_one > 0 && p.phase_one < p.labels.size() && p.name != "Westgard") {
    plot.vertical.push_back({static_cast<double>(p.phase_one) + 0.5, Say(lang, "end of phase I", "第一阶段结束"),
                             figure::Tone::kMuted, figure::Dash::kShort});
  }
  plot.notes = {LengthNote(p, lang)};
  return plot;
}

}  // namespace

std::string ChartFigure(const ChartRequest& r, const std::vector<UnitCharts>& charts) {
  std::vector<const UnitCharts*> order;
  for (const UnitCharts& c : charts) {
    if (c.panels) order.push_back(&c);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->Signals() > b->Signals(); });
  std::vector<figure::Plot> plots;
  for (const UnitCharts* c : order) {
    // Of many units the first panel (the chart of the level); of one all.
    const std::size_t panels = order.size() > 1 ? 1 : c->panels->size();
    for (std::size_t i = 0; i < panels && plots.size() < kMostPlots; ++i) plots.push_back(PlotOf(r, (*c->panels)[i], c->unit));
  }
  return figure::Render(plots);
}

}  // namespace plumbline::analyse
