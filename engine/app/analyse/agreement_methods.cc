// `analyse agreement --reference`: two methods of measurement on the same cases.
#include <algorithm>

#include "connectors/csv/csv_reader.h"
#include "engine/app/analyse/agreement.h"
#include "engine/stats/method_comparison.h"

namespace plumbline::analyse {
namespace {

struct Pairs {
  std::vector<double> reference, other;
  std::size_t missing = 0;
};

// Rows with both values; rows of one case are one pair, their means.
Result<Pairs> PairsOf(const AgreementRequest& r, const Table& t) {
  const std::vector<std::string> case_columns = SplitList(r.case_columns);
  const Table::Coded cases = case_columns.empty() ? Table::Coded{} : t.Codes(case_columns);
  const std::size_t n = case_columns.empty() ? t.rows() : cases.names.size();
  std::vector<double> x(n), y(n), rows(n);
  Pairs pairs;
  for (std::size_t i = 0; i < t.rows(); ++i) {
    const std::string &a = t.Column(r.reference)[i], &b = t.Column(r.values[0])[i];
    if (a.empty() || b.empty()) {
      ++pairs.missing;
      continue;
    }
    const auto u = csv::ParseNumber(a), v = csv::ParseNumber(b);
    if (!u) return std::unexpected(t.At(i, r.reference, "\"" + a.substr(0, 40) + "\" is not a finite number"));
    if (!v) return std::unexpected(t.At(i, r.values[0], "\"" + b.substr(0, 40) + "\" is not a finite number"));
    const std::size_t c = case_columns.empty() ? i : cases.index[i];
    x[c] += *u;
    y[c] += *v;
    rows[c] += 1;
  }
  for (std::size_t c = 0; c < n; ++c) {
    if (rows[c] == 0) continue;
    pairs.reference.push_back(x[c] / rows[c]);
    pairs.other.push_back(y[c] / rows[c]);
  }
  return pairs;
}

class Lines {
 public:
  Lines(Lang lang, Json* json)
      : lang_(lang), json_(json), table_({Say(lang, "measure", "指标"), Say(lang, "value [interval]", "值 [区间]")}) {}
  void Estimate(const std::string& key, const std::string& name, const stats::Estimate& e) {
    json_->Member(key, e);
    table_.Row(
        {name, General(e.value) + (e.interval == stats::Reason::kNone ? " [" + General(e.low) + ", " + General(e.high) + "]"
                                                                      : " (" + Say(lang_, e.interval) + ")")});
  }
  void Number(const std::string& key, const std::string& name, double value) {
    json_->Member(key, value);
    table_.Row({name, General(value)});
  }
  void Reason(const std::string& key, const std::string& name, const stats::NoResult& why) {
    json_->Member(key, why);
    table_.Row({name, Say(lang_, why.reason) + (lang_ == Lang::kEn ? ": " + why.detail : "")});
  }
  [[nodiscard]] std::string Text() const { return table_.Render(); }

