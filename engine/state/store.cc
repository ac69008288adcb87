#include "engine/state/store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include "engine/base/check.h"

namespace plumbline::state {
namespace {

constexpr std::string_view kFormat = "plumbline store 2";
constexpr char kGone = 0, kPut = 1;
constexpr std::size_t kRemoveAtOnce = 10'000;

enum Family : std::size_t { kDefault, kJournal, kState, kFamilies };
constexpr const char* kFamilyNames[kFamilies] = {"default", "journal", "state"};

rocksdb::Slice AsSlice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view AsView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

template <typename T>
void PutBigEndian(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift & 0xff));
}
std::uint64_t NumberAt(std::string_view key, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(key[at + i]);
  return value;
}
std::string PartitionPrefix(std::uint32_t partition) {
  std::string key;
  PutBigEndian(key, partition);
  return key;
}
constexpr std::size_t kBeforeNumber = sizeof(std::uint32_t);
std::string NumberKey(std::uint32_t partition, std::uint64_t number) {
  std::string key = PartitionPrefix(partition);
  PutBigEndian(key, number);
  return key;
}
// The newest version sorts first.
void SetRowKey(std::string& out, std::uint32_t partition, std::string_view key, std::uint64_t checkpoint) {
  out.clear();
  PutBigEndian(out, partition);
  PutBigEndian(out, static_cast<std::uint32_t>(key.size()));
  out.append(key);
  PutBigEndian(out, ~checkpoint);
}
constexpr std::size_t kBeforeKey = 2 * sizeof(std::uint32_t), kBehindKey = sizeof(std::uint64_t);
std::string ManifestKey(std::uint32_t partition) { return "m" + PartitionPrefix(partition); }
std::string ArtefactKey(const Digest& digest) { return "a" + std::string(AsText(digest)); }
std::string NoteKey(std::string_view name) { return "n" + std::string(name); }

std::unexpected<Error> RocksError(const std::string& what, const rocksdb::Status& status) {
  const std::string text = "the state store cannot " + what + ": " + status.ToString();
  if (status.IsCorruption()) return Fail(ErrorCode::kIntegrity, text + "; restore the state folder from a copy");
  if (status.IsIOError() && text.find("lock") != std::string::npos) {
    return Fail(ErrorCode::kUnavailable, text + "; another process has the state folder open: stop it first");
  }
  if (status.IsNoSpace()) return Fail(ErrorCode::kIo, text + "; free some space on that disk and start again");
  return Fail(ErrorCode::kIo, text + "; start again, so that the store recovers");
}

rocksdb::WriteOptions Writing(bool sync) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  options.protection_bytes_per_key = 8;
  return options;
}

// RocksDB's own log of its doings is not kept: what goes wrong comes back as a status. On a full disk that log is the first thing
// that cannot be written, and RocksDB 7 as Debian builds it (with assertions) then aborts the program at the next line of it.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options MakeOptions(const StoreOptions& wanted) {
  rocksdb::Options options;
  options.info_log = std::make_shared<NoLog>();
  if (wanted.environment != nullptr) options.env = wanted.environment;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  options.track_and_verify_wals_in_manifest = true;
  // After a crash the log of writes is read up to the first damage: a whole earlier moment. Where that moment lies before what
  // the output logs hold, the start says so.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_background_jobs = 2;
  options.write_buffer_size = wanted.memory_bytes / 8;
  options.max_total_wal_size = wanted.memory_bytes;
  options.bytes_per_sync = 1u << 20;
  // Most of what is written is overwritten by the next checkpoint: only what sinks deeper is worth compressing.
  options.compression_per_level = {rocksdb::kNoCompression, rocksdb::kNoCompression, rocksdb::kSnappyCompression};
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(wanted.memory_bytes);
  table.cache_index_and_filter_blocks = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // Write buffers are counted against the cache: memory has one limit.
  options.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(wanted.memory_bytes / 2, table.block_cache);
  return options;
}

}  // namespace

struct Store::Impl {
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  ~Impl() {
    if (db == nullptr) return;
    for (auto* family : families) db->DestroyColumnFamilyHandle(family);
    db->Close().PermitUncheckedError();
  }

  Result<std::optional<std::string>> Get(Family family, const std::string& key, const char* what) {
    std::string value;
    const auto status = db->Get(rocksdb::ReadOptions(), families[family], key, &value);
    if (status.IsNotFound()) return std::optional<std::string>{};
    if (!status.ok()) return RocksError(what, status);
    return value;
  }

  Result<void> Put(Family family, const std::string& key, std::string_view value, const char* what) {
    const auto status = db->Put(Writing(true), families[family], key, AsSlice(value));
    if (!status.ok()) return RocksError(what, status);
    return {};
  }

  std::unique_ptr<rocksdb::Iterator> Walk(Family family) {
    rocksdb::ReadOptions options;
    options.total_order_seek = true;
    options.fill_cache = false;
    return std::unique_ptr<rocksdb::Iterator>(db->NewIterator(options, families[family]));
  }

