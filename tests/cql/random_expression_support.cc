#include "tests/cql/random_expression_support.h"

#include <array>

#include "engine/cql/arena.h"
#include "engine/cql/compiler.h"
#include "engine/cql/literal.h"
#include "engine/cql/program.h"

namespace plumbline::cql {
namespace {

enum class Kind : std::uint8_t { kBoolean, kInteger, kDecimal, kString, kDate, kDateTime, kQuantity, kInterval, kList };
constexpr std::uint32_t kKinds = 9;

class Generator {
 public:
  explicit Generator(const Draw& draw) : draw_(draw) {}

  std::string Of(Kind kind, int depth) {
    if (depth <= 0 || draw_(8) == 0) return Leaf(kind);
    if (draw_(10) == 0)
      return "(if " + Of(Kind::kBoolean, depth - 1) + " then " + Of(kind, depth - 1) + " else " + Of(kind, depth - 1) + ")";
    if (draw_(12) == 0) return "Coalesce(" + Of(kind, depth - 1) + ", " + Of(kind, depth - 1) + ")";
    if (draw_(12) == 0) {
      return "(case when " + Of(Kind::kBoolean, depth - 1) + " then " + Of(kind, depth - 1) + " when " +
             Of(Kind::kBoolean, depth - 1) + " then " + Of(kind, depth - 1) + " else " + Of(kind, depth - 1) + " end)";
    }
    return Inner(kind, depth - 1);
  }

 private:
  std::string Number(std::uint32_t limit) { return std::to_string(draw_(limit)); }

  std::string Leaf(Kind kind) {
    if (draw_(9) == 0) return Null(kind);
    switch (kind) {
      case Kind::kBoolean:
        return draw_(2) == 0 ? "true" : "false";
      case Kind::kInteger:
        return draw_(12) == 0 ? "2147483647" : Number(12);
      case Kind::kDecimal:
        return Number(20) + "." + Number(100);
      case Kind::kString:
        return std::array<std::string, 5>{"''", "'a'", "'abc'", "'B c'", "'12'"}[draw_(5)];
      case Kind::kDate:
        return std::array<std::string, 4>{"@2012-02-28", "@2012-03", "@2013", "@2012-12-31"}[draw_(4)];
      case Kind::kDateTime:
        return std::array<std::string, 5>{"@2012-02-28T10:00:00.000Z", "@2012-02-28T10:00:00.000+02:00", "@2012-02T",
                                          "@2012-03-01T05", "@2013-01-01T00:00:00.000"}[draw_(5)];
      case Kind::kQuantity:
        return Number(9) + std::array<std::string, 4>{" 'mg'", " 'g'", " days", " '1'"}[draw_(4)];
      case Kind::kInterval:
        return "Interval[" + Number(6) + ", " + std::to_string(6 + draw_(6)) + (draw_(2) == 0 ? "]" : ")");
      case Kind::kList:
        return "{" + Number(4) + ", " + Number(4) + ", " + (draw_(4) == 0 ? "null" : Number(4)) + "}";
    }
    return "null";
  }

  static std::string Null(Kind kind) {
    constexpr std::array kNames{"Boolean",  "Integer",  "Decimal",           "String",       "Date",
                                "DateTime", "Quantity", "Interval<Integer>", "List<Integer>"};
    return std::string("(null as ") + kNames[static_cast<std::size_t>(kind)] + ")";
  }

  std::string Binary(Kind left, const std::string& operation, Kind right, int depth) {
    return "(" + Of(left, depth) + " " + operation + " " + Of(right, depth) + ")";
  }

  std::string Boolean(int depth) {
    static const std::array<std::string, 8> kCompare{"=", "!=", "~", "!~", "<", "<=", ">", ">="};
    static const std::array<std::string, 9> kTiming{"includes", "included in", "overlaps",         "meets", "before", "after",
                                                    "starts",   "ends",        "properly includes"};
    const auto ordered = static_cast<Kind>(1 + draw_(6));
    switch (draw_(9)) {
      case 0:
        return Binary(Kind::kBoolean, "and", Kind::kBoolean, depth);
      case 1:
        return Binary(Kind::kBoolean, "or", Kind::kBoolean, depth);
      case 2:
        return Binary(Kind::kBoolean, draw_(2) == 0 ? "xor" : "implies", Kind::kBoolean, depth);
      case 3:
        return "(not " + Of(Kind::kBoolean, depth) + ")";
      case 4:
        return Binary(ordered, kCompare[draw_(8)], ordered, depth);
      case 5:
        return "(" + Of(static_cast<Kind>(draw_(kKinds)), depth) + (draw_(2) == 0 ? " is null)" : " is not null)");
      case 6:
        return Binary(Kind::kInterval, kTiming[draw_(9)], Kind::kInterval, depth);
      case 7:
        return Binary(Kind::kInteger, "in", draw_(2) == 0 ? Kind::kInterval : Kind::kList, depth);
      default:
        return "(exists " + Of(Kind::kList, depth) + ")";
    }
  }

