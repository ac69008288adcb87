// The number of workers and the instruction set change no byte: what a partition does depends on its inputs alone.
#include <catch2/catch.hpp>

#include "tests/program/simulated.h"

namespace plumbline::program {
TEST_CASE(
    "one worker and three, with and without the wide instructions, give the same alerts, measures and journal byte for byte") {
  const Installation site;
  const auto made = site.Run({"generate", "--log", site.Path("one/log"), "--partitions", std::to_string(kStreams), "--patients",
                              "60", "--duration", "8 hours", "--seed", "7", "--quiet"});
  INFO(made.text);
  REQUIRE(made.exit_code == 0);
  const std::vector<std::string> masked = {"GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2"};
  const std::string one = Configured(site, "one", 1), three = Configured(site, "three", 3),
                    narrow = Configured(site, "narrow", 3);
  for (const char* other : {"three", "narrow"}) {
    fs::create_directories(site.Path(other));
    fs::copy(site.Path("one/log"), site.Path(std::string(other) + "/log"), fs::copy_options::recursive);
  }
  for (const auto& [config, environment] : {std::pair{one, std::vector<std::string>{}}, {three, {}}, {narrow, masked}}) {
    const auto ran = RunOn(site, config, environment);
    INFO(ran.text);
    REQUIRE(ran.exit_code == 0);
  }
  const auto expected = Outputs(site.Path("one/log"));
  std::size_t alerts = 0;
  for (const auto& [path, bytes] : expected) alerts += path.starts_with("plumbline.out.alerts") ? bytes.size() : 0;
  CHECK(alerts > 10'000);
  const auto windows = LastOfEachWindow(site.Path("one/log"));
  CHECK(windows.size() > 20);
  const auto journal = Journal(site.Path("one/state"));
  for (const auto& entries : journal) CHECK(entries.size() > 1);
  for (const char* name : {"three", "narrow"}) {
    CAPTURE(name);
    const auto got = Outputs(site.Path(std::string(name) + "/log"));
    REQUIRE(got.size() == expected.size());
    for (const auto& [path, bytes] : expected) {
      CAPTURE(path);
      CHECK((got.at(path) == bytes));
    }
    CHECK(LastOfEachWindow(site.Path(std::string(name) + "/log")) == windows);
    CHECK((Journal(site.Path(std::string(name) + "/state")) == journal));
  }
  // A run on three workers is replayed as one of one worker.
  const auto replayed = site.Run({"replay", "--config", one, "--import", "--json"});
  CHECK(replayed.exit_code == 0);
  CHECK(site.Run({"replay", "--config", three, "--import", "--json"}, masked).text == replayed.text);
}

}  // namespace plumbline::program
