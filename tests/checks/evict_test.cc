// Subjects that leave memory and come back: a machine that keeps few in memory tells the same, byte for byte, as one that keeps
// all, with checkpoints, restarts, corrections, feeds, control samples and activations in between.
#include <catch2/catch.hpp>
#include <iostream>
#include <map>
#include <random>

#include "engine/io/effects.h"
#include "engine/model/encode.h"
#include "engine/run/patient_machine.h"
#include "rules/pack/pack.h"

namespace plumbline::oracle {
namespace {

constexpr std::int64_t kMinute = 60'000, kHour = 60 * kMinute;

constexpr const char* kPack = R"(
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
rules:
  - {id: answered, kind: pathway, when: '[Diagnosis: "Shock"] D', expect: '[Consultation: "Answer"] A', within: 1 hour,
     lookback: 30 minutes, unless: 'exists [Consultation: "Comfort"]', feeds: [orders], lateness: 20 minutes}
  - {id: low, kind: check, on: '[Device: "MAP"] M', must: "M.value >= 65 'mm[Hg]'", consecutive: 2, clear: 20 minutes,
     carry: 90 minutes, lateness: 15 minutes}
  - {id: desaturated, kind: check, on: '[Device: "SpO2"] S', must: "S.value >= 88 '%'", hold: 10 minutes, carry: 5 minutes,
     lateness: 10 minutes}
  - {id: control, kind: check, on: '[Device: "MAP"] C where C.qcMaterial is not null', must: "C.value >= 70 'mm[Hg]'"}
  - {id: answered-rate, kind: indicator, of: answered, cases: instances, statistic: rate, by: [site], window: day}
  - {id: low-patients, kind: indicator, of: low, cases: patients, statistic: rate}
  - {id: map-mean, kind: indicator, population: '[Device: "MAP"] M', lateness: 30 minutes, statistic: mean, by: [site], window: day}
)";

rule::RuleSet Compiled(const std::string& text) {
  const auto packs = rules::ReadPack("mixed.yaml", text, {{"s0/orders", "s1/orders"}, false});
  if (!packs) throw std::runtime_error(packs.error().message);
  return *packs->rules;
}

// A machine with its checkpoints in a map.
class Held {
 public:
  explicit Held(std::uint32_t most_subjects) {
    options_.partition.most_subjects = most_subjects;
    options_.partition.feeds = {{"s0", "orders", 5 * kMinute}, {"s1", "orders", 5 * kMinute}};
    options_.validation.undeclared.future_ms = model::kNoLimit;
    options_.compile = [](const std::string&, const std::string& text) -> Result<rule::RuleSet> { return Compiled(text); };
    Make();
  }

  void Take(const io::Record& record) {
    std::vector<std::string> keys;
    if (machine_->AnyEvicted()) machine_->Missing(record, keys);
    for (const std::string& key : keys) {
      REQUIRE(state_.contains(key));
      REQUIRE(machine_->Restore(key, state_.at(key)));
      ++came_back;
    }
    machine_->Take(record);
  }
  std::string Finish() {
    effects_.Clear();
    machine_->Finish(effects_);
    std::string told;
    for (std::size_t i = 0; i < effects_.size(); ++i)
      told += std::string(AsText(effects_[i].key)) + " " + std::string(AsText(effects_[i].value)) + "\n";
    return told;
  }
  void Checkpoint() {
    machine_->BeginCheckpoint();
    while (machine_->NextSlice(4096, [this](std::string_view key, std::string_view value) {
      if (value.empty()) {
        state_.erase(std::string(key));
      } else {
        state_[std::string(key)] = value;
      }
    })) {
    }
    const std::size_t before = machine_->partition().subjects();
    while (machine_->EvictSome(16)) {
    }
    left += before - machine_->partition().subjects();
  }
  void Restart() {
    Checkpoint();
    Make();
    for (const auto& [key, value] : state_) REQUIRE(machine_->Restore(key, value));
  }
  [[nodiscard]] run::PatientMachine& machine() { return *machine_; }

