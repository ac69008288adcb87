// The program on a real broker: what goes out, and what happens when the broker or a topic is not what it was.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "tests/program/servers/kafka_installation.h"
#include "tests/support/http.h"

namespace plumbline::program {
namespace {

constexpr int kUsage = 2, kIntegrity = 3;
constexpr auto kSoon = std::chrono::seconds(40);

test::KafkaBroker& Broker() { return *Need(test::KafkaBroker::Shared()); }

test::Output Continue(const Installation& site) {
  return site.Run({"run", "--config", site.config(), "--import", "--until-end", "--quiet", "--json"});
}

// A live run in the background, with its metrics.
class LiveRun {
 public:
  LiveRun(const KafkaInstallation& kafka) : site_(kafka.site()), port_(test::FreePort()) {
    kafka.Configure({{"http", "{port: " + std::to_string(port_) + "}"}});
    site_.Start(process_, {"run", "--config", site_.config(), "--quiet", "--json"}, "live.log");
  }
  // The sum over a metric's samples.
  [[nodiscard]] double Value(const std::string& name) const {
    double sum = 0;
    const std::string body = test::Get(port_, "/metrics").body;
    for (std::size_t at = 0; (at = body.find("\n" + name, at)) != std::string::npos; ++at)
      sum += std::strtod(body.c_str() + body.find(' ', at + 1 + name.size()), nullptr);
    return sum;
  }
  [[nodiscard]] bool WaitRecords(double wanted) {
    return test::WaitFor([&] { return Value("plumbline_events_total{") >= wanted; }, kSoon);
  }
  [[nodiscard]] test::HttpAnswer Ready() const { return test::Get(port_, "/ready"); }
  test::ChildProcess& process() { return process_; }
  [[nodiscard]] std::string Log() const { return test::Tail(site_.Path("live.log")); }

 private:
  const Installation& site_;
  std::uint16_t port_;
  test::ChildProcess process_;
};

}  // namespace

TEST_CASE("alerts, results and dead letters leave as topics, dead letters with bytes, position and reason") {
  const KafkaInstallation kafka(Broker(), false);
  kafka.SendValues(0, 120);
  const std::string bad = "an HL7 message, \xff say";
  kafka.Send({{1, kNoon, "p1", bad}}, "");
  const auto ran = kafka.site().Import();
  INFO(ran.text);
  REQUIRE(ran.exit_code == 0);
  CHECK_THAT(ran.text, Catch::Contains("\"accepted\":120,") && Catch::Contains("\"dead_letters\":1,"));
  CHECK(kafka.Read(kafka.topic("alerts")).size() == 67);
  bool final_rate = false;
  std::string results;
  for (const auto& result : kafka.Read(kafka.topic("results"))) {
    results += result.value + "\n";
    final_rate |=
        result.value.find("\"pass\":80") != std::string::npos && result.value.find("\"final\":true") != std::string::npos;
  }
  INFO(results);
  CHECK(final_rate);
  const auto letters = kafka.Read(kafka.topic("device") + ".dlq");
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].key == "p1");
  CHECK(letters[0].value == bad);
  CHECK(letters[0].headers.at("__connect.errors.topic") == kafka.topic("device"));
  CHECK(letters[0].headers.at("__connect.errors.partition") == "1");
  CHECK_FALSE(letters[0].headers.at("__connect.errors.offset").empty());
  CHECK(letters[0].headers.at("__connect.errors.exception.class.name") == "unknown_encoding");
  CHECK_THAT(letters[0].headers.at("__connect.errors.exception.message"), Catch::Contains("neither FlatBuffers"));
}

