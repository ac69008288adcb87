#include "engine/cql/lexer.h"

#include <array>
#include <optional>

namespace plumbline::cql {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

constexpr std::array<std::string_view, 5> kTwoCharacters{"<=", ">=", "!=", "!~", "->"};
constexpr std::string_view kOneCharacter = "()[]{},.:;<>=~+-*/^&|%$";

class Lexer {
 public:
  Lexer(const Source& source, Diagnostics* diagnostics) : source_(source), text_(source.text()), diagnostics_(diagnostics) {}

  TokenList Run() {
    if (text_.size() > kMaxSourceBytes) {
      Report({0, 1}, "the text is longer than " + std::to_string(kMaxSourceBytes) + " bytes");
      text_ = {};
    }
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    while (true) {
      SkipSpace();
      if (at_ >= text_.size()) break;
      Next();
    }
    Push(TokenKind::kEnd, at_);
    return std::move(list_);
  }

 private:
  void Report(Span span, std::string message) {
    diagnostics_->Add(
        {.kind = DiagnosticKind::kLexical, .source = &source_, .span = span, .message = std::move(message), .hint = {}});
  }

  [[nodiscard]] char Peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void Push(TokenKind kind, std::size_t begin) {
    list_.tokens.push_back({kind,
                            {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)},
                            source_.text().substr(std::min(begin, text_.size()), at_ - begin)});
  }

  void PushComment(std::size_t begin) {
    list_.comments.push_back({TokenKind::kSymbol,
                              {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)},
                              source_.text().substr(begin, at_ - begin)});
  }

  void SkipSpace() {
    while (at_ < text_.size()) {
      if (IsSpace(text_[at_])) {
        ++at_;
      } else if (Peek() == '\xC2' && Peek(1) == '\xA0') {  // a no-break space, which published libraries contain
        at_ += 2;
      } else if (Peek() == '/' && Peek(1) == '/') {
        const std::size_t begin = at_;
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
        PushComment(begin);
      } else if (Peek() == '/' && Peek(1) == '*') {
        const std::size_t begin = at_;
        const std::size_t end = text_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? text_.size() : end + 2;
        if (end == std::string_view::npos) Report(SpanFrom(begin, begin + 2), "this comment is not closed by '*/'");
        PushComment(begin);
      } else {
        return;
      }
    }
  }

  static Span SpanFrom(std::size_t begin, std::size_t end) {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }

  void Next() {
    const std::size_t begin = at_;
    const char c = Peek();
    if (IsLetter(c)) {
      while (IsLetter(Peek()) || IsDigit(Peek())) ++at_;
      Push(TokenKind::kIdentifier, begin);
    } else if (IsDigit(c)) {
      Number(begin);
    } else if (c == '"' || c == '`') {
      Quoted(begin, c, TokenKind::kQuoted);
    } else if (c == '\'') {
      Quoted(begin, c, TokenKind::kString);
    } else if (c == '@') {
      DateOrTime(begin);
    } else {
      Symbol(begin);
    }
  }

  void Number(std::size_t begin) {
    while (IsDigit(Peek())) ++at_;
    if (Peek() == '.' && IsDigit(Peek(1))) {
      ++at_;
      while (IsDigit(Peek())) ++at_;
      Push(TokenKind::kNumber, begin);
      return;
    }
    if (Peek() == 'L' && !IsLetter(Peek(1)) && !IsDigit(Peek(1))) {
      ++at_;
      Push(TokenKind::kLong, begin);
      return;
    }
    Push(TokenKind::kNumber, begin);
  }

  void Quoted(std::size_t begin, char quote, TokenKind kind) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) {
      at_ = text_.size();
      Report(SpanFrom(begin, begin + 1), std::string("this ") + quote + " is not closed");
    } else {
      ++at_;
    }
    Push(kind, begin);
  }

  void TimePart() {
    while (IsDigit(Peek()) || (Peek() == ':' && IsDigit(Peek(1))) || (Peek() == '.' && IsDigit(Peek(1)))) ++at_;
  }

  void DateOrTime(std::size_t begin) {
    ++at_;
    if (Peek() == 'T') {
      ++at_;
      TimePart();
      Push(TokenKind::kTime, begin);
      return;
    }
    while (IsDigit(Peek()) || (Peek() == '-' && IsDigit(Peek(1)))) ++at_;
    if (at_ == begin + 1) Report(SpanFrom(begin, at_), "expected a date or a time after '@'");
    if (Peek() != 'T') {
      Push(TokenKind::kDate, begin);
      return;
    }
    ++at_;
    TimePart();
    if (Peek() == 'Z') {
      ++at_;
    } else if ((Peek() == '+' || Peek() == '-') && IsDigit(Peek(1)) && IsDigit(Peek(2)) && Peek(3) == ':') {
      at_ += 4;
      while (IsDigit(Peek())) ++at_;
    }
    Push(TokenKind::kDateTime, begin);
  }

  void Symbol(std::size_t begin) {
    for (const std::string_view two : kTwoCharacters) {
      if (text_.substr(at_, 2) == two) {
        at_ += 2;
        Push(TokenKind::kSymbol, begin);
        return;
      }
    }
    ++at_;
    if (kOneCharacter.contains(text_[begin])) {
      Push(TokenKind::kSymbol, begin);
      return;
    }
    while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xC0U) == 0x80U) ++at_;
    Report(SpanFrom(begin, at_), "this character has no meaning here");
  }

  const Source& source_;
  std::string_view text_;
  Diagnostics* diagnostics_;
  TokenList list_;
  std::size_t at_ = 0;
};

void AppendUtf8(std::uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xC0U | (code >> 6U));
    *out += static_cast<char>(0x80U | (code & 0x3FU));
  } else {
    *out += static_cast<char>(0xE0U | (code >> 12U));
    *out += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    *out += static_cast<char>(0x80U | (code & 0x3FU));
  }
}

std::optional<std::uint32_t> Hex4(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  std::uint32_t code = 0;
  for (const char c : text.substr(0, 4)) {
    const int digit = IsDigit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return std::nullopt;
    code = code * 16 + static_cast<std::uint32_t>(digit);
  }
  return code;
}

char SimpleEscape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'f':
      return '\f';
    case '\\':
    case '/':
    case '\'':
    case '"':
    case '`':
      return c;
    default:
      return '\0';
  }
}

}  // namespace

TokenList Lex(const Source& source, Diagnostics* diagnostics) { return Lexer(source, diagnostics).Run(); }

std::string Unquote(const Source& source, const Token& token, Diagnostics* diagnostics) {
  std::string_view text = token.text;
  if (text.size() >= 2) text = text.substr(1, text.size() - 2);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      out += text[i];
      continue;
    }
    ++i;
    if (text[i] == 'u') {
      if (const auto code = Hex4(text.substr(i + 1))) {
        AppendUtf8(*code, &out);
        i += 4;
        continue;
      }
    } else if (const char c = SimpleEscape(text[i]); c != '\0') {
      out += c;
      continue;
    }
    const auto at = static_cast<std::uint32_t>(token.span.begin + i);
    diagnostics->Add({.kind = DiagnosticKind::kLexical,
                      .source = &source,
                      .span = {at, at + 2},
                      .message = "this escape has no meaning in a string",
                      .hint = {}});
    out += text[i];
  }
  return out;
}

}  // namespace plumbline::cql
