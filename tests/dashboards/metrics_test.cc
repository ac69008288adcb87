// Metrics as Prometheus' own tools read them: promtool's lint, a real server that scrapes.
#include "dashboards/metrics.h"

#include <prometheus/counter.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <thread>

#include "tests/support/http.h"
#include "tests/support/process.h"

namespace plumbline::dashboards {
namespace {

std::int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

WorkerSnapshot Example(std::uint32_t partition) {
  WorkerSnapshot snapshot;
  snapshot.topics.push_back({"plumbline.device.v1", partition, 1000, 216'000, 7, NowMs() - 3000, false});
  PartitionState state;
  state.partition = partition;
  state.clock_ms = NowMs() - 3000;
  state.watermark_ms = NowMs() - 903'000;
  state.accepted = 990;
  state.duplicates = 4;
  state.subjects = 12;
  state.state_rows = 4096;
  state.journal_entries = 10;
  state.rerun_seconds = 0.25;
  snapshot.partitions.push_back(state);
  RuleState rule;
  rule.rule = "sepsis/antimicrobial";
  rule.final_verdicts = {5, 2, 1, 0};
  rule.transitions[3] = 2;
  rule.alerts[0] = 1;
  rule.late_events = 3;
  snapshot.rules.push_back(rule);
  snapshot.dead_letters.push_back({"future", 6});
  snapshot.feeds.push_back({"B", "orders", NowMs() - 600'000, true});
  snapshot.event_latency.Add(0.0004, 990);
  snapshot.event_latency.Add(2.0);
  snapshot.commit_latency.Add(0.003, 10);
  return snapshot;
}

std::unique_ptr<Metrics> TwoWorkers() {
  auto metrics = std::make_unique<Metrics>(Metrics::Options{"0.1.0 \"test\"\\", std::chrono::seconds(60)}, 2);
  for (std::uint32_t worker = 0; worker < 2; ++worker) {
    WorkerSnapshot snapshot = Example(worker);
    metrics->Publish(worker, snapshot);
  }
  return metrics;
}

test::Output Promtool(const std::vector<std::string>& arguments, const std::string& input) {
  const auto program = test::ToolsFolder() / "prometheus" / "usr" / "bin" / "promtool";
  INFO("run ./setup.sh first: it unpacks promtool");
  REQUIRE(std::filesystem::exists(program));
  std::vector<std::string> command = {program.string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const auto output = test::RunProgram(command, input);
  REQUIRE(output);
  return *output;
}

}  // namespace

TEST_CASE("promtool finds nothing to say about the metrics, and does about a bad one") {
  auto metrics = TwoWorkers();
  auto& family =
      prometheus::BuildCounter().Name("plumbline_delivery_sent_total").Help("Alerts sent.").Register(metrics->registry());
  family.Add({{"receiver", "alertmanager"}}).Increment(3);
  const auto output = Promtool({"check", "metrics"}, metrics->Write(Metrics::Format::kText));
  CAPTURE(output.text);
  CHECK(output.exit_code == 0);
  CHECK(output.text.empty());
  const auto bad = Promtool({"check", "metrics"}, "# TYPE plumbline_time_milliseconds counter\nplumbline_time_milliseconds 1\n");
  CHECK(bad.exit_code != 0);
}

TEST_CASE("counts of workers are summed by rule and kept apart by partition") {
  auto metrics = TwoWorkers();
  const std::string text = metrics->Write(Metrics::Format::kText);
  for (const char* line :
       {"plumbline_verdicts_total{rule=\"sepsis/antimicrobial\",result=\"pass\"} 10\n",
        "plumbline_verdicts_total{rule=\"sepsis/antimicrobial\",result=\"unknown\"} 2\n",
        "plumbline_records_total{topic=\"plumbline.device.v1\",partition=\"1\"} 1000\n",
        "plumbline_lag_records{topic=\"plumbline.device.v1\",partition=\"0\"} 7\n",
        "plumbline_late_events_total{rule=\"sepsis/antimicrobial\"} 6\n",
        "plumbline_alerts{rule=\"sepsis/antimicrobial\",state=\"firing\"} 2\n",
        "plumbline_dead_letters_total{reason=\"future\"} 12\n", "plumbline_feed_silent{site=\"B\",source=\"orders\"} 1\n",
        "plumbline_rerun_seconds{partition=\"0\"} 0.25\n", "plumbline_state_rows{partition=\"1\"} 4096\n",
        "plumbline_event_latency_seconds_bucket{le=\"0.0005\"} 1980\n",
        "plumbline_event_latency_seconds_bucket{le=\"+Inf\"} 1982\n", "plumbline_event_latency_seconds_count 1982\n",
        "plumbline_commit_latency_seconds_count 20\n", "plumbline_build_info{version=\"0.1.0 \\\"test\\\"\\\\\"} 1\n"})
    CHECK_THAT(text, Catch::Contains(line));
  const std::string name = "plumbline_clock_delay_seconds{partition=\"0\"} ";
  const double delay = std::stod(text.substr(text.find(name) + name.size()));
  CHECK(delay > 2.9);
  CHECK(delay < 60);
}

TEST_CASE("no metric has a label for a patient, an encounter or a clinician") {
  const std::string text = TwoWorkers()->Write(Metrics::Format::kText);
  const std::vector<std::string> allowed = {"version", "topic",  "partition", "outcome", "rule", "result", "transition",
                                            "state",   "reason", "site",      "source",  "le",   "answer"};
  std::size_t labels = 0;
  for (std::size_t at = text.find("=\""); at != std::string::npos; at = text.find("=\"", at + 1)) {
    const std::size_t begin = text.find_last_of("{,", at) + 1;
    const std::string label = text.substr(begin, at - begin);
    CAPTURE(label);
    CHECK(std::find(allowed.begin(), allowed.end(), label) != allowed.end());
    ++labels;
  }
  CHECK(labels > 50);
}

TEST_CASE("a latency on a bound counts into the bucket that ends there") {
  LatencyHistogram histogram;
  histogram.Add(0.001);
  histogram.Add(0.0010001);
  histogram.Add(1000);
  histogram.Add(0);
  const std::size_t at = static_cast<std::size_t>(std::ranges::find(kLatencyBounds, 0.001) - kLatencyBounds.begin());
  CHECK(histogram.counts[0] == 1);
  CHECK(histogram.counts[at] == 1);
  CHECK(histogram.counts[at + 1] == 1);
  CHECK(histogram.counts.back() == 1);
}

TEST_CASE("OpenMetrics names counters without their ending, and ends with its mark") {
  auto metrics = TwoWorkers();
  const HttpResponse answer =
      metrics->Serve({"GET", "/metrics", "", "application/openmetrics-text;version=1.0.0,text/plain", ""});
  CHECK_THAT(answer.content_type, Catch::StartsWith("application/openmetrics-text"));
  CHECK_THAT(answer.body, Catch::Contains("# TYPE plumbline_verdicts counter\nplumbline_verdicts_total{"));
  CHECK_THAT(answer.body, Catch::EndsWith("# EOF\n"));
  const HttpResponse plain = metrics->Serve({"GET", "/metrics", "", "*/*", ""});
  CHECK_THAT(plain.body, Catch::Contains("# TYPE plumbline_verdicts_total counter\n") && !Catch::Contains("# EOF"));
}

TEST_CASE("readiness names each reason, a start included, and turns green when all are gone") {
  Metrics metrics({"1", std::chrono::seconds(60)}, 1);
  HttpResponse answer = metrics.Serve({"GET", "/ready", "", "", ""});
  CHECK(answer.status == 503);
  CHECK_THAT(answer.body, Catch::Contains("worker 0: is starting"));
  WorkerSnapshot snapshot = Example(0);
  snapshot.trouble = {"Kafka at \"h:1\" does not answer"};
  metrics.Publish(0, snapshot);
  metrics.SetTrouble("alertmanager", {"12 alerts wait for 5 min"});
  answer = metrics.Serve({"GET", "/ready", "", "", ""});
  CHECK(answer.status == 503);
  CHECK(answer.body ==
        "{\"ready\":false,\"reasons\":[\"worker 0: Kafka at \\\"h:1\\\" does not answer\",\"alertmanager: 12 alerts wait for 5 "
        "min\"]}\n");
  snapshot = Example(0);
  metrics.Publish(0, snapshot);
  metrics.SetTrouble("alertmanager", {});
  answer = metrics.Serve({"GET", "/ready", "", "", ""});
  CHECK(answer.status == 200);
  CHECK(answer.body == "{\"ready\":true,\"reasons\":[]}\n");
}

TEST_CASE("a worker that finishes no batch turns health red") {
  Metrics metrics({"1", std::chrono::seconds(0)}, 1);
  CHECK(metrics.Serve({"GET", "/health", "", "", ""}).status == 200);  // not started yet
  WorkerSnapshot snapshot = Example(0);
  metrics.Publish(0, snapshot);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  const HttpResponse answer = metrics.Serve({"GET", "/health", "", "", ""});
  CHECK(answer.status == 503);
  CHECK_THAT(answer.body, Catch::Contains("worker 0 has finished no batch for 1 s"));
  CHECK(metrics.Serve({"GET", "/other", "", "", ""}).status == 404);
  CHECK(metrics.Serve({"POST", "/ready", "", "", ""}).status == 405);
}

TEST_CASE("a real Prometheus scrapes both formats and answers queries about them") {
  auto metrics = TwoWorkers();
  auto server = HttpServer::Start({"127.0.0.1", 0}, [&](const HttpRequest& request) { return metrics->Serve(request); });
  REQUIRE(server);
  const test::TempFolder folder("prometheus");
  const std::uint16_t port = test::FreePort();
  std::ofstream(folder / "prometheus.yml") << "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
                                           << "- job_name: plumbline\n  static_configs: [{targets: ['127.0.0.1:"
                                           << (*server)->port() << "']}]\n";
  const auto program = test::ToolsFolder() / "prometheus" / "usr" / "bin" / "prometheus";
  test::ChildProcess prometheus;
  REQUIRE(prometheus.Start(
      {program.string(), "--config.file=" + (folder / "prometheus.yml").string(),
       "--storage.tsdb.path=" + (folder / "data").string(), "--web.listen-address=127.0.0.1:" + std::to_string(port)},
      folder / "log"));
  const auto query = [&](const std::string& expression) { return test::Get(port, "/api/v1/query?query=" + expression).body; };
  const bool up = test::WaitFor(
      [&] {
        return query("up").find("\"job\":\"plumbline\"") != std::string::npos && query("up").find(",\"1\"]") != std::string::npos;
      },
      std::chrono::seconds(40));
  INFO(test::Tail(folder / "log"));
  REQUIRE(up);
  CHECK_THAT(query("sum(plumbline_records_total)"), Catch::Contains(",\"2000\"]"));
  CHECK_THAT(query("plumbline_verdicts_total%7Bresult=%22pass%22%7D"), Catch::Contains(",\"10\"]"));
  CHECK_THAT(query("histogram_quantile(0.5,plumbline_event_latency_seconds_bucket)"), Catch::Contains("0.000"));
  CHECK_THAT(test::Get(port, "/api/v1/targets").body, Catch::Contains("\"lastError\":\"\""));
}

}  // namespace plumbline::dashboards
