#include <catch2/catch.hpp>
#include <random>

#include "engine/base/bytes.h"
#include "engine/base/failpoint.h"
#include "engine/io/crc32c.h"
#include "engine/io/murmur2.h"
#include "engine/io/run_digest.h"
#include "engine/io/segment.h"

using namespace plumbline;
using namespace plumbline::io;

TEST_CASE("murmur2 gives Java's values") {
  // The vectors of org.apache.kafka.common.utils.UtilsTest.
  const std::pair<const char*, std::int32_t> vectors[] = {{"21", -973932308},
                                                          {"foobar", -790332482},
                                                          {"a-little-bit-long-string", -985981536},
                                                          {"a-little-bit-longer-string", -1486304829},
                                                          {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
                                                          {"abc", 479470107}};
  for (const auto& [key, hash] : vectors) CHECK(static_cast<std::int32_t>(Murmur2(AsBytes(key))) == hash);
}

TEST_CASE("a key's partition is Java's: the positive hash modulo the count") {
  CHECK(PartitionOfKey(AsBytes("foobar"), 1000) == (static_cast<std::uint32_t>(-790332482) & 0x7fffffffu) % 1000);
  CHECK(PartitionOfKey({}, 1) == 0);
}

TEST_CASE("crc32c gives the published check value, with and without the instruction") {
  CHECK(Crc32c(AsBytes("123456789")) == 0xE3069283u);
  CHECK(Crc32cPortable(AsBytes("123456789")) == 0xE3069283u);
  std::mt19937_64 random(7);
  INFO("seed 7");
  for (std::size_t size = 0; size < 300; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(random()));
    CHECK(Crc32c(AsBytes(bytes)) == Crc32cPortable(AsBytes(bytes)));
  }
}

TEST_CASE("a frame comes back as it was written") {
  const std::string ce_value = "urn:x";
  const HeaderView headers[] = {{"content-type", AsBytes("application/json")}, {"ce_source", AsBytes(ce_value)}};
  std::string bytes;
  AppendFrame(bytes, 41, 1234, AsBytes("key"), AsBytes("value"), headers);
  CHECK(bytes.size() == FrameSize(3, 5, headers));
  std::size_t size = 0, count = 0;
  REQUIRE(MeasureFrame(AsBytes(bytes), &size) == FrameState::kWhole);
  Record record;
  std::vector<HeaderView> parsed;
  REQUIRE(ParseFrame(AsBytes(bytes), record, parsed, &count));
  CHECK(record.offset == 41);
  CHECK(record.timestamp_ms == 1234);
  CHECK(AsText(record.key) == "key");
  CHECK(AsText(record.value) == "value");
  REQUIRE(count == 2);
  CHECK(parsed[0].name == "content-type");
  CHECK(AsText(parsed[1].value) == "urn:x");
}

TEST_CASE("a frame with any one bit changed is never taken for whole and sound") {
  std::string bytes;
  const HeaderView headers[] = {{"h", AsBytes("v")}};
  AppendFrame(bytes, 3, 99, AsBytes("k"), AsBytes("some value"), headers);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    std::size_t size = 0, count = 0;
    Record record;
    std::vector<HeaderView> parsed;
    const bool sound = MeasureFrame(AsBytes(changed), &size) == FrameState::kWhole &&
                       ParseFrame(AsBytes(changed).first(size), record, parsed, &count);
    CHECK_FALSE(sound);
  }
}

TEST_CASE("a run's digest depends on timestamp, key, value and headers, and on where one ends and the next begins") {
  const auto digest = [](std::int64_t time, std::string_view key, std::string_view value, std::string_view header) {
    RunDigest run;
    const HeaderView headers[] = {{"h", AsBytes(header)}};
    Record record;
    record.timestamp_ms = time;
    record.key = AsBytes(key);
    record.value = AsBytes(value);
    record.headers = headers;
    run.Add(record);
    return run.Finish();
  };
  const Digest base = digest(5, "ab", "cd", "e");
  CHECK(base == digest(5, "ab", "cd", "e"));
  CHECK(base != digest(6, "ab", "cd", "e"));
  CHECK(base != digest(5, "a", "bcd", "e"));
  CHECK(base != digest(5, "ab", "ce", "e"));
  CHECK(base != digest(5, "ab", "cd", "f"));
}

TEST_CASE("a run's digest does not depend on offsets, and long records hash as their bytes") {
  std::string large(100000, 'x');
  RunDigest run;
  Record record;
  record.value = AsBytes(large);
  for (int i = 0; i < 3; ++i) {
    record.offset = 1000 + i;
    run.Add(record);
  }
  std::string framed;
  ByteWriter write(framed);
  for (int i = 0; i < 3; ++i) {
    write.I64(0);
    write.U32(0);
    write.U32(static_cast<std::uint32_t>(large.size()));
    write.U32(0);
    write.Bytes(large);
  }
  CHECK(run.Finish() == Sha256Of(framed));
}

TEST_CASE("a failpoint acts at its count, once, and misspelt ones are refused") {
  REQUIRE(ArmFailpoints("journal.before_sync:2:error,output.after:1:error"));
  CHECK(AtFailpoint(Failpoint::kJournalBeforeSync));
  const auto second = AtFailpoint(Failpoint::kJournalBeforeSync);
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find("journal.before_sync") != std::string::npos);
  CHECK(AtFailpoint(Failpoint::kJournalBeforeSync));
  CHECK(FailpointHits(Failpoint::kJournalBeforeSync) == 3);
  CHECK_FALSE(AtFailpoint(Failpoint::kOutputAfterAppend));
  DisarmFailpoints();
  for (const char* bad :
       {"journal.befor_sync:1:kill", "output.after", "output.after:0:kill", "output.after:x:kill", "output.after:1:explode"}) {
    const auto armed = ArmFailpoints(bad);
    REQUIRE_FALSE(armed);
    CHECK(armed.error().code == ErrorCode::kUsage);
  }
}
