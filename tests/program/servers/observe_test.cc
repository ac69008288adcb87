// What Prometheus sees of a real run: a live engine on a real broker, with two workers, an Alertmanager behind it, and a bit of
// everything in its streams, scraped by a real Prometheus while it runs.
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <thread>

#include "tests/connectors/alertmanager/real_alertmanager.h"
#include "tests/program/servers/kafka_installation.h"

namespace plumbline::program {
namespace {

constexpr auto kSoon = std::chrono::seconds(90);

std::filesystem::path Prometheus(const std::string& program) {
  const auto path = test::ToolsFolder() / "prometheus" / "usr" / "bin" / program;
  INFO("run ./setup.sh first: it unpacks the real Prometheus");
  REQUIRE(std::filesystem::exists(path));
  return path;
}

std::string UrlEncoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (std::isalnum(code) != 0)
      out += letter;
    else
      out.append("%").append(1, kHex[code >> 4]).append(1, kHex[code & 15]);
  }
  return out;
}

// A Prometheus that scrapes one port every second.
class Scraper {
 public:
  explicit Scraper(std::uint16_t target) : port_(test::FreePort()) {
    std::ofstream(folder_ / "prometheus.yml")
        << "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n- job_name: "
           "plumbline\n  static_configs: [{targets: ['127.0.0.1:"
        << target << "']}]\n";
    REQUIRE(process_.Start(
        {Prometheus("prometheus").string(), "--config.file=" + (folder_ / "prometheus.yml").string(),
         "--storage.tsdb.path=" + (folder_ / "data").string(), "--web.listen-address=127.0.0.1:" + std::to_string(port_)},
        folder_ / "log"));
  }
  [[nodiscard]] std::string Query(const std::string& expression) const {
    return test::Get(port_, "/api/v1/query?query=" + UrlEncoded(expression)).body;
  }
  // The expression gives at least one sample, soon.
  [[nodiscard]] bool Holds(const std::string& expression) const {
    return test::WaitFor(
        [&] {
          const std::string answer = Query(expression);
          return answer.find("\"status\":\"success\"") != std::string::npos && answer.find("\"value\":[") != std::string::npos;
        },
        kSoon);
  }
  [[nodiscard]] std::string Targets() const { return test::Get(port_, "/api/v1/targets").body; }

 private:
  test::TempFolder folder_{"prometheus"};
  std::uint16_t port_;
  test::ChildProcess process_;
};

// What it views must outlive it.
model::Event Of(std::string_view id, std::string_view patient, std::string_view value, std::int64_t time_ms) {
  model::Event e = Saturation(id, patient, value, time_ms);
  e.encounter = "secret-encounter";
  e.clinician = "secret-clinician";
  return e;
}

Installation::RecordIn Record(const model::Event& event) {
  model::Encoder encoder;
  return {io::PartitionOfKey(AsBytes(event.patient), Installation::kPartitions), 0, std::string(event.patient),
          std::string(encoder.FlatBuffers(event))};
}

// Passes, fails that stay and one that ends, an unknown, a duplicate, a late one and its late correction, a record that is none,
// and a heartbeat of a feed that then falls silent.
std::vector<Installation::RecordIn> BitOfEverything() {
  SystemClock clock;
  const std::int64_t now = clock.WallMs();
  std::vector<std::string> names;
  for (int i = 0; i < 8; ++i) names.push_back("secret-patient-" + std::to_string(i));
  std::vector<Installation::RecordIn> records;
  for (int i = 0; i < 8; ++i) {
    const std::string id = "secret-event-" + std::to_string(i);
    records.push_back(Record(Of(id, names[static_cast<std::size_t>(i)], i % 2 == 0 ? "80" : "97", now)));
  }
  records.push_back(records.front());
  records.push_back(Record(Of("secret-end", names[2], "98", now + 1)));
  model::Event coded = Of("secret-coded", names[3], "0", now + 1);
  coded.has_quantity = false;
  coded.value_code = {"http://snomed.info/sct", "281302008", ""};
  records.push_back(Record(coded));
  model::Event late = Of("secret-late", names[4], "70", now - 600'000);
  records.push_back(Record(late));
  late.version = 2;
  late.status = model::EventStatus::kAmended;
  late.quantity = {*Decimal::Parse("96"), "%"};
  records.push_back(Record(late));
  records.push_back({1, 0, names[1], "no event"});
  return records;
}

// The trigger of a pathway that came ten minutes late.
Installation::RecordIn LateShock() {
  SystemClock clock;
  model::Event e;
  e.kind = model::EventKind::kDiagnosis;
  e.id = "secret-diagnosis";
  e.patient = "secret-patient-5";
  e.site = "north";
  e.source = "his";
  e.time = clock.WallMs() - 600'000;
  e.code = {"test", "shock", ""};
  return Record(e);
}

constexpr std::string_view kPathway = R"(
  - id: answered
    kind: pathway
    title: {en: Shock answered, zh: 休克应答}
    when: '[Diagnosis: "Shock"] D'
    expect: '[Consultation: "Drug"] A'
    within: 1 minute
    lateness: 3 seconds
)";

