// Interleaving does not matter: at least 1,000 seeded arrival schedules and interleavings, each leaving every piece of evidence
// on the same side of its verdicts' lateness, end in the same final verdicts and windows; and what is announced on the way is
// consistent in itself.
#include <catch2/catch.hpp>

#include "engine/app/checks/named_rules.h"
#include "engine/app/checks/pack_tests.h"
#include "engine/app/checks/scenario_script.h"
#include "rules/pack/pack.h"
#include "tests/checks/schedule.h"

using namespace plumbline;
using namespace plumbline::oracle;

namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;

// What one has and the other has not, or otherwise.
std::string Difference(const std::map<std::string, std::string>& a, const std::map<std::string, std::string>& b) {
  std::string out;
  for (const auto& [key, value] : a) {
    const auto other = b.find(key);
    if (other == b.end() || other->second != value)
      out += "\n" + value + " (" + key + ")\n  but " + (other == b.end() ? "nothing" : other->second);
  }
  for (const auto& [key, value] : b) {
    if (!a.contains(key)) out += "\nnothing\n  but " + value + " (" + key + ")";
  }
  return out;
}

// Plays `schedules` of the items; all must end as the first does.
void MustEndAlike(const std::shared_ptr<const rule::RuleSet>& rules, const PlayOptions& options, const std::vector<Item>& items,
                  int schedules, std::mt19937_64& rng) {
  const std::set<std::int64_t> limits = Limits(*rules, items);
  Outcome first;
  for (int k = 0; k < schedules; ++k) {
    const std::vector<Item> drawn = k == 0 ? items : Redraw(items, limits, rng);
    const Outcome outcome = PlayOnce(rules, options, drawn, rng);
    INFO("schedule " << k);
    REQUIRE(outcome.complaints == std::vector<std::string>{});
    if (k == 0) first = outcome;
    REQUIRE(Difference(outcome.finals, first.finals) == "");
    REQUIRE(Difference(outcome.windows, first.windows) == "");
  }
}

model::Event EventOfScript(const app::ScriptRecord& r) {
  model::Event e;
  e.kind = static_cast<model::EventKind>(r.topic + 1);
  e.status = r.withdrawn     ? model::EventStatus::kEnteredInError
             : r.version > 1 ? model::EventStatus::kAmended
                             : model::EventStatus::kFinal;
  e.version = r.version;
  e.source_sequence = r.sequence;
  e.time = r.time * 1000;
  e.id = r.id;
  e.patient = r.patient;
  e.encounter = r.encounter;
  e.site = r.site;
  e.source = r.source;
  e.code = {app::kNamedSystem, r.code, {}};
  if (!r.value.empty()) {
    e.has_quantity = true;
    e.quantity = {*Decimal::Parse(r.value), r.unit};
  }
  return e;
}

constexpr const char* kMixed = R"(
pack: mixed
version: 1.0.0
title: {en: Mixed, zh: 混合}
source: {document: a test, effective: 2026-11-25}
valuesets:
  Shock: ["urn:t|shock"]
  Answer: ["urn:t|answer"]
  Comfort: ["urn:t|comfort"]
  SpO2: ["urn:t|spo2"]
  MAP: ["urn:t|map"]
  Lactate: ["urn:t|lactate"]
