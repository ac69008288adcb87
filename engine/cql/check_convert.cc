// Implicit conversions: what they cost in the choice of an overload, and their nodes.
#include <algorithm>
#include <array>

#include "engine/cql/compiler_internal.h"

namespace plumbline::cql {
namespace {

constexpr int kToAny = 3, kSubtypeCost = 1, kFromAny = 1, kToChoice = 2, kFromChoice = 6, kModelCost = 5, kDeeper = 1,
              kLostAlternative = 3;

struct SystemConversion {
  Tag from, to;
  std::string_view operation;
  int cost;
};
constexpr std::array kConversions{
    SystemConversion{Tag::kInteger, Tag::kLong, "ToLong", 4},
    SystemConversion{Tag::kInteger, Tag::kDecimal, "ToDecimal", 5},
    SystemConversion{Tag::kInteger, Tag::kQuantity, "ToQuantity", 7},
    SystemConversion{Tag::kLong, Tag::kDecimal, "ToDecimal", 5},
    SystemConversion{Tag::kLong, Tag::kQuantity, "ToQuantity", 7},
    SystemConversion{Tag::kDecimal, Tag::kQuantity, "ToQuantity", 6},
    SystemConversion{Tag::kDate, Tag::kDateTime, "ToDateTime", 5},
    SystemConversion{Tag::kCode, Tag::kConcept, "ToConcept", 5},
};

const SystemConversion* FindConversion(const Type* from, const Type* to) {
  for (const SystemConversion& entry : kConversions) {
    if (from->Is(entry.from) && to->Is(entry.to)) return &entry;
  }
  return nullptr;
}

}  // namespace

std::optional<int> Compiler::SystemCost(const Type* from, const Type* to) const {
  if (const SystemConversion* found = FindConversion(from, to)) return found->cost;
  if (from->Is(Tag::kValueSet) && to->IsList() && to->element()->Is(Tag::kCode)) return kModelCost;
  return std::nullopt;
}

const ModelConversion* Compiler::ModelConversionOf(const Type* from, const Type* to) {
  const Type* at = from;
  constexpr int kLongestChain = 16;
  for (int i = 0; i < kLongestChain && at != nullptr && at->IsObject(); ++i) {
    for (const ModelConversion& conversion : at->model->Conversions()) {
      if (conversion.from_type == at->name && conversion.to_type == to->name) return &conversion;
    }
    const auto base = at->model->BaseType(at->local_name);
    if (!base) return nullptr;
    const DataModel* models[] = {at->model};
    at = types_.Parse(*base, models);
  }
  return nullptr;
}

// nullopt: there is no way.
std::optional<int> Compiler::Cost(const Type* from, const Type* to) {
  if (from == to) return 0;
  if (to->IsAny()) return kToAny;
  if (from->IsAny()) return kFromAny;
  if (types_.IsSubtype(from, to)) return to->IsChoice() ? kToChoice : kSubtypeCost;
  std::optional<int> best;
  const auto consider = [&best](std::optional<int> cost, int more) {
    if (cost && (!best || *cost + more < *best)) best = *cost + more;
  };
  if (from->IsChoice()) {
    int lost = 0;
    for (const Type* one : from->arguments) {
      const auto cost = Cost(one, to);
      lost += cost ? 0 : kLostAlternative;
      consider(cost, kFromChoice);
    }
    if (best) *best += lost;
    return best;
  }
  if (to->IsChoice()) {
    for (const Type* one : to->arguments) consider(Cost(from, one), kToChoice);
    return best;
  }
  if ((from->IsList() && to->IsList()) || (from->IsInterval() && to->IsInterval())) {
    consider(Cost(from->element(), to->element()), kDeeper);
    return best;
  }
  if (from->IsTuple() && to->IsTuple() && from->names == to->names) {
    int total = kDeeper;
    for (std::size_t i = 0; i < from->arguments.size(); ++i) {
      if (!from->arguments[i]->IsAny() && !types_.IsSubtype(from->arguments[i], to->arguments[i])) return std::nullopt;
      total += from->arguments[i] == to->arguments[i] ? 0 : 1;
    }
    return total;
  }
  consider(SystemCost(from, to), 0);
  // A downcast within a model is not implicit; FHIRHelpers' conversions are.
  if (from->IsObject() && ModelConversionOf(from, to) != nullptr) consider(kModelCost, 0);
  if (!best && from->IsObject() && to->Is(Tag::kConcept) && ModelConversionOf(from, types_.System(Tag::kCode)) != nullptr)
    consider(2 * kModelCost, 0);
  return best;
}

Expr* Compiler::Convert(Expr* value, const Type* to) {
  if (value == nullptr || value->type == to || to->IsAny()) return value;
  const Type* from = value->type;
  if (from->IsAny()) {
    if (value->kind == ExprKind::kConstant && value->constant.IsNull()) return Constant({}, to, value->span);
    return AsNode(value, to, false, value->span);
  }
  if (types_.IsSubtype(from, to)) return value;
  if (from->IsChoice() || to->IsChoice()) return ConvertChoice(value, to);
  if (from->IsList() && to->IsList()) return ConvertList(value, to);
  // An interval of nothing known has no point type, and operators know what that means.
  if (from->IsInterval() && from->element()->IsAny()) return value;
  if (from->IsInterval() && to->IsInterval()) return ConvertInterval(value, to);
  if (from->IsTuple()) return value;
  if (from->IsObject()) return ConvertModel(value, to);
  return ConvertSystem(value, to);
}

Expr* Compiler::ConvertSystem(Expr* value, const Type* to) {
  if (value->type->Is(Tag::kValueSet)) return Operator("ExpandValueSet", {value}, value->span);
  const SystemConversion* found = FindConversion(value->type, to);
  if (found == nullptr) return Error(value->span, "a " + ShortName(*value->type) + " is not a " + ShortName(*to));
  return Operator(found->operation, {value}, value->span);
}

Expr* Compiler::ConvertModel(Expr* value, const Type* to) {
  const ModelConversion* conversion = ModelConversionOf(value->type, to);
  if (conversion == nullptr) return Convert(Convert(value, types_.System(Tag::kCode)), to);
  const std::string_view operands[] = {conversion->from_type};
  const auto native = value->type->model->Native(conversion->library, conversion->function, operands);
  if (native == nullptr)
    return Error(value->span, "a " + ShortName(*value->type) + " becomes a " + ShortName(*to) + " only by " +
                                  conversion->library + "." + conversion->function);
  Expr* node = New(ExprKind::kOperator, to, value->span, {value});
  node->op = native;
  node->op_flags = kNullPropagating | kNotDeterministic;
  node->name = KeepText(conversion->function);
  return Finish(node);
}

Expr* Compiler::ConvertList(Expr* value, const Type* to) {
  if (value->type->element()->IsAny()) return AsNode(value, to, false, value->span);
  const Local element{.name = "", .type = value->type->element(), .slot = NewSlot()};
  Expr* converted = Convert(LocalNode(element, value->span), to->element());
  if (converted == nullptr) return nullptr;
  Expr* node = New(ExprKind::kConvertList, to, value->span, {value, converted});
  node->index = element.slot;
  return Finish(node);
}

Expr* Compiler::ConvertInterval(Expr* value, const Type* to) {
  const Local point{.name = "", .type = value->type->element(), .slot = NewSlot()};
  Expr* converted = Convert(LocalNode(point, value->span), to->element());
  if (converted == nullptr) return nullptr;
  Expr* node = New(ExprKind::kConvertInterval, to, value->span, {value, converted});
  node->index = point.slot;
  node->tag = to->element()->tag;
  return Finish(node);
}

// By what the value turns out to be: each alternative of the choice, in its own way.
Expr* Compiler::ConvertChoice(Expr* value, const Type* to) {
  const Type* from = value->type;
  const Type* const one[] = {from};
  const std::span<const Type* const> alternatives = from->IsChoice() ? std::span<const Type* const>(from->arguments) : one;
  const Local local{.name = "", .type = from, .slot = NewSlot()};
  std::vector<const Expr*> kids{value};
  std::vector<const TypeTest*> tests;
  for (const Type* alternative : alternatives) {
    const Type* target = to;
    if (to->IsChoice() && !types_.IsSubtype(alternative, to)) {
      std::optional<int> best;
      for (const Type* candidate : to->arguments) {
        const auto cost = Cost(alternative, candidate);
        if (!cost || (best && *cost >= *best)) continue;
        best = cost;
        target = candidate;
      }
      if (!best) continue;
    } else if (!Cost(alternative, to)) {
      continue;
    }
    Local typed = local;
    typed.type = alternative;
    Expr* converted = Convert(LocalNode(typed, value->span), target);
    if (converted == nullptr) return nullptr;
    kids.push_back(converted);
    tests.push_back(TestOf(alternative));
  }
  Expr* node = NewWith(ExprKind::kConvertChoice, to, value->span, kids);
  node->index = local.slot;
  node->tests = Keep(tests).data();
  return Finish(node);
}

Expr* Compiler::AsNode(Expr* value, const Type* to, bool strict, Span span) {
  Expr* node = New(ExprKind::kAs, to, span, {value});
  node->flags = strict ? Expr::kStrict : 0;
  node->test = TestOf(to);
  node->name = KeepText(ShortName(*to));
  return Finish(node);
}

const TypeTest* Compiler::TestOf(const Type* type) {
  if (const auto found = tests_.find(type); found != tests_.end()) return found->second;
  TypeTest test;
  test.name = KeepText(type->name);
  std::vector<const TypeTest*> parts;
  for (const Type* part : type->arguments) parts.push_back(TestOf(part));
  test.parts = Keep(parts);
  switch (type->kind) {
    case TypeKind::kSystem:
      test.kind = TypeTest::Kind::kTag;
      test.tag = type->tag;
      break;
    case TypeKind::kObject:
      test.kind = TypeTest::Kind::kObject;
      test.object_class = type->object_class;
      break;
    case TypeKind::kList:
      test.kind = TypeTest::Kind::kList;
      break;
    case TypeKind::kInterval:
      test.kind = TypeTest::Kind::kInterval;
      break;
    case TypeKind::kChoice:
      test.kind = TypeTest::Kind::kChoice;
      break;
    case TypeKind::kTuple: {
      test.kind = TypeTest::Kind::kTuple;
      std::vector<std::string_view> names;
      for (const std::string& name : type->names) names.push_back(KeepText(name));
      test.names = Keep(names);
      break;
    }
    default:
      break;
  }
  const TypeTest* kept = program_.arena_.Make(test);
  tests_.emplace(type, kept);
  return kept;
}

// The type in which an operator takes two operands; null where they have nothing in common.
const Type* Compiler::CommonOperand(const Type* a, const Type* b) {
  if (a == b || b->IsAny()) return a;
  if (a->IsAny()) return b;
  if (types_.IsSubtype(a, b)) return b->IsChoice() ? a : b;
  if (types_.IsSubtype(b, a)) return a->IsChoice() ? b : a;
  if ((a->IsList() && b->IsList()) || (a->IsInterval() && b->IsInterval())) {
    const Type* element = CommonOperand(a->element(), b->element());
    if (element != nullptr) return a->IsList() ? types_.List(element) : types_.Interval(element);
  }
  if (a->IsTuple() && b->IsTuple() && a->names == b->names) {
    std::vector<const Type*> elements;
    for (std::size_t i = 0; i < a->arguments.size(); ++i) {
      const Type* element = CommonOperand(a->arguments[i], b->arguments[i]);
      elements.push_back(element == nullptr ? types_.any() : element);
    }
    return types_.Tuple(a->names, elements);
  }
  const auto to_b = Cost(a, b);
  const auto to_a = Cost(b, a);
  if (to_b && (!to_a || *to_b <= *to_a)) return b;
  if (to_a) return a;
  if (a->IsObject() && b->IsObject()) {
    for (const Tag tag : {Tag::kString, Tag::kDecimal, Tag::kDateTime, Tag::kConcept, Tag::kQuantity}) {
      const Type* target = types_.System(tag);
      if (Cost(a, target) && Cost(b, target)) return target;
    }
  }
  return nullptr;
}

// The type that holds both: of branches, of a list's elements, of a union.
const Type* Compiler::CommonBranch(const Type* a, const Type* b) {
  if (a == b || b->IsAny()) return a;
  if (a->IsAny()) return b;
  if (types_.IsSubtype(a, b)) return b;
  if (types_.IsSubtype(b, a)) return a;
  if (!a->IsChoice() && !b->IsChoice()) {
    if ((a->IsList() && b->IsList()) || (a->IsInterval() && b->IsInterval())) {
      const Type* element = a->IsList() ? CommonBranch(a->element(), b->element()) : CommonOperand(a->element(), b->element());
      if (element != nullptr) return a->IsList() ? types_.List(element) : types_.Interval(element);
    } else if (Cost(a, b)) {
      return b;
    } else if (Cost(b, a)) {
      return a;
    }
    if (a->IsTuple() && b->IsTuple() && a->names == b->names) return CommonOperand(a, b);
  }
  const Type* const both[] = {a, b};
  return types_.Choice(both);
}

}  // namespace plumbline::cql
