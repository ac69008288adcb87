#include <algorithm>
#include <cmath>

#include "engine/stats/arl.h"
#include "engine/stats/chart.h"
#include "engine/stats/control_constants.h"
#include "engine/stats/detectors.h"
#include "engine/stats/mewma.h"
#include "engine/stats/risk_detectors.h"
#include "engine/stats/run_chart.h"
#include "engine/stats/westgard.h"
#include "tests/stats/golden.h"

using namespace plumbline::stats;

namespace {

std::vector<double> Lower(const Chart& chart) {
  std::vector<double> v;
  for (const auto& p : chart.points) v.push_back(p.lower);
  return v;
}
std::vector<double> Upper(const Chart& chart) {
  std::vector<double> v;
  for (const auto& p : chart.points) v.push_back(p.upper);
  return v;
}
std::vector<double> Values(const Chart& chart) {
  std::vector<double> v;
  for (const auto& p : chart.points) v.push_back(p.value);
  return v;
}
std::vector<double> Beyond(const Chart& chart) {
  std::vector<double> v;
  for (const auto& s : chart.signals) v.push_back(static_cast<double>(s.at + 1));
  return v;
}

}  // namespace

PLUMBLINE_GOLDEN(IndividualsChart, "cc.imr") {
  const auto x = golden.data()["x"].Numbers();
  ChartOptions options{.rounded_d2 = true};
  const auto rounded = ChartIndividuals(x, options).value();
  golden.Near("center", rounded.individuals.centre);
  golden.Near("mr_bar", rounded.mean_moving_range);
  golden.Near("sigma_hat", rounded.individuals.sigma);
  golden.Near("LCL", rounded.individuals.points[0].lower);
  golden.Near("UCL", rounded.individuals.points[0].upper);
  golden.Near("MR_UCL", rounded.moving_range.points[0].upper);
  options.rounded_d2 = false;
  const auto exact = ChartIndividuals(x, options).value();
  golden.Near("sigma_hat_exact_d2", exact.individuals.sigma);
  golden.Near("LCL_exact_d2", exact.individuals.points[0].lower);
  golden.Near("UCL_exact_d2", exact.individuals.points[0].upper);
}

PLUMBLINE_GOLDEN(SubgroupChart, "cc.xbar_r_s") {
  const auto x = golden.data()["subgroups"].Matrix();
  const auto range = ChartSubgroups(x, SpreadBy::kRange, {}).value();
  golden.Near("center", range.means.centre);
  golden.Near("R_bar", range.mean_spread);
  golden.Near("sigma_R", range.means.sigma);
  golden.Near("xbar_LCL_R", range.means.points[0].lower);
  golden.Near("xbar_UCL_R", range.means.points[0].upper);
  golden.Near("R_UCL", range.spread.points[0].upper);
  golden.Near("R_LCL", range.spread.points[0].lower);
  const auto deviation = ChartSubgroups(x, SpreadBy::kDeviation, {}).value();
  golden.Near("S_bar", deviation.mean_spread);
  golden.Near("sigma_S", deviation.means.sigma);
  golden.Near("xbar_LCL_S", deviation.means.points[0].lower);
  golden.Near("xbar_UCL_S", deviation.means.points[0].upper);
  golden.Near("S_UCL", deviation.spread.points[0].upper);
  golden.Near("S_LCL", deviation.spread.points[0].lower);
  golden.Near("sigma_pooled_RMSDF", ChartSubgroups(x, SpreadBy::kPooled, {}).value().means.sigma);
  const auto& constants = golden.expected()["constants_exact"];
  golden.NearValue("d2_5", D2(5), constants["d2_5"].Number(), "rel", 1e-10);
  golden.NearValue("d3_5", D3(5), constants["d3_5"].Number(), "rel", 1e-10);
  golden.NearValue("c4_5", C4(5), constants["c4_5"].Number(), "rel", 1e-10);
}

