// What is kept and for how long: corrections of old events, unbounded looks back, first instances of a period, and memory that
// does not grow with a patient who stays.
#include <catch2/catch.hpp>

#include "tests/checks/bench.h"
#include "tests/run/history_checker.h"

using namespace plumbline;
using namespace plumbline::oracle;

namespace {

const std::string kUnlessCopd = R"(
  - {id: answered, kind: pathway, when: '[Diagnosis: "Shock"] D', expect: '[Consultation: "Answer"] A', within: 1 hour,
     unless: 'exists [Diagnosis: "COPD"]'}
)";

void Monitored(Bench& bench, std::int64_t from, std::int64_t to) {
  for (std::int64_t t = from; t < to; t += kMinuteMs) bench.Take(Value("m" + std::to_string(t), "MAP", t, 80, "mm[Hg]"));
}

}  // namespace

TEST_CASE("an old diagnosis that is withdrawn amends the verdicts that rested on it (scenario 35)", "[scenario]") {
  Bench bench(PackOf({"Shock", "Answer", "COPD", "MAP"}, kUnlessCopd + R"(
  - {id: low, kind: check, on: '[Device: "MAP"] M', must: "M.value >= 65 'mm[Hg]'"}
)"));
  const model::Event copd = Diagnosis("C", "COPD", 0);
  bench.Take(copd);
  bench.TickAll(kDayMs);
  // Years later, within a stay with a monitor.
  const std::int64_t stay = 3000 * kDayMs;
  Monitored(bench, stay, stay + 2 * kHourMs);
  bench.Take(Diagnosis("D", "Shock", stay + 2 * kHourMs));
  Monitored(bench, stay + 2 * kHourMs, stay + 6 * kHourMs);
  bench.TickAll(stay + kDayMs);
  CHECK(bench.told.empty());  // excluded: nobody is told
  bench.Take(Withdrawn(copd), stay + 30 * kDayMs);
  bench.TickAll(stay + 31 * kDayMs);
  REQUIRE(bench.told == std::vector<std::string>{"amended answered 1 D"});
  CHECK(Bench::Field(bench.alerts[0], "amended_to") == "fail");
}

TEST_CASE("a patient who stays on a monitor costs no more memory for the diagnoses that are kept", "[memory]") {
  Bench bench(PackOf({"Shock", "Answer", "COPD", "MAP"}, kUnlessCopd + R"(
  - {id: low, kind: check, on: '[Device: "MAP"] M', must: "M.value >= 65 'mm[Hg]'", consecutive: 2}
)"));
  bench.Take(Diagnosis("C", "COPD", 0));
  std::size_t after_a_day = 0;
  for (int day = 0; day < 10; ++day) {
    for (std::int64_t t = day * kDayMs; t < (day + 1) * kDayMs; t += kMinuteMs) {
      bench.Take(Value("m" + std::to_string(t), "MAP", t, 80, "mm[Hg]"));
      bench.TickAll(t);
    }
    const std::size_t rows = bench.machines[0]->partition().FindSubject(HashText("p1"))->rows.size();
    if (day == 0) after_a_day = rows;
    CHECK(rows <= after_a_day + 10);
    CHECK(rows < 100);
  }
}

TEST_CASE("a verdict stands when the device values that it rested on are gone", "[memory]") {
  Bench bench(PackOf({"Shock", "Lactate", "MAP"}, R"(
  - {id: measured, kind: pathway, when: '[Diagnosis: "Shock"] D', expect: '[Device: "Lactate"] L', within: 1 hour, lookback: 1 hour}
  - {id: low, kind: check, on: '[Device: "MAP"] M', must: "M.value >= 65 'mm[Hg]'"}
)"));
  bench.Take(Value("L", "Lactate", 0, 2, "mmol/L"));
  bench.Take(Diagnosis("D", "Shock", 10 * kMinuteMs));
  Monitored(bench, 20 * kMinuteMs, 12 * kHourMs);
  bench.TickAll(12 * kHourMs);
  // Another one of the same patient: the rule is judged again, over rows of which the old lactate is gone.
  bench.Take(Diagnosis("E", "Shock", 12 * kHourMs));
  bench.Take(Value("L2", "Lactate", 12 * kHourMs + kMinuteMs, 2, "mmol/L"));
  bench.TickAll(20 * kHourMs);
  CHECK(bench.told.empty());
  CHECK(bench.machines[0]->partition().rule_counts(0).finals[static_cast<std::size_t>(rule::VerdictKind::kPass)] == 2);
}

TEST_CASE("the first instance of a period hides later ones as long as the period lasts", "[pathway]") {
  Bench bench(PackOf({"Shock", "Answer", "MAP"}, R"(
  - {id: first, kind: pathway, instances: first, period: 3 days, when: '[Diagnosis: "Shock"] D', expect: '[Consultation: "Answer"] A',
     within: 1 hour}
)"));
  bench.Take(Diagnosis("D1", "Shock", 0));
  bench.Take(Diagnosis("D2", "Shock", kDayMs));
  bench.Take(Diagnosis("D3", "Shock", 5 * kDayMs));  // more than the period after the last
  bench.TickAll(6 * kDayMs);
  CHECK(bench.told == std::vector<std::string>{"firing first 1 D1", "firing first 1 D3"});
}

TEST_CASE("a look-back to before the rule's data was kept gives unknown, later ones are judged", "[control]") {
  Bench bench(PackOf({"Shock", "Answer"}, R"(
  - {id: answered, kind: pathway, when: '[Diagnosis: "Shock"] D', expect: '[Consultation: "Answer"] A', within: 1 hour}
)"));
  bench.TickAll(0);
  // Nobody keeps lactates yet: this one is forgotten.
  bench.Take(Value("L", "Lactate", 50 * kMinuteMs, 2, "mmol/L"));
  bench.TickAll(60 * kMinuteMs);
  std::string json = "{\"command\":\"activate\",\"by\":\"li\",\"effective_from\":" + std::to_string(65 * kMinuteMs) +
                     ",\"pack\":{\"name\":\"bench.yaml\",\"text\":";
  model::AppendJsonText(json, PackOf({"Shock", "Answer", "Lactate"}, R"(
  - {id: answered, revision: 2, kind: pathway, when: '[Diagnosis: "Shock"] D', expect: '[Device: "Lactate"] L', within: 30 minutes,
     lookback: 1 hour}
)"));
  bench.Control(0, 60 * kMinuteMs, json + "}}");
  bench.Take(Diagnosis("D", "Shock", 70 * kMinuteMs));
  bench.Take(Diagnosis("E", "Shock", 180 * kMinuteMs, "p2"));
  bench.TickAll(4 * kHourMs);
  CHECK(bench.told == std::vector<std::string>{"unknown answered 2 D", "firing answered 2 E"});
  CHECK(Bench::Field(bench.alerts[0], "why") == "warming");
}

TEST_CASE("a revision never changes: an edition that says otherwise under the same number is refused", "[control]") {
  Bench bench(PackOf({"Shock", "Answer", "COPD"}, kUnlessCopd));
  bench.TickAll(0);
  std::string other = PackOf({"Shock", "Answer", "COPD"}, kUnlessCopd);
  other.replace(other.find("within: 1 hour"), 14, "within: 2 hours");
  std::string json =
      "{\"command\":\"activate\",\"by\":\"li\",\"effective_from\":3600000,\"pack\":{\"name\":\"bench.yaml\",\"text\":";
  model::AppendJsonText(json, other);
  bench.Control(0, 1000, json + "}}");
  REQUIRE(bench.audit.size() == 1);
  CHECK(bench.audit[0].find("\"answer\":\"refused\"") != std::string::npos);
  CHECK(bench.audit[0].find("a revision never changes") != std::string::npos);
  SECTION("a pack with a mistake never replaces a running one") {
    json = "{\"command\":\"activate\",\"by\":\"li\",\"effective_from\":3600000,\"pack\":{\"name\":\"bench.yaml\",\"text\":";
    other.replace(other.find("[Diagnosis: \"Shock\"]"), 20, "[Diagnosis: \"Shok\"] ");
    model::AppendJsonText(json, other);
    bench.Control(0, 2000, json + "}}");
    REQUIRE(bench.audit.size() == 2);
    CHECK(bench.audit[1].find("did you mean") != std::string::npos);
    bench.Take(Diagnosis("D", "Shock", 3'700'000));
    bench.TickAll(10'000'000);
    CHECK(bench.told == std::vector<std::string>{"firing answered 1 D"});
  }
}

TEST_CASE("control records that say nothing right are answered with what is wrong, and the stream goes on", "[control]") {
  Bench bench(PackOf({"Shock", "Answer", "COPD"}, kUnlessCopd));
  bench.TickAll(0);
  const std::string id(32, 'a');
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"{not json", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"{}", "\\\"command\\\" is missing"},
      {"{\"command\":\"acknowledge\"}", "acknowledge: \\\"by\\\" is missing"},
      {"{\"command\":\"acknowledge\",\"by\":\"li\"}", "\\\"alert\\\" is missing"},
      {"{\"command\":\"acknowledge\",\"by\":\"li\",\"alert\":\"xyz\"}", "is no alert's id"},
      {"{\"command\":\"acknowledge\",\"by\":\"li\",\"alert\":\"" + id + "\"}", "has no alert of this id"},
      {"{\"command\":\"comment\",\"by\":\"li\",\"alert\":\"" + id + "\"}", "\\\"text\\\" is missing"},
      {"{\"command\":\"silence\",\"by\":\"li\",\"rule\":\"answered\",\"text\":\"x\"}", "\\\"until\\\" is missing"},
      {"{\"command\":\"silence\",\"by\":\"li\",\"rule\":\"answered\",\"text\":\"x\",\"until\":\"noon\"}", "is no time: noon"},
      {"{\"command\":\"silence\",\"by\":\"li\",\"rule\":\"answred\",\"text\":\"x\",\"until\":99999}",
       "no rule \\\"answred\\\" is loaded"},
      {"{\"command\":\"silence\",\"by\":\"li\",\"rule\":\"answered\",\"text\":\"x\",\"until\":5}", "before it begins"},
      {"{\"command\":\"unsilence\",\"by\":\"li\",\"rule\":\"answered\"}", "is not silenced"},
      {"{\"command\":\"retire\",\"by\":\"li\",\"rule\":\"x\",\"effective_from\":99999}", "no rule \\\"x\\\" is loaded"},
      {"{\"command\":\"retire\",\"by\":\"li\",\"effective_from\":99999}", "names a \\\"rule\\\" or a \\\"pack\\\""},
      {"{\"command\":\"activate\",\"by\":\"li\",\"effective_from\":99999}", "\\\"pack\\\" is missing"},
      {"{\"command\":\"activate\",\"by\":\"li\",\"effective_from\":99999,\"pack\":{\"name\":\"x\",\"text\":\"pack: [\"}}",
       "error"},
      {"{\"command\":\"merge\",\"by\":\"li\"}", "patients are not merged here"},
  };
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    bench.Control(0, 1000, wrong[i].first);
    REQUIRE(bench.audit.size() == i + 1);
    INFO(bench.audit.back());
    CHECK(bench.audit.back().find("\"answer\":\"refused\"") != std::string::npos);
    CHECK(bench.audit.back().find(wrong[i].second) != std::string::npos);
  }
  CHECK(bench.machines[0]->refused() == wrong.size());
  bench.Take(Diagnosis("D", "Shock", 2000));
  bench.TickAll(2 * kHourMs);
  CHECK(bench.told == std::vector<std::string>{"firing answered 1 D"});
}

TEST_CASE("what people do about an alert is told in order, and a silence marks what fires under it", "[control]") {
  Bench bench(PackOf({"Shock", "Answer", "COPD"}, kUnlessCopd));
  bench.TickAll(0);
  bench.Take(Diagnosis("D", "Shock", 0));
  bench.TickAll(61 * kMinuteMs);
  REQUIRE(bench.alerts.size() == 1);
  const std::string of = ",\"by\":\"li\",\"alert\":\"" + Bench::Field(bench.alerts[0], "id") + "\"";
  bench.Control(0, 62 * kMinuteMs, "{\"command\":\"acknowledge\"" + of + "}");
  bench.Control(0, 63 * kMinuteMs, "{\"command\":\"comment\"" + of + ",\"text\":\"on the way\"}");
  bench.Control(0, 64 * kMinuteMs, "{\"command\":\"hand_over\"" + of + ",\"to\":\"wang\"}");
  bench.Control(0, 65 * kMinuteMs, "{\"command\":\"contest\"" + of + ",\"text\":\"given in the ambulance\"}");
  bench.Control(0, 66 * kMinuteMs,
                "{\"command\":\"silence\",\"by\":\"li\",\"rule\":\"answered\",\"site\":\"s1\",\"text\":\"drill\",\"until\":" +
                    std::to_string(5 * kHourMs) + "}");
  bench.Take(Diagnosis("E", "Shock", 70 * kMinuteMs, "p2"));
  bench.Take(Diagnosis("F", "Shock", 70 * kMinuteMs, "p3", "s2"));
  bench.TickAll(3 * kHourMs);
  std::vector<std::string> states;
  for (const std::string& line : bench.alerts) states.push_back(Bench::Field(line, "state"));
  CHECK(states ==
        std::vector<std::string>{"firing", "acknowledged", "commented", "handed over", "contested", "firing", "firing"});
  CHECK(Bench::Field(bench.alerts[2], "text") == "on the way");
  CHECK(Bench::Field(bench.alerts[3], "to") == "wang");
  for (const std::string& line : {bench.alerts[5], bench.alerts[6]})
    CHECK((line.find("\"silenced_until\":") != std::string::npos) == (Bench::Field(line, "site") == "s1"));
  HistoryChecker history;
  for (const std::string& line : bench.alerts) history.Add(line);
  CHECK(history.complaints() == std::vector<std::string>{});
}
