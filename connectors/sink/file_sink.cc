#include "connectors/sink/event_sink.h"
#include "engine/base/hash.h"
#include "engine/io/file_system.h"
#include "engine/model/decode.h"
#include "engine/model/encode.h"

namespace plumbline::sink {
namespace {

constexpr std::size_t kBufferBytes = 1U << 20;

class FileSink : public EventSink {
 public:
  FileSink(std::unique_ptr<io::AppendFile> file, const TopicTriple& topics) : file_(std::move(file)), topics_(topics) {}

  Result<void> Write(const OutRecord& record) override {
    buffer_ += "{\"topic\":";
    model::AppendJsonText(buffer_, topics_[StreamIndex(record.stream)]);
    buffer_ += ",\"arrival_ms\":" + std::to_string(record.arrival_ms) + ",\"key\":";
    model::AppendJsonText(buffer_, record.key);
    buffer_ += ",\"event\":";
    if (record.json) {
      buffer_ += record.value;
    } else {
      model::Event event;
      if (decoder_.Decode(AsBytes(record.value), model::Encoding::kFlatBuffers, event) != model::RejectReason::kNone) {
        return Fail(ErrorCode::kInvalidArgument, "an event to be written to a file is not readable: " + decoder_.reject().detail);
      }
      buffer_ += encoder_.Json(event);
    }
    buffer_ += "}\n";
    return buffer_.size() >= kBufferBytes ? Flush() : Result<void>();
  }
  Result<void> Flush() override {
    PLUMBLINE_TRY(file_->Append(AsBytes(buffer_)));
    buffer_.clear();
    return {};
  }
  Result<void> Finish() override {
    PLUMBLINE_TRY(Flush());
    return file_->Sync();
  }

 private:
  std::unique_ptr<io::AppendFile> file_;
  TopicTriple topics_;
  std::string buffer_;
  model::Decoder decoder_;
  model::Encoder encoder_;
};

}  // namespace

Result<std::unique_ptr<EventSink>> OpenFileSink(const std::string& path, const TopicTriple& topics) {
  if (path == "-") return std::make_unique<FileSink>(io::StandardOutput(), topics);
  io::FileSystem& files = io::PosixFileSystem();
  PLUMBLINE_ASSIGN(auto file, files.OpenAppend(path));
  if (file->Size() > 0) {
    return Fail(ErrorCode::kUsage, path + " is there already and not empty; remove it or name another file");
  }
  return std::make_unique<FileSink>(std::move(file), topics);
}

}  // namespace plumbline::sink
