// Quantities: decimal amounts with a unit that is UCUM text or a calendar word. Calendar weeks, days and finer are the UCUM units
// of the same length; a calendar year or month has no definite length, so it compares (=, <) with calendar years and months
// alone, while `~` takes a year as 365 days and a month as 30, and as UCUM's 'a' and 'mo'.
#pragma once

#include <optional>
#include <string_view>

#include "engine/cql/context.h"
#include "engine/cql/value.h"

namespace plumbline::cql {

// The calendar unit a text names ("year", "days"), if it does.
[[nodiscard]] std::optional<Precision> CalendarUnit(std::string_view unit);
// The unit of a duration added to a date: calendar words, and UCUM a, mo, wk, d, h, min, s, ms.
[[nodiscard]] std::optional<Precision> DurationUnit(std::string_view unit);
// Calendar words become singular, an empty text "1"; the result lives as long as `unit` or forever.
[[nodiscard]] std::string_view NormalUnit(std::string_view unit);
[[nodiscard]] bool IsKnownUnit(std::string_view unit);

[[nodiscard]] Value MakeQuantity(Arena& arena, Decimal value, std::string_view unit, int scale);
[[nodiscard]] inline Value MakeQuantity(EvalContext& ctx, Decimal value, std::string_view unit, int scale) {
  return MakeQuantity(ctx.arena, value, unit, scale);
}

// Order as `<` and `=` see it; nullopt: not comparable.
[[nodiscard]] std::optional<int> CompareQuantities(const QuantityData& a, const QuantityData& b);
// As `~`, decimals rounded to the lesser scale.
[[nodiscard]] bool EquivalentQuantities(const QuantityData& a, const QuantityData& b);
// nullopt where the units do not convert.
[[nodiscard]] std::optional<Decimal> ConvertQuantityTo(const QuantityData& quantity, std::string_view unit);

// Number of digits a decimal needs after the point.
[[nodiscard]] int NaturalScale(Decimal value);
[[nodiscard]] Decimal RoundTo(Decimal value, int digits);  // half away from zero

}  // namespace plumbline::cql
