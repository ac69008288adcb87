#include "engine/stats/westgard.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/stats/distributions.h"
#include "engine/stats/state_codec.h"

namespace plumbline::stats {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kPooled = kMaxWestgardLevels;

// A run length of the side the value is on, or 0.
std::int32_t Extend(std::int32_t run, double z, double bound) {
  if (z > bound) return run > 0 ? run + 1 : 1;
  if (z < -bound) return run < 0 ? run - 1 : -1;
  return 0;
}

void Push(WestgardTrack* t, double z, std::uint64_t at) {
  t->same_side = Extend(t->same_side, z, 0);
  t->beyond_1 = Extend(t->beyond_1, z, 1);
  t->beyond_2 = Extend(t->beyond_2, z, 2);
  if (t->trend == 0 || z == t->last) {
    t->trend = 1;
  } else if (z > t->last) {
    t->trend = t->trend > 1 ? t->trend + 1 : 2;
  } else {
    t->trend = t->trend < 0 ? t->trend - 1 : -2;
  }
  t->last = z;
  std::copy_backward(t->at.begin(), t->at.end() - 1, t->at.end());
  t->at[0] = at;
}

Side SideOf(std::int32_t run) { return run > 0 ? Side::kUpper : Side::kLower; }

// The last `points` observations of a track.
Signal LastPoints(Rule rule, const WestgardTrack& t, std::int32_t run, std::size_t points) {
  Signal signal{rule, SideOf(run), t.at[0], {}};
  for (std::size_t i = points; i > 0; --i) signal.points.push_back(t.at[i - 1]);
  return signal;
}

struct Consecutive {
  Rule rule;
  std::int32_t WestgardTrack::*run;
  std::int32_t needed;
};
constexpr Consecutive kConsecutive[] = {
    {Rule::kWestgard22s, &WestgardTrack::beyond_2, 2},   {Rule::kWestgard31s, &WestgardTrack::beyond_1, 3},
    {Rule::kWestgard41s, &WestgardTrack::beyond_1, 4},   {Rule::kWestgard6x, &WestgardTrack::same_side, 6},
    {Rule::kWestgard8x, &WestgardTrack::same_side, 8},   {Rule::kWestgard9x, &WestgardTrack::same_side, 9},
    {Rule::kWestgard10x, &WestgardTrack::same_side, 10}, {Rule::kWestgard12x, &WestgardTrack::same_side, 12}};

std::optional<Signal> Single(const WestgardOptions& o, Rule rule, double bound, std::span<const ControlValue> run,
                             std::uint64_t first) {
  if (!o.Has(rule)) return std::nullopt;
  Signal signal{rule, Side::kNeither, 0, {}};
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (!(std::fabs(run[i].z) > bound)) continue;
    signal.at = first + i;
    signal.points.push_back(first + i);
    const Side side = run[i].z > 0 ? Side::kUpper : Side::kLower;
    signal.side = signal.points.size() == 1 || signal.side == side ? side : Side::kNeither;
  }
  if (signal.points.empty()) return std::nullopt;
  return signal;
}

std::optional<Signal> Range(const WestgardOptions& o, double least, std::uint64_t least_at, double greatest,
                            std::uint64_t greatest_at) {
  const bool met = o.range == RangeReading::kOppositeBeyond2 ? greatest > 2 && least < -2 : greatest - least > 4;
  if (!met) return std::nullopt;
  return Signal{Rule::kWestgardR4s,
                Side::kNeither,
                std::max(least_at, greatest_at),
                {std::min(least_at, greatest_at), std::max(least_at, greatest_at)}};
}

struct Extremes {
  double least = 0, greatest = 0;
  std::uint64_t least_at = 0, greatest_at = 0;
};
Extremes ExtremesOf(std::span<const ControlValue> run, std::uint64_t first) {
  const auto [low, high] = std::minmax_element(run.begin(), run.end(), [](const auto& a, const auto& b) { return a.z < b.z; });
  return {low->z, high->z, first + static_cast<std::uint64_t>(low - run.begin()),
          first + static_cast<std::uint64_t>(high - run.begin())};
}

void AddRange(const WestgardOptions& o, const WestgardState& s, const Extremes& e, std::vector<Signal>* signals) {
  if (!o.Has(Rule::kWestgardR4s)) return;
  auto signal = Range(o, e.least, e.least_at, e.greatest, e.greatest_at);
  if (!signal && o.range_across_runs && s.has_previous) {
    signal = Range(o, s.previous_least, s.previous_least_at, e.greatest, e.greatest_at);
    if (!signal) signal = Range(o, e.least, e.least_at, s.previous_greatest, s.previous_greatest_at);
  }
  if (signal) signals->push_back(*std::move(signal));
}

void AddTrend(const WestgardOptions& o, const WestgardState& s, std::span<const bool> touched, std::vector<Signal>* signals) {
  if (!o.Has(Rule::kWestgard7T)) return;
  for (std::size_t level = 0; level < kMaxWestgardLevels; ++level) {
    const WestgardTrack& t = s.tracks[level];
    if (touched[level] && std::abs(t.trend) >= 7) {
      signals->push_back(LastPoints(Rule::kWestgard7T, t, t.trend, 7));
      return;
    }
  }
}

void AddConsecutive(const WestgardOptions& o, const WestgardState& s, std::span<const bool> touched,
                    std::vector<Signal>* signals) {
  for (const Consecutive& c : kConsecutive) {
    if (!o.Has(c.rule)) continue;
    for (std::size_t track = 0; track <= kPooled; ++track) {
      if (track == kPooled ? !o.across_materials : !(o.within_material && touched[track])) continue;
      const WestgardTrack& t = s.tracks[track];
      if (std::abs(t.*c.run) < c.needed) continue;
      signals->push_back(LastPoints(c.rule, t, t.*c.run, static_cast<std::size_t>(c.needed)));
      break;
    }
  }
}

}  // namespace

