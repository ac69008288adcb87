// A clock that a test moves. Sleeping moves it too, and calls the script, which may append records or stop a worker.
#pragma once

#include <functional>

#include "engine/base/clock.h"

namespace plumbline {

class ScriptedClock final : public Clock {
 public:
  explicit ScriptedClock(std::int64_t wall_ms) : wall_ms_(wall_ms) {}
  std::int64_t WallMs() override { return wall_ms_; }
  std::int64_t SteadyNs() override { return steady_ns_ += step_ns_; }
  void SleepMs(std::int64_t ms) override {
    Advance(ms);
    if (on_sleep_) on_sleep_();
  }
  void Advance(std::int64_t ms) {
    wall_ms_ += ms;
    steady_ns_ += ms * 1'000'000;
  }
  void SetWallMs(std::int64_t ms) { wall_ms_ = ms; }
  // What each look at SteadyNs takes.
  void SetStepNs(std::int64_t ns) { step_ns_ = ns; }
  void OnSleep(std::function<void()> script) { on_sleep_ = std::move(script); }

 private:
  std::int64_t wall_ms_, steady_ns_ = 1'000'000, step_ns_ = 0;
  std::function<void()> on_sleep_;
};

}  // namespace plumbline
