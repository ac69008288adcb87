// A subcommand of the `plumbline` program. Each lives in its own cmd_<name>.cc and is listed once in commands.h.
#pragma once

#include <CLI/CLI.hpp>

namespace plumbline::app {

// Exit codes of every subcommand.
inline constexpr int kExitOk = 0;         // fine
inline constexpr int kExitFindings = 1;   // ran, and found something: failed tests, refused records, alerts by request
inline constexpr int kExitUsage = 2;      // the command line, the configuration or an input file is wrong
inline constexpr int kExitIntegrity = 3;  // a digest or sequence does not match

// Adds the subcommand's options to `app`; the subcommand's callback runs it and stores its exit code in *exit_code.
using AddCommand = void (*)(CLI::App& app, int* exit_code);

}  // namespace plumbline::app
