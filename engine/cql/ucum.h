// Units of measure by UCUM (case-sensitive): a bounded parser and exact conversion by dimension analysis. A unit is reduced to
// exponents of the seven base units, an exact factor, and for the temperature scales an offset; two units convert when their
// dimensions agree. Arbitrary units ([iU], [arb'U]) and logarithmic ones (pH, B) agree with themselves alone.
//
// unit      := ["/"] term
// term      := component {("." | "/") component}
// component := ((symbol [exponent] | digits) [annotation]) | annotation | "(" term ")"
// symbol    := [prefix] atom       exponent := ["+" | "-"] digit {digit}       annotation := "{" any "}"
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/decimal.h"

namespace plumbline::cql {

// numerator / denominator * 10^exponent * pi^pi_exponent, numerator and denominator without common factor and without a factor of
// ten. Pi stays a symbol, so that it cancels exactly.
struct UnitFactor {
  UInt128 numerator = 1;
  UInt128 denominator = 1;
  int exponent = 0;
  int pi_exponent = 0;
};
// nullopt where the exact result does not fit.
[[nodiscard]] std::optional<UnitFactor> MultiplyFactors(const UnitFactor& a, const UnitFactor& b);
[[nodiscard]] UnitFactor InvertFactor(const UnitFactor& a);

inline constexpr std::size_t kMaxUnitText = 200;
inline constexpr int kMaxUnitComponents = 12;

struct Unit {
  struct Component {
    std::string_view symbol;  // into the text that was parsed
    int exponent = 0;
  };
  struct Arbitrary {
    std::int16_t id = -1;  // of the atom
    std::int8_t exponent = 0;
    friend bool operator==(const Arbitrary&, const Arbitrary&) = default;
  };

  std::array<std::int8_t, 7> dimension{};  // metre, second, gram, radian, kelvin, coulomb, candela
  std::array<Arbitrary, 2> arbitrary{};    // ordered by id; unused slots last
  UnitFactor factor;
  Decimal offset;        // base = (value + offset) * factor
  bool special = false;  // has an offset: stands alone, is not multiplied
  std::array<Component, kMaxUnitComponents> components{};
  int component_count = 0;
};

[[nodiscard]] std::optional<Unit> ParseUnit(std::string_view text);
[[nodiscard]] bool SameDimension(const Unit& a, const Unit& b);
// value `from` in `to`, rounded half away from zero at the eighth digit; nullopt: other dimension or out of range.
[[nodiscard]] std::optional<Decimal> ConvertUnit(Decimal value, const Unit& from, const Unit& to);
// How amounts of one unit are amounts of another: (value + from_offset) * numerator / denominator - to_offset.
struct UnitConversion {
  UInt128 numerator = 1;
  UInt128 denominator = 1;
  Decimal from_offset;
  Decimal to_offset;

  [[nodiscard]] std::optional<Decimal> Apply(Decimal value) const;
  // The order of a (in the one unit) and b (in the other), exactly.
  [[nodiscard]] std::strong_ordering Compare(Decimal a, Decimal b) const;
};
[[nodiscard]] std::optional<UnitConversion> MakeConversion(const Unit& from, const Unit& to);
// By the texts, from a small table of each thread, since few pairs of units meet over and over; null: they do not convert, or one
// is not a unit. Valid until the next call on the thread.
[[nodiscard]] const UnitConversion* FindConversion(std::string_view from, std::string_view to);
// "cm2" for cm times cm; "1" where nothing is left. nullopt: too many components or a special unit.
[[nodiscard]] std::optional<std::string> UnitProduct(const Unit& a, const Unit& b, bool divide);

}  // namespace plumbline::cql
