// Set operations on intervals: union, intersect, except, collapse and expand.
#include <algorithm>
#include <vector>

#include "engine/cql/operators_internal.h"

namespace plumbline::cql::ops {
namespace {

// A bound for a result: its value where known, and how to write it (a null that is closed stays one).
struct Bound {
  Value point;
  Value written;
  bool closed = true;
};

Bound LowBound(EvalContext& ctx, const IntervalData& i) {
  const Value start = StartOf(ctx, i);
  if (start.IsNull() || start.Is(Tag::kUncertain)) return {start, {}, false};
  return {start, i.low.IsNull() ? Value() : start, true};
}

Bound HighBound(EvalContext& ctx, const IntervalData& i) {
  const Value end = EndOf(ctx, i);
  if (end.IsNull() || end.Is(Tag::kUncertain)) return {end, {}, false};
  return {end, i.high.IsNull() ? Value() : end, true};
}

Tri AtMost(EvalContext& ctx, const Value& a, const Value& b) {
  return a.IsNull() || b.IsNull() ? Tri::kNull : LessOrEqual(ctx, a, b);
}

// The lesser or the greater; unknown where their order is.
Bound Choose(EvalContext& ctx, const Bound& a, const Bound& b, bool greater) {
  const Tri order = AtMost(ctx, a.point, b.point);
  if (order == Tri::kNull) return {{}, {}, false};
  return (order == Tri::kTrue) == greater ? b : a;
}

Value Build(EvalContext& ctx, const Bound& low, const Bound& high, Tag point) {
  return Value::Interval(ctx.arena.Make(IntervalData{low.written, high.written, low.closed, high.closed, point}));
}

Tag PointOf(const IntervalData& a, const IntervalData& b) { return PointType(a) != Tag::kNull ? PointType(a) : PointType(b); }

Value IntersectOf(EvalContext& ctx, const Value* args, std::size_t) {
  const IntervalData &a = args[0].interval(), &b = args[1].interval();
  const Bound al = LowBound(ctx, a), ah = HighBound(ctx, a), bl = LowBound(ctx, b), bh = HighBound(ctx, b);
  if (And(AtMost(ctx, al.point, bh.point), AtMost(ctx, bl.point, ah.point)) != Tri::kTrue) return {};
  return Build(ctx, Choose(ctx, al, bl, true), Choose(ctx, ah, bh, false), PointOf(a, b));
}

Tri MeetsBefore(EvalContext& ctx, const Value& end, const Value& start) {
  if (end.IsNull() || start.IsNull() || end.Is(Tag::kUncertain) || start.Is(Tag::kUncertain)) return Tri::kNull;
  const auto next = SuccessorOf(ctx.arena, end);
  return next ? Same(ctx, *next, start) : Tri::kFalse;
}

Value UnionOf(EvalContext& ctx, const Value* args, std::size_t) {
  const IntervalData &a = args[0].interval(), &b = args[1].interval();
  const Bound al = LowBound(ctx, a), ah = HighBound(ctx, a), bl = LowBound(ctx, b), bh = HighBound(ctx, b);
  const Tri overlap = And(AtMost(ctx, al.point, bh.point), AtMost(ctx, bl.point, ah.point));
  const Tri joined = Or(overlap, Or(MeetsBefore(ctx, ah.point, bl.point), MeetsBefore(ctx, bh.point, al.point)));
  if (joined != Tri::kTrue) return {};
  return Build(ctx, Choose(ctx, al, bl, false), Choose(ctx, ah, bh, true), PointOf(a, b));
}

// What of a is left; null where nothing is, where two pieces would be, and where the order of bounds is open.
Value ExceptOf(EvalContext& ctx, const Value* args, std::size_t) {
  const IntervalData &a = args[0].interval(), &b = args[1].interval();
  const Bound al = LowBound(ctx, a), ah = HighBound(ctx, a), bl = LowBound(ctx, b), bh = HighBound(ctx, b);
  const Tri overlap = And(AtMost(ctx, al.point, bh.point), AtMost(ctx, bl.point, ah.point));
  if (overlap == Tri::kNull) return {};
  if (overlap == Tri::kFalse) return args[0];
  const Tri left_gone = AtMost(ctx, bl.point, al.point), right_gone = AtMost(ctx, ah.point, bh.point);
  if (left_gone == Tri::kFalse && right_gone == Tri::kTrue) {
    const auto end = PredecessorOf(ctx.arena, bl.point);
    return end ? Build(ctx, al, {*end, *end, true}, PointType(a)) : Value();
  }
  if (left_gone == Tri::kTrue && right_gone == Tri::kFalse) {
    const auto start = SuccessorOf(ctx.arena, bh.point);
    return start ? Build(ctx, {*start, *start, true}, ah, PointType(a)) : Value();
  }
  return {};
}

bool IsTemporal(const Value& v) { return v.Is(Tag::kDate) || v.Is(Tag::kDateTime) || v.Is(Tag::kTime); }

// The last start that still joins an interval that ends at `end`: the next value, or `per` further on.
std::optional<Value> ReachOf(EvalContext& ctx, const Value& end, const Value& per, std::optional<Precision>* precision) {
  if (per.IsNull()) return SuccessorOf(ctx.arena, end);
  const QuantityData& q = per.quantity();
  if (IsTemporal(end)) {
    const auto unit = DurationUnit(q.unit);
    if (!unit) return std::nullopt;
    *precision = *unit == Precision::kWeek ? Precision::kDay : *unit;
    const auto moved =
        AddToTemporal(TruncatedTo(end.temporal(), *unit), static_cast<std::int64_t>(q.value.units() / Decimal::kUnit), *unit);
    return moved ? std::optional(Value::OfTemporal(*moved)) : std::nullopt;
  }
  if (end.Is(Tag::kQuantity)) {
    const auto step = q.unit == "1" ? std::optional(q.value) : ConvertQuantityTo(q, end.quantity().unit);
    const auto sum = step ? Add(end.quantity().value, *step) : std::nullopt;
    return sum ? std::optional(MakeQuantity(ctx, *sum, end.quantity().unit, Decimal::kScale)) : std::nullopt;
  }
  const auto sum = Add(AsDecimal(end), q.value);
  return sum ? std::optional(Value::OfDecimal(*sum, Decimal::kScale)) : std::nullopt;
}

struct Piece {
  Bound low, high;
};

std::vector<Piece> Collapsed(EvalContext& ctx, std::span<const Value> intervals, const Value& per, Tag* point) {
  std::vector<Piece> pieces;
  for (const Value& v : intervals) {
    if (!v.Is(Tag::kInterval)) continue;
    const Piece piece{LowBound(ctx, v.interval()), HighBound(ctx, v.interval())};
    if (!piece.low.closed || !piece.high.closed) continue;  // a bound that is not known
    *point = PointType(v.interval());
    pieces.push_back(piece);
  }
  std::stable_sort(pieces.begin(), pieces.end(),
                   [&](const Piece& a, const Piece& b) { return SortOrder(ctx, a.low.point, b.low.point) < 0; });
  std::vector<Piece> out;
  for (const Piece& piece : pieces) {
    if (!out.empty()) {
      Piece& last = out.back();
      std::optional<Precision> precision;
      const auto reach = ReachOf(ctx, last.high.point, per, &precision);
      const bool joins = LessOrEqual(ctx, piece.low.point, last.high.point) == Tri::kTrue || !reach ||
                         LessOrEqual(ctx, piece.low.point, *reach, precision) == Tri::kTrue;
      if (joins) {
        if (SortOrder(ctx, piece.high.point, last.high.point) > 0) last.high = piece.high;
        continue;
      }
    }
    out.push_back(piece);
  }
  return out;
}

Value CollapseOf(EvalContext& ctx, const Value* args, std::size_t count) {
  if (args[0].IsNull()) return {};
  Tag point = Tag::kNull;
  const auto pieces = Collapsed(ctx, args[0].list(), count > 1 ? args[1] : Value(), &point);
  Value* items = ctx.arena.AllocateArray<Value>(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) items[i] = Build(ctx, pieces[i].low, pieces[i].high, point);
  return Value::List(items, pieces.size());
}

// Makes the pieces of one interval; Emit(start, end) is called for each and gives false when there are too many.
class Expander {
 public:
  Expander(EvalContext& ctx, const Value& per, bool points) : ctx_(ctx), per_(per), points_(points) {}

