// The plain edition of evaluation: a walk over the tree that looks at every node's kind, calls every operator with all its
// operands, and keeps neither definitions nor constants. It exists to be compared with.
#include "engine/cql/eval_nodes.h"

namespace plumbline::cql {
namespace {

Value WalkOperator(const Expr& node, Evaluation& ev) {
  std::vector<Value> args;
  args.reserve(node.kids.size());
  for (const Expr* kid : node.kids) args.push_back(ev.Walk(*kid));
  return node.op(ev.context(), args.data(), args.size());
}

Value WalkDefine(const Expr& node, Evaluation& ev) {
  EvalContext& ctx = ev.context();
  if (++ctx.depth > ctx.limits.depth) {
    --ctx.depth;
    return ctx.Fail(EvalErrorKind::kLimit, "definitions are nested deeper than the limit");
  }
  const Value value = ev.Walk(*ev.program().definitions()[static_cast<std::size_t>(node.index)].body);
  --ctx.depth;
  return value;
}

}  // namespace

Value Evaluation::Walk(const Expr& node) {
  switch (node.kind) {
    case ExprKind::kConstant:
      return node.constant;
    case ExprKind::kSlot:
      return slot(node.index);
    case ExprKind::kDefine:
      return WalkDefine(node, *this);
    case ExprKind::kParameter:
      return Parameter(node.index);
    case ExprKind::kOperator:
      return WalkOperator(node, *this);
    case ExprKind::kFold:
      return EvalFold<false>(node, *this);
    case ExprKind::kAnd:
      return EvalAnd<false>(node, *this);
    case ExprKind::kOr:
      return EvalOr<false>(node, *this);
    case ExprKind::kImplies:
      return EvalImplies<false>(node, *this);
    case ExprKind::kIf:
      return EvalIf<false>(node, *this);
    case ExprKind::kCase:
    case ExprKind::kCaseOf:
      return EvalCase<false>(node, *this);
    case ExprKind::kCoalesce:
      return EvalCoalesce<false>(node, *this);
    case ExprKind::kList:
      return EvalList<false>(node, *this);
    case ExprKind::kTuple:
      return EvalTuple<false>(node, *this);
    case ExprKind::kInterval:
      return EvalInterval<false>(node, *this);
    case ExprKind::kInstance:
      return EvalInstance<false>(node, *this);
    case ExprKind::kElement:
      return EvalElement<false>(node, *this);
    case ExprKind::kProperty:
      return EvalProperty<false>(node, *this);
    case ExprKind::kListProperty:
      return EvalListProperty<false>(node, *this);
    case ExprKind::kIs:
      return EvalIs<false>(node, *this);
    case ExprKind::kAs:
      return EvalAs<false>(node, *this);
    case ExprKind::kConvertList:
      return EvalConvertList<false>(node, *this);
    case ExprKind::kConvertInterval:
      return EvalConvertInterval<false>(node, *this);
    case ExprKind::kConvertChoice:
      return EvalConvertChoice<false>(node, *this);
    case ExprKind::kRetrieve:
      return EvalRetrieve<false>(node, *this);
    case ExprKind::kQuery:
      return EvalQuery<false>(node, *this);
    case ExprKind::kCall:
      return EvalCall<false>(node, *this);
  }
  return {};
}

}  // namespace plumbline::cql
