#include "engine/cql/dependencies.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "engine/cql/literal.h"
#include "engine/cql/program.h"
#include "engine/cql/time_bounds.h"

namespace plumbline::cql {
namespace {

std::string AnchorText(const std::optional<TimeAnchor>& anchor) {
  if (!anchor) return "-";
  return anchor->text + (anchor->offset.empty() ? "" : " " + anchor->offset);
}

// Operators that give elements of their operands and leave out none for what the others are: what bounds the result bounds them.
constexpr std::array kElementwise{"Union", "Intersect", "Except", "Distinct", "Flatten"};

}  // namespace

std::string BoundText(const TimeBound& bound) {
  std::string text = bound.element.empty() ? std::string("it") : bound.element;
  text += bound.overlaps ? " overlaps " : " within ";
  if (!bound.precision.empty()) text += bound.precision + " of ";
  return text + "[" + AnchorText(bound.low) + ", " + AnchorText(bound.high) + "]";
}

// Visits every node a definition needs, once for each set of bounds that holds for its elements.
class DependencyWalk {
 public:
  explicit DependencyWalk(const Program& program) : program_(program) {}

  void Definition(int index) { Define(index, {}); }
  Dependencies Take() { return std::move(found_); }

 private:
  using Bounds = std::vector<TimeBound>;
  // More visits than any library of the public collections needs by far; what is beyond is taken as without bounds.
  static constexpr std::size_t kMostVisits = 200'000;

  static std::string KeyOf(const Bounds& bounds) {
    std::string key;
    for (const TimeBound& bound : bounds) key += BoundText(bound) + ";";
    return key;
  }

  void Define(int index, const Bounds& bounds) {
    const cql::Definition& definition = program_.definitions_[static_cast<std::size_t>(index)];
    Add(&found_.definitions,
        definition.library == program_.library_ ? definition.name : definition.library + "." + definition.name);
    const std::string outer = std::exchange(current_, definition.name);
    Visit(definition.body, bounds);
    current_ = outer;
  }

  void Visit(const Expr* node, const Bounds& given) {
    if (node == nullptr) return;
    const bool many = seen_.size() > kMostVisits;
    const Bounds& bounds = many ? kNone : given;
    // Within a function a node means another thing for every place it is called from.
    if (!seen_.insert({node, many ? 0 : call_, KeyOf(bounds)}).second) return;
    switch (node->kind) {
      case ExprKind::kDefine:
        return Define(node->index, bounds);
      case ExprKind::kCall:
        return Call(*node, bounds);
      case ExprKind::kSlot:
        return Slot(*node, bounds);
      case ExprKind::kQuery:
        return Query(*node->query, bounds);
      case ExprKind::kRetrieve:
        for (const Expr* kid : node->kids) Visit(kid, {});
        return Retrieve(*node, bounds);
      case ExprKind::kParameter:
        Add(&found_.parameters, program_.parameters_[static_cast<std::size_t>(node->index)].name);
        return Visit(program_.parameters_[static_cast<std::size_t>(node->index)].fallback, {});
      case ExprKind::kConstant:
        if (node->constant.Is(Tag::kValueSet)) Add(&found_.value_sets, std::string(node->constant.vocabulary().id));
        return;
      case ExprKind::kOperator:
        found_.uses_now = found_.uses_now || IsClock(*node);
        break;
      default:
        break;
    }
    const bool same = node->kind == ExprKind::kConvertList || node->kind == ExprKind::kAs ||
                      ((node->kind == ExprKind::kOperator || node->kind == ExprKind::kFold) &&
                       std::ranges::find(kElementwise, node->name) != kElementwise.end());
    for (const Expr* kid : node->kids) Visit(kid, same ? bounds : kNone);
  }

  void Call(const Expr& node, const Bounds& bounds) {
    const std::size_t outer = std::exchange(call_, ++calls_);
    for (std::size_t i = 0; i < node.kids.size(); ++i) {
      arguments_[node.slots[i]] = {node.kids[i], outer};
      lets_[node.slots[i]] = node.kids[i];
    }
    Visit(program_.functions_[static_cast<std::size_t>(node.index)].body, bounds);
    call_ = outer;
    for (const Expr* kid : node.kids) {
      if (!kid->type->IsList()) Visit(kid, {});
    }
  }

