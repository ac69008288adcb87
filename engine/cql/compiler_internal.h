// The compiler's state and its parts: libraries and definitions (compiler.cc), names and properties (check_name.cc), expressions
// (check_expression.cc), literals and selectors (check_selector.cc), calls and overloads (check_call.cc), conversions
// (check_convert.cc), timing phrases (check_timing.cc), queries (check_query.cc), limits (check_bounds.cc), the choice of
// evaluating functions (bind.cc).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/cql/ast.h"
#include "engine/cql/compiler.h"
#include "engine/cql/operators.h"
#include "engine/cql/program.h"

namespace plumbline::cql {

struct LibraryScope;

enum class CheckState : std::uint8_t { kUnseen, kBusy, kDone, kFailed };

struct FunctionDecl {
  const AstDefinition* ast = nullptr;
  LibraryScope* library = nullptr;
  CheckState state = CheckState::kUnseen;
  std::vector<const Type*> operands;
  std::vector<std::int32_t> slots;
  bool types_known = false;
  const Type* result = nullptr;
  std::int32_t index = -1;
};

struct Symbol {
  enum class Kind : std::uint8_t { kDefine, kParameter, kCodeSystem, kValueSet, kCode, kConcept, kInclude, kModel };
  Kind kind = Kind::kDefine;
  const AstDefinition* ast = nullptr;  // null: the context's define
  LibraryScope* library = nullptr;     // kInclude: the library included; else where it is defined
  const DataModel* model = nullptr;    // kModel
  CheckState state = CheckState::kUnseen;
  std::int32_t index = -1;
  const Type* type = nullptr;
  Value constant{};  // of a vocabulary, code, concept
  bool unfiltered = false;
};

struct LibraryScope {
  const Source* source = nullptr;
  SyntaxTree tree;
  std::string name;
  std::string version;
  std::map<std::string, Symbol, std::less<>> symbols;
  std::vector<std::string> order;  // of defines
  std::map<std::string, std::vector<std::unique_ptr<FunctionDecl>>, std::less<>> functions;
  std::vector<const DataModel*> models;
  std::vector<LibraryScope*> includes;
  const DataModel* context_model = nullptr;
};

struct Local {
  std::string_view name;
  const Type* type = nullptr;
  std::int32_t slot = -1;
  bool implicit = false;  // its elements are names themselves: the element in `sort by`
};

struct Signature {
  const OperatorEntry* entry = nullptr;
  std::vector<const Type*> operands;
  const Type* result = nullptr;
};

class Compiler {
 public:
  Compiler(const CompileOptions& options, Program* program, Diagnostics* diagnostics)
      : options_(options), program_(*program), types_(*program->types_), diagnostics_(diagnostics) {}

  void Library(std::string text, std::string source_name);
  void Expression(std::string text, std::string source_name);

 private:
  // Libraries and definitions.
  LibraryScope* Load(std::string text, std::string source_name, bool main);
  void Declare(LibraryScope* scope);
  void DeclareOne(LibraryScope* scope, const AstDefinition& ast, bool* unfiltered);
  void Using(LibraryScope* scope, const AstDefinition& ast);
  void Include(LibraryScope* scope, const AstDefinition& ast);
  void Context(LibraryScope* scope, const AstDefinition& ast);
  bool AddSymbol(LibraryScope* scope, const AstDefinition& ast, Symbol symbol);
  void CheckAll(LibraryScope* scope);
  bool CheckDefine(Symbol* symbol, const std::string& name);
  const Expr* ContextDefine(const LibraryScope& scope);
  bool CheckParameter(Symbol* symbol);
  bool CheckVocabulary(Symbol* symbol);
  bool CheckFunction(FunctionDecl* function);
  bool FunctionTypes(FunctionDecl* function);
  const Expr* Body(LibraryScope* scope, const AstNode& body, std::vector<Local> locals);

