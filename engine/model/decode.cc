#include "engine/model/decode.h"

#include <cstring>
#include <string>

#include <simdjson.h>

#include "engine/model/decode_internal.h"
#include "engine/model/events_generated.h"
#include "engine/model/iso_time.h"

namespace plumbline::model {
namespace {

constexpr std::size_t kIdentifierAt = 4;  // after the root's offset
constexpr std::string_view kIdentifier = "PLE1";
constexpr std::size_t kFrameBytes = 5;
constexpr flatbuffers::uoffset_t kMaxDepth = 8;  // event, grades, grade, code: four

bool HasIdentifierFamily(std::string_view bytes, std::size_t start) {
  return bytes.size() >= start + kIdentifierAt + 4 && bytes.substr(start + kIdentifierAt, 3) == kIdentifier.substr(0, 3);
}

std::size_t SkipBlanks(std::string_view bytes, std::size_t from) {
  while (from < bytes.size() && (bytes[from] == ' ' || bytes[from] == '\t' || bytes[from] == '\n' || bytes[from] == '\r')) ++from;
  return from;
}

bool LooksLikeJson(std::string_view bytes, std::size_t start) {
  if (bytes.substr(start, 3) == "\xEF\xBB\xBF") start += 3;
  const std::size_t at = SkipBlanks(bytes, start);
  return at < bytes.size() && bytes[at] == '{';
}

struct Recognised {
  Encoding encoding = Encoding::kUnknown;
  std::size_t start = 0;
};

Recognised Recognise(std::string_view bytes, Encoding declared) {
  const bool framed = bytes.size() > kFrameBytes && bytes[0] == '\0';
  if (declared == Encoding::kJson) return {Encoding::kJson, framed ? kFrameBytes : 0};
  if (HasIdentifierFamily(bytes, 0)) return {Encoding::kFlatBuffers, 0};
  if (framed && HasIdentifierFamily(bytes, kFrameBytes)) return {Encoding::kFlatBuffers, kFrameBytes};
  if (declared == Encoding::kFlatBuffers) return {Encoding::kFlatBuffers, 0};
  if (LooksLikeJson(bytes, 0)) return {Encoding::kJson, 0};
  if (framed && LooksLikeJson(bytes, kFrameBytes)) return {Encoding::kJson, kFrameBytes};
  return {};
}

// Flattened: at -O2 the compiler leaves each of the verifier's and the accessors' one-line functions a call.
[[gnu::flatten]] bool Verify(flatbuffers::Verifier& verifier) { return fb::VerifyEventBuffer(verifier); }

std::string_view Text(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->c_str(), text->size());
}

CodeView ReadCode(const fb::Code* code) {
  if (code == nullptr) return {};
  return {Text(code->system()), Text(code->code()), Text(code->display())};
}

QuantityView ReadQuantity(const fb::Decimal& value, const flatbuffers::String* unit) {
  const auto bits = static_cast<UInt128>(static_cast<std::uint64_t>(value.hi())) << 64 | value.lo();
  const std::string_view text = Text(unit);
  return {Decimal::FromUnits(static_cast<Int128>(bits)), text.empty() ? std::string_view("1") : text};
}

void ReadGrades(const fb::Event& root, std::vector<GradeView>& grades) {
  grades.clear();
  for (const fb::Grade* g : *root.grades()) {
    GradeView view;
    view.name = ReadCode(g->name());
    view.category = ReadCode(g->category());
    view.has_quantity = g->value() != nullptr;
    if (view.has_quantity) view.quantity = ReadQuantity(*g->value(), g->unit());
    grades.push_back(view);
  }
}

[[gnu::flatten]] void ReadHead(const fb::Event& root, Event& e) {
  e.kind = static_cast<EventKind>(root.kind());
  e.status = static_cast<EventStatus>(root.status());
  e.version = root.version();
  e.source_sequence = root.source_sequence();
  e.time = root.time_ms();
  e.offset_minutes = root.offset_minutes();
  e.id = Text(root.id());
  e.patient = Text(root.patient());
  e.encounter = Text(root.encounter());
  e.site = Text(root.site());
  e.source = Text(root.source());
  e.clinician = Text(root.clinician());
  e.clinician_role = Text(root.clinician_role());
  e.device = Text(root.device());
  e.device_model = Text(root.device_model());
  e.code = ReadCode(root.code());
  e.has_quantity = root.value() != nullptr;
  e.quantity = e.has_quantity ? ReadQuantity(*root.value(), root.unit()) : QuantityView();
  e.quality_flags = root.quality_flags();
}

[[gnu::flatten]] void ReadBody(const fb::Event& root, Event& e) {
  e.value_code = ReadCode(root.value_code());
  e.qc_material = Text(root.qc_material());
  e.qc_level = Text(root.qc_level());
  e.qc_run = Text(root.qc_run());
  e.action = static_cast<Action>(root.action());
  e.modality = static_cast<Modality>(root.modality());
  e.waiting_ms = root.waiting_ms();
  e.duration_ms = root.duration_ms();
  e.certainty = static_cast<Certainty>(root.certainty());
  e.decided_by = static_cast<DecidedBy>(root.decided_by());
  e.follow_up = ReadCode(root.follow_up());
  e.follow_up_within_ms = root.follow_up_within_ms();
  e.answers_to = Text(root.answers_to());
}

// FlatBuffers cuts a table's index after the last field in use: ordinary device values end with the head.
bool HasMoreThanHead(const fb::Event& root) {
  const auto& table = reinterpret_cast<const flatbuffers::Table&>(root);
  return flatbuffers::ReadScalar<flatbuffers::voffset_t>(table.GetVTable()) > fb::Event::VT_VALUE_CODE;
}

void ClearBody(Event& e) {
  e.value_code = {};
  e.qc_material = e.qc_level = e.qc_run = {};
  e.action = Action::kNone;
  e.modality = Modality::kNone;
  e.waiting_ms = e.duration_ms = kNoDuration;
  e.certainty = Certainty::kNone;
  e.decided_by = DecidedBy::kNone;
  e.follow_up = {};
  e.follow_up_within_ms = kNoDuration;
  e.answers_to = {};
}

bool KnownEnums(const Event& e) {
  return e.kind <= EventKind::kHeartbeat && e.status <= EventStatus::kEnteredInError && e.action <= Action::kFollowUpPlanned &&
         e.modality <= Modality::kArAssisted && e.certainty <= Certainty::kRuledOut && e.decided_by <= DecidedBy::kAiAssistance;
}

bool InRange(const QuantityView& quantity) { return quantity.value.InRange(); }

}  // namespace

