#include "tests/cql/random_program_support.h"

#include <array>
#include <string_view>
#include <vector>

namespace plumbline::cql {
namespace {

enum class Kind : std::uint8_t {
  kBoolean,
  kInteger,
  kLong,
  kDecimal,
  kString,
  kDate,
  kDateTime,
  kTime,
  kQuantity,
  kCode,
  kInterval,
  kPeriod,
  kList,
  kStrings,
  kTuple,
  kTuples,
  kChoice,
  kEncounter,
  kEncounters,
  kObservation,
};
constexpr std::size_t kDrawn = 17;  // of which definitions are; objects come from retrieves

constexpr std::array<std::string_view, 20> kTypes{"Boolean",
                                                  "Integer",
                                                  "Long",
                                                  "Decimal",
                                                  "String",
                                                  "Date",
                                                  "DateTime",
                                                  "Time",
                                                  "Quantity",
                                                  "Code",
                                                  "Interval<Integer>",
                                                  "Interval<DateTime>",
                                                  "List<Integer>",
                                                  "List<String>",
                                                  "Tuple { a Integer, b String }",
                                                  "List<Tuple { a Integer, b String }>",
                                                  "Choice<Integer, String, Interval<Integer>>",
                                                  "Encounter",
                                                  "List<Encounter>",
                                                  "ObservationClinicalResult"};

std::string TypeOf(Kind kind) { return std::string(kTypes[static_cast<std::size_t>(kind)]); }

struct Variable {
  std::string name;
  Kind kind;
};

struct Function {
  std::string name;
  std::vector<Kind> operands;
  Kind result;
  bool fluent = false;
};

template <std::size_t kSize>
std::string Pick(const Draw& draw, const std::array<std::string_view, kSize>& of) {
  return std::string(of[draw(kSize)]);
}

class Generator {
 public:
  explicit Generator(const Draw& draw) : draw_(draw) {}

  std::string Library(int depth) {
    std::string text =
        "library Random\nusing QICore version '6.0.0'\ncodesystem \"S\": 'http://s'\nvalueset \"V\": 'http://v'\n"
        "code \"C\": 'a' from \"S\" display 'A'\n";
    for (std::uint32_t i = draw_(3); i > 0; --i) {
      const Kind kind = AnyKind();
      const std::string name = Name("P");
      text += "parameter " + name + " " + TypeOf(kind) + (draw_(4) == 0 ? "" : " default " + Leaf(kind)) + "\n";
      visible_.push_back({name, kind});
    }
    text += "context Patient\n";
    for (std::uint32_t i = draw_(3); i > 0; --i) text += FunctionText(depth - 1);
    for (std::uint32_t i = 2 + draw_(3); i > 0; --i) {
      const Kind kind = draw_(8) == 0 ? Kind::kEncounters : AnyKind();
      const std::string body = Of(kind, depth);
      const std::string name = Name("D");
      text += "define " + name + ":\n  " + body + "\n";
      visible_.push_back({name, kind});
    }
    return text;
  }

  std::string Any(int depth) {
    objects_ = false;
    return Of(AnyKind(), depth);
  }

 private:
  Kind AnyKind() { return static_cast<Kind>(draw_(kDrawn)); }
  std::string Name(const char* prefix) { return prefix + std::to_string(++names_); }
  std::string Number(std::uint32_t limit) { return std::to_string(draw_(limit)); }
  bool OneIn(std::uint32_t n) { return draw_(n) == 0; }

  std::string FunctionText(int depth) {
    Function function{.name = Name("F"), .operands = {}, .result = AnyKind(), .fluent = OneIn(2)};
    std::vector<Variable> outer = visible_;
    std::string operands;
    for (std::uint32_t i = 1 + draw_(3); i > 0; --i) {
      function.operands.push_back(AnyKind());
      const std::string name = Name("x");
      operands += (operands.empty() ? "" : ", ") + name + " " + TypeOf(function.operands.back());
      visible_.push_back({name, function.operands.back()});
    }
    const std::string body = Of(function.result, depth);
    visible_ = std::move(outer);
    functions_.push_back(function);
    return std::string("define ") + (function.fluent ? "fluent " : "") + "function " + function.name + "(" + operands + "):\n  " +
           body + "\n";
  }

