// Help in English or Chinese: descriptions carry both, the formatter shows the one asked for by --lang or, without it, by the
// locale (LC_ALL, LC_MESSAGES, LANG).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/app/command.h"

namespace plumbline::app {

// A description in both languages, for an option, a subcommand or a footer of a command that has ShowBilingualHelp.
[[nodiscard]] std::string Both(std::string_view en, std::string_view zh);

// "zh" where the locale says so, else "en".
[[nodiscard]] std::string LocaleLanguage();

// `lang` is read when help is shown, after the command line was parsed.
void ShowBilingualHelp(CLI::App* command, std::shared_ptr<const std::string> lang);

}  // namespace plumbline::app
