// `analyse chart`: from the rows of a table to the points of charts. Whatever cannot be a point is refused here, where its row
// and column are known.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "connectors/csv/csv_reader.h"
#include "engine/app/analyse/chart_panel.h"
#include "engine/stats/westgard.h"

namespace plumbline::analyse {
namespace {

constexpr ChartKind kKinds[] = {
    {"i", InputShape::kValue},
    {"xbar-r", InputShape::kSubgroup},
    {"xbar-s", InputShape::kSubgroup},
    {"xbar-pooled", InputShape::kSubgroup},
    {"p", InputShape::kRatio, true},
    {"np", InputShape::kRatio, true},
    {"c", InputShape::kCount},
    {"u", InputShape::kRatio},
    {"laney-p", InputShape::kRatio, true},
    {"laney-u", InputShape::kRatio},
    {"g", InputShape::kGap},
    {"t", InputShape::kGap},
    {"runs", InputShape::kValue},
    {"ewma", InputShape::kValue},
    {"cusum", InputShape::kValue},
    {"t2", InputShape::kVector},
    {"mewma", InputShape::kVector},
    {"westgard", InputShape::kControl},
    {"ra-cusum", InputShape::kCase},
    {"vlad", InputShape::kCase},
    {"sprt", InputShape::kCase},
    {"max-sprt", InputShape::kMonitored},
};
constexpr double kMostCounted = 1e15;
constexpr std::size_t kMaxMix = 100;

Error Wrong(const std::string& needs) { return Error{ErrorCode::kUsage, needs}; }

// Sorting keys: numbers, or dates (ISO 8601), which sort as texts.
Result<std::vector<std::size_t>> OrderOf(const ChartRequest& r, const Table& t) {
  std::vector<std::size_t> order(t.rows());
  std::iota(order.begin(), order.end(), 0);
  if (r.order.empty()) return order;
  const std::vector<std::string>& texts = t.Column(r.order);
  const auto dated = [](const std::string& text) {
    return text.size() >= 7 && std::all_of(text.begin(), text.begin() + 4, [](char c) { return c >= '0' && c <= '9'; }) &&
           text[4] == '-';
  };
  if (dated(texts[0])) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (!dated(texts[i]))
        return std::unexpected(t.At(i, r.order, "\"" + texts[i].substr(0, 40) + "\" is no date as 2026-11-25"));
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return texts[a] < texts[b]; });
    return order;
  }
  PLUMBLINE_ASSIGN(const std::vector<double> keys, t.Numbers(r.order));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  return order;
}

Result<double> NumberAt(const Table& t, std::size_t i, const std::string& column) {
  const std::string& text = t.Column(column)[i];
  const auto number = csv::ParseNumber(text);
  if (!number) return std::unexpected(t.At(i, column, "\"" + text.substr(0, 40) + "\" is not a finite number"));
  return *number;
}
Result<double> CountAt(const Table& t, std::size_t i, const std::string& column, bool whole = true) {
  PLUMBLINE_ASSIGN(const double n, NumberAt(t, i, column));
  if (n < 0 || n >= kMostCounted || (whole && n != std::floor(n)))
    return std::unexpected(
        t.At(i, column, t.Column(column)[i] + (whole ? " is no count: a whole number, 0 or more" : " is below 0")));
  return n;
}

// What a row has to say; `has` false: nothing (an empty value).
struct Cell {
  bool has = false;
  ChartPoint point;
};

class Reader {
 public:
  Reader(const ChartRequest& r, const ChartKind& kind, const Table& table) : r_(r), kind_(kind), t_(table) {}

  Result<void> Prepare() {
    if (r_.event.empty()) return {};
    PLUMBLINE_ASSIGN(event_, ParseCondition(r_.event));
    return {};
  }

  Result<Cell> Read(std::size_t i) const {
    Cell cell;
    cell.has = std::none_of(needed_.begin(), needed_.end(), [&](const std::string& c) { return t_.Column(c)[i].empty(); });
    cell.point.row = t_.RowNumber(i);
    cell.point.label = r_.subgroup.empty() ? std::to_string(cell.point.row) : t_.Column(r_.subgroup)[i];
    if (!cell.has) return cell;
    PLUMBLINE_TRY(Fill(i, &cell.point));
    return cell;
  }
  // Rows in which one of these is empty are missing.
  void Need(std::vector<std::string> columns) { needed_ = std::move(columns); }
  [[nodiscard]] bool HasEvent() const { return event_.has_value(); }

