#include "engine/cql/interval.h"

#include <algorithm>
#include <limits>

#include "engine/cql/quantity.h"

namespace plumbline::cql {
namespace {

std::optional<Value> Step(Arena& arena, const Value& value, int step) {
  switch (value.tag()) {
    case Tag::kInteger: {
      const std::int64_t next = std::int64_t{value.integer()} + step;
      if (next > std::numeric_limits<std::int32_t>::max() || next < std::numeric_limits<std::int32_t>::min()) return std::nullopt;
      return Value::Integer(static_cast<std::int32_t>(next));
    }
    case Tag::kLong: {
      std::int64_t next = 0;
      if (__builtin_add_overflow(value.long_integer(), std::int64_t{step}, &next)) return std::nullopt;
      return Value::Long(next);
    }
    case Tag::kDecimal: {
      const auto next = Add(value.decimal(), Decimal::FromUnits(step));
      return next ? std::optional(Value::OfDecimal(*next, Decimal::kScale)) : std::nullopt;
    }
    case Tag::kQuantity: {
      const QuantityData& q = value.quantity();
      const auto next = Add(q.value, Decimal::FromUnits(step));
      return next ? std::optional(MakeQuantity(arena, *next, q.unit, Decimal::kScale)) : std::nullopt;
    }
    case Tag::kDate:
    case Tag::kDateTime:
    case Tag::kTime: {
      const auto next = step > 0 ? TemporalSuccessor(value.temporal()) : TemporalPredecessor(value.temporal());
      return next ? std::optional(Value::OfTemporal(*next)) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

Value Limit(Arena& arena, Tag type, const Value& like, bool maximum) {
  const Decimal most = Decimal::FromUnits(maximum ? Decimal::kMaxUnits : -Decimal::kMaxUnits);
  const auto temporal = [&](TemporalKind kind) {
    Temporal t = maximum ? TemporalMaximum(kind) : TemporalMinimum(kind);
    if (like.Is(Tag::kDateTime)) t.offset_minutes = like.temporal().offset_minutes;
    return Value::OfTemporal(t);
  };
  switch (type) {
    case Tag::kInteger:
      return Value::Integer(maximum ? std::numeric_limits<std::int32_t>::max() : std::numeric_limits<std::int32_t>::min());
    case Tag::kLong:
      return Value::Long(maximum ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min());
    case Tag::kDecimal:
      return Value::OfDecimal(most, Decimal::kScale);
    case Tag::kQuantity:
      return MakeQuantity(arena, most, like.Is(Tag::kQuantity) ? like.quantity().unit : std::string_view("1"), Decimal::kScale);
    case Tag::kDate:
      return temporal(TemporalKind::kDate);
    case Tag::kDateTime:
      return temporal(TemporalKind::kDateTime);
    case Tag::kTime:
      return temporal(TemporalKind::kTime);
    default:
      return {};
  }
}

}  // namespace

std::optional<Value> SuccessorOf(Arena& arena, const Value& value) { return Step(arena, value, 1); }
std::optional<Value> PredecessorOf(Arena& arena, const Value& value) { return Step(arena, value, -1); }
Value MinimumOf(Arena& arena, Tag type, const Value& like) { return Limit(arena, type, like, false); }
Value MaximumOf(Arena& arena, Tag type, const Value& like) { return Limit(arena, type, like, true); }

Tag PointType(const IntervalData& interval) {
  if (!interval.low.IsNull()) return interval.low.tag();
  if (!interval.high.IsNull()) return interval.high.tag();
  return interval.point;
}

Value MakeUncertain(Arena& arena, const Value& low, const Value& high) {
  if (low.tag() == high.tag() && low.tag() == Tag::kInteger && low.integer() == high.integer()) return low;
  const bool temporal = low.Is(Tag::kDate) || low.Is(Tag::kDateTime) || low.Is(Tag::kTime);
  if (temporal && high.Is(low.tag()) && low.temporal() == high.temporal()) return low;
  return Value::Uncertain(arena.Make(UncertainData{low, high}));
}

Value StartOf(EvalContext& ctx, const IntervalData& interval) {
  if (!interval.low.IsNull()) {
    if (interval.low_closed) return interval.low;
    return SuccessorOf(ctx.arena, interval.low).value_or(Value());
  }
  const Value minimum = MinimumOf(ctx.arena, PointType(interval), interval.high);
  if (interval.low_closed || minimum.IsNull()) return minimum;
  const Value high = interval.high.IsNull() ? MaximumOf(ctx.arena, PointType(interval), {}) : EndOf(ctx, interval);
  return high.IsNull() ? high : MakeUncertain(ctx.arena, minimum, high);
}

Value EndOf(EvalContext& ctx, const IntervalData& interval) {
  if (!interval.high.IsNull()) {
    if (interval.high_closed) return interval.high;
    return PredecessorOf(ctx.arena, interval.high).value_or(Value());
  }
  const Value maximum = MaximumOf(ctx.arena, PointType(interval), interval.low);
  if (interval.high_closed || maximum.IsNull()) return maximum;
  const Value low = interval.low.IsNull() ? MinimumOf(ctx.arena, PointType(interval), {}) : StartOf(ctx, interval);
  return low.IsNull() ? low : MakeUncertain(ctx.arena, low, maximum);
}

Value MakeInterval(EvalContext& ctx, const IntervalData& data) {
  IntervalData made = data;
  // An uncertain bound is a bound that is not known: null, and open, for a closed one would be the type's limit.
  if (made.low.Is(Tag::kUncertain)) {
    made.low = {};
    made.low_closed = false;
  }
  if (made.high.Is(Tag::kUncertain)) {
    made.high = {};
    made.high_closed = false;
  }
  if (const Tag type = PointType(made); type != Tag::kNull) made.point = type;
  if (!made.low.IsNull() && !made.high.IsNull()) {
    const auto order = CompareValues(ctx, made.low, made.high);
    if (order && *order > 0) return ctx.Fail(EvalErrorKind::kValue, "the low bound of an interval is above its high bound");
    if (order && *order == 0 && !(made.low_closed && made.high_closed)) {
      return ctx.Fail(EvalErrorKind::kValue, "an interval with equal bounds must include both");
    }
    if (!made.low_closed || !made.high_closed) {
      const Value start = StartOf(ctx, made), end = EndOf(ctx, made);
      if (start.IsNull() || end.IsNull() || CompareValues(ctx, start, end).value_or(0) > 0) {
        return ctx.Fail(EvalErrorKind::kValue, "an interval holds no value between its open bounds");
      }
    }
  }
  return Value::Interval(ctx.arena.Make(made));
}

Value ClosedInterval(EvalContext& ctx, const Value& low, const Value& high, Tag point) {
  return Value::Interval(ctx.arena.Make(IntervalData{low, high, true, true, low.IsNull() ? point : low.tag()}));
}

}  // namespace plumbline::cql
