// Membership in value sets and code systems, through the evaluation's TermService; and messages.
#include "engine/cql/operators_internal.h"

namespace plumbline::cql::ops {
namespace {

// Whether one code, concept or bare code text is in the vocabulary; nullopt: the error is in ctx.
std::optional<bool> IsIn(EvalContext& ctx, const Value& coded, const Value& vocabulary) {
  if (ctx.terms == nullptr) {
    ctx.Fail(EvalErrorKind::kTerminology, "this evaluation has no terminology");
    return std::nullopt;
  }
  const VocabularyData& v = vocabulary.vocabulary();
  const auto test = [&](std::string_view code, std::string_view system) {
    if (vocabulary.Is(Tag::kValueSet)) return ctx.terms->InValueSet(v, code, system);
    return system.data() != nullptr && system != v.id ? std::optional(false) : ctx.terms->InCodeSystem(v, code);
  };
  std::optional<bool> found = false;
  if (coded.Is(Tag::kString)) {
    found = test(coded.string(), {});
  } else if (coded.Is(Tag::kCode)) {
    found = test(coded.code().code, coded.code().system);
  } else if (coded.Is(Tag::kConcept)) {
    const ConceptData& c = coded.concept_data();
    for (std::size_t i = 0; i < c.size && found && !*found; ++i) {
      if (c.codes[i].Is(Tag::kCode)) found = test(c.codes[i].code().code, c.codes[i].code().system);
    }
  }
  if (!found) {
    ctx.Fail(
        EvalErrorKind::kTerminology,
        (vocabulary.Is(Tag::kValueSet) ? "the value set is not known: " : "the code system is not known: ") + std::string(v.id));
  }
  return found;
}

Value InOf(EvalContext& ctx, const Value* a, std::size_t) {
  const auto found = IsIn(ctx, a[0], a[1]);
  return found ? Value::Boolean(*found) : Value();
}

Value AnyInOf(EvalContext& ctx, const Value* a, std::size_t) {
  for (const Value& coded : a[0].list()) {
    if (coded.IsNull()) continue;
    const auto found = IsIn(ctx, coded, a[1]);
    if (!found) return {};
    if (*found) return Value::Boolean(true);
  }
  return Value::Boolean(false);
}

Value ExpandOf(EvalContext& ctx, const Value* a, std::size_t) {
  const auto codes = ctx.terms == nullptr ? std::nullopt : ctx.terms->Expand(a[0].vocabulary(), ctx.arena);
  if (!codes) return ctx.Fail(EvalErrorKind::kTerminology, "the value set is not known: " + std::string(a[0].vocabulary().id));
  return Value::List(*codes);
}

// Message(source, condition, code, severity, message): gives the source; severity Error ends the evaluation.
Value MessageOf(EvalContext& ctx, const Value* a, std::size_t) {
  if (!a[1].IsTrue()) return a[0];
  const auto text = [](const Value& v) { return v.Is(Tag::kString) ? v.string() : std::string_view(""); };
  const std::string_view severity = a[3].Is(Tag::kString) ? a[3].string() : std::string_view("Message");
  if (ctx.messages != nullptr) ctx.messages->OnMessage(severity, text(a[2]), text(a[4]), a[0]);
  if (severity == "Error") {
    return ctx.Fail(EvalErrorKind::kMessage,
                    std::string(text(a[2])) + (text(a[2]).empty() ? "" : ": ") + std::string(text(a[4])));
  }
  return a[0];
}

constexpr OperatorEntry kRows[] = {
    {"InValueSet", "(Code, ValueSet): Boolean", N<InOf>, kNullPropagating},
    {"InValueSet", "(Concept, ValueSet): Boolean", N<InOf>, kNullPropagating},
    {"InValueSet", "(String, ValueSet): Boolean", N<InOf>, kNullPropagating},
    {"InCodeSystem", "(Code, CodeSystem): Boolean", N<InOf>, kNullPropagating},
    {"InCodeSystem", "(Concept, CodeSystem): Boolean", N<InOf>, kNullPropagating},
    {"InCodeSystem", "(String, CodeSystem): Boolean", N<InOf>, kNullPropagating},
    {"AnyInValueSet", "(List<Code>, ValueSet): Boolean", N<AnyInOf>, kNullPropagating},
    {"AnyInValueSet", "(List<Concept>, ValueSet): Boolean", N<AnyInOf>, kNullPropagating},
    {"AnyInValueSet", "(List<String>, ValueSet): Boolean", N<AnyInOf>, kNullPropagating},
    {"AnyInCodeSystem", "(List<Code>, CodeSystem): Boolean", N<AnyInOf>, kNullPropagating},
    {"AnyInCodeSystem", "(List<Concept>, CodeSystem): Boolean", N<AnyInOf>, kNullPropagating},
    {"AnyInCodeSystem", "(List<String>, CodeSystem): Boolean", N<AnyInOf>, kNullPropagating},
    {"ExpandValueSet", "(ValueSet): List<Code>", N<ExpandOf>, kNullPropagating},
    {"Message", "(T, Boolean, String, String, String): T", MessageOf, 0},
};

}  // namespace

std::span<const OperatorEntry> TermOperators() { return kRows; }

}  // namespace plumbline::cql::ops
