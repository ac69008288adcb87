// `plumbline import` as a person runs it at a terminal: the bar, the report, exit codes.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/program/installation.h"

namespace plumbline::program {
namespace {

constexpr std::string_view kMapping = R"(mapping: saturations
title: Saturations
base: "@2026-01-31T12:00:00.000Z"
defaults:
  patient: row.patient
  site: "'north'"
streams:
  - file: values.csv
    name: values
    events:
      - kind: device
        id: row.id
        source: {text: monitors}
        sequence: row.id
        time: {minutes: row.minute}
        arrival: {minutes: row.minute}
        code: {system: {text: "http://loinc.org"}, code: "'59408-5'"}
        value: ToDecimal(row.value)
        unit: "'%'"
)";

void WriteTable(const Installation& site, int rows) {
  std::string table = "id,patient,minute,value\n";
  for (int i = 0; i < rows; ++i)
    table += std::to_string(i) + ",p" + std::to_string(i % 40) + "," + std::to_string(i / 40) + "," + (i % 3 == 0 ? "80" : "97") +
             "\n";
  site.WriteFile("data/values.csv", table);
  site.WriteFile("map.yaml", kMapping);
}

std::vector<std::string> ImportOf(const Installation& site, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"import",          "--mapping", site.Path("map.yaml"), "--data",
                                        site.Path("data"), "--config",  site.config()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace

TEST_CASE("import shows at a terminal how far it is, with a bar, and its report at the end") {
  const Installation site;
  WriteTable(site, 400'000);  // a second's work, so that it is drawn more than once
  std::string line = PLUMBLINE_PROGRAM;
  for (const std::string& argument : ImportOf(site)) line += " '" + argument + "'";
  // script(1) gives the program a terminal.
  const auto shown = Need(test::RunProgram({"script", "-qec", line, "/dev/null"}));
  INFO(shown.text.substr(0, 3000));
  CHECK(shown.exit_code == 0);
  CHECK_THAT(shown.text, Catch::Contains("\rimport [") && Catch::Contains("#") && Catch::Contains(" %  "));
  CHECK_THAT(shown.text, Catch::Contains("import: 400000 records in "));
  const auto ran = site.Import();
  CHECK_THAT(ran.text, Catch::Contains("\"accepted\":400000,") && Catch::Contains("\"dead_letters\":0,"));
}

TEST_CASE("import shows no bar where nobody looks, and none with --quiet") {
  const Installation site;
  WriteTable(site, 2'000);
  const auto piped = site.Run(ImportOf(site));
  CHECK(piped.exit_code == 0);
  CHECK_THAT(piped.text, !Catch::Contains("\r") && Catch::Contains("import: 2000 records in "));
  const Installation other;
  WriteTable(other, 2'000);
  const auto quiet = other.Run(ImportOf(other, {"--quiet", "--json"}));
  CHECK(quiet.exit_code == 0);
  CHECK_THAT(quiet.text, Catch::StartsWith("{") && Catch::Contains("2000"));
}

TEST_CASE("rows that cannot be imported are shown with their place and give exit code 1") {
  const Installation site;
  WriteTable(site, 3);
  site.WriteFile("data/values.csv", "id,patient,minute,value\n1,p,0,97\n2,p,1,ninety\n3,p,soon,97\n");
  const auto ran = site.Run(ImportOf(site));
  INFO(ran.text);
  CHECK(ran.exit_code == 1);
  CHECK_THAT(ran.text, Catch::Contains("values.csv") && Catch::Contains("soon"));
}

}  // namespace plumbline::program
