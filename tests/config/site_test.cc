#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "config/reader.h"
#include "config/site.h"

namespace plumbline::config {
namespace {

std::string Errors(const std::string& text) {
  Diagnostics diagnostics("site.yaml", text);
  const Node root = ParseYaml(text, diagnostics);
  (void)ReadConfig(root, diagnostics);
  return diagnostics.empty() ? "" : diagnostics.Render();
}

TEST_CASE("the examples load") {
  const auto embedded = LoadConfig("config/examples/embedded.yaml");
  INFO((embedded ? "" : embedded.error().message));
  REQUIRE(embedded.has_value());
  REQUIRE(embedded->sites.size() == 2);
  REQUIRE(embedded->FindSite("north")->zone == "Asia/Shanghai");
  REQUIRE(embedded->FindSite("east") == nullptr);
  const FeedConfig& monitors = embedded->sites[0].feeds[0];
  REQUIRE(monitors.source == "monitors");
  REQUIRE(monitors.timeout_ms == 120'000);
  REQUIRE(monitors.old_ms == 7LL * 86'400'000);
  REQUIRE(embedded->sites[0].feeds[2].kinds == (1U << 2 | 1U << 3));
  REQUIRE_FALSE(embedded->sites[1].feeds[1].heartbeats);
  REQUIRE(embedded->log.folder == "out/log");
  REQUIRE(embedded->lines[0].path == "out/alerts.jsonl");
  REQUIRE(embedded->validation.feeds.size() == 5);
  REQUIRE(embedded->validation.codes.size() == 3);
  REQUIRE(embedded->validation.codes[2].units[1].unit == "mmol/L");
  REQUIRE(embedded->validation.codes[2].units[1].low == Decimal::Parse("0.05"));
  REQUIRE(embedded->validation.unknown_feeds == model::UnknownPolicy::kReject);

  const auto kafka = LoadConfig("config/examples/kafka.yaml");
  INFO((kafka ? "" : kafka.error().message));
  REQUIRE(kafka.has_value());
  REQUIRE(kafka->source == Medium::kKafka);
  REQUIRE(kafka->kafka->properties[0].name == "fetch.min.bytes");
  REQUIRE(kafka->topics.device == "hospital.device");
  REQUIRE(kafka->topics.alerts == "plumbline.alerts.v1");
  REQUIRE(kafka->alertmanager->url == "http://127.0.0.1:9093");
  REQUIRE(kafka->http.port == 9465);
}

TEST_CASE("an empty configuration has defaults that run on the embedded log") {
  const std::string text = "plumbline: 1\n";
  Diagnostics diagnostics("site.yaml", text);
  const Config config = ReadConfig(ParseYaml(text, diagnostics), diagnostics);
  REQUIRE(diagnostics.empty());
  REQUIRE(config.source == Medium::kLog);
  REQUIRE(config.outputs == Medium::kLog);
  REQUIRE(config.partitions == 8);
  REQUIRE(config.http.port == 9464);
  REQUIRE_FALSE(config.alertmanager.has_value());
}

TEST_CASE("outputs follow the source unless they are named") {
  const std::string text = "source: kafka\nkafka: {brokers: \"b:9092\"}\n";
  Diagnostics diagnostics("site.yaml", text);
  REQUIRE(ReadConfig(ParseYaml(text, diagnostics), diagnostics).outputs == Medium::kKafka);
}

struct Mistake {
  std::string text;
  std::vector<std::string> shown;
};

TEST_CASE("a mistake is shown with its place, what was expected and the nearest right name") {
  const std::vector<Mistake> mistakes = {
      {"partitons: 8\n",
       {"site.yaml:1:1: error: there is no \"partitons\" in a configuration; did you mean \"partitions\"?",
        "    1 | partitons: 8", "^~~~~~~~~"}},
      {"partitions: 0\n", {"site.yaml:1:13: error: \"partitions\" is \"0\"", "= expected a whole number from 1 to 1024"}},
      {"partitions: many\n", {"\"partitions\" is \"many\"", "a whole number"}},
      {"partitions: [8]\n", {"\"partitions\" is a list"}},
      {"source: kafak\n", {"\"source\" is \"kafak\"; did you mean \"kafka\"?", "one of: kafka, log"}},
      {"source: kafka\n", {"there is no \"kafka\"", "kafka: {brokers: host:port}"}},
      {"kafka: {group: g}\n", {"site.yaml:1:8: error: kafka needs \"brokers\""}},
      {"sites:\n  - site: n\n    zone: Asia/Shangai\n",
       {"site.yaml:3:11: error: there is no time zone \"Asia/Shangai\"", "an IANA name"}},
      {"sites:\n  - site: n\n    feeds:\n      - {source: s, kinds: [devices]}\n",
       {"site.yaml:4:29: error: \"devices\" is no kind of event; did you mean \"device\"?",
        "one of: consultation, device, diagnosis"}},
      {"sites:\n  - site: n\n    feeds:\n      - {source: s}\n", {"a feed needs \"kinds\""}},
      {"sites:\n  - site: n\n    feeds:\n      - {source: s, kinds: [device], timeout: 5}\n",
       {"\"timeout\" is \"5\"", "a duration such as"}},
      {"sites:\n  - {site: n}\n  - {site: n}\n", {"site.yaml:3:5: error: site \"n\" is declared twice"}},
      {"sites:\n  - site: n\n    feeds: [{source: s, kinds: [device]}, {source: s, kinds: [device]}]\n",
       {"feed \"s\" is declared twice"}},
      {"topics: {device: a b}\n", {"\"a b\" cannot name a topic"}},
      {"topics: {device: plumbline.alerts.v1}\n", {"topic \"plumbline.alerts.v1\" is named twice"}},
      {"workers: 9\n", {"9 workers for 8 partitions"}},
      {"http: {port: 70000}\n", {"\"port\" is \"70000\"", "from 0 to 65535"}},
      {"alertmanager: {url: localhost}\n", {"\"localhost\" is no address"}},
      {"lines: [{logs: [alert], path: x}]\n", {"there is no output log \"alert\"; did you mean \"alerts\"?"}},
      {"validation:\n  codes:\n    - {code: 59408-5}\n", {"\"59408-5\" is no code", "system|code"}},
      {"validation:\n  codes:\n    - {code: \"a|b\", units: {\"%\": [5]}}\n", {"[low, high]"}},
      {"validation:\n  codes:\n    - {code: \"a|b\", units: {\"%\": [5, x]}}\n",
       {"a bound of \"%\" is \"x\"", "a decimal number"}},
      {"validation:\n  codes:\n    - {code: \"a|b\", units: {\"%\": [5, 1]}}\n",
       {"the lower bound of \"%\" is above the upper one"}},
      {"validation:\n  codes: [{code: \"a|b\"}, {code: \"a|b\"}]\n", {"code \"a|b\" has two tables"}},
      {"plumbline: 2\n", {"\"plumbline\" is \"2\""}},
      {"just a text\n", {"a configuration must be a map, not a text"}},
      {"", {"a configuration must be a map, not nothing"}},
  };
  for (const Mistake& mistake : mistakes) {
    const std::string shown = Errors(mistake.text);
    INFO(mistake.text << "\n" << shown);
    for (const std::string& part : mistake.shown) REQUIRE(shown.find(part) != std::string::npos);
  }
}

TEST_CASE("two topics of one name are refused") {
  REQUIRE(Errors("topics: {device: x, alerts: x}\n").find("topic \"x\" is named twice") != std::string::npos);
}

TEST_CASE("all mistakes show at once") {
  const std::string shown = Errors("partitions: 0\nworkers: none\nsites:\n  - zone: UTC\n    feed: []\nhttp: {prt: 1}\n");
  INFO(shown);
  for (const char* part :
       {":1:13:", ":2:10:", "a site needs \"site\"", "did you mean \"feeds\"", "did you mean \"port\"", "5 errors"}) {
    REQUIRE(shown.find(part) != std::string::npos);
  }
}

TEST_CASE("a configuration that is not there or broken is an error with a number") {
  const auto missing = LoadConfig("config/examples/none.yaml");
  REQUIRE(missing.error().code == ErrorCode::kNotFound);
}

TEST_CASE("durations are read with their unit, exactly") {
  REQUIRE(ParseDurationMs("500 ms") == 500);
  REQUIRE(ParseDurationMs("1.5 hours") == 5'400'000);
  REQUIRE(ParseDurationMs("15min") == 900'000);
  REQUIRE(ParseDurationMs("400 days") == 400LL * 86'400'000);
  REQUIRE(ParseDurationMs("0 s") == 0);
  for (const char* bad :
       {"", "5", "minutes", "-5 minutes", "5 fortnights", "1.0001 ms", "1e3 ms", "99999999999 weeks", "5 minutes ago"}) {
    INFO(bad);
    REQUIRE_FALSE(ParseDurationMs(bad).has_value());
  }
}

}  // namespace
}  // namespace plumbline::config
