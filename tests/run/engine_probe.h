// The engine's partition behind the words of the naive model: the same records, ticks and heartbeats in, the same texts out.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/run/partition.h"
#include "tests/run/time_model.h"

namespace plumbline::oracle {

// A rule of the naive model as an engine rule.
std::shared_ptr<const rule::RuleSet> EngineRule(const RuleSpec& spec);

class EngineProbe {
 public:
  // Every kind of topic has a partition of its own; `patient` is the one subject.
  EngineProbe(const RuleSpec& spec, const std::map<std::string, std::int64_t>& timeouts);
  void Take(const Record& r);
  void Tick(int topic, std::int64_t t);
  void Heartbeat(const std::string& feed, std::int64_t at, std::int64_t complete_to);
  // Inputs from here to the next Finish are one batch; without it each input is its own.
  void BeginBatch() { batch_ = true; }
  void Finish();
  // Writes the partition to a checkpoint and goes on with a new one that was read from it.
  void RestartFromCheckpoint();

  std::map<std::string, std::string> final;
  std::vector<std::string> told;
  std::vector<run::Told> transitions;
  run::Partition& partition() { return *partition_; }

 private:
  void Step();
  RuleSpec spec_;
  run::PartitionOptions options_;
  std::shared_ptr<const rule::RuleSet> rules_;
  std::unique_ptr<run::Partition> partition_;
  std::map<Hash128, std::string> names_;
  std::map<std::string, std::string> checkpoint_;
  bool batch_ = false;
};

}  // namespace plumbline::oracle
