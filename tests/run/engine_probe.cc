#include "tests/run/engine_probe.h"

#include "rules/kinds/check.h"
#include "rules/kinds/pathway.h"

namespace plumbline::oracle {
namespace {

constexpr std::string_view kSystem = "test";

class OneCode final : public rule::CodeSet {
 public:
  explicit OneCode(std::string code) : code_(std::move(code)) {}
  bool Contains(std::string_view, std::string_view code) const override { return code == code_; }

 private:
  std::string code_;
};

class AtLeast final : public rule::Condition {
 public:
  explicit AtLeast(double limit) : limit_(Decimal::FromDouble(limit)->units()) {}
  rule::Tri Test(const rule::Sight&, const rule::Row* row, const rule::Row*) const override {
    if (!row->has_value) return rule::Tri::kUnknown;
    return row->value >= limit_ ? rule::Tri::kTrue : rule::Tri::kFalse;
  }

 private:
  Int128 limit_;
};

// exists (an event of this code up to the instant)
class Exists final : public rule::Condition {
 public:
  explicit Exists(std::string code) : code_(std::move(code)) {}
  rule::Tri Test(const rule::Sight& sight, const rule::Row*, const rule::Row*) const override {
    const rule::RowList& rows = *sight.subject->rows;
    for (std::size_t i = 0; i < rows.size() && rows[i].time <= sight.instant; ++i) {
      if (sight.subject->vocabulary->Code(rows[i].code) == code_ && rule::IsVisible(rows, i, sight.cut)) return rule::Tri::kTrue;
    }
    return rule::Tri::kFalse;
  }
  bool ReadsHistory() const override { return true; }

