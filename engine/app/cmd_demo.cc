// `plumbline demo`: a simulated hospital of three sites runs through the real engine on the embedded log, at an adjustable speed,
// and what a quality department would see is shown as it comes.
#include <simdjson.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "connectors/generator/generator.h"
#include "connectors/sink/event_sink.h"
#include "engine/app/commands.h"
#include "engine/app/engine_run.h"
#include "engine/app/progress.h"
#include "engine/app/sink_options.h"
#include "engine/base/clock.h"
#include "engine/cql/temporal.h"

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

std::string_view TextOf(const simdjson::dom::object& o, std::string_view name) {
  std::string_view text;
  if (o[name].get(text) != simdjson::SUCCESS) return {};
  return text;
}

std::string Clock(std::int64_t ms) { return cql::TemporalText(cql::DateTimeFromUnixMs(ms, 0)).substr(0, 16); }

// What a person sees: an alert a line, and the last state of each measure.
class Screen {
 public:
  explicit Screen(std::string lang) : lang_(std::move(lang)) {}

  void OnLine(const std::string& log, const std::string& line) {
    const std::scoped_lock lock(mutex_);
    simdjson::dom::object o;
    if (parser_.parse(line).get(o) != simdjson::SUCCESS) return;
    if (log == "alerts") ShowAlert(o);
    if (log == "measures") KeepMeasure(o);
  }

  void ShowMeasures() {
    const std::scoped_lock lock(mutex_);
    std::printf("\nMeasures (windows as of now; final ones marked)\n");
    for (const auto& [name, text] : measures_) std::printf("  %-64s %s\n", name.c_str(), text.c_str());
    std::printf("\nAlert changes: ");
    for (const auto& [state, n] : states_) std::printf("%s %llu  ", state.c_str(), static_cast<unsigned long long>(n));
    std::printf("\n");
  }

 private:
  void ShowAlert(const simdjson::dom::object& o) {
    const std::string state(TextOf(o, "state"));
    ++states_[state];
    if (++shown_[std::string(TextOf(o, "rule")) + state] > 12) return;  // a screenful of each; the log has all
    std::int64_t instant = 0;
    const bool has_instant = o["instant"].get(instant) == simdjson::SUCCESS;
    simdjson::dom::object titles;
    std::string_view title = TextOf(o, "rule");
    if (o["titles"].get(titles) == simdjson::SUCCESS && !TextOf(titles, lang_).empty()) title = TextOf(titles, lang_);
    std::printf("\r\033[K%s  %-9s %-8s %-6s %.*s%s%.*s\n", has_instant ? Clock(instant).c_str() : "                ",
                state.c_str(), std::string(TextOf(o, "severity")).c_str(), std::string(TextOf(o, "site")).c_str(),
                static_cast<int>(title.size()), title.data(),
                TextOf(o, "feed").empty() ? "" : "  silent feed: ", static_cast<int>(TextOf(o, "feed").size()),
                TextOf(o, "feed").data());
    std::fflush(stdout);
  }

  void KeepMeasure(const simdjson::dom::object& o) {
    if (TextOf(o, "type") != "window") return;
    std::string name(TextOf(o, "measure"));
    simdjson::dom::object group;
    if (o["group"].get(group) == simdjson::SUCCESS) {
      for (const auto field : group) {
        std::string_view value;
        if (field.value.get(value) == simdjson::SUCCESS) name += " " + std::string(value);
      }
    }
    std::int64_t start = 0, n = 0, pass = 0;
    if (o["start"].get(start) == simdjson::SUCCESS) name += " from " + Clock(start);
    if (o["n"].get(n) != simdjson::SUCCESS || o["pass"].get(pass) != simdjson::SUCCESS) return;
    bool is_final = false;
    if (o["final"].get(is_final) != simdjson::SUCCESS) is_final = false;
    char text[96];
    std::snprintf(text, sizeof text, "%lld of %lld (%.1f %%)%s", static_cast<long long>(pass), static_cast<long long>(n),
                  n > 0 ? 100.0 * static_cast<double>(pass) / static_cast<double>(n) : 0.0, is_final ? " final" : "");
    measures_[name] = text;
  }

  std::string lang_;
  std::mutex mutex_;
  simdjson::dom::parser parser_;
  std::map<std::string, std::uint64_t> states_, shown_;
  std::map<std::string, std::string> measures_;
};

