// Bounds of intervals. Start and end are values of the point type; where a bound is open and null they are Uncertain between the
// type's limit and the sibling bound, and null where nothing is known (no point type). The other interval operators work on
// those.
#pragma once

#include <optional>

#include "engine/cql/compare.h"
#include "engine/cql/context.h"
#include "engine/cql/value.h"

namespace plumbline::cql {

// Next and previous value of the type: 1 for integers, 1e-8 for decimals, one step of its precision for dates. nullopt past the
// end.
[[nodiscard]] std::optional<Value> SuccessorOf(Arena& arena, const Value& value);
[[nodiscard]] std::optional<Value> PredecessorOf(Arena& arena, const Value& value);
// Limits of a point type; `like` gives the unit of a quantity and the offset of a DateTime. Null for types without order.
[[nodiscard]] Value MinimumOf(Arena& arena, Tag type, const Value& like);
[[nodiscard]] Value MaximumOf(Arena& arena, Tag type, const Value& like);

[[nodiscard]] Tag PointType(const IntervalData& interval);
[[nodiscard]] Value StartOf(EvalContext& ctx, const IntervalData& interval);
[[nodiscard]] Value EndOf(EvalContext& ctx, const IntervalData& interval);
[[nodiscard]] Value MakeUncertain(Arena& arena, const Value& low, const Value& high);  // low itself where both are the same

// An interval selector: null for a low above its high is a run-time error (kValue) in ctx. Two null bounds keep `point`.
[[nodiscard]] Value MakeInterval(EvalContext& ctx, const IntervalData& data);
[[nodiscard]] Value ClosedInterval(EvalContext& ctx, const Value& low, const Value& high, Tag point);

}  // namespace plumbline::cql
