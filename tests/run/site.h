// A site in miniature for crash tests: input topics on files that do not fail (they stand for what is outside the engine), output
// logs on a faulty file system, journal and state in RocksDB on faulty files, all under one kill switch. Its life is a script: in
// each phase records arrive, the worker runs until nothing is left, then time passes and a tick is due. Ticks and batch cuts
// therefore do not depend on when the process died.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "engine/io/local_log.h"
#include "engine/io/local_log_source.h"
#include "engine/io/output_log.h"
#include "engine/run/worker.h"
#include "tests/io/faulty_file_system.h"
#include "tests/io/scripted_clock.h"
#include "tests/run/toy_machine.h"
#include "tests/state/faulty_rocks.h"
#include "tests/state/temporary_folder.h"

namespace plumbline::run {

// (log, partition, entry, index) -> timestamp, key, value; every record that the output logs hold.
using Outputs = std::map<std::tuple<int, std::uint32_t, std::uint64_t, std::uint32_t>, std::string>;

class Site {
 public:
  static constexpr std::uint16_t kTopics = 3;
  static constexpr std::uint32_t kPartitions = 2;
  static constexpr int kPhases = 16;
  static constexpr std::int64_t kStartMs = 1'000'000;

  explicit Site(std::uint64_t seed)
      : seed_(seed),
        switch_(std::make_shared<KillSwitch>()),
        output_files_(seed, switch_),
        rocks_files_(std::make_shared<state::FaultyRocks>(seed, switch_)),
        environment_(rocksdb::NewCompositeEnv(rocks_files_)) {
    for (const char* name : {"device", "consultation", "diagnosis"}) {
      topics_.push_back(*io::LocalTopic::Open(input_files_, "/in", name, clock_,
                                              {.partitions = kPartitions, .times = io::TopicTimes::kCreate, .writer = {}}));
    }
  }

  [[nodiscard]] KillSwitch& kill_switch() { return *switch_; }
  [[nodiscard]] Worker& worker() { return *worker_; }
  [[nodiscard]] state::Store& store() { return *store_; }
  [[nodiscard]] WorkerMetrics& metrics() { return *metrics_; }
  [[nodiscard]] io::FaultyFileSystem& input_files() { return input_files_; }
  [[nodiscard]] io::FaultyFileSystem& output_files() { return output_files_; }
  [[nodiscard]] io::LocalTopic& topic(std::size_t i) { return *topics_[i]; }
  [[nodiscard]] ScriptedClock& clock() { return clock_; }
  [[nodiscard]] WorkerOptions& options() { return options_; }
  // For another machine and other records than the toy's: called once a phase, with its beginning.
  using Arrivals = std::function<void(Site& site, std::mt19937_64& random, std::int64_t phase_ms)>;
  void UseMachine(Worker::MachineFactory make_machine, Arrivals arrivals, std::int64_t start_ms, std::int64_t phase_ms) {
    make_machine_ = std::move(make_machine);
    arrivals_ = std::move(arrivals);
    start_ms_ = start_ms;
    phase_length_ms_ = phase_ms;
  }
  [[nodiscard]] const std::string& state_path() const { return folder_.path(); }

  // Opens store, outputs and worker, and starts it.
  Result<void> Start() {
    PLUMBLINE_ASSIGN(store_,
                     state::Store::Open({.path = folder_.path(), .memory_bytes = 8u << 20, .environment = environment_.get()}));
    PLUMBLINE_ASSIGN(output_,
                     io::LocalOutput::Open(output_files_, "/out", clock_,
                                           {.partitions = kPartitions, .topic_prefix = "", .writer = {.segment_bytes = 4000}}));
    source_ = std::make_unique<io::LocalLogSource>(input_files_, "/in",
                                                   std::vector<std::string>{"device", "consultation", "diagnosis"});
    metrics_ = std::make_unique<WorkerMetrics>(options_.partitions);
    worker_ = std::make_unique<Worker>(*store_, *source_, *output_, clock_, make_machine_, options_, *metrics_);
    return worker_->Start();
  }

  // The process is gone; what was not synced is, too.
  void Die() {
    switch_->Kill();
    Close();
    rocks_files_->LoseUnsynced();
    output_files_.Restart();
  }
  void Close() {
    worker_.reset();
    source_.reset();
    output_.reset();
    store_.reset();
  }

  // The script from where it stands to its end.
  Result<void> RunScript() {
    for (; phase_ < kPhases; ++phase_) {
      clock_.SetWallMs(start_ms_ + phase_length_ms_ * phase_);
      if (arrived_ == phase_) Arrive();
      PLUMBLINE_TRY(Drain(false));
      clock_.SetWallMs(start_ms_ + phase_length_ms_ * phase_ + phase_length_ms_ * 9 / 10);
      PLUMBLINE_TRY(Drain(true));
    }
    return worker_->Finish();
  }

