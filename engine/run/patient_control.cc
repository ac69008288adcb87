// Control records: activation and retirement of rules, and what people do about alerts. Each is answered on the audit log:
//   {"type":"control","partition":..,"offset":..,"arrival":..,"command":..,"by":..,"answer":"done"|"refused","why"?, ...}
// What concerns an alert is a line of the alerts log too, with a number of its own and no transition:
//   {"id":..,"handling":n,"state":"acknowledged"|..,"by":..,"at":..,"rule":..,"chain":..,"text"?,"to"?,"until"?}
#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/model/iso_time.h"
#include "engine/run/patient_machine.h"

namespace plumbline::run {
namespace {

constexpr std::uint8_t kFormat = 1;

void Member(std::string& s, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  s += ",\"";
  s += name;
  s += "\":";
  model::AppendJsonText(s, text);
}

void Number(std::string& s, std::string_view name, std::int64_t number) {
  s += ",\"";
  s += name;
  s += "\":" + std::to_string(number);
}

void List(std::string& s, std::string_view name, const std::vector<std::string>& texts) {
  s += ",\"";
  s += name;
  s += "\":[";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) s += ",";
    model::AppendJsonText(s, texts[i]);
  }
  s += "]";
}

std::string_view StateOf(ControlKind kind) {
  switch (kind) {
    case ControlKind::kAcknowledge:
      return "acknowledged";
    case ControlKind::kComment:
      return "commented";
    case ControlKind::kContest:
      return "contested";
    case ControlKind::kHandOver:
      return "handed over";
    case ControlKind::kSilence:
      return "silenced";
    default:
      return "unsilenced";
  }
}

std::string EffectiveDetail(const Partition::EditionChange& change, TimeMs from) {
  std::string detail;
  List(detail, "began", change.began);
  List(detail, "ended", change.ended);
  Number(detail, "effective_from", from);
  return detail;
}

}  // namespace

void PatientMachine::TakeControl(const io::Record& record) {
  ++controls_;
  control_clock_ = std::max(control_clock_, record.timestamp_ms);
  const TimeMs arrival = control_clock_;
  const auto control = ParseControl(AsText(record.value));
  Answer answer;
  if (control) {
    answer = Carry(*control, arrival);
  } else {
    answer = {false, control.error().message, {}};
  }
  refused_ += answer.done ? 0 : 1;
  std::string s = "{\"type\":\"control\",\"partition\":" + std::to_string(options_.partition.partition);
  Number(s, "offset", record.offset);
  Number(s, "arrival", arrival);
  if (control) {
    Member(s, "command", Name(control->kind));
    Member(s, "by", control->by);
    if (control->has_alert) Member(s, "alert", control->alert.Hex());
    Member(s, "rule", control->rule);
    Member(s, "site", control->site);
  }
  Member(s, "answer", answer.done ? "done" : "refused");
  Member(s, "why", answer.why);
  s += answer.detail + "}";
  letters_.Add(io::OutputLog::kAudit, "control", s);
}

PatientMachine::Answer PatientMachine::Carry(const Control& control, TimeMs arrival) {
  switch (control.kind) {
    case ControlKind::kActivate:
      return ActivatePack(control, arrival);
    case ControlKind::kRetire:
      return RetireRules(control, arrival);
    case ControlKind::kSilence:
    case ControlKind::kUnsilence:
      return control.has_alert ? Handle(control, arrival) : SilenceRule(control, arrival);
    default:
      return Handle(control, arrival);
  }
}

// Empty, or why the time cannot be kept: what has been judged stays judged.
std::string PatientMachine::TooEarly(TimeMs from, TimeMs arrival) const {
  const TimeMs clock = partition_.clock();
  if (clock == model::kNoTime || from >= std::max(arrival, clock)) return {};  // a run that begins with it may begin with any
  return "effective_from " + model::FormatTime(from) + " is before " + model::FormatTime(std::max(arrival, clock)) +
         ", when the command arrived: what has been judged stays judged; give a later time";
}

PatientMachine::Answer PatientMachine::ActivatePack(const Control& control, TimeMs arrival) {
  if (const std::string why = TooEarly(control.from, arrival); !why.empty()) return {false, why, {}};
  if (!options_.compile) return {false, "this run cannot compile packs", {}};
  const auto edition = options_.compile(control.pack_name, control.pack_text);
  if (!edition) return {false, edition.error().message, {}};
  const auto change = partition_.Activate(*edition, arrival, control.from);
  if (!change) return {false, change.error().message, {}};
  editions_.push_back({control.pack_name, control.pack_text});
  WriteEdition(editions_.back());
  Answer answer;
  List(answer.detail, "packs", edition->packs);
  Member(answer.detail, "digest", DigestHex(Sha256Of(control.pack_text)));
  answer.detail += EffectiveDetail(*change, control.from);
  return answer;
}

PatientMachine::Answer PatientMachine::RetireRules(const Control& control, TimeMs arrival) {
  if (const std::string why = TooEarly(control.from, arrival); !why.empty()) return {false, why, {}};
  const auto change = partition_.Retire(control.rule, control.pack_name, arrival, control.from);
  if (!change) return {false, change.error().message, {}};
  return {true, {}, EffectiveDetail(*change, control.from)};
}

