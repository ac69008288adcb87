#include "engine/app/demo_screen.h"

#include <simdjson.h>

#include <algorithm>
#include <set>

#include "engine/model/iso_time.h"

namespace plumbline::app {
namespace {

namespace dom = simdjson::dom;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::uint64_t kMostOfAKind = 6;  // lines of one rule and state on the screen; the log has all
constexpr const char* kAdherence = "antimicrobial-adherence";
constexpr const char* kAdherenceByClinician = "antimicrobial-adherence-by-clinician";
constexpr const char* kQcWithinLimits = "qc-within-limits";

std::string Text(const dom::object& o, std::string_view name) {
  std::string_view text;
  return o[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::int64_t Number(const dom::object& o, std::string_view name) {
  std::int64_t n = 0;
  return o[name].get(n) == simdjson::SUCCESS ? n : 0;
}

// "01-31 16:10"
std::string Clock(std::int64_t ms) { return model::FormatTime(ms).substr(5, 11).replace(5, 1, " "); }

std::string Padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

}  // namespace

std::string DemoScreen::Share::Text() const {
  char percent[16];
  std::snprintf(percent, sizeof percent, "%.1f %%", Percent());
  return std::to_string(pass) + " of " + std::to_string(n) + " (" + percent + ")" + (is_final ? " final" : "");
}

void DemoScreen::OnLine(const std::string& log, const std::string& line) {
  const std::scoped_lock lock(mutex_);
  if (log == "alerts") ShowAlert(line);
  if (log == "measures") KeepMeasure(line);
}

void DemoScreen::ShowAlert(std::string_view line) {
  dom::parser parser;
  dom::object o;
  if (parser.parse(simdjson::padded_string(line)).get(o) != simdjson::SUCCESS) return;
  const Told told{Text(o, "id"), Text(o, "state"), Text(o, "rule"), Text(o, "site"), Text(o, "feed"), Number(o, "instant")};
  told_.push_back(told);
  ++states_[told.state];
  ShowHour(Number(o, "clock"));
  if (++shown_[told.rule + "/" + told.state] > kMostOfAKind) {
    ++not_shown_;
    return;
  }
  dom::object titles;
  std::string title = told.rule;
  if (o["titles"].get(titles) == simdjson::SUCCESS && !Text(titles, lang_).empty()) title = Text(titles, lang_);
  if (const std::string step = Text(o, "step"); !step.empty()) title += " / " + step;
  if (const std::string why = Text(o, "why"); !why.empty())
    title += " (" + why + (told.feed.empty() ? "" : ": " + told.feed) + ")";
  if (const std::string cause = Text(o, "cause"); !cause.empty()) title += " (" + cause + ")";
  if (const std::string amended = Text(o, "amended_to"); !amended.empty()) title += " (to " + amended + ")";
  print_("  " + Clock(told.instant) + "  " + Padded(told.state, 10) + Padded(Text(o, "severity"), 9) + Padded(told.site, 7) +
         told.id.substr(0, 8) + "  " + title);
}

// How things stand, once each simulated hour.
void DemoScreen::ShowHour(std::int64_t clock_ms) {
  const std::int64_t hour = clock_ms / kHour * kHour;
  if (hour_ == 0) hour_ = hour;
  if (hour <= hour_) return;
  hour_ = hour;
  std::string text = (zh() ? "-- 模拟时间 " : "-- simulated ") + Clock(hour) + (zh() ? "，未读记录 " : ", lag ") +
                     std::to_string(lag_()) + (zh() ? "" : " records");
  const auto adherence = ByGroup(kAdherence);
  if (!adherence.empty()) text += zh() ? "；1小时内用药：" : "; antimicrobial within 1 hour:";
  for (const auto& [group, share] : adherence)
    text += " " + (group.empty() ? "" : group.front()) + " " + std::to_string(share.pass) + "/" + std::to_string(share.n);
  print_(text);
}

void DemoScreen::KeepMeasure(std::string_view line) {
  dom::parser parser;
  dom::object o, fields;
  if (parser.parse(simdjson::padded_string(line)).get(o) != simdjson::SUCCESS || Text(o, "type") != "window") return;
  Group group;
  if (o["group"].get(fields) == simdjson::SUCCESS) {
    for (const auto field : fields) {
      std::string_view value;
      if (field.value.get(value) == simdjson::SUCCESS) group.emplace_back(value);
    }
  }
  Share& share = measures_[Text(o, "measure")][{Number(o, "start"), group}];
  share.pass = Number(o, "pass");
  share.n = Number(o, "n");
  if (o["final"].get(share.is_final) != simdjson::SUCCESS) share.is_final = false;
}

std::map<DemoScreen::Group, DemoScreen::Share> DemoScreen::ByGroup(const std::string& measure) const {
  std::map<Group, Share> out;
  const auto windows = measures_.find(measure);
  if (windows == measures_.end()) return out;
  for (const auto& [key, share] : windows->second) {
    out[key.second].pass += share.pass;
    out[key.second].n += share.n;
  }
  return out;
}

void DemoScreen::ShowOne(const std::string& measure, const std::string& name, const std::string& what, const std::string& unit) {
  Share one, others;
  bool lowest = true;
  std::size_t units = 0;
  const auto groups = ByGroup(measure);
  for (const auto& [group, share] : groups) {
    if (!group.empty() && group.back() == name) one = share;
  }
  for (const auto& [group, share] : groups) {
    if (group.empty() || share.n == 0) continue;
    ++units;
    if (group.back() == name) continue;
    others.pass += share.pass;
    others.n += share.n;
    lowest = lowest && share.Percent() > one.Percent();
  }
  std::string text = "  " + Padded(name + " " + what, 42);
  if (one.n == 0) return print_(text + (zh() ? "没有病例" : "not found: it had no case"));
  text += one.Text() + (zh() ? (lowest ? "，最低，" : "，并非最低，") : (lowest ? ", the lowest of " : ", NOT the lowest of ")) +
          std::to_string(units) + " " + unit + (zh() ? "；其余 " : "; the others ") + others.Text();
  print_(text);
}

void DemoScreen::ShowSilent(const generator::Planted& planted) {
  const std::string feed = planted.silent_site + "/" + planted.silent_source;
  std::set<std::string> unknown, settled;
  for (const Told& t : told_) {
    if (t.state == "unknown" && t.feed == feed) unknown.insert(t.id);
    if (t.state != "unknown" && unknown.contains(t.id)) settled.insert(t.id);
  }
  print_("  " + Padded(feed + (zh() ? " 静默" : " fell silent"), 42) + Clock(planted.silent_from).substr(6) + "-" +
         Clock(planted.silent_to).substr(6) + ": " + std::to_string(unknown.size()) +
         (zh() ? " 个判定为无法判定，数据补到后已判定 " : " unknown meanwhile, settled when it was back: ") +
         std::to_string(settled.size()));
}

void DemoScreen::ShowFound(const generator::Planted& planted) {
  print_(zh() ? "\n所植入的与所发现的" : "\nWhat was planted, and what was found");
  ShowOne(kAdherenceByClinician, planted.late_clinician, zh() ? "常误时限" : "misses deadlines", zh() ? "位医生" : "clinicians");
  ShowOne(kQcWithinLimits, planted.drifting_device, zh() ? "漂移" : "drifts: controls in limits", zh() ? "台仪器" : "meters");
  ShowSilent(planted);
}

void DemoScreen::ShowEnd(const generator::Planted& planted, const std::string& folder) {
  const std::scoped_lock lock(mutex_);
  std::string text = zh() ? "\n警报变化：" : "\nAlert changes: ";
  for (const auto& [state, n] : states_) text += std::to_string(n) + " " + state + "  ";
  if (not_shown_ > 0)
    text += zh() ? "（每种只显示前" + std::to_string(kMostOfAKind) + "条，全部见 " + folder + "/alerts.jsonl）"
                 : "(the first " + std::to_string(kMostOfAKind) + " of a kind are shown above; all are in " + folder +
                       "/alerts.jsonl)";
  print_(text);
  print_(zh() ? "\n指标（截至目前）" : "\nMeasures, as of now (cases whose time is not up are not counted yet)");
  for (const auto& [measure, windows] : measures_) {
    if (measure == kAdherenceByClinician || measure == kQcWithinLimits) continue;  // below
    for (const auto& [group, share] : ByGroup(measure)) {
      std::string name = measure;
      for (const std::string& value : group) name += " " + value;
      print_("  " + Padded(name, 44) + share.Text());
    }
  }
  ShowFound(planted);
  const auto firing = std::find_if(told_.begin(), told_.end(),
                                   [](const Told& t) { return t.state == "firing" && t.rule == "antimicrobial-within-1h"; });
  print_(zh() ? "\n接下来" : "\nWhat next");
  if (firing != told_.end())
    print_("  plumbline explain " + firing->id.substr(0, 8) + " --config " + folder + "/site.yaml" + (zh() ? " --lang zh" : ""));
  print_("  plumbline replay --config " + folder + "/site.yaml --import");
}

}  // namespace plumbline::app
