// The syntax tree of a library or expression. Nodes are plain and live in the tree's arena; texts in them are decoded and live in
// the arena or the source. Chains of one left-associative level (`a and b and c`, `1 + 2 - 3`) are one node with many operands,
// so that long ones need no deep tree; every other nesting is bounded by kMaxDepth.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/cql/arena.h"
#include "engine/cql/source.h"
#include "engine/cql/temporal.h"

namespace plumbline::cql {

// Of nested expressions, counted from the outermost; keeps parser, checker and evaluator within a thread's stack.
inline constexpr int kMaxDepth = 250;
inline constexpr std::size_t kMaxSources = 100;  // of a query

struct TypeSpec {
  enum class Kind : std::uint8_t { kNamed, kList, kInterval, kChoice, kTuple };
  Kind kind = Kind::kNamed;
  Span span;
  std::string_view qualifier;  // "FHIR" of FHIR.Period
  std::string_view name;       // "Encounter", "Encounter.Location"
  std::span<const TypeSpec* const> arguments;
  std::span<const std::string_view> element_names;  // of a tuple
};

enum class AstKind : std::uint8_t {
  kError,  // something that did not parse; already reported
  kNull,
  kBoolean,  // text "true" or "false"
  kInteger,
  kLong,
  kDecimal,
  kString,
  kDate,
  kDateTime,
  kTime,      // text without '@'
  kQuantity,  // text the number, text2 the unit
  kRatio,     // two quantities
  kInterval,  // low, high
  kList,
  kTuple,     // names
  kInstance,  // type, names
  kCode,      // text code, text2 display; kids[0] names the system
  kConcept,   // text2 display
  kName,
  kMember,              // kids[0].text
  kCall,                // text(kids...), with kHasTarget kids[0].text(rest...)
  kIndexer,             // kids[0][kids[1]]
  kUnary,               // text: the ELM name of the operator
  kChain,               // kids[0] names[1] kids[1] names[2] kids[2] ...: ELM names, left-associative
  kBetween,             // kids[0] between kids[1] and kids[2]; kProperly
  kTiming,              // kids[0] phrase kids[1]
  kMembership,          // text "In" or "Contains"
  kDuration,            // text "Duration" or "Difference": precision between kids[0] and kids[1]
  kDurationOfInterval,  // ... of kids[0]
  kComponent,           // precision from kids[0]; text: "" or "Date", "Time", "TimezoneOffset"
  kIs,
  kAs,           // kStrict: cast
  kConvert,      // to a type
  kConvertUnit,  // to the unit text
  kIsLiteral,    // is [not] null/true/false: text "IsNull", "IsTrue", "IsFalse"; kNegated
  kMinimum,
  kMaximum,  // of a type
  kIf,
  kCase,            // kids: [comparand] then pairs, then else; kHasComparand
  kExpandCollapse,  // text "Expand" or "Collapse"; kids[1] per, or precision
  kRetrieve,        // type; text the code path; text2 "in", "=", "~" or empty; kids[0] the terminology
  kQuery,
};

struct AstQuery;
struct AstTiming;

struct AstNode {
  static constexpr std::uint8_t kHasTarget = 1;
  static constexpr std::uint8_t kProperly = 1;
  static constexpr std::uint8_t kStrict = 1;
  static constexpr std::uint8_t kNegated = 1;
  static constexpr std::uint8_t kHasComparand = 1;
  static constexpr std::uint8_t kLowClosed = 1;
  static constexpr std::uint8_t kHighClosed = 2;
  static constexpr std::uint8_t kQuotedName = 4;
  static constexpr std::uint8_t kInParentheses = 8;

  AstKind kind = AstKind::kError;
  std::uint8_t flags = 0;
  std::uint16_t depth = 1;
  std::optional<Precision> precision;
  Span span;
  Span name_span;  // of text, for what is said about it
  std::string_view text;
  std::string_view text2;
  std::span<AstNode* const> kids;
  std::span<const std::string_view> names;
  const TypeSpec* type = nullptr;
  const AstQuery* query = nullptr;
  const AstTiming* timing = nullptr;

  [[nodiscard]] bool Has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

struct AstTiming {
  enum class Bound : std::uint8_t { kWhole, kStart, kEnd, kOccurs };
  enum class Relation : std::uint8_t {
    kSameAs,
    kSameOrBefore,
    kSameOrAfter,
    kIncludes,
    kIncludedIn,
    kBefore,
    kAfter,
    kOnOrBefore,
    kOnOrAfter,
    kWithin,
    kMeets,
    kMeetsBefore,
    kMeetsAfter,
    kOverlaps,
    kOverlapsBefore,
    kOverlapsAfter,
    kStarts,
    kEnds
  };
  enum class Offset : std::uint8_t { kNone, kExactly, kOrMore, kOrLess, kMoreThan, kLessThan };
  Relation relation = Relation::kSameAs;
  Bound left = Bound::kWhole;
  Bound right = Bound::kWhole;
  bool properly = false;
  Offset offset = Offset::kNone;
  AstNode* quantity = nullptr;
};

struct AstSource {
  AstNode* expression = nullptr;
  std::string_view alias;
  Span alias_span;
};

struct AstRelation {
  bool without = false;
  AstSource source;
  AstNode* such_that = nullptr;
};

struct AstSort {
  AstNode* by = nullptr;  // null: the element itself
  bool descending = false;
};

struct AstQuery {
  std::span<const AstSource> sources;
  std::span<const AstSource> lets;
  std::span<const AstRelation> relations;
  AstNode* where = nullptr;
  AstNode* returned = nullptr;
  bool distinct = true;
  AstNode* aggregate = nullptr;
  AstNode* starting = nullptr;
  std::string_view accumulator;
  bool aggregate_distinct = false;
  std::span<const AstSort> sort;
};

struct AstOperand {
  std::string_view name;
  const TypeSpec* type = nullptr;
};

struct AstDefinition {
  enum class Kind : std::uint8_t {
    kUsing,
    kInclude,
    kParameter,
    kCodeSystem,
    kValueSet,
    kCode,
    kConcept,
    kContext,
    kExpression,
    kFunction
  };
  Kind kind = Kind::kExpression;
  Span span;
  Span name_span;
  std::string_view name;       // the local name
  std::string_view full_name;  // of a model or library included
  std::string_view version;
  std::string_view id;  // url of a vocabulary, code
  std::string_view display;
  AstNode* system = nullptr;          // of a code: the name of its code system
  std::span<AstNode* const> members;  // of a concept: names of codes
  const TypeSpec* type = nullptr;     // of a parameter, or what a function returns
  AstNode* body = nullptr;            // of a define, a function, or a parameter's default
  std::span<const AstOperand> operands;
  bool is_private = false;
  bool fluent = false;
  bool external = false;
};

struct SyntaxTree {
  std::unique_ptr<Arena> arena = std::make_unique<Arena>();
  std::string_view library_name;
  std::string_view library_version;
  Span library_span;
  std::vector<AstDefinition> definitions;
  AstNode* expression = nullptr;  // of ParseExpression
};

}  // namespace plumbline::cql
