// `plumbline analyse detect`: the risk-adjusted e-detector over a table: who has begun to do otherwise than the experts, with the
// false alerts that people allowed.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>

#include "connectors/csv/csv_reader.h"
#include "dashboards/figure/figure.h"
#include "engine/app/analyse/analyse.h"
#include "engine/base/math.h"
#include "engine/stats/allowance.h"
#include "engine/stats/baseline.h"
#include "engine/stats/confidence_sequence.h"
#include "engine/stats/e_detector.h"
#include "engine/stats/multiple_testing.h"

namespace plumbline::analyse {
namespace {

// One step of a unit: a cluster's rows.
struct Step {
  std::size_t unit = 0;
  double y = 0, low = 0, high = 0;  // means over the rows, on [0,1]
  double rows = 0;
  std::uint64_t row_number = 0;  // of its first row
};

struct Steps {
  std::vector<std::string> units;
  std::vector<Step> steps;  // in order
  std::size_t missing = 0;
  double scale = 1;     // value units per unit of y
  double alpha0 = 0;    // of a learnt baseline
  std::string against;  // what was expected, for people
};

struct Row {
  bool use = false;
  double y = 0, low = 0, high = 0;
};

std::vector<std::string> ColumnsOf(const DetectRequest& r, const std::vector<std::string>& features) {
  std::vector<std::string> columns = {r.unit};
  for (const std::string& c : {r.value, r.cluster, r.order, r.expected, r.stratum}) {
    if (!c.empty()) columns.push_back(c);
  }
  if (!r.event.empty()) columns.push_back(ParseCondition(r.event)->column);
  for (const std::string& c : SplitList(r.panel)) columns.push_back(c);
  columns.insert(columns.end(), features.begin(), features.end());
  return columns;
}

// The outcome of every row on [0,1].
Result<std::vector<Row>> Outcomes(const DetectRequest& r, const Table& table, Steps* out) {
  std::vector<Row> rows(table.rows());
  if (!r.event.empty()) {
    PLUMBLINE_ASSIGN(const Condition event, ParseCondition(r.event));
    const std::vector<std::string>& texts = table.Column(event.column);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (texts[i].empty()) continue;
      const auto holds = Holds(event, texts[i]);
      if (!holds) return std::unexpected(table.At(i, event.column, holds.error().message));
      rows[i] = {true, *holds ? 1.0 : 0.0, 0, 0};
    }
    return rows;
  }
  if (!(r.high > r.low)) return Fail(ErrorCode::kUsage, "--range wants a low and a higher end");
  out->scale = r.high - r.low;
  const std::vector<std::string>& texts = table.Column(r.value);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (texts[i].empty()) continue;
    const auto value = csv::ParseNumber(texts[i]);
    if (!value) return std::unexpected(table.At(i, r.value, "\"" + texts[i].substr(0, 40) + "\" is not a finite number"));
    if (*value < r.low || *value > r.high) return std::unexpected(table.At(i, r.value, texts[i] + " is outside --range"));
    rows[i] = {true, (*value - r.low) / out->scale, 0, 0};
  }
  return rows;
}

// Deviation from the other readers of the same case, on [0,1] with 1/2 for none.
void AgainstPanel(const DetectRequest& r, const Table& table, std::vector<Row>* rows, Steps* out) {
  const Table::Coded cases = table.Codes(SplitList(r.panel));
  std::vector<double> total(cases.names.size()), n(cases.names.size());
  for (std::size_t i = 0; i < rows->size(); ++i) {
    if (!(*rows)[i].use) continue;
    total[cases.index[i]] += (*rows)[i].y;
    n[cases.index[i]] += 1;
  }
  for (std::size_t i = 0; i < rows->size(); ++i) {
    Row& row = (*rows)[i];
    const std::size_t c = cases.index[i];
    row.use = row.use && n[c] > 1;
    if (!row.use) continue;
    const double others = (total[c] - row.y) / (n[c] - 1);
    row = {true, std::clamp((row.y - others + 1) / 2, 0.0, 1.0), 0.5, 0.5};
  }
  out->scale *= 2;
  out->against = Say(r.common.lang, "the other readers of the same case", "同病例其他阅片者");
}