rules:
  - {id: answered, kind: pathway, per: encounter, when: '[Diagnosis: "Shock"] D', expect: '[Consultation: "Answer"] A', within: 1 hour,
     lookback: 30 minutes, unless: 'exists [Consultation: "Comfort"]', lateness: 20 minutes}
  - {id: first-answered, kind: pathway, instances: first, when: '[Diagnosis: "Shock"] D', expect: '[Consultation: "Answer"] A',
     within: 30 minutes, lateness: 10 minutes}
  - id: bundle
    kind: pathway
    when: '[Diagnosis: "Shock"] D'
    steps:
      - {name: lactate, expect: '[Device: "Lactate"] L', within: 40 minutes, lookback: 1 hour}
      - {name: again, after: lactate, expect: "[Device: \"Lactate\"] L where L.value < 2 'mmol/L'", within: 1 hour}
      - {name: no-comfort, forbid: '[Consultation: "Comfort"] C', within: 2 hours}
    lateness: 15 minutes
  - {id: low, kind: check, on: '[Device: "MAP"] M', must: "M.value >= 65 'mm[Hg]'", consecutive: 2, lateness: 15 minutes}
  - {id: damped, kind: check, on: '[Device: "MAP"] M', must: "M.value >= 65 'mm[Hg]'", consecutive: 2, clear: 20 minutes,
     carry: 30 minutes, lateness: 15 minutes}
  - {id: desaturated, kind: check, on: '[Device: "SpO2"] S', must: "S.value >= 88 '%'", hold: 10 minutes, carry: 5 minutes,
     lateness: 10 minutes}
  - {id: answered-by-clinician, kind: indicator, of: answered, cases: instances, statistic: rate, by: [site, clinician], window: day}
  - {id: low-patients, kind: indicator, of: low, cases: patients, statistic: rate}
  - {id: map-mean, kind: indicator, population: '[Device: "MAP"] M', lateness: 30 minutes, statistic: mean, by: [site, device],
     window: {length: 1 hour, every: 15 minutes}}
  - {id: spo2-median, kind: indicator, population: '[Device: "SpO2"] S', lateness: 30 minutes, statistic: percentile, percentile: 50,
     by: [site], window: {length: 2 hours}}
)";

struct RandomEvents {
  std::vector<Item> items;

