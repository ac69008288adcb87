#include "connectors/csv/byte_source.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

namespace plumbline::csv {
namespace {

constexpr std::size_t kInputBuffer = 128 * 1024;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

class PlainFile final : public ByteSource {
 public:
  PlainFile(std::FILE* file, std::string path, std::uint64_t total) : file_(file), path_(std::move(path)), total_(total) {}
  Result<std::size_t> Read(std::span<char> out) override {
    const std::size_t got = std::fread(out.data(), 1, out.size(), file_.get());
    if (got < out.size() && std::ferror(file_.get()) != 0) return Fail(ErrorCode::kIo, path_ + ": " + std::strerror(errno));
    consumed_ += got;
    return got;
  }
  [[nodiscard]] std::uint64_t consumed() const override { return consumed_; }
  [[nodiscard]] std::uint64_t total() const override { return total_; }

 private:
  std::unique_ptr<std::FILE, FileCloser> file_;
  std::string path_;
  std::uint64_t total_;
  std::uint64_t consumed_ = 0;
};

class Text final : public ByteSource {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> Read(std::span<char> out) override {
    const std::size_t n = std::min(out.size(), text_.size() - at_);
    std::copy_n(text_.data() + at_, n, out.data());
    at_ += n;
    return n;
  }
  [[nodiscard]] std::uint64_t consumed() const override { return at_; }
  [[nodiscard]] std::uint64_t total() const override { return text_.size(); }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

// Bytes already read to tell the format, before the rest of the file.
class Prefixed final : public ByteSource {
 public:
  Prefixed(std::string prefix, std::unique_ptr<ByteSource> rest) : prefix_(std::move(prefix)), rest_(std::move(rest)) {}
  Result<std::size_t> Read(std::span<char> out) override {
    if (at_ == prefix_.size()) return rest_->Read(out);
    const std::size_t n = std::min(out.size(), prefix_.size() - at_);
    std::copy_n(prefix_.data() + at_, n, out.data());
    at_ += n;
    return n;
  }
  [[nodiscard]] std::uint64_t consumed() const override { return rest_->consumed(); }
  [[nodiscard]] std::uint64_t total() const override { return rest_->total(); }

 private:
  std::string prefix_;
  std::size_t at_ = 0;
  std::unique_ptr<ByteSource> rest_;
};

class Gzip final : public ByteSource {
 public:
  Gzip(std::unique_ptr<ByteSource> inner, std::string name)
      : inner_(std::move(inner)), name_(std::move(name)), buffer_(kInputBuffer) {}
  ~Gzip() override {
    if (ready_) inflateEnd(&stream_);
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  Result<std::size_t> Read(std::span<char> out) override {
    if (!ready_) {
      if (inflateInit2(&stream_, 15 + 16) != Z_OK) return Fail(ErrorCode::kInternal, name_ + ": zlib refused to start");
      ready_ = true;
    }
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), 1U << 30));
    const uInt asked = stream_.avail_out;
    while (stream_.avail_out == asked) {
      if (stream_.avail_in == 0) {
        PLUMBLINE_ASSIGN(const std::size_t got, inner_->Read(buffer_));
        if (got == 0) {
          if (between_members_) return 0;
          return Fail(ErrorCode::kParse, name_ + ": the gzip stream ends in the middle (truncated file)");
        }
        stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
        stream_.avail_in = static_cast<uInt>(got);
      }
      if (between_members_ && inflateReset(&stream_) != Z_OK) return Fail(ErrorCode::kInternal, name_ + ": zlib refused a reset");
      between_members_ = false;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        between_members_ = true;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return Fail(ErrorCode::kParse, name_ + ": damaged gzip data" + (stream_.msg ? std::string(": ") + stream_.msg : ""));
      }
    }
    return asked - stream_.avail_out;
  }
  [[nodiscard]] std::uint64_t consumed() const override { return inner_->consumed(); }
  [[nodiscard]] std::uint64_t total() const override { return inner_->total(); }

 private:
  std::unique_ptr<ByteSource> inner_;
  std::string name_;
  std::vector<char> buffer_;
  z_stream stream_{};
  bool ready_ = false;
  bool between_members_ = false;
};

struct ZstdFree {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

class Zstd final : public ByteSource {
 public:
  Zstd(std::unique_ptr<ByteSource> inner, std::string name)
      : inner_(std::move(inner)), name_(std::move(name)), buffer_(kInputBuffer), stream_(ZSTD_createDStream()) {}

  Result<std::size_t> Read(std::span<char> out) override {
    if (!stream_) return Fail(ErrorCode::kInternal, name_ + ": zstd refused to start");
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    while (to.pos == 0) {
      if (in_.pos == in_.size && !output_pending_) {
        PLUMBLINE_ASSIGN(const std::size_t got, inner_->Read(buffer_));
        if (got == 0) {
          if (hint_ == 0) return 0;
          return Fail(ErrorCode::kParse, name_ + ": the Zstandard stream ends in the middle (truncated file)");
        }
        in_ = {buffer_.data(), got, 0};
      }
      hint_ = ZSTD_decompressStream(stream_.get(), &to, &in_);
      if (ZSTD_isError(hint_) != 0)
        return Fail(ErrorCode::kParse, name_ + ": damaged Zstandard data: " + ZSTD_getErrorName(hint_));
      output_pending_ = to.pos == to.size && hint_ != 0;
    }
    return to.pos;
  }
  [[nodiscard]] std::uint64_t consumed() const override { return inner_->consumed(); }
  [[nodiscard]] std::uint64_t total() const override { return inner_->total(); }

 private:
  std::unique_ptr<ByteSource> inner_;
  std::string name_;
  std::vector<char> buffer_;
  std::unique_ptr<ZSTD_DStream, ZstdFree> stream_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  std::size_t hint_ = 1;
  bool output_pending_ = false;
};

Result<std::unique_ptr<ByteSource>> Detect(std::unique_ptr<ByteSource> inner, std::string name) {
  std::string head(4, '\0');
  std::size_t have = 0;
  while (have < head.size()) {
    PLUMBLINE_ASSIGN(const std::size_t got, inner->Read(std::span<char>(head).subspan(have)));
    if (got == 0) break;
    have += got;
  }
  head.resize(have);
  const bool gzip = head.starts_with("\x1f\x8b");
  const bool zstd = head == std::string_view("\x28\xb5\x2f\xfd", 4);
  std::unique_ptr<ByteSource> whole = std::make_unique<Prefixed>(std::move(head), std::move(inner));
  if (gzip) return std::make_unique<Gzip>(std::move(whole), std::move(name));
  if (zstd) return std::make_unique<Zstd>(std::move(whole), std::move(name));
  return whole;
}

}  // namespace

Result<std::unique_ptr<ByteSource>> OpenFile(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    const int reason = errno;
    return Fail(reason == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo, path + ": " + std::strerror(reason));
  }
  std::uint64_t total = 0;
  if (std::fseek(file, 0, SEEK_END) == 0) {
    const long size = std::ftell(file);
    total = size > 0 ? static_cast<std::uint64_t>(size) : 0;
  }
  std::rewind(file);
  return Detect(std::make_unique<PlainFile>(file, path, total), path);
}

Result<std::unique_ptr<ByteSource>> OpenText(std::string text) { return Detect(std::make_unique<Text>(std::move(text)), "text"); }

}  // namespace plumbline::csv
