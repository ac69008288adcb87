#include "tests/run/scenario_text.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace plumbline::oracle {
namespace {

std::int64_t Seconds(const std::string& text) {
  int h = 0, m = 0, s = 0;
  if (std::sscanf(text.c_str(), "%d:%d:%d", &h, &m, &s) < 2) throw std::runtime_error("no time of day: " + text);
  return h * 3600 + m * 60 + s;
}

std::vector<std::string> Words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string w; in >> w;) out.push_back(w);
  return out;
}

std::string Join(const std::vector<std::string>& words, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < words.size(); ++i) out += (i > from ? " " : "") + words[i];
  return out;
}

Record ReadRecord(const std::vector<std::string>& w) {
  Record r;
  r.arr = r.ev = Seconds(w[0]);
  r.topic = w[1] == "device" ? 0 : w[1] == "consultation" ? 1 : 2;
  r.id = w[2];
  for (std::size_t i = 3; i < w.size(); ++i) {
    const std::string& x = w[i];
    if (x[0] == 'v' && x.size() > 1 && std::isdigit(static_cast<unsigned char>(x[1])) != 0) {
      r.ver = std::stoi(x.substr(1));
    } else if (x == "withdrawn") {
      r.withdrawn = true;
    } else if (x.starts_with("ev=")) {
      r.ev = Seconds(x.substr(3));
    } else if (x.starts_with("seq=")) {
      r.seq = std::stoi(x.substr(4));
    } else if (std::isdigit(static_cast<unsigned char>(x[0])) != 0) {
      r.value = std::stod(x);
    } else {
      r.code = x;
    }
  }
  return r;
}

}  // namespace

void Scenario::Line(const std::string& text) {
  const std::vector<std::string> w = Words(text);
  if (w[0] == "rule") {
    rule = w[1];
    spec = NamedRule(rule);
    for (std::size_t i = 2; i < w.size(); ++i) {
      const std::size_t eq = w[i].find('=');
      const std::string key = w[i].substr(0, eq), value = w[i].substr(eq + 1);
      if (key == "grace") spec.grace = std::stoll(value);
      if (key == "lateness") spec.lateness = std::stoll(value);
      if (key == "feed") spec.feed = value;
    }
  } else if (w[0] == "feed") {
    timeouts[w[1]] = std::stoll(w[2]);
  } else if (w[0] == "beat" && w.size() == 4) {
    beats.push_back({Seconds(w[2]), w[1], Seconds(w[3])});
  } else if (w[0] == "beat") {
    const std::size_t dots = w[2].find("..");
    const std::int64_t a = Seconds(w[2].substr(0, dots)), b = Seconds(w[2].substr(dots + 2)), every = std::stoll(w[4]);
    for (std::int64_t t = a; t <= b; t += every) beats.push_back({t, w[1], t});
  } else if (w[0] == "stop") {
    stop = {Seconds(w[1]), Seconds(w[3])};
  } else if (w[0] == "end") {
    end = Seconds(w[1]);
  } else if (w[0] == "told") {
    told.push_back(Join(w, 1));
  } else if (w[0] == "final") {
    final[w[1]] = Join(w, 2);
  } else if (w[0] == "count") {
    counts[w[1]] = std::stoll(w[2]);
  } else {
    records.push_back(ReadRecord(w));
  }
}

std::vector<Scenario> ReadScenarios(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::vector<Scenario> out;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with("//")) continue;
    if (line.starts_with("# ")) {
      out.emplace_back().title = line.substr(2);
    } else {
      out.back().Line(line);
    }
  }
  for (Scenario& s : out) {
    std::stable_sort(s.beats.begin(), s.beats.end(), [](const BeatRecord& a, const BeatRecord& b) { return a.arr < b.arr; });
  }
  return out;
}

}  // namespace plumbline::oracle