Encoding EncodingOf(std::string_view content_type) {
  if (content_type.find("json") != std::string_view::npos) return Encoding::kJson;
  if (content_type.find("flatbuffers") != std::string_view::npos) return Encoding::kFlatBuffers;
  return Encoding::kUnknown;
}

Decoder::Decoder(DecodeLimits limits) : limits_(limits), scratch_(std::make_unique<Scratch>()) {
  scratch_->grades.reserve(limits_.max_grades);
}
Decoder::~Decoder() = default;

RejectReason Decoder::Refuse(RejectReason reason, std::string detail, std::int64_t position) {
  reject_ = {reason, std::move(detail), position};
  return reason;
}

RejectReason Decoder::Decode(std::span<const std::byte> value, Encoding declared, Event& event) {
  if (value.empty()) return Refuse(RejectReason::kEmptyValue, "the record has no value");
  if (value.size() > limits_.max_value_bytes) {
    return Refuse(RejectReason::kTooLarge, "the value has " + std::to_string(value.size()) + " bytes; at most " +
                                               std::to_string(limits_.max_value_bytes) + " are taken");
  }
  const std::string_view bytes = AsText(value);
  const Recognised found = Recognise(bytes, declared);
  if (found.encoding == Encoding::kUnknown) {
    return Refuse(RejectReason::kUnknownEncoding, "neither FlatBuffers (identifier PLE1 at byte 4) nor a JSON object", 0);
  }
  const std::string_view body = bytes.substr(found.start);
  const RejectReason reason = found.encoding == Encoding::kJson ? DecodeJson(body, event) : DecodeFlatBuffers(body, event);
  if (reason == RejectReason::kNone) return Complete(body.size(), event);
  if (reject_.position != kNoPosition) reject_.position += static_cast<std::int64_t>(found.start);
  return reason;
}

