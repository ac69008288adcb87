// Every chart of the library through `analyse chart`.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "engine/app/analyse/analyse.h"
#include "engine/stats/detectors.h"
#include "tests/analyse/temp_table.h"
#include "tests/stats/simulate.h"

using namespace plumbline;
using namespace plumbline::analyse;
using plumbline::test::Parsed;
using plumbline::test::TempTable;

namespace {

// 160 rows whose last 40 are shifted: three standard deviations up, events three times as frequent.
const TempTable& Shifted() {
  static const TempTable table([] {
    simulate::Source source(41);
    std::string text = "order,x,y,count,n,fixed,sub,event,risk,expected,level,run,lot,target,sd\n";
    for (int i = 0; i < 160; ++i) {
      const bool late = i >= 120;
      const double x = source.Normal() + (late ? 3 : 0), risk = 0.05 + 0.1 * source.Uniform();
      const bool event = source.Event(late ? std::min(1.0, 4 * risk) : risk);
      const std::uint64_t n = 60 + source.Below(30);
      std::uint64_t count = 0;
      for (std::uint64_t k = 0; k < 60; ++k) count += source.Event(late ? 0.35 : 0.1) ? 1 : 0;
      text += std::to_string(i) + "," + std::to_string(10 + x) + "," + std::to_string(5 + 0.5 * x + source.Normal()) + "," +
              std::to_string(count) + "," + std::to_string(n) + ",60," + std::to_string(i / 4) + "," + (event ? "yes" : "no") +
              "," + std::to_string(risk) + "," + std::to_string(3 * risk) + "," + (i % 2 == 0 ? "low" : "high") + "," +
              std::to_string(i / 2) + "," + (i < 160 ? "A" : "B") + ",10,1\n";
    }
    return text;
  }());
  return table;
}

ChartRequest Base(const std::string& kind) {
  ChartRequest r;
  r.common.table.path = Shifted().path();
  r.kind = kind;
  r.phase_one = 0;
  return r;
}

struct Kind {
  const char* name;
  std::function<void(ChartRequest*)> fill;
  bool signals = true;
};
const Kind kKinds[] = {
    {"i", [](ChartRequest* r) { r->values = {"x"}; }},
    {"xbar-r", [](ChartRequest* r) { r->values = {"x"}, r->subgroup = "sub"; }},
    {"xbar-s", [](ChartRequest* r) { r->values = {"x"}, r->subgroup = "sub"; }},
    {"xbar-pooled", [](ChartRequest* r) { r->values = {"x"}, r->subgroup = "sub"; }},
    {"p", [](ChartRequest* r) { r->numerator = "count", r->denominator = "n"; }},
    {"np", [](ChartRequest* r) { r->numerator = "count", r->denominator = "fixed"; }},
    {"c", [](ChartRequest* r) { r->values = {"count"}; }},
    {"u", [](ChartRequest* r) { r->numerator = "count", r->denominator = "n"; }},
    {"laney-p", [](ChartRequest* r) { r->numerator = "count", r->denominator = "n"; }},
    {"laney-u", [](ChartRequest* r) { r->numerator = "count", r->denominator = "n"; }},
    {"g", [](ChartRequest* r) { r->event = "event=yes"; }, false},
    {"t", [](ChartRequest* r) { r->event = "event=yes", r->order = "order"; }, false},
    {"runs", [](ChartRequest* r) { r->values = {"x"}; }},
    {"ewma", [](ChartRequest* r) { r->values = {"x"}, r->phase_one = 120; }},
    {"cusum", [](ChartRequest* r) { r->values = {"x"}, r->phase_one = 120; }},
    {"t2",
     [](ChartRequest* r) {
       r->values = {"x", "y"}, r->phase_one = 120;
     }},
    {"mewma",
     [](ChartRequest* r) {
       r->values = {"x", "y"}, r->phase_one = 120;
     }},
    {"westgard",
     [](ChartRequest* r) { r->values = {"x"}, r->level = "level", r->run = "run", r->material = "lot", r->phase_one = 60; }},
    {"ra-cusum", [](ChartRequest* r) { r->event = "event=yes", r->expected = "risk", r->wanted_arl = 200; }},
    {"vlad", [](ChartRequest* r) { r->event = "event=yes", r->expected = "risk", r->limit = 2; }},
    {"sprt", [](ChartRequest* r) { r->event = "event=yes", r->expected = "risk", r->alpha = 0.05, r->beta = 0.05; }},
    {"max-sprt", [](ChartRequest* r) { r->numerator = "count", r->expected = "expected"; }},
};

// A panel states its run length or why not, names the points of its signals, and holds finite numbers only.
std::size_t CheckPanel(simdjson::dom::element panel) {
  simdjson::dom::element arl = panel["arl0"];
  if (arl.is_object()) {
    CHECK(std::string_view(arl["detail"]).size() > 10);
  } else {
    CHECK(double(arl) > 1);
  }
  const std::size_t n = panel["points"].get_array().size();
  CHECK(n > 0);
  std::size_t signals = 0;
  for (auto signal : panel["signals"].get_array()) {
    ++signals;
    CHECK(std::string_view(signal["rule"]).size() >= 2);  // "6x"
    CHECK(std::uint64_t(signal["at"]) < n);
    std::uint64_t last = 0;
    for (std::uint64_t point : signal["points"].get_array()) last = point;
    CHECK(last == std::uint64_t(signal["at"]));
  }
  return signals;
}

double Arl0(const ChartRequest& r) {
  const auto report = AnalyseChart(r);
  REQUIRE(report);
  Parsed json(report->json);
  return double(json.root["charts"].at(0)["arl0"]);
}

}  // namespace

