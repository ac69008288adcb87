#include "engine/cql/compare.h"

#include <algorithm>

#include "engine/base/hash.h"
#include "engine/cql/data_model.h"
#include "engine/cql/interval.h"
#include "engine/cql/quantity.h"
#include "engine/cql/string_ops.h"

namespace plumbline::cql {
namespace {

bool IsNumber(Tag tag) { return tag == Tag::kInteger || tag == Tag::kLong || tag == Tag::kDecimal; }
bool IsTemporal(Tag tag) { return tag == Tag::kDate || tag == Tag::kDateTime || tag == Tag::kTime; }

Int128 NumberUnits(const Value& v) {
  return v.Is(Tag::kDecimal) ? v.decimal().units() : static_cast<Int128>(v.long_integer()) * Decimal::kUnit;
}

template <typename T>
int Order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

// Parts of codes and the like: two absent parts are equal, one absent is unknown.
Tri EqualParts(std::string_view a, std::string_view b) {
  if (a.data() == nullptr && b.data() == nullptr) return Tri::kTrue;
  if (a.data() == nullptr || b.data() == nullptr) return Tri::kNull;
  return ToTri(a == b);
}

Tri EqualCodes(const CodeData& a, const CodeData& b) {
  return And(And(EqualParts(a.code, b.code), EqualParts(a.system, b.system)),
             And(EqualParts(a.version, b.version), EqualParts(a.display, b.display)));
}

bool EquivalentCodes(const CodeData& a, const CodeData& b) {
  return (a.code.data() == nullptr) == (b.code.data() == nullptr) && a.code == b.code &&
         (a.system.data() == nullptr) == (b.system.data() == nullptr) && a.system == b.system;
}

Tri EqualLists(const EvalContext& ctx, std::span<const Value> a, std::span<const Value> b) {
  if (a.size() != b.size()) return Tri::kFalse;
  Tri result = Tri::kTrue;
  for (std::size_t i = 0; i < a.size() && result != Tri::kFalse; ++i) result = And(result, EqualElements(ctx, a[i], b[i]));
  return result;
}

const Value* Element(const Value& tuple, std::string_view name) {
  const TupleShape& shape = tuple.tuple_shape();
  for (std::size_t i = 0; i < shape.size; ++i) {
    if (shape.names[i] == name) return &tuple.tuple_values()[i];
  }
  return nullptr;
}

// Calls test(x, y) for each element of a and its namesake in b until it gives false; false where the names differ.
template <typename Test>
bool ForElements(const Value& a, const Value& b, Test&& test) {
  const TupleShape& shape = a.tuple_shape();
  if (shape.size != b.tuple_shape().size) return false;
  for (std::size_t i = 0; i < shape.size; ++i) {
    const Value* other = &shape == &b.tuple_shape() ? &b.tuple_values()[i] : Element(b, shape.names[i]);
    if (other == nullptr || !test(a.tuple_values()[i], *other)) return false;
  }
  return true;
}

// Bounds are made in a scratch arena: comparing takes a const context.
struct Bounds {
  Arena arena;
  EvalContext scratch{arena};
  Value start, end;
  Bounds(const EvalContext& ctx, const IntervalData& interval) {
    scratch.default_offset = ctx.default_offset;
    start = StartOf(scratch, interval);
    end = EndOf(scratch, interval);
  }
};

bool IsPlain(const IntervalData& i) { return !i.low.IsNull() && !i.high.IsNull() && i.low_closed && i.high_closed; }

Tri EqualIntervals(const EvalContext& ctx, const IntervalData& a, const IntervalData& b) {
  if (IsPlain(a) && IsPlain(b)) return And(Equal(ctx, a.low, b.low), Equal(ctx, a.high, b.high));
  const Bounds x(ctx, a), y(ctx, b);
  return And(Same(ctx, x.start, y.start), Same(ctx, x.end, y.end));
}

bool EquivalentBound(const EvalContext& ctx, const Value& a, bool a_closed, const Value& b, bool b_closed, const Value& a_point,
                     const Value& b_point) {
  if (a.IsNull() && b.IsNull()) return a_closed == b_closed;
  if (a_point.Is(Tag::kUncertain) || b_point.Is(Tag::kUncertain)) return false;
  return Equivalent(ctx, a_point, b_point);
}

bool EquivalentIntervals(const EvalContext& ctx, const IntervalData& a, const IntervalData& b) {
  if (IsPlain(a) && IsPlain(b)) return Equivalent(ctx, a.low, b.low) && Equivalent(ctx, a.high, b.high);
  const Bounds x(ctx, a), y(ctx, b);
  return EquivalentBound(ctx, a.low, a.low_closed, b.low, b.low_closed, x.start, y.start) &&
         EquivalentBound(ctx, a.high, a.high_closed, b.high, b.high_closed, x.end, y.end);
}

bool EquivalentConcepts(std::span<const Value> a, std::span<const Value> b) {
  return std::any_of(a.begin(), a.end(), [&](const Value& x) {
    return std::any_of(b.begin(), b.end(), [&](const Value& y) {
      if (!x.Is(Tag::kCode) || !y.Is(Tag::kCode)) return x.IsNull() && y.IsNull();
      return EquivalentCodes(x.code(), y.code());
    });
  });
}

std::span<const Value> CodesOf(const Value& v) {
  if (v.Is(Tag::kCode)) return {&v, 1};
  return {v.concept_data().codes, v.concept_data().size};
}

bool EquivalentLists(const EvalContext& ctx, std::span<const Value> a, std::span<const Value> b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](const Value& x, const Value& y) { return Equivalent(ctx, x, y); });
}

