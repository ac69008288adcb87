// A small machine with what makes durability hard: state per subject, timers over the partition's clock, effects that depend on
// where batches are cut, and checkpoints that freeze while the machine goes on. Values are decimal numbers.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "engine/base/bytes.h"
#include "engine/run/machine.h"
#include "engine/run/sources.h"

namespace plumbline::run {

class ToyMachine final : public Machine {
 public:
  explicit ToyMachine(std::uint16_t topics) { totals_.clocks.assign(topics, 0); }

  void Take(const io::Record& record) override {
    auto& clock = totals_.clocks[record.topic];
    clock = std::max(clock, record.timestamp_ms);
    RunTimers();
    const std::string key(AsText(record.key));
    const std::int64_t value = std::atoll(std::string(AsText(record.value)).c_str());
    Touch(key);
    Subject& subject = subjects_[key];
    ++subject.count;
    subject.sum += value;
    if (value % 3 == 0) subject.due_ms = clock + 700;
    if (value % 11 == 0) Tell(io::OutputLog::kAlerts, key, "high", subject);
    ++totals_.records;
    ++in_batch_;
    if (value == 13) {
      Tell(io::OutputLog::kAudit, key, "gone", subject);
      subjects_.erase(key);
    }
  }
  void Tick(std::uint16_t topic, std::int64_t time_ms) override {
    totals_.clocks[topic] = std::max(totals_.clocks[topic], time_ms);
    RunTimers();
  }
  void Command(std::string_view payload) override { commands_ += payload; }
  void Finish(io::Effects& effects) override {
    if (in_batch_ > 0 && totals_.records % 2 == 0) {
      told_.push_back({io::OutputLog::kMeasures, "batch",
                       "{\"records\":" + std::to_string(in_batch_) + ",\"commands\":\"" + commands_ + "\"}"});
    }
    for (const auto& told : told_) effects.Add(told.log, told.key, told.value);
    told_.clear();
    commands_.clear();
    in_batch_ = 0;
  }

  void BeginCheckpoint() override {
    frozen_.clear();
    for (const auto& key : dirty_) frozen_[key] = std::nullopt;
    dirty_.clear();
    frozen_["\x01totals"] = Totals();
  }
  bool NextSlice(std::size_t max_bytes, const SliceSink& sink) override {
    std::size_t bytes = 0;
    while (!frozen_.empty() && bytes < max_bytes) {
      const auto first = frozen_.begin();
      const std::string value = first->second ? *first->second : Serialised(first->first);
      sink(first->first, value);
      bytes += first->first.size() + value.size();
      frozen_.erase(first);
    }
    return !frozen_.empty();
  }
  Result<void> Restore(std::string_view key, std::string_view value) override {
    ByteReader read(value);
    if (key == "\x01totals") {
      totals_.records = read.U64();
      for (auto& clock : totals_.clocks) clock = read.I64();
    } else {
      Subject& subject = subjects_[std::string(key)];
      subject.count = read.U64();
      subject.sum = read.I64();
      subject.due_ms = read.I64();
    }
    if (!read.ok() || read.left() != 0) return Fail(ErrorCode::kIntegrity, "a row of the toy's state is damaged");
    return {};
  }
  Digest StateDigest() override {
    Sha256 sha;
    sha.Update(Totals());
    for (const auto& [key, subject] : subjects_) {
      sha.Update(key);
      sha.Update(Serialised(key));
    }
    return sha.Finish();
  }
  [[nodiscard]] std::size_t subjects() const { return subjects_.size(); }

 private:
  struct Subject {
    std::uint64_t count = 0;
    std::int64_t sum = 0, due_ms = 0;
  };
  struct Told {
    io::OutputLog log;
    std::string key, value;
  };

  // Before a subject changes: a frozen one keeps the bytes that it had at the cut.
  void Touch(const std::string& key) {
    if (const auto found = frozen_.find(key); found != frozen_.end() && !found->second) found->second = Serialised(key);
    dirty_.insert(key);
  }
  std::string Serialised(const std::string& key) const {
    const auto found = subjects_.find(key);
    if (found == subjects_.end()) return {};
    std::string out;
    ByteWriter write(out);
    write.U64(found->second.count);
    write.I64(found->second.sum);
    write.I64(found->second.due_ms);
    return out;
  }
  std::string Totals() const {
    std::string out;
    ByteWriter write(out);
    write.U64(totals_.records);
    for (const auto clock : totals_.clocks) write.I64(clock);
    return out;
  }
  void RunTimers() {
    const std::int64_t clock = *std::min_element(totals_.clocks.begin(), totals_.clocks.end());
    for (auto& [key, subject] : subjects_) {
      if (subject.due_ms == 0 || clock <= subject.due_ms) continue;
      Touch(key);
      Tell(io::OutputLog::kAlerts, key, "timeout", subject);
      subject.due_ms = 0;
    }
  }
  void Tell(io::OutputLog log, const std::string& key, const char* what, const Subject& subject) {
    told_.push_back({log, key,
                     std::string("{\"what\":\"") + what + "\",\"count\":" + std::to_string(subject.count) +
                         ",\"sum\":" + std::to_string(subject.sum) + ",\"due\":" + std::to_string(subject.due_ms) + "}"});
  }

  struct {
    std::uint64_t records = 0;
    std::vector<std::int64_t> clocks;
  } totals_;
  std::map<std::string, Subject> subjects_;
  std::set<std::string> dirty_;
  std::map<std::string, std::optional<std::string>> frozen_;
  std::vector<Told> told_;
  std::string commands_;
  std::uint64_t in_batch_ = 0;
};

}  // namespace plumbline::run
