// What people decide, through the control topic of a real broker: by the command line and by records that other programs write;
// good ones are carried out, bad ones are answered on the audit topic, and the streams go on.
#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <thread>

#include "engine/model/iso_time.h"
#include "tests/program/servers/kafka_installation.h"

namespace plumbline::program {
namespace {

constexpr int kFindings = 1;
constexpr auto kSoon = std::chrono::seconds(60);

// Each look opens a reader of the topic: not too often.
bool Await(const std::function<bool()>& ready) {
  return test::WaitFor(
      [&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        return ready();
      },
      kSoon);
}

test::KafkaBroker& Broker() { return *Need(test::KafkaBroker::Shared()); }

// Lines of a topic that contain all of `words`.
std::vector<KafkaInstallation::Copy> With(const KafkaInstallation& kafka, const std::string& topic,
                                          const std::vector<std::string>& words) {
  std::vector<KafkaInstallation::Copy> found;
  for (auto& copy : kafka.ReadIfThere(kafka.topic(topic))) {
    const bool all =
        std::all_of(words.begin(), words.end(), [&](const std::string& w) { return copy.value.find(w) != std::string::npos; });
    if (all) found.push_back(std::move(copy));
  }
  return found;
}

bool WaitFor(const KafkaInstallation& kafka, const std::string& topic, const std::vector<std::string>& words) {
  return Await([&] { return !With(kafka, topic, words).empty(); });
}

std::string Text(const std::string& json, const std::string& name) {
  const std::string mark = "\"" + name + "\":\"";
  const std::size_t at = json.find(mark);
  return at == std::string::npos ? "" : json.substr(at + mark.size(), json.find('"', at + mark.size()) - at - mark.size());
}

// A live engine on the broker, with one alert firing.
class Following {
 public:
  Following() : kafka_(Broker(), true) {
    kafka_.site().Start(engine_, {"run", "--config", kafka_.site().config(), "--quiet"}, "live.log");
    kafka_.SendValues(0, 1);  // number 0 is low
    const bool fires = WaitFor(kafka_, "alerts", {"\"state\":\"firing\""});
    INFO(Log());
    REQUIRE(fires);
    alert_ = kafka_.Read(kafka_.topic("alerts")).front().key;
  }
  [[nodiscard]] test::Output Control(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "control");
    const std::vector<std::string> more = {"--config", kafka_.site().config(), "--by", "Dr. Li", "--wait", "30"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return kafka_.site().Run(arguments);
  }
  // As another program would write it, to partition `partition`.
  void SendRaw(std::uint32_t partition, const std::string& value) const {
    kafka_.Send({{partition, 0, "control", value}}, "", "control");
  }
  void Stop() {
    CHECK(engine_.Stop(kSoon) == 0);
    INFO(Log());
  }
  [[nodiscard]] const KafkaInstallation& kafka() const { return kafka_; }
  [[nodiscard]] const std::string& alert() const { return alert_; }
  [[nodiscard]] std::string Log() const { return test::Tail(kafka_.site().Path("live.log")); }
  test::ChildProcess& engine() { return engine_; }

