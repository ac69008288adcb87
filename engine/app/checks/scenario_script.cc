#include "engine/app/checks/scenario_script.h"

#include <algorithm>
#include <sstream>

#include "config/yaml.h"

namespace plumbline::app {
namespace {

using Words = std::vector<std::string>;

std::unexpected<Error> Bad(std::string why) { return Fail(ErrorCode::kConfig, std::move(why)); }

Words WordsOf(const std::string& line) {
  std::istringstream in(line);
  Words out;
  for (std::string w; in >> w;) out.push_back(w);
  return out;
}

std::string Join(const Words& words, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < words.size(); ++i) out += (i > from ? " " : "") + words[i];
  return out;
}

Result<std::int64_t> Seconds(const std::string& text) {
  int h = 0, m = 0, s = 0, used = 0;
  const bool whole = (std::sscanf(text.c_str(), "%d:%d:%d%n", &h, &m, &s, &used) == 3 && used == static_cast<int>(text.size())) ||
                     (s = 0, std::sscanf(text.c_str(), "%d:%d%n", &h, &m, &used) == 2 && used == static_cast<int>(text.size()));
  if (!whole) return Bad("\"" + text + "\" is no time of day, as HH:MM:SS");
  return std::int64_t{h} * 3600 + m * 60 + s;
}

Result<std::int64_t> Whole(const std::string& text) {
  char* end = nullptr;
  const long long n = std::strtoll(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0') return Bad("\"" + text + "\" is no whole number");
  return n;
}

bool IsNumber(const std::string& text) {
  char* end = nullptr;
  (void)std::strtod(text.c_str(), &end);
  return !text.empty() && *end == '\0';
}

Result<Options> ReadOptions(const Words& w, std::size_t from) {
  Options out;
  for (std::size_t i = from; i < w.size(); ++i) {
    const std::size_t eq = w[i].find('=');
    if (eq == std::string::npos) return Bad("\"" + w[i] + "\" is no option=value");
    out[w[i].substr(0, eq)] = w[i].substr(eq + 1);
  }
  return out;
}

Result<int> TopicOf(const std::string& name) {
  for (int t = 0; t < 3; ++t) {
    if (name == kTopicNames[t]) return t;
  }
  return Bad("there is no topic \"" + name + "\"; expected device, consultation or diagnosis");
}

Result<void> ReadNamed(const std::string& name, const std::string& value, ScriptRecord& r) {
  if (name == "ev") {
    PLUMBLINE_ASSIGN(r.time, Seconds(value));
    return {};
  }
  if (name == "seq") {
    PLUMBLINE_ASSIGN(const std::int64_t n, Whole(value));
    r.sequence = static_cast<std::uint64_t>(n);
    return {};
  }
  for (const auto& [known, field] :
       {std::pair("patient", &r.patient), std::pair("encounter", &r.encounter), std::pair("site", &r.site),
        std::pair("source", &r.source), std::pair("action", &r.action), std::pair("unit", &r.unit)}) {
    if (name != known) continue;
    *field = value;
    return {};
  }
  return Bad("a record has no \"" + name + "\"");
}

Result<void> ReadRecord(const Words& w, Script& s) {
  if (w.size() < 3) return Bad("there is no word \"" + w[0] + "\", and a record is ARRIVAL TOPIC ID ...");
  ScriptRecord r;
  PLUMBLINE_ASSIGN(r.arrival, Seconds(w[0]));
  PLUMBLINE_ASSIGN(r.topic, TopicOf(w[1]));
  r.time = r.arrival;
  r.id = w[2];
  for (std::size_t i = 3; i < w.size(); ++i) {
    const std::string& x = w[i];
    const std::size_t eq = x.find('=');
    if (x[0] == 'v' && x.size() > 1 && std::all_of(x.begin() + 1, x.end(), [](unsigned char c) { return std::isdigit(c); })) {
      r.version = static_cast<std::uint32_t>(std::stoul(x.substr(1)));
    } else if (x == "withdrawn") {
      r.withdrawn = true;
    } else if (eq != std::string::npos) {
      PLUMBLINE_TRY(ReadNamed(x.substr(0, eq), x.substr(eq + 1), r));
    } else if (IsNumber(x)) {
      r.value = x;
    } else {
      r.code = x;
    }
  }
  s.records.push_back(std::move(r));
  return {};
}

Result<void> ReadBeat(const Words& w, Script& s) {
  if (w.size() == 4) {
    ScriptBeat b;
    PLUMBLINE_ASSIGN(b.arrival, Seconds(w[2]));
    PLUMBLINE_ASSIGN(b.complete_to, Seconds(w[3]));
    b.feed = w[1];
    s.beats.push_back(b);
    return {};
  }
  const std::size_t dots = w.size() == 5 ? w[2].find("..") : std::string::npos;
  if (dots == std::string::npos) return Bad("a beat is: beat FEED AT COMPLETE_TO, or beat FEED FROM..TO every SECONDS");
  PLUMBLINE_ASSIGN(const std::int64_t from, Seconds(w[2].substr(0, dots)));
  PLUMBLINE_ASSIGN(const std::int64_t to, Seconds(w[2].substr(dots + 2)));
  PLUMBLINE_ASSIGN(const std::int64_t every, Whole(w[4]));
  if (every <= 0) return Bad("beats come every so many seconds");
  for (std::int64_t t = from; t <= to; t += every) s.beats.push_back({t, t, w[1]});
  return {};
}

Result<void> ReadCommand(const Words& w, Script& s) {
  const bool of_rule = w[0] == "activate" || w[0] == "retire";
  if (w.size() < (of_rule ? 2U : 3U)) return Bad("\"" + w[0] + "\" lacks its time or its anchor");
  ScriptCommand c;
  c.word = w[0];
  PLUMBLINE_ASSIGN(c.arrival, Seconds(w[1]));
  if (!of_rule) c.anchor = w[2];
  PLUMBLINE_ASSIGN(c.options, ReadOptions(w, of_rule ? 2 : 3));
  s.commands.push_back(std::move(c));
  return {};
}

Result<void> ReadSetting(const Words& w, Script& s, bool* known) {
  const auto needs = [&](std::size_t n) -> Result<void> {
    if (w.size() < n) return Bad("\"" + w[0] + "\" needs " + std::to_string(n - 1) + " words more");
    return {};
  };
  *known = true;
  if (w[0] == "rule") {
    PLUMBLINE_TRY(needs(2));
    s.rule = w[1];
    PLUMBLINE_ASSIGN(s.options, ReadOptions(w, 2));
  } else if (w[0] == "pack") {
    PLUMBLINE_TRY(needs(2));
    s.pack = w[1];
  } else if (w[0] == "feed") {
    PLUMBLINE_TRY(needs(3));
    PLUMBLINE_ASSIGN(s.feeds[w[1]], Whole(w[2]));
  } else if (w[0] == "stop") {
    PLUMBLINE_TRY(needs(4));
    PLUMBLINE_ASSIGN(s.stop, Seconds(w[1]));
    PLUMBLINE_ASSIGN(s.start, Seconds(w[3]));
  } else if (w[0] == "slow") {
    PLUMBLINE_TRY(needs(3));
    PLUMBLINE_ASSIGN(const int topic, TopicOf(w[1]));
    PLUMBLINE_ASSIGN(const std::int64_t n, Whole(w[2]));
    s.slow[topic] = static_cast<std::size_t>(n);
  } else if (w[0] == "partitions") {
    PLUMBLINE_TRY(needs(2));
    PLUMBLINE_ASSIGN(const std::int64_t n, Whole(w[1]));
    if (n < 1 || n > 1000) return Bad("from 1 to 1000 partitions");
    s.partitions = static_cast<std::uint32_t>(n);
  } else if (w[0] == "future") {
    PLUMBLINE_TRY(needs(2));
    PLUMBLINE_ASSIGN(s.future, Whole(w[1]));
  } else if (w[0] == "end") {
    PLUMBLINE_TRY(needs(2));
    PLUMBLINE_ASSIGN(s.end, Seconds(w[1]));
  } else {
    *known = false;
  }
  return {};
}

Result<void> ReadLine(const std::string& line, Script& s) {
  const Words w = WordsOf(line);
  bool known = false;
  PLUMBLINE_TRY(ReadSetting(w, s, &known));
  if (known) return {};
  if (w[0] == "beat") return ReadBeat(w, s);
  for (const char* word : {"activate", "retire", "acknowledge", "comment", "contest", "silence"}) {
    if (w[0] == word) return ReadCommand(w, s);
  }
  if (w[0] == "told" && w.size() > 2) {
    s.told.push_back(Join(w, 1));
  } else if (w[0] == "final" && w.size() > 2) {
    s.finals[w[1]] = Join(w, 2);
  } else if (w[0] == "count" && w.size() == 3) {
    PLUMBLINE_ASSIGN(s.counts[w[1]], Whole(w[2]));
  } else if (w[0] == "line" && w.size() > 2) {
    s.lines.emplace_back(w[1], Join(w, 2));
  } else {
    return ReadRecord(w, s);
  }
  return {};
}

}  // namespace

Result<std::vector<Script>> ReadScripts(const std::string& path) {
  PLUMBLINE_ASSIGN(const std::string text, config::ReadTextFile(path));
  std::vector<Script> out;
  std::istringstream in(text);
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line.compare(first, 2, "//") == 0) continue;
    while (line.back() == '\r' || line.back() == ' ') line.pop_back();
    if (line.compare(first, 2, "# ") == 0) {
      out.emplace_back().title = line.substr(first + 2);
      continue;
    }
    const std::string where = path + ":" + std::to_string(number) + ": ";
    if (out.empty()) return Bad(where + "a scenario begins with \"# TITLE\"");
    if (const auto read = ReadLine(line, out.back()); !read) return Bad(where + read.error().message);
  }
  for (Script& s : out) {
    std::stable_sort(s.beats.begin(), s.beats.end(),
                     [](const ScriptBeat& a, const ScriptBeat& b) { return a.arrival < b.arrival; });
    std::stable_sort(s.commands.begin(), s.commands.end(),
                     [](const ScriptCommand& a, const ScriptCommand& b) { return a.arrival < b.arrival; });
  }
  return out;
}

}  // namespace plumbline::app
