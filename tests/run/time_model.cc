#include "tests/run/time_model.h"

#include <algorithm>
#include <tuple>

namespace plumbline::oracle {

RuleSpec NamedRule(const std::string& name) {
  RuleSpec r;
  if (name == "shock") {
    r.code = "shock";
    r.answer = "antimicrobial";
    r.unless = "comfort";
    return r;
  }
  r.pathway = false;
  if (name == "desaturation") {
    r.code = "SpO2";
    r.below = 88;
    r.hold = 600;
    r.carry = 300;
  } else if (name == "held-cleared") {
    r.code = "SpO2";
    r.below = 88;
    r.hold = 300;
    r.carry = 900;
    r.clear = 600;
  } else {
    r.code = "MAP";
    r.below = 65;
    r.count = 2;
    if (name == "counted-cleared") r.clear = 900;
  }
  return r;
}

std::string Hms(std::int64_t t) {
  char text[64];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d", static_cast<int>(t / 3600), static_cast<int>(t % 3600 / 60),
                static_cast<int>(t % 60));
  return text;
}

Model::Model(RuleSpec rule, std::map<std::string, std::int64_t> timeouts)
    : rule_(std::move(rule)), timeouts_(std::move(timeouts)) {
  for (const char* name : {"duplicates", "conflicts", "outdated", "skew"}) counts[name] = 0;
}

std::int64_t Model::clock() const { return std::min({clocks[0], clocks[1], clocks[2]}); }

Model::Events Model::Current(std::optional<std::int64_t> until) const {
  std::map<std::string, Record> best;
  for (const Record& r : records_) {
    if (until && r.arr > *until) continue;
    const auto it = best.find(r.id);
    if (it == best.end() || r.ver > it->second.ver) best[r.id] = r;
  }
  Events out;
  for (const auto& [id, r] : best) {
    if (!r.withdrawn) out.push_back(r);
  }
  std::sort(out.begin(), out.end(),
            [](const Record& a, const Record& b) { return std::tie(a.ev, a.seq, a.id) < std::tie(b.ev, b.seq, b.id); });
  return out;
}

bool Model::Complete(std::int64_t instant, std::optional<std::int64_t> until) const {
  if (!timeouts_.contains(rule_.feed)) return true;
  return std::any_of(beats_.begin(), beats_.end(),
                     [&](const BeatRecord& b) { return b.feed == rule_.feed && b.to >= instant && (!until || b.arr <= *until); });
}

bool Model::Silent(std::optional<std::int64_t> until) const {
  std::int64_t last = 0;
  for (const BeatRecord& b : beats_) {
    if (b.feed == rule_.feed && (!until || b.arr <= *until)) last = std::max(last, b.arr);
  }
  return clock() - last > timeouts_.at(rule_.feed);
}

std::optional<Verdict> Model::JudgePathway(const std::string& anchor, const Events& events,
                                           std::optional<std::int64_t> until) const {
  const auto trigger =
      std::find_if(events.begin(), events.end(), [&](const Record& e) { return e.id == anchor && e.code == rule_.code; });
  if (trigger == events.end()) return std::nullopt;
  const std::int64_t due = trigger->ev + rule_.within;
  std::optional<std::int64_t> answered;
  bool pass = false, excepted = false;
  for (const Record& e : events) {
    if (e.code == rule_.answer && e.ev >= trigger->ev - rule_.lookback) {
      pass = pass || e.ev <= due;
      if (!answered || e.ev < *answered) answered = e.ev;
    }
    excepted = excepted || (e.code == rule_.unless && e.ev <= due);
  }
  if (pass) return Verdict{"pass", due, {}};
  if (clock() <= due || (!answered && clock() <= due + rule_.grace)) return Verdict{"pending", due, {}};
  if (excepted) return Verdict{"excluded", due, {}};
  if (!rule_.feed.empty() && !Complete(due, until)) return Verdict{Silent(until) ? "unknown" : "pending", due, {}};
  return Verdict{"fail", due, answered};
}

