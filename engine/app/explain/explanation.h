// One alert explained from what the engine has told: what rule, which events, what was expected by when, what was missing, its
// whole history, and what would have prevented it. Built from lines of the alerts log alone; as text for a clinician (en, zh) or
// as JSON.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/model/event.h"

namespace plumbline::app {

struct UsedEvent {
  std::string id, code, value, unit, content;
  std::string action, certainty, status;  // as the event model names them; "" where it has none, or is final
  std::uint32_t version = 1;
  model::TimeMs time = 0, arrival = 0;
  std::string found;  // where the record lies, once looked up; "" before
};

struct HistoryLine {
  std::string id;  // of the alert: an earlier one of its chain may have another
  std::uint64_t transition = 0, handling = 0;
  std::string state, cause, amended_to, by, text, to;
  std::uint64_t retracts = 0;
  std::string supersedes;
  model::TimeMs instant = model::kNoTime;  // of the verdict
  model::TimeMs at = model::kNoTime;       // of the engine's clock, or of the person's command
};

struct Explanation {
  std::string id, chain, rule, pack, document, edition, clause, kind, severity, site, subject, step, digest;
  std::uint64_t revision = 0;
  std::map<std::string, std::string> titles;
  std::string anchor;
  model::TimeMs anchor_time = model::kNoTime;
  model::TimeMs due = model::kNoTime;  // the instant of the verdict
  model::TimeMs now = model::kNoTime;  // of whoever asks; kNoTime: how long ago things were is not said
  std::string wants, forbids;
  std::int64_t within_ms = 0;
  std::string why, feed;  // of an unknown
  bool late = false;
  std::vector<UsedEvent> events;
  std::vector<std::pair<std::string, std::string>> values;
  std::vector<HistoryLine> history;
};

// `lines`: of the alert's chain, in the order of the log. kIntegrity for a line that is no alert.
[[nodiscard]] Result<Explanation> Explain(const std::string& id, const std::vector<std::string>& lines);
[[nodiscard]] std::string AsText(const Explanation& e, const std::string& lang);
[[nodiscard]] std::string AsJson(const Explanation& e);

// What would have prevented it, and what was missing, in a sentence each.
[[nodiscard]] std::string Missing(const Explanation& e, const std::string& lang);
[[nodiscard]] std::string Prevention(const Explanation& e, const std::string& lang);

}  // namespace plumbline::app
