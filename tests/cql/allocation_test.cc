// Scalar operators never reach the heap, and what they need of the arena is there once it is warm.
#include <catch2/catch.hpp>

#include "tests/cql/operator_support.h"
#include "tests/support/counted_new.h"

using namespace plumbline::cql;

TEST_CASE("scalar operators do not allocate", "[cql][allocation]") {
  test::OperatorFixture f;
  struct Case {
    const char* name;
    std::vector<const char*> operands;
  };
  const std::vector<Case> cases = {
      {"Add", {"1", "2"}},
      {"Divide", {"10.0", "3.0"}},
      {"Less", {"36.6", "38.5"}},
      {"Equal", {"'a'", "'b'"}},
      {"Less", {"120 'mg/dL'", "1.4 'g/L'"}},
      {"Add", {"1 'm'", "5 'cm'"}},
      {"Before", {"@2024-01-01T08:00:00.000Z", "@2024-01-01T09:00:00.000+02:00"}},
      {"Add", {"@2024-01-01T08:00:00.000Z", "6 hours"}},
      {"DurationBetween", {"@1950-02-03", "@2024-01-01", "year"}},
      {"DurationBetween", {"@2005T", "@2010T", "year"}},
      {"In", {"@2024-03-01", "Interval[@2024-01-01, @2024-12-31)"}},
      {"Overlaps", {"Interval[1, 10)", "Interval(4, null)"}},
      {"Equal", {"Interval[1, 10]", "Interval[1, 10]"}},
      {"Equivalent", {"Code{'a', 's'}", "Code{'b', 's'}"}},
      {"Round", {"3.14159", "2"}},
      {"StartsWith", {"'abc'", "'a'"}},
      {"Substring", {"'abc'", "1"}},
      {"In", {"3", "{1, 2, 3}"}},
  };
  for (const Case& c : cases) {
    std::vector<Value> args;
    for (const char* text : c.operands) args.push_back(f.Read(text));
    const OperatorFn* fn = f.Find(c.name, args);
    REQUIRE(fn != nullptr);
    const Value first = (*fn)(f.context(), args.data(), args.size());
    const auto before = plumbline::test::Allocations();
    const Value again = (*fn)(f.context(), args.data(), args.size());
    const auto counted = plumbline::test::Allocations() - before;
    INFO(c.name << " " << c.operands[0]);
    CHECK_FALSE(again.IsNull());
    CHECK(counted == 0);
    CHECK(first.tag() == again.tag());
  }
}
