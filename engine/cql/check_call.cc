// Calls of functions and operators: overloads, generics.
#include <algorithm>
#include <array>

#include "engine/cql/compiler_internal.h"

namespace plumbline::cql {
namespace {

struct Renamed {
  std::string_view function, operation;
};
constexpr std::array kRenamed{
    Renamed{"Descendants", "Descendents"},
    Renamed{"expand", "Expand"},
    Renamed{"Var", "Variance"},
    Renamed{"descendents", "Descendents"},
};

// Rows of the table that stand behind syntax, not behind a name.
constexpr std::array kSyntaxOnly{"Add",
                                 "Subtract",
                                 "Multiply",
                                 "Divide",
                                 "TruncatedDivide",
                                 "Modulo",
                                 "Negate",
                                 "And",
                                 "Or",
                                 "Xor",
                                 "Not",
                                 "Implies",
                                 "Equal",
                                 "NotEqual",
                                 "Less",
                                 "Greater",
                                 "LessOrEqual",
                                 "GreaterOrEqual",
                                 "DateTimeComponentFrom"};

struct AgeFunction {
  std::string_view name;
  Precision precision;
};
constexpr std::array kAgeUnits{AgeFunction{"Years", Precision::kYear},    AgeFunction{"Months", Precision::kMonth},
                               AgeFunction{"Weeks", Precision::kWeek},    AgeFunction{"Days", Precision::kDay},
                               AgeFunction{"Hours", Precision::kHour},    AgeFunction{"Minutes", Precision::kMinute},
                               AgeFunction{"Seconds", Precision::kSecond}};

bool HasVariable(const Type* type) {
  return type->kind == TypeKind::kVariable || (!type->arguments.empty() && HasVariable(type->arguments[0]));
}

std::string TypeNames(std::span<const Type* const> types) {
  std::string text;
  for (const Type* type : types) text += (text.empty() ? "" : ", ") + ShortName(*type);
  return text;
}

std::string ArgumentTypes(std::span<Expr* const> arguments) {
  std::string text;
  for (const Expr* argument : arguments) text += (text.empty() ? "" : ", ") + ShortName(*argument->type);
  return text;
}

}  // namespace

bool Compiler::Arguments(const AstNode& ast, std::size_t first, std::vector<Expr*>* out) {
  bool fine = true;
  for (std::size_t i = first; i < ast.kids.size(); ++i) {
    Expr* argument = Check(*ast.kids[i]);
    fine = fine && argument != nullptr;
    out->push_back(argument);
  }
  return fine;
}

Expr* Compiler::Call(const AstNode& ast) {
  const bool has_target = ast.Has(AstNode::kHasTarget);
  bool found = false;
  std::vector<Expr*> arguments;
  if (has_target) {
    const AstNode& target = *ast.kids[0];
    const bool system = target.kind == AstKind::kName && target.text == "System";
    LibraryScope* library = system ? nullptr : IncludeNamed(target);
    if (system || library != nullptr) {
      if (!Arguments(ast, 1, &arguments)) return nullptr;
      if (system) return CallSystem(ast, std::move(arguments));
      Expr* call = CallUser(ast, library, arguments, false, &found);
      if (found) return call;
      return Error(ast.name_span, "library '" + library->name + "' has no function '" + std::string(ast.text) + "' for (" +
                                      ArgumentTypes(arguments) + ")");
    }
  }
  if (!Arguments(ast, 0, &arguments)) return nullptr;
  Expr* call = CallUser(ast, scope_, arguments, has_target, &found);
  if (found) return call;
  if (has_target) {
    for (LibraryScope* library : scope_->includes) {
      call = CallUser(ast, library, arguments, true, &found);
      if (found) return call;
    }
    if (ast.text == "toString" || ast.text == "ToString") return Operator("ToString", std::move(arguments), ast.span);
  }
  return CallSystem(ast, std::move(arguments));
}

Expr* Compiler::CallUser(const AstNode& ast, LibraryScope* library, std::span<Expr* const> arguments, bool fluent, bool* found) {
  const auto overloads = library->functions.find(ast.text);
  if (overloads == library->functions.end()) return nullptr;
  FunctionDecl* best = nullptr;
  FunctionDecl* as_good = nullptr;
  int best_cost = 0;
  for (const auto& function : overloads->second) {
    if (function->ast->operands.size() != arguments.size() || (fluent && !function->ast->fluent)) continue;
    if (function->ast->is_private && library != scope_) continue;
    if (!FunctionTypes(function.get())) continue;
    int total = 0;
    bool fits = true;
    for (std::size_t i = 0; fits && i < arguments.size(); ++i) {
      const auto cost = Cost(arguments[i]->type, function->operands[i]);
      fits = cost.has_value();
      total += cost.value_or(0);
    }
    if (!fits || (best != nullptr && total > best_cost)) continue;
    as_good = best != nullptr && total == best_cost ? function.get() : nullptr;
    if (as_good != nullptr) continue;
    best = function.get();
    best_cost = total;
  }
  if (best == nullptr) return nullptr;
  *found = true;
  if (as_good != nullptr) {
    return Error(ast.name_span, "this call of '" + std::string(ast.text) + "' fits (" + TypeNames(best->operands) + ") and (" +
                                    TypeNames(as_good->operands) + ") equally well; say which is meant with 'as'");
  }
  return EmitCall(ast, best, arguments);
}

Expr* Compiler::CallNative(const FunctionDecl& function, std::span<Expr* const> arguments, Span span) {
  std::vector<std::string_view> operands;
  const DataModel* model = nullptr;
  for (const Type* type : function.operands) {
    operands.push_back(type->name);
    if (type->IsObject()) model = type->model;
  }
  const auto native = model == nullptr ? nullptr : model->Native(function.library->name, function.ast->name, operands);
  if (native == nullptr) return nullptr;
  const std::vector<const Expr*> kids(arguments.begin(), arguments.end());
  Expr* node = NewWith(ExprKind::kOperator, function.result, span, kids);
  node->op = native;
  node->op_flags = kNullPropagating | kNotDeterministic;
  node->name = KeepText(function.ast->name);
  return Finish(node);
}

Expr* Compiler::EmitCall(const AstNode& ast, FunctionDecl* function, std::span<Expr* const> arguments) {
  if (!CheckFunction(function)) return nullptr;
  std::vector<Expr*> converted;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    Expr* argument = Convert(arguments[i], function->operands[i]);
    if (argument == nullptr) return nullptr;
    converted.push_back(argument);
  }
  if (Expr* native = CallNative(*function, converted, ast.span)) return native;
  const std::vector<const Expr*> kids(converted.begin(), converted.end());
  Expr* node = NewWith(ExprKind::kCall, function->result, ast.span, kids);
  node->index = function->index;
  node->slots = Keep(function->slots).data();
  node->name = KeepText(function->ast->name);
  return Finish(node);
}

