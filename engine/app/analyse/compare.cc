// `plumbline analyse compare`: each group's distribution against a reference group or against all the others.
#include <algorithm>
#include <cmath>
#include <map>

#include "connectors/csv/csv_reader.h"
#include "dashboards/figure/figure.h"
#include "engine/app/analyse/analyse.h"
#include "engine/stats/categorical.h"
#include "engine/stats/distributions.h"
#include "engine/stats/divergence.h"
#include "engine/stats/two_sample.h"

namespace plumbline::analyse {
namespace {

struct Split {
  std::vector<std::size_t> own, others;  // rows
};
Split SplitRows(const CompareRequest& r, const Table::Coded& group, const std::vector<bool>& use, std::size_t g) {
  Split s;
  const auto reference = std::find(group.names.begin(), group.names.end(), r.reference);
  for (std::size_t i = 0; i < use.size(); ++i) {
    if (!use[i]) continue;
    if (group.index[i] == g) {
      s.own.push_back(i);
    } else if (r.reference.empty() || group.index[i] == static_cast<std::size_t>(reference - group.names.begin())) {
      s.others.push_back(i);
    }
  }
  return s;
}

// Welch's interval of the difference of means.
stats::Outcome<stats::Estimate> Difference(const std::vector<double>& a, const std::vector<double>& b, double confidence) {
  const auto moments = [](const std::vector<double>& v) {
    double mean = 0, squares = 0;
    for (const double x : v) mean += x / static_cast<double>(v.size());
    for (const double x : v) squares += (x - mean) * (x - mean);
    return std::pair(mean, squares / (static_cast<double>(v.size()) - 1) / static_cast<double>(v.size()));
  };
  if (a.size() < 2 || b.size() < 2) return stats::No(stats::Reason::kTooFew, "two values on each side are needed");
  const auto [ma, va] = moments(a);
  const auto [mb, vb] = moments(b);
  if (va + vb <= 0) return stats::WithoutInterval(ma - mb, stats::Reason::kZeroVariance);
  const double df =
      (va + vb) * (va + vb) / (va * va / (static_cast<double>(a.size()) - 1) + vb * vb / (static_cast<double>(b.size()) - 1));
  const double half = stats::StudentTQuantile((1 + confidence) / 2, df) * std::sqrt(va + vb);
  return stats::Stated(ma - mb, ma - mb - half, ma - mb + half, confidence, std::sqrt(va + vb));
}

struct Line {
  std::string name;
  std::size_t n = 0, others = 0;
  bool shown = false;
  std::vector<std::string> cells;
  figure::ForestRow forest;
  double p = 1;
};

template <typename T>
void Put(Json* json, std::string_view key, const stats::Outcome<T>& result) {
  if (result) {
    json->Member(key, *result);
  } else {
    json->Member(key, result.error());
  }
}

void CompareNumbers(const CompareRequest& r, const std::vector<double>& values, const Split& s, Line* line, Json* json) {
  std::vector<double> a, b;
  for (const std::size_t i : s.own) a.push_back(values[i]);
  for (const std::size_t i : s.others) b.push_back(values[i]);
  const auto ks = stats::KolmogorovSmirnov(a, b);
  const std::vector<std::vector<double>> samples = {a, b};
  const auto ad = stats::AndersonDarlingK(samples);
  const auto distances = stats::DistancesOf(a, b);
  const auto difference = Difference(a, b, r.common.confidence);
  Put(json, "mean_difference", difference);
  if (ks) {
    line->p = ks->exact ? ks->p_exact : ks->p_asymptotic;
    json->Key("kolmogorov_smirnov").Open('{').Member("d", ks->d).Member("p", line->p).Member("exact", ks->exact).Close('}');
  }
  if (ad) json->Key("anderson_darling").Open('{').Member("t", ad->t_v2).Member("p", ad->p_v2).Close('}');
  if (distances) json->Member("energy_squared", distances->energy_squared).Member("wasserstein", distances->wasserstein);
  if (r.permutations > 0 && a.size() + b.size() <= 20'000) {
    Put(json, "energy_permutation",
        stats::PermutationTest(stats::PermutationStatistic::kEnergy, a, b, {static_cast<std::size_t>(r.permutations), r.seed}));
  }
  line->cells = {difference ? Fixed(difference->value, 3) : "-", ks ? Fixed(ks->d, 3) : "-", ks ? PValue(line->p) : "-",
                 ad ? PValue(ad->p_v2) : "-", distances ? General(distances->wasserstein) : "-"};
  if (!difference) return;
  line->forest.value = difference->value;
  line->forest.low = difference->low;
  line->forest.high = difference->high;
  line->forest.has_interval = difference->interval == stats::Reason::kNone;
}

void CompareCategories(const Table::Coded& value, const Table::Coded& stratum, const Split& s, Line* line, Json* json) {
  const std::size_t k = value.names.size(), layers = std::max<std::size_t>(1, stratum.names.size());
  std::vector<stats::CountTable> strata(layers, {2, k, std::vector<double>(2 * k)});
  stats::CountTable all{2, k, std::vector<double>(2 * k)};
  const auto add = [&](const std::vector<std::size_t>& rows, std::size_t side) {
    for (const std::size_t i : rows) {
      all.counts[side * k + value.index[i]] += 1;
      strata[stratum.names.empty() ? 0 : stratum.index[i]].counts[side * k + value.index[i]] += 1;
    }
  };
  add(s.own, 0);
  add(s.others, 1);
  const auto homogeneity = stats::HomogeneityTest(all);
  const std::vector<double> own(all.counts.begin(), all.counts.begin() + static_cast<std::ptrdiff_t>(k)),
      others(all.counts.begin() + static_cast<std::ptrdiff_t>(k), all.counts.end());
  const auto psi = stats::PsiOfCounts(others, own);
  if (homogeneity) {
    line->p = homogeneity->pearson.p;
    json->Member("chi_squared", homogeneity->pearson)
        .Member("g", homogeneity->likelihood_ratio)
        .Member("cramers_v", homogeneity->cramers_v)
        .Member("least_expected", homogeneity->least_expected);
  } else {
    json->Member("chi_squared", homogeneity.error());
  }
  if (psi) json->Member("psi", psi->divergences.psi).Member("jensen_shannon", psi->divergences.js).Member("psi_test", psi->test);
  std::string cmh_text = "-";
  if (!stratum.names.empty()) {
    const auto cmh = stats::GeneralisedCmh(strata);
    Put(json, "cochran_mantel_haenszel", cmh);
    if (cmh) line->p = cmh->p;
    cmh_text = cmh ? PValue(cmh->p) : "-";
  }
  line->cells = {homogeneity ? Fixed(homogeneity->pearson.statistic, 2) : "-", homogeneity ? PValue(homogeneity->pearson.p) : "-",
                 cmh_text, homogeneity ? Fixed(homogeneity->cramers_v, 3) : "-", psi ? Fixed(psi->divergences.psi, 4) : "-"};
  line->forest.value = homogeneity ? homogeneity->cramers_v : 0;
  line->forest.has_interval = false;
}

// Holm 1979: p-values adjusted for all groups looked at.
void Holm(std::vector<Line>* lines, std::vector<double>* adjusted) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < lines->size(); ++i) {
    if ((*lines)[i].shown) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return (*lines)[a].p < (*lines)[b].p; });
  double running = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    running = std::max(running, std::min(1.0, (*lines)[order[k]].p * static_cast<double>(order.size() - k)));
    (*adjusted)[order[k]] = running;
  }
}

