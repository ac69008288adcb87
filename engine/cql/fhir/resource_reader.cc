#include "engine/cql/fhir/resource_reader.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "engine/cql/fhir/json_cursor.h"
#include "engine/cql/fhir/model.h"
#include "engine/cql/fhir/node_convert.h"
#include "engine/cql/fhir/node_text.h"
#include "engine/cql/fhir/primitive.h"
#include "engine/cql/fhir/resource_set.h"

namespace plumbline::cql::fhir {
namespace {

constexpr std::size_t kPadding = 64;  // after the text, for whoever reads it in blocks

}  // namespace

struct ResourceReader::State {
  explicit State(Arena& memory) : arena(memory) {}

  // Why the reading stopped; the first error wins.
  bool Refuse(std::string why) {
    if (error.empty()) error = std::move(why);
    return false;
  }
  bool Malformed() { return Refuse("the JSON is not well formed"); }
  bool Skip() { return json.Skip() || Malformed(); }

  bool Document();
  bool DocumentObject();
  bool ResourceArray(bool entries);
  bool Entry();
  bool OneResource();
  const ModelClass* TypeOf();
  Resource Registered(const Node* node);
  bool Object(const ModelClass& type, Node* node, int depth);
  bool ElementValue(const ModelClass::JsonField& field, int depth, std::size_t base);
  bool ArrayValue(const ModelClass::JsonField& field, int depth, std::size_t base);
  bool Extensions(const ModelClass::JsonField& field, int depth, std::size_t base);
  bool ExtensionsAt(const ModelClass::JsonField& field, std::uint32_t index, int depth, std::size_t base);
  bool OneNode(const ModelClass::JsonField& field, Node* node, int depth);
  bool Text(std::string_view token, std::string_view* out);
  Field* FieldFor(std::uint16_t element, std::uint32_t count, std::size_t base);
  void Finish(Node* node, std::size_t base);

