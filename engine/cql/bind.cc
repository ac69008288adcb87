// Which function evaluates a node: general ones by kind, narrow ones where operand types are known, and nodes whose operands are
// constants are computed once, here.
#include <algorithm>
#include <array>

#include "engine/cql/compiler_internal.h"
#include "engine/cql/eval_nodes.h"

namespace plumbline::cql {
namespace {

constexpr std::size_t kLongestConstant = 1024;  // bytes of a string computed while compiling

Value EvalConstant(const Expr& node, Evaluation& /*ev*/) { return node.constant; }
Value EvalSlot(const Expr& node, Evaluation& ev) { return ev.slot(node.index); }
Value EvalDefine(const Expr& node, Evaluation& ev) { return ev.Define(node.index); }
Value EvalParameter(const Expr& node, Evaluation& ev) { return ev.Parameter(node.index); }

template <std::size_t kCount>
Value EvalOperator(const Expr& node, Evaluation& ev) {
  Value args[kCount == 0 ? 1 : kCount];
  for (std::size_t i = 0; i < kCount; ++i) args[i] = RunKid(*node.kids[i], ev);
  return node.op(ev.context(), args, kCount);
}

// Null operands answered without the call.
template <std::size_t kCount>
Value EvalStrict(const Expr& node, Evaluation& ev) {
  Value args[kCount];
  bool null = false;
  // All operands are evaluated, whatever the first is: an error in one is not hidden by a null in another.
  for (std::size_t i = 0; i < kCount; ++i) {
    args[i] = RunKid(*node.kids[i], ev);
    null = null || args[i].IsNull();
  }
  if (null) return {};
  return node.op(ev.context(), args, kCount);
}

Value EvalMany(const Expr& node, Evaluation& ev) {
  Value* args = ev.context().arena.AllocateArray<Value>(node.kids.size());
  for (std::size_t i = 0; i < node.kids.size(); ++i) args[i] = RunKid(*node.kids[i], ev);
  return node.op(ev.context(), args, node.kids.size());
}

enum class Fast : std::uint8_t { kAdd, kSubtract, kMultiply, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kEqual, kNotEqual };

template <Fast kOp, typename T>
bool Compare(T a, T b) {
  if constexpr (kOp == Fast::kLess) return a < b;
  if constexpr (kOp == Fast::kLessOrEqual) return a <= b;
  if constexpr (kOp == Fast::kGreater) return a > b;
  if constexpr (kOp == Fast::kGreaterOrEqual) return a >= b;
  if constexpr (kOp == Fast::kNotEqual) return a != b;
  return a == b;
}

// Both operands are Integers when they are certain; anything else goes the general way.
template <Fast kOp>
Value EvalInteger(const Expr& node, Evaluation& ev) {
  Value args[2] = {RunKid(*node.kids[0], ev), RunKid(*node.kids[1], ev)};
  if (!args[0].Is(Tag::kInteger) || !args[1].Is(Tag::kInteger)) [[unlikely]]
    return node.op(ev.context(), args, 2);
  const std::int32_t a = args[0].integer();
  const std::int32_t b = args[1].integer();
  if constexpr (kOp <= Fast::kMultiply) {
    std::int32_t result = 0;
    const bool over = kOp == Fast::kAdd        ? __builtin_add_overflow(a, b, &result)
                      : kOp == Fast::kSubtract ? __builtin_sub_overflow(a, b, &result)
                                               : __builtin_mul_overflow(a, b, &result);
    return over ? Value() : Value::Integer(result);
  } else {
    return Value::Boolean(Compare<kOp>(a, b));
  }
}

template <Fast kOp>
Value EvalDecimal(const Expr& node, Evaluation& ev) {
  Value args[2] = {RunKid(*node.kids[0], ev), RunKid(*node.kids[1], ev)};
  if (!args[0].Is(Tag::kDecimal) || !args[1].Is(Tag::kDecimal)) [[unlikely]]
    return node.op(ev.context(), args, 2);
  return Value::Boolean(Compare<kOp>(args[0].decimal().units(), args[1].decimal().units()));
}

template <bool kWanted>
Value EvalStringEqual(const Expr& node, Evaluation& ev) {
  Value args[2] = {RunKid(*node.kids[0], ev), RunKid(*node.kids[1], ev)};
  if (!args[0].Is(Tag::kString) || !args[1].Is(Tag::kString)) [[unlikely]]
    return node.op(ev.context(), args, 2);
  return Value::Boolean((args[0].string() == args[1].string()) == kWanted);
}

// An instant of millisecond precision with an offset of its own, comparable without the general walk over components.
bool Exact(const Value& value) {
  return value.Is(Tag::kDateTime) && value.temporal().precision == Precision::kMillisecond && value.temporal().HasOffset();
}

template <Fast kOp>
Value EvalDateTime(const Expr& node, Evaluation& ev) {
  Value args[2] = {RunKid(*node.kids[0], ev), RunKid(*node.kids[1], ev)};
  if (!Exact(args[0]) || !Exact(args[1])) return node.op(ev.context(), args, 2);
  return Value::Boolean(Compare<kOp>(UnixMs(args[0].temporal(), 0), UnixMs(args[1].temporal(), 0)));
}

struct FastRow {
  std::string_view name;
  EvalFn integer, decimal, date_time;
};
const std::array kFastRows{
    FastRow{"Add", EvalInteger<Fast::kAdd>, nullptr, nullptr},
    FastRow{"Subtract", EvalInteger<Fast::kSubtract>, nullptr, nullptr},
    FastRow{"Multiply", EvalInteger<Fast::kMultiply>, nullptr, nullptr},
    FastRow{"Less", EvalInteger<Fast::kLess>, EvalDecimal<Fast::kLess>, EvalDateTime<Fast::kLess>},
    FastRow{"LessOrEqual", EvalInteger<Fast::kLessOrEqual>, EvalDecimal<Fast::kLessOrEqual>, EvalDateTime<Fast::kLessOrEqual>},
    FastRow{"Greater", EvalInteger<Fast::kGreater>, EvalDecimal<Fast::kGreater>, EvalDateTime<Fast::kGreater>},
    FastRow{"GreaterOrEqual", EvalInteger<Fast::kGreaterOrEqual>, EvalDecimal<Fast::kGreaterOrEqual>,
            EvalDateTime<Fast::kGreaterOrEqual>},
    FastRow{"Equal", EvalInteger<Fast::kEqual>, EvalDecimal<Fast::kEqual>, EvalDateTime<Fast::kEqual>},
    FastRow{"NotEqual", EvalInteger<Fast::kNotEqual>, EvalDecimal<Fast::kNotEqual>, EvalDateTime<Fast::kNotEqual>},
};

EvalFn NarrowFunction(const Expr& node) {
  if (node.kids.size() != 2) return nullptr;
  const auto both = [&](Tag tag) { return node.kids[0]->type->Is(tag) && node.kids[1]->type->Is(tag); };
  if (both(Tag::kString) && node.name == "Equal") return EvalStringEqual<true>;
  if (both(Tag::kString) && node.name == "NotEqual") return EvalStringEqual<false>;
  for (const FastRow& row : kFastRows) {
    if (row.name != node.name) continue;
    if (both(Tag::kInteger)) return row.integer;
    if (both(Tag::kDecimal)) return row.decimal;
    if (both(Tag::kDateTime)) return row.date_time;
  }
  return nullptr;
}

EvalFn OperatorFunction(const Expr& node) {
  if (const EvalFn narrow = NarrowFunction(node)) return narrow;
  const bool strict = (node.op_flags & kNullPropagating) != 0;
  switch (node.kids.size()) {
    case 0:
      return EvalOperator<0>;
    case 1:
      return strict ? EvalStrict<1> : EvalOperator<1>;
    case 2:
      return strict ? EvalStrict<2> : EvalOperator<2>;
    case 3:
      return strict ? EvalStrict<3> : EvalOperator<3>;
    case 4:
      return EvalOperator<4>;
    default:
      return EvalMany;
  }
}

// Values that mean the same in every evaluation: a DateTime without offset does not, its offset is the evaluation's.
bool IsPlain(const Value& value) {
  switch (value.tag()) {
    case Tag::kNull:
    case Tag::kBoolean:
    case Tag::kInteger:
    case Tag::kLong:
    case Tag::kDecimal:
    case Tag::kDate:
    case Tag::kTime:
    case Tag::kQuantity:
    case Tag::kCode:
      return true;
    case Tag::kString:
      return value.string().size() <= kLongestConstant;
    case Tag::kDateTime:
      return value.temporal().HasOffset();
    case Tag::kInterval:
      return IsPlain(value.interval().low) && IsPlain(value.interval().high);
    case Tag::kList:
      return std::ranges::all_of(value.list(), [](const Value& item) { return IsPlain(item); });
    default:
      return false;
  }
}

constexpr std::size_t kLongestList = 64;

}  // namespace

// Replaces the node's function by its value where every operand is a plain constant and nothing goes wrong.
void FoldConstant(Expr* node, Arena* arena) {
  const bool foldable = node->kind == ExprKind::kOperator || node->kind == ExprKind::kList || node->kind == ExprKind::kInterval;
  if (!foldable || node->kids.size() > kLongestList || (node->op_flags & kNotDeterministic) != 0 || node->name == "Message")
    return;
  if (node->kids.empty() && node->kind == ExprKind::kOperator) return;
  std::vector<Value> args;
  for (const Expr* kid : node->kids) {
    const bool constant = kid->fn == EvalConstant;
    if (!constant || !IsPlain(kid->constant)) return;
    args.push_back(kid->constant);
  }
  EvalContext ctx(*arena);
  Value result;
  if (node->kind == ExprKind::kOperator) {
    result = node->op(ctx, args.data(), args.size());
  } else if (node->kind == ExprKind::kInterval) {
    result = IntervalOf(ctx, *node, args[0], args[1]);
  } else {
    Value* items = arena->AllocateArray<Value>(args.size());
    std::ranges::copy(args, items);
    result = Value::List(items, args.size());
  }
  if (ctx.Failed() || !IsPlain(result)) return;
  if (result.Is(Tag::kList) && result.list().size() > kLongestList) return;
  node->constant = result;
  node->fn = EvalConstant;
}

void BindExpr(Expr* node) {
  switch (node->kind) {
    case ExprKind::kConstant:
      node->fn = EvalConstant;
      return;
    case ExprKind::kSlot:
      node->fn = EvalSlot;
      return;
    case ExprKind::kDefine:
      node->fn = EvalDefine;
      return;
    case ExprKind::kParameter:
      node->fn = EvalParameter;
      return;
    case ExprKind::kOperator:
      node->fn = OperatorFunction(*node);
      return;
    default:
      node->fn = ControlFunction(node->kind);
      return;
  }
}

EvalFn ControlFunction(ExprKind kind) {
  switch (kind) {
    case ExprKind::kFold:
      return EvalFold;
    case ExprKind::kAnd:
      return EvalAnd;
    case ExprKind::kOr:
      return EvalOr;
    case ExprKind::kImplies:
      return EvalImplies;
    case ExprKind::kIf:
      return EvalIf;
    case ExprKind::kCase:
    case ExprKind::kCaseOf:
      return EvalCase;
    case ExprKind::kCoalesce:
      return EvalCoalesce;
    case ExprKind::kList:
      return EvalList;
    case ExprKind::kTuple:
      return EvalTuple;
    case ExprKind::kInterval:
      return EvalInterval;
    case ExprKind::kInstance:
      return EvalInstance;
    case ExprKind::kElement:
      return EvalElement;
    case ExprKind::kProperty:
      return EvalProperty;
    case ExprKind::kListProperty:
      return EvalListProperty;
    case ExprKind::kIs:
      return EvalIs;
    case ExprKind::kAs:
      return EvalAs;
    case ExprKind::kConvertList:
      return EvalConvertList;
    case ExprKind::kConvertInterval:
      return EvalConvertInterval;
    case ExprKind::kConvertChoice:
      return EvalConvertChoice;
    case ExprKind::kRetrieve:
      return EvalRetrieve;
    case ExprKind::kQuery:
      return EvalQuery;
    default:
      return EvalCall;
  }
}

}  // namespace plumbline::cql
