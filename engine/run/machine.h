// One partition as a deterministic state machine: (state, Input) -> (state', Effects). Live running, replay, backtest and
// simulation drive this one interface. It reads no clock, takes no lock, does no I/O and draws no random number. One thread at a
// time.
//
// A batch is: Take/Tick/... in recorded order, then Finish once. Corrections are worked in at Finish, so what is told can depend
// on where batches are cut; cuts are in the journal. Final verdicts do not depend on them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/io/effects.h"
#include "engine/io/record.h"

namespace plumbline::run {

class Machine {
 public:
  virtual ~Machine() = default;

  // The next record of its topic. Records of one topic come in offset order.
  virtual void Take(const io::Record& record) = 0;
  // This record will be taken soon: memory may be asked for. Changes nothing, and may be left out.
  virtual void Ahead(const io::Record& record) { (void)record; }
  // The topic was at its end at time_ms: its clock may be carried forward to it.
  virtual void Tick(std::uint16_t topic, std::int64_t time_ms) = 0;
  // The named topic set is replaced (import ended, live topics begin); `payload` is canonical bytes kept in the journal.
  virtual void Command(std::string_view payload) = 0;
  // Ends the batch: works in corrections, appends what is to be told.
  virtual void Finish(io::Effects& effects) = 0;

  // Checkpoint. BeginCheckpoint freezes the set of keys changed since the last one; NextSlice hands out serialised keys (up to
  // about max_bytes) and returns false when the set is exhausted. Between slices the machine goes on; a frozen key that changes
  // before its slice is serialised first, as it was at the cut. A sink call with an empty value means: the key is gone.
  using SliceSink = std::function<void(std::string_view key, std::string_view value)>;
  virtual void BeginCheckpoint() = 0;
  virtual bool NextSlice(std::size_t max_bytes, const SliceSink& sink) = 0;
  // Loads one key of a checkpoint into an empty machine.
  virtual Result<void> Restore(std::string_view key, std::string_view value) = 0;
  // What has not changed since the sealed checkpoint may leave memory. EvictSome looks at about `most` keys, between batches and
  // while no checkpoint is under way, and lets go of those that nothing waits for; false when it has been round. What a record
  // needs again is asked for by Missing before it is taken, and given back by Restore. Nothing that is told depends on it.
  virtual bool EvictSome(std::size_t most) {
    (void)most;
    return false;
  }
  [[nodiscard]] virtual bool AnyEvicted() const { return false; }
  virtual void Missing(const io::Record& record, std::vector<std::string>& keys) const { (void)record, (void)keys; }
  // Digest over all keys and values in key order, as at the last Finish; of what is in memory. For tests.
  virtual Digest StateDigest() = 0;
};

}  // namespace plumbline::run
