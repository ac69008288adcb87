#include "engine/cql/literal.h"

#include <algorithm>
#include <cctype>

#include "engine/cql/data_model.h"
#include "engine/cql/quantity.h"
#include "engine/cql/string_ops.h"

namespace plumbline::cql {
namespace {

void Append(const Value& value, std::string* out);

std::string Quoted(std::string_view text) { return "'" + EscapeString(text) + "'"; }

std::string ElementName(std::string_view name) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const bool plain = !name.empty() && letter(name[0]) &&
                     std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
  return plain ? std::string(name) : "\"" + EscapeString(name) + "\"";
}

void AppendPart(std::string* out, std::string_view name, std::string_view text) {
  if (text.data() == nullptr) return;
  *out += out->empty() ? "" : ", ";
  *out += std::string(name) + ": " + Quoted(text);
}

std::string CodeText(const CodeData& code) {
  std::string parts;
  AppendPart(&parts, "code", code.code);
  AppendPart(&parts, "system", code.system);
  AppendPart(&parts, "version", code.version);
  AppendPart(&parts, "display", code.display);
  return "Code { " + parts + " }";
}

std::string VocabularyText(std::string_view type, const VocabularyData& v) {
  std::string parts;
  AppendPart(&parts, "id", v.id);
  AppendPart(&parts, "version", v.version);
  AppendPart(&parts, "name", v.name);
  return std::string(type) + " { " + parts + " }";
}

void AppendList(std::span<const Value> items, std::string* out) {
  *out += '{';
  for (std::size_t i = 0; i < items.size() && out->size() < kMaxValueText; ++i) {
    if (i > 0) *out += ", ";
    Append(items[i], out);
  }
  *out += '}';
}

void AppendTuple(const Value& v, std::string* out) {
  const TupleShape& shape = v.tuple_shape();
  *out += shape.size == 0 ? "Tuple { :" : "Tuple { ";
  for (std::size_t i = 0; i < shape.size && out->size() < kMaxValueText; ++i) {
    *out += (i == 0 ? "" : ", ") + ElementName(shape.names[i]) + ": ";
    Append(v.tuple_values()[i], out);
  }
  *out += " }";
}

void AppendConcept(const ConceptData& c, std::string* out) {
  *out += "Concept { codes: ";
  AppendList({c.codes, c.size}, out);
  if (c.display.data() != nullptr) *out += ", display: " + Quoted(c.display);
  *out += " }";
}

void AppendBounds(const Value& low, const Value& high, std::string* out) {
  Append(low, out);
  *out += ", ";
  Append(high, out);
}

void AppendInterval(const IntervalData& i, std::string* out) {
  *out += i.low_closed ? "Interval[" : "Interval(";
  AppendBounds(i.low, i.high, out);
  *out += i.high_closed ? ']' : ')';
}

std::string TemporalLiteral(const Temporal& t) {
  if (t.kind == TemporalKind::kTime) return "@T" + TemporalText(t);
  return "@" + TemporalText(t) + (t.kind == TemporalKind::kDateTime && t.precision <= Precision::kDay ? "T" : "");
}

std::string PlainText(const Value& value) {
  switch (value.tag()) {
    case Tag::kNull:
      return "null";
    case Tag::kBoolean:
      return value.boolean() ? "true" : "false";
    case Tag::kInteger:
      return std::to_string(value.integer());
    case Tag::kLong:
      return std::to_string(value.long_integer()) + "L";
    case Tag::kDecimal:
      return value.decimal().ToText(std::max(1, value.scale()));
    case Tag::kString:
      return Quoted(value.string());
    case Tag::kDate:
    case Tag::kDateTime:
    case Tag::kTime:
      return TemporalLiteral(value.temporal());
    case Tag::kQuantity:
      return QuantityText(value.quantity());
    case Tag::kRatio:
      return QuantityText(value.ratio().numerator) + ":" + QuantityText(value.ratio().denominator);
    case Tag::kCode:
      return CodeText(value.code());
    case Tag::kValueSet:
      return VocabularyText("ValueSet", value.vocabulary());
    case Tag::kCodeSystem:
      return VocabularyText("CodeSystem", value.vocabulary());
    case Tag::kObject:
      return value.object_class()->Text(value.object());
    default:
      return {};
  }
}

void Append(const Value& value, std::string* out) {
  switch (value.tag()) {
    case Tag::kInterval:
      return AppendInterval(value.interval(), out);
    case Tag::kUncertain:
      *out += "Interval[";
      AppendBounds(value.uncertain().low, value.uncertain().high, out);
      *out += ']';
      return;
    case Tag::kList:
      return AppendList(value.list(), out);
    case Tag::kTuple:
      return AppendTuple(value, out);
    case Tag::kConcept:
      return AppendConcept(value.concept_data(), out);
    default:
      *out += PlainText(value);
  }
}

}  // namespace

std::string QuantityText(const QuantityData& q) {
  const std::string amount = q.value.ToText(q.scale == 0 && NaturalScale(q.value) == 0 ? 0 : 1);
  if (CalendarUnit(q.unit)) return amount + " " + std::string(q.unit);
  return amount + " '" + EscapeString(q.unit.empty() ? "1" : q.unit) + "'";
}

std::string ToLiteral(const Value& value) {
  std::string out;
  Append(value, &out);
  return out;
}

std::string ToText(const Value& value) {
  switch (value.tag()) {
    case Tag::kString:
      return std::string(value.string());
    case Tag::kLong:
      return std::to_string(value.long_integer());
    case Tag::kDecimal:
      return value.decimal().ToText(1);
    case Tag::kDate:
    case Tag::kDateTime:
    case Tag::kTime:
      return TemporalText(value.temporal());
    default:
      return ToLiteral(value);
  }
}

}  // namespace plumbline::cql
