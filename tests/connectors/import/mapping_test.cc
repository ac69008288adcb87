#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/import/mapping.h"
#include "connectors/import/row_program.h"

namespace plumbline::importer {
namespace {

// An event around which a test puts its mistake.
std::string WithEvent(const std::string& more) {
  return "mapping: m\nbase: \"@2020-01-01T00:00:00.000Z\"\nstreams:\n  - file: a.csv\n    events:\n"
         "      - kind: device\n        id: row.id\n        patient: row.p\n        site: {text: s}\n        source: {text: t}\n"
         "        time: {minutes: row.m}\n        code: {code: {text: c}}\n" +
         more;
}

struct Mistake {
  std::string text;
  std::vector<std::string> shown;
};

TEST_CASE("a mistake in a mapping is shown with its place and the nearest right name") {
  const std::vector<Mistake> mistakes = {
      {"mapping: m\nstream: []\n", {"m.yaml:2:1: error: there is no \"stream\" in a mapping; did you mean \"streams\"?"}},
      {"streams: []\n", {"a mapping needs \"mapping\""}},
      {"mapping: m\nstreams:\n  - file: a.csv\n", {"m.yaml:3:5: error: a stream needs \"events\""}},
      {"mapping: m\nstreams:\n  - file: a.csv\n    events:\n      - kind: devise\n",
       {"\"devise\" is no kind of event; did you mean \"device\"?", "an event needs \"id\"", "an event needs \"time\""}},
      {WithEvent("        vaule: row.v\n"), {"there is no \"vaule\" in an event; did you mean \"value\"?"}},
      {WithEvent("        action: {text: give}\n"), {"\"give\" is no action of the event model"}},
      {WithEvent("        status: {text: done}\n"), {"\"done\" is no status of the event model"}},
      {WithEvent("        arrival: {minuts: row.m}\n"),
       {"there is no \"minuts\" in arrival; did you mean \"minutes\"?", "arrival has no number"}},
      {WithEvent("        arrival: {minutes: row.m, hours: row.h}\n"), {"arrival is given in two units"}},
      {WithEvent("        duration: row.d\n"), {"a number of a unit, such as {minutes: row.duration}"}},
      {WithEvent("        value_code: {system: {text: s}}\n"), {"value_code needs \"code\""}},
      {WithEvent("    join: {stay: row.p}\n"), {"there is no table \"stay\""}},
      {"mapping: m\ntables: {stay: {file: p.csv, key: k}}\nstreams:\n  - file: a.csv\n    join: {sty: row.p}\n    events: []\n",
       {"there is no table \"sty\"; did you mean \"stay\"?"}},
      {"mapping: m\ntables: {row: {file: p.csv, key: k}}\n", {"a table cannot be named \"row\""}},
      {WithEvent("    separator: ab\n"), {"one letter"}},
      {WithEvent("  - file: a.csv\n    events: []\n"), {"two streams are named \"a.csv\""}},
  };
  for (const Mistake& mistake : mistakes) {
    const auto mapping = ParseMapping("m.yaml", mistake.text);
    INFO(mistake.text);
    REQUIRE_FALSE(mapping.has_value());
    INFO(mapping.error().message);
    REQUIRE(mapping.error().code == ErrorCode::kConfig);
    for (const std::string& part : mistake.shown) REQUIRE(mapping.error().message.find(part) != std::string::npos);
  }
}

TEST_CASE("a time in minutes needs something to count from") {
  const std::string text =
      "mapping: m\nstreams:\n  - file: a.csv\n    events:\n      - {kind: device, id: row.i, patient: row.p, site: row.s, "
      "source: row.s, code: {code: row.c}, time: {minutes: row.m}}\n";
  const auto mapping = ParseMapping("m.yaml", text);
  REQUIRE_FALSE(mapping.has_value());
  REQUIRE(mapping.error().message.find("time is a number of a unit after nothing") != std::string::npos);
}

std::string CompileError(const std::string& text, const std::vector<std::string>& columns) {
  const auto mapping = ParseMapping("m.yaml", text);
  INFO((mapping ? "" : mapping.error().message));
  REQUIRE(mapping.has_value());
  const auto program = RowProgram::Compile(*mapping, mapping->streams[0], columns, {});
  return program ? "" : program.error().message;
}

TEST_CASE("a mistake in an expression points at its letter in the mapping file") {
  const std::vector<std::string> columns = {"id", "p", "m", "value"};
  const std::string good = CompileError(WithEvent("        value: ToDecimal(row.value)\n"), columns);
  REQUIRE(good.empty());
  const std::string name = CompileError(WithEvent("        value: ToDecimal(row.vlaue)\n"), columns);
  INFO(name);
  REQUIRE(name.find("m.yaml:13:") != std::string::npos);
  REQUIRE(name.find("   13 |         value: ToDecimal(row.vlaue)") != std::string::npos);
  REQUIRE(name.find("vlaue") < name.find('^'));
  const std::string function =
      CompileError(WithEvent("        value: ToDecimall(row.value)\n        unit: \"'a' + 5\"\n"), columns);
  INFO(function);
  REQUIRE(function.find("m.yaml:13:16") != std::string::npos);
  REQUIRE(function.find("m.yaml:14:") != std::string::npos);
  const std::string block =
      CompileError(WithEvent("        value: |\n          if row.value = '1'\n            then 1\n            els 2\n"), columns);
  INFO(block);
  REQUIRE(block.find("m.yaml:16:13") != std::string::npos);
  const std::string open = CompileError(WithEvent("        value: ToDecimal(row.value\n"), columns);
  INFO(open);
  REQUIRE(open.find("m.yaml:13:") != std::string::npos);
}

}  // namespace
}  // namespace plumbline::importer
