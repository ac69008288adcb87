#include "engine/io/local_log_source.h"

#include <algorithm>
#include <cstring>

#include "engine/base/bytes.h"
#include "engine/base/check.h"

namespace plumbline::io {
namespace {

// Small, so that what was read is still in the CPU's cache when it is taken, checksummed and digested.
constexpr std::size_t kReadChunk = 128u << 10;
constexpr std::size_t kMostRecords = 16384;

}  // namespace

// One topic-partition being read: a window [begin_, end_) of the current segment's bytes in buffer_, records parsed out of it.
class LocalLogSource::Lane {
 public:
  Lane(FileSystem& files, std::string folder, TopicPartition id) : files_(files), folder_(std::move(folder)), id_(id) {}

  Result<void> Seek(std::int64_t offset);
  Result<std::span<const Record>> Poll(std::size_t most);
  Result<std::int64_t> EndOffset();
  Result<std::int64_t> LowWatermark();
  [[nodiscard]] std::int64_t position() const { return position_; }
  [[nodiscard]] bool at_end() const { return at_end_; }

 private:
  Result<void> EnsureOpen();
  Result<void> OpenSegment(std::int64_t base);
  Result<void> Refill();
  Result<bool> Grow();
  Result<bool> NextSegment();
  Result<void> SkipTo(std::int64_t offset);
  Result<void> ParseSome(std::size_t most);
  [[nodiscard]] std::unexpected<Error> Damaged() const;
  [[nodiscard]] std::span<const std::byte> Window() const {
    return std::span<const std::byte>(buffer_).subspan(begin_, end_ - begin_);
  }

  FileSystem& files_;
  std::string folder_;
  TopicPartition id_;
  std::unique_ptr<ReadFile> file_;
  std::int64_t base_ = -1;           // of the current segment
  std::uint64_t visible_bytes_ = 0;  // of the current segment, synced
  std::uint64_t read_bytes_ = 0;     // of the current segment, up to end_
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::int64_t position_ = 0;
  bool at_end_ = false;
  std::vector<Record> records_;
  std::vector<HeaderView> headers_;
  struct HeaderRange {
    std::size_t first, count;
  };
  std::vector<HeaderRange> header_ranges_;  // of records_, while headers_ may still move
  // Where the last walk to the end came to; it goes on from there.
  std::int64_t walk_base_ = -1, walk_offset_ = 0;
  std::uint64_t walk_bytes_ = 0;
};

std::unexpected<Error> LocalLogSource::Lane::Damaged() const {
  return Fail(ErrorCode::kIntegrity, folder_ + "/" + SegmentName(base_) + ": the record at offset " + std::to_string(position_) +
                                         " (byte " + std::to_string(read_bytes_ - (end_ - begin_)) +
                                         ") is damaged; restore this file from a copy");
}

Result<void> LocalLogSource::Lane::OpenSegment(std::int64_t base) {
  const std::string path = folder_ + "/" + SegmentName(base);
  PLUMBLINE_ASSIGN(file_, files_.OpenRead(path));
  PLUMBLINE_TRY(CheckSegmentHead(*file_, path, base, id_.partition));
  base_ = base;
  visible_bytes_ = read_bytes_ = kSegmentHeadSize;
  begin_ = end_ = 0;
  position_ = base;
  at_end_ = false;
  return {};
}

Result<void> LocalLogSource::Lane::EnsureOpen() {
  if (file_ != nullptr) return {};
  PLUMBLINE_ASSIGN(const auto low, LowWatermark());
  return Seek(low);
}

Result<std::int64_t> LocalLogSource::Lane::LowWatermark() {
  PLUMBLINE_ASSIGN(const auto bases, ListSegments(files_, folder_));
  if (bases.empty()) return Fail(ErrorCode::kNotFound, folder_ + ": holds no segment; the topic was not made whole");
  return bases.front();
}

Result<void> LocalLogSource::Lane::Seek(std::int64_t offset) {
  records_.clear();
  PLUMBLINE_ASSIGN(const auto bases, ListSegments(files_, folder_));
  if (bases.empty()) return Fail(ErrorCode::kNotFound, folder_ + ": holds no segment; the topic was not made whole");
  if (offset < bases.front()) {
    return Fail(ErrorCode::kTrimmed, folder_ + ": offset " + std::to_string(offset) + " is needed, the log begins at " +
                                         std::to_string(bases.front()) +
                                         ": it was trimmed; restore the segments, or start anew from an import");
  }
  const auto after = std::upper_bound(bases.begin(), bases.end(), offset);
  PLUMBLINE_TRY(OpenSegment(*(after - 1)));
  return SkipTo(offset);
}

Result<void> LocalLogSource::Lane::SkipTo(std::int64_t offset) {
  while (position_ < offset) {
    std::size_t size = 0;
    const auto state = MeasureFrame(Window(), &size);
    if (state == FrameState::kWhole) {
      if (LoadLe<std::int64_t>(Window().data() + kFramePrefixSize) != position_) return Damaged();
      begin_ += size;
      ++position_;
      continue;
    }
    const std::size_t had = end_ - begin_;
    PLUMBLINE_TRY(Refill());
    if (end_ - begin_ > had) continue;
    PLUMBLINE_ASSIGN(const bool more, NextSegment());
    if (more) continue;
    return Fail(ErrorCode::kTrimmed, folder_ + ": offset " + std::to_string(offset) + " is needed, the log ends at " +
                                         std::to_string(position_) +
                                         ": the topic was cut or made anew; restore it, or start anew from an import");
  }
  return {};
}

// Looks whether the current segment has grown.
Result<bool> LocalLogSource::Lane::Grow() {
  PLUMBLINE_ASSIGN(const auto size, file_->Size());
  if (size <= visible_bytes_) return false;
  PLUMBLINE_TRY(file_->Sync());
  visible_bytes_ = size;
  return true;
}

Result<bool> LocalLogSource::Lane::NextSegment() {
  if (position_ == base_) return false;
  auto next = files_.OpenRead(folder_ + "/" + SegmentName(position_));
  if (!next && next.error().code == ErrorCode::kNotFound) return false;
  if (!next) return std::unexpected(next.error());
  // The writer may have ended this segment between our look at its size and now.
  PLUMBLINE_ASSIGN(const bool grown, Grow());
  if (grown || read_bytes_ < visible_bytes_) return true;
  if (begin_ != end_) return Damaged();
  PLUMBLINE_ASSIGN(const auto size, (*next)->Size());
  if (size < kSegmentHeadSize) return false;  // being made
  PLUMBLINE_TRY(OpenSegment(position_));
  return true;
}

// Moves what is left to the front and reads on behind it.
Result<void> LocalLogSource::Lane::Refill() {
  if (read_bytes_ >= visible_bytes_) {
    PLUMBLINE_ASSIGN(const bool grown, Grow());
    if (!grown) return {};
  }
  const std::size_t left = end_ - begin_;
  std::size_t wanted = kReadChunk, size = 0;
  if (MeasureFrame(Window(), &size) == FrameState::kIncomplete) wanted = std::max(wanted, size);
  if (buffer_.size() < wanted) {
    std::vector<std::byte> larger(wanted);
    if (left > 0) std::memcpy(larger.data(), buffer_.data() + begin_, left);
    buffer_.swap(larger);
  } else if (left > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, left);
  }
  begin_ = 0;
  end_ = left;
  const std::size_t room = std::min<std::uint64_t>(buffer_.size() - left, visible_bytes_ - read_bytes_);
  PLUMBLINE_ASSIGN(const auto got, file_->ReadAt(read_bytes_, std::span(buffer_).subspan(left, room)));
  end_ += got;
  read_bytes_ += got;
  return {};
}

