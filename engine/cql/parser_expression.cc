// Operators by precedence. Chains are loops, so that a thousand `and`s need no stack.
#include "engine/cql/parser_internal.h"

namespace plumbline::cql {

Expr* Parser::Op(std::string_view name, std::uint32_t begin, std::initializer_list<Expr*> args, std::string precision) {
  Expr* made = syntax_.Make(ExprKind::kOperator, From(begin));
  made->text = name;
  made->args = args;
  made->extra = std::move(precision);
  return made;
}

Expr* Parser::Expression() {
  const Deeper deeper(this);
  return SetLevel();
}

Expr* Parser::SetLevel() {
  const std::uint32_t begin = Here();
  Expr* left = ImpliesLevel();
  for (;;) {
    if (TakeWord("union") || TakeSymbol("|")) {
      left = Op("Union", begin, {left, ImpliesLevel()});
    } else if (TakeWord("intersect")) {
      left = Op("Intersect", begin, {left, ImpliesLevel()});
    } else if (TakeWord("except")) {
      left = Op("Except", begin, {left, ImpliesLevel()});
    } else {
      return left;
    }
    left->span = From(begin);
  }
}

Expr* Parser::ImpliesLevel() {
  const std::uint32_t begin = Here();
  Expr* left = OrLevel();
  while (TakeWord("implies")) {
    left = Op("Implies", begin, {left, OrLevel()});
    left->span = From(begin);
  }
  return left;
}

Expr* Parser::OrLevel() {
  const std::uint32_t begin = Here();
  Expr* left = AndLevel();
  for (;;) {
    if (IsWords({"or", "before"}) || IsWords({"or", "after"})) return left;
    if (TakeWord("or")) {
      left = Op("Or", begin, {left, AndLevel()});
    } else if (TakeWord("xor")) {
      left = Op("Xor", begin, {left, AndLevel()});
    } else {
      return left;
    }
    left->span = From(begin);
  }
}

Expr* Parser::AndLevel() {
  const std::uint32_t begin = Here();
  Expr* left = MembershipLevel();
  while (TakeWord("and")) {
    left = Op("And", begin, {left, MembershipLevel()});
    left->span = From(begin);
  }
  return left;
}

Expr* Parser::MembershipLevel() {
  const std::uint32_t begin = Here();
  Expr* left = EqualityLevel();
  for (;;) {
    const bool in = IsWord("in");
    if (!in && !IsWord("contains")) return left;
    ++at_;
    std::string precision = PrecisionOf();
    Expr* right = EqualityLevel();
    left = Op(in ? "In" : "Contains", begin, {left, right}, std::move(precision));
  }
}

Expr* Parser::EqualityLevel() {
  const std::uint32_t begin = Here();
  Expr* left = TimingLevel();
  for (;;) {
    std::string_view name;
    if (TakeSymbol("=")) {
      name = "Equal";
    } else if (TakeSymbol("!=") || TakeSymbol("<>")) {
      name = "NotEqual";
    } else if (TakeSymbol("~")) {
      name = "Equivalent";
    } else if (TakeSymbol("!~")) {
      name = "NotEquivalent";
    } else {
      return left;
    }
    Expr* right = TimingLevel();
    if (name == "NotEqual" || name == "NotEquivalent") {
      left = Op("Not", begin, {Op(name.substr(3), begin, {left, right})});
    } else {
      left = Op(name, begin, {left, right});
    }
    left->span = From(begin);
  }
}

Expr* Parser::TimingLevel() {
  const std::uint32_t begin = Here();
  Expr* left = InequalityLevel();
  while (StartsTiming()) {
    std::unique_ptr<TimingSyntax> phrase = TimingPhrase();
    Expr* right = InequalityLevel();
    Expr* made = syntax_.Make(ExprKind::kTiming, From(begin));
    made->args = {left, right};
    made->timing = std::move(phrase);
    left = made;
  }
  return left;
}

Expr* Parser::InequalityLevel() {
  const std::uint32_t begin = Here();
  Expr* left = BetweenLevel();
  for (;;) {
    std::string_view name;
    if (TakeSymbol("<=")) {
      name = "LessOrEqual";
    } else if (TakeSymbol(">=")) {
      name = "GreaterOrEqual";
    } else if (TakeSymbol("<")) {
      name = "Less";
    } else if (TakeSymbol(">")) {
      name = "Greater";
    } else {
      return left;
    }
    Expr* right = BetweenLevel();
    left = Op(name, begin, {left, right});
  }
}

Expr* Parser::BetweenLevel() {
  const std::uint32_t begin = Here();
  Expr* left = PrefixLevel();
  for (;;) {
    const bool properly = IsWords({"properly", "between"});
    if (!properly && !IsWord("between")) return left;
    at_ += properly ? 2 : 1;
    Expr* low = AdditionLevel();
    NeedWord("and");
    Expr* high = AdditionLevel();
    left = Op("And", begin,
              {Op(properly ? "Greater" : "GreaterOrEqual", begin, {left, low}),
               Op(properly ? "Less" : "LessOrEqual", begin, {left, high})});
  }
}

Expr* Parser::PrefixLevel() {
  const std::uint32_t begin = Here();
  if (IsWord("not") || IsWord("exists")) {
    const Deeper deeper(this);
    const bool is_not = IsWord("not");
    ++at_;
    Expr* operand = PrefixLevel();
    return Op(is_not ? "Not" : "Exists", begin, {operand});
  }
  if (IsWord("cast") && !IsSymbol(".", 1)) {
    const Deeper deeper(this);
    ++at_;
    Expr* operand = AdditionLevel();
    NeedWord("as");
    Expr* made = syntax_.Make(ExprKind::kAs, From(begin));
    made->strict = true;
    made->args = {operand};
    made->type = std::make_unique<TypeSyntax>(Type());
    made->span = From(begin);
    return made;
  }
  return TypeLevel();
}

Expr* Parser::TypeLevel() {
  const std::uint32_t begin = Here();
  Expr* left = AdditionLevel();
  for (;;) {
    if (TakeWord("is")) {
      left = IsPhrase(left);
      left->span = From(begin);
    } else if (TakeWord("as")) {
      Expr* made = syntax_.Make(ExprKind::kAs, From(begin));
      made->args = {left};
      made->type = std::make_unique<TypeSyntax>(Type());
      made->span = From(begin);
      left = made;
    } else {
      return left;
    }
  }
}

Expr* Parser::IsPhrase(Expr* left) {
  const std::uint32_t begin = left->span.begin;
  const bool negated = TakeWord("not");
  Expr* test = nullptr;
  if (TakeWord("null")) {
    test = Op("IsNull", begin, {left});
  } else if (TakeWord("true")) {
    test = Op("IsTrue", begin, {left});
  } else if (TakeWord("false")) {
    test = Op("IsFalse", begin, {left});
  } else if (negated) {
    Expected("'null', 'true' or 'false'");
  } else {
    test = syntax_.Make(ExprKind::kIs, From(begin));
    test->args = {left};
    test->type = std::make_unique<TypeSyntax>(Type());
  }
  return negated ? Op("Not", begin, {test}) : test;
}

Expr* Parser::AdditionLevel() {
  const std::uint32_t begin = Here();
  Expr* left = MultiplicationLevel();
  for (;;) {
    if (TakeSymbol("+")) {
      left = Op("Add", begin, {left, MultiplicationLevel()});
    } else if (TakeSymbol("-")) {
      left = Op("Subtract", begin, {left, MultiplicationLevel()});
    } else if (TakeSymbol("&")) {
      left = Op("ConcatenateOrEmpty", begin, {left, MultiplicationLevel()});
    } else {
      return left;
    }
    left->span = From(begin);
  }
}

Expr* Parser::MultiplicationLevel() {
  const std::uint32_t begin = Here();
  Expr* left = PowerLevel();
  for (;;) {
    if (TakeSymbol("*")) {
      left = Op("Multiply", begin, {left, PowerLevel()});
    } else if (TakeSymbol("/")) {
      left = Op("Divide", begin, {left, PowerLevel()});
    } else if (TakeWord("div")) {
      left = Op("TruncatedDivide", begin, {left, PowerLevel()});
    } else if (TakeWord("mod")) {
      left = Op("Modulo", begin, {left, PowerLevel()});
    } else {
      return left;
    }
    left->span = From(begin);
  }
}

Expr* Parser::PowerLevel() {
  const std::uint32_t begin = Here();
  Expr* left = UnaryTerm();
  while (TakeSymbol("^")) {
    left = Op("Power", begin, {left, UnaryTerm()});
    left->span = From(begin);
  }
  return left;
}

}  // namespace plumbline::cql
