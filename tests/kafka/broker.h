// A real Apache Kafka broker (KRaft, one node) for tests: started on loopback with free ports and a folder of its own, stopped by
// its own pid. PLUMBLINE_TEST_KAFKA=host:port uses a given broker instead; then it can neither be stopped nor killed here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "tests/support/process.h"

namespace plumbline::test {

class KafkaBroker {
 public:
  // `settings` are lines of server.properties put after the usual ones.
  static Result<std::unique_ptr<KafkaBroker>> Start(const std::vector<std::string>& settings = {});
  // The broker of this test program, started at the first call and stopped at its end.
  static Result<KafkaBroker*> Shared();

  // host:port, for bootstrap.servers.
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] bool given() const { return given_; }

  // The same ports and folder; waits until it listens.
  Result<void> Restart();
  // SIGTERM: a clean stop.
  void Stop() { process_.Stop(); }
  // SIGKILL.
  void Kill() { process_.Kill(); }

 private:
  struct Private {};

 public:
  explicit KafkaBroker(Private) {}  // for std::make_unique inside

 private:
  Result<void> WriteSettings(const std::vector<std::string>& settings);
  Result<void> Format();
  Result<void> Launch();
  [[nodiscard]] std::vector<std::string> Java(const std::string& heap) const;

  bool given_ = false;
  std::string address_;
  std::uint16_t port_ = 0;
  std::unique_ptr<TempFolder> folder_;
  ChildProcess process_;
};

// A name no other test uses on the same broker, also when a given one is used by several runs.
[[nodiscard]] std::string FreshName(const std::string& prefix);

}  // namespace plumbline::test
