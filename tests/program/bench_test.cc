// `plumbline bench`, small: the setting in its title, every stage, the whole run; for people and for machines.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/program/installation.h"

namespace plumbline::program {
namespace {

test::Output Bench(const Installation& site, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"bench",    "--quiet", "--patients", "50",
                                        "--events", "20000",   "--folder",   site.Path("bench")};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return site.Run(arguments);
}

}  // namespace

TEST_CASE("bench prints its setting, ns by stage, events a second by wall and core, and memory, and leaves no folder") {
  const Installation site;
  const auto ran = Bench(site, {});
  INFO(ran.text);
  REQUIRE(ran.exit_code == 0);
  CHECK_THAT(ran.text, Catch::Contains("20 rules of rules/packs/ordinary.yaml; 50 patients") && Catch::Contains("embedded log"));
  CHECK_THAT(ran.text, Catch::Contains("20000 records of"));
  for (const char* stage : {"reading", "merging", "decoding", "rules:", "journal, checkpoints", "whole run, CPU"})
    CHECK_THAT(ran.text, Catch::Contains(stage));
  CHECK_THAT(ran.text, Catch::Contains("events/s and core") && Catch::Contains("resident MiB"));
  CHECK_THAT(ran.text, Catch::Contains("dead letters 0"));
  CHECK_FALSE(std::filesystem::exists(site.Path("bench")));
}

TEST_CASE("bench --json says the same to a machine; --no-stages leaves the stages out") {
  const Installation site;
  const auto ran = Bench(site, {"--json", "--no-stages"});
  INFO(ran.text);
  REQUIRE(ran.exit_code == 0);
  CHECK_THAT(ran.text, Catch::StartsWith("{\"source\":\"log\",\"patients\":50,\"partitions\":1,\"rules\":20,\"records\":20000,"));
  CHECK_THAT(ran.text, Catch::Contains("\"events_per_second\":") && Catch::Contains("\"stages\":[]"));
}

}  // namespace plumbline::program
