// Records on their way: in at the event's moment, out in the order of arrival (then of entry). Buffers are used again.
#pragma once

#include <cstdint>
#include <queue>
#include <string>
#include <vector>

#include "connectors/sink/event_sink.h"

namespace plumbline::generator {

class Arrivals {
 public:
  void Put(const sink::OutRecord& record) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    Slot& s = slots_[slot];
    s.record = record;
    s.key.assign(record.key);
    s.value.assign(record.value);
    heap_.push({record.arrival_ms, entered_++, slot});
  }
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] std::int64_t NextArrival() const { return heap_.top().arrival; }
  // Views hold until the next Take.
  void Take(sink::OutRecord& out) {
    if (taken_) free_.push_back(taken_slot_);
    taken_slot_ = heap_.top().slot;
    taken_ = true;
    heap_.pop();
    const Slot& s = slots_[taken_slot_];
    out = s.record;
    out.key = s.key;
    out.value = s.value;
  }

 private:
  struct Slot {
    sink::OutRecord record;
    std::string key, value;
  };
  struct Entry {
    std::int64_t arrival;
    std::uint64_t entered;
    std::uint32_t slot;
    bool operator<(const Entry& other) const {
      return arrival != other.arrival ? arrival > other.arrival : entered > other.entered;
    }
  };
  std::priority_queue<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t entered_ = 0;
  std::uint32_t taken_slot_ = 0;
  bool taken_ = false;
};

}  // namespace plumbline::generator
