// Expressions of a rule as conditions over rows: compiled once, with the aliases of the rule as parameters, evaluated on any
// thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/yaml.h"
#include "engine/rule/kind.h"
#include "rules/stream/value_sets.h"

namespace plumbline::rules {

// What an alias stands for when the condition is asked.
enum class Bound : std::uint8_t { kRow, kTrigger };

struct Alias {
  std::string name;
  std::string type;  // "Device"
  Bound bound = Bound::kRow;
};

// A text of the document and where it starts in its node.
struct ExpressionText {
  const config::Node* node = nullptr;
  std::size_t offset = 0;
  std::string text;
};

// A named expression that others may use, written `"name"` in them.
struct Definition {
  std::string name;
  ExpressionText text;
};

struct CompiledCondition {
  std::shared_ptr<const rule::Condition> condition;  // null after errors
  bool reads_payload = false;                        // of the events bound or retrieved
  struct Retrieve {
    std::string type;       // "Consultation"
    std::string value_set;  // empty: all codes
  };
  std::vector<Retrieve> retrieves;
};

// Compiles one Boolean expression; mistakes go to the diagnostics at their places in the document.
// Of the definitions those that it mentions are compiled with it; their values are part of what the condition can explain.
[[nodiscard]] CompiledCondition CompileCondition(const ExpressionText& text, const std::vector<Alias>& aliases,
                                                 const std::vector<Definition>& definitions,
                                                 const std::shared_ptr<const ValueSets>& sets, config::Diagnostics& diagnostics);

}  // namespace plumbline::rules
