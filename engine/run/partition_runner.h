// Runs one partition's machine: takes a batch live and makes its journal entry, or reruns an entry and compares. Live running and
// rerun (restart, replay) share every step that has a say in the outcome; they differ only in who decides where the batch ends.
//
// A batch goes: RunBatch, then the caller makes the entry durable, then AppendEffects. After any error from RunBatch or Rerun but
// kUnavailable out of RunBatch the machine's state is undefined and the runner must be dropped. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/io/effects.h"
#include "engine/io/output_log.h"
#include "engine/io/run_digest.h"
#include "engine/run/machine.h"
#include "engine/run/merge.h"
#include "engine/state/journal.h"

namespace plumbline::run {

// What the journal says an entry was made by.
struct Provenance {
  Digest build{};
  Digest rules{};
};

struct BatchOptions {
  std::size_t most_records = 16384;
};

// Where a partition stands in its chain of entries.
struct ChainEnd {
  std::uint64_t number = 0;  // of the last entry
  Digest digest{};           // of its bytes
  std::int64_t time_ms = 0;  // its time
};

class PartitionRunner {
 public:
  PartitionRunner(std::uint32_t partition, std::unique_ptr<Machine> machine, io::Source& source, io::OutputSink& output,
                  Clock& clock, Provenance provenance, MergeOptions merge_options);

  struct Tick {
    std::uint16_t topic;
    std::int64_t time_ms;
  };
  // Takes the ticks, then the commands, then what is at hand. False when there was nothing; otherwise entry_bytes() is to be made
  // durable. kUnavailable: nothing was taken, and it may be tried again.
  [[nodiscard]] Result<bool> RunBatch(std::span<const Tick> ticks, std::span<const std::string> commands,
                                      const BatchOptions& options);
  // The entry of the last RunBatch.
  [[nodiscard]] const std::string& entry_bytes() const { return entry_bytes_; }
  // Appends what the last batch has to tell to the output logs, except what they hold already.
  [[nodiscard]] Result<void> AppendEffects();

  // Reruns an entry: takes the inputs that it names, compares digests and effects. kIntegrity or kTrimmed names the entry.
  // The caller appends effects, if it wants to.
  [[nodiscard]] Result<void> Rerun(std::string_view entry_bytes);

  // Asks the output logs what they hold. kIntegrity when they hold effects of entries beyond `last_entry`.
  [[nodiscard]] Result<void> ReadTails(std::uint64_t last_entry);

  // Gives keys that the machine has let go of back to it, from the sealed checkpoint.
  using Load = std::function<Result<void>(std::span<const std::string> keys, Machine& machine)>;
  void SetLoad(Load load) { load_ = std::move(load); }

  [[nodiscard]] Machine& machine() { return *machine_; }
  [[nodiscard]] Merge& merge() { return merge_; }
  [[nodiscard]] const ChainEnd& chain() const { return chain_; }
  void SetChain(const ChainEnd& chain) { chain_ = chain; }
  [[nodiscard]] std::uint32_t partition() const { return partition_; }
  [[nodiscard]] const io::Effects& effects() const { return effects_; }
  [[nodiscard]] std::uint64_t records_in_batch() const { return batch_records_; }

 private:
  struct RunState {
    io::RunDigest digest;
    std::uint64_t count = 0;
    std::int64_t first_offset = 0, last_offset = 0;
  };

  void BeginBatch();
  Result<void> ApplyTick(std::uint16_t topic, std::int64_t time_ms);
  Result<void> ApplyCommand(const std::string& payload);
  Result<void> Take(const Merge::Taken& taken);
  Result<void> LoadMissing(const io::Record& record);
  void CollectRuns();
  Result<void> RerunSteps(const state::JournalEntry& wanted);
  Result<void> Compare(const state::JournalEntry& wanted) const;

  std::uint32_t partition_;
  std::unique_ptr<Machine> machine_;
  io::Source& source_;
  io::OutputSink& output_;
  Provenance provenance_;
  Merge merge_;
  ChainEnd chain_;
  std::vector<std::unique_ptr<RunState>> runs_;  // beside merge_.lanes()
  state::JournalEntry entry_;
  std::string entry_bytes_;
  io::Effects effects_;
  std::uint64_t batch_records_ = 0;
  Load load_;
  bool may_miss_ = false;  // the machine lacks keys; they leave between batches only
  std::vector<std::string> missing_;
  std::array<std::optional<io::EffectId>, std::size(io::kOutputLogs)> tails_;
};

}  // namespace plumbline::run
