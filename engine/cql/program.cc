#include "engine/cql/program.h"

#include <algorithm>
#include <set>

namespace plumbline::cql {

std::optional<int> Program::Find(std::string_view name, std::string_view library) const {
  const std::string_view wanted = library.empty() ? std::string_view(library_) : library;
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    if (definitions_[i].name == name && definitions_[i].library == wanted) return static_cast<int>(i);
  }
  return std::nullopt;
}

// Visits every node a definition needs, each once.
class DependencyWalk {
 public:
  explicit DependencyWalk(const Program& program) : program_(program) {}

  void Definition(int index) {
    if (!definitions_.insert(index).second) return;
    const std::string outer = std::move(current_);
    current_ = program_.definitions_[static_cast<std::size_t>(index)].name;
    Visit(program_.definitions_[static_cast<std::size_t>(index)].body);
    current_ = outer;
  }
  Dependencies Take() { return std::move(found_); }

 private:
  void Visit(const Expr* node) {
    if (node == nullptr || !seen_.insert(node).second) return;
    for (const Expr* kid : node->kids) Visit(kid);
    switch (node->kind) {
      case ExprKind::kDefine:
        Definition(node->index);
        break;
      case ExprKind::kCall:
        Visit(program_.functions_[static_cast<std::size_t>(node->index)].body);
        break;
      case ExprKind::kParameter:
        Add(&found_.parameters, program_.parameters_[static_cast<std::size_t>(node->index)].name);
        Visit(program_.parameters_[static_cast<std::size_t>(node->index)].fallback);
        break;
      case ExprKind::kOperator:
        found_.uses_now = found_.uses_now || node->name == "Now" || node->name == "Today" || node->name == "TimeOfDay" ||
                          node->name == "CalculateAge";
        break;
      case ExprKind::kConstant:
        if (node->constant.Is(Tag::kValueSet)) Add(&found_.value_sets, std::string(node->constant.vocabulary().id));
        break;
      case ExprKind::kRetrieve:
        Retrieve(*node);
        break;
      case ExprKind::kQuery:
        Query(*node->query);
        break;
      default:
        break;
    }
  }

  static void Add(std::vector<std::string>* list, std::string text) {
    if (std::ranges::find(*list, text) == list->end()) list->push_back(std::move(text));
  }

  void Query(const QueryPlan& plan) {
    for (const PlanSource& source : plan.sources) Visit(source.expression);
    for (const PlanSource& let : plan.lets) Visit(let.expression);
    for (const PlanRelation& relation : plan.relations) {
      Visit(relation.source.expression);
      Visit(relation.such_that);
    }
    for (const Expr* node : {plan.where, plan.returned, plan.aggregate, plan.starting}) Visit(node);
    for (const PlanSort& sort : plan.sort) Visit(sort.by);
  }

  void AddCode(RetrieveDependency* dependency, const Value& code) {
    const CodeData& data = code.code();
    dependency->codes.push_back(std::string(data.system) + "|" + std::string(data.code));
  }

  void Retrieve(const Expr& node) {
    RetrieveDependency dependency;
    dependency.type = node.name.empty() ? std::string(node.type->element()->name) : std::string(node.name);
    dependency.code_path = node.retrieve->spec.code_path;
    dependency.used_by = current_;
    if (!node.kids.empty()) {
      const Value& codes = node.kids[0]->constant;
      dependency.codes_known = node.kids[0]->kind == ExprKind::kConstant;
      if (codes.Is(Tag::kValueSet)) dependency.value_set = codes.vocabulary().id;
      if (codes.Is(Tag::kCode)) AddCode(&dependency, codes);
      if (codes.Is(Tag::kConcept)) {
        for (std::size_t i = 0; i < codes.concept_data().size; ++i) AddCode(&dependency, codes.concept_data().codes[i]);
      }
    }
    found_.retrieves.push_back(std::move(dependency));
  }

  const Program& program_;
  Dependencies found_;
  std::set<const Expr*> seen_;
  std::set<int> definitions_;
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

Evaluation::Evaluation(const Program& program, Mode mode)
    : program_(program),
      mode_(mode),
      slots_(program.slot_count_),
      defines_(program.definitions_.size()),
      retrieves_(program.memo_count_),
      parameters_(program.parameters_.size()),
      parameter_set_(program.parameters_.size(), false) {}

void Evaluation::Begin(EvalContext& context) {
  context_ = &context;
  ++epoch_;
  scratch_.clear();
}

bool Evaluation::SetParameter(std::string_view name, const Value& value, std::string_view library) {
  bool found = false;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const ParameterInfo& info = program_.parameters_[i];
    if (info.name != name || (!library.empty() && info.library != library)) continue;
    parameters_[i].value = value;
    parameter_set_[i] = true;
    found = true;
  }
  return found;
}

Value Evaluation::Evaluate(int definition) {
  if (mode_ == Mode::kPlain) return Walk(*program_.definitions_[static_cast<std::size_t>(definition)].body);
  return Define(definition);
}

Value Evaluation::Define(std::int32_t index) {
  Kept& kept = defines_[static_cast<std::size_t>(index)];
  if (kept.epoch == epoch_) return kept.value;
  EvalContext& ctx = *context_;
  if (++ctx.depth > ctx.limits.depth) {
    --ctx.depth;
    return ctx.Fail(EvalErrorKind::kLimit, "definitions are nested deeper than the limit");
  }
  if (ctx.OverLimit()) (void)ctx.Fail(EvalErrorKind::kLimit, "the evaluation needs more memory than its limit");
  const Expr& body = *program_.definitions_[static_cast<std::size_t>(index)].body;
  const Value value = ctx.Failed() ? Value() : body.fn(body, *this);
  --ctx.depth;
  kept.value = value;
  kept.epoch = epoch_;
  return value;
}

Value Evaluation::Parameter(std::int32_t index) {
  const auto place = static_cast<std::size_t>(index);
  if (parameter_set_[place]) return parameters_[place].value;
  const Expr* fallback = program_.parameters_[place].fallback;
  if (fallback == nullptr) return {};
  Kept& kept = parameters_[place];
  if (kept.epoch != epoch_ || mode_ == Mode::kPlain) {
    kept.value = Run(*fallback);
    kept.epoch = epoch_;
  }
  return kept.value;
}

Value* Evaluation::RetrieveMemo(std::uint32_t index, bool* known) {
  Kept& kept = retrieves_[index];
  *known = kept.epoch == epoch_;
  kept.epoch = epoch_;
  return &kept.value;
}

}  // namespace plumbline::cql