TEST_CASE("every kind of chart tells its run length, its signals' rules and points, in both languages and as a figure",
          "[chart_kinds]") {
  for (const Kind& kind : kKinds) {
    INFO(kind.name);
    ChartRequest r = Base(kind.name);
    kind.fill(&r);
    const auto report = AnalyseChart(r);
    if (!report) FAIL(report.error().message);
    Parsed json(report->json);
    std::size_t signals = 0;
    const bool units = json.root["units"].error() == simdjson::SUCCESS;
    simdjson::dom::element charts = units ? json.root["units"].at(0)["charts"] : json.root["charts"];
    for (auto panel : charts.get_array()) signals += CheckPanel(panel);
    if (kind.signals) CHECK(signals > 0);
    r.common.lang = Lang::kZh;
    const auto chinese = AnalyseChart(r);
    CHECK(chinese->text.find("控制图") != std::string::npos);
    CHECK(chinese->json == report->json);
    for (const std::string* svg : {&report->svg, &chinese->svg}) {
      CHECK(svg->starts_with("<svg "));
      CHECK(svg->ends_with("</svg>\n"));
      for (const char* outside : {"<script", "href", "nan", "inf", "url("}) CHECK(svg->find(outside) == std::string::npos);
    }
  }
}

TEST_CASE("limits designed for a wanted run length have it", "[chart_kinds]") {
  for (const char* kind : {"i", "ewma", "cusum", "mewma", "t2"}) {
    INFO(kind);
    ChartRequest r = Base(kind);
    r.values = r.kind == "mewma" || r.kind == "t2" ? std::vector<std::string>{"x", "y"} : std::vector<std::string>{"x"};
    r.wanted_arl = 500;
    CHECK(Arl0(r) == Approx(500).epsilon(1e-6));
  }
  ChartRequest r = Base("ra-cusum");
  r.event = "event=yes";
  r.expected = "risk";
  r.wanted_arl = 300;
  CHECK(Arl0(r) >= 300);  // the least limit of the lattice that reaches it
  CHECK(Arl0(r) < 315);
}

TEST_CASE("tests 3 and 4 have a simulated run length with its error", "[chart_kinds]") {
  ChartRequest r = Base("i");
  r.values = {"x"};
  r.tests = "1,2,3,4";
  const auto report = AnalyseChart(r);
  Parsed json(report->json);
  simdjson::dom::element panel = json.root["charts"].at(0);
  const double arl = panel["arl0"], error = panel["arl0_standard_error"];
  CHECK(error > 0);
  CHECK(arl < 370);
  CHECK(arl > 50);
}

