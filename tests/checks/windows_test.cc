// Indicators through both stages: statistics, windows and groups against sums done by hand, editions, and partitions that lag.
#include <catch2/catch.hpp>
#include <random>

#include "tests/checks/bench.h"
#include "tests/checks/schedule.h"

using namespace plumbline;
using namespace plumbline::oracle;

namespace {

// 2026-01-31T16:10:00Z is the first of February in Shanghai.
constexpr std::int64_t kLastOfJanuary = 1'769'875'800'000;
constexpr std::int64_t kFirstOfFebruaryShanghai = 1'769'875'200'000;  // 2026-01-31T16:00:00Z

std::string Group(const std::string& text) { return "\"group\":{" + text + "}"; }

}  // namespace

TEST_CASE("a month is the site's month (scenario 27)", "[scenario][windows]") {
  const std::string pack = PackOf({"Shock", "Answer"}, R"(
  - {id: answered, kind: pathway, when: '[Diagnosis: "Shock"] D', expect: '[Consultation: "Answer"] A', within: 1 hour}
  - {id: by-month, kind: indicator, of: answered, cases: instances, statistic: rate, by: [site], window: month}
)");
  Bench bench(pack, {1, {{"sh", "Asia/Shanghai"}, {"lon", "Europe/London"}}});
  bench.Take(Diagnosis("D", "Shock", kLastOfJanuary, "p1", "sh"));
  bench.Take(Diagnosis("E", "Shock", kLastOfJanuary, "p2", "lon"));
  bench.TickAll(kLastOfJanuary + 61 * kMinuteMs);
  const std::string shanghai = bench.Window({Group("\"site\":\"sh\""), "\"measure\":\"by-month\""});
  CHECK(Bench::Field(shanghai, "start") == std::to_string(kFirstOfFebruaryShanghai));
  CHECK(Bench::Field(shanghai, "fail") == "1");
  CHECK(Bench::Field(shanghai, "final") == "false");  // counted at once, in the open window
  const std::string london = bench.Window({Group("\"site\":\"lon\"")});
  CHECK(Bench::Field(london, "start") == "1767225600000");  // January
}

TEST_CASE("a window grows with what is there and is final when the last partition says so (scenario 28)", "[scenario][windows]") {
  const std::string pack = PackOf({"MAP"}, R"(
  - {id: low, kind: indicator, population: '[Device: "MAP"] M', numerator: "M.value >= 65 'mm[Hg]'", statistic: rate,
     window: {length: 1 hour}, lateness: 5 minutes}
)");
  const auto play = [&](bool lags) {
    Bench bench(pack, {2, {}});
    std::string patients[2];
    for (int i = 0; patients[0].empty() || patients[1].empty(); ++i) {
      const std::string name = "p" + std::to_string(i);
      patients[bench.PartitionOf(name)] = name;
    }
    std::vector<std::string> lines;
    for (int minute = 0; minute < 70; ++minute) {
      bench.Take(
          Value("a" + std::to_string(minute), "MAP", minute * kMinuteMs, minute % 3 == 0 ? 60 : 70, "mm[Hg]", patients[0]));
      bench.Tick(0, minute * kMinuteMs);
      // The other partition is ten minutes behind.
      const int other = lags ? minute - 10 : minute;
      if (other >= 0) {
        bench.Take(Value("b" + std::to_string(other), "MAP", other * kMinuteMs, 50, "mm[Hg]", patients[1]));
        bench.Tick(1, other * kMinuteMs);
      }
      lines.push_back(bench.Window({"\"start\":0,"}));
    }
    // Partition 0 is past the hour and the lateness; the other is not: it holds the window back, and the window has grown.
    CHECK(Bench::Field(lines[30], "n") == (lags ? "52" : "62"));
    CHECK(Bench::Field(lines[69], "final") == (lags ? "false" : "true"));
    for (int other = 60; lags && other < 70; ++other) bench.Tick(1, other * kMinuteMs);
    const std::string last = bench.Window({"\"start\":0,"});
    CHECK(Bench::Field(last, "final") == "true");
    return last;
  };
  CHECK(play(true) == play(false));
}

