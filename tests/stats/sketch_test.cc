#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "engine/stats/categorical.h"
#include "engine/stats/confidence_sequence.h"
#include "engine/stats/ddsketch.h"
#include "engine/stats/divergence.h"
#include "engine/stats/funnel.h"
#include "engine/stats/meta.h"
#include "engine/stats/random.h"
#include "engine/stats/regression.h"
#include "engine/stats/two_sample.h"

using namespace plumbline::stats;

TEST_CASE("a sketch's quantiles are within alpha, and merging equals sketching all, in any order", "[ddsketch]") {
  SplitMix random(31, 0);
  std::vector<double> values;
  DdSketch whole = *DdSketch::Make(0.01), left = whole, right = whole;
  for (int i = 0; i < 20'000; ++i) {
    const double x = (random.Uniform() - 0.3) * std::pow(10, 6 * random.Uniform() - 2);
    values.push_back(x);
    whole.Add(x);
    (random.Below(2) == 0 ? left : right).Add(x);
  }
  DdSketch forward = left, backward = right;
  REQUIRE(forward.Merge(right));
  REQUIRE(backward.Merge(left));
  CHECK(forward == whole);
  CHECK(backward.Serialise() == whole.Serialise());
  std::sort(values.begin(), values.end());
  for (const double q : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 1.0}) {
    const double truth = values[static_cast<std::size_t>(std::floor(q * static_cast<double>(values.size() - 1)))];
    CHECK(std::fabs(*whole.Quantile(q) - truth) <= 0.01 * std::fabs(truth) * (1 + 1e-9));
  }
  const auto back = DdSketch::Restore(whole.Serialise());
  REQUIRE(back);
  CHECK(*back == whole);
}

TEST_CASE("a sketch takes back what was withdrawn, refuses what is no number, and refuses damaged bytes", "[ddsketch]") {
  DdSketch sketch = *DdSketch::Make(0.02), before = sketch;
  sketch.Add(4.2);
  CHECK(sketch.Remove(4.2));
  CHECK(sketch == before);
  CHECK_FALSE(sketch.Remove(4.2));
  CHECK_FALSE(sketch.Add(std::nan("")));
  CHECK(sketch.refused() == 1);
  CHECK_FALSE(sketch.Quantile(0.5));
  sketch.Add(-3, 5);
  sketch.Add(0);
  CHECK(*sketch.Quantile(1) == 0);
  std::string bytes = sketch.Serialise();
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) CHECK_FALSE(DdSketch::Restore(bytes.substr(0, cut)));
  CHECK_FALSE(DdSketch::Restore(bytes + "x"));
  bytes[0] = 9;
  CHECK_FALSE(DdSketch::Restore(bytes));
  CHECK_FALSE(DdSketch::Make(0.5));
  CHECK_FALSE(sketch.Merge(*DdSketch::Make(0.01)));
}

