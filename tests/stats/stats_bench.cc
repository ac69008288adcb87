// Cost of one step of each detector and of batch methods. cmake --preset release && cmake --build build/release --target
// stats_bench, then build/release/tests/stats/stats_bench.
#include <benchmark/benchmark.h>

#include <vector>

#include "engine/stats/arl.h"
#include "engine/stats/chart.h"
#include "engine/stats/detectors.h"
#include "engine/stats/icc.h"
#include "engine/stats/kappa.h"
#include "engine/stats/method_comparison.h"
#include "engine/stats/mewma.h"
#include "engine/stats/rater_panel.h"
#include "engine/stats/risk_detectors.h"
#include "engine/stats/run_chart.h"
#include "engine/stats/runs_rules.h"
#include "engine/stats/sums.h"
#include "engine/stats/westgard.h"
#include "tests/stats/simulate.h"

using namespace plumbline::stats;
using plumbline::simulate::Source;

namespace {

constexpr std::size_t kValues = 4096;

std::vector<double> Normals(std::uint64_t seed) {
  Source source(seed);
  std::vector<double> values(kValues);
  for (double& v : values) v = source.Normal();
  return values;
}
struct Cases {
  std::vector<bool> event;
  std::vector<double> risk;
};
Cases MakeCases() {
  Source source(3);
  Cases cases;
  for (std::size_t i = 0; i < kValues; ++i) {
    cases.risk.push_back(0.02 + 0.3 * source.Uniform());
    cases.event.push_back(source.Event(cases.risk.back()));
  }
  return cases;
}

// step(i): one step; the reported time is of one.
template <typename Step>
void Run(benchmark::State& state, Step step) {
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(step(i));
    i = (i + 1) % kValues;
  }
  state.SetItemsProcessed(state.iterations());
}

void Cusum(benchmark::State& state) {
  const auto x = Normals(1);
  const CusumDesign design{.after = AfterAlarm::kRestart};
  CusumState s = StartCusum(design);
  Run(state, [&](std::size_t i) { return StepCusum(design, &s, x[i]); });
  state.counters["state_bytes"] = sizeof s;
}
void Ewma(benchmark::State& state) {
  const auto x = Normals(1);
  EwmaState s;
  Run(state, [&](std::size_t i) { return StepEwma({}, &s, x[i]); });
  state.counters["state_bytes"] = sizeof s;
}
void NelsonAll(benchmark::State& state) {
  const auto x = Normals(1);
  RunsState s;
  Run(state, [&](std::size_t i) { return StepRuns({}, &s, x[i]); });
  state.counters["state_bytes"] = sizeof s;
}
void Anhoej(benchmark::State& state) {
  const auto x = Normals(1);
  AnhoejState s;
  std::size_t steps = 0;
  Run(state, [&](std::size_t i) {
    if (++steps % 60 == 0) s = AnhoejState{};  // a run chart is of some tens of points
    return StepAnhoej(0, &s, x[i]);
  });
  state.counters["state_bytes"] = sizeof s;
}
void Westgard(benchmark::State& state) {
  const auto x = Normals(1);
  WestgardState s;
  Run(state, [&](std::size_t i) {
    const ControlValue run[2] = {{0, x[i]}, {1, x[(i + 1) % kValues]}};
    return StepWestgard({}, &s, run);
  });
  state.counters["state_bytes"] = sizeof s;
}
void Mewma(benchmark::State& state) {
  const auto p = static_cast<std::size_t>(state.range(0));
  const auto x = Normals(1);
  SquareMatrix covariance(p);
  for (std::size_t i = 0; i < p; ++i) covariance(i, i) = 1;
  const auto design = MewmaDesign::Make(std::vector<double>(p, 0.0), covariance, 0.1, 1e6, EwmaLimits::kTimeVarying).value();
  MewmaState s = StartMewma(design);
  Run(state, [&](std::size_t i) { return StepMewma(design, &s, std::span(x).subspan(i % (kValues - p), p)); });
}
void RaCusum(benchmark::State& state) {
  const Cases cases = MakeCases();
  const RaCusumDesign design;
  RaCusumState s;
  Run(state, [&](std::size_t i) { return StepRaCusum(design, &s, cases.event[i], cases.risk[i]); });
  state.counters["state_bytes"] = sizeof s;
}
void Vlad(benchmark::State& state) {
  const Cases cases = MakeCases();
  VladState s;
  Run(state, [&](std::size_t i) { return StepVlad(&s, cases.event[i], cases.risk[i]); });
  state.counters["state_bytes"] = sizeof s;
}
void Sprt(benchmark::State& state) {
  const Cases cases = MakeCases();
  const SprtDesign design{.after = AfterAlarm::kRestart};
  SprtState s;
  Run(state, [&](std::size_t i) { return StepSprt(design, &s, cases.event[i], cases.risk[i]); });
  state.counters["state_bytes"] = sizeof s;
}
void MaxSprt(benchmark::State& state) {
  const Cases cases = MakeCases();
  const MaxSprtDesign design{.critical = 100, .horizon = 1e14};
  MaxSprtState s;
  Run(state, [&](std::size_t i) { return StepMaxSprt(design, &s, cases.event[i] ? 1 : 0, cases.risk[i]); });
  state.counters["state_bytes"] = sizeof s;
}
void ExactSumAdd(benchmark::State& state) {
  const auto x = Normals(1);
  ExactSum sum;
  Run(state, [&](std::size_t i) {
    sum.Add(x[i]);
    return 0;
  });
}

