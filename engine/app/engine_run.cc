#include "engine/app/engine_run.h"

#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>

#include "connectors/alertmanager/delivery.h"
#include "connectors/kafka/admin.h"
#include "connectors/kafka/output.h"
#include "connectors/kafka/source.h"
#include "dashboards/http_server.h"
#include "dashboards/metrics.h"
#include "engine/app/fan_in_source.h"
#include "engine/app/feed/counting_source.h"
#include "engine/app/feed/metrics_feed.h"
#include "engine/app/mirror_output.h"
#include "engine/base/clock.h"
#include "engine/cql/ucum.h"
#include "engine/io/local_log_source.h"
#include "engine/model/encode.h"
#include "engine/run/patient_machine.h"
#include "engine/run/replay.h"
#include "engine/run/unit_machine.h"
#include "engine/run/worker.h"

namespace plumbline::app {
namespace {

std::atomic<bool> stop_requested{false};

void OnSignal(int) { stop_requested.store(true, std::memory_order_relaxed); }

constexpr std::uint16_t kInputTopics = 3;
constexpr std::int64_t kProgressEveryNs = 200'000'000;
// A tick to the end of the year 9998: every deadline has passed.
constexpr std::int64_t kCloseMs = run::kClosed;

std::vector<std::string> InputTopics(const config::Config& c) {
  return {c.topics.device, c.topics.consultation, c.topics.diagnosis};
}

kafka::Settings KafkaSettings(const config::Config& c) {
  kafka::Settings s;
  s.bootstrap = c.kafka->brokers;
  for (const config::Property& p : c.kafka->properties) s.properties[p.name] = p.value;
  return s;
}

// Lines of JSON to the files (or standard output) that the configuration names.
class LineFiles {
 public:
  explicit LineFiles(const config::Config& config) : config_(config) {}
  ~LineFiles() {
    for (std::FILE* f : files_) {
      if (f != nullptr && f != stdout) std::fclose(f);
    }
  }
  LineFiles(const LineFiles&) = delete;
  LineFiles& operator=(const LineFiles&) = delete;
  Result<void> Open() {
    for (const config::LinesConfig& l : config_.lines) {
      std::FILE* f = l.path == "-" ? stdout : std::fopen(l.path.c_str(), "a");
      if (f == nullptr)
        return Fail(ErrorCode::kIo, "cannot append to " + l.path + " (lines in " + config_.file +
                                        "); check that its folder is there and may be written");
      files_.push_back(f);
    }
    return {};
  }
  void Write(std::string_view log, std::string_view line) {
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < files_.size(); ++i) {
      for (const std::string& wanted : config_.lines[i].logs) {
        if (wanted != log) continue;
        std::fwrite(line.data(), 1, line.size(), files_[i]);
        std::fputc('\n', files_[i]);
        std::fflush(files_[i]);
      }
    }
  }

 private:
  const config::Config& config_;
  std::vector<std::FILE*> files_;
  std::mutex mutex_;
};

// A dead letter as one line for people: its first line; the bytes stay in the log.
std::string DeadLetterLine(std::string_view value) { return std::string(value.substr(0, value.find('\n'))); }

run::PatientMachineOptions MachineOptions(const config::Config& c, std::uint32_t partition, std::uint32_t partitions) {
  run::PatientMachineOptions o;
  o.partition.partition = partition;
  o.partition.partition_count = partitions;
  o.partition.input_topics = kInputTopics;
  o.partition.corrections_ms = c.limits.corrections_ms;
  for (const config::SiteConfig& site : c.sites) {
    for (const config::FeedConfig& feed : site.feeds) {
      if (feed.heartbeats) o.partition.feeds.push_back({site.site, feed.source, feed.timeout_ms});
    }
  }
  o.validation = c.validation;
  o.validation.is_unit = [](std::string_view unit) { return cql::ParseUnit(unit).has_value(); };
  return o;
}

struct Stage {
  std::unique_ptr<state::Store> store;
  std::unique_ptr<io::Source> inner, source;
  std::unique_ptr<io::OutputSink> inner_output, output;
  std::unique_ptr<run::WorkerMetrics> metrics;
  std::unique_ptr<run::Worker> worker;
};

Digest BuildDigest() { return Sha256Of("plumbline " PLUMBLINE_VERSION); }

class Running {
 public:
  Running(const config::Config& config, const RunOptions& options, const std::atomic<bool>& stop)
      : config_(config), options_(options), stop_(stop), lines_(config) {}

