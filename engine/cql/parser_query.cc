// Retrieves and queries.
#include "engine/cql/parser_internal.h"

namespace plumbline::cql {

// [Type], [Type: terminology], [Type: path in terminology]
AstNode* Parser::Retrieve() {
  const std::uint32_t begin = Take().span.begin;
  std::vector<AstNode*> kids;
  const TypeSpec* type = NamedType();
  std::string_view path;
  std::string_view comparator;
  if (Accept(":")) {
    const bool has_path = (Peek().kind == TokenKind::kIdentifier || Peek().kind == TokenKind::kQuoted) &&
                          (IsWord(Peek(1), "in") || IsWord(Peek(1), "=") || IsWord(Peek(1), "~"));
    if (has_path) {
      path = Text(Take());
      comparator = Take().text;
    }
    kids.push_back(Expr());
  }
  Expect("]", "to close the retrieve");
  AstNode* node = MakeWith(AstKind::kRetrieve, begin, kids);
  node->type = type;
  node->text = path;
  node->text2 = comparator;
  node->name_span = type->span;
  return node;
}

AstNode* Parser::QuerySource() {
  AstNode* node = Postfix();
  return node;
}

AstSource Parser::AliasedSource() {
  AstSource source;
  source.expression = QuerySource();
  if (!AtIdentifier()) {
    Fail("expected an alias after the source of the query, found " + Found());
    return source;
  }
  source.alias = Identifier("an alias", &source.alias_span);
  return source;
}

// `first` is the source already read, or null at the word 'from'.
AstNode* Parser::Query(AstNode* first) {
  const std::uint32_t begin = first == nullptr ? Peek().span.begin : first->span.begin;
  std::vector<AstSource> sources;
  if (first != nullptr) {
    AstSource source{.expression = first, .alias = {}, .alias_span = {}};
    source.alias = Identifier("an alias", &source.alias_span);
    sources.push_back(source);
  } else {
    Take();
    do {
      sources.push_back(AliasedSource());
      if (sources.size() > kMaxSources) Fail("a query has at most " + std::to_string(kMaxSources) + " sources");
    } while (!panic_ && Accept(","));
  }
  AstQuery query;
  query.sources = Keep(sources);
  QueryClauses(&query);
  std::vector<AstNode*> kids;
  for (const AstSource& source : query.sources) kids.push_back(source.expression);
  for (const AstSource& let : query.lets) kids.push_back(let.expression);
  for (const AstRelation& relation : query.relations) {
    kids.push_back(relation.source.expression);
    kids.push_back(relation.such_that);
  }
  for (AstNode* node : {query.where, query.returned, query.aggregate, query.starting}) {
    if (node != nullptr) kids.push_back(node);
  }
  for (const AstSort& sort : query.sort) {
    if (sort.by != nullptr) kids.push_back(sort.by);
  }
  AstNode* node = MakeWith(AstKind::kQuery, begin, kids);
  node->query = tree_.arena->Make(query);
  return node;
}

void Parser::QueryClauses(AstQuery* query) {
  if (Accept("let")) {
    std::vector<AstSource> lets;
    do {
      AstSource let;
      let.alias = Identifier("a name", &let.alias_span);
      Expect(":", "after the name of 'let'");
      let.expression = Expr();
      lets.push_back(let);
    } while (Accept(","));
    query->lets = Keep(lets);
  }
  std::vector<AstRelation> relations;
  while (At("with") || At("without")) {
    AstRelation relation;
    relation.without = Take().text == "without";
    relation.source = AliasedSource();
    Expect("such", "after the alias of 'with' or 'without'");
    Expect("that", "after 'such'");
    relation.such_that = Expr();
    relations.push_back(relation);
  }
  query->relations = Keep(relations);
  if (Accept("where")) query->where = Expr();
  QueryResult(query);
  if (Accept("sort")) Sort(query);
}

void Parser::QueryResult(AstQuery* query) {
  if (Accept("aggregate")) {
    Aggregate(query);
    return;
  }
  if (!Accept("return")) return;
  if (Accept("all")) {
    query->distinct = false;
  } else {
    // 'distinct' here is the clause's word; that it could begin an expression makes no difference to the result.
    Accept("distinct");
  }
  query->returned = Expr();
}

void Parser::Aggregate(AstQuery* query) {
  if (!Accept("all")) query->aggregate_distinct = Accept("distinct");
  query->accumulator = Identifier("the name of the accumulator", nullptr);
  if (Accept("starting")) {
    const bool before = no_ratio_;
    no_ratio_ = true;
    query->starting = Unary();
    no_ratio_ = before;
  }
  Expect(":", "before the expression of 'aggregate'");
  query->aggregate = Expr();
}

void Parser::Sort(AstQuery* query) {
  const auto direction = [this] {
    if (Accept("desc") || Accept("descending")) return true;
    if (!Accept("asc")) Accept("ascending");
    return false;
  };
  std::vector<AstSort> items;
  if (Accept("by")) {
    do {
      AstSort item;
      item.by = Term();
      item.descending = direction();
      items.push_back(item);
    } while (Accept(","));
  } else {
    if (!At("asc") && !At("ascending") && !At("desc") && !At("descending"))
      Fail("expected 'by', 'asc' or 'desc' after 'sort', found " + Found());
    items.push_back({.by = nullptr, .descending = direction()});
  }
  query->sort = Keep(items);
}

}  // namespace plumbline::cql
