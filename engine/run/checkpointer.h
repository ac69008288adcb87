// Writes checkpoints of one partition in pieces between its batches. Begun after an entry is durable, the cut; then slices, then,
// when the output logs are durable up to the cut, the manifest that seals them. After a crash at any of these moments the last
// sealed checkpoint is whole, and the journal has the rest. Owned by a worker, used on its thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/io/output_log.h"
#include "engine/run/partition_runner.h"
#include "engine/state/store.h"

namespace plumbline::run {

class Checkpointer {
 public:
  Checkpointer(state::Store& store, io::OutputSink& output, std::uint32_t partition)
      : store_(store), output_(output), partition_(partition), rows_(partition) {}

  // Loads the last sealed checkpoint into the runner's empty machine and sets its positions and chain. False when there is none.
  // kIntegrity when rows and manifest do not agree.
  [[nodiscard]] Result<bool> Restore(PartitionRunner& runner);

  // Nothing under way: Begin may be called.
  [[nodiscard]] bool idle() const { return phase_ == Phase::kIdle; }
  // A round of letting idle subjects go is under way: Step goes on with it.
  [[nodiscard]] bool evicting() const { return evicting_; }
  // Rows of the sealed checkpoint back into the machine.
  [[nodiscard]] Result<void> LoadRows(std::span<const std::string> keys, Machine& machine);
  // Freezes the state as it is after the runner's last entry, which is durable and whose effects are appended.
  void Begin(PartitionRunner& runner);
  // One piece of work, about max_bytes. False when nothing is under way any more.
  [[nodiscard]] Result<bool> Step(PartitionRunner& runner, std::size_t max_bytes);

  [[nodiscard]] const state::Manifest& sealed() const { return sealed_; }
  // Keys and values of the rows written so far.
  [[nodiscard]] std::uint64_t bytes() const { return rows_.bytes(); }

 private:
  enum class Phase : std::uint8_t { kIdle, kSlicing, kSealing };
  Result<void> Slice(PartitionRunner& runner, std::size_t max_bytes);
  Result<void> Seal();

  state::Store& store_;
  io::OutputSink& output_;
  std::uint32_t partition_;
  Phase phase_ = Phase::kIdle;
  bool evicting_ = false;
  state::RowIndex rows_;
  state::Manifest next_, sealed_;
  std::string bytes_;  // of the slice being gathered
  struct RowSpan {
    std::size_t key_size, value_size;
  };
  std::vector<RowSpan> spans_;
  std::vector<state::Store::Row> slice_;
  std::vector<state::RowVersion> gone_;  // rows that are gone since the sealed checkpoint or longer
};

}  // namespace plumbline::run
