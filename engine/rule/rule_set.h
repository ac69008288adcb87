// The rules that a partition runs: compiled, immutable, shared by all partitions. Order is that of the packs and is not visible
// outside; what leaves names rules by id and revision.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/rule/kind.h"
#include "engine/rule/measure.h"

namespace plumbline::rule {

class CodeSet {
 public:
  virtual ~CodeSet() = default;
  [[nodiscard]] virtual bool Contains(std::string_view system, std::string_view code) const = 0;
};

// Which events a rule concerns, and as what.
struct Selector {
  model::EventKind kind = model::EventKind::kDevice;
  std::shared_ptr<const CodeSet> codes;  // null: every code of the kind
  Roles roles = 0;
  bool needs_payload = false;  // an expression reads more of the event than a row holds
};

enum class Severity : std::uint8_t { kInfo = 0, kWarning = 1, kCritical = 2 };
enum class Speaks : std::uint8_t { kEarly = 0, kFinal = 1 };

// What one step of a rule asks, as its author wrote it.
struct StepText {
  std::string wants;     // an expression
  bool forbids = false;  // it must not happen
  TimeMs within_ms = 0;  // 0: at the event itself
};

struct Rule {
  std::string id;
  std::uint32_t revision = 1;
  Severity severity = Severity::kWarning;
  bool shadow = false;  // measured, but pages nobody
  bool silent = false;  // counted only: what it says is told to nobody (indicators)
  Speaks speaks = Speaks::kEarly;
  std::vector<std::string> steps;  // names, by step number; empty for kinds with one
  std::shared_ptr<const RuleKind> kind;
  std::vector<Selector> selectors;
  std::string title_en, title_zh;
  std::string pack;  // id of the pack it came with
  // For people: where it comes from, and what it asks.
  std::string clause, document, edition;
  std::string kind_name;             // "pathway"
  std::vector<StepText> step_texts;  // by step number; a check has one
  Digest digest{};                   // of the rule's canonical text
};

struct RuleSet {
  std::vector<std::string> packs;  // ids
  std::vector<Rule> rules;
  std::vector<Measure> measures;
  Digest digest{};
};

}  // namespace plumbline::rule
