// `cql fmt`: one layout for spaces, indentation and blank lines. Line breaks and comments stay where the author put them; tokens
// are never changed, so the meaning is not either. Formatting twice gives the same text.
#pragma once

#include <optional>
#include <string>

#include "engine/cql/source.h"

namespace plumbline::cql {

// nullopt where the text does not parse as a library; the diagnostics say why.
[[nodiscard]] std::optional<std::string> FormatLibrary(const Source& source, Diagnostics* diagnostics);

}  // namespace plumbline::cql
