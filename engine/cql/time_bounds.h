// Reads bounds in time out of a condition: which of its conjuncts say when an element of the object in a slot must be.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "engine/cql/dependencies.h"
#include "engine/cql/program.h"

namespace plumbline::cql {

using LetMap = std::map<std::int32_t, const Expr*>;  // the slot of a `let`: its expression

// Whether the operator reads the evaluation's instant.
[[nodiscard]] bool IsClock(const Expr& node);
void AddTimeBounds(const Expr* condition, std::int32_t slot, const LetMap& lets, std::vector<TimeBound>* out);

}  // namespace plumbline::cql
