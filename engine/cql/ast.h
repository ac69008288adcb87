// What a text says, before its names and types are known. One plain node type serves all expressions: most of the language is
// operators, named here as in ELM. Owned by the Syntax it was parsed into; not changed afterwards.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cql/source.h"

namespace plumbline::cql {

struct Expr;
struct QuerySyntax;
struct RetrieveSyntax;
struct TimingSyntax;

// A type as written: Name, Model.Name, List<T>, Interval<T>, Choice<T, ...>, Tuple { name T, ... }.
struct TypeSyntax {
  enum class Kind : std::uint8_t { kNamed, kList, kInterval, kChoice, kTuple };
  Kind kind = Kind::kNamed;
  std::string name;  // with dots where qualified
  std::vector<TypeSyntax> arguments;
  std::vector<std::string> element_names;
  Span span;
};

enum class ExprKind : std::uint8_t {
  kNull,
  kBoolean,  // text "true" or "false"
  kInteger,  // text: digits, as for the other literals
  kLong,
  kDecimal,
  kString,  // text unescaped
  kDate,
  kDateTime,
  kTime,
  kQuantity,  // text: the number, extra: the unit (unquoted)
  kRatio,     // two kQuantity
  kIdentifier,
  kMember,    // args[0].text
  kCall,      // text(args); with has_target args[0].text(args[1]...)
  kOperator,  // an ELM operator: text, args, extra: precision word
  kTiming,    // args[0] phrase args[1]
  kIf,        // condition, then, else
  kCase,      // pairs of (when, then) and else; with has_target args[0] is the comparand
  kIs,        // args[0] is type
  kAs,        // args[0] as type; strict: cast
  kConvert,   // args[0] to type, or to the unit in extra
  kQuery,
  kRetrieve,
  kTuple,           // names and args
  kInstance,        // type, names and args
  kList,            // args; type: of the elements, when stated
  kInterval,        // low, high
  kSpecial,         // $this, $index, $total, %name: text
  kCodeLiteral,     // text: code, extra: display, args[0]: reference to the code system
  kConceptLiteral,  // args: kCodeLiteral, extra: display
  kExtent,          // minimum or maximum (text) of type
};

struct Expr {
  ExprKind kind = ExprKind::kNull;
  Span span;
  std::string text;
  std::string extra;
  bool has_target = false;
  bool strict = false;
  bool low_closed = true;
  bool high_closed = true;
  bool has_extra = false;
  std::vector<Expr*> args;
  std::vector<std::string> names;
  std::unique_ptr<TypeSyntax> type;
  std::unique_ptr<QuerySyntax> query;
  std::unique_ptr<RetrieveSyntax> retrieve;
  std::unique_ptr<TimingSyntax> timing;
};

struct RetrieveSyntax {
  TypeSyntax type;
  std::string context;     // of `[context -> Type]`
  std::string code_path;   // empty: the type's primary one
  std::string comparator;  // "in", "=", "~"; empty: by what the terminology is
  Expr* terminology = nullptr;
};

struct AliasedSource {
  Expr* source = nullptr;
  std::string alias;
  Span span;
};

struct QuerySyntax {
  struct Let {
    std::string name;
    Expr* value = nullptr;
    Span span;
  };
  struct With {
    AliasedSource source;
    Expr* such_that = nullptr;
    bool without = false;
  };
  struct SortItem {
    Expr* by = nullptr;  // null: the element itself
    bool descending = false;
  };
  std::vector<AliasedSource> sources;
  std::vector<Let> lets;
  std::vector<With> withs;
  Expr* where = nullptr;
  Expr* returned = nullptr;
  bool return_all = false;
  bool return_stated = false;  // a return clause was written
  // aggregate
  Expr* aggregate = nullptr;
  Expr* aggregate_start = nullptr;
  std::string aggregate_name;
  bool aggregate_distinct = false;
  std::vector<SortItem> sort;
};

// The phrase between the operands of a timing expression.
struct TimingSyntax {
  enum class Relation : std::uint8_t {
    kSame,
    kIncludes,
    kIncludedIn,
    kBefore,
    kAfter,
    kWithin,
    kMeets,
    kOverlaps,
    kStarts,
    kEnds
  };
  enum class Edge : std::uint8_t { kNone, kStart, kEnd };
  enum class Offset : std::uint8_t { kNone, kExactly, kOrMore, kOrLess, kMoreThan, kLessThan };
  Relation relation = Relation::kSame;
  Edge left = Edge::kNone;   // `starts before`: the start of the left operand
  Edge right = Edge::kNone;  // `before start`: the start of the right operand
  Offset offset = Offset::kNone;
  bool properly = false;
  bool inclusive = false;    // on or before, same or before
  bool side_before = false;  // meets before, same or before
  bool side_after = false;
  std::string precision;  // singular word, or empty
  Expr* quantity = nullptr;
};

struct UsingSyntax {
  std::string name, version, alias;
  Span span;
};
struct IncludeSyntax {
  std::string name, version, alias;
  Span span;
};
struct VocabularySyntax {
  enum class Kind : std::uint8_t { kCodeSystem, kValueSet, kCode, kConcept };
  Kind kind = Kind::kCodeSystem;
  std::string name, id, version, display;
  std::string code_system;         // of a code: possibly qualified
  std::vector<std::string> codes;  // of a concept
  Span span;
};
struct ParameterSyntax {
  std::string name;
  std::unique_ptr<TypeSyntax> type;
  Expr* fallback = nullptr;
  Span span;
};
struct OperandSyntax {
  std::string name;
  TypeSyntax type;
};
struct DefineSyntax {
  std::string name;
  std::string context;  // "Patient", "Unfiltered", ...
  bool is_private = false;
  bool is_function = false;
  bool fluent = false;
  bool external = false;
  std::vector<OperandSyntax> operands;
  std::unique_ptr<TypeSyntax> returns;
  Expr* body = nullptr;
  Span span;
};

struct LibrarySyntax {
  std::string name, version;
  std::vector<UsingSyntax> usings;
  std::vector<IncludeSyntax> includes;
  std::vector<VocabularySyntax> vocabularies;
  std::vector<ParameterSyntax> parameters;
  std::vector<DefineSyntax> defines;
};

// Owns the nodes of one parsed text.
class Syntax {
 public:
  LibrarySyntax library;
  Expr* expression = nullptr;  // of a text that is one expression

  [[nodiscard]] Expr* Make(ExprKind kind, Span span) {
    Expr& made = nodes_.emplace_back();
    made.kind = kind;
    made.span = span;
    return &made;
  }

 private:
  std::deque<Expr> nodes_;
};

}  // namespace plumbline::cql
