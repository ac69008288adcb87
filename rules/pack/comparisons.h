// What most expressions of rules say, without the expression machine: chains of simple comparisons, joined by `and` or by `or`.
//
//   chain      = comparison { "and" comparison } | comparison { "or" comparison }
//   comparison = alias ".value" op number "'" unit "'"
//              | alias "." ("time" | "arrival") op alias "." ("time" | "arrival") [ ("+" | "-") integer duration ]
//   op         = "<" | "<=" | ">" | ">=";  duration = millisecond | second | minute | hour | day | week (or their plurals)
//
// The answer is that of the compiled expression; where a row is not of the plain shape (no value in 64 bits, another unit than
// the one that is named, a time beyond the calendar) the compiled expression is asked.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/rule/kind.h"
#include "rules/pack/condition.h"

namespace plumbline::rules {

// `general` itself where the text is no such chain. `general` answers whatever the chain cannot.
[[nodiscard]] std::shared_ptr<const rule::Condition> Specialise(std::string_view text, const std::vector<Alias>& aliases,
                                                                std::shared_ptr<const rule::Condition> general);

}  // namespace plumbline::rules
