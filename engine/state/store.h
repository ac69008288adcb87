// The store of an instance: journal, checkpoints and the artefacts (packs, baselines) that a rerun needs, in one RocksDB
// database. Workers share it; each calls for its own partitions. Nothing here is on the path of an event.
//
// Rows, by column family (integers in keys are big-endian, so that keys sort):
//   journal   u32 partition  u64 number                              -> entry (journal.h)
//   state     u32 partition  u32 size(key)  key  u64 ~checkpoint     -> u8 1 value | u8 0 (the key is gone)
//   default   "format"                                               -> "plumbline store 2"
//             "m" u32 partition                                      -> manifest (checkpoint.h)
//             "a" digest                                             -> artefact
//             "n" name                                               -> note
//
// A checkpoint writes the rows that changed since the one before under its own number, and they count once the manifest with that
// number is written (Seal): the state is each row's newest version not above the manifest's number. Writing a row removes the
// version that the sealed checkpoint had replaced, so two versions of a row are there at most. Versions above the manifest's
// number are leavings of a crash; Load removes them, and whatever else is outdated.
//
// Once a sync has failed the database refuses all further writes: close it and open it again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/state/checkpoint.h"

namespace rocksdb {
class Env;
}

namespace plumbline::state {

struct StoreOptions {
  std::string path;
  std::size_t memory_bytes = 256u << 20;  // block cache and write buffers together
  rocksdb::Env* environment = nullptr;    // tests put a faulty one here; it outlives the store
};

class Store {
 public:
  // Creates the database where there is none. kVersion when another format is there, kUnavailable when another process has it
  // open.
  [[nodiscard]] static Result<std::unique_ptr<Store>> Open(const StoreOptions& options);
  ~Store();

  struct Entry {
    std::uint32_t partition;
    std::uint64_t number;
    std::string_view bytes;
  };
  // Durable when it returns. Calls of several workers at a time share one sync.
  [[nodiscard]] Result<void> CommitEntries(std::span<const Entry> entries);
  // Nothing where there is no such entry.
  [[nodiscard]] Result<std::optional<std::string>> ReadEntry(std::uint32_t partition, std::uint64_t number);
  // The number of the last entry, 0 when there is none.
  [[nodiscard]] Result<std::uint64_t> LastEntry(std::uint32_t partition);
  // The number of the first entry that is kept, 0 when there is none.
  [[nodiscard]] Result<std::uint64_t> FirstEntry(std::uint32_t partition);
  // Removes entries below `number`. Never beyond the checkpoint's cut.
  [[nodiscard]] Result<void> PruneEntries(std::uint32_t partition, std::uint64_t number);

  struct Row {
    std::string_view key;
    std::string_view value;      // empty: gone
    std::uint64_t outdated = 0;  // the checkpoint whose version of this row is removed with it; 0: none
  };
  // Not synced: Seal makes all slices durable with itself.
  [[nodiscard]] Result<void> WriteSlice(std::uint32_t partition, std::uint64_t checkpoint, std::span<const Row> rows);
  // Removes versions of rows that no checkpoint needs any more. Not synced.
  [[nodiscard]] Result<void> RemoveVersions(std::uint32_t partition, std::span<const RowVersion> versions);
  // Writes the manifest, synced.
  [[nodiscard]] Result<void> Seal(const Manifest& manifest);
  [[nodiscard]] Result<std::optional<Manifest>> ReadManifest(std::uint32_t partition);

  // Forgets the partition's checkpoint altogether; the journal stays. Synced.
  [[nodiscard]] Result<void> DropCheckpoint(std::uint32_t partition);

  // `checkpoint`: which wrote the row so.
  using RowSink = std::function<Result<void>(std::string_view key, std::string_view value, std::uint64_t checkpoint)>;
  // All rows of the sealed checkpoint, shorter keys first, equally long ones in their order. What is not of it is removed.
  [[nodiscard]] Result<void> Load(std::uint32_t partition, std::uint64_t sealed, const RowSink& sink);
  // The values of some versions of rows, in one go; nothing where one is not there.
  [[nodiscard]] Result<std::vector<std::optional<std::string>>> Lookup(std::uint32_t partition,
                                                                       std::span<const RowVersion> versions);

  // Stored under their digest before they are activated; synced.
  [[nodiscard]] Result<Digest> PutArtefact(std::string_view bytes);
  [[nodiscard]] Result<std::optional<std::string>> GetArtefact(const Digest& digest);
  // Small facts by name (identities of topics); synced.
  [[nodiscard]] Result<void> PutNote(std::string_view name, std::string_view text);
  [[nodiscard]] Result<std::optional<std::string>> GetNote(std::string_view name);

  // Bytes on disk, as RocksDB reports them.
  [[nodiscard]] std::uint64_t DiskBytes();

 private:
  struct Impl;

 public:
  explicit Store(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace plumbline::state
