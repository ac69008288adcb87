#include <catch2/catch.hpp>

#include "tests/cql/operator_support.h"

using namespace plumbline::cql;

TEST_CASE("dates and times are built to the precision that is given", "[cql][datetime]") {
  CHECK_CALLS("DateTime(2003) => @2003T", "DateTime(2003, 10, 29, 20) => @2003-10-29T20", "DateTime(null) => null",
              "DateTime(2001, 1, 1, null) => @2001-01-01T", "DateTime(10000, 12) => error", "DateTime(2023, 2, 29) => error",
              "DateTime(2012, 1, 1, 1, 0, 0, 0, -7.0) => @2012-01-01T01:00:00.000-07:00", "Date(2014, 6) => @2014-06",
              "Time(10, 30) => @T10:30", "Time(24) => error", "Now() => @2024-05-06T07:08:09.010Z", "Today() => @2024-05-06",
              "TimeOfDay() => @T07:08:09.010");
}

TEST_CASE("components that are not there are null", "[cql][datetime]") {
  CHECK_CALLS("DateTimeComponentFrom(@2003-10-29T20:50, minute) => 50", "DateTimeComponentFrom(@2003-10, day) => null",
              "DateTimeComponentFrom(@T23:20:15.555, second) => 15", "TimezoneOffsetFrom(@2003-10-29T20:50:33.955+01:00) => 1.0",
              "TimezoneOffsetFrom(@2003-10-29T20:50:33.955-03:30) => -3.5", "DateFrom(@2003-10-29T20:50) => @2003-10-29",
              "DateFrom(@2003T) => @2003", "TimeFrom(@2003-10-29T20:50) => @T20:50", "TimeFrom(@2003-10-29T) => null");
}

TEST_CASE("adding a duration clamps days and truncates to the value's precision", "[cql][datetime]") {
  CHECK_CALLS(
      "Add(@2005-10-10T, 5 years) => @2010-10-10T", "Add(@2012-02-29T, 1 year) => @2013-02-28T",
      "Add(@2005-05-10T, 25 hours) => @2005-05-11T", "Add(@2014T, 735 days) => @2016T", "Add(@2014-06, 33 days) => @2014-07",
      "Add(@2014, 25 months) => @2016", "Add(@2018-05-02T, 3 weeks) => @2018-05-23T",
      "Subtract(@2016-05T, 31535999 seconds) => @2015-05T", "Add(@2005-10-10T, 8000 years) => error",
      "Subtract(@2005-10-10T, 2005 years) => error", "Add(@T15:59:59.999, 5 hours) => @T20:59:59.999",
      "Add(@T23:00, 2 hours) => @T01:00", "Add(@2016-06-10T05:05:05.005, 995 milliseconds) => @2016-06-10T05:05:06.000",
      "Add(@2016-01-01T00:00:00.000, 1.5 seconds) => @2016-01-01T00:00:01.500", "Add(@2016-01-01, 1.9 days) => @2016-01-02",
      "Add(@2016-01-31, 1 'mo') => @2016-02-29", "Add(@2016-01-31, 1 'mg') => error");
}

TEST_CASE("comparison to a precision stops where a side runs out", "[cql][datetime]") {
  CHECK_CALLS("SameAs(@2014T, @2014T, year) => true", "SameAs(@2014T, @2014T, month) => null",
              "After(@2005-10-10T, @2005-09T, day) => true", "SameOrAfter(@2014-12-20T, @2014-12T, day) => null",
              "SameOrBefore(@2014-12-20T, @2014-12-20T15, minute) => null",
              "After(@2012-03-10T10:20:00.999+07:00, @2012-03-10T08:20:00.999+06:00, hour) => true",
              "SameAs(@2012-03-10T10:20:00.999+07:00, @2012-03-10T09:20:00.999+06:00, hour) => true",
              "SameAs(@2022-02-22T00:00:00.000-05:00, @2022-02-22T23:59:00.000Z, day) => true",
              "Before(@T15:57, @T15:58, minute) => true", "SameOrBefore(@2014-01-01, @2014-01-01) => true");
}

