// `plumbline analyse chart`: every chart of the library over a table's rows, of one process or of each unit.
#include "engine/stats/chart.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "engine/app/analyse/analyse.h"
#include "engine/app/analyse/chart_panel.h"

namespace plumbline::analyse {
namespace {

Result<std::uint8_t> TestsOf(const ChartRequest& r) {
  if (r.western_electric) return std::uint8_t{0b00110011};
  unsigned tests = 0;
  for (const std::string& t : SplitList(r.tests)) {
    if (t.size() != 1 || t[0] < '1' || t[0] > '8') return Fail(ErrorCode::kUsage, "--tests lists Nelson's tests, 1 to 8");
    tests |= 1U << (t[0] - '1');
  }
  if (tests == 0) return Fail(ErrorCode::kUsage, "--tests names at least one test");
  return static_cast<std::uint8_t>(tests);
}

Result<void> CheckNumbers(const ChartRequest& r) {
  if (r.sides != "both" && r.sides != "up") return Fail(ErrorCode::kUsage, "--sides is both or up");
  if (r.wanted_arl != 0 && !(r.wanted_arl > 1)) return Fail(ErrorCode::kUsage, "--arl is above 1");
  if (r.width < 0 || r.limit < 0 || r.phase_one < 0 || r.horizon < 0) return Fail(ErrorCode::kUsage, "a limit is not below 0");
  if ((r.limit > 0 || r.width > 0) && r.wanted_arl > 0)
    return Fail(ErrorCode::kUsage, "--arl designs the limit; it does not go with --limit or --width");
  if (!(r.headstart >= 0 && r.headstart < 1)) return Fail(ErrorCode::kUsage, "--headstart is a part of the limit, 0 to below 1");
  if (!(r.lambda > 0 && r.lambda <= 1)) return Fail(ErrorCode::kUsage, "--lambda is above 0 and at most 1");
  if (!(r.odds_ratio > 0) || r.odds_ratio == 1) return Fail(ErrorCode::kUsage, "--odds-ratio is above 0 and not 1");
  return {};
}

const char* SideKey(stats::Side side) {
  return side == stats::Side::kUpper ? "upper" : (side == stats::Side::kLower ? "lower" : "neither");
}
std::string SideWord(stats::Side side, Lang lang) {
  return side == stats::Side::kUpper ? Say(lang, "high", "高")
                                     : (side == stats::Side::kLower ? Say(lang, "low", "低") : Say(lang, "-", "-"));
}

void WriteLength(const RunLength& length, Json* json) {
  if (!length.arl) {
    json->Member("arl0", length.arl.error());
    return;
  }
  json->Member("arl0", *length.arl).Member("arl0_unit", length.unit.empty() ? "points" : length.unit);
  if (length.error > 0) json->Member("arl0_standard_error", length.error);
}

void WritePanel(const ChartPanel& p, bool points, Json* json) {
  json->Open('{')
      .Member("name", p.name)
      .Member("limits", p.given ? "given" : "phase_one")
      .MemberInteger("phase_one", p.phase_one);
  WriteLength(p.length, json);
  json->Key("design").Open('{');
  for (const auto& [name, value] : p.design) json->Member(name, value);
  json->Close('}');
  if (points) {
    json->Key("points").Open('[');
    for (std::size_t i = 0; i < p.labels.size(); ++i) {
      json->Open('{').Member("label", p.labels[i]);
      for (const ChartTrack& track : p.tracks) json->Member(track.name, track.values[i]);
      if (!p.centre.empty()) json->Member("centre", p.centre[i]);
      if (!p.lower.empty()) json->Member("lower", p.lower[i]);
      if (!p.upper.empty()) json->Member("upper", p.upper[i]);
      json->Close('}');
    }
    json->Close(']');
  }
  json->Key("signals").Open('[');
  for (const stats::Signal& s : p.signals) {
    json->Open('{')
        .Member("rule", stats::RuleName(s.rule))
        .Member("side", SideKey(s.side))
        .MemberInteger("at", s.at)
        .Member("label", p.labels[s.at])
        .Key("points")
        .Open('[');
    for (const std::uint64_t at : s.points) json->Integer(static_cast<std::int64_t>(at));
    json->Close(']').Close('}');
  }
  json->Close(']').Close('}');
}

std::string LengthText(const RunLength& length, Lang lang) {
  if (!length.arl) return Say(lang, "no average run length: ", "无平均链长：") + length.arl.error().detail;
  std::string unit = Say(lang, " points", " 个点");
  if (length.unit == "runs") unit = Say(lang, " runs", " 批");
  if (length.unit == "cases") unit = Say(lang, " cases", " 例");
  return Say(lang, "average run length in control ", "受控平均链长 ") + General(*length.arl) + unit +
         (length.error > 0
              ? Say(lang, " (simulated, standard error ", "（模拟，标准误 ") + General(length.error) + Say(lang, ")", "）")
              : "");
}

// Of the sum that signalled, where there are two.
double ValueOf(const ChartPanel& p, const stats::Signal& s) {
  for (const ChartTrack& track : p.tracks) {
    if (s.side == stats::Side::kLower && track.name == "downward") return track.values[s.at];
  }
  return p.tracks[0].values[s.at];
}

// A line on the chart and a table of its signals.
std::string PanelText(const ChartPanel& p, Lang lang) {
  std::string out =
      p.name + Say(lang, " chart, ", " 控制图，") + std::to_string(p.labels.size()) + Say(lang, " points; ", " 个点；") +
      (p.given ? Say(lang, "limits given", "界限为给定值")
               : Say(lang, "estimated from ", "由 ") + std::to_string(p.phase_one) + Say(lang, " points", " 个点估计")) +
      "; " + LengthText(p.length, lang) + "\n";
  for (std::size_t i = 0; i < p.design.size(); ++i)
    out += (i == 0 ? "  " : ", ") + p.design[i].first + " " + General(p.design[i].second);
  out += p.design.empty() ? "" : "\n";
  if (p.signals.empty()) return out + Say(lang, "no signal\n", "无信号\n");
  constexpr std::size_t kShown = 200;
  TextTable shown({Say(lang, "signal at", "信号位置"), Say(lang, "rule", "规则"), Say(lang, "side", "方向"),
                   Say(lang, "value", "值"), Say(lang, "points", "涉及的点")});
  for (std::size_t i = 0; i < std::min(kShown, p.signals.size()); ++i) {
    const stats::Signal& s = p.signals[i];
    const std::string points = s.points.size() == 1 ? p.labels[s.at]
                                                    : p.labels[s.points.front()] + " .. " + p.labels[s.at] + " (" +
                                                          std::to_string(s.points.size()) + ")";
    shown.Row({p.labels[s.at], std::string(stats::RuleName(s.rule)), SideWord(s.side, lang), General(ValueOf(p, s)), points});
  }
  out += shown.Render();
  if (p.signals.size() > kShown)
    out +=
        std::to_string(p.signals.size() - kShown) + Say(lang, " more signals: --json has them\n", " 个信号未列出，见 --json\n");
  return out;
}

std::string UnitsText(const ChartRequest& r, const std::vector<UnitCharts>& charts) {
  const Lang lang = r.common.lang;
  TextTable shown({r.unit, Say(lang, "points", "点数"), Say(lang, "signals", "信号数"), Say(lang, "first at", "首次位置"),
                   Say(lang, "rules", "规则")});
  std::vector<const UnitCharts*> order;
  for (const UnitCharts& c : charts) order.push_back(&c);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->Signals() > b->Signals(); });
  std::size_t hidden = 0;
  const ChartPanel* any = nullptr;
  for (const UnitCharts* c : order) {
    if (!c->panels) {
      ++hidden;
      continue;
    }
    std::set<std::string> rules;
    std::string first;
    for (const ChartPanel& p : *c->panels) {
      any = any == nullptr ? &p : any;
      for (const stats::Signal& s : p.signals) {
        rules.insert(std::string(stats::RuleName(s.rule)));
        if (first.empty()) first = p.labels[s.at];
      }
    }
    std::string names;
    for (const std::string& rule : rules) names += (names.empty() ? "" : " ") + rule;
    shown.Row({c->unit, std::to_string(c->points), std::to_string(c->Signals()), first, names});
  }
  return (any == nullptr
              ? ""
              : any->name + Say(lang, " chart of each unit; ", " 控制图（按单位）；") + LengthText(any->length, lang) + "\n") +
         shown.Render() + std::to_string(hidden) +
         Say(lang, " units could not be charted or are below min_n\n", " 个单位无法作图或低于 min_n\n");
}

