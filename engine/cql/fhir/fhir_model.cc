#include "engine/cql/fhir/fhir_model.h"

#include "engine/cql/fhir/fhir_helpers.h"

namespace plumbline::cql::fhir {
namespace {

// The System type to which FHIRHelpers takes a FHIR class; empty where it has no conversion.
std::string ConversionTarget(const ModelClass& type) {
  switch (type.primitive()) {
    case Primitive::kString:
      return "System.String";
    case Primitive::kBoolean:
      return "System.Boolean";
    case Primitive::kInteger:
      return "System.Integer";
    case Primitive::kDecimal:
      return "System.Decimal";
    case Primitive::kDate:
      return "System.Date";
    case Primitive::kDateTime:
      return "System.DateTime";
    case Primitive::kTime:
      return "System.Time";
    case Primitive::kNone:
      break;
  }
  if (type.base() != nullptr && type.base()->conversion() != Conversion::kNone)
    return {};  // Age and the like convert as Quantity
  switch (type.conversion()) {
    case Conversion::kCode:
      return "System.Code";
    case Conversion::kConcept:
      return "System.Concept";
    case Conversion::kQuantity:
      return "System.Quantity";
    case Conversion::kPeriod:
      return "Interval<System.DateTime>";
    case Conversion::kRange:
      return "Interval<System.Quantity>";
    case Conversion::kRatio:
      return "System.Ratio";
    case Conversion::kNone:
      return {};
  }
  return {};
}

std::string FunctionFor(std::string_view target) {
  if (target.starts_with("Interval")) return "ToInterval";
  return "To" + std::string(target.substr(std::string_view("System.").size()));
}

}  // namespace

FhirModel::FhirModel(const Model& model) : model_(model) {
  for (const ModelClass& type : model.classes()) {
    names_.push_back(type.name());
    if (type.fhir() != &type) continue;
    const std::string target = ConversionTarget(type);
    if (target.empty()) continue;
    conversions_.push_back(
        {.from_type = type.full_name(), .to_type = target, .library = "FHIRHelpers", .function = FunctionFor(target)});
  }
}

std::string FhirModel::FullType(std::string_view type) const {
  if (type.ends_with("[]")) return "List<" + FullType(type.substr(0, type.size() - 2)) + ">";
  if (type.contains('|')) {
    std::string choice = "Choice<";
    while (!type.empty()) {
      const std::size_t bar = type.find('|');
      choice += FullType(type.substr(0, bar));
      type = bar == std::string_view::npos ? std::string_view() : type.substr(bar + 1);
      choice += type.empty() ? ">" : ", ";
    }
    return choice;
  }
  if (type.starts_with("Interval<")) return "Interval<" + FullType(type.substr(9, type.size() - 10)) + ">";
  if (type.starts_with('.')) return "System" + std::string(type);
  const ModelClass* found = model_.Find(type);
  if (found == nullptr) return "System.Any";
  return found->alias().empty() ? found->full_name() : FullType(found->alias());
}

std::optional<std::string> FhirModel::ResolveType(std::string_view type) const {
  const ModelClass* found = model_.Find(type);
  if (found == nullptr) return std::nullopt;
  return found->alias().empty() ? found->full_name() : FullType(found->alias());
}

std::optional<std::string> FhirModel::BaseType(std::string_view type) const {
  const ModelClass* found = model_.Find(type);
  if (found == nullptr) return std::nullopt;
  return found->base() == nullptr ? "System.Any" : found->base()->full_name();
}

std::optional<PropertyInfo> FhirModel::Property(std::string_view type, std::string_view property) const {
  const ModelClass* found = model_.Find(type);
  const ModelElement* element = found == nullptr ? nullptr : found->Find(property);
  if (element == nullptr) return std::nullopt;
  return PropertyInfo{.type = FullType(element->type), .id = element->id};
}

std::string FhirModel::PropertyNames(std::string_view type) const {
  std::string names;
  const ModelClass* found = model_.Find(type);
  if (found == nullptr) return names;
  for (const ModelElement& element : found->elements()) {
    if (!names.empty()) names += ' ';
    names += element.name;
  }
  return names;
}

std::optional<RetrieveInfo> FhirModel::Retrievable(std::string_view type) const {
  const ModelClass* found = model_.Find(type);
  if (found == nullptr || !found->retrievable() || found->fhir() == nullptr) return std::nullopt;
  return RetrieveInfo{.template_id = std::string(found->profile()),
                      .primary_code_path = std::string(found->code_path()),
                      .base_type = found->fhir()->full_name()};
}

DataModel::NativeFn FhirModel::Native(std::string_view library, std::string_view function,
                                      std::span<const std::string_view> operand_types) const {
  if (library != "FHIRHelpers" || operand_types.size() != 1) return nullptr;
  return FindHelper(function, operand_types[0]);
}

const DataModel* FindModel(std::string_view name, std::string_view version) {
  static const std::vector<std::unique_ptr<FhirModel>> models = [] {
    std::vector<std::unique_ptr<FhirModel>> made;
    for (const Model& model : Models::BuiltIn().all()) made.push_back(std::make_unique<FhirModel>(model));
    return made;
  }();
  for (const auto& model : models) {
    if (model->name() == name && (version.empty() || model->version() == version)) return model.get();
  }
  return nullptr;
}

}  // namespace plumbline::cql::fhir