PLUMBLINE_GOLDEN(ProportionChart, "cc.p") {
  const auto events = golden.data()["D"].Numbers();
  const std::vector<double> trials(events.size(), golden.data()["n"].Number());
  const auto chart = ChartP(events, trials, {}).value();
  golden.Near("pbar", chart.centre);
  golden.Near("LCL", chart.points[0].lower);
  golden.Near("UCL", chart.points[0].upper);
  golden.Near("beyond_limits_1based", Beyond(chart));
}

PLUMBLINE_GOLDEN(CountChart, "cc.c") {
  const auto events = golden.data()["c"].Numbers();
  const auto chart = ChartC(events, {}).value();
  golden.Near("cbar", chart.centre);
  golden.Near("LCL", chart.points[0].lower);
  golden.Near("UCL", chart.points[0].upper);
  golden.Near("beyond_limits_1based", Beyond(chart));
  ChartOptions options;
  options.exclude = {5, 19};
  const auto revised = ChartC(events, options).value();
  const auto& expected = golden.expected()["revised_excluding_6_20"];
  golden.NearValue("revised cbar", revised.centre, expected["cbar"].Number());
  golden.NearValue("revised LCL", revised.points[0].lower, expected["LCL"].Number());
  golden.NearValue("revised UCL", revised.points[0].upper, expected["UCL"].Number());
}

PLUMBLINE_GOLDEN(RateChart, "cc.u") {
  const auto chart = ChartU(golden.data()["x"].Numbers(), golden.data()["n"].Numbers(), {}).value();
  golden.Near("ubar", chart.centre);
  golden.Near("LCL", Lower(chart));
  golden.Near("UCL", Upper(chart));
}

PLUMBLINE_GOLDEN(LaneyPChart, "cc.laney_pprime") {
  ChartOptions options{.rounded_d2 = true};
  const auto laney = ChartLaneyP(golden.data()["r"].Numbers(), golden.data()["n"].Numbers(), options).value();
  golden.Near("pbar", laney.chart.centre);
  golden.Near("sigma_z", laney.sigma_z);
  golden.Near("UCL", Upper(laney.chart));
  golden.Near("LCL", Lower(laney.chart));
  options.screen_moving_ranges = true;
  const auto screened = ChartLaneyP(golden.data()["r"].Numbers(), golden.data()["n"].Numbers(), options).value();
  golden.Near("sigma_z_screened", screened.sigma_z);
  golden.Near("UCL_screenedMR_1st", screened.chart.points[0].upper);
}

PLUMBLINE_GOLDEN(TabularCusum, "cc.cusum_tabular") {
  const auto& p = golden.params();
  const CusumDesign design{
      .target = p["target"].Number(), .sigma = p["sigma"].Number(), .k = p["k"].Number(), .h = p["h"].Number()};
  CusumState state = StartCusum(design);
  std::vector<double> upper, lower;
  double first = 0;
  for (const double x : golden.data()["x"].Numbers()) {
    const auto step = StepCusum(design, &state, x);
    upper.push_back(step.upper);
    lower.push_back(step.lower);
    if (first == 0 && step.upper_alarm) first = static_cast<double>(step.upper_alarm->at + 1);
  }
  golden.Near("C_plus", upper);
  golden.Near("C_minus_as_positive", lower);
  golden.Near("first_signal_1based", first);
}

PLUMBLINE_GOLDEN(EwmaChart, "cc.ewma") {
  const auto& p = golden.params();
  const EwmaDesign design{
      .target = p["target"].Number(), .sigma = p["sigma"].Number(), .lambda = p["lambda"].Number(), .width = p["L"].Number()};
  EwmaState state;
  std::vector<double> z, lower, upper, signals;
  for (const double x : golden.data()["x"].Numbers()) {
    const auto step = StepEwma(design, &state, x);
    z.push_back(step.z);
    lower.push_back(step.lower);
    upper.push_back(step.upper);
    if (step.alarm) signals.push_back(static_cast<double>(step.alarm->at + 1));
  }
  for (const auto& [name, value] : golden.expected().members) {
    if (name == "z") golden.Near("z", z);
    if (name == "LCL") golden.Near("LCL", lower);
    if (name == "UCL") golden.Near("UCL", upper);
    if (name == "beyond_1based") golden.Near(name, signals);
  }
}

