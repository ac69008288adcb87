#include <catch2/catch.hpp>

#include "tests/cql/operator_support.h"

TEST_CASE("logic is three-valued", "[cql][logic]") {
  CHECK_CALLS("And(false, null) => false", "And(true, null) => null", "And(true, true) => true", "Or(true, null) => true",
              "Or(false, null) => null", "Xor(true, null) => null", "Xor(true, false) => true", "Implies(false, null) => true",
              "Implies(true, null) => null", "Implies(null, true) => true", "Not(null) => null", "Not(false) => true",
              "IsNull(null) => true", "IsNull('') => false", "IsTrue(null) => false", "IsFalse(false) => true");
}

TEST_CASE("whole numbers stay whole, and what does not fit is null", "[cql][arithmetic]") {
  CHECK_CALLS("Add(1, 2) => 3", "Add(2147483647, 1) => null", "Add(2147483647L, 1L) => 2147483648L",
              "Subtract(-2147483648, 1) => null", "Add(9223372036854775807L, 1L) => null", "Multiply(3, -4) => -12",
              "Multiply(65536, 65536) => null", "Negate(5) => -5", "Negate(-2147483648) => null", "Abs(-5) => 5",
              "Abs(-5L) => 5L", "TruncatedDivide(-10, 3) => -3", "TruncatedDivide(1, 0) => null", "Modulo(-10, 3) => -1",
              "Modulo(4L, 0L) => null", "Add(null, 1) => null", "TruncatedDivide(-2147483648, -1) => null");
}

TEST_CASE("decimals are exact to the eighth digit", "[cql][arithmetic]") {
  CHECK_CALLS("Add(0.1, 0.2) => 0.3", "Divide(10.0, 3.0) => 3.33333333", "Divide(20.0, 3.0) => 6.66666667",
              "Divide(1.0, 0.0) => null", "Multiply(1.5, 1.5) => 2.25", "Modulo(10.5, 3.0) => 1.5",
              "TruncatedDivide(10.1, -3.1) => -3.0", "TruncatedDivide(10.1, 0.0) => null",
              "Add(99999999999999999999.0, 1.0) => null", "Abs(-1.5) => 1.5");
}

TEST_CASE("quantities compute in the unit of the left operand", "[cql][arithmetic]") {
  CHECK_CALLS("Add(1 'g/cm3', 1 'g/cm3') => 2 'g/cm3'", "Add(1 'm', 5 'cm') => 1.05 'm'", "Add(1 'm', 5 's') => null",
              "Multiply(1.0 'cm', 2.0 'cm') => 2.0 'cm2'", "Multiply(2.0, 3.0 'mg') => 6.0 'mg'",
              "Divide(6.0 'mg', 2.0) => 3.0 'mg'", "Divide(6.0 'mg', 2.0 'mL') => 3.0 'mg/mL'",
              "Divide(1 'm', 10 'cm') => 10 '1'", "Modulo(3.5 'cm', 3 'cm') => 0.5 'cm'",
              "TruncatedDivide(10.1 'cm', -3.1 'cm') => -3.0 'cm'", "TruncatedDivide(10.0 'g', 0.0 'g') => null",
              "Subtract(1.0 'cm', 2.0 'cm') => -1.0 'cm'", "Negate(1 'cm') => -1 'cm'", "Multiply(2 'mg/mL', 3 'mL') => 6 'mg'");
}

TEST_CASE("successors and predecessors step by the type, and past its end is an error", "[cql][arithmetic]") {
  CHECK_CALLS("Successor(1) => 2", "Successor(1.0) => 1.00000001", "Predecessor(1.0 'cm') => 0.99999999 'cm'",
              "Successor(@2000-01-01T) => @2000-01-02T", "Predecessor(@2000-01-01T) => @1999-12-31T",
              "Successor(@2012-12) => @2013-01", "Successor(@T12:00) => @T12:01", "Successor(@T23:59:59.999) => error",
              "Predecessor(@0001-01-01) => error", "Successor(2147483647) => error");
}

TEST_CASE("rounding is half away from zero, results that are no Integer are null", "[cql][math]") {
  CHECK_CALLS("Round(3.14159, 2) => 3.14", "Round(-1.5) => -2.0", "Round(0.4) => 0.0", "Round(2.5) => 3.0", "Ceiling(-0.1) => 0",
              "Ceiling(2147483647.2) => null", "Floor(-0.1) => -1", "Floor(-2147483648.2) => null", "Truncate(-1.9) => -1");
}

