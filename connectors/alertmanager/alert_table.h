// What receivers have been told is firing: the durable half of a delivery. Pure: time is an argument, nothing is sent here.
//
// An entry is a chain of alerts that supersede one another and is known to receivers by the first id of the chain, so that nobody
// is paged twice for one thing. It is made by a line that fires, and goes when its end has been told for long enough, or at once
// when it ended before anybody was told.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/alertmanager/alert_line.h"
#include "engine/io/output_log.h"

namespace plumbline::alertmanager {

struct Entry {
  std::string chain;
  std::string current;  // id of the alert that stands for the chain now
  std::string rule, step, severity, site;
  std::uint64_t revision = 0;
  std::int64_t instant_ms = 0;
  std::map<std::string, std::string> titles;
  bool firing = true;
  bool attempted = false;            // a message about it may have arrived: its end must be told
  bool told = false;                 // the receiver has accepted its present state
  std::int64_t changed_wall_ms = 0;  // of its present state; the end's time when it is closed
  std::int64_t muted_until_ms = 0;   // wall; while it fires, nobody is told before
  // Not durable: after a start everything is due.
  std::int64_t due_ms = 0;  // steady
  std::string refused;      // why the receiver does not accept it; it waits for a change
};

// Critical first; a lane is sent before the next one is looked at.
enum class Lane : std::uint8_t { kCritical, kWarning, kRest };
inline constexpr int kLanes = 3;
[[nodiscard]] Lane LaneOf(std::string_view severity);

struct Cursor {
  std::int64_t offset = 0;
  io::EffectId last;  // of the last line taken: a line that comes twice is known by it
  bool any = false;
};

class AlertTable {
 public:
  struct Times {
    std::int64_t wall_ms = 0;
    std::int64_t steady_ms = 0;
  };
  // An end is told a moment later, because a retraction and the alert that supersedes it are two lines.
  static constexpr std::int64_t kSettleMs = 1000;

  void Apply(const AlertLine& line, Times now);
  // Entries of the lane that are due and not muted, the longest waiting first, at most `most`.
  [[nodiscard]] std::vector<Entry*> Due(Lane lane, Times now, std::size_t most);
  // The receiver has accepted this entry's present state; `again_ms`: when to send it again; an end older than `kept_ms` goes.
  void Accepted(Entry& entry, Times now, std::int64_t again_ms, std::int64_t kept_ms);
  // Ends that the receiver does not accept go after the same time: nothing more can be told about them.
  void DropRefusedEnds(std::int64_t wall_ms, std::int64_t kept_ms);

  [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }
  [[nodiscard]] std::vector<Cursor>& cursors() { return cursors_; }
  std::string source_identity;

  // form = u8 2, text source identity, u32 partitions, partitions * (i64 offset, u8 any, u64 entry, u32 index), u32 entries,
  //        entries * entry, u64 low half of the hash of all before
  [[nodiscard]] std::string Encode() const;
  static Result<AlertTable> Decode(std::string_view bytes);

 private:
  void Fire(const AlertLine& line, Times now);
  void Close(const AlertLine& line, Times now);
  void Mute(const AlertLine& line, Times now);
  [[nodiscard]] std::string ChainOf(const AlertLine& line) const;

  std::map<std::string, Entry> entries_;           // by chain
  std::map<std::string, std::string> by_current_;  // chain by current id
  std::vector<Cursor> cursors_;                    // by partition of the alerts log
};

}  // namespace plumbline::alertmanager
