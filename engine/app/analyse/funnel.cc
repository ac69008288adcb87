// `plumbline analyse funnel`: units against the common value, with limits that widen where cases are few.
#include <algorithm>
#include <cmath>
#include <map>

#include "connectors/csv/csv_reader.h"
#include "dashboards/figure/figure.h"
#include "engine/app/analyse/analyse.h"
#include "engine/app/analyse/between.h"
#include "engine/base/math.h"

namespace plumbline::analyse {
namespace {

struct Units {
  std::vector<std::string> names;
  std::vector<stats::FunnelUnit> units;
  std::size_t missing = 0;
};

// Rows of one cluster are one case: its events and its expectation are means.
struct Cell {
  double events = 0, expected = 0, rows = 0;
};

Result<Units> FromEvents(const FunnelRequest& r, const Table& table, const Table::Coded& unit) {
  PLUMBLINE_ASSIGN(const Condition event, ParseCondition(r.event));
  const std::vector<std::string>& texts = table.Column(event.column);
  std::vector<double> expected;
  if (!r.expected.empty()) {
    PLUMBLINE_ASSIGN(expected, table.Numbers(r.expected));
  }
  std::map<std::pair<std::size_t, std::string>, Cell> cells;
  Units out{unit.names, std::vector<stats::FunnelUnit>(unit.names.size()), 0};
  for (std::size_t i = 0; i < table.rows(); ++i) {
    if (texts[i].empty()) {
      ++out.missing;
      continue;
    }
    const auto holds = Holds(event, texts[i]);
    if (!holds) return std::unexpected(table.At(i, event.column, holds.error().message));
    Cell& cell = cells[{unit.index[i], r.cluster.empty() ? std::to_string(i) : table.Column(r.cluster)[i]}];
    cell.events += *holds ? 1 : 0;
    cell.expected += expected.empty() ? 0 : expected[i];
    cell.rows += 1;
  }
  for (auto& u : out.units) u.n = 0;
  for (const auto& [key, cell] : cells) {
    stats::FunnelUnit& u = out.units[key.first];
    u.numerator += cell.events / cell.rows;
    u.denominator += expected.empty() ? 1 : cell.expected / cell.rows;
    ++u.n;
  }
  return out;
}

Result<Units> FromCounts(const Table& table, const Table::Coded& unit, const std::string& numerator,
                         const std::string& denominator) {
  PLUMBLINE_ASSIGN(const std::vector<double> a, table.Numbers(numerator));
  PLUMBLINE_ASSIGN(const std::vector<double> b, table.Numbers(denominator));
  Units out{unit.names, std::vector<stats::FunnelUnit>(unit.names.size()), 0};
  for (std::size_t i = 0; i < table.rows(); ++i) {
    if (a[i] < 0) return std::unexpected(table.At(i, numerator, "a count is not negative"));
    if (b[i] < 0) return std::unexpected(table.At(i, denominator, "a count is not negative"));
    out.units[unit.index[i]].numerator += a[i];
    out.units[unit.index[i]].denominator += b[i];
  }
  for (auto& u : out.units) u.n = static_cast<std::int64_t>(std::min(u.denominator, 9e15));
  return out;
}

std::string VerdictWord(stats::Verdict v, Lang lang) {
  switch (v) {
    case stats::Verdict::kInside:
      return Say(lang, "inside", "界内");
    case stats::Verdict::kHigh95:
      return Say(lang, "above 95 %", "高于95%界");
    case stats::Verdict::kHigh998:
      return Say(lang, "above 99.8 %", "高于99.8%界");
    case stats::Verdict::kLow95:
      return Say(lang, "below 95 %", "低于95%界");
    case stats::Verdict::kLow998:
      return Say(lang, "below 99.8 %", "低于99.8%界");
    case stats::Verdict::kNotShown:
      return Say(lang, "not shown", "不显示");
  }
  return "";
}
std::string VerdictKey(stats::Verdict v) {
  static const char* const kKeys[] = {"inside", "high_95", "high_998", "low_95", "low_998", "not_shown"};
  return kKeys[static_cast<std::size_t>(v)];
}
bool Beyond998(stats::Verdict v) { return v == stats::Verdict::kHigh998 || v == stats::Verdict::kLow998; }

figure::Plot PlotOf(const FunnelRequest& r, const Units& units, const stats::FunnelResult& f, const stats::FunnelOptions& o) {
  const Lang lang = r.common.lang;
  const bool ratio = o.kind == stats::FunnelKind::kRatio;
  figure::Plot p;
  p.title = !r.common.title.empty() ? r.common.title : Say(lang, "Funnel plot by ", "漏斗图：") + r.unit;
  std::size_t shown = 0;
  double least = 1e300, most = 0;
  for (std::size_t i = 0; i < f.points.size(); ++i) {
    const auto& point = f.points[i];
    if (point.reason != stats::Reason::kNone) continue;
    ++shown;
    const double x = units.units[i].denominator;
    least = std::min(least, x);
    most = std::max(most, x);
    figure::Mark m{x, point.value, figure::Shape::kDot, figure::Tone::kInk, ""};
    if (point.verdict != stats::Verdict::kInside) {
      const bool high = point.verdict == stats::Verdict::kHigh95 || point.verdict == stats::Verdict::kHigh998;
      m.shape = high ? figure::Shape::kUp : figure::Shape::kDown;
      m.tone = high ? figure::Tone::kHigh : figure::Tone::kLow;
      if (Beyond998(point.verdict)) m.label = units.names[i];
    }
    p.marks.push_back(std::move(m));
  }
  p.subtitle = std::to_string(shown) + Say(lang, " units shown, ", " 个单位显示，") + std::to_string(f.points.size() - shown) +
               Say(lang, " below min_n", " 个低于 min_n");
  p.x_label = ratio ? Say(lang, "expected events", "期望事件数") : Say(lang, "cases", "病例数");
  p.y_label = ratio ? Say(lang, "observed / expected", "观察/期望") : Say(lang, "proportion with event", "事件比例");
  p.x_log = most > 40 * least;
  std::vector<std::pair<double, double>> curves[4];
  constexpr int kSteps = 160;
  for (int i = 0; i <= kSteps; ++i) {
    const double t = static_cast<double>(i) / kSteps;
    const double x = p.x_log ? least * det::Pow(most / least, t) : std::max(least * 0.6, most * (0.004 + 0.996 * t));
    const auto limits = stats::LimitsAt(x, f.target, f.tau2, o);
    curves[0].emplace_back(x, limits.low95);
    curves[1].emplace_back(x, limits.high95);
    curves[2].emplace_back(x, limits.low998);
    curves[3].emplace_back(x, limits.high998);
  }
  p.curves.push_back({Say(lang, "95 % limits", "95% 界限"), curves[0], figure::Tone::kMuted, figure::Dash::kLong});
  p.curves.push_back({"", curves[1], figure::Tone::kMuted, figure::Dash::kLong});
  p.curves.push_back({Say(lang, "99.8 % limits", "99.8% 界限"), curves[2], figure::Tone::kInk, figure::Dash::kSolid});
  p.curves.push_back({"", curves[3], figure::Tone::kInk, figure::Dash::kSolid});
  p.horizontal.push_back(
      {f.target, Say(lang, "common value ", "总体值 ") + General(f.target), figure::Tone::kAccent, figure::Dash::kShort});
  p.legend = {{{0, 0, figure::Shape::kDot, figure::Tone::kInk, ""}, Say(lang, "inside", "界内")},
              {{0, 0, figure::Shape::kUp, figure::Tone::kHigh, ""}, Say(lang, "above", "偏高")},
              {{0, 0, figure::Shape::kDown, figure::Tone::kLow, ""}, Say(lang, "below", "偏低")}};
  p.notes = {Say(lang, "Limits include over-dispersion (", "界限包含过度离散（") + r.over_dispersion + "; phi " + General(f.phi) +
             ", tau2 " + General(f.tau2) +
             Say(lang,
                 "). Of 1,000 units that do not differ, about 2 lie outside 99.8 % and 50 outside 95 %. A unit outside differs "
                 "in more than chance and the usual spread explains; the cause may be "
                 "case mix, recording or care.",
                 "）。在无差异的 1000 个单位中，约 2 个落在 99.8% 界外、50 个落在 95% "
                 "界外。界外表示差异超出偶然与通常离散，原因可能是病例构成、记录方式或医疗本身。")};
  return p;
}

bool HasCounts(const FunnelRequest& r) { return !r.numerator.empty() && !r.denominator.empty(); }
bool HasRatio(const FunnelRequest& r) { return !r.observed.empty() && !r.expected.empty(); }
bool HasEvents(const FunnelRequest& r) { return !r.event.empty(); }

// The columns that the request names; kUsage unless it names one way of counting.
Result<std::vector<std::string>> ColumnsOf(const FunnelRequest& r) {
  if (r.unit.empty()) return Fail(ErrorCode::kUsage, "--unit is needed");
  if (HasCounts(r) + HasRatio(r) + HasEvents(r) != 1) {
    return Fail(ErrorCode::kUsage, "one of --numerator with --denominator, --observed with --expected, or --event is needed");
  }
  std::vector<std::string> columns = {r.unit};
  for (const std::string& c : {r.numerator, r.denominator, r.observed, r.expected, r.cluster}) {
    if (!c.empty()) columns.push_back(c);
  }
  if (HasEvents(r)) {
    PLUMBLINE_ASSIGN(const Condition c, ParseCondition(r.event));
    columns.push_back(c.column);
  }
  return columns;
}

Result<Units> UnitsOf(const FunnelRequest& r, const Table& table) {
  const Table::Coded unit = table.Codes(r.unit);
  if (HasEvents(r)) return FromEvents(r, table, unit);
  return HasCounts(r) ? FromCounts(table, unit, r.numerator, r.denominator) : FromCounts(table, unit, r.observed, r.expected);
}

Result<stats::FunnelOptions> OptionsOf(const FunnelRequest& r) {
  stats::FunnelOptions o;
  o.kind = HasRatio(r) || (HasEvents(r) && !r.expected.empty()) ? stats::FunnelKind::kRatio : stats::FunnelKind::kProportion;
  if (r.over_dispersion != "none" && r.over_dispersion != "cqc" && r.over_dispersion != "shmi")
    return Fail(ErrorCode::kUsage, "--over-dispersion is none, cqc or shmi");
  o.over_dispersion = r.over_dispersion == "none"
                          ? stats::OverDispersion::kNone
                          : (r.over_dispersion == "shmi" ? stats::OverDispersion::kShmi : stats::OverDispersion::kCqc);
  o.target = r.target;
  o.trim = r.trim;
  o.min_n = r.min_n;
  o.min_denominator = 0;
  return o;
}

// Units by how far they lie from the common value, furthest first.
std::vector<std::size_t> ByDistance(const stats::FunnelResult& f) {
  std::vector<std::size_t> order(f.points.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::fabs(f.points[a].adjusted_z) > std::fabs(f.points[b].adjusted_z);
  });
  return order;
}

std::string JsonOf(const FunnelRequest& r, const Units& units, const stats::FunnelResult& f, const Between& between,
                   stats::FunnelKind kind, const std::vector<std::size_t>& order) {
  std::vector<std::size_t> estimate(units.units.size(), units.units.size());
  for (std::size_t i = 0; i < between.unit.size(); ++i) estimate[between.unit[i]] = i;
  Json json;
  json.Open('{')
      .Member("analysis", "funnel")
      .Member("table", r.common.table.path)
      .Member("unit", r.unit)
      .Member("over_dispersion", r.over_dispersion);
  json.Member("target", f.target).Member("phi", f.phi).Member("tau2", f.tau2).MemberInteger("missing", units.missing);
  json.MemberInteger("min_n", static_cast<std::uint64_t>(std::max<std::int64_t>(0, r.min_n)));
  WriteBetween(r, between, kind, &json);
  json.Key("units").Open('[');
  for (const std::size_t i : order) {
    const auto& point = f.points[i];
    json.Open('{').Member("unit", units.names[i]).MemberInteger("n", static_cast<std::uint64_t>(units.units[i].n));
    if (point.reason != stats::Reason::kNone) {
      json.Member("verdict", "not_shown").Member("reason", stats::ReasonName(point.reason)).Close('}');
      continue;
    }
    json.Member("numerator", units.units[i].numerator)
        .Member("denominator", units.units[i].denominator)
        .Member("value", point.value)
        .Member("z", point.z);
    json.Member("adjusted_z", point.adjusted_z)
        .Member("low95", point.low95)
        .Member("high95", point.high95)
        .Member("low998", point.low998)
        .Member("high998", point.high998);
    WriteIntervals(r, units.units[i], kind, &json);
    if (estimate[i] < between.shrunken.size()) json.Member("shrunken", between.shrunken[estimate[i]]);
    json.Member("verdict", VerdictKey(point.verdict)).Close('}');
  }
  return json.Close(']').Close('}').text();
}

std::string TextOf(const FunnelRequest& r, const Units& units, const stats::FunnelResult& f, stats::FunnelKind kind,
                   const std::vector<std::size_t>& order) {
  const Lang lang = r.common.lang;
  const bool ratio = kind == stats::FunnelKind::kRatio;
  TextTable shown({r.unit, ratio ? "O" : Say(lang, "events", "事件"), ratio ? "E" : Say(lang, "cases", "病例"),
                   Say(lang, "value", "值"), "z", Say(lang, "adjusted z", "校正 z"), Say(lang, "verdict", "判定")});
  std::size_t hidden = 0;
  for (const std::size_t i : order) {
    const auto& point = f.points[i];
    if (point.reason != stats::Reason::kNone) {
      ++hidden;
      continue;
    }
    shown.Row({units.names[i], General(units.units[i].numerator), General(units.units[i].denominator), General(point.value),
               Fixed(point.z, 2), Fixed(point.adjusted_z, 2), VerdictWord(point.verdict, lang)});
  }
  return shown.Render() + std::to_string(hidden) + Say(lang, " units below min_n are not shown\n", " 个单位低于 min_n，不显示\n");
}

}  // namespace