  Result<RunSummary> Run() {
    PLUMBLINE_ASSIGN(packs_, LoadConfiguredPacks(config_));
    PLUMBLINE_TRY(lines_.Open());
    PLUMBLINE_TRY(OpenStageOne());
    PLUMBLINE_TRY(OpenStageTwo());
    PLUMBLINE_TRY(StartServers());
    PLUMBLINE_TRY(one_.worker->Start());
    PLUMBLINE_TRY(two_.worker->Start());
    const std::int64_t began = clock_.SteadyNs();
    Result<void> two_result;
    std::thread second([&] { two_result = RunStageTwo(); });
    const Result<void> one_result = RunStageOne();
    one_done_.store(true, std::memory_order_release);
    second.join();
    if (delivery_) delivery_->Stop();
    PLUMBLINE_TRY(one_result);
    PLUMBLINE_TRY(two_result);
    for (const run::Worker::Status& s : one_.worker->status()) {
      if (s.stopped) return std::unexpected(*s.stopped);
    }
    RunSummary summary = Summary();
    summary.seconds = static_cast<double>(clock_.SteadyNs() - began) / 1e9;
    return summary;
  }

 private:
  Result<void> OpenStageOne() {
    PLUMBLINE_TRY(files_->CreateDirectories(config_.state.folder));
    PLUMBLINE_ASSIGN(one_.store, state::Store::Open({config_.state.folder + "/patients",
                                                     static_cast<std::size_t>(config_.state.cache_bytes), nullptr}));
    partitions_ = static_cast<std::uint32_t>(config_.partitions);
    if (config_.source == config::Medium::kKafka) {
      kafka::KafkaSource::Options o;
      o.settings = KafkaSettings(config_);
      for (const std::string& t : InputTopics(config_))
        o.topics.push_back({t, options_.import ? kafka::Arrival::kCreateTime : kafka::Arrival::kLogAppendTime});
      o.group = config_.kafka->group;
      PLUMBLINE_ASSIGN(one_.source, kafka::KafkaSource::Open(o));
      PLUMBLINE_ASSIGN(partitions_, one_.source->Partitions(0));
    } else {
      PLUMBLINE_TRY(MakeLocalTopics());
      one_.source = std::make_unique<io::LocalLogSource>(*files_, config_.log.folder, InputTopics(config_));
    }
    PLUMBLINE_TRY(OpenOutput());
    std::vector<std::uint32_t> numbers(partitions_);
    for (std::uint32_t p = 0; p < partitions_; ++p) numbers[p] = p;
    one_.metrics = std::make_unique<run::WorkerMetrics>(numbers);
    run::WorkerOptions w;
    w.partitions = numbers;
    w.topics = kInputTopics;
    w.active = {0, 1, 2};
    w.provenance = {BuildDigest(), packs_.rules->digest};
    w.tick_interval_ms = options_.import ? 0 : 1000;
    w.checkpoint_after_seconds = static_cast<double>(config_.state.checkpoint_ms) / 1000;
    w.ignore_checkpoint = options_.ignore_checkpoint;
    counted_ = std::make_unique<CountingSource>(*one_.source);
    one_.worker = std::make_unique<run::Worker>(
        *one_.store, *counted_, *one_.output, clock_,
        [this](std::uint32_t p) {
          return std::make_unique<run::PatientMachine>(MachineOptions(config_, p, partitions_), packs_.rules);
        },
        w, *one_.metrics);
    return {};
  }

  // The embedded log's topics are made by their first writer; a run that starts before it makes them, so that reading can begin.
  Result<void> MakeLocalTopics() {
    const std::vector<std::string> topics = InputTopics(config_);
    for (const std::string& topic : topics) {
      if (const auto meta = io::ReadTopicMeta(*files_, config_.log.folder, topic)) {
        partitions_ = meta->partitions;
        continue;
      }
      io::LocalTopic::Options o;
      o.partitions = partitions_;
      o.times = options_.import ? io::TopicTimes::kCreate : io::TopicTimes::kAppend;
      if (const auto made = io::LocalTopic::Open(*files_, config_.log.folder, topic, clock_, o); !made)
        return std::unexpected(made.error());
    }
    return {};
  }

