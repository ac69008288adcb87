// A worker runs a set of partitions on one thread: polls, merges, lets the machines judge, makes the journal entries durable (one
// sync for all partitions of a round), appends effects to the output logs, and writes checkpoints in pieces in between. Several
// workers share one store and one output; each has a source of its own.
//
// An integrity error stops its partition: the others go on, and the error is told by status(). A failure of the store or of an
// output log ends the worker, for what is durable is unknown; a new start recovers. A log that cannot be reached is tried again.
//
// Start: the last whole checkpoint is loaded and the journal's entries after it are rerun, their inputs read again and compared,
// their effects compared and appended where the output logs lack them. A partition that was never run begins at the low watermark
// of its topics, which is noted, so that a rerun from the first entry begins there too.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/run/checkpointer.h"
#include "engine/run/metrics.h"
#include "engine/run/partition_runner.h"
#include "engine/state/store.h"

namespace plumbline::run {

struct WorkerOptions {
  std::vector<std::uint32_t> partitions;
  std::uint16_t topics = 0;           // those numbered 0 to topics-1 are known to the source
  std::vector<std::uint16_t> active;  // read from the beginning; the others wait for a `sources` command
  Provenance provenance;
  BatchOptions batch;
  MergeOptions merge;
  std::int64_t tick_interval_ms = 1000;  // 0: no ticks from the wall, as in an import
  std::int64_t idle_sleep_ms = 1;
  double checkpoint_after_seconds = 5;  // of rerun that a restart would take; 0: only when stopping
  double checkpoint_share = 0.25;       // of the time, at most, while there are records to take
  std::size_t checkpoint_piece_bytes = 256 << 10;
  bool ignore_checkpoint = false;  // rerun the whole journal
};

class Worker {
 public:
  using MachineFactory = std::function<std::unique_ptr<Machine>(std::uint32_t partition)>;

  // Everything given outlives the worker. `metrics` was made for the same partitions.
  Worker(state::Store& store, io::Source& source, io::OutputSink& output, Clock& clock, MachineFactory make_machine,
         WorkerOptions options, WorkerMetrics& metrics);
  ~Worker();

  [[nodiscard]] Result<void> Start();
  // One round over the partitions, with ticks when they are due. False when there was nothing to take.
  [[nodiscard]] Result<bool> RunOnce();
  // The same, with ticks or without as the caller says. For who scripts them.
  [[nodiscard]] Result<bool> RunRound(bool with_ticks);
  // Rounds until RequestStop or until every partition has stopped, then Finish.
  [[nodiscard]] Result<void> Run();
  // From any thread or a signal handler.
  void RequestStop() { stop_.store(true, std::memory_order_relaxed); }
  // Writes a whole checkpoint of every partition, so that the next start reruns nothing.
  [[nodiscard]] Result<void> Finish();

  // Given to every partition in its next batch. Between rounds, on the worker's thread.
  void Command(const std::string& payload);
  // Carries the clocks of all active topics to time_ms, which an import does at its end to pass the remaining deadlines.
  [[nodiscard]] Result<void> Close(std::int64_t time_ms);

  // Records have been read from the logs and wait for those of another topic: the positions of the source are ahead of what was
  // taken, so its being at the end is not yet the end.
  [[nodiscard]] bool HoldsRecords() const;

  struct Status {
    std::uint32_t partition = 0;
    std::optional<Error> stopped;  // why, when it is
    std::uint64_t entry = 0;
    std::int64_t clock_ms = 0;
  };
  [[nodiscard]] std::vector<Status> status() const;
  [[nodiscard]] Machine& machine(std::size_t i);

 private:
  struct Partition;
  Result<void> StartPartition(Partition& partition);
  Result<void> BeginAnew(Partition& partition);
  Result<void> CheckTopics();
  Result<void> RerunTail(Partition& partition);
  Result<std::int64_t> StartOffset(std::uint32_t partition, std::uint16_t topic);
  Result<void> AskForTicks(Partition& partition, std::int64_t now_ms);
  Result<bool> RunPartition(Partition& partition, bool tick, std::int64_t now_ms);
  Result<void> Commit();
  Result<void> Tell(Partition& partition);
  Result<void> Checkpoint(bool idle);
  Result<void> FinishCheckpoint(Partition& partition);
  Result<void> StopPartition(Partition& partition, const Error& error);
  void Publish(Partition& partition);

  state::Store& store_;
  io::Source& source_;
  io::OutputSink& output_;
  Clock& clock_;
  MachineFactory make_machine_;
  WorkerOptions options_;
  WorkerMetrics& metrics_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::vector<Partition*> pending_;
  std::vector<state::Store::Entry> entries_;
  std::int64_t next_tick_ms_ = 0;
  std::int64_t busy_ns_ = 0;        // taking and judging, since the last checkpoint work was idle
  std::int64_t checkpoint_ns_ = 0;  // checkpoint work in the same time
  std::size_t checkpoint_turn_ = 0;
  std::atomic<bool> stop_{false};
};

}  // namespace plumbline::run
