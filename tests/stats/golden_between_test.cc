// Golden values of the families "distribution against baseline" and "between centres".
#include <cmath>

#include "engine/stats/categorical.h"
#include "engine/stats/ddsketch.h"
#include "engine/stats/distributions.h"
#include "engine/stats/divergence.h"
#include "engine/stats/funnel.h"
#include "engine/stats/meta.h"
#include "engine/stats/two_sample.h"
#include "tests/stats/golden.h"

using namespace plumbline::stats;

namespace {

CountTable TableOf(const plumbline::golden::Value& value) {
  CountTable t;
  for (const auto& row : value.Matrix()) {
    t.columns = row.size();
    ++t.rows;
    t.counts.insert(t.counts.end(), row.begin(), row.end());
  }
  return t;
}

}  // namespace

PLUMBLINE_GOLDEN(FunnelRatio, "cc.funnel_sr") {
  const auto observed = golden.data()["O"].Numbers(), expected = golden.data()["E"].Numbers();
  std::vector<FunnelUnit> units;
  for (std::size_t i = 0; i < observed.size(); ++i) units.push_back({observed[i], expected[i]});
  const auto cqc = Funnel(units, {.kind = FunnelKind::kRatio, .over_dispersion = OverDispersion::kCqc, .trim = 0.1});
  golden.Holds("CQC is stated", cqc.has_value());
  std::vector<double> z, adjusted;
  for (const FunnelPoint& p : cqc->points) {
    z.push_back(p.z);
    adjusted.push_back(p.adjusted_z);
  }
  const auto& want = golden.expected()["CQC"];
  golden.NearValues("CQC/z", z, want["z"].Numbers());
  golden.NearValue("CQC/phi_winsorised", cqc->phi, want["phi_winsorised"].Number());
  golden.NearValue("CQC/tau2", cqc->tau2, want["tau2"].Number());
  golden.NearValues("CQC/adjusted_z", adjusted, want["adjusted_z"].Numbers());
  const FunnelOptions log_scale{.kind = FunnelKind::kRatio, .over_dispersion = OverDispersion::kShmi, .trim = 0.1};
  const auto shmi = Funnel(units, log_scale);
  const auto& log_want = golden.expected()["SHMI_O_gt_0"];
  golden.NearValue("SHMI/phi_truncated", shmi->phi, log_want["phi_truncated"].Number());
  golden.NearValue("SHMI/n_used", static_cast<double>(shmi->used), log_want["n_used"].Number());
  golden.NearValue("SHMI/tau2", shmi->tau2, log_want["tau2"].Number());
  FunnelOptions rounded = log_scale;
  rounded.z95 = 1.959964;
  rounded.z998 = 3.090232;
  const FunnelLimits at = LimitsAt(10, 1, shmi->tau2, rounded);
  const std::vector<double> limits = {at.low95, at.high95, at.low998, at.high998};
  golden.NearValues("SHMI/limits_at_E10", limits, log_want["OD_limits_at_E10"].Numbers());
  const FunnelLimits exact = ExactPoissonLimits(10);
  const auto& poisson = golden.expected()["exact_poisson_limits_E10"];
  golden.NearValue("exact/ll95", exact.low95, poisson["ll95"].Number());
  golden.NearValue("exact/ul95", exact.high95, poisson["ul95"].Number());
  golden.NearValue("exact/ll998", exact.low998, poisson["ll998"].Number());
  golden.NearValue("exact/ul998", exact.high998, poisson["ul998"].Number());
}

PLUMBLINE_GOLDEN(FunnelProportion, "cc.funnel_pr") {
  const auto r = golden.data()["r"].Numbers(), n = golden.data()["n"].Numbers();
  std::vector<FunnelUnit> units;
  for (std::size_t i = 0; i < r.size(); ++i) units.push_back({r[i], n[i]});
  const FunnelOptions options{.kind = FunnelKind::kProportion, .over_dispersion = OverDispersion::kCqc, .trim = 0.1};
  const auto funnel = Funnel(units, options);
  golden.Holds("is stated", funnel.has_value());
  std::vector<double> z;
  for (const FunnelPoint& p : funnel->points) z.push_back(p.z);
  golden.Near("target", funnel->target);
  golden.Near("z", z);
  golden.Near("phi", funnel->phi);
  golden.Near("tau2", funnel->tau2);
  const FunnelLimits at = LimitsAt(50, funnel->target, funnel->tau2, options);
  const auto& want = golden.expected()["limits_n50"];
  golden.NearValue("limits_n50/ll95", at.low95, want["ll95"].Number());
  golden.NearValue("limits_n50/ul95", at.high95, want["ul95"].Number());
  golden.NearValue("limits_n50/ul998", at.high998, want["ul998"].Number());
  golden.Holds("the lower 99.8 % limit does not fold back up (the raw value is the trap)", at.low998 == 0);
}

