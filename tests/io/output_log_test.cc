#include <catch2/catch.hpp>

#include "engine/base/hash.h"
#include "engine/io/local_log_source.h"
#include "engine/io/output_log.h"
#include "tests/io/faulty_file_system.h"
#include "tests/io/scripted_clock.h"

using namespace plumbline;
using namespace plumbline::io;

namespace {

EffectView Effect(OutputLog log, std::string_view key, std::string_view value) { return {log, AsBytes(key), AsBytes(value)}; }

std::unique_ptr<LocalOutput> OpenOutput(FileSystem& files, Clock& clock) {
  auto output = LocalOutput::Open(files, "/out", clock, {.partitions = 2, .topic_prefix = "", .writer = {}});
  INFO((output ? "" : output.error().Text()));
  REQUIRE(output);
  return std::move(*output);
}

}  // namespace

TEST_CASE("an output log tells the last effect it holds, per log and partition, also when opened again") {
  FaultyFileSystem files;
  ScriptedClock clock(1);
  auto output = OpenOutput(files, clock);
  CHECK_FALSE(output->Tail(OutputLog::kAlerts, 0)->has_value());
  REQUIRE(output->Append(0, {7, 0}, 100, Effect(OutputLog::kAlerts, "a", "{}")));
  REQUIRE(output->Append(0, {7, 1}, 100, Effect(OutputLog::kMeasures, "b", "{}")));
  REQUIRE(output->Append(0, {7, 2}, 100, Effect(OutputLog::kAlerts, "c", "{}")));
  REQUIRE(output->Append(1, {3, 0}, 100, Effect(OutputLog::kAlerts, "d", "{}")));
  REQUIRE(output->Sync(0));
  REQUIRE(output->Sync(1));
  for (int round = 0; round < 2; ++round) {
    CHECK(**output->Tail(OutputLog::kAlerts, 0) == EffectId{7, 2});
    CHECK(**output->Tail(OutputLog::kMeasures, 0) == EffectId{7, 1});
    CHECK(**output->Tail(OutputLog::kAlerts, 1) == EffectId{3, 0});
    CHECK_FALSE(output->Tail(OutputLog::kAudit, 0)->has_value());
    output.reset();
    output = OpenOutput(files, clock);
  }
}

TEST_CASE("a reader of an output log finds key, value, time and the effect's name") {
  FaultyFileSystem files;
  ScriptedClock clock(1);
  auto output = OpenOutput(files, clock);
  REQUIRE(output->Append(1, {9, 4}, 777, Effect(OutputLog::kDeadLetters, "key", "{\"x\":1}")));
  REQUIRE(output->Flush(1));
  LocalLogSource source(files, "/out", {"dead_letters"});
  const auto records = source.Poll({0, 1}, 10);
  REQUIRE(records);
  REQUIRE(records->size() == 1);
  const auto& record = records->front();
  CHECK(record.timestamp_ms == 777);
  CHECK(AsText(record.key) == "key");
  CHECK(AsText(record.value) == "{\"x\":1}");
  CHECK(EffectIdOf(record.headers) == EffectId{9, 4});
}

TEST_CASE("an output log that another program wrote to is an integrity error") {
  FaultyFileSystem files;
  ScriptedClock clock(1);
  {
    auto topic = LocalTopic::Open(files, "/out", "alerts", clock, {.partitions = 2, .times = TopicTimes::kCreate, .writer = {}});
    REQUIRE(topic);
    REQUIRE((*topic)->AppendTo(0, 1, "k", "v"));
    REQUIRE((*topic)->Sync());
  }
  const auto output = LocalOutput::Open(files, "/out", clock, {.partitions = 2, .topic_prefix = "", .writer = {}});
  REQUIRE_FALSE(output);
  CHECK(output.error().code == ErrorCode::kIntegrity);
}
