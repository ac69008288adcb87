#include "engine/base/decimal.h"

#include <catch2/catch.hpp>

using plumbline::Decimal;

TEST_CASE("a decimal reads and prints exactly what was written", "[decimal]") {
  for (const char* text : {"0", "1", "-1", "0.5", "-0.00000001", "99999999999999999999.99999999", "36.6"}) {
    const auto d = Decimal::Parse(text);
    REQUIRE(d);
    CHECK(d->ToText() == text);
  }
  CHECK(Decimal::Parse("1.500")->ToText(1) == "1.5");
  CHECK(Decimal::Parse("2")->ToText(1) == "2.0");
}

TEST_CASE("what is not a decimal of 28 digits is refused", "[decimal]") {
  for (const char* text : {"", ".", "-", "1.", ".5", "1e3", "0.000000001", "100000000000000000000", "1 ", "NaN"}) {
    INFO(text);
    CHECK_FALSE(Decimal::Parse(text));
  }
}

TEST_CASE("products and quotients round half away from zero, and overflow is no value", "[decimal]") {
  const auto d = [](const char* t) { return *Decimal::Parse(t); };
  CHECK(Multiply(d("1.1"), d("1.1")) == d("1.21"));
  CHECK(Multiply(d("0.00000001"), d("0.5")) == d("0.00000001"));
  CHECK(Multiply(d("-0.00000001"), d("0.5")) == d("-0.00000001"));
  CHECK(Divide(d("10"), d("3")) == d("3.33333333"));
  CHECK(Divide(d("-20"), d("3")) == d("-6.66666667"));
  CHECK_FALSE(Divide(d("1"), d("0")));
  CHECK_FALSE(Multiply(d("99999999999999999999"), d("10")));
  CHECK(Multiply(d("12345678901234567890"), d("0.5")) == d("6172839450617283945"));
  CHECK_FALSE(Add(d("99999999999999999999.99999999"), d("0.00000001")));
}

TEST_CASE("a decimal from a double is the nearest, and back", "[decimal]") {
  CHECK(Decimal::FromDouble(0.1) == *Decimal::Parse("0.1"));
  CHECK(Decimal::FromDouble(-2.5) == *Decimal::Parse("-2.5"));
  CHECK_FALSE(Decimal::FromDouble(1e300));
  CHECK(Decimal::Parse("0.3")->ToDouble() == 0.3);
  CHECK(Decimal::Parse("123456789012345.25")->ToDouble() == 123456789012345.25);
}
