#include "engine/run/merge.h"

#include <algorithm>

namespace plumbline::run {

Result<Merge::Lane*> Merge::Find(std::uint16_t topic) {
  for (auto& lane : lanes_)
    if (lane.topic == topic) return &lane;
  return Fail(ErrorCode::kIntegrity,
              "topic number " + std::to_string(topic) + " is not among those configured; their order is part of the state");
}

Result<void> Merge::SetTopic(const state::TopicPosition& position) {
  auto at = std::lower_bound(lanes_.begin(), lanes_.end(), position.topic,
                             [](const Lane& lane, std::uint16_t t) { return lane.topic < t; });
  if (at == lanes_.end() || at->topic != position.topic) at = lanes_.insert(at, Lane{});
  *at = Lane{position.topic, position.active, position.next_offset, position.clock_ms, {}, 0};
  if (!position.active || position.next_offset == kUnknownOffset) return {};
  return source_.Seek(IdOf(*at), position.next_offset);
}

Result<void> Merge::Activate(std::span<const std::uint16_t> topics) {
  for (const auto topic : topics) PLUMBLINE_TRY(Find(topic));
  for (auto& lane : lanes_) {
    const bool wanted = std::find(topics.begin(), topics.end(), lane.topic) != topics.end();
    if (wanted && !lane.active && lane.next_offset != kUnknownOffset) PLUMBLINE_TRY(source_.Seek(IdOf(lane), lane.next_offset));
    lane.active = wanted;
    lane.at_hand = wanted ? lane.at_hand : std::span<const io::Record>{};
  }
  return {};
}

std::vector<state::TopicPosition> Merge::Positions() const {
  std::vector<state::TopicPosition> out;
  for (const auto& lane : lanes_) out.push_back({lane.topic, lane.active, lane.next_offset, lane.clock_ms});
  return out;
}

Result<void> Merge::Gather() {
  for (auto& lane : lanes_) {
    if (!lane.active || !lane.at_hand.empty()) continue;
    PLUMBLINE_ASSIGN(lane.at_hand, source_.Poll(IdOf(lane), options_.poll_records));
  }
  return {};
}

Merge::Taken Merge::TakeLeast() {
  Lane* least = nullptr;
  std::int64_t least_arrival = 0;
  for (auto& lane : lanes_) {
    if (lane.at_hand.empty()) continue;
    const std::int64_t arrival = std::max(lane.at_hand.front().timestamp_ms, lane.clock_ms);
    // Lanes are in the order of topics, so the first of equals is the right one.
    if (least == nullptr || arrival < least_arrival) {
      least = &lane;
      least_arrival = arrival;
    }
  }
  if (least == nullptr) return {};
  const io::Record* record = least->at_hand.data();
  least->at_hand = least->at_hand.subspan(1);
  skewed_ += record->timestamp_ms < least->clock_ms ? 1 : 0;
  least->clock_ms = least_arrival;
  least->next_offset = record->offset + 1;
  return {record, static_cast<std::size_t>(least - lanes_.data()), least_arrival};
}

Result<Merge::Taken> Merge::Next() {
  for (auto& lane : lanes_) {
    if (!lane.active || !lane.at_hand.empty() || source_.SeemsAtEnd(IdOf(lane))) continue;
    // Nothing was taken from the others since this topic ran dry, so polling it now finds the order that there would be with all
    // of it at hand.
    PLUMBLINE_ASSIGN(lane.at_hand, source_.Poll(IdOf(lane), options_.poll_records));
    if (lane.at_hand.empty() && !source_.SeemsAtEnd(IdOf(lane))) return Taken{};
  }
  return TakeLeast();
}

Result<void> Merge::Expect(std::uint16_t topic, std::int64_t first_offset, std::uint64_t count) {
  PLUMBLINE_ASSIGN(auto* lane, Find(topic));
  if (lane->next_offset == kUnknownOffset) {
    lane->next_offset = first_offset;
    PLUMBLINE_TRY(source_.Seek(IdOf(*lane), first_offset));
  }
  lane->expected = count;
  return {};
}

Result<void> Merge::Refill(Lane& lane) {
  const std::int64_t begun = clock_.SteadyNs();
  while (true) {
    const auto most = std::min<std::uint64_t>(lane.expected, options_.poll_records);
    PLUMBLINE_ASSIGN(lane.at_hand, source_.Poll(IdOf(lane), static_cast<std::size_t>(most)));
    if (!lane.at_hand.empty()) return {};
    PLUMBLINE_ASSIGN(const auto end, source_.EndOffset(IdOf(lane)));
    const std::string where = "topic " + source_.TopicName(lane.topic) + " partition " + std::to_string(partition_);
    if (end <= lane.next_offset) {
      return Fail(ErrorCode::kTrimmed, where + " ends at offset " + std::to_string(end) + ", the journal has read to offset " +
                                           std::to_string(lane.next_offset + static_cast<std::int64_t>(lane.expected)) +
                                           ": the topic was cut or made anew; restore it");
    }
    if (clock_.SteadyNs() - begun > options_.read_timeout_ms * 1'000'000) {
      return Fail(ErrorCode::kUnavailable, where + " gave nothing for " + std::to_string(options_.read_timeout_ms) +
                                               " ms though it ends at offset " + std::to_string(end) +
                                               "; start again when the log can be read");
    }
    clock_.SleepMs(1);
  }
}

Result<Merge::Taken> Merge::NextExpected() {
  for (auto& lane : lanes_)
    if (lane.expected > 0 && lane.at_hand.empty()) PLUMBLINE_TRY(Refill(lane));
  const Taken taken = TakeLeast();
  if (taken.record != nullptr) --lanes_[taken.lane].expected;
  return taken;
}

Result<void> Merge::Tick(std::uint16_t topic, std::int64_t time_ms) {
  PLUMBLINE_ASSIGN(auto* lane, Find(topic));
  lane->clock_ms = std::max(lane->clock_ms, time_ms);
  return {};
}

bool Merge::HoldsRecords() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.active && !lane.at_hand.empty(); });
}

std::int64_t Merge::ClockMs() const {
  bool any = false;
  std::int64_t least = 0;
  for (const auto& lane : lanes_) {
    if (!lane.active || lane.topic >= options_.clock_topics) continue;
    least = any ? std::min(least, lane.clock_ms) : lane.clock_ms;
    any = true;
  }
  return least;
}

}  // namespace plumbline::run
