#include "engine/io/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace plumbline::io {
namespace {

std::unexpected<Error> OsError(const std::string& what, const std::string& path) {
  const int code = errno;
  std::string hint;
  if (code == ENOSPC || code == EDQUOT) hint = "; free some space on that disk and start again";
  if (code == EACCES || code == EPERM || code == EROFS) hint = "; give the program's user the right to write there";
  return Fail(code == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
              "cannot " + what + " " + path + ": " + std::strerror(code) + hint);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Result<std::uint64_t> SizeOf(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return OsError("read the size of", path);
  return static_cast<std::uint64_t>(info.st_size);
}

class PosixAppendFile final : public AppendFile {
 public:
  PosixAppendFile(Descriptor fd, std::string path, std::uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}

  Result<void> Append(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return OsError("write to", path_);
      size_ += static_cast<std::uint64_t>(n);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
  }

  Result<void> Sync() override {
    if (::fdatasync(fd_.get()) != 0) return OsError("sync", path_);
    return {};
  }

  std::uint64_t Size() const override { return size_; }

 private:
  Descriptor fd_;
  std::string path_;
  std::uint64_t size_;
};

class PosixReadFile final : public ReadFile {
 public:
  PosixReadFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t n = ::pread(fd_.get(), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return OsError("read", path_);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  Result<std::uint64_t> Size() override { return SizeOf(fd_.get(), path_); }

  Result<void> Sync() override {
    if (::fdatasync(fd_.get()) != 0) return OsError("sync", path_);
    return {};
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;
};

class Posix final : public FileSystem {
 public:
  Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    if (fd.get() < 0) return OsError("open for writing", path);
    PLUMBLINE_ASSIGN(const auto size, SizeOf(fd.get(), path));
    return std::make_unique<PosixAppendFile>(std::move(fd), path, size);
  }

  Result<std::unique_ptr<ReadFile>> OpenRead(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) return OsError("open", path);
    return std::make_unique<PosixReadFile>(std::move(fd), path);
  }

  Result<void> Truncate(const std::string& path, std::uint64_t size) override {
    if (::truncate(path.c_str(), static_cast<off_t>(size)) != 0) return OsError("shorten", path);
    return {};
  }

  Result<void> Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return OsError("rename to " + to, from);
    return {};
  }

  Result<void> Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return OsError("remove", path);
    return {};
  }

  Result<void> CreateDirectories(const std::string& path) override {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      const std::string part = path.substr(0, end);
      if (::mkdir(part.c_str(), 0750) != 0 && errno != EEXIST) return OsError("create folder", part);
      if (end == std::string::npos) break;
    }
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return OsError("open folder", path);
    if (!S_ISDIR(info.st_mode))
      return Fail(ErrorCode::kIo, "cannot create folder " + path + ": a file of that name is in the way");
    return {};
  }

  Result<std::vector<std::string>> List(const std::string& path) override {
    DIR* folder = ::opendir(path.c_str());
    if (folder == nullptr) return OsError("list", path);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(folder)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(folder);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> SyncDirectory(const std::string& path) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return OsError("open folder", path);
    if (::fsync(fd.get()) != 0) return OsError("sync folder", path);
    return {};
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (fd.get() < 0) return OsError("open lock", path);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return std::make_unique<PosixFileLock>(std::move(fd));
    if (errno != EWOULDBLOCK) return OsError("lock", path);
    return Fail(ErrorCode::kUnavailable,
                path + " is locked: another process is writing there; stop it first or use another folder");
  }
};

}  // namespace

FileSystem& PosixFileSystem() {
  static Posix files;
  return files;
}

std::unique_ptr<AppendFile> StandardOutput() {
  // A pipe or terminal cannot be synced, so the sync of this one is empty.
  class Output final : public AppendFile {
   public:
    Output() : file_(Descriptor(::dup(STDOUT_FILENO)), "standard output", 0) {}
    Result<void> Append(std::span<const std::byte> bytes) override { return file_.Append(bytes); }
    Result<void> Sync() override { return {}; }
    std::uint64_t Size() const override { return file_.Size(); }

   private:
    PosixAppendFile file_;
  };
  return std::make_unique<Output>();
}

Result<std::string> ReadWholeFile(FileSystem& files, const std::string& path, std::uint64_t limit) {
  PLUMBLINE_ASSIGN(const auto file, files.OpenRead(path));
  PLUMBLINE_ASSIGN(const auto size, file->Size());
  if (size > limit)
    return Fail(ErrorCode::kLimit,
                path + " has " + std::to_string(size) + " bytes; at most " + std::to_string(limit) + " are read");
  std::string text(size, '\0');
  PLUMBLINE_ASSIGN(const auto got, file->ReadAt(0, std::as_writable_bytes(std::span(text))));
  text.resize(got);
  return text;
}

Result<void> ReplaceFile(FileSystem& files, const std::string& folder, const std::string& name,
                         std::span<const std::byte> bytes) {
  const std::string path = folder + "/" + name, fresh = path + ".new";
  {
    PLUMBLINE_ASSIGN(const auto file, files.OpenAppend(fresh));
    PLUMBLINE_TRY(files.Truncate(fresh, 0));
    PLUMBLINE_TRY(file->Append(bytes));
    PLUMBLINE_TRY(file->Sync());
  }
  PLUMBLINE_TRY(files.Rename(fresh, path));
  return files.SyncDirectory(folder);
}

}  // namespace plumbline::io
