// Streaming charts of outcomes against expected risk: risk-adjusted CUSUM, VLAD, SPRT, Poisson maxSPRT. Built as detectors.h
// says: design, state, pure step. A case is an outcome (true: the event happened) and its expected risk p in (0,1); a case whose
// risk is outside is refused and changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/stats/arl.h"
#include "engine/stats/detectors.h"
#include "engine/stats/estimate.h"
#include "engine/stats/signal.h"

namespace plumbline::stats {

// The log likelihood ratio of odds ratio `alternative` against `null` for one case (Steiner, Cook, Farewell & Treasure 2000,
// Biostatistics 1:441, eq. 2): y = 1: log[(1-p+R0 p) RA / ((1-p+RA p) R0)], y = 0: log[(1-p+R0 p)/(1-p+RA p)].
[[nodiscard]] double RiskWeight(bool event, double risk, double alternative, double null = 1);
// Logistic risk of a linear score: 1/(1+exp(-(alpha + beta score))).
[[nodiscard]] double LogisticRisk(double alpha, double beta, double score);

// --- RA-CUSUM: upper for deterioration (odds ratio > 1), lower for improvement (< 1), both as positive sums; signal when S > h.
// ---
struct RaCusumDesign {
  double deterioration = 2;  // > 1
  double improvement = 0.5;  // in (0,1)
  double h_upper = 4.5;
  double h_lower = 4.5;
  Sides sides = Sides::kTwo;
  AfterAlarm after = AfterAlarm::kRestart;
};
struct RaCusumState {
  std::uint64_t count = 0;
  double upper = 0;
  double lower = 0;
  std::uint64_t upper_since = 0;
  std::uint64_t lower_since = 0;
  friend bool operator==(const RaCusumState&, const RaCusumState&) = default;
};
[[nodiscard]] Outcome<void> CheckDesign(const RaCusumDesign& design);
[[nodiscard]] CusumStep StepRaCusum(const RaCusumDesign& design, RaCusumState* state, bool event, double risk);
// In-control (or with a true odds ratio) length for a case mix; two-sided by 1/A = 1/A+ + 1/A-, a close approximation here.
[[nodiscard]] Outcome<double> Arl(const RaCusumDesign& design, const RiskMix& mix, double true_odds_ratio = 1);
[[nodiscard]] std::string Encode(const RaCusumState& state);
[[nodiscard]] Result<RaCusumState> DecodeRaCusum(std::string_view bytes);

// --- VLAD (Lovegrove et al. 1997, Lancet 350:1128): the running sum of expected minus observed events, in events. A display: it
// has no limits and gives no signal; the RA-CUSUM beside it does.
// -------------------------------------------------------------------
struct VladState {
  std::uint64_t count = 0;
  std::uint64_t events = 0;
  double expected = 0;  // Neumaier's sum and its carry
  double carry = 0;
  [[nodiscard]] double Value() const { return expected + carry - static_cast<double>(events); }
  friend bool operator==(const VladState&, const VladState&) = default;
};
// nullopt when refused.
std::optional<double> StepVlad(VladState* state, bool event, double risk);
[[nodiscard]] std::string Encode(const VladState& state);
[[nodiscard]] Result<VladState> DecodeVlad(std::string_view bytes);

// --- SPRT (Wald 1945; risk-adjusted: Spiegelhalter et al. 2003, Int. J. Qual. Health Care 15:7)
// ---------------------------------- The log likelihood ratio of odds ratio `odds_ratio` against 1; accepts the alternative above
// log((1-beta)/alpha), the null below log(beta/(1-alpha)).
struct SprtDesign {
  double odds_ratio = 2;
  double alpha = 0.01;
  double beta = 0.01;
  AfterAlarm after = AfterAlarm::kContinue;
  [[nodiscard]] double Upper() const;
  [[nodiscard]] double Lower() const;
};
// The odds ratio that turns p0 into p1, for a test of two fixed probabilities.
[[nodiscard]] double OddsRatioBetween(double p0, double p1);
struct SprtState {
  std::uint64_t count = 0;
  std::uint64_t since = 0;
  double llr = 0;
  friend bool operator==(const SprtState&, const SprtState&) = default;
};
struct SprtStep {
  bool refused = false;
  double llr = 0;
  std::optional<Alarm> alarm;  // upper: the alternative is accepted; lower: the null is
};
[[nodiscard]] Outcome<void> CheckDesign(const SprtDesign& design);
[[nodiscard]] SprtStep StepSprt(const SprtDesign& design, SprtState* state, bool event, double risk);
[[nodiscard]] std::string Encode(const SprtState& state);
[[nodiscard]] Result<SprtState> DecodeSprt(std::string_view bytes);

// --- Poisson maxSPRT (Kulldorff et al. 2011): LLR = (mu - c) + c log(c/mu) for c > mu, otherwise 0
// -------------------------------- Watches until `horizon` expected events; the critical value comes from
// MaxSprtCriticalValue(alpha, horizon, min_events).
struct MaxSprtDesign {
  double critical = 2.85394;
  double horizon = 1;
  std::uint64_t min_events = 1;
};
[[nodiscard]] double MaxSprtLlr(double events, double expected);
struct MaxSprtState {
  std::uint64_t count = 0;
  std::uint64_t events = 0;
  double expected = 0;
  bool signalled = false;  // it signals once; what follows is after the decision
  friend bool operator==(const MaxSprtState&, const MaxSprtState&) = default;
};
struct MaxSprtStep {
  bool refused = false;
  bool ended = false;  // past the horizon, or after the signal: counted, not tested
  double llr = 0;
  std::optional<Alarm> alarm;
};
[[nodiscard]] Outcome<void> CheckDesign(const MaxSprtDesign& design);
// `events` that came and `expected` >= 0 that were due since the step before.
[[nodiscard]] MaxSprtStep StepMaxSprt(const MaxSprtDesign& design, MaxSprtState* state, std::uint64_t events, double expected);
[[nodiscard]] std::string Encode(const MaxSprtState& state);
[[nodiscard]] Result<MaxSprtState> DecodeMaxSprt(std::string_view bytes);

}  // namespace plumbline::stats
