#include "engine/app/checks/scenario.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <memory>
#include <set>

#include "config/yaml.h"
#include "engine/app/checks/named_rules.h"
#include "engine/app/checks/scenario_script.h"
#include "engine/io/murmur2.h"
#include "engine/model/encode.h"
#include "engine/model/names.h"
#include "engine/run/patient_machine.h"
#include "rules/pack/pack.h"

namespace plumbline::app {
namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kTwoHours = 7200;
constexpr std::uint16_t kControl = 3;

std::string Hms(std::int64_t ms) {
  char text[64];
  const std::int64_t t = ms / kSecond;
  std::snprintf(text, sizeof text, "%02d:%02d:%02d", static_cast<int>(t / 3600), static_cast<int>(t % 3600 / 60),
                static_cast<int>(t % 60));
  return text;
}

class Player {
 public:
  Player(const Script& script, std::string folder) : s_(script), folder_(std::move(folder)) {}

  Result<ScenarioReport> Play() {
    PLUMBLINE_TRY(Prepare());
    for (std::size_t i = 0; i < s_.records.size(); ++i) queue_.push_back(i);
    std::int64_t last = 0;
    for (const ScriptRecord& r : s_.records) last = std::max(last, r.arrival);
    const std::int64_t end = s_.end.value_or(last + kTwoHours);
    for (std::int64_t t = 0; t <= end; ++t) {
      if (s_.stop && *s_.stop <= t && t < *s_.start) t = *s_.start;
      PLUMBLINE_TRY(Second(t));
    }
    return Compare();
  }

 private:
  Result<void> Prepare() {
    std::vector<std::string> feeds;
    for (const auto& [name, timeout] : s_.feeds) feeds.push_back("site/" + name);
    pack_options_.feeds = feeds;
    rules::Packs packs;
    if (s_.pack.empty()) {
      PLUMBLINE_ASSIGN(const std::string text, NamedRulePack(s_.rule, s_.options, 1));
      PLUMBLINE_ASSIGN(packs, rules::ReadPack("scenario", text, pack_options_));
    } else {
      PLUMBLINE_ASSIGN(packs, rules::LoadPacks({(std::filesystem::path(folder_) / s_.pack).string()}, pack_options_));
    }
    rule_id_ = s_.pack.empty() ? std::string(kNamedRule) : s_.rule;
    const auto known =
        std::any_of(packs.rules->rules.begin(), packs.rules->rules.end(), [&](const rule::Rule& r) { return r.id == rule_id_; });
    if (!known) return Fail(ErrorCode::kConfig, s_.title + ": the pack has no rule \"" + rule_id_ + "\"");
    for (std::uint32_t p = 0; p < s_.partitions; ++p) {
      run::PatientMachineOptions o;
      o.partition.partition = p;
      o.partition.partition_count = s_.partitions;
      o.validation.undeclared.future_ms = s_.future ? *s_.future * kSecond : model::kNoLimit;
      for (const auto& [name, timeout] : s_.feeds) o.partition.feeds.push_back({"site", name, timeout * kSecond});
      o.compile = [options = pack_options_](const std::string& name, const std::string& text) -> Result<rule::RuleSet> {
        PLUMBLINE_ASSIGN(const rules::Packs read, rules::ReadPack(name, text, options));
        return *read.rules;
      };
      machines_.push_back(std::make_unique<run::PatientMachine>(o, packs.rules));
      for (std::uint16_t topic = 0; topic < 3; ++topic) machines_.back()->Tick(topic, 0);
      Finish(*machines_.back());
    }
    return {};
  }

  // Records and heartbeats as they arrive, then a tick of every topic that is at its end.
  Result<void> Second(std::int64_t t) {
    for (; next_command_ < s_.commands.size() && s_.commands[next_command_].arrival <= t; ++next_command_)
      PLUMBLINE_TRY(Command(s_.commands[next_command_]));
    std::map<int, std::size_t> taken;
    std::set<int> waiting;
    for (auto at = queue_.begin(); at != queue_.end() && s_.records[*at].arrival <= t;) {
      const ScriptRecord& r = s_.records[*at];
      const auto slow = s_.slow.find(r.topic);
      if (slow != s_.slow.end() && taken[r.topic] >= slow->second) {
        waiting.insert(r.topic);
        ++at;
        continue;
      }
      ++taken[r.topic];
      Take(r);
      at = queue_.erase(at);
    }
    for (; next_beat_ < s_.beats.size() && s_.beats[next_beat_].arrival <= t; ++next_beat_) Beat(s_.beats[next_beat_]);
    for (auto& m : machines_) {
      for (std::uint16_t topic = 0; topic < 3; ++topic) {
        if (!waiting.contains(topic)) m->Tick(topic, t * kSecond);
        Finish(*m);
      }
    }
    return {};
  }

