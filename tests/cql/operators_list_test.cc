#include <catch2/catch.hpp>

#include "engine/cql/list.h"
#include "tests/cql/operator_support.h"

using namespace plumbline::cql;

TEST_CASE("membership in lists treats nulls as equal", "[cql][list]") {
  CHECK_CALLS("Contains({'a', 'b', null}, null) => true", "Contains({null, 'b'}, 'a') => false", "Contains(null, 'a') => false",
              "In(null, {}) => false", "Includes({1, 2, 3}, {2}) => true", "Includes({null}, {null}) => true",
              "Includes(null, {2}) => null", "IncludedIn({4}, {1, 2, 3}) => false", "ProperIncludes({1, 2}, {1, 2}) => false",
              "ProperIncludes({1, 2}, {1}) => true", "ProperIncludedIn({}, {1}) => true",
              "ProperContains({'a', 'b'}, 'a') => true", "ProperContains({'a', null}, 'a') => null",
              "ProperContains({null}, null) => false", "ProperContains({'s', null}, null) => true",
              "ProperContains({@T15:59:59.999, @T20:59:59.999}, @T15:59:59) => null", "ProperIn('a', {'a'}) => false");
}

TEST_CASE("lists as sets keep the first of what is equal, in order", "[cql][list]") {
  CHECK_CALLS("Distinct({1, 2, 3, 1, 2}) => {1, 2, 3}", "Distinct({null, null}) => {null}", "Union({1, 2}, {2, 3}) => {1, 2, 3}",
              "Union(null, {1}) => {1}", "Intersect({1, 2, 2, 3}, {3, 2}) => {2, 3}", "Except({1, 2, 3, 4}, {2, 3}) => {1, 4}",
              "Except({1}, null) => {1}", "Flatten({{1, null}, {2}}) => {1, null, 2}");
}

TEST_CASE("parts of lists", "[cql][list]") {
  CHECK_CALLS("First({null, 1}) => null", "Last({null, 1}) => 1", "First({}) => null", "Indexer({1, 2}, 1) => 2",
              "Indexer({1, 2}, 2) => null", "Indexer({1, 2}, -1) => null", "IndexOf({1, 2}, 2) => 1", "IndexOf({1, 2}, 5) => -1",
              "IndexOf(null, 5) => null", "SingletonFrom({1}) => 1", "SingletonFrom({1, 2}) => error",
              "SingletonFrom({}) => null", "Skip({1, 2, 3}, 2) => {3}", "Skip({1}, 5) => {}", "Take({1, 2, 3}, 2) => {1, 2}",
              "Take({1}, null) => {}", "Tail({1, 2}) => {2}", "Tail({}) => {}", "Slice({1, 2, 3, 4, 5}, -2) => {4, 5}",
              "Slice({1, 2, 3, 4, 5}, 1, 3) => {2, 3}", "Slice({1, 2}, 5) => {}", "Slice({1, 2, 3}, null, null) => {1, 2, 3}",
              "Length(null) => null", "Length({null, 1}) => 2", "Exists({null}) => false", "Exists({1}) => true",
              "Exists(null) => false", "Descendents(null) => null", "Descendents(Tuple{a: 1, b: {2, 3}}) => {1, 2, 3}");
}

TEST_CASE("aggregates leave nulls out", "[cql][aggregate]") {
  CHECK_CALLS("Count({1, null}) => 1", "Count(null) => 0", "Sum({null, 1, null}) => 1", "Sum({}) => null",
              "Sum({2147483647, 1}) => null", "Sum({1.5, 2.5}) => 4.0", "Sum({1 'g', 500 'mg'}) => 1.5 'g'",
              "Sum({1 'g', 1 's'}) => null", "Avg({1.0, 2.0, 3.0, 6.0}) => 3.0", "Min({5, 12, 1}) => 1",
              "Max({'a', 'c', 'b'}) => 'c'", "Max({@2012-10-05T, @2012-10-06T}) => @2012-10-06T",
              "Median({6.0, 5.0, 4.0, 3.0, 2.0, 1.0}) => 3.5", "Median({3.0, 1.0, 2.0}) => 2.0",
              "Mode({2, 1, 8, 2, 9, 1, 9, 9}) => 9", "Variance({1.0, 2.0, 3.0, 4.0, 5.0}) => 2.5",
              "PopulationVariance({1.0, 2.0, 3.0, 4.0, 5.0}) => 2.0", "StdDev({1.0, 2.0, 3.0, 4.0, 5.0}) => 1.58113883",
              "PopulationStdDev({1.0, 2.0, 3.0, 4.0, 5.0}) => 1.41421356", "StdDev({1.0}) => null",
              "Variance({1 'mg', 3 'mg'}) => 2 'mg2'", "PopulationStdDev({1 'mg', 3 'mg'}) => 1 'mg'",
              "Product({5L, 4L, 5L}) => 100L", "Product({1.5, 2.0}) => 3.0", "GeometricMean({2.0, 8.0}) => 4.0",
              "AllTrue({true, null}) => true", "AllTrue(null) => true", "AllTrue({true, false}) => false",
              "AnyTrue({null, false}) => false", "AnyTrue({null, true}) => true", "AnyTrue(null) => false");
}

