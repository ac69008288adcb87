// `analyse agreement`: the coefficients of a panel, and what each two of its readers agree on.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "engine/app/analyse/agreement.h"
#include "engine/stats/icc.h"
#include "engine/stats/kappa.h"
#include "engine/stats/rater_panel.h"

namespace plumbline::analyse {
namespace {

constexpr std::size_t kMostPairReaders = 24;

// Krippendorff's ordinal metric is his own; the others take Gwet's ordinal weights.
stats::PanelWeights WeightsFor(const std::string& name, stats::Coefficient coefficient) {
  if (name == "none") return stats::PanelWeights::kIdentity;
  if (name == "linear") return stats::PanelWeights::kLinear;
  if (name == "ratio") return stats::PanelWeights::kRatio;
  if (name == "quadratic") return stats::PanelWeights::kQuadratic;
  return coefficient == stats::Coefficient::kKrippendorff ? stats::PanelWeights::kOrdinalMetric
                                                          : stats::PanelWeights::kGwetOrdinal;
}

stats::Outcome<stats::PanelRatings> RatingsOf(const GradedPanel& panel) {
  std::vector<std::vector<std::optional<double>>> ratings;
  for (const stats::PanelCase& c : panel.cases) ratings.emplace_back(c.grades.begin(), c.grades.end());
  return stats::PanelRatings::FromRatings(ratings);
}

class Writer {
 public:
  Writer(const AgreementRequest& r, std::string value, Json* json, TextTable* table, figure::Forest* forest)
      : lang_(r.common.lang), value_(std::move(value)), json_(json), table_(table), forest_(forest) {}

  void Estimate(const std::string& key, const std::string& name, const stats::Estimate& e, std::optional<double> observed = {},
                std::optional<double> by_chance = {}) {
    json_->Key(key).Open('{').Member("value", e.value);
    if (e.interval == stats::Reason::kNone) {
      json_->Member("low", e.low).Member("high", e.high).Member("confidence", e.confidence);
      if (e.standard_error > 0) json_->Member("standard_error", e.standard_error);
    } else {
      json_->Member("no_interval", stats::ReasonName(e.interval));
    }
    if (observed) json_->Member("observed", *observed);
    if (by_chance) json_->Member("by_chance", *by_chance);
    json_->Close('}');
    table_->Row(
        {value_, name, IntervalText(e, 4, lang_), observed ? Fixed(*observed, 4) : "", by_chance ? Fixed(*by_chance, 4) : ""});
    figure::ForestRow row{value_ + ": " + name, e.value, e.low, e.high};
    row.has_interval = e.interval == stats::Reason::kNone;
    row.text = IntervalText(e, 3, lang_);
    forest_->rows.push_back(std::move(row));
  }
  void Reason(const std::string& key, const std::string& name, const stats::NoResult& why) {
    json_->Member(key, why);
    table_->Row({value_, name, Say(lang_, why.reason)});
  }

