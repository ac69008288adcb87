// Values as text: CQL literals and selectors that read back as the same value, and ToString's forms.
#pragma once

#include <cstddef>
#include <string>

#include "engine/cql/value.h"

namespace plumbline::cql {

// Values may share parts, so that a small one has a text without end: past this many bytes the remaining elements are left out.
inline constexpr std::size_t kMaxValueText = std::size_t{64} << 20;

// "@2012-03T", "5.50 'mg/dL'", "Interval[1, 10)", "Tuple { id: 1 }". An uncertain value is written as the interval of its bounds.
[[nodiscard]] std::string ToLiteral(const Value& value);
// What ToString() gives: as a literal but without the marks of dates and long integers, and without quotes around a string.
[[nodiscard]] std::string ToText(const Value& value);
[[nodiscard]] std::string QuantityText(const QuantityData& quantity);

}  // namespace plumbline::cql
