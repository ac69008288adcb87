#include "engine/io/json_lines.h"

#include <catch2/catch.hpp>

#include "engine/base/hash.h"
#include "engine/io/local_log_source.h"
#include "tests/io/faulty_file_system.h"
#include "tests/io/scripted_clock.h"

using namespace plumbline;
using namespace plumbline::io;

namespace {

const std::vector<OutputLog> kLogs = {OutputLog::kAlerts, OutputLog::kDeadLetters};

struct Mirrored {
  Mirrored() { output = *LocalOutput::Open(files, "/out", clock, {.partitions = 2, .topic_prefix = "", .writer = {}}); }
  void Append(OutputLog log, std::uint32_t partition, std::uint64_t entry, std::string_view key, std::string_view value) {
    REQUIRE(output->Append(partition, {entry, 0}, 77, {log, AsBytes(key), AsBytes(value)}));
    REQUIRE(output->Flush(partition));
  }
  std::uint64_t Pump() {
    LocalLogSource source(files, "/out", {"alerts", "dead_letters"});
    auto mirror = JsonLinesMirror::ToFile(files, "/mirror", "out.jsonl", source, kLogs, 2);
    INFO((mirror ? "" : mirror.error().Text()));
    REQUIRE(mirror);
    const auto lines = (*mirror)->Pump();
    REQUIRE(lines);
    return *lines;
  }
  std::string Text() { return *ReadWholeFile(files, "/mirror/out.jsonl", 1 << 20); }

  FaultyFileSystem files;
  ScriptedClock clock{1};
  std::unique_ptr<LocalOutput> output;
};

}  // namespace

TEST_CASE("effects are mirrored as JSON lines, each once, also when the mirror is opened again") {
  Mirrored m;
  m.Append(OutputLog::kAlerts, 1, 5, "k\"1", "{\"a\":1}");
  CHECK(m.Pump() == 1);
  CHECK(m.Text() ==
        "{\"log\":\"alerts\",\"partition\":1,\"offset\":0,\"entry\":5,\"index\":0,\"time_ms\":77,\"key\":\"k\\\"1\",\"value\":{"
        "\"a\":1}}\n");
  CHECK(m.Pump() == 0);
  m.Append(OutputLog::kAlerts, 1, 6, "k", "2");
  m.Append(OutputLog::kDeadLetters, 0, 9, "k", "[]");
  CHECK(m.Pump() == 2);
  CHECK(m.Pump() == 0);
}

TEST_CASE("keys that are no text and values that are no JSON are given in base64") {
  Mirrored m;
  m.Append(OutputLog::kDeadLetters, 0, 1, "\xff\xfe", "not json");
  m.Append(OutputLog::kDeadLetters, 0, 2, "", "{\"broken\":");
  m.Append(OutputLog::kDeadLetters, 0, 3, "", "{\"lines\":\n1}");
  CHECK(m.Pump() == 3);
  CHECK(m.Text().find("\"key_base64\":\"//4=\",\"value_base64\":\"bm90IGpzb24=\"") != std::string::npos);
  CHECK(m.Text().find("\"value\":") == std::string::npos);
}

TEST_CASE("a line torn by a crash is cut off and written again") {
  Mirrored m;
  m.Append(OutputLog::kAlerts, 0, 1, "k", "{\"a\":1}");
  m.Append(OutputLog::kAlerts, 0, 2, "k", "{\"a\":2}");
  m.Pump();
  const std::string whole = m.Text();
  for (std::size_t cut = 1; cut < whole.size(); cut += 13) {
    m.files.Cut("/mirror/out.jsonl", whole.size() - cut);
    m.Pump();
    CHECK(m.Text() == whole);
  }
}

TEST_CASE("a file that the mirror did not write is left alone") {
  Mirrored m;
  REQUIRE(m.files.CreateDirectories("/mirror"));
  REQUIRE(ReplaceFile(m.files, "/mirror", "out.jsonl", AsBytes("some notes\n")));
  LocalLogSource source(m.files, "/out", {"alerts", "dead_letters"});
  const auto mirror = JsonLinesMirror::ToFile(m.files, "/mirror", "out.jsonl", source, kLogs, 2);
  REQUIRE_FALSE(mirror);
  CHECK(mirror.error().code == ErrorCode::kIntegrity);
  CHECK(m.Text() == "some notes\n");
}