Result<Report> AnalyseFunnel(const FunnelRequest& r) {
  PLUMBLINE_ASSIGN(const std::vector<std::string> columns, ColumnsOf(r));
  PLUMBLINE_ASSIGN(const Table table, Load(r.common.table, columns));
  PLUMBLINE_ASSIGN(const Units units, UnitsOf(r, table));
  PLUMBLINE_ASSIGN(const stats::FunnelOptions options, OptionsOf(r));
  const auto funnel = stats::Funnel(units.units, options);
  if (!funnel) return Fail(ErrorCode::kInvalidArgument, "funnel: " + funnel.error().detail);
  const std::vector<std::size_t> order = ByDistance(*funnel);
  PLUMBLINE_ASSIGN(const Between between, BetweenUnits(r, units.units, *funnel, options.kind));
  Report report;
  report.json = JsonOf(r, units, *funnel, between, options.kind, order);
  report.text = TextOf(r, units, *funnel, options.kind, order) + BetweenText(r, between, options.kind);
  report.svg = r.forest ? BetweenForest(r, units.names, units.units, between, options.kind)
                        : figure::Render(PlotOf(r, units, *funnel, options));
  report.findings = std::any_of(funnel->points.begin(), funnel->points.end(), [](const auto& point) {
    return point.reason == stats::Reason::kNone && Beyond998(point.verdict);
  });
  return report;
}

}  // namespace plumbline::analyse
