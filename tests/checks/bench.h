// Stage one over a number of partitions and stage two behind it, by hand: events in, lines out. For tests that say in words what
// happens.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/io/murmur2.h"
#include "engine/model/encode.h"
#include "engine/run/patient_machine.h"
#include "engine/run/unit_machine.h"
#include "rules/pack/pack.h"

namespace plumbline::oracle {

inline constexpr std::int64_t kMinuteMs = 60'000;
inline constexpr std::int64_t kHourMs = 60 * kMinuteMs;
inline constexpr std::int64_t kDayMs = 24 * kHourMs;

// A pack's head with value sets of system urn:t, one code each; rules follow.
inline std::string PackOf(const std::vector<std::string>& codes, const std::string& rules) {
  std::string s =
      "pack: bench\nversion: 1.0.0\ntitle: {en: Bench, zh: 测试}\nsource: {document: a test, effective: 2026-11-25}\nvaluesets:\n";
  for (const std::string& c : codes) s += "  " + c + ": [\"urn:t|" + c + "\"]\n";
  return s + "rules:\n" + rules;
}

struct BenchOptions {
  std::uint32_t partitions = 1;
  std::map<std::string, std::string> zone_of_site;
};

class Bench {
 public:
  explicit Bench(const std::string& pack, BenchOptions options = {}) : options_(std::move(options)) {
    const auto packs = rules::ReadPack("bench.yaml", pack, {});
    if (!packs) throw std::runtime_error(packs.error().message);
    rules_ = packs->rules;
    const run::CompilePack compile = [](const std::string& name, const std::string& text) -> Result<rule::RuleSet> {
      PLUMBLINE_ASSIGN(const rules::Packs read, rules::ReadPack(name, text, {}));
      return *read.rules;
    };
    for (std::uint32_t p = 0; p < options_.partitions; ++p) {
      run::PatientMachineOptions o;
      o.partition.partition = p;
      o.partition.partition_count = options_.partitions;
      o.validation.undeclared.future_ms = model::kNoLimit;
      o.compile = compile;
      machines.push_back(std::make_unique<run::PatientMachine>(o, rules_));
    }
    run::UnitMachineOptions u;
    u.stage_one_partitions = options_.partitions;
    u.zone_of_site = options_.zone_of_site;
    u.compile = compile;
    units = std::make_unique<run::UnitMachine>(u, rules_);
  }

  std::uint32_t PartitionOf(std::string_view patient) const { return io::PartitionOfKey(AsBytes(patient), options_.partitions); }

  void Take(const model::Event& e, std::int64_t arrival_ms = model::kNoTime) {
    const std::string bytes(encoder_.FlatBuffers(e));
    const std::string key(e.patient.empty() ? e.device : e.patient);
    io::Record r;
    r.topic = static_cast<std::uint16_t>(static_cast<int>(e.kind) - 1);
    r.partition = PartitionOf(key);
    r.timestamp_ms = arrival_ms == model::kNoTime ? e.time : arrival_ms;
    r.key = AsBytes(key);
    r.value = AsBytes(bytes);
    machines[r.partition]->Take(r);
    Finish(r.partition);
  }
  void Control(std::uint32_t partition, std::int64_t arrival_ms, const std::string& json) {
    io::Record r;
    r.topic = 3;
    r.partition = partition;
    r.timestamp_ms = arrival_ms;
    r.value = AsBytes(json);
    machines[partition]->Take(r);
    Finish(partition);
  }
  void Tick(std::uint32_t partition, std::int64_t time_ms) {
    for (std::uint16_t t = 0; t < 3; ++t) machines[partition]->Tick(t, time_ms);
    Finish(partition);
  }
  void TickAll(std::int64_t time_ms) {
    for (std::uint32_t p = 0; p < options_.partitions; ++p) Tick(p, time_ms);
  }

  // Of the alerts log, in short: "state rule revision anchor".
  std::vector<std::string> told;
  std::vector<std::string> alerts, audit;
  // By what it is of ("measure {group} start"): the last line.
  std::map<std::string, std::string> windows;
  std::vector<std::unique_ptr<run::PatientMachine>> machines;
  std::unique_ptr<run::UnitMachine> units;

