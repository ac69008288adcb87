// What `plumbline run` and `plumbline demo` wire together from a configuration: source, packs, stage one, stage two, output logs,
// their mirror as JSON lines, metrics, delivery of alerts. A thread for each worker of stage one, one for stage two, the server's
// and the delivery's.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "config/site.h"
#include "engine/base/error.h"
#include "engine/run/replay.h"
#include "rules/pack/pack.h"

namespace plumbline::app {

struct RunOptions {
  bool until_end = false;              // stop when every topic has been read to its end
  std::function<bool()> more_to_come;  // asked at the end, by every worker: somebody is still writing; may be empty
  bool close = false;                  // then pass the remaining deadlines
  bool import = false;                 // arrivals are the records' own; no ticks from the wall
  bool ignore_checkpoint = false;
  // Called about five times a second on the calling thread; may be empty. `line` is what a person would like to see.
  std::function<void(const std::string& line)> progress;
  // Before the threads start; may be empty. `records`: taken by this process so far; from any thread, while the engine runs.
  std::function<void(std::function<std::uint64_t()> records)> on_start;
  // A partition has stopped on an integrity error, which is told; the others go on. On the threads of stage one; may be empty.
  std::function<void(const std::string& why)> on_stopped;
  // Each line of the alerts log and of stage two's results, as it is appended; may be empty. On the threads of the stages.
  std::function<void(const std::string& log, const std::string& line)> on_line;
};

struct RunSummary {
  std::uint64_t records = 0, accepted = 0, duplicates = 0, outdated = 0, dead_letters = 0, heartbeats = 0;
  std::uint64_t alerts = 0, measures = 0;
  double seconds = 0;
};

// Runs until `stop` is set (a signal) or the end is reached. Errors name what to do.
[[nodiscard]] Result<RunSummary> RunEngine(const config::Config& config, const RunOptions& options,
                                           const std::atomic<bool>& stop);

// Reruns each partition's whole journal from its first entry with the configured packs: inputs are read again and compared with
// the journal's digests, effects with theirs. kIntegrity names the first entry that differs. The engine must not be running.
[[nodiscard]] Result<std::vector<run::ReplayReport>> ReplayEngine(const config::Config& config, bool import);

// Set by SIGINT and SIGTERM once InstallStopSignals was called.
[[nodiscard]] const std::atomic<bool>& StopRequested();
void InstallStopSignals();

}  // namespace plumbline::app
