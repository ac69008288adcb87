#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "engine/model/decode.h"
#include "engine/model/encode.h"
#include "engine/model/names.h"
#include "tests/model/sample_events.h"

namespace plumbline::model {
namespace {

void RequireSame(const CodeView& a, const CodeView& b) {
  REQUIRE(a.system == b.system);
  REQUIRE(a.code == b.code);
  REQUIRE(a.display == b.display);
}

void RequireSame(bool has_a, const QuantityView& a, bool has_b, const QuantityView& b) {
  REQUIRE(has_a == has_b);
  if (!has_a) return;
  REQUIRE(a.value == b.value);
  REQUIRE(a.unit == b.unit);
}

void RequireSame(const Event& a, const Event& b) {
  REQUIRE(a.kind == b.kind);
  REQUIRE(a.status == b.status);
  REQUIRE(a.version == b.version);
  REQUIRE(a.source_sequence == b.source_sequence);
  REQUIRE(a.time == b.time);
  REQUIRE(a.offset_minutes == b.offset_minutes);
  for (const auto field :
       {&Event::id, &Event::patient, &Event::encounter, &Event::site, &Event::source, &Event::clinician, &Event::clinician_role,
        &Event::device, &Event::device_model, &Event::qc_material, &Event::qc_level, &Event::qc_run, &Event::answers_to}) {
    REQUIRE(a.*field == b.*field);
  }
  for (const auto field : {&Event::code, &Event::value_code, &Event::follow_up}) RequireSame(a.*field, b.*field);
  RequireSame(a.has_quantity, a.quantity, b.has_quantity, b.quantity);
  REQUIRE(a.quality_flags == b.quality_flags);
  REQUIRE(a.action == b.action);
  REQUIRE(a.modality == b.modality);
  REQUIRE(a.certainty == b.certainty);
  REQUIRE(a.decided_by == b.decided_by);
  REQUIRE(a.waiting_ms == b.waiting_ms);
  REQUIRE(a.duration_ms == b.duration_ms);
  REQUIRE(a.follow_up_within_ms == b.follow_up_within_ms);
  REQUIRE(a.grades.size() == b.grades.size());
  for (std::size_t i = 0; i < a.grades.size(); ++i) {
    RequireSame(a.grades[i].name, b.grades[i].name);
    RequireSame(a.grades[i].category, b.grades[i].category);
    RequireSame(a.grades[i].has_quantity, a.grades[i].quantity, b.grades[i].has_quantity, b.grades[i].quantity);
  }
}

// The same event through both encodings; both decoders outlive the views.
void RequireRoundTrip(const Event& event, Encoder& encoder, Decoder& from_buffer, Decoder& from_json) {
  const std::string buffer(encoder.FlatBuffers(event));
  const std::string json(encoder.Json(event));
  INFO(json);
  Event a, b;
  REQUIRE(from_buffer.Decode(AsBytes(buffer), Encoding::kUnknown, a) == RejectReason::kNone);
  const RejectReason reason = from_json.Decode(AsBytes(json), Encoding::kUnknown, b);
  INFO(from_json.reject().detail);
  REQUIRE(reason == RejectReason::kNone);
  RequireSame(a, event);
  RequireSame(b, event);
  REQUIRE(a.content == b.content);
  REQUIRE_FALSE(a.content.IsZero());
}

TEST_CASE("an event of each kind comes back from FlatBuffers and from JSON as it was, with one content hash") {
  Encoder encoder;
  Decoder from_buffer, from_json;
  for (const Event& event : {SampleDevice(), SampleConsultation(), SampleDiagnosis()}) {
    RequireRoundTrip(event, encoder, from_buffer, from_json);
  }
}

TEST_CASE("random events come back from both encodings as they were, with one content hash") {
  const std::uint64_t seed = 20260131;
  INFO("seed " << seed);
  RandomEvents random(seed);
  Encoder encoder;
  Decoder from_buffer, from_json;
  for (int i = 0; i < 3000; ++i) RequireRoundTrip(random.Next(), encoder, from_buffer, from_json);
}

TEST_CASE("the content hash changes with every field") {
  const Event base = SampleDiagnosis();
  const std::vector<std::function<void(Event&)>> changes = {[](Event& e) { e.kind = EventKind::kDevice; },
                                                            [](Event& e) { e.status = EventStatus::kAmended; },
                                                            [](Event& e) { e.version = 2; },
                                                            [](Event& e) { e.source_sequence = 9; },
                                                            [](Event& e) { ++e.time; },
                                                            [](Event& e) { e.offset_minutes = 0; },
                                                            [](Event& e) { e.id = "x"; },
                                                            [](Event& e) { e.patient = "x"; },
                                                            [](Event& e) { e.encounter = "x"; },
                                                            [](Event& e) { e.site = "x"; },
                                                            [](Event& e) { e.source = "x"; },
                                                            [](Event& e) { e.clinician = "x"; },
                                                            [](Event& e) { e.clinician_role = "x"; },
                                                            [](Event& e) { e.device = "x"; },
                                                            [](Event& e) { e.device_model = "x"; },
                                                            [](Event& e) { e.code.system = "x"; },
                                                            [](Event& e) { e.code.code = "x"; },
                                                            [](Event& e) { e.code.display = "x"; },
                                                            [](Event& e) {
                                                              e.has_quantity = true;
                                                              e.quantity = {Decimal(), "1"};
                                                            },
                                                            [](Event& e) { e.value_code.code = "x"; },
                                                            [](Event& e) { e.quality_flags = 1; },
                                                            [](Event& e) { e.qc_material = "x"; },
                                                            [](Event& e) { e.qc_level = "x"; },
                                                            [](Event& e) { e.qc_run = "x"; },
                                                            [](Event& e) { e.action = Action::kOrdered; },
                                                            [](Event& e) { e.modality = Modality::kRemote; },
                                                            [](Event& e) { e.waiting_ms = 1; },
                                                            [](Event& e) { e.duration_ms = 1; },
                                                            [](Event& e) { e.certainty = Certainty::kRuledOut; },
                                                            [](Event& e) { e.decided_by = DecidedBy::kClinician; },
                                                            [](Event& e) { e.grades = e.grades.first(2); },
                                                            [](Event& e) { e.follow_up.code = "x"; },
                                                            [](Event& e) { e.follow_up_within_ms = 1; },
                                                            [](Event& e) { e.answers_to = "x"; }};
  ContentHasher hasher;
  Event original = base;
  hasher.Hash(original);
  std::vector<Hash128> seen = {original.content};
  for (const auto& change : changes) {
    Event changed = base;
    change(changed);
    hasher.Hash(changed);
    for (const Hash128& other : seen) REQUIRE(changed.content != other);
    seen.push_back(changed.content);
  }
}

TEST_CASE("text that moves from one field into its neighbour changes the content hash") {
  Event a, b;
  a.patient = "ab";
  a.encounter = "c";
  b.patient = "a";
  b.encounter = "bc";
  ContentHasher hasher;
  hasher.Hash(a);
  hasher.Hash(b);
  REQUIRE(a.content != b.content);
}

TEST_CASE("the framing of a schema registry is stepped over in both encodings") {
  Encoder encoder;
  Decoder decoder;
  const std::string frame("\0\0\0\0\7", 5);
  for (const std::string& value :
       {frame + std::string(encoder.FlatBuffers(SampleDevice())), frame + std::string(encoder.Json(SampleDevice()))}) {
    Event event;
    REQUIRE(decoder.Decode(AsBytes(value), Encoding::kUnknown, event) == RejectReason::kNone);
    RequireSame(event, SampleDevice());
  }
}

TEST_CASE("a FlatBuffer is read wherever it lies in memory") {
  Encoder encoder;
  Decoder decoder;
  const std::string value(encoder.FlatBuffers(SampleDiagnosis()));
  std::string room(value.size() + 16, '\0');
  for (std::size_t shift = 0; shift < 9; ++shift) {
    std::memcpy(room.data() + shift, value.data(), value.size());
    Event event;
    REQUIRE(decoder.Decode(AsBytes(std::string_view(room).substr(shift, value.size())), Encoding::kFlatBuffers, event) ==
            RejectReason::kNone);
    RequireSame(event, SampleDiagnosis());
  }
}

TEST_CASE("content types name their encoding") {
  REQUIRE(EncodingOf("application/json; charset=utf-8") == Encoding::kJson);
  REQUIRE(EncodingOf("application/cloudevents+json") == Encoding::kJson);
  REQUIRE(EncodingOf(kFlatBuffersContentType) == Encoding::kFlatBuffers);
  REQUIRE(EncodingOf("text/plain") == Encoding::kUnknown);
}

struct Bad {
  std::string name, value;
  RejectReason reason;
  Encoding declared = Encoding::kUnknown;
};

void RequireRefused(const Bad& bad, DecodeLimits limits = {}) {
  INFO(bad.name);
  Decoder decoder(limits);
  Event event;
  const RejectReason reason = decoder.Decode(AsBytes(bad.value), bad.declared, event);
  INFO("refused as " << ReasonName(reason) << ": " << decoder.reject().detail);
  REQUIRE(reason == bad.reason);
  REQUIRE(decoder.reject().reason == bad.reason);
  REQUIRE_FALSE(decoder.reject().detail.empty());
}

std::string Json(const std::string& fields) {
  const std::string head = R"({"kind":"device","time_ms":1,"id":"a")";
  return head + (fields.empty() ? "" : ",") + fields + "}";
}

TEST_CASE("JSON that cannot be used is refused with its reason") {
  const std::vector<Bad> all = {
      {"cut off", R"({"kind":"device","time_ms":1,)", RejectReason::kMalformedJson},
      {"cut off in a text", R"({"kind":"dev)", RejectReason::kMalformedJson},
      {"an array", R"([1])", RejectReason::kMalformedJson, Encoding::kJson},
      {"something follows", Json("") + "{}", RejectReason::kMalformedJson},
      {"rubbish in an unknown field", Json(R"("later":{"x":tru})"), RejectReason::kMalformedJson},
      {"no comma", R"({"kind":"device" "time_ms":1})", RejectReason::kMalformedJson},
      {"not UTF-8", Json("\"patient\":\"\xff\xfe\""), RejectReason::kInvalidText},
      {"text where a number belongs", Json(R"("version":"one")"), RejectReason::kWrongType},
      {"number where a text belongs", Json(R"("patient":7)"), RejectReason::kWrongType},
      {"code as a text", Json(R"("code":"59408-5")"), RejectReason::kWrongType},
      {"grades as an object", Json(R"("grades":{})"), RejectReason::kWrongType},
      {"fraction of a version", Json(R"("version":1.5)"), RejectReason::kWrongType},
      {"negative version", Json(R"("version":-1)"), RejectReason::kBadNumber},
      {"negative duration", Json(R"("duration_ms":-2)"), RejectReason::kBadNumber},
      {"a field twice", Json(R"("site":"n","site":"m")"), RejectReason::kDuplicateField},
      {"a part of a code twice", Json(R"("code":{"code":"a","code":"b"})"), RejectReason::kDuplicateField},
      {"no kind", R"({"time_ms":1})", RejectReason::kMissingField},
      {"no time", R"({"kind":"device"})", RejectReason::kMissingField},
      {"unknown kind", R"({"kind":"weather","time_ms":1})", RejectReason::kUnknownEnum},
      {"unknown status", Json(R"("status":"finished")"), RejectReason::kUnknownEnum},
      {"value with too many digits", Json(R"("value":1.123456789)"), RejectReason::kBadNumber},
      {"value too large", Json(R"("value":1e20)"), RejectReason::kBadNumber},
      {"value beyond double", Json(R"("value":1e400)"), RejectReason::kBadNumber},
      {"value as words", Json(R"("value":"seven")"), RejectReason::kBadNumber},
      {"NaN as a text", Json(R"("value":"NaN")"), RejectReason::kNotFinite},
      {"infinity as a text", Json(R"("value":"-Infinity")"), RejectReason::kNotFinite},
      {"value with a leading zero", Json(R"("value":"007")"), RejectReason::kBadNumber},
      {"a 30th of February", R"({"kind":"device","time":"2026-02-30T00:00:00Z"})", RejectReason::kBadTime},
      {"time without a zone", R"({"kind":"device","time":"2026-02-20T00:00:00"})", RejectReason::kBadTime},
      {"two times", R"({"kind":"device","time":"2026-02-20T00:00:00Z","time_ms":5})", RejectReason::kBadTime},
      {"time beyond the year 9999", R"({"kind":"device","time_ms":253402300800000})", RejectReason::kBadTime},
      {"offset beyond 14 hours", Json(R"("offset_minutes":900)"), RejectReason::kBadTime},
      {"text too long", Json("\"patient\":\"" + std::string(600, 'p') + "\""), RejectReason::kTooLong},
  };
  for (const Bad& bad : all) RequireRefused(bad);
  std::string grades = R"("grades":[{})";
  for (int i = 0; i < 64; ++i) grades += ",{}";
  RequireRefused({"too many grades", Json(grades + "]"), RejectReason::kTooLong});
  std::string deep = R"("later":)";
  for (int i = 0; i < 200; ++i) deep += "[";
  for (int i = 0; i < 200; ++i) deep += "]";
  RequireRefused({"nested too deep", Json(deep), RejectReason::kMalformedJson});
}

TEST_CASE("the reject of JSON says at which byte") {
  Decoder decoder;
  Event event;
  const std::string value = Json(R"("version":"one","site":"n")");
  REQUIRE(decoder.Decode(AsBytes(value), Encoding::kJson, event) == RejectReason::kWrongType);
  REQUIRE(decoder.reject().position >= static_cast<std::int64_t>(value.find("version")));
  REQUIRE(decoder.reject().position <= static_cast<std::int64_t>(value.find("site")));
}

TEST_CASE("bytes that are no event are refused with their reason") {
  Encoder encoder;
  const std::string good(encoder.FlatBuffers(SampleDevice()));
  std::string later = good;
  later[7] = '2';
  Event strange = SampleDevice();
  strange.action = static_cast<Action>(77);
  Event no_kind = SampleDevice();
  no_kind.kind = static_cast<EventKind>(0);
  Event far = SampleDevice();
  far.time = INT64_MAX;
  Event large = SampleDevice();
  large.quantity.value = Decimal::FromUnits(Decimal::kMaxUnits + 1);
  Event bytes = SampleDevice();
  bytes.site = "\xc3\x28";
  const std::string long_text(513, 'x');
  Event long_id = SampleDevice();
  long_id.id = long_text;
  const std::vector<GradeView> many(65);
  Event grades = SampleDevice();
  grades.grades = many;
  const std::vector<Bad> all = {
      {"nothing", "", RejectReason::kEmptyValue},
      {"rubbish", "rubbish, not an event", RejectReason::kUnknownEncoding},
      {"cut in half", good.substr(0, good.size() / 2), RejectReason::kMalformedFlatBuffer},
      {"rubbish declared as FlatBuffers", "rubbish, not an event", RejectReason::kMalformedFlatBuffer, Encoding::kFlatBuffers},
      {"one byte", "x", RejectReason::kUnknownEncoding},
      {"one byte declared as FlatBuffers", "x", RejectReason::kMalformedFlatBuffer, Encoding::kFlatBuffers},
      {"another version", later, RejectReason::kUnknownVersion},
      {"FlatBuffers declared as JSON", good, RejectReason::kInvalidText, Encoding::kJson},
      {"unknown action", std::string(encoder.FlatBuffers(strange)), RejectReason::kUnknownEnum},
      {"no kind", std::string(encoder.FlatBuffers(no_kind)), RejectReason::kMissingField},
      {"time out of range", std::string(encoder.FlatBuffers(far)), RejectReason::kBadTime},
      {"value out of range", std::string(encoder.FlatBuffers(large)), RejectReason::kBadNumber},
      {"text not UTF-8", std::string(encoder.FlatBuffers(bytes)), RejectReason::kInvalidText},
      {"text too long", std::string(encoder.FlatBuffers(long_id)), RejectReason::kTooLong},
      {"too many grades", std::string(encoder.FlatBuffers(grades)), RejectReason::kTooLong},
  };
  for (const Bad& bad : all) RequireRefused(bad);
  DecodeLimits small;
  small.max_value_bytes = 100;
  RequireRefused({"huge", good, RejectReason::kTooLarge}, small);
}

TEST_CASE("a FlatBuffer with any byte changed or cut off is read or refused, never worse") {
  Encoder encoder;
  const std::string good(encoder.FlatBuffers(SampleDiagnosis()));
  Decoder decoder;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      Event event;
      refused += decoder.Decode(AsBytes(bad), Encoding::kFlatBuffers, event) != RejectReason::kNone ? 1 : 0;
    }
    if (i + 8 > good.size()) continue;  // what is cut off may be the padding at the end
    Event event;
    REQUIRE(decoder.Decode(AsBytes(std::string_view(good).substr(0, i)), Encoding::kFlatBuffers, event) != RejectReason::kNone);
  }
  REQUIRE(refused > good.size() / 4);
}

