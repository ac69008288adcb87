// The partitions of one topic as topics of one partition each: how stage two, which is one machine, reads the measures of every
// stage-one partition. Forwards to the source it is given, which outlives it.
#pragma once

#include <memory>

#include "engine/io/source.h"

namespace plumbline::app {

class FanInSource final : public io::Source {
 public:
  FanInSource(io::Source& inner, std::uint16_t inner_topic) : inner_(inner), topic_(inner_topic) {}
  Result<void> Seek(io::TopicPartition from, std::int64_t offset) override { return inner_.Seek(Of(from), offset); }
  std::int64_t Position(io::TopicPartition of) const override { return inner_.Position(Of(of)); }
  Result<std::span<const io::Record>> Poll(io::TopicPartition from, std::size_t most) override {
    auto records = inner_.Poll(Of(from), most);
    if (!records) return records;
    records_.resize(std::max<std::size_t>(records_.size(), from.topic + 1U));
    auto& mine = records_[from.topic];
    mine.assign(records->begin(), records->end());
    for (io::Record& r : mine) {
      r.topic = from.topic;
      r.partition = 0;
    }
    return std::span<const io::Record>(mine);
  }
  bool SeemsAtEnd(io::TopicPartition of) const override { return inner_.SeemsAtEnd(Of(of)); }
  Result<std::int64_t> EndOffset(io::TopicPartition of) override { return inner_.EndOffset(Of(of)); }
  Result<std::int64_t> LowWatermark(io::TopicPartition of) override { return inner_.LowWatermark(Of(of)); }
  Result<std::uint32_t> Partitions(std::uint16_t) override { return 1U; }
  std::string TopicName(std::uint16_t topic) const override { return inner_.TopicName(topic_) + "/" + std::to_string(topic); }
  Result<std::string> TopicIdentity(std::uint16_t) override { return inner_.TopicIdentity(topic_); }

 private:
  [[nodiscard]] io::TopicPartition Of(io::TopicPartition p) const { return {topic_, p.topic}; }
  io::Source& inner_;
  std::uint16_t topic_;
  std::vector<std::vector<io::Record>> records_;
};

}  // namespace plumbline::app
