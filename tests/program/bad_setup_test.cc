// What is wrong with files, folders and ports, through the real program: each kind has its text (where, what, what to do) and
// exit code, and nothing of what was there is harmed: put right, the program runs on. BAD_INPUT.md lists them.
#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>

#include "dashboards/http_server.h"
#include "tests/program/installation.h"
#include "tests/support/http.h"

namespace plumbline::program {
namespace {

constexpr int kFindings = 1, kUsage = 2;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string UsualPack(const Installation& site) { return ReadFile(site.Path("pack.yaml")); }

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// `run` refuses it with exit code 2 and `check` finds it with exit code 1, both in these words.
void RequireFound(const Installation& site, const std::vector<std::string>& words) {
  const auto ran = site.Import(), checked = site.Run({"check", "--config", site.config()});
  INFO(ran.text << "\n" << checked.text);
  CHECK(ran.exit_code == kUsage);
  CHECK(checked.exit_code == kFindings);
  for (const std::string& word : words) {
    CHECK_THAT(ran.text, Catch::Contains(word));
    CHECK_THAT(checked.text, Catch::Contains(word));
  }
}

void RequireRuns(const Installation& site) {
  const auto ran = site.Import();
  INFO(ran.text);
  CHECK(ran.exit_code == 0);
}

}  // namespace

TEST_CASE("broken YAML of a rule pack is shown where it breaks") {
  const Installation site;
  site.WritePack("pack: [\n");
  RequireFound(site, {"pack.yaml:2:1: error: this is not YAML"});
  site.WritePack();
  RequireRuns(site);
}

TEST_CASE("broken YAML of the configuration is shown where it breaks") {
  const Installation site;
  site.WriteFile("site.yaml", "plumbline: 1\nsites: {\n");
  RequireFound(site, {"site.yaml:3:1: error: this is not YAML"});
}

TEST_CASE("wrong types in CQL are shown under the expression") {
  const Installation site;
  site.WritePack(Replaced(UsualPack(site), "must: \"S.value >= 90 '%'\"", "must: \"S.value >= 'ninety'\""));
  RequireFound(site, {"pack.yaml:13:12: error:", "(Quantity, String)", "must: \"S.value >= 'ninety'\"", "^~~~~~~~~~~~~~~~~~~"});
}

TEST_CASE("unknown names are shown with the nearest right one") {
  const Installation site;
  site.WritePack(Replaced(UsualPack(site), "[Device: \"SpO2\"]", "[Device: \"Sp02\"]"));
  RequireFound(site, {"pack.yaml:12:19: error: this pack has no value set \"Sp02\"; did you mean \"SpO2\"?"});
}

TEST_CASE("an unknown configuration key is shown with the nearest right one") {
  const Installation site;
  site.Configure({{"partitons", "8"}});
  RequireFound(site, {"there is no \"partitons\" in a configuration; did you mean \"partitions\"?", "partitons: 8"});
}

TEST_CASE("a duplicate rule id is shown where it stands a second time") {
  const Installation site;
  site.WritePack(Replaced(UsualPack(site), "id: saturation-in-range", "id: low-saturation"));
  RequireFound(site, {"pack.yaml:15:5: error: rule \"low-saturation\" revision 1 stands here a second time"});
}

TEST_CASE("definitions of CQL that need each other are refused by name") {
  const Installation site;
  site.WriteFile("cycle.cql", "library Cycle\ndefine A: not B\ndefine B: not A\n");
  const auto ran = site.Run({"cql", "eval", "--library", site.Path("cycle.cql")});
  INFO(ran.text);
  CHECK(ran.exit_code == kUsage);
  CHECK_THAT(ran.text, Catch::Contains("cycle.cql:2:8: error: 'A' refers to itself"));
}

TEST_CASE("a rule pack that is missing is named, with the configuration that wants it") {
  const Installation site;
  site.Configure({{"packs", "[pack.yaml, other.yaml]"}});
  RequireFound(site, {"other.yaml", "No such file", "site.yaml"});
}

TEST_CASE("a configuration that is missing is named") {
  const Installation site;
  const auto ran = site.Run({"run", "--config", site.Path("none.yaml")});
  CHECK(ran.exit_code == kUsage);
  CHECK_THAT(ran.text, Catch::Contains("none.yaml"));
}

TEST_CASE("a port in use ends the start before anything is read, and says which setting to change") {
  const Installation site;
  site.Append(Saturation("a", "p1", "97", kNoon));
  const auto holder =
      Need(dashboards::HttpServer::Start({"127.0.0.1", 0}, [](const auto&) { return dashboards::HttpResponse{}; }));
  site.Configure({{"http", "{port: " + std::to_string(holder->port()) + "}"}});
  const auto ran = site.Import();
  INFO(ran.text);
  CHECK(ran.exit_code == kUsage);
  CHECK_THAT(ran.text, Catch::Contains("PL1102: cannot listen on 127.0.0.1:" + std::to_string(holder->port())) &&
                           Catch::Contains("in use") && Catch::Contains("http.port"));
  site.Configure();
  CHECK_THAT(site.Import().text, Catch::Contains("\"accepted\":1,"));
}

TEST_CASE("a folder that cannot be written is named with the setting it comes from") {
  const Installation site;
  site.WriteFile("blocked", "a file, no folder");
  site.Configure({{"state", "{folder: blocked/state}"}});
  const auto ran = site.Import();
  INFO(ran.text);
  CHECK(ran.exit_code == kUsage);
  CHECK_THAT(ran.text, Catch::Contains("blocked") && Catch::Contains("state.folder"));
  site.Configure({{"log", "{folder: blocked/log}"}});
  const auto log = site.Import();
  INFO(log.text);
  CHECK(log.exit_code == kUsage);
  CHECK_THAT(log.text, Catch::Contains("blocked") && Catch::Contains("log.folder"));
  site.Configure({{"lines", "[{logs: [alerts], path: blocked/alerts.jsonl}]"}});
  const auto lines = site.Import();
  INFO(lines.text);
  CHECK(lines.exit_code == kUsage);
  CHECK_THAT(lines.text, Catch::Contains("cannot append to") && Catch::Contains("blocked/alerts.jsonl"));
}

TEST_CASE("a second engine on the same state folder is refused, and the first goes on") {
  const Installation site;
  test::ChildProcess first;
  site.Start(first, {"run", "--config", site.config(), "--quiet"}, "first.log");
  REQUIRE(test::WaitFor([&] { return std::filesystem::exists(site.Path("state/units/LOCK")); }, std::chrono::seconds(20)));
  const auto second = site.Run({"run", "--config", site.config(), "--quiet"});
  INFO(second.text);
  CHECK(second.exit_code == kUsage);
  CHECK_THAT(second.text,
             Catch::Contains("PL1103") && Catch::Contains("another process has the state folder open: stop it first"));
  CHECK(first.Running());
  CHECK(first.Stop() == 0);
}

TEST_CASE("a full disk ends the engine with the file named, and nothing is lost once there is room again") {
  const Installation site, calm;
  for (const Installation* each : {&site, &calm}) each->AppendValues(0, 300);
  // The file size limit stands in for the disk's: writes beyond it fail in the same way.
  const auto full = Need(test::RunProgram({"bash", "-c", "trap '' XFSZ; ulimit -f 80; exec \"$@\"", "bash", PLUMBLINE_PROGRAM,
                                           "run", "--config", site.config(), "--import", "--until-end", "--close", "--quiet"}));
  INFO(full.text);
  CHECK(full.exit_code == kUsage);
  CHECK_THAT(full.text, Catch::Contains("PL1102") && Catch::Contains("File too large"));
  RequireRuns(site);
  RequireRuns(calm);
  const auto wanted = calm.ReadLog("plumbline.out.alerts"), got = site.ReadLog("plumbline.out.alerts");
  REQUIRE(got.size() == wanted.size());
  CHECK(got.size() > 40);
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i].value == wanted[i].value);
}

