// The parser's class, private to parser*.cc: declarations in parser.cc, operators in parser_expression.cc, terms in
// parser_term.cc, timing phrases and queries in parser_query.cc.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cql/ast.h"
#include "engine/cql/lexer.h"
#include "engine/cql/parser.h"
#include "engine/cql/source.h"

namespace plumbline::cql {

class Parser {
 public:
  Parser(std::vector<Token> tokens, Syntax* syntax, Diagnostics* diagnostics)
      : tokens_(std::move(tokens)), syntax_(*syntax), diagnostics_(*diagnostics) {}

  void Library();
  void WholeExpression();

 private:
  // Thrown within the parser to leave a broken declaration; never leaves it.
  struct Broken {};
  struct Deeper {
    explicit Deeper(Parser* parser) : parser_(parser) {
      if (++parser_->depth_ > kMaxNesting) parser_->Wrong("the expression is nested too deep");
    }
    ~Deeper() { --parser_->depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Parser* parser_;
  };

  // --- tokens
  [[nodiscard]] const Token& Peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  [[nodiscard]] bool IsWord(std::string_view word, std::size_t ahead = 0) const {
    return Peek(ahead).kind == TokenKind::kIdentifier && Peek(ahead).text == word;
  }
  [[nodiscard]] bool IsWords(std::initializer_list<std::string_view> words) const;
  [[nodiscard]] bool IsSymbol(std::string_view symbol, std::size_t ahead = 0) const {
    return Peek(ahead).kind == TokenKind::kSymbol && Peek(ahead).text == symbol;
  }
  bool TakeWord(std::string_view word);
  bool TakeWords(std::initializer_list<std::string_view> words);
  bool TakeSymbol(std::string_view symbol);
  void Need(std::string_view symbol);
  void NeedWord(std::string_view word);
  [[noreturn]] void Wrong(std::string message);
  [[noreturn]] void Expected(std::string_view what);
  [[nodiscard]] Span From(std::uint32_t begin) const;
  [[nodiscard]] std::uint32_t Here() const { return Peek().span.begin; }
  // A name: identifier or quoted; keywords too where `any`.
  std::string Name(std::string_view what, bool any = true);
  [[nodiscard]] bool IsName(std::size_t ahead = 0) const;
  std::string StringText(std::string_view what);
  std::string QualifiedName(std::string_view what);

  // --- declarations
  void Declaration();
  void SkipToDeclaration();
  void LibraryName();
  void Using();
  void Include();
  void CodeSystem();
  void ValueSet();
  void Code();
  void Concept();
  void Parameter();
  void Context();
  void Define(bool is_private);
  void Function(DefineSyntax* define);
  TypeSyntax Type();
  TypeSyntax NamedOrGeneric();

  // --- expressions, from weakest to strongest
  Expr* Expression();
  Expr* Binary(int level);
  Expr* SetLevel();
  Expr* ImpliesLevel();
  Expr* OrLevel();
  Expr* AndLevel();
  Expr* MembershipLevel();
  Expr* EqualityLevel();
  Expr* TimingLevel();
  Expr* InequalityLevel();
  Expr* BetweenLevel();
  Expr* PrefixLevel();
  Expr* TypeLevel();
  Expr* AdditionLevel();
  Expr* MultiplicationLevel();
  Expr* PowerLevel();
  Expr* UnaryTerm();
  Expr* PostfixTerm();
  Expr* Primary();
  // Parts of them
  Expr* IsPhrase(Expr* left);
  Expr* WordTerm(std::uint32_t begin);
  Expr* KeywordTerm(std::uint32_t begin);
  Expr* DurationTerm(std::uint32_t begin);
  Expr* OfOrBetween(std::uint32_t begin, std::string_view of, std::string_view between, const std::string& precision);
  Expr* AggregateTerm(std::uint32_t begin);
  Expr* If(std::uint32_t begin);
  Expr* Case(std::uint32_t begin);
  Expr* Convert(std::uint32_t begin);
  Expr* Literal(std::uint32_t begin);
  Expr* NumberOrQuantity(std::uint32_t begin);
  std::optional<std::string> Unit();
  Expr* Selector(std::uint32_t begin);
  Expr* IntervalSelector(std::uint32_t begin);
  Expr* ListSelector(std::uint32_t begin);
  Expr* TupleBody(std::uint32_t begin);
  Expr* CodeSelector(std::uint32_t begin);
  Expr* ConceptSelector(std::uint32_t begin);
  Expr* NameTerm(std::uint32_t begin);
  Expr* CallArguments(Expr* call);
  Expr* InstanceBody(std::uint32_t begin, std::string type_name);
  Expr* Retrieve(std::uint32_t begin);
  // --- timing
  [[nodiscard]] bool StartsTiming() const;
  std::unique_ptr<TimingSyntax> TimingPhrase();
  bool TimingOffset(TimingSyntax* timing);
  void TimingRelation(TimingSyntax* timing);
  void SameRelation(TimingSyntax* timing);
  void BeforeAfterRelation(TimingSyntax* timing);
  [[nodiscard]] std::string PrecisionOf();
  void RightEdge(TimingSyntax* timing);
  // --- queries
  [[nodiscard]] bool MayBeSource(const Expr& expr) const;
  Expr* Query(Expr* first, std::uint32_t begin);
  Expr* FromQuery(std::uint32_t begin);
  AliasedSource Source();
  void Sources(QuerySyntax* query);
  Expr* QueryRest(std::unique_ptr<QuerySyntax> query, std::uint32_t begin);
  void WithClause(QuerySyntax* query);
  void Aggregate(QuerySyntax* query);
  void Sort(QuerySyntax* query);

  Expr* Op(std::string_view name, std::uint32_t begin, std::initializer_list<Expr*> args, std::string precision = {});

  std::vector<Token> tokens_;
  Syntax& syntax_;
  Diagnostics& diagnostics_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string context_ = "Unfiltered";
};

// "day" of "day" or "days"; empty for other words. `week` too.
[[nodiscard]] std::string_view SingularPrecision(std::string_view word, bool plural_only = false);

}  // namespace plumbline::cql
