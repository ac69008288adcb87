// The `plumbline` program: parses the command line and hands over to one subcommand.
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

}  // namespace

int main(int argc, char** argv) {
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
