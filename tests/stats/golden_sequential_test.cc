// Golden values of the sequential families: e-detectors, e-processes, confidence sequences, online error control, drift
// detectors.
#include <cmath>

#include "engine/stats/confidence_sequence.h"
#include "engine/stats/drift.h"
#include "engine/stats/e_detector.h"
#include "engine/stats/multiple_testing.h"
#include "engine/stats/random.h"
#include "tests/stats/golden.h"

using namespace plumbline::stats;

namespace {

struct Paths {
  std::vector<double> detector, process;
};

Paths Run(const EDetectorOptions& options, const std::vector<double>& y, const std::vector<double>& m) {
  const auto detector = EDetector::Make(options);
  Paths paths;
  EDetectorState state;
  for (std::size_t i = 0; i < y.size(); ++i) {
    detector->Step({y[i], m[m.size() == 1 ? 0 : i], m[m.size() == 1 ? 0 : i]}, &state);
    paths.detector.push_back(*detector->LogDetector(state));
    paths.process.push_back(detector->LogEProcess(state));
  }
  return paths;
}

EDetectorOptions Up(Response response, std::vector<double> grid, std::vector<double> weights = {}) {
  EDetectorOptions o;
  o.response = response;
  o.sides = WatchSides::kUp;
  o.grid = std::move(grid);
  o.weights = std::move(weights);
  o.threshold = 1e90;
  return o;
}

std::vector<double> Bits(const std::vector<bool>& v) { return {v.begin(), v.end()}; }

}  // namespace

PLUMBLINE_GOLDEN(EDetector, "se.e_detector") {
  const auto y = golden.data()["bernoulli"].Numbers(), loss = golden.data()["bounded"].Numbers();
  const std::vector<double> m = {golden.params()["m0"].Number()};
  const double lambda = golden.params()["lambda_single"].Number();
  const Paths single = Run(Up(Response::kBinary, {lambda}), y, m);
  golden.Near("log_SR_ber", single.detector);
  golden.Near("log_ST_ber", single.process);
  std::vector<double> cusum;
  double log_m = 0;
  for (const double x : y) cusum.push_back(log_m = LogCusumStep(log_m, BernoulliLogIncrement(lambda, x, m[0])));
  golden.Near("log_CU_ber", cusum);
  const Paths mixed =
      Run(Up(Response::kBoundedLoss, golden.params()["bounded_lambdas"].Numbers(), golden.params()["bounded_weights"].Numbers()),
          loss, m);
  golden.Near("log_SR_bounded_mix", mixed.detector);
  golden.Near("log_ST_bounded_mix", mixed.process);
  const Paths binary = Run(
      Up(Response::kBinary, golden.params()["ber_mix_lambdas"].Numbers(), golden.params()["ber_mix_weights"].Numbers()), y, m);
  golden.Near("log_SR_ber_mix", binary.detector);
  const auto& want = golden.expected()["adaptive_grid_ber"];
  const auto grid = DesignBernoulliGrid({.m0 = m[0],
                                         .delta_lower = want["delta_lower"].Number(),
                                         .delta_upper = want["delta_upper"].Number(),
                                         .run_length = want["ARL"].Number()});
  golden.Holds("the adaptive grid is stated", grid.has_value());
  golden.NearValues("adaptive/lambdas", grid->lambdas, want["lambdas"].Numbers());
  golden.NearValues("adaptive/weights", grid->weights, want["weights"].Numbers());
}

PLUMBLINE_GOLDEN(RiskAdjustedBetting, "se.risk_adjusted_betting") {
  const Paths paths = Run(Up(Response::kBoundedLoss, golden.params()["lambda_grid"].Numbers()), golden.data()["L"].Numbers(),
                          golden.data()["m"].Numbers());
  golden.Near("log_e_process_mixture", paths.process);
  golden.Near("log_SR_mixture", paths.detector);
}

