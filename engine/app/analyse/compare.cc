// `plumbline analyse compare`: each group's distribution against a reference group or against all the others.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>

#include "connectors/csv/csv_reader.h"
#include "dashboards/figure/figure.h"
#include "engine/app/analyse/analyse.h"
#include "engine/stats/baseline.h"
#include "engine/stats/categorical.h"
#include "engine/stats/distributions.h"
#include "engine/stats/divergence.h"
#include "engine/stats/sums.h"
#include "engine/stats/two_sample.h"

namespace plumbline::analyse {
namespace {

// One case: a row, or (numbers) the mean of a cluster's rows; categories of a cluster's rows weigh one case together.
struct Case {
  std::size_t group = 0;
  std::size_t stratum = 0;
  std::size_t category = 0;
  double weight = 1;
  std::vector<double> numbers;
};

// What all groups have in common.
struct Input {
  Table::Coded group;
  std::vector<std::string> strata;      // one "" without
  std::vector<std::string> categories;  // ascending
  std::vector<Case> cases;
  std::optional<stats::Baseline> baseline;
};

struct Split {
  std::vector<const Case*> own, others;
};
Split SplitCases(const CompareRequest& r, const Input& in, std::size_t g) {
  Split s;
  const auto reference = std::find(in.group.names.begin(), in.group.names.end(), r.reference) - in.group.names.begin();
  for (const Case& c : in.cases) {
    if (c.group == g) {
      s.own.push_back(&c);
    } else if (!in.baseline && (r.reference.empty() || c.group == static_cast<std::size_t>(reference))) {
      s.others.push_back(&c);
    }
  }
  return s;
}

struct MeanOf {
  double n = 0, mean = 0, variance = 0;  // of one value, n - 1
};
MeanOf MomentsOf(const std::vector<double>& v) {
  MeanOf m{static_cast<double>(v.size()), 0, 0};
  if (v.empty()) return m;
  m.mean = stats::MeanExact(v);
  if (v.size() > 1) m.variance = stats::VarianceExact(v);
  return m;
}

// Welch's interval of the difference of means.
stats::Outcome<stats::Estimate> Difference(const MeanOf& a, const MeanOf& b, double confidence) {
  if (a.n < 2 || b.n < 2) return stats::No(stats::Reason::kTooFew, "two values on each side are needed");
  const double va = a.variance / a.n, vb = b.variance / b.n;
  if (va + vb <= 0) return stats::WithoutInterval(a.mean - b.mean, stats::Reason::kZeroVariance);
  const double df = (va + vb) * (va + vb) / (va * va / (a.n - 1) + vb * vb / (b.n - 1));
  const double half = stats::StudentTQuantile((1 + confidence) / 2, df) * std::sqrt(va + vb);
  return stats::Stated(a.mean - b.mean, a.mean - b.mean - half, a.mean - b.mean + half, confidence, std::sqrt(va + vb));
}

bool IsCategorical(const CompareRequest& r) { return r.categorical || !r.event.empty(); }
std::string WhatOf(const CompareRequest& r) { return r.event.empty() ? r.values[0] : r.event; }

struct Line {
  std::string name;
  std::size_t n = 0, others = 0;
  bool shown = false;
  std::vector<std::string> cells;
  figure::ForestRow forest;
  double p = 1;
};

void TakeForest(const stats::Outcome<stats::Estimate>& difference, Line* line) {
  if (!difference) return;
  line->forest.value = difference->value;
  line->forest.low = difference->low;
  line->forest.high = difference->high;
  line->forest.has_interval = difference->interval == stats::Reason::kNone;
}

template <typename T>
void Put(Json* json, std::string_view key, const stats::Outcome<T>& result) {
  if (result) {
    json->Member(key, *result);
  } else {
    json->Member(key, result.error());
  }
}

std::vector<double> Column(const std::vector<const Case*>& cases, std::size_t j) {
  std::vector<double> values;
  for (const Case* c : cases) values.push_back(c->numbers[j]);
  return values;
}

// Several values together: Hotelling's T2 of two samples.
void CompareVectors(const Split& s, std::size_t dimensions, Json* json) {
  const auto moments = [&](const std::vector<const Case*>& cases) {
    std::vector<double> cells;
    for (const Case* c : cases) cells.insert(cells.end(), c->numbers.begin(), c->numbers.end());
    return stats::MomentsOf(cells, dimensions);
  };
  const auto own = moments(s.own), others = moments(s.others);
  const auto t2 = own && others ? stats::HotellingTwoSample(*own, *others) : stats::No(stats::Reason::kTooFew, "too few cases");
  if (!t2) {
    json->Member("hotelling_t2", t2.error());
    return;
  }
  json->Key("hotelling_t2").Open('{').Member("t2", t2->t2).Member("mahalanobis_squared", t2->mahalanobis_squared);
  json->Member("f", t2->f).Close('}');
}

void CompareNumbers(const CompareRequest& r, const Split& s, Line* line, Json* json) {
  constexpr std::size_t kMostPairwise = 20'000;
  const std::vector<double> a = Column(s.own, 0), b = Column(s.others, 0);
  const auto ks = stats::KolmogorovSmirnov(a, b);
  const std::vector<std::vector<double>> samples = {a, b};
  const auto ad = stats::AndersonDarlingK(samples);
  const auto distances = stats::DistancesOf(a, b);
  const auto difference = Difference(MomentsOf(a), MomentsOf(b), r.common.confidence);
  Put(json, "mean_difference", difference);
  if (ks) {
    line->p = ks->exact ? ks->p_exact : ks->p_asymptotic;
    json->Key("kolmogorov_smirnov").Open('{').Member("d", ks->d).Member("p", line->p).Member("exact", ks->exact).Close('}');
  } else {
    json->Member("kolmogorov_smirnov", ks.error());
  }
  if (ad) {
    json->Key("anderson_darling").Open('{').Member("t", ad->t_v2).Member("p", ad->p_v2).Close('}');
  } else {
    json->Member("anderson_darling", ad.error());
  }
  if (distances) json->Member("energy_squared", distances->energy_squared).Member("wasserstein", distances->wasserstein);
  const bool small = a.size() + b.size() <= kMostPairwise;
  if (small) {
    const auto mmd = stats::MaximumMeanDiscrepancy(a, b);
    if (mmd) {
      json->Key("mmd").Open('{').Member("biased_squared", mmd->biased_squared).Member("unbiased_squared", mmd->unbiased_squared);
      json->Member("bandwidth", mmd->bandwidth).Close('}');
    } else {
      json->Member("mmd", mmd.error());
    }
  } else {
    json->Member("mmd", stats::NoResult{stats::Reason::kOutsideDomain, "pairwise methods take at most 20,000 values"});
  }
  if (r.permutations > 0 && small) {
    Put(json, "energy_permutation",
        stats::PermutationTest(stats::PermutationStatistic::kEnergy, a, b, {static_cast<std::size_t>(r.permutations), r.seed}));
  }
  if (r.values.size() > 1) CompareVectors(s, r.values.size(), json);
  line->cells = {difference ? Fixed(difference->value, 3) : "-", ks ? Fixed(ks->d, 3) : "-", ks ? PValue(line->p) : "-",
                 ad ? PValue(ad->p_v2) : "-", distances ? General(distances->wasserstein) : "-"};
  TakeForest(difference, line);
}

// A panel's numbers are kept as mean and SD by stratum, over its clusters.
void CompareWithMeans(const CompareRequest& r, const Input& in, const Split& s, Line* line, Json* json) {
  const stats::Stratum& all = in.baseline->strata.front();
  const MeanOf expert{static_cast<double>(all.clusters), all.mean, all.sd * all.sd};
  const auto difference = Difference(MomentsOf(Column(s.own, 0)), expert, r.common.confidence);
  Put(json, "mean_difference", difference);
  json->Member("kolmogorov_smirnov",
               stats::NoResult{stats::Reason::kNoInformation, "a numeric baseline keeps means and SDs, no values"});
  if (difference && difference->standard_error > 0) {
    const double t = std::fabs(difference->value) / difference->standard_error;
    line->p = 2 * stats::NormalUpper(t);
    json->Member("p_normal", line->p);
  }
  line->cells = {difference ? Fixed(difference->value, 3) : "-", "-", difference ? PValue(line->p) : "-", "-", "-"};
  TakeForest(difference, line);
}

// The table of own counts over the others' (or the panel's) in one stratum.
std::vector<stats::CountTable> Tables(const Input& in, const Split& s) {
  const std::size_t k = in.categories.size();
  std::vector<stats::CountTable> strata(in.strata.size(), {2, k, std::vector<double>(2 * k)});
  for (const Case* c : s.own) strata[c->stratum].counts[c->category] += c->weight;
  for (const Case* c : s.others) strata[c->stratum].counts[k + c->category] += c->weight;
  if (!in.baseline) return strata;
  for (std::size_t layer = 0; layer < strata.size(); ++layer) {
    const auto& known = in.baseline->strata;
    auto at = std::find_if(known.begin(), known.end(), [&](const stats::Stratum& x) { return x.name == in.strata[layer]; });
    if (at == known.end()) at = known.begin();  // all cases of the panel
    // A panel's patient read often counts once.
    const double share = static_cast<double>(at->clusters) / static_cast<double>(std::max<std::uint64_t>(1, at->n));
    for (std::size_t j = 0; j < k; ++j) strata[layer].counts[k + j] += share * static_cast<double>(at->counts[j]);
  }
  return strata;
}

void CompareCategories(const Input& in, const Split& s, Line* line, Json* json) {
  const std::size_t k = in.categories.size();
  const std::vector<stats::CountTable> strata = Tables(in, s);
  stats::CountTable all{2, k, std::vector<double>(2 * k)};
  for (const stats::CountTable& t : strata) {
    for (std::size_t j = 0; j < 2 * k; ++j) all.counts[j] += t.counts[j];
  }
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
  if (psi) {
    json->Member("psi", psi->divergences.psi).Member("jensen_shannon", psi->divergences.js).Member("psi_test", psi->test);
    json->Member("hellinger", psi->divergences.hellinger).Member("total_variation", psi->divergences.total_variation);
  } else {
    json->Member("psi", psi.error());
  }
  std::string cmh_text = "-";
  if (strata.size() > 1) {
    const auto cmh = stats::GeneralisedCmh(strata);
    Put(json, "cochran_mantel_haenszel", cmh);
    if (cmh) line->p = cmh->p;
    cmh_text = cmh ? PValue(cmh->p) : "-";
    const auto two = k == 2 ? stats::CochranMantelHaenszel(strata) : stats::No(stats::Reason::kOutsideDomain, "");
    if (two) json->Member("common_odds_ratio", two->common_odds_ratio).Member("breslow_day_tarone", two->breslow_day_tarone);
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
  f.title = !r.common.title.empty() ? r.common.title : WhatOf(r) + Say(lang, " by ", "：按 ") + r.group;
  f.subtitle = !r.baseline.empty() ? Say(lang, "each against the baseline ", "各组与基线比较：") + r.baseline
                                   : (r.reference.empty() ? Say(lang, "each against all the others", "各组与其余各组合计比较")
                                                          : Say(lang, "each against ", "各组与以下比较：") + r.reference);
  f.axis = IsCategorical(r) ? "Cramer's V" : Say(lang, "difference of means", "均值差");
  f.label_header = r.group;
  f.text_header = Say(lang, "n, p (Holm)", "n，p（Holm）");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    figure::ForestRow row = lines[i].forest;
    row.label = lines[i].name;
    row.has_value = lines[i].shown;
    row.has_interval = row.has_interval && lines[i].shown;
    row.text = std::to_string(lines[i].n) + ", " + (lines[i].shown ? PValue(adjusted[i]) : Say(lang, "not shown", "不显示"));
    if (lines[i].shown && adjusted[i] < 0.05)
      row.tone = !IsCategorical(r) && row.value < 0 ? figure::Tone::kLow : figure::Tone::kHigh;
    f.rows.push_back(std::move(row));
  }
  f.notes = {Say(
      lang,
      "p-values are adjusted for the number of groups (Holm) and hold for one look, with cases (rows, or --cluster) independent. "
      "Coloured: below 0.05.",
      "p 值已按组数校正（Holm），仅适用于单次查看，并假定各例（各行，或按聚类合并）相互独立。着色：低于 0.05。")};
  return f;
}

// The categories' order and meaning: the baseline's levels, or the texts that occur.
Result<std::vector<std::string>> CategoriesOf(const CompareRequest& r, const Table& t, const std::optional<stats::Baseline>& b) {
  if (!r.event.empty()) return std::vector<std::string>{"0", "1"};
  std::vector<std::string> names;
  if (b) {
    for (const double level : b->levels) names.push_back(General(level));
    return names;
  }
  names = t.Codes(r.values[0]).names;
  std::erase(names, "");
  if (names.size() > 100) return Fail(ErrorCode::kUsage, r.values[0] + " has more than 100 categories");
  return names;
}

Result<std::size_t> CategoryAt(const CompareRequest& r, const Table& t, const Input& in, std::size_t i) {
  if (!r.event.empty()) {
    PLUMBLINE_ASSIGN(const Condition event, ParseCondition(r.event));
    const auto holds = Holds(event, t.Column(event.column)[i]);
    if (!holds) return std::unexpected(t.At(i, event.column, holds.error().message));
    return *holds ? 1 : 0;
  }
  const std::string& text = t.Column(r.values[0])[i];
  const auto number = csv::ParseNumber(text);
  const std::string name = in.baseline && number ? General(*number) : text;
  const auto at = std::find(in.categories.begin(), in.categories.end(), name);
  if (at == in.categories.end())
    return std::unexpected(t.At(i, r.values[0], "\"" + text.substr(0, 40) + "\" is no level of the baseline"));
  return static_cast<std::size_t>(at - in.categories.begin());
}

Result<void> FillCase(const CompareRequest& r, const Table& t, const Input& in, std::size_t i, Case* c) {
  if (IsCategorical(r)) {
    PLUMBLINE_ASSIGN(c->category, CategoryAt(r, t, in, i));
    return {};
  }
  for (const std::string& column : r.values) {
    const std::string& text = t.Column(column)[i];
    const auto number = csv::ParseNumber(text);
    if (!number) {
      return std::unexpected(
          t.At(i, column, "\"" + text.substr(0, 40) + "\" is not a finite number; --categorical compares texts"));
    }
    c->numbers.push_back(*number);
  }
  return {};
}

// Rows of a cluster within a group: their numbers become one mean; categories share the weight of one case.
void JoinClusters(const CompareRequest& r, const std::vector<std::string>& cluster_of_case, Input* in) {
  std::map<std::pair<std::size_t, std::string>, std::vector<std::size_t>> clusters;
  for (std::size_t i = 0; i < in->cases.size(); ++i) clusters[{in->cases[i].group, cluster_of_case[i]}].push_back(i);
  if (IsCategorical(r)) {
    for (const auto& [key, rows] : clusters) {
      for (const std::size_t i : rows) in->cases[i].weight = 1 / static_cast<double>(rows.size());
    }
    return;
  }
  std::vector<Case> joined;
  for (const auto& [key, rows] : clusters) {
    Case c = in->cases[rows[0]];
    for (std::size_t j = 0; j < c.numbers.size(); ++j) {
      std::vector<double> values;
      for (const std::size_t i : rows) values.push_back(in->cases[i].numbers[j]);
      c.numbers[j] = stats::MeanExact(values);
    }
    joined.push_back(std::move(c));
  }
  in->cases = std::move(joined);
}

Result<void> ReadCases(const CompareRequest& r, const Table& t, Input* in) {
  std::vector<std::string> needed = r.event.empty() ? r.values : std::vector<std::string>{ParseCondition(r.event)->column};
  const Table::Coded strata = r.stratum.empty() ? Table::Coded{} : t.Codes(r.stratum);
  in->strata = strata.names.empty() ? std::vector<std::string>{""} : strata.names;
  if (IsCategorical(r)) {
    PLUMBLINE_ASSIGN(in->categories, CategoriesOf(r, t, in->baseline));
  }
  std::vector<std::string> cluster_of_case;
  for (std::size_t i = 0; i < t.rows(); ++i) {
    if (std::any_of(needed.begin(), needed.end(), [&](const std::string& c) { return t.Column(c)[i].empty(); })) continue;
    Case c;
    c.group = in->group.index[i];
    c.stratum = strata.names.empty() ? 0 : strata.index[i];
    PLUMBLINE_TRY(FillCase(r, t, *in, i, &c));
    in->cases.push_back(std::move(c));
    if (!r.cluster.empty()) cluster_of_case.push_back(t.Column(r.cluster)[i]);
  }
  if (!r.cluster.empty()) JoinClusters(r, cluster_of_case, in);
  return {};
}

double WeightOf(const std::vector<const Case*>& cases) {
  stats::ExactSum sum;
  for (const Case* c : cases) sum.Add(c->weight);
  return sum.Value();
}

// One group against its others: its line, and its object in the open JSON array.
Line CompareGroup(const CompareRequest& r, const Input& in, std::size_t g, Json* json) {
  const Split s = SplitCases(r, in, g);
  Line line;
  line.name = in.group.names[g];
  line.n = static_cast<std::size_t>(WeightOf(s.own) + 0.5);
  line.others = in.baseline ? in.baseline->strata.front().clusters : static_cast<std::size_t>(WeightOf(s.others) + 0.5);
  line.shown = static_cast<std::int64_t>(line.n) >= r.min_n && static_cast<std::int64_t>(line.others) >= r.min_n;
  json->Open('{')
      .Member("group", line.name)
      .MemberInteger("n", line.n)
      .MemberInteger("others", line.others)
      .Member("shown", line.shown);
  if (line.shown) {
    if (IsCategorical(r)) {
      CompareCategories(in, s, &line, json);
    } else if (in.baseline) {
      CompareWithMeans(r, in, s, &line, json);
    } else {
      CompareNumbers(r, s, &line, json);
    }
  }
  json->Close('}');
  return line;
}

// All groups at once: k-sample Anderson-Darling, or the chi-squared of the whole table.
void CompareAll(const CompareRequest& r, const Input& in, const std::vector<Line>& lines, Json* json) {
  if (IsCategorical(r)) {
    stats::CountTable table{lines.size(), in.categories.size(), std::vector<double>(lines.size() * in.categories.size())};
    for (const Case& c : in.cases) {
      if (lines[c.group].shown) table.counts[c.group * table.columns + c.category] += c.weight;
    }
    const auto test = stats::HomogeneityTest(table);
    if (test) {
      json->Key("all_groups").Open('{').Member("chi_squared", test->pearson).Member("g", test->likelihood_ratio);
      json->Member("cramers_v", test->cramers_v).Member("least_expected", test->least_expected).Close('}');
    } else {
      json->Member("all_groups", test.error());
    }
    return;
  }
  std::vector<std::vector<double>> samples(lines.size());
  for (const Case& c : in.cases) {
    if (lines[c.group].shown) samples[c.group].push_back(c.numbers[0]);
  }
  std::erase_if(samples, [](const auto& s) { return s.empty(); });
  const auto test = stats::AndersonDarlingK(samples);
  if (test) {
    json->Key("all_groups").Open('{').Member("anderson_darling_t", test->t_v2).Member("p", test->p_v2).Close('}');
  } else {
    json->Member("all_groups", test.error());
  }
}

std::string TextOf(const CompareRequest& r, const std::vector<Line>& lines, const std::vector<double>& adjusted) {
  const Lang lang = r.common.lang;
  const std::vector<std::string> header =
      IsCategorical(r) ? std::vector<std::string>{"chi2", "p", Say(lang, "p within strata", "分层 p"), "V", "PSI"}
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
  if (r.group.empty() || r.values.empty() == r.event.empty())
    return Fail(ErrorCode::kUsage, "--group and one of --value and --event are needed");
  if (IsCategorical(r) && r.values.size() > 1) return Fail(ErrorCode::kUsage, "several --value are compared as numbers");
  if (!r.baseline.empty() && !r.reference.empty()) return Fail(ErrorCode::kUsage, "only one of --reference and --baseline");
  if (!r.stratum.empty() && !IsCategorical(r)) return Fail(ErrorCode::kUsage, "--stratum is for --categorical or --event");
  Input in;
  if (!r.baseline.empty()) {
    PLUMBLINE_ASSIGN(in.baseline, LoadBaseline(r.baseline, r.baseline_digest));
    if ((in.baseline->kind == stats::BaselineKind::kNumeric) == IsCategorical(r))
      return Fail(ErrorCode::kUsage, "a numeric baseline is compared with numbers, any other with --categorical or --event");
  }
  std::vector<std::string> columns = {r.group};
  columns.insert(columns.end(), r.values.begin(), r.values.end());
  if (!r.event.empty()) {
    PLUMBLINE_ASSIGN(const Condition event, ParseCondition(r.event));
    columns.push_back(event.column);
  }
  for (const std::string& c : {r.stratum, r.cluster}) {
    if (!c.empty()) columns.push_back(c);
  }
  PLUMBLINE_ASSIGN(const Table table, Load(r.common.table, columns));
  in.group = table.Codes(r.group);
  const std::vector<std::string>& names = in.group.names;
  if (!r.reference.empty() && std::find(names.begin(), names.end(), r.reference) == names.end()) {
    return Fail(ErrorCode::kUsage, "no row has " + r.group + " = \"" + r.reference + "\"");
  }
  PLUMBLINE_TRY(ReadCases(r, table, &in));
  Json json;
  json.Open('{')
      .Member("analysis", "compare")
      .Member("table", r.common.table.path)
      .Member("value", WhatOf(r))
      .Member("reference", r.baseline.empty() ? r.reference : in.baseline->DigestHexText())
      .Key("groups")
      .Open('[');
  std::vector<Line> lines;
  for (std::size_t g = 0; g < names.size(); ++g) {
    lines.push_back(CompareGroup(r, in, g, &json));
    if (r.common.table.progress && names.size() > 20)
      std::fprintf(stderr, "\rcomparing: %zu of %zu groups%s", g + 1, names.size(), g + 1 == names.size() ? "\n" : "");
  }
  std::vector<double> adjusted(lines.size(), 1);
  Holm(&lines, &adjusted);
  Report report;
  json.Close(']');
  CompareAll(r, in, lines, &json);
  json.Key("holm").Open('{');
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
