#include "engine/cql/parser.h"

#include <algorithm>
#include <array>

#include "engine/cql/parser_internal.h"

namespace plumbline::cql {
namespace {

constexpr std::array kKeywords{
    "after",      "aggregate",  "all",       "and",      "as",      "asc",         "ascending",      "before",   "between",
    "by",         "called",     "case",      "cast",     "code",    "codesystem",  "codesystems",    "collapse", "concept",
    "contains",   "context",    "convert",   "date",     "day",     "days",        "default",        "define",   "desc",
    "descending", "difference", "display",   "distinct", "div",     "duration",    "during",         "else",     "end",
    "ends",       "except",     "exists",    "expand",   "false",   "flatten",     "fluent",         "from",     "function",
    "hour",       "hours",      "if",        "implies",  "in",      "include",     "included",       "includes", "intersect",
    "is",         "let",        "library",   "maximum",  "meets",   "millisecond", "milliseconds",   "minimum",  "minute",
    "minutes",    "mod",        "month",     "months",   "not",     "null",        "occurs",         "of",       "on",
    "or",         "overlaps",   "parameter", "per",      "point",   "predecessor", "private",        "properly", "public",
    "return",     "returns",    "same",      "second",   "seconds", "singleton",   "sort",           "start",    "starting",
    "starts",     "successor",  "such",      "that",     "then",    "time",        "timezoneoffset", "to",       "true",
    "union",      "using",      "valueset",  "version",  "week",    "weeks",       "when",           "where",    "width",
    "with",       "within",     "without",   "xor",      "year",    "years",
};

constexpr std::array kDefinitionStarts{"library", "using",   "include", "parameter", "codesystem", "valueset",
                                       "code",    "concept", "context", "define",    "public",     "private"};

}  // namespace

bool IsKeyword(std::string_view word) {
  static const std::vector<std::string_view> sorted = [] {
    std::vector<std::string_view> words(kKeywords.begin(), kKeywords.end());
    std::ranges::sort(words);
    return words;
  }();
  return std::ranges::binary_search(sorted, word);
}

SyntaxTree ParseLibrary(const Source& source, Diagnostics* diagnostics) { return Parser(source, diagnostics).Library(); }

SyntaxTree ParseExpression(const Source& source, Diagnostics* diagnostics) { return Parser(source, diagnostics).Expression(); }

Parser::Parser(const Source& source, Diagnostics* diagnostics)
    : source_(source), diagnostics_(diagnostics), list_(Lex(source, diagnostics)) {}

SyntaxTree Parser::Library() {
  Definitions();
  return std::move(tree_);
}

SyntaxTree Parser::Expression() {
  tree_.expression = Expr();
  if (!panic_ && Peek().kind != TokenKind::kEnd) Fail("expected the end of the expression, found " + Found());
  return std::move(tree_);
}

const Token& Parser::Peek(std::size_t ahead) const {
  const std::size_t last = list_.tokens.size() - 1;
  return list_.tokens[panic_ ? last : std::min(at_ + ahead, last)];
}

const Token& Parser::Take() {
  const Token& token = Peek();
  if (!panic_ && at_ + 1 < list_.tokens.size()) ++at_;
  return token;
}

bool Parser::IsWord(const Token& token, std::string_view text) {
  return (token.kind == TokenKind::kIdentifier || token.kind == TokenKind::kSymbol) && token.text == text;
}

bool Parser::Accept(std::string_view text) {
  if (!At(text)) return false;
  Take();
  return true;
}

bool Parser::Expect(std::string_view text, std::string_view after) {
  if (Accept(text)) return true;
  Fail("expected '" + std::string(text) + "' " + std::string(after) + ", found " + Found());
  return false;
}

AstNode* Parser::Fail(std::string message, std::string hint) { return FailAt(Peek().span, std::move(message), std::move(hint)); }

AstNode* Parser::FailAt(Span span, std::string message, std::string hint) {
  if (!panic_) {
    diagnostics_->Add({.kind = DiagnosticKind::kSyntax,
                       .source = &source_,
                       .span = span,
                       .message = std::move(message),
                       .hint = std::move(hint)});
  }
  panic_ = true;
  return tree_.arena->AllocateArray<AstNode>(1);
}

std::string Parser::Found() const {
  const Token& token = Peek();
  if (token.kind == TokenKind::kEnd) return "the end of the text";
  constexpr std::size_t kShown = 40;
  return "'" + std::string(token.text.substr(0, kShown)) + (token.text.size() > kShown ? "..." : "") + "'";
}

std::uint32_t Parser::End() const { return at_ == 0 ? 0 : list_.tokens[at_ - 1].span.end; }

AstNode* Parser::Make(AstKind kind, std::uint32_t begin, std::initializer_list<AstNode*> kids) {
  return MakeWith(kind, begin, {kids.begin(), kids.size()});
}

AstNode* Parser::MakeWith(AstKind kind, std::uint32_t begin, std::span<AstNode* const> kids) {
  AstNode* node = tree_.arena->AllocateArray<AstNode>(1);
  node->kind = kind;
  node->span = {begin, std::max(begin, End())};
  node->name_span = node->span;
  if (kids.empty()) return node;
  AstNode** copy = tree_.arena->AllocateArray<AstNode*>(kids.size());
  std::copy(kids.begin(), kids.end(), copy);
  node->kids = {copy, kids.size()};
  int depth = 0;
  for (const AstNode* kid : kids) depth = std::max<int>(depth, kid->depth);
  node->depth = static_cast<std::uint16_t>(depth + 1);
  if (depth + 1 > kMaxDepth)
    return FailAt(node->span, "this expression is nested more than " + std::to_string(kMaxDepth) + " deep");
  return node;
}

std::string_view Parser::Text(const Token& token) {
  if (token.kind != TokenKind::kQuoted && token.kind != TokenKind::kString) return token.text;
  if (!token.text.contains('\\') && token.text.size() >= 2) return token.text.substr(1, token.text.size() - 2);
  return tree_.arena->Copy(Unquote(source_, token, diagnostics_));
}

bool Parser::AtIdentifier(std::size_t ahead) const {
  const Token& token = Peek(ahead);
  if (token.kind != TokenKind::kIdentifier) return token.kind == TokenKind::kQuoted;
  // `A less than 3 days before B`: no alias.
  if ((token.text == "less" || token.text == "more") && IsWord(Peek(ahead + 1), "than")) return false;
  return !IsKeyword(token.text);
}

std::string_view Parser::Identifier(std::string_view what, Span* span) {
  if (Peek().kind != TokenKind::kIdentifier && Peek().kind != TokenKind::kQuoted) {
    Fail("expected " + std::string(what) + ", found " + Found());
    return {};
  }
  const Token& token = Take();
  if (span != nullptr) *span = token.span;
  return Text(token);
}

std::string_view Parser::QualifiedIdentifier(std::string_view what, Span* span) {
  Span first;
  std::string_view name = Identifier(what, &first);
  if (At(".")) {
    std::string whole(name);
    while (Accept(".")) whole += "." + std::string(Identifier(what, nullptr));
    name = tree_.arena->Copy(whole);
  }
  if (span != nullptr) *span = {first.begin, End()};
  return name;
}

const TypeSpec* Parser::NamedType() {
  TypeSpec spec;
  spec.span = Peek().span;
  std::string_view name = Identifier("a type", nullptr);
  // The first part of a qualified name is a model or a library; the type may itself have dots ("Encounter.Location").
  while (At(".") && (Peek(1).kind == TokenKind::kIdentifier || Peek(1).kind == TokenKind::kQuoted)) {
    Take();
    const std::string_view part = Text(Take());
    if (spec.qualifier.empty()) {
      spec.qualifier = name;
      name = part;
    } else {
      name = tree_.arena->Copy(std::string(name) + "." + std::string(part));
    }
  }
  spec.name = name;
  spec.span.end = End();
  return tree_.arena->Make(spec);
}

const TypeSpec* Parser::TupleType(std::uint32_t begin) {
  TypeSpec spec;
  spec.kind = TypeSpec::Kind::kTuple;
  std::vector<std::string_view> names;
  std::vector<const TypeSpec*> types;
  Expect("{", "after 'Tuple'");
  while (!panic_ && !At("}")) {
    names.push_back(Identifier("the name of an element", nullptr));
    types.push_back(Type());
    if (!Accept(",")) break;
  }
  Expect("}", "at the end of the tuple type");
  spec.element_names = Keep(names);
  spec.arguments = Keep(types);
  spec.span = {begin, End()};
  return tree_.arena->Make(spec);
}

const TypeSpec* Parser::Type() {
  const Nesting nesting(*this);
  if (nesting.TooDeep()) {
    Fail("this type is nested more than " + std::to_string(kMaxDepth) + " deep");
    return tree_.arena->Make(TypeSpec{});
  }
  const std::uint32_t begin = Peek().span.begin;
  if (At("Tuple", "{")) {
    Take();
    return TupleType(begin);
  }
  TypeSpec spec;
  if (At("List", "<")) spec.kind = TypeSpec::Kind::kList;
  if (At("Interval", "<")) spec.kind = TypeSpec::Kind::kInterval;
  if (At("Choice", "<")) spec.kind = TypeSpec::Kind::kChoice;
  if (spec.kind == TypeSpec::Kind::kNamed) return NamedType();
  Take();
  Take();
  std::vector<const TypeSpec*> arguments{Type()};
  while (spec.kind == TypeSpec::Kind::kChoice && Accept(",")) arguments.push_back(Type());
  Expect(">", "at the end of the type");
  spec.arguments = Keep(arguments);
  spec.span = {begin, End()};
  return tree_.arena->Make(spec);
}

// Passes over tokens up to one that begins a definition and is the first on its line.
void Parser::Recover(std::size_t from) {
  panic_ = false;
  at_ = std::max(at_, from + 1);
  at_ = std::min(at_, list_.tokens.size() - 1);
  while (Peek().kind != TokenKind::kEnd) {
    const Token& token = Peek();
    const bool starts = std::ranges::any_of(kDefinitionStarts, [&](std::string_view word) { return IsWord(token, word); });
    const std::uint32_t previous = list_.tokens[at_ - 1].span.end;
    if (starts && source_.text().substr(previous, token.span.begin - previous).contains('\n')) return;
    Take();
  }
}

}  // namespace plumbline::cql
