// A file system in memory that loses what a power failure loses. Bytes appended are durable only after Sync of their file, names
// only after SyncDirectory of their folder. Kill() makes every further call fail, as calls of a dead process do not happen;
// Restart() brings back what was durable, and of the unsynced end of each file a random part, so that torn frames occur.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>

#include "engine/io/file_system.h"
#include "tests/io/kill_switch.h"

namespace plumbline::io {

class FaultyFileSystem final : public FileSystem {
 public:
  explicit FaultyFileSystem(std::uint64_t seed = 1) : FaultyFileSystem(seed, std::make_shared<KillSwitch>()) {}
  FaultyFileSystem(std::uint64_t seed, std::shared_ptr<KillSwitch> kill_switch)
      : random_(seed), switch_(std::move(kill_switch)) {}

  void KillAtChange(std::uint64_t n) { switch_->KillAtChange(n); }
  // The n-th Append from now on fails with the text of a full disk, half of its bytes written.
  void FailAppend(std::uint64_t n) { fail_append_in_ = n; }
  // The n-th Sync of a file from now on fails; its bytes stay volatile.
  void FailSync(std::uint64_t n) { fail_sync_in_ = n; }
  [[nodiscard]] bool dead() const { return switch_->dead(); }
  void Kill() { switch_->Kill(); }

  void Restart() {
    const std::lock_guard lock(mutex_);
    switch_->Revive();
    fail_append_in_ = fail_sync_in_ = 0;
    names_ = durable_names_;
    locks_.clear();
    for (auto& [name, file] : names_) {
      const std::size_t unsynced = file->data.size() - file->synced;
      if (unsynced == 0) continue;
      // Nothing, all, or some of it; now and then with rubbish in the last byte, as of a torn sector.
      const std::size_t kept = std::uniform_int_distribution<std::size_t>(0, unsynced)(random_);
      file->data.resize(file->synced + kept);
      if (kept > 0 && random_() % 4 == 0) file->data.back() = static_cast<char>(~file->data.back());
      file->synced = file->data.size();
    }
  }

