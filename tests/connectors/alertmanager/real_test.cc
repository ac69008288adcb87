// With the real Alertmanager and a process that delivers and is killed: what people are told at the end of the chain, by a
// webhook.
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <mutex>

#include "dashboards/http_server.h"
#include "tests/connectors/alertmanager/support.h"
#include "tests/support/http.h"

namespace plumbline::alertmanager {
namespace {

// Where Alertmanager sends notifications: "firing a1", "resolved a1" in the order of arrival.
class Pager {
 public:
  Pager() {
    server_ = Need(dashboards::HttpServer::Start({"127.0.0.1", 0}, [this](const dashboards::HttpRequest& request) {
      const std::string body(request.body);
      const std::scoped_lock lock(mutex_);
      // One alert a group: the first status is the group's.
      const bool firing = body.find("\"status\":\"firing\"") != std::string::npos;
      const std::size_t at = body.find("\"alert_id\":\"");
      if (at != std::string::npos)
        pages_.push_back((firing ? "firing " : "resolved ") + body.substr(at + 12, body.find('"', at + 12) - at - 12));
      return dashboards::HttpResponse{};
    }));
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] int Count(const std::string& page) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<int>(std::count(pages_.begin(), pages_.end(), page));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> pages_;
  std::unique_ptr<dashboards::HttpServer> server_;
};

class RealAlertmanager {
 public:
  explicit RealAlertmanager(const Pager& pager) : port_(test::FreePort()) {
    std::ofstream(folder_ / "alertmanager.yml")
        << "route: {receiver: pager, group_by: [alert_id], group_wait: 200ms, group_interval: 1s, repeat_interval: 1h}\n"
        << "receivers:\n- name: pager\n  webhook_configs:\n  - {url: 'http://127.0.0.1:" << pager.port()
        << "/', send_resolved: true}\n";
  }
  void Start() {
    const auto program = test::ToolsFolder() / "prometheus-alertmanager" / "usr" / "bin" / "prometheus-alertmanager";
    INFO("run ./setup.sh first: it unpacks the real Alertmanager");
    REQUIRE(std::filesystem::exists(program));
    Need(process_.Start({program.string(), "--config.file=" + (folder_ / "alertmanager.yml").string(),
                         "--storage.path=" + (folder_ / "data").string(),
                         "--web.listen-address=127.0.0.1:" + std::to_string(port_), "--cluster.listen-address="},
                        folder_ / "log"));
    const bool up = test::WaitFor([&] { return test::Get(port_, "/-/ready").status == 200; }, std::chrono::seconds(30));
    INFO(test::Tail(folder_ / "log"));
    REQUIRE(up);
  }
  void Stop() { process_.Stop(); }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string Active() const { return test::Get(port_, "/api/v2/alerts?active=true").body; }

 private:
  test::TempFolder folder_{"alertmanager"};
  std::uint16_t port_;
  test::ChildProcess process_;
};

// The delivering process.
class Child {
 public:
  Child(const AlertsLog& log, std::string url) : log_(log.folder()), url_(std::move(url)) {}
  void Start(const std::string& failpoints = "") {
    process_.Kill();
    Need(process_.Start({"env", "PLUMBLINE_FAILPOINTS=" + failpoints, DELIVERY_CHILD, log_, (folder_ / "state").string(), url_},
                        folder_ / "log"));
  }
  void Kill() { process_.Kill(); }
  // Whether a failpoint has killed it.
  [[nodiscard]] bool WaitKilled() { return process_.WaitEnd(std::chrono::seconds(20)) && process_.exit_code() == -9; }
  [[nodiscard]] std::string Log() const { return test::Tail(folder_ / "log"); }