// 10^6 pairs of codes into a table, and its kappa.
void KappaOfAMillion(benchmark::State& state) {
  Source source(5);
  std::vector<std::pair<std::uint8_t, std::uint8_t>> pairs;
  for (int i = 0; i < 1'000'000; ++i) {
    const auto a = static_cast<std::uint8_t>(source.Below(5));
    pairs.emplace_back(a, source.Event(0.7) ? a : static_cast<std::uint8_t>(source.Below(5)));
  }
  for (auto _ : state) {
    PairTable table(5);
    for (const auto& [a, b] : pairs) table.Add(a, b);
    benchmark::DoNotOptimize(WeightedKappa(table, QuadraticDisagreement(5)));
  }
}
void PanelOfTenThousand(benchmark::State& state) {
  Source source(5);
  std::vector<std::vector<double>> counts;
  for (int i = 0; i < 10'000; ++i) {
    std::vector<double> unit(5, 0.0);
    for (int r = 0; r < 4; ++r) unit[source.Below(5)] += 1;
    counts.push_back(unit);
  }
  const auto panel = PanelRatings::FromCounts(counts).value();
  for (auto _ : state) benchmark::DoNotOptimize(Agreement(panel, Coefficient::kKrippendorff, PanelWeights::kQuadratic));
}
void PassingBablokOf1000(benchmark::State& state) {
  const auto x = Normals(1), e = Normals(2);
  std::vector<double> a, b;
  for (std::size_t i = 0; i < 1000; ++i) {
    a.push_back(x[i]);
    b.push_back(x[i] + 0.2 * e[i]);
  }
  for (auto _ : state) benchmark::DoNotOptimize(PassingBablok(a, b));
}
void IndividualsOf4096(benchmark::State& state) {
  const auto x = Normals(1);
  ChartOptions options;
  options.tests = 0xff;
  for (auto _ : state) benchmark::DoNotOptimize(ChartIndividuals(x, options));
}
// A chart over 4,096 points: the time of one point.
template <typename Make>
void PerPoint(benchmark::State& state, Make make) {
  for (auto _ : state) benchmark::DoNotOptimize(make());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kValues));
  state.counters["ns_per_point"] = benchmark::Counter(
      static_cast<double>(kValues) * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
std::vector<double> Counts(std::uint64_t seed) {
  Source source(seed);
  std::vector<double> counts(kValues);
  for (double& c : counts) c = static_cast<double>(source.Below(12));
  return counts;
}
std::vector<std::vector<double>> Groups(std::size_t size) {
  const auto x = Normals(1);
  std::vector<std::vector<double>> groups;
  for (std::size_t i = 0; i < kValues; ++i) {
    groups.emplace_back();
    for (std::size_t j = 0; j < size; ++j) groups.back().push_back(x[(i * size + j) % kValues]);
  }
  return groups;
}
const std::vector<double>& Sizes() {
  static const std::vector<double> sizes(kValues, 60.0);
  return sizes;
}
void ChartOfI(benchmark::State& s) {
  const auto x = Normals(1);
  PerPoint(s, [&] { return ChartIndividuals(x, {}); });
}
void ChartOfXbarR(benchmark::State& s) {
  const auto groups = Groups(5);
  PerPoint(s, [&] { return ChartSubgroups(groups, SpreadBy::kRange, {}); });
}
void ChartOfXbarS(benchmark::State& s) {
  const auto groups = Groups(5);
  PerPoint(s, [&] { return ChartSubgroups(groups, SpreadBy::kDeviation, {}); });
}
void ChartOfP(benchmark::State& s) {
  const auto events = Counts(2);
  PerPoint(s, [&] { return ChartP(events, Sizes(), {}); });
}
void ChartOfNp(benchmark::State& s) {
  const auto events = Counts(2);
  PerPoint(s, [&] { return ChartNp(events, 60, {}); });
}
void ChartOfC(benchmark::State& s) {
  const auto events = Counts(2);
  PerPoint(s, [&] { return ChartC(events, {}); });
}
void ChartOfU(benchmark::State& s) {
  const auto events = Counts(2);
  PerPoint(s, [&] { return ChartU(events, Sizes(), {}); });
}
void ChartOfLaneyP(benchmark::State& s) {
  const auto events = Counts(2);
  PerPoint(s, [&] { return ChartLaneyP(events, Sizes(), {}); });
}
void ChartOfG(benchmark::State& s) {
  const auto gaps = Counts(3);
  PerPoint(s, [&] { return ChartG(gaps, {}); });
}
void ChartOfT(benchmark::State& s) {
  const auto gaps = Counts(3);
  PerPoint(s, [&] { return ChartT(gaps, {}); });
}
void ChartOfHotelling(benchmark::State& s) {
  const auto rows = Groups(3);
  PerPoint(s, [&] { return ChartHotelling(rows, 0.0027); });
}
void ChartOfRuns(benchmark::State& s) {
  const auto x = Normals(1);
  PerPoint(s, [&] { return ChartRuns(x); });
}

// 10^5 units live, each stepped in turn: what a unit costs in memory, and a step when its state is not in the cache.
template <typename State, typename Step>
void Units(benchmark::State& state, Step step) {
  std::vector<State> units(100'000);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(step(&units[i], i % kValues));
    if (++i == units.size()) i = 0;
  }
  state.counters["bytes_per_unit"] = static_cast<double>(sizeof(State));
  state.counters["megabytes_in_all"] = static_cast<double>(sizeof(State) * units.size()) / 1e6;
}
void UnitsCusum(benchmark::State& s) {
  const auto x = Normals(1);
  Units<CusumState>(s, [&](CusumState* u, std::size_t i) { return StepCusum({}, u, x[i]); });
}
void UnitsEwma(benchmark::State& s) {
  const auto x = Normals(1);
  Units<EwmaState>(s, [&](EwmaState* u, std::size_t i) { return StepEwma({}, u, x[i]); });
}
void UnitsNelson(benchmark::State& s) {
  const auto x = Normals(1);
  Units<RunsState>(s, [&](RunsState* u, std::size_t i) { return StepRuns({}, u, x[i]); });
}
void UnitsAnhoej(benchmark::State& s) {
  const auto x = Normals(1);
  Units<AnhoejState>(s, [&](AnhoejState* u, std::size_t i) { return StepAnhoej(0, u, x[i]); });
}
void UnitsRaCusum(benchmark::State& s) {
  const Cases cases = MakeCases();
  Units<RaCusumState>(s, [&](RaCusumState* u, std::size_t i) { return StepRaCusum({}, u, cases.event[i], cases.risk[i]); });
}
void UnitsWestgard(benchmark::State& s) {
  const auto x = Normals(1);
  Units<WestgardState>(s, [&](WestgardState* u, std::size_t i) {
    const ControlValue run[1] = {{0, x[i]}};
    return StepWestgard({}, u, run);
  });
}

void CusumDesignTime(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(DesignCusum(0.5, 370, Sides::kTwo));
}
void EwmaDesignTime(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(DesignEwma(0.1, 370));
}
void MewmaShifted(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(MewmaArl(3, 0.1, 10.79, 1));
}

BENCHMARK(Cusum);
BENCHMARK(Ewma);
BENCHMARK(NelsonAll);
BENCHMARK(Anhoej);
BENCHMARK(Westgard);
BENCHMARK(Mewma)->Arg(2)->Arg(10);
BENCHMARK(RaCusum);
BENCHMARK(Vlad);
BENCHMARK(Sprt);
BENCHMARK(MaxSprt);
BENCHMARK(ExactSumAdd);
BENCHMARK(KappaOfAMillion)->Unit(benchmark::kMillisecond);
BENCHMARK(PanelOfTenThousand)->Unit(benchmark::kMillisecond);
BENCHMARK(PassingBablokOf1000)->Unit(benchmark::kMillisecond);
BENCHMARK(IndividualsOf4096)->Unit(benchmark::kMillisecond);
BENCHMARK(ChartOfI);
BENCHMARK(ChartOfXbarR);
BENCHMARK(ChartOfXbarS);
BENCHMARK(ChartOfP);
BENCHMARK(ChartOfNp);
BENCHMARK(ChartOfC);
BENCHMARK(ChartOfU);
BENCHMARK(ChartOfLaneyP);
BENCHMARK(ChartOfG);
BENCHMARK(ChartOfT);
BENCHMARK(ChartOfHotelling);
BENCHMARK(ChartOfRuns);
BENCHMARK(UnitsCusum);
BENCHMARK(UnitsEwma);
BENCHMARK(UnitsNelson);
BENCHMARK(UnitsAnhoej);
BENCHMARK(UnitsRaCusum);
BENCHMARK(UnitsWestgard);
BENCHMARK(CusumDesignTime)->Unit(benchmark::kMillisecond);
BENCHMARK(EwmaDesignTime)->Unit(benchmark::kMillisecond);
BENCHMARK(MewmaShifted)->Unit(benchmark::kMillisecond);

}  // namespace
