#include "engine/run/subject.h"

#include <algorithm>
#include <array>
#include <new>

namespace plumbline::run {
namespace {

constexpr std::uint8_t kFormat = 4;
constexpr std::size_t kRowHead = 16 + 6 * 8 + 2 * 4 + 3 * 2 + 3;

// row = id, time, arrival, sequence, value, content, encounter (u64 each but id), u32 code, u32 version, u16 unit, u16 site,
//       u16 source, u8 kind, u8 status, u8 flags (1 has_value, 2 versions, 4 payload), text id, [text payload]
void WriteRow(ByteWriter& w, const rule::Row& r, const std::vector<std::string>& payloads) {
  const bool payload = r.payload != rule::kNoPayload;
  // A checkpoint writes millions of rows: the fixed part goes in one piece.
  std::array<char, kRowHead> head;
  char* at = head.data();
  const auto put = [&at](auto value) {
    StoreLe(at, value);
    at += sizeof value;
  };
  put(r.id.hi);
  put(r.id.lo);
  put(static_cast<std::uint64_t>(r.time));
  put(static_cast<std::uint64_t>(r.arrival));
  put(r.sequence);
  put(static_cast<std::uint64_t>(r.value));
  put(r.content);
  put(r.encounter);
  put(r.code);
  put(r.version);
  put(r.unit);
  put(r.site);
  put(r.source);
  put(static_cast<std::uint8_t>(r.kind));
  put(static_cast<std::uint8_t>(r.status));
  put(static_cast<std::uint8_t>((r.has_value ? 1 : 0) | (r.versions ? 2 : 0) | (payload ? 4 : 0)));
  w.Bytes({head.data(), head.size()});
  w.Text(r.IdText());
  if (payload) w.Text(payloads[r.payload]);
}

rule::Row ReadRow(ByteReader& in, Subject& subject) {
  rule::Row r;
  r.id = in.Hash();
  r.time = in.I64();
  r.arrival = in.I64();
  r.sequence = in.U64();
  r.value = in.I64();
  r.content = in.U64();
  r.encounter = in.U64();
  r.code = in.U32();
  r.version = in.U32();
  r.unit = in.U16();
  r.site = in.U16();
  r.source = in.U16();
  r.kind = static_cast<model::EventKind>(in.U8());
  r.status = static_cast<model::EventStatus>(in.U8());
  const std::uint8_t flags = in.U8();
  r.has_value = (flags & 1) != 0;
  r.versions = (flags & 2) != 0;
  const std::string_view id = in.Text();
  r.id_size = static_cast<std::uint8_t>(std::min(id.size(), rule::kInlineIdBytes));
  std::memcpy(r.id_text, id.data(), r.id_size);
  if ((flags & 4) != 0) r.payload = subject.AddPayload(in.Text());
  return r;
}

void WriteInstance(ByteWriter& w, const Instance& i) {
  w.Hash(i.anchor);
  w.I64(i.anchor_time);
  w.I64(i.last_time);
  w.I64(i.instant);
  w.I64(i.limit);
  w.I64(i.wake);
  w.Hash(i.chain);
  w.U32(i.transitions);
  w.U16(i.rule);
  w.U16(i.step);
  w.U16(i.feed);
  w.U8(static_cast<std::uint8_t>(i.announced));
  w.U8(static_cast<std::uint8_t>(i.verdict));
  w.U8(static_cast<std::uint8_t>((i.late ? 1 : 0) | (i.is_final ? 2 : 0)));
}

Instance ReadInstance(ByteReader& in) {
  Instance i;
  i.anchor = in.Hash();
  i.anchor_time = in.I64();
  i.last_time = in.I64();
  i.instant = in.I64();
  i.limit = in.I64();
  i.wake = in.I64();
  i.chain = in.Hash();
  i.transitions = in.U32();
  i.rule = in.U16();
  i.step = in.U16();
  i.feed = in.U16();
  i.announced = static_cast<alert::Announced>(in.U8());
  i.verdict = static_cast<rule::VerdictKind>(in.U8());
  const std::uint8_t flags = in.U8();
  i.late = (flags & 1) != 0;
  i.is_final = (flags & 2) != 0;
  return i;
}

void WriteRun(ByteWriter& w, const rule::OpenRun& r) {
  w.Hash(r.anchor);
  w.I64(r.anchor_time);
  w.I64(r.last);
  w.I64(r.fired);
  w.I64(r.boundary);
  w.U32(r.count);
  w.U16(r.rule);
  w.U8(static_cast<std::uint8_t>((r.open ? 1 : 0) | (r.awaiting ? 2 : 0)));
  w.I64(r.clearing);
  w.I64(r.clearing_last);
}

rule::OpenRun ReadRun(ByteReader& in) {
  rule::OpenRun r;
  r.anchor = in.Hash();
  r.anchor_time = in.I64();
  r.last = in.I64();
  r.fired = in.I64();
  r.boundary = in.I64();
  r.count = in.U32();
  r.rule = in.U16();
  const std::uint8_t flags = in.U8();
  r.open = (flags & 1) != 0;
  r.awaiting = (flags & 2) != 0;
  r.clearing = in.I64();
  r.clearing_last = in.I64();
  return r;
}

void WriteCounted(ByteWriter& w, const CountedCase& c) {
  w.Hash(c.anchor);
  w.Hash(c.group);
  w.I64(c.time);
  w.I64(c.events);
  w.I64(c.fails);
  w.U16(c.measure);
  w.U16(c.rule);
  w.U16(c.step);
  w.U8(static_cast<std::uint8_t>(c.verdict));
  w.U8(c.late ? 1 : 0);
}

CountedCase ReadCounted(ByteReader& in) {
  CountedCase c;
  c.anchor = in.Hash();
  c.group = in.Hash();
  c.time = in.I64();
  c.events = in.I64();
  c.fails = in.I64();
  c.measure = in.U16();
  c.rule = in.U16();
  c.step = in.U16();
  c.verdict = static_cast<rule::VerdictKind>(in.U8());
  c.late = in.U8() != 0;
  return c;
}

}  // namespace

SubjectKey::SubjectKey(const Hash128& key) {
  text_[0] = 's';
  StoreLe(text_.data() + 1, key.hi);
  StoreLe(text_.data() + 1 + sizeof key.hi, key.lo);
}

bool Subject::MarkTouched(std::uint16_t rule) {
  for (PhaseCell& c : phases) {
    if (c.rule != rule) continue;
    const bool first = !c.touched;
    c.touched = true;
    return first;
  }
  phases.push_back({rule, rule::kIdle, true});
  return true;
}

void Subject::SetPhase(std::uint16_t rule, rule::Phase phase) {
  const auto it = std::find_if(phases.begin(), phases.end(), [rule](const PhaseCell& c) { return c.rule == rule; });
  if (it == phases.end()) return;
  if (phase == rule::kIdle) {
    phases.erase(it);
  } else {
    *it = {rule, phase, false};
  }
}

std::uint32_t Subject::AddPayload(std::string_view bytes) {
  if (free_payloads.empty()) {
    payloads.emplace_back(bytes);
    return static_cast<std::uint32_t>(payloads.size() - 1);
  }
  const std::uint32_t index = free_payloads.back();
  free_payloads.pop_back();
  payloads[index].assign(bytes);
  return index;
}

void Subject::DropPayload(std::uint32_t index) {
  if (index != rule::kNoPayload) free_payloads.push_back(index);
}

void Subject::Serialize(std::string& out) const {
  ByteWriter w(out);
  w.U8(kFormat);
  w.U32(prune_at);
  w.I64(dropped_before);
  w.I64(truncated_values);
  w.I64(truncated_others);
  w.U32(static_cast<std::uint32_t>(rows.size()));
  for (const rule::Row& r : rows.all()) WriteRow(w, r, payloads);
  w.U32(static_cast<std::uint32_t>(instances.size()));
  for (const Instance& i : instances) WriteInstance(w, i);
  w.U32(static_cast<std::uint32_t>(runs.size()));
  for (const rule::OpenRun& r : runs) WriteRun(w, r);
  w.U32(static_cast<std::uint32_t>(counted.size()));
  for (const CountedCase& c : counted) WriteCounted(w, c);
  w.U32(static_cast<std::uint32_t>(greatest.size()));
  for (const GreatestTime& g : greatest) {
    w.U16(g.source);
    w.I64(g.time);
  }
  std::vector<PhaseCell> sorted = phases;
  std::sort(sorted.begin(), sorted.end(), [](const PhaseCell& a, const PhaseCell& b) { return a.rule < b.rule; });
  w.U32(static_cast<std::uint32_t>(sorted.size()));
  for (const PhaseCell& c : sorted) {
    w.U16(c.rule);
    w.U8(c.phase);
  }
}

Result<void> Subject::Deserialize(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.U8() != kFormat)
    return Fail(ErrorCode::kVersion, "a subject in the checkpoint has another format; start from the journal");
  prune_at = in.U32();
  dropped_before = in.I64();
  truncated_values = in.I64();
  truncated_others = in.I64();
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) rows.Insert(ReadRow(in, *this));
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) instances.push_back(ReadInstance(in));
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) runs.push_back(ReadRun(in));
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) counted.push_back(ReadCounted(in));
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) {
    const std::uint16_t source = in.U16();
    greatest.push_back({source, in.I64()});
  }
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) {
    const std::uint16_t rule = in.U16();
    phases.push_back({rule, in.U8(), false});
  }
  if (!in.ok() || !in.AtEnd()) return Fail(ErrorCode::kIntegrity, "a subject in the checkpoint is cut short");
  return {};
}

