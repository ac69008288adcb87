// `plumbline replay`: same journal, same bytes.
#include <cstdio>

#include "engine/app/commands.h"
#include "engine/app/engine_run.h"

namespace plumbline::app {
namespace {

struct Options {
  std::string config;
  bool import = false, json = false;
};

int Replay(const Options& o) {
  const auto config = config::LoadConfig(o.config);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().Text().c_str());
    return kExitUsage;
  }
  const auto reports = ReplayEngine(*config, o.import);
  if (!reports) {
    std::fprintf(stderr, "%s\n", reports.error().Text().c_str());
    const ErrorCode code = reports.error().code;
    return code == ErrorCode::kIntegrity || code == ErrorCode::kTrimmed ? kExitIntegrity : kExitUsage;
  }
  for (std::size_t p = 0; p < reports->size(); ++p) {
    const run::ReplayReport& r = (*reports)[p];
    const char* form = o.json ? "{\"partition\":%zu,\"entries\":%llu,\"records\":%llu,\"effects\":%llu,\"last\":\"%s\"}\n"
                              : "partition %zu: %llu entries, %llu records, %llu effects, as journalled; last entry %s\n";
    std::printf(form, p, static_cast<unsigned long long>(r.entries), static_cast<unsigned long long>(r.records),
                static_cast<unsigned long long>(r.effects), DigestHex(r.last).c_str());
  }
  return kExitOk;
}

}  // namespace

void AddReplay(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("replay", "Rerun the journal and compare inputs and effects with its digests");
  auto options = std::make_shared<Options>();
  command->add_option("--config", options->config, "The site's configuration (YAML)")->required()->check(CLI::ExistingFile);
  command->add_flag("--import", options->import, "The topics hold an import");
  command->add_flag("--json", options->json, "One JSON object a partition");
  command->footer(
      "Example:\n  plumbline replay --config config/examples/eicu.yaml --import\n"
      "Exit code 3: an input or effect differs; the entry is named. The engine must not be running on the same state.");
  command->callback([options, exit_code] { *exit_code = Replay(*options); });
}

}  // namespace plumbline::app
