// What an alert says of the events and expressions it rests on. Built for fails and unknowns only; passes are counted.
#include "engine/model/encode.h"
#include "engine/model/names.h"
#include "engine/run/partition.h"

namespace plumbline::run {
namespace {

constexpr std::size_t kMostEvents = 50;  // the first ones; the rest is counted

void AppendMember(std::string& s, std::string_view name, std::string_view text) {
  s += ",\"";
  s += name;
  s += "\":";
  model::AppendJsonText(s, text);
}

}  // namespace

void Partition::AddEvidence(const Subject& subject, const rule::Judgement& judgement, const rule::JudgeContext& context,
                            Told& told) {
  const rule::RuleKind& kind = *told.rule->kind;
  std::vector<std::size_t> used;
  kind.Evidence(context, judgement, used);
  for (std::size_t n = 0; n < used.size() && n < kMostEvents; ++n) {
    const rule::Row& r = subject.rows[used[n]];
    std::string& s = told.evidence;
    s += s.empty() ? "{\"id\":" : ",{\"id\":";
    model::AppendJsonText(s, r.IdText());
    s += ",\"version\":" + std::to_string(r.version) + ",\"time\":" + std::to_string(r.time) +
         ",\"arrival\":" + std::to_string(r.arrival);
    AppendMember(s, "code", vocabulary_.Text(r.code));
    if (r.has_value) {
      s += ",\"value\":" + Decimal::FromUnits(r.value).ToText();
      AppendMember(s, "unit", vocabulary_.Text(r.unit));
    }
    model::Event event;
    if (r.payload != rule::kNoPayload &&
        payload_decoder_.Decode(std::as_bytes(std::span(subject.payloads[r.payload])), model::Encoding::kFlatBuffers, event) ==
            model::RejectReason::kNone) {
      // An order is not a dose, a suspicion no diagnosis: who reads this must see which it was.
      if (event.action != model::Action::kNone) AppendMember(s, "action", model::NameOf(event.action));
      if (event.certainty != model::Certainty::kNone) AppendMember(s, "certainty", model::NameOf(event.certainty));
    }
    if (r.status != model::EventStatus::kFinal) AppendMember(s, "status", model::NameOf(r.status));
    s += ",\"content\":\"" + Hash128{0, r.content}.Hex().substr(16) + "\"}";
  }
  told.evidence_events = static_cast<std::uint32_t>(used.size());
  if (told.what.kind == alert::TransitionKind::kUnknown) {
    told.why = judgement.why;
    if (judgement.why == rule::Why::kFeed && judgement.feed < feeds_.size()) told.feed = feeds_.Name(judgement.feed);
  }
  std::vector<rule::NamedValue> values;
  kind.Values(context, judgement, values);
  for (const rule::NamedValue& v : values) {
    told.values += told.values.empty() ? "" : ",";
    model::AppendJsonText(told.values, v.name);
    told.values += ":";
    model::AppendJsonText(told.values, v.value);
  }
}

}  // namespace plumbline::run
