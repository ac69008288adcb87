#include "engine/app/alert_history.h"

#include <set>

#include "engine/app/media.h"
#include "engine/base/hash.h"

namespace plumbline::app {
namespace {

constexpr std::size_t kPoll = 1000;
constexpr int kMostEmptyPolls = 2000;  // a broker's first answer may take a moment

// One topic, all its partitions, from the least offset to its end as of now.
Result<void> ForEachLine(io::Source& source, const std::function<void(std::uint32_t, std::string_view)>& f, Clock& clock) {
  PLUMBLINE_ASSIGN(const std::uint32_t partitions, source.Partitions(0));
  for (std::uint32_t p = 0; p < partitions; ++p) {
    PLUMBLINE_ASSIGN(const std::int64_t low, source.LowWatermark({0, p}));
    PLUMBLINE_ASSIGN(const std::int64_t end, source.EndOffset({0, p}));
    PLUMBLINE_TRY(source.Seek({0, p}, low));
    for (int empty = 0; source.Position({0, p}) < end && empty < kMostEmptyPolls;) {
      PLUMBLINE_ASSIGN(const auto records, source.Poll({0, p}, kPoll));
      for (const io::Record& r : records) f(p, AsText(r.value));
      empty = records.empty() ? empty + 1 : 0;
      if (records.empty()) clock.SleepMs(5);
    }
  }
  return {};
}

}  // namespace

Result<void> ForEachAlertLine(const config::Config& config, const std::function<void(std::uint32_t, std::string_view)>& f) {
  SystemClock clock;
  PLUMBLINE_ASSIGN(const OpenedSource opened, OpenAlerts(config, "reader"));
  return ForEachLine(*opened.source, f, clock);
}

Result<AlertHistory> ReadAlertHistory(const config::Config& config, const std::string& id) {
  constexpr std::size_t kFewest = 6;
  if (id.size() < kFewest) return Fail(ErrorCode::kUsage, "an alert is named by its id, or by at least its first six letters");
  const std::string start = "{\"id\":\"" + id;
  AlertHistory out;
  std::set<std::string> ids;
  PLUMBLINE_TRY(ForEachAlertLine(config, [&](std::uint32_t partition, std::string_view line) {
    if (!line.starts_with(start)) return;
    out.partition = partition;
    out.lines.emplace_back(line);
    ids.insert(std::string(line.substr(7, 32)));
  }));
  if (ids.empty()) return Fail(ErrorCode::kNotFound, "the alerts log has no alert \"" + id + "\"; ids are in its lines, as `id`");
  if (ids.size() > 1)
    return Fail(ErrorCode::kUsage, std::to_string(ids.size()) + " alerts begin with \"" + id + "\"; give more of it");
  return out;
}

Result<std::optional<std::string>> FindAnswer(const config::Config& config, std::uint32_t partition, std::int64_t offset) {
  SystemClock clock;
  PLUMBLINE_ASSIGN(const OpenedSource opened, OpenAudit(config, "reader"));
  const std::string wanted =
      "{\"type\":\"control\",\"partition\":" + std::to_string(partition) + ",\"offset\":" + std::to_string(offset) + ",";
  std::optional<std::string> found;
  PLUMBLINE_TRY(ForEachLine(
      *opened.source,
      [&](std::uint32_t, std::string_view line) {
        if (line.starts_with(wanted)) found = line;
      },
      clock));
  return found;
}

}  // namespace plumbline::app
