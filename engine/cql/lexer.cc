#include "engine/cql/lexer.h"

#include <algorithm>
#include <array>

namespace plumbline::cql {
namespace {

constexpr std::array<std::string_view, 126> kKeywords{"Choice",       "Code",
                                                      "Concept",      "Interval",
                                                      "List",         "Tuple",
                                                      "after",        "aggregate",
                                                      "all",          "and",
                                                      "as",           "asc",
                                                      "ascending",    "before",
                                                      "between",      "by",
                                                      "called",       "case",
                                                      "cast",         "code",
                                                      "codesystem",   "codesystems",
                                                      "collapse",     "concept",
                                                      "contains",     "context",
                                                      "convert",      "date",
                                                      "day",          "days",
                                                      "default",      "define",
                                                      "desc",         "descending",
                                                      "difference",   "display",
                                                      "distinct",     "div",
                                                      "duration",     "during",
                                                      "else",         "end",
                                                      "ends",         "except",
                                                      "exists",       "expand",
                                                      "external",     "false",
                                                      "flatten",      "fluent",
                                                      "from",         "function",
                                                      "hour",         "hours",
                                                      "if",           "implies",
                                                      "in",           "include",
                                                      "included",     "includes",
                                                      "intersect",    "is",
                                                      "less",         "let",
                                                      "library",      "maximum",
                                                      "meets",        "millisecond",
                                                      "milliseconds", "minimum",
                                                      "minute",       "minutes",
                                                      "mod",          "month",
                                                      "months",       "more",
                                                      "not",          "null",
                                                      "occurs",       "of",
                                                      "on",           "or",
                                                      "overlaps",     "parameter",
                                                      "per",          "point",
                                                      "predecessor",  "private",
                                                      "properly",     "public",
                                                      "return",       "same",
                                                      "second",       "seconds",
                                                      "singleton",    "sort",
                                                      "start",        "starting",
                                                      "starts",       "successor",
                                                      "such",         "than",
                                                      "that",         "then",
                                                      "time",         "timezoneoffset",
                                                      "to",           "true",
                                                      "union",        "using",
                                                      "valueset",     "version",
                                                      "week",         "weeks",
                                                      "when",         "where",
                                                      "width",        "with",
                                                      "within",       "without",
                                                      "xor",          "year",
                                                      "years",        "returns",
                                                      "skip",         "take"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class Lexer {
 public:
  Lexer(const SourceText& source, Diagnostics* diagnostics) : text_(source.text()), diagnostics_(diagnostics) {}

  std::vector<Token> Run() {
    if (text_.size() > kMaxSourceBytes) {
      diagnostics_->Error(Phase::kSyntax, {0, 1}, "the text is longer than 8 MiB");
      text_ = {};
    }
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    while (SkipSpace()) Next();
    Push(TokenKind::kEnd, at_, at_, 0);
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char Peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  [[nodiscard]] static Span SpanOf(std::size_t begin, std::size_t end) {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }

  void Push(TokenKind kind, std::size_t begin, std::size_t end, std::size_t quote) {
    Token token{
        .kind = kind, .keyword = false, .text = text_.substr(begin + quote, end - begin - 2 * quote), .span = SpanOf(begin, end)};
    if (kind == TokenKind::kIdentifier) token.keyword = IsKeyword(token.text);
    tokens_.push_back(token);
  }

  // False at the end of the text.
  bool SkipSpace() {
    while (at_ < text_.size()) {
      const char c = Peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++at_;
      } else if (c == '/' && Peek(1) == '/') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '/' && Peek(1) == '*') {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos)
          diagnostics_->Error(Phase::kSyntax, SpanOf(at_, at_ + 2), "a comment that is not closed");
        at_ = end == std::string_view::npos ? text_.size() : end + 2;
      } else {
        return true;
      }
    }
    return false;
  }

