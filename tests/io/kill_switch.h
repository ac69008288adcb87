// One moment of death for all faulty parts of a test: the embedded log's files, RocksDB's files, failpoints. Counts changes
// (writes, syncs, renames) over all of them, and at the chosen one nothing works any more, as for a process that is gone.
#pragma once

#include <atomic>
#include <cstdint>

namespace plumbline {

class KillSwitch {
 public:
  // The n-th change from now on (1 is the next) kills; 0 switches it off.
  void KillAtChange(std::uint64_t n) { kill_in_.store(static_cast<std::int64_t>(n)); }
  void Kill() { dead_.store(true); }
  void Revive() {
    kill_in_.store(0);
    dead_.store(false);
  }
  [[nodiscard]] bool dead() const { return dead_.load(); }
  [[nodiscard]] std::uint64_t changes() const { return changes_.load(); }
  // Counts a change; false: dead, and the change is not made.
  [[nodiscard]] bool Change() {
    if (dead_.load()) return false;
    changes_.fetch_add(1);
    if (kill_in_.load() > 0 && kill_in_.fetch_sub(1) == 1) dead_.store(true);
    return !dead_.load();
  }

 private:
  std::atomic<bool> dead_{false};
  std::atomic<std::int64_t> kill_in_{0};
  std::atomic<std::uint64_t> changes_{0};
};

}  // namespace plumbline