  std::string Of(Kind kind, int depth) {
    if (depth <= 0 || OneIn(9)) return Leaf(kind);
    if (OneIn(4)) return General(kind, depth - 1);
    return Inner(kind, depth - 1);
  }

  // With a variable in sight; it is gone afterwards.
  std::string Within(const std::string& name, Kind kind, Kind wanted, int depth) {
    visible_.push_back({name, kind});
    std::string text = Of(wanted, depth);
    visible_.pop_back();
    return text;
  }

  std::string VariableOf(Kind kind) {
    std::vector<std::string> names;
    for (const Variable& variable : visible_) {
      if (variable.kind == kind) names.push_back(variable.name);
    }
    return names.empty() ? std::string() : names[draw_(static_cast<std::uint32_t>(names.size()))];
  }

  std::string Leaf(Kind kind) {
    if (!OneIn(3)) {
      if (std::string name = VariableOf(kind); !name.empty()) return name;
    }
    if (OneIn(9) && kind < Kind::kEncounter) return "(null as " + TypeOf(kind) + ")";
    return Literal(kind);
  }

  std::string Literal(Kind kind) {
    switch (kind) {
      case Kind::kBoolean:
        return OneIn(2) ? "true" : "false";
      case Kind::kInteger:
        return OneIn(12) ? "2147483647" : Number(12);
      case Kind::kLong:
        return OneIn(12) ? "9223372036854775807L" : Number(12) + "L";
      case Kind::kDecimal:
        return Number(20) + "." + Number(100);
      case Kind::kString:
        return Pick<5>(draw_, {"''", "'a'", "'abc'", "'B c'", "'12'"});
      case Kind::kDate:
        return Pick<4>(draw_, {"@2012-02-28", "@2012-03", "@2013", "@2012-12-31"});
      case Kind::kDateTime:
        return Pick<5>(draw_, {"@2012-02-28T10:00:00.000Z", "@2012-02-28T10:00:00.000+02:00", "@2012-02T", "@2012-03-01T05",
                               "@2013-01-01T00:00:00.000"});
      case Kind::kTime:
        return Pick<4>(draw_, {"@T10:00:00.000", "@T10:30", "@T23:59:59.999", "@T00:00:00.000"});
      case Kind::kQuantity:
        return Number(9) + Pick<5>(draw_, {" 'mg'", " 'g'", " days", " '1'", " months"});
      case Kind::kCode:
        return OneIn(2) ? "\"C\"" : "Code { code: " + Literal(Kind::kString) + ", system: 'http://s' }";
      case Kind::kInterval:
        return "Interval[" + Number(6) + ", " + std::to_string(6 + draw_(6)) + (OneIn(2) ? "]" : ")");
      case Kind::kPeriod:
        return Pick<4>(draw_, {"Interval[@2012-01-01T00:00:00.000Z, @2012-12-31T23:59:59.999Z]",
                               "Interval[@2012-02-28T10:00:00.000Z, @2012-03-01T00:00:00.000Z)", "Interval[@2012-02T, @2012-04T]",
                               "Interval[@2012-02-28T10:00:00.000Z, null)"});
      default:
        return Structure(kind);
    }
  }

  std::string Structure(Kind kind) {
    switch (kind) {
      case Kind::kList:
        return "{" + Number(4) + ", " + Number(4) + ", " + (OneIn(4) ? "null" : Number(4)) + "}";
      case Kind::kStrings:
        return "{'b', " + Literal(Kind::kString) + ", 'a'}";
      case Kind::kTuple:
        return "Tuple { a: " + Number(4) + ", b: " + Literal(Kind::kString) + " }";
      case Kind::kTuples:
        return "{" + Structure(Kind::kTuple) + ", " + Structure(Kind::kTuple) + ", " + Structure(Kind::kTuple) + "}";
      case Kind::kChoice: {
        const Kind one = std::array{Kind::kInteger, Kind::kString, Kind::kInterval}[draw_(3)];
        return "(" + Literal(one) + " as " + TypeOf(Kind::kChoice) + ")";
      }
      case Kind::kEncounter:
        return "First([Encounter])";
      case Kind::kObservation:
        return "First([ObservationClinicalResult])";
      default:
        return Pick<3>(draw_, {"[Encounter]", "[Encounter: \"V\"]", "[Encounter: type in {\"C\"}]"});
    }
  }