 private:
  Result<double> Event(std::size_t i) const {
    const auto holds = Holds(*event_, t_.Column(event_->column)[i]);
    if (!holds) return std::unexpected(t_.At(i, event_->column, holds.error().message));
    return *holds ? 1.0 : 0.0;
  }

  Result<void> Fill(std::size_t i, ChartPoint* p) const {
    switch (kind_.shape) {
      case InputShape::kValue: {
        PLUMBLINE_ASSIGN(p->value, NumberAt(t_, i, r_.values[0]));
        return {};
      }
      case InputShape::kCount: {
        PLUMBLINE_ASSIGN(p->value, CountAt(t_, i, r_.values[0]));
        return {};
      }
      case InputShape::kSubgroup:
      case InputShape::kVector:
        for (const std::string& column : r_.values) {
          PLUMBLINE_ASSIGN(const double v, NumberAt(t_, i, column));
          p->group.push_back(v);
        }
        return {};
      case InputShape::kRatio:
        return Ratio(i, p);
      case InputShape::kGap:
        return Gap(i, p);
      case InputShape::kControl:
        return Control(i, p);
      case InputShape::kCase:
      case InputShape::kMonitored:
        return Expected(i, p);
    }
    return {};
  }

  Result<void> Ratio(std::size_t i, ChartPoint* p) const {
    p->size = 1;
    if (event_) {
      PLUMBLINE_ASSIGN(p->value, Event(i));
      return {};
    }
    PLUMBLINE_ASSIGN(p->value, CountAt(t_, i, r_.numerator));
    PLUMBLINE_ASSIGN(p->size, CountAt(t_, i, r_.denominator, kind_.binomial));
    if (!(p->size > 0)) return std::unexpected(t_.At(i, r_.denominator, "nothing to count in: the denominator is 0"));
    if (kind_.binomial && p->value > p->size) return std::unexpected(t_.At(i, r_.numerator, "more events than trials"));
    return {};
  }

  Result<void> Gap(std::size_t i, ChartPoint* p) const {
    if (event_) {
      PLUMBLINE_ASSIGN(p->value, Event(i));
      if (kind_.name == "t") {
        PLUMBLINE_ASSIGN(p->size, NumberAt(t_, i, r_.order));
      }
      return {};
    }
    if (kind_.name == "g") {
      PLUMBLINE_ASSIGN(p->value, CountAt(t_, i, r_.values[0]));
      return {};
    }
    PLUMBLINE_ASSIGN(p->value, CountAt(t_, i, r_.values[0], false));
    return {};
  }

  Result<void> Control(std::size_t i, ChartPoint* p) const {
    PLUMBLINE_ASSIGN(p->value, NumberAt(t_, i, r_.values[0]));
    if (r_.target.empty()) return {};
    PLUMBLINE_ASSIGN(p->expected, NumberAt(t_, i, r_.target));
    PLUMBLINE_ASSIGN(p->size, NumberAt(t_, i, r_.sd));
    if (!(p->size > 0)) return std::unexpected(t_.At(i, r_.sd, "a standard deviation is above 0"));
    return {};
  }

  Result<void> Expected(std::size_t i, ChartPoint* p) const {
    if (event_) {
      PLUMBLINE_ASSIGN(p->value, Event(i));
    } else {
      PLUMBLINE_ASSIGN(p->value, CountAt(t_, i, r_.numerator));
    }
    PLUMBLINE_ASSIGN(p->expected, NumberAt(t_, i, r_.expected));
    if (kind_.shape == InputShape::kCase && !(p->expected > 0 && p->expected < 1))
      return std::unexpected(t_.At(i, r_.expected, t_.Column(r_.expected)[i] + " is no risk: above 0 and below 1"));
    if (p->expected < 0) return std::unexpected(t_.At(i, r_.expected, "what is expected is not below 0"));
    return {};
  }

  const ChartRequest& r_;
  const ChartKind& kind_;
  const Table& t_;
  std::optional<Condition> event_;
  std::vector<std::string> needed_;
};

// Rows of one unit, joined to points.
class Joiner {
 public:
  Joiner(const ChartRequest& r, const ChartKind& kind) : r_(r), kind_(kind) {}
  void Take(ChartPoint p, ChartInput* to) {
    if (kind_.shape == InputShape::kGap && !r_.event.empty()) return Gap(p, to);
    const bool joins = !r_.subgroup.empty() && !to->points.empty() && to->points.back().label == p.label;
    if (!joins) {
      rows_ = 1;
      to->points.push_back(std::move(p));
      return;
    }
    ChartPoint& last = to->points.back();
    rows_ += 1;
    if (kind_.shape == InputShape::kValue) {
      last.value += (p.value - last.value) / rows_;  // the subgroup's mean
    } else {
      last.value += p.value;
      last.size += p.size;
      last.expected += p.expected;
      last.group.insert(last.group.end(), p.group.begin(), p.group.end());
    }
  }

