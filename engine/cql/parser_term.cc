// The `expressionTerm` and `term` rules: arithmetic, prefix words, postfix, selectors and literals.
#include <array>

#include "engine/cql/parser_internal.h"

namespace plumbline::cql {
namespace {

struct TermOperator {
  std::string_view word;
  std::string_view operation;
  int level;
};
constexpr std::array kTermOperators{
    TermOperator{"+", "Add", 1},      TermOperator{"-", "Subtract", 1}, TermOperator{"&", "ConcatenateAmpersand", 1},
    TermOperator{"*", "Multiply", 2}, TermOperator{"/", "Divide", 2},   TermOperator{"div", "TruncatedDivide", 2},
    TermOperator{"mod", "Modulo", 2}, TermOperator{"^", "Power", 3},
};
constexpr int kPowerLevel = 3;

const TermOperator* FindTerm(const Token& token) {
  if (token.kind != TokenKind::kIdentifier && token.kind != TokenKind::kSymbol) return nullptr;
  for (const TermOperator& candidate : kTermOperators) {
    if (token.text == candidate.word) return &candidate;
  }
  return nullptr;
}

struct PrefixWords {
  std::string_view first, second, operation;
};
constexpr std::array kPrefixes{
    PrefixWords{"start", "of", "Start"},
    PrefixWords{"end", "of", "End"},
    PrefixWords{"width", "of", "Width"},
    PrefixWords{"successor", "of", "Successor"},
    PrefixWords{"predecessor", "of", "Predecessor"},
    PrefixWords{"singleton", "from", "SingletonFrom"},
    PrefixWords{"point", "from", "PointFrom"},
    PrefixWords{"date", "from", "DateFrom"},
    PrefixWords{"time", "from", "TimeFrom"},
    PrefixWords{"timezoneoffset", "from", "TimezoneOffsetFrom"},
    PrefixWords{"timezone", "from", "TimezoneOffsetFrom"},
};

// Keywords that published libraries also use as names of operands and elements.
constexpr std::array kNouns{"code",    "codesystem", "concept", "context", "date", "display",  "duration", "end",
                            "library", "parameter",  "point",   "start",   "time", "valueset", "version",  "width"};

bool NamesElement(std::string_view word) {
  for (const std::string_view noun : kNouns) {
    if (noun == word) return true;
  }
  return false;
}

bool IsName(const Token& token) { return token.kind == TokenKind::kIdentifier || token.kind == TokenKind::kQuoted; }

}  // namespace

AstNode* Parser::Term(int level) {
  if (level == 0) return Term(1);
  AstNode* left = level >= kPowerLevel ? Unary() : Term(level + 1);
  const TermOperator* found = FindTerm(Peek());
  if (panic_ || found == nullptr || found->level != level) return left;
  std::vector<AstNode*> operands{left};
  std::vector<std::string_view> names{""};
  Span operator_span = Peek().span;
  while (found != nullptr && found->level == level) {
    operator_span = Take().span;
    operands.push_back(level >= kPowerLevel ? Unary() : Term(level + 1));
    names.push_back(found->operation);
    found = FindTerm(Peek());
  }
  AstNode* node = MakeWith(AstKind::kChain, left->span.begin, operands);
  node->names = Keep(names);
  node->name_span = operator_span;
  return node;
}

AstNode* Parser::Unary() {
  const Nesting nesting(*this);
  if (nesting.TooDeep()) return Fail("this expression is nested more than " + std::to_string(kMaxDepth) + " deep");
  if (At("-")) return Prefixed("Negate", 1);
  if (At("+")) return Prefixed("Positive", 1);
  if (Peek().kind == TokenKind::kIdentifier && Peek(1).kind == TokenKind::kIdentifier) {
    for (const PrefixWords& words : kPrefixes) {
      if (At(words.first, words.second)) return Prefixed(words.operation, 2);
    }
    if (AstNode* node = UnaryWord()) return node;
  }
  return Postfix();
}

AstNode* Parser::Prefixed(std::string_view operation, int words) {
  const Span span = Peek().span;
  for (int i = 0; i < words; ++i) Take();
  AstNode* operand = Unary();
  AstNode* node = Make(AstKind::kUnary, span.begin, {operand});
  node->text = operation;
  node->name_span = span;
  return node;
}

// "year from X", "difference in days of X", "minimum Integer"; null when it is none of these.
AstNode* Parser::UnaryWord() {
  const std::uint32_t begin = Peek().span.begin;
  if (IsWord(Peek(1), "from")) {
    const std::optional<Precision> precision = ParsePrecision(Peek().text);
    if (!precision) return nullptr;
    Take();
    Take();
    AstNode* operand = Unary();
    AstNode* node = Make(AstKind::kComponent, begin, {operand});
    node->precision = precision;
    return node;
  }
  if ((At("duration", "in") || At("difference", "in")) && IsWord(Peek(3), "of")) {
    const bool difference = Take().text == "difference";
    Take();
    const std::optional<Precision> precision = ParsePrecision(Peek().text);
    if (!precision) return Fail("expected a precision such as 'days', found " + Found());
    Take();
    Take();
    AstNode* operand = Unary();
    AstNode* node = Make(AstKind::kDurationOfInterval, begin, {operand});
    node->text = difference ? "DifferenceBetween" : "DurationBetween";
    node->precision = precision;
    return node;
  }
  if ((At("minimum") || At("maximum")) && IsName(Peek(1))) {
    const bool minimum = Take().text == "minimum";
    const TypeSpec* type = NamedType();
    AstNode* node = Make(minimum ? AstKind::kMinimum : AstKind::kMaximum, begin);
    node->type = type;
    return node;
  }
  return nullptr;
}

AstNode* Parser::Postfix() {
  AstNode* node = Primary();
  while (!panic_) {
    const std::uint32_t begin = node->span.begin;
    if (At(".") && IsName(Peek(1))) {
      Take();
      const Token& name = Take();
      if (At("(")) {
        node = Call(Text(name), name.span, begin, node);
        continue;
      }
      AstNode* member = Make(AstKind::kMember, begin, {node});
      member->text = Text(name);
      member->name_span = name.span;
      member->flags = name.kind == TokenKind::kQuoted ? AstNode::kQuotedName : 0;
      node = member;
    } else if (At("[")) {
      Take();
      AstNode* index = Expr();
      Expect("]", "after the index");
      node = Make(AstKind::kIndexer, begin, {node, index});
    } else if (At("{") && (node->kind == AstKind::kName || node->kind == AstKind::kMember) &&
               !node->Has(AstNode::kInParentheses)) {
      node = Instance(node);
    } else {
      break;
    }
  }
  return node;
}

AstNode* Parser::Call(std::string_view name, Span name_span, std::uint32_t begin, AstNode* target) {
  std::vector<AstNode*> arguments;
  if (target != nullptr) arguments.push_back(target);
  Take();
  if (!At(")")) {
    do {
      arguments.push_back(Expr());
    } while (Accept(","));
  }
  Expect(")", "after the arguments");
  AstNode* node = MakeWith(AstKind::kCall, begin, arguments);
  node->text = name;
  node->name_span = name_span;
  node->flags = target == nullptr ? 0 : AstNode::kHasTarget;
  return node;
}

AstNode* Parser::Primary() {
  const Token& token = Peek();
  const std::uint32_t begin = token.span.begin;
  switch (token.kind) {
    case TokenKind::kNumber:
      return Number();
    case TokenKind::kLong:
    case TokenKind::kString:
    case TokenKind::kDate:
    case TokenKind::kDateTime:
    case TokenKind::kTime: {
      Take();
      AstNode* node = Make(token.kind == TokenKind::kLong       ? AstKind::kLong
                           : token.kind == TokenKind::kString   ? AstKind::kString
                           : token.kind == TokenKind::kDate     ? AstKind::kDate
                           : token.kind == TokenKind::kDateTime ? AstKind::kDateTime
                                                                : AstKind::kTime,
                           begin);
      node->text = Text(token);
      if (token.text.starts_with('@')) node->text = token.text.substr(1);
      return node;
    }
    case TokenKind::kIdentifier:
    case TokenKind::kQuoted:
      return PrimaryWord();
    default:
      break;
  }
  if (At("(")) {
    Take();
    AstNode* inner = Expr();
    Expect(")", "to close the '('");
    inner->flags |= AstNode::kInParentheses;
    return inner;
  }
  if (At("{")) return Braces(begin, nullptr);
  if (At("[")) return Retrieve();
  if (At("$") && IsName(Peek(1))) {
    Take();
    const Token& name = Take();
    AstNode* node = Make(AstKind::kName, begin);
    node->text = tree_.arena->Copy("$" + std::string(name.text));
    return node;
  }
  return Fail("expected an expression, found " + Found());
}

AstNode* Parser::PrimaryWord() {
  const Token& token = Peek();
  const std::uint32_t begin = token.span.begin;
  const bool plain = token.kind == TokenKind::kIdentifier;
  if (plain) {
    if (token.text == "null" || token.text == "true" || token.text == "false") {
      Take();
      AstNode* node = Make(token.text == "null" ? AstKind::kNull : AstKind::kBoolean, begin);
      node->text = token.text;
      return node;
    }
    if (token.text == "Interval" && (IsWord(Peek(1), "[") || IsWord(Peek(1), "("))) return IntervalSelector();
    if (token.text == "Tuple" && IsWord(Peek(1), "{")) {
      Take();
      return ElementList(AstKind::kTuple, begin, nullptr);
    }
    if (token.text == "List" && (IsWord(Peek(1), "{") || IsWord(Peek(1), "<"))) return ListSelector();
    if (token.text == "Code" && Peek(1).kind == TokenKind::kString) return CodeSelector();
    if (token.text == "Concept" && IsWord(Peek(1), "{") && IsWord(Peek(2), "Code") && Peek(3).kind == TokenKind::kString)
      return ConceptSelector();
    if (token.text == "if") return If();
    if (token.text == "case") return Case();
    if (token.text == "convert") return Convert();
    if (token.text == "expand" || token.text == "collapse") return ExpandCollapse();
    if (token.text == "distinct" || token.text == "flatten") {
      Take();
      AstNode* operand = Expr();
      AstNode* node = Make(AstKind::kUnary, begin, {operand});
      node->text = token.text == "distinct" ? "Distinct" : "Flatten";
      node->name_span = token.span;
      return node;
    }
    // A keyword may name an element or a function, but it cannot stand where an operand is missing.
    if (IsKeyword(token.text) && !IsWord(Peek(1), "(") && !NamesElement(token.text))
      return Fail("expected an expression, found " + Found());
  }
  Take();
  if (At("(")) return Call(Text(token), token.span, begin, nullptr);
  AstNode* node = Make(AstKind::kName, begin);
  node->text = Text(token);
  node->flags = plain ? 0 : AstNode::kQuotedName;
  return node;
}

AstNode* Parser::Number() {
  const Token& token = Peek();
  const Token& next = Peek(1);
  const bool unit =
      next.kind == TokenKind::kString || (next.kind == TokenKind::kIdentifier && ParsePrecision(next.text).has_value() &&
                                          !IsWord(Peek(2), "between") && !IsWord(Peek(2), "from"));
  if (unit || (IsWord(next, ":") && Peek(2).kind == TokenKind::kNumber && !no_ratio_)) return Quantity(!no_ratio_);
  Take();
  AstNode* node = Make(token.text.contains('.') ? AstKind::kDecimal : AstKind::kInteger, token.span.begin);
  node->text = token.text;
  return node;
}

AstNode* Parser::Quantity(bool ratio_allowed) {
  const std::uint32_t begin = Peek().span.begin;
  if (Peek().kind != TokenKind::kNumber) return Fail("expected a quantity such as '3 days', found " + Found());
  const std::string_view number = Take().text;
  std::string_view unit;
  if (Peek().kind == TokenKind::kString) {
    unit = Text(Take());
  } else if (Peek().kind == TokenKind::kIdentifier && ParsePrecision(Peek().text)) {
    unit = Take().text;
  }
  AstNode* node = Make(AstKind::kQuantity, begin);
  node->text = number;
  node->text2 = unit;
  if (!ratio_allowed || !At(":") || Peek(1).kind != TokenKind::kNumber) return node;
  Take();
  AstNode* denominator = Quantity(false);
  return Make(AstKind::kRatio, begin, {node, denominator});
}

// "{ name: value, ... }": a tuple, an instance.
AstNode* Parser::ElementList(AstKind kind, std::uint32_t begin, const TypeSpec* type) {
  std::vector<AstNode*> values;
  std::vector<std::string_view> names;
  Expect("{", "before the elements");
  if (!Accept(":")) {
    while (!panic_ && !At("}")) {
      names.push_back(Identifier("the name of an element", nullptr));
      Expect(":", "after the name of an element");
      values.push_back(Expr());
      if (!Accept(",")) break;
    }
  }
  Expect("}", "after the elements");
  AstNode* node = MakeWith(kind, begin, values);
  node->names = Keep(names);
  node->type = type;
  return node;
}

AstNode* Parser::Instance(AstNode* name) {
  TypeSpec spec;
  spec.span = name->span;
  if (name->kind == AstKind::kMember) {
    std::string rest(name->text);
    const AstNode* at = name->kids[0];
    while (at->kind == AstKind::kMember) {
      rest = std::string(at->text) + "." + rest;
      at = at->kids[0];
    }
    if (at->kind != AstKind::kName) return FailAt(name->span, "expected the name of a type before '{'");
    spec.qualifier = at->text;
    spec.name = tree_.arena->Copy(rest);
  } else {
    spec.name = name->text;
  }
  return ElementList(AstKind::kInstance, name->span.begin, tree_.arena->Make(spec));
}

// A list, or a tuple without its word.
AstNode* Parser::Braces(std::uint32_t begin, const TypeSpec* list_type) {
  if (list_type == nullptr && ((IsName(Peek(1)) && IsWord(Peek(2), ":")) || (IsWord(Peek(1), ":") && IsWord(Peek(2), "}"))))
    return ElementList(AstKind::kTuple, begin, nullptr);
  std::vector<AstNode*> items;
  Expect("{", "before the elements of the list");
  while (!panic_ && !At("}")) {
    items.push_back(Expr());
    if (!Accept(",")) break;
  }
  Expect("}", "after the elements of the list");
  AstNode* node = MakeWith(AstKind::kList, begin, items);
  node->type = list_type;
  return node;
}

AstNode* Parser::ListSelector() {
  const std::uint32_t begin = Take().span.begin;
  const TypeSpec* type = nullptr;
  if (Accept("<")) {
    type = Type();
    Expect(">", "after the type of the list's elements");
    return Braces(begin, type);
  }
  std::vector<AstNode*> items;
  Take();
  while (!panic_ && !At("}")) {
    items.push_back(Expr());
    if (!Accept(",")) break;
  }
  Expect("}", "after the elements of the list");
  return MakeWith(AstKind::kList, begin, items);
}

AstNode* Parser::IntervalSelector() {
  const std::uint32_t begin = Take().span.begin;
  const bool low_closed = Take().text == "[";
  AstNode* low = Expr();
  Expect(",", "between the bounds of the interval");
  AstNode* high = Expr();
  if (!At("]") && !At(")")) return Fail("expected ']' or ')' after the bounds of the interval, found " + Found());
  const bool high_closed = Take().text == "]";
  AstNode* node = Make(AstKind::kInterval, begin, {low, high});
  node->flags = static_cast<std::uint8_t>((low_closed ? AstNode::kLowClosed : 0) | (high_closed ? AstNode::kHighClosed : 0));
  return node;
}

AstNode* Parser::CodeSelector() {
  const std::uint32_t begin = Take().span.begin;
  const std::string_view code = Text(Take());
  Expect("from", "after the code");
  AstNode* system = NameNode();
  std::string_view display;
  if (Accept("display")) display = Peek().kind == TokenKind::kString ? Text(Take()) : std::string_view();
  AstNode* node = Make(AstKind::kCode, begin, {system});
  node->text = code;
  node->text2 = display;
  return node;
}

AstNode* Parser::ConceptSelector() {
  const std::uint32_t begin = Take().span.begin;
  Take();
  std::vector<AstNode*> codes;
  do {
    if (!At("Code")) Fail("expected 'Code' and a code, found " + Found());
    if (panic_) break;
    codes.push_back(CodeSelector());
  } while (Accept(","));
  Expect("}", "after the codes");
  std::string_view display;
  if (Accept("display")) display = Peek().kind == TokenKind::kString ? Text(Take()) : std::string_view();
  AstNode* node = MakeWith(AstKind::kConcept, begin, codes);
  node->text2 = display;
  return node;
}

AstNode* Parser::If() {
  const std::uint32_t begin = Take().span.begin;
  AstNode* condition = Expr();
  Expect("then", "after the condition of 'if'");
  AstNode* then = Expr();
  Expect("else", "after the first branch of 'if'");
  AstNode* otherwise = Expr();
  return Make(AstKind::kIf, begin, {condition, then, otherwise});
}

AstNode* Parser::Case() {
  const std::uint32_t begin = Take().span.begin;
  std::vector<AstNode*> kids;
  const bool comparand = !At("when");
  if (comparand) kids.push_back(Expr());
  if (!At("when")) Fail("expected 'when', found " + Found());
  while (Accept("when")) {
    kids.push_back(Expr());
    Expect("then", "after the condition of 'when'");
    kids.push_back(Expr());
  }
  Expect("else", "after the last branch of 'case'");
  kids.push_back(Expr());
  Expect("end", "to close the 'case'");
  AstNode* node = MakeWith(AstKind::kCase, begin, kids);
  node->flags = comparand ? AstNode::kHasComparand : 0;
  return node;
}

AstNode* Parser::Convert() {
  const std::uint32_t begin = Take().span.begin;
  AstNode* operand = Expr();
  Expect("to", "after the operand of 'convert'");
  if (Peek().kind == TokenKind::kString || (Peek().kind == TokenKind::kIdentifier && ParsePrecision(Peek().text))) {
    const std::string_view unit = Text(Take());
    AstNode* node = Make(AstKind::kConvertUnit, begin, {operand});
    node->text = unit;
    return node;
  }
  const TypeSpec* type = Type();
  AstNode* node = Make(AstKind::kConvert, begin, {operand});
  node->type = type;
  return node;
}

AstNode* Parser::ExpandCollapse() {
  const Token& word = Take();
  std::vector<AstNode*> kids{Expr()};
  std::optional<Precision> precision;
  if (Accept("per")) {
    if (Peek().kind == TokenKind::kIdentifier) precision = ParsePrecision(Peek().text);
    if (precision) {
      Take();
    } else {
      kids.push_back(Expr());
    }
  }
  AstNode* node = MakeWith(AstKind::kExpandCollapse, word.span.begin, kids);
  node->text = word.text == "expand" ? "Expand" : "Collapse";
  node->precision = precision;
  node->name_span = word.span;
  return node;
}

}  // namespace plumbline::cql
