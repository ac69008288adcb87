// Relations between intervals, and between an interval and a point. All are written over starts and ends that may be uncertain,
// so that partial dates and open null bounds give null exactly where the answer is open. A point is the interval of itself.
#include "engine/cql/operators_internal.h"

namespace plumbline::cql::ops {
namespace {

using MaybePrecision = std::optional<Precision>;

struct Ends {
  Value start, end;
};

Ends EndsOf(EvalContext& ctx, const Value& v) {
  if (!v.Is(Tag::kInterval)) return {v, v};
  return {StartOf(ctx, v.interval()), EndOf(ctx, v.interval())};
}

Tri LessAt(EvalContext& ctx, const Value& a, const Value& b, MaybePrecision p) {
  return a.IsNull() || b.IsNull() ? Tri::kNull : Less(ctx, a, b, p);
}
Tri AtMost(EvalContext& ctx, const Value& a, const Value& b, MaybePrecision p) {
  return a.IsNull() || b.IsNull() ? Tri::kNull : LessOrEqual(ctx, a, b, p);
}
Tri SameAt(EvalContext& ctx, const Value& a, const Value& b, MaybePrecision p) {
  return a.IsNull() || b.IsNull() ? Tri::kNull : Same(ctx, a, b, p);
}

bool IsUntypedEverything(const Value& v) {
  return v.Is(Tag::kInterval) && PointType(v.interval()) == Tag::kNull && v.interval().low_closed && v.interval().high_closed;
}

using Relation = Tri (*)(EvalContext&, const Ends&, const Ends&, MaybePrecision);

Tri BeforeRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) { return LessAt(c, a.end, b.start, p); }
Tri AfterRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) { return LessAt(c, b.end, a.start, p); }
Tri SameOrBeforeRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) { return AtMost(c, a.end, b.start, p); }
Tri SameOrAfterRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) { return AtMost(c, b.end, a.start, p); }
Tri SameAsRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) {
  return And(SameAt(c, a.start, b.start, p), SameAt(c, a.end, b.end, p));
}
Tri IncludesRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) {
  return And(AtMost(c, a.start, b.start, p), AtMost(c, b.end, a.end, p));
}
Tri IncludedInRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) { return IncludesRel(c, b, a, p); }
Tri ProperIncludesRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) {
  return And(IncludesRel(c, a, b, p), Or(LessAt(c, a.start, b.start, p), LessAt(c, b.end, a.end, p)));
}
Tri ProperIncludedInRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) { return ProperIncludesRel(c, b, a, p); }
Tri ProperContainsRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) {
  return And(LessAt(c, a.start, b.start, p), LessAt(c, b.end, a.end, p));
}
Tri ProperInRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) { return ProperContainsRel(c, b, a, p); }
Tri OverlapsRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) {
  return And(AtMost(c, a.start, b.end, p), AtMost(c, b.start, a.end, p));
}
Tri OverlapsBeforeRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) {
  return And(LessAt(c, a.start, b.start, p), AtMost(c, b.start, a.end, p));
}
Tri OverlapsAfterRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) {
  return And(LessAt(c, b.end, a.end, p), AtMost(c, a.start, b.end, p));
}
Tri StartsRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) {
  return And(SameAt(c, a.start, b.start, p), AtMost(c, a.end, b.end, p));
}
Tri EndsRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) {
  return And(AtMost(c, b.start, a.start, p), SameAt(c, a.end, b.end, p));
}

// The next value of a bound that may be uncertain; null past the end of the type.
Value NextOf(EvalContext& ctx, const Value& v, MaybePrecision p) {
  const auto next = [&](Value x) -> Value {
    const Tag tag = x.tag();
    if (p && (tag == Tag::kDate || tag == Tag::kDateTime || tag == Tag::kTime))
      x = Value::OfTemporal(TruncatedTo(x.temporal(), *p));
    return SuccessorOf(ctx.arena, x).value_or(Value());
  };
  if (!v.Is(Tag::kUncertain)) return v.IsNull() ? v : next(v);
  const Value low = next(v.uncertain().low), high = next(v.uncertain().high);
  if (low.IsNull()) return {};
  return MakeUncertain(ctx.arena, low, high.IsNull() ? v.uncertain().high : high);
}