  Result<void> CheckFormat() {
    PLUMBLINE_ASSIGN(const auto format, Get(kDefault, "format", "read its format"));
    if (!format) return Put(kDefault, "format", kFormat, "write its format");
    if (*format == kFormat) return {};
    return Fail(ErrorCode::kVersion,
                "the state store is of format '" + *format + "'; this build reads '" + std::string(kFormat) + "'");
  }
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  const rocksdb::Options rocks = MakeOptions(options);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const char* name : kFamilyNames) descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions(rocks));
  auto impl = std::make_unique<Impl>();
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(rocks, options.path, descriptors, &impl->families, &db);
  if (!status.ok()) return RocksError("be opened at " + options.path, status);
  impl->db.reset(db);
  PLUMBLINE_TRY(impl->CheckFormat());
  return std::make_unique<Store>(std::move(impl));
}

Result<void> Store::CommitEntries(std::span<const Entry> entries) {
  rocksdb::WriteBatch batch(0, 0, 8, 0);
  for (const auto& entry : entries) {
    const auto status = batch.Put(impl_->families[kJournal], NumberKey(entry.partition, entry.number), AsSlice(entry.bytes));
    if (!status.ok()) return RocksError("take a journal entry", status);
  }
  const auto status = impl_->db->Write(Writing(true), &batch);
  if (!status.ok()) return RocksError("commit journal entries", status);
  return {};
}

Result<std::optional<std::string>> Store::ReadEntry(std::uint32_t partition, std::uint64_t number) {
  return impl_->Get(kJournal, NumberKey(partition, number), "read a journal entry");
}

Result<std::uint64_t> Store::LastEntry(std::uint32_t partition) {
  const auto walk = impl_->Walk(kJournal);
  walk->SeekForPrev(NumberKey(partition, UINT64_MAX));
  if (!walk->status().ok()) return RocksError("find the last journal entry", walk->status());
  if (!walk->Valid() || !walk->key().starts_with(PartitionPrefix(partition))) return 0;
  return NumberAt(AsView(walk->key()), kBeforeNumber);
}

Result<std::uint64_t> Store::FirstEntry(std::uint32_t partition) {
  const auto walk = impl_->Walk(kJournal);
  walk->Seek(PartitionPrefix(partition));
  if (!walk->status().ok()) return RocksError("find the first journal entry", walk->status());
  if (!walk->Valid() || !walk->key().starts_with(PartitionPrefix(partition))) return 0;
  return NumberAt(AsView(walk->key()), kBeforeNumber);
}

Result<void> Store::PruneEntries(std::uint32_t partition, std::uint64_t number) {
  PLUMBLINE_ASSIGN(const auto manifest, ReadManifest(partition));
  const std::uint64_t limit = manifest ? std::min(number, manifest->cut_entry) : 0;
  const auto status =
      impl_->db->DeleteRange(Writing(true), impl_->families[kJournal], NumberKey(partition, 0), NumberKey(partition, limit));
  if (!status.ok()) return RocksError("remove old journal entries", status);
  return {};
}

Result<void> Store::WriteSlice(std::uint32_t partition, std::uint64_t checkpoint, std::span<const Row> rows) {
  rocksdb::WriteBatch batch(0, 0, 8, 0);
  auto* state = impl_->families[kState];
  std::string key;
  for (const auto& row : rows) {
    SetRowKey(key, partition, row.key, checkpoint);
    const rocksdb::Slice key_parts[] = {key};
    const rocksdb::Slice value_parts[] = {rocksdb::Slice(row.value.empty() ? &kGone : &kPut, 1), AsSlice(row.value)};
    auto status = batch.Put(state, rocksdb::SliceParts(key_parts, 1), rocksdb::SliceParts(value_parts, 2));
    if (status.ok() && row.outdated != 0) {
      SetRowKey(key, partition, row.key, row.outdated);
      status = batch.Delete(state, key);
    }
    if (!status.ok()) return RocksError("take a slice of a checkpoint", status);
  }
  const auto status = impl_->db->Write(Writing(false), &batch);
  if (!status.ok()) return RocksError("write a slice of a checkpoint", status);
  return {};
}

Result<void> Store::RemoveVersions(std::uint32_t partition, std::span<const RowVersion> versions) {
  rocksdb::WriteBatch batch(0, 0, 8, 0);
  std::string key;
  for (const auto& version : versions) {
    SetRowKey(key, partition, version.key, version.checkpoint);
    const auto status = batch.Delete(impl_->families[kState], key);
    if (!status.ok()) return RocksError("remove old rows of a checkpoint", status);
  }
  const auto status = impl_->db->Write(Writing(false), &batch);
  if (!status.ok()) return RocksError("remove old rows of a checkpoint", status);
  return {};
}

