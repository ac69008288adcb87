#include "engine/base/failpoint.h"

#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>

namespace plumbline {
namespace detail {
std::atomic<bool> failpoints_armed{false};
}  // namespace detail

namespace {

constexpr std::size_t kPoints = static_cast<std::size_t>(Failpoint::kCount);
constexpr std::array<std::string_view, kPoints> kNames = {
    "log.append",     "log.sync",      "log.roll",         "journal.before_sync",    "journal.after_sync",
    "output.between", "output.after",  "checkpoint.slice", "checkpoint.before_seal", "checkpoint.after_seal",
    "rerun.entry",    "delivery.send", "delivery.cursor"};

struct Arming {
  std::uint64_t remaining = 0;  // 0: not armed
  FailpointAction action = FailpointAction::kError;
  std::uint64_t hits = 0;
};

struct Registry {
  std::mutex mutex;
  std::array<Arming, kPoints> points;
  std::function<void()> kill_handler;
};

Registry& TheRegistry() {
  static Registry registry;
  return registry;
}

Result<void> ArmOne(std::string_view text) {
  const auto bad = [&](const char* why) {
    std::string names;
    for (const auto& name : kNames) names.append(names.empty() ? "" : ", ").append(name);
    return Fail(ErrorCode::kUsage, "failpoint '" + std::string(text) + "': " + why +
                                       "; wanted name:count:kill or name:count:error, names: " + names);
  };
  const auto first = text.find(':');
  const auto second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos) return bad("two colons are needed");
  const auto name = text.substr(0, first), count_text = text.substr(first + 1, second - first - 1),
             action = text.substr(second + 1);
  std::uint64_t count = 0;
  const auto parsed = std::from_chars(count_text.data(), count_text.data() + count_text.size(), count);
  if (parsed.ec != std::errc() || parsed.ptr != count_text.data() + count_text.size() || count == 0)
    return bad("the count is not a number from 1");
  if (action != "kill" && action != "error") return bad("the action is not kill or error");
  for (std::size_t i = 0; i < kPoints; ++i) {
    if (kNames[i] != name) continue;
    ArmFailpoint(static_cast<Failpoint>(i), count, action == "kill" ? FailpointAction::kKill : FailpointAction::kError);
    return {};
  }
  return bad("no such name");
}

}  // namespace

std::string_view FailpointName(Failpoint point) { return kNames[static_cast<std::size_t>(point)]; }

void ArmFailpoint(Failpoint point, std::uint64_t count, FailpointAction action) {
  auto& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  auto& arming = registry.points[static_cast<std::size_t>(point)];
  arming.remaining = count;
  arming.action = action;
  arming.hits = 0;
  detail::failpoints_armed.store(true, std::memory_order_relaxed);
}

void DisarmFailpoints() {
  auto& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  registry.points = {};
  detail::failpoints_armed.store(false, std::memory_order_relaxed);
}

Result<void> ArmFailpoints(std::string_view text) {
  while (!text.empty()) {
    const auto comma = text.find(',');
    PLUMBLINE_TRY(ArmOne(text.substr(0, comma)));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return {};
}

Result<void> ArmFailpointsFromEnvironment() {
  const char* text = std::getenv("PLUMBLINE_FAILPOINTS");
  return text == nullptr ? Result<void>{} : ArmFailpoints(text);
}

std::uint64_t FailpointHits(Failpoint point) {
  auto& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  return registry.points[static_cast<std::size_t>(point)].hits;
}

void SetFailpointKillHandler(std::function<void()> handler) {
  auto& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  registry.kill_handler = std::move(handler);
}

Result<void> detail::PassFailpoint(Failpoint point) {
  auto& registry = TheRegistry();
  std::unique_lock lock(registry.mutex);
  auto& arming = registry.points[static_cast<std::size_t>(point)];
  ++arming.hits;
  if (arming.remaining == 0 || --arming.remaining != 0) return {};
  const std::string name(FailpointName(point));
  if (arming.action == FailpointAction::kError) return Fail(ErrorCode::kIo, "failpoint " + name + ": an error was asked for");
  const auto handler = registry.kill_handler;
  lock.unlock();
  if (!handler) ::raise(SIGKILL);
  if (handler) handler();
  return Fail(ErrorCode::kIo, "failpoint " + name + ": killed");
}

}  // namespace plumbline
