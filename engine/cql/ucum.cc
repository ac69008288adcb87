#include "engine/cql/ucum.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "engine/base/check.h"
#include "engine/cql/ucum_table.h"

namespace plumbline::cql {
namespace {

constexpr int kMaxDepth = 16;
constexpr int kMaxExponent = 30;  // of a unit's power
constexpr UInt128 kLimit = static_cast<UInt128>(1) << 126;

UInt128 Gcd(UInt128 a, UInt128 b) {
  while (b != 0) {
    const UInt128 r = a % b;
    a = b;
    b = r;
  }
  return a;
}

UnitFactor Reduced(UnitFactor f) {
  for (; f.numerator % 10 == 0; f.numerator /= 10) ++f.exponent;
  for (; f.denominator % 10 == 0; f.denominator /= 10) --f.exponent;
  const UInt128 g = Gcd(f.numerator, f.denominator);
  f.numerator /= g;
  f.denominator /= g;
  return f;
}

bool MultiplyChecked(UInt128 a, UInt128 b, UInt128* out) {
  if (b != 0 && a > kLimit / b) return false;
  *out = a * b;
  return true;
}

// The factor as one fraction; pi to 17 digits.
bool Fraction(UnitFactor f, UInt128* numerator, UInt128* denominator) {
  const int pi_exponent = f.pi_exponent;
  f.pi_exponent = 0;
  for (int i = 0; i < std::abs(pi_exponent); ++i) {
    const UnitFactor pi{31415926535897932ULL, 1, -16, 0};
    const auto product = MultiplyFactors(f, pi_exponent > 0 ? pi : InvertFactor(pi));
    if (!product) return false;
    f = *product;
  }
  *numerator = f.numerator;
  *denominator = f.denominator;
  for (int i = 0; i < f.exponent; ++i) {
    if (!MultiplyChecked(*numerator, 10, numerator)) return false;
  }
  for (int i = 0; i > f.exponent; --i) {
    if (!MultiplyChecked(*denominator, 10, denominator)) return false;
  }
  const UInt128 g = Gcd(*numerator, *denominator);
  *numerator /= g;
  *denominator /= g;
  return true;
}

struct Atom {
  AtomKind kind;
  std::int16_t id;
  Unit unit;  // without components
};

struct Table {
  std::unordered_map<std::string_view, Atom> atoms;
  Table();
};

class UnitParser {
 public:
  UnitParser(std::string_view text, const std::unordered_map<std::string_view, Atom>& atoms) : text_(text), atoms_(atoms) {}

  std::optional<Unit> Parse() {
    Unit unit;
    // A leading solidus inverts what directly follows it, not the whole term.
    int first = 1;
    if (at_ < text_.size() && text_[at_] == '/') {
      first = -1;
      ++at_;
    }
    if (!Term(&unit, first, 1, 0) || at_ != text_.size()) return std::nullopt;
    return unit;
  }

 private:
  // `first`: the sign of the first component's exponent; `sign`: of those after a point.
  bool Term(Unit* unit, int first, int sign, int depth) {
    if (depth > kMaxDepth) return false;
    int of_next = first;
    for (;;) {
      if (!Component(unit, of_next, depth)) return false;
      if (at_ >= text_.size() || (text_[at_] != '.' && text_[at_] != '/')) return true;
      of_next = text_[at_++] == '/' ? -sign : sign;
    }
  }

  bool Component(Unit* unit, int sign, int depth) {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_];
    if (c == '(') {
      ++at_;
      if (!Term(unit, sign, sign, depth + 1) || at_ >= text_.size() || text_[at_] != ')') return false;
      ++at_;
      return true;
    }
    if (c == '{') return Annotation();
    if (c >= '0' && c <= '9' && !text_.substr(at_).starts_with("10*") && !text_.substr(at_).starts_with("10^")) {
      return Digits(unit, sign) && Annotation();
    }
    const std::string_view symbol = Symbol();
    int exponent = 1;
    if (symbol.empty() || !Exponent(&exponent)) return false;
    return Apply(unit, symbol, exponent * sign) && Annotation();
  }