 private:
  KafkaInstallation kafka_;
  test::ChildProcess engine_;
  std::string alert_;
};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE(
    "acknowledge, silence and activate reach the engine through a control topic of a real broker, by command and by record") {
  Following live;
  const auto& kafka = live.kafka();
  const auto acknowledged = live.Control({"acknowledge", live.alert().substr(0, 10), "--text", "on my way"});
  INFO(acknowledged.text << live.Log());
  CHECK(acknowledged.exit_code == 0);
  CHECK_THAT(acknowledged.text, Catch::Contains("\"command\":\"acknowledge\"") && Catch::Contains("\"answer\":\"done\""));
  CHECK(With(kafka, "alerts", {live.alert(), "\"state\":\"acknowledged\"", "\"by\":\"Dr. Li\"", "on my way"}).size() == 1);
  // By a record of another program.
  const std::string partition = Text(Replaced(acknowledged.text, "\"partition\":", "\"partition\":\""), "partition");
  live.SendRaw(static_cast<std::uint32_t>(std::stoul(partition)),
               R"({"command":"silence","by":"duty desk","alert":")" + live.alert() +
                   R"(","until":"2099-01-01T00:00:00Z","text":"moving the bed"})");
  CHECK(WaitFor(kafka, "audit", {"\"command\":\"silence\"", "duty desk", "\"answer\":\"done\""}));
  CHECK(WaitFor(kafka, "alerts", {live.alert(), "\"state\":\"silenced\""}));
  // A new edition of the pack: 80 % is fine from its time on.
  kafka.site().WriteFile(
      "next.yaml",
      Replaced(Replaced(Replaced(test::Tail(kafka.site().Path("pack.yaml"), 1 << 20), "version: 1.0.0", "version: 2.0.0"),
                        "kind: check", "kind: check\n    revision: 2"),
               ">= 90 '%'", ">= 70 '%'"));
  SystemClock clock;
  const auto activated =
      live.Control({"activate", kafka.site().Path("next.yaml"), "--from", model::FormatTime(clock.WallMs() + 3000)});
  INFO(activated.text);
  CHECK(activated.exit_code == 0);
  CHECK_THAT(activated.text,
             Catch::Contains("\"began\":[\"low-saturation/2\"]") && Catch::Contains("\"ended\":[\"low-saturation/1\"]"));
  // Of the old edition an alert was firing; the new one supersedes it once it has judged the patient.
  int number = 0;  // every 120th value is a low one of the same patient
  CHECK(Await([&] {
    number += 120;
    kafka.Send(Installation::Values(number, number + 1, clock.WallMs() - number, 1), model::kFlatBuffersContentType);
    return !With(kafka, "alerts", {live.alert(), "\"state\":\"superseded\""}).empty();
  }));
  // The control topic is read again by restart and replay like any input.
  live.Stop();
  const auto replayed = kafka.site().Run({"replay", "--config", kafka.site().config(), "--json"});
  INFO(replayed.text);
  CHECK(replayed.exit_code == 0);
}

TEST_CASE("control records that say nothing right are answered on the audit topic of a real broker, and the streams go on") {
  Following live;
  const auto& kafka = live.kafka();
  struct Bad {
    const char* record;
    const char* why;
  };
  const Bad bad[] = {
      {"acknowledge everything", "JSON"},
      {R"({"command":"acknowlege","by":"x","alert":"00000000000000000000000000000000"})", "acknowlege"},
      {R"({"command":"acknowledge","alert":"00000000000000000000000000000000"})", "by"},
      {R"({"command":"acknowledge","by":"x","alert":"00000000000000000000000000000000"})", "has no alert of this id"},
      {R"({"command":"silence","by":"x","rule":"no-such-rule","until":"2099-01-01T00:00:00Z","text":"t"})", "no rule"},
      {R"({"command":"silence","by":"x","rule":"low-saturation","until":"2001-01-01T00:00:00Z","text":"t"})", "before it begins"},
      {R"({"command":"retire","by":"x","rule":"low-saturation","effective_from":"2001-01-01T00:00:00Z"})",
       "what has been judged stays judged"},
      {R"({"command":"activate","by":"x","pack":{"name":"p.yaml","text":"pack: ["},"effective_from":"2099-01-01T00:00:00Z"})",
       "this is not YAML"},
      {"", "Empty"},
  };
  for (const Bad& b : bad) live.SendRaw(0, b.record);
  const std::string huge(300'000, ' ');
  live.SendRaw(0, R"({"command":"comment","by":"x","alert":"00000000000000000000000000000000","text":"t"})" + huge);
  const bool answered = Await([&] { return With(kafka, "audit", {"\"answer\":\"refused\""}).size() == std::size(bad) + 1; });
  std::string all;
  for (const auto& copy : kafka.Read(kafka.topic("audit"))) all += copy.value + "\n";
  INFO(all << live.Log());
  CHECK(answered);
  for (const Bad& b : bad) {
    CAPTURE(b.record);
    CHECK_THAT(all, Catch::Contains(b.why));
  }
  // Refused by the command line before it is sent, or by the engine's answer: exit code 1.
  const auto unknown = live.Control({"acknowledge", "ffffffffff"});
  CHECK(unknown.exit_code == kFindings);
  CHECK_THAT(unknown.text, Catch::Contains("the alerts log has no alert \"ffffffffff\""));
  const auto refused = live.Control({"silence", "--rule", "no-such-rule", "--until", "2099-01-01T00:00:00Z", "--text", "t"});
  CHECK(refused.exit_code == kFindings);
  CHECK_THAT(refused.text, Catch::Contains("no rule \\\"no-such-rule\\\" is loaded"));
  CHECK(live.engine().Running());
  kafka.SendValues(3, 4);
  CHECK(Await([&] { return With(kafka, "alerts", {"\"state\":\"firing\""}).size() == 2; }));
  live.Stop();
}

}  // namespace plumbline::program