  // Flips one byte; for tests of damage.
  void Damage(const std::string& path, std::size_t at) {
    const std::lock_guard lock(mutex_);
    names_.at(path)->data.at(at) ^= 0x20;
  }
  void Overwrite(const std::string& path, std::size_t at, std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    names_.at(path)->data.replace(at, bytes.size(), bytes);
  }
  void Cut(const std::string& path, std::size_t size) {
    const std::lock_guard lock(mutex_);
    auto& file = *names_.at(path);
    file.data.resize(size);
    file.synced = std::min(file.synced, size);
  }
  [[nodiscard]] std::size_t SizeOf(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return names_.at(path)->data.size();
  }
  [[nodiscard]] std::vector<std::string> AllFiles() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [name, file] : names_) out.push_back(name);
    return out;
  }

  Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (!folders_.contains(FolderOf(path))) return Fail(ErrorCode::kNotFound, "no folder for " + path);
    PLUMBLINE_TRY(Change());
    auto& file = names_[path];
    if (file == nullptr) file = std::make_shared<File>();
    return std::make_unique<Appender>(*this, file);
  }
  Result<std::unique_ptr<ReadFile>> OpenRead(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    PLUMBLINE_TRY(Alive());
    const auto found = names_.find(path);
    if (found == names_.end()) return Fail(ErrorCode::kNotFound, "no file " + path);
    return std::make_unique<Reader>(*this, found->second);
  }
  Result<void> Truncate(const std::string& path, std::uint64_t size) override {
    const std::lock_guard lock(mutex_);
    PLUMBLINE_TRY(Change());
    auto& file = *names_.at(path);
    file.data.resize(size);
    file.synced = std::min(file.synced, file.data.size());
    return {};
  }
  Result<void> Rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    PLUMBLINE_TRY(Change());
    names_[to] = names_.at(from);
    names_.erase(from);
    return {};
  }
  Result<void> Remove(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    PLUMBLINE_TRY(Change());
    names_.erase(path);
    return {};
  }
  // Folders are durable at once: the logs make them before anything else, and making them again is harmless.
  Result<void> CreateDirectories(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    PLUMBLINE_TRY(Alive());
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      folders_.insert(path.substr(0, end));
      if (end == std::string::npos) return {};
    }
  }
  Result<std::vector<std::string>> List(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    PLUMBLINE_TRY(Alive());
    if (!folders_.contains(path)) return Fail(ErrorCode::kNotFound, "no folder " + path);
    std::vector<std::string> out;
    for (const auto& [name, file] : names_)
      if (FolderOf(name) == path) out.push_back(name.substr(path.size() + 1));
    return out;
  }
  Result<void> SyncDirectory(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    PLUMBLINE_TRY(Change());
    std::erase_if(durable_names_, [&](const auto& entry) { return FolderOf(entry.first) == path; });
    for (const auto& [name, file] : names_)
      if (FolderOf(name) == path) durable_names_[name] = file;
    return {};
  }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    PLUMBLINE_TRY(Alive());
    if (!locks_.insert(path).second) return Fail(ErrorCode::kUnavailable, path + " is locked");
    return std::make_unique<Held>(*this, path);
  }

 private:
  struct File {
    std::string data;
    std::size_t synced = 0;
  };

  class Appender final : public AppendFile {
   public:
    Appender(FaultyFileSystem& owner, std::shared_ptr<File> file) : owner_(owner), file_(std::move(file)) {}
    Result<void> Append(std::span<const std::byte> bytes) override {
      const std::lock_guard lock(owner_.mutex_);
      PLUMBLINE_TRY(owner_.Alive());
      const bool full = owner_.fail_append_in_ != 0 && --owner_.fail_append_in_ == 0;
      const auto changed = owner_.Change();
      // A kill in the middle of a write leaves the first half of it.
      file_->data.append(reinterpret_cast<const char*>(bytes.data()), !changed || full ? bytes.size() / 2 : bytes.size());
      PLUMBLINE_TRY(changed);
      if (full)
        return Fail(ErrorCode::kIo, "cannot write: No space left on device; free some space on that disk and start again");
      return {};
    }
    Result<void> Sync() override {
      const std::lock_guard lock(owner_.mutex_);
      PLUMBLINE_TRY(owner_.Change());
      if (owner_.fail_sync_in_ != 0 && --owner_.fail_sync_in_ == 0)
        return Fail(ErrorCode::kIo, "cannot sync: Input/output error");
      file_->synced = file_->data.size();
      return {};
    }
    std::uint64_t Size() const override { return file_->data.size(); }

   private:
    FaultyFileSystem& owner_;
    std::shared_ptr<File> file_;
  };

  class Reader final : public ReadFile {
   public:
    Reader(FaultyFileSystem& owner, std::shared_ptr<File> file) : owner_(owner), file_(std::move(file)) {}
    Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> into) override {
      const std::lock_guard lock(owner_.mutex_);
      PLUMBLINE_TRY(owner_.Alive());
      if (offset >= file_->data.size()) return 0;
      const std::size_t size = std::min<std::size_t>(into.size(), file_->data.size() - offset);
      std::memcpy(into.data(), file_->data.data() + offset, size);
      return size;
    }
    Result<std::uint64_t> Size() override {
      const std::lock_guard lock(owner_.mutex_);
      PLUMBLINE_TRY(owner_.Alive());
      return file_->data.size();
    }
    Result<void> Sync() override {
      const std::lock_guard lock(owner_.mutex_);
      PLUMBLINE_TRY(owner_.Change());
      file_->synced = file_->data.size();
      return {};
    }

   private:
    FaultyFileSystem& owner_;
    std::shared_ptr<File> file_;
  };

  class Held final : public FileLock {
   public:
    Held(FaultyFileSystem& owner, std::string path) : owner_(owner), path_(std::move(path)) {}
    ~Held() override {
      const std::lock_guard lock(owner_.mutex_);
      owner_.locks_.erase(path_);
    }

   private:
    FaultyFileSystem& owner_;
    std::string path_;
  };

  static std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }
  Result<void> Alive() const {
    if (dead()) return Fail(ErrorCode::kIo, "killed");
    return {};
  }
  Result<void> Change() {
    if (!switch_->Change()) return Fail(ErrorCode::kIo, "killed");
    return {};
  }

  std::mutex mutex_;
  std::mt19937_64 random_;
  std::map<std::string, std::shared_ptr<File>> names_, durable_names_;
  std::set<std::string> folders_, locks_;
  std::shared_ptr<KillSwitch> switch_;
  std::uint64_t fail_append_in_ = 0, fail_sync_in_ = 0;
};

}  // namespace plumbline::io