  std::size_t left = 0, came_back = 0;

 private:
  void Make() { machine_ = std::make_unique<run::PatientMachine>(options_, std::make_shared<rule::RuleSet>(Compiled(kPack))); }

  run::PatientMachineOptions options_;
  std::unique_ptr<run::PatientMachine> machine_;
  std::map<std::string, std::string> state_;
  io::Effects effects_;
};

struct Stored {
  std::uint16_t topic;
  std::int64_t arrival;
  std::string key, value;
};

// Three days of sixty patients who are seen for an hour or two and then again much later.
std::vector<Stored> Days(std::mt19937_64& rng) {
  model::Encoder encoder;
  std::vector<Stored> out;
  const auto add = [&](const model::Event& e, std::int64_t arrival) {
    const std::uint16_t topic =
        e.kind == model::EventKind::kHeartbeat ? 1 : static_cast<std::uint16_t>(static_cast<int>(e.kind) - 1);
    out.push_back({topic, arrival, std::string(e.patient.empty() ? e.device : e.patient), std::string(encoder.FlatBuffers(e))});
  };
  for (int i = 0; i < 4000; ++i) {
    const std::uint64_t who = rng() % 60;
    const std::string id = "e" + std::to_string(i), patient = "p" + std::to_string(who), site = "s" + std::to_string(who % 2);
    model::Event e;
    e.id = id;
    e.patient = patient;
    e.site = site;
    e.source = "chart";
    e.source_sequence = static_cast<std::uint64_t>(i);
    // A patient's hours: three windows of two hours.
    const std::int64_t window = static_cast<std::int64_t>((who * 7 + rng() % 3 * 25) % 70);
    e.time = window * kHour + static_cast<std::int64_t>(rng() % 120) * kMinute;
    const auto what = rng() % 40;
    const auto value = [&](const char* code, std::int64_t number, const char* unit) {
      e.kind = model::EventKind::kDevice;
      e.code = {"urn:t", code, {}};
      e.has_quantity = true;
      e.quantity = {Decimal::FromInteger(number), unit};
    };
    if (what == 0) {
      e.kind = model::EventKind::kDiagnosis;
      e.code = {"urn:t", "shock", {}};
    } else if (what < 4) {
      e.kind = model::EventKind::kConsultation;
      e.code = {"urn:t", what == 1 ? "comfort" : "answer", {}};
    } else if (what < 20) {
      value("spo2", rng() % 4 == 0 ? 80 : 96, "%");
    } else {
      value("map", rng() % 4 == 0 ? 60 : 80, "mm[Hg]");
    }
    const std::string meter = "p" + std::to_string(rng() % 6);  // a meter may have a patient's name
    if (what > 36) {
      e.patient = {};
      e.device = meter;
      e.qc_material = "m";
    }
    const std::int64_t delays[] = {0, 0, 0, kMinute, 12 * kMinute, 50 * kMinute};
    const std::int64_t arrival = e.time + delays[rng() % 6];
    add(e, arrival);
    if (rng() % 30 == 0) add(e, arrival + static_cast<std::int64_t>(rng() % 90) * kMinute);
    if (rng() % 20 == 0) {
      e.version = 2;
      e.status = rng() % 2 == 0 ? model::EventStatus::kEnteredInError : model::EventStatus::kAmended;
      add(e, arrival + static_cast<std::int64_t>(rng() % 600) * kMinute);
    }
  }
  for (std::int64_t t = 0; t < 75 * kHour; t += 10 * kMinute) {
    for (const char* site : {"s0", "s1"}) {
      model::Event e;
      e.kind = model::EventKind::kHeartbeat;
      e.site = site;
      e.source = "orders";
      e.time = t - kMinute;
      if (t / kHour % 9 != 4) add(e, t);  // silent for an hour in nine
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Stored& a, const Stored& b) { return a.arrival < b.arrival; });
  return out;
}

}  // namespace

