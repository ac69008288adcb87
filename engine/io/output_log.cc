#include "engine/io/output_log.h"

#include <array>

#include "engine/base/bytes.h"
#include "engine/base/check.h"

namespace plumbline::io {
namespace {

// The name of the last record of a partition as it was when opened.
Result<std::optional<EffectId>> TailAtOpen(const LogWriter& writer) {
  const std::string& frame = writer.last_frame_at_open();
  if (frame.empty()) return std::optional<EffectId>{};
  Record record;
  std::vector<HeaderView> headers;
  std::size_t count = 0;
  PLUMBLINE_CHECK(ParseFrame(AsBytes(frame), record, headers, &count), "the writer checked this frame when it opened the log");
  const auto id = EffectIdOf(headers);
  if (!id) {
    return Fail(ErrorCode::kIntegrity, writer.folder() + ": the record at offset " + std::to_string(record.offset) +
                                           " carries no name of an effect: another program has written to this output log");
  }
  return id;
}

}  // namespace

std::string_view OutputLogName(OutputLog log) {
  switch (log) {
    case OutputLog::kAlerts:
      return "alerts";
    case OutputLog::kMeasures:
      return "measures";
    case OutputLog::kDeadLetters:
      return "dead_letters";
    case OutputLog::kAudit:
      return "audit";
  }
  PLUMBLINE_CHECK(false, "a value outside the list of output logs");
}

std::optional<EffectId> EffectIdOf(std::span<const HeaderView> headers) {
  for (const auto& header : headers) {
    if (header.name != kEffectHeader || header.value.size() != 12) continue;
    return EffectId{LoadLe<std::uint64_t>(header.value.data()), LoadLe<std::uint32_t>(header.value.data() + 8)};
  }
  return std::nullopt;
}

std::string EffectIdBytes(EffectId id) {
  std::string out;
  ByteWriter write(out);
  write.U64(id.entry);
  write.U32(id.index);
  return out;
}

Result<std::unique_ptr<LocalOutput>> LocalOutput::Open(FileSystem& files, const std::string& root, Clock& clock,
                                                       const Options& options) {
  auto output = std::make_unique<LocalOutput>();
  for (const OutputLog log : kOutputLogs) {
    const std::string name = options.topic_prefix + std::string(OutputLogName(log));
    const LocalTopic::Options topic_options{options.partitions, TopicTimes::kCreate, options.writer};
    PLUMBLINE_ASSIGN(auto topic, LocalTopic::Open(files, root, name, clock, topic_options));
    std::vector<std::optional<EffectId>> tails;
    for (std::uint32_t p = 0; p < options.partitions; ++p) {
      PLUMBLINE_ASSIGN(const auto tail, TailAtOpen(topic->writer(p)));
      tails.push_back(tail);
    }
    output->topics_.push_back(std::move(topic));
    output->tails_.push_back(std::move(tails));
  }
  return output;
}

Result<std::optional<EffectId>> LocalOutput::Tail(OutputLog log, std::uint32_t partition) {
  return tails_[static_cast<std::size_t>(log) - 1][partition];
}

Result<void> LocalOutput::Append(std::uint32_t partition, EffectId id, std::int64_t timestamp_ms, const EffectView& effect) {
  auto& tail = tails_[static_cast<std::size_t>(effect.log) - 1][partition];
  PLUMBLINE_CHECK(!tail || *tail < id, "effects are appended in the order of their names");
  std::array<std::byte, 12> name;
  StoreLe(name.data(), id.entry);
  StoreLe(name.data() + 8, id.index);
  const std::array<HeaderView, 1> headers{HeaderView{kEffectHeader, name}};
  const auto appended = TopicOf(effect.log).writer(partition).Append(timestamp_ms, effect.key, effect.value, headers);
  PLUMBLINE_TRY(appended);
  tail = id;
  return {};
}

Result<void> LocalOutput::Flush(std::uint32_t partition) {
  for (auto& topic : topics_) PLUMBLINE_TRY(topic->writer(partition).Flush());
  return {};
}

Result<void> LocalOutput::Sync(std::uint32_t partition) {
  for (auto& topic : topics_) PLUMBLINE_TRY(topic->writer(partition).Sync());
  return {};
}

}  // namespace plumbline::io
