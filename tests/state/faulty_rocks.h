// RocksDB's files on a real folder, losing at a kill what was not synced: every file is cut back to its last sync (and a random
// part of what came after), files whose folder was not synced are gone, renames not synced are undone.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "tests/io/kill_switch.h"

namespace plumbline::state {

class FaultyRocks final : public rocksdb::FileSystemWrapper {
 public:
  FaultyRocks(std::uint64_t seed, std::shared_ptr<KillSwitch> kill_switch)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), random_(seed), switch_(std::move(kill_switch)) {}
  const char* Name() const override { return "FaultyRocks"; }

  // Call when the database is closed. The switch is revived by its owner.
  void LoseUnsynced() {
    const std::lock_guard lock(mutex_);
    for (auto& [path, file] : files_) {
      if (!std::filesystem::exists(path)) continue;
      if (!file.named && !file.replaced) {
        std::filesystem::remove(path);
        continue;
      }
      if (!file.named) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << *file.replaced;
        continue;
      }
      const auto size = std::filesystem::file_size(path);
      if (size <= file.synced) continue;
      std::filesystem::resize_file(path,
                                   file.synced + std::uniform_int_distribution<std::uint64_t>(0, size - file.synced)(random_));
    }
    files_.clear();
  }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result, rocksdb::IODebugContext* context) override {
    if (!switch_->Change()) return Dead();
    std::unique_ptr<rocksdb::FSWritableFile> file;
    auto status = target()->NewWritableFile(path, options, &file, context);
    if (!status.ok()) return status;
    const std::lock_guard lock(mutex_);
    files_[path] = {};
    *result = std::make_unique<File>(*this, path, std::move(file));
    return status;
  }
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result, rocksdb::IODebugContext* context) override {
    if (switch_->dead()) return Dead();
    std::unique_ptr<rocksdb::FSDirectory> directory;
    auto status = target()->NewDirectory(path, options, &directory, context);
    if (status.ok()) *result = std::make_unique<Directory>(*this, path, std::move(directory));
    return status;
  }
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override {
    if (!switch_->Change()) return Dead();
    const std::lock_guard lock(mutex_);
    Tracked moved =
        files_.contains(from) ? files_[from] : Tracked{.synced = std::filesystem::file_size(from), .named = true, .replaced = {}};
    if (std::filesystem::exists(to)) {
      std::ifstream old(to, std::ios::binary);
      moved.replaced = std::string(std::istreambuf_iterator<char>(old), {});
    }
    moved.named = false;
    files_.erase(from);
    files_[to] = moved;
    return target()->RenameFile(from, to, options, context);
  }
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override {
    if (!switch_->Change()) return Dead();
    const std::lock_guard lock(mutex_);
    files_.erase(path);
    return target()->DeleteFile(path, options, context);
  }

 private:
  struct Tracked {
    std::uint64_t synced = 0;
    bool named = false;                   // its folder was synced since it got this name
    std::optional<std::string> replaced;  // what had this name before
  };

  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(FaultyRocks& owner, std::string path, std::unique_ptr<rocksdb::FSWritableFile> file)
        : FSWritableFileOwnerWrapper(std::move(file)), owner_(owner), path_(std::move(path)) {}
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override {
      if (!owner_.switch_->Change()) return Dead();
      size_ += data.size();
      return FSWritableFileOwnerWrapper::Append(data, options, context);
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& info, rocksdb::IODebugContext* context) override {
      if (!owner_.switch_->Change()) return Dead();
      size_ += data.size();
      return FSWritableFileOwnerWrapper::Append(data, options, info, context);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
      return Synced(options, context);
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
      return Synced(options, context);
    }
    rocksdb::IOStatus Truncate(std::uint64_t size, const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
      if (owner_.switch_->dead()) return Dead();
      size_ = size;
      return FSWritableFileOwnerWrapper::Truncate(size, options, context);
    }

   private:
    // The disk itself is not made to wait: what counts is which bytes the wrapper takes away.
    rocksdb::IOStatus Synced(const rocksdb::IOOptions&, rocksdb::IODebugContext*) {
      if (!owner_.switch_->Change()) return Dead();
      const std::lock_guard lock(owner_.mutex_);
      if (const auto found = owner_.files_.find(path_); found != owner_.files_.end()) found->second.synced = size_;
      return rocksdb::IOStatus::OK();
    }
    FaultyRocks& owner_;
    std::string path_;
    std::uint64_t size_ = 0;
  };

  class Directory final : public rocksdb::FSDirectoryWrapper {
   public:
    Directory(FaultyRocks& owner, std::string path, std::unique_ptr<rocksdb::FSDirectory>&& directory)
        : FSDirectoryWrapper(std::move(directory)), owner_(owner), path_(std::move(path)) {}
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override { return Synced(); }
    rocksdb::IOStatus FsyncWithDirOptions(const rocksdb::IOOptions&, rocksdb::IODebugContext*,
                                          const rocksdb::DirFsyncOptions&) override {
      return Synced();
    }

   private:
    rocksdb::IOStatus Synced() {
      if (!owner_.switch_->Change()) return Dead();
      const std::lock_guard lock(owner_.mutex_);
      for (auto& [file, tracked] : owner_.files_) {
        if (std::filesystem::path(file).parent_path() != std::filesystem::path(path_)) continue;
        tracked.named = true;
        tracked.replaced.reset();
      }
      return rocksdb::IOStatus::OK();
    }
    FaultyRocks& owner_;
    std::string path_;
  };

  static rocksdb::IOStatus Dead() { return rocksdb::IOStatus::IOError("killed"); }

  std::mutex mutex_;
  std::mt19937_64 random_;
  std::shared_ptr<KillSwitch> switch_;
  std::map<std::string, Tracked> files_;
};

}  // namespace plumbline::state
