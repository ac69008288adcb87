#include "engine/app/explain/explanation.h"

#include <simdjson.h>

#include <algorithm>

#include "engine/model/encode.h"
#include "engine/model/iso_time.h"

namespace plumbline::app {
namespace {

namespace dom = simdjson::dom;
using model::TimeMs;

std::string Text(const dom::object& o, std::string_view name) {
  std::string_view text;
  return o[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::uint64_t Count(const dom::object& o, std::string_view name) {
  std::uint64_t n = 0;
  return o[name].get(n) == simdjson::SUCCESS ? n : 0;
}

TimeMs Time(const dom::object& o, std::string_view name) {
  std::int64_t n = 0;
  return o[name].get(n) == simdjson::SUCCESS ? n : model::kNoTime;
}

void ReadRule(const dom::object& o, Explanation& e) {
  e.rule = Text(o, "rule");
  e.revision = Count(o, "revision");
  e.step = Text(o, "step");
  e.severity = Text(o, "severity");
  e.site = Text(o, "site");
  e.chain = Text(o, "chain");
  if (e.subject.empty()) e.subject = Text(o, "subject");
  if (!Text(o, "anchor").empty()) e.anchor = Text(o, "anchor");
  if (Time(o, "anchor_time") != model::kNoTime) e.anchor_time = Time(o, "anchor_time");
  for (const auto& [name, field] :
       {std::pair("pack", &e.pack), std::pair("document", &e.document), std::pair("edition", &e.edition),
        std::pair("clause", &e.clause), std::pair("kind", &e.kind), std::pair("wants", &e.wants),
        std::pair("forbids", &e.forbids), std::pair("rule_digest", &e.digest)}) {
    if (std::string text = Text(o, name); !text.empty()) *field = std::move(text);
  }
  if (const std::uint64_t within = Count(o, "within"); within > 0) e.within_ms = static_cast<std::int64_t>(within);
  dom::object titles;
  if (o["titles"].get(titles) != simdjson::SUCCESS) return;
  for (const auto field : titles) {
    std::string_view title;
    if (field.value.get(title) == simdjson::SUCCESS) e.titles[std::string(field.key)] = std::string(title);
  }
}

void ReadEvidence(const dom::object& o, Explanation& e) {
  dom::array evidence;
  if (o["evidence"].get(evidence) == simdjson::SUCCESS) {
    e.events.clear();
    for (const auto item : evidence) {
      dom::object event;
      if (item.get(event) != simdjson::SUCCESS) continue;
      UsedEvent used;
      used.id = Text(event, "id");
      used.code = Text(event, "code");
      used.unit = Text(event, "unit");
      used.content = Text(event, "content");
      used.action = Text(event, "action");
      used.certainty = Text(event, "certainty");
      used.status = Text(event, "status");
      used.version = static_cast<std::uint32_t>(Count(event, "version"));
      used.time = Time(event, "time");
      used.arrival = Time(event, "arrival");
      dom::element value;
      if (event["value"].get(value) == simdjson::SUCCESS) used.value = simdjson::to_string(value);
      e.events.push_back(std::move(used));
    }
  }
  dom::object values;
  if (o["values"].get(values) != simdjson::SUCCESS) return;
  e.values.clear();
  for (const auto field : values) {
    std::string_view value;
    if (field.value.get(value) == simdjson::SUCCESS) e.values.emplace_back(std::string(field.key), std::string(value));
  }
}

HistoryLine ReadHistory(const dom::object& o) {
  HistoryLine h;
  h.id = Text(o, "id");
  h.transition = Count(o, "transition");
  h.handling = Count(o, "handling");
  h.state = Text(o, "state");
  h.cause = Text(o, "cause");
  h.amended_to = Text(o, "amended_to");
  h.by = Text(o, "by");
  h.text = Text(o, "text");
  h.to = Text(o, "to");
  h.retracts = Count(o, "retracts");
  h.supersedes = Text(o, "supersedes");
  h.instant = Time(o, "instant");
  h.at = h.handling > 0 ? Time(o, "at") : Time(o, "clock");
  return h;
}

std::string Member(std::string_view name, std::string_view text) {
  if (text.empty()) return {};
  std::string s = ",\"" + std::string(name) + "\":";
  model::AppendJsonText(s, text);
  return s;
}

std::string TimeMember(std::string_view name, TimeMs time) {
  return time == model::kNoTime ? std::string() : ",\"" + std::string(name) + "\":\"" + model::FormatTime(time) + "\"";
}

}  // namespace

Result<Explanation> Explain(const std::string& id, const std::vector<std::string>& lines) {
  Explanation e;
  dom::parser parser;
  for (const std::string& line : lines) {
    dom::object o;
    if (parser.parse(line).get(o) != simdjson::SUCCESS || Text(o, "id").empty())
      return Fail(ErrorCode::kIntegrity, "a line of the alerts log is no alert: " + line.substr(0, 200));
    e.history.push_back(ReadHistory(o));
    if (Text(o, "id") != id) continue;
    e.id = id;
    const HistoryLine& h = e.history.back();
    if (h.handling > 0) continue;
    ReadRule(o, e);
    if (h.state != "firing" && h.state != "unknown") continue;
    ReadEvidence(o, e);
    e.due = h.instant;
    e.why = Text(o, "why");
    e.feed = Text(o, "feed");
    bool late = false;
    e.late = o["late"].get(late) == simdjson::SUCCESS && late;
  }
  if (e.id.empty()) return Fail(ErrorCode::kNotFound, "the alerts log has no alert \"" + id + "\"");
  return e;
}

std::string AsJson(const Explanation& e) {
  std::string s = "{\"alert\":\"" + e.id + "\"" + Member("chain", e.chain) + Member("rule", e.rule) +
                  ",\"revision\":" + std::to_string(e.revision) + Member("step", e.step) + Member("rule_digest", e.digest) +
                  Member("pack", e.pack) + Member("document", e.document) + Member("edition", e.edition) +
                  Member("clause", e.clause) + Member("kind", e.kind) + Member("severity", e.severity) + Member("site", e.site) +
                  Member("subject", e.subject) + Member("anchor", e.anchor) + TimeMember("anchor_time", e.anchor_time) +
                  TimeMember("due", e.due) + Member("wants", e.wants) + Member("forbids", e.forbids) + Member("why", e.why) +
                  Member("feed", e.feed);
  if (e.within_ms > 0) s += ",\"within_ms\":" + std::to_string(e.within_ms);
  if (e.due != model::kNoTime && e.now != model::kNoTime) s += ",\"due_ago_ms\":" + std::to_string(e.now - e.due);
  s += ",\"late\":" + std::string(e.late ? "true" : "false") + ",\"titles\":{";
  for (const auto& [lang, title] : e.titles)
    s += (s.back() == '{' ? "" : ",") + Member(lang, title).substr(title.empty() ? 0 : 1);
  s += "},\"events\":[";
  for (std::size_t i = 0; i < e.events.size(); ++i) {
    const UsedEvent& u = e.events[i];
    s += std::string(i > 0 ? "," : "") + "{\"version\":" + std::to_string(u.version) + Member("id", u.id) +
         Member("code", u.code) + TimeMember("time", u.time) + TimeMember("arrival", u.arrival) +
         (u.value.empty() ? "" : ",\"value\":" + u.value) + Member("unit", u.unit) + Member("action", u.action) +
         Member("certainty", u.certainty) + Member("status", u.status) + Member("content", u.content) +
         Member("record", u.found) + "}";
  }
  s += "],\"values\":{";
  for (std::size_t i = 0; i < e.values.size(); ++i)
    s += (i > 0 ? "" : "") + Member(e.values[i].first, e.values[i].second).substr(i > 0 ? 0 : 1);
  s += "},\"missing\":{\"en\":";
  model::AppendJsonText(s, Missing(e, "en"));
  s += Member("zh", Missing(e, "zh")) + "},\"prevention\":{\"en\":";
  model::AppendJsonText(s, Prevention(e, "en"));
  s += Member("zh", Prevention(e, "zh")) + "},\"history\":[";
  for (std::size_t i = 0; i < e.history.size(); ++i) {
    const HistoryLine& h = e.history[i];
    s += std::string(i > 0 ? "," : "") + "{\"id\":\"" + h.id + "\"";
    if (h.transition > 0) s += ",\"transition\":" + std::to_string(h.transition);
    if (h.handling > 0) s += ",\"handling\":" + std::to_string(h.handling);
    s += Member("state", h.state) + Member("cause", h.cause) + Member("amended_to", h.amended_to) +
         TimeMember("instant", h.instant) + TimeMember("at", h.at) + Member("by", h.by) + Member("to", h.to) +
         Member("text", h.text) + Member("supersedes", h.supersedes);
    if (h.retracts > 0) s += ",\"retracts\":" + std::to_string(h.retracts);
    s += "}";
  }
  return s + "]}";
}

}  // namespace plumbline::app
