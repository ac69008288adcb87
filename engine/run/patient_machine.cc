#include "engine/run/patient_machine.h"

#include "engine/base/bytes.h"
#include "engine/io/murmur2.h"

namespace plumbline::run {
namespace {

constexpr std::string_view kOwnKey = "a";
constexpr std::string_view kEditionsKey = "E";  // before all keys that rest on rules
constexpr std::uint8_t kFormat = 2;
constexpr model::EventKind kHeartbeat = static_cast<model::EventKind>(4);

// Only the header's value matters; records of the engine's own tools carry none and are told apart by their bytes.
model::Encoding DeclaredEncoding(const io::Record& record) {
  for (const io::HeaderView& h : record.headers) {
    if (h.name == "content-type") return model::EncodingOf(AsText(h.value));
  }
  return model::Encoding::kUnknown;
}

void AppendMember(std::string& s, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  s += ",\"";
  s += name;
  s += "\":";
  model::AppendJsonText(s, value);
}

// Why a verdict is unknown.
void AppendReasons(const Told& t, std::string& s) {
  static constexpr std::array<std::string_view, 6> kWhy = {
      "", "feed silent", "warming", "exception unknown", "answer unknown", "truncated"};
  if (t.what.kind == alert::TransitionKind::kUnknown) AppendMember(s, "why", kWhy[static_cast<std::size_t>(t.why)]);
  AppendMember(s, "feed", t.feed);
}

// Where the rule comes from and what it asks, so that the line can be read without the pack.
void AppendSource(const rule::Rule& rule, std::size_t step, std::string& s) {
  AppendMember(s, "pack", rule.pack);
  AppendMember(s, "document", rule.document);
  AppendMember(s, "edition", rule.edition);
  AppendMember(s, "clause", rule.clause);
  AppendMember(s, "kind", rule.kind_name);
  if (step >= rule.step_texts.size()) return;
  const rule::StepText& asks = rule.step_texts[step];
  AppendMember(s, asks.forbids ? "forbids" : "wants", asks.wants);
  if (asks.within_ms > 0) s += ",\"within\":" + std::to_string(asks.within_ms);
}

}  // namespace

PatientMachine::PatientMachine(PatientMachineOptions options, std::shared_ptr<const rule::RuleSet> rules)
    : options_(std::move(options)),
      partition_(options_.partition, std::move(rules)),
      decoder_(options_.decode),
      validator_(options_.validation) {}

void PatientMachine::Take(const io::Record& record) {
  if (record.topic >= options_.partition.input_topics) [[unlikely]]
    return TakeControl(record);
  ++records_;
  model::Event event;
  if (decoder_.Decode(record.value, DeclaredEncoding(record), event) != model::RejectReason::kNone) [[unlikely]] {
    const model::Reject& r = decoder_.reject();
    return DeadLetter(record, r.reason, r.detail, r.position);
  }
  const TimeMs arrival = std::max(record.timestamp_ms, partition_.topic_clock(record.topic));
  if (validator_.Validate(event, AsText(record.key), arrival) != model::RejectReason::kNone) [[unlikely]] {
    const model::Reject& r = validator_.reject();
    return DeadLetter(record, r.reason, r.detail, r.position);
  }
  if (event.kind == kHeartbeat)
    return partition_.Heartbeat(record.topic, record.timestamp_ms, event.site, event.source, event.time);
  if (options_.check_partition) {
    const std::uint32_t belongs = io::PartitionOfKey(record.key, options_.partition.partition_count);
    if (belongs != options_.partition.partition) [[unlikely]] {
      return DeadLetter(record, model::RejectReason::kWrongPartition,
                        "its key belongs into partition " + std::to_string(belongs) +
                            " (murmur2); set partitioner=murmur2_random in the producer",
                        -1);
    }
  }
  if ((options_.topic_kinds[record.topic] & (1U << static_cast<unsigned>(event.kind))) == 0) [[unlikely]] {
    return DeadLetter(record, model::RejectReason::kWrongTopic, "this topic does not carry events of this kind", -1);
  }
  // JSON is kept as FlatBuffers, so that what is kept has one form; only when some rule reads it.
  std::string_view payload = AsText(record.value);
  if (!payload.empty() && payload.size() > 8 && payload.substr(4, 4) != "PLE1") payload = encoder_.FlatBuffers(event);
  if (partition_.TakeEvent(record.topic, record.timestamp_ms, event, payload) == Taken::kConflict) [[unlikely]] {
    DeadLetter(record, model::RejectReason::kConflictingDuplicate,
               "version " + std::to_string(event.version) + " of this id was accepted with other content", -1);
  }
}

void PatientMachine::Tick(std::uint16_t topic, std::int64_t time_ms) { partition_.Tick(topic, time_ms); }

// Commands of the journal itself (which topics are read) are noted on the audit log.
void PatientMachine::Command(std::string_view payload) {
  line_ = "{\"type\":\"command\",\"partition\":" + std::to_string(options_.partition.partition) + ",\"command\":";
  model::AppendJsonText(line_, payload);
  line_ += "}";
  letters_.Add(io::OutputLog::kAudit, "command", line_);
}

void PatientMachine::DeadLetter(const io::Record& record, model::RejectReason reason, std::string_view detail,
                                std::int64_t position) {
  partition_.Pass(record.topic, record.timestamp_ms);
  ++rejected_[static_cast<std::size_t>(reason) % kRejectReasons];
  line_ = "{\"reason\":";
  model::AppendJsonText(line_, model::ReasonName(reason));
  line_ += ",\"detail\":";
  model::AppendJsonText(line_, detail);
  line_ += ",\"topic\":" + std::to_string(record.topic) + ",\"partition\":" + std::to_string(record.partition) +
           ",\"offset\":" + std::to_string(record.offset) + ",\"timestamp\":" + std::to_string(record.timestamp_ms);
  if (position >= 0) line_ += ",\"position\":" + std::to_string(position);
  line_ += ",\"size\":" + std::to_string(record.value.size()) + "}";
  // One line of JSON, a line end, then the record's bytes as they came.
  line_ += '\n';
  line_ += AsText(record.value);
  letters_.Add(io::OutputLog::kDeadLetters, AsText(record.key), line_);
}

void PatientMachine::Finish(io::Effects& effects) {
  partition_.Finish();
  for (std::size_t i = 0; i < letters_.size(); ++i) {
    const io::EffectView e = letters_[i];
    effects.Add(e.log, AsText(e.key), AsText(e.value));
  }
  letters_.Clear();
  for (const Told& t : partition_.told()) {
    if (t.alert) WriteAlert(t, effects);
  }
  const TimeMs clock = partition_.clock();
  if (clock == model::kNoTime || (last_marker_ != model::kNoTime && clock - last_marker_ < options_.marker_every_ms)) return;
  last_marker_ = clock;
  partition_.panes().TakeTouched([&](const Panes::Pane& pane) { WritePartial(pane, effects); });
  WriteIntake(effects);
  WriteMarker(effects);
}

void PatientMachine::WriteAlert(const Told& t, io::Effects& effects) {
  static constexpr std::array<std::string_view, 3> kSeverities = {"info", "warning", "critical"};
  std::string& s = line_;
  const auto text = [&s](std::string_view name, std::string_view value) {
    s += ",\"";
    s += name;
    s += "\":";
    model::AppendJsonText(s, value);
  };
  const auto number = [&s](std::string_view name, std::int64_t value) {
    s += ",\"";
    s += name;
    s += "\":" + std::to_string(value);
  };
  key_ = t.alert_id.Hex();
  s = "{\"id\":\"" + key_ + "\",\"transition\":" + std::to_string(t.transition);
  text("state", alert::Name(t.what.kind));
  if (t.what.cause != alert::Cause::kNone) text("cause", alert::Name(t.what.cause));
  if (t.what.kind == alert::TransitionKind::kAmended) text("amended_to", alert::AmendedName(t.what.amended_to));
  text("rule", t.rule->id);
  number("revision", t.rule->revision);
  if (t.step < t.rule->steps.size() && !t.rule->steps[t.step].empty()) text("step", t.rule->steps[t.step]);
  text("severity", kSeverities[static_cast<std::size_t>(t.rule->severity)]);
  if (t.rule->shadow) s += ",\"shadow\":true";
  text("site", t.site);
  text("subject", t.subject.Hex());
  text("anchor", t.anchor_text);
  number("anchor_time", t.anchor_time);
  if (t.what.instant != model::kNoTime) number("instant", t.what.instant);
  number("clock", partition_.clock());
  text("chain", t.chain.Hex());
  if (!t.supersedes.IsZero()) text("supersedes", t.supersedes.Hex());
  if (t.what.kind == alert::TransitionKind::kRetracted && t.retracts > 0) number("retracts", t.retracts);
  if (t.late) s += ",\"late\":true";
  AppendHandling(t, s);
  AppendReasons(t, s);
  s += ",\"titles\":{\"en\":";
  model::AppendJsonText(s, t.rule->title_en);
  s += ",\"zh\":";
  model::AppendJsonText(s, t.rule->title_zh);
  s += "},\"rule_digest\":\"" + DigestHex(t.rule->digest) + "\"";
  AppendSource(*t.rule, t.step, s);
  if (!t.evidence.empty()) s += ",\"evidence\":[" + t.evidence + "]";
  if (!t.values.empty()) s += ",\"values\":{" + t.values + "}";
  s += "}";
  effects.Add(io::OutputLog::kAlerts, key_, s);
}

void PatientMachine::WritePartial(const Panes::Pane& pane, io::Effects& effects) {
  const rule::Measure& measure = partition_.rules().measures[pane.measure];
  std::string& s = line_;
  s = "{\"type\":\"partial\",\"measure\":";
  model::AppendJsonText(s, measure.id);
  s += ",\"revision\":" + std::to_string(measure.revision) + ",\"partition\":" + std::to_string(options_.partition.partition) +
       ",\"group\":[";
  key_ = measure.id;
  for (std::size_t i = 0; i < pane.group.size(); ++i) {
    if (i > 0) s += ",";
    model::AppendJsonText(s, pane.group[i]);
    key_ += "|" + pane.group[i];
  }
  const PaneSums& sums = pane.sums;
  s += "],\"pane\":" + std::to_string(pane.pane) + ",\"pass\":" + std::to_string(sums.pass) +
       ",\"fail\":" + std::to_string(sums.fail) + ",\"excluded\":" + std::to_string(sums.excluded) +
       ",\"unknown\":" + std::to_string(sums.unknown) + ",\"late\":" + std::to_string(sums.late);
  if (measure.statistic == rule::Statistic::kMean || measure.statistic == rule::Statistic::kPercentile) {
    // Exact: the two halves of the 128-bit sum of units of 1e-8.
    s += ",\"sum_high\":" + std::to_string(static_cast<std::int64_t>(sums.sum >> 64)) +
         ",\"sum_low\":" + std::to_string(static_cast<std::uint64_t>(sums.sum));
  }
  if (sums.sketch) {
    static constexpr char kHex[] = "0123456789abcdef";
    s += ",\"sketch\":\"";
    for (const char c : sums.sketch->Serialise()) {
      s += kHex[static_cast<unsigned char>(c) >> 4];
      s += kHex[static_cast<unsigned char>(c) & 15];
    }
    s += "\"";
  }
  s += "}";
  effects.Add(io::OutputLog::kMeasures, key_, s);
}

void PatientMachine::WriteMarker(io::Effects& effects) {
  std::string& s = line_;
  s = "{\"type\":\"marker\",\"partition\":" + std::to_string(options_.partition.partition) +
      ",\"clock\":" + std::to_string(partition_.clock()) + ",\"final_before\":{";
  bool first = true;
  for (const rule::Measure& m : partition_.rules().measures) {
    const TimeMs before = partition_.FinalBefore(m);
    if (before == model::kNoTime) continue;
    if (!first) s += ",";
    first = false;
    model::AppendJsonText(s, m.id + "/" + std::to_string(m.revision));
    s += ":" + std::to_string(before);
  }
  s += "}}";
  effects.Add(io::OutputLog::kMeasures, "marker", s);
}

void PatientMachine::WriteIntake(io::Effects& effects) {
  for (const auto& [feed, c] : partition_.intake().all()) {
    std::string& s = line_;
    s = "{\"type\":\"intake\",\"partition\":" + std::to_string(options_.partition.partition) + ",\"site\":";
    model::AppendJsonText(s, feed.first);
    s += ",\"source\":";
    model::AppendJsonText(s, feed.second);
    const auto list = [&s](std::string_view name, const std::array<std::uint64_t, 10>& counts) {
      s += ",\"";
      s += name;
      s += "\":[";
      for (std::size_t i = 0; i < counts.size(); ++i) s += (i > 0 ? "," : "") + std::to_string(counts[i]);
      s += "]";
    };
    s += ",\"events\":" + std::to_string(c.events) + ",\"before\":" + std::to_string(c.before);
    list("delay", c.delay);
    s += ",\"below\":" + std::to_string(c.below);
    list("below_by", c.below_by);
    s += "}";
    effects.Add(io::OutputLog::kMeasures, "intake|" + feed.first + "|" + feed.second, s);
  }
}

// own = u8 version=2, i64 last marker, u64 records, i64 control clock, u64 controls, u64 refused, u16 reasons, reasons * u64
std::string PatientMachine::OwnBytes() const {
  std::string out;
  ByteWriter w(out);
  w.U8(kFormat);
  w.I64(last_marker_);
  w.U64(records_);
  w.I64(control_clock_);
  w.U64(controls_);
  w.U64(refused_);
  w.U16(kRejectReasons);
  for (const std::uint64_t n : rejected_) w.U64(n);
  return out;
}

void PatientMachine::BeginCheckpoint() {
  partition_.BeginCheckpoint();
  frozen_own_ = OwnBytes();
  frozen_editions_ = editions_.empty() ? std::string() : EditionBytes();
  own_pending_ = true;
}

bool PatientMachine::NextSlice(std::size_t max_bytes, const SliceSink& sink) {
  if (own_pending_) {
    sink(kOwnKey, frozen_own_);
    if (!frozen_editions_.empty()) sink(kEditionsKey, frozen_editions_);
    own_pending_ = false;
  }
  return partition_.NextSlice(max_bytes, sink);
}

Result<void> PatientMachine::Restore(std::string_view key, std::string_view value) {
  if (key == kEditionsKey) return RestoreEditions(value);
  if (key != kOwnKey) return partition_.Restore(key, value);
  ByteReader in(value);
  if (in.U8() != kFormat) return Fail(ErrorCode::kVersion, "the checkpoint has another format; start from the journal");
  last_marker_ = in.I64();
  records_ = in.U64();
  control_clock_ = in.I64();
  controls_ = in.U64();
  refused_ = in.U64();
  if (in.U16() != kRejectReasons) return Fail(ErrorCode::kVersion, "the checkpoint counts other reasons; start from the journal");
  for (std::uint64_t& n : rejected_) n = in.U64();
  if (!in.ok() || !in.AtEnd()) return Fail(ErrorCode::kIntegrity, "the machine's part of the checkpoint is cut short");
  return {};
}

Digest PatientMachine::StateDigest() {
  Sha256 sha;
  sha.Update(OwnBytes());
  if (!editions_.empty()) sha.Update(EditionBytes());
  sha.Update(std::span<const std::byte>(partition_.StateDigest()));
  return sha.Finish();
}

}  // namespace plumbline::run