Result<void> AgainstBaseline(const DetectRequest& r, const Table& table, const stats::Baseline& b, std::vector<Row>* rows,
                             Steps* out) {
  const bool scaled = r.event.empty();
  for (std::size_t i = 0; i < rows->size(); ++i) {
    Row& row = (*rows)[i];
    if (!row.use) continue;
    stats::CaseMix mix;
    if (!r.stratum.empty()) mix.stratum = table.Column(r.stratum)[i];
    if (b.model) {
      std::map<std::string, std::string> values;
      bool whole = true;
      for (const stats::Feature& f : b.features) {
        values[f.column] = table.Column(f.column)[i];
        whole = whole && !values[f.column].empty();
      }
      row.use = whole;
      if (!whole) continue;
      auto encoded = stats::EncodeFeatures(b, values);
      if (!encoded) return std::unexpected(table.At(i, b.features[0].column, encoded.error().message));
      mix.features = std::move(*encoded);
    }
    if (scaled) {
      const auto y = stats::ScaleOutcome(b, r.low + row.y * (r.high - r.low));
      if (!y) return std::unexpected(table.At(i, r.value, "the value is outside the baseline's range"));
      row.y = *y;
    }
    const stats::Prediction p = stats::Expect(b, mix);
    row.low = p.low;
    row.high = p.high;
  }
  if (scaled) out->scale = b.high - b.low;
  out->alpha0 = b.alpha0;
  out->against =
      Say(r.common.lang, "baseline ", "基线 ") + (b.name.empty() ? "" : b.name + " ") + b.DigestHexText().substr(0, 12);
  return {};
}

// Rows to steps: clusters of a unit in the order of their first row.
void Cluster(const DetectRequest& r, const Table& table, const std::vector<Row>& rows, const std::vector<std::size_t>& order,
             const Table::Coded& unit, Steps* out) {
  std::map<std::pair<std::size_t, std::string>, std::size_t> at;
  for (const std::size_t i : order) {
    if (!rows[i].use) {
      ++out->missing;
      continue;
    }
    std::size_t step = out->steps.size();
    if (!r.cluster.empty()) {
      const auto [it, fresh] = at.emplace(std::pair{unit.index[i], table.Column(r.cluster)[i]}, step);
      step = it->second;
    }
    if (step == out->steps.size()) out->steps.push_back({unit.index[i], 0, 0, 0, 0, table.RowNumber(i)});
    Step& s = out->steps[step];
    s.y += rows[i].y;
    s.low += rows[i].low;
    s.high += rows[i].high;
    s.rows += 1;
  }
  for (Step& s : out->steps) {
    s.y /= s.rows;
    s.low /= s.rows;
    s.high /= s.rows;
  }
}

// All units together: the mean over steps, with its bound at alpha0 (Student's t over steps, the units taken as if alike).
void AgainstAll(const DetectRequest& r, Steps* out) {
  const double n = static_cast<double>(out->steps.size());
  double mean = 0, squares = 0;
  for (const Step& s : out->steps) mean += s.y / n;
  for (const Step& s : out->steps) squares += (s.y - mean) * (s.y - mean);
  const double half = n > 1 ? 1.6448536269514722 * std::sqrt(squares / (n - 1) / n) : 1;
  for (Step& s : out->steps) {
    s.low = std::max(0.0, mean - half);
    s.high = std::min(1.0, mean + half);
  }
  out->alpha0 = 0.05;
  out->against = Say(r.common.lang, "all units together", "全部单位合计");
}

