// Hostile input is bounded: an error that says where, or a result, quickly, within the memory that is allowed; the stack does not
// overflow and nothing is exponential in the text. Times are of CPU, with room for unoptimised builds with sanitizers.
#include <catch2/catch.hpp>
#include <ctime>
#include <functional>

#include "engine/cql/compiler.h"
#include "engine/cql/format.h"
#include "engine/cql/json.h"
#include "engine/cql/literal.h"

namespace plumbline::cql {
namespace {

constexpr double kSeconds = 30;  // what is exponential takes years; most takes a hundredth of a second
constexpr int kLong = 100'000;
constexpr int kMany = 10'000;  // where text is read again and again
constexpr int kDeep = 240;     // within the 250 that a text may be nested

std::string Repeated(std::string_view piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

std::string Many(int times, const std::function<std::string(const std::string&, const std::string&)>& piece) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece(std::to_string(i), std::to_string(i + 1));
  return text;
}

// The last definition's value, or the first error; a long one is cut. Lower limits than usual: slow builds are to end too.
std::string Outcome(const Compiled& compiled) {
  constexpr std::size_t kShown = 200;
  if (!compiled.ok()) return compiled.diagnostics.Text().substr(0, kShown);
  Arena arena;
  EvalContext context(arena);
  context.now = Value::OfTemporal(DateTimeFromUnixMs(1'700'000'000'000, 0));
  context.limits.steps = 1'000'000;
  context.limits.bytes = std::size_t{128} << 20;
  context.limits.list_size = 200'000;
  Evaluation evaluation(*compiled.program);
  evaluation.Begin(context);
  const Value value = evaluation.Evaluate(static_cast<int>(compiled.program->definitions().size()) - 1);
  CHECK(arena.used() < context.limits.bytes + context.limits.bytes / 4);
  return context.Failed() ? "error: " + std::string(context.error_message) : ToLiteral(value).substr(0, kShown);
}

template <typename Compile>
std::string Timed(const std::string& text, const Compile& compile) {
  const std::clock_t begin = std::clock();
  std::string outcome = Outcome(compile());
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  INFO(text.substr(0, 80) << "... took " << seconds << " s");
  CHECK(seconds < kSeconds);
  return outcome;
}

std::string Of(const std::string& expression) {
  return Timed(expression, [&] { return CompileExpression(expression, "test", {}); });
}

std::string InLibrary(const std::string& text) {
  return Timed(text, [&] { return CompileLibrary(text, "test.cql", {}); });
}

bool Has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("chains of a hundred thousand operands are one node, whatever joins them", "[cql][hostile]") {
  struct Chain {
    const char* first;
    const char* more;
    int times;
    const char* value;
  };
  for (const Chain& c :
       {Chain{"1", " + 1", kLong, "100001"}, Chain{"true", " and true", kLong, "true"}, Chain{"{1}", " union {1}", kLong, "{1}"},
        Chain{"1", " - 1", kMany, "-9999"}, Chain{"1.0", " / 1", kMany, "1.0"}, Chain{"false", " or false", kMany, "false"},
        Chain{"true", " xor false", kMany, "true"}, Chain{"true", " implies true", kMany, "true"},
        Chain{"true", " = true", kMany, "true"}, Chain{"{1}", " | {2}", kMany, "{1, 2}"},
        Chain{"{1}", " intersect {1}", kMany, "{1}"}, Chain{"{1}", " except {2}", kMany, "{1}"}}) {
    INFO(c.more);
    CHECK(Of(c.first + Repeated(c.more, c.times)) == c.value);
  }
  // A string of so many steps that grows would need gigabytes.
  CHECK(Of("Length('a'" + Repeated(" & 'b'", 5000) + ")") == "5001");
  CHECK(Has(Of("'a'" + Repeated(" & 'b'", kLong)), "needs more memory than its limit"));
  CHECK(Of("'a'" + Repeated(" & null", 50)) == "'a'");
  CHECK(Of("null" + Repeated(" & 'a' + null", 20) + " & 'z'") == "'z'");
}

TEST_CASE("what is nested too deep is refused where it is", "[cql][hostile]") {
  struct Nest {
    const char* open;
    const char* inside;
    const char* close;
  };
  for (const Nest& n : {Nest{"(", "1", ")"},
                        Nest{"{", "1", "}"},
                        Nest{"Tuple { a: ", "1", " }"},
                        Nest{"Interval[", "1", ", 2]"},
                        Nest{"if true then ", "1", " else 2"},
                        Nest{"if ", "true", " then true else false"},
                        Nest{"not ", "true", ""},
                        Nest{"case when ", "true", " then true else false end"},
                        Nest{"Coalesce(", "1", ", 1)"},
                        Nest{"Length(", "'a'", ")"},
                        Nest{"(", "{1}", ") X return X"},
                        Nest{"({1}) X where exists (", "{1}", ")"},
                        Nest{"({1}) A sort by (", "1", ")"},
                        Nest{"from ({1}) A, (", "{1}", ") B return 1"},
                        Nest{"({1}) A with (", "{1}", ") B such that true"},
                        Nest{"-", "1", ""},
                        Nest{"({1}) X aggregate A starting 0: (", "1", ")"},
                        Nest{"cast ", "1", " as Integer"},
                        Nest{"1 + (", "1", ")"},
                        Nest{"{1}[", "0", "]"},
                        Nest{"flatten {", "{1}", "}"}}) {
    INFO(n.open);
    const std::string outcome = Of(Repeated(n.open, kMany) + n.inside + Repeated(n.close, kMany));
    CHECK(Has(outcome, "nested more than 250 deep"));
    CHECK(outcome.starts_with("test:1:"));
    (void)Of(Repeated(n.open, kDeep / 4) + n.inside + Repeated(n.close, kDeep / 4));  // evaluated, or refused: it ends
  }
}

TEST_CASE("types nested too deep are refused where they are", "[cql][hostile]") {
  for (const char* open : {"List<", "Interval<", "Choice<Integer, ", "Tuple { a "}) {
    const std::string close = std::string(open).starts_with("Tuple") ? " }" : ">";
    CHECK(Has(Of("1 as " + Repeated(open, kMany) + "Integer" + Repeated(close, kMany)), "nested more than 250 deep"));
  }
}

TEST_CASE("unfinished and repeated text ends with a located error", "[cql][hostile]") {
  for (const char* piece :
       {"(",  "{",    "[",  "if ",  "case ",   "from ",         "Interval[",       "define ",       "'",    "\"", "/*", "@", "?",
        "\\", "\xff", "1 ", "not ", "before ", "define A: x\n", "define A: 1 +\n", "(1) X return ", "F(1, "}) {
    INFO(piece);
    CHECK(Of(Repeated(piece, kMany)).starts_with("test:"));
    CHECK_FALSE(CompileLibrary(Repeated(piece, kMany), "test.cql", {}).ok());
    Diagnostics diagnostics;
    const Source source("test.cql", Repeated(piece, kMany));
    (void)FormatLibrary(source, &diagnostics);
  }
  CHECK(Has(Of(Repeated("a", 5 << 20)), "the text is longer than 4194304 bytes"));
}

TEST_CASE("long lists of parts are read in time proportional to them, or refused", "[cql][hostile]") {
  CHECK(Of("Count({1" + Repeated(", 1", kLong) + "})") == "100001");
  CHECK(Of("Coalesce(null" + Repeated(", null", kLong) + ", 7)") == "7");
  CHECK(Of("case when false then 1" + Repeated(" when false then 2", kLong) + " else 3 end") == "3");
  CHECK(Of("Length('" + Repeated("\\u0041", kLong) + "')") == "100000");
  CHECK(Has(Of("Tuple { a: 1" + Repeated(", b: 1", kLong) + "}"), "two elements are named 'b'"));
  CHECK(Has(Of("from ({1}) X" + Repeated(", ({1}) X", kLong) + " return 1"), "at most 100 sources"));
  CHECK(Of("({1}) X" + Repeated(" with ({1}) Y such that true", 10'000)) == "{1}");
  CHECK(Of("({1}) X sort by $this" + Repeated(", $this", 10'000)) == "{1}");
  CHECK(Has(Of(Repeated("1", kLong)), "error:"));
  CHECK(Has(Of("1." + Repeated("1", kLong)), "at most 28 digits"));
  const std::string wide = "Tuple { a: 1" + Many(3'000, [](auto& i, auto&) { return ", a" + i + ": 1"; }) + " }";
  CHECK(InLibrary("define Z: " + wide + "\ndefine Y: Z = Z\n") == "true");
}

TEST_CASE("types that grow with every definition are bounded", "[cql][hostile]") {
  const auto doubling = [](const std::string& first, const std::string& open, const std::string& middle,
                           const std::string& close) {
    return "define T0: " + first + "\n" + Many(60, [&](auto& i, auto& next) {
             return "define T" + next + ": " + open + "T" + i + middle + "T" + i + close + "\n";
           });
  };
  CHECK(Has(InLibrary(doubling("1", "Tuple { a: ", ", b: ", " }")), "types of this library are too large"));
  (void)InLibrary(doubling("1", "if true then ", " else {", "}"));
  (void)InLibrary(doubling("1", "{", ", {", "}}"));
  CHECK(Has(InLibrary("define T0: {1}\n" + Many(2000, [](auto& i, auto& n) { return "define T" + n + ": {T" + i + "}\n"; })),
            "types of this library are too large"));
  (void)InLibrary("define Z: {1" + Many(300, [](auto& i, auto&) { return ", Tuple { a" + i + ": 1 }"; }) + "}\n");
  // The accumulator's type is looked for in rounds, which multiply where aggregates are nested.
  CHECK(Has(InLibrary("define Z: " + Repeated("(({1}) X aggregate A starting null: A + ", 60) + "1" + Repeated(")", 60) + "\n"),
            "error"));
}

TEST_CASE("overloads are resolved quickly over nested choices", "[cql][hostile]") {
  const std::string choice =
      "Choice<Integer, List<Choice<String, List<Choice<Decimal, List<Choice<Long, List<Choice<Date, List<Quantity>>>>>>>>>>";
  std::string text =
      "parameter P " + choice + "\nparameter Q Choice<Integer, Decimal, String, Date, DateTime, Time, Quantity, Boolean, Long>\n";
  for (int i = 0; i < 50; ++i) text += "define function F(x Tuple { a" + std::to_string(i) + " Integer }, y " + choice + "): 1\n";
  text += "define function F(x " + choice + ", y " + choice + "): 2\n";
  text +=
      "define A: F(P, P)\ndefine B: {P, {P}, {{P}}}\ndefine C: P in {P} and P = Q\ndefine D: ToString(Q)\ndefine E: Coalesce(P, "
      "Q, P, Q)\n";
  text += "define function G(x Integer): x\ndefine Z: F(" + Repeated("F(", 100) + "P" + Repeated(", P)", 100) + ", P)\n";
  const std::string outcome = InLibrary(text);
  CHECK((outcome == "2" || Has(outcome, "test.cql:")));
  CHECK(InLibrary(Many(1000, [](auto& i, auto&) { return "define function F(x Tuple { a" + i + " Integer }): " + i + "\n"; }) +
                  Many(300, [](auto& i, auto&) { return "define Z" + i + ": F(Tuple { a" + i + ": 1 })\n"; })) == "299");
}

TEST_CASE("definitions and functions within each other do not reach the end of the stack", "[cql][hostile]") {
  const std::string nested = Repeated("1 + (", 100);
  const std::string closed = Repeated(")", 100);
  CHECK(Has(InLibrary("define D0: 1\n" +
                      Many(900, [&](auto& i, auto& n) { return "define D" + n + ": " + nested + "D" + i + closed + "\n"; })),
            "nested more than 2500 deep together"));
  CHECK(Has(InLibrary("define D0: 1\n" + Many(kMany, [](auto& i, auto& n) { return "define D" + n + ": D" + i + " + 1\n"; })),
            "nested more than 2500 deep together"));
  CHECK(InLibrary("define D0: 1\n" + Many(900, [](auto& i, auto& n) { return "define D" + n + ": D" + i + " + 1\n"; })) == "901");
  CHECK(Has(InLibrary(Many(kMany, [](auto& i, auto& n) { return "define D" + i + ": D" + n + " + 1\n"; }) + "define D10000: 1\n"),
            "deep together"));
  const auto functions = [](const std::string& body) {
    return "define function F0(x Integer): x + 1\n" +
           Many(60,
                [&](auto& i, auto& n) {
                  std::string call = body;
                  for (std::size_t at = call.find('F'); at != std::string::npos; at = call.find('F', at + 1))
                    call.insert(at + 1, i);
                  return "define function F" + n + "(x Integer): " + call + "\n";
                }) +
           "define Z: F60(1)\n";
  };
  CHECK(Has(InLibrary(functions("F(F(x))")), "took more steps than its limit"));
  CHECK(Has(InLibrary(functions("F(x) + F(x)")), "took more steps than its limit"));
}

TEST_CASE("many errors are told as few, and hints are looked for no longer than they are shown", "[cql][hostile]") {
  CHECK(Has(InLibrary(Many(10'000, [](auto& i, auto&) { return "define A" + i + ": B" + i + "\n"; })), "'B0' is not known here"));
  CHECK(Has(InLibrary(Many(10'000, [](auto& i, auto&) { return "define function F" + i + "(x Integer): G" + i + "(1)\n"; })),
            "there is no function 'G0'"));
  CHECK(Has(InLibrary(Repeated("define A: 1\n", kMany)), "'A' is already the name of a definition"));
  const Compiled compiled = CompileLibrary(Many(1000, [](auto& i, auto&) { return "define A" + i + ": B\n"; }), "test.cql", {});
  CHECK(compiled.diagnostics.all().size() == Diagnostics::kMaximum);
  CHECK(compiled.diagnostics.errors() == 1000);
}

TEST_CASE("values that share their parts are neither compared nor shown without end", "[cql][hostile]") {
  const std::string text =
      "define L0: {1}\n" + Many(40, [](auto& i, auto& n) { return "define L" + n + ": {L" + i + ", L" + i + "}\n"; });
  for (const char* use :
       {"L40 = L40", "L40 ~ L40", "distinct {L40, L40, L40}", "L40 in {L40}", "{L40} union {L40}", "IndexOf({L40}, L40)"}) {
    INFO(use);
    CHECK(Has(InLibrary(text + "define Z: " + use + "\n"), "took more steps than its limit"));
  }
  const Compiled compiled = CompileLibrary(text, "test.cql", {});
  Arena arena;
  EvalContext context(arena);
  Evaluation evaluation(*compiled.program);
  evaluation.Begin(context);
  const Value value = evaluation.Evaluate(*compiled.program->Find("L40"));
  CHECK(ToLiteral(value).size() < kMaxValueText + 1000);
  CHECK(ToJson(value).size() < kMaxValueText + 1000);
}

TEST_CASE("growing strings and lists stop at their limits", "[cql][hostile]") {
  const auto doubling = [](const std::string& first, const std::string& open, const std::string& middle,
                           const std::string& close) {
    return "define T0: " + first + "\n" +
           Many(60, [&](auto& i, auto& n) { return "define T" + n + ": " + open + "T" + i + middle + "T" + i + close + "\n"; });
  };
  CHECK(Has(InLibrary(doubling("'abc'", "", " + ", "")), "a string is longer than the limit"));
  CHECK(Has(InLibrary(doubling("{1}", "flatten {", ", ", "}")), "longer than the limit"));
  CHECK(Has(Of("(expand Interval[1, 1000]) A aggregate R starting 'a': R + R"), "a string is longer than the limit"));
  CHECK(Has(Of("(expand Interval[1, 100000]) A aggregate R starting {1}: R union {A}"), "than its limit"));
  CHECK(Has(Of("Combine((expand Interval[1, 100000]) X return all '" + Repeated("a", 1000) + "')"), "longer than the limit"));
  CHECK(Has(Of("ReplaceMatches('" + Repeated("a", 100'000) + "', 'a', '" + Repeated("b", 1000) + "')"), "longer than the limit"));
  CHECK(Of("Length(ReplaceMatches('" + Repeated("a", 20'000) + "', 'a', 'bb'))") == "40000");
  CHECK(Of("Count(Split('" + Repeated("a,", kLong) + "', ','))") == "100001");
}

TEST_CASE("expand and collapse of huge intervals", "[cql][hostile]") {
  for (const char* expression :
       {"expand {Interval[1, 2147483647]}", "expand Interval[1, 2147483647]", "expand {Interval[0.0, 1.0]} per 0.00000001",
        "expand {Interval[@0001-01-01, @9999-12-31]} per day",
        "expand {Interval[@0001-01-01T00:00:00.000Z, @9999-12-31T23:59:59.999Z]} per millisecond",
        "expand {Interval[1L, 9223372036854775807L]}", "expand {Interval[1 'mg', 1000000000 'mg']} per 1 'ug'"}) {
    INFO(expression);
    CHECK(Of(expression) == "error: expand makes a list longer than the limit");
  }
  CHECK(Of("collapse {Interval[-2147483648, 5], Interval[1, 2147483647]}") == "{Interval[-2147483648, 2147483647]}");
  CHECK(Of("Count(collapse ((expand {Interval[1, 20000]}) X return Interval[start of X, end of X]))") == "1");
  CHECK(Of("Count(collapse ((expand {Interval[1, 20000]}) X return Interval[(start of X) * 2, (end of X) * 2]))") == "20000");
}

TEST_CASE("regular expressions that take others exponential time take linear time", "[cql][hostile]") {
  const std::string many = Repeated("a", kLong);
  CHECK(Of("Matches('" + many + "!', '(a+)+')") == "false");
  CHECK(Of("Matches('" + many + "!', '(a|a)*b')") == "false");
  CHECK(Of("Matches('" + many + "', '(a*)*(a*)*(a*)*')") == "true");
  CHECK(Has(Of("Matches('a', '((a{1000}){1000}){1000}')"), "not supported"));
  CHECK(Has(Of("Matches('a', '" + Repeated("a?", kLong) + "')"), "at most 8192 bytes"));
  CHECK(Of("Matches('" + Repeated("a", 4000) + "', '" + Repeated("a?", 4000) + "')") == "true");
}

TEST_CASE("queries that multiply end at the steps they may take", "[cql][hostile]") {
  const std::string thousand = "(expand Interval[1, 1000])";
  CHECK(Has(Of("from " + thousand + " A, " + thousand + " B, " + thousand + " C where A + B + C < 0 return 1"), "more steps"));
  CHECK(Has(Of("(expand Interval[1, 10000]) A with (expand Interval[1, 10000]) B such that A > B + 1000000"), "more steps"));
  CHECK(Has(
      Of("from (expand Interval[1, 10000]) A, (expand Interval[1, 10000]) B let C: {A, B, A, B}, D: {C, C} where false return 1"),
      "than its limit"));
  CHECK(Has(Of("(expand Interval[1, 10000]) A aggregate distinct R starting 0: R + A"), "more steps"));
  CHECK(Of("Count(distinct ((expand Interval[1, 20000]) A return all Interval[A, A + 1)))") == "20000");
}

TEST_CASE("numbers and dates at the ends of their types", "[cql][hostile]") {
  for (const char* expression :
       {"Power(2, 2147483647)", "2 ^ 1000000", "99999999999999999999.9 * 99999999999999999999.9", "2147483647 + 1",
        "-2147483648 div -1", "9223372036854775807L * 9223372036854775807L", "(-9223372036854775807L - 1L) div -1L",
        "{1}[2147483647]", "{1}[-2147483648]", "Truncate(99999999999999999999.9)", "LowBoundary(@2012, 2147483647)"}) {
    INFO(expression);
    CHECK(Of(expression) == "null");
  }
  for (const char* expression :
       {"Exp(1000000)", "Round(1.5, 2147483647)", "Round(1.5, -2147483648)", "@9999-12-31 + 1 day",
        "@2012-01-01 + 2147483647 years", "@2012-01-01T00:00:00.000Z + 99999999999999999999.0 milliseconds",
        "@T00:00 - 99999999999 hours", "Skip({1}, -2147483648)", "Take({1}, 2147483647)"}) {
    (void)Of(expression);
  }
  CHECK(Of("ToInteger('" + Repeated("1", kLong) + "')") == "null");
  CHECK(Of("ToDecimal('" + Repeated("1", kLong) + "')") == "null");
  CHECK(Of("ToDateTime('" + Repeated("1", kLong) + "')") == "null");
  CHECK(Of("ToQuantity('1 \\'" + Repeated("m", kLong) + "\\'') = 1 'm'") == "null");
}

}  // namespace
}  // namespace plumbline::cql
