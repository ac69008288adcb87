// Rounding, powers and logarithms, precision and boundaries. Elementary functions are those of engine/base/math.h, the same on
// every machine, and are rounded to the eighth digit; what is undefined is null, what is infinite a run-time error.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/math.h"
#include "engine/cql/operators_internal.h"

namespace plumbline::cql::ops {
namespace {

Value IntegerOf(Int128 whole) {
  if (whole > std::numeric_limits<std::int32_t>::max() || whole < std::numeric_limits<std::int32_t>::min()) return {};
  return Value::Integer(static_cast<std::int32_t>(whole));
}

Value CeilingOf(EvalContext&, const Value* a, std::size_t) {
  const Int128 units = AsDecimal(a[0]).units();
  return IntegerOf(units / Decimal::kUnit + (units > 0 && units % Decimal::kUnit != 0 ? 1 : 0));
}

Value FloorOf(EvalContext&, const Value* a, std::size_t) {
  const Int128 units = AsDecimal(a[0]).units();
  return IntegerOf(units / Decimal::kUnit - (units < 0 && units % Decimal::kUnit != 0 ? 1 : 0));
}

Value TruncateOf(EvalContext&, const Value* a, std::size_t) { return IntegerOf(AsDecimal(a[0]).units() / Decimal::kUnit); }

// Round(x, null) is Round(x).
Value RoundOf(EvalContext&, const Value* a, std::size_t count) {
  if (a[0].IsNull() || a[0].Is(Tag::kUncertain)) return {};
  const int digits = count > 1 && a[1].Is(Tag::kInteger) ? std::clamp(a[1].integer(), 0, Decimal::kScale) : 0;
  return Value::OfDecimal(RoundTo(AsDecimal(a[0]), digits), std::max(1, digits));
}

Value FromDouble(EvalContext& ctx, double value) {
  if (std::isnan(value)) return {};
  const auto decimal = Decimal::FromDouble(value);
  if (!decimal) return ctx.Fail(EvalErrorKind::kValue, "the result is infinite or beyond the range of Decimal");
  return Value::OfDecimal(*decimal, std::max(1, NaturalScale(*decimal)));
}

Value ExpOf(EvalContext& ctx, const Value* a, std::size_t) { return FromDouble(ctx, det::Exp(AsDecimal(a[0]).ToDouble())); }

Value LnOf(EvalContext& ctx, const Value* a, std::size_t) {
  const Decimal x = AsDecimal(a[0]);
  if (x.units() < 0) return {};
  return FromDouble(ctx, det::Log(x.ToDouble()));
}

Value LogOf(EvalContext& ctx, const Value* a, std::size_t) {
  const Decimal x = AsDecimal(a[0]), base = AsDecimal(a[1]);
  if (x.units() <= 0 || base.units() <= 0 || base == Decimal::FromInteger(1)) return {};
  return FromDouble(ctx, det::Log(x.ToDouble()) / det::Log(base.ToDouble()));
}

// base to a whole power by squaring; exact while it fits, nullopt beyond.
std::optional<Decimal> WholePower(Decimal base, std::int64_t exponent) {
  Decimal result = Decimal::FromInteger(1);
  while (exponent > 0) {
    if (exponent % 2 == 1) {
      const auto product = Multiply(result, base);
      if (!product) return std::nullopt;
      result = *product;
    }
    exponent /= 2;
    if (exponent == 0) break;
    const auto square = Multiply(base, base);
    if (!square) return std::nullopt;
    base = *square;
  }
  return result;
}

Value DecimalPower(EvalContext& ctx, Decimal base, Decimal exponent) {
  const bool whole_exponent = exponent.units() % Decimal::kUnit == 0;
  const auto n = static_cast<std::int64_t>(exponent.units() / Decimal::kUnit);
  // Exact where digits do not run out: a whole base, or few enough digits after the point.
  if (whole_exponent && n > -1'000'000 && n < 1'000'000 && NaturalScale(base) * std::abs(n) <= Decimal::kScale) {
    const auto power = WholePower(base, std::abs(n));
    if (!power) return n < 0 ? Value::OfDecimal({}, 1) : Value();
    const auto result = n < 0 ? Divide(Decimal::FromInteger(1), *power) : power;
    return result ? Value::OfDecimal(*result, std::max(1, NaturalScale(*result))) : Value();
  }
  const double value = det::Pow(base.ToDouble(), exponent.ToDouble());
  if (!std::isfinite(value) || std::fabs(value) >= 1e20) return {};
  return FromDouble(ctx, value);
}

Value PowerOf(EvalContext& ctx, const Value* a, std::size_t) {
  if (a[0].Is(Tag::kDecimal) || a[1].Is(Tag::kDecimal)) return DecimalPower(ctx, AsDecimal(a[0]), AsDecimal(a[1]));
  std::int64_t base = a[0].long_integer(), exponent = a[1].long_integer(), result = 1;
  // A whole base to a negative power is a fraction: the only whole-number function whose result is a Decimal.
  if (exponent < 0) return DecimalPower(ctx, AsDecimal(a[0]), AsDecimal(a[1]));
  while (exponent > 0) {
    if (exponent % 2 == 1 && __builtin_mul_overflow(result, base, &result)) return {};
    exponent /= 2;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return {};
  }
  if (a[0].Is(Tag::kInteger) && a[1].Is(Tag::kInteger)) return IntegerOf(result);
  return Value::Long(result);
}

// Digits of a date or time as Precision() counts them: 4, 6, 8, 10, 12, 14, 17 and for a Time 2, 4, 6, 9.
int DigitsOf(const Temporal& t) {
  constexpr int kDigits[] = {4, 6, 8, 10, 12, 14, 17};
  const int digits = kDigits[static_cast<std::size_t>(t.precision)];
  return t.kind == TemporalKind::kTime ? digits - 8 : digits;
}

Value PrecisionOf(EvalContext&, const Value* a, std::size_t) {
  if (a[0].Is(Tag::kDecimal)) return Value::Integer(a[0].scale());
  return Value::Integer(DigitsOf(a[0].temporal()));
}

Value DecimalBoundary(const Value& value, int digits, bool high) {
  if (digits < 0 || digits > Decimal::kScale) return {};
  const int scale = value.scale();
  const auto step = [](int places) {
    Int128 units = Decimal::kUnit;
    for (int i = 0; i < places; ++i) units /= 10;
    return units;
  };
  Int128 units = value.decimal().units();
  if (digits < scale) return Value::OfDecimal(Decimal::FromUnits(units / step(digits) * step(digits)), std::max(1, digits));
  // The written digits are a prefix: 1.587 stands for 1.587 up to 1.58799999.
  if (high) units += (units < 0 ? -1 : 1) * (step(scale) - step(digits));
  return Value::OfDecimal(Decimal::FromUnits(units), std::max(1, digits));
}

Value TemporalBoundary(const Temporal& value, int digits, bool high) {
  const Temporal t = high ? LatestOf(value) : EarliestOf(value);
  const int first = static_cast<int>(value.kind == TemporalKind::kTime ? Precision::kHour : Precision::kYear);
  const int last = static_cast<int>(value.kind == TemporalKind::kDate ? Precision::kDay : Precision::kMillisecond);
  for (int p = first; p <= last; ++p) {
    const Temporal cut = TruncatedTo(t, static_cast<Precision>(p));
    if (DigitsOf(cut) == digits) return Value::OfTemporal(cut);
  }
  return {};
}

template <bool kHigh>
Value BoundaryOf(EvalContext&, const Value* a, std::size_t count) {
  if (a[0].IsNull() || a[0].Is(Tag::kUncertain)) return {};
  const bool given = count > 1 && a[1].Is(Tag::kInteger);
  if (a[0].Is(Tag::kDecimal)) return DecimalBoundary(a[0], given ? a[1].integer() : Decimal::kScale, kHigh);
  const Temporal& t = a[0].temporal();
  const int most = t.kind == TemporalKind::kTime ? 9 : t.kind == TemporalKind::kDate ? 8 : 17;
  return TemporalBoundary(t, given ? a[1].integer() : most, kHigh);
}

// clang-format off
#define PLUMBLINE_BOUNDARY_ROWS(name, fn)                                                             \
  {name, "(Decimal, Integer): Decimal", fn, 0}, {name, "(Date, Integer): Date", fn, 0},                \
  {name, "(DateTime, Integer): DateTime", fn, 0}, {name, "(Time, Integer): Time", fn, 0}

constexpr OperatorEntry kRows[] = {
    {"Ceiling", "(Decimal): Integer", N<CeilingOf>, kNullPropagating},
    {"Floor", "(Decimal): Integer", N<FloorOf>, kNullPropagating},
    {"Truncate", "(Decimal): Integer", N<TruncateOf>, kNullPropagating},
    {"Round", "(Decimal): Decimal", RoundOf, kNullPropagating},
    {"Round", "(Decimal, Integer): Decimal", RoundOf, 0},
    {"Exp", "(Decimal): Decimal", N<ExpOf>, kNullPropagating},
    {"Ln", "(Decimal): Decimal", N<LnOf>, kNullPropagating},
    {"Log", "(Decimal, Decimal): Decimal", N<LogOf>, kNullPropagating},
    {"Power", "(Integer, Integer): Integer", N<PowerOf>, kNullPropagating},
    {"Power", "(Long, Long): Long", N<PowerOf>, kNullPropagating},
    {"Power", "(Decimal, Decimal): Decimal", N<PowerOf>, kNullPropagating},
    {"Precision", "(Decimal): Integer", N<PrecisionOf>, kNullPropagating},
    {"Precision", "(Date): Integer", N<PrecisionOf>, kNullPropagating},
    {"Precision", "(DateTime): Integer", N<PrecisionOf>, kNullPropagating},
    {"Precision", "(Time): Integer", N<PrecisionOf>, kNullPropagating},
    PLUMBLINE_BOUNDARY_ROWS("LowBoundary", BoundaryOf<false>),
    PLUMBLINE_BOUNDARY_ROWS("HighBoundary", BoundaryOf<true>),
};
// clang-format on

}  // namespace

std::span<const OperatorEntry> MathOperators() { return kRows; }

}  // namespace plumbline::cql::ops
