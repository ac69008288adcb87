#include "engine/run/worker.h"

#include <catch2/catch.hpp>

#include "engine/run/replay.h"
#include "tests/run/site.h"

using namespace plumbline;
using namespace plumbline::run;

namespace {

void MustRun(Result<void> result) {
  INFO((result ? "" : result.error().Text()));
  REQUIRE(result);
}

// A machine that writes down what it is given.
class Recorder final : public Machine {
 public:
  explicit Recorder(std::vector<std::string>& heard) : heard_(heard) {}
  void Take(const io::Record& record) override {
    heard_.push_back(std::to_string(record.topic) + "@" + std::to_string(record.timestamp_ms));
  }
  void Tick(std::uint16_t topic, std::int64_t time_ms) override {
    heard_.push_back("tick " + std::to_string(topic) + "@" + std::to_string(time_ms));
  }
  void Command(std::string_view payload) override { heard_.push_back("command " + std::string(payload)); }
  void Finish(io::Effects&) override { heard_.push_back("."); }
  void BeginCheckpoint() override {}
  bool NextSlice(std::size_t, const SliceSink&) override { return false; }
  Result<void> Restore(std::string_view, std::string_view) override { return {}; }
  Digest StateDigest() override { return {}; }

 private:
  std::vector<std::string>& heard_;
};

// Partition 0 of two topics, a Recorder, and a worker over them.
struct Bench {
  explicit Bench(WorkerOptions wanted = {}) : options(std::move(wanted)) {
    for (const char* name : {"a", "b"}) {
      topics.push_back(
          *io::LocalTopic::Open(files, "/in", name, clock, {.partitions = 1, .times = io::TopicTimes::kCreate, .writer = {}}));
    }
    options.partitions = {0};
    options.topics = 2;
    if (options.active.empty()) options.active = {0, 1};
    Open();
  }
  void Open() {
    store = *state::Store::Open({.path = folder.path(), .memory_bytes = 8u << 20, .environment = nullptr});
    output = *io::LocalOutput::Open(files, "/out", clock, {});
    source = std::make_unique<io::LocalLogSource>(files, "/in", std::vector<std::string>{"a", "b"});
    metrics = std::make_unique<WorkerMetrics>(options.partitions);
    worker = std::make_unique<Worker>(
        *store, *source, *output, clock, [this](std::uint32_t) { return std::make_unique<Recorder>(heard); }, options, *metrics);
    MustRun(worker->Start());
  }
  void Close() {
    worker.reset();
    source.reset();
    output.reset();
    store.reset();
  }
  void Put(std::size_t topic, std::int64_t time) {
    REQUIRE(topics[topic]->AppendTo(0, time, "k", "v"));
    REQUIRE(topics[topic]->Sync());
  }
  std::string Heard(bool ticks = false) {
    heard.clear();
    while (true) {
      const auto ran = worker->RunRound(ticks);
      REQUIRE(ran);
      if (!*ran) break;
    }
    std::string out;
    for (const auto& word : heard) out += (out.empty() || word == "." ? "" : " ") + word;
    return out;
  }

  ScriptedClock clock{5000};
  io::FaultyFileSystem files;
  TemporaryFolder folder;
  std::vector<std::unique_ptr<io::LocalTopic>> topics;
  std::vector<std::string> heard;
  WorkerOptions options;
  std::unique_ptr<state::Store> store;
  std::unique_ptr<io::LocalOutput> output;
  std::unique_ptr<io::LocalLogSource> source;
  std::unique_ptr<WorkerMetrics> metrics;
  std::unique_ptr<Worker> worker;
};

}  // namespace

TEST_CASE("records of several topics are taken in the order of arrival, then topic, then offset") {
  Bench bench;
  for (const std::int64_t time : {10, 20, 30}) bench.Put(1, time);
  for (const std::int64_t time : {15, 20, 25}) bench.Put(0, time);
  CHECK(bench.Heard() == "1@10 0@15 0@20 1@20 0@25 1@30.");
}

