#include "engine/base/clock.h"

#include <ctime>

namespace plumbline {
namespace {

std::int64_t ReadNs(clockid_t id) {
  timespec t{};
  ::clock_gettime(id, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

std::int64_t SystemClock::WallMs() { return ReadNs(CLOCK_REALTIME) / 1'000'000; }

std::int64_t SystemClock::SteadyNs() { return ReadNs(CLOCK_MONOTONIC); }

void SystemClock::SleepMs(std::int64_t ms) {
  timespec t{ms / 1000, ms % 1000 * 1'000'000};
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &t, nullptr);
}

}  // namespace plumbline
