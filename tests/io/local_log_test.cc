#include <catch2/catch.hpp>
#include <random>

#include "engine/base/failpoint.h"
#include "engine/base/hash.h"
#include "engine/io/local_log.h"
#include "engine/io/local_log_source.h"
#include "engine/io/murmur2.h"
#include "tests/io/faulty_file_system.h"
#include "tests/io/scripted_clock.h"

using namespace plumbline;
using namespace plumbline::io;

namespace {

constexpr const char* kRoot = "/log";

std::unique_ptr<LocalTopic> OpenTopic(FileSystem& files, Clock& clock, LocalTopic::Options options = {}) {
  auto topic = LocalTopic::Open(files, kRoot, "device", clock, options);
  INFO((topic ? "" : topic.error().Text()));
  REQUIRE(topic);
  return std::move(*topic);
}

LocalTopic::Options SmallSegments(std::uint64_t bytes) {
  LocalTopic::Options options;
  options.writer.segment_bytes = bytes;
  options.writer.buffer_bytes = 300;
  return options;
}

// "offset:timestamp:key:value" of everything from `offset` on.
std::vector<std::string> ReadAll(FileSystem& files, std::int64_t offset = 0, std::size_t most = 7) {
  LocalLogSource source(files, kRoot, {"device"});
  const auto sought = source.Seek({0, 0}, offset);
  INFO((sought ? "" : sought.error().Text()));
  REQUIRE(sought);
  std::vector<std::string> out;
  while (true) {
    const auto records = source.Poll({0, 0}, most);
    INFO((records ? "" : records.error().Text()));
    REQUIRE(records);
    if (records->empty()) break;
    for (const auto& record : *records) {
      out.push_back(std::to_string(record.offset) + ":" + std::to_string(record.timestamp_ms) + ":" +
                    std::string(AsText(record.key)) + ":" + std::string(AsText(record.value)));
    }
  }
  CHECK(source.SeemsAtEnd({0, 0}));
  const auto end = source.EndOffset({0, 0});
  REQUIRE(end);
  CHECK(*end == source.Position({0, 0}));
  return out;
}

void Fill(LocalTopic& topic, int from, int to) {
  for (int i = from; i < to; ++i)
    REQUIRE(topic.AppendTo(0, 0, "k" + std::to_string(i), std::string(static_cast<std::size_t>(i % 50), 'v')));
}

}  // namespace

TEST_CASE("records come back in order with the stamps of the log, from any offset, over many segments") {
  FaultyFileSystem files;
  ScriptedClock clock(1000);
  auto topic = OpenTopic(files, clock, SmallSegments(2000));
  for (int i = 0; i < 200; ++i) {
    clock.SetWallMs(1000 + i);
    Fill(*topic, i, i + 1);
  }
  REQUIRE(topic->Sync());
  REQUIRE(ListSegments(files, "/log/device/0")->size() > 3);
  const auto all = ReadAll(files);
  REQUIRE(all.size() == 200);
  CHECK(all[0] == "0:1000:k0:");
  CHECK(all[57] == "57:1057:k57:vvvvvvv");
  for (const std::int64_t from : {1, 57, 123, 199, 200})
    CHECK(ReadAll(files, from).size() == static_cast<std::size_t>(200 - from));
}

TEST_CASE("a wall clock that goes back does not make stamps fall") {
  FaultyFileSystem files;
  ScriptedClock clock(5000);
  auto topic = OpenTopic(files, clock);
  Fill(*topic, 0, 1);
  clock.SetWallMs(3000);
  Fill(*topic, 1, 2);
  REQUIRE(topic->Sync());
  topic.reset();
  topic = OpenTopic(files, clock);
  Fill(*topic, 2, 3);
  REQUIRE(topic->Sync());
  CHECK(ReadAll(files)[1].starts_with("1:5000:"));
  CHECK(ReadAll(files)[2].starts_with("2:5000:"));
}