 private:
  std::string code_;
};

void Select(rule::Rule& rule, const std::string& code, rule::Roles roles) {
  for (const auto kind : {model::EventKind::kDevice, model::EventKind::kConsultation, model::EventKind::kDiagnosis}) {
    rule.selectors.push_back({kind, std::make_shared<OneCode>(code), roles, false});
  }
}

rule::TimeMs Ms(std::int64_t seconds) { return seconds * 1000; }

}  // namespace

std::shared_ptr<const rule::RuleSet> EngineRule(const RuleSpec& spec) {
  rule::Rule r;
  r.id = "rule";
  Select(r, spec.code, rule::kTriggerRole);
  if (spec.pathway) {
    rules::PathwayOptions o;
    o.steps.push_back({"answer", false, Ms(spec.within), Ms(spec.lookback), -1, nullptr});
    if (!spec.unless.empty()) o.unless = std::make_shared<Exists>(spec.unless);
    o.lateness_ms = Ms(spec.lateness);
    o.grace_ms = Ms(spec.grace);
    if (!spec.feed.empty()) o.feeds.push_back(0);
    Select(r, spec.answer, rule::kFirstStepRole);
    Select(r, spec.unless, rule::kHistoryRole);
    r.kind = rules::MakePathway(o);
  } else {
    rules::CheckOptions o;
    o.must = std::make_shared<AtLeast>(spec.below);
    o.count = static_cast<std::uint32_t>(spec.count);
    o.hold_ms = Ms(spec.hold);
    o.carry_ms = Ms(spec.carry);
    o.clear_ms = Ms(spec.clear);
    o.lateness_ms = Ms(spec.lateness);
    r.kind = rules::MakeCheck(o);
  }
  auto set = std::make_shared<rule::RuleSet>();
  set->rules.push_back(std::move(r));
  return set;
}

EngineProbe::EngineProbe(const RuleSpec& spec, const std::map<std::string, std::int64_t>& timeouts)
    : spec_(spec), rules_(EngineRule(spec)) {
  for (const auto& [feed, timeout] : timeouts) options_.feeds.push_back({"site", feed, Ms(timeout)});
  partition_ = std::make_unique<run::Partition>(options_, rules_);
  for (std::uint16_t t = 0; t < kTopics; ++t) partition_->Tick(t, 0);
}

void EngineProbe::Take(const Record& r) {
  model::Event e;
  e.kind = static_cast<model::EventKind>(r.topic + 1);
  e.status = r.withdrawn ? model::EventStatus::kEnteredInError
             : r.ver > 1 ? model::EventStatus::kAmended
                         : model::EventStatus::kFinal;
  e.version = static_cast<std::uint32_t>(r.ver);
  e.source_sequence = static_cast<std::uint64_t>(r.seq);
  e.time = Ms(r.ev);
  e.id = r.id;
  e.patient = "patient";
  e.site = "site";
  e.code = {kSystem, r.code, {}};
  if (r.value) {
    e.has_quantity = true;
    e.quantity = {*Decimal::FromDouble(*r.value), "1"};
  }
  e.content = HashText(r.code + "/" + std::to_string(r.ev) + "/" + std::to_string(r.value.value_or(-1)) +
                       (r.withdrawn ? "w" : "f") + std::to_string(r.seq));
  names_[HashText(r.id)] = r.id;
  partition_->TakeEvent(static_cast<std::uint16_t>(r.topic), Ms(r.arr), e, {});
  Step();
}

void EngineProbe::Tick(int topic, std::int64_t t) {
  partition_->Tick(static_cast<std::uint16_t>(topic), Ms(t));
  Step();
}

void EngineProbe::Heartbeat(const std::string& feed, std::int64_t at, std::int64_t complete_to) {
  // The model's heartbeats move no clock, so it comes at a topic whose clock is there already.
  run::Partition& p = *partition_;
  std::uint16_t topic = 0;
  for (std::uint16_t t = 1; t < kTopics; ++t) topic = p.topic_clock(t) > p.topic_clock(topic) ? t : topic;
  p.Heartbeat(topic, std::max(Ms(at), p.topic_clock(topic)), "site", feed, Ms(complete_to));
  Step();
}

void EngineProbe::Step() {
  if (!batch_) Finish();
}

void EngineProbe::Finish() {
  batch_ = false;
  partition_->Finish();
  for (const run::CaseChange& c : partition_->changes()) {
    if (!c.is_final) continue;
    static const char* const kNames[] = {"no case", "pending", "pass", "excluded", "unknown", "fail"};
    final[names_[c.anchor]] = c.late ? "late trigger" : kNames[static_cast<std::size_t>(c.after)];
  }
  for (const run::Told& t : partition_->told()) {
    transitions.push_back(t);
    std::string text = names_[t.anchor] + " ";
    const auto at = [&t] { return " @" + Hms(t.what.instant / 1000); };
    switch (t.what.kind) {
      case alert::TransitionKind::kResolved:
        text +=
            t.what.cause == alert::Cause::kAnswered ? "resolved" + at() : "resolved (" + std::string(Name(t.what.cause)) + ")";
        break;
      case alert::TransitionKind::kRetracted:
        text += "retracted";
        break;
      case alert::TransitionKind::kAmended:
        text += "amended to " + std::string(AmendedName(t.what.amended_to));
        break;
      default:
        text += std::string(Name(t.what.kind)) + at();
    }
    told.push_back(text);
  }
}

void EngineProbe::RestartFromCheckpoint() {
  partition_->BeginCheckpoint();
  while (partition_->NextSlice(64,
                               [this](std::string_view key, std::string_view value) { checkpoint_[std::string(key)] = value; })) {
  }
  auto next = std::make_unique<run::Partition>(options_, rules_);
  for (const auto& [key, value] : checkpoint_) {
    if (const auto restored = next->Restore(key, value); !restored) throw std::runtime_error(restored.error().Text());
  }
  if (next->StateDigest() != partition_->StateDigest()) throw std::runtime_error("the restored partition has another digest");
  partition_ = std::move(next);
}

}  // namespace plumbline::oracle