TEST_CASE("a record stamped below its topic's clock counts as arrived at it, and is counted as skewed") {
  Bench bench;
  for (const std::int64_t time : {100, 40}) bench.Put(0, time);
  for (const std::int64_t time : {50, 99, 101}) bench.Put(1, time);
  CHECK(bench.Heard() == "1@50 1@99 0@100 0@40 1@101.");
  CHECK(bench.metrics->partitions[0]->skewed.Get() == 1);
  CHECK(bench.metrics->partitions[0]->clock_ms.Get() == 100);
}

// A log of two topics that has what it is given, and says of its end what it is told to say.
class ScriptedSource final : public io::Source {
 public:
  Result<void> Seek(io::TopicPartition, std::int64_t) override { return {}; }
  std::int64_t Position(io::TopicPartition of) const override { return position[of.topic]; }
  Result<std::span<const io::Record>> Poll(io::TopicPartition from, std::size_t most) override {
    out[from.topic].clear();
    while (!waiting[from.topic].empty() && out[from.topic].size() < most) {
      io::Record record;
      record.topic = from.topic;
      record.offset = position[from.topic]++;
      record.timestamp_ms = waiting[from.topic].front();
      waiting[from.topic].erase(waiting[from.topic].begin());
      out[from.topic].push_back(record);
    }
    return std::span<const io::Record>(out[from.topic]);
  }
  bool SeemsAtEnd(io::TopicPartition of) const override { return at_end[of.topic]; }
  Result<std::int64_t> EndOffset(io::TopicPartition of) override { return position[of.topic]; }
  Result<std::int64_t> LowWatermark(io::TopicPartition) override { return 0; }
  Result<std::uint32_t> Partitions(std::uint16_t) override { return 1; }
  std::string TopicName(std::uint16_t) const override { return "scripted"; }
  Result<std::string> TopicIdentity(std::uint16_t) override { return std::string(); }

  std::array<std::vector<std::int64_t>, 2> waiting;
  std::array<bool, 2> at_end{};
  std::array<std::int64_t, 2> position{};
  std::array<std::vector<io::Record>, 2> out;
};

TEST_CASE("a topic that has run dry and is not at its end holds the others back, until it has records or is at its end") {
  ScriptedSource source;
  ScriptedClock clock(0);
  Merge merge(source, clock, 0, {.poll_records = 2});
  for (const std::uint16_t topic : {std::uint16_t{0}, std::uint16_t{1}}) MustRun(merge.SetTopic({topic, true, 0, 0}));
  const auto batch = [&] {
    REQUIRE(merge.Gather());
    std::string out;
    while (true) {
      const auto taken = merge.Next();
      REQUIRE(taken);
      if (taken->record == nullptr) return out;
      out += " " + std::to_string(taken->record->topic) + "@" + std::to_string(taken->record->timestamp_ms);
    }
  };
  source.waiting = {{{10, 20, 30}, {15, 90, 95}}};
  // Polled two at a time, topic 0 is asked again before 90 is taken, gives 30, and then nothing: 90 waits.
  CHECK(batch() == " 0@10 1@15 0@20 0@30");
  CHECK(batch().empty());
  // Every position is at its end, and yet not everything was taken: an import that stopped here would lose 90 and 95.
  CHECK(source.position == std::array<std::int64_t, 2>{3, 2});
  CHECK(merge.HoldsRecords());
  source.waiting[0] = {91};
  CHECK(batch() == " 1@90 0@91");
  source.at_end[0] = true;
  CHECK(batch() == " 1@95");
  CHECK_FALSE(merge.HoldsRecords());
}

TEST_CASE("a backlog of one topic is not read ahead of another's, however small the polls") {
  WorkerOptions options;
  options.merge.poll_records = 2;
  Bench bench(options);
  for (const std::int64_t time : {10, 20, 30, 40}) bench.Put(0, time);
  for (const std::int64_t time : {15, 90, 95}) bench.Put(1, time);
  CHECK(bench.Heard() == "0@10 1@15 0@20 0@30 0@40 1@90 1@95.");
}

