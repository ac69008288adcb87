#include "engine/cql/ucum.h"

#include <catch2/catch.hpp>

#include "engine/cql/quantity.h"
#include "engine/cql/ucum_table.h"

using namespace plumbline;
using namespace plumbline::cql;

namespace {

std::string Convert(const char* amount, const char* from, const char* to) {
  const auto a = ParseUnit(from), b = ParseUnit(to);
  if (!a || !b) return "unknown unit";
  const auto value = ConvertUnit(*Decimal::Parse(amount), *a, *b);
  return value ? value->ToText() : "null";
}

}  // namespace

TEST_CASE("units convert by exact factors", "[cql][ucum]") {
  CHECK(Convert("1", "[lb_av]", "kg") == "0.45359237");
  CHECK(Convert("1", "kg", "[lb_av]") == "2.20462262");
  CHECK(Convert("1", "[in_i]", "cm") == "2.54");
  CHECK(Convert("1", "[ft_us]", "m") == "0.30480061");
  CHECK(Convert("180", "mg/dL", "g/L") == "1.8");
  CHECK(Convert("1", "mmol/L", "mol/m3") == "1");
  CHECK(Convert("120", "mm[Hg]", "kPa") == "15.99864");
  CHECK(Convert("1", "a", "d") == "365.25");
  CHECK(Convert("1", "wk", "h") == "168");
  CHECK(Convert("1", "kcal_th", "J") == "4184");
  CHECK(Convert("1", "10*3/uL", "10*9/L") == "1");
  CHECK(Convert("50", "%", "1") == "0.5");
  CHECK(Convert("1", "U", "umol/min") == "1");
  CHECK(Convert("360", "deg", "circ") == "1");
  CHECK(Convert("1", "[gal_us]", "L") == "3.78541178");
  CHECK(Convert("70", "kg.m/s2", "N") == "70");
  CHECK(Convert("1", "KiBy", "bit") == "8192");
  CHECK(Convert("1", "mL/min/{1.73_m2}", "mL/min") == "1");
  CHECK(Convert("1", "/s/m", "1/(s.m)") == "1");  // a leading solidus inverts one component
  CHECK(Convert("1", "/s.m", "m/s") == "1");
}

TEST_CASE("temperatures convert with their offsets, differences without", "[cql][ucum]") {
  CHECK(Convert("37", "Cel", "[degF]") == "98.6");
  CHECK(Convert("98.6", "[degF]", "Cel") == "37");
  CHECK(Convert("0", "Cel", "K") == "273.15");
  CHECK(Convert("-40", "Cel", "[degF]") == "-40");
  CHECK(Convert("1", "Cel/min", "K/min") == "1");
  CHECK((FindConversion("[degF]", "Cel")->Compare(*Decimal::Parse("100"), *Decimal::Parse("38")) < 0));
}

TEST_CASE("what has another dimension or is arbitrary does not convert", "[cql][ucum]") {
  CHECK(Convert("1", "m", "s") == "null");
  CHECK(Convert("1", "[iU]", "mg") == "null");
  CHECK(Convert("1000", "m[iU]/mL", "[iU]/mL") == "1");
  CHECK(Convert("1", "[iU]", "[arb'U]") == "null");
  CHECK(Convert("1", "[pH]", "1") == "null");
}

TEST_CASE("texts that are no unit are refused, hostile ones quickly", "[cql][ucum]") {
  for (const char* text :
       {"", "foo", "mmHg", "kg/", "(m", "m)", "m..s", "m2x", "10^^3", "[", "{a", "m/(s", "0", "m999", "kmin", "/", "µg"}) {
    INFO(text);
    CHECK_FALSE(ParseUnit(text));
  }
  CHECK_FALSE(ParseUnit(std::string(1000, 'm')));
  CHECK_FALSE(ParseUnit(std::string(100, '(') + "m" + std::string(100, ')')));
  CHECK_FALSE(ParseUnit("Ym30.Ym30.Ym30.Ym30"));
  CHECK(ParseUnit("{any text}"));
  CHECK(ParseUnit("/min"));
  CHECK(ParseUnit("kg.m2.s-2"));
  CHECK(ParseUnit("J/(kg.K)"));
}

TEST_CASE("every atom of the table parses by its own code", "[cql][ucum]") {
  for (const UnitAtom& atom : UnitAtoms()) {
    INFO(atom.code);
    CHECK(ParseUnit(atom.code));
  }
}

TEST_CASE("products of units are written shortest", "[cql][ucum]") {
  const auto product = [](const char* a, const char* b, bool divide) {
    return *UnitProduct(*ParseUnit(a), *ParseUnit(b), divide);
  };
  CHECK(product("cm", "cm", false) == "cm2");
  CHECK(product("g/cm3", "cm3", false) == "g");
  CHECK(product("mg", "mg", true) == "1");
  CHECK(product("mg", "mL", true) == "mg/mL");
  CHECK(product("1", "s", true) == "/s");
  CHECK(product("5.m", "5.m", false) == "5.5.m2");
  CHECK(product("10*3", "10*3", false) == "10*6");
  CHECK(product("kg.m", "s2", true) == "kg.m/s2");
}

TEST_CASE("calendar durations convert among themselves and to definite units", "[cql][ucum]") {
  const auto convert = [](const char* amount, const char* from, const char* to) {
    const auto value = ConvertQuantityTo({*Decimal::Parse(amount), from, 0}, to);
    return value ? value->ToText() : std::string("null");
  };
  CHECK(convert("2", "years", "months") == "24");
  CHECK(convert("3", "d", "days") == "3");
  CHECK(convert("3", "day", "d") == "3");
  CHECK(convert("1", "week", "days") == "7");
  CHECK(convert("90", "minutes", "h") == "1.5");
  CHECK(convert("1", "year", "days") == "365");
}
