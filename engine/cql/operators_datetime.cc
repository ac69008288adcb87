// Construction and components of dates and times, durations and differences, comparison to a precision, ages.
#include "engine/cql/operators_internal.h"

namespace plumbline::cql::ops {
namespace {

Value NowOf(EvalContext& ctx, const Value*, std::size_t) {
  if (ctx.now.IsNull()) return ctx.Fail(EvalErrorKind::kValue, "this evaluation has no instant for Now()");
  return ctx.now;
}

Value DatePart(const Temporal& t) { return OrNull(MakeDate(t.year, t.month, t.day, t.precision)); }

Value TimePart(const Temporal& t) {
  if (t.precision < Precision::kHour) return {};
  return OrNull(MakeTime(t.hour, t.minute, t.second, t.millisecond, t.precision));
}

Value TodayOf(EvalContext& ctx, const Value* a, std::size_t n) {
  const Value now = NowOf(ctx, a, n);
  return now.IsNull() ? now : DatePart(now.temporal());
}

Value TimeOfDayOf(EvalContext& ctx, const Value* a, std::size_t n) {
  const Value now = NowOf(ctx, a, n);
  return now.IsNull() ? now : TimePart(now.temporal());
}

// Leading operands that are given; the first null ends the precision.
std::size_t Given(const Value* a, std::size_t count) {
  std::size_t given = 0;
  while (given < count && a[given].Is(Tag::kInteger)) ++given;
  return given;
}

Value DateTimeOf(EvalContext& ctx, const Value* a, std::size_t count) {
  const std::size_t given = Given(a, count < 7 ? count : 7);
  if (given == 0) return {};
  DateTimeParts parts;
  int* const fields[] = {&parts.year, &parts.month, &parts.day, &parts.hour, &parts.minute, &parts.second, &parts.millisecond};
  for (std::size_t i = 0; i < given; ++i) *fields[i] = a[i].integer();
  parts.precision = static_cast<Precision>(given - 1);
  if (count == 8 && !a[7].IsNull()) {
    parts.offset_minutes = static_cast<int>(RoundTo(AsDecimal(a[7]), 8).units() * 60 / Decimal::kUnit % 100'000);
  }
  const auto made = MakeDateTime(parts);
  return made ? Value::OfTemporal(*made) : ctx.Fail(EvalErrorKind::kValue, "a component of a DateTime is out of its range");
}

Value DateOf(EvalContext& ctx, const Value* a, std::size_t count) {
  const std::size_t given = Given(a, count);
  if (given == 0) return {};
  const auto made =
      MakeDate(a[0].integer(), given > 1 ? a[1].integer() : 1, given > 2 ? a[2].integer() : 1, static_cast<Precision>(given - 1));
  return made ? Value::OfTemporal(*made) : ctx.Fail(EvalErrorKind::kValue, "a component of a Date is out of its range");
}

Value TimeOf(EvalContext& ctx, const Value* a, std::size_t count) {
  const std::size_t given = Given(a, count);
  if (given == 0) return {};
  int parts[4] = {};
  for (std::size_t i = 0; i < given; ++i) parts[i] = a[i].integer();
  const auto made = MakeTime(parts[0], parts[1], parts[2], parts[3],
                             static_cast<Precision>(static_cast<std::size_t>(Precision::kHour) + given - 1));
  return made ? Value::OfTemporal(*made) : ctx.Fail(EvalErrorKind::kValue, "a component of a Time is out of its range");
}

Value ComponentOf(EvalContext&, const Value* a, std::size_t) {
  const Temporal& t = a[0].temporal();
  const auto component = static_cast<Precision>(a[1].integer());
  if (component == Precision::kWeek || t.precision < component) return {};
  return Value::Integer(t.Component(component));
}

Value OffsetOf(EvalContext& ctx, const Value* a, std::size_t) {
  const Temporal& t = a[0].temporal();
  const int minutes = t.HasOffset() ? t.offset_minutes : ctx.default_offset;
  return OrNull(Divide(Decimal::FromInteger(minutes), Decimal::FromInteger(60)), 2);
}

Value DateFromOf(EvalContext&, const Value* a, std::size_t) { return DatePart(a[0].temporal()); }
Value TimeFromOf(EvalContext&, const Value* a, std::size_t) { return TimePart(a[0].temporal()); }

Value CountOf(std::int64_t value) {
  if (value > INT32_MAX || value < INT32_MIN) return {};
  return Value::Integer(static_cast<std::int32_t>(value));
}

Value RangeOf(EvalContext& ctx, std::int64_t low, std::int64_t high) {
  const Value least = CountOf(low), most = CountOf(high);
  if (least.IsNull() || most.IsNull()) return {};
  return MakeUncertain(ctx.arena, least, most);
}

// Dates asked for hours and finer are the DateTimes of that day, time unknown.
Temporal ForUnit(const Temporal& t, Precision unit) {
  if (t.kind != TemporalKind::kDate || unit <= Precision::kDay || unit == Precision::kWeek) return t;
  Temporal wide = t;
  wide.kind = TemporalKind::kDateTime;
  return wide;
}

bool Reaches(const Temporal& t, Precision unit) { return t.precision >= (unit == Precision::kWeek ? Precision::kDay : unit); }

Value Duration(EvalContext& ctx, const Temporal& left, const Temporal& right, Precision unit) {
  const Temporal a = ForUnit(left, unit), b = ForUnit(right, unit);
  const auto between = [&](const Temporal& x, const Temporal& y) { return DurationBetween(x, y, unit, ctx.default_offset); };
  // What has the unit and is of a day or finer counts from its start: hours between @T06 and @T07:00 is 1. If one of the two is
  // coarser, all that is not written of either is unknown.
  const auto exact = [&](const Temporal& t) { return t.precision >= Precision::kDay && Reaches(t, unit); };
  if (exact(a) && exact(b)) return CountOf(between(a, b));
  return RangeOf(ctx, between(LatestOf(a), EarliestOf(b)), between(EarliestOf(a), LatestOf(b)));
}

Value DurationOf(EvalContext& ctx, const Value* a, std::size_t) {
  return Duration(ctx, a[0].temporal(), a[1].temporal(), static_cast<Precision>(a[2].integer()));
}

Value DifferenceOf(EvalContext& ctx, const Value* args, std::size_t) {
  const auto unit = static_cast<Precision>(args[2].integer());
  const Temporal a = ForUnit(args[0].temporal(), unit), b = ForUnit(args[1].temporal(), unit);
  const auto between = [&](const Temporal& x, const Temporal& y) { return DifferenceBetween(x, y, unit, ctx.default_offset); };
  if (Reaches(a, unit) && Reaches(b, unit)) return CountOf(between(a, b));
  return RangeOf(ctx, between(LatestOf(a), EarliestOf(b)), between(EarliestOf(a), LatestOf(b)));
}

// CalculateAge(birth, precision): as of Today() for a Date and Now() for a DateTime.
Value AgeOf(EvalContext& ctx, const Value* a, std::size_t) {
  const Value now = a[0].Is(Tag::kDate) ? TodayOf(ctx, nullptr, 0) : NowOf(ctx, nullptr, 0);
  if (now.IsNull()) return now;
  return Duration(ctx, a[0].temporal(), now.temporal(), static_cast<Precision>(a[1].integer()));
}

Value SameAsOf(EvalContext& ctx, const Value* a, std::size_t n) { return FromTri(Same(ctx, a[0], a[1], PrecisionAt(a, n, 2))); }
Value BeforeOf(EvalContext& ctx, const Value* a, std::size_t n) { return FromTri(Less(ctx, a[0], a[1], PrecisionAt(a, n, 2))); }
Value AfterOf(EvalContext& ctx, const Value* a, std::size_t n) { return FromTri(Less(ctx, a[1], a[0], PrecisionAt(a, n, 2))); }
Value SameOrBeforeOf(EvalContext& ctx, const Value* a, std::size_t n) {
  return FromTri(LessOrEqual(ctx, a[0], a[1], PrecisionAt(a, n, 2)));
}
Value SameOrAfterOf(EvalContext& ctx, const Value* a, std::size_t n) {
  return FromTri(LessOrEqual(ctx, a[1], a[0], PrecisionAt(a, n, 2)));
}

// clang-format off
#define PLUMBLINE_POINT_ROWS(name, fn)                                                                                    \
  {name, "(Date, Date): Boolean", U<fn>, kNullPropagating}, {name, "(Date, Date, precision): Boolean", U<fn>, kNullPropagating}, \
  {name, "(DateTime, DateTime): Boolean", U<fn>, kNullPropagating},                                                        \
  {name, "(DateTime, DateTime, precision): Boolean", U<fn>, kNullPropagating},                                             \
  {name, "(Time, Time): Boolean", U<fn>, kNullPropagating}, {name, "(Time, Time, precision): Boolean", U<fn>, kNullPropagating}
#define PLUMBLINE_BETWEEN_ROWS(name, fn)                                                                                  \
  {name, "(Date, Date, precision): Integer", N<fn>, kNullPropagating},                                                     \
  {name, "(DateTime, DateTime, precision): Integer", N<fn>, kNullPropagating},                                             \
  {name, "(Time, Time, precision): Integer", N<fn>, kNullPropagating}

constexpr OperatorEntry kRows[] = {
    {"Now", "(): DateTime", NowOf, kNotDeterministic},
    {"Today", "(): Date", TodayOf, kNotDeterministic},
    {"TimeOfDay", "(): Time", TimeOfDayOf, kNotDeterministic},
    {"DateTime", "(Integer): DateTime", DateTimeOf, 0},
    {"DateTime", "(Integer, Integer): DateTime", DateTimeOf, 0},
    {"DateTime", "(Integer, Integer, Integer): DateTime", DateTimeOf, 0},
    {"DateTime", "(Integer, Integer, Integer, Integer): DateTime", DateTimeOf, 0},
    {"DateTime", "(Integer, Integer, Integer, Integer, Integer): DateTime", DateTimeOf, 0},
    {"DateTime", "(Integer, Integer, Integer, Integer, Integer, Integer): DateTime", DateTimeOf, 0},
    {"DateTime", "(Integer, Integer, Integer, Integer, Integer, Integer, Integer): DateTime", DateTimeOf, 0},
    {"DateTime", "(Integer, Integer, Integer, Integer, Integer, Integer, Integer, Decimal): DateTime", DateTimeOf, 0},
    {"Date", "(Integer): Date", DateOf, 0},
    {"Date", "(Integer, Integer): Date", DateOf, 0},
    {"Date", "(Integer, Integer, Integer): Date", DateOf, 0},
    {"Time", "(Integer): Time", TimeOf, 0},
    {"Time", "(Integer, Integer): Time", TimeOf, 0},
    {"Time", "(Integer, Integer, Integer): Time", TimeOf, 0},
    {"Time", "(Integer, Integer, Integer, Integer): Time", TimeOf, 0},
    {"DateTimeComponentFrom", "(Date, precision): Integer", N<ComponentOf>, kNullPropagating},
    {"DateTimeComponentFrom", "(DateTime, precision): Integer", N<ComponentOf>, kNullPropagating},
    {"DateTimeComponentFrom", "(Time, precision): Integer", N<ComponentOf>, kNullPropagating},
    {"TimezoneOffsetFrom", "(DateTime): Decimal", N<OffsetOf>, kNullPropagating},
    {"DateFrom", "(DateTime): Date", N<DateFromOf>, kNullPropagating},
    {"TimeFrom", "(DateTime): Time", N<TimeFromOf>, kNullPropagating},
    PLUMBLINE_BETWEEN_ROWS("DurationBetween", DurationOf),
    PLUMBLINE_BETWEEN_ROWS("DifferenceBetween", DifferenceOf),
    {"CalculateAge", "(Date, precision): Integer", N<AgeOf>, kNullPropagating | kNotDeterministic},
    {"CalculateAge", "(DateTime, precision): Integer", N<AgeOf>, kNullPropagating | kNotDeterministic},
    {"CalculateAgeAt", "(Date, Date, precision): Integer", N<DurationOf>, kNullPropagating},
    {"CalculateAgeAt", "(DateTime, DateTime, precision): Integer", N<DurationOf>, kNullPropagating},
    PLUMBLINE_POINT_ROWS("SameAs", SameAsOf),
    PLUMBLINE_POINT_ROWS("SameOrBefore", SameOrBeforeOf),
    PLUMBLINE_POINT_ROWS("SameOrAfter", SameOrAfterOf),
    PLUMBLINE_POINT_ROWS("Before", BeforeOf),
    PLUMBLINE_POINT_ROWS("After", AfterOf),
};
// clang-format on

}  // namespace

std::span<const OperatorEntry> DateTimeOperators() { return kRows; }

}  // namespace plumbline::cql::ops
