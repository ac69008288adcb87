// Arrival schedules and interleavings of one set of events. A schedule draws arrivals anew so that each record stays on the same
// side of every instant + lateness; an interleaving reads the topics of each partition at speeds of their own, cuts batches
// anywhere, restarts from checkpoints, ticks topics that are at their end, and lets stage two lag behind each partition. Whatever
// is drawn, the final verdicts and final windows must be the same.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/model/event.h"
#include "engine/rule/rule_set.h"
#include "engine/run/partition.h"

namespace plumbline::oracle {

struct Item {
  std::uint16_t topic = 0;
  std::uint32_t partition = 0;
  std::int64_t time_ms = 0, arrival_ms = 0;
  bool heartbeat = false;
  std::string key, bytes;
};

// The record of an event, at the partition of its key.
[[nodiscard]] Item ItemOf(const model::Event& event, std::int64_t arrival_ms, std::uint32_t partitions);

// Every instant + lateness that some version of some event may have under these rules.
[[nodiscard]] std::set<std::int64_t> Limits(const rule::RuleSet& rules, const std::vector<Item>& items);
// Arrivals anew within their limits; heartbeats stay where they are.
[[nodiscard]] std::vector<Item> Redraw(const std::vector<Item>& items, const std::set<std::int64_t>& limits, std::mt19937_64& rng);

struct Outcome {
  std::map<std::string, std::string> finals;   // rule/revision/step/subject/anchor: verdict
  std::map<std::string, std::string> windows;  // measure/group/start: its last line
  std::vector<std::string> complaints;         // of the history
  std::size_t alerts = 0, lines = 0;
};

struct PlayOptions {
  std::uint32_t partitions = 1;
  std::vector<run::FeedOptions> feeds;
  bool stage_two = false;
  bool restarts = true;
};

[[nodiscard]] Outcome PlayOnce(const std::shared_ptr<const rule::RuleSet>& rules, const PlayOptions& options,
                               const std::vector<Item>& items, std::mt19937_64& rng);

// The environment's PLUMBLINE_SEED, or a number of the project's own; prints it.
[[nodiscard]] std::uint64_t SeedOf(const char* what);

}  // namespace plumbline::oracle
