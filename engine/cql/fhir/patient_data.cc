#include "engine/cql/fhir/patient_data.h"

#include <algorithm>

#include "engine/cql/fhir/model.h"
#include "engine/cql/fhir/node_text.h"

namespace plumbline::cql::fhir {
namespace {

// Null data(): the code's system is not stated.
bool InCodes(EvalContext& context, const Value& codes, std::string_view code, std::string_view system) {
  switch (codes.tag()) {
    case Tag::kValueSet:
    case Tag::kCodeSystem: {
      const VocabularyData& vocabulary = codes.vocabulary();
      std::optional<bool> in;
      if (context.terms != nullptr) {
        in = codes.Is(Tag::kValueSet) ? context.terms->InValueSet(vocabulary, code, system)
                                      : context.terms->InCodeSystem(vocabulary, code);
      }
      if (!in) context.Fail(EvalErrorKind::kTerminology, "unknown value set or code system " + std::string(vocabulary.id));
      return in.value_or(false);
    }
    case Tag::kCode: {
      const CodeData& wanted = codes.code();
      return wanted.code == code && (wanted.system.data() == nullptr || system.data() == nullptr || wanted.system == system);
    }
    case Tag::kConcept: {
      const ConceptData& data = codes.concept_data();
      return std::any_of(data.codes, data.codes + data.size,
                         [&](const Value& each) { return InCodes(context, each, code, system); });
    }
    case Tag::kList:
      return std::ranges::any_of(codes.list(), [&](const Value& each) { return InCodes(context, each, code, system); });
    case Tag::kString:
      return codes.string() == code;
    default:
      return false;
  }
}

// A "not done" resource may name the value set instead of a code of it.
bool NamesSet(const Node& node, const Value& codes) {
  if (!codes.Is(Tag::kValueSet)) return false;
  for (const Node& extension : ExtensionsOf(node, false)) {
    if (!ExtensionUrl(extension).ends_with("notDoneValueSet")) continue;
    const Node* value = ExtensionValue(extension);
    if (value == nullptr || !value->system.Is(Tag::kString)) continue;
    const std::string_view url = value->system.string();
    if (url.substr(0, url.find('|')) == codes.vocabulary().id) return true;
  }
  return false;
}

bool HasProfile(const Resource& resource, std::uint16_t profile) {
  return std::ranges::find(resource.profiles, profile) != resource.profiles.end();
}

}  // namespace

bool PatientData::CodesMatch(EvalContext& context, const RetrieveSpec& spec, const Value& value) const {
  switch (value.tag()) {
    case Tag::kCode:
      return value.code().code.data() != nullptr && InCodes(context, spec.codes, value.code().code, value.code().system);
    case Tag::kConcept: {
      const ConceptData& data = value.concept_data();
      for (std::size_t i = 0; i < data.size; ++i) {
        if (CodesMatch(context, spec, data.codes[i])) return true;
      }
      return false;
    }
    case Tag::kString:
      return InCodes(context, spec.codes, value.string(), {});
    default:
      return false;
  }
}

bool PatientData::NodeMatches(EvalContext& context, const RetrieveSpec& spec, const Node& node) const {
  if (!node.system.IsNull() && CodesMatch(context, spec, node.system)) return true;
  if (node.type == nullptr) return false;
  if (node.type->name() == "Reference") {
    // medicationReference and the like: the code of the resource that is referred to. A retrieve that writes its path means the
    // element itself.
    if (!spec.primary_path) return false;
    const Resource* target = resources_->Resolve(ChildText(node, "reference"));
    const Node* code = target == nullptr ? nullptr : Child(*target->node, "code");
    return code != nullptr && CodesMatch(context, spec, code->system);
  }
  return NamesSet(node, spec.codes);
}

bool PatientData::CodeMatches(EvalContext& context, const RetrieveSpec& spec, const Node& resource) const {
  const Node* at = &resource;
  std::string_view path = spec.code_path;
  // All but the last step lead to one element, through a reference where there is one ("device.type").
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    const Node* next = Child(*at, path.substr(0, dot));
    if (next != nullptr && next->type != nullptr && next->type->name() == "Reference") {
      const Resource* target = resources_->Resolve(ChildText(*next, "reference"));
      next = target == nullptr ? nullptr : target->node;
    }
    if (next == nullptr) return false;
    at = next;
    path = path.substr(dot + 1);
  }
  if (at->type == nullptr) return false;
  const ModelElement* element = at->type->Find(path);
  if (element == nullptr) return false;
  const Field* field = at->Find(static_cast<std::uint16_t>(element - at->type->elements().data()));
  if (field == nullptr) return false;
  return std::any_of(field->nodes, field->nodes + field->count,
                     [&](const Node& node) { return NodeMatches(context, spec, node); });
}

Value PatientData::Retrieve(EvalContext& context, const RetrieveSpec& spec) {
  if (resources_ == nullptr || spec.type == nullptr) {
    return context.Fail(EvalErrorKind::kData, "a retrieve without patient data");
  }
  const auto& type = static_cast<const ModelClass&>(*spec.type);
  const std::span<const Resource> candidates = resources_->OfType(*type.fhir());
  if (!resources_->error().empty()) return context.Fail(EvalErrorKind::kData, resources_->error());
  const bool any_profile = type.profile().starts_with("http://hl7.org/fhir/StructureDefinition/");
  const std::uint16_t profile = any_profile ? std::uint16_t{0} : type.profile_id();
  Value* found = context.arena.AllocateArray<Value>(candidates.size());
  std::size_t count = 0;
  for (const Resource& resource : candidates) {
    if (!any_profile && !HasProfile(resource, profile)) continue;
    const bool matches = spec.code_path.empty() || spec.codes.IsNull() || CodeMatches(context, spec, *resource.node);
    if (!resources_->error().empty()) (void)context.Fail(EvalErrorKind::kData, resources_->error());
    if (context.Failed()) return {};
    if (!matches) continue;
    found[count++] = Value::Object(&type, resource.node);
  }
  return Value::List(found, count);
}

}  // namespace plumbline::cql::fhir
