#include "engine/cql/format.h"

#include <algorithm>
#include <array>
#include <vector>

#include "engine/cql/lexer.h"
#include "engine/cql/parser.h"

namespace plumbline::cql {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kMaxIndent = 40;

constexpr std::array<std::string_view, 12> kStarts{"library", "using",   "include", "parameter", "codesystem", "valueset",
                                                   "code",    "concept", "context", "define",    "public",     "private"};

bool IsSymbol(const Token& token, std::string_view text) { return token.kind == TokenKind::kSymbol && token.text == text; }
bool IsOpen(const Token& token) { return IsSymbol(token, "(") || IsSymbol(token, "[") || IsSymbol(token, "{"); }
bool IsClose(const Token& token) { return IsSymbol(token, ")") || IsSymbol(token, "]") || IsSymbol(token, "}"); }
bool IsWordToken(const Token& token) { return token.kind == TokenKind::kIdentifier || token.kind == TokenKind::kQuoted; }
bool IsOperand(const Token& token) {
  if (token.kind == TokenKind::kIdentifier)
    return !IsKeyword(token.text) || token.text == "null" || token.text == "true" || token.text == "false";
  return token.kind != TokenKind::kSymbol || IsClose(token);
}

class Formatter {
 public:
  explicit Formatter(const Source& source) : text_(source.text()) {}

  std::string Run(const TokenList& list) {
    Merge(list);
    MarkTypes();
    for (std::size_t i = 0; i < items_.size(); ++i) Item(i);
    while (out_.ends_with('\n')) out_.pop_back();
    if (!out_.empty()) out_ += '\n';
    return std::move(out_);
  }

 private:
  struct Piece {
    Token token;
    bool comment = false;
    bool angle = false;  // '<' or '>' of a type
  };

  void Merge(const TokenList& list) {
    std::size_t comment = 0;
    for (const Token& token : list.tokens) {
      while (comment < list.comments.size() && list.comments[comment].span.begin < token.span.begin)
        items_.push_back({list.comments[comment++], true, false});
      if (token.kind != TokenKind::kEnd) items_.push_back({token, false, false});
    }
    while (comment < list.comments.size()) items_.push_back({list.comments[comment++], true, false});
  }

  void MarkTypes() {
    int open = 0;
    for (std::size_t i = 1; i < items_.size(); ++i) {
      Piece& piece = items_[i];
      const std::string_view before = items_[i - 1].token.text;
      if (IsSymbol(piece.token, "<") && (before == "List" || before == "Interval" || before == "Choice")) {
        piece.angle = true;
        ++open;
      } else if (IsSymbol(piece.token, ">") && open > 0) {
        piece.angle = true;
        --open;
      }
    }
  }

  [[nodiscard]] std::size_t BreaksBefore(std::size_t i) const {
    const std::uint32_t from = i == 0 ? 0 : items_[i - 1].token.span.end;
    const std::string_view between = text_.substr(from, items_[i].token.span.begin - from);
    return static_cast<std::size_t>(std::ranges::count(between, '\n'));
  }

  [[nodiscard]] bool StartsDefinition(std::size_t i) const {
    const Token& token = items_[i].token;
    if (items_[i].comment || depth_ > 0 || token.kind != TokenKind::kIdentifier || (i > 0 && BreaksBefore(i) == 0)) return false;
    return std::ranges::find(kStarts, token.text) != kStarts.end();
  }

  void Item(std::size_t i) {
    const Piece& piece = items_[i];
    const std::size_t breaks = BreaksBefore(i);
    const bool starts = StartsDefinition(i);
    if (starts) inside_ = true;
    if (i > 0) {
      // A comment above a definition stands as the definition does: at the left.
      const bool above = piece.comment && LeadsToDefinition(i);
      if (breaks == 0) {
        if (Spaced(i)) out_ += ' ';
      } else {
        out_ += breaks > 1 && depth_ == 0 ? "\n\n" : "\n";
        if (!starts && !above) Indent(piece);
      }
    }
    out_ += piece.token.text;
    while (piece.comment && out_.ends_with('\r')) out_.pop_back();
    if (IsOpen(piece.token) && !piece.comment) ++depth_;
    if (IsClose(piece.token) && !piece.comment && depth_ > 0) --depth_;
  }

  [[nodiscard]] bool LeadsToDefinition(std::size_t i) const {
    while (i < items_.size() && items_[i].comment) ++i;
    return i == items_.size() || StartsDefinition(i);
  }

  void Indent(const Piece& piece) {
    if (!inside_) return;
    std::size_t levels = 1 + depth_;
    if (!piece.comment && IsClose(piece.token) && levels > 1) --levels;
    out_.append(std::min(levels * kIndent, kMaxIndent), ' ');
  }

  // Whether a space parts this piece from the one before it on the same line.
  [[nodiscard]] bool Spaced(std::size_t i) const {
    const Piece& piece = items_[i];
    const Piece& before = items_[i - 1];
    if (piece.comment || before.comment) return true;
    const Token& token = piece.token;
    const Token& previous = before.token;
    if (piece.angle) return false;
    if (before.angle && previous.text == "<") return false;
    if (IsSymbol(token, ",") || IsSymbol(token, ")") || IsSymbol(token, "]") || IsSymbol(token, ".") || IsSymbol(token, ";"))
      return false;
    if (IsSymbol(token, ":")) return IsSymbol(previous, "{");
    if (IsSymbol(previous, ".") || IsSymbol(previous, "(") || IsSymbol(previous, "[") || IsSymbol(previous, "$") ||
        IsSymbol(previous, "%"))
      return false;
    if (IsSymbol(token, "[")) return !(IsOperand(previous) && IsWordToken(previous)) && !IsClose(previous);
    if (IsSymbol(token, "(")) return !Calls(i - 1);
    const bool sign = IsSymbol(previous, "-") || IsSymbol(previous, "+");
    if (sign && (i < 2 || items_[i - 2].comment || !IsOperand(items_[i - 2].token))) return false;
    return true;
  }

  // A word before '(' that is called, not a keyword that stands before a parenthesis.
  [[nodiscard]] bool Calls(std::size_t i) const {
    const Token& token = items_[i].token;
    if (!IsWordToken(token)) return false;
    if (token.kind == TokenKind::kQuoted || !IsKeyword(token.text)) return true;
    return i > 0 && IsSymbol(items_[i - 1].token, ".");
  }

  std::string_view text_;
  std::vector<Piece> items_;
  std::string out_;
  std::size_t depth_ = 0;
  bool inside_ = false;
};

}  // namespace

std::optional<std::string> FormatLibrary(const Source& source, Diagnostics* diagnostics) {
  (void)ParseLibrary(source, diagnostics);
  if (diagnostics->HasErrors()) return std::nullopt;
  Diagnostics lexed;
  return Formatter(source).Run(Lex(source, &lexed));
}

}  // namespace plumbline::cql
