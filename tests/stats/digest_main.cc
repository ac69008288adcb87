// Prints one digest over many results of engine/stats. Run plainly and with CPU features masked (compare_digests.cmake), it must
// print the same first line. The second line is the same kind of digest over glibc's own exp and pow: where the CPU has FMA it
// changes with the mask, which shows that the mask works and that this test can fail.
#include <bit>
#include <cmath>
#include <cstdio>

#include "engine/base/hash.h"
#include "engine/stats/arl.h"
#include "engine/stats/chart.h"
#include "engine/stats/detectors.h"
#include "engine/stats/icc.h"
#include "engine/stats/kappa.h"
#include "engine/stats/method_comparison.h"
#include "engine/stats/mewma.h"
#include "engine/stats/rater_panel.h"
#include "engine/stats/risk_detectors.h"
#include "engine/stats/runs_rules.h"
#include "tests/stats/simulate.h"

using namespace plumbline::stats;

namespace {

class Digest {
 public:
  void Add(double v) { sha_.UpdateU64(std::bit_cast<std::uint64_t>(v)); }
  void Add(const Estimate& e) {
    for (const double v : {e.value, e.low, e.high, e.standard_error}) Add(v);
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

}  // namespace

int main() {
  Digest results;
  Distributions(&results);
  Lengths(&results);
  Detectors(&results);
  ChartsAndAgreement(&results);
  Digest control;
  plumbline::simulate::Source source(1);
  for (int i = 0; i < 200'000; ++i) {
    const double x = 20 * source.Uniform();
    control.Add(std::exp(x) + std::pow(x, 1.7));
  }
  std::printf("%s\nglibc control %s\n", results.Hex().c_str(), control.Hex().c_str());
  return 0;
}
