// `plumbline analyse agreement`: chance-corrected agreement of a panel, and each group's deviation from the other readers.
#include <algorithm>
#include <map>
#include <set>

#include "connectors/csv/csv_reader.h"
#include "dashboards/figure/figure.h"
#include "engine/app/analyse/analyse.h"
#include "engine/stats/panel.h"

namespace plumbline::analyse {
namespace {

struct Panel {
  std::vector<stats::PanelCase> cases;
  std::size_t readings = 0;
  std::size_t missing = 0;
};

Result<Panel> PanelOf(const AgreementRequest& r, const Table& table, const std::string& value, const Table::Coded& cases,
                      const Table::Coded& groups, const Table::Coded& readers) {
  const std::vector<std::string>& texts = table.Column(value);
  std::vector<stats::PanelCase> all(cases.names.size());
  std::vector<std::set<std::size_t>> seen(cases.names.size());
  std::vector<bool> twice(cases.names.size());
  std::vector<std::size_t> rows(cases.names.size());
  Panel panel;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const std::size_t c = cases.index[i];
    ++rows[c];
    if (!readers.names.empty() && !seen[c].insert(readers.index[i]).second) twice[c] = true;
    if (texts[i].empty()) {
      ++panel.missing;
      continue;
    }
    const auto grade = csv::ParseNumber(texts[i]);
    if (!grade) return std::unexpected(table.At(i, value, "\"" + texts[i] + "\" is not a grade"));
    all[c].grades.push_back(*grade);
    all[c].groups.push_back(groups.names.empty() ? 0 : groups.index[i]);
  }
  const auto wanted = static_cast<std::size_t>(r.readers);
  for (std::size_t c = 0; c < all.size(); ++c) {
    const bool whole = wanted == 0 ? all[c].grades.size() >= 2 : all[c].grades.size() == wanted && rows[c] == wanted;
    if (!whole || (wanted > 0 && twice[c])) continue;
    panel.readings += all[c].grades.size();
    panel.cases.push_back(std::move(all[c]));
  }
  return panel;
}

std::string IntervalText(const stats::Estimate& e, int digits, Lang lang) {
  if (e.interval != stats::Reason::kNone) return Fixed(e.value, digits) + " (" + Say(lang, e.interval) + ")";
  return Fixed(e.value, digits) + " [" + Fixed(e.low, digits) + ", " + Fixed(e.high, digits) + "]";
}

figure::Forest ForestOf(const AgreementRequest& r, const std::vector<stats::GroupDeviation>& deviations,
                        const std::vector<std::string>& names, const Panel& panel) {
  const Lang lang = r.common.lang;
  figure::Forest f;
  f.title = r.common.title.empty() ? Say(lang, "Deviation from the other readers: ", "与其他阅片者的偏差：") + r.values[0]
                                   : r.common.title;
  f.subtitle = std::to_string(panel.cases.size()) + Say(lang, " cases, ", " 例，") + std::to_string(panel.readings) +
               Say(lang, " readings", " 次阅片");
  f.axis = Say(lang, "own grade minus the mean of the case's other readers", "本人评级减去同病例其他阅片者的均值");
  f.label_header = r.group;
  f.text_header = Say(lang, "mean [95 % interval], n", "均值 [95% 区间]，n");
  for (std::size_t g = 0; g < names.size(); ++g) {
    const auto& d = deviations[g];
    figure::ForestRow row;
    row.label = names[g];
    row.has_value = static_cast<std::int64_t>(d.cases) >= r.min_n;
    row.has_interval = row.has_value && d.mean.interval == stats::Reason::kNone;
    row.value = d.mean.value;
    row.low = d.mean.low;
    row.high = d.mean.high;
    row.text = row.has_value ? IntervalText(d.mean, 2, lang) + "  n " + std::to_string(d.n)
                             : Say(lang, "fewer than min_n cases: not shown", "例数低于 min_n，不显示");
    if (row.has_interval)
      row.tone = d.mean.low > 0 ? figure::Tone::kHigh : (d.mean.high < 0 ? figure::Tone::kLow : figure::Tone::kInk);
    f.rows.push_back(std::move(row));
  }
  f.notes = {Say(lang,
                 "Intervals use cases as the unit (cluster-robust, Student's t) and are for one look; a group that differs here "
                 "is a reason to look, not a verdict. Continuous "
                 "watching belongs to plumbline analyse detect.",
                 "区间以病例为单位（聚类稳健，t 分布），仅适用于单次查看；差异提示需要复核，并非结论。持续监测请用 plumbline "
                 "analyse detect。")};
  return f;
}

stats::KappaWeights WeightsOf(const std::string& name) {
  if (name == "none") return stats::KappaWeights::kNone;
  return name == "linear" ? stats::KappaWeights::kLinear : stats::KappaWeights::kQuadratic;
}

// One graded column's kappa, as a JSON object and as a row of the table.
void AddKappa(const AgreementRequest& r, const std::string& value, const Panel& panel, Json* json, TextTable* kappas) {
  const Lang lang = r.common.lang;
  const auto kappa = stats::PanelKappa(panel.cases, WeightsOf(r.weights), r.common.confidence);
  json->Open('{')
      .Member("value", value)
      .MemberInteger("cases", panel.cases.size())
      .MemberInteger("readings", panel.readings)
      .MemberInteger("missing", panel.missing);
  if (kappa) {
    json->Member("kappa", *kappa);
  } else {
    json->Member("kappa", kappa.error());
  }
  json->Close('}');
  kappas->Row({value, std::to_string(panel.cases.size()), std::to_string(panel.readings),
               kappa ? IntervalText(*kappa, 4, lang) : Say(lang, kappa.error().reason)});
}

// Each group's deviation from the other readers: members of the open JSON object, a second table and the figure.
Result<void> AddDeviations(const AgreementRequest& r, const std::vector<std::string>& names, const Panel& panel, Json* json,
                           Report* report) {
  const Lang lang = r.common.lang;
  const auto deviations = stats::PanelDeviations(panel.cases, names.size(), r.common.confidence);
  if (!deviations) return Fail(ErrorCode::kParse, deviations.error().detail);
  TextTable shown({r.group, "n", Say(lang, "cases", "病例"), Say(lang, "mean deviation [interval]", "平均偏差 [区间]")});
  json->Member("deviation_of", r.values[0]).Key("groups").Open('[');
  for (std::size_t g = 0; g < names.size(); ++g) {
    const auto& d = deviations->at(g);
    json->Open('{').Member("group", names[g]).MemberInteger("n", d.n).MemberInteger("cases", d.cases);
    const bool enough = static_cast<std::int64_t>(d.cases) >= r.min_n;
    if (enough) {
      json->Member("mean", d.mean);
    } else {
      json->Member("mean", stats::NoResult{stats::Reason::kTooFew, "fewer cases than min_n"});
    }
    json->Close('}');
    shown.Row({names[g], std::to_string(d.n), std::to_string(d.cases),
               enough ? IntervalText(d.mean, 4, lang) : Say(lang, stats::Reason::kTooFew)});
  }
  json->Close(']');
  report->text += "\n" + shown.Render();
  report->svg = figure::Render(ForestOf(r, *deviations, names, panel));
  return {};
}

}  // namespace