  // An annotation, or nothing.
  bool Annotation() {
    if (at_ >= text_.size() || text_[at_] != '{') return true;
    const std::size_t end = text_.find('}', at_);
    if (end == std::string_view::npos) return false;
    at_ = end + 1;
    return true;
  }

  bool Digits(Unit* unit, int sign) {
    const std::size_t start = at_;
    UInt128 value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      if (value > 1'000'000'000'000ULL) return false;
      value = value * 10 + static_cast<unsigned>(text_[at_] - '0');
    }
    if (value == 0) return false;
    if (value == 1) return true;
    UnitFactor factor = Reduced({value, 1, 0, 0});
    if (sign < 0) factor = InvertFactor(factor);
    return Scale(unit, factor) && Record(unit, text_.substr(start, at_ - start), sign);
  }

  // Letters and bracketed parts, up to an exponent or an operator.
  std::string_view Symbol() {
    const std::size_t start = at_;
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("10*") || rest.starts_with("10^")) {
      at_ += 3;
      return text_.substr(start, 3);
    }
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '[') {
        const std::size_t end = text_.find(']', at_);
        if (end == std::string_view::npos) return {};
        at_ = end + 1;
        continue;
      }
      if ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')' || c == '{' || c == '}')
        break;
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  bool Exponent(int* exponent) {
    if (at_ >= text_.size()) return true;
    int sign = 1;
    std::size_t at = at_;
    if (text_[at] == '+' || text_[at] == '-') sign = text_[at++] == '-' ? -1 : 1;
    if (at >= text_.size() || text_[at] < '0' || text_[at] > '9') return at == at_;
    int value = 0;
    for (; at < text_.size() && text_[at] >= '0' && text_[at] <= '9'; ++at) {
      value = value * 10 + (text_[at] - '0');
      if (value > kMaxExponent) return false;
    }
    at_ = at;
    *exponent = sign * value;
    return true;
  }

  static bool Scale(Unit* unit, const UnitFactor& factor) {
    const auto product = MultiplyFactors(unit->factor, factor);
    if (!product) return false;
    unit->factor = *product;
    return true;
  }

  static bool Record(Unit* unit, std::string_view symbol, int exponent) {
    for (int i = 0; i < unit->component_count; ++i) {
      if (unit->components[static_cast<std::size_t>(i)].symbol == symbol) {
        unit->components[static_cast<std::size_t>(i)].exponent += exponent;
        return true;
      }
    }
    if (unit->component_count == kMaxUnitComponents) return false;
    unit->components[static_cast<std::size_t>(unit->component_count++)] = {symbol, exponent};
    return true;
  }

  static bool AddArbitrary(Unit* unit, std::int16_t id, int exponent) {
    for (auto& slot : unit->arbitrary) {
      if (slot.id == id || slot.id < 0) {
        slot.id = id;
        slot.exponent = static_cast<std::int8_t>(slot.exponent + exponent);
        if (slot.exponent == 0) slot = {};
        std::sort(unit->arbitrary.begin(), unit->arbitrary.end(), [](const auto& a, const auto& b) {
          return static_cast<std::uint16_t>(a.id) < static_cast<std::uint16_t>(b.id);
        });
        return true;
      }
    }
    return false;
  }

  // The atom of a symbol and the factor of its prefix.
  const Atom* Find(std::string_view symbol, UnitFactor* prefix) const {
    if (const auto found = atoms_.find(symbol); found != atoms_.end()) return &found->second;
    for (const UnitPrefix& p : UnitPrefixes()) {
      if (!symbol.starts_with(p.code)) continue;
      const auto found = atoms_.find(symbol.substr(p.code.size()));
      if (found == atoms_.end()) continue;
      const AtomKind kind = found->second.kind;
      if (kind != AtomKind::kMetric && kind != AtomKind::kBase && kind != AtomKind::kArbitraryMetric &&
          kind != AtomKind::kOffsetMetric) {
        continue;
      }
      *prefix = Reduced({static_cast<UInt128>(1) << p.binary_exponent, 1, p.exponent, 0});
      return &found->second;
    }
    return nullptr;
  }

  bool Apply(Unit* unit, std::string_view symbol, int exponent) {
    UnitFactor factor;
    const Atom* atom = Find(symbol, &factor);
    if (atom == nullptr || !Record(unit, symbol, exponent)) return false;
    const auto scaled = MultiplyFactors(factor, atom->unit.factor);
    if (!scaled) return false;
    factor = exponent < 0 ? InvertFactor(*scaled) : *scaled;
    for (int i = 0; i < std::abs(exponent); ++i) {
      if (!Scale(unit, factor)) return false;
    }
    for (std::size_t i = 0; i < unit->dimension.size(); ++i) {
      const int sum = unit->dimension[i] + atom->unit.dimension[i] * exponent;
      if (sum > 100 || sum < -100) return false;
      unit->dimension[i] = static_cast<std::int8_t>(sum);
    }
    if (atom->kind == AtomKind::kArbitrary || atom->kind == AtomKind::kArbitraryMetric) {
      if (!AddArbitrary(unit, atom->id, exponent)) return false;
    }
    // An offset counts where the scale stands alone; in a product a degree is a difference.
    if (atom->unit.special && exponent == 1 && symbol.size() == text_.size()) {
      unit->special = true;
      unit->offset = atom->unit.offset;
    }
    return true;
  }

  std::string_view text_;
  const std::unordered_map<std::string_view, Atom>& atoms_;
  std::size_t at_ = 0;
};

