// Terms: literals, selectors, names, calls, and the operators written as words before their operand.
#include <array>

#include "engine/cql/parser_internal.h"

namespace plumbline::cql {

Expr* Parser::UnaryTerm() {
  const std::uint32_t begin = Here();
  if (TakeSymbol("+")) {
    const Deeper deeper(this);
    return UnaryTerm();
  }
  if (TakeSymbol("-")) {
    const Deeper deeper(this);
    Expr* operand = UnaryTerm();
    return Op("Negate", begin, {operand});
  }
  return PostfixTerm();
}

Expr* Parser::PostfixTerm() {
  const std::uint32_t begin = Here();
  Expr* left = Primary();
  for (;;) {
    if (TakeSymbol(".")) {
      Expr* made = syntax_.Make(ExprKind::kMember, From(begin));
      made->args = {left};
      made->text = Name("an element or function");
      if (IsSymbol("(")) {
        made->kind = ExprKind::kCall;
        made->has_target = true;
        CallArguments(made);
      }
      made->span = From(begin);
      left = made;
    } else if (TakeSymbol("[")) {
      Expr* index = Expression();
      Need("]");
      left = Op("Indexer", begin, {left, index});
    } else if (left->kind != ExprKind::kQuery && IsName() && MayBeSource(*left)) {
      left = Query(left, begin);
    } else if (left->kind == ExprKind::kMember && IsSymbol("{")) {
      // Model.Type { ... }
      std::string name = left->text;
      for (const Expr* at = left->args[0]; at != nullptr; at = at->kind == ExprKind::kMember ? at->args[0] : nullptr) {
        name = at->text + "." + name;
      }
      left = InstanceBody(begin, std::move(name));
    } else {
      return left;
    }
  }
}

Expr* Parser::Primary() {
  const std::uint32_t begin = Here();
  const Token& token = Peek();
  switch (token.kind) {
    case TokenKind::kIdentifier:
      return WordTerm(begin);
    case TokenKind::kQuoted:
      return NameTerm(begin);
    case TokenKind::kSymbol:
      if (TakeSymbol("(")) {
        Expr* inner = Expression();
        Need(")");
        return Op("Parenthesis", begin, {inner});
      }
      if (IsSymbol("{")) return ListSelector(begin);
      if (IsSymbol("[")) return Retrieve(begin);
      if (IsSymbol("$") || IsSymbol("%")) {
        Expr* made = syntax_.Make(ExprKind::kSpecial, token.span);
        made->text = token.text;
        ++at_;
        made->text += Name("a name");
        made->span = From(begin);
        return made;
      }
      Expected("an expression");
    case TokenKind::kEnd:
      Expected("an expression");
    default:
      return Literal(begin);
  }
}

Expr* Parser::Literal(std::uint32_t begin) {
  const Token& token = Peek();
  if (token.kind == TokenKind::kInteger || token.kind == TokenKind::kDecimal) return NumberOrQuantity(begin);
  ExprKind kind = ExprKind::kString;
  if (token.kind == TokenKind::kLong) kind = ExprKind::kLong;
  if (token.kind == TokenKind::kDate) kind = ExprKind::kDate;
  if (token.kind == TokenKind::kDateTime) kind = ExprKind::kDateTime;
  if (token.kind == TokenKind::kTime) kind = ExprKind::kTime;
  ++at_;
  Expr* made = syntax_.Make(kind, token.span);
  made->text = kind == ExprKind::kString ? Unescape(token.text) : std::string(token.text);
  return made;
}

std::optional<std::string> Parser::Unit() {
  if (Peek().kind == TokenKind::kString) return StringText("a unit");
  const std::string_view precision = Peek().kind == TokenKind::kIdentifier ? SingularPrecision(Peek().text) : std::string_view();
  // `5 days between ...` is no quantity; neither is `3 year from X`.
  if (precision.empty() || IsWord("between", 1)) return std::nullopt;
  ++at_;
  return std::string(tokens_[at_ - 1].text);
}

Expr* Parser::NumberOrQuantity(std::uint32_t begin) {
  const Token& token = Peek();
  Expr* made = syntax_.Make(token.kind == TokenKind::kInteger ? ExprKind::kInteger : ExprKind::kDecimal, token.span);
  made->text = token.text;
  ++at_;
  if (auto unit = Unit()) {
    made->kind = ExprKind::kQuantity;
    made->extra = *std::move(unit);
    made->has_extra = true;
  }
  made->span = From(begin);
  // A ratio: quantity ':' quantity. Inside tuples, instances and lets a ':' follows a name, never a number.
  if (!IsSymbol(":") || (Peek(1).kind != TokenKind::kInteger && Peek(1).kind != TokenKind::kDecimal)) return made;
  ++at_;
  Expr* ratio = syntax_.Make(ExprKind::kRatio, From(begin));
  Expr* other = syntax_.Make(ExprKind::kQuantity, Peek().span);
  other->text = Peek().text;
  ++at_;
  if (auto unit = Unit()) {
    other->extra = *std::move(unit);
    other->has_extra = true;
  }
  made->kind = ExprKind::kQuantity;
  ratio->args = {made, other};
  ratio->span = From(begin);
  return ratio;
}

Expr* Parser::WordTerm(std::uint32_t begin) {
  const Token& token = Peek();
  if (!token.keyword) return NameTerm(begin);
  if (token.text == "true" || token.text == "false" || token.text == "null") {
    ++at_;
    Expr* made = syntax_.Make(token.text == "null" ? ExprKind::kNull : ExprKind::kBoolean, token.span);
    made->text = token.text;
    return made;
  }
  if (token.text == "if") return If(begin);
  if (token.text == "case") return Case(begin);
  if (token.text == "from" && !IsSymbol(".", 1)) return FromQuery(begin);
  if (Expr* selector = Selector(begin)) return selector;
  if (Expr* term = KeywordTerm(begin)) return term;
  return NameTerm(begin);
}

Expr* Parser::Selector(std::uint32_t begin) {
  if (IsWord("Interval") && (IsSymbol("[", 1) || IsSymbol("(", 1))) return IntervalSelector(begin);
  if (IsWord("List") && (IsSymbol("{", 1) || IsSymbol("<", 1))) return ListSelector(begin);
  if (IsWord("Tuple") && IsSymbol("{", 1)) {
    ++at_;
    return TupleBody(begin);
  }
  if (IsWord("Code") && Peek(1).kind == TokenKind::kString) return CodeSelector(begin);
  if (IsWord("Concept") && IsSymbol("{", 1) && IsWord("Code", 2)) return ConceptSelector(begin);
  return nullptr;
}

// Operators written as words before their operand; null when the word is used as a name here.
Expr* Parser::KeywordTerm(std::uint32_t begin) {
  struct WordOperator {
    std::string_view word, follows, name;
  };
  constexpr std::array kOperators{
      WordOperator{"start", "of", "Start"},
      WordOperator{"end", "of", "End"},
      WordOperator{"width", "of", "Width"},
      WordOperator{"successor", "of", "Successor"},
      WordOperator{"predecessor", "of", "Predecessor"},
      WordOperator{"singleton", "from", "SingletonFrom"},
      WordOperator{"point", "from", "PointFrom"},
      WordOperator{"date", "from", "DateFrom"},
      WordOperator{"time", "from", "TimeFrom"},
      WordOperator{"timezoneoffset", "from", "TimezoneOffsetFrom"},
  };
  for (const WordOperator& each : kOperators) {
    if (!IsWord(each.word) || !IsWord(each.follows, 1)) continue;
    const Deeper deeper(this);
    at_ += 2;
    Expr* operand = UnaryTerm();
    return Op(each.name, begin, {operand});
  }
  const std::string_view precision = SingularPrecision(Peek().text);
  if (!precision.empty() && IsWord("from", 1)) {
    const Deeper deeper(this);
    at_ += 2;
    Expr* operand = UnaryTerm();
    return Op("DateTimeComponentFrom", begin, {operand}, std::string(precision));
  }
  if (Expr* duration = DurationTerm(begin)) return duration;
  if (IsWord("convert")) return Convert(begin);
  if ((IsWord("minimum") || IsWord("maximum")) &&
      (Peek(1).kind == TokenKind::kIdentifier || Peek(1).kind == TokenKind::kQuoted)) {
    Expr* made = syntax_.Make(ExprKind::kExtent, From(begin));
    made->text = Peek().text;
    ++at_;
    made->type = std::make_unique<TypeSyntax>(Type());
    made->span = From(begin);
    return made;
  }
  return AggregateTerm(begin);
}

// `duration in days of X`, `difference in days between A and B`, `days between A and B`.
Expr* Parser::DurationTerm(std::uint32_t begin) {
  const bool difference = IsWord("difference");
  if ((difference || IsWord("duration")) && IsWord("in", 1)) {
    at_ += 2;
    const std::string precision(SingularPrecision(Peek().text));
    if (precision.empty()) Expected("years, months, weeks, days, hours, minutes, seconds or milliseconds");
    ++at_;
    return OfOrBetween(begin, difference ? "Difference" : "Duration", difference ? "DifferenceBetween" : "DurationBetween",
                       precision);
  }
  const std::string_view precision = SingularPrecision(Peek().text, true);
  if (precision.empty() || !IsWord("between", 1)) return nullptr;
  ++at_;
  return OfOrBetween(begin, {}, "DurationBetween", std::string(precision));
}

Expr* Parser::OfOrBetween(std::uint32_t begin, std::string_view /*of*/, std::string_view between, const std::string& precision) {
  const Deeper deeper(this);
  if (TakeWord("of")) {
    Expr* operand = UnaryTerm();
    return Op(between, begin, {Op("Start", begin, {operand}), Op("End", begin, {operand})}, precision);
  }
  NeedWord("between");
  Expr* low = AdditionLevel();
  NeedWord("and");
  Expr* high = AdditionLevel();
  return Op(between, begin, {low, high}, precision);
}

Expr* Parser::AggregateTerm(std::uint32_t begin) {
  struct Aggregate {
    std::string_view word, name;
    bool per;
  };
  constexpr std::array kAggregates{Aggregate{"distinct", "Distinct", false}, Aggregate{"flatten", "Flatten", false},
                                   Aggregate{"expand", "Expand", true}, Aggregate{"collapse", "Collapse", true}};
  for (const Aggregate& each : kAggregates) {
    if (!IsWord(each.word) || IsSymbol(".", 1)) continue;
    ++at_;
    Expr* operand = Expression();
    Expr* made = Op(each.name, begin, {operand});
    if (each.per && TakeWord("per")) {
      const std::string_view precision =
          Peek().kind == TokenKind::kIdentifier ? SingularPrecision(Peek().text) : std::string_view();
      if (!precision.empty()) {
        Expr* unit = syntax_.Make(ExprKind::kQuantity, Peek().span);
        unit->text = "1";
        unit->extra = precision;
        unit->has_extra = true;
        ++at_;
        made->args.push_back(unit);
      } else {
        made->args.push_back(Expression());
      }
    }
    made->span = From(begin);
    return made;
  }
  return nullptr;
}

Expr* Parser::If(std::uint32_t begin) {
  const Deeper deeper(this);
  ++at_;
  Expr* made = syntax_.Make(ExprKind::kIf, From(begin));
  made->args.push_back(Expression());
  NeedWord("then");
  made->args.push_back(Expression());
  NeedWord("else");
  made->args.push_back(Expression());
  made->span = From(begin);
  return made;
}

Expr* Parser::Case(std::uint32_t begin) {
  const Deeper deeper(this);
  ++at_;
  Expr* made = syntax_.Make(ExprKind::kCase, From(begin));
  if (!IsWord("when")) {
    made->has_target = true;
    made->args.push_back(Expression());
  }
  if (!IsWord("when")) Expected("'when'");
  while (TakeWord("when")) {
    made->args.push_back(Expression());
    NeedWord("then");
    made->args.push_back(Expression());
  }
  NeedWord("else");
  made->args.push_back(Expression());
  NeedWord("end");
  made->span = From(begin);
  return made;
}

Expr* Parser::Convert(std::uint32_t begin) {
  ++at_;
  Expr* operand = Expression();
  NeedWord("to");
  Expr* made = syntax_.Make(ExprKind::kConvert, From(begin));
  made->args = {operand};
  if (auto unit = Unit()) {
    made->extra = *std::move(unit);
    made->has_extra = true;
  } else {
    made->type = std::make_unique<TypeSyntax>(Type());
  }
  made->span = From(begin);
  return made;
}

Expr* Parser::IntervalSelector(std::uint32_t begin) {
  ++at_;
  Expr* made = syntax_.Make(ExprKind::kInterval, From(begin));
  made->low_closed = IsSymbol("[");
  ++at_;
  made->args.push_back(Expression());
  Need(",");
  made->args.push_back(Expression());
  if (!IsSymbol("]") && !IsSymbol(")")) Expected("']' or ')'");
  made->high_closed = IsSymbol("]");
  ++at_;
  made->span = From(begin);
  return made;
}

Expr* Parser::ListSelector(std::uint32_t begin) {
  Expr* made = syntax_.Make(ExprKind::kList, From(begin));
  if (TakeWord("List")) {
    if (TakeSymbol("<")) {
      made->type = std::make_unique<TypeSyntax>(Type());
      Need(">");
    }
  } else if ((Peek(1).kind == TokenKind::kIdentifier || Peek(1).kind == TokenKind::kQuoted || IsSymbol(":", 1)) &&
             (IsSymbol(":", 2) || IsSymbol(":", 1))) {
    return TupleBody(begin);
  }
  Need("{");
  while (!IsSymbol("}")) {
    if (!made->args.empty()) Need(",");
    made->args.push_back(Expression());
  }
  Need("}");
  made->span = From(begin);
  return made;
}

Expr* Parser::TupleBody(std::uint32_t begin) {
  Need("{");
  Expr* made = syntax_.Make(ExprKind::kTuple, From(begin));
  TakeSymbol(":");
  while (!IsSymbol("}")) {
    if (!made->names.empty()) Need(",");
    made->names.push_back(Name("an element's name"));
    Need(":");
    made->args.push_back(Expression());
  }
  Need("}");
  made->span = From(begin);
  return made;
}

Expr* Parser::InstanceBody(std::uint32_t begin, std::string type_name) {
  Expr* made = TupleBody(begin);
  made->kind = ExprKind::kInstance;
  made->type = std::make_unique<TypeSyntax>();
  made->type->name = std::move(type_name);
  made->type->span = made->span;
  return made;
}

Expr* Parser::CodeSelector(std::uint32_t begin) {
  ++at_;
  Expr* made = syntax_.Make(ExprKind::kCodeLiteral, From(begin));
  made->text = StringText("a code");
  NeedWord("from");
  Expr* system = syntax_.Make(ExprKind::kIdentifier, Peek().span);
  system->text = QualifiedName("a code system");
  made->args = {system};
  if (TakeWord("display")) {
    made->extra = StringText("a text");
    made->has_extra = true;
  }
  made->span = From(begin);
  return made;
}

Expr* Parser::ConceptSelector(std::uint32_t begin) {
  at_ += 2;
  Expr* made = syntax_.Make(ExprKind::kConceptLiteral, From(begin));
  do {
    if (!IsWord("Code")) Expected("'Code'");
    made->args.push_back(CodeSelector(Here()));
  } while (TakeSymbol(","));
  Need("}");
  if (TakeWord("display")) {
    made->extra = StringText("a text");
    made->has_extra = true;
  }
  made->span = From(begin);
  return made;
}

Expr* Parser::NameTerm(std::uint32_t begin) {
  const bool was_keyword = Peek().keyword;
  Expr* made = syntax_.Make(ExprKind::kIdentifier, Peek().span);
  made->text = Name("an expression");
  if (IsSymbol("(")) {
    made->kind = ExprKind::kCall;
    CallArguments(made);
  } else if (IsSymbol("{")) {
    return InstanceBody(begin, made->text);
  }
  made->strict = was_keyword;
  made->span = From(begin);
  return made;
}

Expr* Parser::CallArguments(Expr* call) {
  Need("(");
  const std::size_t before = call->args.size();
  while (!IsSymbol(")")) {
    if (call->args.size() > before) Need(",");
    call->args.push_back(Expression());
  }
  Need(")");
  return call;
}

Expr* Parser::Retrieve(std::uint32_t begin) {
  Need("[");
  Expr* made = syntax_.Make(ExprKind::kRetrieve, From(begin));
  made->retrieve = std::make_unique<RetrieveSyntax>();
  RetrieveSyntax& retrieve = *made->retrieve;
  retrieve.type = Type();
  if (TakeSymbol("->")) {
    retrieve.context = retrieve.type.name;
    retrieve.type = Type();
  }
  if (TakeSymbol(":")) {
    if (Peek().kind == TokenKind::kIdentifier && (IsWord("in", 1) || IsSymbol("=", 1) || IsSymbol("~", 1))) {
      retrieve.code_path = Peek().text;
      retrieve.comparator = Peek(1).text;
      at_ += 2;
    }
    retrieve.terminology = Expression();
  }
  Need("]");
  made->span = From(begin);
  return made;
}

}  // namespace plumbline::cql