bool EquivalentDecimals(Decimal a, Decimal b) {
  const int scale = std::min(NaturalScale(a), NaturalScale(b));
  return RoundTo(a, scale) == RoundTo(b, scale);
}

// The low and high that an uncertain value, or the value itself, may have.
const Value& LowOf(const Value& v) { return v.Is(Tag::kUncertain) ? v.uncertain().low : v; }
const Value& HighOf(const Value& v) { return v.Is(Tag::kUncertain) ? v.uncertain().high : v; }

Tri LessCertain(const EvalContext& ctx, const Value& a, const Value& b, std::optional<Precision> precision, bool or_equal) {
  const auto order = CompareValues(ctx, a, b, precision);
  return order ? ToTri(or_equal ? *order <= 0 : *order < 0) : Tri::kNull;
}

Tri LessMaybe(const EvalContext& ctx, const Value& a, const Value& b, std::optional<Precision> precision, bool or_equal) {
  if (!a.Is(Tag::kUncertain) && !b.Is(Tag::kUncertain)) return LessCertain(ctx, a, b, precision, or_equal);
  if (LessCertain(ctx, HighOf(a), LowOf(b), precision, or_equal) == Tri::kTrue) return Tri::kTrue;
  if (LessCertain(ctx, LowOf(a), HighOf(b), precision, or_equal) == Tri::kFalse) return Tri::kFalse;
  return Tri::kNull;
}

std::uint64_t Mix(std::uint64_t hash, std::uint64_t more) {
  hash ^= more + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2);
  return hash * 0xff51afd7ed558ccdULL;
}

std::uint64_t HashPart(std::string_view text) { return text.data() == nullptr ? 0 : HashText(text).lo; }

}  // namespace

