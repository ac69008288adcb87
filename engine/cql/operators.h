// The system operators and functions of CQL as functions over Value, and the table by which the checker finds them. The table is
// the one list of what the language's library holds: an overload is a row here and a function in one operators_*.cc file.
//
// Operators are named as in ELM (Add, SameOrBefore, ToString). Control constructs (if, case, Coalesce, and/or, queries, property,
// is/as) are nodes of the program, not rows. Operators get every operand, null ones too, and decide; kNullPropagating says that
// any null operand makes the result null, so that the evaluator may leave the call out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/cql/context.h"
#include "engine/cql/value.h"

namespace plumbline::cql {

using OperatorFn = Value (*)(EvalContext&, const Value* args, std::size_t count);

inline constexpr std::uint8_t kNullPropagating = 1;
inline constexpr std::uint8_t kNotDeterministic = 2;  // depends on the evaluation's instant (Now, Today, TimeOfDay, AgeIn...)
inline constexpr std::uint8_t kImplicitConversion = 4;

// signature := "(" [type {", " type}] "): " type
// type      := "Any" | "Boolean" | ... | "List<" type ">" | "Interval<" type ">" | "T" (one type per call, bound by its first
// use)
//            | "precision" (an Integer-coded Precision; only as a last operand)
struct OperatorEntry {
  std::string_view name;
  std::string_view signature;
  OperatorFn fn;
  std::uint8_t flags;
};

// In a fixed order: by area, then by name, overloads from the more special to the more general.
[[nodiscard]] std::span<const OperatorEntry> Operators();

}  // namespace plumbline::cql
