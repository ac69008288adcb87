// A FHIR resource in memory: a tree of nodes in the arena of its ResourceSet, never changed after reading. A node holds its
// element's System value (of a primitive its value, of a Coding the Code, of a Period the Interval, and so on: what FHIRHelpers
// makes of it) and its fields.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/cql/value.h"

namespace plumbline::cql::fhir {

class ModelClass;
struct Node;

struct Field {
  std::uint16_t element = 0;  // index in the FHIR class
  std::uint32_t count = 0;
  Node* nodes = nullptr;
};

enum class Converted : std::uint8_t {
  kNo,  // the class has no System form, or the element has no value
  kYes,
  kComparator,  // a Quantity with a comparator: FHIRHelpers raises an error
  kUnit,        // a Quantity whose unit is of an unknown system: likewise
};

struct Node {
  const ModelClass* type = nullptr;  // FHIR class; null for an element of a System type
  Field* fields = nullptr;
  std::uint16_t field_count = 0;
  Converted converted = Converted::kNo;
  Value system;

  [[nodiscard]] const Field* Find(std::uint16_t element) const {
    for (std::uint16_t i = 0; i < field_count; ++i) {
      if (fields[i].element == element) return &fields[i];
    }
    return nullptr;
  }
};

// A resource among those of a patient.
struct Resource {
  const Node* node = nullptr;
  std::string_view id;
  std::span<const std::uint16_t> profiles;  // Models::ProfileId of meta.profile, those that are known
};

}  // namespace plumbline::cql::fhir
