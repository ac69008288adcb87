#include "connectors/alertmanager/alert_table.h"

#include <algorithm>
#include <iterator>

#include "engine/base/bytes.h"
#include "engine/base/hash.h"

namespace plumbline::alertmanager {
namespace {

constexpr std::uint8_t kForm = 2;
constexpr std::size_t kHashSize = 8;

void EncodeEntry(const Entry& entry, ByteWriter& write) {
  write.Text(entry.chain);
  write.Text(entry.current);
  write.Text(entry.rule);
  write.Text(entry.step);
  write.Text(entry.severity);
  write.Text(entry.site);
  write.U64(entry.revision);
  write.I64(entry.instant_ms);
  write.U32(static_cast<std::uint32_t>(entry.titles.size()));
  for (const auto& [language, title] : entry.titles) {
    write.Text(language);
    write.Text(title);
  }
  write.U8(static_cast<std::uint8_t>((entry.firing ? 1 : 0) | (entry.attempted ? 2 : 0) | (entry.told ? 4 : 0)));
  write.I64(entry.changed_wall_ms);
  write.I64(entry.muted_until_ms);
}

Entry DecodeEntry(ByteReader& read) {
  Entry entry;
  entry.chain = read.Text();
  entry.current = read.Text();
  entry.rule = read.Text();
  entry.step = read.Text();
  entry.severity = read.Text();
  entry.site = read.Text();
  entry.revision = read.U64();
  entry.instant_ms = read.I64();
  const std::uint32_t titles = read.U32();
  for (std::uint32_t i = 0; i < titles && read.ok(); ++i) {
    const std::string language(read.Text());
    entry.titles[language] = std::string(read.Text());
  }
  const std::uint8_t flags = read.U8();
  entry.firing = (flags & 1) != 0;
  entry.attempted = (flags & 2) != 0;
  entry.told = (flags & 4) != 0;
  entry.changed_wall_ms = read.I64();
  entry.muted_until_ms = read.I64();
  return entry;
}

}  // namespace

Lane LaneOf(std::string_view severity) {
  if (severity == "critical") return Lane::kCritical;
  if (severity == "warning" || severity == "error" || severity == "high") return Lane::kWarning;
  return Lane::kRest;
}

void AlertTable::Apply(const AlertLine& line, Times now) {
  if (line.meaning == Meaning::kFires)
    Fire(line, now);
  else if (line.meaning == Meaning::kCloses)
    Close(line, now);
  else if (line.meaning == Meaning::kMutes || line.meaning == Meaning::kUnmutes)
    Mute(line, now);
}

std::string AlertTable::ChainOf(const AlertLine& line) const {
  if (!line.chain.empty()) return line.chain;
  if (line.supersedes.empty()) return line.id;
  const auto found = by_current_.find(line.supersedes);
  return found == by_current_.end() ? line.supersedes : found->second;
}

void AlertTable::Fire(const AlertLine& line, Times now) {
  const std::string chain = ChainOf(line);
  Entry& entry = entries_[chain];
  if (!entry.current.empty()) by_current_.erase(entry.current);
  entry.chain = chain;
  entry.current = line.id;
  entry.rule = line.rule;
  entry.step = line.step;
  entry.severity = line.severity;
  entry.site = line.site;
  entry.revision = line.revision;
  entry.instant_ms = line.instant_ms;
  entry.titles = line.titles;
  entry.muted_until_ms = line.muted_until_ms;
  entry.firing = true;
  entry.told = false;
  entry.changed_wall_ms = now.wall_ms;
  entry.due_ms = now.steady_ms;
  entry.refused.clear();
  by_current_[line.id] = chain;
}

void AlertTable::Close(const AlertLine& line, Times now) {
  const auto current = by_current_.find(line.id);
  if (current == by_current_.end()) return;  // never fired here, or another alert of its chain stands for it now
  Entry& entry = entries_.at(current->second);
  if (!entry.attempted) {  // ended before anybody was told: nobody is paged
    entries_.erase(current->second);
    by_current_.erase(current);
    return;
  }
  if (!entry.firing) return;
  entry.firing = false;
  entry.told = false;
  entry.changed_wall_ms = now.wall_ms;
  entry.due_ms = now.steady_ms + kSettleMs;
  entry.refused.clear();
}

// Once muted the alert is not sent again, so the receiver lets go of it; unmuted it is due at once.
void AlertTable::Mute(const AlertLine& line, Times now) {
  const auto entry = entries_.find(ChainOf(line));
  if (entry == entries_.end()) return;
  entry->second.muted_until_ms = line.meaning == Meaning::kMutes ? line.muted_until_ms : 0;
  entry->second.due_ms = std::min(entry->second.due_ms, now.steady_ms);
}

std::vector<Entry*> AlertTable::Due(Lane lane, Times now, std::size_t most) {
  std::vector<Entry*> due;
  for (auto& [chain, entry] : entries_)
    if (entry.due_ms <= now.steady_ms && !(entry.firing && entry.muted_until_ms > now.wall_ms) && entry.refused.empty() &&
        LaneOf(entry.severity) == lane)
      due.push_back(&entry);
  std::ranges::stable_sort(due, {}, [](const Entry* entry) { return std::pair(entry->told, entry->changed_wall_ms); });
  if (due.size() > most) due.resize(most);
  return due;
}

void AlertTable::Accepted(Entry& entry, Times now, std::int64_t again_ms, std::int64_t kept_ms) {
  entry.told = true;
  entry.due_ms = again_ms;
  if (entry.firing || now.wall_ms - entry.changed_wall_ms < kept_ms) return;
  by_current_.erase(entry.current);
  entries_.erase(std::string(entry.chain));
}

void AlertTable::DropRefusedEnds(std::int64_t wall_ms, std::int64_t kept_ms) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const Entry& entry = at->second;
    const bool goes = !entry.firing && !entry.refused.empty() && wall_ms - entry.changed_wall_ms >= kept_ms;
    if (goes) by_current_.erase(entry.current);
    at = goes ? entries_.erase(at) : std::next(at);
  }
}

