// Tokens to a syntax tree: recursive descent with precedence climbing, one token of lookahead in nearly all places, linear in the
// length of the text. Nesting is bounded by kMaxDepth; several errors are reported, each definition being parsed on its own.
#pragma once

#include "engine/cql/ast.h"
#include "engine/cql/source.h"

namespace plumbline::cql {

// The source must outlive the tree.
[[nodiscard]] SyntaxTree ParseLibrary(const Source& source, Diagnostics* diagnostics);
[[nodiscard]] SyntaxTree ParseExpression(const Source& source, Diagnostics* diagnostics);

// Words that cannot be the name of an alias without quotes.
[[nodiscard]] bool IsKeyword(std::string_view word);

}  // namespace plumbline::cql