  // What can be of any type.
  std::string General(Kind kind, int depth) {
    switch (draw_(10)) {
      case 0:
        return "(if " + Of(Kind::kBoolean, depth) + " then " + Of(kind, depth) + " else " + Of(kind, depth) + ")";
      case 1:
        return "Coalesce(" + Of(kind, depth) + ", " + Of(kind, depth) + (OneIn(2) ? ")" : ", " + Leaf(kind) + ")");
      case 2:
        return "(case when " + Of(Kind::kBoolean, depth) + " then " + Of(kind, depth) + " when " + Of(Kind::kBoolean, depth) +
               " then " + Of(kind, depth) + " else " + Of(kind, depth) + " end)";
      case 3: {
        const Kind by = std::array{Kind::kInteger, Kind::kString, Kind::kDate, Kind::kTuple}[draw_(4)];
        return "(case " + Of(by, depth) + " when " + Of(by, depth) + " then " + Of(kind, depth) + " when " + Leaf(by) + " then " +
               Of(kind, depth) + " else " + Leaf(kind) + " end)";
      }
      case 4:
        return CallOf(kind, depth);
      case 5:
        return "(" + Pick<3>(draw_, {"First", "Last", "singleton from "}) + "({" + Of(kind, depth) + "}))";
      case 6:
        return "({" + Of(kind, depth) + ", " + Leaf(kind) + "}[" + Of(Kind::kInteger, depth) + "])";
      case 7: {
        const std::string name = Name("V");
        const Kind of = OneIn(2) ? Kind::kTuple : static_cast<Kind>(draw_(12));  // no list, so that the result is one value
        return "((" + Of(of, depth) + ") " + name + " return " + Within(name, of, kind, depth) + ")";
      }
      case 8:
        return AggregateOf(kind, depth);
      default: {
        const std::string name = Name("V");
        return "(Tuple { e: " + Of(kind, depth) + ", f: " + Leaf(AnyKind()) + " }).e";
      }
    }
  }

  std::string CallOf(Kind kind, int depth) {
    for (const Function& function : functions_) {
      if (function.result != kind) continue;
      std::vector<std::string> operands;
      for (const Kind operand : function.operands) operands.push_back(Of(operand, depth));
      std::size_t from = 0;
      std::string text = function.name + "(";
      if (function.fluent && OneIn(2)) text = "(" + operands[from++] + ")." + text;
      for (std::size_t i = from; i < operands.size(); ++i) text += (i == from ? "" : ", ") + operands[i];
      return text + ")";
    }
    return Leaf(kind);
  }

  std::string AggregateOf(Kind kind, int depth) {
    const std::string row = Name("V");
    const std::string so_far = Name("A");
    std::string text = "((" + Of(Kind::kList, depth) + ") " + row + " aggregate " + (OneIn(3) ? "distinct " : "") + so_far +
                       " starting " + "(" + Leaf(kind) + " as " + TypeOf(kind) + "): ";
    if (kind == Kind::kEncounter || kind == Kind::kObservation || kind == Kind::kEncounters) return Leaf(kind);
    visible_.push_back({row, Kind::kInteger});
    text += Within(so_far, kind, kind, depth);
    visible_.pop_back();
    return text + ")";
  }

  std::string Binary(Kind left, const std::string& operation, Kind right, int depth) {
    return "(" + Of(left, depth) + " " + operation + " " + Of(right, depth) + ")";
  }

  // The clauses between a query's sources and its result, and the result of `kind` (a list's element).
  std::string Clauses(Kind element, int depth) {
    std::string text;
    const std::size_t outer = visible_.size();
    if (OneIn(3)) {
      const std::string name = Name("L");
      const Kind kind = AnyKind();
      text += " let " + name + ": " + Of(kind, depth);
      visible_.push_back({name, kind});
    }
    if (OneIn(3)) {
      const std::string name = Name("W");
      const Kind kind = OneIn(2) ? Kind::kInteger : Kind::kString;
      text +=
          (OneIn(2) ? " with (" : " without (") + Of(kind == Kind::kInteger ? Kind::kList : Kind::kStrings, depth) + ") " + name;
      text += " such that " + Within(name, kind, Kind::kBoolean, depth);
    }
    if (OneIn(2)) text += " where " + Of(Kind::kBoolean, depth);
    text += std::string(" return ") + (OneIn(3) ? "all " : "") + Of(element, depth);
    visible_.resize(outer);
    return text;
  }

