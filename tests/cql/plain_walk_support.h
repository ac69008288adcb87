// A second evaluator of compiled programs, to compare the first with: naive, slow and meant to be obviously right. It walks the
// typed tree by what its nodes say and shares no control construct with engine/cql: if, case, logic, Coalesce, selectors,
// elements, `is` and `as`, implicit conversions, queries, retrieves, calls and definitions are written here once more. Variables
// live in environments that are copied, definitions are evaluated anew wherever they are used, nothing is folded. Only the
// operators of the table are shared, and what compares and makes single values.
#pragma once

#include <map>
#include <stdexcept>

#include "engine/cql/context.h"
#include "engine/cql/program.h"

namespace plumbline::cql {

class PlainWalk {
 public:
  // The program did more than `steps` nodes.
  struct TooLong : std::runtime_error {
    TooLong() : std::runtime_error("the walk takes too long") {}
  };

  PlainWalk(const Program& program, EvalContext& context, std::uint64_t steps) : program_(program), ctx_(context), left_(steps) {}

  void SetParameter(std::int32_t index, const Value& value) { parameters_[index] = value; }
  // Null where it failed: look at the context.
  [[nodiscard]] Value Evaluate(int definition);

 private:
  using Environment = std::map<std::int32_t, Value>;  // by slot
  using Rows = std::vector<Environment>;
  struct Failed {};

  Value Walk(const Expr& node, const Environment& env);
  Value WalkKind(const Expr& node, const Environment& env);
  std::vector<Value> WalkAll(const Expr& node, const Environment& env);
  Value Logic(const Expr& node, const Environment& env, bool deciding);
  Value Implies(const Expr& node, const Environment& env);
  Value Case(const Expr& node, const Environment& env);
  Value Coalesce(const Expr& node, const Environment& env);
  Value Fold(const Expr& node, const Environment& env);
  Value Parameter(std::int32_t index);
  Value Call(const Expr& node, const Environment& env);

  Value Tuple(const Expr& node, const Environment& env);
  Value Interval(const Expr& node, const Environment& env);
  Value Instance(const Expr& node, const Environment& env);
  Value Element(const Expr& node, const Value& of);
  Value Vocabulary(const Expr& node, const Value& of);
  Value Elements(const Expr& node, const Environment& env);

  bool IsOf(const Value& value, const TypeTest& test);
  Value As(const Expr& node, const Environment& env);
  Value ConvertList(const Expr& node, const Environment& env);
  Value ConvertInterval(const Expr& node, const Environment& env);
  Value ConvertChoice(const Expr& node, const Environment& env);

  Value Retrieve(const Expr& node, const Environment& env);
  Value Query(const Expr& node, const Environment& env);
  Rows QueryRows(const QueryPlan& plan, std::size_t source, const Environment& env);
  bool Holds(const PlanRelation& relation, const Environment& env);
  Value Aggregate(const QueryPlan& plan, const Environment& env);
  std::vector<Value> Distinct(const std::vector<Value>& rows);
  std::vector<Value> Sort(const QueryPlan& plan, std::vector<Value> rows, const Environment& env);

  Value Keep(const std::vector<Value>& items);
  Value Apply(OperatorFn fn, const std::vector<Value>& args);

  const Program& program_;
  EvalContext& ctx_;
  std::uint64_t left_;
  std::map<std::int32_t, Value> parameters_;
};

}  // namespace plumbline::cql