Outcome<std::vector<Signal>> StepWestgard(const WestgardOptions& o, WestgardState* s, std::span<const ControlValue> run) {
  if (run.empty()) return No(Reason::kTooFew, "a control run has at least one value");
  for (const ControlValue& value : run) {
    if (!std::isfinite(value.z) || value.level >= kMaxWestgardLevels) {
      return No(Reason::kOutsideDomain, "a control value is finite and its level below " + std::to_string(kMaxWestgardLevels));
    }
  }
  const std::uint64_t first = s->count;
  std::array<bool, kMaxWestgardLevels> touched{};
  for (const ControlValue& value : run) {
    Push(&s->tracks[value.level], value.z, s->count);
    Push(&s->tracks[kPooled], value.z, s->count);
    touched[value.level] = true;
    ++s->count;
  }
  std::vector<Signal> signals;
  WestgardOptions warning = o;
  warning.rules = static_cast<std::uint16_t>(o.rules | (o.warning_is_gate ? 1 : 0));
  const auto warned = Single(warning, Rule::kWestgard12s, 2, run, first);
  const Extremes extremes = ExtremesOf(run, first);
  if (warned && o.Has(Rule::kWestgard12s)) signals.push_back(*warned);
  if (!o.warning_is_gate || warned) {
    if (auto beyond = Single(o, Rule::kWestgard13s, 3, run, first)) signals.push_back(*std::move(beyond));
    AddRange(o, *s, extremes, &signals);
    AddConsecutive(o, *s, touched, &signals);
    AddTrend(o, *s, touched, &signals);
  }
  s->previous_least = extremes.least;
  s->previous_greatest = extremes.greatest;
  s->previous_least_at = extremes.least_at;
  s->previous_greatest_at = extremes.greatest_at;
  s->has_previous = true;
  std::stable_sort(signals.begin(), signals.end(), [](const Signal& a, const Signal& b) { return a.rule < b.rule; });
  return signals;
}

std::string Encode(const WestgardState& s) {
  StateWriter w(StateKind::kWestgard, kVersion);
  w.U64(s.count);
  w.F64(s.previous_least);
  w.F64(s.previous_greatest);
  w.U64(s.previous_least_at);
  w.U64(s.previous_greatest_at);
  w.U8(s.has_previous ? 1 : 0);
  for (const WestgardTrack& t : s.tracks) {
    for (const std::int32_t run : {t.same_side, t.beyond_1, t.beyond_2, t.trend}) w.U32(static_cast<std::uint32_t>(run));
    w.F64(t.last);
    for (const std::uint64_t at : t.at) w.U64(at);
  }
  return w.Take();
}

Result<WestgardState> DecodeWestgard(std::string_view bytes) {
  StateReader r(bytes, StateKind::kWestgard, kVersion);
  WestgardState s;
  s.count = r.Count();
  s.previous_least = r.F64();
  s.previous_greatest = r.F64();
  s.previous_least_at = r.Count();
  s.previous_greatest_at = r.Count();
  const std::uint8_t previous = r.U8();
  r.Require(previous <= 1 && s.previous_least <= s.previous_greatest);
  s.has_previous = previous == 1;
  for (WestgardTrack& t : s.tracks) {
    for (std::int32_t* run : {&t.same_side, &t.beyond_1, &t.beyond_2, &t.trend}) {
      *run = static_cast<std::int32_t>(r.U32());
      r.Require(*run > -2'000'000'000 && static_cast<std::uint64_t>(std::abs(static_cast<std::int64_t>(*run))) <= s.count + 1);
    }
    t.last = r.F64();
    for (std::uint64_t& at : t.at) at = r.Count();
  }
  PLUMBLINE_TRY(r.Finish());
  return s;
}

Outcome<double> WestgardFalseRejection(const WestgardOptions& o, std::size_t levels) {
  if (levels < 1 || levels > 5) return No(Reason::kOutsideDomain, "false rejection is computed for 1 to 5 controls in a run");
  if (o.range == RangeReading::kRangeBeyond4 && o.Has(Rule::kWestgardR4s)) {
    return No(Reason::kOutsideDomain, "the range of two controls is not told by their zones");
  }
  if (o.Has(Rule::kWestgard7T) && levels >= 7) return No(Reason::kOutsideDomain, "a trend is not told by zones");
  constexpr double kCuts[] = {-3, -2, -1, 0, 1, 2, 3};
  double value[8], probability[8];
  for (std::size_t zone = 0; zone < 8; ++zone) {
    value[zone] = -3.5 + static_cast<double>(zone);
    const double low = zone == 0 ? 0 : NormalCdf(kCuts[zone - 1]);
    probability[zone] = (zone == 7 ? 1 : NormalCdf(kCuts[zone])) - low;
  }
  probability[7] = probability[0];
  std::size_t combinations = 1;
  for (std::size_t i = 0; i < levels; ++i) combinations *= 8;
  double rejected = 0;
  for (std::size_t code = 0; code < combinations; ++code) {
    std::vector<ControlValue> run;
    double p = 1;
    std::size_t rest = code;
    for (std::size_t level = 0; level < levels; ++level, rest /= 8) {
      run.push_back({static_cast<std::uint8_t>(level), value[rest % 8]});
      p *= probability[rest % 8];
    }
    WestgardState state;
    const auto signals = StepWestgard(o, &state, run);
    if (signals && !signals->empty()) rejected += p;
  }
  return rejected;
}

}  // namespace plumbline::stats
