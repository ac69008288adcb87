#include "engine/cql/fhir/node_convert.h"

#include <array>
#include <string_view>

#include "engine/cql/fhir/model.h"

namespace plumbline::cql::fhir {
namespace {

// Places of the elements that conversions read, found once.
struct Places {
  std::uint16_t system, version, code, display;                   // Coding
  std::uint16_t coding, text;                                     // CodeableConcept
  std::uint16_t value, comparator, unit, unit_system, unit_code;  // Quantity
  std::uint16_t start, end, low, high, numerator, denominator;

  Places() {
    const Model& fhir = Models::BuiltIn().fhir();
    const auto at = [&fhir](std::string_view type, std::string_view element) {
      const ModelClass* found = fhir.Find(type);
      return static_cast<std::uint16_t>(found->Find(element) - found->elements().data());
    };
    system = at("Coding", "system");
    version = at("Coding", "version");
    code = at("Coding", "code");
    display = at("Coding", "display");
    coding = at("CodeableConcept", "coding");
    text = at("CodeableConcept", "text");
    value = at("Quantity", "value");
    comparator = at("Quantity", "comparator");
    unit = at("Quantity", "unit");
    unit_system = at("Quantity", "system");
    unit_code = at("Quantity", "code");
    start = at("Period", "start");
    end = at("Period", "end");
    low = at("Range", "low");
    high = at("Range", "high");
    numerator = at("Ratio", "numerator");
    denominator = at("Ratio", "denominator");
  }

  static const Places& Get() {
    static const Places places;
    return places;
  }
};

const Node* First(const Node& node, std::uint16_t element) {
  const Field* field = node.Find(element);
  return field == nullptr || field->count == 0 ? nullptr : field->nodes;
}

Value SystemOf(const Node& node, std::uint16_t element) {
  const Node* child = First(node, element);
  return child == nullptr ? Value() : child->system;
}

std::string_view TextOf(const Node& node, std::uint16_t element) {
  const Value value = SystemOf(node, element);
  return value.Is(Tag::kString) ? value.string() : std::string_view();
}

void ConvertCode(Arena& arena, Node* node) {
  const Places& p = Places::Get();
  CodeData data;
  for (std::uint16_t i = 0; i < node->field_count; ++i) {
    const Field& field = node->fields[i];
    const Value& value = field.nodes->system;
    if (!value.Is(Tag::kString)) continue;
    if (field.element == p.system) data.system = value.string();
    if (field.element == p.version) data.version = value.string();
    if (field.element == p.code) data.code = value.string();
    if (field.element == p.display) data.display = value.string();
  }
  node->system = Value::Code(arena.Make(data));
  node->converted = Converted::kYes;
}

void ConvertConcept(Arena& arena, Node* node) {
  const Places& p = Places::Get();
  ConceptData data;
  if (const Field* codings = node->Find(p.coding); codings != nullptr) {
    Value* codes = arena.AllocateArray<Value>(codings->count);
    for (std::uint32_t i = 0; i < codings->count; ++i) codes[i] = codings->nodes[i].system;
    data.codes = codes;
    data.size = codings->count;
  }
  data.display = TextOf(*node, p.text);
  node->system = Value::Concept(arena.Make(data));
  node->converted = Converted::kYes;
}

struct UnitName {
  std::string_view written, calendar;
};
// FHIRHelpers.ToCalendarUnit; plural calendar words are the same units to the language.
constexpr std::array<UnitName, 16> kCalendarUnits{{{"ms", "millisecond"},
                                                   {"s", "second"},
                                                   {"min", "minute"},
                                                   {"h", "hour"},
                                                   {"d", "day"},
                                                   {"wk", "week"},
                                                   {"mo", "month"},
                                                   {"a", "year"},
                                                   {"milliseconds", "millisecond"},
                                                   {"seconds", "second"},
                                                   {"minutes", "minute"},
                                                   {"hours", "hour"},
                                                   {"days", "day"},
                                                   {"weeks", "week"},
                                                   {"months", "month"},
                                                   {"years", "year"}}};

std::string_view CalendarUnit(std::string_view unit) {
  for (const UnitName& name : kCalendarUnits) {
    if (name.written == unit) return name.calendar;
  }
  return unit;
}

void ConvertQuantity(Arena& arena, Node* node) {
  const Places& p = Places::Get();
  const Value value = SystemOf(*node, p.value);
  if (!value.Is(Tag::kDecimal)) return;
  if (First(*node, p.comparator) != nullptr) {
    node->converted = Converted::kComparator;
    return;
  }
  const std::string_view system = TextOf(*node, p.unit_system);
  if (!system.empty() && system != "http://unitsofmeasure.org" && system != "http://hl7.org/fhirpath/CodeSystem/calendar-units") {
    node->converted = Converted::kUnit;
    return;
  }
  std::string_view unit = TextOf(*node, p.unit_code);
  if (unit.data() == nullptr) unit = TextOf(*node, p.unit);
  if (unit.data() == nullptr) unit = "1";
  node->system = Value::Quantity(arena.Make(
      QuantityData{.value = value.decimal(), .unit = CalendarUnit(unit), .scale = static_cast<std::uint8_t>(value.scale())}));
  node->converted = Converted::kYes;
}

void ConvertInterval(Arena& arena, Node* node, bool period) {
  const Places& p = Places::Get();
  IntervalData data;
  const Node* low = First(*node, period ? p.start : p.low);
  const Node* high = First(*node, period ? p.end : p.high);
  for (const Node* bound : {low, high}) {
    if (bound != nullptr && bound->converted > Converted::kYes) {
      node->converted = bound->converted;
      return;
    }
  }
  if (low != nullptr) data.low = low->system;
  if (high != nullptr) data.high = high->system;
  data.low_closed = !period || !data.low.IsNull();  // a period whose start is not stated began at an unknown time
  data.high_closed = true;
  data.point = period ? Tag::kDateTime : Tag::kQuantity;
  // Interval[null, null] of quantities has no limits, and means nothing known.
  if (!period && data.low.IsNull() && data.high.IsNull()) return;
  node->system = Value::Interval(arena.Make(data));
  node->converted = Converted::kYes;
}

void ConvertRatio(Arena& arena, Node* node) {
  const Places& p = Places::Get();
  const Node* numerator = First(*node, p.numerator);
  const Node* denominator = First(*node, p.denominator);
  for (const Node* part : {numerator, denominator}) {
    if (part == nullptr) return;
    if (part->converted != Converted::kYes) {
      node->converted = part->converted;
      return;
    }
  }
  node->system = Value::Ratio(
      arena.Make(RatioData{.numerator = numerator->system.quantity(), .denominator = denominator->system.quantity()}));
  node->converted = Converted::kYes;
}

}  // namespace

void ConvertNode(Arena& arena, Node* node) {
  switch (node->type->conversion()) {
    case Conversion::kCode:
      return ConvertCode(arena, node);
    case Conversion::kConcept:
      return ConvertConcept(arena, node);
    case Conversion::kQuantity:
      return ConvertQuantity(arena, node);
    case Conversion::kPeriod:
      return ConvertInterval(arena, node, true);
    case Conversion::kRange:
      return ConvertInterval(arena, node, false);
    case Conversion::kRatio:
      return ConvertRatio(arena, node);
    case Conversion::kNone:
      return;
  }
}

}  // namespace plumbline::cql::fhir
