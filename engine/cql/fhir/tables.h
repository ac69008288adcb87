// The tables of tables/*.model, put into the program by the build.
#pragma once

#include <string_view>

namespace plumbline::cql::fhir {

extern const std::string_view kFhirTable;
extern const std::string_view kUsCoreTable;
extern const std::string_view kQiCoreTable;

}  // namespace plumbline::cql::fhir
