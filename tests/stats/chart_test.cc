#include "engine/stats/chart.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "engine/stats/control_constants.h"
#include "engine/stats/run_chart.h"
#include "engine/stats/westgard.h"
#include "tests/stats/simulate.h"

using namespace plumbline::stats;
using plumbline::simulate::Source;

namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

bool FiniteChart(const Chart& chart) {
  for (const ChartPoint& p : chart.points) {
    if (!std::isfinite(p.value) || !std::isfinite(p.centre) || !std::isfinite(p.lower) || !std::isfinite(p.upper)) return false;
    if (p.lower > p.centre || p.centre > p.upper) return false;
  }
  return std::isfinite(chart.centre) && std::isfinite(chart.sigma) &&
         (!chart.arl0 || (std::isfinite(*chart.arl0) && *chart.arl0 >= 1));
}

}  // namespace

TEST_CASE("control constants are the exact ones", "[chart]") {
  CHECK(D2(2) == Approx(1.1283791670955126).epsilon(1e-12));
  CHECK(D3(2) == Approx(0.8525024664).epsilon(1e-9));
  CHECK(C4(2) == Approx(0.7978845608028654).epsilon(1e-12));
  CHECK(std::fabs(D2(25) - 3.931) < 5e-4);  // as tabled
  CHECK(RangeCdf(3.6332, 5) == Approx(0.925).epsilon(0.01));
}

TEST_CASE("a signal carries its rule and the points that made it", "[chart]") {
  std::vector<double> x;
  for (int i = 0; i < 20; ++i) x.push_back(i % 2 == 0 ? 0.5 : -0.5);
  for (const double v : {0.4, 0.6, 0.3, 0.2, 0.5, 0.7, 0.1, 0.3, 0.4}) x.push_back(v);
  ChartOptions options;
  options.given = Standards{0, 1};
  options.tests = 0b11;
  const auto chart = ChartIndividuals(x, options).value().individuals;
  REQUIRE(chart.signals.size() == 1);
  const Signal& signal = chart.signals.front();
  CHECK(signal.rule == Rule::kNelson2);
  CHECK(signal.side == Side::kUpper);
  CHECK(signal.points == std::vector<std::uint64_t>{20, 21, 22, 23, 24, 25, 26, 27, 28});
  CHECK(chart.limits == LimitsFrom::kGiven);
}

TEST_CASE("the points of a 2-of-3 signal are the two, not the three", "[chart]") {
  RunsState state;
  RunsOptions options{.tests = 0b10000};
  CHECK(StepRuns(options, &state, 2.5).size == 0);
  CHECK(StepRuns(options, &state, 0.1).size == 0);
  const auto step = StepRuns(options, &state, 2.2);
  REQUIRE(step.size == 1);
  CHECK(Expand(step.alarms[0]).points == std::vector<std::uint64_t>{0, 2});
  CHECK(StepRuns(options, &state, 0.0).size == 0);  // one of three, and the newest is inside
  options.newest_outside = false;
  state = RunsState{};
  for (const double z : {2.5, 2.5}) (void)StepRuns(options, &state, z);
  CHECK(StepRuns(options, &state, 0.0).size == 1);  // two of three, though the newest is inside
}

TEST_CASE("phase I can be the first points, and points with a known cause can be left out of it", "[chart]") {
  const std::vector<double> x{10, 12, 10, 12, 40, 12, 10, 60};
  ChartOptions options;
  options.phase_one = 7;
  options.exclude = {4};
  const auto charts = ChartIndividuals(x, options).value();
  CHECK(charts.individuals.centre == 11);
  CHECK(charts.mean_moving_range == 2);
  CHECK(charts.individuals.phase_one == 6);
  REQUIRE(charts.individuals.signals.size() == 2);
  CHECK(charts.individuals.signals[0].at == 4);
  CHECK(charts.individuals.signals[1].at == 7);
}

