#include "engine/state/store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <map>
#include <mutex>

#include "engine/base/check.h"

namespace plumbline::state {
namespace {

constexpr std::string_view kFormat = "plumbline store 1";
constexpr char kGone = 0, kPut = 1;

enum Family : std::size_t { kDefault, kJournal, kState, kSlices, kFamilies };
constexpr const char* kFamilyNames[kFamilies] = {"default", "journal", "state", "slices"};

rocksdb::Slice AsSlice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view AsView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

template <typename T>
void PutBigEndian(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift & 0xff));
}
std::uint64_t NumberAt(std::string_view key) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(key[4 + i]);
  return value;
}
std::string PartitionPrefix(std::uint32_t partition) {
  std::string key;
  PutBigEndian(key, partition);
  return key;
}
std::string NumberKey(std::uint32_t partition, std::uint64_t number) {
  std::string key = PartitionPrefix(partition);
  PutBigEndian(key, number);
  return key;
}
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
  // Where folding goes on, so that it does not walk over the tombstones of what it has folded. By partition.
  std::mutex fold_mutex;
  std::map<std::uint32_t, std::string> fold_from;
  std::map<std::uint32_t, bool> folded;  // whether the last sealed checkpoint is, as far as this process knows

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

  bool NoSlicesBelow(std::uint32_t partition, std::uint64_t checkpoint) {
    const auto walk = Walk(kSlices);
    walk->Seek(PartitionPrefix(partition));
    return !walk->Valid() || !walk->key().starts_with(PartitionPrefix(partition)) || NumberAt(AsView(walk->key())) >= checkpoint;
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
  return NumberAt(AsView(walk->key()));
}

Result<std::uint64_t> Store::FirstEntry(std::uint32_t partition) {
  const auto walk = impl_->Walk(kJournal);
  walk->Seek(PartitionPrefix(partition));
  if (!walk->status().ok()) return RocksError("find the first journal entry", walk->status());
  if (!walk->Valid() || !walk->key().starts_with(PartitionPrefix(partition))) return 0;
  return NumberAt(AsView(walk->key()));
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
  const std::string prefix = NumberKey(partition, checkpoint);
  std::string key, value;
  for (const auto& row : rows) {
    key.assign(prefix).append(row.key);
    value.assign(1, row.value.empty() ? kGone : kPut).append(row.value);
    const auto status = batch.Put(impl_->families[kSlices], key, value);
    if (!status.ok()) return RocksError("take a slice of a checkpoint", status);
  }
  const auto status = impl_->db->Write(Writing(false), &batch);
  if (!status.ok()) return RocksError("write a slice of a checkpoint", status);
  return {};
}

Result<void> Store::Seal(const Manifest& manifest) {
  {
    const std::lock_guard lock(impl_->fold_mutex);
    const auto known = impl_->folded.find(manifest.partition);
    const bool folded =
        known != impl_->folded.end() ? known->second : impl_->NoSlicesBelow(manifest.partition, manifest.checkpoint);
    PLUMBLINE_CHECK(folded, "the checkpoint before is folded in whole before the next one is sealed, or its rows would be lost");
    impl_->fold_from.erase(manifest.partition);
    impl_->folded[manifest.partition] = false;
  }
  return impl_->Put(kDefault, ManifestKey(manifest.partition), EncodeManifest(manifest), "seal a checkpoint");
}

Result<std::optional<Manifest>> Store::ReadManifest(std::uint32_t partition) {
  PLUMBLINE_ASSIGN(const auto bytes, impl_->Get(kDefault, ManifestKey(partition), "read a checkpoint's manifest"));
  if (!bytes) return std::optional<Manifest>{};
  PLUMBLINE_ASSIGN(auto manifest, DecodeManifest(*bytes));
  return manifest;
}

Result<bool> Store::FoldSome(std::uint32_t partition, std::uint64_t checkpoint, std::size_t max_bytes) {
  const std::string prefix = NumberKey(partition, checkpoint), base = PartitionPrefix(partition);
  std::string from = prefix;
  {
    const std::lock_guard lock(impl_->fold_mutex);
    if (const auto found = impl_->fold_from.find(partition); found != impl_->fold_from.end()) from = found->second;
  }
  const auto walk = impl_->Walk(kSlices);
  rocksdb::WriteBatch batch(0, 0, 8, 0);
  std::string state_key;
  for (walk->Seek(from);
       walk->Valid() && walk->key().starts_with(prefix) && (batch.Count() == 0 || batch.GetDataSize() < max_bytes);
       walk->Next()) {
    state_key.assign(base).append(AsView(walk->key()).substr(prefix.size()));
    const auto value = walk->value();
    PLUMBLINE_CHECK(value.size() >= 1, "a slice's value begins with its tag");
    auto status = value[0] == kGone
                      ? batch.Delete(impl_->families[kState], state_key)
                      : batch.Put(impl_->families[kState], state_key, rocksdb::Slice(value.data() + 1, value.size() - 1));
    if (status.ok()) status = batch.Delete(impl_->families[kSlices], walk->key());
    if (!status.ok()) return RocksError("fold a checkpoint", status);
    from.assign(AsView(walk->key()));
  }
  if (!walk->status().ok()) return RocksError("read a checkpoint's slices", walk->status());
  if (batch.Count() == 0) {
    const std::lock_guard lock(impl_->fold_mutex);
    impl_->folded[partition] = true;
    return false;
  }
  const auto status = impl_->db->Write(Writing(false), &batch);
  if (!status.ok()) return RocksError("fold a checkpoint", status);
  const std::lock_guard lock(impl_->fold_mutex);
  impl_->fold_from[partition] = from;
  return true;
}

