#include <catch2/catch.hpp>

#include "tests/cql/operator_support.h"

TEST_CASE("bounds of intervals: open ones step inwards, closed nulls are limits", "[cql][interval]") {
  CHECK_CALLS("Start(Interval(1, 10]) => 2", "End(Interval[1, 10)) => 9", "Start(Interval[null, 10]) => -2147483648",
              "End(Interval[5, null)) => Interval[5, 2147483647]", "Width(Interval[1, 10]) => 9", "Size(Interval[1, 10]) => 10",
              "Width(Interval[5.0 'g', 10.0 'g']) => 5.0 'g'", "Width(Interval[@2012, @2013]) => error",
              "PointFrom(Interval[1, 1]) => 1", "PointFrom(Interval[1, 2]) => error", "Start(null) => null",
              "End(Interval[1.0, 2.0)) => 1.99999999");
}

TEST_CASE("an interval whose bounds are out of order is an error", "[cql][interval]") {
  plumbline::cql::test::OperatorFixture f;
  for (const char* text : {"Interval[5, 3]", "Interval[5, 5)", "Interval(5, 5]", "Interval(5, 6)"}) {
    INFO(text);
    CHECK(f.Read(text).IsNull());
    CHECK(f.context().Failed());
    f.context().error = plumbline::cql::EvalErrorKind::kNone;
  }
  CHECK_FALSE(f.Read("Interval[5, 5]").IsNull());
}

TEST_CASE("relations between intervals and points", "[cql][interval]") {
  CHECK_CALLS(
      "After(Interval[11, 20], Interval[1, 10]) => true", "After(12, Interval[1, 10]) => true",
      "After(Interval[11, 20], 12) => false", "Before(9, Interval[11, 20]) => true", "Contains(Interval[1, 10], 5) => true",
      "Contains(Interval[1, 10], null) => null", "In(5, Interval[1, 10)) => true", "In(10, Interval[1, 10)) => false",
      "In(@2012-01-07T, Interval[@2012-01-05T, null]) => true", "Includes(Interval[1, 10], Interval[4, 10]) => true",
      "IncludedIn(Interval[0, 10], Interval[1, 10]) => false", "ProperIncludes(Interval[1, 10], Interval[1, 10]) => false",
      "ProperIncludes(Interval<Integer>[null, null], Interval[1, 10]) => true",
      "ProperIncludedIn(Interval[1, 10], Interval[null, null]) => true", "In(5, Interval[null, null]) => false",
      "IncludedIn(Interval[@2017-09-01T00:00:00, @2017-09-01T00:00:00], Interval[@2017-09-01T00:00:00.000, "
      "@2017-12-30T23:59:59.999], day) => true",
      "IncludedIn(Interval[@2017-09-01T00:00:00, @2017-09-01T00:00:00], Interval[@2017-09-01T00:00:00.000, "
      "@2017-12-30T23:59:59.999], millisecond) => null",
      "Overlaps(Interval[4, 10), Interval(9, 20]) => false", "Overlaps(Interval[4, 10], Interval(9, 20]) => true",
      "Overlaps(Interval[null, null], Interval[1, 10]) => null",
      "Overlaps(Interval[@2012-02-25T, @2012-03-26T], Interval[@2012-01-10T, @2012-02T]) => null",
      "Overlaps(Interval[@2012T, @2013-03T], Interval[@2012-02T, @2013-02T]) => true",
      "OverlapsBefore(Interval[4, 10], Interval(4, 10]) => true", "OverlapsBefore(Interval[4, 10], Interval[4, 10]) => false",
      "OverlapsAfter(Interval[4, 10], Interval[4, 10)) => true", "Meets(Interval[1, 10], Interval[11, 20]) => true",
      "MeetsBefore(Interval[1, 10], Interval[11, 20]) => true", "MeetsAfter(Interval[1, 10], Interval[11, 20]) => false",
      "Meets(Interval[3.01, 5.00000001], Interval[5.00000002, 8.50]) => true",
      "Meets(Interval(null, 5], Interval(null, 15)) => null", "MeetsAfter(Interval(null, 5], Interval[11, null)) => false",
      "Starts(Interval[4, 10], Interval[4, 15]) => true", "Ends(Interval[4, 10], Interval[1, 10]) => true",
      "ProperContains(Interval[@T12:00:00.000, @T21:59:59.999], @T12:00:01, second) => true",
      "ProperContains(Interval[@T12:00:00.001, @T21:59:59.999], @T12:00:00, second) => false",
      "ProperIn(@T12:00:00.000, Interval[@T12:00:00.000, @T21:59:59.999]) => false",
      "SameOrAfter(Interval[@2012-12-01, @2013-12-01], @2012-11-15, month) => true",
      "SameOrBefore(1.6667, Interval[1.666, 2.50000001]) => false", "Equal(Interval[1, 10], Interval[1, 11)) => true",
      "Equal(Interval[1, 10], Interval[1, null)) => null", "Equal(Interval[1, 10], Interval[2, null)) => false");
}

