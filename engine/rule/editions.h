// When a revision of a rule is in force. A run begins with its packs in force since ever; an activation ends the span of the
// revision before and begins its own at `effective_from`. The time of the trigger selects the revision, so a span decides in
// which rows a rule may see a trigger; answers and history are seen whatever the span. Part of the partition's state.
#pragma once

#include <vector>

#include "engine/rule/row.h"

namespace plumbline::rule {

struct Span {
  TimeMs from = INT64_MIN;
  TimeMs until = kForever;  // exclusive
};

struct Force {
  std::vector<Span> spans = {Span{}};  // ascending, apart
  TimeMs known_from = INT64_MIN;       // what the rule reads was kept from here on
  bool always = true;                  // one span over all times

  [[nodiscard]] bool Holds(TimeMs time) const {
    if (always) return true;
    for (const Span& s : spans) {
      if (time >= s.from && time < s.until) return true;
    }
    return false;
  }
  // No time from here on.
  void EndAt(TimeMs time) {
    while (!spans.empty() && spans.back().from >= time) spans.pop_back();
    if (!spans.empty() && spans.back().until > time) spans.back().until = time;
    always = false;
  }
  // All times from here on.
  void BeginAt(TimeMs time) {
    EndAt(time);
    if (!spans.empty() && spans.back().until == time) {
      spans.back().until = kForever;
    } else {
      spans.push_back({time, kForever});
    }
    always = spans.size() == 1 && spans[0].from == INT64_MIN;
  }
  // The end of what is in force at `time`, or of the last span before it; kForever where there is none.
  [[nodiscard]] TimeMs EndAfter(TimeMs time) const {
    for (std::size_t i = spans.size(); i-- > 0;) {
      if (spans[i].from <= time) return spans[i].until;
    }
    return kForever;
  }
};

}  // namespace plumbline::rule