Result<Steps> MakeSteps(const DetectRequest& r) {
  std::optional<stats::Baseline> baseline;
  std::vector<std::string> features;
  if (!r.baseline.empty()) {
    PLUMBLINE_ASSIGN(baseline, LoadBaseline(r.baseline, r.baseline_digest));
    for (const stats::Feature& f : baseline->features) features.push_back(f.column);
  }
  if (!r.event.empty()) PLUMBLINE_TRY(ParseCondition(r.event));
  PLUMBLINE_ASSIGN(const Table table, Load(r.common.table, ColumnsOf(r, features)));
  const Table::Coded unit = table.Codes(r.unit);
  Steps out;
  out.units = unit.names;
  PLUMBLINE_ASSIGN(std::vector<Row> rows, Outcomes(r, table, &out));
  if (!r.panel.empty()) {
    AgainstPanel(r, table, &rows, &out);
  } else if (baseline) {
    PLUMBLINE_TRY(AgainstBaseline(r, table, *baseline, &rows, &out));
  } else if (!r.expected.empty()) {
    PLUMBLINE_ASSIGN(const std::vector<double> expected, table.Numbers(r.expected));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double e = r.event.empty() ? (expected[i] - r.low) / (r.high - r.low) : expected[i];
      if (rows[i].use && !(e >= 0 && e <= 1))
        return std::unexpected(table.At(i, r.expected, "the expected value is outside the range"));
      rows[i].low = rows[i].high = e;
    }
    out.against = r.expected;
  }
  std::vector<std::size_t> order(table.rows());
  std::iota(order.begin(), order.end(), 0);
  if (!r.order.empty()) {
    PLUMBLINE_ASSIGN(const std::vector<double> keys, table.Numbers(r.order));
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  }
  Cluster(r, table, rows, order, unit, &out);
  if (out.steps.empty()) return Fail(ErrorCode::kParse, table.path() + ": no row has an outcome and what it is compared with");
  if (out.against.empty()) AgainstAll(r, &out);
  return out;
}

Result<stats::Promise> PromiseOf(const DetectRequest& r, const Steps& steps) {
  const double n = static_cast<double>(steps.steps.size()), units = static_cast<double>(steps.units.size());
  stats::Promise promise;
  promise.baseline_error = steps.alpha0;
  promise.observations_in_period = n;
  promise.allowance.period_days = std::max(0.0, r.days);
  const int ways = (r.threshold > 0) + (r.false_alerts > 0) + !r.allowance.empty();
  if (ways != 1) return Fail(ErrorCode::kUsage, "one of --allowance with --days, --false-alerts or --threshold is needed");
  if (!r.allowance.empty()) {
    if (!(r.days > 0)) return Fail(ErrorCode::kUsage, "--allowance needs --days: how many days the table covers");
    const auto allowance = stats::ParseAllowance(r.allowance);
    if (!allowance) return Fail(ErrorCode::kUsage, allowance.error().detail);
    const auto made = stats::ThresholdFor(*allowance, {n / r.days, units}, steps.alpha0);
    if (!made) return Fail(ErrorCode::kUsage, made.error().detail);
    return *made;
  }
  promise.threshold = r.threshold > 0 ? r.threshold : n / r.false_alerts;
  if (promise.threshold <= 1)
    return Fail(ErrorCode::kUsage, "the threshold c must be above 1: fewer false alerts than observations");
  promise.expected_false_alerts = n / promise.threshold;
  promise.allowance.alerts = promise.expected_false_alerts;
  return promise;
}

std::string PromiseText(const stats::Promise& promise, Lang lang) {
  if (lang == Lang::kEn) return promise.Text();
  std::array<char, 64> period{};
  if (promise.allowance.period_days > 0) {
    std::snprintf(period.data(), period.size(), "%.4g 天", promise.allowance.period_days);
  } else {
    std::snprintf(period.data(), period.size(), "%.6g 次观察", promise.observations_in_period);
  }
  std::array<char, 320> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%s内%s的期望误报数不超过 %.4g（c = %.6g，%.6g 次观察；%s%.3g）", period.data(),
                promise.allowance.scope == stats::Allowance::Scope::kAllUnits ? "全部单位" : "每个单位",
                promise.expected_false_alerts, promise.threshold, promise.observations_in_period,
                promise.baseline_error > 0 ? "基线界限有误的概率至多 " : "alpha0 = ", promise.baseline_error);
  return buffer.data();
}