class Charting {
 public:
  explicit Charting(const ChartRequest& r) : r_(r), kind_(FindChartKind(r.kind)) {}

  Result<Report> Run() {
    if (kind_ == nullptr) return Fail(ErrorCode::kUsage, "--kind is one of " + ChartKindNames());
    PLUMBLINE_TRY(CheckNumbers(r_));
    PLUMBLINE_ASSIGN(options_, ChartOptionsOf(r_));
    PLUMBLINE_ASSIGN(westgard_, WestgardOptionsOf(r_));
    PLUMBLINE_ASSIGN(const std::vector<std::string> columns, ChartColumns(r_, *kind_));
    PLUMBLINE_ASSIGN(const Table table, Load(r_.common.table, columns));
    PLUMBLINE_ASSIGN(const ChartData data, ReadChart(r_, *kind_, table));
    ChartDesigns designs(r_, data);
    std::vector<UnitCharts> charts;
    std::size_t done = 0;
    for (const ChartInput& input : data.inputs) {
      charts.push_back(Make(input, &designs));
      Progress(++done, data.inputs.size());
    }
    const bool single = r_.unit.empty() && data.inputs.size() == 1;
    if (single && !charts[0].panels) return Fail(ErrorCode::kInvalidArgument, "chart: " + charts[0].panels.error().detail);
    return Reported(charts, data, single);
  }