 private:
  // Opportunities (rows) or time since the event before; the first event only opens the count.
  void Gap(ChartPoint& p, ChartInput* to) {
    const bool event = p.value > 0;
    if (event && seen_) {
      p.value = kind_.name == "t" ? p.size - since_ : rows_;
      to->points.push_back(p);
    }
    if (event) {
      seen_ = true;
      since_ = p.size;
      rows_ = 0;
    } else {
      rows_ += 1;
    }
  }

  const ChartRequest& r_;
  const ChartKind& kind_;
  double rows_ = 0, since_ = 0;
  bool seen_ = false;
};

// All cases' risks as at most kMaxMix groups of like ones, by their means.
stats::RiskMix MixOf(const ChartData& data) {
  std::vector<double> risks;
  for (const ChartInput& input : data.inputs) {
    for (const ChartPoint& p : input.points) risks.push_back(p.expected);
  }
  std::sort(risks.begin(), risks.end());
  stats::RiskMix mix;
  const std::size_t groups = std::min(kMaxMix, risks.size());
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t from = risks.size() * g / groups, to = risks.size() * (g + 1) / groups;
    double sum = 0;
    for (std::size_t i = from; i < to; ++i) sum += risks[i];
    const double mean = sum / static_cast<double>(to - from);
    if (!mix.risk.empty() && mix.risk.back() == mean) {
      mix.weight.back() += static_cast<double>(to - from);
    } else {
      mix.risk.push_back(mean);
      mix.weight.push_back(static_cast<double>(to - from));
    }
  }
  return mix;
}

std::vector<std::string> NeededColumns(const ChartRequest& r, const ChartKind& kind) {
  std::vector<std::string> columns;
  const bool events = !r.event.empty();
  if (events) columns.push_back(ParseCondition(r.event)->column);
  if (!events && (kind.shape == InputShape::kRatio || kind.shape == InputShape::kMonitored)) columns.push_back(r.numerator);
  if (!events && kind.shape == InputShape::kRatio) columns.push_back(r.denominator);
  if (kind.shape == InputShape::kCase || kind.shape == InputShape::kMonitored) columns.push_back(r.expected);
  const bool valued = kind.shape == InputShape::kValue || kind.shape == InputShape::kCount ||
                      kind.shape == InputShape::kSubgroup || kind.shape == InputShape::kVector ||
                      kind.shape == InputShape::kControl || (kind.shape == InputShape::kGap && !events);
  if (valued) columns.insert(columns.end(), r.values.begin(), r.values.end());
  return columns;
}

// What the kind cannot do without.
Result<void> CheckRequest(const ChartRequest& r, const ChartKind& kind) {
  const std::string name(kind.name);
  const bool events = !r.event.empty(), one = r.values.size() == 1;
  const bool takes_event = kind.shape == InputShape::kRatio || kind.shape == InputShape::kGap ||
                           kind.shape == InputShape::kCase || kind.shape == InputShape::kMonitored;
  if (events) PLUMBLINE_TRY(ParseCondition(r.event));
  if (events && !takes_event) return std::unexpected(Wrong("--event does not go with --kind " + name));
  switch (kind.shape) {
    case InputShape::kRatio:
      if (events && r.subgroup.empty()) return std::unexpected(Wrong("--event with --kind " + name + " needs --subgroup"));
      if (!events && (r.numerator.empty() || r.denominator.empty()))
        return std::unexpected(Wrong("--kind " + name + " needs --numerator and --denominator, or --event with --subgroup"));
      return {};
    case InputShape::kSubgroup:
      if (r.subgroup.empty()) return std::unexpected(Wrong("--kind " + name + " needs --subgroup"));
      break;
    case InputShape::kVector:
      if (r.values.size() < 2) return std::unexpected(Wrong("--kind " + name + " needs --value twice or more often"));
      if (!r.subgroup.empty()) return std::unexpected(Wrong("--kind " + name + " takes single rows, no --subgroup"));
      return {};
    case InputShape::kGap:
      if (!r.subgroup.empty()) return std::unexpected(Wrong("--kind " + name + " takes single rows, no --subgroup"));
      if (events && kind.name == "t" && r.order.empty())
        return std::unexpected(Wrong("--kind t with --event needs --order: a numeric column of time"));
      if (events) return {};
      break;
    case InputShape::kCase:
      if (!events || r.expected.empty())
        return std::unexpected(Wrong("--kind " + name + " needs --event and --expected, the column of each case's risk"));
      if (!r.subgroup.empty()) return std::unexpected(Wrong("--kind " + name + " takes single rows, no --subgroup"));
      return {};
    case InputShape::kMonitored:
      if (events == !r.numerator.empty() || r.expected.empty())
        return std::unexpected(Wrong("--kind max-sprt needs --expected and one of --event and --numerator"));
      return {};
    case InputShape::kControl:
      if (r.target.empty() != r.sd.empty()) return std::unexpected(Wrong("--target and --sd go together"));
      break;
    case InputShape::kValue:
    case InputShape::kCount:
      break;
  }
  return one ? Result<void>{} : std::unexpected(Wrong("--kind " + name + " needs one --value"));
}

