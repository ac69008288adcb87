// The list of subcommands: one declaration and one line in kCommands each.
#pragma once

#include <array>

#include "engine/app/command.h"

namespace plumbline::app {

void AddAnalyse(CLI::App& app, int* exit_code);
void AddBaseline(CLI::App& app, int* exit_code);
void AddGenerate(CLI::App& app, int* exit_code);
void AddImport(CLI::App& app, int* exit_code);
void AddMeasure(CLI::App& app, int* exit_code);
void AddVersion(CLI::App& app, int* exit_code);

inline constexpr AddCommand kCommands[] = {
    AddAnalyse, AddBaseline, AddGenerate, AddImport, AddMeasure, AddVersion,
};

}  // namespace plumbline::app