std::string Compiler::FunctionHint(std::string_view name) {
  if (diagnostics_->Full()) return {};
  constexpr std::size_t kMostShown = 4;
  std::string known;
  std::size_t shown = 0;
  const auto offer = [&](const LibraryScope& library) {
    const auto found = library.functions.find(name);
    if (found == library.functions.end()) return;
    for (const auto& function : found->second) {
      if (!function->types_known || shown++ >= kMostShown) continue;
      std::string types;
      for (const Type* type : function->operands) types += (types.empty() ? "" : ", ") + ShortName(*type);
      known += (known.empty() ? "it takes (" : " or (") + types + ")";
    }
  };
  offer(*scope_);
  for (const LibraryScope* library : scope_->includes) offer(*library);
  if (!known.empty()) return known;
  NearestName nearest(name);
  for (const auto& [candidate, overloads] : scope_->functions) nearest.Offer(candidate);
  for (const LibraryScope* library : scope_->includes) {
    for (const auto& [candidate, overloads] : library->functions) nearest.Offer(candidate);
  }
  for (const OperatorEntry& entry : Operators()) nearest.Offer(entry.name);
  nearest.Offer("Coalesce");
  nearest.Offer("AgeInYears");
  nearest.Offer("AgeInYearsAt");
  return nearest.Hint();
}

Expr* Compiler::CallSystem(const AstNode& ast, std::vector<Expr*> arguments) {
  std::string_view name = ast.text;
  if (name == "Coalesce") return Coalesce(ast, arguments);
  bool found = false;
  if (Expr* age = Age(ast, arguments, &found); found) return age;
  for (const Renamed& entry : kRenamed) {
    if (entry.function == name) name = entry.operation;
  }
  const bool syntax = std::ranges::any_of(kSyntaxOnly, [&](std::string_view word) { return word == name; });
  if (syntax || Signatures(name).empty()) {
    return Error(ast.name_span, "there is no function '" + std::string(ast.text) + "' for (" + ArgumentTypes(arguments) + ")",
                 FunctionHint(ast.text));
  }
  return Operator(name, std::move(arguments), ast.span);
}