// The usual pack with a lateness of seconds, so that verdicts are final soon, and a pathway.
std::string QuickPack(const Installation& site) {
  std::string pack = test::Tail(site.Path("pack.yaml"), 1 << 20);
  for (std::size_t at = pack.find("15 minutes"); at != std::string::npos; at = pack.find("15 minutes"))
    pack.replace(at, 10, "3 seconds");
  const std::string valuesets = "valuesets:\n";
  pack.insert(pack.find(valuesets) + valuesets.size(), "  Shock: [\"test|shock\"]\n  Drug: [\"test|drug\"]\n");
  return pack.append(kPathway);
}

Installation::RecordIn Beat(std::uint32_t partition) {
  SystemClock clock;
  model::Encoder encoder;
  model::Event e;
  e.kind = model::EventKind::kHeartbeat;
  e.site = "north";
  e.source = "his";
  e.time = clock.WallMs();
  return {partition, 0, "", std::string(encoder.FlatBuffers(e))};
}

void CheckNothingOfAPatient(const std::string& text) {
  CHECK_THAT(text, !Catch::Contains("secret"));
  for (const char* word : {"patient", "encounter", "clinician", "subject=", "alert_id", "event_id"}) {
    CAPTURE(word);
    for (std::size_t at = text.find('{'); at != std::string::npos; at = text.find('{', at + 1))
      REQUIRE(text.substr(at, text.find('}', at) - at).find(word) == std::string::npos);
  }
}

constexpr const char* kSites =
    "\n  - site: north\n    feeds:\n      - {source: monitors, kinds: [device], heartbeats: false, future: 5 minutes, old: 7 "
    "days}\n"
    "      - {source: his, kinds: [consultation, diagnosis], timeout: 2 seconds}";

}  // namespace

