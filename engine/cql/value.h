// A CQL value: a tagged union of 32 bytes, trivially copyable. Booleans, numbers, dates and times live inside it; strings, lists
// and the structured types point into the evaluation's Arena or the program's constant pool, which outlive every use. Nothing is
// counted or freed. A null carries no type: the checker knows it; an Interval carries its point type, since Interval[null, null]
// has limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "engine/base/decimal.h"
#include "engine/cql/arena.h"
#include "engine/cql/temporal.h"

namespace plumbline::cql {

class ObjectClass;  // data_model.h
class Value;

enum class Tag : std::uint8_t {
  kNull,
  kBoolean,
  kInteger,
  kLong,
  kDecimal,
  kString,
  kDate,
  kDateTime,
  kTime,
  kQuantity,
  kRatio,
  kInterval,
  kList,
  kTuple,
  kCode,
  kConcept,
  kValueSet,
  kCodeSystem,
  kObject,
  kUncertain,  // of an integer: a value known to lie in [low, high]; never seen by a user except as null or in a message
};
[[nodiscard]] std::string_view TagName(Tag tag);  // "Integer", "DateTime", ...

struct QuantityData;
struct RatioData;
struct IntervalData;
struct CodeData;
struct ConceptData;
struct VocabularyData;
struct UncertainData;

// Names of a tuple's elements in the order of its values; lives in the constant pool or the arena.
struct TupleShape {
  const std::string_view* names = nullptr;
  std::size_t size = 0;
};

class Value {
 public:
  constexpr Value() : bits_{.integer = 0} {}

  [[nodiscard]] static constexpr Value Null() { return {}; }
  [[nodiscard]] static Value Boolean(bool value) { return Make(Tag::kBoolean, value ? 1 : 0); }
  [[nodiscard]] static Value Integer(std::int32_t value) { return Make(Tag::kInteger, value); }
  [[nodiscard]] static Value Long(std::int64_t value) { return Make(Tag::kLong, value); }
  // `scale` is the number of digits after the point the value was written or computed with, 0..8.
  [[nodiscard]] static Value OfDecimal(Decimal value, int scale = 1) {
    Value v;
    v.tag_ = Tag::kDecimal;
    v.scale_ = static_cast<std::uint8_t>(scale);
    v.bits_.units = value.units();
    return v;
  }
  [[nodiscard]] static Value String(std::string_view text) {
    Value v;
    v.tag_ = Tag::kString;
    v.bits_.span = {text.data() == nullptr ? "" : text.data(), text.size()};
    return v;
  }
  // Tag by value.kind.
  [[nodiscard]] static Value OfTemporal(const Temporal& value) {
    Value v;
    v.tag_ = value.kind == TemporalKind::kDate ? Tag::kDate : value.kind == TemporalKind::kTime ? Tag::kTime : Tag::kDateTime;
    v.bits_.temporal = value;
    return v;
  }
  [[nodiscard]] static Value Quantity(const QuantityData* data) { return Point(Tag::kQuantity, data); }
  [[nodiscard]] static Value Ratio(const RatioData* data) { return Point(Tag::kRatio, data); }
  [[nodiscard]] static Value Interval(const IntervalData* data) { return Point(Tag::kInterval, data); }
  [[nodiscard]] static Value List(const Value* items, std::size_t size) {
    Value v;
    v.tag_ = Tag::kList;
    v.bits_.span = {items, size};
    return v;
  }
  [[nodiscard]] static Value List(std::span<const Value> items) { return List(items.data(), items.size()); }
  [[nodiscard]] static Value Tuple(const TupleShape* shape, const Value* values) { return Two(Tag::kTuple, shape, values); }
  [[nodiscard]] static Value Code(const CodeData* data) { return Point(Tag::kCode, data); }
  [[nodiscard]] static Value Concept(const ConceptData* data) { return Point(Tag::kConcept, data); }
  [[nodiscard]] static Value ValueSet(const VocabularyData* data) { return Point(Tag::kValueSet, data); }
  [[nodiscard]] static Value CodeSystem(const VocabularyData* data) { return Point(Tag::kCodeSystem, data); }
  [[nodiscard]] static Value Object(const ObjectClass* type, const void* object) { return Two(Tag::kObject, type, object); }
  [[nodiscard]] static Value Uncertain(const UncertainData* data) { return Point(Tag::kUncertain, data); }

  [[nodiscard]] Tag tag() const { return tag_; }
  [[nodiscard]] bool IsNull() const { return tag_ == Tag::kNull; }
  [[nodiscard]] bool Is(Tag tag) const { return tag_ == tag; }
  // The condition of `where`, `if` and the like: a null is not true.
  [[nodiscard]] bool IsTrue() const { return tag_ == Tag::kBoolean && bits_.integer != 0; }
  [[nodiscard]] bool IsFalse() const { return tag_ == Tag::kBoolean && bits_.integer == 0; }