Result<Report> AnalyseAgreement(const AgreementRequest& r) {
  const Lang lang = r.common.lang;
  std::vector<std::string> columns = SplitList(r.case_columns);
  const std::vector<std::string> case_columns = columns;
  if (case_columns.empty() || r.values.empty()) return Fail(ErrorCode::kUsage, "--case and --value are needed");
  columns.insert(columns.end(), r.values.begin(), r.values.end());
  for (const std::string& c : {r.reader, r.group}) {
    if (!c.empty()) columns.push_back(c);
  }
  PLUMBLINE_ASSIGN(const Table table, Load(r.common.table, columns));
  const Table::Coded cases = table.Codes(case_columns), readers = r.reader.empty() ? Table::Coded{} : table.Codes(r.reader),
                     groups = r.group.empty() ? Table::Coded{} : table.Codes(r.group);
  Report report;
  Json json;
  json.Open('{')
      .Member("analysis", "agreement")
      .Member("table", r.common.table.path)
      .Member("weights", r.weights)
      .Key("kappa")
      .Open('[');
  TextTable kappas({Say(lang, "graded", "评级项目"), Say(lang, "cases", "病例"), Say(lang, "readings", "阅片"),
                    Say(lang, "kappa [interval]", "kappa [区间]")});
  Panel first;
  for (const std::string& value : r.values) {
    PLUMBLINE_ASSIGN(Panel panel, PanelOf(r, table, value, cases, groups, readers));
    AddKappa(r, value, panel, &json, &kappas);
    if (value == r.values[0]) first = std::move(panel);
  }
  json.Close(']');
  report.text = kappas.Render();
  if (!r.group.empty()) {
    PLUMBLINE_TRY(AddDeviations(r, groups.names, first, &json, &report));
  }
  json.Close('}');
  report.json = json.text();
  return report;
}

}  // namespace plumbline::analyse
