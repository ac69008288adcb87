// Named places at which a test makes the program die or fail. The list below is closed: a name that is not in it is refused when
// armed, so a test cannot pass because it misspelt one. When nothing is armed a failpoint is one relaxed load of a flag that
// never changes, and none lies on the path of an event: they stand where batches, slices and files are committed.
//
// Armed by the environment, PLUMBLINE_FAILPOINTS=name:count:action[,name:count:action...], or by ArmFailpoint. The count says at
// which passing the action is done, once: 1 is the first. Actions: `kill` ends the process at once with SIGKILL, or calls the
// kill handler where a test has set one; `error` makes the place return an error of kIo.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "engine/base/error.h"

namespace plumbline {

enum class Failpoint : std::uint8_t {
  kLogAppend,             // embedded log, before frames are written
  kLogSync,               // embedded log, frames written and not yet synced
  kLogRoll,               // embedded log, new segment created, its folder not yet synced
  kJournalBeforeSync,     // the batch has run; its entry is not yet written
  kJournalAfterSync,      // the entry is durable; its effects are not yet appended
  kOutputBetween,         // between two effects of one batch
  kOutputAfterAppend,     // all effects of the batch are written
  kCheckpointSlice,       // before a slice is written
  kCheckpointBeforeSeal,  // all slices written, outputs durable, manifest not yet committed
  kCheckpointAfterSeal,   // manifest committed
  kRerunEntry,            // restart, before an entry is rerun
  kDeliverySend,          // delivery, before a message is sent
  kDeliveryCursor,        // delivery, message sent, cursor not yet durable
  kCount
};

enum class FailpointAction : std::uint8_t { kKill, kError };

[[nodiscard]] std::string_view FailpointName(Failpoint point);

void ArmFailpoint(Failpoint point, std::uint64_t count, FailpointAction action);
void DisarmFailpoints();
// Parses and arms "name:count:action,..."; an empty text arms nothing.
[[nodiscard]] Result<void> ArmFailpoints(std::string_view text);
// From PLUMBLINE_FAILPOINTS, if set.
[[nodiscard]] Result<void> ArmFailpointsFromEnvironment();
// How often the point was passed since anything was armed. For tests that must know that they went where they meant to.
[[nodiscard]] std::uint64_t FailpointHits(Failpoint point);
// What `kill` does in place of SIGKILL; empty restores SIGKILL. After the handler the place returns an error.
void SetFailpointKillHandler(std::function<void()> handler);

namespace detail {
extern std::atomic<bool> failpoints_armed;
[[nodiscard]] Result<void> PassFailpoint(Failpoint point);
}  // namespace detail

[[nodiscard]] inline Result<void> AtFailpoint(Failpoint point) {
  if (!detail::failpoints_armed.load(std::memory_order_relaxed)) [[likely]]
    return {};
  return detail::PassFailpoint(point);
}

}  // namespace plumbline
