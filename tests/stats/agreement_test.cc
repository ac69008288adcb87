#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "engine/stats/icc.h"
#include "engine/stats/kappa.h"
#include "engine/stats/method_comparison.h"
#include "engine/stats/rater_panel.h"
#include "tests/stats/simulate.h"

using namespace plumbline::stats;
using plumbline::simulate::Source;

namespace {

bool FiniteEstimate(const Estimate& e) {
  return std::isfinite(e.value) && std::isfinite(e.low) && std::isfinite(e.high) && e.low <= e.value + 1e-9 &&
         e.value <= e.high + 1e-9;
}

PairTable Table(std::initializer_list<std::vector<double>> rows) {
  const std::vector<std::vector<double>> copy(rows);
  return PairTable::FromRows(copy).value();
}

}  // namespace

TEST_CASE("kappa of degenerate tables is a reason, or a value without an interval", "[agreement][degenerate]") {
  CHECK(CohenKappa(Table({{10, 0}, {0, 0}})).error().reason == Reason::kOneCategory);
  CHECK(CohenKappa(PairTable(2)).error().reason == Reason::kTooFew);
  CHECK(CohenKappa(Table({{1, 2}, {3, 4}}), {.min_cases = 30}).error().reason == Reason::kTooFew);
  const auto perfect = CohenKappa(Table({{10, 0}, {0, 7}})).value();
  CHECK(perfect.kappa.value == 1);
  CHECK(perfect.kappa.interval == Reason::kZeroVariance);
  CHECK(perfect.null_variance > 0);
  const auto one_constant = CohenKappa(Table({{10, 5}, {0, 0}})).value();  // reader A never calls the second
  CHECK(one_constant.kappa.value == Approx(0).margin(1e-14));
  CHECK(McNemarTest(Table({{10, 0}, {0, 7}})).error().reason == Reason::kNoInformation);
  const auto one_way = McNemarTest(Table({{10, 3}, {0, 7}})).value();
  CHECK_FALSE(one_way.odds_ratio);
  CHECK(one_way.exact.p == Approx(0.25));
  CHECK(StuartMaxwell(Table({{3, 0}, {0, 4}})).error().reason == Reason::kNoInformation);
  CHECK(Bowker(Table({{3, 0}, {0, 4}})).error().reason == Reason::kNoInformation);
  CHECK(StuartMaxwell(Table({{3, 1, 0}, {2, 4, 0}, {0, 0, 9}})).value().df == 1);  // the third category is left out
  const std::vector<std::vector<double>> bad{{1, -1}, {0, 2}};
  CHECK(PairTable::FromRows(bad).error().reason == Reason::kOutsideDomain);
}

TEST_CASE("for two categories McNemar, Stuart-Maxwell and Bowker are one test", "[agreement]") {
  const auto table = Table({{20, 9}, {4, 30}});
  CHECK(StuartMaxwell(table).value().statistic == Approx(McNemarTest(table).value().chi_squared.statistic).epsilon(1e-13));
  CHECK(Bowker(table).value().statistic == Approx(McNemarTest(table).value().chi_squared.statistic).epsilon(1e-13));
}

TEST_CASE("tables merge exactly, and weights of two categories do not matter", "[agreement][property]") {
  constexpr std::uint64_t kSeed = 11;
  INFO("seed " << kSeed);
  Source source(kSeed);
  for (int round = 0; round < 200; ++round) {
    const std::size_t k = 2 + source.Below(4);
    PairTable whole(k), left(k), right(k);
    for (int i = 0; i < 60; ++i) {
      const std::size_t a = source.Below(k), b = source.Event(0.6) ? a : source.Below(k);
      whole.Add(a, b);
      (source.Event(0.5) ? left : right).Add(a, b);
    }
    left.Merge(right);
    const auto one = WeightedKappa(whole, QuadraticDisagreement(k)), other = WeightedKappa(left, QuadraticDisagreement(k));
    REQUIRE(one.has_value() == other.has_value());
    if (one) {
      CHECK(one->kappa == other->kappa);
      CHECK(FiniteEstimate(one->kappa));
    }
    if (k == 2 && one) CHECK(one->kappa.value == Approx(CohenKappa(whole).value().kappa.value).epsilon(1e-12));
    if (const auto test = Bowker(whole)) CHECK((test->p >= 0 && test->p <= 1));
    if (const auto test = StuartMaxwell(whole)) CHECK((test->p >= 0 && test->p <= 1));
  }
}

