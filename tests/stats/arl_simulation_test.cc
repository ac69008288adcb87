// What the charts do, 40,000 times, against what was computed for them: at most 4 standard errors apart.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>

#include "engine/base/math.h"
#include "engine/stats/arl.h"
#include "engine/stats/detectors.h"
#include "engine/stats/mewma.h"
#include "engine/stats/risk_detectors.h"
#include "engine/stats/runs_rules.h"
#include "tests/stats/simulate.h"

using namespace plumbline::stats;
using plumbline::simulate::Source;

namespace {

constexpr int kRuns = 40'000;

// run(source): the length of one run.
template <typename Run>
void Compare(const char* name, std::uint64_t seed, double computed, Run run) {
  Source source(seed);
  double sum = 0, squares = 0;
  for (int i = 0; i < kRuns; ++i) {
    const auto length = static_cast<double>(run(source));
    sum += length;
    squares += length * length;
  }
  const double mean = sum / kRuns;
  const double error = std::sqrt((squares / kRuns - mean * mean) / kRuns);
  std::printf("%-44s seed %llu runs %d simulated %.4f computed %.4f apart %+.2f standard errors\n", name,
              static_cast<unsigned long long>(seed), kRuns, mean, computed, (mean - computed) / error);
  INFO(name << " seed " << seed);
  CHECK(std::fabs(mean - computed) <= 4 * error);
}

}  // namespace

TEST_CASE("CUSUM runs are as long as computed", "[simulation]") {
  const auto run = [](CusumDesign design, double mean) {
    return [=](Source& source) {
      CusumState state = StartCusum(design);
      for (;;) {
        const auto step = StepCusum(design, &state, mean + source.Normal());
        if (step.upper_alarm || step.lower_alarm) return state.count;
      }
    };
  };
  const CusumDesign one{.k = 0.5, .h = 4, .sides = Sides::kUpper}, two{.k = 0.5, .h = 4, .headstart = 2, .sides = Sides::kTwo};
  Compare("CUSUM k 0.5 h 4 one-sided, in control", 101, Arl(one).value(), run(one, 0));
  Compare("CUSUM k 0.5 h 4 one-sided, shift 1", 102, Arl(one, 1).value(), run(one, 1));
  Compare("CUSUM k 0.5 h 4 two-sided, headstart 2", 103, Arl(two).value(), run(two, 0));
  const CusumDesign designed{.k = 0.5, .h = DesignCusum(0.5, 200, Sides::kTwo).value(), .sides = Sides::kTwo};
  Compare("CUSUM designed for 200", 104, 200, run(designed, 0));
}

TEST_CASE("EWMA runs are as long as computed", "[simulation]") {
  const auto run = [](EwmaDesign design, double mean) {
    return [=](Source& source) {
      EwmaState state;
      while (!StepEwma(design, &state, mean + source.Normal()).alarm) continue;
      return state.count;
    };
  };
  const EwmaDesign fixed{.lambda = 0.1, .width = 2.814, .limits = EwmaLimits::kAsymptotic};
  Compare("EWMA 0.1 2.814, in control", 201, Arl(fixed).value(), run(fixed, 0));
  Compare("EWMA 0.1 2.814, shift 1", 202, Arl(fixed, 1).value(), run(fixed, 1));
  const EwmaDesign varying{.lambda = 0.05, .width = DesignEwma(0.05, 200, EwmaLimits::kTimeVarying).value()};
  Compare("EWMA 0.05 time-varying, designed for 200", 203, 200, run(varying, 0));
}