Tri Equal(const EvalContext& ctx, const Value& a, const Value& b) {
  if (a.IsNull() || b.IsNull()) return Tri::kNull;
  if (a.Is(Tag::kUncertain) || b.Is(Tag::kUncertain)) return Same(ctx, a, b);
  if (a.tag() != b.tag()) {
    if (IsNumber(a.tag()) && IsNumber(b.tag())) return ToTri(NumberUnits(a) == NumberUnits(b));
    if (IsTemporal(a.tag()) && IsTemporal(b.tag()) && !a.Is(Tag::kTime) && !b.Is(Tag::kTime)) return Same(ctx, a, b);
    return Tri::kFalse;
  }
  switch (a.tag()) {
    case Tag::kBoolean:
      return ToTri(a.boolean() == b.boolean());
    case Tag::kInteger:
    case Tag::kLong:
      return ToTri(a.long_integer() == b.long_integer());
    case Tag::kDecimal:
      return ToTri(a.decimal() == b.decimal());
    case Tag::kString:
      return ToTri(a.string() == b.string());
    case Tag::kDate:
    case Tag::kDateTime:
    case Tag::kTime:
    case Tag::kQuantity:
      return Same(ctx, a, b);
    case Tag::kRatio: {
      const auto numerators = CompareQuantities(a.ratio().numerator, b.ratio().numerator);
      const auto denominators = CompareQuantities(a.ratio().denominator, b.ratio().denominator);
      return And(numerators ? ToTri(*numerators == 0) : Tri::kNull, denominators ? ToTri(*denominators == 0) : Tri::kNull);
    }
    case Tag::kInterval:
      return EqualIntervals(ctx, a.interval(), b.interval());
    case Tag::kList:
      return EqualLists(ctx, a.list(), b.list());
    case Tag::kTuple: {
      // The first element that is not equal decides, whether it differs or is not known.
      Tri result = Tri::kTrue;
      const auto equal = [&](const Value& x, const Value& y) {
        result = EqualElements(ctx, x, y);
        return result == Tri::kTrue;
      };
      if (ForElements(a, b, equal)) return Tri::kTrue;
      return result == Tri::kNull ? result : Tri::kFalse;
    }
    case Tag::kCode:
      return EqualCodes(a.code(), b.code());
    case Tag::kConcept: {
      const ConceptData &x = a.concept_data(), &y = b.concept_data();
      return And(EqualLists(ctx, {x.codes, x.size}, {y.codes, y.size}), EqualParts(x.display, y.display));
    }
    case Tag::kValueSet:
    case Tag::kCodeSystem:
      return And(EqualParts(a.vocabulary().id, b.vocabulary().id), EqualParts(a.vocabulary().version, b.vocabulary().version));
    default:
      return ToTri(a.object() == b.object());
  }
}

// Values may share parts, so that a small one is a large tree: every element that is looked at is a step.
Tri EqualElements(const EvalContext& ctx, const Value& a, const Value& b) {
  if (!ctx.Step()) return Tri::kNull;
  if (a.IsNull() && b.IsNull()) return Tri::kTrue;
  return Equal(ctx, a, b);
}

bool Equivalent(const EvalContext& ctx, const Value& a, const Value& b) {
  if (a.IsNull() || b.IsNull()) return a.IsNull() && b.IsNull();
  if (a.tag() != b.tag()) {
    if (IsNumber(a.tag()) && IsNumber(b.tag())) {
      return EquivalentDecimals(Decimal::FromUnits(NumberUnits(a)), Decimal::FromUnits(NumberUnits(b)));
    }
    const bool coded = (a.Is(Tag::kCode) || a.Is(Tag::kConcept)) && (b.Is(Tag::kCode) || b.Is(Tag::kConcept));
    return coded ? EquivalentConcepts(CodesOf(a), CodesOf(b)) : Equal(ctx, a, b) == Tri::kTrue;
  }
  switch (a.tag()) {
    case Tag::kDecimal:
      return EquivalentDecimals(a.decimal(), b.decimal());
    case Tag::kString:
      return EquivalentStrings(a.string(), b.string());
    case Tag::kQuantity:
      return EquivalentQuantities(a.quantity(), b.quantity());
    case Tag::kRatio: {
      const RatioData &x = a.ratio(), &y = b.ratio();
      if (EquivalentQuantities(x.numerator, y.numerator) && EquivalentQuantities(x.denominator, y.denominator)) return true;
      // 1:2 is 10:20: cross products in one unit each.
      const auto numerator = ConvertQuantityTo(y.numerator, x.numerator.unit);
      const auto denominator = ConvertQuantityTo(y.denominator, x.denominator.unit);
      if (!numerator || !denominator) return false;
      const auto left = Multiply(x.numerator.value, *denominator), right = Multiply(*numerator, x.denominator.value);
      return left && right && *left == *right;
    }
    case Tag::kInterval:
      return EquivalentIntervals(ctx, a.interval(), b.interval());
    case Tag::kList:
      return ctx.Step() && EquivalentLists(ctx, a.list(), b.list());
    case Tag::kTuple:
      return ctx.Step() && ForElements(a, b, [&](const Value& x, const Value& y) { return Equivalent(ctx, x, y); });
    case Tag::kCode:
      return EquivalentCodes(a.code(), b.code());
    case Tag::kConcept:
      return EquivalentConcepts(CodesOf(a), CodesOf(b));
    default:
      return Equal(ctx, a, b) == Tri::kTrue;
  }
}

