// Conversions: ToX gives null where the text or number does not stand for an X; ConvertsToX says whether it would.
#include <array>
#include <charconv>

#include "engine/cql/literal.h"
#include "engine/cql/operators_internal.h"
#include "engine/cql/string_ops.h"

namespace plumbline::cql::ops {
namespace {

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\n' || text.front() == '\r'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

bool IsNumber(const Value& v) { return v.Is(Tag::kInteger) || v.Is(Tag::kLong) || v.Is(Tag::kDecimal); }

Value ToBoolean(EvalContext&, const Value* a, std::size_t) {
  if (a[0].Is(Tag::kBoolean)) return a[0];
  if (IsNumber(a[0])) {
    const Decimal x = AsDecimal(a[0]);
    return x == Decimal::FromInteger(1) ? Value::Boolean(true) : x.units() == 0 ? Value::Boolean(false) : Value();
  }
  if (!a[0].Is(Tag::kString)) return {};
  const std::string word = ToLower(a[0].string());
  for (const char* yes : {"true", "t", "yes", "y", "1"}) {
    if (word == yes) return Value::Boolean(true);
  }
  for (const char* no : {"false", "f", "no", "n", "0"}) {
    if (word == no) return Value::Boolean(false);
  }
  return {};
}

std::optional<std::int64_t> ParseWhole(std::string_view text) {
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '-') return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> WholeOf(const Value& v) {
  switch (v.tag()) {
    case Tag::kInteger:
    case Tag::kLong:
      return v.long_integer();
    case Tag::kBoolean:
      return v.boolean() ? 1 : 0;
    case Tag::kString:
      return ParseWhole(v.string());
    default:
      return std::nullopt;
  }
}

Value ToInteger(EvalContext&, const Value* a, std::size_t) {
  const auto whole = WholeOf(a[0]);
  if (!whole || *whole > INT32_MAX || *whole < INT32_MIN) return {};
  return Value::Integer(static_cast<std::int32_t>(*whole));
}

Value ToLong(EvalContext&, const Value* a, std::size_t) {
  if (a[0].Is(Tag::kDecimal)) return a[0];  // Power of whole numbers to a negative one, already wider
  const auto whole = WholeOf(a[0]);
  return whole ? Value::Long(*whole) : Value();
}

Value ToDecimal(EvalContext&, const Value* a, std::size_t) {
  if (a[0].Is(Tag::kDecimal)) return a[0];
  if (a[0].Is(Tag::kInteger) || a[0].Is(Tag::kLong)) return Value::OfDecimal(Decimal::FromInteger(a[0].long_integer()), 1);
  if (a[0].Is(Tag::kBoolean)) return Value::OfDecimal(Decimal::FromInteger(a[0].boolean() ? 1 : 0), 1);
  if (!a[0].Is(Tag::kString)) return {};
  const auto parsed = Decimal::Parse(a[0].string());
  return parsed ? Value::OfDecimal(*parsed, std::max(1, NaturalScale(*parsed))) : Value();
}

// number ["'" unit "'" | calendar word]
std::optional<QuantityData> ParseQuantity(EvalContext& ctx, std::string_view text) {
  text = Trimmed(text);
  std::size_t end = 0;
  while (end < text.size() && (std::string_view("+-.0123456789").find(text[end]) != std::string_view::npos)) ++end;
  const auto value = Decimal::Parse(text.substr(0, end));
  if (!value) return std::nullopt;
  const std::size_t point = text.substr(0, end).find('.');
  const std::size_t digits = point == std::string_view::npos ? 0 : end - point - 1;
  QuantityData q{*value, "1", static_cast<std::uint8_t>(std::min<std::size_t>(digits, Decimal::kScale))};
  const std::string_view unit = Trimmed(text.substr(end));
  if (unit.empty()) return q;
  if (unit.size() >= 2 && unit.front() == '\'' && unit.back() == '\'') {
    q.unit = NormalUnit(ctx.arena.Copy(unit.substr(1, unit.size() - 2)));
    return q;
  }
  if (!CalendarUnit(unit)) return std::nullopt;
  q.unit = NormalUnit(unit);
  return q;
}

Value ToQuantity(EvalContext& ctx, const Value* a, std::size_t) {
  switch (a[0].tag()) {
    case Tag::kQuantity:
      return a[0];
    case Tag::kInteger:
    case Tag::kLong:
    case Tag::kDecimal:
      return MakeQuantity(ctx, AsDecimal(a[0]), "1", a[0].scale());
    case Tag::kRatio: {
      const Value parts[] = {Value::Quantity(&a[0].ratio().numerator), Value::Quantity(&a[0].ratio().denominator)};
      for (const OperatorEntry& row : ArithmeticOperators()) {
        if (row.name == "Divide" && row.signature == "(Quantity, Quantity): Quantity") return row.fn(ctx, parts, 2);
      }
      return {};
    }
    case Tag::kString: {
      const auto q = ParseQuantity(ctx, a[0].string());
      return q ? Value::Quantity(ctx.arena.Make(*q)) : Value();
    }
    default:
      return {};
  }
}

Value ToRatio(EvalContext& ctx, const Value* a, std::size_t) {
  if (a[0].Is(Tag::kRatio)) return a[0];
  if (!a[0].Is(Tag::kString)) return {};
  // A colon within a unit's quotes does not part the two.
  bool quoted = false;
  const std::string_view text = a[0].string();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') quoted = !quoted;
    if (text[i] != ':' || quoted) continue;
    const auto numerator = ParseQuantity(ctx, text.substr(0, i)), denominator = ParseQuantity(ctx, text.substr(i + 1));
    if (!numerator || !denominator) return {};
    return Value::Ratio(ctx.arena.Make(RatioData{*numerator, *denominator}));
  }
  return {};
}

Value ToDate(EvalContext&, const Value* a, std::size_t) {
  if (a[0].Is(Tag::kDate)) return a[0];
  if (a[0].Is(Tag::kString)) return OrNull(ParseDate(a[0].string()));
  if (!a[0].Is(Tag::kDateTime)) return {};
  const Temporal& t = a[0].temporal();
  return OrNull(MakeDate(t.year, t.month, t.day, t.precision));
}

Value ToDateTime(EvalContext&, const Value* a, std::size_t) {
  if (a[0].Is(Tag::kDateTime)) return a[0];
  if (a[0].Is(Tag::kString)) return OrNull(ParseDateTime(a[0].string()));
  if (!a[0].Is(Tag::kDate)) return {};
  Temporal t = a[0].temporal();
  t.kind = TemporalKind::kDateTime;
  return Value::OfTemporal(t);
}

Value ToTime(EvalContext&, const Value* a, std::size_t) {
  if (a[0].Is(Tag::kTime)) return a[0];
  return a[0].Is(Tag::kString) ? OrNull(ParseTime(a[0].string())) : Value();
}

Value ToStringOf(EvalContext& ctx, const Value* a, std::size_t) {
  if (a[0].Is(Tag::kString)) return a[0];
  return CopyString(ctx, ToText(a[0]));
}

Value ToConcept(EvalContext& ctx, const Value* a, std::size_t) {
  if (a[0].Is(Tag::kConcept)) return a[0];
  if (a[0].Is(Tag::kCode)) {
    return Value::Concept(ctx.arena.Make(ConceptData{ctx.arena.Make(a[0]), 1, a[0].code().display}));
  }
  std::size_t size = 0;
  Value* codes = ctx.arena.AllocateArray<Value>(a[0].list().size());
  for (const Value& v : a[0].list()) {
    if (v.Is(Tag::kCode)) codes[size++] = v;
  }
  return Value::Concept(ctx.arena.Make(ConceptData{codes, size, {}}));
}

// A null is the empty list.
Value ToListOf(EvalContext& ctx, const Value* a, std::size_t) {
  return a[0].IsNull() ? Value::List(nullptr, 0) : Value::List(ctx.arena.Make(a[0]), 1);
}

Value ToCharsOf(EvalContext& ctx, const Value* a, std::size_t) {
  const std::string_view text = a[0].string();
  Value* chars = ctx.arena.AllocateArray<Value>(CountCharacters(text));
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t bytes = CharacterBytes(text, i);
    chars[count++] = Value::String(text.substr(i, bytes));
    i += bytes;
  }
  return Value::List(chars, count);
}

