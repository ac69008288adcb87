#include "engine/cql/fhir/resource_reader.h"

#include <simdjson.h>

#include <cstring>
#include <string>

#include "engine/cql/fhir/model.h"
#include "engine/cql/fhir/node_convert.h"
#include "engine/cql/fhir/node_text.h"
#include "engine/cql/fhir/primitive.h"
#include "engine/cql/fhir/resource_set.h"

namespace plumbline::cql::fhir {
namespace {

namespace od = simdjson::ondemand;

std::string_view TrimToken(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\t' || token.back() == '\r')) {
    token.remove_suffix(1);
  }
  return token;
}

// A key as it stands in the text; keys of FHIR have no escapes, and one that has is no element's name.
std::string_view KeyText(od::field& field) {
  const char* at = field.key().raw();
  const char* end = at;
  while (*end != '"' && *end != '\\') ++end;
  return {at, static_cast<std::size_t>(end - at)};
}

}  // namespace

struct ResourceReader::State {
  explicit State(Arena& memory) : arena(memory) {}

  // Where in a document the reading stopped, and why; the first error wins.
  bool Refuse(std::string why) {
    if (error.empty()) error = std::move(why);
    return false;
  }
  bool Check(simdjson::error_code code) {
    if (code == simdjson::SUCCESS) return true;
    return Refuse(simdjson::error_message(code));
  }

  bool Document(od::document& document);
  bool DocumentObject(od::object object);
  bool ResourceArray(od::array array, bool entries);
  bool OneResource(od::object object);
  const ModelClass* TypeOf(od::object& object, std::string_view fallback);
  bool Object(od::object object, const ModelClass& type, Node* node, int depth);
  bool ElementValue(od::value value, const ModelClass::JsonField& json, int depth, std::size_t base);
  bool ArrayValue(od::array array, const ModelClass::JsonField& json, int depth, std::size_t base);
  bool Extensions(od::value value, const ModelClass::JsonField& json, int depth, std::size_t base);
  bool OneNode(od::value value, std::string_view token, const ModelClass::JsonField& json, Node* node, int depth);
  bool Text(od::value& value, std::string_view token, std::string_view* out);
  Field* FieldFor(std::uint16_t element, std::uint32_t count, std::size_t base);
  void Finish(Node* node, std::size_t base);
  void Register(const Node* node);

  Arena& arena;
  od::parser parser;
  std::string error;
  std::vector<Field> fields;  // of the objects that are open; each object's begin at its base
  std::vector<Node> nodes;    // of the arrays that are open
  std::vector<std::uint16_t> profiles;
  std::vector<Resource>* out = nullptr;
};

ResourceReader::ResourceReader(Arena& arena) : state_(std::make_unique<State>(arena)) {}
ResourceReader::~ResourceReader() = default;

Result<void> ResourceReader::Read(std::string_view json, std::vector<Resource>* out) {
  State& state = *state_;
  char* text = static_cast<char*>(state.arena.Allocate(json.size() + simdjson::SIMDJSON_PADDING));
  std::memcpy(text, json.data(), json.size());
  std::memset(text + json.size(), 0, simdjson::SIMDJSON_PADDING);
  state.error.clear();
  state.fields.clear();
  state.nodes.clear();
  state.out = out;
  od::document document;
  const auto code = state.parser.iterate(text, json.size(), json.size() + simdjson::SIMDJSON_PADDING).get(document);
  if (state.Check(code) && state.Document(document)) return {};
  return Fail(ErrorCode::kParse, "FHIR JSON: " + state.error);
}

bool ResourceReader::State::Document(od::document& document) {
  od::json_type type;
  if (!Check(document.type().get(type))) return false;
  if (type == od::json_type::array) {
    od::array array;
    return Check(document.get_array().get(array)) && ResourceArray(array, false);
  }
  od::object object;
  if (!Check(document.get_object().get(object)) || !DocumentObject(object)) return false;
  const char* rest = nullptr;
  return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS || Refuse("text after the document");
}

bool ResourceReader::State::DocumentObject(od::object object) {
  bool read = false;
  for (auto item : object) {
    od::field field;
    if (!Check(std::move(item).get(field))) return false;
    const std::string_view key = KeyText(field);
    if (key == "resourceType") {
      read = true;
      std::string_view type;
      if (!Check(field.value().get_string().get(type))) return false;
      if (type != "Bundle") return Check(object.reset().error()) && OneResource(object);
    } else if (key == "resources" || key == "entry") {
      od::array array;
      if (field.value().get_array().get(array) != simdjson::SUCCESS) return Refuse("`" + std::string(key) + "` is no array");
      if (!ResourceArray(array, key == "entry")) return false;
      read = true;
    }
  }
  return read || Refuse("neither a resource nor a Bundle nor an object with `resources`");
}