std::optional<int> CompareValues(const EvalContext& ctx, const Value& a, const Value& b, std::optional<Precision> precision) {
  if (IsNumber(a.tag()) && IsNumber(b.tag())) {
    if (!a.Is(Tag::kDecimal) && !b.Is(Tag::kDecimal)) return Order(a.long_integer(), b.long_integer());
    return Order(NumberUnits(a), NumberUnits(b));
  }
  if (IsTemporal(a.tag()) && IsTemporal(b.tag())) {
    if (a.Is(Tag::kTime) != b.Is(Tag::kTime)) return std::nullopt;
    return CompareTemporal(a.temporal(), b.temporal(), ctx.default_offset, precision);
  }
  if (a.tag() != b.tag()) return std::nullopt;
  switch (a.tag()) {
    case Tag::kString:
      return Order(a.string(), b.string());
    case Tag::kQuantity:
      return CompareQuantities(a.quantity(), b.quantity());
    case Tag::kBoolean:
      return Order(a.boolean(), b.boolean());
    default:
      return std::nullopt;
  }
}

Tri Less(const EvalContext& ctx, const Value& a, const Value& b, std::optional<Precision> precision) {
  return LessMaybe(ctx, a, b, precision, false);
}

Tri LessOrEqual(const EvalContext& ctx, const Value& a, const Value& b, std::optional<Precision> precision) {
  return LessMaybe(ctx, a, b, precision, true);
}

Tri Same(const EvalContext& ctx, const Value& a, const Value& b, std::optional<Precision> precision) {
  if (!a.Is(Tag::kUncertain) && !b.Is(Tag::kUncertain)) {
    const auto order = CompareValues(ctx, a, b, precision);
    return order ? ToTri(*order == 0) : Tri::kNull;
  }
  if (LessCertain(ctx, HighOf(a), LowOf(b), precision, false) == Tri::kTrue) return Tri::kFalse;
  if (LessCertain(ctx, HighOf(b), LowOf(a), precision, false) == Tri::kTrue) return Tri::kFalse;
  return Tri::kNull;
}

int SortOrder(const EvalContext& ctx, const Value& a, const Value& b) {
  if (a.IsNull() || b.IsNull()) return Order(!a.IsNull(), !b.IsNull());
  if (const auto order = CompareValues(ctx, a, b)) return *order;
  if (IsTemporal(a.tag()) && IsTemporal(b.tag())) {
    const int instants = Order(UnixMs(a.temporal(), ctx.default_offset), UnixMs(b.temporal(), ctx.default_offset));
    return instants != 0 ? instants : Order(a.temporal().precision, b.temporal().precision);
  }
  if (a.Is(Tag::kUncertain) || b.Is(Tag::kUncertain)) {
    return CompareValues(ctx, LowOf(a), LowOf(b)).value_or(0);
  }
  return Order(a.tag(), b.tag());
}