  std::string Sort(Kind element) {
    if (OneIn(2)) return "";
    if (element == Kind::kTuple)
      return Pick<5>(draw_,
                     {" sort by a", " sort by b desc, a", " sort by a desc", " sort by Length(b), a desc", " sort by (a div 2)"});
    if (OneIn(2)) return Pick<2>(draw_, {" sort asc", " sort desc"});
    return element == Kind::kInteger ? " sort by ($this mod 3), $this desc" : " sort by Length($this)";
  }

  std::string QueryOf(Kind element, int depth) {
    const std::size_t outer = visible_.size();
    std::string text = "(from ";
    for (std::uint32_t i = 1 + draw_(2); i > 0; --i) {
      const std::string name = Name("V");
      const bool object = objects_ && OneIn(4);
      const Kind kind = object ? Kind::kEncounter : std::array{Kind::kInteger, Kind::kString, Kind::kTuple}[draw_(3)];
      const Kind list = object                   ? Kind::kEncounters
                        : kind == Kind::kInteger ? Kind::kList
                        : kind == Kind::kString  ? Kind::kStrings
                                                 : Kind::kTuples;
      // A later source may use the earlier ones.
      text += "(" + Of(list, depth) + ") " + name + (i > 1 ? ", " : "");
      visible_.push_back({name, kind});
    }
    text += Clauses(element, depth);
    visible_.resize(outer);
    return text + Sort(element) + ")";
  }

  std::string Boolean(int depth) {
    const auto ordered = static_cast<Kind>(1 + draw_(8));
    switch (draw_(15)) {
      case 0:
      case 1:
        return Binary(Kind::kBoolean, Pick<4>(draw_, {"and", "or", "xor", "implies"}), Kind::kBoolean, depth);
      case 2:
        return "(" + Of(Kind::kBoolean, depth) + " and " + Of(Kind::kBoolean, depth) + " and " + Of(Kind::kBoolean, depth) + ")";
      case 3:
        return "(not " + Of(Kind::kBoolean, depth) + ")";
      case 4:
      case 5:
        return Binary(ordered, Pick<8>(draw_, {"=", "!=", "~", "!~", "<", "<=", ">", ">="}), ordered, depth);
      case 6:
        return "(" + Of(AnyKind(), depth) + (OneIn(2) ? " is null)" : " is not null)");
      case 7: {
        const Kind kind = OneIn(2) ? Kind::kInterval : Kind::kPeriod;
        return Binary(kind,
                      Pick<9>(draw_, {"includes", "included in", "overlaps", "meets", "before", "after", "starts", "ends",
                                      "properly includes"}),
                      kind, depth);
      }
      case 8:
        return Binary(Kind::kInteger, "in", OneIn(2) ? Kind::kInterval : Kind::kList, depth);
      case 9:
        return "(exists " + Of(OneIn(2) ? Kind::kList : Kind::kTuples, depth) + ")";
      case 10:
        return "(" + Of(Kind::kChoice, depth) + " is " + Pick<4>(draw_, {"Integer", "String", "Interval<Integer>", "Decimal"}) +
               ")";
      case 11: {
        const auto kind = static_cast<Kind>(static_cast<std::uint32_t>(Kind::kCode) + draw_(8));
        return Binary(kind, OneIn(2) ? "=" : "~", kind, depth);
      }
      case 12:
        return "(" + Of(Kind::kDecimal, depth) + " between " + Of(Kind::kInteger, depth) + " and " + Of(Kind::kDecimal, depth) +
               ")";
      case 13:
        return Mixed(depth);
      default:
        return Object(Kind::kBoolean, depth);
    }
  }

  // What converts lists, intervals and choices on the way.
  std::string Mixed(int depth) {
    switch (draw_(6)) {
      case 4:
        return "(" + Of(Kind::kChoice, depth) + ")." + Pick<2>(draw_, {"lowClosed", "highClosed"});
      case 0:
        return "(" + Of(Kind::kList, depth) + " = {" + Of(Kind::kDecimal, depth) + ", 2.0})";
      case 1:
        return "(" + Of(Kind::kInterval, depth) + " overlaps Interval[" + Of(Kind::kDecimal, depth) + ", 9.5])";
      case 2:
        return Binary(Kind::kInteger, "in", Kind::kInterval, depth);
      case 3:
        return "((" + Of(Kind::kChoice, depth) + " as Interval<Integer>) contains " + Of(Kind::kInteger, depth) + ")";
      default:
        return "(" + Of(Kind::kDate, depth) + " < " + Of(Kind::kDateTime, depth) + ")";
    }
  }

