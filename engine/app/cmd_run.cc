#include <cstdio>

#include "engine/app/commands.h"
#include "engine/app/engine_run.h"

namespace plumbline::app {
namespace {

struct Options {
  std::string config;
  bool import = false, until_end = false, close = false, json = false, quiet = false, ignore_checkpoint = false;
};

void Print(const RunSummary& s, bool json) {
  if (json) {
    std::printf(
        "{\"records\":%llu,\"accepted\":%llu,\"duplicates\":%llu,\"outdated\":%llu,\"dead_letters\":%llu,\"heartbeats\":%llu,"
        "\"alert_transitions\":%llu,\"measure_lines\":%llu,\"seconds\":%.3f}\n",
        static_cast<unsigned long long>(s.records), static_cast<unsigned long long>(s.accepted),
        static_cast<unsigned long long>(s.duplicates), static_cast<unsigned long long>(s.outdated),
        static_cast<unsigned long long>(s.dead_letters), static_cast<unsigned long long>(s.heartbeats),
        static_cast<unsigned long long>(s.alerts), static_cast<unsigned long long>(s.measures), s.seconds);
    return;
  }
  std::printf(
      "records in      %12llu\n  accepted      %12llu\n  duplicates    %12llu\n  outdated      %12llu\n  dead letters  %12llu\n  "
      "heartbeats    %12llu\nalert changes   %12llu\nmeasure lines   %12llu\nseconds         %12.1f\n",
      static_cast<unsigned long long>(s.records), static_cast<unsigned long long>(s.accepted),
      static_cast<unsigned long long>(s.duplicates), static_cast<unsigned long long>(s.outdated),
      static_cast<unsigned long long>(s.dead_letters), static_cast<unsigned long long>(s.heartbeats),
      static_cast<unsigned long long>(s.alerts), static_cast<unsigned long long>(s.measures), s.seconds);
}

int Run(const Options& o) {
  const auto config = config::LoadConfig(o.config);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().Text().c_str());
    return kExitUsage;
  }
  InstallStopSignals();
  RunOptions r;
  r.import = o.import;
  r.until_end = o.until_end;
  r.close = o.close;
  r.ignore_checkpoint = o.ignore_checkpoint;
  if (!o.quiet) r.progress = [](const std::string& line) { std::fprintf(stderr, "\r\033[K%s", line.c_str()); };
  r.on_stopped = [](const std::string& why) { std::fprintf(stderr, "%s\n", why.c_str()); };
  const auto summary = RunEngine(*config, r, StopRequested());
  if (!o.quiet) std::fprintf(stderr, "\n");
  if (!summary) {
    std::fprintf(stderr, "%s\n", summary.error().Text().c_str());
    const ErrorCode code = summary.error().code;
    return code == ErrorCode::kIntegrity || code == ErrorCode::kTrimmed ? kExitIntegrity : kExitUsage;
  }
  Print(*summary, o.json);
  return kExitOk;
}

}  // namespace

void AddRun(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("run", "Run the engine: streams through the rules to alerts, measures and metrics");
  auto options = std::make_shared<Options>();
  command->add_option("--config", options->config, "The site's configuration (YAML)")->required()->check(CLI::ExistingFile);
  command->add_flag("--import", options->import,
                    "The topics hold an import: arrivals are the records' own, no ticks from the wall");
  command->add_flag("--until-end", options->until_end, "Stop when every topic has been read to its end");
  command->add_flag("--close", options->close, "At the end, let every remaining deadline pass");
  command->add_flag("--ignore-checkpoint", options->ignore_checkpoint,
                    "Rerun the whole journal, where a checkpoint is damaged; inputs must still be there");
  command->add_flag("--json", options->json, "The summary as JSON");
  command->add_flag("-q,--quiet", options->quiet, "No progress line");
  command->footer(
      "Examples:\n  plumbline run --config config/examples/embedded.yaml\n  plumbline run --config site.yaml --import "
      "--until-end --close\nStops gracefully on Ctrl-C and SIGTERM: what was read is journalled, a checkpoint is written. A "
      "second one ends at once; the next "
      "start reruns what the checkpoint lacks.");
  command->callback([options, exit_code] { *exit_code = Run(*options); });
}

}  // namespace plumbline::app
