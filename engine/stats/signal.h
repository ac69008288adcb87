// What a chart or detector says when it signals: which rule, on which side, and the points that made it. Observations are counted
// from 0 in the order they were given.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/check.h"

namespace plumbline::stats {

// Numbers are written into states and journals, so they are never used again for another meaning.
enum class Rule : std::uint16_t {
  kNone = 0,
  kBeyondLimits = 1,  // a point outside its control limits
  kNelson1 = 11,      // beyond `width` standard deviations
  kNelson2 = 12,      // a run on one side of the centre
  kNelson3 = 13,      // a trend
  kNelson4 = 14,      // alternating up and down
  kNelson5 = 15,      // 2 of 3 beyond 2 sigma
  kNelson6 = 16,      // 4 of 5 beyond 1 sigma
  kNelson7 = 17,      // hugging the centre
  kNelson8 = 18,      // none within 1 sigma
  kLongestRun = 21,   // Anhoej
  kCrossings = 22,    // Anhoej
  kCusum = 31,
  kEwma = 32,
  kMewma = 33,
  kHotellingT2 = 34,
  kRaCusum = 41,
  kSprt = 42,
  kMaxSprt = 43,
  kWestgard12s = 51,
  kWestgard13s = 52,
  kWestgard22s = 53,
  kWestgardR4s = 54,
  kWestgard31s = 55,
  kWestgard41s = 56,
  kWestgard6x = 57,
  kWestgard8x = 58,
  kWestgard9x = 59,
  kWestgard10x = 60,
  kWestgard12x = 61,
  kWestgard7T = 62,
};

[[nodiscard]] constexpr std::string_view RuleName(Rule rule) {
  switch (rule) {
    case Rule::kNone:
      return "none";
    case Rule::kBeyondLimits:
      return "beyond_limits";
    case Rule::kNelson1:
      return "nelson_1";
    case Rule::kNelson2:
      return "nelson_2";
    case Rule::kNelson3:
      return "nelson_3";
    case Rule::kNelson4:
      return "nelson_4";
    case Rule::kNelson5:
      return "nelson_5";
    case Rule::kNelson6:
      return "nelson_6";
    case Rule::kNelson7:
      return "nelson_7";
    case Rule::kNelson8:
      return "nelson_8";
    case Rule::kLongestRun:
      return "longest_run";
    case Rule::kCrossings:
      return "crossings";
    case Rule::kCusum:
      return "cusum";
    case Rule::kEwma:
      return "ewma";
    case Rule::kMewma:
      return "mewma";
    case Rule::kHotellingT2:
      return "hotelling_t2";
    case Rule::kRaCusum:
      return "ra_cusum";
    case Rule::kSprt:
      return "sprt";
    case Rule::kMaxSprt:
      return "max_sprt";
    case Rule::kWestgard12s:
      return "1-2s";
    case Rule::kWestgard13s:
      return "1-3s";
    case Rule::kWestgard22s:
      return "2-2s";
    case Rule::kWestgardR4s:
      return "R-4s";
    case Rule::kWestgard31s:
      return "3-1s";
    case Rule::kWestgard41s:
      return "4-1s";
    case Rule::kWestgard6x:
      return "6x";
    case Rule::kWestgard8x:
      return "8x";
    case Rule::kWestgard9x:
      return "9x";
    case Rule::kWestgard10x:
      return "10x";
    case Rule::kWestgard12x:
      return "12x";
    case Rule::kWestgard7T:
      return "7T";
  }
  return "unknown";
}

enum class Side : std::int8_t { kLower = -1, kNeither = 0, kUpper = 1 };

// A signal as detectors on streams give it, without allocation: the points are all of [first, at] when mask is 0, otherwise those
// at - i with bit i of the mask set.
struct Alarm {
  Rule rule = Rule::kNone;
  Side side = Side::kNeither;
  std::uint64_t at = 0;     // the observation that completed it
  std::uint64_t first = 0;  // the earliest observation that is part of it
  std::uint32_t mask = 0;
  friend bool operator==(const Alarm&, const Alarm&) = default;
};

// A signal as charts over tables give it.
struct Signal {
  Rule rule = Rule::kNone;
  Side side = Side::kNeither;
  std::uint64_t at = 0;
  std::vector<std::uint64_t> points;  // ascending, the last is `at`
  friend bool operator==(const Signal&, const Signal&) = default;
};

[[nodiscard]] inline Signal Expand(const Alarm& alarm) {
  PLUMBLINE_CHECK(alarm.first <= alarm.at, "a signal's first point is not after its last");
  Signal signal{alarm.rule, alarm.side, alarm.at, {}};
  for (std::uint64_t i = alarm.first; i <= alarm.at; ++i) {
    const std::uint64_t back = alarm.at - i;
    if (alarm.mask == 0 || (back < 32 && ((alarm.mask >> back) & 1U) != 0)) signal.points.push_back(i);
  }
  return signal;
}

}  // namespace plumbline::stats