TEST_CASE("a machine that keeps few subjects in memory tells the same as one that keeps all", "[evict]") {
  constexpr std::uint64_t kSeed = 20261125;
  std::cout << "seed " << kSeed << "\n";
  std::mt19937_64 rng(kSeed);
  std::size_t left = 0, came_back = 0, told_bytes = 0;
  for (int history = 0; history < 4; ++history) {
    Held all(0), few(4);
    const std::vector<Stored> days = Days(rng);
    std::string told;
    for (std::size_t i = 0; i < days.size(); ++i) {
      INFO("history " << history << ", record " << i);
      io::Record r;
      r.topic = days[i].topic;
      r.timestamp_ms = days[i].arrival;
      r.offset = static_cast<std::int64_t>(i);
      r.key = AsBytes(days[i].key);
      r.value = AsBytes(days[i].value);
      std::string control;
      if (i % 1500 == 1000) {
        // The next edition, from some later time on.
        std::string text = kPack;
        text.replace(text.find("65 'mm"), 2, std::to_string(65 + i / 1500));
        text.replace(text.find("{id: low, "), 10, "{id: low, revision: " + std::to_string(2 + i / 1500) + ", ");
        run::Control c;
        c.kind = run::ControlKind::kActivate;
        c.by = "quality";
        c.pack_name = "mixed.yaml";
        c.pack_text = text;
        c.from = days[i].arrival + 2 * kHour;
        control = run::EncodeControl(c);
      }
      for (Held* held : {&all, &few}) {
        for (std::uint16_t topic = 0; topic < 3; ++topic) held->machine().Tick(topic, days[i].arrival);
        held->Take(r);
        if (control.empty()) continue;
        io::Record c;
        c.topic = 3;
        c.timestamp_ms = days[i].arrival;
        c.value = AsBytes(control);
        held->Take(c);
      }
      if (rng() % 5 != 0) continue;
      const std::string wanted = all.Finish();
      REQUIRE(few.Finish() == wanted);
      told_bytes += wanted.size();
      if (rng() % 40 == 0) few.Checkpoint();
      if (rng() % 400 == 0) few.Restart();
    }
    for (Held* held : {&all, &few}) {
      for (std::uint16_t topic = 0; topic < 3; ++topic) held->machine().Tick(topic, 100 * kHour);
    }
    const std::string wanted = all.Finish();
    REQUIRE(few.Finish() == wanted);
    few.Checkpoint();
    CHECK(few.machine().partition().subjects() < all.machine().partition().subjects());
    left += few.left;
    came_back += few.came_back;
  }
  CHECK(left > 200);
  CHECK(came_back > 100);
  CHECK(told_bytes > 100'000);
}

TEST_CASE("a table of subjects finds what stayed after others left", "[evict]") {
  std::mt19937_64 rng(3);
  run::SubjectTable table;
  for (std::uint64_t n = 0; n < 20'000; ++n) {
    // Few different low halves: long chains of slots.
    const Hash128 key{n, rng() % 700 * (rng() % 2 == 0 ? 1 : 1024)};
    table.FindOrAdd(key).prune_at = static_cast<std::uint32_t>(key.lo);
    if (n % 3000 != 2999) continue;
    std::size_t at = 0;
    const std::uint64_t spare = rng() % 3;
    while (table.Sweep(&at, 37, [&](const run::Subject& s) { return s.key.hi % 3 != spare; })) {
    }
    std::size_t found = 0;
    table.ForEach([&](run::Subject& s) {
      ++found;
      REQUIRE(s.key.hi % 3 == spare);
      REQUIRE(table.Find(s.key) == &s);
    });
    REQUIRE(found == table.size());
  }
}

}  // namespace plumbline::oracle