PLUMBLINE_GOLDEN(SmrInterval, "cc.smr_ci") {
  const auto r = ObservedExpected(golden.data()["O"].Number(), golden.data()["E"].Number(), golden.params()["conf"].Number());
  golden.Near("SMR", r->garwood.value);
  golden.Near("exact", std::vector<double>{r->garwood.low, r->garwood.high});
  golden.Near("byar", std::vector<double>{r->byar.low, r->byar.high});
  golden.Near("p_two_sided", r->p_two_sided);
}

PLUMBLINE_GOLDEN(ProportionInterval, "cc.proportion_ci") {
  const auto r = Proportion(static_cast<std::int64_t>(golden.data()["x"].Number()),
                            static_cast<std::int64_t>(golden.data()["n"].Number()), golden.params()["conf"].Number());
  golden.Near("clopper_pearson", std::vector<double>{r->clopper_pearson.low, r->clopper_pearson.high});
  golden.Near("wilson", std::vector<double>{r->wilson.low, r->wilson.high});
  golden.Near("jeffreys", std::vector<double>{r->jeffreys.low, r->jeffreys.high});
}

PLUMBLINE_GOLDEN(ChiSquared, "di.chi2_homogeneity") {
  const auto r = HomogeneityTest(TableOf(golden.data()["table"]));
  golden.Near("chi2", r->pearson.statistic);
  golden.Near("df", r->pearson.df);
  // Relative to p itself, not to 1e-3.
  const double p = golden.expected()["p"].Number();
  golden.NearValue("p / expected", r->pearson.p / p, 1.0);
  golden.Near("cramers_v", r->cramers_v);
  golden.Near("G", r->likelihood_ratio.statistic);
}

PLUMBLINE_GOLDEN(Cmh, "di.cmh") {
  std::vector<CountTable> strata;
  for (const auto& s : golden.data()["strata_2x2"].items) strata.push_back(TableOf(s));
  const auto r = CochranMantelHaenszel(strata);
  golden.Near("M2_continuity", r->with_continuity.statistic);
  golden.Near("p_continuity", r->with_continuity.p);
  golden.Near("M2", r->without_continuity.statistic);
  golden.Near("p", r->without_continuity.p);
  golden.Near("common_or", r->common_odds_ratio.value);
  golden.Near("ci", std::vector<double>{r->common_odds_ratio.low, r->common_odds_ratio.high});
  golden.Near("breslow_day_chi2", r->breslow_day.statistic);
  golden.Near("breslow_day_tarone_chi2", r->breslow_day_tarone.statistic);
  golden.Near("breslow_day_tarone_p", r->breslow_day_tarone.p);
  const auto general = GeneralisedCmh(strata);
  golden.NearValue("generalised CMH of 2 x 2", general->statistic, golden.expected()["M2"].Number());
}

PLUMBLINE_GOLDEN(Ks, "di.ks2") {
  const auto r = KolmogorovSmirnov(golden.data()["a"].Numbers(), golden.data()["b"].Numbers());
  golden.Near("D", r->d);
  golden.Near("p_exact", r->p_exact);
  golden.Near("p_asymptotic", r->p_asymptotic);
}

PLUMBLINE_GOLDEN(AndersonDarling, "di.ad_ksample") {
  const std::vector<std::vector<double>> samples = {golden.data()["s1"].Numbers(), golden.data()["s2"].Numbers(),
                                                    golden.data()["s3"].Numbers(), golden.data()["s4"].Numbers()};
  const auto r = AndersonDarlingK(samples);
  golden.Near("A2kN_v1", r->a2_v1);
  golden.Near("T_v1", r->t_v1);
  golden.Near("A2akN_v2", r->a2_v2);
  golden.Near("T_v2", r->t_v2);
  golden.Near("sigma", r->sigma);
  golden.NearValue("p_v1", r->p_v1, golden.expected()["p_v1"].Number(), "rel", 0.1);
  golden.NearValue("p_v2", r->p_v2, golden.expected()["p_v2"].Number(), "rel", 0.1);
}

