// Tokens to Syntax. Recursive descent with precedence climbing: linear in the length of the text, bounded in depth. Errors are
// reported with place; after one the parser goes on at the next declaration, so that several are found at once.
#pragma once

#include <memory>

#include "engine/cql/ast.h"
#include "engine/cql/source.h"

namespace plumbline::cql {

inline constexpr int kMaxNesting = 400;  // of expressions within each other

[[nodiscard]] std::unique_ptr<Syntax> ParseLibrary(const SourceText& source, Diagnostics* diagnostics);
// The whole text is one expression.
[[nodiscard]] std::unique_ptr<Syntax> ParseExpression(const SourceText& source, Diagnostics* diagnostics);

}  // namespace plumbline::cql