bool SameValue(const EvalContext& ctx, const Value& a, const Value& b) {
  if (a.Is(Tag::kUncertain) && b.Is(Tag::kInterval)) {
    return IsPlain(b.interval()) && SameValue(ctx, a.uncertain().low, b.interval().low) &&
           SameValue(ctx, a.uncertain().high, b.interval().high);
  }
  if (a.Is(Tag::kInterval) && b.Is(Tag::kUncertain)) return SameValue(ctx, b, a);
  if (a.tag() != b.tag()) return false;
  switch (a.tag()) {
    case Tag::kNull:
      return true;
    case Tag::kDate:
    case Tag::kDateTime:
    case Tag::kTime:
      return a.temporal().precision == b.temporal().precision &&
             UnixMs(a.temporal(), ctx.default_offset) == UnixMs(b.temporal(), ctx.default_offset);
    case Tag::kQuantity:
      return a.quantity().value == b.quantity().value && NormalUnit(a.quantity().unit) == NormalUnit(b.quantity().unit);
    case Tag::kUncertain:
      return SameValue(ctx, a.uncertain().low, b.uncertain().low) && SameValue(ctx, a.uncertain().high, b.uncertain().high);
    case Tag::kInterval: {
      const IntervalData &x = a.interval(), &y = b.interval();
      if (x.low_closed == y.low_closed && x.high_closed == y.high_closed && SameValue(ctx, x.low, y.low) &&
          SameValue(ctx, x.high, y.high)) {
        return true;
      }
      if (x.low.IsNull() || x.high.IsNull() || y.low.IsNull() || y.high.IsNull()) return false;
      const Bounds p(ctx, x), q(ctx, y);
      return SameValue(ctx, p.start, q.start) && SameValue(ctx, p.end, q.end);
    }
    case Tag::kList: {
      const auto x = a.list(), y = b.list();
      return x.size() == y.size() &&
             std::equal(x.begin(), x.end(), y.begin(), [&](const Value& p, const Value& q) { return SameValue(ctx, p, q); });
    }
    case Tag::kTuple:
      return ForElements(a, b, [&](const Value& x, const Value& y) { return SameValue(ctx, x, y); });
    default:
      return Equal(ctx, a, b) == Tri::kTrue;
  }
}

std::uint64_t HashValue(const EvalContext& ctx, const Value& value) {
  switch (value.tag()) {
    case Tag::kNull:
      return 1;
    case Tag::kBoolean:
      return value.boolean() ? 3 : 2;
    case Tag::kInteger:
    case Tag::kLong:
    case Tag::kDecimal: {
      const Int128 units = NumberUnits(value);
      return Mix(Mix(5, static_cast<std::uint64_t>(units)), static_cast<std::uint64_t>(units >> 64));
    }
    case Tag::kString:
      return HashText(value.string()).lo;
    case Tag::kDate:
    case Tag::kDateTime:
    case Tag::kTime:
      return Mix(Mix(6, static_cast<std::uint64_t>(value.temporal().precision)),
                 static_cast<std::uint64_t>(UnixMs(value.temporal(), ctx.default_offset)));
    case Tag::kInterval: {
      const IntervalData& interval = value.interval();
      if (IsPlain(interval)) return Mix(HashValue(ctx, interval.low), HashValue(ctx, interval.high));
      const Bounds bounds(ctx, interval);  // [1, 3) is [1, 2]
      return Mix(HashValue(ctx, bounds.start), HashValue(ctx, bounds.end));
    }
    case Tag::kList: {
      std::uint64_t hash = 9;
      if (!ctx.Step()) return hash;
      for (const Value& v : value.list()) hash = Mix(hash, HashValue(ctx, v));
      return hash;
    }
    case Tag::kTuple: {
      std::uint64_t hash = 10;
      if (!ctx.Step()) return hash;
      for (std::size_t i = 0; i < value.tuple_shape().size; ++i) {
        hash += Mix(HashPart(value.tuple_shape().names[i]), HashValue(ctx, value.tuple_values()[i]));
      }
      return hash;
    }
    case Tag::kCode:
      return Mix(HashPart(value.code().code), HashPart(value.code().system));
    case Tag::kValueSet:
    case Tag::kCodeSystem:
      return HashPart(value.vocabulary().id);
    default:
      return static_cast<std::uint64_t>(value.tag());
  }
}

}  // namespace plumbline::cql
