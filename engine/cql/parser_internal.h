// The parser's state and its parts: tokens and errors (parser.cc), terms (parser_term.cc), expressions and timing phrases
// (parser_expression.cc), queries (parser_query.cc), libraries (parser_library.cc).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cql/lexer.h"
#include "engine/cql/parser.h"

namespace plumbline::cql {

class Parser {
 public:
  Parser(const Source& source, Diagnostics* diagnostics);

  SyntaxTree Library();
  SyntaxTree Expression();

 private:
  // Tokens and errors.
  [[nodiscard]] const Token& Peek(std::size_t ahead = 0) const;
  const Token& Take();
  [[nodiscard]] bool At(std::string_view text) const { return IsWord(Peek(), text); }
  [[nodiscard]] bool At(std::string_view text, std::string_view next) const { return At(text) && IsWord(Peek(1), next); }
  [[nodiscard]] static bool IsWord(const Token& token, std::string_view text);
  bool Accept(std::string_view text);
  bool Expect(std::string_view text, std::string_view after);
  AstNode* Fail(std::string message, std::string hint = {});
  AstNode* FailAt(Span span, std::string message, std::string hint = {});
  [[nodiscard]] std::string Found() const;
  [[nodiscard]] std::uint32_t End() const;  // of the last token taken

  // Building.
  AstNode* Make(AstKind kind, std::uint32_t begin, std::initializer_list<AstNode*> kids = {});
  AstNode* MakeWith(AstKind kind, std::uint32_t begin, std::span<AstNode* const> kids);
  template <typename T>
  std::span<const T> Keep(const std::vector<T>& items) {
    T* copy = tree_.arena->AllocateArray<T>(items.size());
    std::copy(items.begin(), items.end(), copy);
    return {copy, items.size()};
  }
  std::string_view Text(const Token& token);  // decoded

  // Identifiers.
  [[nodiscard]] bool AtIdentifier(std::size_t ahead = 0) const;  // quoted, or a word that is not a keyword
  std::string_view Identifier(std::string_view what, Span* span);
  std::string_view QualifiedIdentifier(std::string_view what, Span* span);
  const TypeSpec* Type();
  const TypeSpec* NamedType();
  const TypeSpec* TupleType(std::uint32_t begin);

  // Expressions.
  AstNode* Expr(int level = 0);
  AstNode* ExprPrefix();
  AstNode* ExprOperand();
  AstNode* ExprChain(AstNode* left, int level);
  AstNode* TypeOrIs(AstNode* left);
  AstNode* Between(AstNode* left);
  AstNode* Membership(AstNode* left);
  AstNode* DurationBetween();
  [[nodiscard]] bool AtTiming() const;
  AstNode* Timing(AstNode* left);
  void TimingRelation(AstTiming* timing, std::optional<Precision>* precision);
  void TimingOffset(AstTiming* timing);
  bool BeforeOrAfter(AstTiming* timing);
  std::optional<Precision> PrecisionOf();

  // Terms.
  AstNode* Term(int level = 0);
  AstNode* Unary();
  AstNode* UnaryWord();
  AstNode* Prefixed(std::string_view operation, int words);
  AstNode* Postfix();
  AstNode* Primary();
  AstNode* PrimaryWord();
  AstNode* Number();
  AstNode* Quantity(bool ratio_allowed);
  AstNode* Braces(std::uint32_t begin, const TypeSpec* list_type);
  AstNode* ElementList(AstKind kind, std::uint32_t begin, const TypeSpec* type);
  AstNode* IntervalSelector();
  AstNode* ListSelector();
  AstNode* CodeSelector();
  AstNode* ConceptSelector();
  AstNode* If();
  AstNode* Case();
  AstNode* Convert();
  AstNode* ExpandCollapse();
  AstNode* Call(std::string_view name, Span name_span, std::uint32_t begin, AstNode* target);
  AstNode* Instance(AstNode* name);

  // Queries.
  AstNode* Retrieve();
  AstNode* Query(AstNode* first);
  AstSource AliasedSource();
  AstNode* QuerySource();
  void QueryClauses(AstQuery* query);
  void QueryResult(AstQuery* query);
  void Aggregate(AstQuery* query);
  void Sort(AstQuery* query);

  // Libraries.
  void Definitions();
  bool Definition();
  void LibraryHeader();
  void UsingOrInclude(AstDefinition* definition);
  void Parameter(AstDefinition* definition);
  void Vocabulary(AstDefinition* definition);
  void CodeDefinition(AstDefinition* definition);
  void ConceptDefinition(AstDefinition* definition);
  void Context(AstDefinition* definition);
  void Define(AstDefinition* definition);
  void Function(AstDefinition* definition);
  AstNode* NameNode();
  std::string_view OptionalVersion();
  void Recover(std::size_t from);

  class Nesting {
   public:
    explicit Nesting(Parser& parser) : parser_(parser) { ++parser_.nesting_; }
    ~Nesting() { --parser_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    [[nodiscard]] bool TooDeep() const { return parser_.nesting_ > kMaxDepth; }

   private:
    Parser& parser_;
  };

  const Source& source_;
  Diagnostics* diagnostics_;
  TokenList list_;
  SyntaxTree tree_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  bool panic_ = false;  // the rest of the definition is passed over
  bool no_ratio_ = false;
};

// Levels of the expression grammar, looser first.
inline constexpr int kSetLevel = 1, kImpliesLevel = 2, kOrLevel = 3, kAndLevel = 4, kMembershipLevel = 5, kEqualityLevel = 6,
                     kTimingLevel = 7, kInequalityLevel = 8, kBetweenLevel = 10, kExistsLevel = 11, kNotLevel = 12,
                     kTypeLevel = 13;

}  // namespace plumbline::cql
