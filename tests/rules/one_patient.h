// A partition with the rules of one pack, and events of one patient given to it one by one: what it tells, as text.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/encode.h"
#include "engine/run/partition.h"
#include "rules/pack/pack.h"

namespace plumbline::rules_test {

constexpr std::int64_t kMinute = 60'000;

class OnePatient {
 public:
  explicit OnePatient(const std::string& rules, run::PartitionOptions options = {}) : options_(options) {
    const auto packs = rules::ReadPack("one.yaml",
                                       "pack: one\nversion: 1.0.0\ntitle: {en: One, zh: 一}\n"
                                       "source: {document: a test, effective: 2026-11-25}\n"
                                       "valuesets:\n  Value: [\"urn:test|value\"]\n  Other: [\"urn:test|other\"]\n"
                                       "  Shock: [\"urn:test|shock\"]\n  Comfort: [\"urn:test|comfort\"]\nrules:\n" +
                                           rules,
                                       {});
    if (!packs) throw std::runtime_error(packs.error().message);
    rules_ = packs->rules;
    partition_ = std::make_unique<run::Partition>(options_, rules_);
  }

  // Minutes from the beginning; the id is the code's first letter and the minute.
  void Value(double minute, int value, double arrives = -1) { Take(model::EventKind::kDevice, "value", minute, value, arrives); }
  void Other(double minute, double arrives = -1) { Take(model::EventKind::kDevice, "other", minute, 1, arrives); }
  void Shock(double minute, double arrives = -1) { Take(model::EventKind::kDiagnosis, "shock", minute, 0, arrives); }
  void Comfort(double minute, double arrives = -1) { Take(model::EventKind::kConsultation, "comfort", minute, 0, arrives); }
  void Tick(double minute) {
    for (std::uint16_t topic = 0; topic < 3; ++topic) partition_->Tick(topic, Ms(minute));
    Finish();
  }
  // A new partition from a checkpoint of this one.
  void Restart() {
    partition_->BeginCheckpoint();
    while (partition_->NextSlice(1000, [&](std::string_view key, std::string_view value) { Keep(key, value); })) {
    }
    const Digest before = partition_->StateDigest();
    partition_ = std::make_unique<run::Partition>(options_, rules_);
    for (const auto& [key, value] : kept_) REQUIRE(partition_->Restore(key, value));
    REQUIRE(partition_->StateDigest() == before);
  }

  [[nodiscard]] std::string told() const { return told_; }  // "firing v1 @2; resolved v1 @7 (answered)"
  // By rule and anchor: what is final; "late trigger" where the trigger itself came late.
  [[nodiscard]] const std::map<std::string, std::string>& finals() const { return finals_; }
  [[nodiscard]] run::Partition& partition() { return *partition_; }
  [[nodiscard]] std::size_t rows() { return partition_->FindSubject(HashText("patient"))->rows.size(); }

 private:
  static std::int64_t Ms(double minute) { return static_cast<std::int64_t>(minute * kMinute); }
  static std::string Minutes(std::int64_t ms) {
    std::string text = std::to_string(static_cast<double>(ms) / kMinute);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
  }

  void Keep(std::string_view key, std::string_view value) {
    if (value.empty()) {
      kept_.erase(std::string(key));
    } else {
      kept_[std::string(key)] = value;
    }
  }

  void Take(model::EventKind kind, std::string_view code, double minute, int value, double arrives) {
    const std::string id = std::string(code.substr(0, 1)) + Minutes(Ms(minute));
    model::Event e;
    e.kind = kind;
    e.id = id;
    names_[HashText(id)] = id;
    e.patient = "patient";
    e.site = "site";
    e.source = "source";
    e.time = Ms(minute);
    e.code = {"urn:test", code, {}};
    if (kind == model::EventKind::kDevice) {
      e.has_quantity = true;
      e.quantity = {Decimal::FromInteger(value), "1"};
    }
    const std::int64_t arrival = arrives < 0 ? e.time : Ms(arrives);
    for (std::uint16_t topic = 0; topic < 3; ++topic) partition_->Tick(topic, arrival);
    partition_->TakeEvent(static_cast<std::uint16_t>(static_cast<int>(kind) - 1), arrival, e, {});
    Finish();
  }

  void Finish() {
    partition_->Finish();
    for (const run::CaseChange& c : partition_->changes()) {
      static const char* const kNames[] = {"no case", "pending", "pass", "excluded", "unknown", "fail"};
      if (!c.is_final) continue;
      finals_[rules_->rules[c.rule].id + " " + names_[c.anchor]] =
          c.late ? "late trigger" : kNames[static_cast<std::size_t>(c.after)];
    }
    for (const run::Told& t : partition_->told()) {
      std::string text = std::string(alert::Name(t.what.kind)) + " " + (t.anchor_text.empty() ? "?" : t.anchor_text) + " @" +
                         Minutes(t.what.instant);
      if (t.what.cause != alert::Cause::kNone) text += " (" + std::string(alert::Name(t.what.cause)) + ")";
      if (t.why == rule::Why::kTruncated) text += " (truncated)";
      told_ += (told_.empty() ? "" : "; ") + text;
    }
  }

  run::PartitionOptions options_;
  std::shared_ptr<const rule::RuleSet> rules_;
  std::unique_ptr<run::Partition> partition_;
  std::map<std::string, std::string> kept_;
  std::string told_;
  std::map<Hash128, std::string> names_;
  std::map<std::string, std::string> finals_;
};

}  // namespace plumbline::rules_test