std::optional<std::int64_t> Model::ClearedAt(const Events& values, std::size_t* next) const {
  const auto good = [&](const Record& e) { return *e.value >= rule_.below; };
  const auto gap = [&](std::int64_t a, std::int64_t b) { return rule_.carry > 0 && b - a > rule_.carry; };
  for (std::size_t s = *next; s < values.size(); ++s) {
    if (!good(values[s])) continue;
    const std::int64_t end = values[s].ev + rule_.clear;
    std::int64_t last = values[s].ev;
    bool clear = true;
    std::size_t k = s;
    for (; k < values.size() && values[k].ev <= end; ++k) {
      clear = clear && good(values[k]) && !gap(last, values[k].ev);
      last = values[k].ev;
    }
    if (!clear || gap(last, end)) continue;
    *next = k;
    return end;
  }
  *next = values.size();
  return std::nullopt;
}

std::vector<Model::RunOf> Model::Runs(const Events& events) const {
  Events values;
  for (const Record& e : events) {
    if (e.code == rule_.code) values.push_back(e);
  }
  const auto gap = [&](std::int64_t a, std::int64_t b) { return rule_.carry > 0 && b - a > rule_.carry; };
  const auto beyond = [&](const Record& e) { return *e.value < rule_.below; };
  std::vector<RunOf> out;
  for (std::size_t i = 0; i < values.size();) {
    if (!beyond(values[i])) {
      ++i;
      continue;
    }
    std::size_t j = i;
    while (j + 1 < values.size() && beyond(values[j + 1]) && !gap(values[j].ev, values[j + 1].ev)) ++j;
    const Record* after = j + 1 < values.size() ? &values[j + 1] : nullptr;
    std::optional<std::int64_t> fire;
    if (rule_.count > 0) {
      if (j - i + 1 >= static_cast<std::size_t>(rule_.count)) fire = values[i + static_cast<std::size_t>(rule_.count) - 1].ev;
    } else {
      fire = values[i].ev + rule_.hold;
      std::int64_t last = values[i].ev;
      for (std::size_t k = i; k <= j; ++k) {
        if (values[k].ev <= *fire) last = std::max(last, values[k].ev);
      }
      if ((after != nullptr && after->ev <= *fire) || gap(last, *fire)) fire.reset();
    }
    if (fire && rule_.clear > 0) {
      out.push_back({values[i].id, fire, {}});
      if (rule_.count > 0) i += static_cast<std::size_t>(rule_.count);
      while (rule_.count == 0 && i < values.size() && values[i].ev <= *fire) ++i;
      out.back().end = ClearedAt(values, &i);
      continue;
    }
    std::optional<std::int64_t> end;
    if (after != nullptr && !beyond(*after)) end = after->ev;
    out.push_back({values[i].id, fire, end});
    i = j + 1;
  }
  return out;
}

std::optional<Verdict> Model::Judge(const std::string& anchor, const Events& events, std::optional<std::int64_t> until) const {
  if (rule_.pathway) return JudgePathway(anchor, events, until);
  for (const RunOf& run : Runs(events)) {
    if (run.anchor != anchor || !run.fire) continue;
    std::int64_t seen = clock();
    for (const Record& e : events) seen = std::max(seen, e.ev);
    const bool held = rule_.hold == 0 || clock() > *run.fire || seen > *run.fire;
    std::optional<std::int64_t> end = run.end;
    if (end && rule_.clear > 0 && seen <= *end) end.reset();  // it would be clear then, if nothing else comes
    return held ? Verdict{"fail", *run.fire, end} : Verdict{"pending", *run.fire, {}};
  }
  return std::nullopt;
}

std::set<std::int64_t> Model::Candidates(const std::string& anchor) const {
  std::set<std::int64_t> out;
  if (rule_.pathway) {
    for (const Record& r : records_) {
      if (r.id == anchor && r.code == rule_.code) out.insert(r.ev + rule_.within);
    }
    return out;
  }
  for (const Record& cut : records_) {
    for (const RunOf& run : Runs(Current(cut.arr))) {
      if (run.anchor == anchor && run.fire) out.insert(*run.fire);
    }
  }
  return out;
}