figure::Forest ForestOf(const CompareRequest& r, const std::vector<Line>& lines, const std::vector<double>& adjusted) {
  const Lang lang = r.common.lang;
  figure::Forest f;
  f.title = !r.common.title.empty() ? r.common.title : r.value + Say(lang, " by ", "：按 ") + r.group;
  f.subtitle = r.reference.empty() ? Say(lang, "each against all the others", "各组与其余各组合计比较")
                                   : Say(lang, "each against ", "各组与以下比较：") + r.reference;
  f.axis = r.categorical ? "Cramer's V" : Say(lang, "difference of means", "均值差");
  f.label_header = r.group;
  f.text_header = Say(lang, "n, p (Holm)", "n，p（Holm）");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    figure::ForestRow row = lines[i].forest;
    row.label = lines[i].name;
    row.has_value = lines[i].shown;
    row.has_interval = row.has_interval && lines[i].shown;
    row.text = std::to_string(lines[i].n) + ", " + (lines[i].shown ? PValue(adjusted[i]) : Say(lang, "not shown", "不显示"));
    if (lines[i].shown && adjusted[i] < 0.05)
      row.tone = !r.categorical && row.value < 0 ? figure::Tone::kLow : figure::Tone::kHigh;
    f.rows.push_back(std::move(row));
  }
  f.notes = {Say(lang,
                 "p-values are adjusted for the number of groups (Holm) and hold for one look, with rows as independent cases. "
                 "Coloured: below 0.05.",
                 "p 值已按组数校正（Holm），仅适用于单次查看，并假定各行相互独立。着色：低于 0.05。")};
  return f;
}