  Arena& arena;
  JsonIndex index;
  JsonCursor json;
  std::string error;
  std::string unescaped;
  std::vector<Field> fields;  // of the objects that are open; each object's begin at its base
  std::vector<Node> nodes;    // of the arrays that are open
  std::vector<std::uint16_t> profiles;
  std::vector<FoundResource>* out = nullptr;
};

ResourceReader::ResourceReader(Arena& arena) : state_(std::make_unique<State>(arena)) {}
ResourceReader::~ResourceReader() = default;

Result<void> ResourceReader::Find(std::string_view json, std::vector<FoundResource>* out) {
  State& state = *state_;
  char* text = static_cast<char*>(state.arena.Allocate(json.size() + kPadding));
  std::memcpy(text, json.data(), json.size());
  std::memset(text + json.size(), ' ', kPadding);
  state.error.clear();
  state.out = out;
  auto scanned = state.index.Scan({text, json.size()}, &state.arena);
  if (!scanned) return Fail(ErrorCode::kParse, "FHIR JSON: " + scanned.error().message);
  state.json = *scanned;
  if (state.Document()) return {};
  return Fail(ErrorCode::kParse, "FHIR JSON: " + state.error);
}

Result<Resource> ResourceReader::Read(const FoundResource& found) {
  State& state = *state_;
  state.error.clear();
  state.fields.clear();
  state.nodes.clear();
  state.json = found.at;
  Node* node = state.arena.AllocateArray<Node>(1);
  if (state.Object(*found.type, node, 0)) return state.Registered(node);
  return Fail(ErrorCode::kParse, "FHIR JSON, " + std::string(found.type->name()) + ": " + state.error);
}

bool ResourceReader::State::Document() {
  const char first = json.Peek();
  if (first != '[' && first != '{') return Refuse("neither an object nor an array");
  if (!(first == '[' ? ResourceArray(false) : DocumentObject())) return false;
  return json.AtEnd() || Refuse("text after the document");
}

bool ResourceReader::State::DocumentObject() {
  const JsonCursor begin = json;
  bool read = false;
  bool more = false;
  json.Take('{');
  if (json.Take('}')) return Refuse("neither a resource nor a Bundle nor an object with `resources`");
  do {
    std::string_view key;
    if (!json.Key(&key)) return Malformed();
    if (key == "resourceType") {
      read = true;
      if (json.Peek() != '"') return Refuse("`resourceType` is no string");
      if (json.Token() != "\"Bundle\"") {
        json = begin;
        return OneResource();
      }
    } else if (key == "resources" || key == "entry") {
      if (json.Peek() != '[') return Refuse("`" + std::string(key) + "` is no array");
      if (!ResourceArray(key == "entry")) return false;
      read = true;
    } else if (!Skip()) {
      return false;
    }
    if (!json.Next('}', &more)) return Malformed();
  } while (more);
  return read || Refuse("neither a resource nor a Bundle nor an object with `resources`");
}

bool ResourceReader::State::ResourceArray(bool entries) {
  json.Take('[');
  if (json.Take(']')) return true;
  bool more = false;
  do {
    if (json.Peek() != '{') return Refuse("a resource that is no object");
    if (!(entries ? Entry() : OneResource())) return false;
    if (!json.Next(']', &more)) return Malformed();
  } while (more);
  return true;
}

bool ResourceReader::State::Entry() {
  json.Take('{');
  if (json.Take('}')) return true;
  bool more = false;
  do {
    std::string_view key;
    if (!json.Key(&key)) return Malformed();
    const bool resource = key == "resource";
    if (resource && json.Peek() != '{') return Refuse("a resource that is no object");
    if (!(resource ? OneResource() : Skip())) return false;
    if (!json.Next('}', &more)) return Malformed();
  } while (more);
  return true;
}

// The class of the resource at hand, which is not moved past.
const ModelClass* ResourceReader::State::TypeOf() {
  const JsonCursor begin = json;
  std::string_view name;
  std::string_view key;
  bool more = json.Take('{') && json.Peek() != '}';
  while (more) {
    if (!json.Key(&key)) return Malformed(), nullptr;
    if (key == "resourceType" && json.Peek() == '"') {
      const std::string_view token = json.Token();
      name = token.substr(1, token.size() - 2);
      break;
    }
    if (!Skip()) return nullptr;
    if (!json.Next('}', &more)) return Malformed(), nullptr;
  }
  json = begin;
  const ModelClass* type = Models::BuiltIn().fhir().Find(name);
  if (type != nullptr && type->resource()) return type;
  Refuse(name.empty() ? "a resource without resourceType" : "unknown resource type " + std::string(name));
  return nullptr;
}

bool ResourceReader::State::OneResource() {
  const ModelClass* type = TypeOf();
  if (type == nullptr) return false;
  out->push_back({.type = type, .at = json});
  return Skip();
}

Resource ResourceReader::State::Registered(const Node* node) {
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
  return resource;
}

// The text of a string token: the document's own bytes where nothing is escaped.
bool ResourceReader::State::Text(std::string_view token, std::string_view* out_text) {
  if (token.size() < 2 || token.back() != '"') return Malformed();
  const std::string_view inner = token.substr(1, token.size() - 2);
  if (std::memchr(inner.data(), '\\', inner.size()) == nullptr) {
    *out_text = inner;
    return true;
  }
  if (!UnescapeJson(inner, &unescaped)) return Refuse("a string with an escape that is none");
  *out_text = arena.Copy(unescaped);
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

bool ResourceReader::State::OneNode(const ModelClass::JsonField& field, Node* node, int depth) {
  node->type = field.type;
  const Primitive primitive = field.type == nullptr ? field.primitive : field.type->primitive();
  const char first = json.Peek();
  if (first == '{') {
    if (field.type == nullptr || primitive != Primitive::kNone) return Skip();  // not FHIR: no value
    const ModelClass* type = field.type;
    if (type->resource()) type = TypeOf();
    return type != nullptr && Object(*type, node, depth + 1);
  }
  if (!json.AtValue()) return Malformed();
  if (primitive == Primitive::kNone || first == '[') return Skip();
  std::string_view text = json.Token();
  if (text == "null") return true;
  if (first == '"' && !Text(text, &text)) return false;
  node->system = ParsePrimitive(primitive, text);
  if (!node->system.IsNull()) node->converted = Converted::kYes;
  return true;
}

bool ResourceReader::State::ElementValue(const ModelClass::JsonField& field, int depth, std::size_t base) {
  if (json.Peek() == '[') return ArrayValue(field, depth, base);
  return OneNode(field, FieldFor(field.element, 1, base)->nodes, depth);
}

// Most arrays of FHIR have one item, which is read in its place; of longer ones the items wait on the stack of open arrays.
bool ResourceReader::State::ArrayValue(const ModelClass::JsonField& field, int depth, std::size_t base) {
  const std::size_t first = nodes.size();
  json.Take('[');
  if (json.Take(']')) return true;
  std::uint32_t count = 0;
  bool more = false;
  do {
    if (count == 0) {
      if (!OneNode(field, FieldFor(field.element, 1, base)->nodes, depth)) return false;
    } else {
      Node node;
      if (!OneNode(field, &node, depth)) return false;
      nodes.push_back(node);
    }
    ++count;
    if (!json.Next(']', &more)) return Malformed();
  } while (more);
  if (count > 1) {
    Field* all = FieldFor(field.element, count, base);
    for (std::uint32_t i = 1; i < count; ++i) {
      Node& node = nodes[first + i - 1];
      if (node.fields == nullptr) {  // extensions that were read before
        node.fields = all->nodes[i].fields;
        node.field_count = all->nodes[i].field_count;
      }
      all->nodes[i] = node;
    }
  }
  nodes.resize(first);
  return true;
}

// `_name`: the extensions (and id) of the primitive `name`.
bool ResourceReader::State::Extensions(const ModelClass::JsonField& field, int depth, std::size_t base) {
  if (field.type == nullptr || field.type->primitive() == Primitive::kNone) return Skip();
  if (json.Peek() == '{') return ExtensionsAt(field, 0, depth, base);
  if (json.Peek() != '[') return Skip();
  const JsonCursor begin = json;
  json.Take('[');
  if (json.Take(']')) return true;
  std::uint32_t count = 0;  // of items up to the last object: room for all is made at once
  bool more = true;
  for (std::uint32_t at = 1; more; ++at) {
    if (json.Peek() == '{') count = at;
    if (!Skip()) return false;
    if (!json.Next(']', &more)) return Malformed();
  }
  if (count == 0) return true;
  FieldFor(field.element, count, base);
  json = begin;
  json.Take('[');
  more = true;
  for (std::uint32_t at = 0; more; ++at) {
    if (!(json.Peek() == '{' ? ExtensionsAt(field, at, depth, base) : Skip())) return false;
    if (!json.Next(']', &more)) return Malformed();
  }
  return true;
}

bool ResourceReader::State::ExtensionsAt(const ModelClass::JsonField& field, std::uint32_t at, int depth, std::size_t base) {
  Node extra;
  if (!Object(*field.type, &extra, depth + 1)) return false;
  Node& node = FieldFor(field.element, at + 1, base)->nodes[at];
  node.type = field.type;
  node.fields = extra.fields;
  node.field_count = extra.field_count;
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

bool ResourceReader::State::Object(const ModelClass& type, Node* node, int depth) {
  if (depth > kMaxResourceDepth) return Refuse("elements nested too deep");
  node->type = &type;
  const std::size_t base = fields.size();
  json.Take('{');
  bool more = json.Peek() != '}';
  if (!more) json.Take('}');
  while (more) {
    std::string_view key;
    if (!json.Key(&key)) return Malformed();
    const bool extra = key.starts_with('_');
    if (extra) key.remove_prefix(1);
    const ModelClass::JsonField* field = type.FindJson(key);
    const bool read = field == nullptr ? Skip() : extra ? Extensions(*field, depth, base) : ElementValue(*field, depth, base);
    if (!read) return false;
    if (!json.Next('}', &more)) return Malformed();
  }
  Finish(node, base);
  return true;
}

}  // namespace plumbline::cql::fhir