  Result<void> OpenOutput() {
    if (config_.outputs == config::Medium::kKafka) {
      kafka::KafkaOutput::Options o;
      o.settings = KafkaSettings(config_);
      o.partitions = partitions_;
      o.input_topics = InputTopics(config_);
      o.alerts = config_.topics.alerts;
      o.measures = config_.topics.measures;
      o.audit = config_.topics.audit;
      PLUMBLINE_TRY(kafka::KafkaOutput::CreateTopics(o, 1));
      PLUMBLINE_ASSIGN(one_.inner_output, kafka::KafkaOutput::Open(o));
    } else {
      io::LocalOutput::Options o;
      o.partitions = partitions_;
      o.topic_prefix = kOutputPrefix;
      PLUMBLINE_ASSIGN(one_.inner_output, io::LocalOutput::Open(*files_, config_.log.folder, clock_, o));
    }
    one_.output = std::make_unique<MirrorOutput>(*one_.inner_output,
                                                 [this](io::OutputLog log, std::string_view line) { OnStageOneLine(log, line); });
    return {};
  }

  void OnStageOneLine(io::OutputLog log, std::string_view line) {
    switch (log) {
      case io::OutputLog::kAlerts:
        alerts_.fetch_add(1, std::memory_order_relaxed);
        lines_.Write("alerts", line);
        if (options_.on_line) options_.on_line("alerts", std::string(line));
        return;
      case io::OutputLog::kDeadLetters: {
        const std::string text = DeadLetterLine(line);
        lines_.Write("dead_letters", text);
        if (options_.on_line) options_.on_line("dead_letters", text);
        return;
      }
      case io::OutputLog::kAudit:
        lines_.Write("audit", line);
        return;
      case io::OutputLog::kMeasures:
        return;  // partials are stage two's input; its results are what people read
    }
  }

  Result<void> OpenStageTwo() {
    PLUMBLINE_ASSIGN(two_.store, state::Store::Open({config_.state.folder + "/units", 32U << 20, nullptr}));
    if (config_.outputs == config::Medium::kKafka) {
      kafka::KafkaSource::Options o;
      o.settings = KafkaSettings(config_);
      o.topics.push_back({config_.topics.measures, kafka::Arrival::kCreateTime});
      o.group = config_.kafka->group + "-units";
      PLUMBLINE_ASSIGN(two_.inner, kafka::KafkaSource::Open(o));
    } else {
      two_.inner = std::make_unique<io::LocalLogSource>(*files_, config_.log.folder,
                                                        std::vector<std::string>{std::string(kOutputPrefix) + "measures"});
    }
    two_.source = std::make_unique<FanInSource>(*two_.inner, static_cast<std::uint16_t>(0));
    io::LocalOutput::Options o;
    o.partitions = 1;
    o.topic_prefix = "plumbline.units.";
    PLUMBLINE_ASSIGN(two_.inner_output, io::LocalOutput::Open(*files_, config_.log.folder, clock_, o));
    two_.output = std::make_unique<MirrorOutput>(*two_.inner_output, [this](io::OutputLog, std::string_view line) {
      measures_.fetch_add(1, std::memory_order_relaxed);
      lines_.Write("measures", line);
      if (options_.on_line) options_.on_line("measures", std::string(line));
    });
    two_.metrics = std::make_unique<run::WorkerMetrics>(std::vector<std::uint32_t>{0});
    run::WorkerOptions w;
    w.partitions = {0};
    w.topics = static_cast<std::uint16_t>(partitions_);
    for (std::uint16_t t = 0; t < partitions_; ++t) w.active.push_back(t);
    w.provenance = {BuildDigest(), packs_.rules->digest};
    // Stage two has no deadlines of its own; ticks keep a quiet partition of measures from holding back the others.
    w.tick_interval_ms = 200;
    run::UnitMachineOptions u;
    u.stage_one_partitions = partitions_;
    for (const config::SiteConfig& site : config_.sites) u.zone_of_site[site.site] = site.zone;
    if (!config_.sites.empty()) u.default_zone = config_.sites.front().zone;
    two_.worker = std::make_unique<run::Worker>(
        *two_.store, *two_.source, *two_.output, clock_,
        [this, u](std::uint32_t) { return std::make_unique<run::UnitMachine>(u, packs_.rules); }, w, *two_.metrics);
    return {};
  }

