// The embedded log: a folder of topics, a topic a folder of partitions, a partition a folder of segments (segment.h). Default
// source and output of the engine, so that it runs without any server.
//
//   <root>/<topic>/topic.txt      "plumbline topic 1\npartitions <n>\ntimes append|create\nidentity <hex>\n"
//   <root>/<topic>/writer.lock    locked while a process appends
//   <root>/<topic>/<partition>/   segments
//
// LocalTopic appends. Reading is LocalLogSource; both work on the files alone, so writer and reader may be two processes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/io/log_writer.h"

namespace plumbline::io {

// Whose time a record's timestamp is.
enum class TopicTimes : std::uint8_t {
  kAppend,  // stamped by the log, never falling within a partition
  kCreate,  // given by the importer: the arrival column of its data
};

struct TopicMeta {
  std::uint32_t partitions = 1;
  TopicTimes times = TopicTimes::kAppend;
  std::string identity;  // differs when the topic is made anew
};

inline constexpr std::uint32_t kMaxPartitions = 4096;

[[nodiscard]] Result<TopicMeta> ReadTopicMeta(FileSystem& files, const std::string& root, const std::string& topic);
[[nodiscard]] std::string PartitionFolder(const std::string& root, const std::string& topic, std::uint32_t partition);

class LocalTopic {
 public:
  struct Options {
    std::uint32_t partitions = 1;  // used when the topic is made; kConfig when it exists with another count
    TopicTimes times = TopicTimes::kAppend;
    LogWriterOptions writer;
  };

  // Makes the topic where there is none, repairs what a crash left, and locks it. `clock` stamps; it outlives the topic.
  [[nodiscard]] static Result<std::unique_ptr<LocalTopic>> Open(FileSystem& files, const std::string& root,
                                                                const std::string& topic, Clock& clock, Options options);

  // To the partition of its key. Returns the offset.
  [[nodiscard]] Result<std::int64_t> Append(std::string_view key, std::string_view value,
                                            std::span<const HeaderView> headers = {});
  // To a named partition; for topics with kCreate the arrival is given, for kAppend it is the log's.
  [[nodiscard]] Result<std::int64_t> AppendTo(std::uint32_t partition, std::int64_t create_time_ms, std::string_view key,
                                              std::string_view value, std::span<const HeaderView> headers = {});
  // Makes all that was appended durable: one sync per partition touched.
  [[nodiscard]] Result<void> Sync();
  [[nodiscard]] Result<void> Flush();

  [[nodiscard]] const TopicMeta& meta() const { return meta_; }
  [[nodiscard]] LogWriter& writer(std::uint32_t partition) { return *writers_[partition]; }

 private:
  struct Private {};

 public:
  LocalTopic(Private, Clock& clock, TopicMeta meta) : clock_(clock), meta_(std::move(meta)) {}

 private:
  Clock& clock_;
  TopicMeta meta_;
  std::unique_ptr<FileLock> lock_;
  std::vector<std::unique_ptr<LogWriter>> writers_;
};

}  // namespace plumbline::io
