// `plumbline analyse chart`: a control chart over the rows, or over subgroups of them, in the order of a column.
#include "engine/stats/chart.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "connectors/csv/csv_reader.h"
#include "dashboards/figure/figure.h"
#include "engine/app/analyse/analyse.h"

namespace plumbline::analyse {
namespace {

struct Series {
  std::vector<double> values;                  // i, c, g, t
  std::vector<double> events, sizes;           // p, u, laney
  std::vector<std::vector<double>> subgroups;  // xbar
  std::vector<std::string> labels;             // of the points: row numbers or subgroup names
};

bool IsCounts(const std::string& kind) { return kind == "p" || kind == "u" || kind == "laney-p" || kind == "laney-u"; }
bool IsSubgroups(const std::string& kind) { return kind == "xbar-s" || kind == "xbar-r"; }

// Row order: the order column, else the file's.
Result<std::vector<std::size_t>> Order(const ChartRequest& r, const Table& table) {
  std::vector<std::size_t> order(table.rows());
  std::iota(order.begin(), order.end(), 0);
  if (r.order.empty()) return order;
  PLUMBLINE_ASSIGN(const std::vector<double> keys, table.Numbers(r.order));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  return order;
}

Result<Series> SeriesOf(const ChartRequest& r, const Table& table) {
  PLUMBLINE_ASSIGN(const std::vector<std::size_t> order, Order(r, table));
  Series s;
  std::vector<double> values, a, b;
  std::vector<bool> present(table.rows(), true);
  if (!r.event.empty()) {
    PLUMBLINE_ASSIGN(const Condition event, ParseCondition(r.event));
    for (std::size_t i = 0; i < table.rows(); ++i) {
      const std::string& text = table.Column(event.column)[i];
      present[i] = !text.empty();
      const auto holds = present[i] ? Holds(event, text) : Result<bool>(false);
      if (!holds) return std::unexpected(table.At(i, event.column, holds.error().message));
      a.push_back(*holds ? 1 : 0);
      b.push_back(1);
    }
  } else if (IsCounts(r.kind)) {
    PLUMBLINE_ASSIGN(a, table.Numbers(r.numerator));
    PLUMBLINE_ASSIGN(b, table.Numbers(r.denominator));
  } else {
    for (std::size_t i = 0; i < table.rows(); ++i) {
      const std::string& text = table.Column(r.value)[i];
      const auto number = csv::ParseNumber(text);
      present[i] = !text.empty();
      if (!number && present[i])
        return std::unexpected(table.At(i, r.value, "\"" + text.substr(0, 40) + "\" is not a finite number"));
      values.push_back(number.value_or(0));
    }
  }
  std::string last;
  bool any = false;
  for (const std::size_t i : order) {
    if (!present[i]) continue;
    const std::string label = r.subgroup.empty() ? std::to_string(table.RowNumber(i)) : table.Column(r.subgroup)[i];
    const bool fresh = r.subgroup.empty() || !any || label != last;
    any = true;
    last = label;
    if (fresh) s.labels.push_back(label);
    if (IsCounts(r.kind)) {
      if (fresh) {
        s.events.push_back(0);
        s.sizes.push_back(0);
      }
      s.events.back() += a[i];
      s.sizes.back() += b[i];
    } else if (IsSubgroups(r.kind)) {
      if (fresh) s.subgroups.emplace_back();
      s.subgroups.back().push_back(values[i]);
    } else {
      s.values.push_back(values[i]);
    }
  }
  return s;
}

stats::Outcome<stats::Chart> Make(const ChartRequest& r, const Series& s, const stats::ChartOptions& o) {
  if (r.kind == "i") {
    PLUMBLINE_ASSIGN(stats::IndividualsCharts c, stats::ChartIndividuals(s.values, o));
    return c.individuals;
  }
  if (r.kind == "p") return stats::ChartP(s.events, s.sizes, o);
  if (r.kind == "u") return stats::ChartU(s.events, s.sizes, o);
  if (r.kind == "c") return stats::ChartC(s.values, o);
  if (r.kind == "g") return stats::ChartG(s.values, o);
  if (r.kind == "t") {
    PLUMBLINE_ASSIGN(stats::TimeBetweenChart c, stats::ChartT(s.values, o));
    return c.chart;
  }
  if (r.kind == "laney-p" || r.kind == "laney-u") {
    PLUMBLINE_ASSIGN(stats::LaneyChart c,
                     r.kind == "laney-p" ? stats::ChartLaneyP(s.events, s.sizes, o) : stats::ChartLaneyU(s.events, s.sizes, o));
    return c.chart;
  }
  if (IsSubgroups(r.kind)) {
    PLUMBLINE_ASSIGN(
        stats::SubgroupCharts c,
        stats::ChartSubgroups(s.subgroups, r.kind == "xbar-r" ? stats::SpreadBy::kRange : stats::SpreadBy::kDeviation, o));
    return c.means;
  }
  return stats::No(stats::Reason::kOutsideDomain, "--kind is i, p, u, c, laney-p, laney-u, g, t, xbar-r or xbar-s");
}

figure::Plot PlotOf(const ChartRequest& r, const stats::Chart& chart) {
  const Lang lang = r.common.lang;
  figure::Plot p;
  p.title = !r.common.title.empty() ? r.common.title
                                    : chart.name + Say(lang, " chart: ", " 控制图：") +
                                          (r.event.empty() ? (r.value.empty() ? r.numerator : r.value) : r.event);
  p.subtitle = chart.limits == stats::LimitsFrom::kGiven
                   ? Say(lang, "limits as given", "界限为给定值")
                   : Say(lang, "limits estimated from the first ", "界限由前 ") + std::to_string(chart.phase_one) +
                         Say(lang, " points", " 个点估计");
  p.x_label = r.subgroup.empty() ? Say(lang, "observations in order", "按序观察") : r.subgroup;
  p.y_label = r.value.empty() ? Say(lang, "proportion or rate", "比例或率") : r.value;
  std::vector<std::pair<double, double>> values, lower, upper, centre;
  std::set<std::uint64_t> flagged;
  for (const stats::Signal& s : chart.signals) flagged.insert(s.at);
  for (std::size_t i = 0; i < chart.points.size(); ++i) {
    const stats::ChartPoint& point = chart.points[i];
    const double x = static_cast<double>(i + 1);
    values.emplace_back(x, point.value);
    centre.emplace_back(x, point.centre);
    // Limits are steps: they belong to the point, not to what lies between two.
    lower.emplace_back(x - 0.5, point.lower);
    lower.emplace_back(x + 0.5, point.lower);
    upper.emplace_back(x - 0.5, point.upper);
    upper.emplace_back(x + 0.5, point.upper);
    const bool mark = flagged.contains(i);
    if (!mark && chart.points.size() > 400) continue;
    const bool high = point.value > point.centre;
    p.marks.push_back({x, point.value, mark ? (high ? figure::Shape::kUp : figure::Shape::kDown) : figure::Shape::kDot,
                       mark ? (high ? figure::Tone::kHigh : figure::Tone::kLow) : figure::Tone::kInk, ""});
  }
  p.curves.push_back({"", values, figure::Tone::kInk, figure::Dash::kSolid, 1});
  p.curves.push_back({Say(lang, "centre", "中心线"), centre, figure::Tone::kAccent, figure::Dash::kShort});
  p.curves.push_back({Say(lang, "control limits", "控制限"), upper, figure::Tone::kMuted, figure::Dash::kLong});
  p.curves.push_back({"", lower, figure::Tone::kMuted, figure::Dash::kLong});
  p.legend = {{{0, 0, figure::Shape::kUp, figure::Tone::kHigh, ""}, Say(lang, "signal, high", "信号：高")},
              {{0, 0, figure::Shape::kDown, figure::Tone::kLow, ""}, Say(lang, "signal, low", "信号：低")}};
  if (chart.phase_one > 0 && chart.phase_one < chart.points.size()) {
    p.vertical.push_back({static_cast<double>(chart.phase_one) + 0.5, Say(lang, "end of phase I", "第一阶段结束"),
                          figure::Tone::kMuted, figure::Dash::kShort});
  }
  p.notes = {chart.arl0
                 ? Say(lang, "With nothing wrong this chart signals once in about ", "在受控状态下，本图平均每 ") +
                       General(*chart.arl0) +
                       Say(lang, " points (average run length), if points are independent and as the chart supposes.",
                           " 个点出现一次信号（平均链长），前提是各点独立且符合图的分布假定。")
                 : Say(lang, "The average run length could not be stated: ", "无法给出平均链长：") + chart.arl0.error().detail};
  return p;
}

// The columns that the kind of chart reads; kUsage where the request does not name them.
Result<std::vector<std::string>> ColumnsOf(const ChartRequest& r) {
  std::vector<std::string> columns;
  if (!r.event.empty()) {
    PLUMBLINE_ASSIGN(const Condition event, ParseCondition(r.event));
    columns.push_back(event.column);
    if (!IsCounts(r.kind) || r.subgroup.empty())
      return Fail(ErrorCode::kUsage, "--event goes with --kind p, u or laney-p and --subgroup");
  } else if (IsCounts(r.kind)) {
    if (r.numerator.empty() || r.denominator.empty())
      return Fail(ErrorCode::kUsage, "this chart needs --numerator and --denominator, or --event with --subgroup");
    columns = {r.numerator, r.denominator};
  } else {
    if (r.value.empty()) return Fail(ErrorCode::kUsage, "--value is needed");
    columns = {r.value};
  }
  if (IsSubgroups(r.kind) && r.subgroup.empty()) return Fail(ErrorCode::kUsage, "this chart needs --subgroup");
  for (const std::string& c : {r.order, r.subgroup}) {
    if (!c.empty()) columns.push_back(c);
  }
  return columns;
}

Result<stats::ChartOptions> OptionsOf(const ChartRequest& r) {
  stats::ChartOptions o;
  o.phase_one = static_cast<std::size_t>(std::max<std::int64_t>(0, r.phase_one));
  if (r.wanted_arl > 0) o.wanted_arl = r.wanted_arl;
  o.tests = 0;
  for (const std::string& t : SplitList(r.tests)) {
    if (t.size() != 1 || t[0] < '1' || t[0] > '8') return Fail(ErrorCode::kUsage, "--tests lists Nelson's tests, 1 to 8");
    o.tests = static_cast<std::uint8_t>(o.tests | (1U << (t[0] - '1')));
  }
  return o;
}

std::string JsonOf(const ChartRequest& r, const Series& series, const stats::Chart& chart) {
  Json json;
  json.Open('{')
      .Member("analysis", "chart")
      .Member("table", r.common.table.path)
      .Member("kind", r.kind)
      .Member("centre", chart.centre)
      .MemberInteger("phase_one", chart.phase_one);
  if (chart.arl0) {
    json.Member("arl0", *chart.arl0);
  } else {
    json.Member("arl0", chart.arl0.error());
  }
  json.Key("points").Open('[');
  for (std::size_t i = 0; i < chart.points.size(); ++i) {
    const auto& p = chart.points[i];
    json.Open('{')
        .Member("label", i < series.labels.size() ? series.labels[i] : "")
        .Member("value", p.value)
        .Member("centre", p.centre)
        .Member("lower", p.lower)
        .Member("upper", p.upper)
        .Close('}');
  }
  json.Close(']').Key("signals").Open('[');
  for (const stats::Signal& s : chart.signals) {
    json.Open('{').Member("rule", stats::RuleName(s.rule)).MemberInteger("at", s.at).Key("points").Open('[');
    for (const std::uint64_t p : s.points) json.Integer(static_cast<std::int64_t>(p));
    json.Close(']').Close('}');
  }
  return json.Close(']').Close('}').text();
}

// A line on the chart and a table of its signals.
std::string TextOf(Lang lang, const Series& series, const stats::Chart& chart) {
  TextTable shown(
      {Say(lang, "signal at", "信号位置"), Say(lang, "rule", "规则"), Say(lang, "value", "值"), Say(lang, "points", "涉及的点")});
  for (const stats::Signal& s : chart.signals) {
    const std::string label = s.at < series.labels.size() ? series.labels[s.at] : std::to_string(s.at + 1);
    shown.Row({label, std::string(stats::RuleName(s.rule)), s.at < chart.points.size() ? General(chart.points[s.at].value) : "",
               std::to_string(s.points.size())});
  }
  return chart.name + Say(lang, " chart, ", " 控制图，") + std::to_string(chart.points.size()) +
         Say(lang, " points, centre ", " 个点，中心 ") + General(chart.centre) + "\n" + shown.Render();
}

}  // namespace

Result<Report> AnalyseChart(const ChartRequest& r) {
  PLUMBLINE_ASSIGN(const std::vector<std::string> columns, ColumnsOf(r));
  PLUMBLINE_ASSIGN(const Table table, Load(r.common.table, columns));
  PLUMBLINE_ASSIGN(const Series series, SeriesOf(r, table));
  PLUMBLINE_ASSIGN(const stats::ChartOptions options, OptionsOf(r));
  const auto chart = Make(r, series, options);
  if (!chart) return Fail(ErrorCode::kInvalidArgument, "chart: " + chart.error().detail);
  Report report;
  report.findings = !chart->signals.empty();
  report.json = JsonOf(r, series, *chart);
  report.text = TextOf(r.common.lang, series, *chart);
  report.svg = figure::Render(PlotOf(r, *chart));
  return report;
}

}  // namespace plumbline::analyse
