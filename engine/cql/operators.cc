#include "engine/cql/operators.h"

#include <vector>

#include "engine/cql/operators_internal.h"

namespace plumbline::cql {

std::span<const OperatorEntry> Operators() {
  static const std::vector<OperatorEntry> rows = [] {
    std::vector<OperatorEntry> all;
    for (const auto area : {ops::LogicOperators(), ops::ArithmeticOperators(), ops::MathOperators(), ops::StringOperators(),
                            ops::DateTimeOperators(), ops::IntervalOperators(), ops::IntervalSetOperators(), ops::ListOperators(),
                            ops::AggregateOperators(), ops::ConversionOperators(), ops::TermOperators()}) {
      all.insert(all.end(), area.begin(), area.end());
    }
    return all;
  }();
  return rows;
}

}  // namespace plumbline::cql
