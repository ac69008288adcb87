// beside_statsmodels.py's other half: the same methods on the same data, timed alone. FOLDER holds arrays of doubles (NAME.bin,
// as the machine writes them); a line a method comes out: name, seconds of CPU for one call, results.
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "engine/stats/categorical.h"
#include "engine/stats/funnel.h"
#include "engine/stats/kappa.h"
#include "engine/stats/meta.h"
#include "engine/stats/rater_panel.h"
#include "engine/stats/regression.h"
#include "engine/stats/two_sample.h"

using namespace plumbline::stats;

namespace {

using Values = std::vector<double>;

Values Read(const std::string& folder, const char* name) {
  const std::string path = folder + "/" + name + ".bin";
  Values values(std::filesystem::file_size(path) / sizeof(double));
  std::ifstream(path, std::ios::binary)
      .read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * 8));
  return values;
}

// Repeats until half a second of CPU has gone.
void Time(const char* name, const std::function<Values()>& run) {
  Values results;
  int calls = 0;
  const std::clock_t begin = std::clock();
  do {
    results = run();
    ++calls;
  } while (std::clock() - begin < CLOCKS_PER_SEC / 2);
  std::printf("%s %.9g", name, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC / calls);
  for (const double r : results) std::printf(" %.17g", r);
  std::printf("\n");
}

void Agreement(const std::string& folder) {
  const Values a = Read(folder, "reader_a"), b = Read(folder, "reader_b"), panel = Read(folder, "panel");
  const auto table = [&] {
    PairTable t(5);
    for (std::size_t i = 0; i < a.size(); ++i) t.Add(static_cast<std::size_t>(a[i]), static_cast<std::size_t>(b[i]));
    return t;
  };
  Time("kappa_of_a_million_pairs", [&] {
    const Kappa k = WeightedKappa(table(), QuadraticDisagreement(5)).value();
    return Values{k.kappa.value, k.kappa.standard_error};
  });
  const PairTable counts = table();
  Time("stuart_maxwell", [&] { return Values{StuartMaxwell(counts).value().statistic, StuartMaxwell(counts).value().p}; });
  Time("bowker", [&] { return Values{Bowker(counts).value().statistic, Bowker(counts).value().p}; });
  std::vector<Values> rows;
  for (std::size_t i = 0; i + 5 <= panel.size(); i += 5)
    rows.emplace_back(panel.begin() + static_cast<std::ptrdiff_t>(i), panel.begin() + static_cast<std::ptrdiff_t>(i + 5));
  Time("fleiss_kappa_of_10000",
       [&] { return Values{FleissKappa(PanelRatings::FromCounts(rows).value()).value().agreement.coefficient.value}; });
}

void Tables(const std::string& folder) {
  const Values cells = Read(folder, "strata");
  std::vector<CountTable> strata;
  for (std::size_t i = 0; i + 4 <= cells.size(); i += 4)
    strata.push_back({2, 2, {cells[i], cells[i + 1], cells[i + 2], cells[i + 3]}});
  Time("cochran_mantel_haenszel_of_1000_strata", [&] {
    const CmhResult r = CochranMantelHaenszel(strata).value();
    return Values{r.with_continuity.statistic, r.common_odds_ratio.value, r.breslow_day_tarone.statistic};
  });
  Time("proportion_intervals", [&] {
    const ProportionIntervals p = Proportion(37, 412).value();
    return Values{p.wilson.low, p.wilson.high, p.clopper_pearson.low, p.clopper_pearson.high, p.jeffreys.low, p.jeffreys.high};
  });
}

void Meta(const std::string& folder) {
  const Values y = Read(folder, "effect"), v = Read(folder, "variance");
  Time("meta_dersimonian_laird_of_10000", [&] {
    const MetaResult r = RandomEffects(y, v, TauMethod::kDerSimonianLaird).value();
    return Values{r.q.statistic, r.tau2, r.mean.value, r.hksj.standard_error};
  });
  Time("meta_paule_mandel_of_10000", [&] {
    const MetaResult r = RandomEffects(y, v, TauMethod::kPauleMandel).value();
    return Values{r.tau2, r.mean.value};
  });
}

void Regression(const std::string& folder) {
  RegressionData d;
  d.columns = 5;
  d.x = Read(folder, "x");
  d.y = Read(folder, "y");
  Time("logistic_of_20000_by_5", [&] {
    const RegressionFit f = FitLogistic(d, 0).value();
    Values r = f.beta;
    r.push_back(f.covariance[7]);  // of the first coefficient
    return r;
  });
  d.y = Read(folder, "grade");
  Time("proportional_odds_of_20000_by_5", [&] { return FitOrdinal(d, 4, 0).value().beta; });
}

void Samples(const std::string& folder) {
  const Values a = Read(folder, "sample_a"), b = Read(folder, "sample_b");
  Time("kolmogorov_smirnov_of_2x10000", [&] { return Values{KolmogorovSmirnov(a, b, 0).value().d}; });
  const std::vector<Values> both = {a, b};
  Time("anderson_darling_of_2x10000", [&] { return Values{AndersonDarlingK(both).value().t_v2}; });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Agreement(argv[1]);
  Tables(argv[1]);
  Meta(argv[1]);
  Regression(argv[1]);
  Samples(argv[1]);
  return 0;
}
