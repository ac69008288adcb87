// Text to tokens. Linear, without recursion; a token keeps its place in the text. Keywords are identifiers here: which words are
// reserved where is the parser's to know.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cql/source.h"

namespace plumbline::cql {

enum class TokenKind : std::uint8_t {
  kEnd,
  kIdentifier,  // also keywords
  kQuoted,      // "x" or `x`
  kString,      // 'x'
  kNumber,      // 1, 1.5
  kLong,        // 1L
  kDate,        // @2012-01
  kDateTime,    // @2012-01T
  kTime,        // @T10:00
  kSymbol,      // ( ) [ ] { } , . : ; < <= > >= = != ~ !~ + - * / ^ & | % $ ->
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Span span;
  std::string_view text;  // as written, with its quotes
};

struct TokenList {
  std::vector<Token> tokens;    // ends with kEnd
  std::vector<Token> comments;  // kSymbol tokens over the comments' text, in order
};

inline constexpr std::size_t kMaxSourceBytes = std::size_t{4} << 20;

[[nodiscard]] TokenList Lex(const Source& source, Diagnostics* diagnostics);
// What a quoted token means: quotes taken off, escapes resolved. An escape that is not one is reported.
[[nodiscard]] std::string Unquote(const Source& source, const Token& token, Diagnostics* diagnostics);

}  // namespace plumbline::cql