TEST_CASE("a wrong broker address is an error that names the address and what to look at") {
  const Installation site;
  site.Configure({{"source", "kafka"}, {"kafka", "{brokers: \"127.0.0.1:" + std::to_string(test::FreePort()) + "\"}"}});
  const auto ran = site.Import();
  INFO(ran.text);
  CHECK(ran.exit_code == kUsage);
  CHECK_THAT(ran.text, Catch::Contains("PL1103") && Catch::Contains("asking about topic plumbline.") &&
                           Catch::Contains("is the broker running"));
}

TEST_CASE("a broker whose name nobody knows is an error that says so") {
  const Installation site;
  site.Configure({{"source", "kafka"}, {"kafka", "{brokers: \"kafka.nowhere.invalid:9092\"}"}});
  const auto ran = site.Import();
  INFO(ran.text);
  CHECK(ran.exit_code == kUsage);
  CHECK_THAT(ran.text, Catch::Contains("PL1103") && Catch::Contains("Failed to resolve 'kafka.nowhere.invalid:9092'"));
}

TEST_CASE("a folder in the place of a pack says that it is one") {
  const Installation site;
  std::filesystem::create_directories(site.Path("packs"));
  const auto checked = site.Run({"check", site.Path("packs")});
  INFO(checked.text);
  CHECK(checked.exit_code == kFindings);
  CHECK_THAT(checked.text, Catch::Contains("packs: is a folder; name the files in it"));
}