// The rows that have a value, and the values as numbers unless they are categories.
struct Values {
  std::vector<double> numbers;
  std::vector<bool> use;
};
Result<Values> ValuesOf(const CompareRequest& r, const Table& table) {
  Values v{std::vector<double>(table.rows()), std::vector<bool>(table.rows())};
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const std::string& text = table.Column(r.value)[i];
    v.use[i] = !text.empty();
    if (r.categorical || text.empty()) continue;
    const auto number = csv::ParseNumber(text);
    if (!number)
      return std::unexpected(
          table.At(i, r.value, "\"" + text.substr(0, 40) + "\" is not a finite number; --categorical compares texts"));
    v.numbers[i] = *number;
  }
  return v;
}

// What all groups have in common: the coded columns and the values.
struct Input {
  Table::Coded group, value, stratum;
  Values values;
};

// One group against its others: its line, and its object in the open JSON array.
Line CompareGroup(const CompareRequest& r, const Input& in, std::size_t g, Json* json) {
  const Split s = SplitRows(r, in.group, in.values.use, g);
  Line line;
  line.name = in.group.names[g];
  line.n = s.own.size();
  line.others = s.others.size();
  line.shown = static_cast<std::int64_t>(s.own.size()) >= r.min_n && static_cast<std::int64_t>(s.others.size()) >= r.min_n;
  json->Open('{')
      .Member("group", line.name)
      .MemberInteger("n", line.n)
      .MemberInteger("others", line.others)
      .Member("shown", line.shown);
  if (line.shown) {
    if (r.categorical) {
      CompareCategories(in.value, in.stratum, s, &line, json);
    } else {
      CompareNumbers(r, in.values.numbers, s, &line, json);
    }
  }
  json->Close('}');
  return line;
}

std::string TextOf(const CompareRequest& r, const std::vector<Line>& lines, const std::vector<double>& adjusted) {
  const Lang lang = r.common.lang;
  const std::vector<std::string> header =
      r.categorical ? std::vector<std::string>{"chi2", "p", Say(lang, "p within strata", "分层 p"), "V", "PSI"}
                    : std::vector<std::string>{Say(lang, "difference", "均值差"), "KS D", "p KS", "p AD", "W1"};
  std::vector<std::string> head = {r.group, "n"};
  head.insert(head.end(), header.begin(), header.end());
  head.push_back(Say(lang, "p Holm", "p Holm"));
  TextTable shown(head);
  for (std::size_t g = 0; g < lines.size(); ++g) {
    std::vector<std::string> row = {lines[g].name, std::to_string(lines[g].n)};
    if (lines[g].shown) {
      row.insert(row.end(), lines[g].cells.begin(), lines[g].cells.end());
      row.push_back(PValue(adjusted[g]));
    } else {
      row.push_back(Say(lang, stats::Reason::kTooFew));
    }
    shown.Row(std::move(row));
  }
  return shown.Render();
}

}  // namespace

Result<Report> AnalyseCompare(const CompareRequest& r) {
  if (r.group.empty() || r.value.empty()) return Fail(ErrorCode::kUsage, "--group and --value are needed");
  std::vector<std::string> columns = {r.group, r.value};
  if (!r.stratum.empty()) columns.push_back(r.stratum);
  PLUMBLINE_ASSIGN(const Table table, Load(r.common.table, columns));
  Input in{table.Codes(r.group), table.Codes(r.value), r.stratum.empty() ? Table::Coded{} : table.Codes(r.stratum), {}};
  const std::vector<std::string>& names = in.group.names;
  if (!r.reference.empty() && std::find(names.begin(), names.end(), r.reference) == names.end()) {
    return Fail(ErrorCode::kUsage, "no row has " + r.group + " = \"" + r.reference + "\"");
  }
  if (r.categorical && in.value.names.size() > 100) return Fail(ErrorCode::kUsage, r.value + " has more than 100 categories");
  PLUMBLINE_ASSIGN(in.values, ValuesOf(r, table));
  Json json;
  json.Open('{')
      .Member("analysis", "compare")
      .Member("table", r.common.table.path)
      .Member("value", r.value)
      .Member("reference", r.reference)
      .Key("groups")
      .Open('[');
  std::vector<Line> lines;
  for (std::size_t g = 0; g < names.size(); ++g) lines.push_back(CompareGroup(r, in, g, &json));
  std::vector<double> adjusted(lines.size(), 1);
  Holm(&lines, &adjusted);
  Report report;
  json.Close(']').Key("holm").Open('{');
  for (std::size_t g = 0; g < lines.size(); ++g) {
    if (!lines[g].shown) continue;
    json.Member(lines[g].name, adjusted[g]);
    report.findings = report.findings || adjusted[g] < 0.05;
  }
  report.json = json.Close('}').Close('}').text();
  report.text = TextOf(r, lines, adjusted);
  report.svg = figure::Render(ForestOf(r, lines, adjusted));
  return report;
}

}  // namespace plumbline::analyse