 private:
  UnitCharts Make(const ChartInput& input, ChartDesigns* designs) const {
    UnitCharts made{input.unit, input.points.size(), stats::No(stats::Reason::kTooFew, "fewer points than min_n")};
    if (static_cast<std::int64_t>(input.points.size()) < r_.min_n) return made;
    switch (kind_->shape) {
      case InputShape::kControl:
        made.panels = WestgardChart(input, westgard_, designs);
        break;
      case InputShape::kCase:
      case InputShape::kMonitored:
        made.panels = RiskCharts(input, designs);
        break;
      default: {
        const bool stream = r_.kind == "ewma" || r_.kind == "cusum" || r_.kind == "mewma";
        made.panels = stream ? StreamCharts(input, options_, designs) : TableCharts(input, options_, designs);
      }
    }
    return made;
  }

  void Progress(std::size_t done, std::size_t all) const {
    if (!r_.common.table.progress || all < 100 || done % (all / 50) != 0) return;
    std::fprintf(stderr, "\rcharting: %zu of %zu units%s", done, all, done == all ? "\n" : "");
  }

  Report Reported(const std::vector<UnitCharts>& charts, const ChartData& data, bool single) const {
    Report report;
    Json json;
    json.Open('{').Member("analysis", "chart").Member("table", r_.common.table.path).Member("kind", r_.kind);
    json.MemberInteger("missing", data.missing)
        .MemberInteger("min_n", static_cast<std::uint64_t>(std::max<std::int64_t>(0, r_.min_n)));
    if (!single) json.Member("unit", r_.unit).Key("units").Open('[');
    for (const UnitCharts& c : charts) {
      if (!single) json.Open('{').Member("unit", c.unit).MemberInteger("n", c.points);
      if (c.panels) {
        json.Key("charts").Open('[');
        for (const ChartPanel& p : *c.panels) WritePanel(p, true, &json);
        json.Close(']');
      } else {
        json.Member("not_shown", c.panels.error());
      }
      if (!single) json.Close('}');
      report.findings = report.findings || c.Signals() > 0;
    }
    if (!single) json.Close(']');
    report.json = json.Close('}').text();
    if (single) {
      for (const ChartPanel& p : *charts[0].panels)
        report.text += (report.text.empty() ? "" : "\n") + PanelText(p, r_.common.lang);
    } else {
      report.text = UnitsText(r_, charts);
    }
    if (data.missing > 0)
      report.text +=
          std::to_string(data.missing) + Say(r_.common.lang, " rows without a value were left out\n", " 行缺值，已略去\n");
    report.svg = ChartFigure(r_, charts);
    return report;
  }

