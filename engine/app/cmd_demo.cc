// `plumbline demo`: a simulated hospital of three sites runs through the real engine on the embedded log, at an adjustable speed,
// and what a quality department would see is shown as it comes.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <functional>
#include <thread>

#include "connectors/generator/generator.h"
#include "connectors/sink/event_sink.h"
#include "engine/app/commands.h"
#include "engine/app/demo_screen.h"
#include "engine/app/demo_site.h"
#include "engine/app/engine_run.h"
#include "engine/app/progress.h"
#include "engine/app/sink_options.h"
#include "engine/base/clock.h"

namespace plumbline::app {
namespace {

struct Options {
  std::string config = "config/examples/simulated.yaml";
  std::string folder = "out/demo";
  std::vector<std::string> packs = {"rules/packs/sepsis.yaml", "rules/packs/device_quality.yaml"};
  double speed = 900;
  std::uint64_t seed = 1;
  std::uint32_t patients = 120;
  std::int64_t hours = 6;
  std::string lang = "en";
};

// The hospital's side: writes records to the log at the chosen speed, and what was planted when it is over.
Result<void> Simulate(const Options& o, generator::Generator& generator, const config::Config& config, plumbline::Clock& clock,
                      const std::atomic<bool>& stop, std::atomic<std::uint64_t>& written) {
  SinkArguments arguments;
  arguments.log = config.log.folder;
  arguments.partitions = static_cast<std::uint32_t>(config.partitions);
  PLUMBLINE_ASSIGN(auto sink, OpenSink(arguments, clock, io::TopicTimes::kCreate));
  const std::int64_t began = clock.SteadyNs();
  std::int64_t flushed_ms = 0;
  sink::OutRecord record;
  while (!stop.load(std::memory_order_relaxed) && generator.Next(record)) {
    const auto due_ms =
        o.speed > 0 ? static_cast<std::int64_t>(static_cast<double>(record.arrival_ms - generator.planted().start) / o.speed) : 0;
    const std::int64_t elapsed_ms = (clock.SteadyNs() - began) / 1'000'000;
    if (due_ms > elapsed_ms + 50 || elapsed_ms - flushed_ms > 200) {
      PLUMBLINE_TRY(sink->Flush());
      flushed_ms = elapsed_ms;
    }
    if (due_ms > elapsed_ms + 50) clock.SleepMs(due_ms - elapsed_ms);
    PLUMBLINE_TRY(sink->Write(record));
    written.fetch_add(record.to_all_partitions ? arguments.partitions : 1, std::memory_order_relaxed);
  }
  return sink->Finish();
}

Result<void> WritePlanted(const std::string& path, const generator::Planted& planted) {
  std::ofstream file(path, std::ios::binary);
  file << planted.ToJson();
  file.flush();
  if (!file) return Fail(ErrorCode::kIo, path + ": cannot be written");
  return {};
}

void ShowHead(const Options& o, const config::Config& config) {
  const std::string speed = o.speed > 0 ? "at " + std::to_string(static_cast<long long>(o.speed)) + " times real time"
                                        : std::string("as fast as it goes");
  std::printf(
      "A simulated hospital of three sites, %u beds, %lld hours, %s (seed %llu). One clinician misses deadlines,\n"
      "one glucose meter drifts, one feed falls silent. All of it is simulated; the engine is the real one.\n",
      o.patients, static_cast<long long>(o.hours), speed.c_str(), static_cast<unsigned long long>(o.seed));
  if (config.http.port >= 0)
    std::printf("Metrics on http://%s:%lld/metrics; ", config.http.address.c_str(), static_cast<long long>(config.http.port));
  std::printf("everything written to %s. Ctrl-C ends it.\n\n  when         what      severity site   alert     rule\n",
              o.folder.c_str());
}

void ShowTail(const RunSummary& s) {
  std::printf(
      "\n%llu records in = %llu accepted + %llu outdated + %llu duplicates + %llu dead letters + %llu heartbeats; %.1f s\n",
      static_cast<unsigned long long>(s.records), static_cast<unsigned long long>(s.accepted),
      static_cast<unsigned long long>(s.outdated), static_cast<unsigned long long>(s.duplicates),
      static_cast<unsigned long long>(s.dead_letters), static_cast<unsigned long long>(s.heartbeats), s.seconds);
}

Result<void> Demo(const Options& o) {
  PLUMBLINE_ASSIGN(const std::string site, WriteDemoSite(o.config, o.folder, o.packs));
  PLUMBLINE_ASSIGN(const config::Config config, config::LoadConfig(site));
  InstallStopSignals();
  SystemClock clock;
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  std::atomic<std::uint64_t> written{0};
  std::function<std::uint64_t()> read;
  const auto lag = [&written, &read] {
    const std::uint64_t taken = read();
    return written.load() - std::min(written.load(), taken);
  };
  DemoScreen screen(o.lang, lag, [terminal](const std::string& line) {
    std::printf("%s%s\n", terminal ? "\r\033[K" : "", line.c_str());
    std::fflush(stdout);
  });
  generator::GeneratorOptions g;
  g.seed = o.seed;
  g.patients = o.patients;
  g.duration_ms = o.hours * 3'600'000;
  generator::Generator generator(g);
  std::atomic<bool> writing{true};
  Result<void> simulated;
  ShowHead(o, config);
  std::thread hospital([&] {
    simulated = Simulate(o, generator, config, clock, StopRequested(), written);
    writing.store(false);
  });
  RunOptions r;
  r.import = true;
  r.until_end = true;
  r.more_to_come = [&writing] { return writing.load(); };
  r.on_line = [&screen](const std::string& log, const std::string& line) { screen.OnLine(log, line); };
  r.on_start = [&read](std::function<std::uint64_t()> records) { read = std::move(records); };
  if (terminal) r.progress = [](const std::string& line) { std::fprintf(stderr, "\r\033[K%s", line.c_str()); };
  const auto summary = RunEngine(config, r, StopRequested());
  hospital.join();
  if (terminal) std::fprintf(stderr, "\r\033[K");
  if (!summary) return std::unexpected(summary.error());
  PLUMBLINE_TRY(simulated);
  PLUMBLINE_TRY(WritePlanted(o.folder + "/planted.json", generator.planted()));
  screen.ShowEnd(generator.planted(), o.folder);
  ShowTail(*summary);
  return {};
}

}  // namespace

void AddDemo(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("demo", "A simulated hospital through the real engine, shown as it happens");
  auto o = std::make_shared<Options>();
  command->add_option("--config", o->config, "Sites and feeds of the hospital")->capture_default_str()->check(CLI::ExistingFile);
  command->add_option("--folder", o->folder, "Where log, state and results go; emptied first")->capture_default_str();
  command->add_option("--packs", o->packs, "Rule packs")->capture_default_str();
  command->add_option("--speed", o->speed, "Simulated seconds in a second; 0: as fast as it goes")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("--seed", o->seed, "The same seed gives the same hospital")->capture_default_str();
  command->add_option("--patients", o->patients, "Beds")->capture_default_str()->check(CLI::Range(1, 1'000'000));
  command->add_option("--hours", o->hours, "Simulated hours")->capture_default_str()->check(CLI::Range(1, 24 * 365));
  command->add_option("--lang", o->lang, "Titles in en or zh")->capture_default_str()->check(CLI::IsMember({"en", "zh"}));
  command->footer(
      "Examples:\n  plumbline demo\n  plumbline demo --speed 0 --hours 24 --patients 1000\n  plumbline demo --lang zh");
  command->callback([o, exit_code] { *exit_code = Report(Demo(*o)); });
}

}  // namespace plumbline::app
