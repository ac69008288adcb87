// Points in time as CQL has them: Date, DateTime and Time with a precision per component and, for a DateTime, an offset that may
// be absent (then the evaluation's offset holds, never the host's). A Temporal is a plain value of 16 bytes; nothing here
// allocates, and every function is pure. Components below the precision are kept at their least value (month 1, hour 0), so that
// a Temporal is its own earliest instant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plumbline::cql {

// Coarse to fine; kWeek only names a duration and is therefore last. Passed to operators as an Integer.
enum class Precision : std::uint8_t {
  kYear = 0,
  kMonth = 1,
  kDay = 2,
  kHour = 3,
  kMinute = 4,
  kSecond = 5,
  kMillisecond = 6,
  kWeek = 7
};

// "year", "years", "month", ... "milliseconds"; nullopt for other words.
[[nodiscard]] std::optional<Precision> ParsePrecision(std::string_view word);
[[nodiscard]] std::string_view PrecisionName(Precision precision);  // singular

enum class TemporalKind : std::uint8_t { kDate, kDateTime, kTime };

struct Temporal {
  static constexpr std::int16_t kNoOffset = INT16_MIN;

  std::int16_t year = 1;
  std::uint8_t month = 1;
  std::uint8_t day = 1;
  std::uint8_t hour = 0;
  std::uint8_t minute = 0;
  std::uint8_t second = 0;
  Precision precision = Precision::kYear;
  std::uint16_t millisecond = 0;
  std::int16_t offset_minutes = kNoOffset;  // DateTime only
  TemporalKind kind = TemporalKind::kDate;

  [[nodiscard]] bool HasOffset() const { return offset_minutes != kNoOffset; }
  [[nodiscard]] int Component(Precision component) const;  // not kWeek
  // Written alike; whether they mean the same instant is CompareTemporal's to say.
  friend bool operator==(const Temporal&, const Temporal&) = default;
};
static_assert(sizeof(Temporal) <= 16);

[[nodiscard]] constexpr bool IsLeapYear(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }
[[nodiscard]] int DaysInMonth(int year, int month);
// Days since 1970-01-01 of the proleptic Gregorian calendar, and back.
[[nodiscard]] std::int64_t DaysFromCivil(int year, int month, int day);
void CivilFromDays(std::int64_t days, int* year, int* month, int* day);

// Components beyond `precision` are ignored and set to their least value; nullopt when one is out of its range (year 1..9999).
[[nodiscard]] std::optional<Temporal> MakeDate(int year, int month, int day, Precision precision);
[[nodiscard]] std::optional<Temporal> MakeTime(int hour, int minute, int second, int millisecond, Precision precision);
struct DateTimeParts {
  int year = 1, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0;
  Precision precision = Precision::kMillisecond;
  int offset_minutes = Temporal::kNoOffset;
};
[[nodiscard]] std::optional<Temporal> MakeDateTime(const DateTimeParts& parts);
// A DateTime of millisecond precision.
[[nodiscard]] Temporal DateTimeFromUnixMs(std::int64_t unix_ms, int offset_minutes);
// Milliseconds since 1970-01-01T00:00Z of the earliest instant; without offset `default_offset` holds.
[[nodiscard]] std::int64_t UnixMs(const Temporal& value, int default_offset);
// The same instant written with another offset; values coarser than hours are returned as they are.
[[nodiscard]] Temporal AtOffset(const Temporal& value, int offset_minutes, int default_offset);

// Texts as in CQL literals without the '@': 2012-03-04, 2012-03-04T10:11:12.123+02:00, 2012T, T10:11 (Time).
// ParseDateTime accepts a date without 'T' as well (ToDateTime does); ParseTime accepts a text without the leading 'T'.
[[nodiscard]] std::optional<Temporal> ParseDate(std::string_view text);
[[nodiscard]] std::optional<Temporal> ParseDateTime(std::string_view text);
[[nodiscard]] std::optional<Temporal> ParseTime(std::string_view text);
// ToString's form: Date 2012-03, DateTime 2012-03-04T10 (2012-03 where there is no time), Time 10:11. literal.h makes literals.
[[nodiscard]] std::string TemporalText(const Temporal& value);

// Three-valued order. `precision` bounds how fine components are compared (nullopt: all). Comparing stops with nullopt where
// exactly one side has run out, or before a bound both sides miss.
[[nodiscard]] std::optional<int> CompareTemporal(const Temporal& a, const Temporal& b, int default_offset,
                                                 std::optional<Precision> precision);
// The value to that precision (kWeek: to the day), or itself where it is coarser.
[[nodiscard]] Temporal TruncatedTo(const Temporal& value, Precision precision);
// Earliest and latest value of full precision (day for a Date, millisecond for the others) that `value` may be.
[[nodiscard]] Temporal EarliestOf(const Temporal& value);
[[nodiscard]] Temporal LatestOf(const Temporal& value);

// Whole calendar periods, or crossed boundaries, from a to b where both are of full precision for the question; a after b:
// negative.
[[nodiscard]] std::int64_t DurationBetween(const Temporal& a, const Temporal& b, Precision precision, int default_offset);
[[nodiscard]] std::int64_t DifferenceBetween(const Temporal& a, const Temporal& b, Precision precision, int default_offset);

// value + amount of `unit`, clamping the day to the month's length; a unit finer than the value's precision is first truncated to
// that precision (30 days are a month, 365 days a year). nullopt: out of range of the type. Times wrap around midnight.
[[nodiscard]] std::optional<Temporal> AddToTemporal(const Temporal& value, std::int64_t amount, Precision unit);
// One step of the value's own precision.
[[nodiscard]] std::optional<Temporal> TemporalSuccessor(const Temporal& value);
[[nodiscard]] std::optional<Temporal> TemporalPredecessor(const Temporal& value);
[[nodiscard]] Temporal TemporalMinimum(TemporalKind kind);
[[nodiscard]] Temporal TemporalMaximum(TemporalKind kind);

}  // namespace plumbline::cql
