// Reads an element of a resource's node through a class of a model: the one path by which evaluation sees FHIR data.
#include <algorithm>

#include "engine/cql/fhir/model.h"
#include "engine/cql/fhir/node_text.h"

namespace plumbline::cql::fhir {
namespace {

// What FHIRHelpers makes of the node; null where it has no value.
Value SystemOf(EvalContext& context, const Node& node) {
  if (node.converted == Converted::kComparator || node.converted == Converted::kUnit) return FailConversion(context, node);
  return node.system;
}

Value ChoiceOf(EvalContext& context, const Model& model, const Node& node) {
  if (node.type == nullptr) return node.system;
  if (node.type->primitive() != Primitive::kNone || node.type->conversion() != Conversion::kNone) return SystemOf(context, node);
  return Value::Object(model.ViewOf(*node.type), &node);
}

Value ElementOf(const Node& node) { return node.type == nullptr ? node.system : Value::Object(node.type, &node); }

Value Convert(EvalContext& context, const Model& model, const ModelElement& element, const Node& node) {
  switch (element.access) {
    case Access::kSystem:
      return SystemOf(context, node);
    case Access::kChoice:
    case Access::kExtension:
      return ChoiceOf(context, model, node);
    case Access::kView:
    case Access::kExtensionView:
      return Value::Object(element.view->resource() ? model.ViewOf(*node.type) : element.view, &node);
    default:
      return ElementOf(node);
  }
}

// The values of the extensions with the element's url; nodes of Extension.value where `inner`, else of the extensions.
Value FromExtensions(EvalContext& context, const Model& model, const ModelElement& element, const Node& node) {
  std::span<const Node> extensions = ExtensionsOf(node, element.modifier);
  const bool inner = element.access == Access::kExtension;
  Value* values = element.list ? context.arena.AllocateArray<Value>(extensions.size()) : nullptr;
  std::size_t count = 0;
  for (const Node& extension : extensions) {
    if (ExtensionUrl(extension) != element.url) continue;
    const Node* found = inner ? ExtensionValue(extension) : &extension;
    if (found == nullptr) continue;
    const Value value = Convert(context, model, element, *found);
    if (!element.list) return value;
    values[count++] = value;
  }
  return element.list && count > 0 ? Value::List(values, count) : Value();
}

Value FromSlice(const ModelElement& element, const Field& field) {
  for (const Node& node : std::span(field.nodes, field.count)) {
    if (!node.system.Is(Tag::kConcept)) continue;
    const ConceptData& data = node.system.concept_data();
    for (std::size_t i = 0; i < data.size; ++i) {
      if (!data.codes[i].Is(Tag::kCode)) continue;
      const CodeData& code = data.codes[i].code();
      if (code.code == element.code && code.system == element.url) return node.system;
    }
  }
  return {};
}

// "Not done" profiles name what was not done by a code or by a whole value set.
Value ConceptOrSet(EvalContext& context, const ModelElement& element, const Node& node) {
  for (const Node& extension : ExtensionsOf(node, false)) {
    if (ExtensionUrl(extension) != element.url) continue;
    const Node* value = ExtensionValue(extension);
    if (value == nullptr || !value->system.Is(Tag::kString)) continue;
    return Value::ValueSet(context.arena.Make(VocabularyData{.id = value->system.string(), .version = {}, .name = {}}));
  }
  return SystemOf(context, node);
}

}  // namespace

Value ModelClass::Get(EvalContext& context, const void* object, int property) const {
  const Node& node = *static_cast<const Node*>(object);
  const ModelElement* element = Find(static_cast<std::uint16_t>(property));
  if (element == nullptr) return {};
  if (element->access == Access::kSelf) return node.system;
  if (element->access == Access::kExtension || element->access == Access::kExtensionView) {
    return FromExtensions(context, *model_, *element, node);
  }
  const std::uint16_t source = fhir_ == this ? static_cast<std::uint16_t>(element - elements_.data()) : element->source;
  const Field* field = element->access == Access::kNone ? nullptr : node.Find(source);
  if (field == nullptr || field->count == 0) {
    // A view converts each item of the list; of none there are none, and the list is empty rather than unknown.
    const bool converted = element->access == Access::kSystem || element->access == Access::kChoice;
    return element->list && converted ? Value::List(nullptr, 0) : Value();
  }
  if (element->access == Access::kSlice) return FromSlice(*element, *field);
  if (element->access == Access::kConceptOrSet) return ConceptOrSet(context, *element, field->nodes[0]);
  if (!element->list) return Convert(context, *model_, *element, field->nodes[0]);
  Value* values = context.arena.AllocateArray<Value>(field->count);
  for (std::uint32_t i = 0; i < field->count; ++i) values[i] = Convert(context, *model_, *element, field->nodes[i]);
  return Value::List(values, field->count);
}

// Profiles are views of one FHIR class and are told apart by retrieves alone: an object of a class is of every profile of it.
bool ModelClass::ConformsTo(std::string_view type_name) const {
  if (type_name == "System.Any") return true;
  const std::size_t dot = type_name.find('.');
  if (dot == std::string_view::npos) return false;
  const Model* model = Models::BuiltIn().Find(type_name.substr(0, dot), {});
  const ModelClass* other = model == nullptr ? nullptr : model->Find(type_name.substr(dot + 1));
  return other != nullptr && other->fhir_ != nullptr && fhir_ != nullptr && fhir_->DerivesFrom(*other->fhir_);
}

std::optional<bool> ModelClass::Equal(const void* a, const void* b) const {
  return SameNode(*static_cast<const Node*>(a), *static_cast<const Node*>(b));
}

std::uint64_t ModelClass::Hash(const void* object) const { return NodeHash(*static_cast<const Node*>(object)); }

std::string ModelClass::Text(const void* object) const {
  const Node& node = *static_cast<const Node*>(object);
  return node.type != nullptr && node.type->resource() ? ResourceKey(node) : NodeJson(node);
}

}  // namespace plumbline::cql::fhir
