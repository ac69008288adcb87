// A compiled library or expression: an immutable graph of typed nodes, and Evaluation, the state of evaluating one program over
// and over. A Program is made once, shared by any number of threads, never changed; an Evaluation belongs to one thread.
//
// Every node carries the function that evaluates it (direct threading): the compiler picks the narrowest one that is right for
// the operand types, so that no type is looked up and no name compared while evaluating. A definition's value is computed once
// per evaluation and kept. Because CQL functions cannot recurse, every variable of the program has one fixed slot and a call
// needs no stack frame of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cql/context.h"
#include "engine/cql/data_model.h"
#include "engine/cql/dependencies.h"
#include "engine/cql/operators.h"
#include "engine/cql/source.h"
#include "engine/cql/types.h"
#include "engine/cql/value.h"

namespace plumbline::cql {

class Evaluation;
struct Expr;
struct QueryPlan;

using EvalFn = Value (*)(const Expr& node, Evaluation& evaluation);

enum class ExprKind : std::uint8_t {
  kConstant,
  kSlot,       // index
  kDefine,     // index
  kParameter,  // index
  kOperator,   // op over kids
  kFold,       // kids[0], then ops[i] over (so far, kids[i]): a long chain
  kAnd,        // any number of kids
  kOr,
  kImplies,
  kIf,
  kCase,    // pairs, then else; conditions are Boolean
  kCaseOf,  // comparand, pairs, else; op compares
  kCoalesce,
  kList,
  kTuple,            // shape
  kInterval,         // low, high, [low closed, high closed]; flags
  kInstance,         // of a System type: tag; kids by the type's elements
  kElement,          // of a tuple: by name, index its place where the type is known
  kProperty,         // of an object or a System value: property
  kListProperty,     // of each element; flattened where kFlatten
  kIs,               // test
  kAs,               // test; kStrict: an error where it is not
  kConvertList,      // element conversion: kids[1] over slot index
  kConvertInterval,  // point conversion: kids[1] over slot index
  kConvertChoice,    // tests and conversions by what the value is
  kRetrieve,
  kQuery,
  kCall,  // function index, operands in slots
};

// A compiled `is`.
struct TypeTest {
  enum class Kind : std::uint8_t { kAny, kTag, kObject, kList, kInterval, kTuple, kChoice };
  Kind kind = Kind::kAny;
  Tag tag = Tag::kNull;
  const ObjectClass* object_class = nullptr;
  std::string_view name;
  std::span<const TypeTest* const> parts;  // element, point, alternatives, tuple elements
  std::span<const std::string_view> names;
  // Takes a step for every part that it looks at.
  [[nodiscard]] bool Matches(const EvalContext& ctx, const Value& value) const;
};

// What `x.name` means for a value that is not an object.
enum class Field : std::uint8_t {
  kNone,
  kLow,
  kHigh,
  kLowClosed,
  kHighClosed,
  kValue,
  kUnit,
  kNumerator,
  kDenominator,
  kCode,
  kSystem,
  kVersion,
  kDisplay,
  kCodes,
  kId,
  kName
};

struct RetrievePlan {
  RetrieveSpec spec;
  std::uint32_t memo = 0;  // equal retrieves without variables share a place
  bool memoised = false;
};

struct Expr {
  static constexpr std::uint8_t kStrict = 1;
  static constexpr std::uint8_t kFlatten = 2;
  static constexpr std::uint8_t kLowClosed = 4;
  static constexpr std::uint8_t kHighClosed = 8;

