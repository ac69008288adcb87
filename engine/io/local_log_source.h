// Reads the embedded log as a Source. Works on the files alone. What it hands out it has made durable first: a file that has
// grown is synced by the reader too, so that a journal never rests on bytes which a power failure takes back from the log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/io/file_system.h"
#include "engine/io/local_log.h"
#include "engine/io/source.h"

namespace plumbline::io {

class LocalLogSource final : public Source {
 public:
  // `topics` in the order that numbers them. Nothing is opened yet: topics may be made later, by their first writer. Partitions
  // are read from `Seek` on, or from the low watermark when none was sought.
  LocalLogSource(FileSystem& files, std::string root, std::vector<std::string> topics);
  ~LocalLogSource() override;

  Result<void> Seek(TopicPartition from, std::int64_t offset) override;
  std::int64_t Position(TopicPartition of) const override;
  Result<std::span<const Record>> Poll(TopicPartition from, std::size_t most) override;
  bool SeemsAtEnd(TopicPartition of) const override;
  Result<std::int64_t> EndOffset(TopicPartition of) override;
  Result<std::int64_t> LowWatermark(TopicPartition of) override;
  Result<std::uint32_t> Partitions(std::uint16_t topic) override;
  std::string TopicName(std::uint16_t topic) const override { return topics_[topic]; }
  Result<std::string> TopicIdentity(std::uint16_t topic) override;

 private:
  class Lane;
  Result<Lane*> LaneOf(TopicPartition of);
  const Lane* FindLane(TopicPartition of) const;

  FileSystem& files_;
  std::string root_;
  std::vector<std::string> topics_;
  std::vector<std::vector<std::unique_ptr<Lane>>> lanes_;  // by topic, partition
};

}  // namespace plumbline::io