  std::string Integer(int depth) {
    static const std::array<std::string, 5> kOperators{"+", "-", "*", "div", "mod"};
    static const std::array<std::string, 6> kAggregates{"Count", "Sum", "Min", "Max", "First", "Last"};
    switch (draw_(7)) {
      case 0:
        return kAggregates[draw_(6)] + "(" + Of(Kind::kList, depth) + ")";
      case 1:
        return "Length(" + Of(Kind::kString, depth) + ")";
      case 2:
        return "(days between " + Of(Kind::kDateTime, depth) + " and " + Of(Kind::kDateTime, depth) + ")";
      case 3:
        return "(start of " + Of(Kind::kInterval, depth) + ")";
      case 4:
        return "((" + Of(Kind::kList, depth) + ") X aggregate A starting 0: A + Coalesce(X, 1))";
      default:
        return Binary(Kind::kInteger, kOperators[draw_(5)], Kind::kInteger, depth);
    }
  }

  std::string List(int depth) {
    static const std::array<std::string, 3> kSets{"union", "intersect", "except"};
    switch (draw_(5)) {
      case 0:
        return Binary(Kind::kList, kSets[draw_(3)], Kind::kList, depth);
      case 1:
        return "((" + Of(Kind::kList, depth) + ") X where X > " + Of(Kind::kInteger, depth) + " return " +
               (draw_(2) == 0 ? "all " : "") + "X + 1" + (draw_(2) == 0 ? " sort desc" : "") + ")";
      case 2:
        return "(from (" + Of(Kind::kList, depth) + ") X, (" + Of(Kind::kList, depth) + ") Y let Z: X * Y return Z - " +
               Of(Kind::kInteger, 0) + ")";
      case 3:
        return "((" + Of(Kind::kList, depth) + ") X " + (draw_(2) == 0 ? "with (" : "without (") + Of(Kind::kList, depth) +
               ") Y such that X = Y sort by $this)";
      default:
        return "{" + Of(Kind::kInteger, depth) + ", " + Of(Kind::kInteger, depth) + "}";
    }
  }

  std::string Inner(Kind kind, int depth) {
    static const std::array<std::string, 4> kArithmetic{"+", "-", "*", "/"};
    switch (kind) {
      case Kind::kBoolean:
        return Boolean(depth);
      case Kind::kInteger:
        return Integer(depth);
      case Kind::kDecimal:
        return Binary(draw_(2) == 0 ? Kind::kInteger : Kind::kDecimal, kArithmetic[draw_(4)], Kind::kDecimal, depth);
      case Kind::kString:
        return draw_(2) == 0 ? Binary(Kind::kString, draw_(2) == 0 ? "+" : "&", Kind::kString, depth)
                             : "ToString(" + Of(Kind::kInteger, depth) + ")";
      case Kind::kDate:
        return "(" + Of(Kind::kDate, depth) + " + " + Number(40) + (draw_(2) == 0 ? " days)" : " months)");
      case Kind::kDateTime:
        return "(" + Of(Kind::kDateTime, depth) + " - " + Number(40) + (draw_(2) == 0 ? " hours)" : " years)");
      case Kind::kQuantity:
        return Binary(Kind::kQuantity, draw_(2) == 0 ? "+" : "*", Kind::kQuantity, depth);
      case Kind::kInterval:
        return draw_(2) == 0 ? Binary(Kind::kInterval, draw_(2) == 0 ? "union" : "intersect", Kind::kInterval, depth)
                             : "Interval[" + Of(Kind::kInteger, depth) + ", " + Of(Kind::kInteger, depth) + "]";
      case Kind::kList:
        return List(depth);
    }
    return "null";
  }

  const Draw& draw_;
};

std::string Outcome(const Program& program, Evaluation::Mode mode, bool* failed) {
  Arena arena;
  EvalContext context(arena);
  context.now = Value::OfTemporal(DateTimeFromUnixMs(1'700'000'000'000, 0));
  Evaluation evaluation(program, mode);
  evaluation.Begin(context);
  const Value value = evaluation.Evaluate(0);
  *failed = context.Failed();
  return *failed ? std::string("error: ") + std::string(context.error_message) : ToLiteral(value);
}

}  // namespace

std::string RandomExpression(const Draw& draw, int depth) { return Generator(draw).Of(static_cast<Kind>(draw(kKinds)), depth); }

std::string CompareEvaluations(const std::string& expression) {
  const Compiled compiled = CompileExpression(expression, "random", {});
  if (!compiled.ok()) return "does not compile: " + compiled.diagnostics.Text();
  bool fast_failed = false;
  bool plain_failed = false;
  const std::string fast = Outcome(*compiled.program, Evaluation::Mode::kFast, &fast_failed);
  const std::string plain = Outcome(*compiled.program, Evaluation::Mode::kPlain, &plain_failed);
  if (fast == plain && fast_failed == plain_failed) return {};
  return "compiled: " + fast + "\nwalked:   " + plain;
}

}  // namespace plumbline::cql
