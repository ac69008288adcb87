// `plumbline measure run`: the closing line, what fails by name with expected and got, exit codes, JSON and reports.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "tests/measure/small_measure.h"
#include "tests/program/installation.h"

namespace plumbline::program {
namespace {

constexpr std::string_view kWrong = R"("numerator":2)", kRight = R"("numerator":1)";

// Two cases: "c1" expects what is so, "c2" does not.
void WriteCases(const Installation& site) {
  site.WriteFile("bundle.json", rules::test::SmallBundle(rules::test::kSmallLibrary));
  site.WriteFile("valuesets.json", R"({"resourceType":"Bundle","entry":[]})");
  std::string wrong(rules::test::kSmallPatient), right(rules::test::kSmallPatient);
  right.replace(right.find(kWrong), kWrong.size(), kRight);
  wrong.replace(wrong.find("\"c1\""), 4, "\"c2\"");
  site.WriteFile("cases/c1.json", right);
  site.WriteFile("cases/c2.json", wrong);
}

test::Output Count(const Installation& site, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {
      "measure", "run", site.Path("bundle.json"), "--valuesets", site.Path("valuesets.json"), "--cases", site.Path("cases")};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return site.Run(arguments);
}

}  // namespace

TEST_CASE("measure run names the case that is not what it expects, with expected and got, and closes with the counts") {
  const Installation site;
  WriteCases(site);
  const auto ran = Count(site);
  INFO(ran.text);
  CHECK(ran.exit_code == 1);
  CHECK_THAT(ran.text, Catch::Contains("FAILED c2") && Catch::Contains("expected 2") && Catch::Contains("got 1"));
  CHECK_THAT(ran.text, !Catch::Contains("FAILED c1") && Catch::Contains("1 passed, 1 failed"));
}

TEST_CASE("measure run shows the value of every expression of one case, and fails nothing") {
  const Installation site;
  WriteCases(site);
  const auto ran = Count(site, {"--case", "c1", "--expressions"});
  INFO(ran.text);
  CHECK(ran.exit_code == 0);
  CHECK_THAT(ran.text, Catch::Contains("Denominator:") && Catch::Contains("Numerator:") && Catch::Contains("Stays:"));
  CHECK_THAT(ran.text, Catch::Contains("1 passed, 0 failed"));
}

TEST_CASE("measure run writes MeasureReports, one a patient and the summary") {
  const Installation site;
  WriteCases(site);
  const auto ran = Count(site, {"--json", "--report", site.Path("reports")});
  INFO(ran.text);
  CHECK(ran.exit_code == 1);
  CHECK_THAT(ran.text, Catch::Contains(R"("case":"c1")") && Catch::Contains(R"("passed":false)"));
  for (const char* name : {"c1", "c2", "summary"}) {
    std::ifstream file(site.Path("reports/" + std::string(name) + ".json"));
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    CAPTURE(name);
    CHECK_THAT(text, Catch::Contains("MeasureReport") && Catch::Contains("numerator"));
  }
}

TEST_CASE("measure run says which file is missing or is no measure") {
  const Installation site;
  WriteCases(site);
  const auto missing = site.Run(
      {"measure", "run", site.Path("none.json"), "--valuesets", site.Path("valuesets.json"), "--cases", site.Path("cases")});
  CHECK(missing.exit_code == 2);
  CHECK_THAT(missing.text, Catch::Contains("none.json"));
  site.WriteFile("bundle.json", "{\"resourceType\":\"Bundle\"}");
  const auto none = Count(site);
  INFO(none.text);
  CHECK(none.exit_code == 2);
  CHECK_THAT(none.text, Catch::Contains("bundle.json: ") && Catch::Contains("not a Bundle with entries"));
}

}  // namespace plumbline::program