  // Elements of resources; without resources something plainer.
  std::string Object(Kind kind, int depth) {
    if (!objects_) return Leaf(kind);
    const std::string encounter = Leaf(Kind::kEncounter);
    switch (kind) {
      case Kind::kBoolean:
        return OneIn(2) ? "(" + encounter + ".period overlaps " + Of(Kind::kPeriod, depth) + ")"
                        : "(" + Leaf(Kind::kObservation) + ".value is Quantity)";
      case Kind::kString:
        return encounter + (OneIn(2) ? ".status" : ".id");
      case Kind::kPeriod:
        return encounter + ".period";
      case Kind::kQuantity:
        return "(" + Leaf(Kind::kObservation) + ".value as Quantity)";
      case Kind::kStrings:
        return "(" + Of(Kind::kEncounters, depth) + (OneIn(2) ? ").id" : ").status");
      default:
        return "Count(" + Of(Kind::kEncounters, depth) + (OneIn(2) ? ".type)" : ".location)");
    }
  }

  std::string Integer(int depth) {
    switch (draw_(10)) {
      case 0:
        return Pick<6>(draw_, {"Count", "Sum", "Min", "Max", "First", "Last"}) + "(" + Of(Kind::kList, depth) + ")";
      case 1:
        return "Length(" + Of(Kind::kString, depth) + ")";
      case 2:
        return "(" + Pick<3>(draw_, {"days", "months", "difference in years"}) + " between " + Of(Kind::kDateTime, depth) +
               " and " + Of(Kind::kDateTime, depth) + ")";
      case 3:
        return OneIn(2) ? "(start of " + Of(Kind::kInterval, depth) + ")"
                        : "(" + Of(OneIn(2) ? Kind::kInterval : Kind::kChoice, depth) + ").high";
      case 4:
        return OneIn(2) ? "(" + Of(Kind::kTuple, depth) + ").a" : "Sum((" + Of(Kind::kTuples, depth) + ").a)";
      case 5:
        return OneIn(3) ? "(cast " + Of(Kind::kChoice, depth) + " as Integer)" : "(" + Of(Kind::kChoice, depth) + " as Integer)";
      case 6:
        return "(1 + " + Of(Kind::kInteger, depth) + " - " + Of(Kind::kInteger, depth) + " + " + Of(Kind::kInteger, depth) + ")";
      case 7:
        return Object(Kind::kInteger, depth);
      default:
        return Binary(Kind::kInteger, Pick<5>(draw_, {"+", "-", "*", "div", "mod"}), Kind::kInteger, depth);
    }
  }

  std::string Text(int depth) {
    switch (draw_(6)) {
      case 0:
        return Binary(Kind::kString, OneIn(2) ? "+" : "&", Kind::kString, depth);
      case 1:
        return "ToString(" + Of(static_cast<Kind>(1 + draw_(8)), depth) + ")";
      case 2:
        return "(" + Of(Kind::kTuple, depth) + ").b";
      case 3:
        return "(" + Of(Kind::kCode, depth) + ")." + Pick<4>(draw_, {"code", "system", "version", "display"});
      case 4:
        return "(" + Of(Kind::kChoice, depth) + " as String)";
      default:
        return Object(Kind::kString, depth);
    }
  }

  std::string Quantity(int depth) {
    switch (draw_(4)) {
      case 0:
        return Binary(Kind::kQuantity, "*", Kind::kQuantity, depth);
      case 1:
        return "Quantity { value: " + Of(Kind::kDecimal, depth) + ", unit: 'mg' }";
      case 2:
        return Object(Kind::kQuantity, depth);
      default:
        return Binary(Kind::kQuantity, "+", Kind::kQuantity, depth);
    }
  }