// Control values of one run come together; a level's number is that of its name among all.
void AddControl(const ChartRequest& r, const Table& t, std::size_t i, const Table::Coded& levels, std::string* last_run,
                ChartPoint* p) {
  p->level = levels.names.empty() ? 0 : levels.index[i];
  if (r.run.empty()) return;
  const std::string& run = t.Column(r.run)[i];
  p->new_run = run != *last_run;
  p->label = run;
  *last_run = run;
}

}  // namespace

const ChartKind* FindChartKind(std::string_view name) {
  const auto at = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const ChartKind& k) { return k.name == name; });
  return at == std::end(kKinds) ? nullptr : at;
}

std::string ChartKindNames() {
  std::string names;
  for (const ChartKind& k : kKinds) names += (names.empty() ? "" : ", ") + std::string(k.name);
  return names;
}

Result<std::vector<std::string>> ChartColumns(const ChartRequest& r, const ChartKind& kind) {
  PLUMBLINE_TRY(CheckRequest(r, kind));
  std::vector<std::string> columns = NeededColumns(r, kind);
  for (const std::string& c : {r.order, r.subgroup, r.unit}) {
    if (!c.empty()) columns.push_back(c);
  }
  if (kind.shape == InputShape::kControl) {
    for (const std::string& c : {r.level, r.run, r.material, r.target, r.sd}) {
      if (!c.empty()) columns.push_back(c);
    }
  }
  return columns;
}

Result<ChartData> ReadChart(const ChartRequest& r, const ChartKind& kind, const Table& t) {
  const bool control = kind.shape == InputShape::kControl;
  PLUMBLINE_ASSIGN(const std::vector<std::size_t> order, OrderOf(r, t));
  std::vector<std::string> keys;
  if (!r.unit.empty()) keys.push_back(r.unit);
  if (control && !r.material.empty()) keys.push_back(r.material);
  const Table::Coded unit = keys.empty() ? Table::Coded{} : t.Codes(keys);
  const Table::Coded levels = control && !r.level.empty() ? t.Codes(r.level) : Table::Coded{};
  if (levels.names.size() > stats::kMaxWestgardLevels)
    return Fail(ErrorCode::kUsage, r.level + " has more than 8 levels of control material");
  Reader reader(r, kind, t);
  PLUMBLINE_TRY(reader.Prepare());
  reader.Need(NeededColumns(r, kind));
  ChartData data;
  data.levels = levels.names;
  data.inputs.resize(std::max<std::size_t>(1, unit.names.size()));
  for (std::size_t u = 0; u < unit.names.size(); ++u) data.inputs[u].unit = unit.names[u];
  std::vector<Joiner> joiners(data.inputs.size(), Joiner(r, kind));
  std::vector<std::string> last_run(data.inputs.size(), "\x01");
  for (const std::size_t i : order) {
    PLUMBLINE_ASSIGN(Cell cell, reader.Read(i));
    if (!cell.has) {
      ++data.missing;
      continue;
    }
    const std::size_t u = unit.names.empty() ? 0 : unit.index[i];
    if (control) AddControl(r, t, i, levels, &last_run[u], &cell.point);
    data.expected += cell.point.expected;
    joiners[u].Take(std::move(cell.point), &data.inputs[u]);
  }
  if (kind.shape == InputShape::kCase) data.mix = MixOf(data);
  return data;
}

std::vector<std::string> LabelsOf(const ChartInput& input) {
  std::vector<std::string> labels;
  for (const ChartPoint& p : input.points) labels.push_back(p.label);
  return labels;
}

}  // namespace plumbline::analyse
