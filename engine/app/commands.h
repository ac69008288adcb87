// The list of subcommands: one declaration and one line in kCommands each.
#pragma once

#include <array>

#include "engine/app/command.h"

namespace plumbline::app {

void AddAnalyse(CLI::App& app, int* exit_code);
void AddBaseline(CLI::App& app, int* exit_code);
void AddBench(CLI::App& app, int* exit_code);
void AddCheck(CLI::App& app, int* exit_code);
void AddControl(CLI::App& app, int* exit_code);
void AddCql(CLI::App& app, int* exit_code);
void AddDemo(CLI::App& app, int* exit_code);
void AddExplain(CLI::App& app, int* exit_code);
void AddGenerate(CLI::App& app, int* exit_code);
void AddImport(CLI::App& app, int* exit_code);
void AddMeasure(CLI::App& app, int* exit_code);
void AddReplay(CLI::App& app, int* exit_code);
void AddRun(CLI::App& app, int* exit_code);
void AddTest(CLI::App& app, int* exit_code);
void AddVersion(CLI::App& app, int* exit_code);

inline constexpr AddCommand kCommands[] = {
    AddAnalyse,  AddBaseline, AddBench,   AddCheck,  AddControl, AddCql,  AddDemo,    AddExplain,
    AddGenerate, AddImport,   AddMeasure, AddReplay, AddRun,     AddTest, AddVersion,
};

}  // namespace plumbline::app
