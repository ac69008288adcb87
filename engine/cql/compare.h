// Equality, equivalence and order of any two values, three-valued: CQL's `=`, `~`, `<`, and the strict comparison tests are
// judged by. One place, so that lists, intervals, tuples and operators agree.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/cql/context.h"
#include "engine/cql/value.h"

namespace plumbline::cql {

enum class Tri : std::int8_t { kFalse = 0, kTrue = 1, kNull = 2 };
[[nodiscard]] inline Value FromTri(Tri t) { return t == Tri::kNull ? Value() : Value::Boolean(t == Tri::kTrue); }
[[nodiscard]] inline Tri ToTri(const Value& v) {
  return v.Is(Tag::kBoolean) ? (v.boolean() ? Tri::kTrue : Tri::kFalse) : Tri::kNull;
}
[[nodiscard]] inline Tri ToTri(bool b) { return b ? Tri::kTrue : Tri::kFalse; }
[[nodiscard]] inline Tri Not(Tri a) { return a == Tri::kNull ? a : a == Tri::kTrue ? Tri::kFalse : Tri::kTrue; }
[[nodiscard]] inline Tri And(Tri a, Tri b) {
  if (a == Tri::kFalse || b == Tri::kFalse) return Tri::kFalse;
  return a == Tri::kTrue && b == Tri::kTrue ? Tri::kTrue : Tri::kNull;
}
[[nodiscard]] inline Tri Or(Tri a, Tri b) { return Not(And(Not(a), Not(b))); }

// `a = b`. Null where either is null, where a partial date runs out, where units do not convert.
[[nodiscard]] Tri Equal(const EvalContext& ctx, const Value& a, const Value& b);
// `a ~ b`, never null.
[[nodiscard]] bool Equivalent(const EvalContext& ctx, const Value& a, const Value& b);
// As list operators compare elements (distinct, union, intersect, IndexOf, duplicates): Equal, but two nulls are equal.
[[nodiscard]] Tri EqualElements(const EvalContext& ctx, const Value& a, const Value& b);

// Order of numbers, strings, dates, times, quantities; nullopt: not known or not comparable. Dates to `precision`, if given.
[[nodiscard]] std::optional<int> CompareValues(const EvalContext& ctx, const Value& a, const Value& b,
                                               std::optional<Precision> precision = std::nullopt);
// `a < b`, `a <= b`, `a = b` where either may be uncertain.
[[nodiscard]] Tri Less(const EvalContext& ctx, const Value& a, const Value& b, std::optional<Precision> precision = std::nullopt);
[[nodiscard]] Tri LessOrEqual(const EvalContext& ctx, const Value& a, const Value& b,
                              std::optional<Precision> precision = std::nullopt);
[[nodiscard]] Tri Same(const EvalContext& ctx, const Value& a, const Value& b, std::optional<Precision> precision = std::nullopt);

// A total order for `sort`: nulls first, then by CompareValues, partial dates before the finer ones they contain.
[[nodiscard]] int SortOrder(const EvalContext& ctx, const Value& a, const Value& b);

// The same type, structure, precision and values: how `cql test` judges. Scales of decimals do not count; an uncertain value is
// the same as the interval of its bounds, which is how an output writes it.
[[nodiscard]] bool SameValue(const EvalContext& ctx, const Value& a, const Value& b);

// Equal values hash alike (also 1 'cm' and 0.01 'm': the unit does not enter). No pointer and no address enters.
[[nodiscard]] std::uint64_t HashValue(const EvalContext& ctx, const Value& value);

}  // namespace plumbline::cql