TEST_CASE("a tick comes only to topics whose end, asked now, is the position reached") {
  Bench bench;
  bench.Put(0, 10);
  bench.clock.SetWallMs(7000);
  // Topic 0 has a record waiting: only topic 1 is at its end; then, with the record taken, topic 0 is too.
  CHECK(bench.Heard(true) == "tick 1@7000 0@10. tick 0@7000.");
  CHECK(bench.metrics->partitions[0]->clock_ms.Get() == 7000);
  bench.Put(0, 20);
  bench.clock.SetWallMs(8000);
  CHECK(bench.Heard(true) == "tick 1@8000 0@20. tick 0@8000.");
  CHECK(bench.Heard(true).empty());
}

TEST_CASE("after an outage the backlog moves the clocks, not the wall") {
  Bench bench;
  for (const std::int64_t time : {10, 20, 30}) bench.Put(0, time);
  bench.options.batch.most_records = 1;
  bench.Close();
  bench.Open();
  bench.clock.SetWallMs(90000);
  CHECK(bench.Heard(true) == "tick 1@90000 0@10. 0@20. 0@30. tick 0@90000.");
}

TEST_CASE("ticks come every interval by the wall, and not at all in an import") {
  WorkerOptions options;
  options.tick_interval_ms = 1000;
  Bench bench(options);
  const auto rounds = [&](int n) {
    bench.heard.clear();
    for (int i = 0; i < n; ++i) {
      REQUIRE(bench.worker->RunOnce());
      bench.clock.Advance(100);
    }
    return bench.heard.size() / 3;
  };
  CHECK(rounds(31) == 4);
  bench.options.tick_interval_ms = 0;
  bench.Close();
  bench.Open();
  CHECK(rounds(31) == 0);
}

TEST_CASE("closing an import carries all clocks to the time given") {
  Bench bench;
  bench.Put(0, 10);
  bench.Heard();
  bench.heard.clear();
  MustRun(bench.worker->Close(123456));
  CHECK(bench.heard == std::vector<std::string>{"tick 0@123456", "tick 1@123456", "."});
}

TEST_CASE("a sources command ends the reading of one topic and begins another's, also when rerun") {
  WorkerOptions options;
  options.active = {0};
  Bench bench(options);
  bench.Put(0, 10);
  bench.Put(1, 11);
  CHECK(bench.Heard() == "0@10.");
  const std::uint16_t live[] = {1};
  bench.worker->Command(EncodeSources(live));
  bench.Put(0, 12);
  CHECK(bench.Heard() == "command sources 1 1@11.");
  bench.Close();
  bench.heard.clear();
  bench.Open();
  CHECK(bench.heard == std::vector<std::string>{"0@10", ".", "command sources 1", "1@11", "."});
  bench.Put(1, 13);
  CHECK(bench.Heard() == "1@13.");
}

TEST_CASE("sources commands are told from others, and malformed ones are none") {
  const std::uint16_t topics[] = {3, 4, 17};
  CHECK(EncodeSources(topics) == "sources 3 4 17");
  CHECK(*DecodeSources("sources 3 4 17") == std::vector<std::uint16_t>{3, 4, 17});
  CHECK(DecodeSources("sources")->empty());
  for (const char* bad : {"source 1", "sources 4 3", "sources  1", "sources x", "sources 99999", "activate"})
    CHECK_FALSE(DecodeSources(bad));
}

TEST_CASE("an input byte changed in a journalled range stops its partition with the entry named, the other goes on") {
  Site site(7);
  site.options().checkpoint_after_seconds = 0;
  MustRun(site.Start());
  for (int i = 0; i < 3; ++i) site.Arrive();
  MustRun(site.Drain(false));
  const auto entries = site.worker().status()[0].entry;
  site.Die();
  // A sound frame with another value: the log itself has nothing to complain of.
  const std::string path = "/in/device/0/" + io::SegmentName(0);
  std::string frame;
  io::LocalLogSource reader(site.input_files(), "/in", {"device"});
  const auto record = (*reader.Poll({0, 0}, 1))[0];
  io::AppendFrame(frame, record.offset, record.timestamp_ms, record.key, AsBytes(std::string(record.value.size(), '7')), {});
  site.input_files().Overwrite(path, io::kSegmentHeadSize, frame);
  MustRun(site.Start());
  const auto status = site.worker().status();
  REQUIRE(status[0].stopped);
  CHECK(status[0].stopped->code == ErrorCode::kIntegrity);
  CHECK(status[0].stopped->message.find("partition 0 entry 1: topic device: an input of offsets 0 to") != std::string::npos);
  CHECK(site.metrics().partitions[0]->stopped.Get());
  CHECK_FALSE(status[1].stopped);
  CHECK(entries > 1);
  site.Arrive();
  MustRun(site.Drain(false));
  CHECK(site.worker().status()[1].entry > status[1].entry);
}

