// Detectors as states: restored states go on as if nothing had happened, bad bytes are refused, alarms name their points.
#include "engine/stats/detectors.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "engine/stats/confidence_sequence.h"
#include "engine/stats/mewma.h"
#include "engine/stats/risk_detectors.h"
#include "engine/stats/run_chart.h"
#include "engine/stats/runs_rules.h"
#include "engine/stats/westgard.h"
#include "tests/stats/simulate.h"

using namespace plumbline::stats;
using plumbline::simulate::Source;

namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

// Steps a state 400 times; at a random point it goes through bytes. Both must end alike, byte for byte. Then every shortened,
// lengthened or mislabelled form of the bytes must be refused.
template <typename State, typename Step, typename Decode>
void CheckRestorable(std::uint64_t seed, State start, Step step, Decode decode, std::string (*encode)(const State&)) {
  INFO("seed " << seed);
  Source source(seed);
  const std::uint64_t cut = source.Below(400);
  State whole = start, parted = start;
  Source a(seed + 1), b(seed + 1);
  for (std::uint64_t i = 0; i < 400; ++i) {
    step(a, &whole);
    if (i == cut) {
      const auto restored = decode(encode(parted));
      REQUIRE(restored);
      REQUIRE(*restored == parted);
      parted = *restored;
    }
    step(b, &parted);
  }
  CHECK(whole == parted);
  CHECK(encode(whole) == encode(parted));
  std::string bytes = encode(whole);
  for (std::size_t length = 0; length < bytes.size(); ++length) CHECK_FALSE(decode(std::string_view(bytes).substr(0, length)));
  CHECK_FALSE(decode(bytes + "x"));
  std::string other_version = bytes;
  other_version[1] = 99;
  CHECK(decode(other_version).error().code == plumbline::ErrorCode::kVersion);
  bytes[0] = 99;
  CHECK(decode(bytes).error().code == plumbline::ErrorCode::kIntegrity);
}

}  // namespace

TEST_CASE("a restored state goes on as if nothing had happened", "[detectors]") {
  const CusumDesign cusum{.k = 0.25, .h = 3, .headstart = 1, .after = AfterAlarm::kRestart};
  CheckRestorable<CusumState>(
      1, StartCusum(cusum), [&](Source& s, CusumState* state) { (void)StepCusum(cusum, state, s.Normal()); }, DecodeCusum,
      [](const CusumState& s) { return Encode(s); });
  const EwmaDesign ewma{.lambda = 0.2, .width = 2, .after = AfterAlarm::kRestart};
  CheckRestorable<EwmaState>(
      2, {}, [&](Source& s, EwmaState* state) { (void)StepEwma(ewma, state, s.Normal()); }, DecodeEwma,
      [](const EwmaState& s) { return Encode(s); });
  const RaCusumDesign ra{.h_upper = 2, .h_lower = 2};
  CheckRestorable<RaCusumState>(
      4, {}, [&](Source& s, RaCusumState* state) { (void)StepRaCusum(ra, state, s.Event(0.2), 0.01 + 0.9 * s.Uniform()); },
      DecodeRaCusum, [](const RaCusumState& s) { return Encode(s); });
  CheckRestorable<VladState>(
      5, {}, [&](Source& s, VladState* state) { (void)StepVlad(state, s.Event(0.2), s.Uniform()); }, DecodeVlad,
      [](const VladState& s) { return Encode(s); });
  CheckRestorable<SprtState>(
      6, {},
      [&](Source& s, SprtState* state) { (void)StepSprt({.after = AfterAlarm::kRestart}, state, s.Event(0.2), s.Uniform()); },
      DecodeSprt, [](const SprtState& s) { return Encode(s); });
  CheckRestorable<MaxSprtState>(
      7, {},
      [&](Source& s, MaxSprtState* state) {
        (void)StepMaxSprt({3, 50, 1}, state, s.Below(2), s.Uniform());
      },
      DecodeMaxSprt, [](const MaxSprtState& s) { return Encode(s); });
  CheckRestorable<RunsState>(
      8, {}, [&](Source& s, RunsState* state) { (void)StepRuns({}, state, s.Normal()); }, DecodeRuns,
      [](const RunsState& s) { return EncodeRuns(s); });
  CheckRestorable<AnhoejState>(
      9, {}, [&](Source& s, AnhoejState* state) { (void)StepAnhoej(0, state, s.Normal()); }, DecodeAnhoej,
      [](const AnhoejState& s) { return Encode(s); });
  CheckRestorable<WestgardState>(
      10, {},
      [&](Source& s, WestgardState* state) {
        const ControlValue run[2] = {{0, s.Normal()}, {1, s.Normal()}};
        REQUIRE(StepWestgard({}, state, run));
      },
      DecodeWestgard, [](const WestgardState& s) { return Encode(s); });
  SquareMatrix covariance(2);
  covariance(0, 0) = covariance(1, 1) = 1;
  const auto mewma = MewmaDesign::Make({0, 0}, covariance, 0.1, 5, EwmaLimits::kTimeVarying, AfterAlarm::kRestart).value();
  CheckRestorable<MewmaState>(
      11, StartMewma(mewma),
      [&](Source& s, MewmaState* state) {
        const double x[2] = {s.Normal(), s.Normal()};
        (void)StepMewma(mewma, state, x);
      },
      DecodeMewma, [](const MewmaState& s) { return Encode(s); });
}

TEST_CASE("random bytes are refused or give a state that can be stepped", "[detectors][property]") {
  constexpr std::uint64_t kSeed = 77;
  INFO("seed " << kSeed);
  Source source(kSeed);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = Encode(StartCusum({}));
    for (std::size_t i = 2; i < bytes.size(); ++i) {
      if (source.Event(0.3)) bytes[i] = static_cast<char>(source.Below(256));
    }
    auto state = DecodeCusum(bytes);
    if (!state) continue;
    CHECK(std::isfinite(StepCusum({}, &*state, 1).upper));
  }
}

