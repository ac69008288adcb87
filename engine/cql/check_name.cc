// Names, members and types.
#include <array>

#include "engine/cql/compiler_internal.h"

namespace plumbline::cql {
namespace {

struct SystemField {
  Tag of;
  std::string_view name;
  Field field;
  Tag type;  // kNull: see PropertyType
};
constexpr std::array kFields{
    SystemField{Tag::kQuantity, "value", Field::kValue, Tag::kDecimal},
    SystemField{Tag::kQuantity, "unit", Field::kUnit, Tag::kString},
    SystemField{Tag::kRatio, "numerator", Field::kNumerator, Tag::kQuantity},
    SystemField{Tag::kRatio, "denominator", Field::kDenominator, Tag::kQuantity},
    SystemField{Tag::kCode, "code", Field::kCode, Tag::kString},
    SystemField{Tag::kCode, "system", Field::kSystem, Tag::kString},
    SystemField{Tag::kCode, "version", Field::kVersion, Tag::kString},
    SystemField{Tag::kCode, "display", Field::kDisplay, Tag::kString},
    SystemField{Tag::kConcept, "codes", Field::kCodes, Tag::kNull},
    SystemField{Tag::kConcept, "display", Field::kDisplay, Tag::kString},
    SystemField{Tag::kValueSet, "id", Field::kId, Tag::kString},
    SystemField{Tag::kValueSet, "version", Field::kVersion, Tag::kString},
    SystemField{Tag::kValueSet, "name", Field::kName, Tag::kString},
    SystemField{Tag::kCodeSystem, "id", Field::kId, Tag::kString},
    SystemField{Tag::kCodeSystem, "version", Field::kVersion, Tag::kString},
    SystemField{Tag::kCodeSystem, "name", Field::kName, Tag::kString},
};

struct IntervalField {
  std::string_view name;
  Field field;
};
constexpr std::array kIntervalFields{IntervalField{"low", Field::kLow}, IntervalField{"high", Field::kHigh},
                                     IntervalField{"lowClosed", Field::kLowClosed},
                                     IntervalField{"highClosed", Field::kHighClosed}};

}  // namespace

Expr* Compiler::LocalNode(const Local& local, Span span) {
  Expr* node = New(ExprKind::kSlot, local.type, span);
  node->index = local.slot;
  return Finish(node);
}

Expr* Compiler::Name(const AstNode& ast) {
  for (auto local = locals_.rbegin(); local != locals_.rend(); ++local) {
    if (local->name == ast.text) return LocalNode(*local, ast.span);
    if (!local->implicit) continue;
    Expr* element = LocalNode(*local, ast.span);
    if (Expr* property = Property(element, ast.text, ast.span, true)) return property;
  }
  const auto symbol = scope_->symbols.find(ast.text);
  if (symbol != scope_->symbols.end()) return SymbolNode(&symbol->second, symbol->first, ast.span);
  // A parameter that is not declared has no type: nothing more can be said of it.
  return Error(ast, "'" + std::string(ast.text) + "' is not known here", NearestNameHint(ast.text));
}

std::string Compiler::NearestNameHint(std::string_view name) {
  NearestName nearest(name, !diagnostics_->Full());
  for (const Local& local : locals_) nearest.Offer(local.name);
  for (const auto& [candidate, symbol] : scope_->symbols) nearest.Offer(candidate);
  return nearest.Hint();
}

Expr* Compiler::SymbolNode(Symbol* symbol, const std::string& name, Span span) {
  switch (symbol->kind) {
    case Symbol::Kind::kDefine: {
      if (!CheckDefine(symbol, name)) return nullptr;
      Expr* node = New(ExprKind::kDefine, symbol->type, span);
      node->index = symbol->index;
      node->name = KeepText(name);
      return Finish(node);
    }
    case Symbol::Kind::kParameter: {
      if (!CheckParameter(symbol)) return nullptr;
      Expr* node = New(ExprKind::kParameter, symbol->type, span);
      node->index = symbol->index;
      node->name = KeepText(name);
      return Finish(node);
    }
    case Symbol::Kind::kInclude:
    case Symbol::Kind::kModel:
      return Error(span, "'" + name + "' is a library or model; name something in it after a dot");
    default:
      if (!CheckVocabulary(symbol)) return nullptr;
      return Constant(symbol->constant, symbol->type, span);
  }
}

LibraryScope* Compiler::IncludeNamed(const AstNode& ast) {
  if (ast.kind != AstKind::kName || ast.Has(AstNode::kInParentheses)) return nullptr;
  for (const Local& local : locals_) {
    if (local.name == ast.text) return nullptr;
  }
  const auto symbol = scope_->symbols.find(ast.text);
  return symbol != scope_->symbols.end() && symbol->second.kind == Symbol::Kind::kInclude ? symbol->second.library : nullptr;
}

Expr* Compiler::Member(const AstNode& ast) {
  if (LibraryScope* library = IncludeNamed(*ast.kids[0])) {
    const auto symbol = library->symbols.find(ast.text);
    const bool open = symbol != library->symbols.end() && symbol->second.kind != Symbol::Kind::kInclude &&
                      symbol->second.kind != Symbol::Kind::kModel &&
                      !(symbol->second.ast != nullptr && symbol->second.ast->is_private);
    if (open) return SymbolNode(&symbol->second, symbol->first, ast.span);
    NearestName nearest(ast.text, !diagnostics_->Full());
    for (const auto& [candidate, other] : library->symbols) nearest.Offer(candidate);
    return Error(ast.name_span, "library '" + library->name + "' has no '" + std::string(ast.text) + "'", nearest.Hint());
  }
  Expr* target = Check(*ast.kids[0]);
  return target == nullptr ? nullptr : Property(target, ast.text, ast.name_span);
}

// The type of an element of a value of `type`; null where it has none of that name.
const Type* Compiler::PropertyType(const Type* type, std::string_view name, std::int32_t* id, Field* field) {
  if (type->IsObject()) {
    const auto info = type->model->Property(type->local_name, name);
    if (!info) return nullptr;
    *id = info->id;
    const DataModel* models[] = {type->model};
    const Type* found = types_.Parse(info->type, models);
    return found == nullptr ? types_.any() : found;
  }
  if (type->IsTuple()) {
    for (std::size_t i = 0; i < type->names.size(); ++i) {
      if (type->names[i] == name) return type->arguments[i];
    }
    return nullptr;
  }
  if (type->IsInterval()) {
    for (const IntervalField& entry : kIntervalFields) {
      if (entry.name != name) continue;
      *field = entry.field;
      return entry.field == Field::kLow || entry.field == Field::kHigh ? type->element() : types_.System(Tag::kBoolean);
    }
    return nullptr;
  }
  for (const SystemField& entry : kFields) {
    if (!type->Is(entry.of) || entry.name != name) continue;
    *field = entry.field;
    return entry.type == Tag::kNull ? types_.List(types_.System(Tag::kCode)) : types_.System(entry.type);
  }
  return nullptr;
}

Expr* Compiler::Property(Expr* target, std::string_view name, Span span, bool quiet) {
  const Type* type = target->type;
  if (type->IsAny()) {
    if (target->kind == ExprKind::kConstant && target->constant.IsNull()) return Null(span);
    return quiet ? nullptr : Error(span, "a value of type Any has no elements; say its type with 'as'");
  }
  if (type->IsList()) {
    std::int32_t id = -1;
    Field field = Field::kNone;
    const Local element{.name = "", .type = type->element(), .slot = NewSlot()};
    Expr* of_element = Property(LocalNode(element, span), name, span, true);
    if (of_element != nullptr && PropertyType(types_.any(), name, &id, &field) == nullptr) {
      const bool flatten = of_element->type->IsList();
      Expr* node =
          New(ExprKind::kListProperty, flatten ? of_element->type : types_.List(of_element->type), span, {target, of_element});
      node->index = element.slot;
      node->flags = flatten ? Expr::kFlatten : 0;
      return Finish(node);
    }
  } else if (type->IsChoice()) {
    std::vector<const Type*> found;
    for (const Type* one : type->arguments) {
      std::int32_t id = -1;
      Field field = Field::kNone;
      if (const Type* result = PropertyType(one, name, &id, &field)) found.push_back(result);
    }
    if (!found.empty()) {
      Expr* node = New(ExprKind::kProperty, types_.Choice(found), span, {target});
      node->name = KeepText(name);
      node->index = -1;
      for (const Type* one : type->arguments) {
        std::int32_t id = -1;
        Field field = Field::kNone;
        if (PropertyType(one, name, &id, &field) == nullptr) continue;
        if (id >= 0) node->index = id;
        if (field != Field::kNone) node->field = field;
      }
      return Finish(node);
    }
  } else {
    std::int32_t id = -1;
    Field field = Field::kNone;
    if (const Type* result = PropertyType(type, name, &id, &field)) {
      Expr* node = New(type->IsTuple() ? ExprKind::kElement : ExprKind::kProperty, result, span, {target});
      node->name = KeepText(name);
      node->index = id;
      node->field = field;
      return Finish(node);
    }
  }
  if (quiet) return nullptr;
  NearestName nearest(name, !diagnostics_->Full());
  if (type->IsObject()) {
    std::string names = type->model->PropertyNames(type->local_name);
    std::string_view rest = names;
    while (!rest.empty()) {
      const std::size_t space = rest.find(' ');
      nearest.Offer(rest.substr(0, space));
      rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
    }
  }
  for (const std::string& candidate : type->names) nearest.Offer(candidate);
  for (const SystemField& entry : kFields) {
    if (type->Is(entry.of)) nearest.Offer(entry.name);
  }
  return Error(span, "a value of type " + ShortName(*type) + " has no element '" + std::string(name) + "'", nearest.Hint());
}

const Type* Compiler::ModelType(const DataModel& model, std::string_view name) {
  const auto text = model.ResolveType(name);
  if (!text) return nullptr;
  const DataModel* models[] = {&model};
  const Type* type = types_.Parse(*text, models);
  return type == nullptr ? types_.Object(model, name) : type;
}

const Type* Compiler::ResolveNamed(const TypeSpec& spec) {
  std::string name(spec.name);
  if (spec.qualifier == "System") return types_.SystemByName(name);
  if (!spec.qualifier.empty()) {
    const auto symbol = scope_->symbols.find(spec.qualifier);
    if (symbol != scope_->symbols.end() && symbol->second.kind == Symbol::Kind::kModel)
      return ModelType(*symbol->second.model, name);
    for (const DataModel* model : scope_->models) {
      if (model->name() == spec.qualifier) return ModelType(*model, name);
    }
    name = std::string(spec.qualifier) + "." + name;
  }
  if (const Type* system = types_.SystemByName(name)) return system;
  for (const DataModel* model : scope_->models) {
    if (const Type* type = ModelType(*model, name)) return type;
  }
  return nullptr;
}

const Type* Compiler::ResolveType(const TypeSpec& spec) {
  if (spec.kind == TypeSpec::Kind::kNamed) {
    const Type* type = ResolveNamed(spec);
    if (type != nullptr) return type;
    NearestName nearest(spec.name, !diagnostics_->Full());
    for (const DataModel* model : scope_->models) {
      for (const std::string_view candidate : model->TypeNames()) nearest.Offer(candidate);
    }
    for (int tag = 0; tag < static_cast<int>(Tag::kObject); ++tag) nearest.Offer(TagName(static_cast<Tag>(tag)));
    const std::string name = (spec.qualifier.empty() ? "" : std::string(spec.qualifier) + ".") + std::string(spec.name);
    Error(spec.span, "there is no type '" + name + "'", nearest.Hint());
    return nullptr;
  }
  std::vector<const Type*> arguments;
  for (const TypeSpec* argument : spec.arguments) {
    const Type* type = ResolveType(*argument);
    if (type == nullptr) return nullptr;
    arguments.push_back(type);
  }
  switch (spec.kind) {
    case TypeSpec::Kind::kList:
      return types_.List(arguments[0]);
    case TypeSpec::Kind::kInterval:
      return types_.Interval(arguments[0]);
    case TypeSpec::Kind::kChoice:
      return types_.Choice(arguments);
    default:
      break;
  }
  std::vector<std::string> names;
  for (const std::string_view name : spec.element_names) names.emplace_back(name);
  return types_.Tuple(names, arguments);
}

}  // namespace plumbline::cql