TEST_CASE("an importer's topic keeps the times it is given, and keys choose Java's partition") {
  FaultyFileSystem files;
  ScriptedClock clock(5000);
  auto topic = OpenTopic(files, clock, {.partitions = 4, .times = TopicTimes::kCreate, .writer = {}});
  REQUIRE(topic->AppendTo(0, 17, "a", "b"));
  REQUIRE(topic->Append("foobar", "x"));
  REQUIRE(topic->Sync());
  LocalLogSource source(files, kRoot, {"device"});
  CHECK((*source.Poll({0, 0}, 10))[0].timestamp_ms == 17);
  const auto records = source.Poll({0, PartitionOfKey(AsBytes("foobar"), 4)}, 10);
  REQUIRE(records);
  CHECK(AsText(records->back().key) == "foobar");
  CHECK(*source.Partitions(0) == 4);
  CHECK(source.Poll({0, 4}, 10).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("headers and empty keys and values survive") {
  FaultyFileSystem files;
  ScriptedClock clock(1);
  auto topic = OpenTopic(files, clock);
  for (int i = 0; i < 100; ++i) {
    const std::string value = std::to_string(i);
    const HeaderView headers[] = {{"n", AsBytes(value)}, {"empty", {}}};
    REQUIRE(topic->AppendTo(0, 0, "", "", std::span(headers).first(static_cast<std::size_t>(i % 3))));
  }
  REQUIRE(topic->Sync());
  LocalLogSource source(files, kRoot, {"device"});
  const auto records = source.Poll({0, 0}, 1000);
  REQUIRE(records);
  REQUIRE(records->size() == 100);
  for (std::size_t i = 0; i < 100; ++i) {
    const auto& record = (*records)[i];
    REQUIRE(record.headers.size() == i % 3);
    if (i % 3 > 0) CHECK(AsText(record.headers[0].value) == std::to_string(i));
  }
}

TEST_CASE("a reader follows a growing log into new segments, and sees nothing that is only buffered") {
  FaultyFileSystem files;
  ScriptedClock clock(1);
  auto topic = OpenTopic(files, clock, SmallSegments(900));
  LocalLogSource source(files, kRoot, {"device"});
  std::int64_t next = 0;
  for (int i = 0; i < 300; ++i) {
    Fill(*topic, i, i + 1);
    if (i % 7 == 0) REQUIRE(topic->Flush());
    const auto records = source.Poll({0, 0}, 3);
    REQUIRE(records);
    for (const auto& record : *records) CHECK(record.offset == next++);
    CHECK(*source.EndOffset({0, 0}) >= next);
  }
  REQUIRE(topic->Flush());
  while (true) {
    const auto records = source.Poll({0, 0}, 3);
    REQUIRE(records);
    if (records->empty()) break;
    for (const auto& record : *records) CHECK(record.offset == next++);
  }
  CHECK(next == 300);
  CHECK(*source.EndOffset({0, 0}) == 300);
}

TEST_CASE("what a reader was handed is still there after a kill, though the writer never synced") {
  FaultyFileSystem files(3);
  ScriptedClock clock(1);
  auto topic = OpenTopic(files, clock);
  Fill(*topic, 0, 10);
  REQUIRE(topic->Flush());
  CHECK(ReadAll(files).size() == 10);
  Fill(*topic, 10, 20);
  REQUIRE(topic->Flush());
  files.Kill();
  topic.reset();
  files.Restart();
  topic = OpenTopic(files, clock);
  CHECK(ReadAll(files).size() >= 10);
}

TEST_CASE("synced records survive a kill at any change; unsynced ones vanish from the end; the log goes on without a gap") {
  std::mt19937_64 random(11);
  INFO("seed 11");
  for (std::uint64_t kill_at = 1; kill_at <= 150; ++kill_at) {
    FaultyFileSystem files(kill_at);
    ScriptedClock clock(1);
    std::size_t acknowledged = 0, appended = 0;
    files.KillAtChange(kill_at);
    auto topic = LocalTopic::Open(files, kRoot, "device", clock, SmallSegments(700));
    for (int i = 0; topic && i < 3000; ++i) {
      if (!(*topic)->AppendTo(0, 0, "k" + std::to_string(i), "value")) break;
      ++appended;
      if (random() % 5 == 0) {
        if (!(*topic)->Sync()) break;
        acknowledged = appended;
      }
    }
    REQUIRE(files.dead());
    topic = Fail(ErrorCode::kIo, "dropped");
    files.Restart();
    auto again = OpenTopic(files, clock, SmallSegments(700));
    const auto kept = static_cast<std::size_t>(again->writer(0).end_offset());
    INFO("kill at " << kill_at << ", acknowledged " << acknowledged << ", appended " << appended << ", kept " << kept);
    CHECK(kept >= acknowledged);
    CHECK(kept <= appended + 1);
    REQUIRE(again->AppendTo(0, 0, "after", "x"));
    REQUIRE(again->Sync());
    const auto all = ReadAll(files);
    REQUIRE(all.size() == kept + 1);
    for (std::size_t i = 0; i < kept; ++i) CHECK(all[i].ends_with(":k" + std::to_string(i) + ":value"));
    CHECK(all.back().ends_with(":after:x"));
  }
}

TEST_CASE("killed at the failpoints of writing, syncing and rolling, the log keeps what was acknowledged") {
  for (const auto point : {Failpoint::kLogAppend, Failpoint::kLogSync, Failpoint::kLogRoll}) {
    for (const std::uint64_t count : {1, 2, 5}) {
      INFO(FailpointName(point) << " at passing " << count);
      FaultyFileSystem files(count);
      ScriptedClock clock(1);
      auto topic = OpenTopic(files, clock, SmallSegments(700));
      SetFailpointKillHandler([&] { files.Kill(); });
      ArmFailpoint(point, count, FailpointAction::kKill);
      int acknowledged = 0;
      for (int i = 0; i < 100; ++i) {
        if (!topic->AppendTo(0, 0, "k", "value") || !topic->Sync()) break;
        acknowledged = i + 1;
      }
      DisarmFailpoints();
      SetFailpointKillHandler({});
      REQUIRE(files.dead());
      topic.reset();
      files.Restart();
      topic = OpenTopic(files, clock, SmallSegments(700));
      CHECK(topic->writer(0).end_offset() >= acknowledged);
      CHECK(topic->writer(0).end_offset() <= acknowledged + 1);
    }
  }
}

TEST_CASE("a torn frame at the end is cut off, wherever it tears") {
  for (std::size_t cut = 1; cut < 60; ++cut) {
    FaultyFileSystem files;
    ScriptedClock clock(1);
    auto topic = OpenTopic(files, clock);
    Fill(*topic, 0, 30);
    REQUIRE(topic->Sync());
    topic.reset();
    const std::string path = "/log/device/0/" + SegmentName(0);
    files.Cut(path, files.SizeOf(path) - cut);
    topic = OpenTopic(files, clock);
    CHECK(topic->writer(0).end_offset() == 29);
    CHECK(ReadAll(files).size() == 29);
  }
}

TEST_CASE("damage before whole records is an integrity error for writer and reader, not a loss") {
  FaultyFileSystem files;
  ScriptedClock clock(1);
  auto topic = OpenTopic(files, clock);
  Fill(*topic, 0, 30);
  REQUIRE(topic->Sync());
  topic.reset();
  files.Damage("/log/device/0/" + SegmentName(0), 200);
  const auto opened = LocalTopic::Open(files, kRoot, "device", clock, {});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::kIntegrity);
  CHECK(opened.error().message.find("00000000000000000000.seg") != std::string::npos);
  LocalLogSource source(files, kRoot, {"device"});
  bool failed = false;
  for (int i = 0; i < 100 && !failed; ++i) {
    const auto records = source.Poll({0, 0}, 1);
    failed = !records;
    if (failed) CHECK(records.error().code == ErrorCode::kIntegrity);
  }
  CHECK(failed);
}

TEST_CASE("a full disk stops the writer, and after space is made the log is whole") {
  FaultyFileSystem files;
  ScriptedClock clock(1);
  auto topic = OpenTopic(files, clock);
  Fill(*topic, 0, 10);
  REQUIRE(topic->Sync());
  files.FailAppend(1);
  Fill(*topic, 10, 20);
  const auto synced = topic->Sync();
  REQUIRE_FALSE(synced);
  CHECK(synced.error().message.find("No space left") != std::string::npos);
  CHECK_FALSE(topic->Sync());
  topic.reset();
  topic = OpenTopic(files, clock);
  const auto kept = topic->writer(0).end_offset();
  CHECK(kept >= 10);
  Fill(*topic, static_cast<int>(kept), 40);
  REQUIRE(topic->Sync());
  const auto all = ReadAll(files);
  REQUIRE(all.size() == 40);
  CHECK(all[39].find(":k39:") != std::string::npos);
}

TEST_CASE("after a failed sync the writer refuses, because what is durable is unknown") {
  FaultyFileSystem files;
  ScriptedClock clock(1);
  auto topic = OpenTopic(files, clock);
  Fill(*topic, 0, 10);
  files.FailSync(1);
  CHECK_FALSE(topic->Sync());
  Fill(*topic, 10, 11);
  CHECK_FALSE(topic->Sync());
}

TEST_CASE("trimmed offsets and offsets past the end are refused, never replaced") {
  FaultyFileSystem files;
  ScriptedClock clock(1);
  auto topic = OpenTopic(files, clock, SmallSegments(900));
  Fill(*topic, 0, 100);
  REQUIRE(topic->Sync());
  REQUIRE(topic->writer(0).TrimBefore(50));
  LocalLogSource source(files, kRoot, {"device"});
  const auto low = source.LowWatermark({0, 0});
  REQUIRE(low);
  CHECK(*low > 10);
  CHECK(*low <= 50);
  const auto below = source.Seek({0, 0}, 3);
  REQUIRE_FALSE(below);
  CHECK(below.error().code == ErrorCode::kTrimmed);
  CHECK(source.Seek({0, 0}, 101).error().code == ErrorCode::kTrimmed);
  CHECK(source.Seek({0, 0}, 100));
  CHECK(ReadAll(files, 60).size() == 40);
}

TEST_CASE("a topic keeps its identity when opened again and changes it when made anew") {
  FaultyFileSystem one, two;
  ScriptedClock clock(1);
  const auto first = OpenTopic(one, clock)->meta().identity;
  CHECK(OpenTopic(one, clock)->meta().identity == first);
  clock.Advance(5);
  CHECK(OpenTopic(two, clock)->meta().identity != first);
}

// A test waited for a topic's folder and then read a topic that was half made; an engine that follows another's topic would too.
TEST_CASE("a topic that can be found can be read in every partition, wherever its making stops") {
  LocalTopic::Options options;
  options.partitions = 5;
  int stopped = 0, found = 0;
  for (bool made = false; !made; ++stopped) {
    FaultyFileSystem files;
    ScriptedClock clock(1);
    files.KillAtChange(static_cast<std::uint64_t>(stopped) + 1);
    made = LocalTopic::Open(files, kRoot, "device", clock, options).has_value();
    files.Restart();
    const auto meta = ReadTopicMeta(files, kRoot, "device");
    CAPTURE(stopped);
    if (!meta) {
      CHECK(meta.error().code == ErrorCode::kNotFound);
      continue;
    }
    ++found;
    LocalLogSource source(files, kRoot, {"device"});
    for (std::uint32_t p = 0; p < meta->partitions; ++p) CHECK(source.Poll({0, p}, 1));
  }
  CHECK(stopped > 5);
  CHECK(found > 0);
}

TEST_CASE("wrong partition counts, second writers, oversized records and absent topics are told, not suffered") {
  FaultyFileSystem files;
  ScriptedClock clock(1);
  auto topic = OpenTopic(files, clock);
  CHECK(LocalTopic::Open(files, kRoot, "device", clock, {}).error().code == ErrorCode::kUnavailable);
  CHECK(topic->AppendTo(0, 0, "k", std::string(kMaxFrameBody, 'x')).error().code == ErrorCode::kLimit);
  CHECK(topic->AppendTo(9, 0, "k", "v").error().code == ErrorCode::kInvalidArgument);
  CHECK(topic->AppendTo(0, 0, "k", "v"));
  topic.reset();
  CHECK(LocalTopic::Open(files, kRoot, "device", clock, {.partitions = 3, .times = {}, .writer = {}}).error().code ==
        ErrorCode::kConfig);
  LocalLogSource source(files, kRoot, {"nothing"});
  CHECK(source.Poll({0, 0}, 1).error().code == ErrorCode::kNotFound);
}

TEST_CASE("a record larger than the reading window is read whole") {
  FaultyFileSystem files;
  ScriptedClock clock(1);
  auto topic = OpenTopic(files, clock);
  REQUIRE(topic->AppendTo(0, 0, "k", std::string(5u << 20, 'x')));
  REQUIRE(topic->AppendTo(0, 0, "k", "small"));
  REQUIRE(topic->Sync());
  const auto all = ReadAll(files);
  REQUIRE(all.size() == 2);
  CHECK(all[0].size() > (5u << 20));
  topic.reset();
  CHECK(OpenTopic(files, clock)->writer(0).end_offset() == 2);
}