  // Each is for its own tag only.
  [[nodiscard]] bool boolean() const { return bits_.integer != 0; }
  [[nodiscard]] std::int32_t integer() const { return static_cast<std::int32_t>(bits_.integer); }
  [[nodiscard]] std::int64_t long_integer() const { return bits_.integer; }  // Integer or Long
  [[nodiscard]] Decimal decimal() const { return Decimal::FromUnits(bits_.units); }
  [[nodiscard]] int scale() const { return scale_; }
  [[nodiscard]] std::string_view string() const { return {static_cast<const char*>(bits_.span.data), bits_.span.size}; }
  [[nodiscard]] const Temporal& temporal() const { return bits_.temporal; }  // Date, DateTime or Time
  [[nodiscard]] const QuantityData& quantity() const { return *static_cast<const QuantityData*>(bits_.two.first); }
  [[nodiscard]] const RatioData& ratio() const { return *static_cast<const RatioData*>(bits_.two.first); }
  [[nodiscard]] const IntervalData& interval() const { return *static_cast<const IntervalData*>(bits_.two.first); }
  [[nodiscard]] std::span<const Value> list() const;
  [[nodiscard]] const TupleShape& tuple_shape() const { return *static_cast<const TupleShape*>(bits_.two.first); }
  [[nodiscard]] std::span<const Value> tuple_values() const;
  [[nodiscard]] const CodeData& code() const { return *static_cast<const CodeData*>(bits_.two.first); }
  [[nodiscard]] const ConceptData& concept_data() const { return *static_cast<const ConceptData*>(bits_.two.first); }
  [[nodiscard]] const VocabularyData& vocabulary() const { return *static_cast<const VocabularyData*>(bits_.two.first); }
  [[nodiscard]] const ObjectClass* object_class() const { return static_cast<const ObjectClass*>(bits_.two.first); }
  [[nodiscard]] const void* object() const { return bits_.two.second; }
  [[nodiscard]] const UncertainData& uncertain() const { return *static_cast<const UncertainData*>(bits_.two.first); }

 private:
  struct Span {
    const void* data;
    std::size_t size;
  };
  struct Pointers {
    const void* first;
    const void* second;
  };
  union Bits {
    std::int64_t integer;
    Int128 units;
    Span span;
    Pointers two;
    Temporal temporal;
  };

  [[nodiscard]] static Value Make(Tag tag, std::int64_t integer) {
    Value v;
    v.tag_ = tag;
    v.bits_.integer = integer;
    return v;
  }
  [[nodiscard]] static Value Point(Tag tag, const void* data) { return Two(tag, data, nullptr); }
  [[nodiscard]] static Value Two(Tag tag, const void* first, const void* second) {
    Value v;
    v.tag_ = tag;
    v.bits_.two = {first, second};
    return v;
  }

  Bits bits_;
  Tag tag_ = Tag::kNull;
  std::uint8_t scale_ = 0;
};
static_assert(sizeof(Value) == 32 && std::is_trivially_copyable_v<Value>);

// A unit is UCUM text ("mg/dL", "1" when none was written), or a calendar word in the singular ("year", "day"); see ucum.h.
struct QuantityData {
  Decimal value;
  std::string_view unit;
  std::uint8_t scale = 1;
};

struct RatioData {
  QuantityData numerator;
  QuantityData denominator;
};

// A null low or high: closed means the limit of the point type, open means unknown.
struct IntervalData {
  Value low;
  Value high;
  bool low_closed = true;
  bool high_closed = true;
  Tag point = Tag::kNull;  // the point type where known: of the bound that is not null, else what the checker says
};

// A part that is null has a null data() pointer.
struct CodeData {
  std::string_view code;
  std::string_view system;
  std::string_view version;
  std::string_view display;
};

struct ConceptData {
  const Value* codes = nullptr;  // Code values
  std::size_t size = 0;
  std::string_view display;
};

struct VocabularyData {
  std::string_view id;
  std::string_view version;
  std::string_view name;
};

// Both ends inclusive and of one type.
struct UncertainData {
  Value low;
  Value high;
};

inline std::span<const Value> Value::list() const { return {static_cast<const Value*>(bits_.span.data), bits_.span.size}; }
inline std::span<const Value> Value::tuple_values() const {
  return {static_cast<const Value*>(bits_.two.second), tuple_shape().size};
}

}  // namespace plumbline::cql
