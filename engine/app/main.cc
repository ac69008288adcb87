// The `plumbline` program: parses the command line and hands over to one subcommand.
#include <malloc.h>

#include <cstdio>

#include "engine/app/commands.h"
#include "engine/base/failpoint.h"

namespace {

// With --parse-only what would be run is only parsed.
class Program final : public CLI::App {
 public:
  using CLI::App::App;
  bool parse_only = false;

 private:
  void pre_callback() override {
    if (parse_only) throw CLI::Success();
  }
};

// What comes and goes with checkpoints (RocksDB's write buffers above all) stays with the program, in one place where all threads
// find it: otherwise each thread keeps its own, and the system clears pages anew for the next checkpoint. An ordinary event asks
// the allocator for nothing, so there is little to wait for.
void KeepMemory() {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

}  // namespace

int main(int argc, char** argv) {
  KeepMemory();
  if (const auto armed = plumbline::ArmFailpointsFromEnvironment(); !armed) {
    std::fprintf(stderr, "%s\n", armed.error().Text().c_str());
    return plumbline::app::kExitUsage;
  }
  Program app{"Plumbline: real-time quality control of clinical care"};
  app.require_subcommand(1);
  int exit_code = plumbline::app::kExitOk;
  for (const auto add : plumbline::app::kCommands) add(app, &exit_code);
  app.add_flag("--parse-only", app.parse_only, "Check the command line that follows, and run nothing");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int shown = app.exit(error);
    return shown == 0 ? plumbline::app::kExitOk : plumbline::app::kExitUsage;
  }
  return exit_code;
}
