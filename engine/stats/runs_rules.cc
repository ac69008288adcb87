#include "engine/stats/runs_rules.h"

#include <bit>
#include <cmath>

#include "engine/base/check.h"
#include "engine/stats/state_codec.h"

namespace plumbline::stats {
namespace {

constexpr std::uint8_t kVersion = 1;

Side SideOf(int sign) { return sign > 0 ? Side::kUpper : sign < 0 ? Side::kLower : Side::kNeither; }

void Add(RunsStep* step, Rule rule, Side side, std::uint64_t at, std::uint64_t points) {
  step->alarms[step->size++] = Alarm{rule, side, at, at + 1 - points, 0};
}

// The points of a window are those whose bit is set.
void AddMasked(RunsStep* step, Rule rule, Side side, std::uint64_t at, std::uint32_t bits) {
  const auto oldest = static_cast<std::uint64_t>(std::bit_width(bits) - 1);
  step->alarms[step->size++] = Alarm{rule, side, at, at - oldest, bits};
}

void StepSameSide(const RunsOptions& o, RunsState* s, int sign, std::uint64_t at, RunsStep* step) {
  s->same_run = sign == 0 ? 0 : sign == s->side ? s->same_run + 1 : 1;
  s->side = static_cast<std::int8_t>(sign);
  if (s->same_run >= o.same_side) Add(step, Rule::kNelson2, SideOf(sign), at, s->same_run);
}

void StepNeighbours(const RunsOptions& o, RunsState* s, double z, std::uint64_t at, RunsStep* step) {
  const int direction = at == 0 || z == s->last ? 0 : z > s->last ? 1 : -1;
  if (direction == 0) {
    s->trend_run = s->alternating_run = 1;
  } else {
    const bool same = direction == s->trend_side, opposite = direction == -s->trend_side;
    s->trend_run = same ? s->trend_run + 1 : 2;
    s->alternating_run = opposite ? s->alternating_run + 1 : 2;
  }
  s->trend_side = static_cast<std::int8_t>(direction);
  s->last = z;
  if (o.Has(3) && s->trend_run >= o.trend) Add(step, Rule::kNelson3, SideOf(direction), at, s->trend_run);
  if (o.Has(4) && s->alternating_run >= o.alternating) Add(step, Rule::kNelson4, Side::kNeither, at, s->alternating_run);
}

// A window test: at least `needed` of the bits, the newest (lowest) among them if so asked.
bool Window(const RunsOptions& o, std::uint32_t bits, int needed) {
  return std::popcount(bits) >= needed && (!o.newest_outside || (bits & 1U) != 0);
}

void StepWindows(const RunsOptions& o, RunsState* s, double z, std::uint64_t at, RunsStep* step) {
  if (o.Has(5)) {
    const std::uint32_t up = ((s->beyond_2 & 0x3U) << 1 | (z > 2 ? 1U : 0U));
    const std::uint32_t down = ((s->beyond_2 >> 4 & 0x3U) << 1 | (z < -2 ? 1U : 0U));
    s->beyond_2 = static_cast<std::uint8_t>(up | down << 4);
    if (Window(o, up, 2)) {
      AddMasked(step, Rule::kNelson5, Side::kUpper, at, up);
    } else if (Window(o, down, 2)) {
      AddMasked(step, Rule::kNelson5, Side::kLower, at, down);
    }
  }
  if (o.Has(6)) {
    s->beyond_1_up = static_cast<std::uint8_t>((s->beyond_1_up & 0xfU) << 1 | (z > 1 ? 1U : 0U));
    s->beyond_1_down = static_cast<std::uint8_t>((s->beyond_1_down & 0xfU) << 1 | (z < -1 ? 1U : 0U));
    if (Window(o, s->beyond_1_up, 4)) {
      AddMasked(step, Rule::kNelson6, Side::kUpper, at, s->beyond_1_up);
    } else if (Window(o, s->beyond_1_down, 4)) {
      AddMasked(step, Rule::kNelson6, Side::kLower, at, s->beyond_1_down);
    }
  }
}

void StepSpread(const RunsOptions& o, RunsState* s, double z, std::uint64_t at, RunsStep* step) {
  if (o.Has(7)) {
    s->within_run = std::fabs(z) < 1 ? s->within_run + 1 : 0;
    if (s->within_run >= o.within) Add(step, Rule::kNelson7, Side::kNeither, at, s->within_run);
  }
  if (!o.Has(8)) return;
  if (std::fabs(z) > 1) {
    ++s->beyond_run;
    s->beyond_sides = static_cast<std::uint8_t>(s->beyond_sides | (z > 0 ? 1 : 2));
  } else {
    s->beyond_run = 0;
    s->beyond_sides = 0;
  }
  if (s->beyond_run >= o.beyond && (!o.beyond_needs_both_sides || s->beyond_sides == 3)) {
    Add(step, Rule::kNelson8, Side::kNeither, at, s->beyond_run);
  }
}

}  // namespace

std::uint8_t RunsStep::Tests() const {
  unsigned tests = 0;
  for (std::uint8_t i = 0; i < size; ++i)
    tests |= 1U << (static_cast<unsigned>(alarms[i].rule) - static_cast<unsigned>(Rule::kNelson1));
  return static_cast<std::uint8_t>(tests);
}

RunsStep StepRuns(const RunsOptions& o, RunsState* s, double z) {
  PLUMBLINE_CHECK(std::isfinite(z), "runs rules are stepped with finite values");
  RunsStep step;
  const std::uint64_t at = s->count++;
  const int sign = z > 0 ? 1 : z < 0 ? -1 : 0;
  if (o.Has(1) && std::fabs(z) > o.width) Add(&step, Rule::kNelson1, SideOf(sign), at, 1);
  if (o.Has(2)) StepSameSide(o, s, sign, at, &step);
  if (o.Has(3) || o.Has(4)) StepNeighbours(o, s, z, at, &step);
  StepWindows(o, s, z, at, &step);
  StepSpread(o, s, z, at, &step);
  return step;
}

std::string EncodeRuns(const RunsState& s) {
  StateWriter w(StateKind::kRunsRules, kVersion);
  w.U64(s.count);
  w.F64(s.last);
  for (const std::uint32_t run : {s.same_run, s.trend_run, s.alternating_run, s.within_run, s.beyond_run}) w.U32(run);
  w.U8(static_cast<std::uint8_t>(s.side + 1));
  w.U8(static_cast<std::uint8_t>(s.trend_side + 1));
  for (const std::uint8_t bits : {s.beyond_2, s.beyond_1_up, s.beyond_1_down, s.beyond_sides}) w.U8(bits);
  return w.Take();
}

Result<RunsState> DecodeRuns(std::string_view bytes) {
  StateReader r(bytes, StateKind::kRunsRules, kVersion);
  RunsState s;
  s.count = r.Count();
  s.last = r.F64();
  for (std::uint32_t* run : {&s.same_run, &s.trend_run, &s.alternating_run, &s.within_run, &s.beyond_run}) {
    *run = r.U32();
    r.Require(*run <= s.count + 1);
  }
  s.side = static_cast<std::int8_t>(r.U8() - 1);
  s.trend_side = static_cast<std::int8_t>(r.U8() - 1);
  r.Require(std::abs(s.side) <= 1 && std::abs(s.trend_side) <= 1);
  for (std::uint8_t* bits : {&s.beyond_2, &s.beyond_1_up, &s.beyond_1_down, &s.beyond_sides}) *bits = r.U8();
  PLUMBLINE_TRY(r.Finish());
  return s;
}

}  // namespace plumbline::stats
