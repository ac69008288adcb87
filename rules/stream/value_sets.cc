#include "rules/stream/value_sets.h"

#include <algorithm>

namespace plumbline::rules {
namespace {

// Classifications whose codes grow to the right.
bool IsTree(std::string_view system) {
  return system.ends_with("/atc") || system.find("/icd-10") != std::string_view::npos ||
         system.find("/icd-9") != std::string_view::npos;
}

}  // namespace

Result<void> ValueSet::Add(std::string_view member) {
  const std::size_t bar = member.rfind('|');
  if (bar == std::string_view::npos || bar == 0 || bar + 1 == member.size()) {
    return Fail(ErrorCode::kConfig,
                "'" + std::string(member) + "' is no code; write \"system|code\", as in \"http://loinc.org|2708-6\"");
  }
  Member m{std::string(member.substr(0, bar)), std::string(member.substr(bar + 1)), false};
  m.below = IsTree(m.system);
  if (m.code.ends_with('*')) {
    m.code.pop_back();
    m.below = true;
  }
  members_.push_back(std::move(m));
  return {};
}

bool ValueSet::Contains(std::string_view system, std::string_view code) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Member& m) {
    return m.system == system && (m.below ? code.starts_with(m.code) : code == m.code);
  });
}

std::shared_ptr<const ValueSet> ValueSets::Find(std::string_view name) const {
  const auto it = sets_.find(name);
  return it == sets_.end() ? nullptr : it->second;
}

std::optional<bool> ValueSets::InValueSet(const cql::VocabularyData& set, std::string_view code, std::string_view system) const {
  const auto found = Find(set.id);
  if (!found) return std::nullopt;
  if (system.data() != nullptr) return found->Contains(system, code);
  return std::any_of(found->members().begin(), found->members().end(),
                     [&](const ValueSet::Member& m) { return m.below ? code.starts_with(m.code) : code == m.code; });
}

std::optional<bool> ValueSets::InCodeSystem(const cql::VocabularyData&, std::string_view) const { return std::nullopt; }

std::optional<std::span<const cql::Value>> ValueSets::Expand(const cql::VocabularyData& set, cql::Arena& arena) const {
  const auto found = Find(set.id);
  if (!found) return std::nullopt;
  auto* values = arena.AllocateArray<cql::Value>(found->members().size());
  std::size_t n = 0;
  for (const ValueSet::Member& m : found->members())
    values[n++] = cql::Value::Code(arena.Make(cql::CodeData{m.code, m.system, {}, {}}));
  return std::span<const cql::Value>(values, n);
}

}  // namespace plumbline::rules