  Result<void> Drain(bool ticks) {
    while (true) {
      PLUMBLINE_ASSIGN(const bool ran, worker_->RunRound(ticks));
      if (!ran) return {};
    }
  }

  // The records of the next phase.
  void Arrive() {
    std::mt19937_64 random(seed_ * 1000 + static_cast<std::uint64_t>(arrived_));
    if (arrivals_) arrivals_(*this, random, start_ms_ + phase_length_ms_ * arrived_);
    for (int i = 0; !arrivals_ && i < 40; ++i) {
      auto& topic = *topics_[random() % kTopics];
      const auto partition = static_cast<std::uint32_t>(random() % kPartitions);
      // Times rise by and large; now and then one is stamped below its predecessor.
      const std::int64_t time = kStartMs + 1000 * arrived_ + i * 20 - static_cast<std::int64_t>(random() % 90);
      const std::string key = "p" + std::to_string(random() % 9), value = std::to_string(random() % 40);
      PLUMBLINE_CHECK(topic.AppendTo(partition, time, key, value).has_value(), "input files do not fail");
    }
    for (auto& topic : topics_) PLUMBLINE_CHECK(topic->Sync().has_value(), "input files do not fail");
    ++arrived_;
  }

  Outputs ReadOutputs() { return ReadOutputsOf(output_files_); }
  static Outputs ReadOutputsOf(io::FileSystem& files, const std::string& root = "/out") {
    Outputs out;
    io::LocalLogSource reader(files, root, {"alerts", "measures", "dead_letters", "audit"});
    for (std::uint16_t log = 0; log < 4; ++log) {
      for (std::uint32_t partition = 0; partition < kPartitions; ++partition) {
        while (true) {
          const auto records = reader.Poll({log, partition}, 100);
          PLUMBLINE_CHECK(records.has_value(), "the output logs can be read");
          if (records->empty()) break;
          for (const auto& record : *records) {
            const auto id = io::EffectIdOf(record.headers);
            PLUMBLINE_CHECK(id.has_value(), "every effect has a name");
            std::string bytes = std::to_string(record.timestamp_ms) + " " + std::string(AsText(record.key)) + " " +
                                std::string(AsText(record.value));
            const bool fresh = out.emplace(std::tuple(log, partition, id->entry, id->index), std::move(bytes)).second;
            PLUMBLINE_CHECK(fresh, "no effect is in an output log twice");
          }
        }
      }
    }
    return out;
  }

  std::map<std::pair<std::uint32_t, std::uint64_t>, std::string> ReadJournal() {
    std::map<std::pair<std::uint32_t, std::uint64_t>, std::string> out;
    for (std::uint32_t partition = 0; partition < kPartitions; ++partition) {
      const auto last = *store_->LastEntry(partition);
      for (std::uint64_t n = 1; n <= last; ++n) out[{partition, n}] = (*store_->ReadEntry(partition, n)).value_or("missing");
    }
    return out;
  }

  static WorkerOptions DefaultOptions() {
    WorkerOptions options;
    options.partitions = {0, 1};
    options.topics = kTopics;
    options.active = {0, 1, 2};
    options.provenance = {Sha256Of("build"), Sha256Of("rules")};
    options.batch.most_records = 5;
    options.tick_interval_ms = 0;
    options.checkpoint_after_seconds = 0.00002;  // of a clock that moves 1 microsecond a look: every ten batches or so
    options.checkpoint_piece_bytes = 100;
    return options;
  }

 private:
  std::uint64_t seed_;
  std::shared_ptr<KillSwitch> switch_;
  ScriptedClock clock_{kStartMs};
  io::FaultyFileSystem input_files_;
  io::FaultyFileSystem output_files_;
  TemporaryFolder folder_;
  std::shared_ptr<state::FaultyRocks> rocks_files_;
  std::unique_ptr<rocksdb::Env> environment_;
  std::vector<std::unique_ptr<io::LocalTopic>> topics_;
  Worker::MachineFactory make_machine_ = [](std::uint32_t) { return std::make_unique<ToyMachine>(kTopics); };
  Arrivals arrivals_;
  std::int64_t start_ms_ = kStartMs, phase_length_ms_ = 1000;
  WorkerOptions options_ = DefaultOptions();
  std::unique_ptr<state::Store> store_;
  std::unique_ptr<io::LocalOutput> output_;
  std::unique_ptr<io::LocalLogSource> source_;
  std::unique_ptr<WorkerMetrics> metrics_;
  std::unique_ptr<Worker> worker_;
  int phase_ = 0, arrived_ = 0;

 public:
  void StepClock(std::int64_t ns) { clock_.SetStepNs(ns); }
};

}  // namespace plumbline::run