Result<void> Store::Seal(const Manifest& manifest) {
  return impl_->Put(kDefault, ManifestKey(manifest.partition), EncodeManifest(manifest), "seal a checkpoint");
}

Result<std::optional<Manifest>> Store::ReadManifest(std::uint32_t partition) {
  PLUMBLINE_ASSIGN(const auto bytes, impl_->Get(kDefault, ManifestKey(partition), "read a checkpoint's manifest"));
  if (!bytes) return std::optional<Manifest>{};
  PLUMBLINE_ASSIGN(auto manifest, DecodeManifest(*bytes));
  return manifest;
}

Result<void> Store::DropCheckpoint(std::uint32_t partition) {
  rocksdb::WriteBatch batch;
  PLUMBLINE_CHECK(partition < UINT32_MAX, "partition numbers are small");
  const std::string end = PartitionPrefix(partition + 1);
  auto status = batch.Delete(impl_->families[kDefault], ManifestKey(partition));
  if (status.ok()) status = batch.DeleteRange(impl_->families[kState], PartitionPrefix(partition), end);
  if (status.ok()) status = impl_->db->Write(Writing(true), &batch);
  if (!status.ok()) return RocksError("drop a checkpoint", status);
  return {};
}

Result<void> Store::Load(std::uint32_t partition, std::uint64_t sealed, const RowSink& sink) {
  const auto walk = impl_->Walk(kState);
  const std::string prefix = PartitionPrefix(partition);
  std::string key;
  bool begun = false, has_newest = false;  // the newest version of `key` is past
  std::vector<RowVersion> outdated;
  for (walk->Seek(prefix); walk->Valid() && walk->key().starts_with(prefix); walk->Next()) {
    const std::string_view full = AsView(walk->key()), value = AsView(walk->value());
    if (full.size() < kBeforeKey + kBehindKey || value.empty()) {
      return Fail(ErrorCode::kIntegrity, "a row of a checkpoint is cut short; restore the state folder from a copy");
    }
    const std::string_view row = full.substr(kBeforeKey, full.size() - kBeforeKey - kBehindKey);
    const std::uint64_t checkpoint = ~NumberAt(full, full.size() - kBehindKey);
    if (!begun || row != key) {
      // Versions of one row go together: an older one must not outlive the one that says that the row is gone.
      if (outdated.size() >= kRemoveAtOnce) PLUMBLINE_TRY(RemoveVersions(partition, std::exchange(outdated, {})));
      key = row;
      begun = true;
      has_newest = false;
    }
    const bool newest = checkpoint <= sealed && !has_newest;
    has_newest = has_newest || newest;
    if (newest && value[0] == kPut) {
      PLUMBLINE_TRY(sink(row, value.substr(1), checkpoint));
      continue;
    }
    outdated.push_back({std::string(row), checkpoint});
  }
  if (!walk->status().ok()) return RocksError("read the checkpoint", walk->status());
  return RemoveVersions(partition, outdated);
}

Result<std::vector<std::optional<std::string>>> Store::Lookup(std::uint32_t partition, std::span<const RowVersion> versions) {
  std::vector<std::string> keys(versions.size());
  for (std::size_t i = 0; i < versions.size(); ++i) SetRowKey(keys[i], partition, versions[i].key, versions[i].checkpoint);
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  impl_->db->MultiGet(rocksdb::ReadOptions(), impl_->families[kState], keys.size(), slices.data(), values.data(),
                      statuses.data());
  std::vector<std::optional<std::string>> out(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    if (!statuses[i].ok()) return RocksError("read rows of the checkpoint", statuses[i]);
    const auto value = AsView(values[i]);
    if (!value.empty() && value[0] == kPut) out[i] = std::string(value.substr(1));
  }
  return out;
}

Result<Digest> Store::PutArtefact(std::string_view bytes) {
  const Digest digest = Sha256Of(bytes);
  PLUMBLINE_TRY(impl_->Put(kDefault, ArtefactKey(digest), bytes, "keep a pack or baseline"));
  return digest;
}

Result<std::optional<std::string>> Store::GetArtefact(const Digest& digest) {
  return impl_->Get(kDefault, ArtefactKey(digest), "read a pack or baseline");
}

Result<void> Store::PutNote(std::string_view name, std::string_view text) {
  return impl_->Put(kDefault, NoteKey(name), text, "keep a note");
}

Result<std::optional<std::string>> Store::GetNote(std::string_view name) {
  return impl_->Get(kDefault, NoteKey(name), "read a note");
}

std::uint64_t Store::DiskBytes() {
  std::uint64_t total = 0;
  for (auto* family : impl_->families) {
    std::uint64_t bytes = 0;
    if (impl_->db->GetIntProperty(family, rocksdb::DB::Properties::kTotalSstFilesSize, &bytes)) total += bytes;
  }
  return total;
}

}  // namespace plumbline::state