TEST_CASE("degenerate samples give a reason and no number that is none", "[degenerate]") {
  const auto reason = [](const auto& result) { return result ? Reason::kNone : result.error().reason; };
  const std::vector<double> none, one = {1}, same = {2, 2, 2, 2}, bad = {1, std::nan("")};
  CHECK(reason(KolmogorovSmirnov(none, same)) == Reason::kTooFew);
  CHECK(reason(KolmogorovSmirnov(bad, same)) == Reason::kOutsideDomain);
  CHECK(KolmogorovSmirnov(same, same)->p_exact == 1);
  CHECK(reason(AndersonDarlingK(std::vector<std::vector<double>>{same, same})) == Reason::kZeroVariance);
  CHECK(reason(MaximumMeanDiscrepancy(same, same)) == Reason::kZeroVariance);
  CHECK(DistancesOf(same, one)->wasserstein == 1);
  CHECK(reason(HomogeneityTest({2, 2, {5, 0, 7, 0}})) == Reason::kOneCategory);
  const std::vector<CountTable> empty_margin = {{2, 2, {5, 0, 7, 0}}};
  CHECK(reason(CochranMantelHaenszel(empty_margin)) == Reason::kNoInformation);
  const std::vector<CountTable> unbounded = {{2, 2, {5, 0, 3, 4}}};
  CHECK(reason(CochranMantelHaenszel(unbounded)) == Reason::kUnbounded);
  CHECK(reason(PsiOfCounts(std::vector<double>{5, 0}, std::vector<double>{7, 0})) == Reason::kOneCategory);
  CHECK(PsiOfCounts(std::vector<double>{5, 0}, std::vector<double>{7, 3})->smoothed);
  CHECK(reason(ObservedExpected(3, 0)) == Reason::kZeroExpected);
  CHECK(ObservedExpected(0, 2)->garwood.low == 0);
  CHECK(reason(Proportion(0, 0)) == Reason::kTooFew);
  CHECK(Proportion(0, 5)->jeffreys.low == 0);
  CHECK(reason(RandomEffects(one, one, TauMethod::kReml)) == Reason::kTooFew);
  const std::vector<double> two = {1, 1}, variance = {0.5, 0};
  CHECK(reason(RandomEffects(two, variance, TauMethod::kReml)) == Reason::kOutsideDomain);
  CHECK(RandomEffects(two, two, TauMethod::kReml)->prediction_t.interval == Reason::kTooFew);
  CHECK(reason(HotellingTwoSample({5, {1, 1}, {1, 1, 1, 1}}, {5, {2, 2}, {1, 1, 1, 1}})) == Reason::kSingular);
  CHECK(reason(BernoulliConfidenceSequence(0, 0, 0.05, 10)) == Reason::kTooFew);
  CHECK(BernoulliConfidenceSequence(0, 10, 0.05, 10)->low == 0);
  CHECK(BernoulliConfidenceSequence(10, 10, 0.05, 10)->high == 1);
}

TEST_CASE("units without expected events or below min_n take no part in a funnel", "[funnel]") {
  const std::vector<FunnelUnit> units = {{5, 4}, {7, 8}, {100, 0}, {1, 9, 2}, {9, 8}};
  const auto funnel =
      Funnel(units, {.kind = FunnelKind::kRatio, .over_dispersion = OverDispersion::kNone, .min_denominator = 0, .min_n = 5});
  REQUIRE(funnel);
  CHECK(funnel->points[2].reason == Reason::kZeroExpected);
  CHECK(funnel->points[3].reason == Reason::kTooFew);
  CHECK(funnel->used == 3);
}

TEST_CASE("regression finds what made the data, and separation is said", "[regression]") {
  RegressionData data;
  data.columns = 1;
  SplitMix random(17, 0);
  for (int i = 0; i < 4000; ++i) {
    const double x = 2 * random.Uniform() - 1, p = 1 / (1 + std::exp(-(0.5 + 1.5 * x)));
    data.x.push_back(x);
    data.y.push_back(random.Uniform() < p ? 1 : 0);
  }
  const auto fit = FitLogistic(data, 0.01);
  REQUIRE(fit);
  CHECK(fit->beta[0] == Approx(1.5).margin(0.25));
  CHECK(-fit->thresholds[0] == Approx(0.5).margin(0.15));
  const auto validation = CrossValidate(data, 2, 0.01, 10);
  REQUIRE(validation);
  CHECK(validation->calibration_slope == Approx(1).margin(0.15));
  CHECK(validation->discrimination > 0.65);
  const Prediction p = Predict(*fit, std::vector<double>{0.0}, 0.05);
  CHECK(p.low < p.expected);
  CHECK(p.expected < p.high);
  RegressionData separated{1, {-1, -2, -3, 1, 2, 3}, {0, 0, 0, 1, 1, 1}, {}};
  CHECK_FALSE(FitLogistic(separated, 0));
  CHECK(FitLogistic(separated, 1));
  separated.y = {1, 1, 1, 1, 1, 1};
  CHECK(FitLogistic(separated, 1).error().reason == Reason::kOneCategory);
}
