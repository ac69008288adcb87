// What a partition keeps and for how long, and how it is written to a checkpoint and read back.
#include <algorithm>

#include "engine/base/check.h"
#include "engine/run/partition.h"

namespace plumbline::run {
namespace {

constexpr std::uint8_t kFormat = 2;
constexpr std::string_view kPartitionKey = "p";
constexpr std::uint32_t kLeastRows = 24;

void WriteForce(ByteWriter& w, const rule::Force& f) {
  w.U8(f.always ? 1 : 0);
  w.I64(f.known_from);
  w.U32(static_cast<std::uint32_t>(f.spans.size()));
  for (const rule::Span& s : f.spans) {
    w.I64(s.from);
    w.I64(s.until);
  }
}

rule::Force ReadForce(ByteReader& in) {
  rule::Force f;
  f.always = in.U8() != 0;
  f.known_from = in.I64();
  f.spans.clear();
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) {
    const TimeMs from = in.I64();
    f.spans.push_back({from, in.I64()});
  }
  return f;
}

}  // namespace

bool Partition::Keeps(const Subject& subject, const rule::Row& row) {
  const rule::Uses& uses = index_.Of(row.kind, row.code);
  TimeMs keep = uses.keep_ms;
  if (row.kind != model::EventKind::kDevice) keep = std::max(keep, options_.corrections_ms);
  // A row that arrived late keeps its place for as long, counted from its arrival.
  if (keep == rule::kForever || std::max(row.time, row.arrival) >= clock_ - keep) return true;
  // What an unfinished alert began with stays until it is finished.
  return std::any_of(subject.instances.begin(), subject.instances.end(), [&row](const Instance& i) {
    return i.anchor == row.id && (!i.is_final || i.feed != rule::kNoFeed || alert::IsFiring(i.announced));
  });
}

// Runs are folded up to the first row that late evidence could still change for some rule with runs.
TimeMs Partition::SettledUpTo(const Subject& subject) {
  for (const rule::Row& row : subject.rows.all()) {
    const TimeMs settle = index_.Of(row.kind, row.code).settle_ms;
    if (settle > 0 && std::max(row.time, row.arrival) >= clock_ - settle) return row.time;
  }
  return clock_;
}

void Partition::Settle(Subject& subject, TimeMs boundary) {
  const rule::SubjectRows view = ViewOf(subject);
  for (const PhaseCell& cell : subject.phases) {
    const rule::IndexRoles roles(index_, cell.rule, force_[cell.rule]);
    rule::OpenRun run;
    run.rule = cell.rule;
    const auto known =
        std::find_if(subject.runs.begin(), subject.runs.end(), [&](const rule::OpenRun& r) { return r.rule == cell.rule; });
    if (known != subject.runs.end()) run = *known;
    rules_->rules[cell.rule].kind->Settle({&view, &roles, &feeds_, clock_, {}}, boundary, &run);
    if (known != subject.runs.end()) subject.runs.erase(known);
    if (run.open || run.awaiting) subject.runs.push_back(run);
  }
}

void Partition::Prune(Subject& subject) {
  if (clock_ == model::kNoTime) {
    subject.prune_at = static_cast<std::uint32_t>(subject.rows.size() * 2);
    return;
  }
  // Each row goes by its own need: what is kept long (diagnoses, orders, what an unbounded `exists` reads) holds back nothing.
  const TimeMs boundary = SettledUpTo(subject);
  const auto goes = [&](const rule::Row& row) { return row.time < boundary && !Keeps(subject, row); };
  const std::span<const rule::Row> rows = subject.rows.all();
  if (std::any_of(rows.begin(), rows.end(), goes)) {
    Changed(subject);
    Settle(subject, boundary);
    subject.rows.Prune([&](const rule::Row& row) {
      if (!goes(row)) return true;
      subject.dropped_before = std::max(subject.dropped_before, row.time + 1);
      subject.DropPayload(row.payload);
      return false;
    });
    Tidy(subject);
  }
  if (subject.rows.size() >= options_.max_rows) [[unlikely]]
    Truncate(subject);
  subject.prune_at = std::max(kLeastRows, static_cast<std::uint32_t>(subject.rows.size() + subject.rows.size() / 4));
  if (subject.rows.size() < options_.max_rows) subject.prune_at = std::min(subject.prune_at, options_.max_rows);
}

