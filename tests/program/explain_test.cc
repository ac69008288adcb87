// `plumbline explain` from end to end: the program runs over records, and says why it told what it told.
#include <simdjson.h>

#include <catch2/catch.hpp>

#include "engine/io/murmur2.h"
#include "tests/program/installation.h"

namespace plumbline::program {
namespace {

constexpr std::int64_t kMinute = 60'000, kHour = 60 * kMinute;
constexpr int kFindings = 1, kUsage = 2;

constexpr std::string_view kPack = R"(pack: shock
version: 1.0.0
title: {en: Shock, zh: 休克}
source: {document: "Guideline of the test", edition: "2026", effective: 2026-01-01}
valuesets:
  Shock: ["http://hl7.org/fhir/sid/icd-10-cm|R65.21"]
  Antimicrobial: ["http://www.whocc.no/atc|J01"]
  SpO2: ["http://loinc.org|59408-5"]
rules:
  - id: antimicrobial-within-1h
    revision: 3
    kind: pathway
    severity: critical
    title: {en: Antimicrobial within 1 hour, zh: 1小时内使用抗菌药}
    clause: "Chapter 7, sentence 3"
    define:
      A drug was ordered: 'exists [Consultation: "Antimicrobial"]'
    when: '[Diagnosis: "Shock"] D'
    expect: "[Consultation: \"Antimicrobial\"] A where A.action = 'administered'"
    within: 1 hour
    unless: 'not "A drug was ordered" and false'
    lateness: 30 minutes
  - id: low-saturation
    kind: check
    title: {en: SpO2 below 90 %, zh: 血氧饱和度低于90%}
    on: '[Device: "SpO2"] S'
    must: "S.value >= 90 '%'"
    consecutive: 2
    lateness: 15 minutes
)";

model::Event Diagnosis(std::string_view id, std::string_view patient, std::int64_t time_ms) {
  model::Event e;
  e.kind = model::EventKind::kDiagnosis;
  e.time = time_ms;
  e.id = id;
  e.patient = patient;
  e.site = "north";
  e.source = "his";
  e.code = {"http://hl7.org/fhir/sid/icd-10-cm", "R65.21", ""};
  return e;
}

model::Event Given(std::string_view id, std::string_view patient, std::int64_t time_ms,
                   model::Action action = model::Action::kAdministered) {
  model::Event e = Diagnosis(id, patient, time_ms);
  e.kind = model::EventKind::kConsultation;
  e.code = {"http://www.whocc.no/atc", "J01DH02", ""};
  e.action = action;
  return e;
}

// Three patients: one is given it 12 minutes late, one in time but charted after the alert, one never, though it is ordered. And
// a low saturation.
class Told {
 public:
  Told() {
    site_.WritePack(kPack);
    Put(2, Diagnosis("dia-late", "late", kNoon), kNoon);
    Put(2, Diagnosis("dia-charted", "charted", kNoon + 1000), kNoon + 1000);
    Put(2, Diagnosis("dia-never", "never", kNoon + 2000), kNoon + 2000);
    Put(0, Saturation("spo2-1", "low", "85", kNoon), kNoon);
    Put(0, Saturation("spo2-2", "low", "83.5", kNoon + kMinute), kNoon + kMinute);
    Put(0, Saturation("spo2-3", "low", "97", kNoon + 2 * kMinute), kNoon + 2 * kMinute);
    Put(1, Given("drug-ordered", "never", kNoon + 20 * kMinute, model::Action::kOrdered), kNoon + 20 * kMinute);
    Run({});
    // People are told that it has not been given; so a run ends between the deadline and what is charted after it.
    for (std::size_t topic = 0; topic < 3; ++topic) {
      for (std::uint32_t partition = 0; partition < Installation::kPartitions; ++partition) Beat(topic, partition);
    }
    Run({});
    Put(1, Given("drug-late", "late", kNoon + 72 * kMinute), kNoon + 73 * kMinute);
    Put(1, Given("drug-charted", "charted", kNoon + 40 * kMinute), kNoon + 75 * kMinute);
    Run({"--close"});
    for (const auto& line : site_.ReadLog("plumbline.out.alerts")) {
      const std::size_t at = line.value.find("\"anchor\":\"");
      if (at == std::string::npos) continue;
      const std::string anchor = line.value.substr(at + 10, line.value.find('"', at + 10) - at - 10);
      ids_.emplace(anchor, line.key);
    }
  }

