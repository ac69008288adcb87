// The scenarios as `plumbline test` plays them, and that none of them is without a test.
#include "engine/app/checks/scenario.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "engine/app/checks/pack_tests.h"
#include "tests/run/history_checker.h"

using namespace plumbline;

namespace {

constexpr int kScenarios = 40;

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Plays(const std::string& file, std::size_t at_least) {
  const auto reports = app::PlayScenarioFile(file);
  if (!reports) FAIL(reports.error().message);
  CHECK(reports->size() >= at_least);
  for (const app::ScenarioReport& r : *reports) {
    INFO(r.title << "\n" << r.difference);
    CHECK(r.passed);
    oracle::HistoryChecker history;
    for (const std::string& line : r.alert_lines) history.Add(line);
    CHECK(history.complaints() == std::vector<std::string>{});
  }
}

}  // namespace

TEST_CASE("the scenarios of one rule and one partition, through records and the log's lines", "[scenario]") {
  Plays("tests/run/scenarios.txt", 30);
}

TEST_CASE("the scenarios of editions, patients, partitions, and of what people do", "[scenario]") {
  Plays("tests/run/scenarios_more.txt", 18);
}

TEST_CASE("a scenario that expects something else fails and says what was told", "[scenario]") {
  const std::string path = std::string(std::tmpnam(nullptr)) + ".txt";
  std::ofstream(path) << "# wrong\n00:00:00 diagnosis D shock\ntold D pass @01:00:00\nfinal D pass\ncount duplicates 1\n";
  const auto reports = app::PlayScenarioFile(path);
  REQUIRE(reports);
  REQUIRE(reports->size() == 1);
  CHECK_FALSE(reports->front().passed);
  CHECK(reports->front().difference.find("D firing @01:00:00") != std::string::npos);
  CHECK(reports->front().difference.find("final D: expected pass, got fail") != std::string::npos);
  CHECK(reports->front().difference.find("count duplicates: expected 1, got 0") != std::string::npos);
}

TEST_CASE("a mistake in a scenario file is named with its line", "[scenario]") {
  for (const auto& [text, says] :
       {std::pair("# x\n00:00:00 diagnoses D shock\n", ":2: there is no topic \"diagnoses\""),
        std::pair("00:00:00 diagnosis D shock\n", ":1: a scenario begins"),
        std::pair("# x\n\nstop 1 start 2\n", ":3: \"1\" is no time"), std::pair("# x\nrule shok\n", "there is no rule \"shok\""),
        std::pair("# x\nrule shock grase=1\n", "no option \"grase\"")}) {
    const std::string path = std::string(std::tmpnam(nullptr)) + ".txt";
    std::ofstream(path) << text;
    const auto reports = app::PlayScenarioFile(path);
    REQUIRE_FALSE(reports);
    INFO(reports.error().message);
    CHECK(reports.error().message.find(says) != std::string::npos);
  }
}

TEST_CASE("every scenario of the rules of time has a test that exists", "[scenario]") {
  // A line: number, file, title of the scenario or name of the test case (or a part of it).
  std::ifstream list("tests/run/scenarios_covered.txt");
  REQUIRE(list);
  std::set<int> covered;
  for (std::string line; std::getline(list, line);) {
    if (line.empty() || line.starts_with("//")) continue;
    std::istringstream in(line);
    int number = 0;
    std::string file;
    REQUIRE(in >> number >> file);
    std::string title;
    std::getline(in, title);
    title.erase(0, title.find_first_not_of(' '));
    INFO(line);
    REQUIRE(title.size() > 10);
    CHECK(ReadAll(file).find(title) != std::string::npos);
    covered.insert(number);
  }
  for (int n = 1; n <= kScenarios; ++n) {
    INFO("scenario " << n);
    CHECK(covered.contains(n));
  }
}
