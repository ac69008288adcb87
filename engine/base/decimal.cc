#include "engine/base/decimal.h"

#include <cmath>

namespace plumbline {
namespace {

UInt128 Magnitude(Int128 x) { return x < 0 ? UInt128{0} - static_cast<UInt128>(x) : static_cast<UInt128>(x); }

// A product of two 128-bit magnitudes as four 64-bit limbs, least first.
struct Wide {
  std::uint64_t limb[4];
};

Wide MultiplyWide(UInt128 a, UInt128 b) {
  const std::uint64_t al = static_cast<std::uint64_t>(a), ah = static_cast<std::uint64_t>(a >> 64);
  const std::uint64_t bl = static_cast<std::uint64_t>(b), bh = static_cast<std::uint64_t>(b >> 64);
  const UInt128 ll = static_cast<UInt128>(al) * bl, lh = static_cast<UInt128>(al) * bh;
  const UInt128 hl = static_cast<UInt128>(ah) * bl, hh = static_cast<UInt128>(ah) * bh;
  Wide w{};
  w.limb[0] = static_cast<std::uint64_t>(ll);
  const UInt128 m1 = (ll >> 64) + static_cast<std::uint64_t>(lh) + static_cast<std::uint64_t>(hl);
  w.limb[1] = static_cast<std::uint64_t>(m1);
  const UInt128 m2 = (m1 >> 64) + (lh >> 64) + (hl >> 64) + static_cast<std::uint64_t>(hh);
  w.limb[2] = static_cast<std::uint64_t>(m2);
  w.limb[3] = static_cast<std::uint64_t>((m2 >> 64) + (hh >> 64));
  return w;
}

// w / d for d below 2^127, by bits from the top; nullopt when the quotient needs more than 127 bits. The remainder goes to *rest.
std::optional<UInt128> DivideWide(const Wide& w, UInt128 d, UInt128* rest) {
  UInt128 r = 0, q = 0;
  for (int bit = 255; bit >= 0; --bit) {
    if (q >> 126 != 0) return std::nullopt;
    r = r << 1 | (w.limb[bit / 64] >> (bit % 64) & 1);
    q <<= 1;
    if (r >= d) {
      r -= d;
      q |= 1;
    }
  }
  *rest = r;
  return q;
}

std::optional<Decimal> Signed(UInt128 magnitude, bool negative) {
  if (magnitude > static_cast<UInt128>(Decimal::kMaxUnits)) return std::nullopt;
  const Int128 value = static_cast<Int128>(magnitude);
  return Decimal::FromUnits(negative ? -value : value);
}

// a * b / d, rounded half away from zero.
std::optional<Decimal> MultiplyDivide(UInt128 a, UInt128 b, UInt128 d, bool negative) {
  UInt128 quotient = 0, rest = 0;
  if (a == 0 || b == 0) return Decimal();
  if (const UInt128 product = a * b; product / a == b) {
    quotient = product / d;
    rest = product % d;
  } else {
    const auto q = DivideWide(MultiplyWide(a, b), d, &rest);
    if (!q) return std::nullopt;
    quotient = *q;
  }
  if (rest >= d - rest) ++quotient;
  return Signed(quotient, negative);
}

}  // namespace

std::optional<Decimal> Decimal::Parse(std::string_view text) {
  bool negative = false;
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';
  Int128 units = 0;
  std::size_t digits = 0;
  int fraction = -1;  // digits after the point so far; -1 before it
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && fraction < 0 && digits > 0) {
      fraction = 0;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    ++digits;
    if (fraction >= kScale) {
      if (c != '0') return std::nullopt;
      continue;
    }
    units = units * 10 + (c - '0');
    if (units > kMaxUnits) return std::nullopt;
    if (fraction >= 0) ++fraction;
  }
  if (digits == 0 || text.back() == '.') return std::nullopt;
  for (int f = fraction < 0 ? 0 : fraction; f < kScale; ++f) {
    units *= 10;
    if (units > kMaxUnits) return std::nullopt;
  }
  return FromUnits(negative ? -units : units);
}