  static std::string Field(const std::string& line, const std::string& name) {
    const std::size_t at = line.find("\"" + name + "\":");
    if (at == std::string::npos) return {};
    std::size_t begin = at + name.size() + 3;
    const bool text = line[begin] == '"';
    begin += text ? 1 : 0;
    const std::size_t end = text ? line.find('"', begin) : line.find_first_of(",}]", begin);
    return line.substr(begin, end - begin);
  }
  // The one window whose line holds all of these.
  std::string Window(const std::vector<std::string>& parts) const {
    std::string found;
    for (const auto& [name, line] : windows) {
      bool all = true;
      for (const std::string& p : parts) all = all && line.find(p) != std::string::npos;
      if (!all) continue;
      if (!found.empty()) return "several windows";
      found = line;
    }
    return found;
  }

 private:
  void Finish(std::uint32_t p) {
    effects_.Clear();
    machines[p]->Finish(effects_);
    std::vector<std::string> measures;
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      const std::string line(AsText(effects_[i].value));
      if (effects_[i].log == io::OutputLog::kAudit) audit.push_back(line);
      if (effects_[i].log == io::OutputLog::kMeasures) measures.push_back(line);
      if (effects_[i].log != io::OutputLog::kAlerts) continue;
      alerts.push_back(line);
      told.push_back(Field(line, "state") + " " + Field(line, "rule") + " " + Field(line, "revision") + " " + Field(line, "anchor"));
    }
    for (const std::string& line : measures) {
      io::Record r;
      r.topic = static_cast<std::uint16_t>(p);
      r.value = AsBytes(line);
      units->Take(r);
    }
    effects_.Clear();
    units->Finish(effects_);
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      const std::string line(AsText(effects_[i].value));
      if (line.starts_with("{\"type\":\"window\"")) windows[line.substr(0, line.find(",\"n"))] = line;
    }
  }

  BenchOptions options_;
  std::shared_ptr<const rule::RuleSet> rules_;
  model::Encoder encoder_;
  io::Effects effects_;
};

// An event whose texts live as long as the program.
inline model::Event MakeEvent(model::EventKind kind, const std::string& id, const std::string& code, std::int64_t time_ms,
                              const std::string& patient = "p1", const std::string& site = "s1") {
  static std::vector<std::unique_ptr<std::string>> kept;
  const auto keep = [](const std::string& text) -> std::string_view {
    kept.push_back(std::make_unique<std::string>(text));
    return *kept.back();
  };
  model::Event e;
  e.kind = kind;
  e.id = keep(id);
  e.patient = keep(patient);
  e.site = keep(site);
  e.source = "chart";
  e.code = {"urn:t", keep(code), {}};
  e.time = time_ms;
  return e;
}
inline model::Event Value(const std::string& id, const std::string& code, std::int64_t time_ms, int value, std::string_view unit,
                          const std::string& patient = "p1", const std::string& site = "s1") {
  model::Event e = MakeEvent(model::EventKind::kDevice, id, code, time_ms, patient, site);
  e.has_quantity = true;
  e.quantity = {Decimal::FromInteger(value), unit};
  return e;
}
inline model::Event Diagnosis(const std::string& id, const std::string& code, std::int64_t time_ms,
                              const std::string& patient = "p1", const std::string& site = "s1") {
  return MakeEvent(model::EventKind::kDiagnosis, id, code, time_ms, patient, site);
}
inline model::Event Consultation(const std::string& id, const std::string& code, std::int64_t time_ms,
                                 const std::string& patient = "p1", const std::string& site = "s1") {
  return MakeEvent(model::EventKind::kConsultation, id, code, time_ms, patient, site);
}
inline model::Event Withdrawn(model::Event e) {
  e.version = 2;
  e.status = model::EventStatus::kEnteredInError;
  return e;
}

}  // namespace plumbline::oracle
