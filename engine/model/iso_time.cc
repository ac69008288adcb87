#include "engine/model/iso_time.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace plumbline::model {
namespace {

constexpr TimeMs kMinute = 60'000;
constexpr TimeMs kDay = 24 * 60 * kMinute;

// Reads digits from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  // Exactly `digits` digits.
  bool Number(int digits, int* out) {
    if (rest_.size() < static_cast<std::size_t>(digits)) return false;
    int value = 0;
    for (int i = 0; i < digits; ++i) {
      const char c = rest_[static_cast<std::size_t>(i)];
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(static_cast<std::size_t>(digits));
    *out = value;
    return true;
  }
  bool Take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Digits after the point as ms; further digits must be zeros.
  bool Fraction(int* ms) {
    int digits = 0;
    int value = 0;
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      if (digits < 3) value = value * 10 + (rest_[0] - '0');
      if (digits >= 3 && rest_[0] != '0') return false;
      ++digits;
      rest_.remove_prefix(1);
    }
    if (digits == 0) return false;
    for (; digits < 3; ++digits) value *= 10;
    *ms = value;
    return true;
  }
  [[nodiscard]] bool AtEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool ReadOffset(Reader& reader, int* minutes) {
  if (reader.Take('Z')) {
    *minutes = 0;
    return true;
  }
  const bool negative = reader.Take('-');
  if (!negative && !reader.Take('+')) return false;
  int h = 0;
  int m = 0;
  if (!reader.Number(2, &h) || !reader.Take(':') || !reader.Number(2, &m) || m > 59) return false;
  *minutes = negative ? -(h * 60 + m) : h * 60 + m;
  return *minutes >= -kMaxOffsetMinutes && *minutes <= kMaxOffsetMinutes;
}

}  // namespace

std::optional<OffsetTime> ParseTime(std::string_view text) {
  Reader reader(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0, offset = 0;
  const bool date =
      reader.Number(4, &year) && reader.Take('-') && reader.Number(2, &month) && reader.Take('-') && reader.Number(2, &day);
  if (!date || (!reader.Take('T') && !reader.Take(' '))) return std::nullopt;
  if (!reader.Number(2, &hour) || !reader.Take(':') || !reader.Number(2, &minute)) return std::nullopt;
  if (reader.Take(':')) {
    if (!reader.Number(2, &second)) return std::nullopt;
    if (reader.Take('.') && !reader.Fraction(&ms)) return std::nullopt;
  }
  if (!ReadOffset(reader, &offset) || !reader.AtEnd()) return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                        std::chrono::day(static_cast<unsigned>(day))};
  if (year < 1 || !ymd.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const TimeMs days = std::chrono::sys_days(ymd).time_since_epoch().count();
  const TimeMs local = days * kDay + hour * 60 * kMinute + minute * kMinute + second * 1000 + ms;
  const TimeMs time = local - offset * kMinute;
  if (time < kMinTime || time > kMaxTime) return std::nullopt;
  return OffsetTime{time, static_cast<std::int16_t>(offset)};
}

std::string FormatTime(TimeMs time, std::int16_t offset_minutes) {
  const TimeMs local = time + offset_minutes * kMinute;
  const TimeMs days = local >= 0 ? local / kDay : -((-local + kDay - 1) / kDay);
  const TimeMs in_day = local - days * kDay;
  const std::chrono::year_month_day ymd{std::chrono::sys_days(std::chrono::days(days))};
  std::array<char, 64> out{};
  int size = std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03d", static_cast<int>(ymd.year()),
                           static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                           static_cast<int>(in_day / 3'600'000), static_cast<int>(in_day / kMinute % 60),
                           static_cast<int>(in_day / 1000 % 60), static_cast<int>(in_day % 1000));
  std::string text(out.data(), static_cast<std::size_t>(size));
  if (offset_minutes == 0) return text + "Z";
  const int offset = offset_minutes < 0 ? -offset_minutes : offset_minutes;
  size = std::snprintf(out.data(), out.size(), "%c%02d:%02d", offset_minutes < 0 ? '-' : '+', offset / 60, offset % 60);
  return text.append(out.data(), static_cast<std::size_t>(size));
}

}  // namespace plumbline::model
