// Wall time and sleeping, behind an interface so that a test scripts both. Only workers, connectors and the program hold a Clock;
// what decides is given time as an argument.
#pragma once

#include <cstdint>

namespace plumbline {

class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since 1970-01-01T00:00:00Z. May jump, also backwards.
  [[nodiscard]] virtual std::int64_t WallMs() = 0;
  // Nanoseconds since some fixed moment; never goes backwards. For durations alone.
  [[nodiscard]] virtual std::int64_t SteadyNs() = 0;
  virtual void SleepMs(std::int64_t ms) = 0;
};

// The machine's clock. Has no state: any number of threads may use one.
class SystemClock final : public Clock {
 public:
  std::int64_t WallMs() override;
  std::int64_t SteadyNs() override;
  void SleepMs(std::int64_t ms) override;
};

}  // namespace plumbline
