#include <cmath>

#include "engine/stats/icc.h"
#include "engine/stats/kappa.h"
#include "engine/stats/method_comparison.h"
#include "engine/stats/rater_panel.h"
#include "tests/stats/golden.h"

using namespace plumbline::stats;
using plumbline::golden::Value;

PLUMBLINE_GOLDEN(CohenKappa, "ag.cohen_kappa") {
  const auto table = PairTable::FromRows(golden.data()["counts_row_major"].Matrix()).value();
  const auto kappa = CohenKappa(table).value();
  golden.Near("kappa", kappa.kappa.value);
  golden.Near("var_kappa_FCE1969", kappa.variance);
  const auto rows = golden.params()["disagreement_weights"].Matrix();
  SquareMatrix weights(rows.size());
  for (std::size_t a = 0; a < rows.size(); ++a) {
    for (std::size_t b = 0; b < rows.size(); ++b) weights(a, b) = rows[a][b];
  }
  const auto weighted = WeightedKappa(table, weights).value();
  golden.Near("weighted_kappa", weighted.kappa.value);
  golden.Near("var_weighted_FCE1969", weighted.variance);
  golden.Near("linear_weighted_kappa", WeightedKappa(table, LinearDisagreement(3)).value().kappa.value);
  const auto quadratic = WeightedKappa(table, QuadraticDisagreement(3)).value();
  golden.Near("quadratic_weighted_kappa", quadratic.kappa.value);
  golden.Near("var_quadratic", quadratic.variance);
}

PLUMBLINE_GOLDEN(IntraclassCorrelation, "ag.icc") {
  const auto table = Icc(golden.data()["ratings_subject_by_judge"].Matrix(), 1 - golden.params()["alpha"].Number()).value();
  for (std::size_t i = 0; i < 6; ++i) {
    const auto& form = table.form[i].value();
    const auto& e = golden.expected();
    const std::string& type = e["types"].At(i).text;
    golden.NearValue(type, form.icc.value, e["icc"].At(i).Number());
    golden.NearValue(type + " F", form.f.statistic, e["F"].At(i).Number());
    golden.NearValue(type + " df1", form.f.df, e["df1"].At(i).Number());
    golden.NearValue(type + " df2", form.f.df2, e["df2"].At(i).Number());
    golden.NearValue(type + " lower", form.icc.low, e["lower"].At(i).Number());
    golden.NearValue(type + " upper", form.icc.high, e["upper"].At(i).Number());
  }
}

PLUMBLINE_GOLDEN(BlandAltman, "ag.bland_altman") {
  const auto x = golden.data()["x"].Numbers(), y = golden.data()["y"].Numbers();
  const auto result = BlandAltmanLimits(x, y).value();
  golden.Near("bias", result.bias.value);
  golden.Near("sd", result.sd);
  golden.Near("loa_1.96", std::vector<double>{result.lower_limit.value, result.upper_limit.value});
  const auto twice = BlandAltmanLimits(x, y, {.multiplier = 2}).value();
  golden.Near("loa_2sd", std::vector<double>{twice.lower_limit.value, twice.upper_limit.value});
  golden.Near("se_bias", result.bias.standard_error);
  golden.Near("ci_bias", std::vector<double>{result.bias.low, result.bias.high});
  golden.Near("se_loa_approx_sqrt3", result.limit_error_1986);
  golden.Near("se_loa_1999", result.limit_error_1999);
}

PLUMBLINE_GOLDEN(LinConcordance, "ag.lin_ccc") {
  const auto result =
      LinConcordance(golden.data()["x"].Numbers(), golden.data()["y"].Numbers(), golden.params()["conf"].Number()).value();
  golden.Near("ccc", result.ccc.value);
  golden.Near("lower", result.ccc.low);
  golden.Near("upper", result.ccc.high);
  golden.Near("C_b", result.bias_correction);
  golden.Near("ccc_n_minus_1_denominator", result.ccc_sample_denominator);
}

PLUMBLINE_GOLDEN(PassingBablok, "ag.passing_bablok") {
  const auto x = golden.data()["x"].Numbers(), y = golden.data()["y"].Numbers();
  const auto check = [&](const std::string& name, const Line& line, const Value& expected) {
    golden.NearValue(name + " slope", line.slope.value, expected["slope"].Number());
    golden.NearValues(name + " slope interval", std::vector<double>{line.slope.low, line.slope.high},
                      expected["slope_ci"].Numbers());
    golden.NearValue(name + " intercept", line.intercept.value, expected["intercept"].Number());
    golden.NearValues(name + " intercept interval", std::vector<double>{line.intercept.low, line.intercept.high},
                      expected["intercept_ci"].Numbers());
  };
  check("mcr", PassingBablok(x, y, {.ranks = RankConvention::kMcr}).value(), golden.expected());
  check("paper", PassingBablok(x, y, {.ranks = RankConvention::kPaper}).value(), golden.expected()["PB1983_rank_convention"]);
  const auto& pefr = plumbline::golden::EntryById("ag.bland_altman")["data"];
  check("pefr", PassingBablok(pefr["x"].Numbers(), pefr["y"].Numbers(), {.ranks = RankConvention::kMcr}).value(),
        golden.expected()["pefr"]);
}