PLUMBLINE_GOLDEN(OnlineFdr, "se.online_fdr") {
  const auto p = golden.data()["p"].Numbers();
  const double alpha = golden.params()["alpha"].Number();
  const auto lord = LordPlusPlus(p, alpha), saffron = Saffron(p, alpha), addis = Addis(p, alpha);
  golden.Near("LORDpp_alpha", lord->levels);
  golden.Near("LORDpp_R", Bits(lord->rejected));
  golden.Near("SAFFRON_alpha", saffron->levels);
  golden.Near("SAFFRON_R", Bits(saffron->rejected));
  golden.Near("LOND_original_alpha", Lond(p, alpha, LondVariant::kOriginal)->levels);
  golden.Near("LOND_modified_alpha", Lond(p, alpha, LondVariant::kModified)->levels);
  golden.Near("ADDIS_alpha", addis->levels);
}

PLUMBLINE_GOLDEN(EbhElond, "se.ebh_elond") {
  const auto e = golden.data()["e"].Numbers();
  const double alpha = golden.params()["alpha"].Number();
  std::vector<double> log_e;
  for (const double x : e) log_e.push_back(std::log(x));
  const auto ebh = EBenjaminiHochberg(log_e, alpha);
  golden.Near("ebh_k_star", static_cast<double>(ebh->rejected));
  golden.Near("ebh_threshold", ebh->threshold);
  std::vector<double> indices;
  for (const std::size_t i : ebh->indices) indices.push_back(static_cast<double>(i + 1));
  golden.Near("ebh_rejected_1based", indices);
  const auto elond = ELond(e, alpha);
  golden.Near("elond_thresholds", elond->levels);
  golden.Near("elond_reject", Bits(elond->rejected));
}

PLUMBLINE_GOLDEN(Confseq, "se.confseq") {
  const double s = golden.data()["s"].Number(), v = golden.data()["v"].Number(), v_opt = golden.params()["v_opt"].Number();
  const double alpha_opt = golden.params()["alpha_opt"].Number(), alpha = golden.params()["alpha"].Number();
  golden.Near("best_rho_2s", BestRho(v_opt, alpha_opt));
  const NormalMixture normal(v_opt, alpha_opt);
  golden.Near("normal_log_mixture_2s", normal.LogMixture(s, v));
  golden.Near("normal_mixture_bound_2s", normal.Bound(v, alpha));
  const OneSidedNormalMixture one_sided(v_opt, alpha_opt);
  golden.Near("normal_log_mixture_1s", one_sided.LogMixture(s, v));
  golden.Near("normal_mixture_bound_1s", one_sided.Bound(v, alpha));
  const GammaExponentialMixture gamma(v_opt, alpha_opt, 2);
  golden.Near("gamma_exp_log_mixture_c2", gamma.LogMixture(s, v));
  golden.Near("gamma_exp_bound_c2", gamma.Bound(v, alpha));
  const BetaBinomialMixture beta(v_opt, alpha_opt, 0.2, 0.8);
  golden.Near("beta_binom_log_mixture_2s_g.2_h.8", beta.LogMixture(s, v));
  golden.Near("beta_binom_bound_2s", beta.Bound(v, alpha));
  golden.Near("poly_stitching_bound_c3", PolynomialStitchingBound(100, alpha, {.v_min = 10, .c = 3}));
  golden.Near("empirical_process_lil_bound_1000", *EmpiricalProcessBound(1000, alpha, 100));
  golden.Near("double_stitching_.9_1000", DoubleStitchingBound(0.9, 1000, alpha, {.t_opt = 100}));
  const auto many = BernoulliConfidenceSequence(700, 1000, alpha, 100), few = BernoulliConfidenceSequence(15, 50, alpha, 50);
  golden.Near("bernoulli_ci_700_1000", std::vector<double>{many->low, many->high});
  golden.Near("bernoulli_ci_15_50", std::vector<double>{few->low, few->high});
}

PLUMBLINE_GOLDEN(BetaBinomialE, "se.betabinomial_eprocess") {
  std::vector<double> log_e;
  double events = 0, n = 0;
  for (const double y : golden.data()["y"].Numbers()) {
    events += y;
    n += 1;
    log_e.push_back(*BetaBinomialLogE(events, n, golden.params()["p0"].Number(), golden.params()["a"].Number(),
                                      golden.params()["b"].Number()));
  }
  golden.Near("log_e", log_e);
}

