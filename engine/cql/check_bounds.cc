// What bounds a program, whatever the text: the number of its nodes and of the types they have, and how deep evaluation recurses.
#include <algorithm>

#include "engine/cql/compiler_internal.h"

namespace plumbline::cql {
namespace {

constexpr std::size_t kMaxNodes = 1'000'000;
constexpr std::size_t kMaxTypeBytes = std::size_t{64} << 20;  // of the names of all types
constexpr int kMaxHeight = 2'500;  // operators, definitions and functions within each other; some frames of the stack each

class Highest {
 public:
  void See(const Expr* node) { height_ = std::max(height_, node == nullptr ? 0 : static_cast<int>(node->height)); }
  void Add(int more) { height_ += more; }
  [[nodiscard]] int height() const { return height_; }

 private:
  int height_ = 0;
};

void SeeQuery(const QueryPlan& plan, Highest* highest) {
  for (const PlanSource& source : plan.sources) highest->See(source.expression);
  for (const PlanSource& let : plan.lets) highest->See(let.expression);
  for (const PlanRelation& relation : plan.relations) {
    highest->See(relation.source.expression);
    highest->See(relation.such_that);
  }
  for (const Expr* part : {plan.where, plan.returned, plan.aggregate, plan.starting}) highest->See(part);
  for (const PlanSort& sort : plan.sort) highest->See(sort.by);
  highest->Add(static_cast<int>(plan.sources.size()) + 1);  // a loop each, within each other
}

}  // namespace

// Told once; what is checked after that adds nothing.
bool Compiler::TooLarge(Span span) {
  if (too_large_) return true;
  if (program_.node_count_ > kMaxNodes) {
    Error(span, "this library is too large: its program has more than " + std::to_string(kMaxNodes) + " parts");
  } else if (types_.overflowed() || types_.bytes() > kMaxTypeBytes) {
    Error(span, "the types of this library are too large");
  } else {
    return false;
  }
  too_large_ = true;
  return true;
}

void Compiler::Measure(Expr* node) {
  Highest highest;
  for (const Expr* kid : node->kids) highest.See(kid);
  const auto index = static_cast<std::size_t>(node->index);
  if (node->kind == ExprKind::kDefine) highest.See(program_.definitions_[index].body);
  if (node->kind == ExprKind::kCall) highest.See(program_.functions_[index].body);
  if (node->kind == ExprKind::kParameter) highest.See(program_.parameters_[index].fallback);
  if (node->kind == ExprKind::kQuery) SeeQuery(*node->query, &highest);
  node->height = static_cast<std::uint16_t>(std::min(highest.height() + 1, kMaxHeight + 1));
  if (node->height <= kMaxHeight || too_high_) return;
  too_high_ = true;
  Error(node->span,
        "expressions, definitions and functions are nested more than " + std::to_string(kMaxHeight) + " deep together");
}

}  // namespace plumbline::cql