TEST_CASE("set operations on intervals", "[cql][interval]") {
  CHECK_CALLS(
      "Intersect(Interval[1, 10], Interval[4, 12]) => Interval[4, 10]",
      "Intersect(Interval[1, 10], Interval[5, null)) => Interval[5, null)",
      "Intersect(Interval[1, 10], Interval[11, 20]) => null",
      "Intersect(Interval[1, null], Interval[5, null]) => Interval[5, null]",
      "Union(Interval[1, 10], Interval[4, 15]) => Interval[1, 15]", "Union(Interval[1, 10], Interval[11, 15]) => Interval[1, 15]",
      "Union(Interval[1, 10], Interval[12, 15]) => null", "Union(Interval[null, null], Interval[1, 10]) => null",
      "Except(Interval[1, 10], Interval[4, 10]) => Interval[1, 3]", "Except(Interval[1.0, 10.0], Interval[3.0, 7.0]) => null",
      "Except(Interval[1.0, 10.0], Interval[4.0, 10.0]) => Interval[1.0, 3.99999999]",
      "Except(Interval[1, 4], Interval[3, 6]) => Interval[1, 2]", "Except(Interval[1, 4], Interval[5, 6]) => Interval[1, 4]",
      "Except(Interval[1, 4], Interval[0, 6]) => null", "Except(Interval[3, 8], Interval[1, 4]) => Interval[5, 8]");
}

TEST_CASE("collapse merges what overlaps or meets", "[cql][interval]") {
  CHECK_CALLS(
      "Collapse({Interval[12, 19], Interval[1, 5], Interval[3, 7], Interval[7, 10]}) => {Interval[1, 10], Interval[12, 19]}",
      "Collapse({Interval[4, 6], null, Interval[7, 8]}) => {Interval[4, 8]}", "Collapse({Interval(null, null)}) => {}",
      "Collapse(null) => null", "Collapse({Interval[1, 2], Interval[5, 6]}, 3 '1') => {Interval[1, 6]}",
      "Collapse({Interval[@2018-01-01, @2018-01-03], Interval[@2018-01-05, @2018-01-06]}, 2 days) => {Interval[@2018-01-01, "
      "@2018-01-06]}",
      "Collapse({Interval[@T01:59:59.999, @T10:59:59.999], Interval[@T11:00:00.000, @T15:59:59.999]}) => "
      "{Interval[@T01:59:59.999, @T15:59:59.999]}");
}

TEST_CASE("expand cuts into pieces of one size, and makes nothing where a bound is too coarse", "[cql][interval]") {
  CHECK_CALLS(
      "Expand({Interval[@2018-01-01, @2018-01-03]}, 1 day) => {Interval[@2018-01-01, @2018-01-01], Interval[@2018-01-02, "
      "@2018-01-02], Interval[@2018-01-03, @2018-01-03]}",
      "Expand(Interval[@2018-01-01, @2018-01-04], 2 days) => {@2018-01-01, @2018-01-03}",
      "Expand({Interval[@T10:00, @T12:30)}, 1 hour) => {Interval[@T10, @T10], Interval[@T11, @T11], Interval[@T12, @T12]}",
      "Expand(Interval[10.0, 12.5], 1 '1') => {10, 11, 12}",
      "Expand({Interval[10.0, 12.5)}, 1 '1') => {Interval[10, 10], Interval[11, 11], Interval[12, 12]}",
      "Expand({Interval[@T10, @T10]}, 1 minute) => {}", "Expand(Interval[10, 10], 0.5 '1') => {10.0, 10.5}",
      "Expand({Interval[1, 10)}, 2 '1') => {Interval[1, 2], Interval[3, 4], Interval[5, 6], Interval[7, 8]}",
      "Expand(Interval[1, 10], 2 '1') => {1, 3, 5, 7, 9}",
      "Expand({Interval[1, 3]}) => {Interval[1, 1], Interval[2, 2], Interval[3, 3]}", "Expand(null, 1 day) => null",
      "Expand({}, 1 day) => {}", "Expand(Interval[1, null], 1 '1') => null",
      "Expand(Interval[@2018-01-01, @2018-01-14], 1 week) => {@2018-01-01, @2018-01-08}",
      "Expand(Interval[@T22:00, @T23:59], 1 hour) => {@T22, @T23}",
      "Expand(Interval[1 'g', 2 'g'], 500 'mg') => {1.0 'g', 1.5 'g'}", "Expand(Interval[1, 10], 0 '1') => error",
      "Expand(Interval[1, 2147483647], 1 '1') => error");
}