TEST_CASE("fields of a later version of the schema are read over in JSON") {
  Decoder decoder;
  Event event;
  const std::string value = Json(R"("later":[1,{"a":null,"b":[true,"x"]}],"site":"n")");
  REQUIRE(decoder.Decode(AsBytes(value), Encoding::kUnknown, event) == RejectReason::kNone);
  REQUIRE(event.site == "n");
}

TEST_CASE("decimals of JSON are exact, with and without an exponent") {
  Decoder decoder;
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"0.1", "0.1"},
      {"-96.5", "-96.5"},
      {"1e2", "100"},
      {"1.5E-3", "0.0015"},
      {"99999999999999999999.99999999", "99999999999999999999.99999999"},
      {"\"7.40\"", "7.4"},
      {"12.5e1", "125"},
      {"0e99", "0"},
      {"1e-8", "0.00000001"},
      {"123456789012345678", "123456789012345678"}};
  for (const auto& [text, expected] : pairs) {
    Event event;
    INFO(text);
    const std::string value = Json("\"value\":" + text);
    REQUIRE(decoder.Decode(AsBytes(value), Encoding::kUnknown, event) == RejectReason::kNone);
    REQUIRE(event.quantity.value.ToText() == expected);
    REQUIRE(event.quantity.unit == "1");
  }
}

TEST_CASE("every name of an enumeration leads back to its value, and an unknown one to none") {
  for (std::uint8_t i = 0; i < 20; ++i) {
    const std::string_view action = NameOf(static_cast<Action>(i));
    if (!action.empty()) REQUIRE(FromName<Action>(action) == static_cast<Action>(i));
    const std::string_view kind = NameOf(static_cast<EventKind>(i));
    if (!kind.empty()) REQUIRE(FromName<EventKind>(kind) == static_cast<EventKind>(i));
    const std::string_view reason = ReasonName(static_cast<RejectReason>(i));
    REQUIRE(reason.find(' ') == std::string_view::npos);
  }
  REQUIRE_FALSE(FromName<EventKind>("").has_value());
  REQUIRE_FALSE(FromName<EventStatus>("done").has_value());
  REQUIRE(NameOf(Action::kFollowUpPlanned) == "follow-up-planned");
}

}  // namespace
}  // namespace plumbline::model