TEST_CASE("the command's EWMA is the detector stepped over the rows", "[chart_kinds]") {
  const TempTable table("x\n1\n2\n0\n9\n1\n2\n");
  ChartRequest r;
  r.common.table.path = table.path();
  r.kind = "ewma";
  r.values = {"x"};
  r.centre = 1.0;
  r.sigma = 1.0;
  r.width = 2.7;
  r.time_varying = true;
  r.lambda = 0.3;
  const auto report = AnalyseChart(r);
  REQUIRE(report);
  Parsed json(report->json);
  stats::EwmaState state;
  const stats::EwmaDesign design{1, 1, 0.3, 2.7, stats::EwmaLimits::kTimeVarying, stats::AfterAlarm::kRestart};
  std::size_t i = 0, signals = 0;
  for (auto point : json.root["charts"].at(0)["points"].get_array()) {
    const auto step = stats::StepEwma(design, &state, std::vector<double>{1, 2, 0, 9, 1, 2}[i++]);
    CHECK(double(point["value"]) == step.z);
    CHECK(double(point["upper"]) == step.upper);
    signals += step.alarm ? 1 : 0;
  }
  CHECK(i == 6);
  CHECK(signals == 1);
  CHECK(json.root["charts"].at(0)["signals"].get_array().size() == signals);
}

TEST_CASE("Westgard by material, level and run, its readings as options", "[chart_kinds]") {
  // Lot A: one run with +2.5 and -1.6 (apart by more than 4s, yet not both beyond 2s). Lot B: levels that go up together.
  const TempTable table(
      "lot,level,run,x,target,sd\nA,1,1,12.5,10,1\nA,2,1,18.4,20,1\nA,1,2,10,10,1\nA,2,2,20,20,1\n"
      "B,1,3,12.1,10,1\nB,2,3,22.1,20,1\nB,1,4,10,10,1\n");
  ChartRequest r;
  r.common.table.path = table.path();
  r.kind = "westgard";
  r.values = {"x"};
  r.level = "level";
  r.run = "run";
  r.material = "lot";
  r.target = "target";
  r.sd = "sd";
  const auto rules = [&](const char* lot) {
    const auto report = AnalyseChart(r);
    if (!report) FAIL(report.error().message);
    Parsed json(report->json);
    std::string found;
    for (auto unit : json.root["units"].get_array()) {
      if (std::string_view(unit["unit"]) != lot) continue;
      for (auto signal : unit["charts"].at(0)["signals"].get_array())
        found += std::string(std::string_view(signal["rule"])) + " ";
    }
    return found;
  };
  CHECK(rules("A") == "1-2s ");
  CHECK(rules("B") == "1-2s 2-2s ");
  r.r4s = "range";
  CHECK(rules("A") == "1-2s R-4s ");
  r.windows = "within";  // 2-2s of lot B spans two levels
  CHECK(rules("B") == "1-2s ");
  r.windows = "across";
  r.rules = "2-2s";
  CHECK(rules("B") == "2-2s ");
  r.rules = "2-2s,1-5s";
  CHECK(AnalyseChart(r).error().message.find("\"1-5s\" is no rule") != std::string::npos);
}

