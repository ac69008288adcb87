#include "engine/cql/quantity.h"

#include <algorithm>
#include <array>

#include "engine/cql/ucum.h"

namespace plumbline::cql {
namespace {

constexpr std::array<std::string_view, 8> kUcumOfCalendar = {"a", "mo", "d", "h", "min", "s", "ms", "wk"};

bool IsIndefinite(Precision unit) { return unit == Precision::kYear || unit == Precision::kMonth; }

std::string_view UcumText(std::string_view unit) {
  const auto calendar = CalendarUnit(unit);
  return calendar ? kUcumOfCalendar[static_cast<std::size_t>(*calendar)] : unit;
}

std::optional<int> Sign(std::optional<std::strong_ordering> order) {
  if (!order) return std::nullopt;
  return *order < 0 ? -1 : *order > 0 ? 1 : 0;
}

int SignOf(Decimal a, Decimal b) { return a < b ? -1 : b < a ? 1 : 0; }

// Days in a calendar unit as `~` counts them; 0 for finer ones.
int DaysOf(Precision unit) {
  switch (unit) {
    case Precision::kYear:
      return 365;
    case Precision::kMonth:
      return 30;
    case Precision::kWeek:
      return 7;
    case Precision::kDay:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

std::optional<Precision> CalendarUnit(std::string_view unit) { return unit.size() < 3 ? std::nullopt : ParsePrecision(unit); }

std::optional<Precision> DurationUnit(std::string_view unit) {
  if (const auto calendar = CalendarUnit(unit)) return calendar;
  for (std::size_t i = 0; i < kUcumOfCalendar.size(); ++i) {
    if (kUcumOfCalendar[i] == unit) return static_cast<Precision>(i);
  }
  return std::nullopt;
}

std::string_view NormalUnit(std::string_view unit) {
  if (unit.empty()) return "1";
  const auto calendar = CalendarUnit(unit);
  return calendar ? PrecisionName(*calendar) : unit;
}

bool IsKnownUnit(std::string_view unit) { return unit.empty() || CalendarUnit(unit) || ParseUnit(unit); }

Value MakeQuantity(Arena& arena, Decimal value, std::string_view unit, int scale) {
  return Value::Quantity(arena.Make(QuantityData{value, NormalUnit(unit), static_cast<std::uint8_t>(scale)}));
}

int NaturalScale(Decimal value) {
  int scale = Decimal::kScale;
  Int128 units = value.units();
  for (; scale > 0 && units % 10 == 0; units /= 10) --scale;
  return scale;
}

Decimal RoundTo(Decimal value, int digits) {
  if (digits >= Decimal::kScale) return value;
  Int128 step = 1;
  for (int i = digits; i < Decimal::kScale; ++i) step *= 10;
  const Int128 units = value.units();
  const Int128 half = step / 2;
  return Decimal::FromUnits((units < 0 ? units - half : units + half) / step * step);
}

std::optional<int> CompareQuantities(const QuantityData& a, const QuantityData& b) {
  if (a.unit == b.unit) return SignOf(a.value, b.value);
  const auto ca = CalendarUnit(a.unit), cb = CalendarUnit(b.unit);
  const bool ia = ca && IsIndefinite(*ca), ib = cb && IsIndefinite(*cb);
  if (ia || ib) {
    if (!ia || !ib) return std::nullopt;
    const auto months = [](Precision p) { return static_cast<UInt128>(p == Precision::kYear ? 12 : 1); };
    return Sign(CompareProducts(a.value.units(), months(*ca), b.value.units(), months(*cb)));
  }
  const UnitConversion* conversion = FindConversion(UcumText(a.unit), UcumText(b.unit));
  if (conversion == nullptr) return std::nullopt;
  return Sign(conversion->Compare(a.value, b.value));
}

bool EquivalentQuantities(const QuantityData& a, const QuantityData& b) {
  const auto rounded_equal = [&](Decimal x, Decimal y) {
    const int scale = std::min<int>(NaturalScale(x), NaturalScale(y));
    return RoundTo(x, scale) == RoundTo(y, scale);
  };
  if (a.unit == b.unit) return rounded_equal(a.value, b.value);
  const auto ca = CalendarUnit(a.unit), cb = CalendarUnit(b.unit);
  if (ca && cb && (IsIndefinite(*ca) || IsIndefinite(*cb))) {
    if (IsIndefinite(*ca) && IsIndefinite(*cb)) return CompareQuantities(a, b) == 0;
    const auto in_days = [](const QuantityData& q, Precision unit) -> std::optional<Decimal> {
      if (DaysOf(unit) > 0) return Scale(q.value, static_cast<UInt128>(DaysOf(unit)), 1);
      return ConvertQuantityTo(q, "d");
    };
    const auto x = in_days(a, *ca), y = in_days(b, *cb);
    return x && y && *x == *y;
  }
  const auto converted = ConvertQuantityTo({b.value, UcumText(b.unit), b.scale}, UcumText(a.unit));
  return converted && rounded_equal(a.value, *converted);
}

std::optional<Decimal> ConvertQuantityTo(const QuantityData& quantity, std::string_view unit) {
  unit = NormalUnit(unit);
  const std::string_view from = NormalUnit(quantity.unit);
  if (unit == from) return quantity.value;
  const auto cf = CalendarUnit(from), ct = CalendarUnit(unit);
  if (cf && ct && (IsIndefinite(*cf) || IsIndefinite(*ct))) {
    if (IsIndefinite(*cf) && IsIndefinite(*ct)) {
      return *cf == Precision::kYear ? Scale(quantity.value, 12, 1) : Scale(quantity.value, 1, 12);
    }
    // A year is 365 days and a month 30 where calendar units are converted to definite ones and back.
    if (IsIndefinite(*cf)) {
      const auto days = Scale(quantity.value, static_cast<UInt128>(DaysOf(*cf)), 1);
      if (!days) return std::nullopt;
      return ConvertQuantityTo({*days, "day", quantity.scale}, unit);
    }
    const auto days = ConvertQuantityTo(quantity, "day");
    if (!days) return std::nullopt;
    return Scale(*days, 1, static_cast<UInt128>(DaysOf(*ct)));
  }
  const UnitConversion* conversion = FindConversion(UcumText(from), UcumText(unit));
  return conversion == nullptr ? std::nullopt : conversion->Apply(quantity.value);
}

}  // namespace plumbline::cql
