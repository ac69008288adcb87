#include "connectors/import/sorter.h"

#include <algorithm>
#include <cstring>

#include "engine/base/check.h"
#include "engine/base/hash.h"

namespace plumbline::importer {
namespace {

constexpr std::size_t kHeadBytes = 8 + 8 + 8 + 1 + 4 + 4;
constexpr std::size_t kWriteBytes = 1U << 20;

template <typename T>
void Put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename T>
T Get(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace

// A sorted file, read from its front.
class Sorter::Run {
 public:
  Run(std::unique_ptr<io::ReadFile> file, std::string path, std::size_t buffer_bytes)
      : file_(std::move(file)), path_(std::move(path)), buffer_bytes_(buffer_bytes) {}

  // Moves to the next record; false at the end.
  Result<bool> Advance() {
    at_ += size_;
    size_ = 0;
    PLUMBLINE_ASSIGN(const bool more, Need(kHeadBytes));
    if (!more) return false;
    const char* head = buffer_.data() + at_;
    arrival = Get<std::int64_t>(head);
    sequence = Get<std::uint64_t>(head + 8);
    entered = Get<std::uint64_t>(head + 16);
    stream_ = Get<std::uint8_t>(head + 24);
    key_size_ = Get<std::uint32_t>(head + 25);
    value_size_ = Get<std::uint32_t>(head + 29);
    PLUMBLINE_ASSIGN(const bool whole, Need(kHeadBytes + key_size_ + value_size_));
    if (!whole) return Fail(ErrorCode::kIntegrity, path_ + ": a run of the sort ends within a record");
    size_ = kHeadBytes + key_size_ + value_size_;
    return true;
  }
  void Read(sink::OutRecord& record) const {
    const char* body = buffer_.data() + at_ + kHeadBytes;
    record.stream = static_cast<model::EventKind>(stream_);
    record.arrival_ms = arrival;
    record.key = {body, key_size_};
    record.value = {body + key_size_, value_size_};
  }
  [[nodiscard]] bool After(const Run& other) const {
    if (arrival != other.arrival) return arrival > other.arrival;
    return sequence != other.sequence ? sequence > other.sequence : entered > other.entered;
  }

  std::int64_t arrival = 0;
  std::uint64_t sequence = 0, entered = 0;

 private:
  // Whether `bytes` from at_ on are in the buffer or can be read into it.
  Result<bool> Need(std::size_t bytes) {
    if (buffer_.size() - at_ >= bytes) return true;
    buffer_.erase(0, at_);
    at_ = 0;
    while (buffer_.size() < bytes) {
      const std::size_t had = buffer_.size();
      buffer_.resize(had + std::max(buffer_bytes_, bytes - had));
      PLUMBLINE_ASSIGN(const std::size_t got,
                       file_->ReadAt(offset_, {reinterpret_cast<std::byte*>(buffer_.data()) + had, buffer_.size() - had}));
      buffer_.resize(had + got);
      offset_ += got;
      if (got == 0) return false;
    }
    return true;
  }

  std::unique_ptr<io::ReadFile> file_;
  std::string path_;
  std::size_t buffer_bytes_;
  std::string buffer_;
  std::size_t at_ = 0, size_ = 0;
  std::uint64_t offset_ = 0;
  std::uint8_t stream_ = 0;
  std::uint32_t key_size_ = 0, value_size_ = 0;
};

Sorter::Sorter(io::FileSystem& files, SorterOptions options) : files_(files), options_(std::move(options)) {}

Sorter::~Sorter() {
  runs_.clear();
  for (const std::string& path : paths_) (void)files_.Remove(path);
}

Result<void> Sorter::Add(const sink::OutRecord& record, std::uint64_t sequence) {
  const std::size_t size = record.key.size() + record.value.size();
  if (!held_.empty() && bytes_.size() + size + (held_.size() + 1) * sizeof(Entry) > options_.memory_bytes) PLUMBLINE_TRY(Spill());
  held_.push_back({record.arrival_ms, sequence, entered_++, bytes_.size(), static_cast<std::uint32_t>(record.key.size()),
                   static_cast<std::uint32_t>(record.value.size()), static_cast<std::uint8_t>(record.stream)});
  bytes_ += record.key;
  bytes_ += record.value;
  return {};
}

void Sorter::SortHeld() {
  std::sort(held_.begin(), held_.end(), [](const Entry& a, const Entry& b) {
    if (a.arrival != b.arrival) return a.arrival < b.arrival;
    return a.sequence != b.sequence ? a.sequence < b.sequence : a.entered < b.entered;
  });
}

Result<void> Sorter::Spill() {
  SortHeld();
  PLUMBLINE_TRY(files_.CreateDirectories(options_.folder));
  const std::string path = options_.folder + "/run-" + std::to_string(paths_.size());
  if (files_.OpenRead(path)) PLUMBLINE_TRY(files_.Remove(path));  // of an import that was killed
  PLUMBLINE_ASSIGN(auto file, files_.OpenAppend(path));
  paths_.push_back(path);
  std::string out;
  for (const Entry& e : held_) {
    Put(out, e.arrival);
    Put(out, e.sequence);
    Put(out, e.entered);
    Put(out, e.stream);
    Put(out, e.key_size);
    Put(out, e.value_size);
    out.append(bytes_, e.offset, e.key_size + e.value_size);
    if (out.size() < kWriteBytes) continue;
    PLUMBLINE_TRY(file->Append(AsBytes(out)));
    out.clear();
  }
  PLUMBLINE_TRY(file->Append(AsBytes(out)));
  held_.clear();
  bytes_.clear();
  return {};
}

Result<void> Sorter::Finish() {
  PLUMBLINE_CHECK(!finished_, "a sorter is finished once");
  finished_ = true;
  if (paths_.empty()) {
    SortHeld();
    return {};
  }
  if (!held_.empty()) PLUMBLINE_TRY(Spill());
  for (const std::string& path : paths_) {
    PLUMBLINE_ASSIGN(auto file, files_.OpenRead(path));
    runs_.push_back(std::make_unique<Run>(std::move(file), path, options_.read_bytes));
    PLUMBLINE_ASSIGN(const bool more, runs_.back()->Advance());
    if (more) heap_.push_back(runs_.size() - 1);
  }
  std::make_heap(heap_.begin(), heap_.end(), [this](std::size_t a, std::size_t b) { return runs_[a]->After(*runs_[b]); });
  return {};
}

Result<bool> Sorter::Next(sink::OutRecord& record) {
  PLUMBLINE_CHECK(finished_, "records come after Finish");
  record = {};
  if (paths_.empty()) {
    if (next_held_ == held_.size()) return false;
    const Entry& e = held_[next_held_++];
    record.stream = static_cast<model::EventKind>(e.stream);
    record.arrival_ms = e.arrival;
    record.key = std::string_view(bytes_).substr(e.offset, e.key_size);
    record.value = std::string_view(bytes_).substr(e.offset + e.key_size, e.value_size);
    return true;
  }
  const auto after = [this](std::size_t a, std::size_t b) { return runs_[a]->After(*runs_[b]); };
  if (taken_) {
    std::pop_heap(heap_.begin(), heap_.end(), after);
    PLUMBLINE_ASSIGN(const bool more, runs_[heap_.back()]->Advance());
    if (more) {
      std::push_heap(heap_.begin(), heap_.end(), after);
    } else {
      heap_.pop_back();
    }
    taken_ = false;
  }
  if (heap_.empty()) return false;
  runs_[heap_.front()]->Read(record);
  taken_ = true;
  return true;
}

}  // namespace plumbline::importer