void Model::Take(Record r) {
  const std::int64_t arr = std::max(r.arr, clocks[r.topic]);
  counts["skew"] += arr > r.arr;
  clocks[r.topic] = arr;
  const Record* twin = nullptr;
  bool newer = false;
  for (const Record& x : records_) {
    if (x.id != r.id) continue;
    if (x.ver == r.ver) twin = &x;
    newer = newer || x.ver > r.ver;
  }
  if (twin != nullptr) {
    const bool same = std::tie(twin->withdrawn, twin->ev, twin->code, twin->value, twin->seq) ==
                      std::tie(r.withdrawn, r.ev, r.code, r.value, r.seq);
    ++counts[same ? "duplicates" : "conflicts"];
  } else {
    counts["outdated"] += newer;
    r.arr = arr;
    records_.push_back(std::move(r));
  }
  Tell();
}

void Model::Tick(int topic, std::int64_t t) {
  if (t <= clocks[topic]) return;
  clocks[topic] = t;
  Tell();
}

void Model::Heartbeat(const std::string& feed, std::int64_t at, std::int64_t complete_to) {
  beats_.push_back({at, feed, complete_to});
  Tell();
}

namespace {

std::string StateOf(const std::optional<Verdict>& verdict, const std::optional<Verdict>& everything) {
  if (!verdict || verdict->kind == "pending") return "";
  const std::string now = everything ? everything->kind : "no case";
  if (verdict->kind == "fail") {
    if (now == "fail") return everything->answered ? "resolved" : "firing";
    return now == "no case" ? "withdrawn" : "late evidence";
  }
  if (now == "fail" || now == "no case" || (verdict->kind == "unknown" && (now == "pass" || now == "excluded")))
    return "amended to " + now;
  return verdict->kind;
}

}  // namespace

void Model::Tell() {
  std::set<std::string> anchors;
  for (const Record& r : records_) {
    if (r.code == rule_.code) anchors.insert(r.id);
  }
  for (const std::string& anchor : anchors) {
    const std::optional<Verdict> everything = Judge(anchor, Current({}), {});
    std::optional<Verdict> verdict;
    std::optional<std::int64_t> limit;
    bool late = false;
    for (const std::int64_t instant : Candidates(anchor)) {
      const std::int64_t until = instant + rule_.lateness;
      verdict = Judge(anchor, Current(until), until);
      if (verdict && verdict->instant == instant) {
        limit = until;
        late = false;
        break;
      }
      const bool no_trigger = !verdict;
      verdict.reset();
      if (!no_trigger || !rule_.pathway) continue;
      limit = until;
      late = true;
      if (std::any_of(records_.begin(), records_.end(), [&](const Record& r) { return r.id == anchor && r.arr <= until; })) {
        late = false;
        break;
      }
    }
    if (late) verdict = everything;
    if (limit && clock() > *limit) final[anchor] = late ? "late trigger" : verdict ? verdict->kind : "no case";
    Say(anchor, StateOf(verdict, everything), verdict, everything);
  }
}

void Model::Say(const std::string& anchor, const std::string& state, const std::optional<Verdict>& verdict,
                const std::optional<Verdict>& everything) {
  const std::string was = announced_[anchor];
  if (state == was) return;
  announced_[anchor] = state;
  const auto note = [&](const std::string& text) { told.push_back(anchor + " " + text); };
  if (state == "withdrawn" || state == "late evidence") {
    if (was == "firing") note("resolved (" + state + ")");
  } else if (state == "firing") {
    note("firing @" + Hms(verdict->instant));
  } else if (state == "resolved") {
    if (was != "firing") note("firing @" + Hms(verdict->instant));
    note("resolved @" + Hms(*everything->answered));
  } else if (state.starts_with("amended")) {
    note(state);
  } else if (was == "firing" || was == "resolved" || state.empty()) {
    note("retracted");
  } else {
    note(state + " @" + Hms(verdict->instant));
  }
}

}  // namespace plumbline::oracle