TEST_CASE("a chart for each unit: only the shifted one signals, few points are not shown", "[chart_kinds]") {
  simulate::Source source(9);
  std::string text = "ward,x\n";
  for (int i = 0; i < 60; ++i) {
    for (const char* ward : {"a", "b", "c"})
      text += std::string(ward) + "," + std::to_string(source.Normal() + (*ward == 'b' && i > 40 ? 4 : 0)) + "\n";
  }
  text += "d,1\n";
  const TempTable table(text);
  ChartRequest r;
  r.common.table.path = table.path();
  r.kind = "cusum";
  r.values = {"x"};
  r.unit = "ward";
  r.centre = 0.0;
  r.sigma = 1.0;
  r.wanted_arl = 10'000;
  r.min_n = 10;
  const auto report = AnalyseChart(r);
  REQUIRE(report);
  Parsed json(report->json);
  std::string signalling, hidden;
  for (auto unit : json.root["units"].get_array()) {
    const std::string name{std::string_view(unit["unit"])};
    if (unit["charts"].error() != simdjson::SUCCESS) {
      hidden += name;
      CHECK(std::string_view(unit["not_shown"]["reason"]) == "too_few");
    } else if (unit["charts"].at(0)["signals"].get_array().size() > 0) {
      signalling += name;
    }
  }
  CHECK(signalling == "b");
  CHECK(hidden == "d");
}

TEST_CASE("what cannot be charted is refused with its row and column", "[chart_kinds]") {
  const auto why = [](const std::string& text, auto fill) {
    const TempTable table(text);
    ChartRequest r;
    r.common.table.path = table.path();
    fill(&r);
    const auto report = AnalyseChart(r);
    if (report) return std::string("charted");
    const std::string message = report.error().message;
    const std::size_t at = message.find(": ");
    return message.starts_with(table.path()) ? message.substr(at + 2) : message;
  };
  const auto value = [](const char* kind) { return [kind](ChartRequest* r) { r->kind = kind, r->values = {"x"}; }; };
  CHECK(why("x\n1\ntwo\n", value("i")) == "row 3, column x: \"two\" is not a finite number");
  CHECK(why("x\n1\nnan\n", value("ewma")) == "row 3, column x: \"nan\" is not a finite number");
  CHECK(why("x\n1\n2.5\n", value("c")) == "row 3, column x: 2.5 is no count: a whole number, 0 or more");
  CHECK(why("x\n1\n-1\n", value("t")) == "row 3, column x: -1 is below 0");
  const auto counts = [](ChartRequest* r) { r->kind = "p", r->numerator = "x", r->denominator = "n"; };
  CHECK(why("x,n\n1,2\n1,0\n", counts) == "row 3, column n: nothing to count in: the denominator is 0");
  CHECK(why("x,n\n1,2\n3,2\n", counts) == "row 3, column x: more events than trials");
  const auto risk = [](ChartRequest* r) { r->kind = "ra-cusum", r->event = "x=1", r->expected = "p"; };
  CHECK(why("x,p\n1,0.5\n0,1\n", risk) == "row 3, column p: 1 is no risk: above 0 and below 1");
  CHECK(why("x\n5\n5\n5\n", value("i")).find("all values of phase I are equal") != std::string::npos);
  CHECK(why("x\n5\n", value("i")).find("needs 2 values") != std::string::npos);
  CHECK(why("x\n", value("i")).find("no row is left") != std::string::npos);
  CHECK(why("y\n1\n", value("i")).find("no column \"x\"; there are: y") != std::string::npos);
  CHECK(why("x\n1\n", value("z")).starts_with("--kind is one of i, xbar-r"));
  CHECK(why("x\n1\n", [](ChartRequest* r) { r->kind = "t2", r->values = {"x"}; }).find("twice or more") != std::string::npos);
  CHECK(why("x,s\n1,a\n2,a\n3,b\n", [](ChartRequest* r) {
          r->kind = "xbar-r", r->values = {"x"}, r->subgroup = "s";
        }).find("row 4") != std::string::npos);
}

TEST_CASE("a byte order mark, quoted commas and line ends, CRLF and blank lines are read as a spreadsheet writes them",
          "[chart_kinds]") {
  const TempTable plain("ward,x\na,1\na,2\nb,4\n"), odd("\xEF\xBB\xBFward,\"x\"\r\n\"a\",1\r\n\r\na,\"2\"\r\n\"b\",4\r\n");
  const auto report = [](const std::string& path) {
    ChartRequest r;
    r.common.table.path = path;
    r.values = {"x"};
    const auto made = AnalyseChart(r);
    REQUIRE(made);
    return made->text;
  };
  CHECK(report(plain.path()) == report(odd.path()));
}
