// From the embedded log to a machine that does nothing: reading and checking frames, merging three topics, digesting runs for the
// journal, making entries. 216-byte values, 16-byte keys, from the page cache.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "engine/base/check.h"
#include "engine/io/local_log.h"
#include "engine/io/local_log_source.h"
#include "engine/run/partition_runner.h"

namespace plumbline::run {
namespace {

constexpr int kRecords = 300'000;  // a topic
const std::vector<std::string> kTopicNames = {"a", "b", "c"};

class NullMachine final : public Machine {
 public:
  void Take(const io::Record& record) override { benchmark::DoNotOptimize(record.offset); }
  void Tick(std::uint16_t, std::int64_t) override {}
  void Command(std::string_view) override {}
  void Finish(io::Effects&) override {}
  void BeginCheckpoint() override {}
  bool NextSlice(std::size_t, const SliceSink&) override { return false; }
  Result<void> Restore(std::string_view, std::string_view) override { return {}; }
  Digest StateDigest() override { return {}; }
};

class NullOutput final : public io::OutputSink {
 public:
  Result<std::optional<io::EffectId>> Tail(io::OutputLog, std::uint32_t) override { return std::optional<io::EffectId>{}; }
  Result<void> Append(std::uint32_t, io::EffectId, std::int64_t, const io::EffectView&) override { return {}; }
  Result<void> Flush(std::uint32_t) override { return {}; }
  Result<void> Sync(std::uint32_t) override { return {}; }
};

// The log, made once for the process in a folder that is removed at its end.
struct Log {
  Log() {
    std::string pattern = (std::filesystem::temp_directory_path() / "plumbline-bench-XXXXXX").string();
    PLUMBLINE_CHECK(::mkdtemp(pattern.data()) != nullptr, "the folder for temporary files must be writable");
    root = pattern;
    const std::string value(216, 'v');
    for (std::size_t t = 0; t < kTopicNames.size(); ++t) {
      auto topic = *io::LocalTopic::Open(io::PosixFileSystem(), root, kTopicNames[t], clock,
                                         {.partitions = 1, .times = io::TopicTimes::kCreate, .writer = {}});
      for (int i = 0; i < kRecords; ++i) {
        const std::string key = std::to_string(1'000'000'000'000'000 + i);
        PLUMBLINE_CHECK(topic->AppendTo(0, i * 3 + static_cast<int>(t), key, value).has_value(), "the disk has room");
      }
      PLUMBLINE_CHECK(topic->Sync().has_value(), "the disk has room");
    }
  }
  ~Log() { std::filesystem::remove_all(root); }
  SystemClock clock;
  std::string root;
};

Log& TheLog() {
  static Log log;
  return log;
}

void ReportPerEvent(benchmark::State& state, std::int64_t events) {
  state.SetItemsProcessed(events);
  state.counters["ns_per_event"] =
      benchmark::Counter(static_cast<double>(events) * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_ReadLog(benchmark::State& state) {
  Log& log = TheLog();
  std::int64_t events = 0;
  for (auto _ : state) {
    io::LocalLogSource source(io::PosixFileSystem(), log.root, kTopicNames);
    for (std::uint16_t topic = 0; topic < 3; ++topic) {
      while (true) {
        const auto records = source.Poll({topic, 0}, 8192);
        if (records->empty()) break;
        events += static_cast<std::int64_t>(records->size());
      }
    }
  }
  ReportPerEvent(state, events);
}
BENCHMARK(BM_ReadLog)->Unit(benchmark::kMillisecond);

void BM_ReadAndMerge(benchmark::State& state) {
  Log& log = TheLog();
  std::int64_t events = 0;
  for (auto _ : state) {
    io::LocalLogSource source(io::PosixFileSystem(), log.root, kTopicNames);
    Merge merge(source, log.clock, 0, {});
    for (std::uint16_t topic = 0; topic < 3; ++topic) (void)merge.SetTopic({topic, true, 0, 0});
    for (std::int64_t before = -1; before != events;) {
      before = events;
      (void)merge.Gather();
      while (merge.Next()->record != nullptr) ++events;
    }
  }
  ReportPerEvent(state, events);
}
BENCHMARK(BM_ReadAndMerge)->Unit(benchmark::kMillisecond);

void BM_ReadMergeDigestEntries(benchmark::State& state) {
  Log& log = TheLog();
  NullOutput output;
  std::int64_t events = 0;
  for (auto _ : state) {
    io::LocalLogSource source(io::PosixFileSystem(), log.root, kTopicNames);
    PartitionRunner runner(0, std::make_unique<NullMachine>(), source, output, log.clock, {}, {});
    for (std::uint16_t topic = 0; topic < 3; ++topic) (void)runner.merge().SetTopic({topic, true, 0, 0});
    while (*runner.RunBatch({}, {}, {})) events += static_cast<std::int64_t>(runner.records_in_batch());
  }
  ReportPerEvent(state, events);
}
BENCHMARK(BM_ReadMergeDigestEntries)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plumbline::run
