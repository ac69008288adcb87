// The demo, as a new user runs it: what was planted in the simulated hospital is what the engine's measures and alerts show, and
// the demo's folder can be asked about afterwards.
#include <simdjson.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "engine/model/iso_time.h"
#include "tests/program/installation.h"

namespace plumbline::program {
namespace {

namespace dom = simdjson::dom;

constexpr std::int64_t kMinute = 60'000, kHour = 60 * kMinute;

std::string FileText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  INFO(path);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string Text(const dom::object& o, const char* name) {
  std::string_view text;
  return o[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::int64_t Number(const dom::object& o, const char* name) {
  std::int64_t n = 0;
  return o[name].get(n) == simdjson::SUCCESS ? n : 0;
}

std::int64_t TimeOf(const dom::object& o, const char* name) {
  const auto time = model::ParseTime(Text(o, name));
  REQUIRE(time);
  return time->time;
}

template <typename F>
void ForEachLine(const std::string& path, const F& f) {
  dom::parser parser;
  std::ifstream in(path);
  REQUIRE(in);
  for (std::string line; std::getline(in, line);) {
    dom::object o;
    REQUIRE(parser.parse(line).get(o) == simdjson::SUCCESS);
    f(o);
  }
}

// One run of the demo for all sections.
class DemoRun {
 public:
  DemoRun() {
    std::string config = FileText("config/examples/simulated.yaml");
    const std::size_t http = config.find("http: {port: 9464}");
    REQUIRE(http != std::string::npos);
    config.replace(http, 18, "http: off");
    site_.WriteFile("hospital.yaml", config);
    const auto ran = site_.Run({"demo", "--config", site_.Path("hospital.yaml"), "--folder", folder(), "--hours", "8",
                                "--patients", "150", "--speed", "4800"});
    shown_ = ran.text;
    INFO(shown_);
    REQUIRE(ran.exit_code == 0);
  }
  [[nodiscard]] std::string folder() const { return site_.Path("demo"); }
  [[nodiscard]] std::string config() const { return folder() + "/site.yaml"; }
  [[nodiscard]] const std::string& shown() const { return shown_; }
  [[nodiscard]] const Installation& site() const { return site_; }

 private:
  Installation site_;
  std::string shown_;
};

struct Share {
  std::int64_t pass = 0, fail = 0;
  [[nodiscard]] double Rate() const {
    return static_cast<double>(pass) / static_cast<double>(std::max<std::int64_t>(1, pass + fail));
  }
};

// The last state of each window of a measure, summed by the last field of its group.
std::map<std::string, Share> ByUnit(const std::string& path, const std::string& measure) {
  std::map<std::pair<std::int64_t, std::string>, Share> windows;
  ForEachLine(path, [&](const dom::object& o) {
    if (Text(o, "type") != "window" || Text(o, "measure") != measure) return;
    dom::object group;
    REQUIRE(o["group"].get(group) == simdjson::SUCCESS);
    std::string unit;
    for (const auto field : group) unit = std::string_view(field.value);
    windows[{Number(o, "start"), unit}] = {Number(o, "pass"), Number(o, "fail")};
  });
  std::map<std::string, Share> out;
  for (const auto& [key, share] : windows) {
    out[key.second].pass += share.pass;
    out[key.second].fail += share.fail;
  }
  return out;
}

// Passes and fails of the planted cases by clinician, of those whose outcome is on record by `until`.
std::map<std::string, Share> Planted(const dom::object& planted, std::int64_t until) {
  std::map<std::string, Share> out;
  dom::array cases;
  REQUIRE(planted["sepsis"].get(cases) == simdjson::SUCCESS);
  for (const dom::object c : cases) {
    const std::int64_t due = TimeOf(c, "diagnosed") + kHour;
    const bool given = !c["given"].is_null();
    const std::int64_t at = given ? TimeOf(c, "given") : 0;
    Share& share = out[Text(c, "clinician")];
    if (given && at <= due && at <= until) ++share.pass;
    if ((!given || at > due) && due <= until) ++share.fail;
  }
  return out;
}

void CheckClinicians(const DemoRun& demo, const dom::object& planted) {
  const std::int64_t end = TimeOf(planted, "end");
  // Charting takes up to ten minutes, so that the last cases may be on record or not.
  const auto least = Planted(planted, end - 12 * kMinute), most = Planted(planted, end);
  const auto found = ByUnit(demo.folder() + "/measures.jsonl", "antimicrobial-adherence-by-clinician");
  const std::string late = Text(planted, "late_clinician");
  REQUIRE(found.contains(late));
  CHECK(found.at(late).fail > 0);
  for (const auto& [clinician, share] : found) {
    INFO(clinician << ": found " << share.pass << " + " << share.fail);
    if (clinician != late) CHECK(share.Rate() > found.at(late).Rate());
    if (clinician.starts_with("west")) continue;  // while its feed is silent nobody can say
    CHECK(share.pass >= least.at(clinician).pass);
    CHECK(share.pass <= most.at(clinician).pass);
    CHECK(share.fail >= least.at(clinician).fail);
    CHECK(share.fail <= most.at(clinician).fail);
  }
}

void CheckMeters(const DemoRun& demo, const dom::object& planted) {
  dom::object drift;
  REQUIRE(planted["drift"].get(drift) == simdjson::SUCCESS);
  const std::string drifting = Text(drift, "device");
  const auto found = ByUnit(demo.folder() + "/measures.jsonl", "qc-within-limits");
  REQUIRE(found.size() == 6);
  REQUIRE(found.contains(drifting));
  CHECK(found.at(drifting).fail >= 3);
  for (const auto& [meter, share] : found) {
    INFO(meter);
    CHECK(share.pass > 0);
    if (meter != drifting) CHECK(share.Rate() > found.at(drifting).Rate());
  }
  // Its alerts begin after the drift has, at its site.
  const std::int64_t from = TimeOf(drift, "from");
  int fired = 0;
  ForEachLine(demo.folder() + "/alerts.jsonl", [&](const dom::object& o) {
    if (!Text(o, "rule").starts_with("qc-level") || Text(o, "state") != "firing") return;
    ++fired;
    CHECK(Number(o, "instant") > from);
    CHECK(Text(o, "site") == "north");
  });
  CHECK(fired > 0);
}

void CheckSilence(const DemoRun& demo, const dom::object& planted) {
  dom::object silent;
  REQUIRE(planted["silent"].get(silent) == simdjson::SUCCESS);
  const std::string site = Text(silent, "site"), feed = site + "/" + Text(silent, "source");
  const std::int64_t from = TimeOf(silent, "from"), to = TimeOf(silent, "to");
  int unknown = 0, amended = 0;
  ForEachLine(demo.folder() + "/alerts.jsonl", [&](const dom::object& o) {
    if (Text(o, "state") == "unknown") {
      ++unknown;
      CHECK(Text(o, "feed") == feed);
      CHECK(Number(o, "instant") >= from - kMinute);
      CHECK(Number(o, "instant") <= to);
    }
    if (Text(o, "state") == "amended" && Text(o, "site") == site) ++amended;
  });
  INFO(unknown << " unknown, " << amended << " amended");
  CHECK(unknown + amended > 0);  // an engine that is far behind is told of the silence and its end at once
}

}  // namespace

TEST_CASE("the demo finds what was planted: the clinician, the meter, the silent feed") {
  const DemoRun demo;
  dom::parser parser;
  dom::object planted;
  REQUIRE(parser.parse(FileText(demo.folder() + "/planted.json")).get(planted) == simdjson::SUCCESS);
  CheckClinicians(demo, planted);
  CheckMeters(demo, planted);
  CheckSilence(demo, planted);

  INFO(demo.shown());
  CHECK_THAT(demo.shown(), Catch::Contains("south-dr-3 misses deadlines") && Catch::Contains("the lowest of 12 clinicians"));
  CHECK_THAT(demo.shown(), Catch::Contains("the lowest of 6 meters"));
  CHECK_THAT(demo.shown(), Catch::Contains("-- simulated 01-01 01:00, lag "));
  CHECK_THAT(demo.shown(), Catch::Contains(" records in = "));
  CHECK_THAT(demo.shown(), !Catch::Contains("\r"));  // no terminal: no progress

  SECTION("the alert that it names can be explained, and the journal replayed, by what it left in its folder") {
    const std::size_t at = demo.shown().find("plumbline explain ");
    REQUIRE(at != std::string::npos);
    const std::string id = demo.shown().substr(at + 18, 8);
    const auto shown = demo.site().Run({"explain", id, "--config", demo.config(), "--records", "--import"});
    INFO(shown.text);
    CHECK(shown.exit_code == 0);
    CHECK_THAT(shown.text, Catch::Contains("Surviving Sepsis Campaign") && Catch::Contains("content as judged"));
    const auto replayed = demo.site().Run({"replay", "--config", demo.config(), "--import"});
    INFO(replayed.text);
    CHECK(replayed.exit_code == 0);
  }
}

TEST_CASE("the demo empties no folder that it did not write") {
  const Installation site;
  site.WriteFile("mine/thesis.txt", "years of work");
  const auto ran = site.Run({"demo", "--folder", site.Path("mine"), "--hours", "1", "--patients", "3", "--speed", "0"});
  CHECK(ran.exit_code == 2);
  CHECK_THAT(ran.text, Catch::Contains("holds files that no demo has written"));
  CHECK(FileText(site.Path("mine/thesis.txt")) == "years of work");
}

}  // namespace plumbline::program