TEST_CASE("topics trimmed, cut or made anew below the journal's need are named, not read from where they begin") {
  for (const char* harm : {"trim", "cut", "anew"}) {
    INFO(harm);
    Bench bench;
    for (int i = 0; i < 5; ++i) bench.Put(0, 10 + i);
    bench.Heard();
    bench.Close();
    const std::string path = "/in/a/0/" + io::SegmentName(0);
    if (harm == std::string("trim")) {
      const auto renamed = bench.files.Rename(path, "/in/a/0/" + io::SegmentName(3));
      REQUIRE(renamed);
      std::string head;
      io::AppendSegmentHead(head, 3, 0);
      bench.files.Overwrite("/in/a/0/" + io::SegmentName(3), 0, head);
    }
    if (harm == std::string("cut")) bench.files.Cut(path, io::kSegmentHeadSize);
    if (harm == std::string("anew")) {
      bench.topics.clear();
      REQUIRE(bench.files.Remove("/in/a/topic.txt"));
      REQUIRE(bench.files.Remove(path));
      bench.clock.Advance(1);
      bench.topics.push_back(*io::LocalTopic::Open(bench.files, "/in", "a", bench.clock,
                                                   {.partitions = 1, .times = io::TopicTimes::kCreate, .writer = {}}));
    }
    bench.store = *state::Store::Open({.path = bench.folder.path(), .memory_bytes = 8u << 20, .environment = nullptr});
    bench.output = *io::LocalOutput::Open(bench.files, "/out", bench.clock, {});
    bench.source = std::make_unique<io::LocalLogSource>(bench.files, "/in", std::vector<std::string>{"a", "b"});
    Worker worker(
        *bench.store, *bench.source, *bench.output, bench.clock,
        [&](std::uint32_t) { return std::make_unique<Recorder>(bench.heard); }, bench.options, *bench.metrics);
    const auto started = worker.Start();
    const Error error = started ? worker.status()[0].stopped.value_or(Error{}) : started.error();
    INFO(error.Text());
    CHECK(error.code == ErrorCode::kTrimmed);
    CHECK(error.message.find('a') != std::string::npos);
  }
}

