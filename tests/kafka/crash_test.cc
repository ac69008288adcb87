// Stage one from Kafka to Kafka on a real broker, in processes that die: by SIGKILL at named failpoints and at any moment.
// Whatever was killed where, the journal and the output topics end as those of a run that nobody disturbed, byte for byte.
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <tuple>

#include "connectors/kafka/admin.h"
#include "connectors/kafka/output.h"
#include "connectors/kafka/producer.h"
#include "connectors/kafka/source.h"
#include "engine/base/failpoint.h"
#include "engine/state/store.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/crash_plan.h"
#include "tests/run/patient_records.h"

namespace plumbline::kafka {
namespace {

template <typename T>
T Need(Result<T> result) {
  if (!result) FAIL(result.error().Text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// (topic, partition, entry, index) -> timestamp, key, value, headers.
using Outputs = std::map<std::tuple<std::string, std::uint32_t, std::uint64_t, std::uint32_t>, std::string>;
using Journal = std::map<std::pair<std::uint32_t, std::uint64_t>, std::string>;

// Inputs, made once, and the plan by which every run shows them.
class Hospital {
 public:
  Hospital() {
    settings_.bootstrap = Need(test::KafkaBroker::Shared())->address();
    Admin admin = Need(Admin::Create(settings_));
    for (const char* name : {"device", "consultation", "diagnosis"}) {
      plan_.inputs.push_back(test::FreshName(std::string("crash-") + name));
      // Stamps lie years back, where the broker's default would delete them.
      Need(admin.CreateTopic(
          {plan_.inputs.back(), kCrashPartitions, 1, {{"message.timestamp.type", "CreateTime"}, {"retention.ms", "-1"}}}));
    }
    Fill();
    plan_.Write(plan_path());
  }
  [[nodiscard]] std::string plan_path() const { return (folder_ / "plan").string(); }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const CrashPlan& plan() const { return plan_; }
  [[nodiscard]] std::int64_t records() const { return records_; }

 private:
  void Fill() {
    auto producer = Need(Producer::Create(settings_, {}));
    Need(producer->Prepare(plan_.inputs));
    model::Encoder encoder;
    std::mt19937_64 random(21);
    std::array<std::array<std::int64_t, kCrashPartitions>, kCrashTopics> ends{};
    for (int phase = 0; phase < kCrashPhases; ++phase) {
      for (int i = 0; i < run::kPatientRecordsInPhase; ++i) {
        const auto record =
            run::MakePatientRecord(random, encoder, run::kPatientStart + run::kPatientPhase * phase, i, kCrashPartitions);
        Message message;
        message.topic = &plan_.inputs[static_cast<std::size_t>(record.topic)];
        message.partition = static_cast<std::int32_t>(record.partition);
        message.key = AsBytes(record.key);
        message.value = AsBytes(record.bytes);
        message.timestamp_ms = record.arrival_ms;
        Need(producer->Send(message));
        ++ends[static_cast<std::size_t>(record.topic)][record.partition];
        ++records_;
      }
      plan_.ends[static_cast<std::size_t>(phase)] = ends;
    }
    Need(producer->Flush(30'000));
  }

  test::TempFolder folder_{"crash-plan"};
  Settings settings_;
  CrashPlan plan_;
  std::int64_t records_ = 0;
};

// One life of the engine: a state folder and output topics of its own, and as many processes as it takes.
class Life {
 public:
  explicit Life(const Hospital& hospital) : hospital_(hospital), prefix_(test::FreshName("crash")) {
    Need(KafkaOutput::CreateTopics(Options(), 1));
  }

  // Starts a process; `failpoints` may name where it dies.
  void Start(const std::string& failpoints) {
    Need(process_.Start({"env", "PLUMBLINE_FAILPOINTS=" + failpoints, CRASH_CHILD, hospital_.settings().bootstrap,
                         hospital_.plan_path(), (folder_ / "state").string(), prefix_},
                        folder_ / "log"));
  }
  void Kill() { process_.Kill(); }
  // True when the process was killed, false when it came to its end.
  bool WaitKilled() {
    REQUIRE(process_.WaitEnd(std::chrono::seconds(60)));
    if (process_.exit_code() == -9) return true;
    INFO(test::Tail(folder_ / "log"));
    REQUIRE(process_.exit_code() == 0);
    return false;
  }
  [[nodiscard]] bool WaitEndFor(std::chrono::milliseconds limit) { return process_.WaitEnd(limit); }

  // "name count" lines of the process that came to its end.
  [[nodiscard]] std::map<std::string, std::uint64_t> Passes() const {
    std::istringstream lines(test::Tail(folder_ / "log"));
    std::map<std::string, std::uint64_t> out;
    std::string name;
    for (std::uint64_t count = 0; lines >> name >> count;) out[name] = count;
    return out;
  }

  [[nodiscard]] Journal ReadJournal() const {
    const auto store =
        Need(state::Store::Open({.path = (folder_ / "state").string(), .memory_bytes = 8u << 20, .environment = nullptr}));
    Journal journal;
    for (std::uint32_t p = 0; p < kCrashPartitions; ++p)
      for (std::uint64_t n = 1; n <= Need(store->LastEntry(p)); ++n)
        journal[{p, n}] = Need(store->ReadEntry(p, n)).value_or("missing");
    return journal;
  }

  // Joined by identity: no name may come twice in a topic.
  [[nodiscard]] Outputs ReadOutputs() const {
    Outputs out;
    KafkaSource::Options options;
    options.settings = hospital_.settings();
    std::vector<std::string> names = {AlertsOf(""), MeasuresOf(""), AuditOf("")};
    for (const std::string& name : names) options.topics.push_back({prefix_ + name, Arrival::kCreateTime});
    for (std::size_t t = 0; t < kCrashTopics; ++t) {
      names.push_back("letters " + std::to_string(t));
      options.topics.push_back({hospital_.plan().inputs[t] + LettersSuffixOf(prefix_), Arrival::kCreateTime});
    }
    auto source = Need(KafkaSource::Open(options));
    for (std::uint16_t topic = 0; topic < names.size(); ++topic)
      for (std::uint32_t partition = 0; partition < kCrashPartitions; ++partition)
        Collect(*source, {topic, partition}, names[topic], out);
    return out;
  }

 private:
  [[nodiscard]] KafkaOutput::Options Options() const {
    KafkaOutput::Options o;
    o.settings = hospital_.settings();
    o.partitions = kCrashPartitions;
    o.input_topics = hospital_.plan().inputs;
    o.alerts = AlertsOf(prefix_);
    o.measures = MeasuresOf(prefix_);
    o.audit = AuditOf(prefix_);
    o.dead_letter_suffix = LettersSuffixOf(prefix_);
    return o;
  }
  static void Collect(KafkaSource& source, io::TopicPartition id, const std::string& name, Outputs& out) {
    Need(source.Seek(id, 0));
    const std::int64_t end = Need(source.EndOffset(id));
    bool twice = false;
    const bool whole = test::WaitFor(
        [&] {
          for (const io::Record& record : Need(source.Poll(id, 500))) {
            const auto effect = io::EffectIdOf(record.headers);
            REQUIRE(effect);
            std::string bytes = std::to_string(record.timestamp_ms) + " " + std::string(AsText(record.key)) + " " +
                                std::string(AsText(record.value));
            for (const auto& header : record.headers)
              if (!header.name.ends_with("errors.topic"))
                bytes += " " + std::string(header.name) + "=" + std::string(AsText(header.value));
            twice |= !out.emplace(std::tuple(name, id.partition, effect->entry, effect->index), std::move(bytes)).second;
          }
          return source.Position(id) >= end;
        },
        std::chrono::seconds(20));
    CHECK(whole);
    CHECK_FALSE(twice);
  }

  const Hospital& hospital_;
  std::string prefix_;
  test::TempFolder folder_{"crash"};
  test::ChildProcess process_;
};

constexpr int kKills = 100;
constexpr int kKillsInALife = 12;  // about

struct Point {
  std::string name;
  std::uint64_t passes = 0;  // of the undisturbed run
};

}  // namespace

TEST_CASE("killed at 100 points, Kafka to Kafka, journal and output topics equal the undisturbed run's byte for byte") {
  const std::uint64_t seed = 5;
  const Hospital hospital;
  Life undisturbed(hospital);
  const auto began = std::chrono::steady_clock::now();
  undisturbed.Start("rerun.entry:1000000000:error");  // counts passes, does nothing
  REQUIRE_FALSE(undisturbed.WaitKilled());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  const Outputs wanted = undisturbed.ReadOutputs();
  const Journal journal = undisturbed.ReadJournal();
  std::set<std::string> logs;
  for (const auto& [id, bytes] : wanted) logs.insert(std::get<0>(id));
  CHECK(logs == std::set<std::string>{".alerts", ".measures", "letters 1", "letters 2"});
  CHECK(wanted.size() > 100);
  CHECK(journal.size() > 100);

  std::vector<Point> points;
  const auto passes = undisturbed.Passes();
  for (const char* name : {"journal.before_sync", "journal.after_sync", "output.between", "output.after", "checkpoint.slice",
                           "checkpoint.before_seal", "checkpoint.after_seal"}) {
    points.push_back({name, passes.at(name)});
    INFO(name);
    CHECK(points.back().passes >= 5);
  }
  points.push_back({"rerun.entry", kKillsInALife});
  points.push_back({"the clock", 0});  // by SIGKILL from outside, at any moment

  // Not every start reruns entries or seals a checkpoint soon; then it dies a little later all the same.
  const std::string otherwise = ",journal.after_sync:" + std::to_string(passes.at("journal.after_sync") / 6) + ":kill";
  std::mt19937_64 random(seed);
  std::map<std::string, int> killed;
  int kills = 0, lives = 0;
  while (kills < kKills) {
    Life life(hospital);
    ++lives;
    std::string story;
    for (bool dead = true; dead;) {
      const Point& point = points[random() % points.size()];
      const std::uint64_t at = 1 + random() % std::max<std::uint64_t>(2 * point.passes / kKillsInALife, 1);
      story += " " + point.name + ":" + std::to_string(at);
      if (point.passes == 0) {
        life.Start("");
        if (!life.WaitEndFor(std::chrono::milliseconds(random() % static_cast<std::uint64_t>(took.count())))) life.Kill();
      } else {
        life.Start(point.name + ":" + std::to_string(at) + ":kill" + (point.name == "journal.after_sync" ? "" : otherwise));
      }
      dead = life.WaitKilled();
      if (dead) ++killed[point.name];
      kills += dead ? 1 : 0;
    }
    INFO("seed " << seed << ", life " << lives << ":" << story);
    CHECK(life.ReadJournal() == journal);
    CHECK(life.ReadOutputs() == wanted);
  }
  for (const Point& point : points) {
    INFO(point.name);
    CHECK(killed[point.name] > 0);
  }
  WARN(kills << " kills in " << lives << " lives, " << hospital.records() << " records, " << journal.size() << " entries each");
}

}  // namespace plumbline::kafka