Result<void> LocalLogSource::Lane::ParseSome(std::size_t most) {
  std::size_t size = 0;
  while (records_.size() < most) {
    const auto state = MeasureFrame(Window(), &size);
    if (state == FrameState::kIncomplete) break;
    Record record;
    record.topic = id_.topic;
    record.partition = id_.partition;
    const std::size_t first_header = headers_.size();
    std::size_t header_count = 0;
    const bool sound = state == FrameState::kWhole && ParseFrame(Window().first(size), record, headers_, &header_count);
    if (!sound || record.offset != position_) {
      // What is whole before the damage is handed out first.
      if (records_.empty()) return Damaged();
      headers_.resize(first_header);
      break;
    }
    header_ranges_.push_back({first_header, header_count});
    records_.push_back(record);
    begin_ += size;
    ++position_;
  }
  return {};
}

Result<std::span<const Record>> LocalLogSource::Lane::Poll(std::size_t most) {
  PLUMBLINE_TRY(EnsureOpen());
  records_.clear();
  headers_.clear();
  header_ranges_.clear();
  most = std::min(most, kMostRecords);
  while (true) {
    PLUMBLINE_TRY(ParseSome(most));
    if (!records_.empty()) break;
    const std::size_t had = end_ - begin_;
    PLUMBLINE_TRY(Refill());
    if (end_ - begin_ > had) continue;
    PLUMBLINE_ASSIGN(const bool more, NextSegment());
    if (!more) break;
  }
  for (std::size_t i = 0; i < records_.size(); ++i) {
    records_[i].headers = std::span<const HeaderView>(headers_).subspan(header_ranges_[i].first, header_ranges_[i].count);
  }
  at_end_ = records_.empty() || (read_bytes_ >= visible_bytes_ && begin_ == end_);
  return std::span<const Record>(records_);
}

