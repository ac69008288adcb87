// delivery_child LOG_FOLDER TABLE_FOLDER URL: delivers the embedded log's topic "alerts" until it is stopped or killed.
#include <csignal>
#include <cstdio>

#include "connectors/alertmanager/delivery.h"
#include "engine/base/failpoint.h"
#include "engine/io/local_log_source.h"

namespace {

volatile std::sig_atomic_t stopped = 0;

}  // namespace

int main(int count, char** arguments) {
  using namespace plumbline;
  if (count != 4) return 2;
  std::signal(SIGTERM, [](int) { stopped = 1; });
  if (const auto armed = ArmFailpointsFromEnvironment(); !armed) return 2;
  SystemClock clock;
  io::LocalLogSource source(io::PosixFileSystem(), arguments[1], {"alerts"});
  alertmanager::DeliveryOptions options;
  options.folder = arguments[2];
  options.url = arguments[3];
  options.resend_ms = 500;
  options.most_backoff_ms = 500;
  options.backoff_ms = 50;
  options.timeout_ms = 2000;
  auto delivery = alertmanager::Delivery::Open(options, source, io::PosixFileSystem(), clock);
  if (!delivery) {
    std::fprintf(stderr, "%s\n", delivery.error().Text().c_str());
    return 1;
  }
  while (stopped == 0) {
    if (const auto stepped = (*delivery)->Step(); !stepped) std::fprintf(stderr, "%s\n", stepped.error().Text().c_str());
    clock.SleepMs(20);
  }
  return 0;
}
