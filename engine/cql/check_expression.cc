// Expressions: operators, branches, types.
#include <algorithm>

#include "engine/cql/compiler_internal.h"
#include "engine/cql/interval.h"
#include "engine/cql/quantity.h"

namespace plumbline::cql {
namespace {

constexpr std::size_t kFoldFrom = 16;  // operands of a chain that is evaluated by a loop

}  // namespace

Expr* Compiler::New(ExprKind kind, const Type* type, Span span, std::initializer_list<const Expr*> kids) {
  return NewWith(kind, type, span, {kids.begin(), kids.size()});
}

Expr* Compiler::NewWith(ExprKind kind, const Type* type, Span span, std::span<const Expr* const> kids) {
  Expr* node = program_.arena_.AllocateArray<Expr>(1);
  node->kind = kind;
  node->type = type;
  node->span = span;
  node->source = scope_ == nullptr ? nullptr : scope_->source;
  node->kids = Keep(kids);
  ++program_.node_count_;
  return node;
}

Expr* Compiler::Finish(Expr* node) {
  Measure(node);
  BindExpr(node);
  FoldConstant(node, &program_.arena_);
  return node;
}

Expr* Compiler::Constant(const Value& value, const Type* type, Span span) {
  Expr* node = New(ExprKind::kConstant, type, span);
  node->constant = value;
  return Finish(node);
}

Expr* Compiler::Check(const AstNode& ast) {
  if (TooLarge(ast.span)) return nullptr;
  switch (ast.kind) {
    case AstKind::kError:
      return nullptr;
    case AstKind::kNull:
    case AstKind::kBoolean:
    case AstKind::kInteger:
    case AstKind::kLong:
    case AstKind::kDecimal:
    case AstKind::kString:
    case AstKind::kDate:
    case AstKind::kDateTime:
    case AstKind::kTime:
      return Literal(ast);
    case AstKind::kQuantity:
      return Quantity(ast);
    case AstKind::kRatio:
      return Ratio(ast);
    case AstKind::kInterval:
      return Interval(ast);
    case AstKind::kList:
      return List(ast);
    case AstKind::kTuple:
      return Tuple(ast);
    case AstKind::kInstance:
      return Instance(ast);
    case AstKind::kCode:
      return Code(ast);
    case AstKind::kConcept:
      return Concept(ast);
    case AstKind::kName:
      return Name(ast);
    case AstKind::kMember:
      return Member(ast);
    case AstKind::kCall:
      return Call(ast);
    case AstKind::kIndexer: {
      Expr* list = Check(*ast.kids[0]);
      Expr* index = Check(*ast.kids[1]);
      return list == nullptr || index == nullptr ? nullptr : Operator("Indexer", {list, index}, ast.span);
    }
    default:
      return CheckKind(ast);
  }
}

Expr* Compiler::CheckKind(const AstNode& ast) {
  switch (ast.kind) {
    case AstKind::kUnary:
      return Unary(ast);
    case AstKind::kChain:
      return Chain(ast);
    case AstKind::kBetween:
      return Between(ast);
    case AstKind::kTiming:
      return Timing(ast);
    case AstKind::kMembership:
      return Membership(ast);
    case AstKind::kDuration:
    case AstKind::kDurationOfInterval:
      return Duration(ast);
    case AstKind::kComponent:
      return Operator("DateTimeComponentFrom", {Check(*ast.kids[0])}, ast.span, ast.precision);
    case AstKind::kIs:
    case AstKind::kAs:
      return IsOrAs(ast);
    case AstKind::kConvert:
      return ConvertTo(ast);
    case AstKind::kConvertUnit: {
      const Value unit = Value::String(KeepText(NormalUnit(KeepText(ast.text))));
      return Operator("ConvertQuantity", {Check(*ast.kids[0]), Constant(unit, types_.System(Tag::kString), ast.span)}, ast.span);
    }
    case AstKind::kIsLiteral: {
      Expr* test = Operator(ast.text, {Check(*ast.kids[0])}, ast.span);
      return ast.Has(AstNode::kNegated) ? Operator("Not", {test}, ast.span) : test;
    }
    case AstKind::kMinimum:
    case AstKind::kMaximum:
      return Limit(ast);
    case AstKind::kIf:
      return If(ast);
    case AstKind::kCase:
      return Case(ast);
    case AstKind::kExpandCollapse:
      return ExpandCollapse(ast);
    case AstKind::kRetrieve:
      return Retrieve(ast);
    case AstKind::kQuery:
      return Query(ast);
    default:
      return Error(ast, "this expression has no meaning");
  }
}

Expr* Compiler::CheckAs(const AstNode& ast, const Type* wanted, std::string_view what) {
  Expr* value = Check(ast);
  if (value == nullptr) return nullptr;
  if (!Cost(value->type, wanted))
    return Error(ast, std::string(what) + " must be " + ShortName(*wanted) + ", this is " + ShortName(*value->type));
  return Convert(value, wanted);
}

Expr* Compiler::Unary(const AstNode& ast) {
  const AstNode& operand = *ast.kids[0];
  if ((ast.text == "Negate" || ast.text == "Positive") &&
      (operand.kind == AstKind::kInteger || operand.kind == AstKind::kLong || operand.kind == AstKind::kDecimal))
    return Number(operand, ast.text == "Negate");
  if (ast.text == "Not") {
    Expr* value = CheckAs(operand, types_.System(Tag::kBoolean), "the operand of 'not'");
    return value == nullptr ? nullptr : Operator("Not", {value}, ast.span);
  }
  Expr* value = Check(operand);
  if (value == nullptr) return nullptr;
  if (ast.text == "Positive") return Operator("Negate", {value}, ast.span) == nullptr ? nullptr : value;
  if (ast.text == "Flatten" && value->type->IsList() && value->type->element()->IsChoice()) {
    // Lists among the elements are opened, the other elements stay.
    std::vector<const Type*> inner;
    for (const Type* one : value->type->element()->arguments) inner.push_back(one->IsList() ? one->element() : one);
    // A view of any elements as lists: the operator looks at each.
    Expr* mixed = New(ExprKind::kAs, types_.List(types_.List(types_.any())), ast.span, {value});
    mixed->test = TestOf(types_.any());
    Expr* flat = Operator("Flatten", {Finish(mixed)}, ast.span);
    flat->type = types_.List(types_.Choice(inner));
    return flat;
  }
  return Operator(ast.text, {value}, ast.span);
}

Expr* Compiler::Chain(const AstNode& ast) {
  const std::string_view first = ast.names[1];
  if (first == "And" || first == "Or" || first == "Xor" || first == "Implies") return Logic(ast);
  Expr* so_far = Check(*ast.kids[0]);
  std::vector<const Expr*> fold_kids{so_far};
  std::vector<OperatorFn> fold_ops{nullptr};
  bool fine = so_far != nullptr;
  const bool uniform = std::ranges::all_of(ast.names.subspan(1), [&](std::string_view name) { return name == first; });
  std::uint16_t height = so_far == nullptr ? 0 : so_far->height;
  const auto close = [&](Expr* node) {
    if (node->kind != ExprKind::kFold || !node->kids.empty()) return;
    node->kids = Keep(fold_kids);
    node->ops = Keep(fold_ops).data();
    node->name = uniform ? ast.names[1] : std::string_view();
    Finish(node);
  };
  for (std::size_t i = 1; i < ast.kids.size(); ++i) {
    Expr* right = Check(*ast.kids[i]);
    fine = fine && right != nullptr;
    if (!fine) {
      so_far = nullptr;
      continue;
    }
    Expr* step = ChainStep(ast, i, so_far, right);
    if (step == nullptr) {
      fine = false;
      continue;
    }
    const bool plain = step->kind == ExprKind::kOperator && step->kids.size() == 2 && ast.kids.size() > kFoldFrom;
    if (!plain || step->kids[0] != so_far) {
      // What was folded so far becomes one operand of what follows.
      close(so_far);
      fold_kids = {plain ? step->kids[0] : step};
      fold_ops = {nullptr};
      height = fold_kids[0] == nullptr ? 0 : fold_kids[0]->height;
    }
    if (!plain) {
      so_far = step;
      continue;
    }
    fold_kids.push_back(step->kids[1]);
    fold_ops.push_back(step->op);
    so_far = NewWith(ExprKind::kFold, step->type, ast.span, {});
    height = std::max(height, step->kids[1]->height);
    so_far->height = static_cast<std::uint16_t>(height + 1);
  }
  if (fine) close(so_far);
  return fine ? so_far : nullptr;
}

Expr* Compiler::ChainStep(const AstNode& ast, std::size_t step, Expr* left, Expr* right) {
  const Span span{ast.span.begin, right->span.end};
  const std::string_view operation = ast.names[step];
  if (operation != "ConcatenateAmpersand") return Operator(operation, {left, right}, span);
  const Type* text = types_.System(Tag::kString);
  Expr* operands[] = {left, right};
  for (Expr*& operand : operands) {
    if (operand == left && ast.names[step - 1] == operation) continue;  // what was joined is not null
    if (!Cost(operand->type, text)) return Error(operand->span, "'&' joins Strings, this is " + ShortName(*operand->type));
    Expr* empty = Constant(Value::String(""), text, operand->span);
    operand = Finish(New(ExprKind::kCoalesce, text, operand->span, {Convert(operand, text), empty}));
  }
  return Operator("Concatenate", {operands[0], operands[1]}, span);
}

Expr* Compiler::Logic(const AstNode& ast) {
  const Type* boolean = types_.System(Tag::kBoolean);
  std::vector<const Expr*> kids;
  bool fine = true;
  for (const AstNode* kid : ast.kids) {
    Expr* operand = CheckAs(*kid, boolean, "an operand of a logical operator");
    fine = fine && operand != nullptr;
    kids.push_back(operand);
  }
  if (!fine) return nullptr;
  const std::string_view first = ast.names[1];
  const bool uniform = std::ranges::all_of(ast.names.subspan(1), [&](std::string_view name) { return name == first; });
  if (uniform && (first == "And" || first == "Or"))
    return Finish(NewWith(first == "And" ? ExprKind::kAnd : ExprKind::kOr, boolean, ast.span, kids));
  // A mixture of or and xor, or implications: folded from the left, in one node however long.
  std::vector<OperatorFn> ops{nullptr};
  for (std::size_t i = 1; i < kids.size(); ++i) ops.push_back(Signatures(ast.names[i]).front().entry->fn);
  if (kids.size() == 2 && first == "Implies") return Finish(NewWith(ExprKind::kImplies, boolean, ast.span, kids));
  Expr* fold = NewWith(ExprKind::kFold, boolean, ast.span, kids);
  fold->ops = Keep(ops).data();
  return Finish(fold);
}

Expr* Compiler::Between(const AstNode& ast) {
  Expr* value = Check(*ast.kids[0]);
  Expr* low = Check(*ast.kids[1]);
  Expr* high = Check(*ast.kids[2]);
  if (value == nullptr || low == nullptr || high == nullptr) return nullptr;
  const bool properly = ast.Has(AstNode::kProperly);
  Expr* above = Operator(properly ? "Greater" : "GreaterOrEqual", {value, low}, ast.span);
  Expr* below = Operator(properly ? "Less" : "LessOrEqual", {value, high}, ast.span);
  if (above == nullptr || below == nullptr) return nullptr;
  return Finish(New(ExprKind::kAnd, types_.System(Tag::kBoolean), ast.span, {above, below}));
}

Expr* Compiler::Membership(const AstNode& ast) {
  Expr* left = Check(*ast.kids[0]);
  Expr* right = Check(*ast.kids[1]);
  if (left == nullptr || right == nullptr) return nullptr;
  const bool in = ast.text == "In";
  Expr* element = in ? left : right;
  Expr* container = in ? right : left;
  const bool set = container->type->Is(Tag::kValueSet);
  if (set || container->type->Is(Tag::kCodeSystem)) {
    const bool list = element->type->IsList();
    return Operator(set ? (list ? "AnyInValueSet" : "InValueSet") : (list ? "AnyInCodeSystem" : "InCodeSystem"),
                    {element, container}, ast.span);
  }
  const bool properly = ast.Has(AstNode::kProperly);
  if (in) return Operator(properly ? "ProperIn" : "In", {left, right}, ast.span, ast.precision);
  return Operator(properly ? "ProperContains" : "Contains", {left, right}, ast.span, ast.precision);
}

Expr* Compiler::Duration(const AstNode& ast) {
  Expr* low = Check(*ast.kids[0]);
  if (low == nullptr) return nullptr;
  Expr* high = nullptr;
  if (ast.kind == AstKind::kDurationOfInterval) {
    high = Operator("End", {low}, ast.span);
    low = Operator("Start", {low}, ast.span);
  } else {
    high = Check(*ast.kids[1]);
  }
  if (low == nullptr || high == nullptr) return nullptr;
  return Operator(ast.text, {low, high}, ast.span, ast.precision);
}

Expr* Compiler::IsOrAs(const AstNode& ast) {
  Expr* value = Check(*ast.kids[0]);
  const Type* type = ResolveType(*ast.type);
  if (value == nullptr || type == nullptr) return nullptr;
  if (ast.kind == AstKind::kIs) {
    Expr* node = New(ExprKind::kIs, types_.System(Tag::kBoolean), ast.span, {value});
    node->test = TestOf(type);
    return Finish(node);
  }
  if (value->type->IsAny() && value->kind == ExprKind::kConstant && value->constant.IsNull()) return Constant({}, type, ast.span);
  return AsNode(value, type, ast.Has(AstNode::kStrict), ast.span);
}

Expr* Compiler::ConvertTo(const AstNode& ast) {
  Expr* value = Check(*ast.kids[0]);
  const Type* type = ResolveType(*ast.type);
  if (value == nullptr || type == nullptr) return nullptr;
  if (Cost(value->type, type)) return Convert(value, type);
  if (type->kind == TypeKind::kSystem) {
    const std::string operation = "To" + std::string(TagName(type->tag));
    if (Expr* converted = Operator(operation, {value}, ast.span, {}, true)) return converted;
  }
  return Error(ast, "a " + ShortName(*value->type) + " does not convert to " + ShortName(*type));
}

Expr* Compiler::Limit(const AstNode& ast) {
  const Type* type = ResolveType(*ast.type);
  if (type == nullptr) return nullptr;
  const bool minimum = ast.kind == AstKind::kMinimum;
  const Value limit = minimum ? MinimumOf(program_.arena_, type->tag, {}) : MaximumOf(program_.arena_, type->tag, {});
  if (limit.IsNull()) return Error(ast, "the type " + ShortName(*type) + " has no " + (minimum ? "minimum" : "maximum"));
  return Constant(limit, type, ast.span);
}

Expr* Compiler::If(const AstNode& ast) {
  Expr* condition = CheckAs(*ast.kids[0], types_.System(Tag::kBoolean), "the condition of 'if'");
  Expr* then = Check(*ast.kids[1]);
  Expr* otherwise = Check(*ast.kids[2]);
  if (condition == nullptr || then == nullptr || otherwise == nullptr) return nullptr;
  const Type* type = CommonBranch(then->type, otherwise->type);
  return Finish(New(ExprKind::kIf, type, ast.span, {condition, Convert(then, type), Convert(otherwise, type)}));
}

Expr* Compiler::Case(const AstNode& ast) {
  const bool comparand = ast.Has(AstNode::kHasComparand);
  std::vector<const Expr*> kids;
  Local compared{.name = "", .type = nullptr, .slot = -1};
  bool fine = true;
  std::size_t i = 0;
  if (comparand) {
    Expr* value = Check(*ast.kids[i++]);
    if (value == nullptr) return nullptr;
    compared = {.name = "", .type = value->type, .slot = NewSlot()};
    kids.push_back(value);
  }
  std::vector<Expr*> results;
  const Type* type = types_.any();
  for (; i < ast.kids.size(); ++i) {
    if (i + 1 < ast.kids.size()) {
      Expr* condition = Check(*ast.kids[i]);
      if (condition != nullptr && comparand)
        condition = Operator("Equal", {LocalNode(compared, condition->span), condition}, condition->span);
      if (condition != nullptr && !Cost(condition->type, types_.System(Tag::kBoolean)))
        condition = Error(*ast.kids[i], "the condition of 'when' must be Boolean, this is " + ShortName(*condition->type));
      fine = fine && condition != nullptr;
      kids.push_back(condition == nullptr ? nullptr : Convert(condition, types_.System(Tag::kBoolean)));
      ++i;
    }
    Expr* result = Check(*ast.kids[i]);
    fine = fine && result != nullptr;
    if (result != nullptr) type = CommonBranch(type, result->type);
    results.push_back(result);
    kids.push_back(result);
  }
  if (!fine) return nullptr;
  for (std::size_t at = comparand ? 2 : 1, result = 0; result < results.size(); ++result, at += 2) {
    const std::size_t place = std::min(at, kids.size() - 1);
    kids[place] = Convert(results[result], type);
    if (kids[place] == nullptr) return nullptr;
  }
  Expr* node = NewWith(comparand ? ExprKind::kCaseOf : ExprKind::kCase, type, ast.span, kids);
  node->index = compared.slot;
  return Finish(node);
}

Expr* Compiler::ExpandCollapse(const AstNode& ast) {
  Expr* value = Check(*ast.kids[0]);
  if (value == nullptr) return nullptr;
  Expr* per = nullptr;
  if (ast.precision) {
    const std::string_view unit = PrecisionName(*ast.precision);
    per = Constant(MakeQuantity(program_.arena_, Decimal::FromInteger(1), unit, 1), types_.System(Tag::kQuantity), ast.span);
  } else if (ast.kids.size() > 1) {
    per = CheckAs(*ast.kids[1], types_.System(Tag::kQuantity), "the operand of 'per'");
    if (per == nullptr) return nullptr;
  }
  std::vector<Expr*> operands{value};
  if (per != nullptr) operands.push_back(per);
  return Operator(ast.text, std::move(operands), ast.span);
}

}  // namespace plumbline::cql