PLUMBLINE_GOLDEN(EmpiricalBernstein, "se.predmix_eb_cs") {
  EmpiricalBernsteinSequence sequence(golden.params()["alpha"].Number(), golden.params()["truncation"].Number());
  std::vector<double> low, high;
  for (const double x : golden.data()["x"].Numbers()) {
    sequence.Add(x);
    low.push_back(sequence.Interval().low);
    high.push_back(sequence.Interval().high);
  }
  golden.Near("lower", low);
  golden.Near("upper", high);
}

// E[false alerts in T] <= T/c: the mean of 600 runs of the entry's design stays below the bound, and near what the entry's own
// simulation found.
PLUMBLINE_GOLDEN(FalseAlertBudget, "se.false_alert_budget") {
  const double c = golden.params()["c"].Number();
  const auto steps = static_cast<int>(golden.params()["T"].Number());
  EDetectorOptions options = Up(Response::kBinary, golden.params()["lambda_grid"].Numbers());
  options.threshold = c;
  const auto detector = EDetector::Make(options);
  constexpr int kRuns = 600;
  double total = 0, squares = 0;
  for (int run = 0; run < kRuns; ++run) {
    SplitMix random(20261125, static_cast<std::uint64_t>(run));
    EDetectorState state;
    for (int t = 0; t < steps; ++t) {
      const double p = 0.02 + 0.28 * random.Uniform();
      detector->Step({random.Uniform() < p ? 1.0 : 0.0, p, p}, &state);
    }
    total += state.alarms;
    squares += static_cast<double>(state.alarms) * state.alarms;
  }
  const double mean = total / kRuns, se = std::sqrt((squares / kRuns - mean * mean) / kRuns);
  const double simulated = golden.expected()["simulated_mean_alerts"].Number(),
               other_se = golden.expected()["simulated_se"].Number();
  golden.Holds("mean false alerts " + std::to_string(mean) + " <= T/c", mean <= golden.expected()["bound"].Number());
  golden.NearValue("mean false alerts, 4 standard errors", mean, simulated, "abs", 4 * std::sqrt(se * se + other_se * other_se));
}

PLUMBLINE_GOLDEN(DetectionDelay, "se.detection_delay") {
  for (const auto& row : golden.expected()["rows"].items) {
    const double p0 = row[0].Number(), p1 = row[1].Number(), want = row[3].Number();
    EDetectorOptions options = Up(Response::kBinary, golden.params()["lambda_grid"].Numbers());
    options.threshold = row[2].Number();
    const auto detector = EDetector::Make(options);
    constexpr int kRuns = 250;
    double total = 0, squares = 0;
    for (int run = 0; run < kRuns; ++run) {
      SplitMix random(3, static_cast<std::uint64_t>(run));
      EDetectorState state;
      EStep step = EStep::kQuiet;
      while (step == EStep::kQuiet) step = detector->Step({random.Uniform() < p1 ? 1.0 : 0.0, p0, p0}, &state);
      const double delay = static_cast<double>(state.n);
      total += delay;
      squares += delay * delay;
    }
    const double mean = total / kRuns, se = std::sqrt((squares / kRuns - mean * mean) / kRuns);
    const std::string name =
        std::to_string(p0) + " -> " + std::to_string(p1) + " c=" + std::to_string(static_cast<int>(row[2].Number()));
    // The entry's tolerance plus twice this run's standard error, since both are simulations.
    golden.NearValue(name, mean, want, "abs", 0.06 * want + 2 * se);
  }
}

PLUMBLINE_GOLDEN(River, "dr.river") {
  const auto x = golden.data()["values"].Numbers();
  const auto first = [&x](auto detector) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (detector.Add(x[i])) return static_cast<double>(i);
    }
    return -1.0;
  };
  golden.NearValue("page_hinkley", first(PageHinkley{}), golden.expected()["page_hinkley"][0][0].Number());
  golden.NearValue("adwin", first(Adwin{}), golden.expected()["adwin"][0][0].Number());
  // Its sample is drawn by another generator there: a loose check, as the entry's notes ask.
  golden.NearValue("kswin (loose)", first(Kswin{}), golden.expected()["kswin"][0][0].Number(), "abs", 15);
}