PLUMBLINE_GOLDEN(HotellingPhaseOne, "cc.hotelling_t2_phase1") {
  const auto result = ChartHotelling(golden.data()["x"].Matrix(), golden.params()["alpha"].Number()).value();
  golden.Near("T2", Values(result.chart));
  golden.Near("UCL_beta", result.chart.points[0].upper);
}

PLUMBLINE_GOLDEN(TimeBetween, "cc.t_chart") {
  const auto result = ChartT(golden.data()["hours"].Numbers(), {.rounded_d2 = true}, golden.params()["power"].Number()).value();
  golden.Near("y", Values(result.chart));
  golden.Near("center", result.chart.centre);
  golden.Near("mr_bar", result.mean_moving_range);
  golden.Near("UCL", result.chart.points[0].upper);
  golden.Near("LCL", result.chart.points[0].lower);
}

PLUMBLINE_GOLDEN(OpportunitiesBetween, "cc.g_chart") {
  const auto g = golden.data()["g"].Numbers();
  const auto chart = ChartG(g, {}).value();
  golden.Near("mean", chart.centre);
  golden.Near("sigma", chart.sigma);
  golden.Near("UCL", chart.points[0].upper);
  golden.Near("LCL", chart.points[0].lower);
  golden.Near("median_CL_qicharts2", Median(g));
}

PLUMBLINE_GOLDEN(AnhoejTable, "cc.anhoej_runs") {
  for (const auto& row : golden.expected()["table_n_longestmax_crossmin"].Matrix()) {
    const auto n = static_cast<std::int64_t>(row[0]);
    golden.NearValue("longest usual run of " + std::to_string(n), static_cast<double>(LongestUsualRun(n)), row[1]);
    golden.NearValue("fewest usual crossings of " + std::to_string(n), static_cast<double>(FewestUsualCrossings(n)), row[2]);
  }
}

PLUMBLINE_GOLDEN(RaCusumScores, "cc.racusum_scores") {
  const auto scores = golden.data()["parsonnet"].Numbers(), y = golden.data()["y"].Numbers();
  std::vector<double> two, half;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double risk = LogisticRisk(golden.params()["alpha"].Number(), golden.params()["beta"].Number(), scores[i]);
    two.push_back(RiskWeight(y[i] == 1, risk, 2, golden.params()["R0"].Number()));
    half.push_back(RiskWeight(y[i] == 1, risk, 0.5, golden.params()["R0"].Number()));
  }
  golden.Near("W_RA2", two);
  golden.Near("W_RAhalf", half);
}

PLUMBLINE_GOLDEN(RaCusumPath, "cc.racusum_path") {
  const auto scores = golden.data()["s"].Numbers(), y = golden.data()["y"].Numbers();
  const RaCusumDesign design{.h_upper = 1e5, .h_lower = 1e5};
  RaCusumState state;
  VladState vlad_state;
  std::vector<double> upper, lower, vlad;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double risk = LogisticRisk(golden.params()["alpha"].Number(), golden.params()["beta"].Number(), scores[i]);
    const auto step = StepRaCusum(design, &state, y[i] == 1, risk);
    upper.push_back(step.upper);
    lower.push_back(step.lower);
    vlad.push_back(StepVlad(&vlad_state, y[i] == 1, risk).value());
  }
  golden.Near("S_up", upper);
  golden.Near("S_low", lower);

  golden.Near("VLAD_expected_minus_observed", vlad);
}

PLUMBLINE_GOLDEN(Westgard, "cc.westgard") {
  for (const auto& [name, runs] : golden.data()["runs"].members) {
    WestgardState state;
    for (std::size_t i = 0; i < runs.items.size(); ++i) {
      std::vector<ControlValue> run;
      for (const auto& value : runs.At(i).Matrix()) run.push_back({static_cast<std::uint8_t>(value[0] - 1), value[1]});
      std::vector<std::string> flags, expected;
      const auto signals = StepWestgard({}, &state, run).value();
      for (const auto& signal : signals) flags.emplace_back(RuleName(signal.rule));
      for (const auto& flag : golden.expected()[name].At(i).items) expected.push_back(flag.text);
      std::sort(flags.begin(), flags.end());
      std::sort(expected.begin(), expected.end());
      std::string text = name + " run " + std::to_string(i + 1) + ":";
      for (const auto& flag : flags) text += " " + flag;
      golden.Holds(text, flags == expected);
    }
  }
}