struct UnitResult {
  std::size_t unit = 0;
  stats::EDetectorState state;
  stats::EmpiricalBernsteinSequence excess;
  double rows = 0;
  struct Signal {
    std::uint64_t step;
    std::uint64_t row;
    bool up;
  };
  std::vector<Signal> alarms;
  std::vector<double> path;  // log10 of the detector, thinned for drawing
  double log_e = 0;
  bool e_bh = false;
};

std::vector<UnitResult> RunAll(const DetectRequest& r, const stats::EDetector& detector, const Steps& steps) {
  std::vector<UnitResult> units(steps.units.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    units[i].unit = i;
    units[i].excess = stats::EmpiricalBernsteinSequence(r.alpha);
  }
  for (const Step& s : steps.steps) {
    UnitResult& u = units[s.unit];
    const stats::EStep step = detector.Step({s.y, s.low, s.high}, &u.state);
    u.rows += s.rows;
    u.excess.Add((s.y - (s.low + s.high) / 2 + 1) / 2);
    // What is drawn at an alarm is the threshold that was passed; then the restart.
    const double shown =
        step == stats::EStep::kQuiet ? detector.LogDetector(u.state).value_or(-3) : det::Log(detector.threshold());
    u.path.push_back(std::max(-3.0, shown / 2.302585092994046));
    if (step == stats::EStep::kAlarmUp || step == stats::EStep::kAlarmDown)
      u.alarms.push_back({u.state.n, s.row_number, step == stats::EStep::kAlarmUp});
  }
  for (UnitResult& u : units) u.log_e = detector.LogEProcess(u.state);
  return units;
}

void MarkEBh(const DetectRequest& r, std::vector<UnitResult>* units) {
  std::vector<double> log_e;
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < units->size(); ++i) {
    if (static_cast<std::int64_t>((*units)[i].state.n) < r.min_n) continue;
    log_e.push_back((*units)[i].log_e);
    which.push_back(i);
  }
  const auto rejected = stats::EBenjaminiHochberg(log_e, r.alpha);
  if (!rejected) return;
  for (const std::size_t i : rejected->indices) (*units)[which[i]].e_bh = true;
}

std::string Direction(const UnitResult& u, Lang lang) {
  if (u.alarms.empty()) return Say(lang, "none", "无");
  return std::to_string(u.alarms.size()) + (u.alarms.front().up ? Say(lang, " up", " 偏高") : Say(lang, " down", " 偏低"));
}

