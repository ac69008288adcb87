// The topics of one partition, merged in the order (arrival, topic, offset): the order in which a machine takes records, live and
// in a rerun. A record arrives at its timestamp or at the clock of its topic, whichever is later.
//
// Live, a batch begins with Gather, which asks the source once for each topic that has nothing at hand; Next then hands records
// out in order. A topic that has run dry and is not at its end holds the others back, so that a backlog of one stream is not read
// a year ahead of another: it is polled again before any other record is taken, and where it gives nothing the batch ends. A
// topic that was at its end is not polled again within the batch. So the order within a batch depends on nothing but its records
// and clocks, and a rerun that is given the same runs finds the same order.
//
// In a rerun, Expect names how many records of each topic an entry holds, and NextExpected polls for them as needed.
// Owned by a PartitionRunner, used on its worker's thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/clock.h"
#include "engine/io/source.h"
#include "engine/state/checkpoint.h"

namespace plumbline::run {

inline constexpr std::int64_t kUnknownOffset = -1;

struct MergeOptions {
  std::size_t poll_records = 512;           // of one topic at a time; few, so that they are still in the CPU's cache when taken
  std::int64_t read_timeout_ms = 30000;     // a rerun waits so long for records that the log says it has
  std::uint16_t clock_topics = UINT16_MAX;  // topics from this number on move no clock (control)
};

class Merge {
 public:
  // One topic. `next_offset` is the offset that the next record taken has at least.
  struct Lane {
    std::uint16_t topic = 0;
    bool active = true;
    std::int64_t next_offset = 0;
    std::int64_t clock_ms = 0;
    std::span<const io::Record> at_hand;  // not yet taken
    std::uint64_t expected = 0;           // rerun: still to be taken of this entry
  };
  struct Taken {
    const io::Record* record = nullptr;  // null: the batch ends here
    std::size_t lane = 0;
    std::int64_t arrival_ms = 0;
  };

  Merge(io::Source& source, Clock& clock, std::uint32_t partition, MergeOptions options)
      : source_(source), clock_(clock), partition_(partition), options_(options) {}

  // Adds a topic, or moves it, and seeks there if it is active. kUnknownOffset: the first run that a rerun expects of it says
  // where.
  [[nodiscard]] Result<void> SetTopic(const state::TopicPosition& position);
  // The named topics are read from now on, the others no more.
  [[nodiscard]] Result<void> Activate(std::span<const std::uint16_t> topics);
  [[nodiscard]] std::vector<state::TopicPosition> Positions() const;

  [[nodiscard]] Result<void> Gather();
  [[nodiscard]] Result<Taken> Next();

  [[nodiscard]] Result<void> Expect(std::uint16_t topic, std::int64_t first_offset, std::uint64_t count);
  [[nodiscard]] Result<Taken> NextExpected();

  // Something was polled and waits for the records of another topic: positions of the source are ahead of what was taken.
  [[nodiscard]] bool HoldsRecords() const;

  // Carries the topic's clock forward.
  [[nodiscard]] Result<void> Tick(std::uint16_t topic, std::int64_t time_ms);

  [[nodiscard]] const std::vector<Lane>& lanes() const { return lanes_; }  // by topic, ascending
  // The partition's clock: the least over its active topics.
  [[nodiscard]] std::int64_t ClockMs() const;
  // Records that came stamped below their topic's clock.
  [[nodiscard]] std::uint64_t skewed() const { return skewed_; }
  [[nodiscard]] io::TopicPartition IdOf(const Lane& lane) const { return {lane.topic, partition_}; }

 private:
  [[nodiscard]] Taken TakeLeast();
  Result<void> Refill(Lane& lane);
  Result<Lane*> Find(std::uint16_t topic);

  io::Source& source_;
  Clock& clock_;
  std::uint32_t partition_;
  MergeOptions options_;
  std::vector<Lane> lanes_;
  std::uint64_t skewed_ = 0;
};

}  // namespace plumbline::run
