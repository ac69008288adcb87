// Declared feeds (site, source system) of a partition and their heartbeats. A verdict by absence waits until its feeds are
// complete to its instant; a feed that is silent beyond its time-out makes it unknown. Part of the partition's state.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "engine/model/event.h"

namespace plumbline::rule {

using FeedIndex = std::uint16_t;
inline constexpr FeedIndex kNoFeed = 0xffff;

struct Beat {
  model::TimeMs arrival;
  model::TimeMs complete_to;
};

class FeedBook {
 public:
  // Feeds are declared by configuration, in its order; undeclared feeds never count as silent.
  FeedIndex Declare(std::string name, model::TimeMs timeout_ms);
  // Beats come in order of arrival. Returns false for a beat that says nothing new.
  bool Add(FeedIndex feed, Beat beat);
  // Some heartbeat that arrived by `cut` says complete to `instant`.
  [[nodiscard]] bool Complete(FeedIndex feed, model::TimeMs instant, model::TimeMs cut) const;
  // No heartbeat that arrived by `cut` is younger than the time-out at `clock`.
  [[nodiscard]] bool Silent(FeedIndex feed, model::TimeMs clock, model::TimeMs cut) const;
  // The clock beyond which Silent becomes true if no further beat comes.
  [[nodiscard]] model::TimeMs SilentAfter(FeedIndex feed, model::TimeMs cut) const;
  // Beats that arrived before `time` are merged into one: nothing asks for an older cut.
  void Forget(model::TimeMs time);
  [[nodiscard]] std::size_t size() const { return feeds_.size(); }
  [[nodiscard]] const std::string& Name(FeedIndex feed) const { return feeds_[feed].name; }
  [[nodiscard]] FeedIndex Find(std::string_view name) const;
  [[nodiscard]] const std::deque<Beat>& Beats(FeedIndex feed) const { return feeds_[feed].beats; }
  void RestoreBeats(FeedIndex feed, std::vector<Beat> beats);

 private:
  struct Feed {
    std::string name;
    model::TimeMs timeout_ms;
    std::deque<Beat> beats;  // arrivals ascending, complete_to ascending
  };
  // Index of the last beat with arrival <= cut, or -1.
  [[nodiscard]] std::ptrdiff_t LastAt(const Feed& feed, model::TimeMs cut) const;
  std::vector<Feed> feeds_;
};

}  // namespace plumbline::rule