SubjectTable::~SubjectTable() {
  ForEach([](Subject& s) { s.~Subject(); });
  pool_.Give(slots_, (mask_ + 1) * sizeof(Slot));
}

Subject* SubjectTable::Find(const Hash128& key) const {
  for (std::size_t at = key.lo & mask_; slots_[at].subject != nullptr; at = (at + 1) & mask_) {
    if (slots_[at].lo == key.lo && slots_[at].subject->key == key) return slots_[at].subject;
  }
  return nullptr;
}

Subject& SubjectTable::FindOrAdd(const Hash128& key) {
  if (Subject* found = Find(key)) return *found;
  if ((count_ + 1) * 2 > mask_ + 1) Grow((mask_ + 1) * 2);
  std::size_t at = key.lo & mask_;
  while (slots_[at].subject != nullptr) at = (at + 1) & mask_;
  auto* subject = new (pool_.Take(sizeof(Subject))) Subject(&pool_);
  subject->key = key;
  slots_[at] = {key.lo, subject};
  ++count_;
  return *subject;
}

void SubjectTable::Erase(std::size_t at) {
  slots_[at].subject->~Subject();
  pool_.Give(slots_[at].subject, sizeof(Subject));
  --count_;
  // What stands behind it and would not be found over the hole moves up.
  for (std::size_t i = (at + 1) & mask_; slots_[i].subject != nullptr; i = (i + 1) & mask_) {
    const std::size_t home = slots_[i].lo & mask_;
    if (((i - home) & mask_) < ((i - at) & mask_)) continue;
    slots_[at] = slots_[i];
    at = i;
  }
  slots_[at] = {0, nullptr};
}

void SubjectTable::Grow(std::size_t slots) {
  Slot* const old = slots_;
  const std::size_t old_slots = old == nullptr ? 0 : mask_ + 1;
  slots_ = static_cast<Slot*>(pool_.Take(slots * sizeof(Slot)));
  std::fill(slots_, slots_ + slots, Slot{0, nullptr});
  mask_ = slots - 1;
  for (std::size_t i = 0; i < old_slots; ++i) {
    if (old[i].subject == nullptr) continue;
    std::size_t at = old[i].lo & mask_;
    while (slots_[at].subject != nullptr) at = (at + 1) & mask_;
    slots_[at] = old[i];
  }
  pool_.Give(old, old_slots * sizeof(Slot));
}

}  // namespace plumbline::run
