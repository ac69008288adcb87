#include "engine/app/analyse/analyse.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "engine/stats/baseline.h"
#include "tests/analyse/temp_table.h"

using namespace plumbline;
using namespace plumbline::analyse;
using plumbline::test::Parsed;
using plumbline::test::Shared;
using plumbline::test::TempTable;

namespace {

bool Have(const char* file, const char* test) {
  if (std::filesystem::exists(Shared(file))) return true;
  WARN("SKIPPED (shared data) " << test << ": no ../shared/data/" << file);
  return false;
}

DetectRequest LidcDetect() {
  DetectRequest r;
  r.common.table.path = Shared("lidc/readings.csv.gz");
  r.unit = "id_format_group";
  r.value = "malignancy";
  r.low = 1;
  r.high = 5;
  r.panel = "scan_id,cluster";
  r.margin = 0.25;
  r.false_alerts = 1;
  return r;
}

}  // namespace

TEST_CASE("LIDC through agreement: four kappas to four decimals, six group deviations", "[analyse][shared]") {
  if (!Have("lidc/readings.csv.gz", "LIDC through agreement")) return;
  AgreementRequest r;
  r.common.table.path = Shared("lidc/readings.csv.gz");
  r.case_columns = "scan_id,cluster";
  r.reader = "reader_session";
  r.readers = 4;
  r.values = {"malignancy", "spiculation", "texture", "subtlety"};
  r.group = "id_format_group";
  const auto report = AnalyseAgreement(r);
  REQUIRE(report);
  Parsed json(report->json);
  const double kappas[] = {0.4977, 0.4169, 0.4975, 0.3397};
  std::size_t k = 0;
  for (auto value : json.root["kappa"].get_array()) {
    CHECK(std::int64_t(value["cases"]) == 460);
    CHECK(Fixed(double(value["kappa"]["value"]), 4) == Fixed(kappas[k++], 4));
  }
  CHECK(k == 4);
  const std::map<std::string, std::pair<std::string, int>> deviations = {
      {"INT_LT100", {"-0.8717", 369}}, {"NoduleNNN", {"0.4655", 358}}, {"INT_GE1E4", {"0.1066", 616}},
      {"INT_LT1E4", {"0.1185", 211}},  {"IL", {"0.1993", 179}},        {"MI", {"0.2736", 106}}};
  std::size_t found = 0;
  for (auto group : json.root["groups"].get_array()) {
    const auto want = deviations.find(std::string(std::string_view(group["group"])));
    if (want == deviations.end()) continue;
    ++found;
    CHECK(Fixed(double(group["mean"]["value"]), 4) == want->second.first);
    CHECK(std::int64_t(group["n"]) == want->second.second);
  }
  CHECK(found == 6);
}

TEST_CASE("LIDC through detect: INT_LT100 and NoduleNNN alarm, a stated margin keeps the others quiet", "[analyse][shared]") {
  if (!Have("lidc/readings.csv.gz", "LIDC through detect")) return;
  const auto report = AnalyseDetect(LidcDetect());
  REQUIRE(report);
  Parsed json(report->json);
  std::map<std::string, std::string> side;
  for (auto unit : json.root["units"].get_array()) {
    const bool signal = unit["signal"];
    if (signal) side[std::string(std::string_view(unit["unit"]))] = std::string(std::string_view(unit["alarms"].at(0)["side"]));
  }
  CHECK(side == std::map<std::string, std::string>{{"INT_LT100", "down"}, {"NoduleNNN", "up"}});
  CHECK(report->findings);
}