TEST_CASE("durations count whole periods and are uncertain for partial dates", "[cql][datetime]") {
  CHECK_CALLS("DurationBetween(@2005T, @2010T, year) => Interval[4, 5]", "DurationBetween(@2005-05T, @2010-04T, year) => 4",
              "DurationBetween(@2014-01-15T, @2014-02T, day) => Interval[16, 44]",
              "DurationBetween(@2005T, @2006-05T, month) => Interval[4, 16]",
              "DurationBetween(@2010-10-12T12:05, @2008-08-15T08:08, day) => -788",
              "DurationBetween(@2012-03-10, @2013-03-09, year) => 0", "DurationBetween(@2012-02-29, @2013-02-28, year) => 0",
              "DurationBetween(@2012-02-29, @2013-03-01, year) => 1",
              "DurationBetween(@2012-03-10T22:05:09, @2012-03-20T07:19:33, week) => 1",
              "DurationBetween(@T20:26:15.555, @T23:25:15.555, hour) => 2",
              "DurationBetween(@2017-03-12T00:00:00-07:00, @2017-03-13T00:00:00-06:00, day) => 0",
              "DurationBetween(@2013-05-06, @2012-05-07, year) => 0", "DurationBetween(@T06, @T07:00:00, hour) => 1",
              "DurationBetween(@2017-03-12T01:00:00-07:00, @2017-03-12T03:00:00-06:00, hour) => 1",
              "DurationBetween(@2012-01-01T, @2012-01-10T, day) => 9", "CalculateAge(@2000-05-07, year) => 23",
              "CalculateAge(@2000-05-06, year) => 24", "CalculateAgeAt(@2000-05-06, @2000-06-05, month) => 0");
}

TEST_CASE("differences count boundaries, and weeks begin on Sunday", "[cql][datetime]") {
  CHECK_CALLS(
      "DifferenceBetween(@2000T, @2005-12T, year) => 5", "DifferenceBetween(@2000-10-15T, @2000-10-28T, week) => 1",
      "DifferenceBetween(@2000-10-21T, @2000-10-22T, week) => 1", "DifferenceBetween(@2012-12-31, @2013-01-01, year) => 1",
      "DifferenceBetween(@2017-03-12T01:00:00-07:00, @2017-03-12T03:00:00-06:00, hour) => 1",
      "DifferenceBetween(@2016T, @1998T, year) => -18", "DifferenceBetween(@2014T, @2014-03-02T, month) => Interval[-9, 2]",
      "DifferenceBetween(@T20, @T23:25:15.555, hour) => 3");
}

TEST_CASE("uncertainty passes through arithmetic and comparison", "[cql][uncertainty]") {
  test::OperatorFixture f;
  const auto p = [](Precision x) { return Value::Integer(static_cast<int>(x)); };
  const Value days = f.Call("DurationBetween", {f.Read("@2014-01-15T"), f.Read("@2014-02T"), p(Precision::kDay)});
  const Value months = f.Call("DurationBetween", {f.Read("@2005T"), f.Read("@2006-05T"), p(Precision::kMonth)});
  CHECK(ToLiteral(f.Call("Subtract", {days, months})) == "Interval[0, 40]");
  CHECK(ToLiteral(f.Call("Multiply", {days, days})) == "Interval[256, 1936]");
  CHECK(ToLiteral(f.Call("Negate", {months})) == "Interval[-16, -4]");
  CHECK(f.Call("Greater", {months, Value::Integer(3)}).IsTrue());
  CHECK(f.Call("Greater", {months, Value::Integer(4)}).IsNull());
  CHECK(f.Call("Less", {months, Value::Integer(4)}).IsFalse());
  CHECK(f.Call("Equal", {months, Value::Integer(17)}).IsFalse());
  CHECK(f.Call("Equal", {months, Value::Integer(10)}).IsNull());
}

TEST_CASE("texts of dates are read strictly and printed as they were", "[cql][temporal]") {
  for (const char* text : {"2012-03-04T10:11:12.123+02:00", "2012-03-04T10:11:12.123Z", "2012-03-04T10", "2012-03-04", "2012"}) {
    INFO(text);
    REQUIRE(ParseDateTime(text));
    CHECK(TemporalText(*ParseDateTime(text)) == text);
  }
  for (const char* text : {"2012-13", "2012-02-30", "2012-2-3", "2012-03T10", "20120304", "2012-03-04T24", "2012-03-04T10:60",
                           "2012-03-04T10Q", "2012-03-04T10+15:00", "2012-03-04T10:11:12.", "0000", ""}) {
    INFO(text);
    CHECK_FALSE(ParseDateTime(text));
  }
  CHECK(ParseTime("T23:59:59.10000")->millisecond == 100);
  CHECK_FALSE(ParseTime("T24:59"));
}

TEST_CASE("civil days and their number agree over all of 0001 to 9999", "[cql][temporal]") {
  std::int64_t expected = DaysFromCivil(1, 1, 1);
  bool agree = expected == -719162;
  for (int year = 1; year <= 9999; ++year) {
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= DaysInMonth(year, month); ++day, ++expected) {
        int y = 0, m = 0, d = 0;
        CivilFromDays(expected, &y, &m, &d);
        agree = agree && DaysFromCivil(year, month, day) == expected && y == year && m == month && d == day;
      }
    }
  }
  CHECK(agree);
}
