// `plumbline cql test`: a folder of suite files, what fails by name with expected and got, the closing line and the exit codes.
#include <catch2/catch.hpp>

#include "tests/program/installation.h"

namespace plumbline::program {
namespace {

constexpr std::string_view kSuite = R"(<?xml version="1.0" encoding="utf-8"?>
<tests name="Sums">
  <group name="Add">
    <test name="One"><expression>1 + 1</expression><output>2</output></test>
    <test name="Two"><expression>1 + 2</expression><output>4</output></test>
  </group>
</tests>
)";

}  // namespace

TEST_CASE("cql test takes a folder of suite files and names what fails, with expected and got") {
  const Installation site;
  site.WriteFile("suites/b.xml", kSuite);
  site.WriteFile("suites/a.xml", kSuite);
  site.WriteFile("suites/notes.txt", "no suite");
  const auto ran = site.Run({"cql", "test", site.Path("suites")});
  INFO(ran.text);
  CHECK(ran.exit_code == 1);
  CHECK_THAT(ran.text, Catch::Contains("FAILED a.xml Add/Two") && Catch::Contains("FAILED b.xml Add/Two"));
  CHECK_THAT(ran.text, Catch::Contains("expected:   4") && Catch::Contains("got:        3"));
  CHECK_THAT(ran.text, Catch::Contains("2 passed, 2 failed"));
}

TEST_CASE("cql test says of a folder without suite files that there are none") {
  const Installation site;
  site.WriteFile("empty/notes.txt", "no suite");
  const auto ran = site.Run({"cql", "test", site.Path("empty")});
  CHECK(ran.exit_code == 2);
  CHECK_THAT(ran.text, Catch::Contains("no XML file in this folder"));
}

}  // namespace plumbline::program