 private:
  Lang lang_;
  std::string value_;
  Json* json_;
  TextTable* table_;
  figure::Forest* forest_;
};

// Intraclass correlations of complete panels. The two-way forms need a reader's name to mean the same person throughout.
void AddIcc(const AgreementRequest& r, const GradedPanel& panel, Writer* writer) {
  static const char* const kKeys[] = {"icc_1_1", "icc_2_1", "icc_3_1", "icc_1_k", "icc_2_k", "icc_3_k"};
  static const char* const kNames[] = {"ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"};
  const auto all = [&](const stats::NoResult& why) {
    for (std::size_t form = 0; form < 6; ++form) writer->Reason(kKeys[form], kNames[form], why);
  };
  if (r.categorical) return;
  std::vector<std::vector<double>> ratings;
  bool named = r.named_readers && !panel.readers.empty();
  std::vector<std::size_t> order;
  for (std::size_t c = 0; c < panel.cases.size(); ++c) {
    const std::vector<double>& grades = panel.cases[c].grades;
    if (!ratings.empty() && grades.size() != ratings[0].size())
      return all(
          {stats::Reason::kOutsideDomain, "cases have different numbers of readings; --readers keeps those of one number"});
    std::vector<double> row = grades;
    if (named) {
      std::map<std::size_t, double> by_reader;
      for (std::size_t j = 0; j < grades.size(); ++j) by_reader[panel.readers[c][j]] = grades[j];
      std::vector<std::size_t> own;
      row.clear();
      for (const auto& [reader, grade] : by_reader) {
        own.push_back(reader);
        row.push_back(grade);
      }
      named = own.size() == grades.size() && (order.empty() || own == order);
      order = own;
      if (!named) row = grades;
    }
    ratings.push_back(std::move(row));
  }
  const auto table = stats::Icc(ratings, r.common.confidence);
  if (!table) return all(table.error());
  for (std::size_t form = 0; form < 6; ++form) {
    const bool one_way = form == 0 || form == 3;
    if (!one_way && !named) {
      writer->Reason(
          kKeys[form], kNames[form],
          {stats::Reason::kOutsideDomain, "two-way forms need the same readers in every case, told by --named-readers"});
    } else if (table->form[form]) {
      writer->Estimate(kKeys[form], kNames[form], table->form[form]->icc);
    } else {
      writer->Reason(kKeys[form], kNames[form], table->form[form].error());
    }
  }
}

// The table of two readers over the cases both graded.
struct Pair {
  std::vector<std::pair<double, double>> grades;
};
std::map<std::pair<std::size_t, std::size_t>, Pair> PairsOf(const GradedPanel& panel) {
  std::map<std::pair<std::size_t, std::size_t>, Pair> pairs;
  for (std::size_t c = 0; c < panel.cases.size(); ++c) {
    const auto& readers = panel.readers[c];
    for (std::size_t a = 0; a < readers.size(); ++a) {
      for (std::size_t b = a + 1; b < readers.size(); ++b) {
        const bool swap = readers[a] > readers[b];
        pairs[{std::min(readers[a], readers[b]), std::max(readers[a], readers[b])}].grades.emplace_back(
            panel.cases[c].grades[swap ? b : a], panel.cases[c].grades[swap ? a : b]);
      }
    }
  }
  return pairs;
}

stats::SquareMatrix Disagreement(const std::string& weights, const std::vector<double>& categories) {
  const std::size_t k = categories.size();
  stats::SquareMatrix w(k);
  for (std::size_t a = 0; a < k; ++a) {
    for (std::size_t b = 0; b < k; ++b) {
      const double apart = categories[a] - categories[b];
      w(a, b) = weights == "none" ? (a == b ? 0 : 1) : (weights == "linear" ? (apart < 0 ? -apart : apart) : apart * apart);
    }
  }
  return w;
}

template <typename T>
void Put(Json* json, std::string_view key, const stats::Outcome<T>& result) {
  if (result) {
    json->Member(key, *result);
  } else {
    json->Member(key, result.error());
  }
}

void WriteMcNemar(const stats::PairTable& table, double confidence, Json* json) {
  const auto test = stats::McNemarTest(table, confidence);
  if (!test) {
    json->Member("mcnemar", test.error());
    return;
  }
  json->Key("mcnemar").Open('{').Member("chi_squared", test->chi_squared).Member("continuity", test->continuity);
  json->Member("exact_p", test->exact.p).Member("difference", test->difference);
  if (test->odds_ratio) json->Member("odds_ratio", *test->odds_ratio);
  json->Close('}');
}

}  // namespace

std::string IntervalText(const stats::Estimate& e, int digits, Lang lang) {
  if (e.interval != stats::Reason::kNone) return Fixed(e.value, digits) + " (" + Say(lang, e.interval) + ")";
  return Fixed(e.value, digits) + " [" + Fixed(e.low, digits) + ", " + Fixed(e.high, digits) + "]";
}

void AddCoefficients(const AgreementRequest& r, const std::string& value, const GradedPanel& panel, Json* json, TextTable* table,
                     figure::Forest* forest) {
  Writer writer(r, value, json, table, forest);
  const auto ratings = RatingsOf(panel);
  struct Named {
    stats::Coefficient coefficient;
    const char* key;
    const char* name;
  };
  const bool plain = r.weights == "none";
  const Named all[] = {{stats::Coefficient::kFleiss, "fleiss_kappa", "Fleiss kappa"},
                       {stats::Coefficient::kGwet, plain ? "gwet_ac1" : "gwet_ac2", plain ? "Gwet AC1" : "Gwet AC2"},
                       {stats::Coefficient::kBrennanPrediger, "brennan_prediger", "Brennan-Prediger"},
                       {stats::Coefficient::kKrippendorff, "krippendorff_alpha", "Krippendorff alpha"}};
  for (const Named& n : all) {
    const auto found = ratings ? stats::Agreement(*ratings, n.coefficient, WeightsFor(r.weights, n.coefficient),
                                                  {.confidence = r.common.confidence})
                               : std::unexpected(ratings.error());
    if (found) {
      writer.Estimate(n.key, n.name, found->coefficient, found->observed, found->by_chance);
    } else {
      writer.Reason(n.key, n.name, found.error());
    }
  }
  if (plain && ratings) {
    const auto fleiss = stats::FleissKappa(*ratings, {.confidence = r.common.confidence});
    if (fleiss) json->Member("fleiss_null_standard_error", fleiss->null_standard_error).Member("fleiss_z", fleiss->z);
  }
  AddIcc(r, panel, &writer);
}

void AddPairs(const AgreementRequest& r, const GradedPanel& panel, Json* json, TextTable* table) {
  const Lang lang = r.common.lang;
  json->Key("pairs").Open('[');
  const bool few = panel.reader_names.size() <= kMostPairReaders;
  for (const auto& [readers, pair] : few ? PairsOf(panel) : std::map<std::pair<std::size_t, std::size_t>, Pair>{}) {
    const std::string &a = panel.reader_names[readers.first], &b = panel.reader_names[readers.second];
    json->Open('{').Member("reader_a", a).Member("reader_b", b).MemberInteger("n", pair.grades.size());
    if (static_cast<std::int64_t>(pair.grades.size()) < r.min_n) {
      json->Member("not_shown", "too_few").Close('}');
      continue;
    }
    std::set<double> distinct;
    for (const auto& [x, y] : pair.grades) distinct.insert({x, y});
    const std::vector<double> categories(distinct.begin(), distinct.end());
    if (categories.size() < 2 || categories.size() > stats::kMaxCategories) {
      json->Member("kappa", stats::NoResult{categories.size() < 2 ? stats::Reason::kOneCategory : stats::Reason::kOutsideDomain,
                                            "kappa is for 2 to 256 categories"})
          .Close('}');
      continue;
    }
    stats::PairTable counts(categories.size());
    const auto code = [&](double x) {
      return static_cast<std::size_t>(std::lower_bound(categories.begin(), categories.end(), x) - categories.begin());
    };
    for (const auto& [x, y] : pair.grades) counts.Add(code(x), code(y));
    const auto kappa = stats::WeightedKappa(counts, Disagreement(r.weights, categories), {.confidence = r.common.confidence});
    const auto margins = stats::StuartMaxwell(counts), symmetry = stats::Bowker(counts);
    if (kappa) {
      json->Member("kappa", kappa->kappa).Member("observed", kappa->observed).Member("by_chance", kappa->by_chance);
    } else {
      json->Member("kappa", kappa.error());
    }
    Put(json, "stuart_maxwell", margins);
    Put(json, "bowker", symmetry);
    if (categories.size() == 2) WriteMcNemar(counts, r.common.confidence, json);
    json->Close('}');
    table->Row({a + " / " + b, std::to_string(pair.grades.size()),
                kappa ? IntervalText(kappa->kappa, 4, lang) : Say(lang, kappa.error().reason),
                margins ? PValue(margins->p) : Say(lang, margins.error().reason),
                symmetry ? PValue(symmetry->p) : Say(lang, symmetry.error().reason)});
  }
  json->Close(']');
  if (!few) {
    json->Member("pairs_not_shown",
                 stats::NoResult{stats::Reason::kOutsideDomain, "more than " + std::to_string(kMostPairReaders) + " readers"});
  }
}

}  // namespace plumbline::analyse
