// `plumbline analyse agreement`: chance-corrected agreement of a panel, and each group's deviation from the other readers.
#include <algorithm>
#include <map>
#include <set>

#include "connectors/csv/csv_reader.h"
#include "dashboards/figure/figure.h"
#include "engine/app/analyse/agreement.h"
#include "engine/app/analyse/analyse.h"
#include "engine/stats/panel.h"

namespace plumbline::analyse {
namespace {

Result<GradedPanel> PanelOf(const AgreementRequest& r, const Table& table, const std::string& value, const Table::Coded& cases,
                            const Table::Coded& groups, const Table::Coded& readers) {
  const std::vector<std::string>& texts = table.Column(value);
  GradedPanel panel;
  panel.reader_names = readers.names;
  if (r.categorical) {
    panel.categories = table.Codes(value).names;
    std::erase(panel.categories, "");
  }
  std::vector<stats::PanelCase> all(cases.names.size());
  std::vector<std::vector<std::size_t>> by(cases.names.size());
  std::vector<std::set<std::size_t>> seen(cases.names.size());
  std::vector<bool> twice(cases.names.size());
  std::vector<std::size_t> rows(cases.names.size());
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const std::size_t c = cases.index[i];
    ++rows[c];
    if (!readers.names.empty() && !seen[c].insert(readers.index[i]).second) twice[c] = true;
    if (texts[i].empty()) {
      ++panel.missing;
      continue;
    }
    double grade = 0;
    if (r.categorical) {
      const auto at = std::lower_bound(panel.categories.begin(), panel.categories.end(), texts[i]);
      grade = static_cast<double>(at - panel.categories.begin());
    } else if (const auto number = csv::ParseNumber(texts[i])) {
      grade = *number;
    } else {
      return std::unexpected(
          table.At(i, value, "\"" + texts[i].substr(0, 40) + "\" is not a grade: a finite number; --categorical takes texts"));
    }
    all[c].grades.push_back(grade);
    all[c].groups.push_back(groups.names.empty() ? 0 : groups.index[i]);
    if (!readers.names.empty()) by[c].push_back(readers.index[i]);
  }
  const auto wanted = static_cast<std::size_t>(r.readers);
  for (std::size_t c = 0; c < all.size(); ++c) {
    const bool whole = wanted == 0 ? all[c].grades.size() >= 2 : all[c].grades.size() == wanted && rows[c] == wanted;
    if (!whole || (wanted > 0 && twice[c])) continue;
    panel.readings += all[c].grades.size();
    panel.cases.push_back(std::move(all[c]));
    if (!readers.names.empty()) panel.readers.push_back(std::move(by[c]));
  }
  return panel;
}

figure::Forest ForestOf(const AgreementRequest& r, const std::vector<stats::GroupDeviation>& deviations,
                        const std::vector<std::string>& names, const GradedPanel& panel) {
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

// What one graded column's report is made of.
struct Shown {
  Json json;
  TextTable kappas, coefficients, pairs;
  figure::Forest forest;
};

// One graded column: kappa of exchangeable readers, the other coefficients, pairs of named readers.
void AddValue(const AgreementRequest& r, const std::string& value, const GradedPanel& panel, Shown* shown) {
  const Lang lang = r.common.lang;
  Json& json = shown->json;
  json.Open('{')
      .Member("value", value)
      .MemberInteger("cases", panel.cases.size())
      .MemberInteger("readings", panel.readings)
      .MemberInteger("missing", panel.missing);
  const bool ordered = r.weights != "ordinal" && r.weights != "ratio";
  const auto kappa =
      ordered ? stats::PanelKappa(panel.cases, WeightsOf(r.weights), r.common.confidence)
              : stats::No(stats::Reason::kOutsideDomain, "kappa of exchangeable readers takes none, linear or quadratic");
  if (kappa) {
    json.Member("kappa", *kappa);
  } else {
    json.Member("kappa", kappa.error());
  }
  AddCoefficients(r, value, panel, &json, &shown->coefficients, &shown->forest);
  if (r.named_readers) AddPairs(r, panel, &json, &shown->pairs);
  json.Close('}');
  shown->kappas.Row({value, std::to_string(panel.cases.size()), std::to_string(panel.readings),
                     kappa ? IntervalText(*kappa, 4, lang) : Say(lang, kappa.error().reason)});
}

figure::Forest CoefficientForest(const AgreementRequest& r) {
  const Lang lang = r.common.lang;
  figure::Forest f;
  f.title = r.common.title.empty() ? Say(lang, "Agreement of the panel", "专家组一致性") : r.common.title;
  f.subtitle = Say(lang, "weights: ", "权重：") + r.weights;
  f.axis = Say(lang, "chance-corrected agreement", "校正机遇后的一致性");
  f.label_header = Say(lang, "coefficient", "系数");
  f.text_header = Say(lang, "value [interval]", "值 [区间]");
  f.notes = {Say(lang, "1 is perfect agreement, 0 what chance gives.", "1 为完全一致，0 为机遇水平。")};
  return f;
}

Result<void> CheckRequest(const AgreementRequest& r) {
  if (r.case_columns.empty() || r.values.empty()) return Fail(ErrorCode::kUsage, "--case and --value are needed");
  if (r.categorical && r.weights != "none") return Fail(ErrorCode::kUsage, "--categorical goes with --weights none");
  if (r.categorical && !r.group.empty())
    return Fail(ErrorCode::kUsage, "deviations of a --group need numbers, not --categorical");
  if (r.named_readers && r.reader.empty()) return Fail(ErrorCode::kUsage, "--named-readers needs --reader");
  if (r.named_readers && (r.weights == "ordinal" || r.weights == "ratio"))
    return Fail(ErrorCode::kUsage, "--named-readers takes --weights none, linear or quadratic");
  return {};
}

// Each group's deviation from the other readers: members of the open JSON object, a second table and the figure.
Result<void> AddDeviations(const AgreementRequest& r, const std::vector<std::string>& names, const GradedPanel& panel, Json* json,
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
  if (!r.reference.empty()) return CompareMethods(r);
  const Lang lang = r.common.lang;
  PLUMBLINE_TRY(CheckRequest(r));
  std::vector<std::string> columns = SplitList(r.case_columns);
  const std::vector<std::string> case_columns = columns;
  columns.insert(columns.end(), r.values.begin(), r.values.end());
  for (const std::string& c : {r.reader, r.group}) {
    if (!c.empty()) columns.push_back(c);
  }
  PLUMBLINE_ASSIGN(const Table table, Load(r.common.table, columns));
  const Table::Coded cases = table.Codes(case_columns), readers = r.reader.empty() ? Table::Coded{} : table.Codes(r.reader),
                     groups = r.group.empty() ? Table::Coded{} : table.Codes(r.group);
  Report report;
  Shown shown{
      {},
      TextTable({Say(lang, "graded", "评级项目"), Say(lang, "cases", "病例"), Say(lang, "readings", "阅片"),
                 Say(lang, "kappa [interval]", "kappa [区间]")}),
      TextTable({Say(lang, "graded", "评级项目"), Say(lang, "coefficient", "系数"), Say(lang, "value [interval]", "值 [区间]"),
                 Say(lang, "observed", "观察一致"), Say(lang, "by chance", "机遇一致")}),
      TextTable(
          {Say(lang, "readers", "阅片者"), "n", "kappa", Say(lang, "p margins", "p 边际"), Say(lang, "p symmetry", "p 对称")}),
      CoefficientForest(r)};
  Json& json = shown.json;
  json.Open('{').Member("analysis", "agreement").Member("table", r.common.table.path).Member("weights", r.weights);
  json.Key("kappa").Open('[');
  GradedPanel first;
  for (const std::string& value : r.values) {
    PLUMBLINE_ASSIGN(GradedPanel panel, PanelOf(r, table, value, cases, groups, readers));
    AddValue(r, value, panel, &shown);
    if (value == r.values[0]) first = std::move(panel);
  }
  json.Close(']');
  report.text = shown.kappas.Render() + "\n" + shown.coefficients.Render();
  if (r.named_readers) report.text += "\n" + shown.pairs.Render();
  report.svg = figure::Render(shown.forest);
  if (!r.group.empty()) {
    PLUMBLINE_TRY(AddDeviations(r, groups.names, first, &json, &report));
  }
  json.Close('}');
  report.json = json.text();
  return report;
}

}  // namespace plumbline::analyse
