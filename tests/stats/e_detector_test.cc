// The promise of the e-detectors, by simulation: mean false alerts at or below the allowance. Seeds are fixed and printed; the
// tag [.long] runs the same with more years: stats_test "[e_detector]" and stats_test "[.long]".
#include "engine/stats/e_detector.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <vector>

#include "engine/base/math.h"
#include "engine/stats/allowance.h"
#include "engine/stats/baseline.h"
#include "engine/stats/multiple_testing.h"
#include "engine/stats/random.h"

using namespace plumbline;
using namespace plumbline::stats;

namespace {

EDetector MakeDetector(double c, double margin = 0, WatchSides sides = WatchSides::kBoth) {
  EDetectorOptions o;
  o.grid = {0.5, 1.0, 1.8};
  o.sides = sides;
  o.threshold = c;
  o.margin.value = margin;
  auto detector = EDetector::Make(o);
  REQUIRE(detector);
  return *detector;
}

struct Year {
  std::size_t units = 2000;
  int steps = 60;  // decisions of a unit in the simulated year
  double margin = 0;
  double shift = 0;       // added to the true probability, |shift| <= margin: a misspecified case mix
  double dependence = 0;  // share of decisions in which all units of a day meet the same luck
  double allowed = 24;    // false alerts a year over all units: 2 a month
};

// Alerts in one simulated year in control. The case mix is drawn per decision.
double Alerts(const Year& y, std::uint64_t seed, const Baseline* learnt = nullptr, const std::vector<double>* truth = nullptr) {
  const double total = static_cast<double>(y.units) * y.steps;
  const EDetector detector = MakeDetector(total / y.allowed, y.margin);
  std::vector<EDetectorState> states(y.units);
  std::vector<Prediction> bounds;
  if (learnt != nullptr) {
    for (std::size_t s = 0; s < truth->size(); ++s) bounds.push_back(Expect(*learnt, {"s" + std::to_string(s), {}}));
  }
  double alerts = 0;
  for (int t = 0; t < y.steps; ++t) {
    SplitMix shared(seed, 1'000'000 + static_cast<std::uint64_t>(t));
    const double common = shared.Uniform();
    for (std::size_t u = 0; u < y.units; ++u) {
      SplitMix random(seed, static_cast<std::uint64_t>(t) * y.units + u);
      double p = 0.02 + 0.28 * random.Uniform(), low = p, high = p;
      if (learnt != nullptr) {
        const std::size_t s = random.Below(truth->size());
        p = (*truth)[s];
        low = bounds[s].low;
        high = bounds[s].high;
      }
      const double luck = random.Uniform() < y.dependence ? common : random.Uniform();
      const double y_value = luck < p + y.shift ? 1.0 : 0.0;
      const EStep step = detector.Step({y_value, low, high}, &states[u]);
      alerts += step == EStep::kAlarmUp || step == EStep::kAlarmDown ? 1 : 0;
    }
  }
  return alerts;
}

void CheckPromise(const char* name, const Year& year, int years, std::uint64_t seed) {
  double total = 0;
  for (int k = 0; k < years; ++k) total += Alerts(year, seed + static_cast<std::uint64_t>(k));
  std::printf("%-46s seed %llu, %d year(s) of %zu units x %d: mean false alerts %.3f, allowed %.0f\n", name,
              static_cast<unsigned long long>(seed), years, year.units, year.steps, total / years, year.allowed);
  CHECK(total / years <= year.allowed);
}

// A panel of n cases a stratum, and the baseline learnt from it.
Baseline Learn(const std::vector<double>& truth, int n, std::uint64_t seed) {
  PanelTable panel;
  SplitMix random(seed, 77);
  for (std::size_t s = 0; s < truth.size(); ++s) {
    for (int i = 0; i < n; ++i) {
      panel.outcome.push_back(random.Uniform() < truth[s] ? 1 : 0);
      panel.stratum.push_back("s" + std::to_string(s));
    }
  }
  auto baseline = BuildBaseline(panel, {});
  REQUIRE(baseline);
  return *baseline;
}

// A panel of n cases whose outcome follows a logistic model of two features, and the ridge model learnt from it.
constexpr double kTruth[3] = {-2.0, 0.8, -0.5};
double TrueRisk(double x1, double x2) { return 1 / (1 + det::Exp(-(kTruth[0] + kTruth[1] * x1 + kTruth[2] * x2))); }
Baseline LearnModel(int n, std::uint64_t seed) {
  PanelTable panel;
  panel.features = {{"x1", true, {}, {}}, {"x2", true, {}, {}}};
  SplitMix random(seed, 78);
  for (int i = 0; i < n; ++i) {
    const double x1 = 3.4 * random.Uniform() - 1.7, x2 = 3.4 * random.Uniform() - 1.7;
    panel.features[0].numbers.push_back(x1);
    panel.features[1].numbers.push_back(x2);
    panel.outcome.push_back(random.Uniform() < TrueRisk(x1, x2) ? 1 : 0);
  }
  auto baseline = BuildBaseline(panel, {.ridge = 0.1, .folds = 5});
  REQUIRE(baseline);
  REQUIRE(baseline->model);
  return *baseline;
}

// Alerts of a year in control whose expectations come from the learnt model.
double AlertsOfModel(const Year& y, std::uint64_t seed, const Baseline& baseline) {
  const EDetector detector = MakeDetector(static_cast<double>(y.units) * y.steps / y.allowed, y.margin);
  std::vector<EDetectorState> states(y.units);
  double alerts = 0;
  for (std::size_t u = 0; u < y.units; ++u) {
    SplitMix random(seed, u);
    for (int t = 0; t < y.steps; ++t) {
      const double x1 = 3.4 * random.Uniform() - 1.7, x2 = 3.4 * random.Uniform() - 1.7;
      std::vector<double> features;
      for (std::size_t j = 0; j < 2; ++j)
        features.push_back(((j == 0 ? x1 : x2) - baseline.features[j].mean) / baseline.features[j].sd);
      const Prediction p = Expect(baseline, {"", features});
      const EStep step = detector.Step({random.Uniform() < TrueRisk(x1, x2) ? 1.0 : 0.0, p.low, p.high}, &states[u]);
      alerts += step == EStep::kAlarmUp || step == EStep::kAlarmDown ? 1 : 0;
    }
  }
  return alerts;
}

void Simulate(int years, int steps) {
  CheckPromise("independent units, exact baseline", {.steps = steps}, years, 20261125);
  CheckPromise("dependent units", {.steps = steps, .dependence = 0.7}, years, 11);
  CheckPromise("case mix misspecified upwards, in the margin", {.steps = steps, .margin = 0.03, .shift = 0.03}, years, 12);
  CheckPromise("case mix misspecified downwards, in the margin", {.steps = steps, .margin = 0.02, .shift = -0.02}, years, 13);
  const std::vector<double> truth = {0.05, 0.1, 0.15, 0.25};
  double total = 0;
  const Year year{.steps = steps};
  for (int k = 0; k < years; ++k) {
    const auto seed = static_cast<std::uint64_t>(400 + k);
    const Baseline baseline = Learn(truth, 150, seed);
    total += Alerts(year, seed, &baseline, &truth);
  }
  std::printf("%-46s seed 400.., %d year(s): mean false alerts %.3f, allowed %.0f (baseline's bounds at alpha0 = 0.05)\n",
              "baseline learnt from 150 cases a stratum", years, total / years, year.allowed);
  CHECK(total / years <= year.allowed);
  total = 0;
  for (int k = 0; k < years; ++k) {
    const auto seed = static_cast<std::uint64_t>(500 + k);
    total += AlertsOfModel(year, seed, LearnModel(400, seed));
  }
  std::printf("%-46s seed 500.., %d year(s): mean false alerts %.3f, allowed %.0f (model's bounds at alpha0 = 0.05)\n",
              "logistic model learnt from 400 cases", years, total / years, year.allowed);
  CHECK(total / years <= year.allowed);
}

}  // namespace