 private:
  std::string log_, url_;
  test::TempFolder folder_{"child"};
  test::ChildProcess process_;
};

constexpr auto kSoon = std::chrono::seconds(25);

}  // namespace

TEST_CASE(
    "over an outage of Alertmanager and kills in between every alert arrives, is resolved, and what ended meanwhile pages "
    "nobody") {
  Pager pager;
  RealAlertmanager alertmanager(pager);
  const test::TempFolder folder("alerts");
  AlertsLog log((folder / "log").string());
  Child child(log, alertmanager.url());

  // Alertmanager is down: two alerts fire, one of them ends.
  child.Start();
  log.Append({"still-firing", "firing", "critical"});
  log.Append({"ended-meanwhile"});
  CHECK_FALSE(test::WaitFor([&] { return pager.Count("firing still-firing") > 0; }, std::chrono::milliseconds(1500)));
  log.Append({.id = "ended-meanwhile", .state = "resolved", .transition = 2});
  child.Kill();
  // While nobody delivers: one more fires, one fires and ends.
  log.Append({"fired-while-dead"});
  log.Append({"came-and-went"});
  log.Append({.id = "came-and-went", .state = "retracted", .transition = 2});
  child.Start();
  alertmanager.Start();
  INFO(child.Log());
  CHECK(
      test::WaitFor([&] { return pager.Count("firing still-firing") > 0 && pager.Count("firing fired-while-dead") > 0; }, kSoon));

  // Killed before a message and between a message and its cursor.
  for (const char* failpoint : {"delivery.send:1:kill", "delivery.cursor:1:kill"}) {
    child.Start(failpoint);
    CHECK(child.WaitKilled());
    log.Append({std::string("after-") + failpoint});
  }
  child.Start();
  CHECK(test::WaitFor([&] { return pager.Count("firing after-delivery.send:1:kill") > 0; }, kSoon));
  CHECK(test::WaitFor([&] { return pager.Count("firing after-delivery.cursor:1:kill") > 0; }, kSoon));

  // Alertmanager forgets its alerts when it stops (whom it notified it keeps, unless it is killed); the ends are told all the
  // same.
  alertmanager.Stop();
  for (const char* id : {"still-firing", "fired-while-dead", "after-delivery.send:1:kill", "after-delivery.cursor:1:kill"})
    log.Append({.id = id, .state = "resolved", .transition = 2});
  child.Start();
  alertmanager.Start();
  for (const char* id : {"still-firing", "fired-while-dead", "after-delivery.send:1:kill", "after-delivery.cursor:1:kill"}) {
    CAPTURE(id);
    CHECK(test::WaitFor([&] { return pager.Count(std::string("resolved ") + id) > 0; }, kSoon));
    CHECK(pager.Count(std::string("firing ") + id) == 1);
  }
  CHECK(test::WaitFor([&] { return alertmanager.Active() == "[]\n"; }, kSoon));
  for (const char* id : {"ended-meanwhile", "came-and-went"}) {
    CHECK(pager.Count(std::string("firing ") + id) == 0);
    CHECK(pager.Count(std::string("resolved ") + id) == 0);
  }
}

TEST_CASE("the real Alertmanager knows an alert by its labels alone and refuses a bad one without losing the good ones") {
  Pager pager;
  RealAlertmanager alertmanager(pager);
  alertmanager.Start();
  const test::TempFolder folder("alerts");
  AlertsLog log((folder / "log").string());
  SystemClock clock;
  io::LocalLogSource source(io::PosixFileSystem(), log.folder(), {"alerts"});
  DeliveryOptions options;
  options.url = alertmanager.url();
  options.folder = (folder / "state").string();
  auto delivery = Need(Delivery::Open(options, source, io::PosixFileSystem(), clock));
  log.Append({"good"});
  // Not UTF-8 after decoding would be refused by the log's reader; a URL that is none is refused by Alertmanager.
  DeliveryOptions bad_link = options;
  bad_link.link = "://no url/";
  bad_link.name = "bad";
  io::LocalLogSource again(io::PosixFileSystem(), log.folder(), {"alerts"});
  auto refused = Need(Delivery::Open(bad_link, again, io::PosixFileSystem(), clock));
  for (int i = 0; i < 2; ++i) {
    Need(delivery->Step());
    Need(refused->Step());
  }
  CHECK(delivery->Status().sent == 1);
  CHECK(delivery->Status().refused == 0);
  CHECK(refused->Status().refused + refused->Status().failures == 1);
  const std::string active = alertmanager.Active();
  CHECK_THAT(active, Catch::Contains(R"("alert_id":"good")") && Catch::Contains("一小时内使用抗菌药物"));
  log.Append({.id = "better", .supersedes = "good"});
  Need(delivery->Step());
  const std::string after = alertmanager.Active();
  CHECK_THAT(after, Catch::Contains(R"("current_id":"better")"));
  CHECK(after.find("\"fingerprint\"") == after.rfind("\"fingerprint\""));
}

}  // namespace plumbline::alertmanager