Result<void> Store::DropUnsealed(std::uint32_t partition, std::uint64_t sealed) {
  auto* slices = impl_->families[kSlices];
  rocksdb::WriteBatch batch;
  auto status = batch.DeleteRange(slices, NumberKey(partition, 0), NumberKey(partition, sealed));
  if (status.ok()) status = batch.DeleteRange(slices, NumberKey(partition, sealed + 1), NumberKey(partition, UINT64_MAX));
  if (status.ok()) status = impl_->db->Write(Writing(false), &batch);
  if (!status.ok()) return RocksError("drop the slices of an unfinished checkpoint", status);
  return {};
}

Result<void> Store::DropCheckpoint(std::uint32_t partition) {
  rocksdb::WriteBatch batch;
  PLUMBLINE_CHECK(partition < UINT32_MAX, "partition numbers are small");
  const std::string end = PartitionPrefix(partition + 1);
  auto status = batch.Delete(impl_->families[kDefault], ManifestKey(partition));
  if (status.ok()) status = batch.DeleteRange(impl_->families[kSlices], PartitionPrefix(partition), end);
  if (status.ok()) status = batch.DeleteRange(impl_->families[kState], PartitionPrefix(partition), end);
  if (status.ok()) status = impl_->db->Write(Writing(true), &batch);
  if (!status.ok()) return RocksError("drop a checkpoint", status);
  const std::lock_guard lock(impl_->fold_mutex);
  impl_->fold_from.erase(partition);
  impl_->folded[partition] = true;
  return {};
}

Result<void> Store::Load(std::uint32_t partition, std::uint64_t sealed, const RowSink& sink) {
  const std::string base = PartitionPrefix(partition), prefix = NumberKey(partition, sealed);
  const auto state = impl_->Walk(kState), slices = impl_->Walk(kSlices);
  state->Seek(base);
  slices->Seek(prefix);
  const auto state_key = [&] { return AsView(state->key()).substr(base.size()); };
  const auto slice_key = [&] { return AsView(slices->key()).substr(prefix.size()); };
  while (true) {
    const bool has_state = state->Valid() && state->key().starts_with(base);
    const bool has_slice = slices->Valid() && slices->key().starts_with(prefix);
    if (!has_state && !has_slice) break;
    if (has_slice && (!has_state || slice_key() <= state_key())) {
      if (has_state && slice_key() == state_key()) state->Next();
      const auto value = AsView(slices->value());
      if (value.empty())
        return Fail(ErrorCode::kIntegrity, "a slice of a checkpoint holds no value; restore the state folder from a copy");
      if (value[0] == kPut) PLUMBLINE_TRY(sink(slice_key(), value.substr(1)));
      slices->Next();
      continue;
    }
    PLUMBLINE_TRY(sink(state_key(), AsView(state->value())));
    state->Next();
  }
  if (!state->status().ok()) return RocksError("read the checkpoint", state->status());
  if (!slices->status().ok()) return RocksError("read the checkpoint", slices->status());
  return {};
}

Result<std::vector<std::optional<std::string>>> Store::Lookup(std::uint32_t partition, std::uint64_t sealed,
                                                              std::span<const std::string> keys) {
  std::vector<std::optional<std::string>> out(keys.size());
  std::vector<bool> settled(keys.size(), false);
  for (const Family family : {kSlices, kState}) {
    const std::string prefix = family == kSlices ? NumberKey(partition, sealed) : PartitionPrefix(partition);
    std::vector<std::string> full;
    std::vector<std::size_t> which;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (settled[i]) continue;
      full.push_back(prefix + keys[i]);
      which.push_back(i);
    }
    if (full.empty()) break;
    std::vector<rocksdb::Slice> slices(full.begin(), full.end());
    std::vector<rocksdb::PinnableSlice> values(full.size());
    std::vector<rocksdb::Status> statuses(full.size());
    impl_->db->MultiGet(rocksdb::ReadOptions(), impl_->families[family], full.size(), slices.data(), values.data(),
                        statuses.data());
    for (std::size_t i = 0; i < full.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      if (!statuses[i].ok()) return RocksError("read rows of the checkpoint", statuses[i]);
      settled[which[i]] = true;
      const auto value = AsView(values[i]);
      if (family == kState) out[which[i]] = std::string(value);
      if (family == kSlices && value[0] == kPut) out[which[i]] = std::string(value.substr(1));
    }
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