TEST_CASE("2,000 units in control for a year give no more false alerts than allowed", "[e_detector][simulation]") {
  Simulate(1, 60);
}
TEST_CASE("twenty such years give no more false alerts than allowed", "[.long]") { Simulate(20, 365); }

TEST_CASE("10 % against 20 % missed antibiotics is found in about 210 decisions at c = 200,000", "[e_detector][simulation]") {
  EDetectorOptions o;
  o.sides = WatchSides::kUp;
  o.threshold = 200'000;
  const auto detector = EDetector::Make(o);
  REQUIRE(detector);
  constexpr int kRuns = 400;
  double total = 0, squares = 0;
  for (int run = 0; run < kRuns; ++run) {
    SplitMix random(210, static_cast<std::uint64_t>(run));
    EDetectorState state;
    while (detector->Step({random.Uniform() < 0.2 ? 1.0 : 0.0, 0.1, 0.1}, &state) == EStep::kQuiet) {
    }
    const auto n = static_cast<double>(state.n);
    total += n;
    squares += n * n;
  }
  const double mean = total / kRuns;
  std::printf("power: mean %.1f decisions (standard error %.1f) over %d runs, seed 210\n", mean,
              std::sqrt((squares / kRuns - mean * mean) / kRuns), kRuns);
  CHECK(mean == Approx(210).epsilon(0.07));
}

