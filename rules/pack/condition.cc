#include "rules/pack/condition.h"

#include <algorithm>
#include <atomic>

#include "engine/cql/compiler.h"
#include "engine/cql/literal.h"
#include "engine/rule/vocabulary.h"
#include "rules/pack/comparisons.h"
#include "rules/stream/stream_model.h"

namespace plumbline::rules {
namespace {

using rule::Row;
using rule::Sight;
using rule::Tri;

// What one thread needs to evaluate one condition over and over without allocating.
struct Workplace {
  explicit Workplace(const cql::Program& program) : context(arena), evaluation(program) {}
  cql::Arena arena;
  cql::EvalContext context;
  cql::Evaluation evaluation;
  RowSource source;
};

class CqlCondition final : public rule::Condition {
 public:
  using Named = std::vector<std::pair<std::string, int>>;
  CqlCondition(std::shared_ptr<const cql::Program> program, int define, Named named, std::vector<Alias> aliases,
               std::shared_ptr<const ValueSets> sets, bool reads_history, bool uses_now)
      : program_(std::move(program)),
        define_(define),
        named_(std::move(named)),
        aliases_(std::move(aliases)),
        sets_(std::move(sets)),
        reads_history_(reads_history),
        uses_now_(uses_now),
        number_(next_number_.fetch_add(1, std::memory_order_relaxed)) {}

  Tri Test(const Sight& sight, const Row* row, const Row* trigger) const override {
    Workplace& w = Mine();
    Begin(w, sight, row, trigger);
    const cql::Value v = w.evaluation.Evaluate(define_);
    if (w.context.Failed() || v.IsNull()) return Tri::kUnknown;
    return v.IsTrue() ? Tri::kTrue : Tri::kFalse;
  }

  void Explain(const Sight& sight, const Row* row, const Row* trigger, std::vector<rule::NamedValue>& out) const override {
    Workplace& w = Mine();
    for (const auto& [name, define] : named_) {
      Begin(w, sight, row, trigger);
      const cql::Value v = w.evaluation.Evaluate(define);
      out.push_back({name, w.context.Failed() || v.IsNull() ? "unknown" : cql::ToLiteral(v)});
    }
  }

  bool ReadsHistory() const override { return reads_history_; }

 private:
  void Begin(Workplace& w, const Sight& sight, const Row* row, const Row* trigger) const {
    w.arena.Reset();
    w.context.error = cql::EvalErrorKind::kNone;
    w.context.steps = 0;
    w.context.depth = 0;
    if (uses_now_) w.context.now = cql::Value::OfTemporal(cql::DateTimeFromUnixMs(sight.instant, 0));
    w.source.Look(sight);
    w.evaluation.Begin(w.context);
    for (const Alias& a : aliases_) {
      const Row* bound = a.bound == Bound::kRow ? row : trigger;
      w.evaluation.SetParameter(a.name, bound == nullptr ? cql::Value() : RowValue(w.arena, *sight.subject, *bound));
    }
  }

  Workplace& Mine() const {
    thread_local std::vector<std::unique_ptr<Workplace>> workplaces;
    if (number_ >= workplaces.size()) workplaces.resize(number_ + 1);
    if (!workplaces[number_]) {
      workplaces[number_] = std::make_unique<Workplace>(*program_);
      workplaces[number_]->context.terms = sets_.get();
      workplaces[number_]->context.data = &workplaces[number_]->source;
    }
    return *workplaces[number_];
  }

