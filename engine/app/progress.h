// A progress line on standard error, where that is a terminal; otherwise only its closing line. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace plumbline::app {

class Progress {
 public:
  Progress(Clock& clock, std::string what, bool quiet);
  // `done` of `total` (0: not known); `records` so far. Cheap enough to be called for each record.
  void Show(std::uint64_t done, std::uint64_t total, std::uint64_t records);
  void Done(std::uint64_t records);

 private:
  void Draw(std::uint64_t done, std::uint64_t total, std::uint64_t records);

  Clock& clock_;
  std::string what_;
  bool quiet_;
  bool terminal_;
  std::int64_t began_ns_;
  std::int64_t drawn_ns_;
  std::uint32_t calls_ = 0;
};

// The exit code of a command; prints the error.
[[nodiscard]] int Report(const Result<void>& result);

}  // namespace plumbline::app
