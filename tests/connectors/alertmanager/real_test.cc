// With the real Alertmanager and a process that delivers and is killed: what people are told at the end of the chain, by a
// webhook.
#include <catch2/catch.hpp>
#include <chrono>

#include "tests/connectors/alertmanager/real_alertmanager.h"
#include "tests/connectors/alertmanager/support.h"

namespace plumbline::alertmanager {
namespace {

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