TEST_CASE("the interval of kappa covers the true one about as often as it says", "[agreement][simulation]") {
  constexpr std::uint64_t kSeed = 5;
  Source source(kSeed);
  // Readers agree with the truth 0.85 of the time, independently, prevalence 1/2: kappa = (2*0.85-1)^2 = 0.49.
  int covered = 0;
  constexpr int kRounds = 4000;
  for (int round = 0; round < kRounds; ++round) {
    PairTable table(2);
    for (int i = 0; i < 200; ++i) {
      const bool truth = source.Event(0.5);
      table.Add(static_cast<std::size_t>(source.Event(0.85) ? truth : !truth),
                static_cast<std::size_t>(source.Event(0.85) ? truth : !truth));
    }
    const auto kappa = CohenKappa(table).value().kappa;
    if (kappa.low <= 0.49 && 0.49 <= kappa.high) ++covered;
  }
  const double share = static_cast<double>(covered) / kRounds;
  std::printf("kappa 95%% interval covers %.4f, seed %llu, %d rounds\n", share, static_cast<unsigned long long>(kSeed), kRounds);
  CHECK(share > 0.93);
  CHECK(share < 0.97);
}

TEST_CASE("panels without agreement to measure say why", "[agreement][degenerate]") {
  using Row = std::vector<std::optional<double>>;
  const auto panel = [](std::vector<Row> rows) { return PanelRatings::FromRatings(rows).value(); };
  const auto reason = [](const PanelRatings& p, Coefficient c) {
    return Agreement(p, c, PanelWeights::kIdentity).error().reason;
  };
  for (const Coefficient c :
       {Coefficient::kGwet, Coefficient::kFleiss, Coefficient::kBrennanPrediger, Coefficient::kKrippendorff}) {
    CHECK(reason(panel({{1}, {2}, {1}}), c) == Reason::kSingleRater);
    CHECK(reason(panel({{1, 1}, {1, 1}, {1, std::nullopt}}), c) == Reason::kOneCategory);
    CHECK(reason(panel({}), c) == Reason::kTooFew);
    CHECK(reason(panel({{std::nullopt, std::nullopt}}), c) == Reason::kTooFew);
    const auto perfect = Agreement(panel({{1, 1}, {2, 2}, {3, 3}}), c, PanelWeights::kIdentity).value();
    CHECK(perfect.coefficient.value == Approx(1).epsilon(1e-12));
    CHECK(perfect.coefficient.interval == Reason::kZeroVariance);
  }
  CHECK(Agreement(panel({{-1, 1}, {2, 2}}), Coefficient::kKrippendorff, PanelWeights::kRatio).error().reason ==
        Reason::kOutsideDomain);
  CHECK(FleissKappa(panel({{1, 2}, {1, std::nullopt}})).error().reason == Reason::kOutsideDomain);
}

TEST_CASE("a panel of two without missing ratings is a table: Krippendorff's alpha is Scott's pi corrected", "[agreement]") {
  using Row = std::vector<std::optional<double>>;
  std::vector<Row> rows;
  for (const auto& [a, b, n] :
       std::initializer_list<std::tuple<double, double, int>>{{1, 1, 20}, {1, 2, 5}, {2, 1, 3}, {2, 2, 12}}) {
    for (int i = 0; i < n; ++i) rows.push_back({a, b});
  }
  const auto p = PanelRatings::FromRatings(rows).value();
  const double pi = Agreement(p, Coefficient::kFleiss, PanelWeights::kIdentity).value().coefficient.value;
  const double alpha = Agreement(p, Coefficient::kKrippendorff, PanelWeights::kIdentity).value().coefficient.value;
  CHECK(alpha == Approx(pi + (1 - pi) / 80).epsilon(1e-12));
}

TEST_CASE("intraclass correlation of what has no residual, one judge, one subject says why", "[agreement][degenerate]") {
  const auto reason = [](std::vector<std::vector<double>> x) { return Icc(x).error().reason; };
  CHECK(reason({{1, 2}}) == Reason::kTooFew);
  CHECK(reason({{1}, {2}}) == Reason::kSingleRater);
  CHECK(reason({{1, 2}, {2, 3}, {3, 4}}) == Reason::kZeroVariance);
  CHECK(reason({{5, 5}, {5, 5}}) == Reason::kZeroVariance);
  CHECK(reason({{1, 2}, {2}}) == Reason::kOutsideDomain);
  CHECK(reason({{1, std::numeric_limits<double>::infinity()}, {2, 1}}) == Reason::kOutsideDomain);
}