void Partition::Tidy(Subject& subject) {
  std::erase_if(subject.runs, [&](const rule::OpenRun& r) { return subject.PhaseOf(r.rule) == rule::kIdle; });
  std::erase_if(subject.counted,
                [&](const CountedCase& c) { return !c.anchor.IsZero() && subject.rows.FindId(c.anchor) == subject.rows.size(); });
  // Verdicts whose rows are gone: kept only while their alert is firing, because an answer may still end it.
  std::erase_if(subject.instances, [&](const Instance& i) {
    const bool done = i.is_final || (i.announced == alert::Announced::kNothing && i.wake == rule::kForever);
    const bool gone = done && !alert::IsFiring(i.announced) && subject.rows.FindId(i.anchor) == subject.rows.size();
    if (gone && i.announced == alert::Announced::kUnknown) --rule_counts_[i.rule].unknown;
    if (gone) Forget(subject, i);
    return gone;
  });
  for (const Hash128& chain : forgotten_) {
    const bool goes_on =
        std::any_of(subject.instances.begin(), subject.instances.end(), [&chain](const Instance& i) { return i.chain == chain; });
    if (!goes_on) handling_.Forget(chain);
  }
  forgotten_.clear();
}

void Partition::BeginCheckpoint() {
  PLUMBLINE_CHECK(frozen_.empty() && early_.empty(), "one checkpoint at a time");
  frozen_ = std::move(dirty_);
  dirty_.clear();
  for (Subject* s : frozen_) {
    s->dirty = false;
    s->frozen = true;
  }
  next_frozen_ = 0;
  frozen_others_.clear();
  panes_.TakeDirty(&frozen_others_);
  handling_.TakeDirty(&frozen_others_);
  frozen_others_[std::string(kPartitionKey)] = PartitionBytes();
}

bool Partition::NextSlice(std::size_t max_bytes, const SliceSink& sink) {
  std::size_t bytes = 0;
  while (bytes < max_bytes && !frozen_others_.empty()) {
    const auto first = frozen_others_.begin();
    sink(first->first, first->second);
    bytes += first->second.size();
    frozen_others_.erase(first);
  }
  if (bytes < max_bytes) bytes += early_.Take(max_bytes - bytes, sink);
  std::string value;
  while (bytes < max_bytes && next_frozen_ < frozen_.size()) {
    Subject& s = *frozen_[next_frozen_++];
    if (!s.frozen) continue;
    s.frozen = false;
    value.clear();
    s.Serialize(value);
    sink(SubjectKey(s.key).view(), value);
    bytes += value.size();
  }
  if (next_frozen_ < frozen_.size() || !early_.empty() || !frozen_others_.empty()) return true;
  frozen_.clear();
  return false;
}

// partition = u8 version=2, u16 topics, topics * i64 clock, terms, feeds, counts, rules
// terms = u32 n, n * (u8 is_code, u32 system size, text); feeds = u32 n, n * (u32 m, m * (i64 arrival, i64 complete_to))
// counts = 8 * u64; rules = u32 n, n * (6 u64 events, 6 u64 finals, u64 late triggers, u64 late events, 8 u64 transitions,
// u64 firing, u64 unknown, force); force = u8 always, i64 known from, u32 spans, spans * (i64 from, i64 until); then the intake
// (intake.h)
std::string Partition::PartitionBytes() const {
  std::string out;
  ByteWriter w(out);
  w.U8(kFormat);
  w.U16(kMaxTopics);
  for (const TimeMs c : topic_clocks_) w.I64(c);
  w.U32(static_cast<std::uint32_t>(vocabulary_.size()));
  for (rule::Term t = 1; t <= vocabulary_.size(); ++t) {
    w.U8(vocabulary_.IsCode(t) ? 1 : 0);
    w.U32(static_cast<std::uint32_t>(vocabulary_.SystemSize(t)));
    w.Text(vocabulary_.Text(t));
  }
  w.U32(static_cast<std::uint32_t>(feeds_.size()));
  for (std::size_t f = 0; f < feeds_.size(); ++f) {
    const auto& beats = feeds_.Beats(static_cast<rule::FeedIndex>(f));
    w.U32(static_cast<std::uint32_t>(beats.size()));
    for (const rule::Beat& b : beats) {
      w.I64(b.arrival);
      w.I64(b.complete_to);
    }
  }
  for (const std::uint64_t c : {counts_.accepted, counts_.duplicates, counts_.conflicts, counts_.outdated, counts_.skew,
                                counts_.out_of_order, counts_.truncated, counts_.heartbeats}) {
    w.U64(c);
  }
  w.U32(static_cast<std::uint32_t>(rule_counts_.size()));
  for (const RuleCounts& r : rule_counts_) {
    for (const std::uint64_t c : r.events) w.U64(c);
    for (const std::uint64_t c : r.finals) w.U64(c);
    w.U64(r.late_triggers);
    w.U64(r.late_events);
    for (const std::uint64_t c : r.transitions) w.U64(c);
    w.U64(r.firing);
    w.U64(r.unknown);
  }
  for (const rule::Force& f : force_) WriteForce(w, f);
  intake_.Write(w);
  return out;
}

