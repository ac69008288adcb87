// From records to what Prometheus reads and receivers get: a worker on an embedded log with a real machine, its feed and a
// delivery.
#include "engine/app/feed/metrics_feed.h"

#include <catch2/catch.hpp>

#include "connectors/kafka/dead_letter.h"
#include "engine/io/local_log.h"
#include "engine/io/local_log_source.h"
#include "engine/model/encode.h"
#include "engine/run/patient_machine.h"
#include "tests/io/scripted_clock.h"
#include "tests/run/engine_probe.h"
#include "tests/support/process.h"

namespace plumbline::app {
namespace {

constexpr std::int64_t kStart = 1'769'875'200'000;  // 2026-01-31T16:00:00Z
constexpr std::int64_t kHour = 3'600'000;

template <typename T>
T Need(Result<T> result) {
  if (!result) FAIL(result.error().Text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// Septic shock, antimicrobial within the hour; one partition.
struct Site {
  test::TempFolder folder{"feed"};
  ScriptedClock clock{kStart};
  std::string root = (folder / "log").string();
  std::vector<std::string> names = {"device", "consultation", "diagnosis"};
  std::vector<std::unique_ptr<io::LocalTopic>> topics;
  std::unique_ptr<state::Store> store;
  std::unique_ptr<io::LocalOutput> output;
  std::unique_ptr<io::LocalLogSource> log;
  std::unique_ptr<CountingSource> source;
  run::WorkerMetrics counters{{0}};
  std::unique_ptr<run::Worker> worker;
  dashboards::Metrics metrics{{"test", std::chrono::seconds(60)}, 1};
  std::unique_ptr<WorkerFeed> feed;

  Site() {
    for (const std::string& name : names)
      topics.push_back(Need(io::LocalTopic::Open(io::PosixFileSystem(), root, name, clock, {})));
    store = Need(state::Store::Open({.path = (folder / "state").string(), .memory_bytes = 8u << 20, .environment = nullptr}));
    output = Need(io::LocalOutput::Open(io::PosixFileSystem(), root, clock, {}));
    log = std::make_unique<io::LocalLogSource>(io::PosixFileSystem(), root, names);
    source = std::make_unique<CountingSource>(*log);
    run::WorkerOptions options;
    options.partitions = {0};
    options.topics = 3;
    options.active = {0, 1, 2};
    run::PatientMachineOptions machine;
    machine.partition.feeds = {{"A", "orders", 300'000}};
    machine.topic_kinds = {0xff, 0xff, 0xff};
    const auto rules = oracle::EngineRule(oracle::NamedRule("shock"));
    worker = std::make_unique<run::Worker>(
        *store, *source, *output, clock,
        [machine, rules](std::uint32_t) { return std::make_unique<run::PatientMachine>(machine, rules); }, options, counters);
    Need(worker->Start());
    feed = std::make_unique<WorkerFeed>(WorkerFeed::Options{}, *worker, counters, *source, metrics);
  }

  void Put(const std::string& id, const std::string& code, std::int64_t time) {
    model::Event event;
    event.kind = model::EventKind::kDiagnosis;
    event.id = id;
    event.patient = "patient-secret";
    event.site = "A";
    event.source = "orders";
    event.time = time;
    event.code = {"test", code, ""};
    model::Encoder encoder;
    const io::HeaderView headers[] = {{"content-type", AsBytes(model::kJsonContentType)}};
    Need(topics[2]->Append("patient-secret", encoder.Json(event), headers));
    Need(topics[2]->Sync());
  }
  void Run() {
    while (Need(worker->RunRound(false))) {
    }
    Need(worker->RunRound(true));
    while (Need(worker->RunRound(false))) {
    }
  }
  std::string Text() {
    feed->Publish(clock.SteadyNs() / 1'000'000);
    return metrics.Write(dashboards::Metrics::Format::kText);
  }
};

struct Receiver {
  std::vector<std::string> bodies;
  std::unique_ptr<io::LocalLogSource> source;
  std::unique_ptr<alertmanager::Delivery> delivery;

  explicit Receiver(Site& site) {
    source = std::make_unique<io::LocalLogSource>(io::PosixFileSystem(), site.root, std::vector<std::string>{"alerts"});
    alertmanager::DeliveryOptions options;
    options.url = "http://localhost:9093";
    options.folder = (site.folder / "delivery").string();
    delivery = Need(alertmanager::Delivery::Open(options, *source, io::PosixFileSystem(), site.clock,
                                                 [this](const http::Url&, const std::string& body, int) -> Result<http::Reply> {
                                                   bodies.push_back(body);
                                                   return http::Reply{200, "", ""};
                                                 }));
  }
};

}  // namespace

TEST_CASE("what a worker and its machine count reaches the metrics, and nothing of the patient does") {
  Site site;
  CHECK_THAT(site.metrics.NotReady().at(0), Catch::Contains("is starting"));
  site.Put("d1", "shock", kStart);
  Need(site.topics[2]->Append("patient-secret", "this is no event"));
  Need(site.topics[2]->Sync());
  site.clock.Advance(2 * kHour);
  site.Run();
  std::string text = site.Text();
  for (const char* line :
       {"plumbline_records_total{topic=\"diagnosis\",partition=\"0\"} 2\n",
        "plumbline_lag_records{topic=\"diagnosis\",partition=\"0\"} 0\n",
        "plumbline_verdicts_total{rule=\"rule\",result=\"fail\"} 1\n",
        "plumbline_transitions_total{rule=\"rule\",transition=\"firing\"} 1\n",
        "plumbline_alerts{rule=\"rule\",state=\"firing\"} 1\n", "plumbline_state_subjects{partition=\"0\"} 1\n",
        "plumbline_events_total{partition=\"0\",outcome=\"accepted\"} 1\n", "plumbline_event_latency_seconds_count 2\n"})
    CHECK_THAT(text, Catch::Contains(line));
  CHECK_THAT(text, Catch::Contains("plumbline_dead_letters_total{reason=\"unknown_encoding\"} 1\n"));
  CHECK_THAT(text, !Catch::Contains("patient-secret"));
  CHECK(site.metrics.NotReady().empty());

  site.Put("a1", "antimicrobial", kStart + 2 * kHour);
  site.clock.Advance(1000);
  site.Run();
  text = site.Text();
  CHECK_THAT(text, Catch::Contains("plumbline_alerts{rule=\"rule\",state=\"firing\"} 0\n"));
  CHECK_THAT(text, Catch::Contains("plumbline_transitions_total{rule=\"rule\",transition=\"resolved\"} 1\n"));
}

TEST_CASE("an alert of the machine reaches the receiver and ends there, and the delivery's counts reach the metrics") {
  Site site;
  site.Put("d1", "shock", kStart);
  site.clock.Advance(2 * kHour);
  site.Run();
  Receiver receiver(site);
  DeliveryFeed counts("alertmanager", site.metrics);
  for (int i = 0; i < 2; ++i) Need(receiver.delivery->Step());
  REQUIRE(receiver.bodies.size() == 1);
  CHECK_THAT(receiver.bodies[0], Catch::Contains("\"rule\":\"rule\"") && Catch::Contains("\"site\":\"A\"") &&
                                     Catch::Contains("\"startsAt\":\"2026-01-31T17:00:00.000Z\"") &&
                                     !Catch::Contains("patient-secret"));
  site.Put("a1", "antimicrobial", kStart + 2 * kHour);
  site.clock.Advance(1000);
  site.Run();
  for (int i = 0; i < 2; ++i) {
    Need(receiver.delivery->Step());
    site.clock.Advance(1500);
  }
  CHECK(receiver.bodies.size() == 2);
  counts.Publish(receiver.delivery->Status());
  counts.Publish(receiver.delivery->Status());
  const std::string text = site.Text();
  CHECK_THAT(text, Catch::Contains("plumbline_delivery_sent_total{receiver=\"alertmanager\"} 2\n"));
  CHECK_THAT(text, Catch::Contains("plumbline_delivery_resolved_total{receiver=\"alertmanager\"} 1\n"));
  CHECK_THAT(text, Catch::Contains("plumbline_delivery_firing{receiver=\"alertmanager\"} 0\n"));
  CHECK(receiver.delivery->Status().bad_lines == 0);
}

TEST_CASE("a dead letter of the machine is taken apart as the Kafka output does it") {
  Site site;
  const std::string bytes = "not\nan event";
  Need(site.topics[1]->Append("k", bytes));
  Need(site.topics[1]->Sync());
  site.Run();
  io::LocalLogSource letters(io::PosixFileSystem(), site.root, {"dead_letters"});
  Need(letters.Seek({0, 0}, 0));
  const auto records = Need(letters.Poll({0, 0}, 10));
  REQUIRE(records.size() == 1);
  const auto letter = Need(kafka::ParseDeadLetter(AsText(records[0].value)));
  CHECK(letter.topic == 1);
  CHECK(letter.offset == 0);
  CHECK(letter.bytes == bytes);
  CHECK_FALSE(letter.reason.empty());
  CHECK_FALSE(letter.detail.empty());
}

TEST_CASE("a source in trouble and a worker far behind turn readiness red") {
  Site site;
  WorkerFeed::Options options;
  options.most_lag_records = -1;
  options.caught_up_lag_records = -1;
  WorkerFeed behind(options, *site.worker, site.counters, *site.source, site.metrics);
  behind.Publish(1'000'000, "Kafka does not answer");
  const auto reasons = site.metrics.NotReady();
  REQUIRE(reasons.size() == 2);
  CHECK_THAT(reasons[0], Catch::Contains("Kafka does not answer"));
  CHECK_THAT(reasons[1], Catch::Contains("records behind"));
}

TEST_CASE("a worker is not ready before it has come near the end of its inputs, and stays ready within its limit") {
  Site site;
  run::PartitionMetrics& counters = *site.counters.partitions[0];
  const auto reasons = [&] {
    site.Text();
    site.clock.Advance(1000);
    return site.metrics.NotReady();
  };
  REQUIRE(reasons().size() == 1);
  CHECK_THAT(reasons()[0], Catch::EndsWith("has not caught up with its inputs since it started"));
  counters.lag_asked.Set(true);
  counters.lag_records.Set(20'001);
  CHECK_THAT(reasons().at(0), Catch::Contains("since it started: 20001 records to go"));
  counters.lag_records.Set(20'000);
  CHECK(reasons().empty());
  counters.lag_records.Set(500'000);
  CHECK(reasons().empty());
  counters.lag_records.Set(1'000'001);
  CHECK_THAT(reasons().at(0), Catch::Contains("is 1000001 records behind its inputs"));
}

}  // namespace plumbline::app
