// Finds the few rules that an event concerns, from its kind and code. Built lazily as codes appear; belongs to one partition.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "engine/rule/editions.h"
#include "engine/rule/rule_set.h"
#include "engine/rule/vocabulary.h"

namespace plumbline::rule {

struct Use {
  std::uint16_t rule;
  Roles roles;
};

struct Uses {
  std::vector<Use> uses;         // by rule number
  std::vector<Roles> roles;      // of every rule, by its number; 0 where it does not use the event
  TimeMs keep_ms = 0;            // how long a row stays, by the neediest rule
  TimeMs settle_ms = 0;          // how long it may still change a run
  TimeMs least_lateness_ms = 0;  // of the rules: later arrivals are irregular for some rule
  bool needs_payload = false;
  bool resolved = false;
};

class RuleIndex {
 public:
  RuleIndex(const RuleSet& rules, const Vocabulary& vocabulary) : rules_(rules), vocabulary_(vocabulary) {}
  // No allocation for a code that has appeared before.
  const Uses& Of(model::EventKind kind, Term code) {
    auto& table = tables_[static_cast<std::size_t>(kind)];
    if (code < table.size() && table[code].resolved) [[likely]]
      return table[code];
    return Resolve(kind, code);
  }
  // After rules were added at the end of the set: what was resolved is resolved anew.
  void Rebuild();
  // The roles of a row for one rule. `kind` and `code` have appeared before.
  [[nodiscard]] Roles RolesFor(const Row& row, std::uint16_t rule) const {
    const auto& table = tables_[static_cast<std::size_t>(row.kind)];
    return row.code < table.size() && table[row.code].resolved ? table[row.code].roles[rule] : Roles{0};
  }

 private:
  const Uses& Resolve(model::EventKind kind, Term code);
  const RuleSet& rules_;
  const Vocabulary& vocabulary_;
  std::array<std::vector<Uses>, 4> tables_;  // by kind, then term
};

// The roles of a row for one rule while it is in force: outside its spans nothing is its trigger.
class IndexRoles final : public RoleOfRow {
 public:
  IndexRoles(const RuleIndex& index, std::uint16_t rule, const Force& force) : index_(index), rule_(rule), force_(force) {}
  [[nodiscard]] Roles Of(const Row& row) const override {
    const Roles roles = index_.RolesFor(row, rule_);
    return force_.Holds(row.time) ? roles : static_cast<Roles>(roles & ~kTriggerRole);
  }

 private:
  const RuleIndex& index_;
  std::uint16_t rule_;
  const Force& force_;
};

}  // namespace plumbline::rule