// The hospital's side: writes records to the log at the chosen speed, and what was planted when it is over.
Result<void> Simulate(const Options& o, const config::Config& config, plumbline::Clock& clock, const std::atomic<bool>& stop) {
  SinkArguments arguments;
  arguments.log = config.log.folder;
  arguments.partitions = static_cast<std::uint32_t>(config.partitions);
  PLUMBLINE_ASSIGN(auto sink, OpenSink(arguments, clock, io::TopicTimes::kCreate));
  generator::GeneratorOptions g;
  g.seed = o.seed;
  g.patients = o.patients;
  g.duration_ms = o.hours * 3'600'000;
  generator::Generator generator(g);
  const std::int64_t began = clock.SteadyNs();
  std::int64_t flushed_ms = 0;
  sink::OutRecord record;
  while (!stop.load(std::memory_order_relaxed) && generator.Next(record)) {
    const auto due_ms =
        o.speed > 0 ? static_cast<std::int64_t>(static_cast<double>(record.arrival_ms - g.start_ms) / o.speed) : 0;
    const std::int64_t elapsed_ms = (clock.SteadyNs() - began) / 1'000'000;
    if (due_ms > elapsed_ms + 50 || elapsed_ms - flushed_ms > 200) {
      PLUMBLINE_TRY(sink->Flush());
      flushed_ms = elapsed_ms;
    }
    if (due_ms > elapsed_ms + 50) clock.SleepMs(due_ms - elapsed_ms);
    PLUMBLINE_TRY(sink->Write(record));
  }
  PLUMBLINE_TRY(sink->Finish());
  if (stop.load(std::memory_order_relaxed)) return {};
  std::ofstream file(o.folder + "/planted.json", std::ios::binary);
  file << generator.planted().ToJson();
  return {};
}

Result<void> Demo(const Options& o) {
  PLUMBLINE_ASSIGN(config::Config config, config::LoadConfig(o.config));
  std::error_code ignored;
  std::filesystem::remove_all(o.folder, ignored);
  std::filesystem::create_directories(o.folder, ignored);
  config.log.folder = o.folder + "/log";
  config.state.folder = o.folder + "/state";
  config.packs = o.packs;
  config.lines = {{{"alerts"}, o.folder + "/alerts.jsonl"},
                  {{"measures"}, o.folder + "/measures.jsonl"},
                  {{"dead_letters"}, o.folder + "/dead_letters.jsonl"}};
  InstallStopSignals();
  SystemClock clock;
  Screen screen(o.lang);
  std::atomic<bool> writing{true};
  Result<void> simulated;
  std::printf(
      "A simulated hospital of three sites, %u beds, %lld hours at %.0f times real time (seed %llu).\nMetrics on "
      "http://%s:%lld/metrics, everything written to %s.\n\n",
      o.patients, static_cast<long long>(o.hours), o.speed, static_cast<unsigned long long>(o.seed), config.http.address.c_str(),
      static_cast<long long>(config.http.port), o.folder.c_str());
  std::thread hospital([&] {
    simulated = Simulate(o, config, clock, StopRequested());
    writing.store(false);
  });
  RunOptions r;
  r.import = true;
  r.until_end = true;
  r.close = true;
  r.more_to_come = [&writing] { return writing.load(); };
  r.on_line = [&screen](const std::string& log, const std::string& line) { screen.OnLine(log, line); };
  r.progress = [](const std::string& line) { std::fprintf(stderr, "\r\033[K%s", line.c_str()); };
  const auto summary = RunEngine(config, r, StopRequested());
  hospital.join();
  std::fprintf(stderr, "\r\033[K");
  if (!summary) return std::unexpected(summary.error());
  PLUMBLINE_TRY(simulated);
  screen.ShowMeasures();
  std::printf(
      "%llu records in = %llu accepted + %llu outdated + %llu duplicates + %llu dead letters + %llu heartbeats; %.1f s\nWhat was "
      "planted: %s/planted.json\n",
      static_cast<unsigned long long>(summary->records), static_cast<unsigned long long>(summary->accepted),
      static_cast<unsigned long long>(summary->outdated), static_cast<unsigned long long>(summary->duplicates),
      static_cast<unsigned long long>(summary->dead_letters), static_cast<unsigned long long>(summary->heartbeats),
      summary->seconds, o.folder.c_str());
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
