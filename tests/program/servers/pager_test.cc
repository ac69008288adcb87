// From a record to a page and its end, by the real program and the real Alertmanager: with Alertmanager down for a while and the
// engine killed in between, people are paged as by the undisturbed run.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <functional>
#include <thread>

#include "tests/connectors/alertmanager/real_alertmanager.h"
#include "tests/program/servers/kafka_installation.h"
#include "tests/support/http.h"

namespace plumbline::program {
namespace {

using alertmanager::Pager;
using alertmanager::RealAlertmanager;

constexpr auto kSoon = std::chrono::seconds(60);
constexpr int kPatients = 8;

// Where records go in and alerts come out: the embedded log or topics of a broker.
struct Place {
  const Installation& site;
  std::function<void(const std::map<std::string, std::string>&)> configure;
  std::function<void(const std::vector<Installation::RecordIn>&)> send;
  std::function<std::size_t()> alert_lines;
};

// One value of each patient from `from` to `to`, now: low ones fire, the next in range ends what fires.
std::vector<Installation::RecordIn> ValuesNow(const std::string& id, int from, int to, const std::string& value) {
  SystemClock clock;
  model::Encoder encoder;
  std::vector<Installation::RecordIn> records;
  for (int i = from; i < to; ++i) {
    const std::string patient = "p" + std::to_string(i), event = id + std::to_string(i);
    const auto e = Saturation(event, patient, value, clock.WallMs());
    records.push_back(
        {io::PartitionOfKey(AsBytes(patient), Installation::kPartitions), e.time, patient, std::string(encoder.FlatBuffers(e))});
  }
  return records;
}

// The engine as a process; each start may carry a failpoint that kills it.
class Engine {
 public:
  Engine(const Place& place, const RealAlertmanager& receiver) : place_(place) {
    place.configure({{"alertmanager", "{url: \"" + receiver.url() + "\"}"}, {"http", "{port: " + std::to_string(port_) + "}"}});
  }
  void Start(const std::string& failpoints = "") {
    place_.site.Start(process_, {"run", "--config", place_.site.config(), "--quiet"}, "engine.log",
                      {"PLUMBLINE_FAILPOINTS=" + failpoints});
  }
  void StartAndDie(const std::string& failpoint) {
    CAPTURE(failpoint);
    Start(failpoint);
    const bool ended = process_.WaitEnd(kSoon);
    INFO(Log());
    REQUIRE(ended);
    REQUIRE(process_.exit_code() == -SIGKILL);
  }
  void Kill() { process_.Kill(); }
  // Once it runs: a signal before the handlers are there ends a process as signals do.
  void Stop() {
    CHECK(test::WaitFor([&] { return test::Get(port_, "/health").status == 200; }, kSoon));
    CHECK(process_.Stop(kSoon) == 0);
  }
  [[nodiscard]] std::string Log() const { return test::Tail(place_.site.Path("engine.log")); }