PLUMBLINE_GOLDEN(DemingRegression, "ag.deming") {
  const auto& source = plumbline::golden::EntryById("ag.passing_bablok")["data"];
  auto x = source["x"].Numbers(), y = source["y"].Numbers();
  for (double& v : x) v /= 100;
  for (double& v : y) v /= 100;
  const double ratio = golden.params()["error_ratio"].Number();
  const auto line = Deming(x, y, {.error_ratio = ratio}).value();
  golden.Near("slope", line.slope.value);
  golden.Near("intercept", line.intercept.value);
  golden.Near("jackknife_se_slope", line.slope.standard_error);
  golden.Near("jackknife_se_intercept", line.intercept.standard_error);
  golden.Near("jackknife_ci_slope", std::vector<double>{line.slope.low, line.slope.high});
  const auto weighted = Deming(x, y, {.error_ratio = ratio, .weighted = true}).value();
  golden.Near("weighted_slope", weighted.slope.value);
  golden.Near("weighted_intercept", weighted.intercept.value);
}

PLUMBLINE_GOLDEN(McNemarTest, "ag.mcnemar") {
  const auto result = McNemarTest(PairTable::FromRows(golden.data()["table_rows"].Matrix()).value()).value();
  golden.Near("chi2_continuity", result.continuity.statistic);
  golden.Near("p_continuity", result.continuity.p);
  golden.Near("chi2", result.chi_squared.statistic);
  golden.Near("p", result.chi_squared.p);
  golden.Near("exact_p", result.exact.p);
}

PLUMBLINE_GOLDEN(FleissKappaOfPanel, "ag.fleiss_kappa") {
  const auto panel = PanelRatings::FromCounts(golden.data()["counts"].Matrix()).value();
  const auto result = FleissKappa(panel).value();
  golden.Near("kappa", result.agreement.coefficient.value);
  golden.Near("P_bar", result.agreement.observed);
  golden.Near("P_e", result.agreement.by_chance);
  golden.Near("se_null_Fleiss1979", result.null_standard_error);
  golden.Near("z", result.z);
}

PLUMBLINE_GOLDEN(Panel, "ag.krippendorff_gwet") {
  std::vector<std::vector<std::optional<double>>> ratings;
  for (const Value& unit : golden.data()["ratings_units_x_raters"].items) {
    auto& row = ratings.emplace_back();
    for (const Value& rating : unit.items) row.push_back(rating.IsNull() ? std::nullopt : std::optional<double>(rating.Number()));
  }
  const auto panel = PanelRatings::FromRatings(ratings).value();
  const auto alpha = [&](PanelWeights metric) {
    return Agreement(panel, Coefficient::kKrippendorff, metric).value().coefficient.value;
  };
  const auto& expected_alpha = golden.expected()["krippendorff_alpha"];
  golden.NearValue("alpha nominal", alpha(PanelWeights::kIdentity), expected_alpha["nominal"].Number());
  golden.NearValue("alpha ordinal", alpha(PanelWeights::kOrdinalMetric), expected_alpha["ordinal"].Number());
  golden.NearValue("alpha interval", alpha(PanelWeights::kQuadratic), expected_alpha["interval"].Number());
  golden.NearValue("alpha ratio", alpha(PanelWeights::kRatio), expected_alpha["ratio"].Number());
  const std::pair<const char*, Coefficient> coefficients[] = {{"gwet", Coefficient::kGwet},
                                                              {"fleiss", Coefficient::kFleiss},
                                                              {"krippendorff", Coefficient::kKrippendorff},
                                                              {"bp", Coefficient::kBrennanPrediger}};
  const std::pair<const char*, PanelWeights> weights[] = {{"identity", PanelWeights::kIdentity},
                                                          {"linear", PanelWeights::kLinear},
                                                          {"quadratic", PanelWeights::kQuadratic},
                                                          {"ordinal", PanelWeights::kGwetOrdinal}};
  for (const auto& [weight_name, weight] : weights) {
    for (const auto& [name, coefficient] : coefficients) {
      const std::string key = std::string(name) + "_" + weight_name;
      const auto result = Agreement(panel, coefficient, weight).value().coefficient;
      const auto& expected = golden.expected()["irrCAC"][key];
      golden.NearValue(key, result.value, expected["coef"].Number());
      golden.NearValue(key + " se", result.standard_error, expected["se"].Number());
      golden.NearValues(key + " interval", std::vector<double>{result.low, result.high}, expected["ci"].Numbers());
    }
  }
}

PLUMBLINE_GOLDEN(MarginsAndSymmetry, "ag.stuart_maxwell_bowker") {
  const auto table = PairTable::FromRows(golden.data()["table"].Matrix()).value();
  const auto margins = StuartMaxwell(table).value();
  golden.Near("stuart_maxwell_chi2", margins.statistic);
  golden.Near("sm_df", margins.df);
  golden.Near("sm_p", margins.p);
  const auto symmetry = Bowker(table).value();
  golden.Near("bowker_chi2", symmetry.statistic);
  golden.Near("bowker_df", symmetry.df);
  golden.Near("bowker_p", symmetry.p);
}

PLUMBLINE_GOLDEN(PulseOximeterAccuracy, "cl.arms") {
  const auto result = RootMeanSquareAccuracy(golden.data()["SaO2"].Numbers(), golden.data()["SpO2"].Numbers()).value();
  golden.Near("Arms", result.root_mean_square);
  golden.Near("bias", result.bias);
  golden.Near("sd", result.sd);
}