  // False: the run-time error is in ctx.
  bool Expand(const Value& start, const Value& end) {
    return IsTemporal(start) ? ExpandTemporal(start.temporal(), end.temporal()) : ExpandNumber(start, end);
  }

  [[nodiscard]] Value Result() { return MakeList(ctx_, items_); }

 private:
  bool Emit(const Value& start, const Value& end) {
    if (items_.size() >= ctx_.limits.list_size) {
      ctx_.Fail(EvalErrorKind::kLimit, "expand makes a list longer than the limit");
      return false;
    }
    items_.push_back(points_ ? start : ClosedInterval(ctx_, start, end, start.tag()));
    return true;
  }

  bool ExpandTemporal(const Temporal& first, const Temporal& last) {
    Precision unit = std::min(first.precision, last.precision);
    std::int64_t size = 1;
    if (!per_.IsNull()) {
      const auto given = DurationUnit(per_.quantity().unit);
      const Int128 whole = per_.quantity().value.units() / Decimal::kUnit;
      if (!given || whole < 1 || whole > INT32_MAX) {
        ctx_.Fail(EvalErrorKind::kValue, "expand of dates and times needs a positive whole duration");
        return false;
      }
      size = static_cast<std::int64_t>(whole);
      unit = *given;
      if (unit == Precision::kWeek) {
        unit = Precision::kDay;
        size *= 7;
      }
    }
    if (first.precision < unit || last.precision < unit) return true;
    Temporal start = TruncatedTo(first, unit);
    const Temporal stop = TruncatedTo(last, unit);
    for (;;) {
      const auto end = AddToTemporal(start, size - 1, unit);
      if (!end || CompareTemporal(*end, start, ctx_.default_offset, {}).value_or(0) < 0) return true;
      if (CompareTemporal(*end, stop, ctx_.default_offset, {}).value_or(1) > 0) return true;
      if (!Emit(Value::OfTemporal(start), Value::OfTemporal(*end))) return false;
      const auto next = TemporalSuccessor(*end);
      if (!next) return true;
      start = *next;
    }
  }

