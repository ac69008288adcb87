// Delivery with a scripted clock and a receiver that answers as told: what is sent, when, and what a crash leaves.
#include "connectors/alertmanager/delivery.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "engine/base/failpoint.h"
#include "tests/connectors/alertmanager/support.h"
#include "tests/io/scripted_clock.h"

namespace plumbline::alertmanager {
namespace {

constexpr std::int64_t kNow = 1'769'876'100'000;  // 2026-01-31T16:15:00Z

struct Bench {
  test::TempFolder folder{"delivery"};
  AlertsLog log{(folder / "log").string()};
  ScriptedClock clock{kNow};
  FakeReceiver receiver;
  DeliveryOptions options;
  std::unique_ptr<io::LocalLogSource> source;
  std::unique_ptr<Delivery> delivery;

  Bench() {
    options.url = "http://localhost:9093";
    options.folder = (folder / "state").string();
    options.link = "http://plumbline/alerts/";
    Restart();
  }
  void Restart() {
    delivery.reset();
    source = std::make_unique<io::LocalLogSource>(io::PosixFileSystem(), log.folder(), std::vector<std::string>{"alerts"});
    delivery = Need(Delivery::Open(options, *source, io::PosixFileSystem(), clock,
                                   [this](const http::Url&, const std::string& body, int) { return receiver.Take(body); }));
  }
  void Step(std::int64_t after_ms = 0) {
    clock.Advance(after_ms);
    // Reading comes to the end of the log in one round and sees that it has in the next.
    Need(delivery->Step());
    Need(delivery->Step());
  }
};

}  // namespace

TEST_CASE("a firing alert is posted once with its labels, and its end with a time") {
  Bench bench;
  bench.log.Append({"a1"});
  bench.Step();
  REQUIRE(bench.receiver.bodies.size() == 1);
  CHECK(
      bench.receiver.Last() ==
      R"([{"labels":{"alertname":"sepsis/antimicrobial","alert_id":"a1","rule":"sepsis/antimicrobial","severity":"warning","site":"A"},)"
      R"("annotations":{"current_id":"a1","revision":"3","instant":"2026-01-31T16:10:00.000Z",)"
      R"("title_en":"Antimicrobial within 1 hour","title_zh":"一小时内使用抗菌药物"},)"
      R"("startsAt":"2026-01-31T16:10:00.000Z","endsAt":"2026-01-31T16:20:00.000Z","generatorURL":"http://plumbline/alerts/a1"}])");
  bench.Step(10'000);
  CHECK(bench.receiver.bodies.size() == 1);
  bench.log.Append({.id = "a1", .state = "resolved", .transition = 2});
  bench.Step();
  CHECK(bench.receiver.bodies.size() == 1);  // a moment, lest another supersedes it
  bench.Step(1'000);
  REQUIRE(bench.receiver.bodies.size() == 2);
  CHECK_THAT(bench.receiver.Last(), Catch::Contains(R"("endsAt":"2026-01-31T16:15:10.000Z")"));
  CHECK(bench.delivery->Status().resolved == 1);
  CHECK(bench.delivery->Status().firing == 0);
}

TEST_CASE("no message names the subject or the event") {
  Bench bench;
  bench.log.Append({"a1"});
  bench.Step();
  CHECK_THAT(bench.receiver.Last(), !Catch::Contains("5ec2e7") && !Catch::Contains("event-1") && !Catch::Contains("subject"));
}

TEST_CASE("what is firing is sent again before the receiver lets go of it, an end for some minutes, then no more") {
  Bench bench;
  bench.log.Append({"a1"});
  bench.Step();
  for (int minute = 1; minute <= 10; ++minute) {
    bench.Step(60'000);
    CHECK(bench.receiver.bodies.size() == static_cast<std::size_t>(minute) + 1);
  }
  bench.log.Append({.id = "a1", .state = "resolved", .transition = 2});
  bench.Step();
  bench.Step(1'000);
  CHECK(bench.receiver.bodies.size() == 12);
  for (int minute = 0; minute < 10; ++minute) bench.Step(60'000);
  CHECK(bench.receiver.bodies.size() == 17);
  CHECK(bench.delivery->table().entries().empty());
}

TEST_CASE("an alert that ended before anybody was told of it pages nobody") {
  Bench bench;
  for (const char* end : {"resolved", "retracted", "superseded"}) {
    bench.log.Append({std::string("x-") + end});
    bench.log.Append({.id = std::string("x-") + end, .state = end, .transition = 2});
  }
  bench.Step();
  bench.Step(120'000);
  CHECK(bench.receiver.bodies.empty());
  CHECK(bench.delivery->Status().lines == 6);
}

TEST_CASE("passes, unknowns and amendments page nobody and end nothing") {
  Bench bench;
  bench.log.Append({"a1"});
  for (const char* state : {"pass", "excluded", "unknown", "amended"}) {
    bench.log.Append({.id = "a1", .state = state, .transition = 2});
    bench.log.Append({.id = std::string("other-") + state, .state = state});
  }
  bench.Step();
  CHECK(bench.receiver.bodies.size() == 1);
  CHECK(bench.delivery->Status().firing == 1);
}

TEST_CASE("what people do about an alert pages nobody; a silence mutes it until its end, also over a restart") {
  Bench bench;
  bench.log.Append({"a1"});
  for (const char* state : {"acknowledged", "commented", "contested", "handed over"})
    bench.log.Append({.id = "a1", .state = state});
  bench.Step();
  CHECK(bench.receiver.bodies.size() == 1);
  CHECK(bench.delivery->Status().bad_lines == 0);
  const std::int64_t until = bench.clock.WallMs() + 600'000;
  bench.log.Append({.id = "a1", .state = "silenced", .silenced_until = until});
  bench.log.Append({.id = "a2", .silenced_until = until});
  bench.Step(300'000);
  bench.Restart();
  bench.Step();
  CHECK(bench.receiver.bodies.size() == 1);
  CHECK(bench.delivery->Status().firing == 2);
  CHECK(bench.delivery->Status().waiting == 0);
  bench.log.Append({.id = "a1", .state = "unsilenced"});
  bench.Step();
  CHECK(bench.receiver.bodies.size() == 2);
  bench.Step(301'000);  // the silence of the other is over
  CHECK(bench.receiver.Last().find("a2") != std::string::npos);
}

TEST_CASE("an alert that supersedes another is the same page") {
  Bench bench;
  bench.log.Append({"first"});
  bench.Step();
  bench.log.Append({.id = "first", .state = "retracted", .transition = 2});
  bench.Step();  // the retraction is read alone
  bench.log.Append({.id = "second", .supersedes = "first"});
  bench.Step();
  bench.Step(2'000);
  REQUIRE(bench.receiver.bodies.size() == 2);
  CHECK_THAT(bench.receiver.Last(), Catch::Contains(R"("alert_id":"first")") && Catch::Contains(R"("current_id":"second")") &&
                                        Catch::Contains(R"("endsAt":"2026-01-31T16:20:00.000Z")"));
  bench.log.Append({.id = "second", .state = "retracted", .transition = 2});
  bench.log.Append({.id = "third", .supersedes = "second"});
  bench.log.Append({.id = "second", .state = "resolved", .transition = 3});  // of one that stands for nothing any more
  bench.Step(2'000);
  CHECK_THAT(bench.receiver.Last(), Catch::Contains(R"("alert_id":"first")") && Catch::Contains(R"("current_id":"third")"));
  bench.log.Append({.id = "third", .state = "resolved", .transition = 2});
  bench.Step();
  bench.Step(2'000);
  CHECK_THAT(bench.receiver.Last(), Catch::Contains(R"("alert_id":"first")") && Catch::Contains("16:15:0"));
  CHECK(bench.delivery->Status().resolved == 1);
}

TEST_CASE("a line that names its chain goes by that name") {
  Bench bench;
  bench.log.Append({.id = "second", .supersedes = "lost", .chain = "origin"});
  bench.Step();
  CHECK_THAT(bench.receiver.Last(), Catch::Contains(R"("alert_id":"origin")"));
}

TEST_CASE("a receiver that is down is tried with growing, uneven waits, and then gets what still fires") {
  Bench bench;
  bench.receiver.answer = [](const std::string&) -> Result<http::Reply> { return Fail(ErrorCode::kUnavailable, "refused"); };
  bench.log.Append({"a1"});
  bench.log.Append({"a2"});
  std::vector<std::int64_t> tries;
  std::size_t before = 0;
  for (std::int64_t ms = 0; ms < 300'000; ms += 50) {
    Need(bench.delivery->Step());
    if (bench.receiver.bodies.size() > before) tries.push_back(ms);
    before = bench.receiver.bodies.size();
    bench.clock.Advance(50);
  }
  REQUIRE(tries.size() > 8);
  CHECK(tries.size() < 25);
  for (std::size_t i = 2; i < 6; ++i) CHECK(tries[i + 1] - tries[i] > tries[i - 1] - tries[i - 2]);
  for (std::size_t i = 1; i < tries.size(); ++i) CHECK(tries[i] - tries[i - 1] <= 60'050);
  REQUIRE(bench.delivery->Status().trouble.size() == 1);
  CHECK_THAT(bench.delivery->Status().trouble[0], Catch::Contains("2 alerts wait") && Catch::Contains("refused"));

  bench.log.Append({.id = "a2", .state = "resolved", .transition = 2});
  bench.receiver.answer = {};
  bench.Step(60'000);
  CHECK_THAT(bench.receiver.Last(), Catch::Contains(R"("alert_id":"a1")"));
  CHECK(bench.delivery->Status().trouble.empty());
}

TEST_CASE("a receiver that names a time is not asked before it") {
  Bench bench;
  bench.receiver.script.push_back(http::Reply{429, "30", "slow down"});
  bench.log.Append({"a1"});
  bench.Step();
  CHECK(bench.receiver.bodies.size() == 1);
  bench.Step(29'000);
  CHECK(bench.receiver.bodies.size() == 1);
  bench.Step(1'500);
  CHECK(bench.receiver.bodies.size() == 2);
  CHECK(bench.delivery->Status().sent == 1);
  CHECK(RetryAfterMs("7") == 7000);
  CHECK(RetryAfterMs("99999999") == 3'600'000);
  for (const char* bad : {"", "-1", "7s", "Wed, 21 Oct 2026 07:28:00 GMT"}) CHECK(RetryAfterMs(bad) == 0);
}

TEST_CASE("one alert that the receiver refuses does not keep the others back") {
  Bench bench;
  bench.receiver.answer = [](const std::string& body) -> Result<http::Reply> {
    const bool bad = body.find("\"bad\"") != std::string::npos;
    return http::Reply{bad ? 400 : 200, "", bad ? "label is invalid" : ""};
  };
  for (const char* id : {"good-1", "bad", "good-2"}) bench.log.Append({id});
  bench.Step();
  CHECK(bench.receiver.bodies.size() == 4);  // all, then each
  const DeliveryStatus status = bench.delivery->Status();
  CHECK(status.sent == 2);
  CHECK(status.refused == 1);
  CHECK_THAT(status.last_error, Catch::Contains("bad") && Catch::Contains("label is invalid"));
  bench.Step(1'000);
  CHECK(bench.receiver.bodies.size() == 4);  // not asked again until it changes
  bench.Step(100'000);
  REQUIRE(bench.delivery->Status().trouble.size() == 1);
  CHECK_THAT(bench.delivery->Status().trouble[0], Catch::Contains("1 alerts wait"));
}

TEST_CASE("critical alerts go first, also while a long list of others is sent") {
  Bench bench;
  bench.options.batch = 10;
  bench.Restart();
  for (int i = 0; i < 50; ++i) bench.log.Append({"info-" + std::to_string(i), "firing", "info"});
  bench.log.Append({"crit-1", "firing", "critical"});
  bool second = false;
  bench.receiver.answer = [&](const std::string& body) -> Result<http::Reply> {
    if (!second && body.find("info-") != std::string::npos) {
      second = true;
      bench.log.Append({"crit-2", "firing", "critical"});
    }
    return http::Reply{200, "", ""};
  };
  bench.Step();
  REQUIRE(bench.receiver.bodies.size() == 7);
  CHECK_THAT(bench.receiver.bodies[0], Catch::Contains("crit-1") && !Catch::Contains("info-"));
  CHECK_THAT(bench.receiver.bodies[1], Catch::Contains("info-"));
  CHECK_THAT(bench.receiver.bodies[2], Catch::Contains("crit-2") && !Catch::Contains("info-"));
}

TEST_CASE("a restart goes on where it was: nothing twice, ends told") {
  Bench bench;
  bench.log.Append({"a1"});
  bench.log.Append({"a2"});
  bench.Step();
  bench.Step(2'000);  // the cursor is durable
  bench.receiver.bodies.clear();
  bench.Restart();
  bench.log.Append({.id = "a1", .state = "resolved", .transition = 2});
  bench.Step();
  bench.Step(2'000);
  CHECK(bench.delivery->Status().lines == 1);
  REQUIRE(bench.receiver.bodies.size() == 2);  // what fires is sent at once after a start
  CHECK_THAT(bench.receiver.Last(), Catch::Contains(R"("alert_id":"a1")") && !Catch::Contains("a2"));
}

TEST_CASE("killed before, while or after sending, every alert is told and its end as well") {
  for (const Failpoint point : {Failpoint::kDeliverySend, Failpoint::kDeliveryCursor})
    for (std::uint64_t at = 1; at <= 3; ++at) {
      Bench bench;
      CAPTURE(FailpointName(point), at);
      ArmFailpoint(point, at, FailpointAction::kKill);
      bool killed = false;
      SetFailpointKillHandler([&] { killed = true; });
      const auto step = [&] {
        for (int i = 0; i < 2; ++i) {
          (void)bench.delivery->Step();
          bench.clock.Advance(1'500);
          if (killed) {
            killed = false;
            DisarmFailpoints();
            bench.Restart();
          }
        }
      };
      bench.log.Append({"a1"});
      step();
      bench.log.Append({"a2"});
      step();
      bench.log.Append({.id = "a1", .state = "resolved", .transition = 2});
      step();
      bench.log.Append({.id = "a2", .state = "resolved", .transition = 2});
      step();
      step();
      DisarmFailpoints();
      SetFailpointKillHandler({});
      std::string all;
      for (const std::string& body : bench.receiver.bodies) all += body + "\n";
      for (const char* id : {"a1", "a2"}) {
        const Entry& entry = bench.delivery->table().entries().at(id);
        CHECK_FALSE(entry.firing);
        CHECK(entry.told);
        CHECK_THAT(all, Catch::Contains(std::string(R"("alert_id":")") + id));
      }
    }
}

TEST_CASE("lines that a restart of the engine appended twice are known by their effect") {
  Bench bench;
  bench.log.Append({"a1"});
  bench.log.Append({.id = "a1", .state = "resolved", .transition = 2});
  io::Record record;
  const std::string value = Json({"a1"}), name = io::EffectIdBytes({1, 0});
  bench.Step();
  CHECK(bench.delivery->table().entries().empty());
  // A second log that holds the first line again.
  SystemClock clock;
  test::TempFolder folder("twice");
  auto topic = Need(io::LocalTopic::Open(io::PosixFileSystem(), folder.path().string(), "alerts", clock, {}));
  const std::string second = io::EffectIdBytes({1, 1});
  const io::HeaderView first_header[] = {{io::kEffectHeader, AsBytes(name)}};
  const io::HeaderView second_header[] = {{io::kEffectHeader, AsBytes(second)}};
  Need(topic->AppendTo(0, 0, "k", value, first_header));
  Need(topic->AppendTo(0, 0, "k", Json({.id = "a1", .state = "resolved", .transition = 2}), second_header));
  Need(topic->AppendTo(0, 0, "k", value, first_header));
  Need(topic->Sync());
  io::LocalLogSource source(io::PosixFileSystem(), folder.path().string(), {"alerts"});
  DeliveryOptions options = bench.options;
  options.folder = (folder / "state").string();
  auto delivery = Need(Delivery::Open(options, source, io::PosixFileSystem(), bench.clock,
                                      [&](const http::Url&, const std::string& body, int) { return bench.receiver.Take(body); }));
  Need(delivery->Step());
  Need(delivery->Step());
  CHECK(bench.receiver.bodies.empty());
}

TEST_CASE("a line that cannot be read is counted and shown, and delivery goes on") {
  Bench bench;
  bench.log.AppendJson("{\"id\":\"x\"");
  bench.log.AppendJson(Json({.id = "y", .state = "exploded"}));
  bench.log.Append({"a1"});
  bench.Step();
  CHECK(bench.receiver.bodies.size() == 1);
  CHECK(bench.delivery->Status().bad_lines == 2);
  REQUIRE(bench.delivery->Status().trouble.size() == 1);
  CHECK_THAT(bench.delivery->Status().trouble[0], Catch::Contains("2 lines of the alerts log"));
}

TEST_CASE("a first start may skip what the log holds already") {
  Bench bench;
  bench.log.Append({"of-an-import"});
  test::TempFolder folder("skip");
  bench.options.folder = folder.path().string();
  bench.options.from_end = true;
  bench.Restart();
  bench.log.Append({"live"});
  bench.Step();
  REQUIRE(bench.receiver.bodies.size() == 1);
  CHECK_THAT(bench.receiver.Last(), Catch::Contains("live") && !Catch::Contains("of-an-import"));
}

TEST_CASE("a rule on trial pages nobody, and a retraction needs no instant") {
  Bench bench;
  bench.log.AppendJson(
      R"({"id":"s","transition":1,"state":"firing","rule":"r","revision":1,"severity":"critical","shadow":true,"site":"A","instant":1})");
  bench.log.AppendJson(
      R"({"id":"t","transition":1,"state":"firing","rule":"r","revision":1,"step":"lactate","severity":"critical","site":"A",)"
      R"("anchor_time":1769875800000,"instant":1769875800000,"chain":"t"})");
  bench.Step();
  REQUIRE(bench.receiver.bodies.size() == 1);
  CHECK_THAT(bench.receiver.Last(), Catch::Contains(R"("alert_id":"t")") && !Catch::Contains(R"("alert_id":"s")") &&
                                        Catch::Contains(R"("step":"lactate")") &&
                                        Catch::Contains(R"("instant":"2026-01-31T16:10:00.000Z")"));
  bench.log.AppendJson(
      R"({"id":"t","transition":2,"state":"retracted","rule":"r","revision":1,"severity":"critical","site":"A"})");
  bench.Step(0);
  bench.Step(1'500);
  CHECK(bench.receiver.bodies.size() == 2);
  CHECK(bench.delivery->Status().bad_lines == 0);
}

TEST_CASE("a damaged table is refused with the file's name and what to do") {
  Bench bench;
  bench.log.Append({"a1"});
  bench.Step();
  bench.delivery.reset();
  const std::string path = bench.options.folder + "/delivery-alertmanager.table";
  std::string bytes = test::Tail(path, 1 << 20);
  REQUIRE(bytes.size() > 20);
  bytes[10] = static_cast<char>(bytes[10] ^ 1);
  std::ofstream(path, std::ios::binary) << bytes;
  const auto refused = Delivery::Open(bench.options, *bench.source, io::PosixFileSystem(), bench.clock);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kIntegrity);
  CHECK_THAT(refused.error().message, Catch::Contains(path) && Catch::Contains("remove the file"));
}

TEST_CASE("URLs are taken apart or refused with the reason") {
  const auto url = Need(http::ParseUrl("http://[::1]:9093/am/"));
  CHECK(url.host == "::1");
  CHECK(url.port == "9093");
  CHECK(url.path == "/am");
  CHECK(Need(http::ParseUrl("http://alerts.hospital")).port == "80");
  for (const auto& [bad, why] : std::vector<std::pair<std::string, std::string>>{{"https://x", "http://"},
                                                                                 {"alertmanager:9093", "http://"},
                                                                                 {"http://", "host is missing"},
                                                                                 {"http://x:99999", "99999"},
                                                                                 {"http://u:p@x", "user or password"}}) {
    const auto refused = http::ParseUrl(bad);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message, Catch::Contains(why));
  }
}

}  // namespace plumbline::alertmanager