TEST_CASE("a chart says the run length it really has, not the one of a normal table", "[chart]") {
  // c chart at 4 with 3 sigma: the lower limit is 0, so only X >= 11 signals.
  const std::vector<double> counts{4, 4, 4, 4};
  CHECK(ChartC(counts, {}).value().arl0.value() == Approx(1 / PoissonAtLeast(11, 4)).epsilon(1e-12));
  // p chart of 50 at 0.02: 3 sigma reaches 3.97 events.
  const std::vector<double> events{1, 1, 1, 1}, trials{50, 50, 50, 50};
  CHECK(ChartP(events, trials, {}).value().arl0.value() == Approx(1 / BinomialAtLeast(4, 50, 0.02)).epsilon(1e-12));
  const std::vector<double> x{1, 2, 1, 2, 1};
  CHECK(ChartIndividuals(x, {}).value().individuals.arl0.value() == Approx(370.398).epsilon(1e-5));
  ChartOptions options;
  options.wanted_arl = 1000;
  CHECK(ChartIndividuals(x, options).value().individuals.arl0.value() == Approx(1000).epsilon(1e-9));
  options.tests = 0b100;
  CHECK(ChartIndividuals(x, options).value().individuals.arl0.error().reason == Reason::kOutsideDomain);
}

TEST_CASE("charts of what cannot be charted say why", "[chart][degenerate]") {
  const std::vector<double> none, one{1}, same{3, 3, 3, 3}, bad{1, kNan, 2}, zero{0, 0, 0};
  CHECK(ChartIndividuals(one, {}).error().reason == Reason::kTooFew);
  CHECK(ChartIndividuals(same, {}).error().reason == Reason::kZeroVariance);
  CHECK(ChartIndividuals(bad, {}).error().reason == Reason::kOutsideDomain);
  ChartOptions given;
  given.given = Standards{3, 0};
  CHECK(ChartIndividuals(same, given).error().reason == Reason::kZeroVariance);
  ChartOptions nobody;
  nobody.exclude = {0, 1, 2, 3};
  CHECK(ChartIndividuals(same, nobody).error().reason == Reason::kTooFew);
  CHECK(ChartC(none, {}).error().reason == Reason::kTooFew);
  CHECK(ChartC(zero, {}).error().reason == Reason::kZeroVariance);
  CHECK(ChartC(std::vector<double>{1.5}, {}).error().reason == Reason::kOutsideDomain);
  CHECK(ChartP(std::vector<double>{5}, std::vector<double>{4}, {}).error().reason == Reason::kOutsideDomain);
  CHECK(ChartP(std::vector<double>{0}, std::vector<double>{0}, {}).error().reason == Reason::kZeroExpected);
  CHECK(ChartP(std::vector<double>{4, 4}, std::vector<double>{4, 4}, {}).error().reason == Reason::kZeroVariance);
  CHECK(ChartU(std::vector<double>{1, 2}, std::vector<double>{1}, {}).error().reason == Reason::kOutsideDomain);
  CHECK(ChartLaneyP(std::vector<double>{2, 2}, std::vector<double>{4, 4}, {}).error().reason == Reason::kZeroVariance);
  CHECK(ChartG(zero, {}).error().reason == Reason::kZeroVariance);
  CHECK(ChartT(std::vector<double>{1, -1}, {}).error().reason == Reason::kOutsideDomain);
  const std::vector<std::vector<double>> singles{{1}, {2}}, flat{{1, 1}, {1, 1}}, ragged{{1, 2}, {1, 2, 3}};
  CHECK(ChartSubgroups(singles, SpreadBy::kRange, {}).error().reason == Reason::kTooFew);
  CHECK(ChartSubgroups(flat, SpreadBy::kDeviation, {}).error().reason == Reason::kZeroVariance);
  CHECK(ChartSubgroups(ragged, SpreadBy::kRange, {}).error().reason == Reason::kOutsideDomain);
  std::vector<std::vector<double>> collinear;
  for (int i = 0; i < 20; ++i) collinear.push_back({static_cast<double>(i), 2.0 * i + 1});
  CHECK(ChartHotelling(collinear, 0.01).error().reason == Reason::kSingular);
  CHECK(ChartHotelling(std::vector<std::vector<double>>{{1, 2}, {2, 1}}, 0.01).error().reason == Reason::kTooFew);
  CHECK(ChartRuns(std::vector<double>(12, 5.0)).error().reason == Reason::kTooFew);
  CHECK(ChartRuns(std::vector<double>(3, 5.0)).error().reason == Reason::kTooFew);
}

