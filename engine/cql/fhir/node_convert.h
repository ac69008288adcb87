// What FHIRHelpers makes of Coding, CodeableConcept, Quantity, Period, Range and Ratio, computed when a resource is read.
#pragma once

#include "engine/cql/arena.h"
#include "engine/cql/fhir/node.h"

namespace plumbline::cql::fhir {

// Sets node->system and node->converted; the node's type has a conversion and its fields are complete.
void ConvertNode(Arena& arena, Node* node);

}  // namespace plumbline::cql::fhir
