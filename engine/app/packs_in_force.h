// Which packs a run goes by. It begins with those of the configuration, whose bytes are stored under their digest; from then on
// the run goes by these and by what was activated through the control topic, whatever the files on disk say, so that a restart
// and a replay judge as the run did.
#pragma once

#include <string>
#include <vector>

#include "config/site.h"
#include "engine/base/error.h"
#include "engine/run/control.h"
#include "engine/state/store.h"
#include "rules/pack/pack.h"

namespace plumbline::app {

// With feeds named as the configuration declares them.
[[nodiscard]] rules::PackOptions PackOptionsOf(const config::Config& config);
// The files of the configuration as they are now.
[[nodiscard]] Result<rules::Packs> LoadConfiguredPacks(const config::Config& config);
[[nodiscard]] run::CompilePack PackCompiler(const config::Config& config);

// Those that the store's run began with; where it has not begun, the configured ones, which are stored. *changed (may be null):
// configured files that are not what the run began with.
[[nodiscard]] Result<rules::Packs> PacksInForce(const config::Config& config, state::Store& store,
                                                std::vector<std::string>* changed);

}  // namespace plumbline::app
