// Text to tokens. Keywords are identifiers to the lexer: most of CQL's keywords may also be names, and the parser knows where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cql/source.h"

namespace plumbline::cql {

enum class TokenKind : std::uint8_t {
  kEnd,
  kIdentifier,  // letters, digits, underscores; keywords too
  kQuoted,      // "..." or `...`
  kString,      // '...'
  kInteger,
  kLong,  // 5L
  kDecimal,
  kDate,      // @2012-03
  kDateTime,  // @2012-03T, @2012-03-04T10:11+02:00
  kTime,      // @T10:11
  kSymbol,    // punctuation, one token per operator
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  bool keyword = false;   // an identifier that the language uses itself
  std::string_view text;  // as written, dates without '@', quoted ones without their quotes
  Span span;
};

// Ends with a kEnd token. Lexical errors are reported and passed over.
[[nodiscard]] std::vector<Token> Tokenize(const SourceText& source, Diagnostics* diagnostics);

// The characters that a quoted token's text stands for (\n, A, '' and the like).
[[nodiscard]] std::string Unescape(std::string_view text);
[[nodiscard]] bool IsKeyword(std::string_view word);

}  // namespace plumbline::cql