TEST_CASE("a damaged checkpoint is refused, and the whole journal can be rerun in its place") {
  Site site(3);
  site.StepClock(1000);
  MustRun(site.Start());
  MustRun(site.RunScript());
  const Digest wanted = site.worker().machine(0).StateDigest();
  const auto outputs = site.ReadOutputs();
  // One row more than was sealed.
  const auto sealed = (*site.store().ReadManifest(0))->checkpoint;
  const state::Store::Row row{"intruder", std::string_view("\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 24)};
  REQUIRE(site.store().WriteSlice(0, sealed, {&row, 1}));
  site.Close();
  MustRun(site.Start());
  auto status = site.worker().status();
  REQUIRE(status[0].stopped);
  CHECK(status[0].stopped->code == ErrorCode::kIntegrity);
  CHECK(status[0].stopped->message.find("checkpoint " + std::to_string(sealed)) != std::string::npos);
  site.Close();
  site.options().ignore_checkpoint = true;
  MustRun(site.Start());
  CHECK_FALSE(site.worker().status()[0].stopped);
  CHECK(site.worker().machine(0).StateDigest() == wanted);
  CHECK(site.ReadOutputs() == outputs);
  MustRun(site.worker().Finish());
  site.Close();
  site.options().ignore_checkpoint = false;
  MustRun(site.Start());
  CHECK(site.worker().machine(0).StateDigest() == wanted);
}

TEST_CASE("output logs that are ahead of the journal are an integrity error") {
  Site site(3);
  MustRun(site.Start());
  MustRun(site.RunScript());
  site.Close();
  std::filesystem::remove_all(site.state_path());
  MustRun(site.Start());
  const auto status = site.worker().status();
  REQUIRE(status[0].stopped);
  CHECK(status[0].stopped->message.find("the journal ends at entry 0") != std::string::npos);
}

TEST_CASE("a full disk under an output log ends the worker; with space again the next start appends what is missing") {
  Site undisturbed(4);
  MustRun(undisturbed.Start());
  MustRun(undisturbed.RunScript());
  for (const std::uint64_t nth : {1, 5, 20}) {
    Site site(4);
    MustRun(site.Start());
    site.output_files().FailAppend(nth);
    const auto ran = site.RunScript();
    REQUIRE_FALSE(ran);
    CHECK(ran.error().message.find("No space left") != std::string::npos);
    site.Close();
    MustRun(site.Start());
    MustRun(site.RunScript());
    CHECK(site.ReadOutputs() == undisturbed.ReadOutputs());
  }
}

TEST_CASE("replaying a journal over a copy of the inputs gives the same outputs, and stops at the entry whose input changed") {
  Site site(9);
  MustRun(site.Start());
  MustRun(site.RunScript());
  const auto outputs = site.ReadOutputs();
  const auto journal = site.ReadJournal();
  io::FaultyFileSystem files;
  ScriptedClock clock(1);
  const auto replay = [&](std::uint32_t partition) -> Result<ReplayReport> {
    io::LocalLogSource source(site.input_files(), "/in", {"device", "consultation", "diagnosis"});
    PLUMBLINE_ASSIGN(
        const auto output,
        io::LocalOutput::Open(files, "/out", clock, {.partitions = Site::kPartitions, .topic_prefix = "", .writer = {}}));
    const auto entries = [&](std::uint64_t number) { return site.store().ReadEntry(partition, number); };
    ReplayOptions options{.partition = partition, .topics = 3, .active = {0, 1, 2}, .provenance = {}, .merge = {}};
    return ReplayJournal(entries, std::make_unique<ToyMachine>(Site::kTopics), source, *output, clock, options);
  };
  std::size_t effects = 0;
  for (std::uint32_t p = 0; p < Site::kPartitions; ++p) {
    const auto report = replay(p);
    INFO((report ? "" : report.error().Text()));
    REQUIRE(report);
    effects += report->effects;
  }
  CHECK(effects == outputs.size());
  CHECK(site.ReadOutputsOf(files) == outputs);
  // The last record of the topic belongs to a late entry: it is that entry that is named.
  site.input_files().Damage("/in/device/0/" + io::SegmentName(0),
                            site.input_files().SizeOf("/in/device/0/" + io::SegmentName(0)) - 1);
  const auto stopped = replay(0);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == ErrorCode::kIntegrity);
  CHECK(stopped.error().message.starts_with("partition 0 entry "));
}

TEST_CASE("rerun_seconds grows with what a restart would rerun, and is none after a stop") {
  Site site(2);
  site.options().checkpoint_after_seconds = 0;
  site.StepClock(1'000'000);
  MustRun(site.Start());
  site.Arrive();
  MustRun(site.Drain(false));
  CHECK(site.metrics().partitions[0]->rerun_seconds.Get() > 0);
  CHECK(site.metrics().batch.SumSeconds() > 0);
  MustRun(site.worker().Finish());
  CHECK(site.metrics().partitions[0]->rerun_seconds.Get() == 0);
  CHECK(site.metrics().partitions[0]->state_rows.Get() > 0);
}

TEST_CASE("a worker asked to stop ends its rounds and leaves a checkpoint") {
  Site site(2);
  MustRun(site.Start());
  site.Arrive();
  int sleeps = 0;
  site.clock().OnSleep([&] {
    if (++sleeps == 3) site.worker().RequestStop();
  });
  MustRun(site.worker().Run());
  CHECK(sleeps == 3);
  CHECK((*site.store().ReadManifest(0))->cut_entry == site.worker().status()[0].entry);
}
