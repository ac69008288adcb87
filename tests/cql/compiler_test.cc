// The language front: what parses, what is refused and where, what programs give.
#include "engine/cql/compiler.h"

#include <catch2/catch.hpp>

#include "engine/cql/format.h"
#include "engine/cql/literal.h"
#include "engine/cql/parser.h"

namespace plumbline::cql {
namespace {

std::string Evaluated(const Compiled& compiled, std::string_view name) {
  if (!compiled.ok()) return compiled.diagnostics.Text();
  Arena arena;
  EvalContext context(arena);
  context.now = Value::OfTemporal(DateTimeFromUnixMs(1'700'000'000'000, 0));
  Evaluation evaluation(*compiled.program);
  evaluation.Begin(context);
  const auto index = compiled.program->Find(name);
  if (!index) return "no such definition";
  const Value value = evaluation.Evaluate(*index);
  return context.Failed() ? "error: " + std::string(context.error_message) : ToLiteral(value);
}

std::string Of(const std::string& expression) { return Evaluated(CompileExpression(expression, "test", {}), "expression"); }

std::string InLibrary(const std::string& text, std::string_view name) {
  return Evaluated(CompileLibrary(text, "test.cql", {}), name);
}

std::string ErrorsOf(const std::string& text) { return CompileLibrary(text, "test.cql", {}).diagnostics.Text(); }

std::string Repeated(const std::string& piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

TEST_CASE("operators bind as the grammar says", "[cql][parser]") {
  CHECK(Of("1 + 2 * 3 ^ 2") == "19");
  CHECK(Of("-2 ^ 2") == "4");
  CHECK(Of("not false and false") == "false");
  CHECK(Of("true or false and false") == "true");
  CHECK(Of("{1} union {2} union {3}") == "{1, 2, 3}");
  CHECK(Of("1 in {1} and 2 in {1}") == "false");
  CHECK(Of("if true then 1 else 2 + 3") == "1");
  CHECK(Of("5 between 1 and 10 and 3 = 3") == "true");
}

TEST_CASE("an interval of nothing known takes the type it is cast to", "[cql][interval]") {
  CHECK(Of("Interval[null, null] contains 5") == "false");
  CHECK(Of("(Interval[null, null] as Interval<Integer>) contains 5") == "true");
  CHECK(Of("end of (Interval[null, null] as Interval<Date>)") == "@9999-12-31");
}

TEST_CASE("an element of a choice is the one of what the value is", "[cql][types]") {
  const std::string choice = " as Choice<Integer, Interval<Integer>, Quantity, Code, Ratio>)";
  CHECK(Of("(Interval[1, 2)" + choice + ".lowClosed") == "true");
  CHECK(Of("(Interval[1, 2)" + choice + ".highClosed") == "false");
  CHECK(Of("(1 'g' : 2 'L'" + choice + ".numerator") == "1 'g'");
  CHECK(Of("(3 'mg'" + choice + ".unit") == "'mg'");
  CHECK(Of("(Code { code: 'a' }" + choice + ".code") == "'a'");
  CHECK(Of("(5" + choice + ".code") == "null");
  CHECK(InLibrary("valueset V: 'v'\ndefine A: (V as Choice<ValueSet, Code>).id\n", "A") == "'v'");
}

TEST_CASE("a bound that is not known is no limit of the type", "[cql][interval]") {
  // The end of an ongoing interval is not known: whether a day is near it is not either.
  CHECK(Of("@2012-01-03 within 3 days of end of Interval[@2012-01-01, null)") == "null");
  CHECK(Of("@2012-01-03 within 3 days of end of Interval[@2012-01-01, null]").starts_with("error"));
  CHECK(Of("@2030-01-01 3 days or less after start of Interval(null, @2012-01-01]") == "null");
  CHECK(Of("@2011-12-30 3 days or less before start of Interval(null, @2012-01-01]") == "null");
  CHECK(Of("Interval[1, days between @2012 and @2013]") == "Interval[1, null)");
}

TEST_CASE("a concept may hold a null among its codes", "[cql][terminology]") {
  CHECK(Of("Concept { codes: { null } } ~ Code { code: 'a', system: 's' }") == "false");
  CHECK(Of("Concept { codes: { null } } ~ Concept { codes: { null } }") == "true");
  CHECK(Of("Concept { codes: { null, Code { code: 'a', system: 's' } } } ~ Code { code: 'a', system: 's' }") == "true");
}

TEST_CASE("'less than' and 'more than' are no aliases", "[cql][parser]") {
  CHECK(Of("(@2012-01-01) less than 3 days before @2012-01-03") == "true");
  CHECK(Of("(@2012-01-01) more than 3 days before @2012-01-03") == "false");
  CHECK(Of("({1, 2}) less where less > 1") == "{2}");
}

TEST_CASE("flatten opens lists among other elements and keeps these", "[cql][list]") {
  CHECK(Of("flatten { { 'a' }, 'b' }") == "{'a', 'b'}");
  CHECK(Of("Skip({1, 2}, -1)") == "{}");
}

TEST_CASE("queries filter, relate, bind, return, aggregate and sort", "[cql][query]") {
  CHECK(Of("({1, 2, 3, 4}) X where X > 2 return X * 10") == "{30, 40}");
  CHECK(Of("({1, 1, 2}) X return X") == "{1, 2}");
  CHECK(Of("({1, 1, 2}) X return all X") == "{1, 1, 2}");
  CHECK(Of("from ({1, 2}) X, ({3, 4}) Y where X + Y > 4 return X * Y") == "{4, 6, 8}");
  CHECK(Of("({1, 2, 3}) X with ({2, 3}) Y such that X = Y") == "{2, 3}");
  CHECK(Of("({1, 2, 3}) X without ({2, 3}) Y such that X = Y") == "{1}");
  CHECK(Of("({1, 2}) X let D: X * 2 return D + 1") == "{3, 5}");
  CHECK(Of("({3, 1, 2}) X sort desc") == "{3, 2, 1}");
  CHECK(Of("({Tuple{a: 1, b: 'x'}, Tuple{a: 2, b: 'w'}}) T return T sort by b") ==
        "{Tuple { a: 2, b: 'w' }, Tuple { a: 1, b: 'x' }}");
  CHECK(Of("({1, 2, 3}) X aggregate S starting 10: S + X") == "16");
}

TEST_CASE("functions, overloads and fluent calls are resolved by type", "[cql][checker]") {
  const std::string library =
      "library L\n"
      "define function Name(x Integer): 'integer'\n"
      "define function Name(x Decimal): 'decimal'\n"
      "define fluent function twice(x Integer): x * 2\n"
      "define A: Name(1) + ' ' + Name(1.0) + ' ' + Name(1L)\n"
      "define B: (3).twice().twice()\n";
  CHECK(InLibrary(library, "A") == "'integer decimal decimal'");
  CHECK(InLibrary(library, "B") == "12");
}

TEST_CASE("a call that two overloads fit equally well is refused where it is", "[cql][errors]") {
  const std::string library = "define function F(x Integer): 1\ndefine function F(x String): 2\n";
  const std::string text = ErrorsOf(library + "define A: F(null)\n");
  CHECK(text.find("test.cql:3:11: error: this call of 'F' fits (Integer) and (String) equally well") != std::string::npos);
  CHECK(InLibrary(library + "define A: F(null as String)\n", "A") == "2");
  const std::string both = "define function G(x Integer, y Decimal): 1\ndefine function G(x Decimal, y Integer): 2\n";
  CHECK(ErrorsOf(both + "define A: G(1, 2)\n").find("equally well") != std::string::npos);
  CHECK(InLibrary(both + "define A: G(1, 2.0)\n", "A") == "1");
  CHECK(InLibrary(both + "define function G(x Integer, y Integer): 3\ndefine A: G(1, 2)\n", "A") == "3");
}

TEST_CASE("several errors are told at once, each at its place with the nearest name", "[cql][errors]") {
  const std::string text =
      ErrorsOf("library L\ndefine Weight: 5\ndefine A: Wieght + 1\ndefine B: 1 + true\ndefine C: Cuont({1})\n");
  CHECK(text.find("test.cql:3:11: error: 'Wieght' is not known here; did you mean 'Weight'?") != std::string::npos);
  CHECK(text.find("  define A: Wieght + 1\n            ^~~~~~") != std::string::npos);
  CHECK(text.find("test.cql:4:11:") != std::string::npos);
  CHECK(text.find("did you mean 'Count'?") != std::string::npos);
}

TEST_CASE("a syntax error in one definition does not hide those of others", "[cql][errors]") {
  const std::string text = ErrorsOf("define A: 1 +\ndefine B: (2\ndefine C: 3\n");
  CHECK(text.find("test.cql:2:1: syntax error: expected an expression") != std::string::npos);
  CHECK(text.find("test.cql:3:1: syntax error: expected ')'") != std::string::npos);
}

TEST_CASE("a definition that needs itself is refused", "[cql][errors]") {
  CHECK(ErrorsOf("define A: B\ndefine B: A\n").find("refers to itself") != std::string::npos);
  CHECK(ErrorsOf("define function F(x Integer): F(x)\n").find("calls itself") != std::string::npos);
}

TEST_CASE("nesting is bounded with a clear error, long chains are not nesting", "[cql][limits]") {
  CHECK(Of(Repeated("(", 5000) + "1" + Repeated(")", 5000)).find("nested more than") != std::string::npos);
  CHECK(Of(Repeated("-", 0) + Repeated("not ", 5000) + "true").find("nested more than") != std::string::npos);
  CHECK(Of("1" + Repeated(" + 1", 20000)) == "20001");
  CHECK(Of("true" + Repeated(" and true", 20000)) == "true");
  CHECK(Of("false" + Repeated(" or false", 20000)) == "false");
  CHECK(Of("'a'" + Repeated(" & 'b'", 3)) == "'abbb'");
}

TEST_CASE("an included library is found by name and version", "[cql][library]") {
  LibrarySet set;
  set.Add("library Shared version '1.0'\ndefine X: 1\ndefine private Y: 2\n");
  set.Add("library Shared version '1.10'\ndefine X: 10\n");
  set.Add("library Shared version '1.9'\ndefine X: 9\n");
  CompileOptions options{.libraries = &set};
  const auto with = [&](const std::string& include) {
    return Evaluated(CompileLibrary("library M\ninclude Shared " + include + "\ndefine A: Shared.X\n", "m.cql", options), "A");
  };
  CHECK(with("version '1.9'") == "9");
  CHECK(with("") == "10");
  CHECK(with("version '2.0'").find("version '1.10' is there") != std::string::npos);
  options.versions_present = true;
  CHECK(with("version '2.0'") == "10");
}

TEST_CASE("a program says what it reads", "[cql][dependencies]") {
  const Compiled compiled =
      CompileLibrary("library L\nparameter P Integer default 3\ndefine A: Now()\ndefine B: P + 1\n", "l.cql", {});
  REQUIRE(compiled.ok());
  CHECK(compiled.program->DependenciesOf(*compiled.program->Find("A")).uses_now);
  const Dependencies b = compiled.program->DependenciesOf(*compiled.program->Find("B"));
  CHECK_FALSE(b.uses_now);
  CHECK(b.parameters == std::vector<std::string>{"P"});
  CHECK(Evaluated(compiled, "B") == "4");
}

TEST_CASE("formatting lays out anew, keeps comments, and is its own fixed point", "[cql][format]") {
  const Source source("f.cql",
                      "library  L\n\n\n// why\ndefine   A:1+2*( 3 )\n define B :\n exists ( { 1,2 } )X // tail\nwhere X>-1\n");
  Diagnostics diagnostics;
  const auto formatted = FormatLibrary(source, &diagnostics);
  REQUIRE(formatted.has_value());
  CHECK(*formatted == "library L\n\n// why\ndefine A: 1 + 2 * (3)\ndefine B:\n  exists ({ 1, 2 }) X // tail\n  where X > -1\n");
  const Source again("g.cql", *formatted);
  CHECK(FormatLibrary(again, &diagnostics) == formatted);
}

}  // namespace
}  // namespace plumbline::cql
