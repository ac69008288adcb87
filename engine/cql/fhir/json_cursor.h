// JSON walked by its structure: simdjson finds where every bracket, comma, colon, string and scalar begins in one vectorised
// pass, and a cursor steps over these places. Nothing is copied. What is passed over is checked for its order of brackets, commas
// and colons.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/cql/arena.h"

namespace plumbline::cql::fhir {

class JsonCursor {
 public:
  static constexpr std::uint32_t kDeepest = 512;

  JsonCursor() = default;
  // `places` has one more entry than `count`: the text's length.
  JsonCursor(const char* text, const std::uint32_t* places, std::size_t count) : text_(text), at_(places), end_(places + count) {}

  [[nodiscard]] bool AtEnd() const { return at_ == end_; }
  // The character that begins what comes next; 0 at the end.
  [[nodiscard]] char Peek() const { return at_ == end_ ? '\0' : text_[*at_]; }
  [[nodiscard]] bool AtValue() const {
    const char c = Peek();
    return c != '}' && c != ']' && c != ',' && c != ':' && c != '\0';
  }
  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  // A string with its quotes, or a scalar, as written. Not at the end.
  [[nodiscard]] std::string_view Token() {
    const std::uint32_t begin = *at_++;
    std::uint32_t end = *at_;
    while (end > begin + 1 && IsSpace(text_[end - 1])) --end;
    return {text_ + begin, end - begin};
  }
  // A key, without its quotes and escapes unread, and the colon.
  [[nodiscard]] bool Key(std::string_view* key) {
    if (Peek() != '"') return false;
    const std::string_view token = Token();
    *key = token.substr(1, token.size() - 2);
    return token.size() >= 2 && token.back() == '"' && Take(':');
  }
  // Passes over one value; false where its brackets, commas and colons are not in order, or nested deeper than kDeepest.
  [[nodiscard]] bool Skip();
  // After an item of an object or array: true and *more where another follows, true where it ends; false where neither.
  [[nodiscard]] bool Next(char close, bool* more) {
    *more = Take(',');
    return *more || Take(close);
  }

 private:
  static bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

  const char* text_ = nullptr;
  const std::uint32_t* at_ = nullptr;
  const std::uint32_t* end_ = nullptr;
};

class JsonIndex {
 public:
  JsonIndex();
  ~JsonIndex();
  // A cursor at the document's value; its places go to `arena`, it is valid as long as they and the text are. Refuses what is not
  // UTF-8 and strings that do not end.
  [[nodiscard]] Result<JsonCursor> Scan(std::string_view text, Arena* arena);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

// The text of a string (without its quotes), its escapes read; false where one of them is none.
[[nodiscard]] bool UnescapeJson(std::string_view text, std::string* out);

}  // namespace plumbline::cql::fhir
