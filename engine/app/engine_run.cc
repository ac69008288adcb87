#include "engine/app/engine_run.h"

#include <csignal>
#include <filesystem>

#include "connectors/alertmanager/delivery.h"
#include "dashboards/http_server.h"
#include "dashboards/metrics.h"
#include "engine/app/feed/metrics_feed.h"
#include "engine/app/line_files.h"
#include "engine/app/media.h"
#include "engine/app/stage_one.h"
#include "engine/app/stage_two.h"
#include "engine/base/clock.h"
#include "engine/run/replay.h"

namespace plumbline::app {
namespace {

std::atomic<bool> stop_requested{false};

// The first one stops gracefully. Whoever asks again does not want to wait: the process ends as by any signal, which costs the
// next start a rerun and nothing else.
void OnSignal(int number) {
  if (!stop_requested.exchange(true, std::memory_order_relaxed)) return;
  std::signal(number, SIG_DFL);
  std::raise(number);
}

constexpr std::int64_t kLookEveryMs = 10;
constexpr std::int64_t kPublishEveryMs = 200;

// A dead letter as one line for people: its first line; the bytes stay in the log.
std::string DeadLetterLine(std::string_view value) { return std::string(value.substr(0, value.find('\n'))); }

class Running {
 public:
  Running(const config::Config& config, const RunOptions& options, const std::atomic<bool>& stop)
      : config_(config), options_(options), stop_(stop), lines_(config) {}

  Result<RunSummary> Run() {
    PLUMBLINE_TRY(LoadConfiguredPacks(config_));  // mistakes show before anything is opened
    PLUMBLINE_TRY(lines_.Open());
    PLUMBLINE_TRY(MakeFolder(config_.state.folder, "state.folder"));
    const bool local = config_.source == config::Medium::kLog || config_.outputs == config::Medium::kLog;
    if (local) PLUMBLINE_TRY(MakeFolder(config_.log.folder, "log.folder"));
    one_ = std::make_unique<StageOne>(config_, options_, packs_, clock_,
                                      [this](io::OutputLog log, std::string_view line) { OnStageOneLine(log, line); });
    PLUMBLINE_TRY(one_->OpenStore());
    std::vector<std::string> changed;
    PLUMBLINE_ASSIGN(packs_, PacksInForce(config_, one_->store(), &changed));
    for (const std::string& pack : changed) {
      std::fprintf(stderr, "%s is not what this run began with, which stays in force; to change it: plumbline control activate\n",
                   pack.c_str());
    }
    PLUMBLINE_TRY(one_->Open());
    two_ = std::make_unique<StageTwo>(config_, packs_, one_->partitions(), clock_,
                                      [this](std::string_view line) { OnStageTwoLine(line); });
    PLUMBLINE_TRY(two_->Open());
    PLUMBLINE_TRY(StartServers());
    const std::int64_t began = clock_.SteadyNs();
    if (options_.on_start) options_.on_start([this] { return one_->Records(); });
    PLUMBLINE_TRY(one_->Start(stop_));
    const Result<void> two_started = two_->Start(*metrics_);
    if (!two_started) one_->RequestStop();
    Watch();
    const Result<void> one_ended = one_->Join();
    const Result<void> two_ended = two_->Drain();
    if (delivery_) delivery_->Stop();
    PublishRest();
    PLUMBLINE_TRY(one_ended);
    PLUMBLINE_TRY(two_started);
    PLUMBLINE_TRY(two_ended);
    RunSummary summary;
    one_->AddTo(summary);
    summary.alerts = alerts_.load(std::memory_order_relaxed);
    summary.measures = measures_.load(std::memory_order_relaxed);
    summary.seconds = static_cast<double>(clock_.SteadyNs() - began) / 1e9;
    return summary;
  }

 private:
  Result<void> MakeFolder(const std::string& folder, const std::string& setting) {
    const auto made = io::PosixFileSystem().CreateDirectories(folder);
    if (made) return {};
    return Fail(made.error().code,
                made.error().message + "; " + setting + " of " + config_.file + " names it: choose a folder that may be written");
  }

