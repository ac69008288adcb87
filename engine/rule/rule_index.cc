#include "engine/rule/rule_index.h"

#include <algorithm>

namespace plumbline::rule {

const Uses& RuleIndex::Resolve(model::EventKind kind, Term code) {
  auto& table = tables_[static_cast<std::size_t>(kind)];
  if (code >= table.size()) table.resize(std::max<std::size_t>(code + 1, vocabulary_.size() + 1));
  Uses& found = table[code];
  found.resolved = true;
  found.roles.assign(rules_.rules.size(), 0);
  found.least_lateness_ms = kForever;
  const std::string_view system = vocabulary_.System(code), text = vocabulary_.Code(code);
  for (std::size_t r = 0; r < rules_.rules.size(); ++r) {
    Roles roles = 0;
    for (const Selector& s : rules_.rules[r].selectors) {
      if (s.kind != kind || (s.codes && !s.codes->Contains(system, text))) continue;
      roles = static_cast<Roles>(roles | s.roles);
      found.needs_payload = found.needs_payload || s.needs_payload;
    }
    if (roles == 0) continue;
    found.roles[r] = roles;
    found.uses.push_back({static_cast<std::uint16_t>(r), roles});
    const RuleKind& rule_kind = *rules_.rules[r].kind;
    found.keep_ms = std::max(found.keep_ms, rule_kind.KeepMs(roles));
    if ((roles & kTriggerRole) != 0) found.settle_ms = std::max(found.settle_ms, rule_kind.SettleMs());
    found.least_lateness_ms = std::min(found.least_lateness_ms, rule_kind.LatenessMs());
  }
  return found;
}

void RuleIndex::Rebuild() {
  for (std::size_t kind = 0; kind < tables_.size(); ++kind) {
    for (std::size_t code = 0; code < tables_[kind].size(); ++code) {
      if (!tables_[kind][code].resolved) continue;
      tables_[kind][code] = {};
      Resolve(static_cast<model::EventKind>(kind), static_cast<Term>(code));
    }
  }
}

}  // namespace plumbline::rule
