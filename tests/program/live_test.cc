// `plumbline generate` at a speed, into the log that an engine follows meanwhile; graceful stops by SIGTERM and Ctrl-C; exit
// codes.
#include <signal.h>
#include <simdjson.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/program/installation.h"

namespace plumbline::program {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string FileText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The simulated hospital's configuration with its folders here and no server.
void WriteHospital(const Installation& site) {
  std::string config = FileText("config/examples/simulated.yaml");
  for (const auto& [from, to] : {std::pair("../../out/simulated/", ""), std::pair("http: {port: 9464}", "http: off")}) {
    for (std::size_t at = config.find(from); at != std::string::npos; at = config.find(from))
      config.replace(at, std::string(from).size(), to);
  }
  site.WriteFile("sepsis.yaml", FileText("rules/packs/sepsis.yaml"));
  site.WriteFile("hospital.yaml", config + "packs: [sepsis.yaml]\n");
}

struct Summary {
  std::int64_t records = 0, accepted = 0, outdated = 0, duplicates = 0, dead_letters = 0, heartbeats = 0;
};

// The one line of JSON that `run --json` ends with.
Summary SummaryOf(const std::string& text) {
  INFO(text);
  const std::size_t at = text.find("{\"records\"");
  REQUIRE(at != std::string::npos);
  simdjson::dom::parser parser;
  simdjson::dom::object o;
  REQUIRE(parser.parse(text.substr(at, text.find('\n', at) - at)).get(o) == simdjson::SUCCESS);
  const auto number = [&o](const char* name) { return std::int64_t(o[name]); };
  return {number("records"),    number("accepted"),     number("outdated"),
          number("duplicates"), number("dead_letters"), number("heartbeats")};
}

}  // namespace