TEST_CASE("no chart of random counts and values has a limit that is not finite or out of order", "[chart][property]") {
  constexpr std::uint64_t kSeed = 4711;
  INFO("seed " << kSeed);
  Source source(kSeed);
  for (int round = 0; round < 300; ++round) {
    const std::size_t n = 2 + source.Below(30);
    std::vector<double> events, trials, values;
    for (std::size_t i = 0; i < n; ++i) {
      trials.push_back(static_cast<double>(1 + source.Below(40)));
      events.push_back(static_cast<double>(source.Below(static_cast<std::uint64_t>(trials.back()) + 1)));
      values.push_back(source.Normal() * 1e6);
    }
    ChartOptions options;
    options.tests = 0b11111011;
    if (const auto p = ChartP(events, trials, options)) CHECK(FiniteChart(*p));
    if (const auto u = ChartU(events, trials, options)) CHECK(FiniteChart(*u));
    if (const auto c = ChartC(events, options)) CHECK(FiniteChart(*c));
    if (const auto g = ChartG(events, options)) CHECK(FiniteChart(*g));
    if (const auto laney = ChartLaneyU(events, trials, options)) CHECK(FiniteChart(laney->chart));
    if (const auto t = ChartT(events, options)) CHECK(FiniteChart(t->chart));
    const auto individuals = ChartIndividuals(values, options);
    REQUIRE(individuals);
    CHECK(FiniteChart(individuals->individuals));
    CHECK(FiniteChart(individuals->moving_range));
  }
}

TEST_CASE("a run chart finds a long run and too few crossings, and passes over points on the centre", "[chart]") {
  std::vector<double> x;
  for (int i = 0; i < 12; ++i) x.push_back(1);
  x.insert(x.begin() + 5, 0);  // on the centre
  for (int i = 0; i < 12; ++i) x.push_back(-1);
  const auto chart = ChartRuns(x, 0).value();
  CHECK(chart.useful == 24);
  CHECK(chart.longest_run == 12);
  CHECK(chart.crossings == 1);
  REQUIRE(chart.signals.size() == 2);
  CHECK(chart.signals[0].rule == Rule::kLongestRun);
  CHECK(chart.signals[0].points.size() == 12);
  CHECK(chart.signals[1].rule == Rule::kCrossings);
}

TEST_CASE("Westgard's readings are options", "[chart][westgard]") {
  const auto rules = [](const WestgardOptions& options, std::vector<std::vector<ControlValue>> runs) {
    WestgardState state;
    std::vector<Rule> found;
    for (const auto& run : runs) {
      const auto signals = StepWestgard(options, &state, run).value();
      found.clear();
      for (const Signal& signal : signals) found.push_back(signal.rule);
    }
    return found;
  };
  WestgardOptions range;
  range.rules = 0b1000;
  CHECK(rules(range, {{{0, 2.5}, {1, -1.6}}}).empty());
  range.range = RangeReading::kRangeBeyond4;
  CHECK(rules(range, {{{0, 2.5}, {1, -1.6}}}) == std::vector{Rule::kWestgardR4s});
  range.range = RangeReading::kOppositeBeyond2;
  CHECK(rules(range, {{{0, 2.5}}, {{0, -2.5}}}).empty());
  range.range_across_runs = true;
  CHECK(rules(range, {{{0, 2.5}}, {{0, -2.5}}}) == std::vector{Rule::kWestgardR4s});
  WestgardOptions gate;
  gate.rules = 0xffe;
  const std::vector<std::vector<ControlValue>> four{{{0, 1.5}}, {{0, 1.5}}, {{0, 1.5}}, {{0, 1.5}}};
  CHECK(rules(gate, four) == std::vector{Rule::kWestgard31s, Rule::kWestgard41s});
  gate.warning_is_gate = true;
  CHECK(rules(gate, four).empty());
  WestgardOptions within;
  within.rules = 0b100;
  const std::vector<std::vector<ControlValue>> pooled{{{0, 2.1}, {1, 2.2}}};
  CHECK(rules(within, pooled) == std::vector{Rule::kWestgard22s});
  within.across_materials = false;
  CHECK(rules(within, pooled).empty());
}
