#include "engine/cql/fhir/primitive.h"

#include <charconv>

namespace plumbline::cql::fhir {
namespace {

// A cursor over fixed-width digits.
class Digits {
 public:
  explicit Digits(std::string_view text) : text_(text) {}

  bool Number(std::size_t width, int* out) {
    if (text_.size() < width) return false;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const unsigned digit = static_cast<unsigned>(text_[i]) - '0';
      if (digit > 9) return false;
      value = value * 10 + static_cast<int>(digit);
    }
    text_.remove_prefix(width);
    *out = value;
    return true;
  }
  bool Skip(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] bool AtEnd() const { return text_.empty(); }

  // .f... : the first three digits are milliseconds, the rest is dropped.
  bool Fraction(int* milliseconds) {
    int digits = 0;
    *milliseconds = 0;
    int digit = 0;
    while (Number(1, &digit)) {
      if (digits < 3) *milliseconds = *milliseconds * 10 + digit;
      ++digits;
    }
    for (int i = digits; i < 3; ++i) *milliseconds *= 10;
    return digits > 0;
  }

  bool Offset(int* minutes) {
    if (Skip('Z')) {
      *minutes = 0;
      return true;
    }
    const bool negative = Skip('-');
    if (!negative && !Skip('+')) return false;
    int hours = 0;
    int rest = 0;
    if (!Number(2, &hours) || !Skip(':') || !Number(2, &rest) || hours > 14 || rest > 59) return false;
    *minutes = (negative ? -1 : 1) * (hours * 60 + rest);
    return true;
  }

 private:
  std::string_view text_;
};

bool ReadTime(Digits& digits, DateTimeParts* parts) {
  if (!digits.Number(2, &parts->hour)) return false;
  parts->precision = Precision::kHour;
  if (!digits.Skip(':')) return true;
  if (!digits.Number(2, &parts->minute)) return false;
  parts->precision = Precision::kMinute;
  if (!digits.Skip(':')) return true;
  if (!digits.Number(2, &parts->second)) return false;
  parts->precision = Precision::kSecond;
  if (!digits.Skip('.')) return true;
  parts->precision = Precision::kMillisecond;
  return digits.Fraction(&parts->millisecond);
}

bool Valid(const DateTimeParts& p) {
  return p.year >= 1 && p.month >= 1 && p.month <= 12 && p.day >= 1 && p.day <= DaysInMonth(p.year, p.month) && p.hour <= 23 &&
         p.minute <= 59 && p.second <= 59;
}

Temporal Assemble(const DateTimeParts& parts, TemporalKind kind) {
  Temporal value;
  value.year = static_cast<std::int16_t>(parts.year);
  value.month = static_cast<std::uint8_t>(parts.month);
  value.day = static_cast<std::uint8_t>(parts.day);
  value.hour = static_cast<std::uint8_t>(parts.hour);
  value.minute = static_cast<std::uint8_t>(parts.minute);
  value.second = static_cast<std::uint8_t>(parts.second);
  value.millisecond = static_cast<std::uint16_t>(parts.millisecond);
  value.offset_minutes = static_cast<std::int16_t>(parts.offset_minutes);
  value.precision = parts.precision;
  value.kind = kind;
  return value;
}

std::optional<Temporal> ParseFhirTime(std::string_view text) {
  Digits digits(text);
  DateTimeParts parts;
  if (!ReadTime(digits, &parts) || !digits.AtEnd()) return std::nullopt;
  return MakeTime(parts.hour, parts.minute, parts.second, parts.millisecond, parts.precision);
}

}  // namespace

std::optional<Temporal> ParseFhirDate(std::string_view text, TemporalKind kind) {
  Digits digits(text);
  DateTimeParts parts;
  parts.precision = Precision::kYear;
  if (!digits.Number(4, &parts.year)) return std::nullopt;
  if (digits.Skip('-')) {
    if (!digits.Number(2, &parts.month)) return std::nullopt;
    parts.precision = Precision::kMonth;
    if (digits.Skip('-')) {
      if (!digits.Number(2, &parts.day)) return std::nullopt;
      parts.precision = Precision::kDay;
    }
  }
  if (digits.Skip('T')) {
    const Precision date_precision = parts.precision;
    if (!ReadTime(digits, &parts)) return std::nullopt;
    if (!digits.AtEnd() && !digits.Offset(&parts.offset_minutes)) return std::nullopt;
    if (kind == TemporalKind::kDate) {  // a dateTime where a date belongs: its day
      parts = {.year = parts.year, .month = parts.month, .day = parts.day, .precision = date_precision};
    }
  }
  if (!digits.AtEnd() || !Valid(parts)) return std::nullopt;
  return Assemble(parts, kind);
}

Value ParseDecimalText(std::string_view text) {
  std::int64_t exponent = 0;
  const std::size_t e = text.find_first_of("eE");
  if (e != std::string_view::npos) {
    std::string_view digits = text.substr(e + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (error != std::errc() || end != digits.data() + digits.size() || exponent < -40 || exponent > 40) return {};
    text = text.substr(0, e);
  }
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  Int128 units = 0;
  std::int64_t fraction = 0;  // digits after the point
  bool point = false;
  bool any = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return {};
    any = true;
    if (units > Decimal::kMaxUnits) {
      if (!point) return {};
      continue;  // digits too fine to matter
    }
    units = units * 10 + (c - '0');
    if (point) ++fraction;
  }
  if (!any) return {};
  std::int64_t shift = Decimal::kScale - fraction + exponent;
  for (; shift > 0 && units <= Decimal::kMaxUnits; --shift) units *= 10;
  for (; shift < -1; ++shift) units /= 10;
  if (shift == -1) units = (units + 5) / 10;
  const Decimal value = Decimal::FromUnits(negative ? -units : units);
  if (!value.InRange()) return {};
  const std::int64_t scale = fraction - exponent;
  return Value::OfDecimal(value, static_cast<int>(scale < 1 ? 1 : scale > Decimal::kScale ? Decimal::kScale : scale));
}

Value ParsePrimitive(Primitive primitive, std::string_view text) {
  switch (primitive) {
    case Primitive::kBoolean:
      return text == "true" ? Value::Boolean(true) : text == "false" ? Value::Boolean(false) : Value();
    case Primitive::kInteger: {
      std::int32_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      return error == std::errc() && end == text.data() + text.size() ? Value::Integer(value) : Value();
    }
    case Primitive::kDecimal:
      return ParseDecimalText(text);
    case Primitive::kDate:
    case Primitive::kDateTime: {
      const auto value = ParseFhirDate(text, primitive == Primitive::kDate ? TemporalKind::kDate : TemporalKind::kDateTime);
      return value ? Value::OfTemporal(*value) : Value();
    }
    case Primitive::kTime: {
      const auto value = ParseFhirTime(text);
      return value ? Value::OfTemporal(*value) : Value();
    }
    default:
      return Value::String(text);
  }
}

}  // namespace plumbline::cql::fhir