TEST_CASE("powers of whole numbers are exact, elementary functions are rounded to eight digits", "[cql][math]") {
  CHECK_CALLS("Power(2, 3) => 8", "Power(2, -2) => 0.25", "Power(10, -8) => 0.00000001", "Power(2L, 40L) => 1099511627776L",
              "Power(2, 31) => null", "Power(0, 0) => 1", "Power(-2.0, 2.0) => 4.0", "Power(2.0, 0.5) => 1.41421356",
              "Power(2.0, 30.0) => 1073741824.0", "Power(-2.0, 0.5) => null", "Exp(0.0) => 1.0", "Exp(1.0) => 2.71828183",
              "Exp(1000.0) => error", "Ln(0.0) => error", "Ln(-1.0) => null", "Ln(1000.0) => 6.90775528", "Log(16.0, 2.0) => 4.0",
              "Log(2.0, 1.0) => null", "Log(1.0, 100.0) => 0.0");
}

TEST_CASE("precision and boundaries follow the digits that were written", "[cql][math]") {
  CHECK_CALLS("Precision(1.58700) => 5", "Precision(@2014) => 4", "Precision(@T10:30) => 4", "Precision(@T10:30:00.000) => 9",
              "Precision(@2014-01-05T10:30) => 12", "LowBoundary(1.587, 8) => 1.58700000", "HighBoundary(1.587, 8) => 1.58799999",
              "HighBoundary(@2014, 6) => @2014-12", "LowBoundary(@2014, 6) => @2014-01",
              "HighBoundary(@2014-02, 8) => @2014-02-28", "HighBoundary(@T10:30, 9) => @T10:30:59.999",
              "LowBoundary(@2014-01-01T08, 17) => @2014-01-01T08:00:00.000", "HighBoundary(null, 8) => null",
              "HighBoundary(1.587, 9) => null");
}

TEST_CASE("comparison knows units, three values and mixed precision", "[cql][compare]") {
  CHECK_CALLS(
      "Equal(1, 1) => true", "Equal(null, 1) => null", "Equal(1 'cm', 0.01 'm') => true", "Equal(1 'cm', 1 's') => null",
      "Equal(1 year, 1 'a') => null", "Equivalent(1 year, 1 'a') => true", "Equal(1 week, 7 days) => true",
      "Equal(1 day, 24 'h') => true", "Equal(1 year, 12 months) => true", "Equal(1 month, 30 days) => null",
      "Equivalent(1 year, 365 days) => true", "Equal(1000 'pg', 1 'ng') => true", "Equal(1 'pg', 1.1 'pg') => false",
      "Less(1 'pg', 1 'kg') => true", "Equal({1, null}, {1, null}) => true", "Equal({1, null}, {1, 2}) => null",
      "Equal({1, 2}, {1, 2, 3}) => false", "Equal({null}, {null}) => true",
      "Equal(Tuple{a: 1, b: null}, Tuple{a: 1, b: 2}) => null", "Equal(Tuple{a: 1, b: null}, Tuple{a: 2, b: 2}) => false",
      "Equal(Tuple{a: null, b: 1}, Tuple{a: 1, b: 2}) => null", "Equal(Tuple{a: 1, b: null}, Tuple{a: 1, b: null}) => true",
      "Equivalent('Abc\td', 'aBC D') => true", "Equivalent(null, null) => true", "Equivalent(1.5, 1.55) => false",
      "Equivalent(1.0, 1.00) => true", "Equivalent(null, 1) => false", "Greater(@2015T, @2014-02-15T) => true",
      "Less(@2014T, @2014-02-15T) => null", "Equal(@2012, @2012-01) => null", "Equivalent(@2012, @2012-01) => false",
      "Equal(@2012-01-01T00:00:00.000Z, @2012-01-01T02:00:00.000+02:00) => true",
      "Equivalent(Code{'a', 's', '1'}, Code{'a', 's', '2'}) => true", "Equal(Code{'a', 's', '1'}, Code{'a', 's', '2'}) => false",
      "NotEqual(1.0, 1.00) => false", "LessOrEqual('a', 'aa') => true");
}