  std::string Inner(Kind kind, int depth) {
    switch (kind) {
      case Kind::kBoolean:
        return Boolean(depth);
      case Kind::kInteger:
        return Integer(depth);
      case Kind::kLong:
        return Binary(OneIn(2) ? Kind::kInteger : Kind::kLong, Pick<3>(draw_, {"+", "-", "*"}), Kind::kLong, depth);
      case Kind::kDecimal:
        return OneIn(4) ? "(" + Of(Kind::kQuantity, depth) + ").value"
                        : Binary(OneIn(2) ? Kind::kInteger : Kind::kDecimal, Pick<4>(draw_, {"+", "-", "*", "/"}), Kind::kDecimal,
                                 depth);
      case Kind::kString:
        return Text(depth);
      case Kind::kDate:
        return OneIn(3) ? "(date from " + Of(Kind::kDateTime, depth) + ")"
                        : "(" + Of(Kind::kDate, depth) + " + " + Number(40) + (OneIn(2) ? " days)" : " months)");
      case Kind::kDateTime:
        return OneIn(3) ? "(" + Pick<2>(draw_, {"start", "end"}) + " of " + Of(Kind::kPeriod, depth) + ")"
                        : "(" + Of(Kind::kDateTime, depth) + " - " + Number(40) + (OneIn(2) ? " hours)" : " years)");
      case Kind::kTime:
        return "(" + Of(Kind::kTime, depth) + " + " + Number(90) + " minutes)";
      case Kind::kQuantity:
        return Quantity(depth);
      case Kind::kCode:
        return "Code { code: " + Of(Kind::kString, depth) + ", system: " + Leaf(Kind::kString) + " }";
      default:
        return InnerStructure(kind, depth);
    }
  }

  std::string InnerStructure(Kind kind, int depth) {
    switch (kind) {
      case Kind::kInterval:
        return OneIn(2) ? Binary(Kind::kInterval, OneIn(2) ? "union" : "intersect", Kind::kInterval, depth)
                        : "Interval" + Pick<2>(draw_, {"[", "("}) + Of(Kind::kInteger, depth) + ", " + Of(Kind::kInteger, depth) +
                              Pick<2>(draw_, {"]", ")"});
      case Kind::kPeriod:
        return OneIn(2) ? Object(Kind::kPeriod, depth)
                        : "Interval[" + Of(Kind::kDateTime, depth) + ", " + Of(Kind::kDateTime, depth) + "]";
      case Kind::kList:
        if (OneIn(3)) return Binary(Kind::kList, Pick<3>(draw_, {"union", "intersect", "except"}), Kind::kList, depth);
        if (OneIn(5)) return "(" + Of(Kind::kTuples, depth) + ").a";
        return OneIn(4) ? "{" + Of(Kind::kInteger, depth) + ", " + Of(Kind::kInteger, depth) + "}"
                        : QueryOf(Kind::kInteger, depth);
      case Kind::kStrings:
        return OneIn(4) ? Object(Kind::kStrings, depth) : QueryOf(Kind::kString, depth);
      case Kind::kTuple:
        return "Tuple { a: " + Of(Kind::kInteger, depth) + ", b: " + Of(Kind::kString, depth) + " }";
      case Kind::kTuples:
        return OneIn(4) ? "(distinct " + Of(Kind::kTuples, depth) + ")" : QueryOf(Kind::kTuple, depth);
      case Kind::kChoice: {
        const Kind one = std::array{Kind::kInteger, Kind::kString, Kind::kInterval}[draw_(3)];
        return OneIn(2)
                   ? "(" + Of(one, depth) + " as " + TypeOf(Kind::kChoice) + ")"
                   : "(if " + Of(Kind::kBoolean, depth) + " then " + Of(Kind::kChoice, depth) + " else " + Of(one, depth) + ")";
      }
      case Kind::kEncounters: {
        const std::string name = Name("V");
        return "(" + Leaf(Kind::kEncounters) + " " + name + " where " + Within(name, Kind::kEncounter, Kind::kBoolean, depth) +
               (OneIn(2) ? ")" : " sort by start of period)");
      }
      default:
        return Leaf(kind);
    }
  }

  const Draw& draw_;
  std::vector<Variable> visible_;
  std::vector<Function> functions_;
  int names_ = 0;
  bool objects_ = true;
};

}  // namespace

std::string RandomLibrary(const Draw& draw, int depth) { return Generator(draw).Library(depth); }

std::string RandomExpression(const Draw& draw, int depth) { return Generator(draw).Any(depth); }

}  // namespace plumbline::cql
