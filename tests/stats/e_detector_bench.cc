// Cost of a step, bytes a unit, and the size of between-centre work: stats_bench
// --benchmark_filter='EDetector|Funnel|Sketch|Panel'
#include <benchmark/benchmark.h>

#include <vector>

#include "engine/stats/confidence_sequence.h"
#include "engine/stats/ddsketch.h"
#include "engine/stats/e_detector.h"
#include "engine/stats/funnel.h"
#include "engine/stats/meta.h"
#include "engine/stats/panel.h"
#include "engine/stats/random.h"
#include "engine/stats/two_sample.h"

using namespace plumbline::stats;

namespace {

void EDetectorStep(benchmark::State& bench, Response response, WatchSides sides) {
  EDetectorOptions o;
  o.response = response;
  o.sides = sides;
  o.threshold = 1e5;
  const auto detector = EDetector::Make(o);
  std::vector<EDetectorState> units(100'000);
  SplitMix random(1, 1);
  std::size_t i = 0;
  for (auto _ : bench) {
    benchmark::DoNotOptimize(detector->Step({random.Uniform() < 0.1 ? 1.0 : 0.0, 0.1, 0.1}, &units[i]));
    if (++i == units.size()) i = 0;
  }
  bench.counters["bytes_per_unit"] = static_cast<double>(sizeof(EDetectorState));
  bench.counters["bytes_serialised"] = static_cast<double>(detector->SerialisedSize());
}
BENCHMARK_CAPTURE(EDetectorStep, binary_two_sided_6, Response::kBinary, WatchSides::kBoth);
BENCHMARK_CAPTURE(EDetectorStep, binary_up_6, Response::kBinary, WatchSides::kUp);
BENCHMARK_CAPTURE(EDetectorStep, bounded_two_sided_6, Response::kBoundedLoss, WatchSides::kBoth);

void EmpiricalBernsteinStep(benchmark::State& bench) {
  EmpiricalBernsteinSequence sequence;
  SplitMix random(2, 2);
  for (auto _ : bench) benchmark::DoNotOptimize(sequence.Add(random.Uniform()));
  bench.counters["bytes_per_unit"] = static_cast<double>(sizeof(EmpiricalBernsteinSequence));
}
BENCHMARK(EmpiricalBernsteinStep);

void SketchAdd(benchmark::State& bench) {
  DdSketch sketch = *DdSketch::Make(0.01);
  SplitMix random(3, 3);
  for (auto _ : bench) benchmark::DoNotOptimize(sketch.Add(1 + 1000 * random.Uniform()));
  bench.counters["bytes_serialised"] = static_cast<double>(sketch.Serialise().size());
}
BENCHMARK(SketchAdd);

void FunnelUnits10k(benchmark::State& bench) {
  SplitMix random(4, 4);
  std::vector<FunnelUnit> units;
  for (int i = 0; i < 10'000; ++i) {
    const double n = 5 + static_cast<double>(random.Below(500));
    units.push_back({static_cast<double>(random.Below(static_cast<std::size_t>(n))), n});
  }
  for (auto _ : bench) benchmark::DoNotOptimize(Funnel(units, {.kind = FunnelKind::kProportion}));
}
BENCHMARK(FunnelUnits10k)->Unit(benchmark::kMillisecond);

void RemlUnits10k(benchmark::State& bench) {
  SplitMix random(5, 5);
  std::vector<double> y, v;
  for (int i = 0; i < 10'000; ++i) {
    y.push_back(random.Uniform());
    v.push_back(0.01 + 0.1 * random.Uniform());
  }
  for (auto _ : bench) benchmark::DoNotOptimize(RandomEffects(y, v, TauMethod::kReml));
}
BENCHMARK(RemlUnits10k)->Unit(benchmark::kMillisecond);

void KolmogorovSmirnov10k(benchmark::State& bench) {
  SplitMix random(6, 6);
  std::vector<double> a, b;
  for (int i = 0; i < 10'000; ++i) {
    a.push_back(random.Uniform());
    b.push_back(random.Uniform());
  }
  for (auto _ : bench) benchmark::DoNotOptimize(KolmogorovSmirnov(a, b));
}
BENCHMARK(KolmogorovSmirnov10k)->Unit(benchmark::kMillisecond);

void PanelKappa1000Cases(benchmark::State& bench) {
  SplitMix random(7, 7);
  std::vector<PanelCase> cases(1000);
  for (PanelCase& c : cases) {
    for (int k = 0; k < 4; ++k) {
      c.grades.push_back(static_cast<double>(1 + random.Below(5)));
      c.groups.push_back(0);
    }
  }
  for (auto _ : bench) benchmark::DoNotOptimize(PanelKappa(cases, KappaWeights::kQuadratic));
}
BENCHMARK(PanelKappa1000Cases)->Unit(benchmark::kMillisecond);

}  // namespace