// AgeInYears(), AgeInYearsAt(date), CalculateAgeInYears(birth), CalculateAgeInYearsAt(birth, date) and the other units.
Expr* Compiler::Age(const AstNode& ast, std::span<Expr* const> arguments, bool* found) {
  std::string_view rest = ast.text;
  const bool calculate = rest.starts_with("CalculateAgeIn");
  if (!calculate && !rest.starts_with("AgeIn")) return nullptr;
  rest.remove_prefix(calculate ? 14 : 5);
  const bool at = rest.ends_with("At");
  if (at) rest.remove_suffix(2);
  std::optional<Precision> precision;
  for (const AgeFunction& unit : kAgeUnits) {
    if (unit.name == rest) precision = unit.precision;
  }
  const std::size_t expected = (calculate ? 1U : 0U) + (at ? 1U : 0U);
  if (!precision || arguments.size() != expected) return nullptr;
  *found = true;
  std::vector<Expr*> operands(arguments.begin(), arguments.end());
  if (!calculate) {
    const auto patient = scope_->symbols.find("Patient");
    if (patient == scope_->symbols.end() || scope_->context_model == nullptr)
      return Error(ast, "'" + std::string(ast.text) + "' needs 'context Patient'");
    Expr* birth = SymbolNode(&patient->second, "Patient", ast.span);
    std::string_view path = scope_->context_model->PatientBirthDate();
    while (birth != nullptr && !path.empty()) {
      const std::size_t dot = path.find('.');
      birth = Property(birth, path.substr(0, dot), ast.span);
      path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    }
    if (birth == nullptr) return nullptr;
    operands.insert(operands.begin(), birth);
  }
  // A birth date has no time: an instant is compared by its day.
  if (at && operands[0]->type->Is(Tag::kDate) && operands[1]->type->Is(Tag::kDateTime) && *precision <= Precision::kDay)
    operands[1] = Operator("DateFrom", {operands[1]}, ast.span);
  return Operator(at ? "CalculateAgeAt" : "CalculateAge", std::move(operands), ast.span, precision);
}

Expr* Compiler::Coalesce(const AstNode& ast, std::span<Expr* const> arguments) {
  if (arguments.empty()) return Error(ast, "'Coalesce' needs operands");
  if (arguments.size() == 1 && arguments[0]->type->IsList()) {
    Expr* node = New(ExprKind::kCoalesce, arguments[0]->type->element(), ast.span, {arguments[0]});
    node->flags = Expr::kFlatten;
    return Finish(node);
  }
  const Type* type = types_.any();
  for (const Expr* argument : arguments) type = CommonBranch(type, argument->type);
  std::vector<const Expr*> kids;
  for (Expr* argument : arguments) {
    Expr* converted = Convert(argument, type);
    if (converted == nullptr) return nullptr;
    kids.push_back(converted);
  }
  return Finish(NewWith(ExprKind::kCoalesce, type, ast.span, kids));
}

const std::vector<Signature>& Compiler::Signatures(std::string_view name) {
  if (const auto found = signatures_.find(name); found != signatures_.end()) return found->second;
  std::vector<Signature>& list = signatures_[std::string(name)];
  for (const OperatorEntry& entry : Operators()) {
    if (entry.name != name) continue;
    Signature signature{.entry = &entry, .operands = {}, .result = nullptr};
    const std::size_t close = entry.signature.rfind("): ");
    std::string_view inner = entry.signature.substr(1, close - 1);
    while (!inner.empty()) {
      // No operand type has a comma in it: choices do not occur in signatures.
      const std::size_t comma = inner.find(", ");
      signature.operands.push_back(types_.Parse(inner.substr(0, comma), {}));
      inner = comma == std::string_view::npos ? std::string_view() : inner.substr(comma + 2);
    }
    signature.result = types_.Parse(entry.signature.substr(close + 3), {});
    list.push_back(std::move(signature));
  }
  return list;
}

