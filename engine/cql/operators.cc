#include "engine/cql/operators.h"

namespace plumbline::cql {

std::span<const OperatorEntry> Operators() { return {}; }

}  // namespace plumbline::cql