  // Errors.
  Expr* Error(Span span, std::string message, std::string hint = {});
  Expr* Error(const AstNode& node, std::string message, std::string hint = {}) {
    return Error(node.span, std::move(message), std::move(hint));
  }

  // Nodes.
  Expr* New(ExprKind kind, const Type* type, Span span, std::initializer_list<const Expr*> kids = {});
  Expr* NewWith(ExprKind kind, const Type* type, Span span, std::span<const Expr* const> kids);
  Expr* Constant(const Value& value, const Type* type, Span span);
  Expr* Null(Span span) { return Constant({}, types_.any(), span); }
  template <typename T>
  std::span<const T> Keep(std::span<const T> items) {
    T* copy = program_.arena_.AllocateArray<T>(items.size());
    std::copy(items.begin(), items.end(), copy);
    return {copy, items.size()};
  }
  template <typename T>
  std::span<const T> Keep(const std::vector<T>& items) {
    return Keep(std::span<const T>(items));
  }
  std::string_view KeepText(std::string_view text) { return program_.arena_.Copy(text); }
  std::int32_t NewSlot() { return static_cast<std::int32_t>(program_.slot_count_++); }
  Expr* Finish(Expr* node);  // chooses fn, folds constants, sets the height
  void Measure(Expr* node);
  [[nodiscard]] bool TooLarge(Span span);

  // Expressions. All return null after an error, which is then reported.
  Expr* Check(const AstNode& ast);
  Expr* CheckKind(const AstNode& ast);
  Expr* CheckAs(const AstNode& ast, const Type* wanted, std::string_view what);
  Expr* Literal(const AstNode& ast);
  Expr* TemporalLiteral(const AstNode& ast);
  Expr* Number(const AstNode& ast, bool negative);
  Expr* Quantity(const AstNode& ast);
  Expr* Ratio(const AstNode& ast);
  Expr* Interval(const AstNode& ast);
  Expr* List(const AstNode& ast);
  Expr* Tuple(const AstNode& ast);
  Expr* Instance(const AstNode& ast);
  Expr* Code(const AstNode& ast);
  Expr* Concept(const AstNode& ast);
  const CodeData* CodeOf(std::string_view code, std::string_view display, const AstNode& system);
  Expr* Unary(const AstNode& ast);
  Expr* Chain(const AstNode& ast);
  Expr* Logic(const AstNode& ast);
  Expr* ChainStep(const AstNode& ast, std::size_t step, Expr* left, Expr* right);
  Expr* Between(const AstNode& ast);
  Expr* Membership(const AstNode& ast);
  Expr* Duration(const AstNode& ast);
  Expr* IsOrAs(const AstNode& ast);
  Expr* ConvertTo(const AstNode& ast);
  Expr* Limit(const AstNode& ast);
  Expr* If(const AstNode& ast);
  Expr* Case(const AstNode& ast);
  Expr* ExpandCollapse(const AstNode& ast);
  Expr* Timing(const AstNode& ast);
  Expr* TimingOffset(const AstNode& ast, Expr* left, Expr* right);
  Expr* TimingRelation(const AstNode& ast, Expr* left, Expr* right);
  Expr* BoundOf(AstTiming::Bound bound, Expr* operand, Span span);
  Expr* Retrieve(const AstNode& ast);
  Expr* RetrieveCodes(const AstNode& ast, RetrievePlan* plan);
  Expr* Query(const AstNode& ast);
  bool QuerySource(const AstSource& source, PlanSource* plan);
  bool QueryRelations(const AstQuery& query, std::vector<PlanRelation>* relations);
  const Type* QueryReturn(const AstNode& ast, QueryPlan* plan);
  const Type* QueryAggregate(const AstNode& ast, QueryPlan* plan);
  bool QuerySort(const AstQuery& query, const Type* element, QueryPlan* plan);