  [[nodiscard]] std::string Id(const std::string& anchor) const {
    INFO(anchor);
    REQUIRE(ids_.contains(anchor));
    return ids_.at(anchor);
  }
  [[nodiscard]] test::Output Explain(const std::string& id, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"explain", id, "--config", site_.config()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return site_.Run(arguments);
  }
  [[nodiscard]] const Installation& site() const { return site_; }

 private:
  void Put(std::size_t topic, const model::Event& e, std::int64_t arrival_ms) const {
    model::Encoder encoder;
    site_.Append(topic, io::PartitionOfKey(AsBytes(e.patient), Installation::kPartitions), arrival_ms, e.patient,
                 encoder.FlatBuffers(e), model::kFlatBuffersContentType);
  }
  // Moves the topic's clock in this partition.
  void Beat(std::size_t topic, std::uint32_t partition) const {
    model::Encoder encoder;
    model::Event e;
    e.kind = model::EventKind::kHeartbeat;
    e.time = kNoon + 61 * kMinute;
    e.site = "north";
    e.source = topic == 0 ? "monitors" : "his";
    site_.Append(topic, partition, kNoon + 62 * kMinute, "", encoder.FlatBuffers(e), model::kFlatBuffersContentType);
  }
  void Run(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"run", "--config", site_.config(), "--import", "--until-end", "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto ran = site_.Run(arguments);
    INFO(ran.text);
    REQUIRE(ran.exit_code == 0);
  }

  Installation site_;
  std::map<std::string, std::string> ids_;  // by anchor
};

const Told& TheTold() {
  static const Told told;
  return told;
}

void RequireAll(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) CHECK_THAT(text, Catch::Contains(part));
}

}  // namespace

TEST_CASE("explain shows the rule, the events, what was expected by when, what was missing and the whole life of an alert") {
  const Told& told = TheTold();
  SECTION("in English") {
    const auto shown = told.Explain(told.Id("dia-late"));
    CHECK(shown.exit_code == 0);
    RequireAll(shown.text,
               {"Antimicrobial within 1 hour\n", "antimicrobial-within-1h, revision 3, pack shock",
                "Guideline of the test, edition 2026", "Chapter 7, sentence 3", "(critical)", "A where A.action = 'administered'",
                "within 1 h, that is by 2026-01-31T13:00:00Z", " ago)", "2026-01-31T12:00:00Z", "R65.21  [dia-late,",
                "A drug was ordered = false", "it was done at 2026-01-31T13:12:00Z, 12 min too late.",
                "Doing it 12 min earlier would have passed.", "1 firing, instant 2026-01-31T13:00:00Z",
                "2 resolved, instant 2026-01-31T13:12:00Z, cause: answered"});
  }
  SECTION("in Chinese, named by its first letters") {
    const auto shown = told.Explain(told.Id("dia-late").substr(0, 8), {"--lang", "zh"});
    CHECK(shown.exit_code == 0);
    RequireAll(shown.text, {"1小时内使用抗菌药\n", "版本 3", "规则包 shock", "Guideline of the test，版次 2026",
                            "1小时内，最晚 2026-01-31T13:00:00Z", "前）", "晚了12分钟", "提前12分钟完成即可通过", "1 触发",
                            "2 解除", "原因：已完成"});
  }
  SECTION("what charting in time took back") {
    const auto shown = told.Explain(told.Id("dia-charted"));
    CHECK(shown.exit_code == 0);
    RequireAll(shown.text, {"1 firing", "2 retracted", "takes back 1", "evidence that arrived in time has overturned it since."});
  }
  SECTION("what was never done") {
    const auto shown = told.Explain(told.Id("dia-never"));
    RequireAll(shown.text, {"Nothing that answers it is on record up to 2026-01-31T13:00:02Z.", "Doing it at or before",
                            "A drug was ordered = true"});
    // Fair to who reads it: what was seen of the drug is its order, not a dose.
    CHECK_THAT(shown.text, Catch::Contains("J01DH02  ordered  [drug-ordered"));
    const auto chinese = told.Explain(told.Id("dia-never"), {"--lang", "zh"});
    CHECK_THAT(chinese.text, Catch::Contains("J01DH02  已下医嘱  [drug-ordered"));
  }
  SECTION("a check shows the values of its run") {
    const auto shown = told.Explain(told.Id("spo2-1"), {"--records", "--import"});
    CHECK(shown.exit_code == 0);
    RequireAll(shown.text, {"85 %  [spo2-1,", "83.5 %  [spo2-2,", "judged at 2026-01-31T12:01:00Z", "must = false",
                            "S.value >= 90 '%'", "offset 0, content as judged"});
  }
}