TEST_CASE("a margin that misses the truth does alarm", "[e_detector]") {
  const EDetector detector = MakeDetector(1000, 0.02);
  EDetectorState state;
  SplitMix random(5, 5);
  for (int i = 0; i < 2000; ++i) detector.Step({random.Uniform() < 0.25 ? 1.0 : 0.0, 0.1, 0.1}, &state);
  CHECK(state.alarms > 3);
  CHECK(EDetector::AnytimeP(state) < 1e-6);
}

TEST_CASE("a state saved and restored goes on bit for bit, and other states are refused", "[e_detector]") {
  const EDetector detector = MakeDetector(500, 0.01);
  EDetectorState state;
  SplitMix random(6, 6);
  const auto step = [&](EDetectorState* s, SplitMix* r) { return detector.Step({r->Uniform() < 0.3 ? 1.0 : 0.0, 0.15, 0.2}, s); };
  for (int i = 0; i < 333; ++i) step(&state, &random);
  const std::string bytes = detector.Serialise(state);
  CHECK(bytes.size() == detector.SerialisedSize());
  auto restored = detector.Restore(bytes);
  REQUIRE(restored);
  CHECK(*restored == state);
  SplitMix same = random;
  for (int i = 0; i < 200; ++i) CHECK(step(&state, &random) == step(&*restored, &same));
  CHECK(detector.Serialise(state) == detector.Serialise(*restored));
  CHECK_FALSE(detector.Restore(bytes.substr(1)));
  CHECK_FALSE(MakeDetector(501, 0.01).Restore(bytes));
  std::string nan = bytes;
  for (std::size_t i = 9; i < 17; ++i) nan[i] = static_cast<char>(0xFF);
  CHECK_FALSE(detector.Restore(nan));
}

TEST_CASE("observations outside the domain are refused and counted, extremes stay finite", "[e_detector]") {
  const EDetector detector = MakeDetector(1e9);
  EDetectorState state;
  for (const EObservation& bad :
       {EObservation{std::nan(""), 0.1, 0.1}, EObservation{2, 0.1, 0.1}, EObservation{1, -0.1, 0.1}, EObservation{1, 0.3, 0.2}}) {
    CHECK(detector.Step(bad, &state) == EStep::kRefused);
  }
  CHECK(state.refused == 4);
  CHECK(state.n == 0);
  CHECK_FALSE(detector.LogDetector(state));
  for (int i = 0; i < 5000; ++i) {
    detector.Step({static_cast<double>(i % 2), static_cast<double>((i / 2) % 2), static_cast<double>((i / 2) % 2)}, &state);
    REQUIRE(std::isfinite(detector.LogEProcess(state)));
    REQUIRE(std::isfinite(detector.LogDetector(state).value_or(0)));
  }
}

