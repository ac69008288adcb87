// Records that cannot be used, through the real program: each goes to the dead-letter log with its reason, a text for people and
// its bytes as they came, and the stream goes on: the event behind it in the same partition is judged. One kind of bad record a
// row; BAD_INPUT.md lists them.
#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <map>

#include "connectors/kafka/dead_letter.h"
#include "engine/io/murmur2.h"
#include "tests/program/installation.h"

namespace plumbline::program {
namespace {

struct BadRecord {
  std::string name, reason;
  std::vector<std::string> shown;  // in the text for people
  std::string value;
  std::string content_type = std::string(model::kJsonContentType);
  std::string key = "p1";
  std::size_t topic = 0;
  bool elsewhere = false;  // in another partition than its key's
};

std::string Json(const std::function<void(model::Event&)>& change) {
  model::Event event = Saturation("e", "p1", "97", kNoon);
  change(event);
  model::Encoder encoder;
  return std::string(encoder.Json(event));
}

std::string Buffer(const std::function<void(model::Event&)>& change) {
  model::Event event = Saturation("e", "p1", "97", kNoon);
  change(event);
  model::Encoder encoder;
  return std::string(encoder.FlatBuffers(event));
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

constexpr auto kAsIs = [](model::Event&) {};
constexpr std::int64_t kMinute = 60'000, kDay = 86'400'000;

std::vector<BadRecord> BytesThatAreNoEvent() {
  const std::string buffer = Buffer(kAsIs), json = Json(kAsIs);
  std::string later = buffer;
  later[7] = '2';
  const std::string flat(model::kFlatBuffersContentType);
  return {
      {"malformed FlatBuffers", "malformed_flatbuffer", {"FlatBuffer"}, buffer.substr(0, buffer.size() / 2), flat},
      {"FlatBuffers of another version", "unknown_version", {"PLE2"}, later, flat},
      {"malformed JSON", "malformed_json", {}, json.substr(0, json.size() / 2)},
      {"text that is no UTF-8", "invalid_text", {"UTF-8"}, Replaced(json, "p1", "\xff\xfe")},
      {"unknown encoding", "unknown_encoding", {}, "an HL7 message, say", ""},
      {"empty value", "empty_value", {}, ""},
      {"huge message", "too_large", {"1048576"}, std::string((1U << 20) + 1, ' ')},
      {"missing field", "missing_field", {"kind"}, R"({"time_ms":1})"},
      {"field of a wrong type", "wrong_type", {"patient"}, Replaced(json, R"("patient":"p1")", R"("patient":7)")},
      {"field given twice", "duplicate_field", {"site"}, Replaced(json, R"("site":"north")", R"("site":"north","site":"south")")},
      {"unknown name of an enumeration", "unknown_enum", {"weather"}, Replaced(json, R"("device")", R"("weather")")},
      {"NaN", "not_finite", {"value", "not a finite number"}, Replaced(json, R"("value":97)", R"("value":"NaN")")},
      {"number that is not kept exactly", "bad_number", {"value"}, Replaced(json, R"("value":97)", R"("value":97.123456789)")},
      {"time that is none", "bad_time", {"2026-02-30"}, R"({"kind":"device","time":"2026-02-30T00:00:00Z","id":"e"})"},
      {"text beyond its limit", "too_long", {"512"}, Json([](model::Event& e) {
         static const std::string kLong(600, 'x');
         e.encounter = kLong;
       })},
  };
}

std::vector<BadRecord> EventsThatAreNotAcceptable() {
  const auto json = [](const auto& change) { return Json(change); };
  const std::string type(model::kJsonContentType);
  using E = model::Event&;
  return {
      {"empty key", "empty_key", {"key"}, json(kAsIs), type, ""},
      {"key of another patient", "key_mismatch", {"patient"}, json(kAsIs), type, "p2"},
      {"event without an id", "empty_id", {"id"}, json([](E e) { e.id = ""; })},
      {"undeclared feed", "unknown_feed", {"north", "telemetry"}, json([](E e) { e.source = "telemetry"; })},
      {"kind that a feed does not bring",
       "kind_not_brought",
       {"monitors"},
       json([](E e) { e.kind = model::EventKind::kDiagnosis; }),
       type,
       "p1",
       2},
      {"future time", "future", {"ms after arrival", "300000"}, json([](E e) { e.time += 8 * kMinute; })},
      {"value too old", "too_old", {}, json([](E e) { e.time -= 8 * kDay; })},
      {"unknown code", "unknown_code", {"0000-0"}, json([](E e) { e.code.code = "0000-0"; })},
      {"unit that is no unit", "unknown_unit", {"percentage"}, json([](E e) { e.quantity.unit = "percentage"; })},
      {"wrong unit", "wrong_unit", {"mm[Hg]", "%"}, json([](E e) { e.quantity.unit = "mm[Hg]"; })},
      {"implausible value", "implausible", {"970"}, json([](E e) { e.quantity.value = *Decimal::Parse("970"); })},
      {"device event without a value", "missing_value", {}, json([](E e) { e.has_quantity = false; })},
      {"record in the wrong partition", "wrong_partition", {"murmur2"}, json(kAsIs), type, "p1", 0, true},
      {"event in the wrong topic", "wrong_topic", {"topic"}, json(kAsIs), type, "p1", 1},
      {"same version with other content", "conflicting_duplicate", {"version 1"}, json([](E e) {
         e.quantity.value = *Decimal::Parse("55");
       })},
  };
}

}  // namespace

TEST_CASE("every kind of record that cannot be used becomes a dead letter that says why, and the stream goes on") {
  auto rows = BytesThatAreNoEvent();
  for (auto& row : EventsThatAreNotAcceptable()) rows.push_back(std::move(row));
  const Installation site;
  const std::uint32_t home = io::PartitionOfKey(AsBytes("p1"), Installation::kPartitions);
  site.Append(Saturation("e", "p1", "97", kNoon));  // what the conflicting one conflicts with
  std::map<std::pair<std::size_t, std::pair<std::uint32_t, std::int64_t>>, const BadRecord*> by_position;
  std::map<std::pair<std::size_t, std::uint32_t>, std::int64_t> next = {{{0, home}, 1}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const BadRecord& row = rows[i];
    const std::uint32_t partition = row.elsewhere ? 1 - home : home;
    by_position[{row.topic, {partition, next[{row.topic, partition}]++}}] = &row;
    site.Append(row.topic, partition, kNoon, row.key, row.value, row.content_type);
    // Behind each bad record a good one, which fires.
    site.Append(Saturation("good-" + std::to_string(i), "p1", "80", kNoon + static_cast<std::int64_t>(i) + 1));
    ++next[{0, home}];
  }
  const auto ran = site.Import();
  INFO(ran.text);
  REQUIRE(ran.exit_code == 0);
  CHECK_THAT(ran.text, Catch::Contains("\"accepted\":" + std::to_string(rows.size() + 1)));
  CHECK_THAT(ran.text, Catch::Contains("\"dead_letters\":" + std::to_string(rows.size())));
  const auto letters = site.ReadLog("plumbline.out.dead_letters");
  CHECK(letters.size() == rows.size());
  for (const auto& line : letters) {
    const auto letter = Need(kafka::ParseDeadLetter(line.value));
    const auto found = by_position.find(
        {letter.topic, {static_cast<std::uint32_t>(letter.partition), static_cast<std::int64_t>(letter.offset)}});
    INFO(line.value.substr(0, 400));
    REQUIRE(found != by_position.end());
    const BadRecord& row = *found->second;
    INFO(row.name);
    CHECK(letter.reason == row.reason);
    CHECK_FALSE(letter.detail.empty());
    for (const std::string& part : row.shown) CHECK_THAT(letter.detail, Catch::Contains(part));
    CHECK(letter.bytes == row.value);
    CHECK(line.key == row.key);
    by_position.erase(found);
  }
  CHECK(by_position.empty());
  CHECK(site.ReadLog("plumbline.out.alerts").size() == 1);  // one patient's run of low values
}

}  // namespace plumbline::program
