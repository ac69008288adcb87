// Retrieves and queries.
#include <algorithm>

#include "engine/cql/compiler_internal.h"

namespace plumbline::cql {

Expr* Compiler::RetrieveCodes(const AstNode& ast, RetrievePlan* plan) {
  Expr* codes = Check(*ast.kids[0]);
  if (codes == nullptr) return nullptr;
  plan->spec.comparator = ast.text2 == "="   ? CodeComparator::kEqual
                          : ast.text2 == "~" ? CodeComparator::kEquivalent
                                             : CodeComparator::kIn;
  const Type* type = codes->type;
  if (type->Is(Tag::kValueSet) || type->Is(Tag::kCodeSystem)) return codes;
  if (type->Is(Tag::kCode) || type->Is(Tag::kConcept)) {
    if (ast.text2.empty() || ast.text2 == "in") plan->spec.comparator = CodeComparator::kEquivalent;
    return codes;
  }
  const Type* list = types_.List(types_.System(Tag::kCode));
  if (type->IsList() && type->element()->Is(Tag::kConcept)) return codes;
  if (Cost(type, list)) return Convert(codes, list);
  if (Cost(type, types_.System(Tag::kConcept))) {
    plan->spec.comparator = CodeComparator::kEquivalent;
    return Convert(codes, types_.System(Tag::kConcept));
  }
  return Error(*ast.kids[0], "a retrieve is filtered by a value set, codes or a concept, this is " + ShortName(*type));
}

Expr* Compiler::Retrieve(const AstNode& ast) {
  const Type* type = ResolveType(*ast.type);
  if (type == nullptr) return nullptr;
  const auto info = type->IsObject() ? type->model->Retrievable(type->local_name) : std::nullopt;
  if (!info) return Error(ast.type->span, "values of type " + ShortName(*type) + " cannot be retrieved");
  RetrievePlan plan;
  plan.spec.type = type->object_class;
  plan.spec.template_id = KeepText(info->template_id);
  plan.spec.unfiltered = unfiltered_;
  std::vector<const Expr*> kids;
  std::string key = type->name + (unfiltered_ ? "|*" : "|");
  if (!ast.kids.empty()) {
    const std::string_view path = ast.text.empty() ? std::string_view(info->primary_code_path) : ast.text;
    if (path.empty()) return Error(ast.type->span, ShortName(*type) + " has no element to filter by a terminology; name one");
    std::int32_t id = -1;
    Field field = Field::kNone;
    if (!ast.text.empty() && PropertyType(type, ast.text, &id, &field) == nullptr)
      return Error(ast, ShortName(*type) + " has no element '" + std::string(ast.text) + "'");
    plan.spec.code_path = KeepText(path);
    plan.spec.primary_path = ast.text.empty();
    Expr* codes = RetrieveCodes(ast, &plan);
    if (codes == nullptr) return nullptr;
    kids.push_back(codes);
    // A constant's data is interned by its symbol, so its place tells one value set from another.
    key += (ast.text.empty() ? "" : "written ") + std::string(path) + "|" +
           std::to_string(static_cast<int>(plan.spec.comparator)) + "|";
    plan.memoised = codes->kind == ExprKind::kConstant && !codes->constant.IsNull();
    if (plan.memoised) {
      const Value& value = codes->constant;
      const void* place = value.Is(Tag::kCode)      ? static_cast<const void*>(&value.code())
                          : value.Is(Tag::kConcept) ? static_cast<const void*>(&value.concept_data())
                          : value.Is(Tag::kList)    ? static_cast<const void*>(value.list().data())
                                                    : static_cast<const void*>(&value.vocabulary());
      key += value.Is(Tag::kValueSet) ? std::string(value.vocabulary().id) + "|" + std::string(value.vocabulary().version)
                                      : std::to_string(reinterpret_cast<std::uintptr_t>(place));
    }
  } else {
    plan.memoised = true;
  }
  if (plan.memoised) {
    const auto [at, added] = retrieves_.emplace(key, program_.memo_count_);
    if (added) ++program_.memo_count_;
    plan.memo = at->second;
  }
  Expr* node = NewWith(ExprKind::kRetrieve, types_.List(type), ast.span, kids);
  node->retrieve = program_.arena_.Make(plan);
  node->name = KeepText(type->name);
  return Finish(node);
}

bool Compiler::QuerySource(const AstSource& source, PlanSource* plan) {
  const Expr* expression = Check(*source.expression);
  if (expression == nullptr) return false;
  plan->expression = expression;
  plan->list = expression->type->IsList();
  plan->slot = NewSlot();
  return true;
}

bool Compiler::QueryRelations(const AstQuery& query, std::vector<PlanRelation>* relations) {
  bool fine = true;
  for (const AstRelation& relation : query.relations) {
    PlanRelation plan{.source = {}, .such_that = nullptr, .without = relation.without};
    if (!QuerySource(relation.source, &plan.source)) {
      fine = false;
      continue;
    }
    const Type* type = plan.source.expression->type;
    locals_.push_back(
        {.name = relation.source.alias, .type = plan.source.list ? type->element() : type, .slot = plan.source.slot});
    plan.such_that = CheckAs(*relation.such_that, types_.System(Tag::kBoolean), "the condition of 'such that'");
    locals_.pop_back();
    fine = fine && plan.such_that != nullptr;
    relations->push_back(plan);
  }
  return fine;
}

Expr* Compiler::Query(const AstNode& ast) {
  const AstQuery& query = *ast.query;
  const std::size_t outer = locals_.size();
  QueryPlan plan;
  plan.singular = true;
  std::vector<PlanSource> sources;
  bool fine = true;
  for (const AstSource& source : query.sources) {
    PlanSource one;
    if (!QuerySource(source, &one)) {
      // Its alias is unknown: what follows would only repeat the complaint.
      locals_.resize(outer);
      return nullptr;
    }
    plan.singular = plan.singular && !one.list;
    const Type* type = one.expression->type;
    sources.push_back(one);
    locals_.push_back({.name = source.alias, .type = one.list ? type->element() : type, .slot = one.slot});
  }
  plan.sources = Keep(sources);
  std::vector<PlanSource> lets;
  for (const AstSource& let : query.lets) {
    const Expr* value = Check(*let.expression);
    fine = fine && value != nullptr;
    const PlanSource one{.expression = value, .slot = NewSlot(), .list = false};
    lets.push_back(one);
    locals_.push_back({.name = let.alias, .type = value == nullptr ? types_.any() : value->type, .slot = one.slot});
  }
  plan.lets = Keep(lets);
  std::vector<PlanRelation> relations;
  fine = fine && QueryRelations(query, &relations);
  plan.relations = Keep(relations);
  if (fine && query.where != nullptr) {
    plan.where = CheckAs(*query.where, types_.System(Tag::kBoolean), "the condition of 'where'");
    fine = plan.where != nullptr;
  }
  const Type* element = !fine ? nullptr : query.aggregate != nullptr ? QueryAggregate(ast, &plan) : QueryReturn(ast, &plan);
  locals_.resize(outer);
  if (element == nullptr || !QuerySort(query, element, &plan)) return nullptr;
  const bool single = plan.singular || plan.aggregate != nullptr;
  Expr* node = New(ExprKind::kQuery, single ? element : types_.List(element), ast.span);
  node->query = program_.arena_.Make(plan);
  return Finish(node);
}

// The type of an element of the result.
const Type* Compiler::QueryReturn(const AstNode& ast, QueryPlan* plan) {
  const AstQuery& query = *ast.query;
  const auto element_type = [](const PlanSource& source) {
    return source.list ? source.expression->type->element() : source.expression->type;
  };
  if (query.returned != nullptr) {
    plan->returned = Check(*query.returned);
    plan->distinct = query.distinct;
    return plan->returned == nullptr ? nullptr : plan->returned->type;
  }
  if (plan->sources.size() == 1) return element_type(plan->sources[0]);
  std::vector<const Expr*> kids;
  std::vector<std::string> names;
  std::vector<std::string_view> kept;
  std::vector<const Type*> types;
  for (std::size_t i = 0; i < plan->sources.size(); ++i) {
    types.push_back(element_type(plan->sources[i]));
    kids.push_back(LocalNode({.name = "", .type = types.back(), .slot = plan->sources[i].slot}, ast.span));
    names.emplace_back(query.sources[i].alias);
    kept.push_back(KeepText(names.back()));
  }
  Expr* tuple = NewWith(ExprKind::kTuple, types_.Tuple(names, types), ast.span, kids);
  tuple->shape = program_.arena_.Make(TupleShape{.names = Keep(kept).data(), .size = kept.size()});
  plan->returned = Finish(tuple);
  plan->distinct = true;
  return tuple->type;
}

const Type* Compiler::QueryAggregate(const AstNode& ast, QueryPlan* plan) {
  const AstQuery& query = *ast.query;
  Expr* starting = query.starting == nullptr ? Null(ast.span) : Check(*query.starting);
  if (starting == nullptr) return nullptr;
  plan->accumulator = NewSlot();
  plan->distinct = query.aggregate_distinct;
  // The accumulator's type is that of its start and of what the expression makes of it: found in a few rounds.
  const Type* type = starting->type;
  constexpr int kRounds = 4;
  for (int round = 0; round < kRounds; ++round) {
    locals_.push_back({.name = query.accumulator, .type = type, .slot = plan->accumulator});
    Expr* value = Check(*query.aggregate);
    locals_.pop_back();
    if (value == nullptr) return nullptr;
    const Type* next = CommonBranch(type, value->type);
    if (next == type) {
      plan->aggregate = Convert(value, type);
      plan->starting = Convert(starting, type);
      return plan->aggregate == nullptr || plan->starting == nullptr ? nullptr : type;
    }
    type = next;
  }
  Error(*query.aggregate, "the type of this accumulator grows with every step");
  return nullptr;
}

bool Compiler::QuerySort(const AstQuery& query, const Type* element, QueryPlan* plan) {
  if (query.sort.empty()) return true;
  plan->sort_slot = NewSlot();
  std::vector<PlanSort> items;
  bool fine = true;
  for (const AstSort& item : query.sort) {
    PlanSort sort{.by = nullptr, .descending = item.descending};
    if (item.by != nullptr) {
      locals_.push_back({.name = "$this", .type = element, .slot = plan->sort_slot, .implicit = true});
      sort.by = Check(*item.by);
      locals_.pop_back();
      fine = fine && sort.by != nullptr;
    }
    items.push_back(sort);
  }
  plan->sort = Keep(items);
  return fine;
}

}  // namespace plumbline::cql