// What T would be for this operand alone.
void Compiler::BindVariable(const Type* pattern, const Type* actual, std::vector<const Type*>* candidates) {
  if (pattern->kind == TypeKind::kVariable) {
    if (!actual->IsAny()) candidates->push_back(actual);
    return;
  }
  if (!HasVariable(pattern)) return;
  if (actual->kind == pattern->kind) {
    BindVariable(pattern->element(), actual->element(), candidates);
  } else if (actual->IsChoice()) {
    for (const Type* one : actual->arguments) {
      if (one->kind != pattern->kind) continue;
      BindVariable(pattern, one, candidates);
      return;
    }
    for (const Type* one : actual->arguments) BindVariable(pattern, one, candidates);
  } else if (actual->IsObject()) {
    for (const ModelConversion& conversion : actual->model->Conversions()) {
      if (conversion.from_type != actual->name) continue;
      const DataModel* models[] = {actual->model};
      const Type* to = types_.Parse(conversion.to_type, models);
      if (to != nullptr && to->kind == pattern->kind) BindVariable(pattern, to, candidates);
    }
  } else if (actual->Is(Tag::kValueSet) && pattern->IsList()) {
    BindVariable(pattern->element(), types_.System(Tag::kCode), candidates);
  }
}

const Type* Compiler::Substitute(const Type* pattern, const Type* variable) {
  if (pattern->kind == TypeKind::kVariable) return variable;
  if (!HasVariable(pattern)) return pattern;
  const Type* element = Substitute(pattern->element(), variable);
  return pattern->IsList() ? types_.List(element) : types_.Interval(element);
}

// What the operands cost under a signature; nullopt where they do not fit.
std::optional<int> Compiler::Match(const Signature& signature, std::span<Expr* const> arguments, const Type** variable) {
  std::vector<const Type*> candidates;
  bool generic = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    generic = generic || HasVariable(signature.operands[i]);
    BindVariable(signature.operands[i], arguments[i]->type, &candidates);
  }
  *variable = types_.any();
  const bool lists = std::ranges::any_of(signature.operands, [](const Type* type) { return type->IsList(); });
  if (!candidates.empty()) {
    *variable = candidates[0];
    for (const Type* candidate : candidates) {
      // Lists of different things are joined, compared and searched element by element.
      const bool joined = lists || ((*variable)->IsList() && candidate->IsList());
      const Type* common = joined ? CommonBranch(*variable, candidate) : CommonOperand(*variable, candidate);
      if (common == nullptr) return std::nullopt;
      *variable = common;
    }
  }
  int total = generic ? 1 : 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto cost = Cost(arguments[i]->type, Substitute(signature.operands[i], *variable));
    if (!cost) return std::nullopt;
    total += *cost;
  }
  return total;
}

Expr* Compiler::Operator(std::string_view name, std::vector<Expr*> arguments, Span span, std::optional<Precision> precision,
                         bool quiet) {
  for (const Expr* argument : arguments) {
    if (argument == nullptr) return nullptr;
  }
  const std::size_t wanted = arguments.size() + (precision ? 1 : 0);
  const Signature* best = nullptr;
  const Type* best_variable = nullptr;
  int best_cost = 0;
  for (const Signature& signature : Signatures(name)) {
    if (signature.operands.size() != wanted) continue;
    const bool takes_precision = !signature.operands.empty() && signature.operands.back()->kind == TypeKind::kPrecision;
    if (takes_precision != precision.has_value()) continue;
    const Type* variable = nullptr;
    const auto cost = Match(signature, arguments, &variable);
    if (!cost || (best != nullptr && *cost >= best_cost)) continue;
    best = &signature;
    best_variable = variable;
    best_cost = *cost;
  }
  if (best == nullptr) {
    if (quiet) return nullptr;
    return Error(span, "'" + std::string(name) + "' is not defined for (" + ArgumentTypes(arguments) + ")");
  }
  std::vector<const Expr*> kids;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    Expr* converted = Convert(arguments[i], Substitute(best->operands[i], best_variable));
    if (converted == nullptr) return nullptr;
    kids.push_back(converted);
  }
  if (precision) kids.push_back(Constant(Value::Integer(static_cast<int>(*precision)), types_.System(Tag::kInteger), span));
  Expr* node = NewWith(ExprKind::kOperator, Substitute(best->result, best_variable), span, kids);
  node->op = best->entry->fn;
  node->op_flags = best->entry->flags;
  node->name = best->entry->name;
  return Finish(node);
}

}  // namespace plumbline::cql