  bool ExpandNumber(const Value& first, const Value& last) {
    const bool whole = first.Is(Tag::kInteger) || first.Is(Tag::kLong);
    Decimal start = NumberOf(first), stop = NumberOf(last);
    Decimal size = Decimal::FromInteger(1);
    int scale = whole ? 0 : std::min(ScaleOf(first), ScaleOf(last));
    if (!per_.IsNull()) {
      const QuantityData& q = per_.quantity();
      const auto converted =
          q.unit == "1" || !first.Is(Tag::kQuantity) ? std::optional(q.value) : ConvertQuantityTo(q, first.quantity().unit);
      if (!converted || converted->units() <= 0 || (q.unit != "1" && !first.Is(Tag::kQuantity))) {
        ctx_.Fail(EvalErrorKind::kValue, "expand needs a positive amount in the unit of its intervals");
        return false;
      }
      size = *converted;
      scale = std::min<int>(q.unit == "1" ? q.scale : Decimal::kScale, NaturalScale(size));
    } else {
      for (int i = 0; i < scale; ++i) size = Decimal::FromUnits(size.units() / 10);
    }
    Int128 step = Decimal::kUnit;
    for (int i = 0; i < scale; ++i) step /= 10;
    // A whole number stands for all decimals that begin with it: [10, 10] per 0.1 ends at 10.9.
    if (whole && scale > 0) stop = Decimal::FromUnits(stop.units() + Decimal::kUnit - step);
    start = Decimal::FromUnits(start.units() / step * step);
    for (;;) {
      const Int128 end = start.units() + size.units() - step;
      if (end > stop.units()) return true;
      if (!Emit(Number(first, start, scale), Number(first, Decimal::FromUnits(end), scale))) return false;
      start = Decimal::FromUnits(start.units() + size.units());
    }
  }

