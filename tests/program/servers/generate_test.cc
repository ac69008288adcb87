// `plumbline generate` into a real broker: live, while an engine follows the topics; and at a speed, with simulated arrivals.
#include <catch2/catch.hpp>

#include "tests/program/servers/kafka_installation.h"

namespace plumbline::program {
namespace {

using std::chrono::seconds;

// The simulated hospital's sites and feeds.
void ConfigureHospital(const KafkaInstallation& kafka) {
  std::string sites;
  for (const char* site : {"north", "south", "west"}) {
    sites += "\n  - {site: " + std::string(site) +
             ", feeds: [{source: monitors, kinds: [device]}, {source: meters, kinds: [device]}, {source: orders, kinds: "
             "[consultation]}, {source: diagnoses, kinds: [diagnosis]}]}";
  }
  kafka.Configure({{"sites", sites}, {"validation", ""}});
}

std::vector<std::string> Generate(const KafkaInstallation& kafka, std::vector<std::string> more) {
  std::vector<std::string> arguments = {"generate",   "--config", kafka.site().config(), "--to",     "kafka",  "--patients", "40",
                                        "--interval", "1 second", "--heartbeat",         "1 second", "--quiet"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::int64_t Of(const std::string& summary, const std::string& name) {
  const std::size_t at = summary.find("\"" + name + "\":");
  INFO(summary);
  REQUIRE(at != std::string::npos);
  return std::strtoll(summary.c_str() + at + name.size() + 3, nullptr, 10);
}

void RequireWhole(const std::string& summary) {
  INFO(summary);
  CHECK(Of(summary, "dead_letters") == 0);
  CHECK(Of(summary, "heartbeats") > 12 * Installation::kPartitions);
  CHECK(Of(summary, "accepted") > 200);
  CHECK(Of(summary, "records") ==
        Of(summary, "accepted") + Of(summary, "outdated") + Of(summary, "duplicates") + Of(summary, "heartbeats"));
}

}  // namespace

TEST_CASE("generate feeds a broker live, heartbeats included, while an engine follows it") {
  const KafkaInstallation kafka(*Need(test::KafkaBroker::Shared()), true);
  ConfigureHospital(kafka);
  test::ChildProcess engine;
  kafka.site().Start(engine, {"run", "--config", kafka.site().config(), "--quiet", "--json"}, "engine.txt");
  test::ChildProcess hospital;
  kafka.site().Start(hospital, Generate(kafka, {"--speed", "1", "--duration", "1 hour"}), "generate.txt");
  CHECK_FALSE(hospital.WaitEnd(seconds(20)));
  CHECK(hospital.Stop() == 0);
  (void)test::WaitFor([] { return false; }, seconds(3));  // what is left is read
  REQUIRE(engine.Running());
  CHECK(engine.Stop() == 0);
  RequireWhole(test::Tail(kafka.site().Path("engine.txt")));
}

TEST_CASE("generate at sixty times real time leaves a broker with an import's topics") {
  const KafkaInstallation kafka(*Need(test::KafkaBroker::Shared()), false);
  ConfigureHospital(kafka);
  SystemClock clock;
  const std::int64_t began = clock.SteadyNs();
  const auto made = kafka.site().Run(Generate(kafka, {"--speed", "60", "--duration", "2 minutes"}));
  INFO(made.text);
  CHECK(made.exit_code == 0);
  CHECK(clock.SteadyNs() - began > 1'900'000'000);
  const auto ran = kafka.site().Import();
  CHECK(ran.exit_code == 0);
  RequireWhole(ran.text);
}

}  // namespace plumbline::program