  Result<void> StartServers() {
    metrics_ =
        std::make_unique<dashboards::Metrics>(dashboards::Metrics::Options{PLUMBLINE_VERSION, std::chrono::seconds(60)}, 1);
    feed_ = std::make_unique<WorkerFeed>(WorkerFeed::Options{}, *one_.worker, *one_.metrics, *counted_, *metrics_);
    if (config_.http.port >= 0) {
      PLUMBLINE_ASSIGN(http_,
                       dashboards::HttpServer::Start({config_.http.address, static_cast<std::uint16_t>(config_.http.port)},
                                                     [this](const dashboards::HttpRequest& r) { return metrics_->Serve(r); }));
    }
    if (!config_.alertmanager || options_.import) return {};
    if (config_.outputs == config::Medium::kKafka) {
      kafka::KafkaSource::Options o;
      o.settings = KafkaSettings(config_);
      o.topics.push_back({config_.topics.alerts, kafka::Arrival::kCreateTime});
      o.group = config_.kafka->group + "-alertmanager";
      PLUMBLINE_ASSIGN(alerts_source_, kafka::KafkaSource::Open(o));
    } else {
      alerts_source_ = std::make_unique<io::LocalLogSource>(*files_, config_.log.folder,
                                                            std::vector<std::string>{std::string(kOutputPrefix) + "alerts"});
    }
    alertmanager::DeliveryOptions o;
    o.url = config_.alertmanager->url;
    o.folder = config_.state.folder + "/deliveries";
    o.resend_ms = config_.alertmanager->resend_ms;
    o.undelivered_ms = config_.alertmanager->give_up_ms;
    PLUMBLINE_TRY(files_->CreateDirectories(o.folder));
    PLUMBLINE_ASSIGN(delivery_, alertmanager::Delivery::Open(o, *alerts_source_, *files_, clock_));
    delivery_->Start();
    delivery_feed_ = std::make_unique<DeliveryFeed>("alertmanager", *metrics_);
    return {};
  }

  [[nodiscard]] bool Stopping() const { return stop_.load(std::memory_order_relaxed); }

  Result<void> RunStageOne() {
    std::int64_t next_progress = 0;
    while (!Stopping()) {
      PLUMBLINE_ASSIGN(const bool busy, one_.worker->RunOnce());
      if (clock_.SteadyNs() >= next_progress) {
        next_progress = clock_.SteadyNs() + kProgressEveryNs;
        Publish();
        if (AllStopped()) break;
        if (options_.progress) options_.progress(ProgressLine());
      }
      if (busy) continue;
      if (options_.until_end && !(options_.more_to_come && options_.more_to_come())) {
        PLUMBLINE_ASSIGN(const bool at_end, AtEnd());
        if (at_end) break;
      }
      clock_.SleepMs(1);
    }
    if (options_.close && !Stopping()) {
      PLUMBLINE_TRY(one_.worker->Close(kCloseMs));
    }
    PLUMBLINE_TRY(one_.worker->Finish());
    Publish();
    return {};
  }

  [[nodiscard]] bool AllStopped() const {
    for (const run::Worker::Status& s : one_.worker->status()) {
      if (!s.stopped) return false;
    }
    return true;
  }

  Result<bool> AtEnd() {
    for (std::uint16_t t = 0; t < kInputTopics; ++t) {
      for (std::uint32_t p = 0; p < partitions_; ++p) {
        PLUMBLINE_ASSIGN(const std::int64_t end, one_.source->EndOffset({t, p}));
        if (one_.source->Position({t, p}) < end) return false;
      }
    }
    return true;
  }

  Result<void> RunStageTwo() {
    for (;;) {
      const bool first_done = one_done_.load(std::memory_order_acquire);
      PLUMBLINE_ASSIGN(const bool busy, two_.worker->RunOnce());
      if (busy) continue;
      if (first_done) break;
      clock_.SleepMs(5);
    }
    PLUMBLINE_TRY(DrainStageTwo());
    return two_.worker->Finish();
  }

  // Stage one has ended: what it wrote is read to its end, whatever the order of arrivals, by closing the lanes.
  Result<void> DrainStageTwo() {
    for (int round = 0; round < 1000; ++round) {
      PLUMBLINE_ASSIGN(const bool busy, two_.worker->RunRound(true));
      bool at_end = true;
      for (std::uint16_t t = 0; t < partitions_; ++t) {
        PLUMBLINE_ASSIGN(const std::int64_t end, two_.source->EndOffset({t, 0}));
        at_end = at_end && two_.source->Position({t, 0}) >= end;
      }
      if (!busy && at_end) return {};
      if (!busy) clock_.SleepMs(2);
    }
    return {};
  }

  void Publish() {
    feed_->Publish(clock_.SteadyNs() / 1'000'000);
    if (delivery_feed_) delivery_feed_->Publish(delivery_->Status());
  }

  std::string ProgressLine() {
    const RunSummary s = Summary();
    return std::to_string(s.records) + " records, " + std::to_string(s.alerts) + " alert transitions, " +
           std::to_string(s.dead_letters) + " dead letters";
  }