bool ResourceReader::State::ResourceArray(od::array array, bool entries) {
  for (auto item : array) {
    od::object object;
    if (!Check(item.get_object().get(object))) return false;
    if (!entries) {
      if (!OneResource(object)) return false;
      continue;
    }
    od::value inner;
    const auto code = object.find_field_unordered("resource").get(inner);
    if (code == simdjson::NO_SUCH_FIELD) continue;
    od::object resource;
    if (!Check(code) || !Check(inner.get_object().get(resource)) || !OneResource(resource)) return false;
  }
  return true;
}

const ModelClass* ResourceReader::State::TypeOf(od::object& object, std::string_view fallback) {
  std::string_view name;
  if (object.find_field_unordered("resourceType").get_string().get(name) != simdjson::SUCCESS) name = fallback;
  const ModelClass* type = Models::BuiltIn().fhir().Find(name);
  if (type == nullptr || !type->resource()) {
    Refuse(name.empty() ? "a resource without resourceType" : "unknown resource type " + std::string(name));
    return nullptr;
  }
  return Check(object.reset().error()) ? type : nullptr;
}

bool ResourceReader::State::OneResource(od::object object) {
  const ModelClass* type = TypeOf(object, "");
  if (type == nullptr) return false;
  Node* node = arena.AllocateArray<Node>(1);
  if (!Object(object, *type, node, 0)) return false;
  Register(node);
  return true;
}

void ResourceReader::State::Register(const Node* node) {
  Resource resource{.node = node, .id = ChildText(*node, "id"), .profiles = {}};
  profiles.clear();
  const Node* meta = Child(*node, "meta");
  if (meta != nullptr) {
    const ModelElement* element = meta->type->Find("profile");
    const Field* field = meta->Find(static_cast<std::uint16_t>(element - meta->type->elements().data()));
    for (std::uint32_t i = 0; field != nullptr && i < field->count; ++i) {
      if (!field->nodes[i].system.Is(Tag::kString)) continue;
      const std::string_view url = field->nodes[i].system.string();
      const std::uint16_t id = Models::BuiltIn().ProfileId(url.substr(0, url.find('|')));
      if (id != 0) profiles.push_back(id);
    }
  }
  std::uint16_t* kept = arena.AllocateArray<std::uint16_t>(profiles.size());
  std::copy(profiles.begin(), profiles.end(), kept);
  resource.profiles = {kept, profiles.size()};
  out->push_back(resource);
}

// The text of a string token: the document's own bytes where nothing is escaped.
bool ResourceReader::State::Text(od::value& value, std::string_view token, std::string_view* out_text) {
  const std::string_view inner = token.substr(1, token.size() - 2);
  if (std::memchr(inner.data(), '\\', inner.size()) == nullptr) {
    *out_text = inner;
    return true;
  }
  std::string_view plain;
  if (!Check(value.get_string().get(plain))) return false;
  *out_text = arena.Copy(plain);
  return true;
}

Field* ResourceReader::State::FieldFor(std::uint16_t element, std::uint32_t count, std::size_t base) {
  for (std::size_t i = base; i < fields.size(); ++i) {
    if (fields[i].element != element) continue;
    if (count > fields[i].count) {
      Node* longer = arena.AllocateArray<Node>(count);
      std::copy_n(fields[i].nodes, fields[i].count, longer);
      fields[i].nodes = longer;
      fields[i].count = count;
    }
    return &fields[i];
  }
  fields.push_back({.element = element, .count = count, .nodes = arena.AllocateArray<Node>(count)});
  return &fields.back();
}

bool ResourceReader::State::OneNode(od::value value, std::string_view token, const ModelClass::JsonField& json, Node* node,
                                    int depth) {
  node->type = json.type;
  const Primitive primitive = json.type == nullptr ? json.primitive : json.type->primitive();
  if (token[0] == '{') {
    od::object object;
    if (!Check(value.get_object().get(object))) return false;
    if (json.type == nullptr || primitive != Primitive::kNone) return true;  // not FHIR: no value
    const ModelClass* type = json.type;
    if (type->resource()) type = TypeOf(object, "");
    return type != nullptr && Object(object, *type, node, depth + 1);
  }
  if (primitive == Primitive::kNone || token[0] == '[' || token == "null") return true;
  std::string_view text = token;
  if (token[0] == '"' && !Text(value, token, &text)) return false;
  node->system = ParsePrimitive(primitive, text);
  if (!node->system.IsNull()) node->converted = Converted::kYes;
  return true;
}