  // Until stage one has ended, which the end of an import, a signal or an error makes it do.
  void Watch() {
    std::int64_t next_ms = 0;
    while (!one_->Done()) {
      clock_.SleepMs(kLookEveryMs);
      if (two_->Failed()) one_->RequestStop();
      const std::int64_t now_ms = clock_.SteadyNs() / 1'000'000;
      if (now_ms < next_ms) continue;
      next_ms = now_ms + kPublishEveryMs;
      PublishRest();
      if (options_.progress) options_.progress(ProgressLine());
    }
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

  void OnStageTwoLine(std::string_view line) {
    measures_.fetch_add(1, std::memory_order_relaxed);
    lines_.Write("measures", line);
    if (options_.on_line) options_.on_line("measures", std::string(line));
  }

  Result<void> StartServers() {
    metrics_ = std::make_unique<dashboards::Metrics>(dashboards::Metrics::Options{PLUMBLINE_VERSION, std::chrono::seconds(60)},
                                                     one_->workers());
    one_->Attach(*metrics_);
    if (config_.http.port >= 0) {
      PLUMBLINE_ASSIGN(http_,
                       dashboards::HttpServer::Start({config_.http.address, static_cast<std::uint16_t>(config_.http.port)},
                                                     [this](const dashboards::HttpRequest& r) { return metrics_->Serve(r); }));
    }
    if (!config_.alertmanager || options_.import) return {};
    PLUMBLINE_ASSIGN(alerts_source_, OpenAlerts(config_, "alertmanager"));
    alertmanager::DeliveryOptions o;
    o.url = config_.alertmanager->url;
    o.folder = config_.state.folder + "/deliveries";
    o.resend_ms = config_.alertmanager->resend_ms;
    o.undelivered_ms = config_.alertmanager->give_up_ms;
    PLUMBLINE_ASSIGN(delivery_, alertmanager::Delivery::Open(o, *alerts_source_.source, io::PosixFileSystem(), clock_));
    delivery_->Start();
    delivery_feed_ = std::make_unique<DeliveryFeed>("alertmanager", *metrics_);
    return {};
  }

  void PublishRest() {
    if (delivery_feed_) delivery_feed_->Publish(delivery_->Status());
    metrics_->SetTrouble("lines", lines_.Trouble());
  }

  std::string ProgressLine() {
    return std::to_string(one_->Records()) + " records, " + std::to_string(alerts_.load(std::memory_order_relaxed)) +
           " alert transitions, " + std::to_string(one_->DeadLetters()) + " dead letters";
  }

  const config::Config& config_;
  const RunOptions& options_;
  const std::atomic<bool>& stop_;
  SystemClock clock_;
  LineFiles lines_;
  rules::Packs packs_;
  std::atomic<std::uint64_t> alerts_{0}, measures_{0};
  std::unique_ptr<dashboards::Metrics> metrics_;
  std::unique_ptr<dashboards::HttpServer> http_;
  std::unique_ptr<StageOne> one_;
  std::unique_ptr<StageTwo> two_;
  OpenedSource alerts_source_;
  std::unique_ptr<alertmanager::Delivery> delivery_;
  std::unique_ptr<DeliveryFeed> delivery_feed_;
};

// Replay compares effects with the journal's digests; where they would go is of no matter to it.
class NoOutput final : public io::OutputSink {
 public:
  Result<std::optional<io::EffectId>> Tail(io::OutputLog, std::uint32_t) override { return std::optional<io::EffectId>(); }
  Result<void> Append(std::uint32_t, io::EffectId, std::int64_t, const io::EffectView&) override { return {}; }
  Result<void> Flush(std::uint32_t) override { return {}; }
  Result<void> Sync(std::uint32_t) override { return {}; }
};

}  // namespace

Result<RunSummary> RunEngine(const config::Config& config, const RunOptions& options, const std::atomic<bool>& stop) {
  Running running(config, options, stop);
  return running.Run();
}

Result<std::vector<run::ReplayReport>> ReplayEngine(const config::Config& config, bool import) {
  PLUMBLINE_ASSIGN(const std::unique_ptr<state::Store> store,
                   state::Store::Open({config.state.folder + "/patients", 64U << 20, nullptr}));
  PLUMBLINE_ASSIGN(const rules::Packs packs, PacksInForce(config, *store, nullptr));
  PLUMBLINE_ASSIGN(const OpenedSource opened, OpenInputs(config, import, "replay"));
  PLUMBLINE_ASSIGN(const std::uint32_t partitions, opened.source->Partitions(0));
  SystemClock clock;
  NoOutput nowhere;
  std::vector<run::ReplayReport> reports;
  for (std::uint32_t p = 0; p < partitions; ++p) {
    run::ReplayOptions o;
    o.partition = p;
    o.topics = kReadTopics;
    o.active = {0, 1, 2, 3};
    o.merge.clock_topics = kInputTopics;
    o.provenance = ProvenanceOf(packs);
    PLUMBLINE_ASSIGN(run::ReplayReport report,
                     run::ReplayJournal([&](std::uint64_t number) { return store->ReadEntry(p, number); },
                                        std::make_unique<run::PatientMachine>(MachineOptions(config, p, partitions), packs.rules),
                                        *opened.source, nowhere, clock, o));
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
