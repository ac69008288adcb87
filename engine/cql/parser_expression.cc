// The `expression` rule of the grammar: logic, comparison, timing phrases, membership, sets.
#include <array>

#include "engine/cql/parser_internal.h"

namespace plumbline::cql {
namespace {

struct ChainOperator {
  std::string_view word;
  std::string_view operation;
  int level;
};
constexpr std::array kChainOperators{
    ChainOperator{"and", "And", kAndLevel},
    ChainOperator{"or", "Or", kOrLevel},
    ChainOperator{"xor", "Xor", kOrLevel},
    ChainOperator{"implies", "Implies", kImpliesLevel},
    ChainOperator{"union", "Union", kSetLevel},
    ChainOperator{"|", "Union", kSetLevel},
    ChainOperator{"intersect", "Intersect", kSetLevel},
    ChainOperator{"except", "Except", kSetLevel},
    ChainOperator{"=", "Equal", kEqualityLevel},
    ChainOperator{"!=", "NotEqual", kEqualityLevel},
    ChainOperator{"~", "Equivalent", kEqualityLevel},
    ChainOperator{"!~", "NotEquivalent", kEqualityLevel},
    ChainOperator{"<", "Less", kInequalityLevel},
    ChainOperator{"<=", "LessOrEqual", kInequalityLevel},
    ChainOperator{">", "Greater", kInequalityLevel},
    ChainOperator{">=", "GreaterOrEqual", kInequalityLevel},
};

const ChainOperator* FindChain(const Token& token) {
  if (token.kind != TokenKind::kIdentifier && token.kind != TokenKind::kSymbol) return nullptr;
  for (const ChainOperator& candidate : kChainOperators) {
    if (token.text == candidate.word) return &candidate;
  }
  return nullptr;
}

constexpr std::array kTimingStarts{"same",  "includes", "during", "included", "before", "after", "on",
                                   "meets", "overlaps", "starts", "ends",     "occurs", "within"};

bool CanBeQuerySource(const AstNode& node) {
  switch (node.kind) {
    case AstKind::kRetrieve:
    case AstKind::kName:
    case AstKind::kMember:
    case AstKind::kCall:
    case AstKind::kIndexer:
    case AstKind::kList:
      return true;
    default:
      return node.Has(AstNode::kInParentheses);
  }
}

}  // namespace

AstNode* Parser::Expr(int level) {
  const Nesting nesting(*this);
  if (nesting.TooDeep()) return Fail("this expression is nested more than " + std::to_string(kMaxDepth) + " deep");
  AstNode* left = ExprPrefix();
  while (!panic_) {
    if (const ChainOperator* found = FindChain(Peek())) {
      if (found->level <= level) break;
      left = ExprChain(left, found->level);
    } else if ((At("is") || At("as")) && level < kTypeLevel) {
      left = TypeOrIs(left);
    } else if ((At("between") || At("properly", "between")) && level < kBetweenLevel) {
      left = Between(left);
    } else if ((At("in") || At("contains") || At("properly", "in") || At("properly", "contains")) && level < kMembershipLevel) {
      left = Membership(left);
    } else if (AtTiming() && level < kTimingLevel) {
      left = Timing(left);
    } else {
      break;
    }
  }
  return left;
}

// All operands of one level, collected without recursion on the left.
AstNode* Parser::ExprChain(AstNode* left, int level) {
  std::vector<AstNode*> operands{left};
  std::vector<std::string_view> names{""};
  const std::uint32_t begin = left->span.begin;
  Span operator_span = Peek().span;
  while (const ChainOperator* found = FindChain(Peek())) {
    if (found->level != level) break;
    operator_span = Take().span;
    operands.push_back(Expr(level));
    names.push_back(found->operation);
  }
  AstNode* node = MakeWith(AstKind::kChain, begin, operands);
  node->names = Keep(names);
  node->name_span = operator_span;
  return node;
}

AstNode* Parser::ExprPrefix() {
  const std::uint32_t begin = Peek().span.begin;
  if (At("not") || At("exists")) {
    const bool is_not = Take().text == "not";
    const Span span = list_.tokens[at_ - 1].span;
    AstNode* operand = Expr((is_not ? kNotLevel : kExistsLevel) - 1);
    AstNode* node = Make(AstKind::kUnary, begin, {operand});
    node->text = is_not ? "Not" : "Exists";
    node->name_span = span;
    return node;
  }
  if (At("cast")) {
    Take();
    AstNode* operand = Expr(kTypeLevel);
    Expect("as", "after the operand of 'cast'");
    const TypeSpec* type = Type();
    AstNode* node = Make(AstKind::kAs, begin, {operand});
    node->flags = AstNode::kStrict;
    node->type = type;
    return node;
  }
  if (At("from")) return Query(nullptr);
  const bool between = Peek(1).kind == TokenKind::kIdentifier && Peek(1).text == "between";
  if ((between && ParsePrecision(Peek().text)) ||
      ((At("duration", "in") || At("difference", "in")) && IsWord(Peek(3), "between")))
    return DurationBetween();
  return ExprOperand();
}

// A term, or a query over it when an alias follows.
AstNode* Parser::ExprOperand() {
  AstNode* term = Term();
  if (panic_ || !AtIdentifier() || !CanBeQuerySource(*term)) return term;
  return Query(term);
}

AstNode* Parser::TypeOrIs(AstNode* left) {
  const std::uint32_t begin = left->span.begin;
  const bool is = Take().text == "is";
  const bool negated = is && Accept("not");
  if (is) {
    for (const auto& [word, name] : {std::pair("null", "IsNull"), std::pair("true", "IsTrue"), std::pair("false", "IsFalse")}) {
      if (!Accept(word)) continue;
      AstNode* node = Make(AstKind::kIsLiteral, begin, {left});
      node->text = name;
      node->flags = negated ? AstNode::kNegated : 0;
      return node;
    }
    if (negated) return Fail("expected 'null', 'true' or 'false' after 'is not', found " + Found());
  }
  const TypeSpec* type = Type();
  AstNode* node = Make(is ? AstKind::kIs : AstKind::kAs, begin, {left});
  node->type = type;
  return node;
}

AstNode* Parser::Between(AstNode* left) {
  const bool properly = Accept("properly");
  Take();
  AstNode* low = Term();
  Expect("and", "between the bounds of 'between'");
  AstNode* high = Term();
  AstNode* node = Make(AstKind::kBetween, left->span.begin, {left, low, high});
  node->flags = properly ? AstNode::kProperly : 0;
  return node;
}

AstNode* Parser::Membership(AstNode* left) {
  const bool properly = Accept("properly");
  const Token& word = Take();
  const bool in = word.text == "in";
  const std::optional<Precision> precision = PrecisionOf();
  AstNode* right = Expr(kMembershipLevel);
  AstNode* node = Make(AstKind::kMembership, left->span.begin, {left, right});
  node->text = in ? "In" : "Contains";
  node->flags = properly ? AstNode::kProperly : 0;
  node->precision = precision;
  node->name_span = word.span;
  return node;
}

AstNode* Parser::DurationBetween() {
  const std::uint32_t begin = Peek().span.begin;
  const bool difference = At("difference");
  if (Accept("duration") || Accept("difference")) Take();
  const Token& word = Take();
  const std::optional<Precision> precision = ParsePrecision(word.text);
  if (!precision) return FailAt(word.span, "expected a precision such as 'days', found '" + std::string(word.text) + "'");
  Expect("between", "after the precision");
  AstNode* low = Term();
  Expect("and", "between the operands of 'between'");
  AstNode* high = Term();
  AstNode* node = Make(AstKind::kDuration, begin, {low, high});
  node->text = difference ? "DifferenceBetween" : "DurationBetween";
  node->precision = precision;
  return node;
}

// "day of" and the like.
std::optional<Precision> Parser::PrecisionOf() {
  if (Peek().kind != TokenKind::kIdentifier || !IsWord(Peek(1), "of")) return std::nullopt;
  const std::optional<Precision> precision = ParsePrecision(Peek().text);
  if (!precision) return std::nullopt;
  Take();
  Take();
  return precision;
}

bool Parser::AtTiming() const {
  const Token& token = Peek();
  if (token.kind == TokenKind::kNumber) return true;
  if (token.kind != TokenKind::kIdentifier) return false;
  for (const std::string_view word : kTimingStarts) {
    if (token.text == word) return true;
  }
  if (At("properly")) return !IsWord(Peek(1), "between");
  return At("less", "than") || At("more", "than");
}

AstNode* Parser::Timing(AstNode* left) {
  AstTiming timing;
  const Span phrase = Peek().span;
  std::optional<Precision> precision;
  if (At("starts") || At("ends") || At("occurs")) {
    const Token& next = Peek(1);
    bool bounded = next.kind == TokenKind::kNumber;
    for (const std::string_view word :
         {"same", "properly", "during", "included", "before", "after", "on", "within", "less", "more"})
      bounded = bounded || IsWord(next, word);
    if (bounded) {
      const std::string_view word = Take().text;
      timing.left = word == "starts" ? AstTiming::Bound::kStart
                    : word == "ends" ? AstTiming::Bound::kEnd
                                     : AstTiming::Bound::kOccurs;
    }
  }
  timing.properly = Accept("properly");
  TimingOffset(&timing);
  TimingRelation(&timing, &precision);
  if ((At("start") || At("end")) && !IsWord(Peek(1), "of"))
    timing.right = Take().text == "start" ? AstTiming::Bound::kStart : AstTiming::Bound::kEnd;
  const Span span{phrase.begin, End()};
  AstNode* right = Expr(kTimingLevel);
  AstNode* node = Make(AstKind::kTiming, left->span.begin, {left, right});
  node->precision = precision;
  node->timing = tree_.arena->Make(timing);
  node->name_span = span;
  return node;
}

void Parser::TimingOffset(AstTiming* timing) {
  if (At("less", "than") || At("more", "than")) {
    timing->offset = Take().text == "less" ? AstTiming::Offset::kLessThan : AstTiming::Offset::kMoreThan;
    Take();
    timing->quantity = Quantity(false);
    return;
  }
  if (Peek().kind != TokenKind::kNumber) return;
  timing->quantity = Quantity(false);
  timing->offset = AstTiming::Offset::kExactly;
  if (At("or", "more")) timing->offset = AstTiming::Offset::kOrMore;
  if (At("or", "less")) timing->offset = AstTiming::Offset::kOrLess;
  if (timing->offset != AstTiming::Offset::kExactly) {
    Take();
    Take();
  }
}

bool Parser::BeforeOrAfter(AstTiming* timing) {
  using Relation = AstTiming::Relation;
  bool on = false;
  if (At("on")) {
    Take();
    Accept("or");
    on = true;
  }
  if (!At("before") && !At("after")) return false;
  const bool before = Take().text == "before";
  if (!on && At("or", "on")) {
    Take();
    Take();
    on = true;
  }
  timing->relation = before ? (on ? Relation::kOnOrBefore : Relation::kBefore) : (on ? Relation::kOnOrAfter : Relation::kAfter);
  return true;
}

void Parser::TimingRelation(AstTiming* timing, std::optional<Precision>* precision) {
  using Relation = AstTiming::Relation;
  if (Accept("same")) {
    if (Peek().kind == TokenKind::kIdentifier) {
      *precision = ParsePrecision(Peek().text);
      if (*precision) Take();
    }
    if (Accept("as")) return;
    Expect("or", "or 'as' after 'same'");
    if (!At("before") && !At("after")) Fail("expected 'before' or 'after', found " + Found());
    timing->relation = Take().text == "before" ? Relation::kSameOrBefore : Relation::kSameOrAfter;
    *precision = *precision ? *precision : PrecisionOf();
    return;
  }
  if (Accept("within")) {
    timing->relation = Relation::kWithin;
    timing->quantity = Quantity(false);
    Expect("of", "after the quantity of 'within'");
    return;
  }
  if (BeforeOrAfter(timing)) {
    *precision = PrecisionOf();
    return;
  }
  if (Accept("includes")) {
    timing->relation = Relation::kIncludes;
  } else if (Accept("during")) {
    timing->relation = Relation::kIncludedIn;
  } else if (Accept("included")) {
    Expect("in", "after 'included'");
    timing->relation = Relation::kIncludedIn;
  } else if (At("meets") || At("overlaps")) {
    const bool meets = Take().text == "meets";
    const bool before = At("before");
    const bool after = At("after");
    if (before || after) Take();
    timing->relation = before  ? (meets ? Relation::kMeetsBefore : Relation::kOverlapsBefore)
                       : after ? (meets ? Relation::kMeetsAfter : Relation::kOverlapsAfter)
                               : (meets ? Relation::kMeets : Relation::kOverlaps);
  } else if (Accept("starts")) {
    timing->relation = Relation::kStarts;
  } else if (Accept("ends")) {
    timing->relation = Relation::kEnds;
  } else {
    Fail("expected a timing phrase such as 'before', 'during' or 'overlaps', found " + Found());
  }
  *precision = PrecisionOf();
}

}  // namespace plumbline::cql
