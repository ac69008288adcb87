#include "connectors/alertmanager/alert_line.h"

#include <simdjson.h>

#include "engine/model/iso_time.h"

namespace plumbline::alertmanager {
namespace {

namespace dom = simdjson::dom;

struct StateMeaning {
  std::string_view state;
  Meaning meaning;
};
constexpr StateMeaning kStates[] = {
    {"firing", Meaning::kFires},      {"resolved", Meaning::kCloses},    {"retracted", Meaning::kCloses},
    {"superseded", Meaning::kCloses}, {"pass", Meaning::kSilent},        {"excluded", Meaning::kSilent},
    {"unknown", Meaning::kSilent},    {"amended", Meaning::kSilent},     {"acknowledged", Meaning::kSilent},
    {"commented", Meaning::kSilent},  {"contested", Meaning::kSilent},   {"handed over", Meaning::kSilent},
    {"silenced", Meaning::kMutes},    {"unsilenced", Meaning::kUnmutes},
};

std::unexpected<Error> Bad(const std::string& why) { return Fail(ErrorCode::kParse, "a line of the alerts log: " + why); }

Result<std::string> Text(const dom::object& line, std::string_view name, bool required) {
  std::string_view value;
  const auto element = line[name];
  if (element.error() == simdjson::NO_SUCH_FIELD || (element.error() == simdjson::SUCCESS && element.is_null())) {
    if (!required) return std::string{};
    return Bad("\"" + std::string(name) + "\" is missing");
  }
  if (element.get(value) != simdjson::SUCCESS) return Bad("\"" + std::string(name) + "\" is no text");
  if (required && value.empty()) return Bad("\"" + std::string(name) + "\" is empty");
  return std::string(value);
}

Result<std::uint64_t> Number(const dom::object& line, std::string_view name) {
  std::uint64_t value = 0;
  const auto element = line[name];
  if (element.error() == simdjson::NO_SUCH_FIELD) return value;
  if (element.get(value) != simdjson::SUCCESS) return Bad("\"" + std::string(name) + "\" is no whole number");
  return value;
}

// Not every line has one: a retraction takes back what had.
Result<std::int64_t> Instant(const dom::object& line) {
  std::int64_t number = 0;
  auto element = line["instant"];
  if (element.error() == simdjson::NO_SUCH_FIELD) element = line["anchor_time"];
  if (element.error() == simdjson::NO_SUCH_FIELD) return number;
  if (element.get(number) == simdjson::SUCCESS) return number;
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS) return Bad("\"instant\" is neither a text nor a number");
  const auto time = model::ParseTime(text);
  if (!time) return Bad("\"instant\" is no time: " + std::string(text));
  return time->time;
}

}  // namespace

Result<AlertLine> ParseAlertLine(std::string_view json) {
  dom::parser parser;
  dom::object line;
  if (const auto error = parser.parse(json.data(), json.size()).get(line); error != simdjson::SUCCESS)
    return Bad(std::string("not a JSON object (") + simdjson::error_message(error) + ")");
  AlertLine out;
  PLUMBLINE_ASSIGN(out.id, Text(line, "id", true));
  PLUMBLINE_ASSIGN(out.chain, Text(line, "chain", false));
  PLUMBLINE_ASSIGN(out.supersedes, Text(line, "supersedes", false));
  PLUMBLINE_ASSIGN(out.transition, Number(line, "transition"));
  PLUMBLINE_ASSIGN(out.state, Text(line, "state", true));
  PLUMBLINE_ASSIGN(out.rule, Text(line, "rule", true));
  PLUMBLINE_ASSIGN(out.revision, Number(line, "revision"));
  PLUMBLINE_ASSIGN(out.step, Text(line, "step", false));
  PLUMBLINE_ASSIGN(out.severity, Text(line, "severity", false));
  PLUMBLINE_ASSIGN(out.site, Text(line, "site", false));
  PLUMBLINE_ASSIGN(out.instant_ms, Instant(line));
  PLUMBLINE_ASSIGN(const std::uint64_t until, Number(line, out.state == "silenced" ? "until" : "silenced_until"));
  out.muted_until_ms = static_cast<std::int64_t>(until);
  dom::object titles;
  if (line["titles"].get(titles) == simdjson::SUCCESS)
    for (const auto field : titles) {
      std::string_view value;
      if (field.value.get(value) == simdjson::SUCCESS) out.titles[std::string(field.key)] = std::string(value);
    }
  for (const StateMeaning& known : kStates) {
    if (known.state != out.state) continue;
    bool shadow = false;  // a rule on trial: counted and shown, pages nobody
    out.meaning = line["shadow"].get(shadow) == simdjson::SUCCESS && shadow ? Meaning::kSilent : known.meaning;
    return out;
  }
  return Bad("\"" + out.state + "\" is no state that delivery knows");
}

}  // namespace plumbline::alertmanager