std::optional<Decimal> Decimal::FromDouble(double value) {
  if (!std::isfinite(value) || std::fabs(value) >= 1e20) return std::nullopt;
  const double whole = std::trunc(value);
  const double part = std::round((value - whole) * static_cast<double>(kUnit));
  const Decimal d = FromUnits(static_cast<Int128>(whole) * kUnit + static_cast<Int128>(part));
  if (!d.InRange()) return std::nullopt;
  return d;
}

double Decimal::ToDouble() const {
  // Both halves are exact doubles below 2^53 or rounded once; the sum is within one ulp.
  const Int128 whole = units_ / kUnit, part = units_ % kUnit;
  if (whole > -(Int128{1} << 53) / kUnit && whole < (Int128{1} << 53) / kUnit) {
    return static_cast<double>(static_cast<std::int64_t>(units_)) / static_cast<double>(kUnit);
  }
  return static_cast<double>(whole) + static_cast<double>(static_cast<std::int64_t>(part)) / static_cast<double>(kUnit);
}

std::string Decimal::ToText(int min_fraction) const {
  UInt128 m = Magnitude(units_);
  std::string fraction(static_cast<std::size_t>(kScale), '0');
  for (int i = kScale - 1; i >= 0; --i, m /= 10)
    fraction[static_cast<std::size_t>(i)] = static_cast<char>('0' + static_cast<int>(m % 10));
  std::string whole;
  do {
    whole.insert(whole.begin(), static_cast<char>('0' + static_cast<int>(m % 10)));
    m /= 10;
  } while (m != 0);
  std::size_t keep = fraction.size();
  while (keep > static_cast<std::size_t>(min_fraction) && fraction[keep - 1] == '0') --keep;
  std::string out = units_ < 0 ? "-" : "";
  out += whole;
  if (keep > 0) out += "." + fraction.substr(0, keep);
  return out;
}

std::optional<Decimal> Add(Decimal a, Decimal b) {
  const Decimal sum = Decimal::FromUnits(a.units() + b.units());
  return sum.InRange() ? std::optional(sum) : std::nullopt;
}

std::optional<Decimal> Subtract(Decimal a, Decimal b) { return Add(a, Negate(b)); }

std::optional<Decimal> Multiply(Decimal a, Decimal b) {
  return MultiplyDivide(Magnitude(a.units()), Magnitude(b.units()), Decimal::kUnit, (a.units() < 0) != (b.units() < 0));
}

std::optional<Decimal> Divide(Decimal a, Decimal b) {
  if (b.units() == 0) return std::nullopt;
  return MultiplyDivide(Magnitude(a.units()), Decimal::kUnit, Magnitude(b.units()), (a.units() < 0) != (b.units() < 0));
}

std::optional<Decimal> Scale(Decimal a, UInt128 numerator, UInt128 denominator) {
  if (denominator == 0) return std::nullopt;
  return MultiplyDivide(Magnitude(a.units()), numerator, denominator, a.units() < 0);
}

std::strong_ordering CompareProducts(Int128 a, UInt128 x, Int128 b, UInt128 y) {
  const int sign_a = x == 0 || a == 0 ? 0 : a < 0 ? -1 : 1;
  const int sign_b = y == 0 || b == 0 ? 0 : b < 0 ? -1 : 1;
  if (sign_a != sign_b || sign_a == 0) return sign_a <=> sign_b;
  const Wide left = MultiplyWide(Magnitude(a), x), right = MultiplyWide(Magnitude(b), y);
  for (int i = 3; i >= 0; --i) {
    if (left.limb[i] != right.limb[i]) {
      return (left.limb[i] < right.limb[i]) == (sign_a > 0) ? std::strong_ordering::less : std::strong_ordering::greater;
    }
  }
  return std::strong_ordering::equal;
}

}  // namespace plumbline