  EvalFn fn = nullptr;
  std::span<const Expr* const> kids;
  OperatorFn op = nullptr;
  std::int32_t index = -1;  // slot, definition, parameter, function, element, property
  ExprKind kind = ExprKind::kConstant;
  std::uint8_t flags = 0;
  std::uint8_t op_flags = 0;
  Tag tag = Tag::kNull;
  Field field = Field::kNone;
  std::uint16_t height = 1;  // of what is below, definitions and functions too: how deep evaluation recurses
  Value constant;            // kConstant, or what the node folds to
  const Type* type = nullptr;
  std::string_view name;  // of an operator, element, definition
  union {
    const OperatorFn* ops = nullptr;  // kFold
    const TypeTest* test;             // kIs, kAs
    const TypeTest* const* tests;     // kConvertChoice
    const TupleShape* shape;
    const QueryPlan* query;
    const RetrievePlan* retrieve;
    const std::int32_t* slots;  // kCall: of the operands
  };
  const Source* source = nullptr;
  Span span;
};

struct PlanSource {
  const Expr* expression = nullptr;
  std::int32_t slot = -1;
  bool list = true;
};
struct PlanRelation {
  PlanSource source;
  const Expr* such_that = nullptr;
  bool without = false;
};
struct PlanSort {
  const Expr* by = nullptr;  // null: the element
  bool descending = false;
};
struct QueryPlan {
  std::span<const PlanSource> sources;
  std::span<const PlanSource> lets;
  std::span<const PlanRelation> relations;
  const Expr* where = nullptr;
  const Expr* returned = nullptr;  // null: the source's element
  bool distinct = false;
  bool singular = false;  // no source is a list
  const Expr* aggregate = nullptr;
  const Expr* starting = nullptr;
  std::int32_t accumulator = -1;
  std::span<const PlanSort> sort;
  std::int32_t sort_slot = -1;
};

struct Definition {
  std::string library;
  std::string name;
  const Expr* body = nullptr;
  const Type* type = nullptr;
  bool is_private = false;
  bool context_dependent = true;  // evaluated per patient; false in context Unfiltered
  std::uint32_t line = 0;
};

struct FunctionInfo {
  std::string library;
  std::string name;
  const Expr* body = nullptr;
};

struct ParameterInfo {
  std::string library;
  std::string name;
  const Type* type = nullptr;
  const Expr* fallback = nullptr;
};

class Program {
 public:
  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] std::string_view library_name() const { return library_; }
  [[nodiscard]] std::span<const Definition> definitions() const { return definitions_; }
  [[nodiscard]] std::span<const ParameterInfo> parameters() const { return parameters_; }
  // A definition of the main library, or of `library`.
  [[nodiscard]] std::optional<int> Find(std::string_view name, std::string_view library = {}) const;
  // Of one definition, or of all of the main library (-1). A function's own retrieves count for whoever calls it.
  [[nodiscard]] Dependencies DependenciesOf(int definition = -1) const;
  [[nodiscard]] const Expr* FunctionBody(std::int32_t index) const { return functions_[static_cast<std::size_t>(index)].body; }
  // Bytes of nodes and constants.
  [[nodiscard]] std::size_t bytes() const { return arena_.reserved(); }
  [[nodiscard]] std::size_t node_count() const { return node_count_; }

 private:
  friend class Compiler;
  friend class Evaluation;
  friend class DependencyWalk;

  std::string library_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::unique_ptr<TypeTable> types_ = std::make_unique<TypeTable>();
  Arena arena_;  // nodes and constants
  std::vector<Definition> definitions_;
  std::vector<FunctionInfo> functions_;
  std::vector<ParameterInfo> parameters_;
  std::uint32_t slot_count_ = 0;
  std::uint32_t memo_count_ = 0;  // of retrieves
  std::size_t node_count_ = 0;
};

class Evaluation {
 public:
  explicit Evaluation(const Program& program);

  // Forgets all values; parameters stay until set anew. The context outlives the evaluation it is given to.
  void Begin(EvalContext& context);
  // A parameter of every library that declares one of that name. False when none does. The value must outlive its use.
  bool SetParameter(std::string_view name, const Value& value, std::string_view library = {});
  // The value of a definition; look at context.Failed() afterwards.
  [[nodiscard]] Value Evaluate(int definition);

  // Used by the nodes.
  [[nodiscard]] EvalContext& context() { return *context_; }
  [[nodiscard]] Value& slot(std::int32_t index) { return slots_[static_cast<std::size_t>(index)]; }
  [[nodiscard]] Value Define(std::int32_t index);
  [[nodiscard]] Value Parameter(std::int32_t index);
  [[nodiscard]] const Program& program() const { return program_; }
  [[nodiscard]] bool Step() { return context_->Step(); }
  [[nodiscard]] Value* RetrieveMemo(std::uint32_t index, bool* known);
  [[nodiscard]] std::vector<Value>& scratch() { return scratch_; }

 private:
  struct Kept {
    Value value;
    std::uint64_t epoch = 0;
  };

  const Program& program_;
  EvalContext* context_ = nullptr;
  std::uint64_t epoch_ = 0;
  std::vector<Value> slots_;
  std::vector<Kept> defines_;
  std::vector<Kept> retrieves_;
  std::vector<Kept> parameters_;
  std::vector<bool> parameter_set_;
  std::vector<Value> scratch_;
};

}  // namespace plumbline::cql
