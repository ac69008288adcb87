// What operators cost by themselves, without an evaluator: find the row once, call it on prepared operands.
#include <benchmark/benchmark.h>

#include "engine/cql/list.h"
#include "engine/cql/ucum.h"
#include "tests/cql/operator_support.h"

namespace {

using namespace plumbline::cql;
using plumbline::cql::test::OperatorFixture;

// The overload with that signature, on operands given as literals; the arena is reset each 1,024 calls.
void Run(benchmark::State& state, const char* name, const char* signature, const std::vector<const char*>& operands) {
  OperatorFixture f;
  Arena scratch;
  EvalContext ctx(scratch);
  ctx.now = f.context().now;
  std::vector<Value> args;
  for (const char* text : operands) args.push_back(f.Read(text));
  OperatorFn fn = nullptr;
  for (const OperatorEntry& row : Operators()) {
    if (row.name == name && row.signature == signature) fn = row.fn;
  }
  if (fn == nullptr) {
    state.SkipWithError("no such overload");
    return;
  }
  std::size_t calls = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(fn(ctx, args.data(), args.size()));
    if (++calls % 1024 == 0) scratch.Reset();
  }
  if (ctx.Failed()) state.SkipWithError("the call failed");
}

#define PLUMBLINE_BENCH_CALL(label, name, signature, ...) \
  BENCHMARK_CAPTURE(Run, label, name, signature, std::vector<const char*>{__VA_ARGS__})

PLUMBLINE_BENCH_CALL(add_integer, "Add", "(Integer, Integer): Integer", "41", "1");
PLUMBLINE_BENCH_CALL(less_decimal, "Less", "(Decimal, Decimal): Boolean", "36.6", "38.5");
PLUMBLINE_BENCH_CALL(divide_decimal, "Divide", "(Decimal, Decimal): Decimal", "10.0", "3.0");
PLUMBLINE_BENCH_CALL(equal_string, "Equal", "(T, T): Boolean", "'administered'", "'administered'");
PLUMBLINE_BENCH_CALL(less_quantity_same_unit, "Less", "(Quantity, Quantity): Boolean", "120 'mm[Hg]'", "140 'mm[Hg]'");
PLUMBLINE_BENCH_CALL(less_quantity_other_unit, "Less", "(Quantity, Quantity): Boolean", "120 'mg/dL'", "1.4 'g/L'");
PLUMBLINE_BENCH_CALL(before_datetime, "Before", "(DateTime, DateTime): Boolean", "@2024-01-01T08:00:00.000Z",
                     "@2024-01-01T09:00:00.000+02:00");
PLUMBLINE_BENCH_CALL(same_day, "SameAs", "(DateTime, DateTime, precision): Boolean", "@2024-01-01T08:00:00.000Z",
                     "@2024-01-01T09:00:00.000Z", "day");
PLUMBLINE_BENCH_CALL(add_hours, "Add", "(DateTime, Quantity): DateTime", "@2024-01-01T08:00:00.000Z", "6 hours");
PLUMBLINE_BENCH_CALL(years_between, "DurationBetween", "(Date, Date, precision): Integer", "@1950-02-03", "@2024-01-01", "year");
PLUMBLINE_BENCH_CALL(in_interval_day, "In", "(T, Interval<T>, precision): Boolean", "@2024-03-01T08:00:00.000Z",
                     "Interval[@2024-01-01T00:00:00.000Z, @2024-12-31T23:59:59.999Z]", "day");
PLUMBLINE_BENCH_CALL(overlaps, "Overlaps", "(Interval<T>, Interval<T>): Boolean",
                     "Interval[@2024-01-01T00:00:00.000Z, @2024-06-01T00:00:00.000Z)",
                     "Interval[@2024-05-01T00:00:00.000Z, @2024-12-31T23:59:59.999Z]");
PLUMBLINE_BENCH_CALL(in_list_of_8, "In", "(T, List<T>): Boolean", "8", "{1, 2, 3, 4, 5, 6, 7, 8}");
PLUMBLINE_BENCH_CALL(collapse_3, "Collapse", "(List<Interval<T>>): List<Interval<T>>",
                     "{Interval[1, 5], Interval[12, 19], Interval[3, 7]}");
PLUMBLINE_BENCH_CALL(union_4_and_4, "Union", "(List<T>, List<T>): List<T>", "{1, 2, 3, 4}", "{3, 4, 5, 6}");
PLUMBLINE_BENCH_CALL(matches, "Matches", "(String, String): Boolean", "'SpO2-12'", "'SpO2-[0-9]+'");
PLUMBLINE_BENCH_CALL(code_equivalent, "Equivalent", "(T, T): Boolean", "Code{'8480-6', 'http://loinc.org'}",
                     "Code{'8480-6', 'http://loinc.org'}");

void ParseUnitText(benchmark::State& state, const char* text) {
  for (auto _ : state) benchmark::DoNotOptimize(ParseUnit(text));
}
BENCHMARK_CAPTURE(ParseUnitText, mg_dL, "mg/dL");
BENCHMARK_CAPTURE(ParseUnitText, long_unit, "10*3.kg.m2/(s3.A.{annotation})");

}  // namespace
