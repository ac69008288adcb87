// Designs and lengths against published tables, and one method against another.
#include "engine/stats/arl.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "engine/stats/detectors.h"
#include "engine/stats/risk_detectors.h"
#include "engine/stats/runs_rules.h"

using namespace plumbline::stats;

namespace {

bool Within(double a, double b, double relative) {
  INFO(a << " and " << b);
  const bool within = std::fabs(a - b) <= relative * std::fabs(b);
  CHECK(within);
  return within;
}

}  // namespace

TEST_CASE("the Markov chain and the integral equation give one CUSUM length, within 1e-4", "[arl]") {
  for (const double k : {0.25, 0.5, 1.0}) {
    for (const double h : {2.0, 4.0, 5.0}) {
      for (const double mean : {0.0, 0.5, 1.0, 2.0}) {
        const CusumArlOptions options{.k = k, .h = h, .mean = mean};
        INFO("k " << k << " h " << h << " mean " << mean);
        Within(CusumArlMarkov(options).value(), CusumArl(options).value(), 1e-4);
      }
    }
  }
}

TEST_CASE("the Markov chain meets the published CUSUM lengths", "[arl]") {
  // Montgomery, Table 9.3 to the digits it prints; the exact values beside it from Lucas & Crosier's method.
  const auto two_sided = [](double h, double mean) {
    return CusumArlMarkov({.k = 0.5, .h = h, .mean = mean, .headstart = 0, .sides = Sides::kTwo}).value();
  };
  CHECK(std::round(two_sided(4, 0)) == 168);
  CHECK(std::round(two_sided(5, 0)) == 465);
  CHECK(std::round(two_sided(4, 1) * 100) == 838);
  CHECK(std::round(two_sided(5, 1) * 10) == 104);
  Within(CusumArlMarkov({.k = 0.5, .h = 4}).value(), 335.367577627232, 1e-4);
}

TEST_CASE("known traps: one-sided is not two-sided, 2.7 is not 500, all four Western Electric rules are 91.75", "[arl]") {
  Within(CusumArl({.k = 0.5, .h = 4, .sides = Sides::kTwo}).value(), 167.7, 1e-3);
  Within(EwmaArl({.lambda = 0.1, .width = 2.7}).value(), 369.0, 1e-3);
  Within(DesignEwma(0.1, 500).value(), 2.8143, 1e-4);
  Within(RunsArl(WesternElectric(), 0).value(), 91.75, 1e-4);
}

TEST_CASE("a designed limit has the length it was designed for", "[arl]") {
  for (const double wanted : {50.0, 370.4, 1000.0}) {
    INFO("wanted " << wanted);
    Within(ShewhartArl(DesignShewhart(wanted).value(), 0).value(), wanted, 1e-9);
    for (const Sides sides : {Sides::kUpper, Sides::kTwo}) {
      for (const double fraction : {0.0, 0.5}) {
        const double h = DesignCusum(0.5, wanted, sides, fraction).value();
        Within(CusumArl({.k = 0.5, .h = h, .mean = 0, .headstart = fraction * h, .sides = sides}).value(), wanted, 1e-7);
      }
    }
    for (const EwmaLimits limits : {EwmaLimits::kAsymptotic, EwmaLimits::kTimeVarying}) {
      const double width = DesignEwma(0.2, wanted, limits).value();
      Within(EwmaArl({.lambda = 0.2, .width = width, .mean = 0, .limits = limits}).value(), wanted, 1e-7);
    }
    Within(MewmaArl(3, 0.1, DesignMewma(3, 0.1, wanted).value(), 0).value(), wanted, 1e-7);
    const RiskMix mix{{0.02, 0.1, 0.4}, {5, 3, 1}};
    const double h = DesignRaCusum(mix, 2, wanted).value();
    const double arl = RaCusumArl(mix, {.odds_ratio = 2, .h = h}).value();
    CHECK(arl >= wanted);  // the least lattice limit that reaches it
    CHECK(RaCusumArl(mix, {.odds_ratio = 2, .h = h - 1.0 / 200}).value() < wanted);
  }
  Within(MaxSprtAlpha(MaxSprtCriticalValue(0.05, 5).value(), 5).value(), 0.05, 1e-8);
}

