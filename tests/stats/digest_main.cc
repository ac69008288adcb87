// Prints a digest over many results of each family of engine/stats. Run plainly and with CPU features masked
// (compare_digests.cmake), it must print the same lines but for the last: a digest over glibc's own exp and pow, which changes
// with the mask where the CPU has FMA, and so shows that the mask works and that this test can fail.
#include <bit>
#include <cmath>
#include <cstdio>

#include "engine/base/hash.h"
#include "engine/stats/allowance.h"
#include "engine/stats/arl.h"
#include "engine/stats/baseline.h"
#include "engine/stats/categorical.h"
#include "engine/stats/chart.h"
#include "engine/stats/clinical_scores.h"
#include "engine/stats/confidence_sequence.h"
#include "engine/stats/ddsketch.h"
#include "engine/stats/detectors.h"
#include "engine/stats/divergence.h"
#include "engine/stats/drift.h"
#include "engine/stats/e_detector.h"
#include "engine/stats/funnel.h"
#include "engine/stats/icc.h"
#include "engine/stats/kappa.h"
#include "engine/stats/meta.h"
#include "engine/stats/method_comparison.h"
#include "engine/stats/mewma.h"
#include "engine/stats/multiple_testing.h"
#include "engine/stats/panel.h"
#include "engine/stats/rater_panel.h"
#include "engine/stats/regression.h"
#include "engine/stats/risk_detectors.h"
#include "engine/stats/run_chart.h"
#include "engine/stats/runs_rules.h"
#include "engine/stats/simulated_length.h"
#include "engine/stats/two_sample.h"
#include "engine/stats/westgard.h"
#include "tests/stats/simulate.h"

using namespace plumbline::stats;

namespace {

class Digest {
 public:
  void Add(double v) { sha_.UpdateU64(std::bit_cast<std::uint64_t>(v)); }
  void Add(const Estimate& e) {
    for (const double v : {e.value, e.low, e.high, e.standard_error}) Add(v);
  }
  void Add(const Test& t) {
    for (const double v : {t.statistic, t.df, t.df2, t.p}) Add(v);
  }
  void Add(const Chart& chart) {
    for (const ChartPoint& p : chart.points) {
      for (const double v : {p.value, p.centre, p.lower, p.upper}) Add(v);
    }
    Add(chart.arl0.value_or(0));
    sha_.UpdateU64(chart.signals.size());
  }
  void Add(std::string_view bytes) { sha_.Update(bytes); }
  std::string Hex() { return plumbline::DigestHex(sha_.Finish()); }

