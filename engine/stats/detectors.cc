#include "engine/stats/detectors.h"

#include <algorithm>
#include <cmath>

#include "engine/stats/state_codec.h"

namespace plumbline::stats {
namespace {

constexpr std::uint8_t kCusumVersion = 1, kEwmaVersion = 1;

bool Scale(double target, double sigma) { return std::isfinite(target) && sigma > 0 && std::isfinite(sigma); }

// One side of a CUSUM: the new sum, and since which observation it has been above 0.
std::optional<Alarm> StepSide(const CusumDesign& d, double increment, Side side, std::uint64_t at, double* sum,
                              std::uint64_t* since) {
  *sum = std::max(0.0, *sum + increment);
  if (*sum == 0) *since = at + 1;
  if (!(*sum > d.h)) return std::nullopt;
  const Alarm alarm{Rule::kCusum, side, at, std::min(*since, at), 0};
  if (d.after == AfterAlarm::kRestart) {
    *sum = d.headstart;
    *since = at + 1;
  }
  return alarm;
}

}  // namespace

Outcome<void> CheckDesign(const CusumDesign& d) {
  if (!Scale(d.target, d.sigma))
    return No(Reason::kZeroVariance, "a CUSUM needs a finite target and a standard deviation above 0");
  if (!(d.k >= 0 && std::isfinite(d.k)) || !(d.h > 0 && std::isfinite(d.h)) || !(d.headstart >= 0 && d.headstart <= d.h)) {
    return No(Reason::kOutsideDomain, "a CUSUM has k >= 0, h > 0 and a headstart within [0, h]");
  }
  return {};
}

CusumState StartCusum(const CusumDesign& d) { return CusumState{0, d.headstart, d.sides == Sides::kTwo ? d.headstart : 0, 0, 0}; }

CusumStep StepCusum(const CusumDesign& d, CusumState* s, double x) {
  CusumStep step;
  const double z = (x - d.target) / d.sigma;
  if (!std::isfinite(z)) return CusumStep{true, s->upper, s->lower, {}, {}};
  const std::uint64_t at = s->count++;
  const double upper_before = s->upper, lower_before = s->lower;
  step.upper_alarm = StepSide(d, z - d.k, Side::kUpper, at, &s->upper, &s->upper_since);
  step.upper = step.upper_alarm ? std::max(0.0, upper_before + z - d.k) : s->upper;
  if (d.sides == Sides::kTwo) {
    step.lower_alarm = StepSide(d, -z - d.k, Side::kLower, at, &s->lower, &s->lower_since);
    step.lower = step.lower_alarm ? std::max(0.0, lower_before - z - d.k) : s->lower;
  }
  return step;
}

Outcome<double> Arl(const CusumDesign& d, double shift) {
  PLUMBLINE_TRY(CheckDesign(d));
  return CusumArl({.k = d.k, .h = d.h, .mean = shift, .headstart = d.headstart, .sides = d.sides});
}

std::string Encode(const CusumState& s) { return EncodeSums(StateKind::kCusum, kCusumVersion, s); }

Result<CusumState> DecodeCusum(std::string_view bytes) { return DecodeSums<CusumState>(bytes, StateKind::kCusum, kCusumVersion); }

Outcome<void> CheckDesign(const EwmaDesign& d) {
  if (!Scale(d.target, d.sigma))
    return No(Reason::kZeroVariance, "an EWMA needs a finite target and a standard deviation above 0");
  if (!(d.lambda > 0 && d.lambda <= 1) || !(d.width > 0 && std::isfinite(d.width))) {
    return No(Reason::kOutsideDomain, "an EWMA has lambda in (0, 1] and a width above 0");
  }
  return {};
}

EwmaStep StepEwma(const EwmaDesign& d, EwmaState* s, double x) {
  EwmaStep step;
  const double deviation = (1 - d.lambda) * s->deviation + d.lambda * (x - d.target);
  if (!std::isfinite(deviation)) {
    step.refused = true;
    step.z = d.target + s->deviation;
    return step;
  }
  const std::uint64_t at = s->count++;
  const bool crossed = (deviation > 0) != (s->deviation > 0) || s->deviation == 0;
  if (crossed) s->since = at;
  s->deviation = deviation;
  s->decay *= (1 - d.lambda) * (1 - d.lambda);
  if (s->decay < 1e-300) s->decay = 0;
  const double part = d.limits == EwmaLimits::kTimeVarying ? 1 - s->decay : 1;
  const double half = d.width * d.sigma * std::sqrt(d.lambda / (2 - d.lambda) * part);
  step.z = d.target + deviation;
  step.lower = d.target - half;
  step.upper = d.target + half;
  if (std::fabs(deviation) > half) {
    step.alarm = Alarm{Rule::kEwma, deviation > 0 ? Side::kUpper : Side::kLower, at, s->since, 0};
    if (d.after == AfterAlarm::kRestart) {
      s->deviation = 0;
      s->decay = 1;
      s->since = at + 1;
    }
  }
  return step;
}

Outcome<double> Arl(const EwmaDesign& d, double shift) {
  PLUMBLINE_TRY(CheckDesign(d));
  return EwmaArl({.lambda = d.lambda, .width = d.width, .mean = shift, .limits = d.limits});
}

std::string Encode(const EwmaState& s) {
  StateWriter w(StateKind::kEwma, kEwmaVersion);
  w.U64(s.count);
  w.F64(s.deviation);
  w.F64(s.decay);
  w.U64(s.since);
  return w.Take();
}

Result<EwmaState> DecodeEwma(std::string_view bytes) {
  StateReader r(bytes, StateKind::kEwma, kEwmaVersion);
  EwmaState s;
  s.count = r.Count();
  s.deviation = r.F64();
  s.decay = r.F64();
  s.since = r.Count();
  r.Require(s.decay >= 0 && s.decay <= 1 && s.since <= s.count);
  PLUMBLINE_TRY(r.Finish());
  return s;
}

}  // namespace plumbline::stats