  void Give(run::PatientMachine& machine, std::uint16_t topic, std::int64_t arrival_ms, std::string_view key,
            std::string_view value) {
    io::Record record;
    record.topic = topic;
    record.offset = offset_++;
    record.timestamp_ms = arrival_ms;
    record.key = AsBytes(key);
    record.value = AsBytes(value);
    machine.Take(record);
    Finish(machine);
  }

  void Take(const ScriptRecord& r) {
    model::Event e;
    e.kind = static_cast<model::EventKind>(r.topic + 1);
    e.status = r.withdrawn     ? model::EventStatus::kEnteredInError
               : r.version > 1 ? model::EventStatus::kAmended
                               : model::EventStatus::kFinal;
    e.version = r.version;
    e.source_sequence = r.sequence;
    e.time = r.time * kSecond;
    e.id = r.id;
    e.patient = r.patient;
    e.encounter = r.encounter;
    e.site = r.site;
    e.source = r.source;
    e.code = {kNamedSystem, r.code, {}};
    if (!r.value.empty()) {
      e.has_quantity = true;
      e.quantity = {Decimal::Parse(r.value).value_or(Decimal()), r.unit};
    }
    e.action =
        model::FromName<model::Action>(r.action.empty() && r.topic == 1 ? "performed" : r.action).value_or(model::Action::kNone);
    anchors_[HashText(r.id)] = r.id;
    const std::uint32_t p = io::PartitionOfKey(AsBytes(r.patient), s_.partitions);
    const std::string bytes(encoder_.FlatBuffers(e));
    Give(*machines_[p], static_cast<std::uint16_t>(r.topic), r.arrival * kSecond, r.patient, bytes);
  }

  void Beat(const ScriptBeat& b) {
    model::Event e;
    e.kind = model::EventKind::kHeartbeat;
    e.site = "site";
    e.source = b.feed;
    e.time = b.complete_to * kSecond;
    const std::string bytes(encoder_.FlatBuffers(e));
    for (auto& m : machines_) {
      // A heartbeat moves no clock of its own here: it comes at a topic whose clock is there already.
      std::uint16_t topic = 0;
      for (std::uint16_t t = 1; t < 3; ++t) {
        if (m->partition().topic_clock(t) > m->partition().topic_clock(topic)) topic = t;
      }
      Give(*m, topic, std::max(b.arrival * kSecond, m->partition().topic_clock(topic)), "", bytes);
    }
  }

  Result<void> Command(const ScriptCommand& c) {
    run::Control control;
    control.by = c.options.contains("by") ? c.options.at("by") : "tester";
    control.text = "as the scenario says";
    for (const char* word : {"from", "until"}) {
      if (!c.options.contains(word)) continue;
      int h = 0, m = 0, s = 0;
      (void)std::sscanf(c.options.at(word).c_str(), "%d:%d:%d", &h, &m, &s);
      (std::string_view(word) == "from" ? control.from : control.until) = ((std::int64_t{h} * 60 + m) * 60 + s) * kSecond;
    }
    if (c.word == "activate") {
      control.kind = run::ControlKind::kActivate;
      Options options = s_.options;
      for (const auto& [name, value] : c.options) options[name] = value;
      options.erase("from");
      control.pack_name = "scenario";
      PLUMBLINE_ASSIGN(control.pack_text, NamedRulePack(s_.rule, options, ++revision_));
    } else if (c.word == "retire") {
      control.kind = run::ControlKind::kRetire;
      control.rule = rule_id_;
    } else {
      control.kind = c.word == "acknowledge" ? run::ControlKind::kAcknowledge
                     : c.word == "comment"   ? run::ControlKind::kComment
                     : c.word == "contest"   ? run::ControlKind::kContest
                                             : run::ControlKind::kSilence;
      control.has_alert = true;
      const auto alert = alert_of_.find(c.anchor);
      if (alert != alert_of_.end()) control.alert = alert->second;
    }
    for (auto& m : machines_) Give(*m, kControl, c.arrival * kSecond, "control", run::EncodeControl(control));
    return {};
  }

  void Finish(run::PatientMachine& machine) {
    static constexpr const char* kVerdicts[] = {"no case", "pending", "pass", "excluded", "unknown", "fail"};
    effects_.Clear();
    machine.Finish(effects_);
    const run::Partition& p = machine.partition();
    for (const run::CaseChange& c : p.changes()) {
      if (!c.is_final || p.rules().rules[c.rule].id != rule_id_) continue;
      finals_[anchors_[c.anchor]] = c.late ? "late trigger" : kVerdicts[static_cast<std::size_t>(c.after)];
    }
    for (const run::Told& t : p.told()) {
      if (t.rule->id != rule_id_) continue;
      told_.push_back(TextOf(t));
      if (t.alert) alert_of_[anchors_[t.anchor]] = t.alert_id;
    }
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      if (effects_[i].log == io::OutputLog::kAlerts) alert_lines_.emplace_back(AsText(effects_[i].value));
    }
  }