figure::Plot PlotOf(const DetectRequest& r, const Steps& steps, const stats::Promise& promise,
                    const std::vector<const UnitResult*>& shown) {
  const Lang lang = r.common.lang;
  figure::Plot p;
  p.title = !r.common.title.empty() ? r.common.title
                                    : Say(lang, "Evidence that a unit does otherwise, by ", "单位偏离证据图：") + r.unit;
  p.subtitle = Say(lang, "compared with ", "比较对象：") + steps.against + Say(lang, "; margin ", "；容差 ") +
               General(r.odds_ratio > 0 ? r.odds_ratio : r.margin) + "; c = " + General(promise.threshold);
  p.x_label = r.cluster.empty() ? Say(lang, "observations of the unit", "该单位的观察序号")
                                : Say(lang, "clusters of the unit (", "该单位的聚类序号（") + r.cluster + Say(lang, ")", "）");
  p.y_label = Say(lang, "evidence, powers of ten", "证据强度（10 的幂）");
  const double limit = det::Log10(promise.threshold);
  p.horizontal.push_back({limit, Say(lang, "alert at c", "报警界 c"), figure::Tone::kHigh, figure::Dash::kLong});
  p.y_include = {-1, limit};
  constexpr std::size_t kMaxCurves = 12, kMaxPoints = 1200;
  std::size_t drawn = 0;
  for (const UnitResult* u : shown) {
    if (drawn == kMaxCurves && u->alarms.empty()) break;
    figure::Curve c;
    c.tone = u->alarms.empty() ? figure::Tone::kMuted : (u->alarms.front().up ? figure::Tone::kHigh : figure::Tone::kLow);
    c.width = u->alarms.empty() ? 0.8 : 1.5;
    const std::size_t stride = u->path.size() / kMaxPoints + 1;
    for (std::size_t i = 0; i < u->path.size(); i += stride) {
      // Thinning keeps the greatest of a stretch, so no alarm is lost.
      double top = u->path[i];
      for (std::size_t j = i; j < std::min(i + stride, u->path.size()); ++j) top = std::max(top, u->path[j]);
      c.points.emplace_back(static_cast<double>(i + 1), std::max(top, -1.0));
    }
    p.curves.push_back(std::move(c));
    for (const auto& a : u->alarms) {
      p.marks.push_back({static_cast<double>(a.step), limit, a.up ? figure::Shape::kUp : figure::Shape::kDown,
                         a.up ? figure::Tone::kHigh : figure::Tone::kLow, &a == &u->alarms.front() ? steps.units[u->unit] : ""});
    }
    if (++drawn > 60) break;
  }
  p.legend = {{{0, 0, figure::Shape::kUp, figure::Tone::kHigh, ""}, Say(lang, "alert, higher than expected", "报警：高于期望")},
              {{0, 0, figure::Shape::kDown, figure::Tone::kLow, ""}, Say(lang, "alert, lower than expected", "报警：低于期望")}};
  p.notes = {Say(lang, "Promise: ", "承诺：") + PromiseText(promise, lang) + Say(lang, ".", "。"),
             Say(lang,
                 "The curve is the Shiryaev-Roberts e-detector; it restarts after an alert. While every unit does as the "
                 "baseline says up to the margin, the expected number of alerts is at most the "
                 "allowance, however long one watches and however the units depend on each other.",
                 "曲线为 Shiryaev-Roberts e "
                 "检测统计量，报警后重新开始。只要各单位在容差内与基线一致，无论监测多久、单位之间如何相关，期望误报数都不超过允"
                 "许值。")};
  return p;
}

void WriteUnit(const DetectRequest& r, const Steps& steps, const UnitResult& u, Json* json) {
  json->Open('{').Member("unit", steps.units[u.unit]).MemberInteger("n", u.state.n).Member("rows", u.rows);
  if (static_cast<std::int64_t>(u.state.n) < r.min_n) {
    json->Member("signal", false).Member("not_shown", "too_few").Close('}');
    return;
  }
  const double n = static_cast<double>(u.state.n), centre = r.panel.empty() ? 0 : 0.5;
  const double base = r.event.empty() && r.panel.empty() ? r.low : 0;
  json->Member("observed_mean", base + (u.state.sum_y / n - centre) * steps.scale)
      .Member("expected_mean", base + (u.state.sum_expected / n - centre) * steps.scale);
  const stats::Estimate e = u.excess.Interval();
  json->Member("excess", stats::Stated((2 * e.value - 1) * steps.scale, (2 * e.low - 1) * steps.scale,
                                       (2 * e.high - 1) * steps.scale, e.confidence));
  json->Member("signal", !u.alarms.empty()).Key("alarms").Open('[');
  for (const auto& a : u.alarms)
    json->Open('{').MemberInteger("step", a.step).MemberInteger("row", a.row).Member("side", a.up ? "up" : "down").Close('}');
  json->Close(']')
      .Member("log10_e", u.log_e / 2.302585092994046)
      .Member("anytime_p", stats::EDetector::AnytimeP(u.state))
      .Member("e_bh", u.e_bh)
      .Close('}');
}

Result<stats::EDetector> Design(const DetectRequest& r, const Steps& steps, const stats::Promise& promise) {
  stats::EDetectorOptions o;
  o.response = r.event.empty() ? stats::Response::kBoundedLoss : stats::Response::kBinary;
  if (r.sides != "both" && r.sides != "up" && r.sides != "down") return Fail(ErrorCode::kUsage, "--sides is both, up or down");
  o.sides = r.sides == "both" ? stats::WatchSides::kBoth : (r.sides == "up" ? stats::WatchSides::kUp : stats::WatchSides::kDown);
  o.margin = r.odds_ratio > 0 ? stats::Margin{stats::Margin::Kind::kOddsRatio, r.odds_ratio}
                              : stats::Margin{stats::Margin::Kind::kAbsolute, r.margin / steps.scale};
  o.threshold = promise.threshold;
  o.min_n = static_cast<std::uint64_t>(std::max<std::int64_t>(1, r.min_n));
  auto made = stats::EDetector::Make(o);
  if (!made) return Fail(ErrorCode::kUsage, made.error().detail);
  return *made;
}

}  // namespace

