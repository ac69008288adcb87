// One line of the alerts log as delivery reads it. Fields that delivery does not need are passed over, so that the line may grow.
//
//   {"id": hex, "chain": hex?, "transition": n, "state": "firing" | "resolved" | ..., "rule": text, "revision": n, "severity":
//   text,
//    "site": text, "instant": RFC 3339 or ms, "supersedes": hex?, "titles": {"en": text, "zh": text}, ...}
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace plumbline::alertmanager {

// What a line means to somebody who is paged.
enum class Meaning : std::uint8_t {
  kFires,    // firing
  kCloses,   // resolved, retracted, superseded
  kMutes,    // silenced: nobody is paged before muted_until_ms
  kUnmutes,  // unsilenced
  kSilent,   // what people do about an alert (acknowledged, commented, contested, handed over); pass, excluded, unknown, amended,
             // and all of a rule on trial (shadow): nobody is paged, nothing is closed
};

struct AlertLine {
  std::string id;
  std::string chain;       // id of the first alert of a chain of supersedes; empty when the line does not say
  std::string supersedes;  // empty: nothing
  std::uint64_t transition = 0;
  std::string state;
  Meaning meaning = Meaning::kSilent;
  std::string rule;
  std::uint64_t revision = 0;
  std::string step;      // of a pathway; empty for other rules
  std::string severity;  // "critical", "warning", "info" or the site's own
  std::string site;
  std::int64_t instant_ms = 0;
  std::int64_t muted_until_ms = 0;            // of a silence that holds for the alert; 0: none
  std::map<std::string, std::string> titles;  // by language
};

// kParse, saying what is missing or wrong. A state that is not known is an error: it must not pass for silence.
[[nodiscard]] Result<AlertLine> ParseAlertLine(std::string_view json);

}  // namespace plumbline::alertmanager