RejectReason Decoder::DecodeFlatBuffers(std::string_view bytes, Event& event) {
  const char* data = bytes.data();
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(std::uint64_t) != 0) {
    auto& aligned = scratch_->aligned;
    if (aligned.size() * 8 < bytes.size()) aligned.resize(bytes.size() / 8 + 64);
    std::memcpy(aligned.data(), data, bytes.size());
    data = reinterpret_cast<const char*>(aligned.data());
  }
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(data), bytes.size(), kMaxDepth,
                                 static_cast<flatbuffers::uoffset_t>(8 + 3 * limits_.max_grades));
  if (!Verify(verifier)) {
    if (HasIdentifierFamily(bytes, 0) && bytes.substr(kIdentifierAt, 4) != kIdentifier) {
      return Refuse(RejectReason::kUnknownVersion,
                    "schema identifier " + std::string(bytes.substr(kIdentifierAt, 4)) + "; this build reads PLE1",
                    kIdentifierAt);
    }
    return Refuse(RejectReason::kMalformedFlatBuffer,
                  "the FlatBuffers verifier refused " + std::to_string(bytes.size()) + " bytes");
  }
  const fb::Event& root = *fb::GetEvent(data);
  ReadHead(root, event);
  if (HasMoreThanHead(root)) {
    ReadBody(root, event);
  } else {
    ClearBody(event);
  }
  event.grades = {};
  if (root.grades() != nullptr) [[unlikely]] {
    if (root.grades()->size() > limits_.max_grades) {
      return Refuse(RejectReason::kTooLong,
                    std::to_string(root.grades()->size()) + " grades; at most " + std::to_string(limits_.max_grades));
    }
    ReadGrades(root, scratch_->grades);
    event.grades = scratch_->grades;
  }
  return RejectReason::kNone;
}

RejectReason Decoder::DecodeJson(std::string_view bytes, Event& event) {
  event = Event();
  reject_ = {};
  return scratch_->json.Decode(bytes, limits_.max_grades, event, scratch_->grades, reject_) ? RejectReason::kNone
                                                                                            : reject_.reason;
}

// What both encodings must satisfy.
RejectReason Decoder::Complete(std::size_t value_size, Event& event) {
  if (static_cast<int>(event.kind) == 0) return Refuse(RejectReason::kMissingField, "kind is missing");
  if (!KnownEnums(event)) {
    return Refuse(RejectReason::kUnknownEnum,
                  "a number that the schema does not have in kind, status, action, modality, certainty or decided_by");
  }
  if (event.time < kMinTime || event.time > kMaxTime) {
    return Refuse(RejectReason::kBadTime, "time_ms " + std::to_string(event.time) + " is not between the years 1 and 9999");
  }
  if (event.offset_minutes < -kMaxOffsetMinutes || event.offset_minutes > kMaxOffsetMinutes) {
    return Refuse(RejectReason::kBadTime, "offset_minutes " + std::to_string(event.offset_minutes) + " is beyond 14 hours");
  }
  bool in_range = InRange(event.quantity);
  for (const GradeView& g : event.grades) in_range = in_range && InRange(g.quantity);
  if (!in_range) return Refuse(RejectReason::kBadNumber, "a value of 10^20 or more");
  // In a FlatBuffer texts may overlap, so a large hostile one is measured before it is arranged for the hash.
  if (value_size > limits_.max_text_bytes) [[unlikely]] {
    if (const RejectReason reason = CheckTexts(event); reason != RejectReason::kNone) return reason;
  }
  bool ascii = false;
  hasher_.Hash(event, &ascii);
  return ascii || value_size > limits_.max_text_bytes ? RejectReason::kNone : CheckTexts(event);
}

RejectReason Decoder::CheckTexts(const Event& event) {
  RejectReason reason = RejectReason::kNone;
  const auto check = [&](std::string_view text, std::size_t limit, std::string_view name) {
    if (reason != RejectReason::kNone) return;
    if (text.size() > limit) {
      reason = Refuse(RejectReason::kTooLong,
                      std::string(name) + " has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(limit));
    } else if (!simdjson::validate_utf8(text.data(), text.size())) {
      reason = Refuse(RejectReason::kInvalidText, std::string(name) + " is not UTF-8");
    }
  };
  const std::size_t limit = limits_.max_text_bytes;
  const auto check_code = [&](const CodeView& code, std::string_view name) {
    check(code.system, limit, name);
    check(code.code, limit, name);
    check(code.display, limits_.max_display_bytes, name);
  };
  check(event.id, limit, "id");
  check(event.patient, limit, "patient");
  check(event.encounter, limit, "encounter");
  check(event.site, limit, "site");
  check(event.source, limit, "source");
  check(event.clinician, limit, "clinician");
  check(event.clinician_role, limit, "clinician_role");
  check(event.device, limit, "device");
  check(event.device_model, limit, "device_model");
  check_code(event.code, "code");
  check(event.quantity.unit, limit, "unit");
  check_code(event.value_code, "value_code");
  check(event.qc_material, limit, "qc_material");
  check(event.qc_level, limit, "qc_level");
  check(event.qc_run, limit, "qc_run");
  check_code(event.follow_up, "follow_up");
  check(event.answers_to, limit, "answers_to");
  for (const GradeView& g : event.grades) {
    check_code(g.name, "grades.name");
    check(g.quantity.unit, limit, "grades.unit");
    check_code(g.category, "grades.category");
  }
  return reason;
}

}  // namespace plumbline::model
