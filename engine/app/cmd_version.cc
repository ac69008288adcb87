#include <cstdio>

#include "engine/app/commands.h"

namespace plumbline::app {

void AddVersion(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("version", "Print the version");
  command->footer("Example:\n  plumbline version");
  command->callback([exit_code] {
    std::puts("plumbline " PLUMBLINE_VERSION);
    *exit_code = kExitOk;
  });
}

}  // namespace plumbline::app