TEST_CASE("min_n holds an alarm back, and an uncertain baseline alarms later", "[e_detector]") {
  EDetectorOptions o;
  o.threshold = 50;
  o.min_n = 40;
  const auto patient = EDetector::Make(o);
  EDetectorState state;
  int at = 0;
  for (int i = 1; i <= 60 && at == 0; ++i) at = patient->Step({1, 0.05, 0.05}, &state) == EStep::kAlarmUp ? i : 0;
  CHECK(at == 40);
  const auto first_alarm = [](double low, double high) {
    const EDetector detector = MakeDetector(1000);
    EDetectorState s;
    SplitMix random(8, 8);
    int i = 1;
    while (detector.Step({random.Uniform() < 0.4 ? 1.0 : 0.0, low, high}, &s) == EStep::kQuiet) ++i;
    return i;
  };
  CHECK(first_alarm(0.1, 0.1) < first_alarm(0.05, 0.2));
}

TEST_CASE("options outside the domain are named", "[e_detector]") {
  const auto why = [](auto change) {
    EDetectorOptions o;
    change(&o);
    const auto made = EDetector::Make(o);
    return made ? std::string("made") : made.error().detail;
  };
  CHECK(why([](EDetectorOptions* o) { o->threshold = 1; }) == "the threshold c is above 1");
  CHECK(why([](EDetectorOptions* o) { o->margin.value = -1; }) == "the margin is not negative");
  CHECK(why([](EDetectorOptions* o) { o->grid.assign(9, 1.0); }) == "the grid has 1 to 8 values");
  CHECK(why([](EDetectorOptions* o) {
          o->margin = {Margin::Kind::kOddsRatio, 0.5};
        }) == "an odds-ratio margin is at least 1 and for a binary outcome");
}

TEST_CASE("an allowance is read as people say it, and gives c", "[allowance]") {
  const auto read = [](const char* text) {
    const auto a = ParseAllowance(text);
    return a ? std::pair(a->alerts, std::pair(std::round(a->period_days * 1000) / 1000, a->scope == Allowance::Scope::kEachUnit))
             : std::pair(0.0, std::pair(0.0, false));
  };
  const double month = 30.438;
  CHECK(read("2 a month over all readers") == std::pair(2.0, std::pair(month, false)));
  CHECK(read("two per month") == std::pair(2.0, std::pair(month, false)));
  CHECK(read("0.5 false alerts per week for each ward") == std::pair(0.5, std::pair(7.0, true)));
  CHECK(read("1/day") == std::pair(1.0, std::pair(1.0, false)));
  CHECK(read("全部阅片者每月2次") == std::pair(2.0, std::pair(month, false)));
  CHECK(read("每个科室每周 一次") == std::pair(1.0, std::pair(7.0, true)));
  for (const char* bad : {"", "2", "many a month", "2 a fortnight", "0 a month", "-1 a day", "2 a month over",
                          "2 a month over some readers", "每世纪2次"}) {
    INFO(bad);
    CHECK_FALSE(ParseAllowance(bad));
  }
  const auto promise = ThresholdFor(*ParseAllowance("2 a month over all readers"), {1000, 50});
  REQUIRE(promise);
  CHECK(promise->threshold == Approx(1000 * 365.25 / 12 / 2));
  CHECK(promise->expected_false_alerts == Approx(2));
  CHECK_FALSE(ThresholdFor(*ParseAllowance("2 a day"), {3, 1}));
}
