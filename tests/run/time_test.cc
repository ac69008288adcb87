// What the rules of time mean: the scenarios, and random histories against the naive model.
#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <random>

#include "tests/run/engine_probe.h"
#include "tests/run/scenario_text.h"
#include "tests/run/time_model.h"

using namespace plumbline::oracle;

namespace {

std::map<std::string, std::string> WithoutNoCase(std::map<std::string, std::string> finals) {
  std::erase_if(finals, [](const auto& f) { return f.second == "no case"; });
  return finals;
}

template <typename Finals>
std::map<std::string, std::string> OnlyNamed(const Finals& finals, const std::map<std::string, std::string>& names) {
  std::map<std::string, std::string> out;
  for (const auto& [anchor, verdict] : finals) {
    if (names.contains(anchor)) out[anchor] = verdict;
  }
  return out;
}

struct History {
  std::string rule;
  std::vector<Record> records;
};

History RandomHistory(std::mt19937_64& rng) {
  const auto pick = [&rng](std::initializer_list<std::int64_t> of) {
    return *(of.begin() + static_cast<std::ptrdiff_t>(rng() % of.size()));
  };
  History h;
  static constexpr const char* kRules[] = {"shock", "desaturation", "two-low", "held-cleared", "counted-cleared"};
  h.rule = kRules[rng() % std::size(kRules)];
  const RuleSpec spec = NamedRule(h.rule);
  const std::int64_t base = static_cast<std::int64_t>(rng() % 3600);
  const int n = 2 + static_cast<int>(rng() % 7);
  for (int i = 0; i < n; ++i) {
    Record r;
    r.ev = base + static_cast<std::int64_t>(rng() % 90) * 60;
    if (h.rule == "shock") {
      const auto which = rng() % 3;
      r.topic = which == 0 ? 2 : 1;
      r.code = which == 0 ? "shock" : which == 1 ? "antimicrobial" : "comfort";
    } else {
      r.code = spec.code;
      r.value = static_cast<double>(spec.code == "SpO2" ? pick({80, 86, 90, 95}) : pick({60, 64, 70}));
    }
    r.arr = r.ev + pick({0, 0, 5, 300, 850, 1000, 2000});
    r.id = "e" + std::to_string(i);
    r.seq = i;
    h.records.push_back(r);
    if (rng() % 10 < 3) {
      r.arr = std::max<std::int64_t>(0, r.arr + pick({-200, 10, 700, 1500}));
      r.ver = 2;
      r.ev += pick({0, 60});
      r.withdrawn = rng() % 2 == 0;
      h.records.push_back(r);
    }
    if (rng() % 20 == 0) h.records.push_back(h.records.back());  // delivered twice
  }
  return h;
}

// One way in which the topics of a history may be read: each in its own order of arrival, mixed at will, idle topics ticked
// ahead.
struct Reading {
  std::vector<std::pair<int, Record>> steps;  // topic -1: the record; otherwise a tick of that topic to record.arr
};

Reading RandomReading(const History& h, std::mt19937_64& rng) {
  std::vector<Record> queues[kTopics];
  for (const Record& r : h.records) queues[r.topic].push_back(r);
  std::size_t at[kTopics] = {0, 0, 0};
  std::int64_t clocks[kTopics] = {0, 0, 0};
  for (auto& q : queues) std::stable_sort(q.begin(), q.end(), [](const Record& a, const Record& b) { return a.arr < b.arr; });
  Reading out;
  for (;;) {
    std::vector<int> busy, idle;
    for (int t = 0; t < kTopics; ++t) (at[t] < queues[t].size() ? busy : idle).push_back(t);
    if (busy.empty()) break;
    const int t = busy[rng() % busy.size()];
    const Record& r = queues[t][at[t]++];
    clocks[t] = std::max(clocks[t], r.arr);
    out.steps.emplace_back(-1, r);
    idle.clear();
    for (int k = 0; k < kTopics; ++k) {
      if (at[k] == queues[k].size()) idle.push_back(k);
    }
    if (!idle.empty() && rng() % 2 == 0) {
      const int k = idle[rng() % idle.size()];
      Record tick;
      tick.arr = clocks[k] += static_cast<std::int64_t>(rng() % 3000);
      out.steps.emplace_back(k, tick);
    }
  }
  for (int t = 0; t < kTopics; ++t) {
    Record tick;
    tick.arr = 86400;
    out.steps.emplace_back(t, tick);
  }
  return out;
}

// Nothing is resolved that never fired, and each retraction names what was told before.
void CheckConsistent(const std::vector<plumbline::run::Told>& told) {
  std::map<plumbline::Hash128, std::string> state;
  for (const auto& t : told) {
    std::string& s = state[t.alert_id];
    const std::string kind(Name(t.what.kind));
    INFO("anchor " << t.anchor_text << " " << kind << " after " << s);
    if (kind == "resolved") REQUIRE(s == "firing");
    if (kind == "retracted") REQUIRE(!s.empty());
    if (kind == "retracted") REQUIRE(s != "retracted");
    s = kind;
  }
}

bool ByAnchor(const std::string& a, const std::string& b) { return a.substr(0, a.find(' ')) < b.substr(0, b.find(' ')); }

std::uint64_t Seed() {
  const char* given = std::getenv("PLUMBLINE_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20261125;
}

}  // namespace

TEST_CASE("the scenarios of time, by the naive model and by the engine", "[time]") {
  const auto scenarios = ReadScenarios("tests/run/scenarios.txt");
  REQUIRE(scenarios.size() >= 30);
  for (const Scenario& s : scenarios) {
    DYNAMIC_SECTION(s.title) {
      Model model(s.spec, s.timeouts);
      s.Play(model);
      CHECK(model.told == s.told);
      CHECK(OnlyNamed(model.final, s.final) == s.final);
      EngineProbe engine(s.spec, s.timeouts);
      s.Play(engine);
      CHECK(engine.told == s.told);
      CHECK(OnlyNamed(engine.final, s.final) == s.final);
      const auto& counts = engine.partition().counts();
      for (const auto& [name, count] : s.counts) {
        const std::uint64_t got = name == "duplicates"  ? counts.duplicates
                                  : name == "conflicts" ? counts.conflicts
                                  : name == "outdated"  ? counts.outdated
                                                        : counts.skew;
        CHECK(static_cast<std::int64_t>(got) == count);
      }
    }
  }
}

TEST_CASE("whatever the interleaving, the finals are those of the naive model, and what is told on the same order is the same",
          "[time]") {
  const std::uint64_t seed = Seed();
  std::cout << "seed " << seed << " (PLUMBLINE_SEED)\n";
  std::mt19937_64 rng(seed);
  for (int k = 0; k < 1500; ++k) {
    const History h = RandomHistory(rng);
    std::map<std::string, std::string> finals;
    for (int reading = 0; reading < 4; ++reading) {
      const Reading order = RandomReading(h, rng);
      Model model(NamedRule(h.rule), {});
      EngineProbe engine(NamedRule(h.rule), {});
      INFO("history " << k << " of seed " << seed << ", rule " << h.rule << ", reading " << reading);
      for (const auto& [topic, r] : order.steps) {
        const std::size_t model_told = model.told.size(), engine_told = engine.told.size();
        if (topic < 0) {
          model.Take(r);
          engine.Take(r);
        } else {
          model.Tick(topic, r.arr);
          engine.Tick(topic, r.arr);
        }
        // Within one step the model goes by anchor, the engine by instant.
        std::stable_sort(model.told.begin() + static_cast<std::ptrdiff_t>(model_told), model.told.end(), ByAnchor);
        std::stable_sort(engine.told.begin() + static_cast<std::ptrdiff_t>(engine_told), engine.told.end(), ByAnchor);
      }
      REQUIRE(engine.told == model.told);
      REQUIRE(WithoutNoCase(engine.final) == WithoutNoCase(model.final));
      CheckConsistent(engine.transitions);
      if (reading == 0) finals = WithoutNoCase(engine.final);
      REQUIRE(WithoutNoCase(engine.final) == finals);
    }
  }
}

TEST_CASE("where batches are cut, and restarts from checkpoints, do not change the finals", "[time]") {
  const std::uint64_t seed = Seed() + 1;
  std::cout << "seed " << seed << " (PLUMBLINE_SEED + 1)\n";
  std::mt19937_64 rng(seed);
  for (int k = 0; k < 1000; ++k) {
    const History h = RandomHistory(rng);
    const Reading order = RandomReading(h, rng);
    Model model(NamedRule(h.rule), {});
    EngineProbe engine(NamedRule(h.rule), {});
    for (const auto& [topic, r] : order.steps) {
      if (rng() % 4 == 0) engine.Finish();
      if (rng() % 6 == 0) {
        engine.Finish();
        engine.RestartFromCheckpoint();
      }
      engine.BeginBatch();
      if (topic < 0) {
        model.Take(r);
        engine.Take(r);
      } else {
        model.Tick(topic, r.arr);
        engine.Tick(topic, r.arr);
      }
    }
    engine.Finish();
    INFO("history " << k << " of seed " << seed << ", rule " << h.rule);
    REQUIRE(WithoutNoCase(engine.final) == WithoutNoCase(model.final));
    CheckConsistent(engine.transitions);
  }
}
