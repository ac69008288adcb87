#include "tests/run/history_checker.h"

#include <simdjson.h>

namespace plumbline::oracle {
namespace {

std::string Text(const simdjson::dom::object& o, std::string_view name) {
  std::string_view text;
  return o[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::uint64_t Number(const simdjson::dom::object& o, std::string_view name) {
  std::uint64_t n = 0;
  return o[name].get(n) == simdjson::SUCCESS ? n : 0;
}

}  // namespace

void HistoryChecker::Complain(const std::string& why, std::string_view line) {
  complaints_.push_back(why + ": " + std::string(line.substr(0, 300)));
}

void HistoryChecker::Follow(Alert& alert, std::string_view state, std::uint64_t retracts, std::string_view line) {
  const std::string was = alert.state;
  const bool stands = was == "firing" || was == "unknown";
  if (state == "firing" || state == "unknown") {
    if (was == state) Complain("told twice without an end between", line);
    alert.shown = alert.transitions;
  } else if (state == "resolved") {
    if (was != "firing" && was != "superseded") Complain("resolved after " + was, line);
  } else if (state == "superseded") {
    if (was != "firing") Complain("superseded after " + was, line);
  } else if (state == "retracted") {
    if (!stands && was != "resolved" && was != "superseded" && was != "amended") Complain("retracted after " + was, line);
    const std::uint64_t wanted = was == "amended" ? alert.transitions - 1 : alert.shown;
    if (retracts != wanted) Complain("it retracts " + std::to_string(retracts) + ", " + std::to_string(wanted) + " stands", line);
  } else if (state == "amended") {
    alert.shown = alert.transitions;
  }
  alert.state = state;
}

void HistoryChecker::Add(std::string_view line) {
  simdjson::dom::parser parser;
  simdjson::dom::object o;
  if (parser.parse(line.data(), line.size()).get(o) != simdjson::SUCCESS) return Complain("no JSON object", line);
  const std::string id = Text(o, "id"), state = Text(o, "state"), chain = Text(o, "chain"), supersedes = Text(o, "supersedes");
  const bool fresh = !alerts_.contains(id);
  Alert& alert = alerts_[id];
  if (const std::uint64_t handling = Number(o, "handling"); handling > 0) {
    if (fresh) Complain("handled before it was told", line);
    return;
  }
  if (Number(o, "transition") != ++alert.transitions) Complain("transition " + std::to_string(alert.transitions) + " expected", line);
  if (!supersedes.empty()) {
    const auto old = alerts_.find(supersedes);
    if (old == alerts_.end()) {
      Complain("it supersedes an alert that was never told", line);
    } else if (old->second.state != "retracted" && old->second.state != "superseded") {
      Complain("it supersedes an alert that is " + old->second.state, line);
    } else if (old->second.chain != chain) {
      Complain("its chain is not that of the alert that it supersedes", line);
    }
  }
  if (fresh && supersedes.empty() && chain != id) Complain("its chain has another beginning", line);
  alert.chain = chain;
  Follow(alert, state, Number(o, "retracts"), line);
}

}  // namespace plumbline::oracle