// Found by the fuzzer: such weights add up to less than a restored state may have, so what was stepped could not be restored
// again.
TEST_CASE("a confidence sequence of vanishing weights or chance of error is refused", "[detectors][degenerate]") {
  CHECK(EmpiricalBernsteinSequence::Restore(EmpiricalBernsteinSequence(1e-300, 1e-6).Serialise()));
  CHECK_FALSE(EmpiricalBernsteinSequence::Restore(EmpiricalBernsteinSequence(0.05, 7e-303).Serialise()));
  CHECK_FALSE(EmpiricalBernsteinSequence::Restore(EmpiricalBernsteinSequence(1e-313, 0.5).Serialise()));
  EmpiricalBernsteinSequence least(1e-300, 1e-6);
  for (const double x : {0.3, 1.0, 0.0}) least.Add(x);
  const auto again = EmpiricalBernsteinSequence::Restore(least.Serialise());
  REQUIRE(again);
  CHECK(*again == least);
}

TEST_CASE("what is not a number changes no state", "[detectors][degenerate]") {
  CusumState cusum;
  CHECK(StepCusum({}, &cusum, kNan).refused);
  CHECK(cusum == CusumState{});
  EwmaState ewma;
  CHECK(StepEwma({}, &ewma, HUGE_VAL).refused);
  CHECK(ewma == EwmaState{});
  RaCusumState ra;
  for (const double risk : {0.0, 1.0, -0.5, kNan}) CHECK(StepRaCusum({}, &ra, true, risk).refused);
  CHECK(ra == RaCusumState{});
  VladState vlad;
  CHECK_FALSE(StepVlad(&vlad, true, 1));
  CHECK(vlad == VladState{});
  SprtState sprt;
  CHECK(StepSprt({}, &sprt, true, kNan).refused);
  CHECK(sprt == SprtState{});
  MaxSprtState max_sprt;
  CHECK(StepMaxSprt({}, &max_sprt, 1, 0).refused);  // an event where nothing was expected
  CHECK(StepMaxSprt({}, &max_sprt, 1, -1).refused);
  CHECK(max_sprt == MaxSprtState{});
  CHECK(StepAnhoej(kNan, nullptr, 1).refused);
}

TEST_CASE("designs that cannot work have a stated reason", "[detectors][degenerate]") {
  CHECK(CheckDesign(CusumDesign{.sigma = 0}).error().reason == Reason::kZeroVariance);
  CHECK(CheckDesign(CusumDesign{.h = 2, .headstart = 3}).error().reason == Reason::kOutsideDomain);
  CHECK(CheckDesign(EwmaDesign{.lambda = 0}).error().reason == Reason::kOutsideDomain);
  CHECK(CheckDesign(RaCusumDesign{.deterioration = 0.5}).error().reason == Reason::kOutsideDomain);
  CHECK(CheckDesign(SprtDesign{.odds_ratio = 1}).error().reason == Reason::kOutsideDomain);
  CHECK(CheckDesign(MaxSprtDesign{.critical = 0}).error().reason == Reason::kOutsideDomain);
  SquareMatrix singular(2);
  singular(0, 0) = singular(0, 1) = singular(1, 0) = singular(1, 1) = 1;
  CHECK(MewmaDesign::Make({0, 0}, singular, 0.1, 8, EwmaLimits::kAsymptotic).error().reason == Reason::kSingular);
  CHECK(CheckDesign(CusumDesign{}).has_value());
}

TEST_CASE("a CUSUM's alarm names the run of points since its sum left zero", "[detectors]") {
  const CusumDesign design{.k = 0.5, .h = 2, .sides = Sides::kUpper, .after = AfterAlarm::kRestart};
  CusumState state = StartCusum(design);
  for (const double x : {0.0, 2.0, -5.0}) CHECK_FALSE(StepCusum(design, &state, x).upper_alarm);
  CHECK_FALSE(StepCusum(design, &state, 1.5).upper_alarm);
  CHECK_FALSE(StepCusum(design, &state, 1.0).upper_alarm);
  const auto step = StepCusum(design, &state, 1.2);
  REQUIRE(step.upper_alarm);
  CHECK(step.upper == Approx(2.2));
  CHECK(Expand(*step.upper_alarm).points == std::vector<std::uint64_t>{3, 4, 5});
  CHECK(state.upper == 0);  // restarted
}

TEST_CASE("with risk 1 in 2 and odds ratio 2 the sums of RA-CUSUM and SPRT are Wald's", "[detectors]") {
  CHECK(RiskWeight(true, 0.5, 2) == Approx(std::log(4.0 / 3)).epsilon(1e-14));
  CHECK(RiskWeight(false, 0.5, 2) == Approx(std::log(2.0 / 3)).epsilon(1e-14));
  // The weight is a log likelihood ratio: its exponential has mean 1 while the risk is right.
  for (const double risk : {0.001, 0.1, 0.7}) {
    const double mean = risk * std::exp(RiskWeight(true, risk, 3)) + (1 - risk) * std::exp(RiskWeight(false, risk, 3));
    CHECK(mean == Approx(1).epsilon(1e-13));
  }
}

TEST_CASE("a VLAD of a million cases keeps its digits", "[detectors]") {
  VladState state;
  for (int i = 0; i < 1'000'000; ++i) (void)StepVlad(&state, i % 10 == 0, 0.1);
  CHECK(std::fabs(state.Value()) < 1e-9);
}
