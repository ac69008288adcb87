#include "engine/io/local_log.h"

#include <algorithm>
#include <charconv>

#include "engine/base/hash.h"
#include "engine/io/murmur2.h"

namespace plumbline::io {
namespace {

constexpr std::uint64_t kMaxMetaBytes = 4096;

std::string MetaText(const TopicMeta& meta) {
  return "plumbline topic 1\npartitions " + std::to_string(meta.partitions) + "\ntimes " +
         (meta.times == TopicTimes::kAppend ? "append" : "create") + "\nidentity " + meta.identity + "\n";
}

// The next line of `text` must begin with `word` and a blank; the rest of it is returned.
bool TakeLine(std::string_view& text, std::string_view word, std::string_view* rest) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(word) || text.size() <= word.size() || text[word.size()] != ' ')
    return false;
  *rest = text.substr(word.size() + 1, end - word.size() - 1);
  text.remove_prefix(end + 1);
  return true;
}

TopicMeta NewTopicMeta(const std::string& root, const std::string& topic, Clock& clock, const LocalTopic::Options& options) {
  const std::string made = std::to_string(clock.WallMs()) + "." + std::to_string(clock.SteadyNs());
  return {options.partitions, options.times, HashText(root + "/" + topic + "@" + made).Hex()};
}

}  // namespace

std::string PartitionFolder(const std::string& root, const std::string& topic, std::uint32_t partition) {
  return root + "/" + topic + "/" + std::to_string(partition);
}

Result<TopicMeta> ReadTopicMeta(FileSystem& files, const std::string& root, const std::string& topic) {
  const std::string path = root + "/" + topic + "/topic.txt";
  auto text = ReadWholeFile(files, path, kMaxMetaBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    return Fail(ErrorCode::kNotFound, "there is no topic " + topic + " under " + root + ": it is made by who writes to it first");
  }
  PLUMBLINE_TRY(text);
  std::string_view rest = *text, version, partitions, times, identity;
  TopicMeta meta;
  if (!TakeLine(rest, "plumbline topic", &version))
    return Fail(ErrorCode::kIntegrity, path + ": this is not the description of a topic");
  if (version != "1")
    return Fail(ErrorCode::kVersion, path + ": format version " + std::string(version) + "; this build reads version 1");
  if (!TakeLine(rest, "partitions", &partitions) || !TakeLine(rest, "times", &times) || !TakeLine(rest, "identity", &identity) ||
      !rest.empty()) {
    return Fail(ErrorCode::kIntegrity, path + ": wanted the lines partitions, times, identity");
  }
  const auto parsed = std::from_chars(partitions.data(), partitions.data() + partitions.size(), meta.partitions);
  if (parsed.ec != std::errc() || parsed.ptr != partitions.data() + partitions.size() || meta.partitions == 0 ||
      meta.partitions > kMaxPartitions) {
    return Fail(ErrorCode::kIntegrity, path + ": partitions is not a number from 1 to " + std::to_string(kMaxPartitions));
  }
  if (times != "append" && times != "create") return Fail(ErrorCode::kIntegrity, path + ": times is neither append nor create");
  meta.times = times == "append" ? TopicTimes::kAppend : TopicTimes::kCreate;
  meta.identity = identity;
  return meta;
}

Result<std::unique_ptr<LocalTopic>> LocalTopic::Open(FileSystem& files, const std::string& root, const std::string& topic,
                                                     Clock& clock, Options options) {
  if (options.partitions == 0 || options.partitions > kMaxPartitions) {
    return Fail(ErrorCode::kConfig, "topic " + topic + ": " + std::to_string(options.partitions) + " partitions; wanted 1 to " +
                                        std::to_string(kMaxPartitions));
  }
  const std::string folder = root + "/" + topic;
  PLUMBLINE_TRY(files.CreateDirectories(folder));
  PLUMBLINE_ASSIGN(auto lock, files.Lock(folder + "/writer.lock"));
  auto meta = ReadTopicMeta(files, root, topic);
  const bool is_new = !meta && meta.error().code == ErrorCode::kNotFound;
  if (is_new) meta = NewTopicMeta(root, topic, clock, options);
  PLUMBLINE_TRY(meta);
  if (meta->partitions != options.partitions) {
    return Fail(ErrorCode::kConfig, "topic " + topic + " has " + std::to_string(meta->partitions) +
                                        " partitions, the configuration says " + std::to_string(options.partitions) +
                                        "; the count is part of the state: import into new topics to change it");
  }
  auto out = std::make_unique<LocalTopic>(Private{}, clock, *meta);
  out->lock_ = std::move(lock);
  for (std::uint32_t p = 0; p < meta->partitions; ++p) {
    PLUMBLINE_ASSIGN(auto writer, LogWriter::Open(files, PartitionFolder(root, topic, p), p, options.writer));
    out->writers_.push_back(std::move(writer));
  }
  // Its description comes last: who finds that finds a topic whose partitions can be read.
  if (is_new) {
    PLUMBLINE_TRY(ReplaceFile(files, folder, "topic.txt", AsBytes(MetaText(*meta))));
    PLUMBLINE_TRY(files.SyncDirectory(root));
  }
  PLUMBLINE_TRY(files.SyncDirectory(folder));
  return out;
}

Result<std::int64_t> LocalTopic::Append(std::string_view key, std::string_view value, std::span<const HeaderView> headers) {
  return AppendTo(PartitionOfKey(AsBytes(key), meta_.partitions), clock_.WallMs(), key, value, headers);
}

Result<std::int64_t> LocalTopic::AppendTo(std::uint32_t partition, std::int64_t create_time_ms, std::string_view key,
                                          std::string_view value, std::span<const HeaderView> headers) {
  if (partition >= meta_.partitions) {
    return Fail(ErrorCode::kInvalidArgument,
                "partition " + std::to_string(partition) + " of a topic with " + std::to_string(meta_.partitions));
  }
  auto& writer = *writers_[partition];
  const std::int64_t stamp =
      meta_.times == TopicTimes::kCreate ? create_time_ms : std::max(clock_.WallMs(), writer.last_timestamp_ms());
  return writer.Append(stamp, AsBytes(key), AsBytes(value), headers);
}

Result<void> LocalTopic::Sync() {
  for (auto& writer : writers_) PLUMBLINE_TRY(writer->Sync());
  return {};
}

Result<void> LocalTopic::Flush() {
  for (auto& writer : writers_) PLUMBLINE_TRY(writer->Flush());
  return {};
}

}  // namespace plumbline::io
