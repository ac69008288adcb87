// Exact decimals: a 128-bit integer scaled by 10^8, as CQL's Decimal and as the value of a device event. 28 digits before and
// after the point together are kept exactly; no binary floating point is involved anywhere. Results out of range are nullopt
// (CQL: null), never wrapped.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/int128.h"

namespace plumbline {

class Decimal {
 public:
  static constexpr int kScale = 8;                    // digits after the point
  static constexpr std::int64_t kUnit = 100'000'000;  // 10^kScale
  // CQL: maximum 99999999999999999999.99999999 (28 digits).
  static constexpr Int128 kMaxUnits = static_cast<Int128>(10'000'000'000'000'000'000ULL) * 1'000'000'000 - 1;

  constexpr Decimal() = default;
  [[nodiscard]] static constexpr Decimal FromUnits(Int128 units) { return Decimal(units); }
  [[nodiscard]] static constexpr Decimal FromInteger(std::int64_t value) { return Decimal(static_cast<Int128>(value) * kUnit); }
  // Reads [+-]digits[.digits], at most 8 digits after the point (more: nullopt unless they are zeros). No exponent.
  [[nodiscard]] static std::optional<Decimal> Parse(std::string_view text);
  // Nearest decimal, half away from zero; nullopt for NaN, infinities and out of range.
  [[nodiscard]] static std::optional<Decimal> FromDouble(double value);

  [[nodiscard]] constexpr Int128 units() const { return units_; }
  [[nodiscard]] constexpr bool InRange() const { return units_ <= kMaxUnits && units_ >= -kMaxUnits; }
  [[nodiscard]] double ToDouble() const;
  // Shortest form: no trailing zeros after the point, at least `min_fraction` digits after it.
  [[nodiscard]] std::string ToText(int min_fraction = 0) const;

  friend constexpr auto operator<=>(Decimal, Decimal) = default;
  friend constexpr bool operator==(Decimal, Decimal) = default;

 private:
  explicit constexpr Decimal(Int128 units) : units_(units) {}
  Int128 units_ = 0;
};

[[nodiscard]] std::optional<Decimal> Add(Decimal a, Decimal b);
[[nodiscard]] std::optional<Decimal> Subtract(Decimal a, Decimal b);
// Rounded half away from zero at the eighth digit.
[[nodiscard]] std::optional<Decimal> Multiply(Decimal a, Decimal b);
// nullopt when b is zero.
[[nodiscard]] std::optional<Decimal> Divide(Decimal a, Decimal b);
// a * numerator / denominator without an intermediate rounding, rounded half away from zero; nullopt out of range.
[[nodiscard]] std::optional<Decimal> Scale(Decimal a, UInt128 numerator, UInt128 denominator);
// The order of a * x and b * y, exactly.
[[nodiscard]] std::strong_ordering CompareProducts(Int128 a, UInt128 x, Int128 b, UInt128 y);
[[nodiscard]] constexpr Decimal Negate(Decimal a) { return Decimal::FromUnits(-a.units()); }

}  // namespace plumbline
