// A scenario file as data; see scenario.h for its words.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace plumbline::app {

using Options = std::map<std::string, std::string>;

struct ScriptRecord {
  std::int64_t arrival = 0, time = 0;  // seconds
  int topic = 0;
  std::string id, code, value, unit = "1", patient = "patient", encounter = "encounter", site = "site", source = "test", action;
  std::uint32_t version = 1;
  std::uint64_t sequence = 0;
  bool withdrawn = false;
};

struct ScriptBeat {
  std::int64_t arrival = 0, complete_to = 0;
  std::string feed;
};

struct ScriptCommand {
  std::int64_t arrival = 0;
  std::string word, anchor;
  Options options;
};

struct Script {
  std::string title, pack, rule = "shock";
  Options options;
  std::vector<ScriptRecord> records;  // in the order of the file
  std::vector<ScriptBeat> beats;      // by arrival
  std::vector<ScriptCommand> commands;
  std::map<std::string, std::int64_t> feeds;  // name: time-out in seconds
  std::map<int, std::size_t> slow;
  std::optional<std::int64_t> stop, start, end;
  std::optional<std::int64_t> future;  // seconds
  std::uint32_t partitions = 1;
  std::vector<std::string> told;
  std::map<std::string, std::string> finals;
  std::map<std::string, std::int64_t> counts;
  std::vector<std::pair<std::string, std::string>> lines;
};

[[nodiscard]] Result<std::vector<Script>> ReadScripts(const std::string& path);

inline constexpr const char* kTopicNames[3] = {"device", "consultation", "diagnosis"};

}  // namespace plumbline::app
