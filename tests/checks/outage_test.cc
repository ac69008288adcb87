// Clocks of topics through the real worker: outages with backlog, partitions without events, control records beside the streams.
#include <catch2/catch.hpp>

#include "engine/io/local_log_source.h"
#include "engine/run/worker.h"
#include "tests/checks/bench.h"
#include "tests/io/faulty_file_system.h"
#include "tests/io/scripted_clock.h"
#include "tests/state/temporary_folder.h"

using namespace plumbline;
using namespace plumbline::oracle;

namespace {

const std::vector<std::string> kTopics = {"device", "consultation", "diagnosis", "control"};

const std::string kShock = PackOf({"Shock", "Answer"}, R"(
  - {id: answered, kind: pathway, when: '[Diagnosis: "Shock"] D', expect: '[Consultation: "Answer"] A',
     within: 1 hour, lateness: 15 minutes}
  - {id: share, kind: indicator, of: answered, cases: instances, statistic: rate, window: {length: 1 hour}}
)");

// Four topics of some partitions on files, and a worker of stage one over them that may be stopped and started.
struct Hospital {
  explicit Hospital(std::uint32_t partitions) : partitions_(partitions) {
    for (const std::string& name : kTopics) {
      topics.push_back(*io::LocalTopic::Open(files, "/in", name, clock,
                                             {.partitions = partitions, .times = io::TopicTimes::kCreate, .writer = {}}));
    }
    rules_ = rules::ReadPack("bench.yaml", kShock, {})->rules;
  }

  void Start() {
    store = *state::Store::Open({.path = folder.path(), .memory_bytes = 8u << 20, .environment = nullptr});
    output = *io::LocalOutput::Open(files, "/out", clock, {.partitions = partitions_, .topic_prefix = "", .writer = {}});
    source = std::make_unique<io::LocalLogSource>(files, "/in", kTopics);
    run::WorkerOptions o;
    for (std::uint32_t p = 0; p < partitions_; ++p) o.partitions.push_back(p);
    o.topics = 4;
    o.active = {0, 1, 2, 3};
    o.merge.clock_topics = 3;
    o.merge.poll_records = 2;  // a backlog takes many polls
    metrics = std::make_unique<run::WorkerMetrics>(o.partitions);
    worker = std::make_unique<run::Worker>(
        *store, *source, *output, clock,
        [this](std::uint32_t p) {
          run::PatientMachineOptions m;
          m.partition.partition = p;
          m.partition.partition_count = partitions_;
          m.check_partition = false;
          m.compile = [](const std::string& name, const std::string& text) -> Result<rule::RuleSet> {
            PLUMBLINE_ASSIGN(const rules::Packs read, rules::ReadPack(name, text, {}));
            return *read.rules;
          };
          return std::make_unique<run::PatientMachine>(m, rules_);
        },
        o, *metrics);
    const auto started = worker->Start();
    INFO((started ? "" : started.error().Text()));
    REQUIRE(started);
  }
  void Stop() {
    REQUIRE(worker->Finish());
    worker.reset();
    source.reset();
    output.reset();
    store.reset();
  }
  void Put(std::uint32_t partition, const model::Event& e, std::int64_t arrival_ms) {
    const std::string bytes(encoder.FlatBuffers(e));
    auto& topic = *topics[static_cast<std::size_t>(e.kind) - 1];
    REQUIRE(topic.AppendTo(partition, arrival_ms, e.patient, bytes));
    REQUIRE(topic.Sync());
  }
  // The engine runs from wall time to wall time, a round with ticks each second.
  void RunTo(std::int64_t wall_ms) {
    for (; clock.WallMs() < wall_ms; clock.Advance(1000)) Round();
  }
  void Round() {
    for (;;) {
      const auto ran = worker->RunRound(true);
      REQUIRE(ran);
      if (!*ran) return;
    }
  }
  std::vector<std::string> Lines(std::uint16_t log) {
    std::vector<std::string> out;
    io::LocalLogSource reader(files, "/out", {"alerts", "measures", "dead_letters", "audit"});
    for (std::uint32_t p = 0; p < partitions_; ++p) {
      for (;;) {
        const auto records = reader.Poll({log, p}, 100);
        REQUIRE(records);
        if (records->empty()) break;
        for (const auto& r : *records) out.emplace_back(AsText(r.value));
      }
    }
    return out;
  }
  const run::Partition& partition(std::size_t i) { return static_cast<run::PatientMachine&>(worker->machine(i)).partition(); }

  std::uint32_t partitions_;
  ScriptedClock clock{0};
  io::FaultyFileSystem files;
  TemporaryFolder folder;
  std::vector<std::unique_ptr<io::LocalTopic>> topics;
  std::shared_ptr<const rule::RuleSet> rules_;
  model::Encoder encoder;
  std::unique_ptr<state::Store> store;
  std::unique_ptr<io::LocalOutput> output;
  std::unique_ptr<io::LocalLogSource> source;
  std::unique_ptr<run::WorkerMetrics> metrics;
  std::unique_ptr<run::Worker> worker;
};

std::uint64_t Finals(const run::Partition& p, rule::VerdictKind kind) {
  return p.rule_counts(0).finals[static_cast<std::size_t>(kind)];
}

}  // namespace

