// The meaning of time as a naive program: everything worked out anew at every step, for one partition and one rule. A judge for
// the engine: whatever the interleaving, the engine's finals must equal its finals, and on the same order of records and ticks,
// what is told must too. Times are whole seconds, as in scenarios.txt.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace plumbline::oracle {

inline constexpr int kTopics = 3;  // device, consultation, diagnosis

struct Record {
  std::int64_t arr = 0;
  int topic = 0;
  std::string id;
  int ver = 1;
  bool withdrawn = false;
  std::int64_t ev = 0;
  std::string code;
  std::optional<double> value;
  int seq = 0;
};

struct Verdict {
  std::string kind;  // pending, pass, excluded, unknown, fail
  std::int64_t instant = 0;
  std::optional<std::int64_t> answered;
};

struct RuleSpec {
  bool pathway = true;
  std::string code;
  // Pathway
  std::string answer, unless;
  std::int64_t within = 3600, lookback = 0, grace = 0;
  std::string feed;
  // Run
  double below = 0;
  int count = 0;  // 0: by hold
  std::int64_t hold = 0, carry = 0, clear = 0;
  std::int64_t lateness = 900;
};

// The rules that the scenarios and random histories use: "shock", "desaturation", "two-low"; and "held-cleared",
// "counted-cleared", whose alerts end when the value has been good for a time.
RuleSpec NamedRule(const std::string& name);

struct BeatRecord {
  std::int64_t arr;
  std::string feed;
  std::int64_t to;
};

class Model {
 public:
  Model(RuleSpec rule, std::map<std::string, std::int64_t> timeouts);
  void Take(Record r);
  void Tick(int topic, std::int64_t t);
  void Heartbeat(const std::string& feed, std::int64_t at, std::int64_t complete_to);
  [[nodiscard]] std::int64_t clock() const;

  std::map<std::string, std::string> final;  // by anchor
  std::vector<std::string> told;
  std::map<std::string, std::int64_t> counts;
  std::int64_t clocks[kTopics] = {0, 0, 0};

 private:
  using Events = std::vector<Record>;
  struct RunOf {
    std::string anchor;
    std::optional<std::int64_t> fire, end;
  };
  [[nodiscard]] Events Current(std::optional<std::int64_t> until) const;
  [[nodiscard]] std::set<std::int64_t> Candidates(const std::string& anchor) const;
  [[nodiscard]] std::vector<RunOf> Runs(const Events& events) const;
  // Of a run that has fired, from value *next on: when the values have been good for `clear` on end; *next: the first value after
  // that.
  [[nodiscard]] std::optional<std::int64_t> ClearedAt(const Events& values, std::size_t* next) const;
  [[nodiscard]] std::optional<Verdict> Judge(const std::string& anchor, const Events& events,
                                             std::optional<std::int64_t> until) const;
  [[nodiscard]] std::optional<Verdict> JudgePathway(const std::string& anchor, const Events& events,
                                                    std::optional<std::int64_t> until) const;
  [[nodiscard]] bool Complete(std::int64_t instant, std::optional<std::int64_t> until) const;
  [[nodiscard]] bool Silent(std::optional<std::int64_t> until) const;
  void Tell();
  void Say(const std::string& anchor, const std::string& state, const std::optional<Verdict>& verdict,
           const std::optional<Verdict>& everything);

  RuleSpec rule_;
  std::map<std::string, std::int64_t> timeouts_;
  std::vector<Record> records_;
  std::vector<BeatRecord> beats_;
  std::map<std::string, std::string> announced_;
};

std::string Hms(std::int64_t t);

}  // namespace plumbline::oracle