TEST_CASE("rates, counts, means and percentiles over tumbling, sliding and calendar windows, in any group", "[windows]") {
  const std::string rules = R"(
  - {id: rate, kind: indicator, population: '[Device: "MAP"] M', numerator: "M.value >= 65 'mm[Hg]'", exclude: "M.value > 200 'mm[Hg]'",
     statistic: rate, by: [site, clinician], window: {length: 1 hour}}
  - {id: count, kind: indicator, population: '[Device: "MAP"] M', statistic: count, by: [device, device_model], window: day}
  - {id: mean, kind: indicator, population: '[Device: "MAP"] M', statistic: mean, by: [role],
     window: {length: 2 hours, every: 30 minutes}}
  - {id: p90, kind: indicator, population: '[Device: "MAP"] M', statistic: percentile, percentile: 90, by: [source, code, unit],
     window: week}
)";
  Bench bench(PackOf({"MAP"}, rules), {3, {}});
  std::mt19937_64 rng(SeedOf("windows"));
  struct Case {
    std::int64_t time;
    int value;
    std::string site, clinician, device;
  };
  std::vector<Case> cases;
  const std::int64_t day = 20'000 * kDayMs;  // a Friday
  for (int i = 0; i < 400; ++i) {
    Case c{day + i * 6 * kHourMs / 400, 40 + static_cast<int>(rng() % 180), "s" + std::to_string(rng() % 2),
           "c" + std::to_string(rng() % 3), "d" + std::to_string(rng() % 2)};
    model::Event e = Value("e" + std::to_string(i), "MAP", c.time, c.value, "mm[Hg]", "p" + std::to_string(rng() % 20), c.site);
    e.clinician = c.clinician;
    e.clinician_role = c.clinician == "c0" ? "nurse" : "doctor";
    e.device = c.device;
    e.device_model = c.device == "d0" ? "m0" : "m1";
    bench.Take(e, c.time);
    cases.push_back(c);
  }
  bench.TickAll(run::kClosed);
  int wanted_pass = 0, wanted_n = 0, wanted_excluded = 0, wanted_count = 0;
  std::int64_t sum = 0, n = 0;
  std::vector<int> all;
  const std::int64_t hour = day + 2 * kHourMs, slide = day + 90 * kMinuteMs;
  for (const Case& c : cases) {
    all.push_back(c.value);
    if (c.device == "d1") ++wanted_count;
    if (c.clinician == "c0" && c.time >= slide && c.time < slide + 2 * kHourMs) sum += c.value, ++n;
    if (c.site != "s1" || c.clinician != "c2" || c.time < hour || c.time >= hour + kHourMs) continue;
    if (c.value > 200) {
      ++wanted_excluded;
      continue;
    }
    ++wanted_n;
    wanted_pass += c.value >= 65 ? 1 : 0;
  }
  const std::string rate = bench.Window(
      {"\"measure\":\"rate\"", Group("\"site\":\"s1\",\"clinician\":\"c2\""), "\"start\":" + std::to_string(hour) + ","});
  INFO(rate);
  REQUIRE(wanted_n > 0);
  CHECK(Bench::Field(rate, "n") == std::to_string(wanted_n));
  CHECK(Bench::Field(rate, "pass") == std::to_string(wanted_pass));
  CHECK(Bench::Field(rate, "excluded") == std::to_string(wanted_excluded));
  CHECK(std::stod(Bench::Field(rate, "rate")) == Approx(static_cast<double>(wanted_pass) / wanted_n));
  const std::string count = bench.Window({"\"measure\":\"count\"", Group("\"device\":\"d1\",\"device_model\":\"m1\"")});
  CHECK(Bench::Field(count, "n") == std::to_string(wanted_count));
  const std::string mean =
      bench.Window({"\"measure\":\"mean\"", Group("\"role\":\"nurse\""), "\"start\":" + std::to_string(slide) + ","});
  INFO(mean);
  CHECK(std::stod(Bench::Field(mean, "mean")) == Approx(static_cast<double>(sum) / static_cast<double>(n)));
  const std::string p90 =
      bench.Window({"\"measure\":\"p90\"", Group("\"source\":\"chart\",\"code\":\"urn:t|MAP\",\"unit\":\"mm[Hg]\"")});
  INFO(p90);
  std::sort(all.begin(), all.end());
  CHECK(std::stod(Bench::Field(p90, "quantile")) == Approx(all[static_cast<std::size_t>(0.9 * 399)]).epsilon(0.02));
  CHECK(Bench::Field(p90, "start") == std::to_string(day - 4 * kDayMs));  // Monday
  for (const auto& [name, line] : bench.windows) CHECK(line.ends_with("\"final\":true}"));
}