Tri MeetsBeforeRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) {
  if (a.end.IsNull() || b.start.IsNull()) return Tri::kNull;
  const Value next = NextOf(c, a.end, p);
  return next.IsNull() ? Tri::kFalse : Same(c, next, b.start, p);
}
Tri MeetsAfterRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) { return MeetsBeforeRel(c, b, a, p); }
Tri MeetsRel(EvalContext& c, const Ends& a, const Ends& b, MaybePrecision p) {
  return Or(MeetsBeforeRel(c, a, b, p), MeetsAfterRel(c, a, b, p));
}

template <Relation kRelation>
Value Apply(EvalContext& ctx, const Value* a, std::size_t count) {
  if (a[0].IsNull() || a[1].IsNull()) return {};
  return FromTri(kRelation(ctx, EndsOf(ctx, a[0]), EndsOf(ctx, a[1]), PrecisionAt(a, count, 2)));
}

// Where the container is an interval of no known type whose bounds are both the limits, everything is within it.
template <Relation kRelation, int kContainer>
Value ApplyWithin(EvalContext& ctx, const Value* a, std::size_t count) {
  if (!a[0].IsNull() && !a[1].IsNull() && IsUntypedEverything(a[kContainer])) return Value::Boolean(true);
  return Apply<kRelation>(ctx, a, count);
}

// A null interval contains nothing; whether one contains a null is not known. One without a point type holds no point.
template <Relation kRelation, int kContainer>
Value ApplyPoint(EvalContext& ctx, const Value* a, std::size_t count) {
  if (a[1 - kContainer].IsNull()) return {};
  if (a[kContainer].IsNull() || IsUntypedEverything(a[kContainer])) return Value::Boolean(false);
  return Apply<kRelation>(ctx, a, count);
}

Value StartFn(EvalContext& ctx, const Value* a, std::size_t) { return StartOf(ctx, a[0].interval()); }
Value EndFn(EvalContext& ctx, const Value* a, std::size_t) { return EndOf(ctx, a[0].interval()); }

bool HasWidth(Tag tag) { return tag == Tag::kInteger || tag == Tag::kLong || tag == Tag::kDecimal || tag == Tag::kQuantity; }

Value Distance(EvalContext& ctx, const Value& start, const Value& end, int more) {
  const Decimal step = Decimal::FromUnits(more);
  switch (start.tag()) {
    case Tag::kInteger: {
      const std::int64_t width = std::int64_t{end.integer()} - start.integer() + more;
      return width > INT32_MAX ? Value() : Value::Integer(static_cast<std::int32_t>(width));
    }
    case Tag::kLong: {
      std::int64_t width = 0;
      if (__builtin_sub_overflow(end.long_integer(), start.long_integer(), &width) || __builtin_add_overflow(width, more, &width))
        return {};
      return Value::Long(width);
    }
    case Tag::kDecimal: {
      const auto width = Subtract(end.decimal(), start.decimal());
      return width ? OrNull(Add(*width, step), std::max(start.scale(), end.scale())) : Value();
    }
    default: {
      const auto to = ConvertQuantityTo(end.quantity(), start.quantity().unit);
      const auto width = to ? Subtract(*to, start.quantity().value) : std::nullopt;
      const auto sum = width ? Add(*width, step) : std::nullopt;
      return sum ? MakeQuantity(ctx, *sum, start.quantity().unit, std::max(1, NaturalScale(*sum))) : Value();
    }
  }
}

// width of: end - start; Size(): one point more. Neither is defined for dates and times.
template <int kMore>
Value WidthFn(EvalContext& ctx, const Value* a, std::size_t) {
  const Value start = StartOf(ctx, a[0].interval()), end = EndOf(ctx, a[0].interval());
  if (start.IsNull() || end.IsNull() || start.Is(Tag::kUncertain) || end.Is(Tag::kUncertain)) return {};
  if (!HasWidth(start.tag()))
    return ctx.Fail(EvalErrorKind::kValue, "width and Size are not defined for intervals of dates and times");
  return Distance(ctx, start, end, kMore);
}