TEST_CASE("strings count characters, not bytes", "[cql][string]") {
  CHECK_CALLS("Length('äöü') => 3", "Length('') => 0", "Substring('äbc', 1) => 'bc'", "Substring('abc', 1, 1) => 'b'",
              "Substring('ab', -1) => null", "Substring('', 0) => ''", "Substring('ab', 2) => null",
              "Substring('ab', 0, 9) => 'ab'", "Indexer('äb', 0) => 'ä'", "Indexer('ab', 2) => null",
              "PositionOf('ü', 'äöü') => 2", "PositionOf('z', 'abc') => -1", "LastPositionOf('hi', 'Say hi to Ohio!') => 11",
              "Upper('aÄß') => 'AÄß'", "Lower('ÀŽΣЖ') => 'àžσж'", "Upper('ÿ') => 'Ÿ'", "Concatenate('a', 'b') => 'ab'",
              "Concatenate('a', null) => null", "Combine({'a', null, 'c'}, '-') => 'a-c'", "Combine({}) => null",
              "Combine(null, '-') => null", "Split('a,b,,c', ',') => {'a', 'b', '', 'c'}", "Split('a,b', null) => {'a,b'}",
              "Split(null, ',') => null", "StartsWith('abc', 'ab') => true", "EndsWith('abc', 'bc') => true",
              "SplitOnMatches('a1b22c', '\\\\d+') => {'a', 'b', 'c'}");
}

TEST_CASE("regular expressions match the whole string; what RE2 does not take is an error", "[cql][string]") {
  CHECK_CALLS("Matches('Not all', '.*\\\\d+') => false", "Matches(' \\n', '.*') => true", "Matches('ab12', '[a-z]+') => false",
              "Matches('ab', '(?=a)ab') => error", "Matches('a', '(') => error", "Matches('a', null) => null",
              "ReplaceMatches('a b c', '\\\\s', '\\\\$') => 'a$b$c'", "ReplaceMatches('ab', '(a)(b)', '$2$1') => 'ba'",
              "ReplaceMatches('ab', '(a)', '$7') => error");
}

TEST_CASE("conversions give null for what does not stand for the type", "[cql][convert]") {
  CHECK_CALLS("ToBoolean('NO') => false", "ToBoolean('maybe') => null", "ToBoolean(1) => true", "ToBoolean(2) => null",
              "ToInteger('-25') => -25", "ToInteger('+25') => 25", "ToInteger('2.5') => null", "ToInteger('+-2') => null",
              "ToInteger('2147483648') => null", "ToLong('2147483648') => 2147483648L", "ToDecimal('+25.5') => 25.5",
              "ToDecimal(5) => 5.0", "ToDecimal('.5') => null", "ToQuantity('5.5 \\'cm\\'') => 5.5 'cm'",
              "ToQuantity('5 days') => 5 days", "ToQuantity('5') => 5 '1'", "ToQuantity('5 cm') => null",
              "ToQuantity(2.5) => 2.5 '1'", "ToDate('2014-01') => @2014-01", "ToDate(@2014-01-05T10) => @2014-01-05",
              "ToDateTime('2014-01-01T12:05') => @2014-01-01T12:05", "ToDateTime('2014/01/01') => null",
              "ToDateTime(@2014-01-01) => @2014-01-01T", "ToTime('T14:30:00.0+05:30') => @T14:30:00.000",
              "ToTime('T14-30') => null", "ToString(125 'cm') => '125 \\'cm\\''", "ToString(18.55) => '18.55'",
              "ToString(@2000-01-01T08:25:25.300-07:00) => '2000-01-01T08:25:25.300-07:00'",
              "ToString(@2000-01-01T) => '2000-01-01'", "ToString(@T09:30:01.003) => '09:30:01.003'", "ToString(true) => 'true'",
              "ToString(5L) => '5'", "ConvertsToInteger('x') => false", "ConvertsToDate('2012-02-30') => false",
              "ConvertsToDecimal(null) => null", "ConvertQuantity(5 'mg', 'g') => 0.005 'g'",
              "ConvertQuantity(5 'mg', 's') => null", "CanConvertQuantity(5 'mg', 'g') => true", "ToList(null) => {}",
              "ToList(1) => {1}", "ToChars('aä') => {'a', 'ä'}");
}

TEST_CASE("sets of many values stay exact when they are hashed", "[cql][list]") {
  test::OperatorFixture f;
  std::vector<Value> items;
  for (int i = 0; i < 1000; ++i) items.push_back(i % 2 == 0 ? Value::Integer(i % 50) : Value::Long(i % 50));
  CHECK(DistinctList(f.context(), items).list().size() == 50);
}

TEST_CASE("messages of severity Error end the evaluation", "[cql][message]") {
  CHECK_CALLS("Message(1, true, '100', 'Message', 'text') => 1", "Message(1, true, '400', 'Error', 'text') => error",
              "Message(1, false, '400', 'Error', 'text') => 1", "Message(null, true, '1', 'Warning', 'text') => null");
}