PLUMBLINE_GOLDEN(Energy, "di.energy") {
  const auto r = DistancesOf(golden.data()["a"].Numbers(), golden.data()["b"].Numbers());
  golden.Near("energy_E2", r->energy_squared);
  golden.Near("edist_T", r->energy_t);
  golden.Near("W1", r->wasserstein);
}

PLUMBLINE_GOLDEN(Mmd, "di.mmd") {
  const auto r =
      MaximumMeanDiscrepancy(golden.data()["a"].Numbers(), golden.data()["b"].Numbers(), golden.params()["bandwidth"].Number());
  golden.Near("mmd2_biased", r->biased_squared);
  golden.Near("mmd2_unbiased", r->unbiased_squared);
  golden.Near("kernlab_mmd_first_order", std::sqrt(r->biased_squared));
}

// Fisher's irises, setosa and versicolor: sums of the 50 flowers and corrected sums of squares and products, in tenths of a
// centimetre (times 50), from which T2 follows.
PLUMBLINE_GOLDEN(HotellingIris, "di.hotelling2") {
  const auto moments = [](std::vector<double> sums, std::vector<double> products) {
    for (double& x : sums) x /= 500;
    for (double& x : products) x /= 5000;
    return Moments{50, std::move(sums), std::move(products)};
  };
  const auto r = HotellingTwoSample(moments({2503, 1714, 731, 123}, {30441, 24308, 4007, 2531, 24308, 35204, 2866, 2278, 4007,
                                                                     2866, 7389, 1487, 2531, 2278, 1487, 2721}),
                                    moments({2968, 1385, 2130, 663}, {65276, 20870, 44810, 13666, 20870, 24125, 20250, 10095,
                                                                      44810, 20250, 54100, 17910, 13666, 10095, 17910, 9581}));
  golden.Near("mahalanobis_D2", r->mahalanobis_squared);
  golden.Near("T2", r->t2);
  golden.Near("F", r->f.statistic);
  golden.Near("df", std::vector<double>{r->f.df, r->f.df2});
}

PLUMBLINE_GOLDEN(PsiJs, "di.psi_js") {
  const auto r = DivergencesOf(golden.data()["p"].Numbers(), golden.data()["q"].Numbers());
  golden.Near("PSI", r->psi);
  golden.Near("KL_pq", r->kl_pq);
  golden.Near("KL_qp", r->kl_qp);
  golden.Near("JS_divergence_nats", r->js);
  golden.Near("JS_divergence_bits", r->js_bits);
  golden.Near("JS_distance_nats", r->js_distance);
  golden.Near("hellinger", r->hellinger);
  golden.Near("TV", r->total_variation);
}

PLUMBLINE_GOLDEN(Sketch, "di.ddsketch") {
  const auto sketch = DdSketch::Make(golden.params()["alpha"].Number());
  golden.Near("gamma", sketch->gamma());
  std::vector<double> index, value;
  for (const double x : golden.data()["x"].Numbers()) {
    index.push_back(sketch->IndexOf(x));
    value.push_back(sketch->ValueOf(sketch->IndexOf(x)));
  }
  golden.Near("index", index);
  golden.Near("value", value);
}

