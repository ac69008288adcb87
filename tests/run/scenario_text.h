// Reads scenarios.txt: a title line "# ...", then rule, feed, beat, stop, end, records, and what is expected.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/run/time_model.h"

namespace plumbline::oracle {

struct Scenario {
  std::string title;
  std::string rule = "shock";
  RuleSpec spec = NamedRule("shock");
  std::vector<Record> records;
  std::vector<BeatRecord> beats;
  std::map<std::string, std::int64_t> timeouts;
  std::optional<std::pair<std::int64_t, std::int64_t>> stop;
  std::optional<std::int64_t> end;
  std::vector<std::string> told;
  std::map<std::string, std::string> final;
  std::map<std::string, std::int64_t> counts;

  void Line(const std::string& text);
  // Records and heartbeats as they arrive, a tick of every topic each second, none while stopped.
  template <typename Target>
  void Play(Target& target) const {
    std::size_t r = 0, b = 0;
    std::int64_t last = 0;
    for (const Record& x : records) last = std::max(last, x.arr);
    const std::int64_t until = end.value_or(last + 2 * 3600);
    for (std::int64_t t = 0; t <= until; ++t) {
      if (stop && stop->first <= t && t < stop->second) t = stop->second;
      for (; r < records.size() && records[r].arr <= t; ++r) target.Take(records[r]);
      for (; b < beats.size() && beats[b].arr <= t; ++b) target.Heartbeat(beats[b].feed, beats[b].arr, beats[b].to);
      for (int topic = 0; topic < kTopics; ++topic) target.Tick(topic, t);
    }
  }
};

std::vector<Scenario> ReadScenarios(const std::string& path);

}  // namespace plumbline::oracle
