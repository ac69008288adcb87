#include "tests/kafka/broker.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

namespace plumbline::test {
namespace {

// Any 16 bytes in URL-safe base64 name a cluster; each test broker is a cluster by itself.
constexpr const char* kClusterId = "cGx1bWJsaW5lLXRlc3QtMQ";

// One node, quick to start, to notice and to forget: few internal partitions, no waiting for more members of a group.
constexpr const char* kSettings = R"(process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=300
log.segment.delete.delay.ms=1000
log.cleaner.dedupe.buffer.size=4194304
num.network.threads=2
num.io.threads=3
background.threads=2
)";

}  // namespace

Result<std::unique_ptr<KafkaBroker>> KafkaBroker::Start(const std::vector<std::string>& settings) {
  if (!std::filesystem::exists(ToolsFolder() / "kafka" / "lib"))
    return Fail(ErrorCode::kNotFound,
                "no Kafka in " + ToolsFolder().string() +
                    ": run ./setup.sh, or name a broker in PLUMBLINE_TEST_KAFKA or a folder in PLUMBLINE_TOOLS");
  Error last;
  for (int attempt = 0; attempt < 3; ++attempt) {  // another process may have taken a port meanwhile
    auto broker = std::make_unique<KafkaBroker>(Private{});
    broker->folder_ = std::make_unique<TempFolder>("kafka");
    PLUMBLINE_TRY(broker->WriteSettings(settings));
    PLUMBLINE_TRY(broker->Format());
    auto launched = broker->Launch();
    if (launched) return broker;
    last = launched.error();
  }
  return std::unexpected(last);
}

Result<KafkaBroker*> KafkaBroker::Shared() {
  static Result<std::unique_ptr<KafkaBroker>> shared = []() -> Result<std::unique_ptr<KafkaBroker>> {
    const char* address = std::getenv("PLUMBLINE_TEST_KAFKA");
    if (address == nullptr) return Start();
    auto broker = std::make_unique<KafkaBroker>(Private{});
    broker->given_ = true;
    broker->address_ = address;
    return broker;
  }();
  if (!shared) return std::unexpected(shared.error());
  return shared->get();
}

Result<void> KafkaBroker::WriteSettings(const std::vector<std::string>& settings) {
  port_ = FreePort();
  const std::string controller = "127.0.0.1:" + std::to_string(FreePort());
  address_ = "127.0.0.1:" + std::to_string(port_);
  std::ofstream out(*folder_ / "server.properties");
  out << kSettings << "log.dirs=" << (*folder_ / "data").string() << "\ncontroller.quorum.voters=1@" << controller
      << "\nlisteners=PLAINTEXT://" << address_ << ",CONTROLLER://" << controller << "\nadvertised.listeners=PLAINTEXT://"
      << address_ << "\n";
  for (const std::string& line : settings) out << line << "\n";
  if (!out.flush()) return Fail(ErrorCode::kIo, "cannot write " + (*folder_ / "server.properties").string());
  return {};
}

std::vector<std::string> KafkaBroker::Java(const std::string& heap) const {
  return {"java",
          heap,
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
          "-cp",
          (ToolsFolder() / "kafka" / "lib" / "*").string()};
}

Result<void> KafkaBroker::Format() {
  std::vector<std::string> command = Java("-Xmx128m");
  for (const char* argument : {"kafka.tools.StorageTool", "format", "-t", kClusterId, "-c"}) command.emplace_back(argument);
  command.push_back((*folder_ / "server.properties").string());
  PLUMBLINE_ASSIGN(const Output output, RunProgram(command));
  if (output.exit_code != 0) return Fail(ErrorCode::kIo, "formatting Kafka's folder failed: " + output.text);
  return {};
}

Result<void> KafkaBroker::Launch() {
  std::vector<std::string> command = Java("-Xmx384m");
  command.emplace_back("kafka.Kafka");
  command.push_back((*folder_ / "server.properties").string());
  PLUMBLINE_TRY(process_.Start(command, *folder_ / "broker.log"));
  const bool listening = WaitFor([this] { return CanConnect(port_) || !process_.Running(); }, std::chrono::seconds(90));
  if (!listening || !process_.Running())
    return Fail(ErrorCode::kUnavailable, "the Kafka broker did not start: " + Tail(*folder_ / "broker.log"));
  return {};
}

Result<void> KafkaBroker::Restart() {
  if (given_) return Fail(ErrorCode::kUsage, "a given broker is not restarted by tests");
  process_.Stop();
  return Launch();
}

std::string FreshName(const std::string& prefix) {
  static int count = 0;
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto stamp = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  return prefix + "-" + std::to_string(stamp % 1'000'000'000) + "-" + std::to_string(getpid()) + "-" + std::to_string(++count);
}

}  // namespace plumbline::test
