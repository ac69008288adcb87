#include "engine/run/checkpointer.h"

#include "engine/base/check.h"
#include "engine/base/failpoint.h"

namespace plumbline::run {
namespace {

constexpr std::size_t kSubjectsAtOnce = 8192;  // looked at in a piece of work

}  // namespace

Result<bool> Checkpointer::Restore(PartitionRunner& runner) {
  PLUMBLINE_ASSIGN(const auto manifest, store_.ReadManifest(partition_));
  const std::uint64_t sealed = manifest ? manifest->checkpoint : 0;
  if (!manifest) {
    PLUMBLINE_TRY(store_.DropCheckpoint(partition_));  // leavings of one that was never sealed
    return false;
  }
  sealed_ = *manifest;
  const std::string name = "partition " + std::to_string(partition_) + " checkpoint " + std::to_string(sealed) + ": ";
  const std::string remedy = "; restore the state folder from a copy, or rerun the whole journal (run --ignore-checkpoint)";
  const auto loaded = store_.Load(partition_, sealed,
                                  [&](std::string_view key, std::string_view value, std::uint64_t checkpoint) -> Result<void> {
                                    rows_.Set(key, value, checkpoint);
                                    PLUMBLINE_TRY(runner.machine().Restore(key, value));
                                    // Who may leave memory does so at once: a start needs no more of it than the run after it.
                                    if (rows_.rows() % kSubjectsAtOnce == 0)
                                      (void)runner.machine().EvictSome(2 * kSubjectsAtOnce);
                                    return {};
                                  });
  if (!loaded) return Fail(loaded.error().code, name + loaded.error().message + remedy);
  if (rows_.rows() != sealed_.rows || rows_.sum() != sealed_.sum) {
    return Fail(ErrorCode::kIntegrity, name + std::to_string(rows_.rows()) + " rows with digest " + rows_.sum().Hex() +
                                           ", the manifest says " + std::to_string(sealed_.rows) + " with " + sealed_.sum.Hex() +
                                           remedy);
  }
  PLUMBLINE_ASSIGN(const auto cut, store_.ReadEntry(partition_, sealed_.cut_entry));
  ChainEnd chain{sealed_.cut_entry, sealed_.cut_entry_digest, 0};
  if (sealed_.cut_entry > 0) {
    if (!cut || state::EntryDigest(*cut) != sealed_.cut_entry_digest) {
      return Fail(ErrorCode::kIntegrity, "partition " + std::to_string(partition_) + " checkpoint " + std::to_string(sealed) +
                                             ": entry " + std::to_string(sealed_.cut_entry) + ", after which it was made, is " +
                                             (cut ? "another one in the journal" : "not in the journal") +
                                             "; restore the state folder from a copy");
    }
    PLUMBLINE_ASSIGN(const auto entry, state::DecodeEntry(*cut));
    chain.time_ms = entry.time_ms;
  }
  runner.SetChain(chain);
  for (const auto& topic : sealed_.topics) PLUMBLINE_TRY(runner.merge().SetTopic(topic));
  evicting_ = true;
  return true;
}

void Checkpointer::Begin(PartitionRunner& runner) {
  PLUMBLINE_CHECK(idle(), "one checkpoint at a time");
  runner.machine().BeginCheckpoint();
  gone_ = rows_.TakeGone();  // as the sealed checkpoint says, so that their versions can be removed
  next_ = {};
  next_.partition = partition_;
  next_.checkpoint = sealed_.checkpoint + 1;
  next_.cut_entry = runner.chain().number;
  next_.cut_entry_digest = runner.chain().digest;
  next_.topics = runner.merge().Positions();
  phase_ = Phase::kSlicing;
}

Result<void> Checkpointer::Slice(PartitionRunner& runner, std::size_t max_bytes) {
  bytes_.clear();
  spans_.clear();
  slice_.clear();
  const bool more = runner.machine().NextSlice(max_bytes, [&](std::string_view key, std::string_view value) {
    bytes_.append(key).append(value);
    spans_.push_back({key.size(), value.size()});
  });
  const char* at = bytes_.data();
  for (const auto& span : spans_) {
    const std::string_view key(at, span.key_size), value(at + span.key_size, span.value_size);
    at += span.key_size + span.value_size;
    if (value.empty() && rows_.VersionOf(key) == 0) continue;  // came and went between two checkpoints
    slice_.push_back({key, value, rows_.Set(key, value, next_.checkpoint)});
  }
  PLUMBLINE_TRY(AtFailpoint(Failpoint::kCheckpointSlice));
  if (!gone_.empty()) PLUMBLINE_TRY(store_.RemoveVersions(partition_, gone_));
  gone_.clear();
  if (!slice_.empty()) PLUMBLINE_TRY(store_.WriteSlice(partition_, next_.checkpoint, slice_));
  if (!more) phase_ = Phase::kSealing;
  return {};
}

Result<void> Checkpointer::Seal() {
  PLUMBLINE_ASSIGN(const bool durable, output_.TrySync(partition_));
  if (!durable) return {};  // the manifest waits
  next_.rows = rows_.rows();
  next_.sum = rows_.sum();
  PLUMBLINE_TRY(AtFailpoint(Failpoint::kCheckpointBeforeSeal));
  PLUMBLINE_TRY(store_.Seal(next_));
  sealed_ = next_;
  phase_ = Phase::kIdle;
  evicting_ = true;
  return AtFailpoint(Failpoint::kCheckpointAfterSeal);
}

Result<void> Checkpointer::LoadRows(std::span<const std::string> keys, Machine& machine) {
  std::vector<state::RowVersion> versions;
  for (const std::string& key : keys) versions.push_back({key, rows_.VersionOf(key)});
  PLUMBLINE_ASSIGN(const auto values, store_.Lookup(partition_, versions));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!values[i]) {
      return Fail(ErrorCode::kIntegrity, "partition " + std::to_string(partition_) + " checkpoint " +
                                             std::to_string(sealed_.checkpoint) +
                                             ": a subject that left memory is not in it; restore the state folder from a copy");
    }
    PLUMBLINE_TRY(machine.Restore(keys[i], *values[i]));
  }
  return {};
}

Result<bool> Checkpointer::Step(PartitionRunner& runner, std::size_t max_bytes) {
  switch (phase_) {
    case Phase::kIdle:
      // Only now is everything that is not marked as changed in the sealed checkpoint.
      if (evicting_) evicting_ = runner.machine().EvictSome(kSubjectsAtOnce);
      return evicting_;
    case Phase::kSlicing:
      PLUMBLINE_TRY(Slice(runner, max_bytes));
      return true;
    case Phase::kSealing:
      PLUMBLINE_TRY(Seal());
      return !idle();
  }
  return false;
}

}  // namespace plumbline::run