TEST_CASE("a journal written over the embedded log is replayed from Kafka, the same bytes, and the other way round") {
  const KafkaInstallation kafka(Broker(), false);
  const Installation& site = kafka.site();
  site.AppendValues(0, 120);
  kafka.SendValues(0, 120);
  // The configured names of topics are the broker's; the log's topics are called by them too.
  for (const char* name : {"device", "consultation", "diagnosis"}) {
    const std::string usual = site.Path("log/plumbline." + std::string(name) + ".v1");
    if (std::filesystem::exists(usual)) std::filesystem::rename(usual, site.Path("log/" + kafka.topic(name)));
  }
  const std::vector<std::string> masked = {"GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2"};
  for (const bool from_kafka : {false, true}) {
    kafka.Configure({{"source", from_kafka ? "kafka" : "log"},
                     {"outputs", "log"},
                     {"state", from_kafka ? "{folder: k}" : "{folder: l}"},
                     {"log", "{folder: log}"}});
    const auto ran = site.Import();
    INFO(ran.text);
    REQUIRE(ran.exit_code == 0);
    const auto here = site.Run({"replay", "--config", site.config(), "--import", "--json"});
    CHECK(here.exit_code == 0);
    CHECK_THAT(here.text, Catch::Contains("\"effects\":"));
    kafka.Configure(
        {{"source", from_kafka ? "log" : "kafka"}, {"outputs", "log"}, {"state", from_kafka ? "{folder: k}" : "{folder: l}"}});
    const auto there = site.Run({"replay", "--config", site.config(), "--import", "--json"});
    CHECK(there.text == here.text);
    CHECK(site.Run({"replay", "--config", site.config(), "--import", "--json"}, masked).text == here.text);
    for (const char* log : {"alerts", "measures", "dead_letters", "audit"})
      std::filesystem::remove_all(site.Path("log/plumbline.out." + std::string(log)));
    std::filesystem::remove_all(site.Path("log/plumbline.units.measures"));
  }
}

TEST_CASE("a topic trimmed below the position is no matter; trimmed above it the engine stops and says so") {
  const KafkaInstallation kafka(Broker(), false);
  kafka.SendValues(0, 120);
  REQUIRE(Continue(kafka.site()).exit_code == 0);
  auto admin = kafka.admin();
  Need(admin.TrimTopic(kafka.topic("device"), 0, 20));
  kafka.SendValues(120, 240);
  const auto below = Continue(kafka.site());
  INFO(below.text);
  CHECK(below.exit_code == 0);
  CHECK_THAT(below.text, Catch::Contains("\"accepted\":240,"));
  kafka.SendValues(240, 360);
  Need(admin.TrimTopic(kafka.topic("device"), 0, Need(admin.Ends(kafka.topic("device"), 0)).end));
  const auto above = Continue(kafka.site());
  INFO(above.text);
  CHECK(above.exit_code == kIntegrity);
  CHECK_THAT(above.text, Catch::Contains("PL1202: " + kafka.topic("device") + " [0] begins at offset") &&
                             Catch::Contains("is needed: the topic was trimmed before it was read"));
}

TEST_CASE("a topic made anew while the engine stood still is noticed, with fewer records and with more") {
  for (const int records : {30, 400}) {
    INFO(records << " records in the new topic");
    const KafkaInstallation kafka(Broker(), false);
    kafka.SendValues(0, 120);
    const auto first = Continue(kafka.site());
    INFO(first.text);
    REQUIRE(first.exit_code == 0);
    kafka.CreateAnew("device");
    kafka.SendValues(1000, 1000 + records);
    const auto ran = Continue(kafka.site());
    INFO(ran.text);
    CHECK(ran.exit_code == kIntegrity);
    CHECK_THAT(ran.text, Catch::Contains(kafka.topic("device")) && Catch::Contains("anew"));
  }
}

TEST_CASE("one byte of a journalled record that is another in a topic made anew stops replay and restart with the entry named") {
  const KafkaInstallation kafka(Broker(), false);
  auto records = Installation::Values(0, 120);
  kafka.Send(records, model::kFlatBuffersContentType);
  REQUIRE(kafka.site().Import({"PLUMBLINE_FAILPOINTS=checkpoint.slice:1:kill"}).exit_code == -9);
  kafka.CreateAnew("device");
  kafka.Send(records, model::kFlatBuffersContentType);
  const std::vector<std::string> replay = {"replay", "--config", kafka.site().config(), "--import"};
  const auto same = kafka.site().Run(replay);
  INFO(same.text);
  REQUIRE(same.exit_code == 0);
  kafka.CreateAnew("device");
  std::string& value = records[60].value;
  value[value.find("north")] = 'N';
  kafka.Send(records, model::kFlatBuffersContentType);
  for (const auto& other : {kafka.site().Run(replay), Continue(kafka.site())}) {
    INFO(other.text);
    CHECK(other.exit_code == kIntegrity);
    CHECK_THAT(other.text, Catch::Contains("PL1201: partition " + std::to_string(records[60].partition) + " entry ") &&
                               Catch::Contains("is not what it was"));
  }
}

