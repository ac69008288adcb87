// The configuration of a demo's folder: that of the simulated hospital, with log, state, packs and results in the folder. It is
// written there, so that `explain`, `replay` and `control` can be asked about the demo afterwards.
#pragma once

#include <string>
#include <vector>

#include "engine/base/error.h"

namespace plumbline::app {

// Empties `folder` and writes `folder`/site.yaml; returns its path. `config` is written in block style.
[[nodiscard]] Result<std::string> WriteDemoSite(const std::string& config, const std::string& folder,
                                                const std::vector<std::string>& packs);

}  // namespace plumbline::app
