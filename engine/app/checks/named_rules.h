// The rules that scenario files name without a pack: shock (a diagnosis that an antimicrobial must follow), desaturation (SpO2
// held low), two-low (mean pressures in a row). As packs, so that they go through the same reader and compiler as any rule.
#pragma once

#include <map>
#include <string>

#include "engine/base/error.h"

namespace plumbline::app {

inline constexpr const char* kNamedSystem = "urn:plumbline:scenario";
inline constexpr const char* kNamedRule = "scenario";

// kConfig for an unknown rule or option.
[[nodiscard]] Result<std::string> NamedRulePack(const std::string& rule, const std::map<std::string, std::string>& options,
                                                std::uint32_t revision);

}  // namespace plumbline::app
