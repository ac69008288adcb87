// Timing phrases and queries.
#include <array>

#include "engine/cql/parser_internal.h"

namespace plumbline::cql {

// `day of` and the like before the right operand of a timing phrase or of `in`.
std::string Parser::PrecisionOf() {
  const std::string_view precision = Peek().kind == TokenKind::kIdentifier ? SingularPrecision(Peek().text) : std::string_view();
  if (precision.empty() || precision.size() != Peek().text.size() || !IsWord("of", 1)) return {};
  at_ += 2;
  return std::string(precision);
}

bool Parser::StartsTiming() const {
  std::size_t i = 0;
  const Token& first = Peek();
  if (first.kind == TokenKind::kInteger || first.kind == TokenKind::kDecimal) return true;
  if (first.kind != TokenKind::kIdentifier) return false;
  constexpr std::array<std::string_view, 11> kWords{"same",   "includes", "during",   "included", "before", "after",
                                                    "within", "meets",    "overlaps", "starts",   "ends"};
  if (IsWord("occurs")) return true;
  for (const std::string_view word : kWords) {
    if (IsWord(word, i)) return true;
  }
  if (IsWord("properly")) return !IsWord("between", 1);
  if (IsWord("on")) return IsWord("or", 1);
  if (IsWord("less") || IsWord("more")) return IsWord("than", 1);
  return false;
}

std::unique_ptr<TimingSyntax> Parser::TimingPhrase() {
  auto timing = std::make_unique<TimingSyntax>();
  // `starts` alone is a relation of its own; before another relation it names the left operand's edge.
  const bool starts = IsWord("starts");
  if (starts || IsWord("ends") || IsWord("occurs")) {
    const bool occurs = IsWord("occurs");
    ++at_;
    if (!occurs && !StartsTiming()) {
      timing->relation = starts ? TimingSyntax::Relation::kStarts : TimingSyntax::Relation::kEnds;
      timing->precision = PrecisionOf();
      return timing;
    }
    if (occurs && !StartsTiming()) Expected("a relation in time");
    if (!occurs) timing->left = starts ? TimingSyntax::Edge::kStart : TimingSyntax::Edge::kEnd;
  }
  TimingRelation(timing.get());
  return timing;
}

void Parser::RightEdge(TimingSyntax* timing) {
  // `before start X`; `before start of X` is an ordinary operand.
  if (IsWord("start") && !IsWord("of", 1)) {
    ++at_;
    timing->right = TimingSyntax::Edge::kStart;
  } else if (IsWord("end") && !IsWord("of", 1)) {
    ++at_;
    timing->right = TimingSyntax::Edge::kEnd;
  }
}

bool Parser::TimingOffset(TimingSyntax* timing) {
  using Offset = TimingSyntax::Offset;
  if (IsWords({"less", "than"}) || IsWords({"more", "than"})) {
    timing->offset = IsWord("less") ? Offset::kLessThan : Offset::kMoreThan;
    at_ += 2;
  }
  const Token& token = Peek();
  if (token.kind != TokenKind::kInteger && token.kind != TokenKind::kDecimal) return timing->offset != Offset::kNone;
  timing->quantity = NumberOrQuantity(Here());
  if (timing->offset != Offset::kNone) return true;
  timing->offset = Offset::kExactly;
  if (TakeWords({"or", "more"})) timing->offset = Offset::kOrMore;
  if (TakeWords({"or", "less"})) timing->offset = Offset::kOrLess;
  return true;
}

void Parser::SameRelation(TimingSyntax* timing) {
  timing->relation = TimingSyntax::Relation::kSame;
  if (!IsWord("as") && !IsWord("or") && !IsWord("start") && !IsWord("end")) {
    const std::string_view precision =
        Peek().kind == TokenKind::kIdentifier ? SingularPrecision(Peek().text) : std::string_view();
    if (!precision.empty()) {
      timing->precision = precision;
      ++at_;
    }
  }
  if (TakeWords({"or", "before"})) {
    timing->side_before = true;
  } else if (TakeWords({"or", "after"})) {
    timing->side_after = true;
  } else {
    NeedWord("as");
  }
  RightEdge(timing);
}

void Parser::BeforeAfterRelation(TimingSyntax* timing) {
  timing->inclusive = TakeWords({"on", "or"});
  if (!IsWord("before") && !IsWord("after")) Expected("'before' or 'after'");
  timing->relation = IsWord("before") ? TimingSyntax::Relation::kBefore : TimingSyntax::Relation::kAfter;
  ++at_;
  if (TakeWords({"or", "on"})) timing->inclusive = true;
  timing->precision = PrecisionOf();
  RightEdge(timing);
}

void Parser::TimingRelation(TimingSyntax* timing) {
  using Relation = TimingSyntax::Relation;
  if (TimingOffset(timing)) return BeforeAfterRelation(timing);
  if (TakeWord("same")) return SameRelation(timing);
  timing->properly = TakeWord("properly");
  if (TakeWord("within")) {
    timing->relation = Relation::kWithin;
    timing->quantity = NumberOrQuantity(Here());
    NeedWord("of");
    return RightEdge(timing);
  }
  if (TakeWord("includes")) {
    timing->relation = Relation::kIncludes;
  } else if (TakeWord("during")) {
    timing->relation = Relation::kIncludedIn;
  } else if (TakeWord("included")) {
    NeedWord("in");
    timing->relation = Relation::kIncludedIn;
  } else if (IsWord("meets") || IsWord("overlaps")) {
    timing->relation = IsWord("meets") ? Relation::kMeets : Relation::kOverlaps;
    ++at_;
    timing->side_before = TakeWord("before");
    timing->side_after = !timing->side_before && TakeWord("after");
    timing->precision = PrecisionOf();
    return;
  } else if (!timing->properly) {
    return BeforeAfterRelation(timing);
  } else {
    Expected("'includes', 'during', 'included in' or 'within'");
  }
  timing->precision = PrecisionOf();
  RightEdge(timing);
}

// A query's source is a retrieve, a name or something in parentheses; what follows it is then an alias.
bool Parser::MayBeSource(const Expr& expr) const {
  switch (expr.kind) {
    case ExprKind::kRetrieve:
      return true;
    case ExprKind::kOperator:
      return expr.text == "Parenthesis";
    case ExprKind::kIdentifier:
      return true;
    case ExprKind::kMember:
      return MayBeSource(*expr.args[0]) || expr.args[0]->kind == ExprKind::kCall;
    default:
      return false;
  }
}

Expr* Parser::Query(Expr* first, std::uint32_t begin) {
  auto query = std::make_unique<QuerySyntax>();
  AliasedSource source{.source = first, .alias = {}, .span = Peek().span};
  source.alias = Name("an alias", false);
  query->sources.push_back(std::move(source));
  return QueryRest(std::move(query), begin);
}

AliasedSource Parser::Source() {
  AliasedSource source;
  const std::uint32_t begin = Here();
  // The source itself without the postfix loop's own query: an alias is read here.
  Expr* expr = Primary();
  while (TakeSymbol(".")) {
    Expr* made = syntax_.Make(ExprKind::kMember, From(begin));
    made->args = {expr};
    made->text = Name("an element or function");
    if (IsSymbol("(")) {
      made->kind = ExprKind::kCall;
      made->has_target = true;
      CallArguments(made);
    }
    made->span = From(begin);
    expr = made;
  }
  source.source = expr;
  source.span = Peek().span;
  source.alias = Name("an alias", false);
  return source;
}

Expr* Parser::FromQuery(std::uint32_t begin) {
  const Deeper deeper(this);
  ++at_;
  auto query = std::make_unique<QuerySyntax>();
  do {
    query->sources.push_back(Source());
  } while (TakeSymbol(","));
  return QueryRest(std::move(query), begin);
}

void Parser::WithClause(QuerySyntax* query) {
  QuerySyntax::With with;
  with.without = IsWord("without");
  ++at_;
  with.source = Source();
  NeedWord("such");
  NeedWord("that");
  with.such_that = Expression();
  query->withs.push_back(std::move(with));
}

Expr* Parser::QueryRest(std::unique_ptr<QuerySyntax> query, std::uint32_t begin) {
  if (TakeWord("let")) {
    do {
      QuerySyntax::Let let;
      let.span = Peek().span;
      let.name = Name("a name");
      Need(":");
      let.value = Expression();
      query->lets.push_back(std::move(let));
    } while (TakeSymbol(","));
  }
  while (IsWord("with") || IsWord("without")) WithClause(query.get());
  if (TakeWord("where")) query->where = Expression();
  if (TakeWord("aggregate")) {
    Aggregate(query.get());
  } else if (TakeWord("return")) {
    query->return_stated = true;
    query->return_all = TakeWord("all");
    if (!query->return_all) TakeWord("distinct");
    query->returned = Expression();
  }
  if (TakeWord("sort")) Sort(query.get());
  Expr* made = syntax_.Make(ExprKind::kQuery, From(begin));
  made->query = std::move(query);
  return made;
}

void Parser::Aggregate(QuerySyntax* query) {
  query->aggregate_distinct = TakeWord("distinct");
  if (!query->aggregate_distinct) TakeWord("all");
  query->aggregate_name = Name("a name for the accumulator");
  if (TakeWord("starting")) query->aggregate_start = UnaryTerm();
  Need(":");
  query->aggregate = Expression();
}

void Parser::Sort(QuerySyntax* query) {
  const auto direction = [this](bool* stated) {
    *stated = true;
    if (TakeWord("desc") || TakeWord("descending")) return true;
    if (!TakeWord("asc") && !TakeWord("ascending")) *stated = false;
    return false;
  };
  bool stated = false;
  if (!TakeWord("by")) {
    const bool descending = direction(&stated);
    if (!stated) Expected("'asc', 'desc' or 'by'");
    query->sort.push_back({.by = nullptr, .descending = descending});
    return;
  }
  do {
    QuerySyntax::SortItem item;
    item.by = AdditionLevel();
    item.descending = direction(&stated);
    query->sort.push_back(item);
  } while (TakeSymbol(","));
}

}  // namespace plumbline::cql
