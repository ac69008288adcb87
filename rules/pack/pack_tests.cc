// The tests that a pack carries with its rules.
#include <array>

#include "rules/pack/pack_internal.h"

namespace plumbline::rules {

using config::MapReader;
using config::Node;

namespace {

// "HH:MM:SS", "HH:MM", with days in front as "2d 01:00:00"; kUnset when it is no time.
std::int64_t TimeOfDay(MapReader& map, std::string_view key, std::int64_t fallback) {
  const Node* node = map.Optional(key);
  if (node == nullptr) return fallback;
  const std::string text = map.Text(key);
  int days = 0, h = 0, m = 0, s = 0, used = 0;
  const char* at = text.c_str();
  if (std::sscanf(at, "%dd %n", &days, &used) != 1 || used == 0) days = used = 0;
  at += used;
  int end = 0;
  if (std::sscanf(at, "%d:%d:%d%n", &h, &m, &s, &end) != 3 && std::sscanf(at, "%d:%d%n", &h, &m, &end) != 2) {
    map.Wrong(*node, "\"" + text + "\" is no time of day", "HH:MM:SS");
    return fallback;
  }
  return ((static_cast<std::int64_t>(days) * 24 + h) * 60 + m) * 60'000 + static_cast<std::int64_t>(s) * 1000;
}

// "icd-10-cm|R65.21" for the system of a value set of the pack whose url ends so.
void ReadCode(MapReader& map, const Node& node, const std::string& text, const ValueSets& sets, TestEvent& event) {
  const std::size_t bar = text.rfind('|');
  if (bar == std::string::npos) {
    map.Wrong(node, "\"" + text + "\" is no code", "system|code");
    return;
  }
  event.code = text.substr(bar + 1);
  event.system = text.substr(0, bar);
  if (event.system.find("://") != std::string::npos) return;
  for (const auto& [name, set] : sets.all()) {
    for (const ValueSet::Member& m : set->members()) {
      if (m.system.ends_with("/" + event.system) || m.system == event.system) {
        event.system = m.system;
        return;
      }
    }
  }
  map.Wrong(node, "no value set of this pack has a code system that ends in \"" + event.system + "\"", "the system's whole url");
}

TestEvent ReadEvent(const Node& node, const ValueSets& sets, std::size_t number, config::Diagnostics& diagnostics) {
  MapReader map(node, "an event", diagnostics);
  TestEvent e;
  e.mark = node.mark;
  (void)map.Require("at");
  e.at_ms = TimeOfDay(map, "at", 0);
  e.arrives_ms = TimeOfDay(map, "arrives", e.at_ms);
  for (const auto& [key, type] :
       {std::pair("device", "Device"), std::pair("consultation", "Consultation"), std::pair("diagnosis", "Diagnosis")}) {
    if (const Node* code = map.Optional(key)) {
      e.type = type;
      ReadCode(map, *code, map.Text(key), sets, e);
    }
  }
  if (e.type.empty())
    map.Wrong(node, "an event is a device value, a consultation or a diagnosis", "device:, consultation: or diagnosis:");
  e.id = map.Text("id", "e" + std::to_string(number));
  if (const Node* value = map.Optional("value")) {
    if (const auto d = config::DecimalOf(*value, "a value", diagnostics)) e.value = d->ToText();
  }
  e.unit = map.Text("unit", "1");
  e.action = map.Text("action", "");
  e.certainty = map.Text("certainty", "");
  e.instrument = map.Text("instrument", "");
  if (const Node* qc = map.Optional("qc")) {
    MapReader sample(*qc, "a control sample", diagnostics);
    e.qc_material = sample.Text("material");
    e.qc_level = sample.Text("level", "");
    e.qc_run = sample.Text("run", "");
    sample.Finish();
  }
  // A control sample is nobody's.
  e.encounter = map.Text("encounter", e.qc_material.empty() ? "encounter-1" : "");
  e.patient = map.Text("patient", e.qc_material.empty() ? "patient-1" : "");
  e.site = map.Text("site", "site-1");
  e.clinician = map.Text("clinician", "");
  e.version = static_cast<std::uint32_t>(map.Whole("version", 1, 1, 1'000'000));
  e.withdrawn = map.Flag("withdrawn", false);
  map.Finish();
  return e;
}

}  // namespace

void PackReader::ReadTests(const Node& node, const std::string& rule) {
  for (const Node& item : node.items) {
    MapReader map(item, "a test", diagnostics);
    RuleTest test;
    test.rule = rule;
    test.mark = item.mark;
    test.name = map.Text("name");
    for (const Node& event : map.Items("given")) test.given.push_back(ReadEvent(event, *sets, test.given.size(), diagnostics));
    (void)map.Require("expect");
    for (const Node& expected : map.Items("expect")) {
      MapReader e(expected, "an expectation", diagnostics);
      TestExpectation x;
      x.mark = expected.mark;
      x.at_ms = TimeOfDay(e, "at", -1);
      static constexpr std::array<std::string_view, 8> kStates = {"firing", "resolved", "retracted", "unknown",
                                                                  "pass",   "excluded", "amended",   "superseded"};
      x.alert = kStates[e.OneOf("alert", 0, kStates)];
      x.of = e.Text("of", "");
      e.Finish();
      test.expect.push_back(std::move(x));
    }
    if (const Node* finals = map.Optional("final")) {
      for (const Node::Entry& entry : finals->entries) test.finals.emplace_back(entry.key, entry.value.text);
    }
    map.Finish();
    tests->push_back(std::move(test));
  }
}

}  // namespace plumbline::rules
