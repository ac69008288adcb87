// Where windows of measures begin and end: lengths in UTC, calendar units in a site's time zone (tzdata through Howard Hinnant's
// date library; its version is part of a build's digest). Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/rule/measure.h"

namespace plumbline::run {

struct Span {
  model::TimeMs start = 0;  // inclusive
  model::TimeMs end = 0;    // exclusive
  auto operator<=>(const Span&) const = default;
};

// kNotFound when tzdata has no such zone ("Asia/Shanghai").
[[nodiscard]] Result<void> CheckZone(const std::string& zone);
[[nodiscard]] std::string TzdataVersion();

// The windows that a pane falls into: one, but for sliding ones. `zone` has been checked.
void WindowsOf(const rule::Window& window, const std::string& zone, std::int64_t pane, std::vector<Span>& out);

}  // namespace plumbline::run