TEST_CASE("topics of another kind of stamp or another number of partitions are refused by name") {
  const KafkaInstallation live(Broker(), true);
  live.SendValues(0, 20);
  const auto stamped = Continue(live.site());
  INFO(stamped.text);
  CHECK(stamped.exit_code == kUsage);
  CHECK_THAT(stamped.text, Catch::Contains("message.timestamp.type of this topic must be CreateTime"));
  const KafkaInstallation uneven(Broker(), false);
  Need(uneven.admin().DeleteTopic(uneven.topic("diagnosis")));
  REQUIRE(test::WaitFor([&] { return !uneven.admin().Partitions(uneven.topic("diagnosis")).has_value(); }, kSoon));
  const auto missing = Continue(uneven.site());
  INFO(missing.text);
  CHECK(missing.exit_code == kUsage);
  CHECK_THAT(missing.text, Catch::Contains(uneven.topic("diagnosis")) && Catch::Contains("create the topic or correct its name"));
  uneven.Create("diagnosis", 3);
  const auto ran = Continue(uneven.site());
  INFO(ran.text);
  CHECK(ran.exit_code == kUsage);
  CHECK_THAT(ran.text, Catch::Contains("one partition count") && Catch::Contains(uneven.topic("diagnosis") + " has 3"));
}

TEST_CASE("a broker that goes away and comes back is waited for: readiness says why, nothing is lost or doubled") {
  auto broker = Need(test::KafkaBroker::Start());
  const KafkaInstallation kafka(*broker, true);
  LiveRun live(kafka);
  kafka.SendValues(0, 60);
  INFO(live.Log());
  REQUIRE(live.WaitRecords(60));
  CHECK(test::WaitFor([&] { return live.Ready().status == 200; }, kSoon));
  broker->Kill();
  CHECK(test::WaitFor([&] { return live.Ready().status == 503; }, kSoon));
  CHECK_THAT(live.Ready().body, Catch::Contains(broker->address()));
  CHECK(live.process().Running());
  Need(broker->Restart());
  kafka.SendValues(60, 120);
  REQUIRE(live.WaitRecords(120));
  CHECK(test::WaitFor([&] { return live.Ready().status == 200; }, kSoon));
  live.process().Signal(SIGTERM);
  REQUIRE(live.process().WaitEnd(kSoon));
  CHECK(live.process().exit_code() == 0);
  CHECK_THAT(live.Log(), Catch::Contains("\"accepted\":120,\"duplicates\":0,"));
  CHECK(kafka.Read(kafka.topic("alerts")).size() == 67);
}

TEST_CASE("a topic deleted while it is followed stops the engine with its name") {
  const KafkaInstallation kafka(Broker(), true);
  LiveRun live(kafka);
  kafka.SendValues(0, 60);
  INFO(live.Log());
  REQUIRE(live.WaitRecords(60));
  Need(kafka.admin().DeleteTopic(kafka.topic("device")));
  const bool ended = live.process().WaitEnd(std::chrono::seconds(60));
  INFO(live.Ready().body << live.Log());
  REQUIRE(ended);
  CHECK(live.process().exit_code() == kIntegrity);
  CHECK_THAT(live.Log(), Catch::Contains("PL1202") && Catch::Contains(kafka.topic("device")));
}

TEST_CASE("a password that the broker refuses is told as that, and the right one is taken") {
  const auto broker = Need(test::KafkaBroker::Start(
      {"listener.security.protocol.map=PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT", "sasl.enabled.mechanisms=PLAIN",
       "sasl.mechanism.inter.broker.protocol=PLAIN",
       "listener.name.plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
       "username=\"broker\" password=\"b\" user_broker=\"b\" user_plumbline=\"right\";"}));
  const Installation site;
  const auto run_with = [&](const std::string& properties) {
    site.Configure(
        {{"source", "kafka"}, {"kafka", "{brokers: \"" + broker->address() + "\", properties: {" + properties + "}}"}});
    return Continue(site);
  };
  const std::string plain =
      "security.protocol: SASL_PLAINTEXT, sasl.mechanisms: PLAIN, sasl.username: plumbline, sasl.password: ";
  const auto wrong = run_with(plain + "wrong");
  INFO(wrong.text);
  CHECK(wrong.exit_code == kUsage);
  CHECK_THAT(wrong.text, Catch::Contains("the broker refuses these credentials: check the user's rights") &&
                             Catch::Contains("SASL authentication error: Authentication failed"));
  CHECK_THAT(wrong.text, !Catch::Contains("wrong\""));
  const auto right = run_with(plain + "right");
  INFO(right.text);
  CHECK_THAT(right.text, Catch::Contains("Unknown topic or partition; create the topic"));
  const auto none = run_with("fetch.min.bytes: \"1\"");
  INFO(none.text);
  CHECK(none.exit_code == kUsage);
  CHECK_THAT(none.text,
             Catch::Contains("PL1103") && Catch::Contains("does security.protocol (kafka.properties) fit the broker?"));
}

}  // namespace plumbline::program
