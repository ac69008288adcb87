#include "engine/rule/feeds.h"

#include <algorithm>

namespace plumbline::rule {

using model::TimeMs;

FeedIndex FeedBook::Declare(std::string name, TimeMs timeout_ms) {
  feeds_.push_back({std::move(name), timeout_ms, {}});
  return static_cast<FeedIndex>(feeds_.size() - 1);
}

bool FeedBook::Add(FeedIndex feed, Beat beat) {
  auto& beats = feeds_[feed].beats;
  if (!beats.empty()) {
    beat.arrival = std::max(beat.arrival, beats.back().arrival);
    beat.complete_to = std::max(beat.complete_to, beats.back().complete_to);
    if (beat.arrival == beats.back().arrival && beat.complete_to == beats.back().complete_to) return false;
  }
  beats.push_back(beat);
  return true;
}

std::ptrdiff_t FeedBook::LastAt(const Feed& feed, TimeMs cut) const {
  const auto it =
      std::upper_bound(feed.beats.begin(), feed.beats.end(), cut, [](TimeMs t, const Beat& b) { return t < b.arrival; });
  return it - feed.beats.begin() - 1;
}

bool FeedBook::Complete(FeedIndex feed, TimeMs instant, TimeMs cut) const {
  if (feed >= feeds_.size()) return true;
  const std::ptrdiff_t last = LastAt(feeds_[feed], cut);
  return last >= 0 && feeds_[feed].beats[static_cast<std::size_t>(last)].complete_to >= instant;
}

TimeMs FeedBook::SilentAfter(FeedIndex feed, TimeMs cut) const {
  if (feed >= feeds_.size()) return INT64_MAX;
  const Feed& f = feeds_[feed];
  const std::ptrdiff_t last = LastAt(f, cut);
  return (last >= 0 ? f.beats[static_cast<std::size_t>(last)].arrival : 0) + f.timeout_ms;
}

bool FeedBook::Silent(FeedIndex feed, TimeMs clock, TimeMs cut) const {
  return feed < feeds_.size() && clock > SilentAfter(feed, cut);
}

void FeedBook::Forget(TimeMs time) {
  for (Feed& f : feeds_) {
    while (f.beats.size() > 1 && f.beats[1].arrival < time) f.beats.pop_front();
  }
}

FeedIndex FeedBook::Find(std::string_view name) const {
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    if (feeds_[i].name == name) return static_cast<FeedIndex>(i);
  }
  return kNoFeed;
}

void FeedBook::RestoreBeats(FeedIndex feed, std::vector<Beat> beats) { feeds_[feed].beats.assign(beats.begin(), beats.end()); }

}  // namespace plumbline::rule
