#include "engine/app/checks/pack_tests.h"

#include <algorithm>
#include <map>

#include "engine/model/decode.h"
#include "engine/model/encode.h"
#include "engine/model/names.h"
#include "engine/run/partition.h"

namespace plumbline::app {
namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kLongestTicked = 3LL * 86'400'000;

struct Told {
  std::string alert;
  std::int64_t at_ms;
  std::string anchor;
};

std::string TimeText(std::int64_t ms) {
  char text[48];
  const std::int64_t s = ms / kSecond;
  std::snprintf(text, sizeof text, "%02d:%02d:%02d", static_cast<int>(s / 3600), static_cast<int>(s % 3600 / 60),
                static_cast<int>(s % 60));
  return text;
}

class TestRun {
 public:
  TestRun(const rules::Packs& packs, const rules::RuleTest& test) : packs_(packs), test_(test), partition_({}, packs.rules) {
    for (std::size_t r = 0; r < packs.rules->rules.size(); ++r) {
      if (packs.rules->rules[r].id == test.rule) rule_ = r;
    }
    for (std::uint16_t t = 0; t < 3; ++t) partition_.Tick(t, -kSecond);
    partition_.Finish();
  }

  PackTestReport Run() {
    std::vector<std::size_t> order(test_.given.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return test_.given[a].arrives_ms < test_.given[b].arrives_ms; });
    std::int64_t last = 0;
    for (const rules::TestEvent& e : test_.given) last = std::max(last, e.arrives_ms);
    const std::int64_t keep = packs_.rules->rules[rule_].kind->FinalMs();
    const std::int64_t end = last + std::min(keep, kLongestTicked) + kSecond;
    std::size_t next = 0;
    for (std::int64_t t = 0; t <= end; t += kSecond) {
      for (; next < order.size() && test_.given[order[next]].arrives_ms <= t; ++next) Take(test_.given[order[next]], order[next]);
      for (std::uint16_t topic = 0; topic < 3; ++topic) partition_.Tick(topic, t);
      Finish(true);
    }
    for (std::uint16_t topic = 0; topic < 3; ++topic) partition_.Tick(topic, run::kClosed);
    Finish(false);
    return Compare();
  }

 private:
  void Take(const rules::TestEvent& given, std::size_t number) {
    const model::Event written = EventOf(given, number);
    const std::string bytes(encoder_.FlatBuffers(written));
    model::Event event;
    names_[HashText(given.id)] = given.id;
    if (decoder_.Decode(std::as_bytes(std::span(bytes)), model::Encoding::kFlatBuffers, event) != model::RejectReason::kNone) {
      refused_ += "the event \"" + given.id + "\" is refused: " + decoder_.reject().detail + "\n";
      return;
    }
    partition_.TakeEvent(static_cast<std::uint16_t>(static_cast<int>(event.kind) - 1), given.arrives_ms, event, bytes);
    Finish(true);
  }

  void Finish(bool record) {
    partition_.Finish();
    for (const run::CaseChange& c : partition_.changes()) {
      if (c.rule != rule_ || !c.is_final) continue;
      static const char* const kNames[] = {"no case", "pending", "pass", "excluded", "unknown", "fail"};
      finals_[names_[c.anchor]] = c.late ? "late trigger" : kNames[static_cast<std::size_t>(c.after)];
    }
    if (!record) return;
    for (const run::Told& t : partition_.told()) {
      if (t.rule_number == rule_) told_.push_back({std::string(alert::Name(t.what.kind)), t.what.instant, names_[t.anchor]});
    }
  }

  static bool Matches(const rules::TestExpectation& wanted, const Told& got) {
    return wanted.alert == got.alert && (wanted.at_ms < 0 || wanted.at_ms == got.at_ms) &&
           (wanted.of.empty() || wanted.of == got.anchor);
  }

  PackTestReport Compare() {
    PackTestReport report;
    report.test = &test_;
    bool same = refused_.empty() && told_.size() == test_.expect.size();
    for (std::size_t i = 0; same && i < told_.size(); ++i) same = Matches(test_.expect[i], told_[i]);
    for (const auto& [anchor, verdict] : test_.finals) same = same && finals_.contains(anchor) && finals_.at(anchor) == verdict;
    report.passed = same;
    if (same) return report;
    report.difference = refused_ + "  expected:";
    for (const rules::TestExpectation& e : test_.expect) {
      report.difference +=
          "\n    " + e.alert + (e.at_ms < 0 ? "" : " at " + TimeText(e.at_ms)) + (e.of.empty() ? "" : " of " + e.of);
    }
    for (const auto& [anchor, verdict] : test_.finals) report.difference += "\n    final " + anchor + ": " + verdict;
    report.difference += "\n  got:";
    for (const Told& t : told_)
      report.difference += "\n    " + t.alert + (t.at_ms == model::kNoTime ? "" : " at " + TimeText(t.at_ms)) + " of " + t.anchor;
    for (const auto& [anchor, verdict] : finals_) report.difference += "\n    final " + anchor + ": " + verdict;
    return report;
  }

  const rules::Packs& packs_;
  const rules::RuleTest& test_;
  run::Partition partition_;
  std::size_t rule_ = 0;
  model::Encoder encoder_;
  model::Decoder decoder_;
  std::map<Hash128, std::string> names_;
  std::vector<Told> told_;
  std::map<std::string, std::string> finals_;
  std::string refused_;
};

}  // namespace

model::Event EventOf(const rules::TestEvent& t, std::size_t number) {
  model::Event e;
  e.kind = t.type == "Device"         ? model::EventKind::kDevice
           : t.type == "Consultation" ? model::EventKind::kConsultation
                                      : model::EventKind::kDiagnosis;
  e.status = t.withdrawn     ? model::EventStatus::kEnteredInError
             : t.version > 1 ? model::EventStatus::kAmended
                             : model::EventStatus::kFinal;
  e.version = t.version;
  e.source_sequence = number;
  e.time = t.at_ms;
  e.id = t.id;
  e.patient = t.patient;
  e.encounter = t.encounter;
  e.site = t.site;
  e.source = "test";
  e.clinician = t.clinician;
  e.device = t.instrument;
  e.qc_material = t.qc_material;
  e.qc_level = t.qc_level;
  e.qc_run = t.qc_run;
  e.code = {t.system, t.code, {}};
  if (!t.value.empty()) {
    e.has_quantity = true;
    e.quantity = {*Decimal::Parse(t.value), t.unit};
  }
  e.action = model::FromName<model::Action>(t.action).value_or(model::Action::kNone);
  e.certainty = model::FromName<model::Certainty>(t.certainty).value_or(model::Certainty::kNone);
  return e;
}

std::vector<PackTestReport> RunPackTests(const rules::Packs& packs) {
  std::vector<PackTestReport> out;
  for (const rules::RuleTest& test : packs.tests) out.push_back(TestRun(packs, test).Run());
  return out;
}

}  // namespace plumbline::app
