// Shared by the operators_*.cc files: their rows, and wrappers that answer null operands the way most operators do.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "engine/cql/compare.h"
#include "engine/cql/interval.h"
#include "engine/cql/operators.h"
#include "engine/cql/quantity.h"

namespace plumbline::cql::ops {

[[nodiscard]] std::span<const OperatorEntry> LogicOperators();
[[nodiscard]] std::span<const OperatorEntry> ArithmeticOperators();
[[nodiscard]] std::span<const OperatorEntry> MathOperators();
[[nodiscard]] std::span<const OperatorEntry> StringOperators();
[[nodiscard]] std::span<const OperatorEntry> DateTimeOperators();
[[nodiscard]] std::span<const OperatorEntry> IntervalOperators();
[[nodiscard]] std::span<const OperatorEntry> IntervalSetOperators();
[[nodiscard]] std::span<const OperatorEntry> ListOperators();
[[nodiscard]] std::span<const OperatorEntry> AggregateOperators();
[[nodiscard]] std::span<const OperatorEntry> ConversionOperators();
[[nodiscard]] std::span<const OperatorEntry> TermOperators();

// Null when an operand is null; uncertain operands are passed on.
template <OperatorFn F>
Value U(EvalContext& ctx, const Value* args, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (args[i].IsNull()) return {};
  }
  return F(ctx, args, count);
}

// Null when an operand is null or uncertain: a function of one value has no answer for a range of them.
template <OperatorFn F>
Value N(EvalContext& ctx, const Value* args, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (args[i].IsNull() || args[i].Is(Tag::kUncertain)) return {};
  }
  return F(ctx, args, count);
}

// The precision operand that follows `operands` others, if given.
[[nodiscard]] inline std::optional<Precision> PrecisionAt(const Value* args, std::size_t count, std::size_t operands) {
  if (count <= operands || args[operands].IsNull()) return std::nullopt;
  return static_cast<Precision>(args[operands].integer());
}

[[nodiscard]] inline Value OrNull(const std::optional<Decimal>& value, int scale) {
  return value ? Value::OfDecimal(*value, scale) : Value();
}

[[nodiscard]] inline Value OrNull(const std::optional<Temporal>& value) { return value ? Value::OfTemporal(*value) : Value(); }

// Any number as a decimal.
[[nodiscard]] inline Decimal AsDecimal(const Value& v) {
  return v.Is(Tag::kDecimal) ? v.decimal() : Decimal::FromInteger(v.long_integer());
}

[[nodiscard]] inline Value CopyString(EvalContext& ctx, const std::string& text) {
  if (text.size() > ctx.limits.string_size) return ctx.Fail(EvalErrorKind::kLimit, "a string is longer than the limit");
  if (!ctx.Step()) return {};
  return Value::String(ctx.arena.Copy(text));
}

[[nodiscard]] inline Value MakeList(EvalContext& ctx, std::span<const Value> items) {
  if (!ctx.Step()) return {};
  Value* copy = ctx.arena.AllocateArray<Value>(items.size());
  std::copy(items.begin(), items.end(), copy);
  return Value::List(copy, items.size());
}

}  // namespace plumbline::cql::ops
