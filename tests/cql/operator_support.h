// Lets a test write an operator's call as a line of text, "Add(1, 2) => 3": operands and result are literals read by a small
// reader that knows nothing of the language's parser, so that operators are tested without it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/cql/compare.h"
#include "engine/cql/context.h"
#include "engine/cql/literal.h"
#include "engine/cql/operators.h"

namespace plumbline::cql::test {

class OperatorFixture {
 public:
  OperatorFixture();

  // Integers, 5L, decimals, 'strings', true, false, null, @dates, amounts with 'unit' or a calendar word, lists in braces, tuples
  // Tuple{a: 1}, intervals with either kind of bracket, Code{'c', 's'}, and the names of precisions as operands.
  [[nodiscard]] Value Read(std::string_view text);
  // The function of the first overload of `name` whose operands fit; null when there is none.
  [[nodiscard]] const OperatorFn* Find(std::string_view name, const std::vector<Value>& args) const;
  [[nodiscard]] Value Call(std::string_view name, const std::vector<Value>& args);
  // "Name(a, b) => result", "... => error"; true when it holds, else what came instead is in `got`.
  [[nodiscard]] bool Holds(std::string_view line);

  EvalContext& context() { return ctx_; }
  std::string got;

 private:
  Arena arena_;
  EvalContext ctx_{arena_};
};

}  // namespace plumbline::cql::test

// Checks each line of a list of calls, naming the one that fails.
#define CHECK_CALLS(...)                                              \
  do {                                                                \
    plumbline::cql::test::OperatorFixture fixture_;                   \
    for (const char* line_ : std::vector<const char*>{__VA_ARGS__}) { \
      const bool holds_ = fixture_.Holds(line_);                      \
      INFO(line_ << "   got: " << fixture_.got);                      \
      CHECK(holds_);                                                  \
    }                                                                 \
  } while (false)
