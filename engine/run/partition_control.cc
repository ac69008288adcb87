// Editions of rules: which revision is in force when, and what a change of it does to what stands already. Instances of a case
// stay with the revision that their trigger's time selects; of a running condition the old alert is superseded once the new
// revision has judged the subject.
#include <algorithm>
#include <set>

#include "engine/run/partition.h"

namespace plumbline::run {

using alert::Announced;
using rule::Row;
using rule::Rule;

std::string Partition::NameOf(std::size_t rule) const {
  return rules_->rules[rule].id + "/" + std::to_string(rules_->rules[rule].revision);
}

void Partition::LinkMeasures() {
  measures_of_.assign(rules_->rules.size(), {});
  rules_of_.assign(rules_->measures.size(), {});
  for (std::size_t m = 0; m < rules_->measures.size(); ++m) {
    // A measure counts the cases of its rule whatever the revision that judges them.
    const Rule& of = rules_->rules[rules_->measures[m].rule];
    for (std::size_t r = 0; r < rules_->rules.size(); ++r) {
      const bool counted = r == rules_->measures[m].rule || (rules_->rules[r].id == of.id && !of.silent);
      if (!counted) continue;
      measures_of_[r].push_back(static_cast<std::uint16_t>(m));
      rules_of_[m].push_back(static_cast<std::uint16_t>(r));
    }
  }
}

// From when on all that the rule reads was kept: by the rules that were there before it.
TimeMs Partition::KnownFrom(const Rule& rule, TimeMs arrival) {
  if (arrival == model::kNoTime) return INT64_MIN;
  TimeMs known = INT64_MIN;
  for (const rule::Selector& s : rule.selectors) {
    for (rule::Term t = 1; t <= vocabulary_.size(); ++t) {
      if (!vocabulary_.IsCode(t) || (s.codes && !s.codes->Contains(vocabulary_.System(t), vocabulary_.Code(t)))) continue;
      const rule::Uses& uses = index_.Of(s.kind, t);
      TimeMs keep = uses.uses.empty() ? 0 : uses.keep_ms;
      if (s.kind != model::EventKind::kDevice) keep = std::max(keep, options_.corrections_ms);
      if (keep != rule::kForever) known = std::max(known, arrival - keep);
    }
  }
  return known;
}

void Partition::Append(const rule::RuleSet& edition, TimeMs arrival) {
  std::vector<std::uint16_t> number_of(edition.rules.size());
  const std::size_t known = rules_->rules.size();
  for (std::size_t i = 0; i < edition.rules.size(); ++i) {
    const Rule& fresh = edition.rules[i];
    const auto loaded = std::find_if(rules_->rules.begin(), rules_->rules.begin() + static_cast<std::ptrdiff_t>(known),
                                     [&](const Rule& r) { return r.id == fresh.id && r.revision == fresh.revision; });
    number_of[i] = static_cast<std::uint16_t>(loaded - rules_->rules.begin());
    if (loaded != rules_->rules.begin() + static_cast<std::ptrdiff_t>(known)) continue;
    number_of[i] = static_cast<std::uint16_t>(rules_->rules.size());
    rule::Force force;
    force.spans.clear();
    force.always = false;
    force.known_from = KnownFrom(fresh, arrival);
    force_.push_back(force);
    rules_->rules.push_back(fresh);
  }
  for (const rule::Measure& m : edition.measures) {
    const bool loaded = std::any_of(rules_->measures.begin(), rules_->measures.end(),
                                    [&](const rule::Measure& x) { return x.id == m.id && x.revision == m.revision; });
    if (loaded) continue;
    rules_->measures.push_back(m);
    rules_->measures.back().rule = number_of[m.rule];
  }
  for (const std::string& pack : edition.packs) {
    if (std::find(rules_->packs.begin(), rules_->packs.end(), pack) == rules_->packs.end()) rules_->packs.push_back(pack);
  }
  rule_counts_.resize(rules_->rules.size());
  told_.clear();
  editions_ = true;
  index_.Rebuild();
  LinkMeasures();
}

// Subjects that have rows at or after the time of the change: what these counted for is taken out before, and put back after it.
std::vector<Partition::Straddler> Partition::TakeOut(TimeMs from) {
  std::vector<Straddler> out;
  subjects_.ForEach([&](Subject& subject) {
    if (subject.rows.empty() || subject.rows.back().time < from) return;
    Straddler s{&subject, {}};
    for (std::size_t i = subject.rows.LowerBound(from); i < subject.rows.size(); ++i) {
      const Hash128& id = subject.rows[i].id;
      if (std::find(s.ids.begin(), s.ids.end(), id) == s.ids.end()) s.ids.push_back(id);
    }
    Changed(subject);
    for (const Hash128& id : s.ids) CountId(subject, id, -1);
    out.push_back(std::move(s));
  });
  // Not in the order of the table.
  std::sort(out.begin(), out.end(), [](const Straddler& a, const Straddler& b) { return a.subject->key < b.subject->key; });
  return out;
}

void Partition::PutBack(const std::vector<Straddler>& straddlers) {
  for (const Straddler& s : straddlers) {
    for (const Hash128& id : s.ids) {
      CountId(*s.subject, id, 1);
      const rule::RowList& rows = s.subject->rows;
      for (std::size_t i = rows.FindId(id); i < rows.size(); i = rows.FindId(id, i + 1)) {
        for (const rule::Use& use : index_.Of(rows[i].kind, rows[i].code).uses) Touch(*s.subject, use.rule);
      }
    }
  }
}

// A running condition that is firing when its rule ends is asked again, so that it is superseded in time.
void Partition::TouchFiring(std::uint16_t rule) {
  if (!rules_->rules[rule].kind->Running()) return;
  std::vector<Subject*> firing;
  subjects_.ForEach([&](Subject& subject) {
    const bool fires = std::any_of(subject.instances.begin(), subject.instances.end(),
                                   [rule](const Instance& i) { return i.rule == rule && alert::IsFiring(i.announced); });
    if (fires) firing.push_back(&subject);
  });
  for (Subject* subject : firing) Touch(*subject, rule);
}

void Partition::End(std::uint16_t rule, TimeMs from, EditionChange& change) {
  rule::Force& force = force_[rule];
  if (force.spans.empty() || force.spans.back().until <= from) return;
  force.EndAt(from);
  editions_ = true;
  change.ended.push_back(NameOf(rule));
  TouchFiring(rule);
}

Result<Partition::EditionChange> Partition::Activate(const rule::RuleSet& edition, TimeMs arrival, TimeMs from) {
  for (const Rule& fresh : edition.rules) {
    for (std::size_t r = 0; r < rules_->rules.size(); ++r) {
      const Rule& loaded = rules_->rules[r];
      if (loaded.id != fresh.id || loaded.revision != fresh.revision || loaded.digest == fresh.digest) continue;
      return Fail(ErrorCode::kConfig, "revision " + std::to_string(fresh.revision) + " of rule \"" + fresh.id +
                                          "\" is loaded and says something else; a revision never changes, give it a new number");
    }
  }
  for (const rule::Measure& fresh : edition.measures) {
    for (const rule::Measure& loaded : rules_->measures) {
      if (loaded.id != fresh.id || loaded.revision != fresh.revision || loaded.digest == fresh.digest) continue;
      return Fail(ErrorCode::kConfig, "revision " + std::to_string(fresh.revision) + " of measure \"" + fresh.id +
                                          "\" is loaded and says something else; a revision never changes, give it a new number");
    }
  }
  const std::vector<Straddler> straddlers = TakeOut(from);
  EditionChange change;
  Append(edition, clock_ == model::kNoTime ? model::kNoTime : arrival);
  for (std::size_t r = 0; r < rules_->rules.size(); ++r) {
    const Rule& rule = rules_->rules[r];
    const bool wanted = std::any_of(edition.rules.begin(), edition.rules.end(),
                                    [&](const Rule& x) { return x.id == rule.id && x.revision == rule.revision; });
    const bool of_edition =
        std::find(edition.packs.begin(), edition.packs.end(), rule.pack) != edition.packs.end() ||
        std::any_of(edition.rules.begin(), edition.rules.end(), [&](const Rule& x) { return x.id == rule.id; });
    rule::Force& force = force_[r];
    if (wanted) {
      const bool in_force = !force.spans.empty() && force.spans.back().from <= from && force.spans.back().until == rule::kForever;
      if (in_force) continue;
      force.BeginAt(from);
      change.began.push_back(NameOf(r));
    } else if (of_edition) {
      End(static_cast<std::uint16_t>(r), from, change);
    }
  }
  PutBack(straddlers);
  return change;
}

Result<Partition::EditionChange> Partition::Retire(std::string_view rule, std::string_view pack, TimeMs, TimeMs from) {
  std::vector<std::uint16_t> numbers;
  for (std::size_t r = 0; r < rules_->rules.size(); ++r) {
    const bool named = rule.empty() ? rules_->rules[r].pack == pack : rules_->rules[r].id == rule;
    if (named) numbers.push_back(static_cast<std::uint16_t>(r));
  }
  if (numbers.empty()) {
    return Fail(ErrorCode::kNotFound, rule.empty() ? "no pack \"" + std::string(pack) + "\" is loaded"
                                                   : "no rule \"" + std::string(rule) + "\" is loaded");
  }
  const std::vector<Straddler> straddlers = TakeOut(from);
  EditionChange change;
  for (const std::uint16_t r : numbers) End(r, from, change);
  PutBack(straddlers);
  return change;
}

// The first event after `from` that another revision of the rule checks.
const Row* Partition::FirstOfSuccessor(const Subject& subject, std::uint16_t rule, TimeMs from) const {
  for (std::size_t i = subject.rows.LowerBound(from); i < subject.rows.size(); ++i) {
    const Row& row = subject.rows[i];
    for (std::size_t r = 0; r < rules_->rules.size(); ++r) {
      if (r == rule || rules_->rules[r].id != rules_->rules[rule].id || !force_[r].Holds(row.time)) continue;
      const rule::Roles roles = index_.RolesFor(row, static_cast<std::uint16_t>(r));
      if ((roles & rule::kTriggerRole) != 0 && rule::IsVisible(subject.rows, i, rule::kForever)) return &row;
    }
  }
  return nullptr;
}

Announced Partition::SupersededOr(const Subject& subject, const Instance& instance, Announced now, TimeMs* wake) const {
  if (!rules_->rules[instance.rule].kind->Running()) return now;
  const TimeMs until = force_[instance.rule].EndAfter(instance.anchor_time);
  if (until == rule::kForever) return now;
  if (FirstOfSuccessor(subject, instance.rule, until) != nullptr) return Announced::kSuperseded;
  const bool succeeded = std::any_of(rules_->rules.begin(), rules_->rules.end(), [&](const Rule& r) {
    const auto number = static_cast<std::size_t>(&r - rules_->rules.data());
    return number != instance.rule && r.id == rules_->rules[instance.rule].id && force_[number].Holds(until);
  });
  if (succeeded) return now;
  // The rule was retired: nobody judges the condition any more.
  if (clock_ > until) return Announced::kSuperseded;
  *wake = std::min(*wake, until);
  return now;
}

void Partition::MendSuperseded(const Subject& subject, const Instance& instance, alert::Step* step) const {
  step->instant = force_[instance.rule].EndAfter(instance.anchor_time);
  if (FirstOfSuccessor(subject, instance.rule, step->instant) == nullptr) step->cause = alert::Cause::kRetired;
}

// A row beyond the rule's span came: what it left firing may be superseded now.
void Partition::StepEnded(Subject& subject, std::uint16_t rule) {
  const bool fires = std::any_of(subject.instances.begin(), subject.instances.end(),
                                 [rule](const Instance& i) { return i.rule == rule && alert::IsFiring(i.announced); });
  if (fires) Touch(subject, rule);
}

// The new revision's alert about the condition that the old one left: it began with the very event that superseded it.
bool Partition::LinkAcrossRevisions(Subject& subject, Instance& instance, Told& told) {
  for (const Instance& old : subject.instances) {
    if (old.rule == instance.rule || old.announced != Announced::kSuperseded) continue;
    if (rules_->rules[old.rule].id != rules_->rules[instance.rule].id) continue;
    const Row* first = FirstOfSuccessor(subject, old.rule, force_[old.rule].EndAfter(old.anchor_time));
    if (first == nullptr || first->id != instance.anchor) continue;
    told.supersedes = AlertIdOf(subject, old);
    told.chain = instance.chain = old.chain;
    return true;
  }
  return false;
}

Hash128 Partition::AlertIdOf(const Subject& subject, const Instance& instance) const {
  const Rule& rule = rules_->rules[instance.rule];
  return alert::AlertId(rule.id, rule.revision, subject.key, instance.anchor, instance.step);
}

void Partition::Forget(const Subject& subject, const Instance& instance) {
  if (instance.transitions == 0) return;
  subject_of_alert_.erase(AlertIdOf(subject, instance));
  if (handling_.Find(instance.chain) != nullptr) forgotten_.push_back(instance.chain);
}

std::vector<std::uint64_t> Partition::AcknowledgedFiring() const {
  std::vector<std::uint64_t> counts(rules_->rules.size());
  for (const auto& [chain, handling] : handling_.all()) {
    if (handling.acknowledged_by.empty()) continue;
    const auto at = subject_of_alert_.find(chain);
    const Subject* subject = at == subject_of_alert_.end() ? nullptr : subjects_.Find(at->second);
    if (subject == nullptr) continue;
    for (const Instance& i : subject->instances) counts[i.rule] += i.chain == chain && alert::IsFiring(i.announced) ? 1 : 0;
  }
  return counts;
}

std::optional<Partition::KnownAlert> Partition::FindAlert(const Hash128& alert_id) const {
  const auto at = subject_of_alert_.find(alert_id);
  const Subject* subject = at == subject_of_alert_.end() ? nullptr : subjects_.Find(at->second);
  if (subject == nullptr) return std::nullopt;
  for (const Instance& i : subject->instances) {
    if (i.transitions == 0 || AlertIdOf(*subject, i) != alert_id) continue;
    const Rule& rule = rules_->rules[i.rule];
    KnownAlert known{i.chain, &rule, {}, {}, i.announced};
    if (i.step < rule.steps.size()) known.step = rule.steps[i.step];
    const std::size_t row = subject->rows.FindId(i.anchor);
    if (row < subject->rows.size()) known.site = vocabulary_.Text(subject->rows[row].site);
    return known;
  }
  return std::nullopt;
}

}  // namespace plumbline::run