TEST_CASE("runs rules wait as long as computed", "[simulation]") {
  const auto run = [](RunsOptions options, double mean) {
    return [=](Source& source) {
      RunsState state;
      while (StepRuns(options, &state, mean + source.Normal()).size == 0) continue;
      return state.count;
    };
  };
  Compare("Western Electric, in control", 301, RunsArl(WesternElectric(), 0).value(), run(WesternElectric(), 0));
  Compare("Western Electric, shift 1", 302, RunsArl(WesternElectric(), 1).value(), run(WesternElectric(), 1));
  RunsOptions nelson{.tests = 0b11110011};
  Compare("Nelson 1, 2, 5 to 8, in control", 303, RunsArl(nelson, 0).value(), run(nelson, 0));
  nelson.newest_outside = false;
  Compare("Nelson, any point of the window", 304, RunsArl(nelson, 0).value(), run(nelson, 0));
}

TEST_CASE("MEWMA runs are as long as computed", "[simulation]") {
  SquareMatrix covariance(2);
  covariance(0, 0) = covariance(1, 1) = 1;
  const auto design = MewmaDesign::Make({0, 0}, covariance, 0.1, 8.64, EwmaLimits::kAsymptotic).value();
  const auto run = [&](double shift) {
    return [&design, shift](Source& source) {
      MewmaState state = StartMewma(design);
      for (;;) {
        const double x[2] = {shift + source.Normal(), source.Normal()};
        if (StepMewma(design, &state, x).alarm) return state.count;
      }
    };
  };
  Compare("MEWMA 2 variables 0.1 8.64, in control", 401, design.Arl().value(), run(0));
  Compare("MEWMA 2 variables 0.1 8.64, shift 1", 402, design.Arl(1).value(), run(1));
}

TEST_CASE("risk-adjusted, Poisson and Shiryaev-Roberts runs are as long as computed", "[simulation]") {
  const RiskMix mix{{0.1, 0.12, 0.14}, {0.1, 0.5, 0.4}};
  const RaCusumDesign design{.deterioration = 2, .h_upper = 2.9, .sides = Sides::kUpper};
  const auto run = [&](double odds_ratio) {
    return [&, odds_ratio](Source& source) {
      RaCusumState state;
      for (;;) {
        const double u = source.Uniform(), risk = u < 0.1 ? 0.1 : u < 0.6 ? 0.12 : 0.14;
        const bool event = source.Event(odds_ratio * risk / (1 - risk + odds_ratio * risk));
        if (StepRaCusum(design, &state, event, risk).upper_alarm) return state.count;
      }
    };
  };
  Compare("RA-CUSUM, in control", 501, RaCusumArl(mix, {.odds_ratio = 2, .h = 2.9, .scaling = 800}).value(), run(1));
  Compare("RA-CUSUM, odds ratio 2", 502,
          RaCusumArl(mix, {.odds_ratio = 2, .h = 2.9, .true_odds_ratio = 2, .scaling = 800}).value(), run(2));
  Compare("Poisson CUSUM k 5 h 10 mean 5", 503, PoissonCusumArl(5, 10, 1, 5).value(), [](Source& source) {
    int length = 0;
    for (std::int64_t sum = 0; sum <= 10; ++length) sum = std::max<std::int64_t>(0, sum + source.Poisson(5) - 5);
    return length;
  });
  Compare("Shiryaev-Roberts threshold 4", 504, ShiryaevRobertsArl(0.5, 4, 0).value(), [](Source& source) {
    int length = 0;
    const double limit = plumbline::det::Exp(4);
    for (double r = 0; r <= limit; ++length) r = (1 + r) * plumbline::det::Exp(source.Normal() - 0.5);
    return length;
  });
}

TEST_CASE("the maxSPRT signals as often as its alpha says", "[simulation]") {
  // Watched at every event: between events the ratio only falls.
  const double horizon = 5, critical = MaxSprtCriticalValue(0.05, horizon).value();
  const MaxSprtDesign design{.critical = critical, .horizon = horizon};
  Compare("maxSPRT horizon 5 alpha 0.05 (share of signals)", 601, 0.05, [&](Source& source) {
    MaxSprtState state;
    for (;;) {
      const double wait = -plumbline::det::Log(source.Uniform());
      if (state.expected + wait > horizon) return 0;
      if (StepMaxSprt(design, &state, 1, wait).alarm) return 1;
    }
  });
}