PatientMachine::Answer PatientMachine::Handle(const Control& control, TimeMs arrival) {
  const auto known = partition_.FindAlert(control.alert);
  if (!known) {
    return {false,
            "partition " + std::to_string(options_.partition.partition) +
                " has no alert of this id: it belongs to another partition, never was, or ended too long ago to be kept",
            {}};
  }
  if (control.kind == ControlKind::kSilence && control.until <= arrival)
    return {false, "the silence would end at " + model::FormatTime(control.until) + ", before it begins", {}};
  alert::Handling& handling = partition_.handling().Change(known->chain);
  switch (control.kind) {
    case ControlKind::kAcknowledge:
      handling.acknowledged_by = control.by;
      handling.acknowledged_at = arrival;
      break;
    case ControlKind::kContest:
      handling.contested = true;
      break;
    case ControlKind::kHandOver:
      handling.owner = control.to;
      break;
    case ControlKind::kSilence:
      handling.silenced_until = control.until;
      handling.silenced_by = control.by;
      break;
    case ControlKind::kUnsilence:
      handling.silenced_until = model::kNoTime;
      handling.silenced_by.clear();
      break;
    default:
      break;
  }
  WriteHandling(control, *known, StateOf(control.kind), arrival, ++handling.entries);
  return {};
}

PatientMachine::Answer PatientMachine::SilenceRule(const Control& control, TimeMs arrival) {
  const auto& rules = partition_.rules().rules;
  const bool loaded = std::any_of(rules.begin(), rules.end(), [&](const rule::Rule& r) { return r.id == control.rule; });
  if (!loaded) return {false, "no rule \"" + control.rule + "\" is loaded", {}};
  if (control.kind == ControlKind::kUnsilence) {
    if (partition_.handling().Unsilence(control.rule, control.site)) return {};
    return {false, "rule \"" + control.rule + "\" is not silenced" + (control.site.empty() ? "" : " at " + control.site), {}};
  }
  if (control.until <= arrival)
    return {false, "the silence would end at " + model::FormatTime(control.until) + ", before it begins", {}};
  partition_.handling().Silence({control.rule, control.site, control.until, control.by});
  Answer answer;
  Number(answer.detail, "until", control.until);
  Member(answer.detail, "text", control.text);
  return answer;
}

void PatientMachine::WriteHandling(const Control& control, const Partition::KnownAlert& known, std::string_view state,
                                   TimeMs arrival, std::uint32_t number) {
  static constexpr std::array<std::string_view, 3> kSeverities = {"info", "warning", "critical"};
  const std::string id = control.alert.Hex();
  std::string s = "{\"id\":\"" + id + "\",\"handling\":" + std::to_string(number);
  Member(s, "state", state);
  Member(s, "by", control.by);
  Number(s, "at", arrival);
  Member(s, "rule", known.rule->id);
  Number(s, "revision", known.rule->revision);
  Member(s, "step", known.step);
  Member(s, "severity", kSeverities[static_cast<std::size_t>(known.rule->severity)]);
  Member(s, "site", known.site);
  Member(s, "chain", known.chain.Hex());
  Member(s, "text", control.text);
  Member(s, "to", control.to);
  if (control.until != model::kNoTime) Number(s, "until", control.until);
  s += "}";
  letters_.Add(io::OutputLog::kAlerts, id, s);
}

// What people did about the alert's chain goes on with it.
void PatientMachine::AppendHandling(const Told& told, std::string& line) {
  const alert::HandlingBook& book = partition_.handling();
  if (book.empty()) [[likely]]
    return;
  const alert::Handling* handling = book.Find(told.chain);
  if (handling != nullptr && !handling->acknowledged_by.empty()) {
    line += ",\"acknowledged\":{\"by\":";
    model::AppendJsonText(line, handling->acknowledged_by);
    Number(line, "at", handling->acknowledged_at);
    line += "}";
  }
  if (handling != nullptr) Member(line, "owner", handling->owner);
  const auto silenced = book.SilencedAt(told.chain, told.rule->id, told.site, partition_.clock());
  if (silenced.until == model::kNoTime) return;
  Number(line, "silenced_until", silenced.until);
  Member(line, "silenced_by", silenced.by);
}

// Stage two learns of new measures from the log that it reads.
void PatientMachine::WriteEdition(const Edition& edition) {
  std::string s = "{\"type\":\"edition\",\"partition\":" + std::to_string(options_.partition.partition);
  Member(s, "name", edition.name);
  Member(s, "text", edition.text);
  s += "}";
  letters_.Add(io::OutputLog::kMeasures, "edition", s);
}

// editions = u8 version=1, u32 n, n * (text name, text pack)
std::string PatientMachine::EditionBytes() const {
  std::string out;
  ByteWriter w(out);
  w.U8(kFormat);
  w.U32(static_cast<std::uint32_t>(editions_.size()));
  for (const Edition& e : editions_) {
    w.Text(e.name);
    w.Text(e.text);
  }
  return out;
}

Result<void> PatientMachine::RestoreEditions(std::string_view value) {
  ByteReader in(value);
  if (in.U8() != kFormat) return Fail(ErrorCode::kVersion, "the checkpoint has another format; start from the journal");
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) {
    Edition e;
    e.name = in.Text();
    e.text = in.Text();
    if (!options_.compile) return Fail(ErrorCode::kConfig, "this run cannot compile the packs that were activated before");
    PLUMBLINE_ASSIGN(const rule::RuleSet edition, options_.compile(e.name, e.text));
    partition_.LoadAgain(edition);
    editions_.push_back(std::move(e));
  }
  if (!in.ok() || !in.AtEnd()) return Fail(ErrorCode::kIntegrity, "the editions of the checkpoint are cut short");
  return {};
}

}  // namespace plumbline::run
