#include "engine/cql/program.h"

namespace plumbline::cql {

std::optional<int> Program::Find(std::string_view name, std::string_view library) const {
  const std::string_view wanted = library.empty() ? std::string_view(library_) : library;
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    if (definitions_[i].name == name && definitions_[i].library == wanted) return static_cast<int>(i);
  }
  return std::nullopt;
}

Evaluation::Evaluation(const Program& program)
    : program_(program),
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

Value Evaluation::Evaluate(int definition) { return Define(definition); }

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
  if (kept.epoch != epoch_) {
    kept.value = fallback->fn(*fallback, *this);
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
