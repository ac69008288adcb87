// How verdicts of rows, instances and patients enter and leave the panes of measures.
#include <algorithm>

#include "engine/run/partition.h"

namespace plumbline::run {

using rule::Basis;
using rule::GroupField;
using rule::Measure;
using rule::Row;
using rule::VerdictKind;

namespace {

bool InRow(GroupField field) {
  return field == GroupField::kSite || field == GroupField::kSource || field == GroupField::kCode || field == GroupField::kUnit;
}

rule::Term TermOf(GroupField field, const Row& row) {
  switch (field) {
    case GroupField::kSite:
      return row.site;
    case GroupField::kSource:
      return row.source;
    case GroupField::kUnit:
      return row.unit;
    default:
      return row.code;
  }
}

Hash128 Combine(const Hash128& a, const Hash128& b) {
  return {a.hi * 0x9E3779B97F4A7C15ULL + b.hi + 1, (a.lo ^ b.lo) * 0xC2B2AE3D27D4EB4FULL + b.hi};
}

}  // namespace

std::string Partition::FieldText(GroupField field, const Subject& subject, const Row& row) {
  if (InRow(field)) return std::string(vocabulary_.Text(TermOf(field, row)));
  if (row.payload == rule::kNoPayload) return {};
  model::Event event;
  if (payload_decoder_.Decode(std::as_bytes(std::span(subject.payloads[row.payload])), model::Encoding::kFlatBuffers, event) !=
      model::RejectReason::kNone) {
    return {};
  }
  switch (field) {
    case GroupField::kClinician:
      return std::string(event.clinician);
    case GroupField::kRole:
      return std::string(event.clinician_role);
    case GroupField::kDevice:
      return std::string(event.device);
    default:
      return std::string(event.device_model);
  }
}

Hash128 Partition::GroupOf(const Measure& measure, const Subject& subject, const Row& row) {
  Hash128 hash{1, 1};
  for (const GroupField field : measure.by) {
    hash = Combine(hash, InRow(field) ? vocabulary_.HashOf(TermOf(field, row)) : HashText(FieldText(field, subject, row)));
  }
  return hash;
}

std::vector<std::string> Partition::GroupTexts(const Measure& measure, const Subject& subject, const Row& row) {
  std::vector<std::string> out;
  for (const GroupField field : measure.by) out.push_back(FieldText(field, subject, row));
  return out;
}

void Partition::CountRow(Subject& subject, const Row& row, std::uint16_t rule, const rule::StepResult& says, int weight) {
  const bool late = row.arrival - row.time > rules_->rules[rule].kind->LatenessMs();
  for (const std::uint16_t m : measures_of_[rule]) {
    const Measure& measure = rules_->measures[m];
    if (measure.basis == Basis::kSubject && !late) CountSubject(subject, rule, row.time, weight, 0, &row);
    if (measure.basis != Basis::kRow) continue;
    const PaneCase what{says.row_verdict, late, says.has_value, says.value};
    panes_.Count(m, GroupOf(measure, subject, row), row.time, what, weight, [&] { return GroupTexts(measure, subject, row); });
  }
}

// Of an event in several versions the one that counts is the first, in canonical order, that had not been replaced or withdrawn
// by its own time plus the lateness. *late: none came in time.
const Row* Partition::CountedVersion(const Subject& subject, const Hash128& id, TimeMs lateness, bool* late) const {
  const rule::RowList& rows = subject.rows;
  const Row* late_row = nullptr;
  for (std::size_t i = rows.FindId(id); i < rows.size(); i = rows.FindId(id, i + 1)) {
    const TimeMs cut = rows[i].time + lateness;
    if (rule::IsCurrent(rows, i, cut)) {
      *late = false;
      return rows[i].Withdrawn() ? nullptr : &rows[i];
    }
    if (late_row == nullptr && !rows[i].Withdrawn() && rows[i].arrival > cut) late_row = &rows[i];
  }
  *late = true;
  return late_row;
}

void Partition::CountId(Subject& subject, const Hash128& id, int weight) {
  const rule::SubjectRows view = ViewOf(subject);
  for (std::size_t i = subject.rows.FindId(id); i < subject.rows.size(); i = subject.rows.FindId(id, i + 1)) {
    const Row& row = subject.rows[i];
    for (const rule::Use& use : index_.Of(row.kind, row.code).uses) {
      if (measures_of_[use.rule].empty()) continue;
      const rule::RuleKind& kind = *rules_->rules[use.rule].kind;
      bool late = false;
      if (CountedVersion(subject, id, kind.LatenessMs(), &late) != &row) continue;
      const rule::StepResult says = kind.RowSays(view, row, InForce(use, row.time));
      if (says.row_verdict != VerdictKind::kNone) CountRow(subject, row, use.rule, says, weight);
    }
  }
}

void Partition::TakeBack(const CountedCase& c) {
  panes_.Count(c.measure, c.group, c.time, {c.verdict, c.late, false, 0}, -1, [] { return std::vector<std::string>(); });
}

void Partition::PutIn(const Subject& subject, const CountedCase& c, const Row* row) {
  const Measure& measure = rules_->measures[c.measure];
  panes_.Count(c.measure, c.group, c.time, {c.verdict, c.late, false, 0}, 1,
               [&] { return row == nullptr ? std::vector<std::string>(measure.by.size()) : GroupTexts(measure, subject, *row); });
}

void Partition::CountInstance(Subject& subject, const Instance& instance) {
  for (const std::uint16_t m : measures_of_[instance.rule]) {
    const Measure& measure = rules_->measures[m];
    if (measure.basis == Basis::kRow) continue;
    auto known = std::find_if(subject.counted.begin(), subject.counted.end(), [&](const CountedCase& c) {
      return c.measure == m && c.rule == instance.rule && c.anchor == instance.anchor && c.step == instance.step;
    });
    CountedCase now;
    now.anchor = instance.anchor;
    now.time = instance.anchor_time;
    now.measure = m;
    now.rule = instance.rule;
    now.step = instance.step;
    now.verdict = instance.verdict;
    now.late = instance.late;
    const std::size_t at = subject.rows.FindId(instance.anchor);
    const Row* row = at < subject.rows.size() ? &subject.rows[at] : nullptr;
    now.group = row != nullptr ? GroupOf(measure, subject, *row) : known != subject.counted.end() ? known->group : Hash128{};
    // Judged again with nothing new: the pane is not touched. A timer that has lost its purpose judges once more, and after a
    // restart it does not; nobody may see that.
    if (known != subject.counted.end() && known->verdict == now.verdict && known->late == now.late && known->time == now.time &&
        known->group == now.group) {
      continue;
    }
    const auto failed = [](const CountedCase& c) { return c.verdict == VerdictKind::kFail && !c.late ? 1 : 0; };
    const int before = known != subject.counted.end() ? failed(*known) : 0;
    if (measure.basis == Basis::kCase) {
      if (known != subject.counted.end()) TakeBack(*known);
      if (now.verdict != VerdictKind::kNone) PutIn(subject, now, row);
    }
    if (known != subject.counted.end()) subject.counted.erase(known);
    if (now.verdict != VerdictKind::kNone) subject.counted.push_back(now);
    if (measure.basis == Basis::kSubject && failed(now) != before)
      CountSubject(subject, instance.rule, instance.anchor_time, 0, failed(now) - before, row);
  }
}

void Partition::CountSubject(Subject& subject, std::uint16_t rule, TimeMs event_time, int events, int fails, const Row* row) {
  for (const std::uint16_t m : measures_of_[rule]) {
    const Measure& measure = rules_->measures[m];
    if (measure.basis != Basis::kSubject) continue;
    auto known = std::find_if(subject.counted.begin(), subject.counted.end(),
                              [&](const CountedCase& c) { return c.measure == m && c.anchor.IsZero(); });
    if (known == subject.counted.end()) {
      CountedCase fresh;
      fresh.measure = m;
      fresh.time = event_time;
      fresh.group = row != nullptr ? GroupOf(measure, subject, *row) : Hash128{};
      subject.counted.push_back(fresh);
      known = subject.counted.end() - 1;
    } else {
      if (known->verdict != VerdictKind::kNone) TakeBack(*known);
    }
    known->events += events;
    known->fails += fails;
    if (events > 0 && event_time < known->time) known->time = event_time;
    known->verdict = known->events <= 0 ? VerdictKind::kNone : known->fails > 0 ? VerdictKind::kFail : VerdictKind::kPass;
    if (known->verdict != VerdictKind::kNone) PutIn(subject, *known, row);
  }
}

void Partition::NoteIntake(Subject& subject, const Row& row) {
  if (row.version != 1 || row.Withdrawn()) return;
  IntakeSlot& slot = intake_slots_[(row.site * 31U + row.source) % intake_slots_.size()];
  if (slot.counts == nullptr || slot.site != row.site || slot.source != row.source)
    slot = {row.site, row.source, &intake_.Of(vocabulary_.Text(row.site), vocabulary_.Text(row.source))};
  IntakeCounts& c = *slot.counts;
  ++c.events;
  const TimeMs delay = row.arrival - row.time;
  if (delay < 0) {
    ++c.before;
  } else {
    ++c.delay[IntakeBook::ClassOf(delay)];
  }
  for (GreatestTime& g : subject.greatest) {
    if (g.source != row.source) continue;
    if (row.time < g.time) {
      ++c.below;
      ++c.below_by[IntakeBook::ClassOf(g.time - row.time)];
    } else if (row.time > g.time) {
      g.time = row.time;
      Changed(subject);
    }
    return;
  }
  Changed(subject);
  subject.greatest.push_back({row.source, row.time});
}

TimeMs Partition::FinalBefore(const Measure& measure) const {
  if (clock_ == model::kNoTime) return model::kNoTime;
  // A patient's case can change as long as the patient is seen.
  if (measure.basis == Basis::kSubject && clock_ < kClosed) return model::kNoTime;
  TimeMs before = clock_;
  for (const std::uint16_t r : rules_of_[static_cast<std::size_t>(&measure - rules_->measures.data())]) {
    const rule::RuleKind& kind = *rules_->rules[r].kind;
    const TimeMs keep = measure.basis == Basis::kRow ? kind.LatenessMs() : kind.FinalMs();
    if (keep == rule::kForever && clock_ >= kClosed) continue;  // nothing comes any more
    if (keep == rule::kForever) return model::kNoTime;
    before = std::min(before, clock_ - keep);
  }
  return before;
}

}  // namespace plumbline::run