  void Add(std::mt19937_64& rng, std::uint32_t partitions, int number) {
    static constexpr std::array<std::pair<const char*, model::EventKind>, 6> kCodes = {
        {{"shock", model::EventKind::kDiagnosis},
         {"answer", model::EventKind::kConsultation},
         {"comfort", model::EventKind::kConsultation},
         {"spo2", model::EventKind::kDevice},
         {"map", model::EventKind::kDevice},
         {"lactate", model::EventKind::kDevice}}};
    const std::size_t which = rng() % 10;
    const auto& [code, kind] = kCodes[which < 6 ? which : which % 2 == 0 ? 3 : 4];
    const std::string id = "e" + std::to_string(number), patient = "p" + std::to_string(rng() % 5);
    const std::string encounter = patient + "-" + std::to_string(rng() % 2), clinician = "c" + std::to_string(rng() % 3);
    const std::string site = "s" + std::to_string(rng() % 2), device = "d" + std::to_string(rng() % 2);
    model::Event e;
    e.kind = kind;
    e.id = id;
    e.patient = patient;
    e.encounter = encounter;
    e.clinician = clinician;
    e.site = site;
    e.source = "chart";
    e.device = device;
    e.code = {"urn:t", code, {}};
    e.time = 10 * kHour + static_cast<std::int64_t>(rng() % 180) * kMinute;  // equal times are usual
    e.source_sequence = rng() % 4;
    const auto value = [&](std::initializer_list<int> of, std::string_view unit) {
      e.has_quantity = true;
      e.quantity = {Decimal::FromInteger(*(of.begin() + static_cast<std::ptrdiff_t>(rng() % of.size()))), unit};
    };
    if (which >= 3 && std::string_view(code) == "spo2") value({80, 86, 87, 90, 95}, "%");
    if (std::string_view(code) == "map") value({58, 60, 64, 66, 80}, "mm[Hg]");
    if (std::string_view(code) == "lactate") value({1, 3, 4}, "mmol/L");
    const std::int64_t delays[] = {0, 0, 20'000, 5 * kMinute, 14 * kMinute, 25 * kMinute, 90 * kMinute};
    std::int64_t arrival = e.time + delays[rng() % std::size(delays)];
    items.push_back(ItemOf(e, arrival, partitions));
    if (rng() % 20 == 0) items.push_back(ItemOf(e, arrival + static_cast<std::int64_t>(rng() % 600'000), partitions));
    for (std::uint32_t version = 2; version <= 3 && rng() % 4 == 0; ++version) {
      e.version = version;
      e.status = rng() % 2 == 0 ? model::EventStatus::kEnteredInError : model::EventStatus::kAmended;
      if (rng() % 2 == 0) e.time += static_cast<std::int64_t>(rng() % 3) * kMinute;
      // Corrections come after, and now and then before what they correct.
      arrival = std::max<std::int64_t>(0, arrival + delays[rng() % std::size(delays)] - (rng() % 4 == 0 ? 10 * kMinute : 0));
      items.push_back(ItemOf(e, arrival, partitions));
    }
  }
};

}  // namespace

TEST_CASE("the scenarios of time end alike under 1,000 schedules each", "[order]") {
  std::mt19937_64 rng(SeedOf("scenarios"));
  const auto scripts = app::ReadScripts("tests/run/scenarios.txt");
  REQUIRE(scripts);
  for (const app::Script& s : *scripts) {
    DYNAMIC_SECTION(s.title) {
      PlayOptions options;
      rules::PackOptions pack_options;
      for (const auto& [name, timeout] : s.feeds) {
        options.feeds.push_back({"site", name, timeout * 1000});
        pack_options.feeds.push_back("site/" + name);
      }
      const auto text = app::NamedRulePack(s.rule, s.options, 1);
      REQUIRE(text);
      const auto packs = rules::ReadPack("scenario", *text, pack_options);
      REQUIRE(packs);
      std::vector<Item> items;
      for (const app::ScriptRecord& r : s.records) items.push_back(ItemOf(EventOfScript(r), r.arrival * 1000, 1));
      for (const app::ScriptBeat& b : s.beats) {
        if (b.arrival % 60 != 0) continue;  // every sixth is enough
        model::Event e;
        e.kind = model::EventKind::kHeartbeat;
        e.site = "site";
        e.source = b.feed;
        e.time = b.complete_to * 1000;
        items.push_back(ItemOf(e, b.arrival * 1000, 1));
      }
      MustEndAlike(packs->rules, options, items, s.beats.empty() ? 1000 : 100, rng);
    }
  }
}

TEST_CASE("the packs' own tests end alike under 1,000 schedules each", "[order]") {
  std::mt19937_64 rng(SeedOf("packs"));
  const auto packs =
      rules::LoadPacks({"rules/packs/sepsis.yaml", "rules/packs/device_quality.yaml", "rules/packs/eicu.yaml"}, {});
  REQUIRE(packs);
  REQUIRE(packs->tests.size() >= 15);
  for (const rules::RuleTest& test : packs->tests) {
    // The rule alone: what the others make of the events is theirs.
    auto one = std::make_shared<rule::RuleSet>();
    for (const rule::Rule& r : packs->rules->rules) {
      if (r.id == test.rule) one->rules.push_back(r);
    }
    if (one->rules.empty()) continue;
    DYNAMIC_SECTION(test.rule << ": " << test.name) {
      std::vector<Item> items;
      for (std::size_t i = 0; i < test.given.size(); ++i)
        items.push_back(ItemOf(app::EventOf(test.given[i], i), test.given[i].arrives_ms, 1));
      MustEndAlike(one, {}, items, 1000, rng);
    }
  }
}

TEST_CASE("random events with corrections, withdrawals, duplicates and equal times over partitions that lag end alike",
          "[order]") {
  std::mt19937_64 rng(SeedOf("random events"));
  const auto packs = rules::ReadPack("mixed.yaml", kMixed, {});
  if (!packs) FAIL(packs.error().message);
  std::size_t alerts = 0;
  for (int set = 0; set < 40; ++set) {
    INFO("set " << set);
    PlayOptions options;
    options.partitions = 1 + static_cast<std::uint32_t>(rng() % 4);
    options.stage_two = true;
    RandomEvents events;
    const int n = 10 + static_cast<int>(rng() % 50);
    for (int i = 0; i < n; ++i) events.Add(rng, options.partitions, i);
    MustEndAlike(packs->rules, options, events.items, 30, rng);
    alerts += PlayOnce(packs->rules, options, events.items, rng).alerts;
  }
  CHECK(alerts > 100);
}
