// A Source that counts what passes through another one, by topic-partition. Used on its worker's thread like any Source.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "engine/io/source.h"

namespace plumbline::app {

class CountingSource final : public io::Source {
 public:
  struct Counts {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::int64_t end = 0;  // as last asked
  };

  explicit CountingSource(io::Source& source) : source_(source) {}

  Result<void> Seek(io::TopicPartition from, std::int64_t offset) override { return source_.Seek(from, offset); }
  [[nodiscard]] std::int64_t Position(io::TopicPartition of) const override { return source_.Position(of); }
  Result<std::span<const io::Record>> Poll(io::TopicPartition from, std::size_t most) override {
    auto records = source_.Poll(from, most);
    if (!records || records->empty()) return records;
    Counts& counts = counts_[from];
    counts.records += records->size();
    for (const io::Record& record : *records) counts.bytes += record.key.size() + record.value.size();
    return records;
  }
  [[nodiscard]] bool SeemsAtEnd(io::TopicPartition of) const override { return source_.SeemsAtEnd(of); }
  Result<std::int64_t> EndOffset(io::TopicPartition of) override {
    auto end = source_.EndOffset(of);
    if (end) counts_[of].end = *end;
    return end;
  }
  Result<std::int64_t> LowWatermark(io::TopicPartition of) override { return source_.LowWatermark(of); }
  Result<std::uint32_t> Partitions(std::uint16_t topic) override { return source_.Partitions(topic); }
  [[nodiscard]] std::string TopicName(std::uint16_t topic) const override { return source_.TopicName(topic); }
  Result<std::string> TopicIdentity(std::uint16_t topic) override { return source_.TopicIdentity(topic); }

  [[nodiscard]] const std::map<io::TopicPartition, Counts>& counts() const { return counts_; }

 private:
  io::Source& source_;
  std::map<io::TopicPartition, Counts> counts_;
};

}  // namespace plumbline::app
