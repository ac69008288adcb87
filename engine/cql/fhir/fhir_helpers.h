// The conversions of the library FHIRHelpers, answered from what a node already holds. Same results as the library's text.
#pragma once

#include <string_view>

#include "engine/cql/data_model.h"

namespace plumbline::cql::fhir {

// Of FHIRHelpers' one-operand functions on FHIR types; null where the text is to be compiled.
[[nodiscard]] DataModel::NativeFn FindHelper(std::string_view function, std::string_view operand_type);

}  // namespace plumbline::cql::fhir