TEST_CASE("LIDC through a learnt baseline: its uncertainty widens the bounds, and it reads back canonical", "[analyse][shared]") {
  if (!Have("lidc/readings.csv.gz", "LIDC through a learnt baseline")) return;
  BaselineRequest b;
  b.table.path = Shared("lidc/readings.csv.gz");
  b.table.where = {"n_readers_in_cluster=4"};
  b.name = "LIDC malignancy";
  b.outcome = "malignancy";
  b.kind = "ordinal";
  b.cluster = "scan_id";
  b.numeric_features = {"max_diam_px", "spiculation"};
  b.ridge = 1;
  b.folds = 5;
  const auto built = BuildBaselineFromTable(b);
  REQUIRE(built);
  const auto again = BuildBaselineFromTable(b);
  CHECK(again->digest == built->digest);
  const auto read = stats::ParseBaseline(built->text);
  REQUIRE(read);
  CHECK(read->DigestHexText() == built->digest);
  CHECK(read->validation->discrimination > 0.6);
  const TempTable file(built->text);
  DetectRequest r = LidcDetect();
  r.panel.clear();
  r.baseline = file.path();
  r.cluster = "cluster";
  const auto report = AnalyseDetect(r);
  REQUIRE(report);
  CHECK(report->json.find("\"baseline_error\":0.05") != std::string::npos);
  std::string tampered = built->text;
  tampered.replace(tampered.find("rows "), 5, "rows 0");
  CHECK(stats::ParseBaseline(tampered).error().code == ErrorCode::kIntegrity);
}

TEST_CASE("eICU: a hospital with many rows but two stays gives no signal", "[analyse][shared]") {
  if (!Have("eicu_demo/respiratorycharting.csv.gz", "eICU")) return;
  DetectRequest r;
  r.common.table.path = Shared("eicu_demo/respiratorycharting.csv.gz");
  r.common.table.join = Shared("eicu_demo/patient.csv.gz") + ":patientunitstayid";
  r.common.table.where = {"respchartvaluelabel=TV/kg IBW"};
  r.unit = "hospitalid";
  r.event = "respchartvalue>8";
  r.cluster = "patientunitstayid";
  r.margin = 0.1;
  r.false_alerts = 0.5;
  r.min_n = 5;
  const auto clustered = AnalyseDetect(r);
  REQUIRE(clustered);
  Parsed json(clustered->json);
  std::size_t hidden = 0;
  double most_rows = 0;
  for (auto unit : json.root["units"].get_array()) {
    if (std::int64_t(unit["n"]) >= 5) continue;
    ++hidden;
    CHECK_FALSE(bool(unit["signal"]));
    CHECK(std::string_view(unit["not_shown"]) == "too_few");
    most_rows = std::max(most_rows, double(unit["rows"]));
  }
  CHECK(hidden > 0);
  CHECK(most_rows > 100);
  // The same rows taken as cases would accuse such a hospital: clustering is what keeps it quiet, not the allowance.
  r.min_n = 2;
  const auto signals = [&](const char* hospital) {
    const auto report = AnalyseDetect(r);
    REQUIRE(report);
    Parsed found(report->json);
    for (auto unit : found.root["units"].get_array()) {
      if (std::string_view(unit["unit"]) == hospital) return bool(unit["signal"]);
    }
    return false;
  };
  CHECK_FALSE(signals("421"));  // 737 rows of 5 stays
  r.cluster.clear();
  CHECK(signals("421"));
  r.cluster = "patientunitstayid";
  // The funnel hides the same units.
  FunnelRequest f;
  f.common = r.common;
  f.unit = r.unit;
  f.event = r.event;
  f.cluster = r.cluster;
  f.min_n = 5;
  const auto funnel = AnalyseFunnel(f);
  REQUIRE(funnel);
  Parsed funnel_json(funnel->json);
  for (auto unit : funnel_json.root["units"].get_array()) {
    if (std::int64_t(unit["n"]) < 5) CHECK(std::string_view(unit["verdict"]) == "not_shown");
  }
}

TEST_CASE("a hospital of 1,800 readings from two stays is two cases: no signal; as rows it would signal", "[analyse]") {
  std::string text = "hospital,stay,high\n";
  for (int i = 0; i < 1800; ++i) text += "small," + std::to_string(i % 2) + "," + std::to_string(i % 10 < 6 ? 1 : 0) + "\n";
  for (int i = 0; i < 900; ++i) text += "large," + std::to_string(100 + i) + "," + std::to_string(i % 10 < 3 ? 1 : 0) + "\n";
  const TempTable table(text);
  DetectRequest r;
  r.common.table.path = table.path();
  r.unit = "hospital";
  r.event = "high=1";
  r.cluster = "stay";
  r.margin = 0.05;
  r.false_alerts = 0.1;
  r.min_n = 1;
  CHECK_FALSE(AnalyseDetect(r)->findings);
  r.cluster.clear();
  CHECK(AnalyseDetect(r)->findings);
}