  static std::atomic<std::size_t> next_number_;
  std::shared_ptr<const cql::Program> program_;
  int define_;
  Named named_;
  std::vector<Alias> aliases_;
  std::shared_ptr<const ValueSets> sets_;
  bool reads_history_;
  bool uses_now_;
  std::size_t number_;
};

std::atomic<std::size_t> CqlCondition::next_number_{0};

// Elements named after a dot that rows do not hold. Names inside strings count too: at worst something is kept in vain.
bool NamesPayload(std::string_view text) {
  for (std::size_t dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.', dot + 1)) {
    std::size_t end = dot + 1;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) ++end;
    if (ReadsPayload(text.substr(dot + 1, end - dot - 1))) return true;
  }
  return false;
}

std::string Quoted(std::string_view name, char quote) {
  std::string out(1, quote);
  for (const char c : name) {
    if (c == quote || c == '\\') out += '\\';
    out += c;
  }
  return out + quote;
}

std::string LibraryHead(const std::vector<Alias>& aliases, const ValueSets& sets) {
  std::string text = "library Condition\nusing Plumbline version '1'\n";
  for (const auto& [name, set] : sets.all()) text += "valueset " + Quoted(name, '"') + ": " + Quoted(name, '\'') + "\n";
  for (const Alias& a : aliases) text += "parameter " + Quoted(a.name, '"') + " " + a.type + "\n";
  return text + "context Unfiltered\n";
}

// A text of the pack within the library that is compiled.
struct Part {
  std::size_t begin = 0;
  const ExpressionText* text = nullptr;
};

// Of the definitions those that the text mentions, and those that these mention; in their own order.
std::vector<const Definition*> Mentioned(const std::string& text, const std::vector<Definition>& definitions) {
  std::vector<bool> used(definitions.size(), false);
  std::vector<std::string_view> texts = {text};
  while (!texts.empty()) {
    const std::string_view at = texts.back();
    texts.pop_back();
    for (std::size_t i = 0; i < definitions.size(); ++i) {
      if (used[i] || at.find(Quoted(definitions[i].name, '"')) == std::string_view::npos) continue;
      used[i] = true;
      texts.push_back(definitions[i].text.text);
    }
  }
  std::vector<const Definition*> out;
  for (std::size_t i = 0; i < definitions.size(); ++i) {
    if (used[i]) out.push_back(&definitions[i]);
  }
  return out;
}

void Report(const cql::Compiled& compiled, const std::vector<Part>& parts, config::Diagnostics& diagnostics) {
  for (const cql::Diagnostic& d : compiled.diagnostics.all()) {
    if (d.kind == cql::DiagnosticKind::kWarning) continue;
    const Part* part = &parts.front();
    for (const Part& p : parts) {
      if (d.span.begin >= p.begin) part = &p;
    }
    const std::size_t at = d.span.begin >= part->begin ? d.span.begin - part->begin : 0;
    const std::size_t length = d.span.end > d.span.begin ? d.span.end - d.span.begin : 1;
    const ExpressionText& text = *part->text;
    diagnostics.Add(config::MarkInText(*text.node, text.offset + std::min(at, text.text.size()), diagnostics), length, d.message,
                    d.hint);
  }
}

}  // namespace

CompiledCondition CompileCondition(const ExpressionText& text, const std::vector<Alias>& aliases,
                                   const std::vector<Definition>& definitions, const std::shared_ptr<const ValueSets>& sets,
                                   config::Diagnostics& diagnostics) {
  CompiledCondition out;
  std::string library = LibraryHead(aliases, *sets);
  std::vector<Part> parts;
  const std::vector<const Definition*> mentioned = Mentioned(text.text, definitions);
  for (const Definition* d : mentioned) {
    library += "define " + Quoted(d->name, '"') + ":\n";
    parts.push_back({library.size(), &d->text});
    library += d->text.text + "\n";
  }
  library += "define \"it\":\n";
  parts.push_back({library.size(), &text});
  cql::CompileOptions options;
  options.find_model = &FindStreamModel;
  const cql::Compiled compiled = cql::CompileLibrary(library + text.text, diagnostics.file(), options);
  Report(compiled, parts, diagnostics);
  if (!compiled.ok()) return out;
  const int define = *compiled.program->Find("it");
  const std::string type = compiled.program->definitions()[static_cast<std::size_t>(define)].type->name;
  if (type != "System.Boolean" && type != "Boolean" && type != "System.Any" && type != "Any") {
    diagnostics.Add(config::MarkInText(*text.node, text.offset, diagnostics), text.text.size(),
                    "a condition must be true or false, this is a " + type, "a comparison, exists, and, or, not");
    return out;
  }
  const cql::Dependencies reads = compiled.program->DependenciesOf(define);
  for (const cql::RetrieveDependency& r : reads.retrieves) {
    const std::size_t dot = r.type.rfind('.');
    out.retrieves.push_back({dot == std::string::npos ? r.type : r.type.substr(dot + 1), r.value_set});
  }
  out.reads_payload = NamesPayload(text.text);
  CqlCondition::Named named;
  for (const Definition* d : mentioned) {
    out.reads_payload = out.reads_payload || NamesPayload(d->text.text);
    named.emplace_back(d->name, *compiled.program->Find(d->name));
  }
  auto general = std::make_shared<CqlCondition>(compiled.program, define, std::move(named), aliases, sets,
                                                !reads.retrieves.empty(), reads.uses_now);
  out.condition = Specialise(text.text, aliases, std::move(general));
  return out;
}

}  // namespace plumbline::rules