std::string AlertTable::Encode() const {
  std::string out;
  ByteWriter write(out);
  write.U8(kForm);
  write.Text(source_identity);
  write.U32(static_cast<std::uint32_t>(cursors_.size()));
  for (const Cursor& cursor : cursors_) {
    write.I64(cursor.offset);
    write.U8(cursor.any ? 1 : 0);
    write.U64(cursor.last.entry);
    write.U32(cursor.last.index);
  }
  write.U32(static_cast<std::uint32_t>(entries_.size()));
  for (const auto& [chain, entry] : entries_) EncodeEntry(entry, write);
  write.U64(HashText(out).lo);
  return out;
}

Result<AlertTable> AlertTable::Decode(std::string_view bytes) {
  const auto bad = [](const char* why) {
    return Fail(ErrorCode::kIntegrity, std::string("the table of a delivery is damaged: ") + why);
  };
  if (bytes.size() < kHashSize) return bad("it is too short");
  const std::string_view content = bytes.substr(0, bytes.size() - kHashSize);
  if (LoadLe<std::uint64_t>(bytes.data() + content.size()) != HashText(content).lo) return bad("its hash does not match");
  ByteReader read(content);
  if (read.U8() != kForm) return Fail(ErrorCode::kVersion, "the table of a delivery has another form than this program's");
  AlertTable table;
  table.source_identity = read.Text();
  const std::uint32_t partitions = read.U32();
  for (std::uint32_t i = 0; i < partitions && read.ok(); ++i) {
    Cursor cursor;
    cursor.offset = read.I64();
    cursor.any = read.U8() != 0;
    cursor.last.entry = read.U64();
    cursor.last.index = read.U32();
    table.cursors_.push_back(cursor);
  }
  const std::uint32_t entries = read.U32();
  for (std::uint32_t i = 0; i < entries && read.ok(); ++i) {
    Entry entry = DecodeEntry(read);
    table.by_current_[entry.current] = entry.chain;
    const std::string chain = entry.chain;
    table.entries_[chain] = std::move(entry);
  }
  if (!read.ok() || read.left() != 0) return bad("it is cut off");
  return table;
}

}  // namespace plumbline::alertmanager