TEST_CASE("explain --json says the same to a machine") {
  const Told& told = TheTold();
  const auto shown = told.Explain(told.Id("dia-late"), {"--json"});
  CHECK(shown.exit_code == 0);
  simdjson::dom::parser parser;
  simdjson::dom::object o;
  REQUIRE(parser.parse(shown.text).get(o) == simdjson::SUCCESS);
  const auto text = [&o](const char* name) { return std::string(std::string_view(o[name])); };
  CHECK(text("alert") == told.Id("dia-late"));
  CHECK(text("due") == "2026-01-31T13:00:00.000Z");
  CHECK(text("clause") == "Chapter 7, sentence 3");
  CHECK(std::int64_t(o["due_ago_ms"]) > 0);
  CHECK(std::int64_t(o["within_ms"]) == kHour);
  CHECK(o["history"].get_array().size() == 2);
  CHECK(o["events"].get_array().size() == 1);
  CHECK(std::string_view(o["missing"]["zh"]).find("晚了12分钟") != std::string_view::npos);
}

TEST_CASE("explain of an id that is not there shows the nearest that are, and exit code 1") {
  const Told& told = TheTold();
  const std::string id = told.Id("dia-late");
  SECTION("one letter is wrong") {
    std::string wrong = id.substr(0, 10);
    wrong[4] = wrong[4] == '0' ? '1' : '0';
    const auto shown = told.Explain(wrong);
    CHECK(shown.exit_code == kFindings);
    RequireAll(shown.text, {"the alerts log has no alert \"" + wrong + "\"; did you mean\n  " + id,
                            "antimicrobial-within-1h, north, resolved"});
  }
  SECTION("nothing is near") {
    const auto shown = told.Explain("zzzzzzzz");
    CHECK(shown.exit_code == kFindings);
    RequireAll(shown.text, {"the last ones told are\n  ", "and 1 more"});
  }
  SECTION("too few letters is a wrong use") {
    const auto shown = told.Explain(id.substr(0, 3));
    CHECK(shown.exit_code == kUsage);
    RequireAll(shown.text, {"at least its first six letters"});
  }
}

TEST_CASE("explain where nothing was told asks whether the configuration is the right one") {
  const Installation site;
  site.AppendValues(1, 3);  // none of them is low
  REQUIRE(site.Import().exit_code == 0);
  const auto shown = site.Run({"explain", "abcdef", "--config", site.config()});
  CHECK(shown.exit_code == kFindings);
  RequireAll(shown.text, {"the alerts log is empty", "the configuration that was run?"});
}

}  // namespace plumbline::program
