#include "engine/cql/fhir/node_text.h"

#include "engine/cql/fhir/model.h"
#include "engine/cql/fhir/text_hash.h"

namespace plumbline::cql::fhir {
namespace {

// Places of the elements that every class has, found once.
struct Places {
  std::uint16_t element_extension, resource_extension, resource_modifier, backbone_modifier, url, value;

  Places() {
    const Model& fhir = Models::BuiltIn().fhir();
    element_extension = At(fhir, "Element", "extension");
    resource_extension = At(fhir, "DomainResource", "extension");
    resource_modifier = At(fhir, "DomainResource", "modifierExtension");
    backbone_modifier = At(fhir, "BackboneElement", "modifierExtension");
    url = At(fhir, "Extension", "url");
    value = At(fhir, "Extension", "value");
  }

  static std::uint16_t At(const Model& fhir, std::string_view type, std::string_view element) {
    const ModelClass* found = fhir.Find(type);
    return static_cast<std::uint16_t>(found->Find(element) - found->elements().data());
  }

  static const Places& Get() {
    static const Places places;
    return places;
  }
};

bool SamePrimitive(const Value& a, const Value& b) {
  if (a.tag() != b.tag()) return false;
  switch (a.tag()) {
    case Tag::kBoolean:
    case Tag::kInteger:
      return a.integer() == b.integer();
    case Tag::kDecimal:
      return a.decimal() == b.decimal();
    case Tag::kString:
      return a.string() == b.string();
    case Tag::kDate:
    case Tag::kDateTime:
    case Tag::kTime:
      return CompareTemporal(a.temporal(), b.temporal(), 0, std::nullopt) == 0;
    default:
      return true;
  }
}

}  // namespace

std::span<const Node> ExtensionsOf(const Node& node, bool modifier) {
  const Places& places = Places::Get();
  const bool resource = node.type != nullptr && node.type->resource();
  const std::uint16_t place = modifier ? (resource ? places.resource_modifier : places.backbone_modifier)
                                       : (resource ? places.resource_extension : places.element_extension);
  const Field* field = node.Find(place);
  return field == nullptr ? std::span<const Node>() : std::span<const Node>(field->nodes, field->count);
}

std::string_view ExtensionUrl(const Node& extension) {
  const Field* field = extension.Find(Places::Get().url);
  return field == nullptr || !field->nodes->system.Is(Tag::kString) ? std::string_view() : field->nodes->system.string();
}

const Node* ExtensionValue(const Node& extension) {
  const Field* field = extension.Find(Places::Get().value);
  return field == nullptr ? nullptr : field->nodes;
}

const Node* Child(const Node& node, std::string_view name) {
  if (node.type == nullptr) return nullptr;
  const ModelElement* element = node.type->Find(name);
  if (element == nullptr) return nullptr;
  const Field* field = node.Find(static_cast<std::uint16_t>(element - node.type->elements().data()));
  return field == nullptr || field->count == 0 ? nullptr : field->nodes;
}

std::string_view ChildText(const Node& node, std::string_view name) {
  const Node* child = Child(node, name);
  return child == nullptr || !child->system.Is(Tag::kString) ? std::string_view() : child->system.string();
}

std::string ResourceKey(const Node& node) { return std::string(node.type->name()) + "/" + std::string(ChildText(node, "id")); }

Value FailConversion(EvalContext& context, const Node& node) {
  if (node.converted == Converted::kComparator) {
    return context.Fail(EvalErrorKind::kMessage,
                        "FHIR Quantity value has a comparator and cannot be converted to a System.Quantity value.");
  }
  return context.Fail(EvalErrorKind::kMessage, "Invalid FHIR Quantity code: " + std::string(ChildText(node, "unit")) + " (" +
                                                   std::string(ChildText(node, "system")) + "|" +
                                                   std::string(ChildText(node, "code")) + ")");
}

bool SameNode(const Node& a, const Node& b) {
  if (&a == &b) return true;
  if (a.type != b.type || a.field_count != b.field_count) return false;
  if (a.type == nullptr || a.type->primitive() != Primitive::kNone) {
    if (!SamePrimitive(a.system, b.system)) return false;
  }
  for (std::uint16_t i = 0; i < a.field_count; ++i) {
    const Field* other = b.Find(a.fields[i].element);
    if (other == nullptr || other->count != a.fields[i].count) return false;
    for (std::uint32_t j = 0; j < other->count; ++j) {
      if (!SameNode(a.fields[i].nodes[j], other->nodes[j])) return false;
    }
  }
  return true;
}

std::uint64_t NodeHash(const Node& node) {
  std::uint64_t hash = node.field_count * 0x9E3779B97F4A7C15ULL;
  if (node.type == nullptr || node.type->primitive() != Primitive::kNone) {
    return node.system.Is(Tag::kString) ? hash ^ TextHash(node.system.string())
                                        : hash ^ static_cast<std::uint64_t>(node.system.tag());
  }
  hash ^= TextHash(node.type->name());
  const std::string_view id = ChildText(node, "id");
  return id.empty() ? hash : hash ^ TextHash(id);
}

namespace {

void AppendQuoted(std::string_view text, std::string* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (byte < 0x20) {
      *out += "\\u00";
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

void AppendPrimitive(const Value& value, std::string* out) {
  switch (value.tag()) {
    case Tag::kBoolean:
      *out += value.boolean() ? "true" : "false";
      return;
    case Tag::kInteger:
      *out += std::to_string(value.integer());
      return;
    case Tag::kDecimal:
      *out += value.decimal().ToText(value.scale());
      return;
    case Tag::kString:
      return AppendQuoted(value.string(), out);
    case Tag::kDate:
    case Tag::kDateTime:
    case Tag::kTime:
      return AppendQuoted(TemporalText(value.temporal()), out);
    default:
      *out += "null";
  }
}

void AppendNode(const Node& node, std::string* out);

void AppendField(const Node& node, const Field& field, std::string* out) {
  const ModelElement& element = node.type->elements()[field.element];
  std::string key(element.name);
  if (element.type.contains('|') && field.nodes->type != nullptr) {
    std::string suffix(field.nodes->type->name());
    if (suffix[0] >= 'a' && suffix[0] <= 'z') suffix[0] = static_cast<char>(suffix[0] - 'a' + 'A');
    key += suffix;
  }
  AppendQuoted(key, out);
  out->push_back(':');
  if (element.list) out->push_back('[');
  for (std::uint32_t i = 0; i < field.count; ++i) {
    if (i > 0) out->push_back(',');
    AppendNode(field.nodes[i], out);
  }
  if (element.list) out->push_back(']');
}

void AppendNode(const Node& node, std::string* out) {
  if (node.type == nullptr || node.type->primitive() != Primitive::kNone) return AppendPrimitive(node.system, out);
  out->push_back('{');
  bool first = true;
  if (node.type->resource()) {
    *out += "\"resourceType\":";
    AppendQuoted(node.type->name(), out);
    first = false;
  }
  for (std::uint16_t i = 0; i < node.field_count; ++i) {
    if (!first) out->push_back(',');
    first = false;
    AppendField(node, node.fields[i], out);
  }
  out->push_back('}');
}

}  // namespace

std::string NodeJson(const Node& node) {
  std::string out;
  AppendNode(node, &out);
  return out;
}

}  // namespace plumbline::cql::fhir