TEST_CASE("a real Prometheus finds every metric of a real run, with something in it and nothing of a patient") {
  test::KafkaBroker& broker = *Need(test::KafkaBroker::Shared());
  const KafkaInstallation kafka(broker, true);
  const Installation& site = kafka.site();
  const alertmanager::Pager pager;
  alertmanager::RealAlertmanager receiver(pager);
  receiver.Start();
  const std::uint16_t port = test::FreePort();
  kafka.Configure({{"http", "{port: " + std::to_string(port) + "}"},
                   {"alertmanager", "{url: \"" + receiver.url() + "\"}"},
                   {"workers", "2"},
                   {"state", "{folder: state, checkpoint: 20 ms}"},
                   {"sites", kSites}});
  site.WritePack(QuickPack(site));
  test::ChildProcess engine;
  site.Start(engine, {"run", "--config", site.config(), "--quiet"}, "live.log");
  const Scraper prometheus(port);
  const bool ready = test::WaitFor([&] { return test::Get(port, "/ready").status == 200; }, kSoon);
  INFO(test::Get(port, "/ready").body << test::Tail(site.Path("live.log")));
  REQUIRE(ready);
  CHECK(test::Get(port, "/health").status == 200);
  kafka.Send(BitOfEverything(), model::kFlatBuffersContentType);
  kafka.Send({LateShock()}, model::kFlatBuffersContentType, "diagnosis");
  kafka.Send({Beat(0), Beat(1)}, model::kFlatBuffersContentType, "consultation");
  REQUIRE(test::WaitFor([&] { return !pager.Pages().empty(); }, kSoon));
  const std::string alert = pager.Pages().begin()->first.substr(std::string("firing ").size());
  const auto done =
      site.Run({"control", "acknowledge", alert, "--config", site.config(), "--by", "secret-nurse", "--wait", "30"});
  INFO(done.text);
  CHECK(done.exit_code == 0);
  REQUIRE(prometheus.Holds("up == 1"));
  for (const char* expression : {"sum(plumbline_records_total) >= 16",
                                 "sum(plumbline_record_bytes_total) > 1000",
                                 "plumbline_lag_records >= 0",
                                 "plumbline_topic_clock_delay_seconds < 60",
                                 "plumbline_topic_paused == 0",
                                 "plumbline_clock_delay_seconds < 60",
                                 "plumbline_watermark_delay_seconds > 2",
                                 "sum(plumbline_events_total{outcome=\"accepted\"}) >= 12",
                                 "sum(plumbline_events_total{outcome=\"duplicate\"}) > 0",
                                 "sum(plumbline_out_of_order_events_total) > 0",
                                 "plumbline_skewed_records_total >= 0",
                                 "plumbline_truncated_verdicts_total == 0",
                                 "sum(plumbline_state_subjects) == 8",
                                 "sum(plumbline_state_rows) > 8",
                                 "sum(plumbline_state_bytes) > 1000",
                                 "max_over_time(plumbline_rerun_seconds[5m]) > 0",
                                 "plumbline_partition_stopped == 0",
                                 "plumbline_journal_entries_total > 0",
                                 "plumbline_checkpoints_total > 0",
                                 "plumbline_verdicts_total{rule=\"low-saturation\",result=\"pass\"} > 0",
                                 "plumbline_verdicts_total{rule=\"low-saturation\",result=\"fail\"} > 0",
                                 "plumbline_verdicts_total{rule=\"low-saturation\",result=\"unknown\"} > 0",
                                 "plumbline_transitions_total{transition=\"firing\"} > 0",
                                 "plumbline_transitions_total{transition=\"resolved\"} > 0",
                                 "plumbline_alerts{rule=\"low-saturation\",state=\"firing\"} > 0",
                                 "plumbline_alerts{state=\"acknowledged\"} == 1",
                                 "plumbline_alerts{state=\"unknown\"} >= 0",
                                 "plumbline_late_events_total{rule=\"low-saturation\"} > 0",
                                 "plumbline_late_triggers_total{rule=\"answered\"} > 0",
                                 "plumbline_dead_letters_total{reason=\"malformed_flatbuffer\"} == 1",
                                 "sum(plumbline_control_records_total{answer=\"done\"}) == 1",
                                 "plumbline_feed_delay_seconds{site=\"north\",source=\"his\"} > 0",
                                 "plumbline_feed_silent{source=\"his\"} == 1",
                                 "histogram_quantile(0.99, plumbline_event_latency_seconds_bucket) > 0",
                                 "histogram_quantile(0.99, plumbline_commit_latency_seconds_bucket) > 0",
                                 "histogram_quantile(0.99, plumbline_batch_latency_seconds_bucket) > 0",
                                 "histogram_quantile(0.99, plumbline_append_latency_seconds_bucket) > 0",
                                 "histogram_quantile(0.99, plumbline_checkpoint_pause_seconds_bucket) > 0",
                                 "plumbline_delivery_sent_total{receiver=\"alertmanager\"} > 0",
                                 "plumbline_delivery_firing > 0",
                                 "plumbline_delivery_waiting >= 0",
                                 "plumbline_delivery_oldest_seconds >= 0",
                                 "plumbline_delivery_resolved_total >= 0",
                                 "plumbline_delivery_refused_total == 0",
                                 "plumbline_delivery_failures_total >= 0",
                                 "plumbline_workers_ready == 2",
                                 "plumbline_build_info == 1",
                                 "process_resident_memory_bytes > 1e6",
                                 "process_cpu_seconds_total > 0",
                                 "process_start_time_seconds > 1e9"}) {
    CAPTURE(expression);
    CHECK(prometheus.Holds(expression));
  }
  CHECK_THAT(prometheus.Targets(), Catch::Contains("\"lastError\":\"\""));
  const std::string text = test::Get(port, "/metrics").body;
  const auto checked = Need(test::RunProgram({Prometheus("promtool").string(), "check", "metrics"}, text));
  INFO(checked.text);
  CHECK(checked.exit_code == 0);
  CHECK(checked.text.empty());
  CheckNothingOfAPatient(text);
  CHECK(engine.Stop(kSoon) == 0);
}

TEST_CASE("readiness is red with the reason while an engine's output cannot be delivered, health stays green") {
  const Installation site;
  const std::uint16_t port = test::FreePort();
  site.Configure({{"http", "{port: " + std::to_string(port) + "}"},
                  {"alertmanager", "{url: \"http://127.0.0.1:" + std::to_string(test::FreePort()) + "\", give_up: 1 second}"}});
  SystemClock clock;
  site.Append(Saturation("a", "p1", "80", clock.WallMs()), io::TopicTimes::kAppend);
  test::ChildProcess engine;
  site.Start(engine, {"run", "--config", site.config(), "--quiet"}, "live.log");
  const bool red =
      test::WaitFor([&] { return test::Get(port, "/ready").body.find("wait to be delivered") != std::string::npos; }, kSoon);
  const auto answer = test::Get(port, "/ready");
  INFO(answer.body << test::Tail(site.Path("live.log")));
  CHECK(red);
  CHECK(answer.status == 503);
  CHECK_THAT(answer.body, Catch::Contains("alertmanager: 1 alerts wait to be delivered to http://127.0.0.1:"));
  CHECK(test::Get(port, "/health").status == 200);
  CHECK(engine.Stop(kSoon) == 0);
}

}  // namespace plumbline::program