Value ConvertQuantityOf(EvalContext& ctx, const Value* a, std::size_t) {
  const QuantityData& q = a[0].quantity();
  const auto value = ConvertQuantityTo(q, a[1].string());
  if (!value) return {};
  return MakeQuantity(ctx, *value, a[1].string(),
                      std::max(NaturalScale(*value), NormalUnit(a[1].string()) == q.unit ? int{q.scale} : 0));
}

Value CanConvertQuantityOf(EvalContext&, const Value* a, std::size_t) {
  return Value::Boolean(ConvertQuantityTo(a[0].quantity(), a[1].string()).has_value());
}

template <OperatorFn kConvert>
Value Converts(EvalContext& ctx, const Value* a, std::size_t count) {
  return Value::Boolean(!kConvert(ctx, a, count).IsNull());
}

Value ConvertsToString(EvalContext&, const Value* a, std::size_t) {
  const Tag tag = a[0].tag();
  return Value::Boolean(tag >= Tag::kBoolean && tag <= Tag::kRatio);
}

constexpr std::uint8_t kImplicit = kNullPropagating | kImplicitConversion;

// clang-format off
constexpr OperatorEntry kRows[] = {
    {"ToBoolean", "(Boolean): Boolean", N<ToBoolean>, kNullPropagating},
    {"ToBoolean", "(Integer): Boolean", N<ToBoolean>, kNullPropagating},
    {"ToBoolean", "(Long): Boolean", N<ToBoolean>, kNullPropagating},
    {"ToBoolean", "(Decimal): Boolean", N<ToBoolean>, kNullPropagating},
    {"ToBoolean", "(String): Boolean", N<ToBoolean>, kNullPropagating},
    {"ToChars", "(String): List<String>", N<ToCharsOf>, kNullPropagating},
    {"ToConcept", "(Code): Concept", N<ToConcept>, kImplicit}, {"ToConcept", "(List<Code>): Concept", N<ToConcept>, kNullPropagating},
    {"ToDate", "(Date): Date", N<ToDate>, kNullPropagating}, {"ToDate", "(DateTime): Date", N<ToDate>, kNullPropagating},
    {"ToDate", "(String): Date", N<ToDate>, kNullPropagating},
    {"ToDateTime", "(DateTime): DateTime", N<ToDateTime>, kNullPropagating},
    {"ToDateTime", "(Date): DateTime", N<ToDateTime>, kImplicit},
    {"ToDateTime", "(String): DateTime", N<ToDateTime>, kNullPropagating},
    {"ToDecimal", "(Decimal): Decimal", N<ToDecimal>, kNullPropagating}, {"ToDecimal", "(Integer): Decimal", N<ToDecimal>, kImplicit},
    {"ToDecimal", "(Long): Decimal", N<ToDecimal>, kImplicit}, {"ToDecimal", "(Boolean): Decimal", N<ToDecimal>, kNullPropagating},
    {"ToDecimal", "(String): Decimal", N<ToDecimal>, kNullPropagating},
    {"ToInteger", "(Integer): Integer", N<ToInteger>, kNullPropagating},
    {"ToInteger", "(Long): Integer", N<ToInteger>, kNullPropagating},
    {"ToInteger", "(Boolean): Integer", N<ToInteger>, kNullPropagating},
    {"ToInteger", "(String): Integer", N<ToInteger>, kNullPropagating},
    {"ToList", "(T): List<T>", ToListOf, 0},
    {"ToLong", "(Long): Long", N<ToLong>, kNullPropagating}, {"ToLong", "(Integer): Long", N<ToLong>, kImplicit},
    {"ToLong", "(Boolean): Long", N<ToLong>, kNullPropagating}, {"ToLong", "(String): Long", N<ToLong>, kNullPropagating},
    {"ToQuantity", "(Quantity): Quantity", N<ToQuantity>, kNullPropagating},
    {"ToQuantity", "(Integer): Quantity", N<ToQuantity>, kImplicit},
    {"ToQuantity", "(Long): Quantity", N<ToQuantity>, kImplicit}, {"ToQuantity", "(Decimal): Quantity", N<ToQuantity>, kImplicit},
    {"ToQuantity", "(Ratio): Quantity", N<ToQuantity>, kNullPropagating},
    {"ToQuantity", "(String): Quantity", N<ToQuantity>, kNullPropagating},
    {"ToRatio", "(Ratio): Ratio", N<ToRatio>, kNullPropagating}, {"ToRatio", "(String): Ratio", N<ToRatio>, kNullPropagating},
    {"ToString", "(String): String", N<ToStringOf>, kNullPropagating},
    {"ToString", "(Boolean): String", N<ToStringOf>, kNullPropagating},
    {"ToString", "(Integer): String", N<ToStringOf>, kNullPropagating}, {"ToString", "(Long): String", N<ToStringOf>, kNullPropagating},
    {"ToString", "(Decimal): String", N<ToStringOf>, kNullPropagating},
    {"ToString", "(Quantity): String", N<ToStringOf>, kNullPropagating},
    {"ToString", "(Ratio): String", N<ToStringOf>, kNullPropagating}, {"ToString", "(Date): String", N<ToStringOf>, kNullPropagating},
    {"ToString", "(DateTime): String", N<ToStringOf>, kNullPropagating},
    {"ToString", "(Time): String", N<ToStringOf>, kNullPropagating},
    {"ToTime", "(Time): Time", N<ToTime>, kNullPropagating}, {"ToTime", "(String): Time", N<ToTime>, kNullPropagating},
    {"ConvertsToBoolean", "(Any): Boolean", N<Converts<ToBoolean>>, kNullPropagating},
    {"ConvertsToDate", "(Any): Boolean", N<Converts<ToDate>>, kNullPropagating},
    {"ConvertsToDateTime", "(Any): Boolean", N<Converts<ToDateTime>>, kNullPropagating},
    {"ConvertsToDecimal", "(Any): Boolean", N<Converts<ToDecimal>>, kNullPropagating},
    {"ConvertsToInteger", "(Any): Boolean", N<Converts<ToInteger>>, kNullPropagating},
    {"ConvertsToLong", "(Any): Boolean", N<Converts<ToLong>>, kNullPropagating},
    {"ConvertsToQuantity", "(Any): Boolean", N<Converts<ToQuantity>>, kNullPropagating},
    {"ConvertsToRatio", "(Any): Boolean", N<Converts<ToRatio>>, kNullPropagating},
    {"ConvertsToString", "(Any): Boolean", N<ConvertsToString>, kNullPropagating},
    {"ConvertsToTime", "(Any): Boolean", N<Converts<ToTime>>, kNullPropagating},
    {"ConvertQuantity", "(Quantity, String): Quantity", N<ConvertQuantityOf>, kNullPropagating},
    {"CanConvertQuantity", "(Quantity, String): Boolean", N<CanConvertQuantityOf>, kNullPropagating},
};
// clang-format on

}  // namespace

std::span<const OperatorEntry> ConversionOperators() { return kRows; }

}  // namespace plumbline::cql::ops
