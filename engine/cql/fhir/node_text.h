// Small readings of nodes: extensions, references, ids; and the text of an object as JSON.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/cql/context.h"
#include "engine/cql/fhir/node.h"

namespace plumbline::cql::fhir {

// Extension nodes of an element or resource.
[[nodiscard]] std::span<const Node> ExtensionsOf(const Node& node, bool modifier);
[[nodiscard]] std::string_view ExtensionUrl(const Node& extension);
[[nodiscard]] const Node* ExtensionValue(const Node& extension);
// Of a single element by name; null where it is absent.
[[nodiscard]] const Node* Child(const Node& node, std::string_view name);
// The System String of a single element; empty where it is absent.
[[nodiscard]] std::string_view ChildText(const Node& node, std::string_view name);
// "Encounter/123" of a resource.
[[nodiscard]] std::string ResourceKey(const Node& node);
// Leaves FHIRHelpers' error for a Quantity that has no System form.
Value FailConversion(EvalContext& context, const Node& node);
// Whether two nodes have the same type, fields and values.
[[nodiscard]] bool SameNode(const Node& a, const Node& b);

// Equal for equal nodes; cheap, so not unequal for all unequal ones.
[[nodiscard]] std::uint64_t NodeHash(const Node& node);
// The node as FHIR JSON on one line (numbers and dates in the model's form).
[[nodiscard]] std::string NodeJson(const Node& node);

}  // namespace plumbline::cql::fhir
