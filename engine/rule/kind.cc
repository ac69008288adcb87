#include "engine/rule/kind.h"

namespace plumbline::rule {

std::string_view Name(Tri value) { return value == Tri::kTrue ? "true" : value == Tri::kFalse ? "false" : "unknown"; }

bool IsCurrent(const RowList& rows, std::size_t i, TimeMs cut) {
  const Row& row = rows[i];
  if (row.arrival > cut) return false;
  if (!row.versions) return true;
  for (std::size_t j = rows.FindId(row.id); j < rows.size(); j = rows.FindId(row.id, j + 1)) {
    if (rows[j].version > row.version && rows[j].arrival <= cut) return false;
  }
  return true;
}

bool IsVisible(const RowList& rows, std::size_t i, TimeMs cut) { return !rows[i].Withdrawn() && IsCurrent(rows, i, cut); }

void RuleKind::Evidence(const JudgeContext& context, const Judgement& judgement, std::vector<std::size_t>& rows) const {
  const RowList& all = *context.subject->rows;
  const std::size_t i = all.FindId(judgement.anchor);
  if (i < all.size()) rows.push_back(i);
}

void RuleKind::Values(const JudgeContext&, const Judgement&, std::vector<NamedValue>&) const {}

void Condition::Explain(const Sight&, const Row*, const Row*, std::vector<NamedValue>&) const {}

void RuleKind::Settle(const JudgeContext&, TimeMs, OpenRun*) const {}

}  // namespace plumbline::rule