  const ChartRequest& r_;
  const ChartKind* kind_;
  stats::ChartOptions options_;
  stats::WestgardOptions westgard_;
};

}  // namespace

std::size_t UnitCharts::Signals() const {
  std::size_t n = 0;
  if (!panels) return n;
  for (const ChartPanel& p : *panels) {
    // A sequential test that accepts what was expected is no finding.
    n += static_cast<std::size_t>(std::count_if(p.signals.begin(), p.signals.end(), [](const stats::Signal& s) {
      return s.rule != stats::Rule::kSprt || s.side == stats::Side::kUpper;
    }));
  }
  return n;
}

Result<stats::ChartOptions> ChartOptionsOf(const ChartRequest& r) {
  stats::ChartOptions o;
  o.phase_one = static_cast<std::size_t>(std::max<std::int64_t>(0, r.phase_one));
  for (const std::int64_t point : r.exclude) {
    if (point < 1) return Fail(ErrorCode::kUsage, "--exclude counts points from 1");
    o.exclude.push_back(static_cast<std::size_t>(point - 1));
  }
  if (r.wanted_arl > 0) o.wanted_arl = r.wanted_arl;
  if (r.width > 0) o.width = r.width;
  if (r.centre) o.given = stats::Standards{*r.centre, r.sigma.value_or(1)};
  const ChartKind* const kind = FindChartKind(r.kind);
  const bool measured = kind != nullptr && (kind->shape == InputShape::kValue || kind->shape == InputShape::kSubgroup);
  if (r.centre && !r.sigma && measured && r.kind != "runs")
    return Fail(ErrorCode::kUsage, "--centre needs --sigma for a chart of measured values");
  if (r.sigma && !r.centre) return Fail(ErrorCode::kUsage, "--sigma needs --centre");
  PLUMBLINE_ASSIGN(o.tests, TestsOf(r));
  if (r.western_electric) o.runs = stats::WesternElectric();
  o.runs.newest_outside = !r.any_of_window;
  o.runs.beyond_needs_both_sides = r.both_sides;
  o.rounded_d2 = r.rounded_d2;
  o.screen_moving_ranges = r.screen;
  return o;
}

Result<stats::WestgardOptions> WestgardOptionsOf(const ChartRequest& r) {
  stats::WestgardOptions o;
  o.warning_is_gate = r.gate;
  o.range_across_runs = r.r4s_across_runs;
  if (r.r4s != "opposite" && r.r4s != "range") return Fail(ErrorCode::kUsage, "--r4s is opposite or range");
  o.range = r.r4s == "range" ? stats::RangeReading::kRangeBeyond4 : stats::RangeReading::kOppositeBeyond2;
  if (r.windows != "both" && r.windows != "within" && r.windows != "across")
    return Fail(ErrorCode::kUsage, "--windows is within, across or both");
  o.within_material = r.windows != "across";
  o.across_materials = r.windows != "within";
  if (r.rules.empty()) return o;
  o.rules = 0;
  for (const std::string& name : SplitList(r.rules)) {
    bool found = false;
    for (auto rule = static_cast<unsigned>(stats::Rule::kWestgard12s); rule <= static_cast<unsigned>(stats::Rule::kWestgard7T);
         ++rule) {
      if (stats::RuleName(static_cast<stats::Rule>(rule)) != name) continue;
      o.rules = static_cast<std::uint16_t>(o.rules | (1U << (rule - static_cast<unsigned>(stats::Rule::kWestgard12s))));
      found = true;
    }
    if (!found)
      return Fail(ErrorCode::kUsage, "\"" + name + "\" is no rule; there are 1-2s,1-3s,2-2s,R-4s,3-1s,4-1s,6x,8x,9x,10x,12x,7T");
  }
  return o;
}

Result<Report> AnalyseChart(const ChartRequest& request) { return Charting(request).Run(); }

}  // namespace plumbline::analyse