Result<Report> AnalyseDetect(const DetectRequest& r) {
  const Lang lang = r.common.lang;
  if (r.unit.empty() || r.event.empty() == r.value.empty())
    return Fail(ErrorCode::kUsage, "--unit and one of --event and --value are needed");
  if (!r.panel.empty() + !r.baseline.empty() + !r.expected.empty() > 1)
    return Fail(ErrorCode::kUsage, "only one of --panel, --baseline and --expected");
  PLUMBLINE_ASSIGN(const Steps steps, MakeSteps(r));
  PLUMBLINE_ASSIGN(const stats::Promise promise, PromiseOf(r, steps));
  PLUMBLINE_ASSIGN(const stats::EDetector detector, Design(r, steps, promise));
  std::vector<UnitResult> units = RunAll(r, detector, steps);
  MarkEBh(r, &units);
  std::vector<const UnitResult*> order;
  for (const UnitResult& u : units) order.push_back(&u);
  std::stable_sort(order.begin(), order.end(), [](const UnitResult* a, const UnitResult* b) {
    return std::pair(a->alarms.size(), a->log_e) > std::pair(b->alarms.size(), b->log_e);
  });
  Report report;
  Json json;
  json.Open('{')
      .Member("analysis", "detect")
      .Member("table", r.common.table.path)
      .Member("against", steps.against)
      .Member("promise", promise.Text());
  json.Member("threshold", promise.threshold)
      .Member("expected_false_alerts_at_most", promise.expected_false_alerts)
      .Member("baseline_error", promise.baseline_error);
  json.Member("margin", r.odds_ratio > 0 ? r.odds_ratio : r.margin)
      .MemberInteger("min_n", static_cast<std::uint64_t>(r.min_n))
      .MemberInteger("steps", steps.steps.size());
  json.MemberInteger("missing", steps.missing).Key("units").Open('[');
  TextTable shown({r.unit, "n", Say(lang, "rows", "行数"), Say(lang, "excess [confidence sequence]", "超出 [置信序列]"),
                   Say(lang, "alerts", "报警"), "log10 E", Say(lang, "anytime p", "随时 p"), "e-BH"});
  std::size_t hidden = 0;
  std::vector<const UnitResult*> drawn;
  for (const UnitResult* u : order) {
    WriteUnit(r, steps, *u, &json);
    if (static_cast<std::int64_t>(u->state.n) < r.min_n) {
      ++hidden;
      continue;
    }
    drawn.push_back(u);
    report.findings = report.findings || !u->alarms.empty();
    const stats::Estimate e = u->excess.Interval();
    const auto excess = [&](double x) { return Fixed((2 * x - 1) * steps.scale, 3); };
    shown.Row({steps.units[u->unit], std::to_string(u->state.n), General(u->rows),
               excess(e.value) + " [" + excess(e.low) + ", " + excess(e.high) + "]", Direction(*u, lang),
               Fixed(u->log_e / 2.302585092994046, 2), PValue(stats::EDetector::AnytimeP(u->state)), u->e_bh ? "*" : ""});
  }
  report.json = json.Close(']').Close('}').text();
  report.text = Say(lang, "compared with ", "比较对象：") + steps.against + "\n" + shown.Render() +
                Say(lang, "promise: ", "承诺：") + PromiseText(promise, lang) + "\n" + std::to_string(hidden) +
                Say(lang, " units below min_n are not shown\n", " 个单位低于 min_n，不显示\n");
  report.svg = figure::Render(PlotOf(r, steps, promise, drawn));
  return report;
}

}  // namespace plumbline::analyse
