// A log of alerts, lines for it, and a receiver that remembers what it was sent.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/alertmanager/delivery.h"
#include "engine/base/hash.h"
#include "engine/io/local_log_source.h"
#include "engine/io/output_log.h"
#include "tests/support/process.h"

namespace plumbline::alertmanager {

template <typename T>
T Need(Result<T> result) {
  if (!result) FAIL(result.error().Text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

struct Line {
  std::string id;
  std::string state = "firing";
  std::string severity = "warning";
  std::string supersedes = {};
  std::string chain = {};
  int transition = 1;
  std::int64_t silenced_until = 0;
};

inline std::string Json(const Line& line) {
  std::string out = R"({"id":")" + line.id + R"(","transition":)" + std::to_string(line.transition) + R"(,"state":")" +
                    line.state + R"(","rule":"sepsis/antimicrobial","revision":3,"severity":")" + line.severity +
                    R"(","site":"A","instant":"2026-01-31T16:10:00.000Z","anchor":"event-1","subject":"5ec2e7","titles":)" +
                    R"({"en":"Antimicrobial within 1 hour","zh":"一小时内使用抗菌药物"})";
  if (!line.supersedes.empty()) out += R"(,"supersedes":")" + line.supersedes + "\"";
  if (!line.chain.empty()) out += R"(,"chain":")" + line.chain + "\"";
  if (line.silenced_until != 0)
    out += (line.state == "silenced" ? R"(,"until":)" : R"(,"silenced_until":)") + std::to_string(line.silenced_until);
  return out + "}";
}

// The alerts log as the engine writes it.
class AlertsLog {
 public:
  explicit AlertsLog(std::string folder) : folder_(std::move(folder)) { Reopen(); }
  void Reopen() {
    output_.reset();
    output_ = Need(io::LocalOutput::Open(io::PosixFileSystem(), folder_, clock_, {}));
  }
  void AppendJson(const std::string& json) {
    Need(output_->Append(0, {++entry_, 0}, clock_.WallMs(), {io::OutputLog::kAlerts, AsBytes("k"), AsBytes(json)}));
    Need(output_->Sync(0));
  }
  void Append(const Line& line) { AppendJson(Json(line)); }
  [[nodiscard]] std::uint64_t entry() const { return entry_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
  SystemClock clock_;
  std::uint64_t entry_ = 0;
  std::unique_ptr<io::LocalOutput> output_;
};

// Answers as scripted (200 when the script is at its end) and remembers bodies.
struct FakeReceiver {
  std::deque<Result<http::Reply>> script;
  std::vector<std::string> bodies;
  std::function<Result<http::Reply>(const std::string&)> answer;

  Result<http::Reply> Take(const std::string& body) {
    bodies.push_back(body);
    if (answer) return answer(body);
    if (script.empty()) return http::Reply{200, "", ""};
    auto reply = std::move(script.front());
    script.pop_front();
    return reply;
  }
  [[nodiscard]] std::string Last() const { return bodies.empty() ? "" : bodies.back(); }
};

}  // namespace plumbline::alertmanager