 private:
  plumbline::Sha256 sha_;
};

void Distributions(Digest* d) {
  for (double p = 0.0005; p < 1; p += 0.0113) {
    d->Add(NormalQuantile(p));
    for (const double a : {0.3, 1.0, 7.5, 400.0}) {
      d->Add(GammaQuantile(p, a));
      d->Add(StudentTQuantile(p, a));
      d->Add(FQuantile(p, a, 2 * a + 1));
      d->Add(BetaQuantile(p, a, 3));
      d->Add(NoncentralChiSquaredCdf(10 * p * a, a, 3));
    }
    for (int k = 0; k < 30; ++k) {
      d->Add(BinomialCdf(k, 40, p));
      d->Add(PoissonPmf(k, 20 * p));
    }
  }
}

void Lengths(Digest* d) {
  d->Add(CusumArl({.k = 0.5, .h = 4.7, .mean = 0.3, .headstart = 1, .sides = Sides::kTwo}).value());
  d->Add(CusumArlMarkov({.k = 0.5, .h = 4}).value());
  d->Add(DesignCusum(0.4, 500, Sides::kTwo).value());
  d->Add(DesignEwma(0.15, 370).value());
  d->Add(EwmaArl({.lambda = 0.1, .width = 2.7, .mean = 0.5, .limits = EwmaLimits::kTimeVarying}).value());
  d->Add(MewmaArl(3, 0.1, 10.79, 0.7).value());
  d->Add(DesignMewma(4, 0.2, 200).value());
  d->Add(RaCusumArl({{0.05, 0.2}, {3, 1}}, {.odds_ratio = 2, .h = 3}).value());
  d->Add(VarianceEwmaArl(0.1, 1.4, 4, 1.2).value());
  d->Add(ShiryaevRobertsArl(0.5, 5, 0.2).value());
  d->Add(RunsArl(WesternElectric(), 0.4).value());
  d->Add(MaxSprtCriticalValue(0.05, 8).value());
}

void Detectors(Digest* d) {
  plumbline::simulate::Source source(2026);
  CusumState cusum;
  EwmaState ewma;
  RaCusumState ra;
  VladState vlad;
  SprtState sprt;
  RunsState runs;
  const CusumDesign cusum_design{.after = AfterAlarm::kRestart};
  for (int i = 0; i < 20'000; ++i) {
    const double x = source.Normal(), risk = LogisticRisk(-2, 0.7, x);
    const bool event = source.Event(risk);
    d->Add(StepCusum(cusum_design, &cusum, x).upper);
    d->Add(StepEwma({}, &ewma, x).z);
    d->Add(StepRaCusum({}, &ra, event, risk).upper);
    d->Add(StepVlad(&vlad, event, risk).value_or(0));
    d->Add(StepSprt({}, &sprt, event, risk).llr);
    d->Add(static_cast<double>(StepRuns({}, &runs, x).Tests()));
  }
  d->Add(Encode(cusum) + Encode(ewma) + Encode(ra) + Encode(vlad) + Encode(sprt) + EncodeRuns(runs));
}

void ChartsAndAgreement(Digest* d) {
  plumbline::simulate::Source source(7);
  std::vector<double> x, y, events, trials;
  std::vector<std::vector<double>> rows;
  PairTable table(4);
  std::vector<std::vector<std::optional<double>>> panel;
  for (int i = 0; i < 200; ++i) {
    x.push_back(20 + 3 * source.Normal());
    y.push_back(1.05 * x.back() + source.Normal());
    trials.push_back(static_cast<double>(20 + source.Below(30)));
    events.push_back(static_cast<double>(source.Below(12)));
    rows.push_back({x.back(), y.back(), x.back() + source.Normal()});
    const std::size_t a = source.Below(4), b = source.Event(0.6) ? a : source.Below(4);
    table.Add(a, b);
    panel.push_back({static_cast<double>(a + 1), static_cast<double>(b + 1),
                     source.Event(0.8) ? std::optional<double>(static_cast<double>(a) + 1) : std::nullopt});
  }
  d->Add(ChartIndividuals(x, {}).value().individuals);
  d->Add(ChartSubgroups(rows, SpreadBy::kRange, {}).value().spread);
  d->Add(ChartP(events, trials, {}).value());
  d->Add(ChartLaneyU(events, trials, {}).value().chart);
  d->Add(ChartG(events, {}).value());
  d->Add(ChartT(x, {}).value().chart);
  d->Add(ChartHotelling(rows, 0.005).value().chart);
  d->Add(WeightedKappa(table, QuadraticDisagreement(4)).value().kappa);
  d->Add(StuartMaxwell(table).value().p);
  const auto ratings = PanelRatings::FromRatings(panel).value();
  for (const Coefficient c :
       {Coefficient::kGwet, Coefficient::kFleiss, Coefficient::kBrennanPrediger, Coefficient::kKrippendorff}) {
    d->Add(Agreement(ratings, c, PanelWeights::kOrdinalMetric).value().coefficient);
  }
  const auto icc = Icc(rows).value();
  for (const auto& form : icc.form) d->Add(form.value().icc);
  d->Add(BlandAltmanLimits(x, y).value().lower_limit);
  d->Add(LinConcordance(x, y).value().ccc);
  d->Add(Deming(x, y, {.weighted = true}).value().slope);
  d->Add(PassingBablok(x, y).value().slope);
}

void MoreDetectors(Digest* d) {
  plumbline::simulate::Source source(77);
  SquareMatrix covariance(2);
  covariance(0, 0) = covariance(1, 1) = 1;
  covariance(0, 1) = covariance(1, 0) = 0.3;
  const auto mewma_design = MewmaDesign::Make({0, 0}, covariance, 0.1, 8.64, EwmaLimits::kTimeVarying).value();
  MewmaState mewma = StartMewma(mewma_design);
  AnhoejState anhoej;
  WestgardState westgard;
  MaxSprtState max_sprt;
  PageHinkley page({.threshold = 5});
  Kswin kswin;
  Adwin adwin;
  for (int i = 0; i < 2'000; ++i) {
    const double x = source.Normal() + (i > 1'000 ? 1 : 0), y = source.Normal();
    const double pair[2] = {x, y};
    const ControlValue run[2] = {{0, x}, {1, y}};
    d->Add(StepMewma(mewma_design, &mewma, pair).t2);
    d->Add(StepAnhoej(0, &anhoej, x).long_run ? 1.0 : 0.0);
    d->Add(static_cast<double>(StepWestgard({}, &westgard, run).value().size()));
    d->Add(StepMaxSprt({.critical = 4, .horizon = 300}, &max_sprt, source.Event(0.2) ? 1 : 0, 0.15).llr);
    d->Add((page.Add(x) ? 1.0 : 0.0) + (kswin.Add(x) ? 2.0 : 0.0) + (adwin.Add(x) ? 4.0 : 0.0));
  }
  d->Add(adwin.width());
  d->Add(Encode(mewma) + Encode(anhoej) + Encode(westgard) + Encode(max_sprt));
  d->Add(AnhoejFalseSignal(60).value());
  d->Add(SimulatedRunsArl({}, 0, {.runs = 200}).value());
  d->Add(SimulatedWestgardArl({}, 2, 0, {.runs = 200}).value());
  d->Add(SimulatedSprt({}, {{0.05, 0.2}, {3, 1}}, 2, {.runs = 200}).value().arl);
  d->Add(WestgardFalseRejection({}, 3).value());
}

void EDetectors(Digest* d) {
  plumbline::simulate::Source source(78);
  for (const Response response : {Response::kBinary, Response::kBoundedLoss}) {
    EDetectorOptions o;
    o.response = response;
    o.threshold = 300;
    o.margin.value = 0.02;
    const auto detector = EDetector::Make(o).value();
    EDetectorState state;
    EmpiricalBernsteinSequence sequence;
    for (int i = 0; i < 5'000; ++i) {
      const double p = 0.05 + 0.2 * source.Uniform();
      const double y = response == Response::kBinary ? (source.Event(p) ? 1.0 : 0.0) : p * 2 * source.Uniform();
      detector.Step({y, p * 0.9, p * 1.1}, &state);
      sequence.Add(y);
      if (i % 500 == 0) d->Add(detector.LogEProcess(state));
    }
    d->Add(detector.Serialise(state) + sequence.Serialise());
    d->Add(sequence.Interval());
    d->Add(EDetector::AnytimeP(state));
  }
  const auto grid = DesignBernoulliGrid({}).value();
  for (const double lambda : grid.lambdas) d->Add(lambda);
  d->Add(BernoulliConfidenceSequence(40, 300, 0.05, 500).value());
  d->Add(BetaBinomialLogE(40, 300, 0.1).value());
  d->Add(NormalMixture(100, 0.05).Bound(70, 0.05));
  d->Add(GammaExponentialMixture(100, 0.05, 1).Bound(70, 0.05));
  d->Add(BetaBinomialMixture(100, 0.05, 0.3, 0.7).Bound(70, 0.05));
  d->Add(PolynomialStitchingBound(70, 0.05, {}));
  d->Add(EmpiricalProcessBound(500, 0.05, 32).value());
  d->Add(DoubleStitchingBound(0.4, 500, 0.05, {}));
  d->Add(ThresholdFor(ParseAllowance("2 a month over all readers").value(), {1000, 50}).value().threshold);
  std::vector<double> e, p;
  for (int i = 0; i < 60; ++i) {
    e.push_back(8 * source.Uniform());
    p.push_back(source.Uniform() * (i % 3 == 0 ? 0.01 : 1));
  }
  d->Add(static_cast<double>(EBenjaminiHochberg(e, 0.1).value().rejected));
  const auto levels = [&](const OnlineDecisions& decisions) {
    for (const double level : decisions.levels) d->Add(level);
  };
  levels(ELond(e, 0.1).value());
  levels(Lond(p, 0.1, LondVariant::kModified).value());
  levels(LordPlusPlus(p, 0.1).value());
  levels(Saffron(p, 0.1).value());
  levels(Addis(p, 0.1).value());
}

void TwoSamples(Digest* d) {
  plumbline::simulate::Source source(79);
  std::vector<double> a, b;
  for (int i = 0; i < 150; ++i) {
    a.push_back(source.Normal());
    b.push_back(0.3 + 1.2 * source.Normal());
  }
  const auto ks = KolmogorovSmirnov(a, b).value();
  for (const double v : {ks.d, ks.p_exact, ks.p_asymptotic}) d->Add(v);
  const std::vector<std::vector<double>> samples = {a, b};
  const auto ad = AndersonDarlingK(samples).value();
  for (const double v : {ad.t_v1, ad.p_v1, ad.t_v2, ad.p_v2}) d->Add(v);
  const auto distances = DistancesOf(a, b).value();
  for (const double v : {distances.energy_squared, distances.energy_t, distances.wasserstein}) d->Add(v);
  d->Add(MaximumMeanDiscrepancy(a, b).value().unbiased_squared);
  d->Add(PermutationTest(PermutationStatistic::kEnergy, a, b, {99, 1}).value());
  d->Add(HotellingTwoSample(MomentsOf(a, 3).value(), MomentsOf(b, 3).value()).value().f);
  std::vector<CountTable> strata;
  for (int s = 0; s < 4; ++s) {
    CountTable t{2, 3, {}};
    for (int i = 0; i < 6; ++i) t.counts.push_back(static_cast<double>(3 + source.Below(30)));
    strata.push_back(t);
  }
  const auto homogeneity = HomogeneityTest(strata[0]).value();
  d->Add(homogeneity.pearson);
  d->Add(homogeneity.likelihood_ratio);
  d->Add(GeneralisedCmh(strata).value());
  for (CountTable& t : strata) t = {2, 2, {t.counts[0], t.counts[1], t.counts[3], t.counts[4]}};
  const auto cmh = CochranMantelHaenszel(strata).value();
  d->Add(cmh.common_odds_ratio);
  d->Add(cmh.breslow_day_tarone);
  const auto psi = PsiOfCounts(std::vector<double>{30, 20, 10, 0}, std::vector<double>{12, 18, 25, 4}).value();
  for (const double v : {psi.divergences.psi, psi.divergences.js, psi.divergences.hellinger, psi.test.p}) d->Add(v);
  DdSketch sketch = DdSketch::Make(0.01).value();
  for (const double x : a) sketch.Add(x * 100);
  d->Add(sketch.Serialise());
  for (const double q : {0.0, 0.25, 0.5, 0.99}) d->Add(sketch.Quantile(q).value());
}

void BetweenCentres(Digest* d) {
  plumbline::simulate::Source source(80);
  std::vector<FunnelUnit> units;
  std::vector<double> y, v;
  GlmmData glmm;
  glmm.columns = 1;
  for (std::size_t g = 0; g < 60; ++g) {
    const double n = static_cast<double>(10 + source.Below(300)), p = 0.1 + 0.1 * source.Uniform();
    double events = 0;
    for (int i = 0; i < static_cast<int>(n); ++i) events += source.Event(p) ? 1 : 0;
    units.push_back({events, n, static_cast<std::int64_t>(n)});
    y.push_back(source.Normal() * 0.3);
    v.push_back(0.02 + 0.2 * source.Uniform());
    glmm.design.push_back(1);
    glmm.events.push_back(events);
    glmm.n.push_back(n);
    glmm.group.push_back(g);
  }
  for (const FunnelKind kind : {FunnelKind::kProportion, FunnelKind::kRatio}) {
    for (const OverDispersion o : {OverDispersion::kNone, OverDispersion::kCqc, OverDispersion::kShmi}) {
      const auto f = Funnel(units, {.kind = kind, .over_dispersion = o}).value();
      for (const FunnelPoint& point : f.points) {
        for (const double x : {point.z, point.adjusted_z, point.low95, point.high998}) d->Add(x);
      }
    }
  }
  const auto ratio = ObservedExpected(17, 11.3).value();
  d->Add(ratio.garwood);
  d->Add(ratio.byar);
  d->Add(ratio.p_two_sided);
  const auto proportion = Proportion(17, 110).value();
  for (const Estimate& e : {proportion.clopper_pearson, proportion.wilson, proportion.jeffreys}) d->Add(e);
  for (const TauMethod m : {TauMethod::kFixed, TauMethod::kDerSimonianLaird, TauMethod::kHedges, TauMethod::kPauleMandel,
                            TauMethod::kMaximumLikelihood, TauMethod::kReml}) {
    const auto r = RandomEffects(y, v, m).value();
    d->Add(r.tau2);
    d->Add(r.hksj);
    d->Add(r.prediction_t);
    for (const double x : r.shrunken) d->Add(x);
  }
  d->Add(QProfile(y, v).value().high);
  const auto model = RandomInterceptLogistic(glmm, 5).value();
  d->Add(model.sigma2);
  d->Add(model.median_odds_ratio);
}

void Baselines(Digest* d) {
  plumbline::simulate::Source source(81);
  for (const BaselineKind kind : {BaselineKind::kBinary, BaselineKind::kOrdinal, BaselineKind::kNumeric}) {
    PanelTable table;
    table.features = {{"size", true, {}, {}}, {"side", false, {}, {}}};
    for (int i = 0; i < 300; ++i) {
      const double x = source.Normal();
      table.features[0].numbers.push_back(x);
      table.features[1].texts.push_back(source.Event(0.4) ? "left" : "right");
      const double grade = (x + source.Normal() > 0 ? 1 : 0) + (x + source.Normal() > 1 ? 1 : 0);
      table.outcome.push_back(kind == BaselineKind::kBinary ? std::min(1.0, grade) : grade);
      table.stratum.push_back(source.Event(0.5) ? "a" : "b");
      table.cluster.push_back(std::to_string(i / 2));
    }
    BaselineOptions o;
    o.kind = kind;
    o.high = 2;
    o.folds = 5;
    if (kind == BaselineKind::kNumeric) table.features.clear();
    const auto baseline = BuildBaseline(table, o).value();
    d->Add(baseline.Text());
    const Prediction p = Expect(baseline, {"a", std::vector<double>(baseline.features.size(), 0.3)});
    for (const double x : {p.expected, p.low, p.high}) d->Add(x);
  }
  d->Add(MayoNoduleRisk({60, true, false, 14, true, false}).value());
  std::vector<PanelCase> cases;
  for (int i = 0; i < 80; ++i) {
    PanelCase c;
    for (std::size_t r = 0; r < 4; ++r) {
      c.grades.push_back(static_cast<double>(1 + source.Below(5)));
      c.groups.push_back(r % 2);
    }
    cases.push_back(c);
  }
  d->Add(PanelKappa(cases, KappaWeights::kQuadratic).value());
  const auto deviations = PanelDeviations(cases, 2).value();
  for (const GroupDeviation& g : deviations) d->Add(g.mean);
}

struct Section {
  const char* name;
  void (*fill)(Digest*);
};
constexpr Section kSections[] = {{"distributions", Distributions},  {"run lengths", Lengths},
                                 {"detectors", Detectors},          {"charts and agreement", ChartsAndAgreement},
                                 {"more detectors", MoreDetectors}, {"e-detectors", EDetectors},
                                 {"two samples", TwoSamples},       {"between centres", BetweenCentres},
                                 {"baselines", Baselines}};

}  // namespace

int main() {
  for (const Section& section : kSections) {
    Digest results;
    section.fill(&results);
    std::printf("%s %s\n", section.name, results.Hex().c_str());
  }
  Digest control;
  plumbline::simulate::Source source(1);
  for (int i = 0; i < 200'000; ++i) {
    const double x = 20 * source.Uniform();
    control.Add(std::exp(x) + std::pow(x, 1.7));
  }
  std::printf("glibc %s\n", control.Hex().c_str());
  return 0;
}
