#include "engine/cql/temporal.h"

#include <algorithm>
#include <array>

namespace plumbline::cql {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::array<std::string_view, 8> kNames = {"year", "month", "day", "hour", "minute", "second", "millisecond", "week"};

std::int64_t FloorDivide(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

std::int64_t TimeMs(const Temporal& t) { return ((std::int64_t{t.hour} * 60 + t.minute) * 60 + t.second) * 1000 + t.millisecond; }

// Milliseconds of the written components, whatever the offset.
std::int64_t LocalMs(const Temporal& t) {
  if (t.kind == TemporalKind::kTime) return TimeMs(t);
  return DaysFromCivil(t.year, t.month, t.day) * kDayMs + TimeMs(t);
}

void SetTime(Temporal* t, std::int64_t ms) {
  t->millisecond = static_cast<std::uint16_t>(ms % 1000);
  t->second = static_cast<std::uint8_t>(ms / 1000 % 60);
  t->minute = static_cast<std::uint8_t>(ms / 60'000 % 60);
  t->hour = static_cast<std::uint8_t>(ms / 3'600'000);
}

// False when the year leaves 1..9999.
bool SetLocalMs(Temporal* t, std::int64_t ms) {
  const std::int64_t days = FloorDivide(ms, kDayMs);
  if (days < -719'162 || days > 2'932'896) return false;
  int year = 0, month = 0, day = 0;
  CivilFromDays(days, &year, &month, &day);
  t->year = static_cast<std::int16_t>(year);
  t->month = static_cast<std::uint8_t>(month);
  t->day = static_cast<std::uint8_t>(day);
  SetTime(t, ms - days * kDayMs);
  return true;
}

std::int64_t UnitMs(Precision unit) {
  switch (unit) {
    case Precision::kWeek:
      return 7 * kDayMs;
    case Precision::kDay:
      return kDayMs;
    case Precision::kHour:
      return 3'600'000;
    case Precision::kMinute:
      return 60'000;
    case Precision::kSecond:
      return 1000;
    default:
      return 1;
  }
}

std::optional<Temporal> AddMonths(Temporal t, std::int64_t months) {
  if (months > 200'000 || months < -200'000) return std::nullopt;
  const std::int64_t total = std::int64_t{t.year} * 12 + (t.month - 1) + months;
  const std::int64_t year = FloorDivide(total, 12);
  if (year < 1 || year > 9999) return std::nullopt;
  t.year = static_cast<std::int16_t>(year);
  t.month = static_cast<std::uint8_t>(total - year * 12 + 1);
  t.day = static_cast<std::uint8_t>(std::min<int>(t.day, DaysInMonth(t.year, t.month)));
  return t;
}

// The amount in units of `precision`, truncated, for a value that has nothing finer.
std::int64_t Coarsen(std::int64_t amount, Precision* unit, Precision precision) {
  if (*unit == Precision::kWeek) {
    *unit = Precision::kDay;
    amount *= 7;
  }
  while (*unit > precision) {
    switch (*unit) {
      case Precision::kMillisecond:
        amount /= 1000;
        break;
      case Precision::kSecond:
      case Precision::kMinute:
        amount /= 60;
        break;
      case Precision::kHour:
        amount /= 24;
        break;
      case Precision::kDay:
        if (precision == Precision::kYear) {
          *unit = Precision::kYear;
          return amount / 365;
        }
        amount /= 30;
        break;
      default:
        amount /= 12;
        break;
    }
    *unit = static_cast<Precision>(static_cast<int>(*unit) - 1);
  }
  return amount;
}

// Reads exactly `digits` digits at *at.
bool ReadDigits(std::string_view text, std::size_t* at, int digits, int* out) {
  if (text.size() < *at + static_cast<std::size_t>(digits)) return false;
  int value = 0;
  for (int i = 0; i < digits; ++i) {
    const char c = text[*at + static_cast<std::size_t>(i)];
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  *at += static_cast<std::size_t>(digits);
  *out = value;
  return true;
}

bool ReadDatePart(std::string_view text, std::size_t* at, DateTimeParts* parts) {
  if (!ReadDigits(text, at, 4, &parts->year)) return false;
  parts->precision = Precision::kYear;
  if (*at >= text.size() || text[*at] != '-') return true;
  ++*at;
  if (!ReadDigits(text, at, 2, &parts->month)) return false;
  parts->precision = Precision::kMonth;
  if (*at >= text.size() || text[*at] != '-') return true;
  ++*at;
  parts->precision = Precision::kDay;
  return ReadDigits(text, at, 2, &parts->day);
}

// hh[:mm[:ss[.f+]]]; digits after the third are dropped.
bool ReadTimePart(std::string_view text, std::size_t* at, DateTimeParts* parts) {
  if (!ReadDigits(text, at, 2, &parts->hour)) return false;
  parts->precision = Precision::kHour;
  if (*at >= text.size() || text[*at] != ':') return true;
  ++*at;
  if (!ReadDigits(text, at, 2, &parts->minute)) return false;
  parts->precision = Precision::kMinute;
  if (*at >= text.size() || text[*at] != ':') return true;
  ++*at;
  if (!ReadDigits(text, at, 2, &parts->second)) return false;
  parts->precision = Precision::kSecond;
  if (*at >= text.size() || text[*at] != '.') return true;
  ++*at;
  int digits = 0, ms = 0;
  for (; *at < text.size() && text[*at] >= '0' && text[*at] <= '9'; ++*at, ++digits) {
    if (digits < 3) ms = ms * 10 + (text[*at] - '0');
  }
  if (digits == 0) return false;
  for (int i = digits; i < 3; ++i) ms *= 10;
  parts->millisecond = ms;
  parts->precision = Precision::kMillisecond;
  return true;
}

// Z or [+-]hh:mm, or nothing at the end of the text.
bool ReadOffset(std::string_view text, std::size_t* at, DateTimeParts* parts) {
  if (*at == text.size()) return true;
  const char sign = text[(*at)++];
  if (sign == 'Z') {
    parts->offset_minutes = 0;
    return true;
  }
  int hours = 0, minutes = 0;
  if ((sign != '+' && sign != '-') || !ReadDigits(text, at, 2, &hours)) return false;
  if (*at >= text.size() || text[*at] != ':') return false;
  ++*at;
  if (!ReadDigits(text, at, 2, &minutes) || minutes > 59 || hours > 14) return false;
  parts->offset_minutes = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
  return true;
}

void AppendDigits(std::string* out, int value, int digits) {
  char buffer[8];
  for (int i = digits - 1; i >= 0; --i, value /= 10) buffer[i] = static_cast<char>('0' + value % 10);
  out->append(buffer, static_cast<std::size_t>(digits));
}

// Whether two offsets differ, so that what depends on the time of day is taken at the evaluation's.
bool NeedsNormalising(const Temporal& a, const Temporal& b, int default_offset) {
  if (a.kind != TemporalKind::kDateTime || b.kind != TemporalKind::kDateTime) return false;
  const int left = a.HasOffset() ? a.offset_minutes : default_offset;
  const int right = b.HasOffset() ? b.offset_minutes : default_offset;
  return left != right;
}

}  // namespace

std::optional<Precision> ParsePrecision(std::string_view word) {
  if (word.size() > 1 && word.back() == 's') word.remove_suffix(1);
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == word) return static_cast<Precision>(i);
  }
  return std::nullopt;
}

std::string_view PrecisionName(Precision precision) { return kNames[static_cast<std::size_t>(precision)]; }

int Temporal::Component(Precision component) const {
  switch (component) {
    case Precision::kYear:
      return year;
    case Precision::kMonth:
      return month;
    case Precision::kDay:
      return day;
    case Precision::kHour:
      return hour;
    case Precision::kMinute:
      return minute;
    case Precision::kSecond:
      return second;
    default:
      return millisecond;
  }
}

int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

// Both by counting 400-year eras that begin on 1 March, so that the leap day is the last of its year.
std::int64_t DaysFromCivil(int year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = FloorDivide(y, 400);
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

void CivilFromDays(std::int64_t days, int* year, int* month, int* day) {
  days += 719'468;
  const std::int64_t era = FloorDivide(days, 146'097);
  const std::int64_t doe = days - era * 146'097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  *day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  *month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  *year = static_cast<int>(yoe + era * 400 + (*month <= 2 ? 1 : 0));
}

std::optional<Temporal> MakeDateTime(const DateTimeParts& parts) {
  Temporal t;
  t.kind = TemporalKind::kDateTime;
  t.precision = parts.precision;
  const auto has = [&](Precision p) { return parts.precision >= p; };
  if (parts.year < 1 || parts.year > 9999) return std::nullopt;
  t.year = static_cast<std::int16_t>(parts.year);
  if (has(Precision::kMonth)) {
    if (parts.month < 1 || parts.month > 12) return std::nullopt;
    t.month = static_cast<std::uint8_t>(parts.month);
  }
  if (has(Precision::kDay)) {
    if (parts.day < 1 || parts.day > DaysInMonth(parts.year, parts.month)) return std::nullopt;
    t.day = static_cast<std::uint8_t>(parts.day);
  }
  const int time[] = {parts.hour, parts.minute, parts.second, parts.millisecond};
  constexpr int kLimits[] = {23, 59, 59, 999};
  std::int64_t ms = 0;
  constexpr int kUnits[] = {3'600'000, 60'000, 1000, 1};
  for (int i = 0; i < 4; ++i) {
    if (!has(static_cast<Precision>(static_cast<int>(Precision::kHour) + i))) break;
    if (time[i] < 0 || time[i] > kLimits[i]) return std::nullopt;
    ms += std::int64_t{time[i]} * kUnits[i];
  }
  SetTime(&t, ms);
  if (parts.offset_minutes != Temporal::kNoOffset && (parts.offset_minutes < -14 * 60 || parts.offset_minutes > 14 * 60)) {
    return std::nullopt;
  }
  t.offset_minutes = static_cast<std::int16_t>(parts.offset_minutes);
  return t;
}

std::optional<Temporal> MakeDate(int year, int month, int day, Precision precision) {
  DateTimeParts parts;
  parts.year = year;
  parts.month = month;
  parts.day = day;
  parts.precision = std::min(precision, Precision::kDay);
  auto t = MakeDateTime(parts);
  if (t) t->kind = TemporalKind::kDate;
  return t;
}

std::optional<Temporal> MakeTime(int hour, int minute, int second, int millisecond, Precision precision) {
  DateTimeParts parts;
  parts.hour = hour;
  parts.minute = minute;
  parts.second = second;
  parts.millisecond = millisecond;
  parts.precision = std::max(precision, Precision::kHour);
  auto t = MakeDateTime(parts);
  if (t) t->kind = TemporalKind::kTime;
  return t;
}

Temporal DateTimeFromUnixMs(std::int64_t unix_ms, int offset_minutes) {
  Temporal t;
  t.kind = TemporalKind::kDateTime;
  t.precision = Precision::kMillisecond;
  t.offset_minutes = static_cast<std::int16_t>(offset_minutes);
  if (!SetLocalMs(&t, unix_ms + std::int64_t{offset_minutes} * 60'000)) {
    Temporal end = unix_ms < 0 ? TemporalMinimum(TemporalKind::kDateTime) : TemporalMaximum(TemporalKind::kDateTime);
    end.offset_minutes = t.offset_minutes;
    return end;
  }
  return t;
}

std::int64_t UnixMs(const Temporal& value, int default_offset) {
  const int offset = value.kind == TemporalKind::kTime ? 0 : value.HasOffset() ? value.offset_minutes : default_offset;
  return LocalMs(value) - std::int64_t{offset} * 60'000;
}

Temporal AtOffset(const Temporal& value, int offset_minutes, int default_offset) {
  if (value.kind != TemporalKind::kDateTime || value.precision < Precision::kHour) return value;
  Temporal t = value;
  if (!SetLocalMs(&t, UnixMs(value, default_offset) + std::int64_t{offset_minutes} * 60'000)) return value;
  t.offset_minutes = static_cast<std::int16_t>(offset_minutes);
  return t;
}

std::optional<Temporal> ParseDate(std::string_view text) {
  DateTimeParts parts;
  std::size_t at = 0;
  if (!ReadDatePart(text, &at, &parts) || at != text.size()) return std::nullopt;
  return MakeDate(parts.year, parts.month, parts.day, parts.precision);
}

std::optional<Temporal> ParseDateTime(std::string_view text) {
  DateTimeParts parts;
  std::size_t at = 0;
  if (!ReadDatePart(text, &at, &parts)) return std::nullopt;
  if (at < text.size()) {
    if (text[at++] != 'T') return std::nullopt;
    if (at < text.size()) {
      if (parts.precision != Precision::kDay || !ReadTimePart(text, &at, &parts)) return std::nullopt;
      if (!ReadOffset(text, &at, &parts)) return std::nullopt;
    }
  }
  if (at != text.size()) return std::nullopt;
  return MakeDateTime(parts);
}

std::optional<Temporal> ParseTime(std::string_view text) {
  DateTimeParts parts;
  std::size_t at = 0;
  if (!text.empty() && text[0] == 'T') at = 1;
  if (!ReadTimePart(text, &at, &parts) || !ReadOffset(text, &at, &parts) || at != text.size()) return std::nullopt;
  return MakeTime(parts.hour, parts.minute, parts.second, parts.millisecond, parts.precision);
}

std::string TemporalText(const Temporal& value) {
  std::string out;
  const auto has = [&](Precision p) { return value.precision >= p; };
  if (value.kind != TemporalKind::kTime) {
    AppendDigits(&out, value.year, 4);
    if (has(Precision::kMonth)) AppendDigits(&(out += '-'), value.month, 2);
    if (has(Precision::kDay)) AppendDigits(&(out += '-'), value.day, 2);
    if (!has(Precision::kHour) || value.kind == TemporalKind::kDate) return out;
    out += 'T';
  }
  AppendDigits(&out, value.hour, 2);
  if (has(Precision::kMinute)) AppendDigits(&(out += ':'), value.minute, 2);
  if (has(Precision::kSecond)) AppendDigits(&(out += ':'), value.second, 2);
  if (has(Precision::kMillisecond)) AppendDigits(&(out += '.'), value.millisecond, 3);
  if (value.kind == TemporalKind::kDateTime && value.HasOffset()) {
    if (value.offset_minutes == 0) return out + "Z";
    const int minutes = std::abs(int{value.offset_minutes});
    out += value.offset_minutes < 0 ? '-' : '+';
    AppendDigits(&out, minutes / 60, 2);
    AppendDigits(&(out += ':'), minutes % 60, 2);
  }
  return out;
}

std::optional<int> CompareTemporal(const Temporal& left, const Temporal& right, int default_offset,
                                   std::optional<Precision> precision) {
  const auto full = [](const Temporal& t) { return t.kind == TemporalKind::kDateTime && t.precision == Precision::kMillisecond; };
  if (!precision && full(left) && full(right)) {
    const std::int64_t x = UnixMs(left, default_offset), y = UnixMs(right, default_offset);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  Temporal a = left, b = right;
  if (precision == Precision::kWeek) precision = Precision::kDay;
  if (NeedsNormalising(a, b, default_offset) && (!precision || *precision > Precision::kDay)) {
    a = AtOffset(a, default_offset, default_offset);
    b = AtOffset(b, default_offset, default_offset);
  }
  const int first = static_cast<int>(a.kind == TemporalKind::kTime ? Precision::kHour : Precision::kYear);
  const int last = static_cast<int>(precision.value_or(Precision::kMillisecond));
  for (int i = first; i <= last; ++i) {
    const auto component = static_cast<Precision>(i);
    const bool in_a = a.precision >= component, in_b = b.precision >= component;
    if (!in_a && !in_b) return precision ? std::nullopt : std::optional<int>(0);
    if (!in_a || !in_b) return std::nullopt;
    const int x = a.Component(component), y = b.Component(component);
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

Temporal TruncatedTo(const Temporal& value, Precision precision) {
  if (precision == Precision::kWeek) precision = Precision::kDay;
  if (value.precision <= precision) return value;
  Temporal t = value;
  t.precision = precision;
  if (precision < Precision::kMonth) t.month = 1;
  if (precision < Precision::kDay) t.day = 1;
  if (precision < Precision::kHour) t.hour = 0;
  if (precision < Precision::kMinute) t.minute = 0;
  if (precision < Precision::kSecond) t.second = 0;
  t.millisecond = 0;
  return t;
}

Temporal EarliestOf(const Temporal& value) {
  Temporal t = value;
  t.precision = value.kind == TemporalKind::kDate ? Precision::kDay : Precision::kMillisecond;
  return t;
}

Temporal LatestOf(const Temporal& value) {
  Temporal t = EarliestOf(value);
  if (value.kind != TemporalKind::kTime) {
    if (value.precision < Precision::kMonth) t.month = 12;
    if (value.precision < Precision::kDay) t.day = static_cast<std::uint8_t>(DaysInMonth(t.year, t.month));
    if (value.kind == TemporalKind::kDate) return t;
  }
  if (value.precision < Precision::kHour) t.hour = 23;
  if (value.precision < Precision::kMinute) t.minute = 59;
  if (value.precision < Precision::kSecond) t.second = 59;
  if (value.precision < Precision::kMillisecond) t.millisecond = 999;
  return t;
}

std::int64_t DurationBetween(const Temporal& left, const Temporal& right, Precision precision, int default_offset) {
  Temporal a = left, b = right;
  if (NeedsNormalising(a, b, default_offset)) {
    a = AtOffset(a, default_offset, default_offset);
    b = AtOffset(b, default_offset, default_offset);
  }
  if (precision != Precision::kYear && precision != Precision::kMonth) {
    return (LocalMs(b) - LocalMs(a)) / UnitMs(precision);
  }
  // Whole months: the day of the month and the time of day decide whether the last one is complete.
  std::int64_t months = std::int64_t{b.year - a.year} * 12 + (b.month - a.month);
  const std::int64_t within_a = a.day * kDayMs + TimeMs(a), within_b = b.day * kDayMs + TimeMs(b);
  if (months > 0 && within_b < within_a) --months;
  if (months < 0 && within_b > within_a) ++months;
  return precision == Precision::kYear ? months / 12 : months;
}

std::int64_t DifferenceBetween(const Temporal& left, const Temporal& right, Precision precision, int default_offset) {
  Temporal a = left, b = right;
  const bool of_day = precision != Precision::kWeek && precision > Precision::kDay;
  if (of_day && NeedsNormalising(a, b, default_offset)) {
    a = AtOffset(a, default_offset, default_offset);
    b = AtOffset(b, default_offset, default_offset);
  }
  const auto days = [](const Temporal& t) { return DaysFromCivil(t.year, t.month, t.day); };
  switch (precision) {
    case Precision::kYear:
      return b.year - a.year;
    case Precision::kMonth:
      return std::int64_t{b.year - a.year} * 12 + (b.month - a.month);
    case Precision::kWeek:
      return FloorDivide(days(b) + 4, 7) - FloorDivide(days(a) + 4, 7);  // weeks begin on Sunday
    case Precision::kDay:
      return days(b) - days(a);
    default:
      return FloorDivide(LocalMs(b), UnitMs(precision)) - FloorDivide(LocalMs(a), UnitMs(precision));
  }
}

std::optional<Temporal> AddToTemporal(const Temporal& value, std::int64_t amount, Precision unit) {
  if (amount > 400'000'000'000'000 || amount < -400'000'000'000'000) return std::nullopt;
  amount = Coarsen(amount, &unit, value.precision);
  Temporal t = value;
  if (unit == Precision::kYear || unit == Precision::kMonth) {
    if (value.kind == TemporalKind::kTime) return std::nullopt;
    if (amount > 200'000 || amount < -200'000) return std::nullopt;
    return AddMonths(t, unit == Precision::kYear ? amount * 12 : amount);
  }
  std::int64_t shift = 0, total = 0;
  if (__builtin_mul_overflow(amount, UnitMs(unit), &shift) || __builtin_add_overflow(LocalMs(t), shift, &total))
    return std::nullopt;
  if (value.kind == TemporalKind::kTime) {
    SetTime(&t, total - FloorDivide(total, kDayMs) * kDayMs);
    return t;
  }
  if (!SetLocalMs(&t, total)) return std::nullopt;
  return t;
}

std::optional<Temporal> TemporalSuccessor(const Temporal& value) {
  const auto next = AddToTemporal(value, 1, value.precision);
  if (next && value.kind == TemporalKind::kTime && TimeMs(*next) < TimeMs(value)) return std::nullopt;
  return next;
}

std::optional<Temporal> TemporalPredecessor(const Temporal& value) {
  const auto next = AddToTemporal(value, -1, value.precision);
  if (next && value.kind == TemporalKind::kTime && TimeMs(*next) > TimeMs(value)) return std::nullopt;
  return next;
}

Temporal TemporalMinimum(TemporalKind kind) {
  Temporal t;
  t.kind = kind;
  return EarliestOf(t);
}

Temporal TemporalMaximum(TemporalKind kind) {
  Temporal t;
  t.kind = kind;
  t.year = 9999;
  if (kind == TemporalKind::kTime) t.year = 1;
  return LatestOf(t);
}

}  // namespace plumbline::cql
