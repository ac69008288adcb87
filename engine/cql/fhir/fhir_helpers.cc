#include "engine/cql/fhir/fhir_helpers.h"

#include <array>

#include "engine/cql/fhir/model.h"
#include "engine/cql/fhir/node.h"
#include "engine/cql/fhir/node_text.h"

namespace plumbline::cql::fhir {
namespace {

// A FHIR object that has a System form, or null.
Value SystemForm(EvalContext& context, const Value* args, std::size_t /*count*/) {
  if (!args[0].Is(Tag::kObject)) return {};
  const Node& node = *static_cast<const Node*>(args[0].object());
  if (node.converted > Converted::kYes) return FailConversion(context, node);
  return node.system;
}

struct Helper {
  std::string_view function, operand;
};
constexpr std::array kHelpers{
    Helper{"ToInterval", "FHIR.Period"}, Helper{"ToInterval", "FHIR.Range"},   Helper{"ToQuantity", "FHIR.Quantity"},
    Helper{"ToRatio", "FHIR.Ratio"},     Helper{"ToCode", "FHIR.Coding"},      Helper{"ToConcept", "FHIR.CodeableConcept"},
    Helper{"ToBoolean", "FHIR.boolean"}, Helper{"ToDate", "FHIR.date"},        Helper{"ToDateTime", "FHIR.dateTime"},
    Helper{"ToTime", "FHIR.time"},       Helper{"ToDateTime", "FHIR.instant"}, Helper{"ToDecimal", "FHIR.decimal"},
    Helper{"ToInteger", "FHIR.integer"},
};

}  // namespace

DataModel::NativeFn FindHelper(std::string_view function, std::string_view operand_type) {
  for (const Helper& helper : kHelpers) {
    if (helper.function == function && helper.operand == operand_type) return SystemForm;
  }
  if (function != "ToString" || !operand_type.starts_with("FHIR.")) return nullptr;
  const ModelClass* type = Models::BuiltIn().fhir().Find(operand_type.substr(5));
  return type != nullptr && type->primitive() == Primitive::kString ? SystemForm : nullptr;
}

}  // namespace plumbline::cql::fhir
