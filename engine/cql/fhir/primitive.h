// The texts of FHIR primitives as System values.
#pragma once

#include <optional>
#include <string_view>

#include "engine/cql/fhir/model.h"
#include "engine/cql/value.h"

namespace plumbline::cql::fhir {

// `text` without quotes; null where it is not a value of that type (FHIR data in the field are not always valid).
[[nodiscard]] Value ParsePrimitive(Primitive primitive, std::string_view text);
// Decimals may carry an exponent and more than eight digits after the point (rounded half away from zero).
[[nodiscard]] Value ParseDecimalText(std::string_view text);
// YYYY, YYYY-MM, YYYY-MM-DD, and with a time hh:mm:ss[.f...](Z|+hh:mm) for a DateTime.
[[nodiscard]] std::optional<Temporal> ParseFhirDate(std::string_view text, TemporalKind kind);

}  // namespace plumbline::cql::fhir
