// The real Alertmanager for tests, with a webhook behind it that remembers whom it would have paged.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dashboards/http_server.h"
#include "tests/support/http.h"
#include "tests/support/process.h"

namespace plumbline::alertmanager {

// Where Alertmanager sends notifications: "firing a1", "resolved a1" in the order of arrival.
class Pager {
 public:
  Pager() {
    auto started = dashboards::HttpServer::Start({"127.0.0.1", 0}, [this](const dashboards::HttpRequest& request) {
      const std::string body(request.body);
      const std::scoped_lock lock(mutex_);
      // One alert a group: the first status is the group's.
      const bool firing = body.find("\"status\":\"firing\"") != std::string::npos;
      const std::size_t at = body.find("\"alert_id\":\"");
      if (at != std::string::npos)
        pages_.push_back((firing ? "firing " : "resolved ") + body.substr(at + 12, body.find('"', at + 12) - at - 12));
      return dashboards::HttpResponse{};
    });
    REQUIRE(started);
    server_ = *std::move(started);
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] int Count(const std::string& page) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<int>(std::count(pages_.begin(), pages_.end(), page));
  }
  // Each page with how often it came.
  [[nodiscard]] std::map<std::string, int> Pages() const {
    const std::scoped_lock lock(mutex_);
    std::map<std::string, int> pages;
    for (const std::string& page : pages_) ++pages[page];
    return pages;
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
    REQUIRE(process_.Start({program.string(), "--config.file=" + (folder_ / "alertmanager.yml").string(),
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

}  // namespace plumbline::alertmanager
