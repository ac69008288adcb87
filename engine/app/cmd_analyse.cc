// `plumbline analyse agreement|chart|funnel|compare|detect TABLE`: options to requests, reports to where they are wanted.
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <tuple>

#include "engine/app/analyse/analyse.h"
#include "engine/app/commands.h"

namespace plumbline::app {
namespace {

using analyse::Report;

struct Output {
  std::string svg;
  bool json = false;
  std::string lang = "en";
  bool fail_on_findings = false;
};

void AddCommon(CLI::App* command, analyse::Common* common, Output* output) {
  command->add_option("table", common->table.path, "CSV with a header; gzip and Zstandard are told by content")->required();
  command->add_option("--where", common->table.where,
                      "keep rows that meet column=value, column!=value, column>number ... (may be given often)");
  command->add_option("--join", common->table.join,
                      "FILE:KEY: columns that the table lacks come from FILE's row with the same KEY");
  command->add_option("--separator", common->table.separator, "between fields")->capture_default_str();
  command->add_flag("--progress", common->table.progress, "show how much of the table is read");
  command->add_option("--title", common->title, "of the figure");
  command->add_option("--confidence", common->confidence, "of intervals")->check(CLI::Range(0.5, 0.9999))->capture_default_str();
  command->add_option("--lang", output->lang, "of the table and the figure")
      ->check(CLI::IsMember({"en", "zh"}))
      ->capture_default_str();
  command->add_flag("--json", output->json, "JSON instead of the table");
  command->add_option("--svg", output->svg, "write the figure here");
  command->add_flag("--fail-on-findings", output->fail_on_findings, "exit 1 when there is a signal");
}

int Show(const Result<Report>& report, const Output& output) {
  if (!report) {
    std::fprintf(stderr, "%s\n", report.error().Text().c_str());
    return kExitUsage;
  }
  std::fputs(output.json ? (report->json + "\n").c_str() : report->text.c_str(), stdout);
  if (!output.svg.empty()) {
    std::ofstream file(output.svg, std::ios::binary);
    file << report->svg;
    if (!file.flush()) {
      std::fprintf(stderr, "PL%d: %s could not be written\n", static_cast<int>(ErrorCode::kIo), output.svg.c_str());
      return kExitUsage;
    }
  }
  return output.fail_on_findings && report->findings ? kExitFindings : kExitOk;
}

// Registers a subcommand whose request lives as long as the callback.
template <typename Request>
void AddAnalysis(CLI::App* parent, int* exit_code, const char* name, const char* about, const char* footer,
                 void (*options)(CLI::App*, Request*), Result<Report> (*run)(const Request&)) {
  auto request = std::make_shared<Request>();
  auto output = std::make_shared<Output>();
  CLI::App* command = parent->add_subcommand(name, about);
  AddCommon(command, &request->common, output.get());
  options(command, request.get());
  command->footer(footer);
  command->callback([request, output, run, exit_code] {
    request->common.lang = output->lang == "zh" ? analyse::Lang::kZh : analyse::Lang::kEn;
    *exit_code = Show(run(*request), *output);
  });
}

void AgreementOptions(CLI::App* c, analyse::AgreementRequest* r) {
  c->add_option("--case", r->case_columns, "columns that name a case, parted by commas")->required();
  c->add_option("--value", r->values, "graded column; may be given often, deviations are of the first")->required();
  c->add_option("--reader", r->reader, "column that tells a case's readers apart");
  c->add_option("--group", r->group, "column of the readers' group, for deviations from the other readers");
  c->add_option("--readers", r->readers, "only cases with exactly so many readings; 0: two or more")->capture_default_str();
  c->add_option("--weights", r->weights, "of the kappa")
      ->check(CLI::IsMember({"none", "linear", "quadratic"}))
      ->capture_default_str();
  c->add_option("--min-n", r->min_n, "groups with fewer cases are not shown")->capture_default_str();
}
constexpr const char* kAgreementFooter =
    "Example (lung nodules graded by up to four radiologists):\n"
    "  plumbline analyse agreement readings.csv.gz --case scan_id,cluster --reader reader_session --readers 4 \\\n"
    "    --value malignancy --value spiculation --value texture --value subtlety --group id_format_group --svg agreement.svg";

void FunnelOptionsOf(CLI::App* c, analyse::FunnelRequest* r) {
  c->add_option("--unit", r->unit, "column of the centre, ward, reader or device")->required();
  c->add_option("--numerator", r->numerator, "column of events (summed per unit)");
  c->add_option("--denominator", r->denominator, "column of cases");
  c->add_option("--observed", r->observed, "column of observed events");
  c->add_option("--expected", r->expected, "column of expected events, or of each row's expected probability with --event");
  c->add_option("--event", r->event, "a row is an event when this holds: column>number, column=value");
  c->add_option("--cluster", r->cluster, "rows of one cluster (a patient, a stay) are one case");
  c->add_option("--over-dispersion", r->over_dispersion, "none, cqc or shmi")->capture_default_str();
  c->add_option("--target", r->target, "common proportion; 0: that of all units")->capture_default_str();
  c->add_option("--min-n", r->min_n, "units with fewer cases are not shown")->capture_default_str();
}
constexpr const char* kFunnelFooter =
    "Example (tidal volumes above 8 ml/kg by hospital, a stay being one case):\n"
    "  plumbline analyse funnel respiratorycharting.csv.gz --join patient.csv.gz:patientunitstayid --unit hospitalid \\\n"
    "    --where 'respchartvaluelabel=TV/kg IBW' --event 'respchartvalue>8' --cluster patientunitstayid --min-n 5 --svg "
    "funnel.svg";

void CompareOptions(CLI::App* c, analyse::CompareRequest* r) {
  c->add_option("--group", r->group, "column of the groups")->required();
  c->add_option("--value", r->value, "column that is compared")->required();
  c->add_flag("--categorical", r->categorical, "values are categories, not numbers");
  c->add_option("--reference", r->reference, "a group; without it each is compared with all the others");
  c->add_option("--stratum", r->stratum, "column of case mix: categories are compared within strata (Cochran-Mantel-Haenszel)");
  c->add_option("--min-n", r->min_n, "groups with fewer rows are not shown")->capture_default_str();
  c->add_option("--permutations", r->permutations, "of the energy test; 0: none")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  c->add_option("--seed", r->seed, "of the permutations")->capture_default_str();
}
constexpr const char* kCompareFooter =
    "Example:\n"
    "  plumbline analyse compare readings.csv.gz --group id_format_group --value malignancy --categorical --stratum texture "
    "--svg compare.svg";

void DetectOptions(CLI::App* c, analyse::DetectRequest* r) {
  c->add_option("--unit", r->unit, "column of the reader, site or device")->required();
  c->add_option("--event", r->event, "binary outcome: column>number, column=value");
  c->add_option("--value", r->value, "or a number within --range");
  c->add_option_function<std::pair<double, double>>(
      "--range", [r](const std::pair<double, double>& range) { std::tie(r->low, r->high) = range; },
      "low and high end of --value");
  c->add_option("--cluster", r->cluster, "rows of one cluster (a patient, a stay) are one step");
  c->add_option("--order", r->order, "numeric column to go by; without it the file's order");
  c->add_option("--expected", r->expected, "column of what the experts would do");
  c->add_option("--baseline", r->baseline, "file made by plumbline baseline build");
  c->add_option("--stratum", r->stratum, "column of the baseline's strata");
  c->add_option("--panel", r->panel, "columns that name a case: each reading against the case's other readers");
  c->add_option("--margin", r->margin, "how far from the expected is still the same, in the value's unit")->capture_default_str();
  c->add_option("--odds-ratio", r->odds_ratio, "the margin as an odds ratio, for an event");
  c->add_option("--sides", r->sides, "both, up or down")->capture_default_str();
  c->add_option("--allowance", r->allowance, "false alerts in words: \"2 a month over all readers\", with --days");
  c->add_option("--days", r->days, "how many days the table covers");
  c->add_option("--false-alerts", r->false_alerts, "allowed over this table, instead of --allowance");
  c->add_option("--threshold", r->threshold, "c itself, instead of --allowance");
  c->add_option("--min-n", r->min_n, "units with fewer steps neither alarm nor are shown")->capture_default_str();
  c->add_option("--alpha", r->alpha, "of e-BH and of the confidence sequences")
      ->check(CLI::Range(0.0001, 0.5))
      ->capture_default_str();
}
constexpr const char* kDetectFooter =
    "Examples:\n"
    "  plumbline analyse detect readings.csv.gz --unit id_format_group --value malignancy --range 1 5 --panel scan_id,cluster "
    "\\\n"
    "    --margin 0.25 --allowance '1 a year over all readers' --days 365 --svg detect.svg\n"
    "  plumbline analyse detect respiratorycharting.csv.gz --join patient.csv.gz:patientunitstayid --unit hospitalid \\\n"
    "    --where 'respchartvaluelabel=TV/kg IBW' --event 'respchartvalue>8' --cluster patientunitstayid --margin 0.1 "
    "--false-alerts 0.5";

void ChartOptionsOf(CLI::App* c, analyse::ChartRequest* r) {
  c->add_option("--kind", r->kind, "i, p, u, c, laney-p, laney-u, g, t, xbar-r, xbar-s")->capture_default_str();
  c->add_option("--value", r->value, "column that is charted");
  c->add_option("--numerator", r->numerator, "column of events (p, u)");
  c->add_option("--denominator", r->denominator, "column of cases or area (p, u)");
  c->add_option("--subgroup", r->subgroup, "column: consecutive rows with the same value are one point");
  c->add_option("--event", r->event, "with --subgroup: the share of rows where this holds");
  c->add_option("--order", r->order, "numeric column to sort by");
  c->add_option("--tests", r->tests, "Nelson's tests, e.g. 1,2,5")->capture_default_str();
  c->add_option("--arl", r->wanted_arl, "limits with this average run length instead of 3 sigma");
  c->add_option("--phase-one", r->phase_one, "the first so many points estimate the limits; 0: all")->capture_default_str();
}
constexpr const char* kChartFooter =
    "Example:\n"
    "  plumbline analyse chart patient.csv.gz --kind p --event 'unitdischargestatus=Expired' --subgroup hospitaldischargeyear "
    "--order hospitaldischargeyear --svg chart.svg";

}  // namespace

void AddAnalyse(CLI::App& app, int* exit_code) {
  CLI::App* parent = app.add_subcommand("analyse", "Statistics over a table: agreement, charts, funnels, comparison, detection");
  parent->require_subcommand(1);
  AddAnalysis<analyse::AgreementRequest>(parent, exit_code, "agreement",
                                         "Agreement of a panel of readers, and each group's deviation", kAgreementFooter,
                                         AgreementOptions, analyse::AnalyseAgreement);
  AddAnalysis<analyse::ChartRequest>(parent, exit_code, "chart", "A control chart", kChartFooter, ChartOptionsOf,
                                     analyse::AnalyseChart);
  AddAnalysis<analyse::FunnelRequest>(parent, exit_code, "funnel", "A funnel plot between units", kFunnelFooter, FunnelOptionsOf,
                                      analyse::AnalyseFunnel);
  AddAnalysis<analyse::CompareRequest>(parent, exit_code, "compare", "Distributions of groups against a reference",
                                       kCompareFooter, CompareOptions, analyse::AnalyseCompare);
  AddAnalysis<analyse::DetectRequest>(parent, exit_code, "detect",
                                      "Risk-adjusted e-detector: who does otherwise than the experts", kDetectFooter,
                                      DetectOptions, analyse::AnalyseDetect);
}

}  // namespace plumbline::app
