#include "tests/checks/schedule.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <iostream>

#include "engine/io/murmur2.h"
#include "engine/model/encode.h"
#include "engine/run/patient_machine.h"
#include "engine/run/unit_machine.h"
#include "tests/run/history_checker.h"

namespace plumbline::oracle {
namespace {

using Machines = std::vector<std::unique_ptr<run::PatientMachine>>;
constexpr std::size_t kTopics = 3;

std::int64_t Between(std::mt19937_64& rng, std::int64_t a, std::int64_t b) {
  return a + static_cast<std::int64_t>(rng() % static_cast<std::uint64_t>(b - a + 1));
}

class Play {
 public:
  Play(std::shared_ptr<const rule::RuleSet> rules, const PlayOptions& options, const std::vector<Item>& items,
       std::mt19937_64& rng)
      : rules_(std::move(rules)), options_(options), rng_(rng), lanes_(options.partitions) {
    for (std::uint32_t p = 0; p < options.partitions; ++p) {
      machines_.push_back(Make(p));
      checkpoints_.emplace_back();
    }
    run::UnitMachineOptions u;
    u.stage_one_partitions = options.partitions;
    units_ = std::make_unique<run::UnitMachine>(u, rules_);
    std::vector<const Item*> ordered;
    for (const Item& i : items) ordered.push_back(&i);
    std::stable_sort(ordered.begin(), ordered.end(), [](const Item* a, const Item* b) { return a->arrival_ms < b->arrival_ms; });
    for (const Item* i : ordered) {
      for (std::uint32_t p = 0; p < options.partitions; ++p) {
        if (i->heartbeat || i->partition == p) lanes_[p].queue[i->topic].push_back(i);
      }
    }
  }

  Outcome Run() {
    for (bool any = true; any;) {
      any = false;
      const std::uint32_t first = static_cast<std::uint32_t>(rng_() % options_.partitions);
      for (std::uint32_t k = 0; k < options_.partitions; ++k) {
        const std::uint32_t p = (first + k) % options_.partitions;
        if (lanes_[p].Empty()) continue;
        any = true;
        if (rng_() % 3 != 0 || k + 1 == options_.partitions) Step(p);
      }
    }
    for (std::uint32_t p = 0; p < options_.partitions; ++p) {
      for (std::uint16_t t = 0; t < kTopics; ++t) machines_[p]->Tick(t, run::kClosed);
      Finish(p);
    }
    ReadMeasures(true);
    for (const Lane& lane : lanes_) {
      out_.complaints.insert(out_.complaints.end(), lane.checker.complaints().begin(), lane.checker.complaints().end());
      out_.alerts += lane.checker.alerts();
    }
    return std::move(out_);
  }

 private:
  struct Lane {
    std::deque<const Item*> queue[kTopics];
    std::int64_t clock[kTopics] = {0, 0, 0};
    std::deque<std::string> measures;  // written, not yet read by stage two
    HistoryChecker checker;
    [[nodiscard]] bool Empty() const {
      return std::all_of(std::begin(queue), std::end(queue), [](const auto& q) { return q.empty(); });
    }
  };

  std::unique_ptr<run::PatientMachine> Make(std::uint32_t p) const {
    run::PatientMachineOptions o;
    o.partition.partition = p;
    o.partition.partition_count = options_.partitions;
    o.partition.feeds = options_.feeds;
    o.validation.undeclared.future_ms = model::kNoLimit;
    return std::make_unique<run::PatientMachine>(o, rules_);
  }

  // One record of a topic that has some; now and then a tick, a batch's end, a restart.
  void Step(std::uint32_t p) {
    Lane& lane = lanes_[p];
    run::PatientMachine& m = *machines_[p];
    std::uint16_t topic = static_cast<std::uint16_t>(rng_() % kTopics);
    while (lane.queue[topic].empty()) topic = static_cast<std::uint16_t>((topic + 1) % kTopics);
    const Item& item = *lane.queue[topic].front();
    lane.queue[topic].pop_front();
    io::Record record;
    record.topic = topic;
    record.partition = p;
    record.timestamp_ms = item.arrival_ms;
    record.key = AsBytes(item.key);
    record.value = AsBytes(item.bytes);
    m.Take(record);
    lane.clock[topic] = std::max(lane.clock[topic], item.arrival_ms);
    const auto idle = static_cast<std::uint16_t>(rng_() % kTopics);
    if (lane.queue[idle].empty() && rng_() % 3 == 0) {
      lane.clock[idle] += Between(rng_, 0, 40 * 60'000);
      m.Tick(idle, lane.clock[idle]);
    }
    if (rng_() % 3 == 0) Finish(p);
    if (options_.restarts && rng_() % 16 == 0) Restart(p);
    if (rng_() % 4 == 0) ReadMeasures(false);
  }

  void Finish(std::uint32_t p) {
    static constexpr const char* kVerdicts[] = {"no case", "pending", "pass", "excluded", "unknown", "fail"};
    effects_.Clear();
    run::PatientMachine& m = *machines_[p];
    m.Finish(effects_);
    const auto& rules = m.partition().rules().rules;
    for (const run::CaseChange& c : m.partition().changes()) {
      if (!c.is_final) continue;
      const rule::Rule& r = rules[c.rule];
      std::string name =
          r.id + "/" + std::to_string(r.revision) + "/" + std::to_string(c.step) + "/" + c.subject.Hex() + "/" + c.anchor.Hex();
      const std::string verdict = c.late ? "late trigger" : kVerdicts[static_cast<std::size_t>(c.after)];
      // "No case" is what never was, too.
      if (verdict == "no case") {
        out_.finals.erase(name);
      } else {
        out_.finals[std::move(name)] = verdict;
      }
    }
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      const std::string_view line = AsText(effects_[i].value);
      if (effects_[i].log == io::OutputLog::kMeasures) lanes_[p].measures.emplace_back(line);
      if (effects_[i].log != io::OutputLog::kAlerts) continue;
      ++out_.lines;
      lanes_[p].checker.Add(line);
    }
  }

