// Where a worker reads its inputs: the embedded log (local_log_source.h) or Kafka (connectors/kafka). One Source belongs to one
// worker and is used on its thread alone.
//
// What both logs promise, and the engine rests on: records of one topic-partition come in offset order, each once; offsets may
// have gaps (Kafka's transaction markers); what was handed out is durable in the log, so that it can be read again after a crash.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "engine/base/error.h"
#include "engine/io/record.h"

namespace plumbline::io {

struct TopicPartition {
  std::uint16_t topic = 0;  // its number by the order in the configuration
  std::uint32_t partition = 0;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

class Source {
 public:
  virtual ~Source() = default;

  // Reading goes on from `offset`. kTrimmed when the log no longer holds it, or ends below it (the topic was recreated): a
  // position is never replaced by a default. An offset equal to the end is fine.
  [[nodiscard]] virtual Result<void> Seek(TopicPartition from, std::int64_t offset) = 0;
  // The next offset to be read: one past the last record handed out, past the gap behind it where the source knows of one.
  [[nodiscard]] virtual std::int64_t Position(TopicPartition of) const = 0;

  // The next records, at most `most`; empty when none are at hand. Does not wait. The records and what they point into are valid
  // until the next Poll or Seek of the same topic-partition. Allocates nothing per record.
  [[nodiscard]] virtual Result<std::span<const Record>> Poll(TopicPartition from, std::size_t most) = 0;

  // Whether reading has come to the end as last seen. May be stale: it steers reading order only, ticks ask EndOffset.
  [[nodiscard]] virtual bool SeemsAtEnd(TopicPartition of) const = 0;
  // Asks the log, now, for the offset that the next record would get. Equal to Position: nothing was there that was not handed
  // out.
  [[nodiscard]] virtual Result<std::int64_t> EndOffset(TopicPartition of) = 0;
  // The least offset that the log still holds.
  [[nodiscard]] virtual Result<std::int64_t> LowWatermark(TopicPartition of) = 0;

  // Number of partitions of a topic; the same for all input topics of an engine.
  [[nodiscard]] virtual Result<std::uint32_t> Partitions(std::uint16_t topic) = 0;
  // As people name it.
  [[nodiscard]] virtual std::string TopicName(std::uint16_t topic) const = 0;
  // What changes when a topic is deleted and created anew under its name; empty where the log cannot tell.
  [[nodiscard]] virtual Result<std::string> TopicIdentity(std::uint16_t topic) = 0;
};

}  // namespace plumbline::io