TEST_CASE("no random ratings give a correlation that is not finite", "[agreement][property]") {
  constexpr std::uint64_t kSeed = 23;
  INFO("seed " << kSeed);
  Source source(kSeed);
  for (int round = 0; round < 400; ++round) {
    const std::size_t n = 2 + source.Below(6), k = 2 + source.Below(3);
    std::vector<std::vector<double>> x(n, std::vector<double>(k));
    for (auto& row : x) {
      for (double& v : row) v = static_cast<double>(source.Below(4));
    }
    const auto table = Icc(x);
    if (!table) continue;
    for (const auto& form : table->form) {
      if (form) CHECK(FiniteEstimate(form->icc));
    }
  }
}

TEST_CASE("comparisons of methods that cannot be made say why", "[agreement][degenerate]") {
  const std::vector<double> x{1, 2, 3, 4}, constant{2, 2, 2, 2}, two{1, 2}, nan{1, 2, std::nan(""), 4};
  CHECK(BlandAltmanLimits(two, x).error().reason == Reason::kOutsideDomain);
  CHECK(BlandAltmanLimits(std::vector<double>{1}, std::vector<double>{1}).error().reason == Reason::kTooFew);
  CHECK(BlandAltmanLimits(x, nan).error().reason == Reason::kOutsideDomain);
  CHECK(BlandAltmanLimits(x, x).value().bias.interval == Reason::kZeroVariance);
  CHECK(LinConcordance(x, constant).error().reason == Reason::kZeroVariance);
  CHECK(LinConcordance(x, x).value().ccc.interval == Reason::kZeroVariance);
  CHECK(Deming(x, constant).error().reason == Reason::kNoInformation);
  CHECK(Deming(x, x, {.error_ratio = 0}).error().reason == Reason::kOutsideDomain);
  CHECK(Deming(two, two).error().reason == Reason::kTooFew);
  CHECK(PassingBablok(constant, x).error().reason == Reason::kUnbounded);
  CHECK(PassingBablok(constant, constant).error().reason == Reason::kNoInformation);
  const auto few = PassingBablok(std::vector<double>{1, 2, 3}, std::vector<double>{1, 2.5, 3}).value();
  CHECK(few.slope.interval != Reason::kNone);  // too few for 95 %
}

TEST_CASE("an exact line is found exactly, and exchange of the methods inverts it", "[agreement][property]") {
  constexpr std::uint64_t kSeed = 31;
  INFO("seed " << kSeed);
  Source source(kSeed);
  std::vector<double> x, y, line;
  for (int i = 0; i < 60; ++i) {
    x.push_back(5 + 3 * source.Normal());
    line.push_back(2 * x.back() - 1);
    y.push_back(line.back() + 0.3 * source.Normal());
  }
  CHECK(Deming(x, line).value().slope.value == Approx(2).epsilon(1e-10));
  CHECK(PassingBablok(x, line).value().slope.value == Approx(2).epsilon(1e-10));
  CHECK(Deming(x, y).value().slope.value == Approx(1 / Deming(y, x).value().slope.value).epsilon(1e-10));
  CHECK(PassingBablok(x, y).value().slope.value == Approx(1 / PassingBablok(y, x).value().slope.value).epsilon(1e-3));
  const auto ccc = LinConcordance(x, y).value(), back = LinConcordance(y, x).value();
  CHECK(ccc.ccc.value == Approx(back.ccc.value).epsilon(1e-12));
  CHECK(FiniteEstimate(ccc.ccc));
}

TEST_CASE("two decimals stored as doubles do not misjudge slopes of -1 when the resolution is told", "[agreement]") {
  const std::vector<double> x{0.82, 1.83, 1.39, 0.81, 1.72, 3.23}, y{0.79, 1.62, 1.36, 1.30, 1.88, 3.35};
  std::vector<double> whole_x, whole_y;
  for (const double v : x) whole_x.push_back(std::round(v * 100));
  for (const double v : y) whole_y.push_back(std::round(v * 100));
  const auto told = PassingBablok(x, y, {.resolution = 0.01}).value(), whole = PassingBablok(whole_x, whole_y).value();
  CHECK(told.slope.value == whole.slope.value);
  CHECK(told.intercept.value == Approx(whole.intercept.value / 100).epsilon(1e-12));
}
