// Reads what an engine has told from its output logs: the whole history of an alert, in the order of the log. For `explain` and
// `control`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/site.h"
#include "engine/base/error.h"

namespace plumbline::app {

struct AlertHistory {
  std::uint32_t partition = 0;
  std::vector<std::string> lines;  // JSON, of this id
};

// The alert's id, or the first letters of it where they name one alert alone. kNotFound where the log has none; kUsage where
// several begin so.
[[nodiscard]] Result<AlertHistory> ReadAlertHistory(const config::Config& config, const std::string& id);
// Calls f(partition, line) for each line of the alerts log.
[[nodiscard]] Result<void> ForEachAlertLine(const config::Config& config,
                                            const std::function<void(std::uint32_t, std::string_view)>& f);
// The answer to a control record, from the audit log; nothing while there is none.
[[nodiscard]] Result<std::optional<std::string>> FindAnswer(const config::Config& config, std::uint32_t partition,
                                                            std::int64_t offset);

}  // namespace plumbline::app
