#include "engine/app/alert_history.h"

#include <algorithm>
#include <map>
#include <set>

#include "config/diagnostics.h"
#include "engine/app/media.h"

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

constexpr std::size_t kIdLetters = 32;
constexpr std::size_t kMostShown = 3;

// The text of a member of a line that the engine wrote; empty where there is none.
std::string_view MemberOf(std::string_view line, std::string_view name) {
  const std::string start = "\"" + std::string(name) + "\":\"";
  const std::size_t at = line.find(start);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = line.substr(at + start.size());
  return rest.substr(0, rest.find('"'));
}

std::string_view IdOf(std::string_view line) { return line.substr(7, kIdLetters); }

struct KnownAlert {
  std::string rule, site, state;
  std::uint64_t last_line = 0;
};

using KnownAlerts = std::map<std::string, KnownAlert, std::less<>>;

Result<KnownAlerts> ReadKnownAlerts(const config::Config& config) {
  KnownAlerts out;
  std::uint64_t lines = 0;
  PLUMBLINE_TRY(ForEachAlertLine(config, [&](std::uint32_t, std::string_view line) {
    ++lines;
    if (line.size() <= 7 + kIdLetters) return;
    KnownAlert& alert = out[std::string(IdOf(line))];
    if (alert.rule.empty()) alert.rule = MemberOf(line, "rule");
    if (alert.site.empty()) alert.site = MemberOf(line, "site");
    alert.state = MemberOf(line, "state");
    alert.last_line = lines;
  }));
  return out;
}

std::string ListOf(const KnownAlerts& alerts, const std::vector<std::string_view>& ids) {
  std::string out;
  for (std::size_t i = 0; i < ids.size() && i < kMostShown; ++i) {
    const auto at = alerts.find(ids[i]);
    out += "\n  " + at->first + "  " + at->second.rule + (at->second.site.empty() ? "" : ", " + at->second.site) + ", " +
           at->second.state;
  }
  if (ids.size() > kMostShown) out += "\n  and " + std::to_string(ids.size() - kMostShown) + " more";
  return out;
}

// No alert begins with `id`: the nearest that are there, or the last that were told.
Error NoSuchAlert(const config::Config& config, const std::string& id, const KnownAlerts& alerts) {
  if (alerts.empty()) {
    return {ErrorCode::kNotFound,
            "the alerts log is empty, so it has no alert \"" + id + "\"; is " + config.file + " the configuration that was run?"};
  }
  std::vector<std::string_view> starts, ids;
  for (const auto& [known, alert] : alerts) starts.push_back(std::string_view(known).substr(0, id.size()));
  const std::string_view nearest = config::NearestName(id, starts);
  std::string text = "the alerts log has no alert \"" + id + "\"; ";
  if (!nearest.empty()) {
    for (const auto& [known, alert] : alerts) {
      if (known.starts_with(nearest)) ids.push_back(known);
    }
    text += "did you mean";
  } else {
    for (const auto& [known, alert] : alerts) ids.push_back(known);
    std::sort(ids.begin(), ids.end(), [&](std::string_view a, std::string_view b) {
      return alerts.find(a)->second.last_line > alerts.find(b)->second.last_line;
    });
    text += "the last ones told are";
  }
  return {ErrorCode::kNotFound, text + ListOf(alerts, ids)};
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
    ids.emplace(IdOf(line));
  }));
  if (ids.size() == 1) return out;
  PLUMBLINE_ASSIGN(const KnownAlerts alerts, ReadKnownAlerts(config));
  if (ids.empty()) return std::unexpected(NoSuchAlert(config, id, alerts));
  std::vector<std::string_view> several;
  for (const std::string& known : ids) several.push_back(known);
  return Fail(ErrorCode::kUsage,
              std::to_string(ids.size()) + " alerts begin with \"" + id + "\"; give more of it" + ListOf(alerts, several));
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
