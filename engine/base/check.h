// Checks that stay on in release builds. A failed check is a bug of ours, never a reaction to bad input: it prints where and
// what, and aborts, because state that broke an invariant must not be journalled.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace plumbline::detail {

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* condition, const char* why) {
  std::fprintf(stderr, "%s:%d: check failed: %s (%s)\n", file, line, condition, why);
  std::abort();
}

}  // namespace plumbline::detail

// PLUMBLINE_CHECK(condition, "what must hold and why")
#define PLUMBLINE_CHECK(condition, why)                                                          \
  do {                                                                                           \
    if (!(condition)) [[unlikely]]                                                               \
      ::plumbline::detail::CheckFailed(__FILE__, __LINE__, #condition, why);                     \
  } while (false)
