// The four operations, div, mod, sign and steps. Numbers of different types meet as the wider of them; an uncertain operand gives
// an uncertain result, by the corners of the two ranges. What does not fit its type is null.
#include <algorithm>
#include <array>
#include <limits>

#include "engine/cql/operators_internal.h"
#include "engine/cql/ucum.h"

namespace plumbline::cql::ops {
namespace {

enum class Op : std::uint8_t { kAdd, kSubtract, kMultiply, kDivide, kModulo };  // kDivide: truncated

Value FitInteger(std::int64_t value) {
  if (value > std::numeric_limits<std::int32_t>::max() || value < std::numeric_limits<std::int32_t>::min()) return {};
  return Value::Integer(static_cast<std::int32_t>(value));
}

// False: overflow, or division by zero.
template <Op kOp>
bool Whole(std::int64_t a, std::int64_t b, std::int64_t* out) {
  if constexpr (kOp == Op::kAdd) return !__builtin_add_overflow(a, b, out);
  if constexpr (kOp == Op::kSubtract) return !__builtin_sub_overflow(a, b, out);
  if constexpr (kOp == Op::kMultiply) return !__builtin_mul_overflow(a, b, out);
  if (b == 0 || (a == std::numeric_limits<std::int64_t>::min() && b == -1)) return false;
  *out = kOp == Op::kDivide ? a / b : a % b;
  return true;
}

template <Op kOp>
std::optional<Decimal> Exact(Decimal a, Decimal b) {
  if constexpr (kOp == Op::kAdd) return Add(a, b);
  if constexpr (kOp == Op::kSubtract) return Subtract(a, b);
  if constexpr (kOp == Op::kMultiply) return Multiply(a, b);
  if (b.units() == 0) return std::nullopt;
  if constexpr (kOp == Op::kModulo) return Decimal::FromUnits(a.units() % b.units());
  const Decimal whole = Decimal::FromUnits(a.units() / b.units());
  if (whole.units() > Decimal::kMaxUnits / Decimal::kUnit || whole.units() < -Decimal::kMaxUnits / Decimal::kUnit)
    return std::nullopt;
  return Decimal::FromUnits(whole.units() * Decimal::kUnit);
}

template <Op kOp>
int ResultScale(int a, int b) {
  if constexpr (kOp == Op::kMultiply) return std::min(a + b, Decimal::kScale);
  if constexpr (kOp == Op::kDivide) return 1;
  return std::max(a, b);
}

int ScaleOf(const Value& v) { return v.Is(Tag::kDecimal) ? v.scale() : 0; }

template <Op kOp>
Value OfNumbers(const Value& a, const Value& b) {
  std::int64_t whole = 0;
  if (a.Is(Tag::kInteger) && b.Is(Tag::kInteger)) {
    return Whole<kOp>(a.integer(), b.integer(), &whole) ? FitInteger(whole) : Value();
  }
  if (a.Is(Tag::kDecimal) || b.Is(Tag::kDecimal)) {
    return OrNull(Exact<kOp>(AsDecimal(a), AsDecimal(b)), std::max(1, ResultScale<kOp>(ScaleOf(a), ScaleOf(b))));
  }
  return Whole<kOp>(a.long_integer(), b.long_integer(), &whole) ? Value::Long(whole) : Value();
}

// The range of results over the corners of the operands' ranges (Add, Subtract and Multiply are monotone in each operand).
template <Op kOp>
Value OfUncertain(EvalContext& ctx, const Value& a, const Value& b) {
  const auto ends = [](const Value& v) {
    return v.Is(Tag::kUncertain) ? std::array{v.uncertain().low, v.uncertain().high} : std::array{v, v};
  };
  Value low, high;
  for (const Value& x : ends(a)) {
    for (const Value& y : ends(b)) {
      const Value corner = OfNumbers<kOp>(x, y);
      if (corner.IsNull()) return {};
      if (low.IsNull() || CompareValues(ctx, corner, low).value_or(0) < 0) low = corner;
      if (high.IsNull() || CompareValues(ctx, corner, high).value_or(0) > 0) high = corner;
    }
  }
  return MakeUncertain(ctx.arena, low, high);
}

template <Op kOp>
Value Arithmetic(EvalContext& ctx, const Value* a, std::size_t) {
  if (a[0].Is(Tag::kUncertain) || a[1].Is(Tag::kUncertain)) {
    if constexpr (kOp == Op::kAdd || kOp == Op::kSubtract || kOp == Op::kMultiply) return OfUncertain<kOp>(ctx, a[0], a[1]);
    return {};
  }
  return OfNumbers<kOp>(a[0], a[1]);
}

Value DivideDecimals(EvalContext&, const Value* a, std::size_t) {
  const auto quotient = Divide(AsDecimal(a[0]), AsDecimal(a[1]));
  return quotient ? Value::OfDecimal(*quotient, std::max(1, NaturalScale(*quotient))) : Value();
}

// Add, Subtract, div and mod of quantities: in the unit of the left operand.
template <Op kOp>
Value OfQuantities(EvalContext& ctx, const Value* a, std::size_t) {
  const QuantityData &x = a[0].quantity(), &y = a[1].quantity();
  const auto right = ConvertQuantityTo(y, x.unit);
  if (!right) return {};
  const auto result = Exact<kOp>(x.value, *right);
  if (!result) return {};
  const int scale = std::max<int>(ResultScale<kOp>(x.scale, y.scale), NaturalScale(*result));
  return MakeQuantity(ctx, *result, x.unit, scale);
}

std::string_view UcumOf(std::string_view unit) {
  const auto calendar = CalendarUnit(unit);
  constexpr std::string_view kUcum[] = {"a", "mo", "d", "h", "min", "s", "ms", "wk"};
  return calendar ? kUcum[static_cast<std::size_t>(*calendar)] : unit;
}

// The product or quotient; a right unit of the left's dimension is converted first, so that m / cm is a plain number.
Value ProductOfQuantities(EvalContext& ctx, const QuantityData& x, QuantityData y, bool divide) {
  std::string_view unit = x.unit;
  if (y.unit != "1") {
    const auto left = ParseUnit(UcumOf(x.unit));
    auto right = ParseUnit(UcumOf(y.unit));
    if (!left || !right) return {};
    if (x.unit != y.unit && x.unit != "1" && SameDimension(*left, *right) && !left->special && !right->special) {
      const auto converted = ConvertUnit(y.value, *right, *left);
      if (!converted) return {};
      y.value = *converted;
      right = left;
    }
    const auto product = UnitProduct(*left, *right, divide);
    if (!product) return {};
    unit = ctx.arena.Copy(*product);
  }
  const auto value = divide ? Divide(x.value, y.value) : Multiply(x.value, y.value);
  if (!value) return {};
  return MakeQuantity(ctx, *value, unit, std::max<int>({x.scale, y.scale, NaturalScale(*value)}));
}

QuantityData AsQuantity(const Value& v) {
  if (v.Is(Tag::kQuantity)) return v.quantity();
  return {AsDecimal(v), "1", static_cast<std::uint8_t>(ScaleOf(v))};
}

template <bool kDivide>
Value MultiplyQuantities(EvalContext& ctx, const Value* a, std::size_t) {
  const QuantityData x = AsQuantity(a[0]), y = AsQuantity(a[1]);
  if (!kDivide && x.unit == "1") return ProductOfQuantities(ctx, y, x, false);
  return ProductOfQuantities(ctx, x, y, kDivide);
}

// date + n units; decimals of an amount count for seconds alone. Of an instant that lies between two both are moved, and one that
// would leave the type's range stays at its end.
template <int kSign>
Value ShiftTemporal(EvalContext& ctx, const Value* a, std::size_t count) {
  const QuantityData& q = a[1].quantity();
  if (a[0].Is(Tag::kUncertain)) {
    Value ends[] = {a[0].uncertain().low, a[0].uncertain().high};
    for (Value& end : ends) {
      const Value operands[] = {end, a[1]};
      EvalContext trial(ctx.arena);
      trial.default_offset = ctx.default_offset;
      const Value moved = ShiftTemporal<kSign>(trial, operands, count);
      const bool forward = (q.value.units() > 0) == (kSign > 0);
      end = !trial.Failed() ? moved : forward ? MaximumOf(ctx.arena, end.tag(), end) : MinimumOf(ctx.arena, end.tag(), end);
    }
    return MakeUncertain(ctx.arena, ends[0], ends[1]);
  }
  auto unit = DurationUnit(q.unit);
  if (!unit) return ctx.Fail(EvalErrorKind::kValue, "a duration must be in calendar units or UCUM units of time");
  Int128 units = q.value.units() * kSign;
  if (*unit == Precision::kSecond && units % Decimal::kUnit != 0) {
    units *= 1000;
    unit = Precision::kMillisecond;
  }
  const Int128 amount = units / Decimal::kUnit;
  constexpr std::int64_t kMost = 400'000'000'000'000;
  std::optional<Temporal> moved;
  if (amount <= kMost && amount >= -kMost) moved = AddToTemporal(a[0].temporal(), static_cast<std::int64_t>(amount), *unit);
  if (!moved) return ctx.Fail(EvalErrorKind::kValue, "a date or time is moved beyond the range of its type");
  return Value::OfTemporal(*moved);
}

Value NegateOf(EvalContext& ctx, const Value* a, std::size_t) {
  switch (a[0].tag()) {
    case Tag::kInteger:
      return FitInteger(-std::int64_t{a[0].integer()});
    case Tag::kLong: {
      std::int64_t out = 0;
      return Whole<Op::kSubtract>(0, a[0].long_integer(), &out) ? Value::Long(out) : Value();
    }
    case Tag::kDecimal:
      return Value::OfDecimal(Negate(a[0].decimal()), a[0].scale());
    case Tag::kQuantity: {
      const QuantityData& q = a[0].quantity();
      return MakeQuantity(ctx, Negate(q.value), q.unit, q.scale);
    }
    case Tag::kUncertain: {
      const Value zero = Value::Integer(0);
      return OfUncertain<Op::kSubtract>(ctx, zero, a[0]);
    }
    default:
      return {};
  }
}

Value AbsOf(EvalContext& ctx, const Value* a, std::size_t count) {
  const bool negative = a[0].Is(Tag::kQuantity)  ? a[0].quantity().value.units() < 0
                        : a[0].Is(Tag::kDecimal) ? a[0].decimal().units() < 0
                                                 : a[0].long_integer() < 0;
  return negative ? NegateOf(ctx, a, count) : a[0];
}

Value SuccessorFn(EvalContext& ctx, const Value* a, std::size_t) {
  const auto next = SuccessorOf(ctx.arena, a[0]);
  return next ? *next : ctx.Fail(EvalErrorKind::kValue, "the successor is beyond the greatest value of its type");
}

Value PredecessorFn(EvalContext& ctx, const Value* a, std::size_t) {
  const auto next = PredecessorOf(ctx.arena, a[0]);
  return next ? *next : ctx.Fail(EvalErrorKind::kValue, "the predecessor is beyond the least value of its type");
}

// clang-format off
#define PLUMBLINE_NUMBER_ROWS(name, op)                                                                   \
  {name, "(Integer, Integer): Integer", U<Arithmetic<op>>, kNullPropagating},                              \
  {name, "(Long, Long): Long", U<Arithmetic<op>>, kNullPropagating},                                       \
  {name, "(Decimal, Decimal): Decimal", U<Arithmetic<op>>, kNullPropagating}
#define PLUMBLINE_UNARY_ROWS(name, fn)                                                                    \
  {name, "(Integer): Integer", fn, kNullPropagating}, {name, "(Long): Long", fn, kNullPropagating},        \
  {name, "(Decimal): Decimal", fn, kNullPropagating}, {name, "(Quantity): Quantity", fn, kNullPropagating}
#define PLUMBLINE_SHIFT_ROWS(name, sign)                                                                  \
  {name, "(Date, Quantity): Date", U<ShiftTemporal<sign>>, kNullPropagating},                              \
  {name, "(DateTime, Quantity): DateTime", U<ShiftTemporal<sign>>, kNullPropagating},                      \
  {name, "(Time, Quantity): Time", U<ShiftTemporal<sign>>, kNullPropagating}
#define PLUMBLINE_STEP_ROWS(name, fn)                                                                     \
  PLUMBLINE_UNARY_ROWS(name, N<fn>), {name, "(Date): Date", N<fn>, kNullPropagating},                      \
  {name, "(DateTime): DateTime", N<fn>, kNullPropagating}, {name, "(Time): Time", N<fn>, kNullPropagating}

constexpr OperatorEntry kRows[] = {
    PLUMBLINE_NUMBER_ROWS("Add", Op::kAdd),
    {"Add", "(Quantity, Quantity): Quantity", N<OfQuantities<Op::kAdd>>, kNullPropagating},
    PLUMBLINE_SHIFT_ROWS("Add", 1),
    PLUMBLINE_NUMBER_ROWS("Subtract", Op::kSubtract),
    {"Subtract", "(Quantity, Quantity): Quantity", N<OfQuantities<Op::kSubtract>>, kNullPropagating},
    PLUMBLINE_SHIFT_ROWS("Subtract", -1),
    PLUMBLINE_NUMBER_ROWS("Multiply", Op::kMultiply),
    {"Multiply", "(Quantity, Decimal): Quantity", N<MultiplyQuantities<false>>, kNullPropagating},
    {"Multiply", "(Decimal, Quantity): Quantity", N<MultiplyQuantities<false>>, kNullPropagating},
    {"Multiply", "(Quantity, Quantity): Quantity", N<MultiplyQuantities<false>>, kNullPropagating},
    {"Divide", "(Decimal, Decimal): Decimal", N<DivideDecimals>, kNullPropagating},
    {"Divide", "(Quantity, Decimal): Quantity", N<MultiplyQuantities<true>>, kNullPropagating},
    {"Divide", "(Quantity, Quantity): Quantity", N<MultiplyQuantities<true>>, kNullPropagating},
    PLUMBLINE_NUMBER_ROWS("TruncatedDivide", Op::kDivide),
    {"TruncatedDivide", "(Quantity, Quantity): Quantity", N<OfQuantities<Op::kDivide>>, kNullPropagating},
    PLUMBLINE_NUMBER_ROWS("Modulo", Op::kModulo),
    {"Modulo", "(Quantity, Quantity): Quantity", N<OfQuantities<Op::kModulo>>, kNullPropagating},
    PLUMBLINE_UNARY_ROWS("Negate", U<NegateOf>),
    PLUMBLINE_UNARY_ROWS("Abs", N<AbsOf>),
    PLUMBLINE_STEP_ROWS("Successor", SuccessorFn),
    PLUMBLINE_STEP_ROWS("Predecessor", PredecessorFn),
};
// clang-format on

}  // namespace

std::span<const OperatorEntry> ArithmeticOperators() { return kRows; }

}  // namespace plumbline::cql::ops