Value PointFromFn(EvalContext& ctx, const Value* a, std::size_t) {
  const Value start = StartOf(ctx, a[0].interval()), end = EndOf(ctx, a[0].interval());
  if (start.IsNull() || end.IsNull()) return {};
  if (Same(ctx, start, end) != Tri::kTrue)
    return ctx.Fail(EvalErrorKind::kValue, "point from needs an interval of a single point");
  return start;
}

// clang-format off
#define PLUMBLINE_PAIR(name, types, fn) {name, "(" types "): Boolean", fn, 0}, {name, "(" types ", precision): Boolean", fn, 0}
#define PLUMBLINE_RELATION(name, rel) PLUMBLINE_PAIR(name, "Interval<T>, Interval<T>", Apply<rel>)
#define PLUMBLINE_RELATION3(name, rel) PLUMBLINE_RELATION(name, rel), PLUMBLINE_PAIR(name, "T, Interval<T>", Apply<rel>), \
  PLUMBLINE_PAIR(name, "Interval<T>, T", Apply<rel>)

constexpr OperatorEntry kRows[] = {
    PLUMBLINE_RELATION3("Before", BeforeRel),
    PLUMBLINE_RELATION3("After", AfterRel),
    PLUMBLINE_RELATION3("SameOrBefore", SameOrBeforeRel),
    PLUMBLINE_RELATION3("SameOrAfter", SameOrAfterRel),
    PLUMBLINE_RELATION("SameAs", SameAsRel),
    PLUMBLINE_RELATION("Meets", MeetsRel),
    PLUMBLINE_RELATION("MeetsBefore", MeetsBeforeRel),
    PLUMBLINE_RELATION("MeetsAfter", MeetsAfterRel),
    PLUMBLINE_RELATION("Overlaps", OverlapsRel),
    PLUMBLINE_RELATION("OverlapsBefore", OverlapsBeforeRel),
    PLUMBLINE_RELATION("OverlapsAfter", OverlapsAfterRel),
    PLUMBLINE_RELATION("Starts", StartsRel),
    PLUMBLINE_RELATION("Ends", EndsRel),
    PLUMBLINE_PAIR("Contains", "Interval<T>, T", (ApplyPoint<IncludesRel, 0>)),
    PLUMBLINE_PAIR("In", "T, Interval<T>", (ApplyPoint<IncludedInRel, 1>)),
    PLUMBLINE_PAIR("ProperContains", "Interval<T>, T", (ApplyPoint<ProperContainsRel, 0>)),
    PLUMBLINE_PAIR("ProperIn", "T, Interval<T>", (ApplyPoint<ProperInRel, 1>)),
    PLUMBLINE_PAIR("Includes", "Interval<T>, Interval<T>", (ApplyWithin<IncludesRel, 0>)),
    PLUMBLINE_PAIR("IncludedIn", "Interval<T>, Interval<T>", (ApplyWithin<IncludedInRel, 1>)),
    PLUMBLINE_PAIR("ProperIncludes", "Interval<T>, Interval<T>", (ApplyWithin<ProperIncludesRel, 0>)),
    PLUMBLINE_PAIR("ProperIncludedIn", "Interval<T>, Interval<T>", (ApplyWithin<ProperIncludedInRel, 1>)),
    {"Start", "(Interval<T>): T", U<StartFn>, kNullPropagating},
    {"End", "(Interval<T>): T", U<EndFn>, kNullPropagating},
    {"Width", "(Interval<T>): T", N<WidthFn<0>>, kNullPropagating},
    {"Size", "(Interval<T>): T", N<WidthFn<1>>, kNullPropagating},
    {"PointFrom", "(Interval<T>): T", N<PointFromFn>, kNullPropagating},
};
// clang-format on

}  // namespace

std::span<const OperatorEntry> IntervalOperators() { return kRows; }

}  // namespace plumbline::cql::ops
