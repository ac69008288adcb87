// Logical, nullological and comparison operators.
#include "engine/cql/operators_internal.h"

namespace plumbline::cql::ops {
namespace {

Value AndOf(EvalContext&, const Value* a, std::size_t) { return FromTri(And(ToTri(a[0]), ToTri(a[1]))); }
Value OrOf(EvalContext&, const Value* a, std::size_t) { return FromTri(Or(ToTri(a[0]), ToTri(a[1]))); }
Value NotOf(EvalContext&, const Value* a, std::size_t) { return FromTri(Not(ToTri(a[0]))); }
Value ImpliesOf(EvalContext&, const Value* a, std::size_t) { return FromTri(Or(Not(ToTri(a[0])), ToTri(a[1]))); }

Value XorOf(EvalContext&, const Value* a, std::size_t) {
  const Tri x = ToTri(a[0]), y = ToTri(a[1]);
  return x == Tri::kNull || y == Tri::kNull ? Value() : Value::Boolean(x != y);
}

Value IsNullOf(EvalContext&, const Value* a, std::size_t) { return Value::Boolean(a[0].IsNull()); }
Value IsTrueOf(EvalContext&, const Value* a, std::size_t) { return Value::Boolean(a[0].IsTrue()); }
Value IsFalseOf(EvalContext&, const Value* a, std::size_t) { return Value::Boolean(a[0].IsFalse()); }

Value EqualOf(EvalContext& ctx, const Value* a, std::size_t) { return FromTri(Equal(ctx, a[0], a[1])); }
Value NotEqualOf(EvalContext& ctx, const Value* a, std::size_t) { return FromTri(Not(Equal(ctx, a[0], a[1]))); }
Value EquivalentOf(EvalContext& ctx, const Value* a, std::size_t) { return Value::Boolean(Equivalent(ctx, a[0], a[1])); }
Value NotEquivalentOf(EvalContext& ctx, const Value* a, std::size_t) { return Value::Boolean(!Equivalent(ctx, a[0], a[1])); }

bool BothIntegers(const Value* a) { return a[0].Is(Tag::kInteger) && a[1].Is(Tag::kInteger); }

Value LessOf(EvalContext& ctx, const Value* a, std::size_t) {
  if (BothIntegers(a)) return Value::Boolean(a[0].integer() < a[1].integer());
  return FromTri(Less(ctx, a[0], a[1]));
}
Value LessOrEqualOf(EvalContext& ctx, const Value* a, std::size_t) {
  if (BothIntegers(a)) return Value::Boolean(a[0].integer() <= a[1].integer());
  return FromTri(LessOrEqual(ctx, a[0], a[1]));
}
Value GreaterOf(EvalContext& ctx, const Value* a, std::size_t) {
  if (BothIntegers(a)) return Value::Boolean(a[0].integer() > a[1].integer());
  return FromTri(Less(ctx, a[1], a[0]));
}
Value GreaterOrEqualOf(EvalContext& ctx, const Value* a, std::size_t) {
  if (BothIntegers(a)) return Value::Boolean(a[0].integer() >= a[1].integer());
  return FromTri(LessOrEqual(ctx, a[1], a[0]));
}

#define PLUMBLINE_ORDER_ROWS(name, fn)                                                                                        \
  {name, "(Integer, Integer): Boolean", U<fn>, kNullPropagating}, {name, "(Long, Long): Boolean", U<fn>, kNullPropagating},   \
      {name, "(Decimal, Decimal): Boolean", U<fn>, kNullPropagating},                                                         \
      {name, "(String, String): Boolean", U<fn>, kNullPropagating}, {name, "(Date, Date): Boolean", U<fn>, kNullPropagating}, \
      {name, "(DateTime, DateTime): Boolean", U<fn>, kNullPropagating},                                                       \
      {name, "(Time, Time): Boolean", U<fn>, kNullPropagating}, {                                                             \
    name, "(Quantity, Quantity): Boolean", U<fn>, kNullPropagating                                                            \
  }

constexpr OperatorEntry kRows[] = {
    {"And", "(Boolean, Boolean): Boolean", AndOf, 0},
    {"Or", "(Boolean, Boolean): Boolean", OrOf, 0},
    {"Xor", "(Boolean, Boolean): Boolean", XorOf, 0},
    {"Implies", "(Boolean, Boolean): Boolean", ImpliesOf, 0},
    {"Not", "(Boolean): Boolean", NotOf, kNullPropagating},
    {"IsNull", "(Any): Boolean", IsNullOf, 0},
    {"IsTrue", "(Boolean): Boolean", IsTrueOf, 0},
    {"IsFalse", "(Boolean): Boolean", IsFalseOf, 0},
    {"Equal", "(T, T): Boolean", U<EqualOf>, kNullPropagating},
    {"NotEqual", "(T, T): Boolean", U<NotEqualOf>, kNullPropagating},
    {"Equivalent", "(T, T): Boolean", EquivalentOf, 0},
    {"Equivalent", "(Code, Concept): Boolean", EquivalentOf, 0},
    {"Equivalent", "(Concept, Code): Boolean", EquivalentOf, 0},
    {"NotEquivalent", "(T, T): Boolean", NotEquivalentOf, 0},
    {"NotEquivalent", "(Code, Concept): Boolean", NotEquivalentOf, 0},
    {"NotEquivalent", "(Concept, Code): Boolean", NotEquivalentOf, 0},
    PLUMBLINE_ORDER_ROWS("Less", LessOf),
    PLUMBLINE_ORDER_ROWS("LessOrEqual", LessOrEqualOf),
    PLUMBLINE_ORDER_ROWS("Greater", GreaterOf),
    PLUMBLINE_ORDER_ROWS("GreaterOrEqual", GreaterOrEqualOf),
};

}  // namespace

std::span<const OperatorEntry> LogicOperators() { return kRows; }

}  // namespace plumbline::cql::ops