PLUMBLINE_GOLDEN(WestgardFalseRejections, "cc.westgard_pfr") {
  const auto only = [](std::initializer_list<Rule> rules) {
    WestgardOptions options;
    options.rules = 0;
    for (const Rule rule : rules) options.rules = static_cast<std::uint16_t>(options.rules | 1U << (static_cast<int>(rule) - 51));
    return options;
  };
  for (const std::size_t n : {1, 2, 4}) {
    const std::string key = "N" + std::to_string(n);
    golden.NearValue("1-2s " + key, WestgardFalseRejection(only({Rule::kWestgard12s}), n).value(),
                     golden.expected()["pfr_1_2s"][key].Number());
    golden.NearValue("1-3s " + key, WestgardFalseRejection(only({Rule::kWestgard13s}), n).value(),
                     golden.expected()["pfr_1_3s"][key].Number());
  }
  golden.Near("pfr_13s_or_22s_or_R4s_N2_within_run",
              WestgardFalseRejection(only({Rule::kWestgard13s, Rule::kWestgard22s, Rule::kWestgardR4s}), 2).value());
  for (const auto& [length, arl] : golden.expected()["run_of_L_same_side_alone_ARL0"].members) {
    RunsOptions runs{.tests = 0b10};
    runs.same_side = static_cast<std::uint8_t>(std::stoi(length));
    golden.NearValue("run of " + length, RunsArl(runs, 0).value(), arl.Number(), "rel", 1e-9);
  }
}

PLUMBLINE_GOLDEN(Mewma, "cc.mewma") {
  SquareMatrix sigma(2);
  const auto rows = golden.data()["Sigma"].Matrix();
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 2; ++j) sigma(i, j) = rows[i][j];
  }
  const double lambda = golden.params()["lam"].Number(), limit = golden.params()["h4"].Number();
  const auto path = [&](EwmaLimits limits, double weight) {
    const auto design = MewmaDesign::Make({0, 0}, sigma, weight, limit, limits).value();
    MewmaState state = StartMewma(design);
    std::vector<double> t2;
    double first = 0;
    for (const auto& x : golden.data()["x"].Matrix()) {
      const auto step = StepMewma(design, &state, x);
      t2.push_back(step.t2);
      if (first == 0 && step.alarm) first = static_cast<double>(step.alarm->at + 1);
    }
    return std::pair{t2, first};
  };
  const auto [exact, first_exact] = path(EwmaLimits::kTimeVarying, lambda);
  const auto [asymptotic, first_asymptotic] = path(EwmaLimits::kAsymptotic, lambda);
  golden.Near("T2_exact_cov", exact);
  golden.Near("T2_asymptotic_cov", asymptotic);
  golden.Near("chi2", path(EwmaLimits::kAsymptotic, 1).first);
  golden.Near("first_signal_exact_1based", first_exact);
  golden.Near("first_signal_asymptotic_1based", first_asymptotic);
}

PLUMBLINE_GOLDEN(Sprt, "cc.sprt") {
  const auto& p = golden.params();
  const double p0 = p["p0"].Number();
  const SprtDesign design{
      .odds_ratio = OddsRatioBetween(p0, p["p1"].Number()), .alpha = p["alpha"].Number(), .beta = p["beta"].Number()};
  golden.Near("upper", design.Upper());
  golden.Near("lower", design.Lower());
  SprtState state;
  std::vector<double> llr;
  for (const double y : golden.data()["y"].Numbers()) llr.push_back(StepSprt(design, &state, y == 1, p0).llr);
  golden.Near("llr", llr);
}