TEST_CASE("a backlog of one stream moves no clock past it (scenarios 6 and 7)", "[scenario]") {
  Hospital h(1);
  h.Start();
  h.Put(0, Diagnosis("D", "Shock", 0), 0);
  h.RunTo(30 * kMinuteMs);
  h.Stop();
  // While it is down: ninety minutes of orders, no diagnosis.
  for (int minute = 31; minute <= 119; ++minute) {
    const bool answer = minute == 51;
    h.Put(0, Consultation("C" + std::to_string(minute), answer ? "Answer" : "Other", (minute - (answer ? 1 : 0)) * kMinuteMs),
          minute * kMinuteMs);
  }
  h.clock.SetWallMs(2 * kHourMs);
  h.Start();
  h.RunTo(2 * kHourMs + 20 * kMinuteMs);
  CHECK(h.Lines(0).empty());  // nobody was paged
  CHECK(Finals(h.partition(0), rule::VerdictKind::kPass) == 1);
  CHECK(Finals(h.partition(0), rule::VerdictKind::kFail) == 0);
}

TEST_CASE("a partition that never had an event holds nobody back (scenario 29)", "[scenario]") {
  Hospital h(2);
  h.Start();
  h.Put(0, Diagnosis("D", "Shock", 0), 0);
  h.RunTo(3 * kHourMs);
  CHECK(h.partition(1).clock() >= 2 * kHourMs);
  // Stage two over what both wrote: the first hour's window is final.
  run::UnitMachineOptions u;
  u.stage_one_partitions = 2;
  run::UnitMachine units(u, h.rules_);
  for (const std::string& line : h.Lines(1)) {
    io::Record r;
    r.value = AsBytes(line);
    units.Take(r);
  }
  CHECK(units.MissingPartitions().empty());
  io::Effects effects;
  units.Finish(effects);
  std::string window;
  for (std::size_t i = 0; i < effects.size(); ++i) {
    if (AsText(effects[i].value).starts_with("{\"type\":\"window\"")) window = AsText(effects[i].value);
  }
  CHECK(window.find("\"fail\":1") != std::string::npos);
  CHECK(window.ends_with("\"final\":true}"));
}

TEST_CASE("what people decide is journalled with the streams and stands after a restart from journal and checkpoint",
          "[control]") {
  Hospital h(1);
  h.Start();
  h.Put(0, Diagnosis("D", "Shock", 0), 0);
  h.RunTo(70 * kMinuteMs);
  REQUIRE(h.Lines(0).size() == 1);
  const std::string id = Bench::Field(h.Lines(0)[0], "id");
  const auto command = [&](const std::string& json) {
    REQUIRE(h.topics[3]->AppendTo(0, h.clock.WallMs(), "control", json));
    REQUIRE(h.topics[3]->Sync());
    h.RunTo(h.clock.WallMs() + kMinuteMs);
  };
  command("{\"command\":\"acknowledge\",\"by\":\"li\",\"alert\":\"" + id + "\"}");
  std::string edition = kShock;
  edition.replace(edition.find("within: 1 hour"), 14, "within: 30 minutes, revision: 2");
  std::string json = "{\"command\":\"activate\",\"by\":\"li\",\"effective_from\":" + std::to_string(80 * kMinuteMs) +
                     ",\"pack\":{\"name\":\"bench.yaml\",\"text\":";
  model::AppendJsonText(json, edition);
  command(json + "}}");
  command("{\"command\":\"acknowlege\",\"by\":\"li\"}");
  const auto audit = h.Lines(3);
  REQUIRE(audit.size() == 3);
  CHECK(audit[0].find("\"answer\":\"done\"") != std::string::npos);
  CHECK(audit[1].find("\"began\":[\"answered/2\"],\"ended\":[\"answered/1\"]") != std::string::npos);
  CHECK(audit[2].find("there is no command \\\"acknowlege\\\"") != std::string::npos);
  const Digest before = h.worker->machine(0).StateDigest();
  SECTION("from the journal") {
    h.worker.reset();
    h.source.reset();
    h.output.reset();
    h.store.reset();
    h.Start();
  }
  SECTION("from the checkpoint") {
    h.Stop();
    h.Start();
  }
  CHECK(h.worker->machine(0).StateDigest() == before);
  h.Put(0, Diagnosis("E", "Shock", 85 * kMinuteMs), 85 * kMinuteMs);
  h.RunTo(118 * kMinuteMs);
  const auto alerts = h.Lines(0);
  REQUIRE(alerts.size() == 3);  // fired, acknowledged, the second by the new edition after half an hour
  CHECK(Bench::Field(alerts[1], "state") == "acknowledged");
  CHECK(Bench::Field(alerts[2], "revision") == "2");
  CHECK(Bench::Field(alerts[2], "instant") == std::to_string(115 * kMinuteMs));
}
