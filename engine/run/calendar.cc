#include "engine/run/calendar.h"

#include <date/tz.h>

#include "engine/base/check.h"

namespace plumbline::run {

using model::TimeMs;
using rule::Window;
using rule::WindowKind;

namespace {

std::int64_t FloorTo(std::int64_t value, std::int64_t step) {
  const std::int64_t rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

TimeMs ToMs(const date::time_zone* zone, date::local_days day) {
  // The earlier of two when a day begins twice, the first existing instant when its midnight does not exist.
  const auto at = zone->to_sys(std::chrono::time_point_cast<std::chrono::milliseconds>(day), date::choose::earliest);
  return at.time_since_epoch().count();
}

Span CalendarWindow(WindowKind kind, const std::string& zone_name, TimeMs time) {
  const date::time_zone* zone = date::locate_zone(zone_name);
  const auto local = zone->to_local(date::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(time)));
  const date::local_days day = date::floor<date::days>(local);
  const date::year_month_day ymd(day);
  if (kind == WindowKind::kDay) return {ToMs(zone, day), ToMs(zone, day + date::days(1))};
  if (kind == WindowKind::kWeek) {
    const date::local_days monday = day - (date::weekday(day) - date::Monday);
    return {ToMs(zone, monday), ToMs(zone, monday + date::days(7))};
  }
  unsigned months = 1, first = static_cast<unsigned>(ymd.month());
  if (kind == WindowKind::kQuarter) months = 3, first = (first - 1) / 3 * 3 + 1;
  if (kind == WindowKind::kYear) months = 12, first = 1;
  const date::year_month start = ymd.year() / date::month(first);
  const date::year_month end = start + date::months(static_cast<int>(months));
  return {ToMs(zone, date::local_days(start / 1)), ToMs(zone, date::local_days(end / 1))};
}

}  // namespace

Result<void> CheckZone(const std::string& zone) try {
  date::locate_zone(zone);
  return {};
} catch (const std::runtime_error&) {
  return Fail(ErrorCode::kNotFound, "tzdata has no time zone '" + zone + "'; write it as in Asia/Shanghai");
}

std::string TzdataVersion() { return date::get_tzdb().version; }

void WindowsOf(const Window& window, const std::string& zone, std::int64_t pane, std::vector<Span>& out) {
  out.clear();
  const TimeMs time = pane * rule::kPaneMs;
  switch (window.kind) {
    case WindowKind::kAll:
      out.push_back({INT64_MIN, INT64_MAX});
      return;
    case WindowKind::kTumbling: {
      const TimeMs start = FloorTo(time, window.length_ms);
      out.push_back({start, start + window.length_ms});
      return;
    }
    case WindowKind::kSliding:
      PLUMBLINE_CHECK(window.every_ms > 0, "the pack's checker refuses a sliding window without a step");
      // Windows end at multiples of the step; the pane is in those that end within `length` after its start.
      for (TimeMs end = FloorTo(time, window.every_ms) + window.every_ms; end - window.length_ms <= time;
           end += window.every_ms) {
        out.push_back({end - window.length_ms, end});
      }
      return;
    default:
      out.push_back(CalendarWindow(window.kind, zone, time));
  }
}

}  // namespace plumbline::run