TEST_CASE("generate feeds the log live, heartbeats included, while an engine follows it; both end on SIGTERM") {
  const Installation site;
  WriteHospital(site);
  test::ChildProcess engine, hospital;
  site.Start(engine, {"run", "--config", site.Path("hospital.yaml"), "--quiet", "--json"}, "engine.txt");
  site.Start(hospital,
             {"generate", "--config", site.Path("hospital.yaml"), "--speed", "1", "--duration", "1 hour", "--patients", "60",
              "--interval", "1 second", "--heartbeat", "1 second", "--truth", site.Path("planted.json"), "--quiet"},
             "generate.txt");
  const auto written = [&site] {
    std::uintmax_t n = 0;
    std::error_code being_made;  // the folder, or a file that is about to have another name
    std::filesystem::recursive_directory_iterator file(site.Path("log/plumbline.device.v1"), being_made), end;
    for (; !being_made && file != end; file.increment(being_made)) {
      if (const auto size = file->file_size(being_made); !being_made) n += size;
      being_made.clear();
    }
    return n;
  };
  REQUIRE(test::WaitFor([&] { return written() > 50'000; }, seconds(60)));
  CHECK(hospital.Running());
  CHECK(hospital.Stop() == 0);  // what was written stays, and what was planted so far is written down
  INFO(FileText(site.Path("generate.txt")));
  CHECK(std::filesystem::exists(site.Path("planted.json")));
  // The engine takes what is left, then ends.
  (void)test::WaitFor([] { return false; }, milliseconds(1500));
  CHECK(engine.Stop() == 0);
  const Summary s = SummaryOf(FileText(site.Path("engine.txt")));
  CHECK(s.records > 100);
  CHECK(s.heartbeats > 12);
  CHECK(s.dead_letters == 0);  // event times and arrivals fit together
  CHECK(s.records == s.accepted + s.outdated + s.duplicates + s.heartbeats);
}

TEST_CASE("generate at sixty times real time keeps to its pace and its simulated arrivals") {
  const Installation site;
  WriteHospital(site);
  test::ChildProcess hospital;
  SystemClock clock;
  const std::int64_t began = clock.SteadyNs();
  site.Start(hospital,
             {"generate", "--config", site.Path("hospital.yaml"), "--speed", "60", "--duration", "2 minutes", "--patients", "30",
              "--interval", "10 seconds", "--quiet"},
             "generate.txt");
  REQUIRE(hospital.WaitEnd(seconds(100)));
  CHECK(hospital.exit_code() == 0);
  CHECK(clock.SteadyNs() - began >= 1'900'000'000);
  const auto ran =
      site.Run({"run", "--config", site.Path("hospital.yaml"), "--import", "--until-end", "--close", "--quiet", "--json"});
  CHECK(ran.exit_code == 0);
  const Summary s = SummaryOf(ran.text);
  CHECK(s.accepted > 300);
  CHECK(s.dead_letters == 0);
}

TEST_CASE("an engine ends on SIGTERM and on Ctrl-C with exit code 0 and a checkpoint, and goes on from there") {
  for (const int signal : {SIGTERM, SIGINT}) {
    const Installation site;
    site.AppendValues(0, 300);
    test::ChildProcess engine;
    site.Start(engine, {"run", "--config", site.config(), "--import", "--quiet", "--json"}, "engine.txt");
    REQUIRE(test::WaitFor([&site] { return !site.ReadLogIfThere("plumbline.out.alerts").empty(); }, seconds(60)));
    CHECK(engine.Running());
    engine.Signal(signal);
    REQUIRE(engine.WaitEnd(seconds(60)));
    INFO(FileText(site.Path("engine.txt")));
    CHECK(engine.exit_code() == 0);
    CHECK(SummaryOf(FileText(site.Path("engine.txt"))).records > 0);
    const auto alerts = site.ReadLog("plumbline.out.alerts").size();
    // The rest is taken; nothing is told a second time.
    const auto again = site.Run({"run", "--config", site.config(), "--import", "--until-end", "--quiet", "--json"});
    CHECK(again.exit_code == 0);
    std::map<std::string, int> transitions;
    for (const auto& line : site.ReadLog("plumbline.out.alerts")) {
      const std::size_t at = line.value.find("\"transition\":");
      CHECK(++transitions[line.key + line.value.substr(at, 16)] == 1);
    }
    CHECK(site.ReadLog("plumbline.out.alerts").size() >= alerts);
    CHECK(site.Run({"replay", "--config", site.config(), "--import"}).exit_code == 0);
  }
}

TEST_CASE("a demo that is stopped by Ctrl-C ends with what it has shown so far") {
  const Installation site;
  WriteHospital(site);
  test::ChildProcess demo;
  site.Start(demo, {"demo", "--config", site.Path("hospital.yaml"), "--folder", site.Path("demo"), "--speed", "60"}, "demo.txt");
  REQUIRE(test::WaitFor([&site] { return std::filesystem::exists(site.Path("demo/alerts.jsonl")); }, seconds(60)));
  demo.Signal(SIGINT);
  REQUIRE(demo.WaitEnd(seconds(60)));
  CHECK(demo.exit_code() == 0);
  CHECK_THAT(FileText(site.Path("demo.txt")), Catch::Contains("records in = "));
}

TEST_CASE("exit codes: 0 fine, 1 findings, 2 usage, 3 integrity") {
  const Installation site;
  site.AppendValues(0, 60);
  SECTION("0") {
    CHECK(site.Run({"version"}).exit_code == 0);
    CHECK(site.Run({"check", site.Path("pack.yaml")}).exit_code == 0);
    CHECK(site.Import().exit_code == 0);
    CHECK(site.Run({"replay", "--config", site.config(), "--import"}).exit_code == 0);
    CHECK(site.Run({"--help"}).exit_code == 0);
  }
  SECTION("1") {
    site.WriteFile("wrong.yaml", "pack: [\n");
    CHECK(site.Run({"check", site.Path("wrong.yaml")}).exit_code == 1);
    site.WriteFile("scenario.txt", "# not what happens\n00:00:00 diagnosis D shock\ntold D pass @01:00:00\n");
    CHECK(site.Run({"test", site.Path("scenario.txt")}).exit_code == 1);
    REQUIRE(site.Import().exit_code == 0);
    CHECK(site.Run({"explain", "000000", "--config", site.config()}).exit_code == 1);
  }
  SECTION("2") {
    for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
             {},
             {"no-such-command"},
             {"run"},
             {"run", "--config", "no-such-file.yaml"},
             {"check", "--no-such-option"},

             {"explain"},
             {"generate", "--log", site.Path("l"), "--duration", "soon"},
             {"control", "acknowledge", "abcdef", "--config", site.config(), "--by", "me", "--wait", "never"}}) {
      const auto ran = site.Run(wrong);
      INFO((wrong.empty() ? "" : wrong.front()) << ": " << ran.text);
      CHECK(ran.exit_code == 2);
      CHECK_FALSE(ran.text.empty());
    }
  }
  SECTION("3") {
    REQUIRE(site.Import().exit_code == 0);
    // A byte of a record that the journal's digest covers.
    std::filesystem::path segment;
    for (const auto& file : std::filesystem::recursive_directory_iterator(site.Path("log/plumbline.device.v1"))) {
      if (file.is_regular_file() && file.path().extension() == ".seg" && file.file_size() > 500) segment = file.path();
    }
    REQUIRE_FALSE(segment.empty());
    std::fstream bytes(segment, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(400);
    const char was = static_cast<char>(bytes.get());
    bytes.seekp(400);
    bytes.put(static_cast<char>(was ^ 1));
    bytes.close();
    const auto replayed = site.Run({"replay", "--config", site.config(), "--import"});
    INFO(replayed.text);
    CHECK(replayed.exit_code == 3);
  }
}

TEST_CASE("check --json gives packs, rules and measures, or the mistakes with their places") {
  const Installation site;
  simdjson::dom::parser parser;
  simdjson::dom::object o;
  const auto fine = site.Run({"check", site.Path("pack.yaml"), "--json"});
  CHECK(fine.exit_code == 0);
  REQUIRE(parser.parse(fine.text).get(o) == simdjson::SUCCESS);
  CHECK(bool(o["ok"]));
  CHECK(std::string_view(o["packs"].at(0)["title"]["zh"]) == "血氧饱和度");
  CHECK(std::string_view(o["rules"].at(0)["id"]) == "low-saturation");
  CHECK(std::int64_t(o["rules"].at(0)["keep_ms"]) == 15 * 60'000);
  CHECK(std::string_view(o["measures"].at(0)["id"]) == "saturation-in-range");

  std::string text = FileText(site.Path("pack.yaml"));
  text.replace(text.find("[Device: \"SpO2\"] S"), 18, "[Device: \"Sp02\"] S");
  text.replace(text.find("severity: critical"), 18, "severity: terrible");
  site.WritePack(text);
  const auto wrong = site.Run({"check", site.Path("pack.yaml"), "--json"});
  CHECK(wrong.exit_code == 1);
  REQUIRE(parser.parse(wrong.text).get(o) == simdjson::SUCCESS);
  CHECK_FALSE(bool(o["ok"]));
  CHECK(o["mistakes"].get_array().size() == 3);  // and what the unknown set would have been
  for (const auto mistake : o["mistakes"]) {
    CHECK(std::string_view(mistake["file"]).ends_with("pack.yaml"));
    CHECK(std::int64_t(mistake["line"]) > 5);
  }
}

}  // namespace plumbline::program