  // An operand of the function that is being visited stands for what was given.
  void Slot(const Expr& node, const Bounds& bounds) {
    const auto found = arguments_.find(node.index);
    if (found == arguments_.end()) return;
    const auto [argument, outer] = found->second;
    const std::size_t inner = std::exchange(call_, outer);
    Visit(argument, bounds);
    call_ = inner;
  }

  void Query(const QueryPlan& plan, const Bounds& given) {
    for (const PlanSource& let : plan.lets) lets_[let.slot] = let.expression;
    const bool element =
        plan.sources.size() == 1 && plan.aggregate == nullptr &&
        (plan.returned == nullptr || (plan.returned->kind == ExprKind::kSlot && plan.returned->index == plan.sources[0].slot));
    for (const PlanSource& source : plan.sources) {
      Bounds bounds = element ? given : Bounds();
      AddTimeBounds(plan.where, source.slot, lets_, &bounds);
      // What has no relative that satisfies a condition is left out by it too.
      for (const PlanRelation& relation : plan.relations) {
        if (!relation.without) AddTimeBounds(relation.such_that, source.slot, lets_, &bounds);
      }
      Visit(source.expression, bounds);
    }
    for (const PlanRelation& relation : plan.relations) {
      Bounds bounds;
      AddTimeBounds(relation.such_that, relation.source.slot, lets_, &bounds);
      Visit(relation.source.expression, bounds);
      Visit(relation.such_that, {});
    }
    for (const PlanSource& let : plan.lets) Visit(let.expression, {});
    for (const Expr* node : {plan.where, plan.returned, plan.aggregate, plan.starting}) Visit(node, {});
    for (const PlanSort& sort : plan.sort) Visit(sort.by, {});
  }

  static void AddCode(RetrieveDependency* dependency, const Value& code) {
    const CodeData& data = code.code();
    dependency->codes.push_back(std::string(data.system) + "|" + std::string(data.code));
  }

  void Retrieve(const Expr& node, const Bounds& bounds) {
    RetrieveDependency dependency;
    dependency.type = node.name.empty() ? std::string(node.type->element()->name) : std::string(node.name);
    dependency.code_path = node.retrieve->spec.code_path;
    dependency.used_by = current_;
    dependency.bounds = bounds;
    if (!node.kids.empty()) {
      const Value& codes = node.kids[0]->constant;
      dependency.codes_known = node.kids[0]->kind == ExprKind::kConstant;
      if (codes.Is(Tag::kValueSet)) dependency.value_set = codes.vocabulary().id;
      if (codes.Is(Tag::kCode)) AddCode(&dependency, codes);
      if (codes.Is(Tag::kConcept)) {
        for (std::size_t i = 0; i < codes.concept_data().size; ++i) AddCode(&dependency, codes.concept_data().codes[i]);
      }
    }
    std::string key =
        dependency.type + "|" + dependency.code_path + "|" + dependency.value_set + "|" + current_ + "|" + KeyOf(bounds);
    for (const std::string& code : dependency.codes) key += "|" + code;
    if (!dependency.codes_known) key += "|" + std::to_string(node.span.begin);
    if (uses_.insert(std::move(key)).second) found_.retrieves.push_back(std::move(dependency));
  }

  static void Add(std::vector<std::string>* list, std::string text) {
    if (std::ranges::find(*list, text) == list->end()) list->push_back(std::move(text));
  }

  inline static const Bounds kNone;

  const Program& program_;
  Dependencies found_;
  std::set<std::tuple<const Expr*, std::size_t, std::string>> seen_;
  std::set<std::string> uses_;
  std::map<std::int32_t, std::pair<const Expr*, std::size_t>> arguments_;  // operand slot: what was given, and in which call
  LetMap lets_;
  std::size_t call_ = 0;
  std::size_t calls_ = 0;
  std::string current_;
};

Dependencies Program::DependenciesOf(int definition) const {
  DependencyWalk walk(*this);
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    const bool wanted = definition < 0 ? definitions_[i].library == library_ : static_cast<int>(i) == definition;
    if (wanted) walk.Definition(static_cast<int>(i));
  }
  return walk.Take();
}

}  // namespace plumbline::cql
