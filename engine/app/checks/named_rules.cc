#include "engine/app/checks/named_rules.h"

#include <algorithm>
#include <array>

namespace plumbline::app {
namespace {

constexpr std::array<const char*, 8> kOptions = {"lateness", "grace", "within", "lookback", "count", "hold", "carry", "clear"};

constexpr const char* kHead = R"(pack: scenario
version: 1.0.0
title: {en: A scenario, zh: 情景}
source: {document: a scenario file, effective: 2026-01-01}
valuesets:
  Shock: ["urn:plumbline:scenario|shock"]
  Antimicrobial: ["urn:plumbline:scenario|antimicrobial"]
  Comfort: ["urn:plumbline:scenario|comfort"]
  SpO2: ["urn:plumbline:scenario|SpO2"]
  MAP: ["urn:plumbline:scenario|MAP"]
rules:
  - id: scenario
)";

std::string Line(const std::string& name, const std::string& text) { return "    " + name + ": " + text + "\n"; }
std::string Duration(const std::string& name, const std::string& seconds) { return Line(name, seconds + " seconds"); }

}  // namespace

Result<std::string> NamedRulePack(const std::string& rule, const std::map<std::string, std::string>& given,
                                  std::uint32_t revision) {
  std::map<std::string, std::string> o = given;
  for (const auto& [name, value] : o) {
    const bool known = name == "feed" || std::find(kOptions.begin(), kOptions.end(), name) != kOptions.end();
    if (!known) return Fail(ErrorCode::kConfig, "a rule has no option \"" + name + "\"");
  }
  o.try_emplace("lateness", "900");
  std::string s = kHead + Line("revision", std::to_string(revision)) + Duration("lateness", o["lateness"]);
  if (rule == "shock") {
    o.try_emplace("within", "3600");
    s += Line("kind", "pathway") + Line("severity", "critical") + Line("when", "'[Diagnosis: \"Shock\"] D'") +
         Line("expect", "'[Consultation: \"Antimicrobial\"] A'") + Line("unless", "'exists [Consultation: \"Comfort\"]'") +
         Duration("within", o["within"]);
    if (o.contains("grace")) s += Duration("grace", o["grace"]);
    if (o.contains("lookback")) s += Duration("lookback", o["lookback"]);
    if (o.contains("feed")) s += Line("feeds", "[" + o["feed"] + "]");
    return s;
  }
  const bool held = rule == "desaturation";
  if (!held && rule != "two-low")
    return Fail(ErrorCode::kConfig, "there is no rule \"" + rule + "\"; expected shock, desaturation or two-low");
  s += Line("kind", "check");
  if (held) {
    o.try_emplace("hold", "600");
    o.try_emplace("carry", "300");
    s += Line("on", "'[Device: \"SpO2\"] S'") + Line("must", "\"S.value >= 88 '1'\"") + Duration("hold", o["hold"]) +
         Duration("carry", o["carry"]);
  } else {
    o.try_emplace("count", "2");
    s += Line("on", "'[Device: \"MAP\"] M'") + Line("must", "\"M.value >= 65 '1'\"") + Line("consecutive", o["count"]);
  }
  if (o.contains("clear")) s += Duration("clear", o["clear"]);
  return s;
}

}  // namespace plumbline::app
