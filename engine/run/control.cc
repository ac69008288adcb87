#include "engine/run/control.h"

#include <simdjson.h>

#include <array>

#include "engine/model/encode.h"
#include "engine/model/iso_time.h"

namespace plumbline::run {
namespace {

namespace dom = simdjson::dom;
using model::TimeMs;

constexpr std::size_t kLongestText = 4000;

struct Word {
  std::string_view name;
  ControlKind kind;
};
constexpr std::array<Word, 8> kWords = {{{"activate", ControlKind::kActivate},
                                         {"retire", ControlKind::kRetire},
                                         {"acknowledge", ControlKind::kAcknowledge},
                                         {"comment", ControlKind::kComment},
                                         {"contest", ControlKind::kContest},
                                         {"hand_over", ControlKind::kHandOver},
                                         {"silence", ControlKind::kSilence},
                                         {"unsilence", ControlKind::kUnsilence}}};

std::unexpected<Error> Bad(const std::string& why) { return Fail(ErrorCode::kParse, why); }

// Reads the fields of one record; the first mistake stays.
class Fields {
 public:
  explicit Fields(const dom::object& object) : object_(object) {}

  std::string Text(std::string_view name, bool required) {
    std::string_view value;
    const auto element = object_[name];
    if (element.error() == simdjson::NO_SUCH_FIELD) {
      if (required) Wrong("\"" + std::string(name) + "\" is missing");
      return {};
    }
    if (element.get(value) != simdjson::SUCCESS) Wrong("\"" + std::string(name) + "\" is no text");
    if (value.size() > kLongestText) Wrong("\"" + std::string(name) + "\" is longer than 4000 bytes");
    if (required && value.empty()) Wrong("\"" + std::string(name) + "\" is empty");
    return std::string(value);
  }

  TimeMs Time(std::string_view name) {
    std::int64_t number = 0;
    std::string_view text;
    const auto element = object_[name];
    if (element.error() == simdjson::NO_SUCH_FIELD) {
      Wrong("\"" + std::string(name) + "\" is missing");
    } else if (element.get(number) == simdjson::SUCCESS) {
      if (number >= model::kMinTime && number <= model::kMaxTime) return number;
      Wrong("\"" + std::string(name) + "\" is out of range: milliseconds since 1970 in UTC");
    } else if (element.get(text) == simdjson::SUCCESS) {
      if (const auto time = model::ParseTime(text)) return time->time;
      Wrong("\"" + std::string(name) + "\" is no time: " + std::string(text) + "; expected as 2026-01-31T16:10:00+08:00");
    } else {
      Wrong("\"" + std::string(name) + "\" is neither a text nor a whole number");
    }
    return model::kNoTime;
  }

  bool Has(std::string_view name) const { return object_[name].error() == simdjson::SUCCESS; }

  void Alert(Control& out) {
    const std::string hex = Text("alert", true);
    out.has_alert = true;
    if (!wrong_.empty() || ParseHash128(hex, &out.alert)) return;
    Wrong("\"alert\" is no alert's id: \"" + hex + "\"; expected 32 hexadecimal digits, as the alerts log writes them");
  }

