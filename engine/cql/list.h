// Lists as sets: keeping the first of what is equal, in order. Linear time by hashing once a list is long.
#pragma once

#include <unordered_map>
#include <vector>

#include "engine/cql/compare.h"

namespace plumbline::cql {

// A growing set of values; equality is EqualElements, so what is not known to be equal is kept.
class ValueSetBuilder {
 public:
  explicit ValueSetBuilder(const EvalContext& ctx) : ctx_(ctx) {}

  // False where an equal value is there already.
  bool Insert(const Value& value);
  [[nodiscard]] bool Contains(const Value& value) const;
  [[nodiscard]] std::span<const Value> values() const { return values_; }

 private:
  static constexpr std::size_t kHashFrom = 16;  // shorter lists are searched

  const EvalContext& ctx_;
  std::vector<Value> values_;
  std::unordered_multimap<std::uint64_t, std::size_t> index_;  // hash to place in values_
};

// The list without repetitions (query results, distinct, union).
[[nodiscard]] Value DistinctList(EvalContext& ctx, std::span<const Value> items);
// Sorted by SortOrder, stable; `descending` turns the order round.
[[nodiscard]] Value SortedList(EvalContext& ctx, std::span<const Value> items, bool descending);

}  // namespace plumbline::cql