  void Restart(std::uint32_t p) {
    Finish(p);
    machines_[p]->BeginCheckpoint();
    auto& kept = checkpoints_[p];
    while (machines_[p]->NextSlice(200, [&](std::string_view key, std::string_view value) {
      if (value.empty()) {
        kept.erase(std::string(key));
      } else {
        kept[std::string(key)] = value;
      }
    })) {
    }
    auto next = Make(p);
    for (const auto& [key, value] : kept) {
      if (const auto restored = next->Restore(key, value); !restored) throw std::runtime_error(restored.error().Text());
    }
    if (next->StateDigest() != machines_[p]->StateDigest()) out_.complaints.push_back("the restored machine has another digest");
    machines_[p] = std::move(next);
  }

  void ReadMeasures(bool all) {
    if (!options_.stage_two) return;
    for (std::uint32_t p = 0; p < options_.partitions; ++p) {
      auto& lines = lanes_[p].measures;
      for (std::size_t n = all ? lines.size() : rng_() % (lines.size() + 1); n > 0; --n) {
        io::Record record;
        record.topic = static_cast<std::uint16_t>(p);
        record.value = AsBytes(lines.front());
        units_->Take(record);
        lines.pop_front();
      }
    }
    effects_.Clear();
    units_->Finish(effects_);
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      const std::string line(AsText(effects_[i].value));
      if (!line.starts_with("{\"type\":\"window\"")) continue;
      const std::string name = line.substr(0, line.find(",\"n"));
      // What was counted and taken back is as what never was.
      if (line.find("\"n\":0,\"pass\":0,\"fail\":0,\"excluded\":0,\"unknown\":0,\"late\":0") != std::string::npos) {
        out_.windows.erase(name);
      } else {
        out_.windows[name] = line;
      }
    }
  }

  std::shared_ptr<const rule::RuleSet> rules_;
  const PlayOptions& options_;
  std::mt19937_64& rng_;
  std::vector<Lane> lanes_;
  Machines machines_;
  std::vector<std::map<std::string, std::string>> checkpoints_;
  std::unique_ptr<run::UnitMachine> units_;
  io::Effects effects_;
  Outcome out_;
};

}  // namespace

Item ItemOf(const model::Event& event, std::int64_t arrival_ms, std::uint32_t partitions) {
  model::Encoder encoder;
  Item item;
  item.heartbeat = event.kind == model::EventKind::kHeartbeat;
  item.topic = item.heartbeat ? 1 : static_cast<std::uint16_t>(static_cast<int>(event.kind) - 1);
  item.time_ms = event.time;
  item.arrival_ms = arrival_ms;
  item.key = event.patient.empty() ? event.device : event.patient;
  item.partition = io::PartitionOfKey(AsBytes(item.key), partitions);
  item.bytes = encoder.FlatBuffers(event);
  return item;
}

std::set<std::int64_t> Limits(const rule::RuleSet& rules, const std::vector<Item>& items) {
  std::set<std::int64_t> out;
  for (const rule::Rule& r : rules.rules) {
    const std::int64_t lateness = r.kind->LatenessMs();
    std::set<std::int64_t> spans = {0};
    for (const rule::StepText& s : r.step_texts) spans.insert(s.within_ms);
    if (r.kind->FinalMs() != rule::kForever) spans.insert(r.kind->FinalMs() - lateness);
    for (const Item& i : items) {
      for (const std::int64_t span : spans) out.insert(i.time_ms + span + lateness);
    }
  }
  return out;
}

std::vector<Item> Redraw(const std::vector<Item>& items, const std::set<std::int64_t>& limits, std::mt19937_64& rng) {
  constexpr std::int64_t kSpread = 20 * 60'000;
  std::vector<Item> out = items;
  for (Item& i : out) {
    if (i.heartbeat) continue;
    const auto above = limits.lower_bound(i.arrival_ms);  // the first limit at or after it: on time for that one
    const std::int64_t most = above == limits.end() ? i.arrival_ms + kSpread : *above;
    const std::int64_t least = above == limits.begin() ? i.arrival_ms - kSpread : *std::prev(above) + 1;
    i.arrival_ms = Between(rng, std::max(least, i.arrival_ms - kSpread), std::min(most, i.arrival_ms + kSpread));
  }
  return out;
}

Outcome PlayOnce(const std::shared_ptr<const rule::RuleSet>& rules, const PlayOptions& options, const std::vector<Item>& items,
                 std::mt19937_64& rng) {
  return Play(rules, options, items, rng).Run();
}

std::uint64_t SeedOf(const char* what) {
  const char* given = std::getenv("PLUMBLINE_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261125;
  static std::set<std::string> printed;
  if (printed.insert(what).second) std::cout << what << ": seed " << seed << " (PLUMBLINE_SEED)\n";
  return seed;
}

}  // namespace plumbline::oracle