Result<std::int64_t> LocalLogSource::Lane::EndOffset() {
  PLUMBLINE_TRY(EnsureOpen());
  PLUMBLINE_ASSIGN(const auto bases, ListSegments(files_, folder_));
  if (walk_base_ != bases.back()) {
    walk_base_ = walk_offset_ = bases.back();
    walk_bytes_ = kSegmentHeadSize;
  }
  if (walk_base_ == base_ && walk_offset_ < position_) {
    walk_offset_ = position_;
    walk_bytes_ = read_bytes_ - (end_ - begin_);
  }
  PLUMBLINE_ASSIGN(const auto file, files_.OpenRead(folder_ + "/" + SegmentName(walk_base_)));
  PLUMBLINE_ASSIGN(const auto file_size, file->Size());
  std::vector<std::byte> chunk(std::min<std::uint64_t>(kReadChunk, file_size > walk_bytes_ ? file_size - walk_bytes_ : 0));
  while (walk_bytes_ + kFramePrefixSize <= file_size) {
    PLUMBLINE_ASSIGN(const auto got, file->ReadAt(walk_bytes_, chunk));
    std::size_t at = 0, size = 0;
    // A frame longer than the chunk is stepped over by its size alone.
    while (MeasureFrame(std::span<const std::byte>(chunk).subspan(at, got - at), &size) != FrameState::kDamaged &&
           at + kFramePrefixSize <= got && walk_bytes_ + at + size <= file_size) {
      at += size;
      ++walk_offset_;
      if (at >= got) break;
    }
    if (at == 0) break;
    walk_bytes_ += at;
  }
  return walk_offset_;
}

LocalLogSource::LocalLogSource(FileSystem& files, std::string root, std::vector<std::string> topics)
    : files_(files), root_(std::move(root)), topics_(std::move(topics)), lanes_(topics_.size()) {}

LocalLogSource::~LocalLogSource() = default;

const LocalLogSource::Lane* LocalLogSource::FindLane(TopicPartition of) const {
  if (of.topic >= lanes_.size() || of.partition >= lanes_[of.topic].size()) return nullptr;
  return lanes_[of.topic][of.partition].get();
}

Result<LocalLogSource::Lane*> LocalLogSource::LaneOf(TopicPartition of) {
  PLUMBLINE_CHECK(of.topic < topics_.size(), "topics are numbered by the configuration");
  auto& lanes = lanes_[of.topic];
  if (lanes.empty()) {
    PLUMBLINE_ASSIGN(const auto partitions, Partitions(of.topic));
    lanes.resize(partitions);
  }
  if (of.partition >= lanes.size()) {
    return Fail(ErrorCode::kInvalidArgument, "topic " + topics_[of.topic] + " has " + std::to_string(lanes.size()) +
                                                 " partitions, number " + std::to_string(of.partition) + " was asked for");
  }
  auto& lane = lanes[of.partition];
  if (lane == nullptr) lane = std::make_unique<Lane>(files_, PartitionFolder(root_, topics_[of.topic], of.partition), of);
  return lane.get();
}

Result<void> LocalLogSource::Seek(TopicPartition from, std::int64_t offset) {
  PLUMBLINE_ASSIGN(auto* lane, LaneOf(from));
  return lane->Seek(offset);
}

std::int64_t LocalLogSource::Position(TopicPartition of) const {
  const Lane* lane = FindLane(of);
  return lane == nullptr ? 0 : lane->position();
}

Result<std::span<const Record>> LocalLogSource::Poll(TopicPartition from, std::size_t most) {
  PLUMBLINE_ASSIGN(auto* lane, LaneOf(from));
  return lane->Poll(most);
}

bool LocalLogSource::SeemsAtEnd(TopicPartition of) const {
  const Lane* lane = FindLane(of);
  return lane != nullptr && lane->at_end();
}

Result<std::int64_t> LocalLogSource::EndOffset(TopicPartition of) {
  PLUMBLINE_ASSIGN(auto* lane, LaneOf(of));
  return lane->EndOffset();
}

Result<std::int64_t> LocalLogSource::LowWatermark(TopicPartition of) {
  PLUMBLINE_ASSIGN(auto* lane, LaneOf(of));
  return lane->LowWatermark();
}

Result<std::uint32_t> LocalLogSource::Partitions(std::uint16_t topic) {
  PLUMBLINE_ASSIGN(const auto meta, ReadTopicMeta(files_, root_, topics_[topic]));
  return meta.partitions;
}

Result<std::string> LocalLogSource::TopicIdentity(std::uint16_t topic) {
  PLUMBLINE_ASSIGN(const auto meta, ReadTopicMeta(files_, root_, topics_[topic]));
  return meta.identity;
}

}  // namespace plumbline::io