  std::string TextOf(const run::Told& t) {
    const std::string text = anchors_[t.anchor] + " ";
    const std::string name(alert::Name(t.what.kind));
    switch (t.what.kind) {
      case alert::TransitionKind::kResolved:
        if (t.what.cause != alert::Cause::kAnswered) return text + "resolved (" + std::string(Name(t.what.cause)) + ")";
        break;
      case alert::TransitionKind::kRetracted:
        return text + "retracted";
      case alert::TransitionKind::kAmended:
        return text + "amended to " + std::string(AmendedName(t.what.amended_to));
      default:
        break;
    }
    return text + name + " @" + Hms(t.what.instant);
  }

  std::int64_t CountOf(const std::string& name) const {
    std::uint64_t n = 0;
    for (const auto& m : machines_) {
      const run::PartitionCounts& c = m->partition().counts();
      if (name == "duplicates") n += c.duplicates;
      if (name == "conflicts") n += c.conflicts;
      if (name == "outdated") n += c.outdated;
      if (name == "skew") n += c.skew;
      if (name == "refused") n += m->refused();
      for (std::size_t r = 0; r < m->partition().rules().rules.size(); ++r) {
        if (m->partition().rules().rules[r].id != rule_id_) continue;
        if (name == "late_events") n += m->partition().rule_counts(r).late_events;
        if (name == "late_triggers") n += m->partition().rule_counts(r).late_triggers;
      }
      for (std::size_t reason = 0; name.starts_with("dead:") && reason < run::kRejectReasons; ++reason) {
        if (model::ReasonName(static_cast<model::RejectReason>(reason)) == name.substr(5)) n += m->rejected()[reason];
      }
    }
    return static_cast<std::int64_t>(n);
  }

  bool HasLine(const std::string& anchor, const std::string& text) const {
    return std::any_of(alert_lines_.begin(), alert_lines_.end(), [&](const std::string& line) {
      return line.find("\"anchor\":\"" + anchor + "\"") != std::string::npos && line.find(text) != std::string::npos;
    });
  }

  ScenarioReport Compare() {
    ScenarioReport report;
    report.title = s_.title;
    std::string& d = report.difference;
    if (told_ != s_.told) {
      d += "  expected to be told:";
      for (const std::string& t : s_.told) d += "\n    " + t;
      d += "\n  told:";
      for (const std::string& t : told_) d += "\n    " + t;
      d += "\n";
    }
    for (const auto& [anchor, verdict] : s_.finals) {
      const auto got = finals_.find(anchor);
      if (got != finals_.end() && got->second == verdict) continue;
      d += "  final " + anchor + ": expected " + verdict + ", got " + (got == finals_.end() ? "none" : got->second) + "\n";
    }
    for (const auto& [name, n] : s_.counts) {
      if (CountOf(name) != n)
        d += "  count " + name + ": expected " + std::to_string(n) + ", got " + std::to_string(CountOf(name)) + "\n";
    }
    for (const auto& [anchor, text] : s_.lines) {
      if (!HasLine(anchor, text)) d += "  no line of the alerts log about " + anchor + " contains " + text + "\n";
    }
    report.passed = d.empty();
    report.alert_lines = std::move(alert_lines_);
    return report;
  }

  const Script& s_;
  std::string folder_, rule_id_;
  rules::PackOptions pack_options_;
  std::vector<std::unique_ptr<run::PatientMachine>> machines_;
  std::deque<std::size_t> queue_;  // records to come, in the order of the file
  std::size_t next_beat_ = 0, next_command_ = 0;
  std::uint32_t revision_ = 1;
  std::int64_t offset_ = 0;
  model::Encoder encoder_;
  io::Effects effects_;
  std::map<Hash128, std::string> anchors_;
  std::map<std::string, Hash128> alert_of_;
  std::vector<std::string> told_, alert_lines_;
  std::map<std::string, std::string> finals_;
};

}  // namespace

Result<std::vector<ScenarioReport>> PlayScenarioFile(const std::string& path) {
  PLUMBLINE_ASSIGN(const std::vector<Script> scripts, ReadScripts(path));
  std::vector<ScenarioReport> out;
  for (const Script& s : scripts) {
    PLUMBLINE_ASSIGN(ScenarioReport report, Player(s, std::filesystem::path(path).parent_path().string()).Play());
    out.push_back(std::move(report));
  }
  return out;
}

}  // namespace plumbline::app
