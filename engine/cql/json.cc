#include "engine/cql/json.h"

#include <cstdio>

#include "engine/cql/data_model.h"
#include "engine/cql/literal.h"

namespace plumbline::cql {
namespace {

class ObjectWriter {
 public:
  explicit ObjectWriter(std::string* out) : out_(out) { *out_ += '{'; }
  ~ObjectWriter() { *out_ += '}'; }
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;

  std::string* Key(std::string_view name) {
    if (!first_) *out_ += ',';
    first_ = false;
    AppendJsonText(name, out_);
    *out_ += ':';
    return out_;
  }
  void Text(std::string_view name, std::string_view text) {
    if (text.data() != nullptr) AppendJsonText(text, Key(name));
  }

 private:
  std::string* out_;
  bool first_ = true;
};

void AppendQuantity(const QuantityData& quantity, std::string* out) {
  ObjectWriter object(out);
  *object.Key("value") += quantity.value.ToText();
  object.Text("unit", quantity.unit);
}

void AppendCode(const CodeData& code, std::string* out) {
  ObjectWriter object(out);
  object.Text("code", code.code);
  object.Text("system", code.system);
  object.Text("version", code.version);
  object.Text("display", code.display);
}

void AppendItems(std::span<const Value> items, std::string* out) {
  *out += '[';
  for (std::size_t i = 0; i < items.size() && out->size() < kMaxValueText; ++i) {
    if (i > 0) *out += ',';
    AppendJson(items[i], out);
  }
  *out += ']';
}

void AppendInterval(const Value& low, const Value& high, bool low_closed, bool high_closed, std::string* out) {
  ObjectWriter object(out);
  AppendJson(low, object.Key("low"));
  *object.Key("lowClosed") += low_closed ? "true" : "false";
  AppendJson(high, object.Key("high"));
  *object.Key("highClosed") += high_closed ? "true" : "false";
}

void AppendTuple(const Value& value, std::string* out) {
  ObjectWriter object(out);
  for (std::size_t i = 0; i < value.tuple_shape().size && out->size() < kMaxValueText; ++i)
    AppendJson(value.tuple_values()[i], object.Key(value.tuple_shape().names[i]));
}

void AppendConcept(const ConceptData& data, std::string* out) {
  ObjectWriter object(out);
  AppendItems({data.codes, data.size}, object.Key("codes"));
  object.Text("display", data.display);
}

void AppendVocabulary(const VocabularyData& data, std::string* out) {
  ObjectWriter object(out);
  object.Text("id", data.id);
  if (!data.version.empty()) object.Text("version", data.version);
  object.Text("name", data.name);
}

void AppendRatio(const RatioData& data, std::string* out) {
  ObjectWriter object(out);
  AppendQuantity(data.numerator, object.Key("numerator"));
  AppendQuantity(data.denominator, object.Key("denominator"));
}

void AppendStructured(const Value& value, std::string* out) {
  switch (value.tag()) {
    case Tag::kQuantity:
      return AppendQuantity(value.quantity(), out);
    case Tag::kRatio:
      return AppendRatio(value.ratio(), out);
    case Tag::kInterval:
      return AppendInterval(value.interval().low, value.interval().high, value.interval().low_closed,
                            value.interval().high_closed, out);
    case Tag::kUncertain:
      return AppendInterval(value.uncertain().low, value.uncertain().high, true, true, out);
    case Tag::kList:
      return AppendItems(value.list(), out);
    case Tag::kTuple:
      return AppendTuple(value, out);
    case Tag::kCode:
      return AppendCode(value.code(), out);
    case Tag::kConcept:
      return AppendConcept(value.concept_data(), out);
    case Tag::kValueSet:
    case Tag::kCodeSystem:
      return AppendVocabulary(value.vocabulary(), out);
    default:
      return AppendJsonText(value.object_class()->Text(value.object()), out);
  }
}

}  // namespace

void AppendJsonText(std::string_view text, std::string* out) {
  *out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      *out += escape;
    } else {
      *out += c;
    }
  }
  *out += '"';
}

void AppendJson(const Value& value, std::string* out) {
  switch (value.tag()) {
    case Tag::kNull:
      *out += "null";
      return;
    case Tag::kBoolean:
      *out += value.boolean() ? "true" : "false";
      return;
    case Tag::kInteger:
    case Tag::kLong:
      *out += std::to_string(value.long_integer());
      return;
    case Tag::kDecimal:
      *out += value.decimal().ToText(value.scale());
      return;
    case Tag::kString:
      AppendJsonText(value.string(), out);
      return;
    case Tag::kDate:
    case Tag::kDateTime:
    case Tag::kTime:
      AppendJsonText(TemporalText(value.temporal()), out);
      return;
    default:
      AppendStructured(value, out);
  }
}

std::string ToJson(const Value& value) {
  std::string out;
  AppendJson(value, &out);
  return out;
}

}  // namespace plumbline::cql
