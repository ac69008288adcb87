#include "engine/cql/value.h"

#include <array>

namespace plumbline::cql {

std::string_view TagName(Tag tag) {
  constexpr std::array<std::string_view, 20> kNames = {
      "Any",   "Boolean",  "Integer", "Long",  "Decimal", "String",  "Date",     "DateTime",   "Time",   "Quantity",
      "Ratio", "Interval", "List",    "Tuple", "Code",    "Concept", "ValueSet", "CodeSystem", "Object", "Uncertainty"};
  return kNames[static_cast<std::size_t>(tag)];
}

}  // namespace plumbline::cql
