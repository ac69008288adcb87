#include "rules/kinds/pathway.h"

#include <catch2/catch.hpp>

#include "engine/run/partition.h"
#include "rules/pack/pack.h"

using namespace plumbline;

namespace {

constexpr std::int64_t kMinute = 60'000;

constexpr const char* kPack = R"(
pack: two-sites
version: 1.0.0
title: {en: Two sites, zh: 两家医院}
source: {document: a test, effective: 2026-11-25}
valuesets:
  Shock: ["urn:test|shock"]
  Answer: ["urn:test|answer"]
rules:
  - id: answered
    kind: pathway
    when: '[Diagnosis: "Shock"] D'
    expect: '[Consultation: "Answer"] A'
    within: 1 hour
    feeds: [orders]
)";

model::Event Shock(std::string_view id, std::string_view site) {
  model::Event e;
  e.kind = model::EventKind::kDiagnosis;
  e.id = id;
  e.patient = id;
  e.site = site;
  e.code = {"urn:test", "shock", {}};
  return e;
}

}  // namespace

TEST_CASE("a feed that falls silent makes its own site's verdicts unknown, not another's", "[pathway]") {
  const auto packs = rules::ReadPack("two-sites.yaml", kPack, {{"north/orders", "south/orders"}, false});
  REQUIRE(packs);
  run::PartitionOptions options;
  options.feeds = {{"north", "orders", 5 * kMinute}, {"south", "orders", 5 * kMinute}};
  run::Partition partition(options, packs->rules);
  partition.TakeEvent(2, 0, Shock("in-north", "north"), {});
  partition.TakeEvent(2, 0, Shock("in-south", "south"), {});
  std::map<std::string, std::string> told;
  for (std::int64_t minute = 0; minute <= 90; ++minute) {
    if (minute < 30) partition.Heartbeat(1, minute * kMinute, "north", "orders", minute * kMinute);
    partition.Heartbeat(1, minute * kMinute, "south", "orders", minute * kMinute);
    for (std::uint16_t topic = 0; topic < 3; ++topic) partition.Tick(topic, minute * kMinute);
    partition.Finish();
    for (const run::Told& t : partition.told()) told[t.anchor_text] += std::string(alert::Name(t.what.kind)) + " " + t.feed + ";";
  }
  CHECK(told["in-north"] == "unknown north/orders;");
  CHECK(told["in-south"] == "firing ;");
}

TEST_CASE("a pack's mistakes are shown where they stand, several at once, with the nearest right name", "[pack]") {
  std::string text = kPack;
  text.replace(text.find("[Consultation: \"Answer\"]"), 24, "[Consultation: \"Anser\"] ");
  text.replace(text.find("within: 1 hour"), 14, "wihtin: 1 hour");
  const auto packs = rules::ReadPack("two-sites.yaml", text, {{"north/orders"}, false});
  REQUIRE_FALSE(packs);
  const std::string& shown = packs.error().message;
  INFO(shown);
  CHECK(shown.find("two-sites.yaml:14:") != std::string::npos);
  CHECK(shown.find("did you mean \"Answer\"?") != std::string::npos);
  CHECK(shown.find("did you mean \"within\"?") != std::string::npos);
}

TEST_CASE("a condition that is no condition, and an unknown element, are compile errors of the pack", "[pack]") {
  for (const auto& [wrong, says] :
       {std::pair("[Diagnosis: \"Shock\"] D where D.tiem is not null", "tiem"),
        std::pair("[Diagnosis: \"Shock\"] D where 1 + 2", "true or false"), std::pair("[Diagnoses: \"Shock\"] D", "Diagnosis"),
        std::pair("Diagnosis", "begins with [")}) {
    std::string text = kPack;
    const std::string right = "[Diagnosis: \"Shock\"] D";
    text.replace(text.find(right), right.size(), wrong);
    const auto packs = rules::ReadPack("two-sites.yaml", text, {{"north/orders"}, false});
    REQUIRE_FALSE(packs);
    INFO(packs.error().message);
    CHECK(packs.error().message.find(says) != std::string::npos);
  }
}
