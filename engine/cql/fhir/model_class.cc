// Look-ups of a ModelClass: elements by name, JSON fields by key.
#include <bit>

#include "engine/cql/fhir/model.h"
#include "engine/cql/fhir/text_hash.h"

namespace plumbline::cql::fhir {
namespace {

std::size_t TableSize(std::size_t count) { return std::bit_ceil(2 * count + 1); }

// Of a System type's name without the dot.
Primitive PrimitiveOf(std::string_view system) {
  if (system == "Boolean") return Primitive::kBoolean;
  if (system == "Integer") return Primitive::kInteger;
  if (system == "Decimal") return Primitive::kDecimal;
  if (system == "Date") return Primitive::kDate;
  if (system == "DateTime") return Primitive::kDateTime;
  if (system == "Time") return Primitive::kTime;
  return Primitive::kString;
}

}  // namespace

const ModelElement* ModelClass::Find(std::uint16_t id) const {
  if (slots_.empty()) return nullptr;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = id & mask;; at = (at + 1) & mask) {
    const Slot slot = slots_[at];
    if (slot.index == 0xFFFF) return nullptr;
    if (slot.id == id) return &elements_[slot.index];
  }
}

const ModelElement* ModelClass::Find(std::string_view name) const {
  for (const ModelElement& element : elements_) {
    if (element.name == name) return &element;
  }
  return nullptr;
}

bool ModelClass::DerivesFrom(const ModelClass& other) const {
  for (const ModelClass* at = this; at != nullptr; at = at->base_) {
    if (at == &other) return true;
  }
  return false;
}

void ModelClass::BuildLookup() {
  slots_.assign(TableSize(elements_.size()), Slot{});
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < elements_.size(); ++i) {
    std::size_t at = elements_[i].id & mask;
    while (slots_[at].index != 0xFFFF) at = (at + 1) & mask;
    slots_[at] = {.id = elements_[i].id, .index = static_cast<std::uint16_t>(i)};
  }
}

void ModelClass::AddJson(std::string name, std::uint16_t element, std::string_view type, const Model& fhir) {
  JsonField field;
  field.name = std::move(name);
  field.element = element;
  if (type.starts_with('.')) {
    field.primitive = PrimitiveOf(type.substr(1));
  } else {
    field.type = fhir.Find(type);
  }
  json_.push_back(std::move(field));
}

// A choice element `value` of types string and Quantity is read from valueString and valueQuantity.
void ModelClass::BuildJson(const Model& fhir) {
  json_.reserve(elements_.size());
  for (std::size_t i = 0; i < elements_.size(); ++i) {
    std::string_view type = elements_[i].type;
    if (type.ends_with("[]")) type.remove_suffix(2);
    const auto index = static_cast<std::uint16_t>(i);
    if (!type.contains('|')) {
      AddJson(std::string(elements_[i].name), index, type, fhir);
      continue;
    }
    while (!type.empty()) {
      const std::size_t bar = type.find('|');
      const std::string_view one = type.substr(0, bar);
      std::string suffix(one.starts_with('.') ? one.substr(1) : one);
      if (suffix[0] >= 'a' && suffix[0] <= 'z') suffix[0] = static_cast<char>(suffix[0] - 'a' + 'A');
      AddJson(std::string(elements_[i].name) + suffix, index, one, fhir);
      type = bar == std::string_view::npos ? std::string_view() : type.substr(bar + 1);
    }
  }
  json_slots_.assign(TableSize(json_.size()), 0);
  const std::size_t mask = json_slots_.size() - 1;
  for (std::size_t i = 0; i < json_.size(); ++i) {
    std::size_t at = TextHash(json_[i].name) & mask;
    while (json_slots_[at] != 0) at = (at + 1) & mask;
    json_slots_[at] = static_cast<std::uint16_t>(i + 1);
  }
}

const ModelClass::JsonField* ModelClass::FindJson(std::string_view field) const {
  if (json_slots_.empty()) return nullptr;
  const std::size_t mask = json_slots_.size() - 1;
  for (std::size_t at = TextHash(field) & mask;; at = (at + 1) & mask) {
    const std::uint16_t index = json_slots_[at];
    if (index == 0) return nullptr;
    if (json_[index - 1].name == field) return &json_[index - 1];
  }
}

const ModelClass* Model::Find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

}  // namespace plumbline::cql::fhir