  void Next() {
    const char c = Peek();
    const std::size_t begin = at_;
    if (IsLetter(c)) {
      while (IsLetter(Peek()) || IsDigit(Peek())) ++at_;
      return Push(TokenKind::kIdentifier, begin, at_, 0);
    }
    if (IsDigit(c)) return Number();
    if (c == '\'') return Quoted('\'', TokenKind::kString);
    if (c == '"' || c == '`') return Quoted(c, TokenKind::kQuoted);
    if (c == '@') return Temporal();
    constexpr std::array<std::string_view, 6> kPairs{"<=", ">=", "!=", "!~", "->", "<>"};
    for (const std::string_view pair : kPairs) {
      if (text_.substr(at_).starts_with(pair)) {
        at_ += 2;
        return Push(TokenKind::kSymbol, begin, at_, 0);
      }
    }
    ++at_;
    constexpr std::string_view kSingles = "()[]{},.:+-*/^&|<>=~%$;";
    if (kSingles.contains(c)) return Push(TokenKind::kSymbol, begin, at_, 0);
    while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xC0) == 0x80) ++at_;
    diagnostics_->Error(Phase::kSyntax, SpanOf(begin, at_),
                        "the character '" + std::string(text_.substr(begin, at_ - begin)) + "' does not belong to the language");
  }

  void Number() {
    const std::size_t begin = at_;
    TokenKind kind = TokenKind::kInteger;
    while (IsDigit(Peek())) ++at_;
    if (Peek() == '.' && IsDigit(Peek(1))) {
      kind = TokenKind::kDecimal;
      ++at_;
      while (IsDigit(Peek())) ++at_;
    } else if (Peek() == 'L') {
      Push(TokenKind::kLong, begin, at_, 0);
      ++at_;
      tokens_.back().span.end = static_cast<std::uint32_t>(at_);
      return;
    }
    Push(kind, begin, at_, 0);
  }

  void Quoted(char quote, TokenKind kind) {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != quote) {
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ >= text_.size()) {
      diagnostics_->Error(Phase::kSyntax, SpanOf(begin, begin + 1), std::string("no closing ") + quote);
      at_ = text_.size();
      return;
    }
    ++at_;
    Push(kind, begin, at_, 1);
  }

  bool Digits(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!IsDigit(Peek(i))) return false;
    }
    at_ += count;
    return true;
  }

  // hh[:mm[:ss[.f...]]]
  bool TimePart() {
    if (!Digits(2)) return false;
    for (int i = 0; i < 2; ++i) {
      if (Peek() != ':') return true;
      ++at_;
      if (!Digits(2)) return false;
    }
    if (Peek() == '.' && IsDigit(Peek(1))) {
      ++at_;
      while (IsDigit(Peek())) ++at_;
    }
    return true;
  }

  void Temporal() {
    const std::size_t begin = at_++;
    TokenKind kind = TokenKind::kDate;
    bool good = true;
    if (Peek() == 'T') {
      ++at_;
      kind = TokenKind::kTime;
      good = TimePart();
    } else {
      good = Digits(4);
      for (int i = 0; good && i < 2 && Peek() == '-' && IsDigit(Peek(1)); ++i) {
        ++at_;
        good = Digits(2);
      }
      if (good && Peek() == 'T') {
        ++at_;
        kind = TokenKind::kDateTime;
        if (IsDigit(Peek())) good = TimePart();
        if (Peek() == 'Z') {
          ++at_;
        } else if ((Peek() == '+' || Peek() == '-') && IsDigit(Peek(1))) {
          ++at_;
          good = good && Digits(2) && Peek() == ':';
          ++at_;
          good = good && Digits(2);
        }
      }
    }
    at_ = std::min(at_, text_.size());
    if (!good)
      diagnostics_->Error(Phase::kSyntax, SpanOf(begin, at_),
                          "not a date or time; they are written @YYYY-MM-DDThh:mm:ss.fff+hh:mm");
    Push(kind, begin, at_, 0);
    tokens_.back().text.remove_prefix(1);
  }

  std::string_view text_;
  Diagnostics* diagnostics_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

void AppendUtf8(std::uint32_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | code >> 6));
    out->push_back(static_cast<char>(0x80 | (code & 63)));
  } else {
    out->push_back(static_cast<char>(0xE0 | code >> 12));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 63)));
    out->push_back(static_cast<char>(0x80 | (code & 63)));
  }
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool IsKeyword(std::string_view word) { return std::ranges::find(kKeywords, word) != kKeywords.end(); }

std::string Unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    const char c = text[++i];
    constexpr std::string_view kFrom = "nrtf";
    constexpr std::string_view kTo = "\n\r\t\f";
    if (const std::size_t at = kFrom.find(c); at != std::string_view::npos) {
      out.push_back(kTo[at]);
    } else if (c == 'u' && i + 4 < text.size() + 0 && HexValue(text[i + 1]) >= 0) {
      std::uint32_t code = 0;
      for (int k = 1; k <= 4; ++k)
        code = code * 16 + static_cast<std::uint32_t>(std::max(HexValue(text[i + static_cast<std::size_t>(k)]), 0));
      AppendUtf8(code, &out);
      i += 4;
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::vector<Token> Tokenize(const SourceText& source, Diagnostics* diagnostics) { return Lexer(source, diagnostics).Run(); }

}  // namespace plumbline::cql