// "6.02e23", with at most 30 digits.
UnitFactor ReadFactor(std::string_view text) {
  if (text == "pi") return {1, 1, 0, 1};
  UnitFactor f{0, 1, 0, 0};
  std::size_t i = 0;
  bool fraction = false;
  for (; i < text.size() && text[i] != 'e'; ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    f.numerator = f.numerator * 10 + static_cast<unsigned>(text[i] - '0');
    if (fraction) --f.exponent;
  }
  if (i < text.size()) f.exponent += std::atoi(std::string(text.substr(i + 1)).c_str());
  return Reduced(f);
}

Table::Table() {
  std::int16_t id = 0;
  for (const UnitAtom& row : UnitAtoms()) {
    Atom atom{row.kind, id++, {}};
    if (row.kind == AtomKind::kBase) {
      atom.unit.dimension[static_cast<std::size_t>(row.value[0] - '0')] = 1;
    } else if (row.kind != AtomKind::kArbitrary && row.kind != AtomKind::kArbitraryMetric) {
      const auto unit = UnitParser(row.unit, atoms).Parse();
      PLUMBLINE_CHECK(unit, "every atom is defined by atoms above it");
      const auto factor = MultiplyFactors(unit->factor, ReadFactor(row.value));
      PLUMBLINE_CHECK(factor, "every atom's factor is exact in 126 bits");
      atom.unit.dimension = unit->dimension;
      atom.unit.factor = *factor;
      if (!row.offset.empty()) {
        atom.unit.special = true;
        atom.unit.offset = *Decimal::Parse(row.offset);
      }
    }
    atoms.emplace(row.code, atom);
  }
}

const Table& Atoms() {
  static const Table table;
  return table;
}

std::optional<UnitFactor> Ratio(const Unit& from, const Unit& to) {
  return MultiplyFactors(from.factor, InvertFactor(to.factor));
}

}  // namespace

std::optional<UnitFactor> MultiplyFactors(const UnitFactor& a, const UnitFactor& b) {
  // Cancel crosswise first, so that what is left is as small as it can be.
  const UInt128 g1 = Gcd(a.numerator, b.denominator), g2 = Gcd(b.numerator, a.denominator);
  UnitFactor f;
  if (!MultiplyChecked(a.numerator / g1, b.numerator / g2, &f.numerator)) return std::nullopt;
  if (!MultiplyChecked(a.denominator / g2, b.denominator / g1, &f.denominator)) return std::nullopt;
  f.exponent = a.exponent + b.exponent;
  f.pi_exponent = a.pi_exponent + b.pi_exponent;
  return Reduced(f);
}

