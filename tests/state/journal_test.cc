#include "engine/state/journal.h"

#include <catch2/catch.hpp>

#include "engine/state/checkpoint.h"

using namespace plumbline;
using namespace plumbline::state;

namespace {

JournalEntry SampleEntry() {
  JournalEntry entry;
  entry.partition = 3;
  entry.number = 42;
  entry.previous = Sha256Of("before");
  entry.build = Sha256Of("build");
  entry.rules = Sha256Of("rules");
  entry.runs = {{0, 10, 19, 10, Sha256Of("a")}, {2, 5, 9, 3, Sha256Of("b")}};
  entry.steps = {{.kind = JournalStep::Kind::kTick, .count = 0, .topic = 1, .time_ms = 777, .payload = {}},
                 {.kind = JournalStep::Kind::kRecords, .count = 13, .topic = 0, .time_ms = 0, .payload = {}},
                 {.kind = JournalStep::Kind::kCommand, .count = 0, .topic = 0, .time_ms = 0, .payload = "sources 0 1"}};
  entry.time_ms = 12345;
  entry.effect_count = 2;
  entry.effects = Sha256Of("effects");
  return entry;
}

}  // namespace

TEST_CASE("a journal entry comes back as it was, and its bytes are the same each time") {
  const auto entry = SampleEntry();
  const std::string bytes = EncodeEntry(entry);
  const auto again = DecodeEntry(bytes);
  REQUIRE(again);
  CHECK(EncodeEntry(*again) == bytes);
  CHECK(again->number == 42);
  CHECK(again->runs[1].last_offset == 9);
  CHECK(again->steps[0].time_ms == 777);
  CHECK(again->steps[2].payload == "sources 0 1");
  CHECK(DescribeEntry(*again) ==
        "partition 3 entry 42: topic 0 offsets 10-19 (10) topic 2 offsets 5-9 (3) tick of topic 1 to 777 command of 11 bytes; "
        "effects 2");
}

TEST_CASE("a journal entry cut anywhere, lengthened, or of another version is refused") {
  const std::string bytes = EncodeEntry(SampleEntry());
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(DecodeEntry(std::string_view(bytes).substr(0, size)));
  CHECK_FALSE(DecodeEntry(bytes + "x"));
  std::string other = bytes;
  other[4] = 9;
  CHECK(DecodeEntry(other).error().code == ErrorCode::kVersion);
}

TEST_CASE("a journal entry whose steps and runs disagree is refused") {
  auto entry = SampleEntry();
  entry.steps[1].count = 12;
  CHECK(DecodeEntry(EncodeEntry(entry)).error().code == ErrorCode::kIntegrity);
}

TEST_CASE("a manifest comes back as it was, and with any one bit changed it is refused") {
  Manifest manifest;
  manifest.partition = 7;
  manifest.checkpoint = 3;
  manifest.cut_entry = 99;
  manifest.rows = 5;
  manifest.sum = {1, 2};
  manifest.topics = {{0, true, 100, 2000}, {1, false, 50, 1000}};
  const std::string bytes = EncodeManifest(manifest);
  const auto again = DecodeManifest(bytes);
  REQUIRE(again);
  CHECK(again->topics == manifest.topics);
  CHECK(again->sum == manifest.sum);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(DecodeManifest(changed));
  }
}

TEST_CASE("the sum of rows depends on what the rows are, not on how they came to be") {
  RowIndex one(1), two(1), other(2);
  one.Set("a", "1", 1);
  one.Set("b", "2", 1);
  one.Set("c", "3", 1);
  two.Set("c", "9", 1);
  two.Set("b", "2", 1);
  two.Set("d", "4", 1);
  two.Set("a", "1", 1);
  two.Set("d", "", 1);
  two.Set("c", "3", 1);
  two.Set("never", "", 1);
  CHECK(one.rows() == 3);
  CHECK(one.rows() == two.rows());
  CHECK(one.sum() == two.sum());
  two.Set("c", "4", 1);
  CHECK(one.sum() != two.sum());
  for (const char* key : {"a", "b", "c"}) one.Set(key, "", 1);
  CHECK(one.sum().IsZero());
  other.Set("a", "1", 1);
  one.Set("a", "1", 1);
  CHECK(one.sum() != other.sum());
}

TEST_CASE("the index names the version of a row that nothing needs any more, and all versions of a row that is gone") {
  RowIndex rows(0);
  CHECK(rows.Set("a", "1", 1) == 0);
  CHECK(rows.VersionOf("a") == 1);
  CHECK(rows.Set("a", "2", 4) == 0);  // 1 is the sealed one's
  CHECK(rows.Set("a", "3", 5) == 1);
  CHECK(rows.Set("a", "3b", 5) == 0);  // once more in the same checkpoint
  CHECK(rows.VersionOf("a") == 5);
  CHECK(rows.TakeGone().empty());
  CHECK(rows.Set("a", "", 7) == 4);
  CHECK(rows.VersionOf("a") == 0);
  std::vector<std::uint64_t> gone;
  for (const auto& version : rows.TakeGone()) {
    CHECK(version.key == "a");
    gone.push_back(version.checkpoint);
  }
  CHECK(gone == std::vector<std::uint64_t>{7, 5});
  CHECK(rows.TakeGone().empty());
  CHECK(rows.rows() == 0);
  CHECK(rows.bytes() == 0);
  CHECK(rows.sum().IsZero());
}
