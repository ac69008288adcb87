// A syntax tree as text without places, so that two trees can be compared: what a text means as the parser sees it.
#pragma once

#include <string>

#include "engine/cql/ast.h"

namespace plumbline::cql {

[[nodiscard]] std::string SyntaxText(const SyntaxTree& tree);

}  // namespace plumbline::cql