  static Decimal NumberOf(const Value& v) { return v.Is(Tag::kQuantity) ? v.quantity().value : AsDecimal(v); }
  static int ScaleOf(const Value& v) { return v.Is(Tag::kQuantity) ? v.quantity().scale : v.scale(); }

  // Pieces of whole size are whole numbers.
  Value Number(const Value& like, Decimal value, int scale) {
    if (like.Is(Tag::kQuantity)) return MakeQuantity(ctx_, value, like.quantity().unit, scale);
    const Int128 whole = value.units() / Decimal::kUnit;
    if (scale == 0 && like.Is(Tag::kLong)) return Value::Long(static_cast<std::int64_t>(whole));
    if (scale == 0 && whole <= INT32_MAX && whole >= INT32_MIN) return Value::Integer(static_cast<std::int32_t>(whole));
    return Value::OfDecimal(value, std::max(1, scale));
  }

  EvalContext& ctx_;
  const Value per_;
  const bool points_;
  std::vector<Value> items_;
};

// Overlapping intervals are collapsed first, so that no piece comes twice. What has no limits is not expanded.
Value ExpandList(EvalContext& ctx, const Value* args, std::size_t count) {
  if (args[0].IsNull()) return {};
  Expander expander(ctx, count > 1 ? args[1] : Value(), false);
  Tag point = Tag::kNull;
  for (const Piece& piece : Collapsed(ctx, args[0].list(), {}, &point)) {
    if (piece.low.written.IsNull() || piece.high.written.IsNull()) continue;
    if (!expander.Expand(piece.low.point, piece.high.point)) return {};
  }
  return expander.Result();
}

Value ExpandInterval(EvalContext& ctx, const Value* args, std::size_t count) {
  if (args[0].IsNull()) return {};
  const Bound low = LowBound(ctx, args[0].interval()), high = HighBound(ctx, args[0].interval());
  if (low.written.IsNull() || high.written.IsNull()) return {};
  Expander expander(ctx, count > 1 ? args[1] : Value(), true);
  if (!expander.Expand(low.point, high.point)) return {};
  return expander.Result();
}

constexpr OperatorEntry kRows[] = {
    {"Intersect", "(Interval<T>, Interval<T>): Interval<T>", N<IntersectOf>, kNullPropagating},
    {"Union", "(Interval<T>, Interval<T>): Interval<T>", N<UnionOf>, kNullPropagating},
    {"Except", "(Interval<T>, Interval<T>): Interval<T>", N<ExceptOf>, kNullPropagating},
    {"Collapse", "(List<Interval<T>>): List<Interval<T>>", CollapseOf, kNullPropagating},
    {"Collapse", "(List<Interval<T>>, Quantity): List<Interval<T>>", CollapseOf, 0},
    {"Expand", "(List<Interval<T>>): List<Interval<T>>", ExpandList, kNullPropagating},
    {"Expand", "(List<Interval<T>>, Quantity): List<Interval<T>>", ExpandList, 0},
    {"Expand", "(Interval<T>): List<T>", ExpandInterval, kNullPropagating},
    {"Expand", "(Interval<T>, Quantity): List<T>", ExpandInterval, 0},
};

}  // namespace

std::span<const OperatorEntry> IntervalSetOperators() { return kRows; }

}  // namespace plumbline::cql::ops