bool ResourceReader::State::ElementValue(od::value value, const ModelClass::JsonField& json, int depth, std::size_t base) {
  const std::string_view token = TrimToken(value.raw_json_token());
  if (token.empty()) return Refuse("an empty value");
  if (token[0] != '[') return OneNode(value, token, json, FieldFor(json.element, 1, base)->nodes, depth);
  od::array array;
  if (!Check(value.get_array().get(array))) return false;
  return ArrayValue(array, json, depth, base);
}

// Most arrays of FHIR have one item, which is read in its place; of longer ones the items wait on the stack of open arrays.
bool ResourceReader::State::ArrayValue(od::array array, const ModelClass::JsonField& json, int depth, std::size_t base) {
  const std::size_t first = nodes.size();
  std::uint32_t count = 0;
  Node* only = nullptr;
  for (auto item : array) {
    od::value inner;
    if (!Check(item.get(inner))) return false;
    const std::string_view token = TrimToken(inner.raw_json_token());
    if (token.empty()) return Refuse("an empty value");
    if (count == 0) {
      only = FieldFor(json.element, 1, base)->nodes;
      if (!OneNode(inner, token, json, only, depth)) return false;
    } else {
      Node node;
      if (!OneNode(inner, token, json, &node, depth)) return false;
      nodes.push_back(node);
    }
    ++count;
  }
  if (count > 1) {
    Field* field = FieldFor(json.element, count, base);
    for (std::uint32_t i = 1; i < count; ++i) {
      Node& node = nodes[first + i - 1];
      if (node.fields == nullptr) {  // extensions that were read before
        node.fields = field->nodes[i].fields;
        node.field_count = field->nodes[i].field_count;
      }
      field->nodes[i] = node;
    }
  }
  nodes.resize(first);
  return true;
}

// `_name`: the extensions (and id) of the primitive `name`.
bool ResourceReader::State::Extensions(od::value value, const ModelClass::JsonField& json, int depth, std::size_t base) {
  if (json.type == nullptr || json.type->primitive() == Primitive::kNone) return true;
  const std::string_view token = value.raw_json_token();
  od::object object;
  if (token[0] == '{') {
    Node extra;
    if (!Check(value.get_object().get(object)) || !Object(object, *json.type, &extra, depth + 1)) return false;
    Node& node = FieldFor(json.element, 1, base)->nodes[0];
    node.type = json.type;
    node.fields = extra.fields;
    node.field_count = extra.field_count;
    return true;
  }
  if (token[0] != '[') return true;
  od::array array;
  if (!Check(value.get_array().get(array))) return false;
  std::uint32_t index = 0;
  for (auto item : array) {
    od::value inner;
    if (!Check(item.get(inner))) return false;
    ++index;
    if (inner.raw_json_token()[0] != '{') continue;
    Node extra;
    if (!Check(inner.get_object().get(object)) || !Object(object, *json.type, &extra, depth + 1)) return false;
    Node& node = FieldFor(json.element, index, base)->nodes[index - 1];
    node.type = json.type;
    node.fields = extra.fields;
    node.field_count = extra.field_count;
  }
  return true;
}

void ResourceReader::State::Finish(Node* node, std::size_t base) {
  const std::size_t count = fields.size() - base;
  node->field_count = static_cast<std::uint16_t>(count);
  if (count > 0) {
    node->fields = arena.AllocateArray<Field>(count);
    std::copy(fields.begin() + static_cast<std::ptrdiff_t>(base), fields.end(), node->fields);
  }
  fields.resize(base);
  if (node->type->conversion() != Conversion::kNone) ConvertNode(arena, node);
}

bool ResourceReader::State::Object(od::object object, const ModelClass& type, Node* node, int depth) {
  if (depth > kMaxResourceDepth) return Refuse("elements nested too deep");
  node->type = &type;
  const std::size_t base = fields.size();
  for (auto item : object) {
    od::field field;
    if (!Check(std::move(item).get(field))) return false;
    std::string_view key = KeyText(field);
    const bool extra = key.starts_with('_');
    if (extra) key.remove_prefix(1);
    const ModelClass::JsonField* json = type.FindJson(key);
    if (json == nullptr) continue;
    od::value value = field.value();
    if (!(extra ? Extensions(value, *json, depth, base) : ElementValue(value, *json, depth, base))) return false;
  }
  Finish(node, base);
  return true;
}

}  // namespace plumbline::cql::fhir