UnitFactor InvertFactor(const UnitFactor& a) { return {a.denominator, a.numerator, -a.exponent, -a.pi_exponent}; }

std::optional<Unit> ParseUnit(std::string_view text) {
  if (text.empty() || text.size() > kMaxUnitText) return std::nullopt;
  return UnitParser(text, Atoms().atoms).Parse();
}

bool SameDimension(const Unit& a, const Unit& b) { return a.dimension == b.dimension && a.arbitrary == b.arbitrary; }

std::optional<UnitConversion> MakeConversion(const Unit& from, const Unit& to) {
  if (!SameDimension(from, to)) return std::nullopt;
  const auto ratio = Ratio(from, to);
  UnitConversion conversion;
  if (!ratio || !Fraction(*ratio, &conversion.numerator, &conversion.denominator)) return std::nullopt;
  if (from.special) conversion.from_offset = from.offset;
  if (to.special) conversion.to_offset = to.offset;
  return conversion;
}

std::optional<Decimal> UnitConversion::Apply(Decimal value) const {
  const auto shifted = Add(value, from_offset);
  const auto scaled = shifted ? plumbline::Scale(*shifted, numerator, denominator) : std::nullopt;
  return scaled ? Subtract(*scaled, to_offset) : std::nullopt;
}

std::strong_ordering UnitConversion::Compare(Decimal a, Decimal b) const {
  return CompareProducts(a.units() + from_offset.units(), numerator, b.units() + to_offset.units(), denominator);
}

std::optional<Decimal> ConvertUnit(Decimal value, const Unit& from, const Unit& to) {
  const auto conversion = MakeConversion(from, to);
  return conversion ? conversion->Apply(value) : std::nullopt;
}

const UnitConversion* FindConversion(std::string_view from, std::string_view to) {
  constexpr std::size_t kMostPairs = 256;
  if (from.size() > kMaxUnitText || to.size() > kMaxUnitText) return nullptr;
  thread_local std::unordered_map<std::string, std::optional<UnitConversion>> table;
  thread_local std::string key;
  key.assign(from);
  key.push_back(' ');  // in no unit
  key.append(to);
  auto found = table.find(key);
  if (found == table.end()) {
    if (table.size() >= kMostPairs) table.clear();
    const auto a = ParseUnit(from), b = ParseUnit(to);
    found = table.emplace(key, a && b ? MakeConversion(*a, *b) : std::nullopt).first;
  }
  return found->second ? &*found->second : nullptr;
}

std::optional<std::string> UnitProduct(const Unit& a, const Unit& b, bool divide) {
  if (a.special || b.special) return std::nullopt;
  std::vector<Unit::Component> parts(a.components.begin(), a.components.begin() + a.component_count);
  for (int i = 0; i < b.component_count; ++i) {
    Unit::Component part = b.components[static_cast<std::size_t>(i)];
    if (divide) part.exponent = -part.exponent;
    const auto same = std::find_if(parts.begin(), parts.end(), [&](const auto& p) { return p.symbol == part.symbol; });
    if (same != parts.end()) {
      same->exponent += part.exponent;
    } else {
      parts.push_back(part);
    }
  }
  std::string above, below;
  for (const auto& part : parts) {
    // A plain number has no powers: five squared is 5.5.
    const bool number = part.symbol[0] >= '0' && part.symbol[0] <= '9' && part.symbol.back() != '*' && part.symbol.back() != '^';
    const int power = std::abs(part.exponent);
    for (int i = 0; i < (number ? power : std::min(power, 1)); ++i) {
      if (part.exponent < 0) below += "/";
      if (part.exponent > 0 && !above.empty()) above += ".";
      std::string* out = part.exponent > 0 ? &above : &below;
      *out += part.symbol;
      if (!number && power != 1) *out += std::to_string(power);
    }
  }
  if (above.size() + below.size() > kMaxUnitText) return std::nullopt;
  if (above.empty() && below.empty()) return "1";
  return above + below;
}

}  // namespace plumbline::cql