  void Wrong(std::string why) {
    if (wrong_.empty()) wrong_ = std::move(why);
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  const dom::object& object_;
  std::string wrong_;
};

void ReadPack(const dom::object& object, Fields& fields, Control& out) {
  dom::object pack;
  if (object["pack"].get(pack) != simdjson::SUCCESS) {
    fields.Wrong("\"pack\" is missing; expected {\"name\":FILE,\"text\":YAML}");
    return;
  }
  std::string_view name, text;
  if (pack["name"].get(name) != simdjson::SUCCESS || pack["text"].get(text) != simdjson::SUCCESS || text.empty())
    fields.Wrong("\"pack\" lacks its text; expected {\"name\":FILE,\"text\":YAML}");
  out.pack_name = name;
  out.pack_text = text;
  out.from = fields.Time("effective_from");
}

void ReadWhat(const dom::object& object, Fields& fields, Control& out) {
  switch (out.kind) {
    case ControlKind::kActivate:
      return ReadPack(object, fields, out);
    case ControlKind::kRetire:
      if (fields.Has("rule") == fields.Has("pack")) return fields.Wrong("retire names a \"rule\" or a \"pack\"");
      out.rule = fields.Text("rule", fields.Has("rule"));
      out.pack_name = fields.Text("pack", fields.Has("pack"));
      out.from = fields.Time("effective_from");
      return;
    case ControlKind::kAcknowledge:
      out.text = fields.Text("text", false);
      return fields.Alert(out);
    case ControlKind::kComment:
    case ControlKind::kContest:
      out.text = fields.Text("text", true);
      return fields.Alert(out);
    case ControlKind::kHandOver:
      out.to = fields.Text("to", true);
      out.text = fields.Text("text", false);
      return fields.Alert(out);
    case ControlKind::kSilence:
      out.until = fields.Time("until");
      out.text = fields.Text("text", true);
      break;
    case ControlKind::kUnsilence:
      out.text = fields.Text("text", false);
      break;
  }
  if (fields.Has("alert") == fields.Has("rule")) return fields.Wrong("a silence names an \"alert\" or a \"rule\"");
  if (fields.Has("alert")) return fields.Alert(out);
  out.rule = fields.Text("rule", true);
  out.site = fields.Text("site", false);
}

void AppendTime(std::string& s, std::string_view name, TimeMs time) {
  if (time == model::kNoTime) return;
  s += ",\"";
  s += name;
  s += "\":\"" + model::FormatTime(time) + "\"";
}

void AppendText(std::string& s, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  s += ",\"";
  s += name;
  s += "\":";
  model::AppendJsonText(s, text);
}

}  // namespace

std::string_view Name(ControlKind kind) {
  for (const Word& w : kWords) {
    if (w.kind == kind) return w.name;
  }
  return {};
}

Result<Control> ParseControl(std::string_view json) {
  dom::parser parser;
  dom::object object;
  if (const auto error = parser.parse(json.data(), json.size()).get(object); error != simdjson::SUCCESS)
    return Bad(std::string("not a JSON object (") + simdjson::error_message(error) + ")");
  std::string_view word;
  if (object["command"].get(word) != simdjson::SUCCESS) return Bad("\"command\" is missing or no text");
  Control out;
  bool known = false;
  for (const Word& w : kWords) {
    if (w.name != word) continue;
    out.kind = w.kind;
    known = true;
  }
  if (word == "merge") {
    return Bad(
        "patients are not merged here: what belonged to another patient is withdrawn there and enters here under a new id");
  }
  if (!known) {
    return Bad("there is no command \"" + std::string(word) +
               "\"; expected activate, retire, acknowledge, comment, contest, hand_over, silence or unsilence");
  }
  Fields fields(object);
  out.by = fields.Text("by", true);
  ReadWhat(object, fields, out);
  if (!fields.wrong().empty()) return Bad(std::string(word) + ": " + fields.wrong());
  return out;
}

std::string EncodeControl(const Control& c) {
  std::string s = "{\"command\":\"" + std::string(Name(c.kind)) + "\"";
  AppendText(s, "by", c.by);
  if (c.has_alert) s += ",\"alert\":\"" + c.alert.Hex() + "\"";
  AppendText(s, "rule", c.rule);
  AppendText(s, "site", c.site);
  if (c.kind == ControlKind::kActivate) {
    s += ",\"pack\":{\"name\":";
    model::AppendJsonText(s, c.pack_name);
    s += ",\"text\":";
    model::AppendJsonText(s, c.pack_text);
    s += "}";
  } else {
    AppendText(s, "pack", c.pack_name);
  }
  AppendTime(s, "effective_from", c.from);
  AppendTime(s, "until", c.until);
  AppendText(s, "to", c.to);
  AppendText(s, "text", c.text);
  return s + "}";
}

}  // namespace plumbline::run