TEST_CASE("the folder of a file of lines is made, and one that cannot be made is named with what wants it") {
  const Installation site;
  site.Configure({{"lines", "[{logs: [alerts], path: deep/down/alerts.jsonl}]"}});
  site.Append(Saturation("a", "p1", "80", kNoon));
  RequireRuns(site);
  CHECK_THAT(ReadFile(site.Path("deep/down/alerts.jsonl")), Catch::Contains("\"state\":\"firing\""));
  site.WriteFile("flat", "a file");
  site.Configure({{"lines", "[{logs: [alerts], path: flat/alerts.jsonl}]"}});
  const auto ran = site.Import();
  INFO(ran.text);
  CHECK(ran.exit_code == kUsage);
  CHECK_THAT(ran.text, Catch::Contains("PL1102: cannot append to") && Catch::Contains("flat/alerts.jsonl (lines in") &&
                           Catch::Contains("check that its folder is there and may be written"));
}

TEST_CASE("a second Ctrl-C ends a stop that takes too long, and the next start has lost nothing") {
  const Installation site;
  // A receiver of alerts that takes a message and does not answer: the stop waits for it.
  std::promise<void> asked, release;
  std::atomic<int> messages = 0;
  const auto receiver = Need(dashboards::HttpServer::Start({"127.0.0.1", 0}, [&](const auto&) {
    if (messages.fetch_add(1) == 0) {
      asked.set_value();
      release.get_future().wait();
    }
    return dashboards::HttpResponse{};
  }));
  const std::uint16_t port = test::FreePort();
  site.Configure({{"alertmanager", "{url: \"http://127.0.0.1:" + std::to_string(receiver->port()) + "\"}"},
                  {"http", "{port: " + std::to_string(port) + "}"}});
  SystemClock clock;
  site.Append(Saturation("a", "p1", "80", clock.WallMs()), io::TopicTimes::kAppend);
  test::ChildProcess engine;
  site.Start(engine, {"run", "--config", site.config(), "--quiet"}, "run.log");
  REQUIRE(asked.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  engine.Signal(SIGINT);
  CHECK_FALSE(engine.WaitEnd(std::chrono::milliseconds(500)));
  engine.Signal(SIGINT);
  REQUIRE(engine.WaitEnd(std::chrono::seconds(5)));
  CHECK(engine.exit_code() == -SIGINT);
  release.set_value();
  site.Start(engine, {"run", "--config", site.config(), "--quiet"}, "run.log");
  CHECK(test::WaitFor([&] { return messages.load() > 1 && test::Get(port, "/ready").status == 200; }, std::chrono::seconds(30)));
  CHECK(engine.Stop(std::chrono::seconds(30)) == 0);
  CHECK(site.ReadLog("plumbline.out.alerts").size() == 1);
}

TEST_CASE("a command line that is wrong says what was expected") {
  const Installation site;
  const auto unknown = site.Run({"run", "--config", site.config(), "--untilend"});
  CHECK(unknown.exit_code == kUsage);
  CHECK_THAT(unknown.text, Catch::Contains("--untilend") && Catch::Contains("--help"));
  const auto none = site.Run({});
  CHECK(none.exit_code == kUsage);
  CHECK_THAT(none.text, Catch::Contains("subcommand"));
  const auto failpoint = site.Run({"version"}, {"PLUMBLINE_FAILPOINTS=journal.nowhere:1:kill"});
  CHECK(failpoint.exit_code == kUsage);
  CHECK_THAT(failpoint.text, Catch::Contains("no such name") && Catch::Contains("journal.after_sync"));
}

}  // namespace plumbline::program