 private:
  const Place& place_;
  const std::uint16_t port_ = test::FreePort();
  test::ChildProcess process_;
};

bool AllPaged(const Pager& pager, std::size_t firing, std::size_t resolved) {
  std::size_t fires = 0, ends = 0;
  for (const auto& [page, count] : pager.Pages()) ++(page.starts_with("firing") ? fires : ends);
  return fires >= firing && ends >= resolved;
}

std::map<std::string, int> Undisturbed(const Place& place) {
  const Pager pager;
  RealAlertmanager receiver(pager);
  receiver.Start();
  Engine engine(place, receiver);
  engine.Start();
  place.send(ValuesNow("low", 0, kPatients, "80"));
  const bool fired = test::WaitFor([&] { return AllPaged(pager, kPatients, 0); }, kSoon);
  INFO(engine.Log());
  REQUIRE(fired);
  place.send(ValuesNow("good", 0, kPatients, "97"));
  REQUIRE(test::WaitFor([&] { return AllPaged(pager, kPatients, kPatients); }, kSoon));
  engine.Stop();
  return pager.Pages();
}

std::map<std::string, int> Disturbed(const Place& place) {
  const Pager pager;
  RealAlertmanager receiver(pager);
  Engine engine(place, receiver);
  const auto wait_lines = [&](std::size_t lines) {
    const auto enough = [&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));  // each look opens a reader
      return place.alert_lines() >= lines;
    };
    const bool told = test::WaitFor(enough, kSoon);
    INFO(engine.Log());
    REQUIRE(told);
  };
  // Alertmanager is down: alerts fire, and the engine is killed with nothing delivered.
  engine.Start();
  place.send(ValuesNow("low", 0, 4, "80"));
  wait_lines(4);
  engine.Kill();
  // While the engine is dead more comes in; it dies with the entry durable and effects missing, between effects, before the first
  // message, and between a message and the cursor.
  place.send(ValuesNow("low", 4, kPatients, "80"));
  engine.StartAndDie("journal.after_sync:1:kill");
  receiver.Start();
  engine.StartAndDie("delivery.send:1:kill");
  engine.StartAndDie("delivery.cursor:1:kill");
  engine.Start();
  const bool fired = test::WaitFor([&] { return AllPaged(pager, kPatients, 0); }, kSoon);
  INFO(engine.Log());
  REQUIRE(fired);
  // Down again; the ends come, with a kill before and after they are in the alerts log.
  receiver.Stop();
  place.send(ValuesNow("good", 0, 4, "97"));
  wait_lines(kPatients + 4);
  engine.Kill();
  place.send(ValuesNow("good", 4, kPatients, "97"));
  engine.StartAndDie("output.after:1:kill");
  receiver.Start();
  engine.StartAndDie("delivery.cursor:1:kill");
  engine.Start();
  const bool ended = test::WaitFor([&] { return AllPaged(pager, kPatients, kPatients); }, kSoon);
  INFO(engine.Log());
  CHECK(ended);
  CHECK(test::WaitFor([&] { return receiver.Active() == "[]\n"; }, kSoon));
  engine.Stop();
  return pager.Pages();
}

void RequireOncePaged(const std::map<std::string, int>& pages) {
  CHECK(pages.size() == 2 * kPatients);
  for (const auto& [page, count] : pages) {
    CAPTURE(page);
    CHECK(count == 1);
  }
}

Place OnLog(const Installation& site) {
  return {site, [&site](const auto& more) { site.Configure(more); },
          [&site](const auto& records) { site.AppendAll(0, records, model::kFlatBuffersContentType, io::TopicTimes::kAppend); },
          [&site] { return site.ReadLogIfThere("plumbline.out.alerts").size(); }};
}

Place OnKafka(const KafkaInstallation& kafka) {
  return {kafka.site(), [&kafka](const auto& more) { kafka.Configure(more); },
          [&kafka](const auto& records) { kafka.Send(records, model::kFlatBuffersContentType); },
          [&kafka] { return kafka.ReadIfThere(kafka.topic("alerts")).size(); }};
}

}  // namespace

TEST_CASE(
    "the engine killed while Alertmanager is down and between message and cursor pages as the undisturbed run, from the log") {
  const Installation calm, rough;
  const auto expected = Undisturbed(OnLog(calm));
  RequireOncePaged(expected);
  CHECK(Disturbed(OnLog(rough)) == expected);
}

TEST_CASE(
    "the engine killed while Alertmanager is down and between message and cursor pages as the undisturbed run, over Kafka") {
  test::KafkaBroker& broker = *Need(test::KafkaBroker::Shared());
  const KafkaInstallation calm(broker, true), rough(broker, true);
  const auto expected = Undisturbed(OnKafka(calm));
  RequireOncePaged(expected);
  CHECK(Disturbed(OnKafka(rough)) == expected);
}

}  // namespace plumbline::program
