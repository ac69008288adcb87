#include "engine/stats/risk_detectors.h"

#include <algorithm>
#include <cmath>

#include "engine/base/math.h"
#include "engine/stats/state_codec.h"
#include "engine/stats/sums.h"

namespace plumbline::stats {
namespace {

constexpr std::uint8_t kVersion = 1;
// More than any unit sees; keeps sums finite whatever is read back.
constexpr double kMostExpected = 1e15;

bool RiskInside(double risk) { return risk > 0 && risk < 1; }

}  // namespace

double RiskWeight(bool event, double risk, double alternative, double null) {
  const double ratio = det::Log((1 - risk + null * risk) / (1 - risk + alternative * risk));
  return event ? ratio + det::Log(alternative / null) : ratio;
}

double LogisticRisk(double alpha, double beta, double score) { return 1 / (1 + det::Exp(-(alpha + beta * score))); }

Outcome<void> CheckDesign(const RaCusumDesign& d) {
  if (!(d.deterioration > 1 && d.deterioration < 1e6) || !(d.improvement > 1e-6 && d.improvement < 1)) {
    return No(Reason::kOutsideDomain, "an RA-CUSUM looks for odds ratios above 1 (deterioration) and below 1 (improvement)");
  }
  if (!(d.h_upper > 0 && d.h_upper < 1e6) || !(d.h_lower > 0 && d.h_lower < 1e6))
    return No(Reason::kOutsideDomain, "limits are above 0");
  return {};
}

CusumStep StepRaCusum(const RaCusumDesign& d, RaCusumState* s, bool event, double risk) {
  CusumStep step{false, s->upper, s->lower, {}, {}};
  if (!RiskInside(risk)) {
    step.refused = true;
    return step;
  }
  const std::uint64_t at = s->count++;
  const auto side = [&](double odds_ratio, double h, Side which, double* sum, std::uint64_t* since,
                        double* shown) -> std::optional<Alarm> {
    *sum = std::max(0.0, *sum + RiskWeight(event, risk, odds_ratio));
    *shown = *sum;
    if (*sum == 0) *since = at + 1;
    if (!(*sum > h)) return std::nullopt;
    const Alarm alarm{Rule::kRaCusum, which, at, std::min(*since, at), 0};
    if (d.after == AfterAlarm::kRestart) {
      *sum = 0;
      *since = at + 1;
    }
    return alarm;
  };
  step.upper_alarm = side(d.deterioration, d.h_upper, Side::kUpper, &s->upper, &s->upper_since, &step.upper);
  if (d.sides == Sides::kTwo)
    step.lower_alarm = side(d.improvement, d.h_lower, Side::kLower, &s->lower, &s->lower_since, &step.lower);
  return step;
}

Outcome<double> Arl(const RaCusumDesign& d, const RiskMix& mix, double true_odds_ratio) {
  PLUMBLINE_TRY(CheckDesign(d));
  PLUMBLINE_ASSIGN(const double up,
                   RaCusumArl(mix, {.odds_ratio = d.deterioration, .h = d.h_upper, .true_odds_ratio = true_odds_ratio}));
  if (d.sides == Sides::kUpper) return up;
  const auto down = RaCusumArl(mix, {.odds_ratio = d.improvement, .h = d.h_lower, .true_odds_ratio = true_odds_ratio});
  if (!down && down.error().reason == Reason::kUnbounded) return up;
  if (!down) return down;
  return 1 / (1 / up + 1 / *down);
}

std::string Encode(const RaCusumState& s) { return EncodeSums(StateKind::kRaCusum, kVersion, s); }

Result<RaCusumState> DecodeRaCusum(std::string_view bytes) {
  return DecodeSums<RaCusumState>(bytes, StateKind::kRaCusum, kVersion);
}

std::optional<double> StepVlad(VladState* s, bool event, double risk) {
  if (!RiskInside(risk) || s->expected > kMostExpected) return std::nullopt;
  ++s->count;
  if (event) ++s->events;
  const double total = s->expected + risk;
  s->carry += s->expected >= risk ? (s->expected - total) + risk : (risk - total) + s->expected;
  s->expected = total;
  return s->Value();
}

std::string Encode(const VladState& s) {
  StateWriter w(StateKind::kVlad, kVersion);
  w.U64(s.count);
  w.U64(s.events);
  w.F64(s.expected);
  w.F64(s.carry);
  return w.Take();
}

Result<VladState> DecodeVlad(std::string_view bytes) {
  StateReader r(bytes, StateKind::kVlad, kVersion);
  VladState s;
  s.count = r.Count();
  s.events = r.Count();
  s.expected = r.F64();
  s.carry = r.F64();
  r.Require(s.events <= s.count && s.expected >= 0);
  PLUMBLINE_TRY(r.Finish());
  return s;
}

double SprtDesign::Upper() const { return det::Log((1 - beta) / alpha); }
double SprtDesign::Lower() const { return det::Log(beta / (1 - alpha)); }
double OddsRatioBetween(double p0, double p1) { return p1 * (1 - p0) / (p0 * (1 - p1)); }

Outcome<void> CheckDesign(const SprtDesign& d) {
  if (!(d.odds_ratio > 0 && d.odds_ratio < 1e6) || d.odds_ratio == 1)
    return No(Reason::kOutsideDomain, "an odds ratio is above 0 and not 1");
  if (!(d.alpha > 0 && d.beta > 0 && d.alpha + d.beta < 1))
    return No(Reason::kOutsideDomain, "alpha and beta are above 0, their sum below 1");
  return {};
}

SprtStep StepSprt(const SprtDesign& d, SprtState* s, bool event, double risk) {
  if (!RiskInside(risk)) return SprtStep{true, s->llr, {}};
  const std::uint64_t at = s->count++;
  s->llr += RiskWeight(event, risk, d.odds_ratio);
  SprtStep step{false, s->llr, {}};
  const bool upper = s->llr >= d.Upper(), lower = s->llr <= d.Lower();
  if (upper || lower) {
    step.alarm = Alarm{Rule::kSprt, upper ? Side::kUpper : Side::kLower, at, s->since, 0};
    if (d.after == AfterAlarm::kRestart) {
      s->llr = 0;
      s->since = s->count;
    }
  }
  return step;
}

std::string Encode(const SprtState& s) {
  StateWriter w(StateKind::kSprt, kVersion);
  w.U64(s.count);
  w.U64(s.since);
  w.F64(s.llr);
  return w.Take();
}

Result<SprtState> DecodeSprt(std::string_view bytes) {
  StateReader r(bytes, StateKind::kSprt, kVersion);
  SprtState s;
  s.count = r.Count();
  s.since = r.Count();
  s.llr = r.F64();
  r.Require(s.since <= s.count);
  PLUMBLINE_TRY(r.Finish());
  return s;
}

double MaxSprtLlr(double events, double expected) {
  if (!(events > expected) || !(expected > 0)) return 0;
  return (expected - events) + events * det::Log(events / expected);
}

Outcome<void> CheckDesign(const MaxSprtDesign& d) {
  if (!(d.critical > 0 && d.critical < 1e6) || !(d.horizon > 0 && d.horizon < kMostExpected) || d.min_events < 1) {
    return No(Reason::kOutsideDomain, "a maxSPRT has a critical value and a horizon above 0, and at least 1 event");
  }
  return {};
}

MaxSprtStep StepMaxSprt(const MaxSprtDesign& d, MaxSprtState* s, std::uint64_t events, double expected) {
  // An event where nothing has ever been expected has no likelihood under the null.
  const double total = s->expected + expected;
  const bool impossible = total == 0 && s->events + events > 0;
  if (!(expected >= 0 && total < kMostExpected) || impossible || events > (1ULL << 52)) return MaxSprtStep{true, false, 0, {}};
  const std::uint64_t at = s->count++;
  s->expected = total;
  s->events += events;
  MaxSprtStep step;
  step.llr = MaxSprtLlr(static_cast<double>(s->events), s->expected);
  step.ended = s->signalled || s->expected > d.horizon;
  if (!step.ended && s->events >= d.min_events && step.llr >= d.critical) {
    s->signalled = true;
    step.alarm = Alarm{Rule::kMaxSprt, Side::kUpper, at, 0, 0};
  }
  return step;
}

std::string Encode(const MaxSprtState& s) {
  StateWriter w(StateKind::kMaxSprt, kVersion);
  w.U64(s.count);
  w.U64(s.events);
  w.F64(s.expected);
  w.U8(s.signalled ? 1 : 0);
  return w.Take();
}

Result<MaxSprtState> DecodeMaxSprt(std::string_view bytes) {
  StateReader r(bytes, StateKind::kMaxSprt, kVersion);
  MaxSprtState s;
  s.count = r.Count();
  s.events = r.Count();
  s.expected = r.F64();
  const std::uint8_t signalled = r.U8();
  r.Require(s.expected >= 0 && signalled <= 1);
  s.signalled = signalled == 1;
  PLUMBLINE_TRY(r.Finish());
  return s;
}

}  // namespace plumbline::stats