PLUMBLINE_GOLDEN(Meta, "he.meta_bcg") {
  const auto y = golden.data()["yi"].Numbers(), v = golden.data()["vi"].Numbers();
  const std::pair<const char*, TauMethod> methods[] = {{"FE", TauMethod::kFixed},  {"DL", TauMethod::kDerSimonianLaird},
                                                       {"REML", TauMethod::kReml}, {"PM", TauMethod::kPauleMandel},
                                                       {"HE", TauMethod::kHedges}, {"ML", TauMethod::kMaximumLikelihood}};
  for (const auto& [name, method] : methods) {
    const auto r = RandomEffects(y, v, method);
    golden.Holds(std::string(name) + " is stated", r.has_value());
    const auto& want = golden.expected()["models"][name];
    const std::string prefix = std::string(name) + "/";
    golden.NearValue(prefix + "tau2", r->tau2, want["tau2"].Number());
    golden.NearValue(prefix + "mu", r->mean.value, want["mu"].Number());
    golden.NearValue(prefix + "se", r->mean.standard_error, want["se"].Number());
    golden.NearValues(prefix + "ci", std::vector<double>{r->mean.low, r->mean.high}, want["ci"].Numbers());
    golden.NearValue(prefix + "I2", r->i2, want["I2"].Number());
    golden.NearValue(prefix + "H2", r->h2, want["H2"].Number());
  }
  const auto r = RandomEffects(y, v, TauMethod::kReml);
  golden.Near("Q", r->q.statistic);
  golden.Near("df", r->q.df);
  golden.NearValue("p_Q / expected", r->q.p / golden.expected()["p_Q"].Number(), 1.0);
  golden.NearValue("HKSJ/se", r->hksj.standard_error, golden.expected()["HKSJ"]["se"].Number());
  golden.NearValues("HKSJ/ci", std::vector<double>{r->hksj.low, r->hksj.high}, golden.expected()["HKSJ"]["ci"].Numbers());
  golden.Near("PI_normal", std::vector<double>{r->prediction_normal.low, r->prediction_normal.high});
  golden.Near("PI_HTS_t_km2", std::vector<double>{r->prediction_t.low, r->prediction_t.high});
  golden.Near("PI_HKSJ_t_km1", std::vector<double>{r->prediction_hksj.low, r->prediction_hksj.high});
  golden.Near("blup", r->shrunken);
  const auto tau = QProfile(y, v);
  golden.Near("tau2_Qprofile_CI", std::vector<double>{tau->low, tau->high});
}

PLUMBLINE_GOLDEN(OneWay, "he.icc_lmm") {
  std::vector<std::vector<double>> groups;
  std::string last;
  for (std::size_t i = 0; i < golden.data()["y"].items.size(); ++i) {
    const std::string& batch = golden.data()["batch"].At(i).text;
    if (batch != last) groups.emplace_back();
    last = batch;
    groups.back().push_back(golden.data()["y"].At(i).Number());
  }
  const auto r = BalancedOneWay(groups);
  golden.Near("MSB", r->ms_between);
  golden.Near("MSW", r->ms_within);
  golden.NearValue("REML/between", r->between, golden.expected()["REML"]["between"].Number());
  golden.NearValue("REML/within", r->within, golden.expected()["REML"]["within"].Number());
  golden.NearValue("REML/icc", r->icc, golden.expected()["REML"]["icc"].Number());
  golden.NearValue("ML/between", r->between_ml, golden.expected()["lme4_ML"][0].Number());
  golden.Near("mu", r->mean);
  golden.Near("blup", r->blup);
  golden.Near("shrinkage_B", r->shrinkage);
}

PLUMBLINE_GOLDEN(MedianOdds, "he.median_odds_ratio") {
  GlmmData data;
  data.columns = 4;
  const auto herd = golden.data()["herd"].Numbers(), period = golden.data()["period"].Numbers();
  data.events = golden.data()["incidence"].Numbers();
  data.n = golden.data()["size"].Numbers();
  for (std::size_t i = 0; i < herd.size(); ++i) {
    data.group.push_back(static_cast<std::size_t>(herd[i]) - 1);
    for (int k = 1; k <= 4; ++k) data.design.push_back(k == 1 || period[i] == k ? 1.0 : 0.0);
  }
  const auto laplace = RandomInterceptLogistic(data, 1), quadrature = RandomInterceptLogistic(data, 25);
  golden.Holds("Laplace is stated", laplace.has_value());
  golden.Holds("quadrature is stated", quadrature.has_value());
  golden.Near("sigma2_laplace", laplace->sigma2);
  golden.Near("sigma2_AGQ25", quadrature->sigma2);
  golden.Near("MOR_laplace", laplace->median_odds_ratio);
  golden.Near("MOR_AGQ25", quadrature->median_odds_ratio);
  golden.Near("latent_icc_laplace", laplace->latent_icc);
  golden.Near("fixef_laplace", laplace->beta);
}