  RunSummary Summary() {
    RunSummary s;
    for (std::uint32_t p = 0; p < partitions_; ++p) {
      const auto& machine = static_cast<const run::PatientMachine&>(one_.worker->machine(p));
      const run::PartitionCounts& c = machine.partition().counts();
      s.records += machine.records();
      s.accepted += c.accepted;
      s.duplicates += c.duplicates;
      s.outdated += c.outdated;
      s.heartbeats += c.heartbeats;
      for (const std::uint64_t n : machine.rejected()) s.dead_letters += n;
    }
    s.alerts = alerts_.load(std::memory_order_relaxed);
    s.measures = measures_.load(std::memory_order_relaxed);
    return s;
  }

  static constexpr std::string_view kOutputPrefix = "plumbline.out.";
  const config::Config& config_;
  const RunOptions& options_;
  const std::atomic<bool>& stop_;
  SystemClock clock_;
  io::FileSystem* files_ = &io::PosixFileSystem();
  LineFiles lines_;
  rules::Packs packs_;
  std::uint32_t partitions_ = 1;
  Stage one_, two_;
  std::atomic<bool> one_done_{false};
  std::atomic<std::uint64_t> alerts_{0}, measures_{0};
  std::unique_ptr<dashboards::Metrics> metrics_;
  std::unique_ptr<dashboards::HttpServer> http_;
  std::unique_ptr<io::Source> alerts_source_;
  std::unique_ptr<alertmanager::Delivery> delivery_;
  std::unique_ptr<CountingSource> counted_;
  std::unique_ptr<WorkerFeed> feed_;
  std::unique_ptr<DeliveryFeed> delivery_feed_;
};

}  // namespace

Result<rules::Packs> LoadConfiguredPacks(const config::Config& config) {
  rules::PackOptions o;
  for (const config::SiteConfig& site : config.sites) {
    for (const config::FeedConfig& feed : site.feeds) {
      if (feed.heartbeats) o.feeds.push_back(site.site + "/" + feed.source);
    }
  }
  return rules::LoadPacks(config.packs, o);
}

Result<RunSummary> RunEngine(const config::Config& config, const RunOptions& options, const std::atomic<bool>& stop) {
  Running running(config, options, stop);
  return running.Run();
}

namespace {

// Replay compares effects with the journal's digests; where they would go is of no matter to it.
class NoOutput final : public io::OutputSink {
 public:
  Result<std::optional<io::EffectId>> Tail(io::OutputLog, std::uint32_t) override { return std::optional<io::EffectId>(); }
  Result<void> Append(std::uint32_t, io::EffectId, std::int64_t, const io::EffectView&) override { return {}; }
  Result<void> Flush(std::uint32_t) override { return {}; }
  Result<void> Sync(std::uint32_t) override { return {}; }
};

}  // namespace

Result<std::vector<run::ReplayReport>> ReplayEngine(const config::Config& config, bool import) {
  PLUMBLINE_ASSIGN(const rules::Packs packs, LoadConfiguredPacks(config));
  PLUMBLINE_ASSIGN(const std::unique_ptr<state::Store> store,
                   state::Store::Open({config.state.folder + "/patients", 64U << 20, nullptr}));
  std::unique_ptr<io::Source> source;
  if (config.source == config::Medium::kKafka) {
    kafka::KafkaSource::Options o;
    o.settings = KafkaSettings(config);
    for (const std::string& t : InputTopics(config)) {
      o.topics.push_back({t, import ? kafka::Arrival::kCreateTime : kafka::Arrival::kLogAppendTime});
    }
    o.group = config.kafka->group + "-replay";
    PLUMBLINE_ASSIGN(source, kafka::KafkaSource::Open(o));
  } else {
    source = std::make_unique<io::LocalLogSource>(io::PosixFileSystem(), config.log.folder, InputTopics(config));
  }
  PLUMBLINE_ASSIGN(const std::uint32_t partitions, source->Partitions(0));
  SystemClock clock;
  NoOutput nowhere;
  std::vector<run::ReplayReport> reports;
  for (std::uint32_t p = 0; p < partitions; ++p) {
    run::ReplayOptions o;
    o.partition = p;
    o.topics = kInputTopics;
    o.active = {0, 1, 2};
    o.provenance = {BuildDigest(), packs.rules->digest};
    PLUMBLINE_ASSIGN(run::ReplayReport report,
                     run::ReplayJournal([&](std::uint64_t number) { return store->ReadEntry(p, number); },
                                        std::make_unique<run::PatientMachine>(MachineOptions(config, p, partitions), packs.rules),
                                        *source, nowhere, clock, o));
    reports.push_back(report);
  }
  return reports;
}

const std::atomic<bool>& StopRequested() { return stop_requested; }

void InstallStopSignals() {
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
}

}  // namespace plumbline::app
