#include "engine/cql/parser.h"

#include <algorithm>
#include <array>

#include "engine/cql/parser_internal.h"

namespace plumbline::cql {

std::string_view SingularPrecision(std::string_view word, bool plural_only) {
  constexpr std::array<std::string_view, 8> kSingular{"year", "month", "week", "day", "hour", "minute", "second", "millisecond"};
  for (const std::string_view singular : kSingular) {
    if (word == singular && !plural_only) return singular;
    if (word.size() == singular.size() + 1 && word.starts_with(singular) && word.back() == 's') return singular;
  }
  return {};
}

bool Parser::IsWords(std::initializer_list<std::string_view> words) const {
  std::size_t ahead = 0;
  for (const std::string_view word : words) {
    if (!IsWord(word, ahead++)) return false;
  }
  return true;
}

bool Parser::TakeWord(std::string_view word) {
  if (!IsWord(word)) return false;
  ++at_;
  return true;
}

bool Parser::TakeWords(std::initializer_list<std::string_view> words) {
  if (!IsWords(words)) return false;
  at_ += words.size();
  return true;
}

bool Parser::TakeSymbol(std::string_view symbol) {
  if (!IsSymbol(symbol)) return false;
  ++at_;
  return true;
}

void Parser::Need(std::string_view symbol) {
  if (!TakeSymbol(symbol)) Expected("'" + std::string(symbol) + "'");
}

void Parser::NeedWord(std::string_view word) {
  if (!TakeWord(word)) Expected("'" + std::string(word) + "'");
}

void Parser::Wrong(std::string message) {
  diagnostics_.Error(Phase::kSyntax, Peek().span, std::move(message));
  throw Broken{};
}

void Parser::Expected(std::string_view what) {
  const Token& token = Peek();
  const std::string found = token.kind == TokenKind::kEnd ? "the end of the text" : "'" + std::string(token.text) + "'";
  Wrong("expected " + std::string(what) + ", found " + found);
}

Span Parser::From(std::uint32_t begin) const { return {begin, at_ == 0 ? begin : std::max(begin, tokens_[at_ - 1].span.end)}; }

bool Parser::IsName(std::size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kQuoted || (token.kind == TokenKind::kIdentifier && !token.keyword);
}

std::string Parser::Name(std::string_view what, bool any) {
  const Token& token = Peek();
  if (!IsName() && !(any && token.kind == TokenKind::kIdentifier)) Expected(what);
  ++at_;
  return token.kind == TokenKind::kQuoted ? Unescape(token.text) : std::string(token.text);
}

std::string Parser::StringText(std::string_view what) {
  const Token& token = Peek();
  if (token.kind != TokenKind::kString) Expected(what);
  ++at_;
  return Unescape(token.text);
}

std::string Parser::QualifiedName(std::string_view what) {
  std::string name = Name(what);
  while (TakeSymbol(".")) name += "." + Name(what);
  return name;
}

void Parser::WholeExpression() {
  try {
    syntax_.expression = Expression();
    if (Peek().kind != TokenKind::kEnd) Expected("the end of the expression");
  } catch (const Broken&) {
    syntax_.expression = nullptr;
  }
}

void Parser::Library() {
  while (Peek().kind != TokenKind::kEnd) {
    try {
      Declaration();
    } catch (const Broken&) {
      SkipToDeclaration();
    }
  }
}

void Parser::SkipToDeclaration() {
  constexpr std::array<std::string_view, 10> kStarts{"define",  "parameter", "valueset", "codesystem", "context",
                                                     "include", "using",     "library",  "private",    "public"};
  depth_ = 0;
  while (Peek().kind != TokenKind::kEnd) {
    // A declaration begins a word at its own line's start in any library seen; inside expressions these words are rare.
    if (Peek().kind == TokenKind::kIdentifier && std::ranges::find(kStarts, Peek().text) != kStarts.end() && !IsSymbol(":", 1))
      return;
    ++at_;
  }
}

void Parser::Declaration() {
  bool is_private = false;
  if (TakeWord("private")) {
    is_private = true;
  } else {
    TakeWord("public");
  }
  if (TakeWord("define")) return Define(is_private);
  if (TakeWord("library")) return LibraryName();
  if (TakeWord("using")) return Using();
  if (TakeWord("include")) return Include();
  if (TakeWord("codesystem")) return CodeSystem();
  if (TakeWord("valueset")) return ValueSet();
  if (TakeWord("code")) return Code();
  if (TakeWord("concept")) return Concept();
  if (TakeWord("parameter")) return Parameter();
  if (TakeWord("context")) return Context();
  const Token& token = Peek();
  diagnostics_.Error(Phase::kSyntax, token.span,
                     "expected a declaration (define, include, valueset, ...), found '" + std::string(token.text) + "'");
  ++at_;
  throw Broken{};
}

void Parser::LibraryName() {
  syntax_.library.name = QualifiedName("the library's name");
  if (TakeWord("version")) syntax_.library.version = StringText("the library's version");
}

void Parser::Using() {
  UsingSyntax item;
  const std::uint32_t begin = Here();
  item.name = QualifiedName("a model's name");
  item.alias = item.name;
  item.span = From(begin);
  if (TakeWord("version")) item.version = StringText("the model's version");
  if (TakeWord("called")) item.alias = Name("a name for the model");
  syntax_.library.usings.push_back(std::move(item));
}

void Parser::Include() {
  IncludeSyntax item;
  const std::uint32_t begin = Here();
  item.name = QualifiedName("a library's name");
  item.span = From(begin);
  item.alias = item.name.substr(item.name.rfind('.') + 1);
  if (TakeWord("version")) item.version = StringText("the library's version");
  if (TakeWord("called")) item.alias = Name("a name for the library");
  syntax_.library.includes.push_back(std::move(item));
}

void Parser::CodeSystem() {
  VocabularySyntax item;
  const std::uint32_t begin = Here();
  item.kind = VocabularySyntax::Kind::kCodeSystem;
  item.name = Name("the code system's name");
  item.span = From(begin);
  Need(":");
  item.id = StringText("the code system's url");
  if (TakeWord("version")) item.version = StringText("a version");
  syntax_.library.vocabularies.push_back(std::move(item));
}

void Parser::ValueSet() {
  VocabularySyntax item;
  const std::uint32_t begin = Here();
  item.kind = VocabularySyntax::Kind::kValueSet;
  item.name = Name("the value set's name");
  item.span = From(begin);
  Need(":");
  item.id = StringText("the value set's url");
  if (TakeWord("version")) item.version = StringText("a version");
  if (TakeWord("codesystems")) {
    Need("{");
    do {
      QualifiedName("a code system");
    } while (TakeSymbol(","));
    Need("}");
  }
  syntax_.library.vocabularies.push_back(std::move(item));
}

void Parser::Code() {
  VocabularySyntax item;
  const std::uint32_t begin = Here();
  item.kind = VocabularySyntax::Kind::kCode;
  item.name = Name("the code's name");
  item.span = From(begin);
  Need(":");
  item.id = StringText("the code");
  NeedWord("from");
  item.code_system = QualifiedName("a code system");
  if (TakeWord("display")) item.display = StringText("the code's text");
  syntax_.library.vocabularies.push_back(std::move(item));
}

void Parser::Concept() {
  VocabularySyntax item;
  const std::uint32_t begin = Here();
  item.kind = VocabularySyntax::Kind::kConcept;
  item.name = Name("the concept's name");
  item.span = From(begin);
  Need(":");
  Need("{");
  do {
    item.codes.push_back(QualifiedName("a code"));
  } while (TakeSymbol(","));
  Need("}");
  if (TakeWord("display")) item.display = StringText("the concept's text");
  syntax_.library.vocabularies.push_back(std::move(item));
}

void Parser::Parameter() {
  ParameterSyntax item;
  const std::uint32_t begin = Here();
  item.name = Name("the parameter's name");
  item.span = From(begin);
  if (!IsWord("default")) item.type = std::make_unique<TypeSyntax>(Type());
  if (TakeWord("default")) item.fallback = Expression();
  syntax_.library.parameters.push_back(std::move(item));
}

void Parser::Context() {
  context_ = Name("a context (Patient, Unfiltered)");
  if (TakeSymbol(".")) context_ = Name("a context");
}

void Parser::Define(bool is_private) {
  DefineSyntax define;
  define.is_private = is_private;
  define.context = context_;
  if (TakeWord("private")) {
    define.is_private = true;
  } else {
    TakeWord("public");
  }
  const std::uint32_t begin = Here();
  if (IsWords({"fluent", "function"}) || (IsWord("function") && !IsSymbol(":", 1))) {
    define.fluent = TakeWord("fluent");
    ++at_;
    Function(&define);
  } else {
    define.name = Name("the expression's name");
    define.span = From(begin);
    Need(":");
    define.body = Expression();
  }
  syntax_.library.defines.push_back(std::move(define));
}

void Parser::Function(DefineSyntax* define) {
  const std::uint32_t begin = Here();
  define->is_function = true;
  define->name = Name("the function's name");
  define->span = From(begin);
  Need("(");
  while (!IsSymbol(")")) {
    if (!define->operands.empty()) Need(",");
    OperandSyntax operand;
    operand.name = Name("an operand's name");
    operand.type = Type();
    define->operands.push_back(std::move(operand));
  }
  Need(")");
  if (TakeWord("returns")) define->returns = std::make_unique<TypeSyntax>(Type());
  Need(":");
  if (TakeWord("external")) {
    define->external = true;
  } else {
    define->body = Expression();
  }
}

TypeSyntax Parser::Type() {
  const Deeper deeper(this);
  const std::uint32_t begin = Here();
  TypeSyntax type = NamedOrGeneric();
  type.span = From(begin);
  return type;
}

TypeSyntax Parser::NamedOrGeneric() {
  TypeSyntax type;
  const bool generic = IsSymbol("<", 1);
  if (generic && (IsWord("List") || IsWord("Interval") || IsWord("Choice"))) {
    type.kind = IsWord("List")       ? TypeSyntax::Kind::kList
                : IsWord("Interval") ? TypeSyntax::Kind::kInterval
                                     : TypeSyntax::Kind::kChoice;
    at_ += 2;
    do {
      type.arguments.push_back(Type());
    } while (type.kind == TypeSyntax::Kind::kChoice && TakeSymbol(","));
    Need(">");
    return type;
  }
  if (IsWord("Tuple") && IsSymbol("{", 1)) {
    type.kind = TypeSyntax::Kind::kTuple;
    at_ += 2;
    while (!IsSymbol("}")) {
      if (!type.arguments.empty()) Need(",");
      type.element_names.push_back(Name("an element's name"));
      type.arguments.push_back(Type());
    }
    Need("}");
    return type;
  }
  type.name = QualifiedName("a type");
  return type;
}

std::unique_ptr<Syntax> ParseLibrary(const SourceText& source, Diagnostics* diagnostics) {
  auto syntax = std::make_unique<Syntax>();
  Parser(Tokenize(source, diagnostics), syntax.get(), diagnostics).Library();
  return syntax;
}

std::unique_ptr<Syntax> ParseExpression(const SourceText& source, Diagnostics* diagnostics) {
  auto syntax = std::make_unique<Syntax>();
  Parser(Tokenize(source, diagnostics), syntax.get(), diagnostics).WholeExpression();
  return syntax;
}

}  // namespace plumbline::cql
