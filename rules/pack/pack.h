// Rule packs: YAML files that people of a quality department write, to the compiled rules that the engine runs. The language is
// described in rules/README.md. All mistakes of a pack are shown at once, as compilers show them; a pack with a mistake gives
// nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "config/site.h"
#include "engine/base/error.h"
#include "engine/rule/rule_set.h"
#include "rules/stream/value_sets.h"

namespace plumbline::rules {

// An event of a pack's own test.
struct TestEvent {
  std::int64_t at_ms = 0;  // event time; of one day
  std::int64_t arrives_ms = 0;
  std::string type;  // Device, Consultation, Diagnosis
  std::string system, code;
  std::string id;
  std::string value, unit;  // empty: none
  std::string action, certainty, encounter, site, patient, clinician;
  std::string instrument;                     // the device
  std::string qc_material, qc_level, qc_run;  // of a control sample
  std::uint32_t version = 1;
  bool withdrawn = false;
  config::Mark mark;
};

struct TestExpectation {
  std::int64_t at_ms = -1;  // -1: not stated
  std::string alert;        // firing, resolved, retracted, unknown, pass, excluded, amended
  std::string of;           // id of the anchor; empty: any
  config::Mark mark;
};

struct RuleTest {
  std::string rule;  // id
  std::string name;
  std::vector<TestEvent> given;
  std::vector<TestExpectation> expect;
  std::vector<std::pair<std::string, std::string>> finals;  // anchor id, verdict
  config::Mark mark;
};

struct PackInfo {
  std::string file, id, version, title_en, title_zh;
  std::string source_document, source_edition, source_effective, source_status;
  std::vector<std::string> rule_ids;
  Digest digest{};  // of the file's bytes
};

struct Packs {
  std::vector<PackInfo> packs;
  std::shared_ptr<const rule::RuleSet> rules;
  std::vector<RuleTest> tests;
};

struct PackOptions {
  // Declared feeds by position; rules name a feed by "site/source" or by source alone (every site's).
  std::vector<std::string> feeds;
  bool include_drafts = false;
};

// kConfig with all mistakes of all files; kNotFound, kIo.
[[nodiscard]] Result<Packs> LoadPacks(const std::vector<std::string>& files, const PackOptions& options);
struct PackText {
  std::string file, text;
};
// The same of documents that are in memory.
[[nodiscard]] Result<Packs> ReadPacks(const std::vector<PackText>& texts, const PackOptions& options);
// One document.
[[nodiscard]] Result<Packs> ReadPack(const std::string& file, const std::string& text, const PackOptions& options);

// What a rule costs in memory: bytes of a subject for each kept event, and how long the longest kept are.
struct Cost {
  std::size_t bytes_an_event = 0;
  bool payload = false;      // and the event's own bytes
  rule::TimeMs keep_ms = 0;  // kForever: for ever
};
[[nodiscard]] Cost CostOf(const rule::Rule& rule);
[[nodiscard]] std::string CostText(const rule::Rule& rule);

}  // namespace plumbline::rules
