// An engine that may keep few patients in memory, through the program: the same alerts and measures as one that keeps all, also
// when it is stopped and started, and its journal replays.
#include <catch2/catch.hpp>

#include "tests/program/installation.h"

namespace plumbline::program {
namespace {

std::vector<std::string> Told(const Installation& site, const std::string& topic) {
  std::vector<std::string> out;
  for (const auto& line : site.ReadLog(topic)) out.push_back(std::to_string(line.partition) + " " + line.value);
  return out;
}

}  // namespace

TEST_CASE("patients who leave memory and come back are judged as those who stay") {
  std::vector<std::string> alerts;
  for (const bool few : {false, true}) {
    const Installation site;
    // The checkpoint is begun after each batch, so that there is something to come back from.
    if (few) site.Configure({{"limits", "{subjects_in_memory: 2}"}, {"state", "{folder: state, checkpoint: 1 ms}"}});
    // Forty patients, each seen every three hours or so, every third value low; in four runs.
    for (int part = 0; part < 4; ++part) {
      site.AppendAll(0, Installation::Values(part * 500, part * 500 + 500, kNoon, 5 * 60'000), model::kFlatBuffersContentType);
      const auto ran = site.Run({"run", "--config", site.config(), "--import", "--until-end", "--quiet"});
      INFO(ran.text);
      REQUIRE(ran.exit_code == 0);
    }
    if (!few) {
      alerts = Told(site, "plumbline.out.alerts");
      REQUIRE(alerts.size() > 500);
    } else {
      CHECK(Told(site, "plumbline.out.alerts") == alerts);
    }
    const auto replayed = site.Run({"replay", "--config", site.config(), "--import"});
    INFO(replayed.text);
    CHECK(replayed.exit_code == 0);
  }
}

}  // namespace plumbline::program