Result<void> Partition::RestorePartition(std::string_view value) {
  ByteReader in(value);
  if (in.U8() != kFormat || in.U16() != kMaxTopics)
    return Fail(ErrorCode::kVersion, "the checkpoint has another format; start from the journal");
  for (TimeMs& c : topic_clocks_) c = in.I64();
  SetClock();
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) {
    const bool is_code = in.U8() != 0;
    const std::size_t system_size = in.U32();
    const std::string_view text = in.Text();
    if (is_code && system_size >= text.size()) return Fail(ErrorCode::kIntegrity, "the checkpoint's vocabulary is damaged");
    vocabulary_.Append(text, is_code, system_size);
  }
  const std::uint32_t feeds = in.U32();
  if (feeds != feeds_.size()) {
    return Fail(ErrorCode::kConfig, "the checkpoint was made with " + std::to_string(feeds) +
                                        " declared feeds, the configuration has " + std::to_string(feeds_.size()) +
                                        "; feeds may only be changed by an activation");
  }
  for (std::uint32_t f = 0; f < feeds; ++f) {
    std::vector<rule::Beat> beats(std::min<std::uint32_t>(in.U32(), 1'000'000));
    for (rule::Beat& b : beats) {
      b.arrival = in.I64();
      b.complete_to = in.I64();
    }
    feeds_.RestoreBeats(static_cast<rule::FeedIndex>(f), std::move(beats));
  }
  for (std::uint64_t* c : {&counts_.accepted, &counts_.duplicates, &counts_.conflicts, &counts_.outdated, &counts_.skew,
                           &counts_.out_of_order, &counts_.truncated, &counts_.heartbeats}) {
    *c = in.U64();
  }
  if (in.U32() != rule_counts_.size()) return Fail(ErrorCode::kConfig, "the checkpoint was made with another set of rules");
  for (RuleCounts& r : rule_counts_) {
    for (std::uint64_t& c : r.events) c = in.U64();
    for (std::uint64_t& c : r.finals) c = in.U64();
    r.late_triggers = in.U64();
    r.late_events = in.U64();
    for (std::uint64_t& c : r.transitions) c = in.U64();
    r.firing = in.U64();
    r.unknown = in.U64();
  }
  editions_ = false;
  for (rule::Force& f : force_) {
    f = ReadForce(in);
    editions_ = editions_ || !f.always;
  }
  intake_.Read(in);
  if (!in.ok() || !in.AtEnd()) return Fail(ErrorCode::kIntegrity, "the partition's part of the checkpoint is cut short");
  return {};
}

Result<void> Partition::Restore(std::string_view key, std::string_view value) {
  if (key == kPartitionKey) return RestorePartition(value);
  if (!key.empty() && key[0] == 'm') return panes_.Restore(key, value);
  if (!key.empty() && (key[0] == 'h' || key[0] == 'H')) return handling_.Restore(key, value);
  ByteReader in(key);
  if (in.U8() != 's') return Fail(ErrorCode::kIntegrity, "the checkpoint holds a key of no known kind");
  Subject& subject = subjects_.FindOrAdd(in.Hash());
  if (!in.ok() || !in.AtEnd()) return Fail(ErrorCode::kIntegrity, "the checkpoint holds a damaged key");
  evicted_.erase(subject.key);
  PLUMBLINE_TRY(subject.Deserialize(value));
  for (const rule::Row& row : subject.rows.all()) index_.Of(row.kind, row.code);
  for (const Instance& i : subject.instances) {
    if (i.rule >= rules_->rules.size()) return Fail(ErrorCode::kConfig, "the checkpoint was made with another set of rules");
    Schedule(subject, i);
    if (i.transitions > 0) subject_of_alert_[AlertIdOf(subject, i)] = subject.key;
  }
  return {};
}

Digest Partition::StateDigest() {
  std::vector<const Subject*> all;
  all.reserve(subjects_.size());
  subjects_.ForEach([&all](const Subject& s) { all.push_back(&s); });
  std::sort(all.begin(), all.end(), [](const Subject* a, const Subject* b) { return a->key < b->key; });
  Sha256 sha;
  std::map<std::string, std::string> others;
  panes_.AppendAll(&others);
  handling_.AppendAll(&others);
  others[std::string(kPartitionKey)] = PartitionBytes();
  for (const auto& [key, value] : others) {
    sha.Update(key);
    sha.Update(value);
  }
  std::string bytes;
  for (const Subject* s : all) {
    bytes.clear();
    s->Serialize(bytes);
    sha.UpdateU64(s->key.hi);
    sha.UpdateU64(s->key.lo);
    sha.Update(bytes);
  }
  return sha.Finish();
}

}  // namespace plumbline::run