 private:
  Lang lang_;
  Json* json_;
  TextTable table_;
};

void AddLine(Lines* lines, const std::string& key, const std::string& name, Lang lang, const stats::Outcome<stats::Line>& line) {
  if (!line) return lines->Reason(key, name, line.error());
  lines->Estimate(key + "_slope", name + Say(lang, ": slope", "：斜率"), line->slope);
  lines->Estimate(key + "_intercept", name + Say(lang, ": intercept", "：截距"), line->intercept);
}

void AddAll(const AgreementRequest& r, const Pairs& p, Lines* lines) {
  const Lang lang = r.common.lang;
  const std::span<const double> x = p.reference, y = p.other;
  // Bland-Altman's difference is first minus second: the method minus its reference.
  const auto limits = stats::BlandAltmanLimits(y, x, {.multiplier = r.multiplier, .confidence = r.common.confidence});
  if (limits) {
    lines->Estimate("bias", Say(lang, "bias (value - reference)", "偏倚（测量值-参考值）"), limits->bias);
    lines->Number("sd", Say(lang, "SD of the differences", "差值标准差"), limits->sd);
    lines->Estimate("lower_limit", Say(lang, "lower limit of agreement", "一致性下限"), limits->lower_limit);
    lines->Estimate("upper_limit", Say(lang, "upper limit of agreement", "一致性上限"), limits->upper_limit);
    lines->Number("limit_error_1986", Say(lang, "error of a limit (1986)", "界限标准误（1986）"), limits->limit_error_1986);
    lines->Number("limit_error_1999", Say(lang, "error of a limit (1999)", "界限标准误（1999）"), limits->limit_error_1999);
  } else {
    lines->Reason("bland_altman", "Bland-Altman", limits.error());
  }
  const auto accuracy = stats::RootMeanSquareAccuracy(x, y);
  if (accuracy) {
    lines->Number("a_rms", "A_rms", accuracy->root_mean_square);
  } else {
    lines->Reason("a_rms", "A_rms", accuracy.error());
  }
  const auto lin = stats::LinConcordance(x, y, r.common.confidence);
  if (lin) {
    lines->Estimate("lin_ccc", Say(lang, "Lin's concordance", "Lin 一致性相关系数"), lin->ccc);
    lines->Number("pearson", "Pearson r", lin->pearson);
    lines->Number("bias_correction", "C_b", lin->bias_correction);
    lines->Number("lin_ccc_sample_denominator", "Lin (n-1)", lin->ccc_sample_denominator);
  } else {
    lines->Reason("lin_ccc", Say(lang, "Lin's concordance", "Lin 一致性相关系数"), lin.error());
  }
  AddLine(lines, "deming", r.weighted ? Say(lang, "weighted Deming", "加权 Deming") : "Deming", lang,
          stats::Deming(x, y, {.error_ratio = r.error_ratio, .confidence = r.common.confidence, .weighted = r.weighted}));
  AddLine(lines, "passing_bablok", "Passing-Bablok", lang,
          stats::PassingBablok(x, y,
                               {.confidence = r.common.confidence,
                                .ranks = r.ranks == "mcr" ? stats::RankConvention::kMcr : stats::RankConvention::kPaper,
                                .resolution = r.resolution}));
}

figure::Plot PlotOf(const AgreementRequest& r, const Pairs& p) {
  const Lang lang = r.common.lang;
  figure::Plot plot;
  plot.title =
      !r.common.title.empty() ? r.common.title : r.values[0] + Say(lang, " against ", " 对比 ") + r.reference + " (Bland-Altman)";
  plot.subtitle = std::to_string(p.reference.size()) + Say(lang, " pairs", " 对");
  plot.x_label = Say(lang, "mean of the two", "两者均值");
  plot.y_label = r.values[0] + " - " + r.reference;
  constexpr std::size_t kMostMarks = 5'000;
  const std::size_t stride = p.reference.size() / kMostMarks + 1;
  for (std::size_t i = 0; i < p.reference.size(); i += stride)
    plot.marks.push_back(
        {(p.reference[i] + p.other[i]) / 2, p.other[i] - p.reference[i], figure::Shape::kDot, figure::Tone::kInk});
  const auto limits =
      stats::BlandAltmanLimits(p.other, p.reference, {.multiplier = r.multiplier, .confidence = r.common.confidence});
  if (limits) {
    plot.horizontal.push_back(
        {limits->bias.value, Say(lang, "bias ", "偏倚 ") + General(limits->bias.value), figure::Tone::kAccent});
    for (const stats::Estimate& e : {limits->lower_limit, limits->upper_limit})
      plot.horizontal.push_back(
          {e.value, Say(lang, "limit ", "界限 ") + General(e.value), figure::Tone::kHigh, figure::Dash::kLong});
  }
  plot.y_include = {0};
  plot.notes = {
      Say(lang,
          "Limits of agreement: where about 95 % of differences of single pairs lie if they are nearly normal and do not "
          "depend on the level. Rows of one case are one pair.",
          "一致性界限：若差值近似正态且与水平无关，约95%的单对差值落于其间。同一病例的多行合并为一对。")};
  if (stride > 1)
    plot.notes.push_back(Say(lang, "Of many pairs every ", "点数较多，仅每 ") + std::to_string(stride) +
                         Say(lang, "th is drawn.", " 点绘制其一。"));
  return plot;
}

}  // namespace

Result<Report> CompareMethods(const AgreementRequest& r) {
  if (r.values.size() != 1)
    return Fail(ErrorCode::kUsage, "--reference goes with one --value: the method that is compared with it");
  if (r.ranks != "paper" && r.ranks != "mcr") return Fail(ErrorCode::kUsage, "--ranks is paper or mcr");
  std::vector<std::string> columns = SplitList(r.case_columns);
  columns.insert(columns.end(), {r.reference, r.values[0]});
  PLUMBLINE_ASSIGN(const Table table, Load(r.common.table, columns));
  PLUMBLINE_ASSIGN(const Pairs pairs, PairsOf(r, table));
  Json json;
  json.Open('{')
      .Member("analysis", "agreement")
      .Member("table", r.common.table.path)
      .Member("reference", r.reference)
      .Member("value", r.values[0])
      .MemberInteger("pairs", pairs.reference.size())
      .MemberInteger("missing", pairs.missing);
  Lines lines(r.common.lang, &json);
  AddAll(r, pairs, &lines);
  Report report;
  report.json = json.Close('}').text();
  report.text = std::to_string(pairs.reference.size()) + Say(r.common.lang, " pairs, ", " 对，") + std::to_string(pairs.missing) +
                Say(r.common.lang, " rows without both values\n", " 行缺少数值\n") + lines.Text();
  report.svg = figure::Render(PlotOf(r, pairs));
  return report;
}

}  // namespace plumbline::analyse