  // Names.
  Expr* Name(const AstNode& ast);
  Expr* LocalNode(const Local& local, Span span);
  Expr* SymbolNode(Symbol* symbol, const std::string& name, Span span);
  Expr* Member(const AstNode& ast);
  Expr* Property(Expr* target, std::string_view name, Span span, bool quiet = false);
  const Type* PropertyType(const Type* type, std::string_view name, std::int32_t* id, Field* field);
  LibraryScope* IncludeNamed(const AstNode& ast);
  std::string NearestNameHint(std::string_view name);
  const Type* ResolveType(const TypeSpec& spec);
  const Type* ResolveNamed(const TypeSpec& spec);
  const Type* ModelType(const DataModel& model, std::string_view name);

  // Calls.
  Expr* Call(const AstNode& ast);
  bool Arguments(const AstNode& ast, std::size_t first, std::vector<Expr*>* out);
  Expr* CallUser(const AstNode& ast, LibraryScope* library, std::span<Expr* const> arguments, bool fluent, bool* found);
  Expr* EmitCall(const AstNode& ast, FunctionDecl* function, std::span<Expr* const> arguments);
  Expr* CallNative(const FunctionDecl& function, std::span<Expr* const> arguments, Span span);
  Expr* CallSystem(const AstNode& ast, std::vector<Expr*> arguments);
  Expr* Age(const AstNode& ast, std::span<Expr* const> arguments, bool* found);
  Expr* Coalesce(const AstNode& ast, std::span<Expr* const> arguments);
  std::string FunctionHint(std::string_view name);

  // Operators.
  Expr* Operator(std::string_view name, std::vector<Expr*> arguments, Span span, std::optional<Precision> precision = {},
                 bool quiet = false);
  const std::vector<Signature>& Signatures(std::string_view name);
  std::optional<int> Match(const Signature& signature, std::span<Expr* const> arguments, const Type** variable);
  void BindVariable(const Type* pattern, const Type* actual, std::vector<const Type*>* candidates);
  const Type* Substitute(const Type* pattern, const Type* variable);

  // Conversions.
  std::optional<int> Cost(const Type* from, const Type* to);
  std::optional<int> SystemCost(const Type* from, const Type* to) const;
  Expr* Convert(Expr* value, const Type* to);
  Expr* ConvertList(Expr* value, const Type* to);
  Expr* ConvertInterval(Expr* value, const Type* to);
  Expr* ConvertChoice(Expr* value, const Type* to);
  Expr* ConvertSystem(Expr* value, const Type* to);
  Expr* ConvertModel(Expr* value, const Type* to);
  const ModelConversion* ModelConversionOf(const Type* from, const Type* to);
  Expr* AsNode(Expr* value, const Type* to, bool strict, Span span);
  const TypeTest* TestOf(const Type* type);
  const Type* CommonOperand(const Type* a, const Type* b);
  const Type* CommonBranch(const Type* a, const Type* b);

  const CompileOptions& options_;
  Program& program_;
  TypeTable& types_;
  Diagnostics* diagnostics_;
  std::map<std::string, std::unique_ptr<LibraryScope>, std::less<>> libraries_;
  std::map<std::string, std::vector<Signature>, std::less<>> signatures_;
  std::map<const Type*, const TypeTest*> tests_;
  std::map<std::string, std::uint32_t, std::less<>> retrieves_;
  LibraryScope* scope_ = nullptr;
  std::vector<Local> locals_;
  bool unfiltered_ = false;
  int include_depth_ = 0;
  int depth_ = 0;  // of the bodies being checked, together
  bool too_large_ = false;
  bool too_high_ = false;
};

// The functions a node may evaluate by, chosen when it is complete (bind.cc).
void BindExpr(Expr* node);
[[nodiscard]] EvalFn ControlFunction(ExprKind kind);
// Replaces the node's function by its value where every operand is a plain constant and nothing goes wrong.
void FoldConstant(Expr* node, Arena* arena);

}  // namespace plumbline::cql