TEST_CASE("below the least number nothing is shown but that", "[windows]") {
  Bench bench(PackOf({"MAP"}, R"(
  - {id: few, kind: indicator, population: '[Device: "MAP"] M', statistic: count, window: all, min_n: 3}
)"));
  bench.Take(Value("a", "MAP", 0, 60, "mm[Hg]"));
  bench.Take(Value("b", "MAP", 1000, 60, "mm[Hg]"));
  bench.TickAll(kHourMs);
  CHECK(bench.windows.begin()->second.find("\"n_below\":3") != std::string::npos);
  bench.Take(Value("c", "MAP", kHourMs, 60, "mm[Hg]"));
  bench.TickAll(2 * kHourMs);
  CHECK(Bench::Field(bench.windows.begin()->second, "n") == "3");
}

TEST_CASE("a measure counts the cases of its rule by both editions, and a new measure is there from its activation",
          "[windows][control]") {
  const std::string first = PackOf({"Shock", "Answer"}, R"(
  - {id: answered, kind: pathway, when: '[Diagnosis: "Shock"] D', expect: '[Consultation: "Answer"] A', within: 1 hour}
  - {id: share, kind: indicator, of: answered, cases: instances, statistic: rate, window: all}
)");
  const std::string second = PackOf({"Shock", "Answer"}, R"(
  - {id: answered, revision: 2, kind: pathway, when: '[Diagnosis: "Shock"] D', expect: '[Consultation: "Answer"] A', within: 30 minutes}
  - {id: share, kind: indicator, of: answered, cases: instances, statistic: rate, window: all}
  - {id: by-site, kind: indicator, of: answered, cases: instances, statistic: rate, by: [site], window: all}
)");
  Bench bench(first);
  bench.Take(Diagnosis("D1", "Shock", 0));
  bench.TickAll(10 * kMinuteMs);
  std::string json = "{\"command\":\"activate\",\"by\":\"li\",\"effective_from\":" + std::to_string(60 * kMinuteMs) +
                     ",\"pack\":{\"name\":\"bench.yaml\",\"text\":";
  model::AppendJsonText(json, second);
  bench.Control(0, 20 * kMinuteMs, json + "}}");
  bench.Take(Diagnosis("D2", "Shock", 70 * kMinuteMs, "p2"));
  bench.Take(Consultation("A2", "Answer", 90 * kMinuteMs, "p2"));
  bench.TickAll(5 * kHourMs);
  CHECK(bench.told == std::vector<std::string>{"firing answered 1 D1"});
  const std::string share = bench.Window({"\"measure\":\"share\""});
  CHECK(Bench::Field(share, "n") == "2");
  CHECK(Bench::Field(share, "pass") == "1");
  CHECK(Bench::Field(bench.Window({"\"measure\":\"by-site\""}), "pass") == "1");
}
