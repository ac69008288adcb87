// Times as people and JSON write them: "2026-01-31T16:10:00.000+08:00" (RFC 3339), to and from ms UTC with an offset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/model/event.h"

namespace plumbline::model {

// 0001-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: CQL's range of DateTime.
inline constexpr TimeMs kMinTime = -62'135'596'800'000;
inline constexpr TimeMs kMaxTime = 253'402'300'799'999;
inline constexpr std::int16_t kMaxOffsetMinutes = 14 * 60;

struct OffsetTime {
  TimeMs time = 0;
  std::int16_t offset_minutes = 0;
};

// YYYY-MM-DDThh:mm[:ss[.fff]](Z|+hh:mm|-hh:mm); a blank may stand for the T. At most ms: further digits must be zeros. nullopt
// for anything else, for a day that the month does not have, and out of range.
[[nodiscard]] std::optional<OffsetTime> ParseTime(std::string_view text);

// Always with ms and offset ("Z" for 0).
[[nodiscard]] std::string FormatTime(TimeMs time, std::int16_t offset_minutes = 0);

}  // namespace plumbline::model