TEST_CASE("errors name file, row and column, and usage errors say what is missing", "[analyse]") {
  const TempTable table("unit,value\na,1\nb,x\n");
  FunnelRequest f;
  f.common.table.path = table.path();
  f.unit = "unit";
  f.numerator = "value";
  f.denominator = "value";
  CHECK(AnalyseFunnel(f).error().message == table.path() + ": row 3, column value: \"x\" is not a finite number");
  f.unit = "ward";
  CHECK(AnalyseFunnel(f).error().message.find("no column \"ward\"; there are: unit, value") != std::string::npos);
  f.unit = "unit";
  f.denominator.clear();
  CHECK(AnalyseFunnel(f).error().code == ErrorCode::kUsage);
  DetectRequest d;
  d.common.table.path = table.path();
  d.unit = "unit";
  d.event = "value>0";
  d.threshold = 100;
  CHECK(AnalyseDetect(d).error().message.find("row 3, column value") != std::string::npos);
  const TempTable good("unit,value\na,1\nb,2\n");
  d.common.table.path = good.path();
  d.allowance = "2 a month";
  CHECK(AnalyseDetect(d).error().code == ErrorCode::kUsage);
}

TEST_CASE("compare and chart give JSON, a table in Chinese and a figure", "[analyse]") {
  std::string text = "group,value,category,stratum,order\n";
  for (int i = 0; i < 120; ++i) {
    text += std::string(i % 3 == 0 ? "a" : "b") + "," + std::to_string((i * 37) % 101 + (i % 3 == 0 ? 40 : 0)) + "," +
            (i % 5 < (i % 3 == 0 ? 4 : 1) ? "yes" : "no") + "," + std::to_string(i % 2) + "," + std::to_string(i) + "\n";
  }
  const TempTable table(text);
  CompareRequest c;
  c.common.table.path = table.path();
  c.common.lang = Lang::kZh;
  c.group = "group";
  c.values = {"value"};
  const auto numeric = AnalyseCompare(c);
  REQUIRE(numeric);
  CHECK(numeric->findings);
  CHECK(numeric->text.find("均值差") != std::string::npos);
  CHECK(numeric->svg.find("</svg>") != std::string::npos);
  c.values = {"category"};
  c.categorical = true;
  c.stratum = "stratum";
  const auto categorical = AnalyseCompare(c);
  REQUIRE(categorical);
  CHECK(categorical->json.find("cochran_mantel_haenszel") != std::string::npos);
  ChartRequest chart;
  chart.common.table.path = table.path();
  chart.values = {"value"};
  chart.order = "order";
  chart.tests = "1,2";
  const auto individuals = AnalyseChart(chart);
  REQUIRE(individuals);
  Parsed json(individuals->json);
  CHECK(json.root["charts"].at(0)["points"].get_array().size() == 120);
  CHECK(json.root["charts"].get_array().size() == 2);
  chart.kind = "p";
  chart.values.clear();
  chart.event = "category=yes";
  chart.subgroup = "stratum";
  chart.order = "stratum";
  CHECK(AnalyseChart(chart));
}

TEST_CASE("degenerate tables give a reason, never a number that is none", "[analyse]") {
  const TempTable table("unit,y,n,r,c\na,0,0,1,1\nb,0,0,1,2\n");
  FunnelRequest f;
  f.common.table.path = table.path();
  f.unit = "unit";
  f.observed = "y";
  f.expected = "n";
  CHECK(AnalyseFunnel(f).error().message.find("fewer than two units") != std::string::npos);
  AgreementRequest a;
  a.common.table.path = table.path();
  a.case_columns = "c";
  a.values = {"r"};
  const auto report = AnalyseAgreement(a);
  REQUIRE(report);
  CHECK(report->json.find("single_rater") != std::string::npos);
  a.case_columns = "y";
  CHECK(AnalyseAgreement(a)->json.find("one_category") != std::string::npos);
}