TEST_CASE("a longer wait is never bought by a lower limit, and a shift is never found later than none", "[arl]") {
  double last = 0;
  for (double h = 1; h < 8; h += 0.5) {
    const double arl = CusumArl({.k = 0.5, .h = h}).value();
    CHECK(arl > last);
    CHECK(CusumArl({.k = 0.5, .h = h, .mean = 1}).value() < arl);
    last = arl;
  }
  CHECK(MewmaArl(4, 0.1, 12.73, 0.001).value() == Approx(MewmaArl(4, 0.1, 12.73, 0).value()).epsilon(1e-4));
  CHECK(EwmaArl({.lambda = 1, .width = 3}).value() == Approx(370.398347).epsilon(1e-8));
}

TEST_CASE("a run of L on one side alone waits 2^L - 1 points", "[arl]") {
  for (std::uint8_t length = 2; length <= 14; ++length) {
    RunsOptions options{.tests = 0b10};
    options.same_side = length;
    Within(RunsArl(options, 0).value(), std::exp2(length) - 1, 1e-9);
  }
}

TEST_CASE("a design outside the domain has a stated reason", "[arl][degenerate]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  CHECK(CusumArl({.k = -1, .h = 4}).error().reason == Reason::kOutsideDomain);
  CHECK(CusumArl({.k = 0.5, .h = nan}).error().reason == Reason::kOutsideDomain);
  CHECK(CusumArl({.k = 5, .h = 10}).error().reason == Reason::kUnbounded);
  CHECK(ShewhartArl(0, 0).error().reason == Reason::kOutsideDomain);
  CHECK(ShewhartArl(20, 0).error().reason == Reason::kUnbounded);
  CHECK(DesignShewhart(1).error().reason == Reason::kOutsideDomain);
  CHECK(DesignCusum(0.5, infinity, Sides::kTwo).error().reason == Reason::kOutsideDomain);
  CHECK(EwmaArl({.lambda = 0, .width = 3}).error().reason == Reason::kOutsideDomain);
  CHECK(EwmaArl({.lambda = 1.5, .width = 3}).error().reason == Reason::kOutsideDomain);
  CHECK(MewmaArl(1, 0.1, 8, 0).error().reason == Reason::kOutsideDomain);
  CHECK(RaCusumArl({{}, {}}, {}).error().reason == Reason::kTooFew);
  CHECK(RaCusumArl({{0.1}, {0}}, {}).error().reason == Reason::kZeroExpected);
  CHECK(RaCusumArl({{0}, {1}}, {}).error().reason == Reason::kOutsideDomain);
  CHECK(RaCusumArl({{0.1}, {1}}, {.odds_ratio = 1}).error().reason == Reason::kOutsideDomain);
  CHECK(PoissonCusumArl(5, 10, 1, 0).error().reason == Reason::kOutsideDomain);
  CHECK(VarianceEwmaArl(0.1, 0, 4, 1).error().reason == Reason::kOutsideDomain);
  CHECK(ShiryaevRobertsArl(0, 4, 0).error().reason == Reason::kOutsideDomain);
  CHECK(MaxSprtCriticalValue(0, 1).error().reason == Reason::kOutsideDomain);
  CHECK(MaxSprtAlpha(3, 0).error().reason == Reason::kOutsideDomain);
  RunsOptions none{.tests = 0};
  CHECK(RunsArl(none, 0).error().reason == Reason::kUnbounded);
  CHECK(RunsArl(RunsOptions{}, 0).error().reason == Reason::kOutsideDomain);
}
