#include "engine/cql/compiler.h"

#include <algorithm>

#include "engine/cql/compiler_internal.h"
#include "engine/cql/parser.h"

namespace plumbline::cql {
namespace {

constexpr int kMaxIncludeDepth = 64;
constexpr int kMaxTotalDepth = 1000;  // of definitions that refer to definitions, each checked where it is first used

std::string_view KindName(Symbol::Kind kind) {
  switch (kind) {
    case Symbol::Kind::kDefine:
      return "a definition";
    case Symbol::Kind::kParameter:
      return "a parameter";
    case Symbol::Kind::kCodeSystem:
      return "a code system";
    case Symbol::Kind::kValueSet:
      return "a value set";
    case Symbol::Kind::kCode:
      return "a code";
    case Symbol::Kind::kConcept:
      return "a concept";
    case Symbol::Kind::kInclude:
      return "an included library";
    case Symbol::Kind::kModel:
      return "a model";
  }
  return "a name";
}

}  // namespace

Compiled CompileLibrary(std::string text, std::string source_name, const CompileOptions& options) {
  Compiled compiled;
  auto program = std::make_shared<Program>();
  Compiler(options, program.get(), &compiled.diagnostics).Library(std::move(text), std::move(source_name));
  compiled.program = std::move(program);
  return compiled;
}

Compiled CompileExpression(std::string text, std::string source_name, const CompileOptions& options) {
  Compiled compiled;
  auto program = std::make_shared<Program>();
  Compiler(options, program.get(), &compiled.diagnostics).Expression(std::move(text), std::move(source_name));
  compiled.program = std::move(program);
  return compiled;
}

Expr* Compiler::Error(Span span, std::string message, std::string hint) {
  diagnostics_->Add({.kind = DiagnosticKind::kSemantic,
                     .source = scope_ == nullptr ? nullptr : scope_->source,
                     .span = span,
                     .message = std::move(message),
                     .hint = std::move(hint)});
  return nullptr;
}

void Compiler::Library(std::string text, std::string source_name) {
  LibraryScope* main = Load(std::move(text), std::move(source_name), true);
  if (main == nullptr) return;
  program_.library_ = main->name;
  CheckAll(main);
}

void Compiler::Expression(std::string text, std::string source_name) {
  program_.sources_.push_back(std::make_unique<Source>(std::move(source_name), std::move(text)));
  auto owned = std::make_unique<LibraryScope>();
  LibraryScope* scope = owned.get();
  libraries_.emplace("", std::move(owned));
  scope->source = program_.sources_.back().get();
  scope->tree = ParseExpression(*scope->source, diagnostics_);
  if (diagnostics_->HasErrors()) return;
  if (options_.model != nullptr) {
    scope->models.push_back(options_.model);
    scope->context_model = options_.model;
    scope->symbols.emplace("Patient", Symbol{.library = scope});
  }
  scope_ = scope;
  const Expr* body = Body(scope, *scope->tree.expression, {});
  if (body != nullptr) program_.definitions_.push_back({.library = {}, .name = "expression", .body = body, .type = body->type});
}

LibraryScope* Compiler::Load(std::string text, std::string source_name, bool main) {
  program_.sources_.push_back(std::make_unique<Source>(std::move(source_name), std::move(text)));
  const Source& source = *program_.sources_.back();
  const std::size_t before = diagnostics_->errors();
  auto scope = std::make_unique<LibraryScope>();
  scope->source = &source;
  scope->tree = ParseLibrary(source, diagnostics_);
  const bool parsed = diagnostics_->errors() == before;
  scope->name = scope->tree.library_name;
  scope->version = scope->tree.library_version;
  LibraryScope* kept = scope.get();
  libraries_.insert_or_assign(main ? std::string() : kept->name + "|" + kept->version, std::move(scope));
  LibraryScope* outer = scope_;
  scope_ = kept;
  if (parsed) Declare(kept);
  scope_ = outer;
  return parsed ? kept : nullptr;
}

void Compiler::Declare(LibraryScope* scope) {
  bool unfiltered = false;
  for (const AstDefinition& ast : scope->tree.definitions) DeclareOne(scope, ast, &unfiltered);
}

void Compiler::DeclareOne(LibraryScope* scope, const AstDefinition& ast, bool* unfiltered) {
  using Kind = AstDefinition::Kind;
  Symbol symbol{.ast = &ast, .library = scope, .unfiltered = *unfiltered};
  switch (ast.kind) {
    case Kind::kUsing:
      Using(scope, ast);
      return;
    case Kind::kInclude:
      Include(scope, ast);
      return;
    case Kind::kContext:
      *unfiltered = ast.name == "Unfiltered" || ast.name == "Population";
      if (!*unfiltered) Context(scope, ast);
      return;
    case Kind::kFunction: {
      auto function = std::make_unique<FunctionDecl>();
      function->ast = &ast;
      function->library = scope;
      scope->functions[std::string(ast.name)].push_back(std::move(function));
      return;
    }
    case Kind::kParameter:
      symbol.kind = Symbol::Kind::kParameter;
      break;
    case Kind::kCodeSystem:
      symbol.kind = Symbol::Kind::kCodeSystem;
      break;
    case Kind::kValueSet:
      symbol.kind = Symbol::Kind::kValueSet;
      break;
    case Kind::kCode:
      symbol.kind = Symbol::Kind::kCode;
      break;
    case Kind::kConcept:
      symbol.kind = Symbol::Kind::kConcept;
      break;
    case Kind::kExpression:
      symbol.kind = Symbol::Kind::kDefine;
      break;
  }
  if (AddSymbol(scope, ast, symbol)) scope->order.emplace_back(ast.name);
}

bool Compiler::AddSymbol(LibraryScope* scope, const AstDefinition& ast, Symbol symbol) {
  const auto [at, added] = scope->symbols.emplace(std::string(ast.name), symbol);
  if (!added) {
    Error(ast.name_span, "'" + std::string(ast.name) + "' is already the name of " + std::string(KindName(at->second.kind)));
  }
  return added;
}

void Compiler::Using(LibraryScope* scope, const AstDefinition& ast) {
  if (ast.full_name == "System") return;
  const DataModel* model = options_.find_model == nullptr ? nullptr : options_.find_model(ast.full_name, ast.version);
  if (model == nullptr) {
    const DataModel* other = options_.find_model == nullptr ? nullptr : options_.find_model(ast.full_name, "");
    Error(ast.name_span,
          "there is no model '" + std::string(ast.full_name) + "'" +
              (ast.version.empty() ? "" : " of version '" + std::string(ast.version) + "'"),
          other == nullptr ? "" : "version '" + std::string(other->version()) + "' is known");
    return;
  }
  scope->models.push_back(model);
  AddSymbol(scope, ast, {.kind = Symbol::Kind::kModel, .ast = &ast, .library = scope, .model = model});
}

void Compiler::Include(LibraryScope* scope, const AstDefinition& ast) {
  const std::string_view name = ast.name.size() < ast.full_name.size() && ast.full_name.ends_with("." + std::string(ast.name))
                                    ? ast.name
                                    : ast.full_name.substr(ast.full_name.rfind('.') + 1);
  const LibraryProvider* provider = options_.libraries;
  const std::string* text = provider == nullptr ? nullptr : provider->Find(name, ast.version);
  const std::vector<std::string> versions = provider == nullptr ? std::vector<std::string>() : provider->Versions(name);
  if (text == nullptr && !versions.empty() && options_.versions_present) {
    text = provider->Find(name, versions.back());
    diagnostics_->Add({.kind = DiagnosticKind::kWarning,
                       .source = scope->source,
                       .span = ast.name_span,
                       .message = "library '" + std::string(name) + "' version '" + std::string(ast.version) +
                                  "' is not there; version '" + versions.back() + "' is used",
                       .hint = {}});
  }
  if (text == nullptr) {
    NearestName nearest(name);
    if (provider != nullptr) {
      for (const std::string& candidate : provider->Names()) nearest.Offer(candidate);
    }
    std::string hint = versions.empty() ? nearest.Hint() : "version '" + versions.back() + "' is there";
    Error(ast.name_span,
          "there is no library '" + std::string(name) + "'" +
              (ast.version.empty() ? "" : " version '" + std::string(ast.version) + "'"),
          std::move(hint));
    return;
  }
  LibraryScope* found = nullptr;
  for (const auto& [key, library] : libraries_) {
    if (library->source->text() == *text) found = library.get();
  }
  if (found == nullptr) {
    if (++include_depth_ > kMaxIncludeDepth) {
      Error(ast.name_span, "libraries include each other more than " + std::to_string(kMaxIncludeDepth) + " deep");
    } else {
      found = Load(*text, std::string(name) + ".cql", false);
    }
    --include_depth_;
  }
  if (found == nullptr) return;
  scope->includes.push_back(found);
  AddSymbol(scope, ast, {.kind = Symbol::Kind::kInclude, .ast = &ast, .library = found});
}

void Compiler::Context(LibraryScope* scope, const AstDefinition& ast) {
  for (const DataModel* model : scope->models) {
    if (!ast.full_name.empty() && model->name() != ast.full_name) continue;
    if (model->PatientType() != ast.name && ast.name != "Patient") continue;
    scope->context_model = model;
    scope->symbols.emplace(std::string(ast.name), Symbol{.library = scope});
    return;
  }
  if (!scope->models.empty() || ast.name != "Patient") {
    Error(ast.name_span, "no model in use has the context '" + std::string(ast.name) + "'");
  }
}

void Compiler::CheckAll(LibraryScope* scope) {
  scope_ = scope;
  for (const std::string& name : scope->order) {
    Symbol& symbol = scope->symbols.find(name)->second;
    switch (symbol.kind) {
      case Symbol::Kind::kDefine:
        CheckDefine(&symbol, name);
        break;
      case Symbol::Kind::kParameter:
        CheckParameter(&symbol);
        break;
      default:
        CheckVocabulary(&symbol);
        break;
    }
  }
  for (auto& [name, overloads] : scope->functions) {
    for (const auto& function : overloads) {
      if (!function->ast->external) CheckFunction(function.get());
    }
  }
}

// A body has its own variables, whatever was being checked when it was first needed.
const Expr* Compiler::Body(LibraryScope* scope, const AstNode& body, std::vector<Local> locals) {
  LibraryScope* outer = scope_;
  scope_ = scope;
  locals_.swap(locals);
  depth_ += body.depth;
  const Expr* checked = depth_ > kMaxTotalDepth ? Error(body, "definitions that refer to each other are nested more than " +
                                                                  std::to_string(kMaxTotalDepth) + " deep together")
                                                : Check(body);
  depth_ -= body.depth;
  locals_.swap(locals);
  scope_ = outer;
  return checked;
}

const Expr* Compiler::ContextDefine(const LibraryScope& scope) {
  const DataModel& model = *scope.context_model;
  const Type* type = types_.Object(model, model.PatientType());
  Expr* retrieve = New(ExprKind::kRetrieve, types_.List(type), {});
  const auto info = model.Retrievable(model.PatientType());
  RetrievePlan plan;
  plan.spec.type = type->object_class;
  if (info) plan.spec.template_id = KeepText(info->template_id);
  plan.memo = program_.memo_count_++;
  plan.memoised = true;
  retrieve->retrieve = program_.arena_.Make(plan);
  return Operator("SingletonFrom", {Finish(retrieve)}, {});
}

bool Compiler::CheckDefine(Symbol* symbol, const std::string& name) {
  if (symbol->state == CheckState::kDone) return true;
  if (symbol->state == CheckState::kFailed) return false;
  if (symbol->state == CheckState::kBusy) {
    Error(symbol->ast->name_span, "'" + name + "' refers to itself");
    symbol->state = CheckState::kFailed;
    return false;
  }
  symbol->state = CheckState::kBusy;
  const bool outer = unfiltered_;
  unfiltered_ = symbol->unfiltered;
  const Expr* body = symbol->ast == nullptr ? ContextDefine(*symbol->library) : Body(symbol->library, *symbol->ast->body, {});
  unfiltered_ = outer;
  if (body == nullptr || symbol->state == CheckState::kFailed) {
    symbol->state = CheckState::kFailed;
    return false;
  }
  symbol->state = CheckState::kDone;
  symbol->type = body->type;
  symbol->index = static_cast<std::int32_t>(program_.definitions_.size());
  program_.definitions_.push_back(
      {.library = symbol->library->name,
       .name = name,
       .body = body,
       .type = body->type,
       .is_private = symbol->ast != nullptr && symbol->ast->is_private,
       .context_dependent = !symbol->unfiltered,
       .line = symbol->ast == nullptr ? 0 : symbol->library->source->PositionOf(symbol->ast->span.begin).line});
  return true;
}

bool Compiler::CheckParameter(Symbol* symbol) {
  if (symbol->state != CheckState::kUnseen) return symbol->state == CheckState::kDone;
  symbol->state = CheckState::kFailed;
  const AstDefinition& ast = *symbol->ast;
  LibraryScope* outer = scope_;
  scope_ = symbol->library;
  const Type* type = ast.type == nullptr ? nullptr : ResolveType(*ast.type);
  const Expr* fallback = ast.body == nullptr ? nullptr : Body(symbol->library, *ast.body, {});
  if (fallback != nullptr && type != nullptr) {
    if (!Cost(fallback->type, type)) {
      fallback = Error(*ast.body, "the default of a parameter of type " + ShortName(*type) + " is " + ShortName(*fallback->type));
    } else {
      fallback = Convert(const_cast<Expr*>(fallback), type);  // NOLINT: nodes are ours until the program is complete
    }
  }
  scope_ = outer;
  if ((ast.type != nullptr && type == nullptr) || (ast.body != nullptr && fallback == nullptr)) return false;
  symbol->state = CheckState::kDone;
  symbol->type = type != nullptr ? type : fallback->type;
  symbol->index = static_cast<std::int32_t>(program_.parameters_.size());
  program_.parameters_.push_back(
      {.library = symbol->library->name, .name = std::string(ast.name), .type = symbol->type, .fallback = fallback});
  return true;
}

bool Compiler::CheckVocabulary(Symbol* symbol) {
  if (symbol->state != CheckState::kUnseen) return symbol->state == CheckState::kDone;
  symbol->state = CheckState::kFailed;
  const AstDefinition& ast = *symbol->ast;
  LibraryScope* outer = scope_;
  scope_ = symbol->library;
  Arena& arena = program_.arena_;
  if (symbol->kind == Symbol::Kind::kCode) {
    if (const CodeData* code = CodeOf(ast.id, ast.display, *ast.system)) {
      symbol->constant = Value::Code(code);
      symbol->state = CheckState::kDone;
    }
    symbol->type = types_.System(Tag::kCode);
  } else if (symbol->kind == Symbol::Kind::kConcept) {
    std::vector<Value> codes;
    for (const AstNode* member : ast.members) {
      const Expr* code = Check(*member);
      if (code != nullptr && code->kind == ExprKind::kConstant && code->constant.Is(Tag::kCode)) codes.push_back(code->constant);
      if (code != nullptr && !code->type->Is(Tag::kCode)) Error(*member, "a concept is made of codes");
    }
    if (codes.size() == ast.members.size()) symbol->state = CheckState::kDone;
    symbol->constant = Value::Concept(
        arena.Make(ConceptData{.codes = Keep(codes).data(), .size = codes.size(), .display = KeepText(ast.display)}));
    symbol->type = types_.System(Tag::kConcept);
  } else {
    const VocabularyData data{.id = KeepText(ast.id), .version = KeepText(ast.version), .name = KeepText(ast.name)};
    const bool set = symbol->kind == Symbol::Kind::kValueSet;
    symbol->constant = set ? Value::ValueSet(arena.Make(data)) : Value::CodeSystem(arena.Make(data));
    symbol->type = types_.System(set ? Tag::kValueSet : Tag::kCodeSystem);
    symbol->state = CheckState::kDone;
  }
  scope_ = outer;
  return symbol->state == CheckState::kDone;
}

bool Compiler::FunctionTypes(FunctionDecl* function) {
  if (function->types_known) return function->operands.size() == function->ast->operands.size();
  function->types_known = true;
  LibraryScope* outer = scope_;
  scope_ = function->library;
  for (const AstOperand& operand : function->ast->operands) {
    const Type* type = ResolveType(*operand.type);
    if (type == nullptr) break;
    function->operands.push_back(type);
  }
  scope_ = outer;
  return function->operands.size() == function->ast->operands.size();
}

bool Compiler::CheckFunction(FunctionDecl* function) {
  if (function->state == CheckState::kDone) return true;
  if (function->state == CheckState::kFailed) return false;
  if (function->state == CheckState::kBusy) {
    Error(function->ast->name_span, "function '" + std::string(function->ast->name) + "' calls itself, which CQL does not allow");
    function->state = CheckState::kFailed;
    return false;
  }
  if (!FunctionTypes(function)) {
    function->state = CheckState::kFailed;
    return false;
  }
  if (function->ast->external) {
    LibraryScope* outer = scope_;
    scope_ = function->library;
    Error(function->ast->name_span, "function '" + std::string(function->ast->name) + "' is external: there is nothing to call");
    scope_ = outer;
    function->state = CheckState::kFailed;
    return false;
  }
  function->state = CheckState::kBusy;
  std::vector<Local> locals;
  for (std::size_t i = 0; i < function->operands.size(); ++i) {
    function->slots.push_back(NewSlot());
    locals.push_back({.name = function->ast->operands[i].name, .type = function->operands[i], .slot = function->slots[i]});
  }
  const Expr* body = Body(function->library, *function->ast->body, std::move(locals));
  if (body == nullptr || function->state == CheckState::kFailed) {
    function->state = CheckState::kFailed;
    return false;
  }
  function->state = CheckState::kDone;
  function->result = body->type;
  function->index = static_cast<std::int32_t>(program_.functions_.size());
  program_.functions_.push_back({.library = function->library->name, .name = std::string(function->ast->name), .body = body});
  return true;
}

}  // namespace plumbline::cql
