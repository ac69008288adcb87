// `plumbline analyse agreement|chart|funnel|compare|detect TABLE`: options to requests, reports to where they are wanted.
#include <cstdio>
#include <fstream>
#include <memory>

#include "engine/app/analyse/analyse.h"
#include "engine/app/analyse_options.h"
#include "engine/app/bilingual.h"
#include "engine/app/commands.h"

namespace plumbline::app {
namespace {

using analyse::Report;

struct Output {
  std::string svg;
  bool json = false;
  bool fail_on_findings = false;
};

void AddCommon(CLI::App* command, analyse::Common* common, Output* output, std::string* lang) {
  command->set_help_flag("-h,--help", Both("print this help and exit", "显示本帮助并退出"));
  command
      ->add_option("table", common->table.path,
                   Both("CSV with a header; gzip and Zstandard are told by content", "含表头的 CSV；自动识别 gzip 与 Zstandard"))
      ->required();
  const std::string group = Both("Table and report", "表格与报告");
  command
      ->add_option("--where", common->table.where,
                   Both("keep rows that meet column=value, column!=value, column>number ... (may be given often)",
                        "仅保留满足条件的行：列=值、列!=值、列>数……（可多次）"))
      ->group(group);
  command
      ->add_option("--join", common->table.join,
                   Both("FILE:KEY: columns that the table lacks come from FILE's row with the same KEY",
                        "FILE:KEY：表中没有的列取自 FILE 中 KEY 相同的行"))
      ->group(group);
  command->add_option("--separator", common->table.separator, Both("between fields", "字段分隔符"))
      ->capture_default_str()
      ->group(group);
  command
      ->add_flag("--progress", common->table.progress,
                 Both("show how far the work is, on standard error", "在标准错误上显示进度"))
      ->group(group);
  command->add_option("--title", common->title, Both("of the figure", "图标题"))->group(group);
  command->add_option("--confidence", common->confidence, Both("of intervals", "区间置信水平"))
      ->check(CLI::Range(0.5, 0.9999))
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--lang", *lang, Both("of the table, the figure and this help: en or zh", "表格、图形与帮助的语言：en 或 zh"))
      ->check(CLI::IsMember({"en", "zh"}))
      ->capture_default_str()
      ->group(group);
  command->add_flag("--json", output->json, Both("JSON instead of the table", "输出 JSON 而非表格"))->group(group);
  command->add_option("--svg", output->svg, Both("write the figure here", "图形写入此文件"))->group(group);
  command->add_flag("--fail-on-findings", output->fail_on_findings, Both("exit 1 when there is a signal", "有信号时以 1 退出"))
      ->group(group);
}

int Show(const Result<Report>& report, const Output& output) {
  if (!report) {
    std::fprintf(stderr, "%s\n", report.error().Text().c_str());
    return report.error().code == ErrorCode::kIntegrity ? kExitIntegrity : kExitUsage;
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
void AddAnalysis(CLI::App* parent, int* exit_code, const char* name, const std::string& about,
                 void (*options)(CLI::App*, Request*), Result<Report> (*run)(const Request&)) {
  auto request = std::make_shared<Request>();
  auto output = std::make_shared<Output>();
  auto lang = std::make_shared<std::string>(LocaleLanguage());
  CLI::App* command = parent->add_subcommand(name, about);
  ShowBilingualHelp(command, lang);
  options(command, request.get());
  AddCommon(command, &request->common, output.get(), lang.get());
  command->callback([request, output, lang, run, exit_code] {
    request->common.lang = *lang == "zh" ? analyse::Lang::kZh : analyse::Lang::kEn;
    *exit_code = Show(run(*request), *output);
  });
}

}  // namespace

void AddAnalyse(CLI::App& app, int* exit_code) {
  CLI::App* parent = app.add_subcommand("analyse", "Statistics over a table: agreement, charts, funnels, comparison, detection");
  parent->require_subcommand(1);
  auto lang = std::make_shared<std::string>(LocaleLanguage());
  ShowBilingualHelp(parent, lang);
  parent->add_option("--lang", *lang, Both("of this help: en or zh", "本帮助的语言：en 或 zh"))
      ->check(CLI::IsMember({"en", "zh"}));
  AddAnalysis<analyse::AgreementRequest>(parent, exit_code, "agreement",
                                         Both("Agreement of a panel, of pairs of readers, of two methods; each group's deviation",
                                              "专家组、两两阅片者、两种方法的一致性；各组偏差"),
                                         AgreementOptions, analyse::AnalyseAgreement);
  AddAnalysis<analyse::ChartRequest>(parent, exit_code, "chart",
                                     Both("A control chart, of all rows or of each unit", "控制图：全部行或按单位"),
                                     ChartOptionsOf, analyse::AnalyseChart);
  AddAnalysis<analyse::FunnelRequest>(
      parent, exit_code, "funnel",
      Both("Units against their common value: funnel or forest, heterogeneity", "单位与总体比较：漏斗图或森林图、异质性"),
      FunnelOptionsOf, analyse::AnalyseFunnel);
  AddAnalysis<analyse::CompareRequest>(
      parent, exit_code, "compare", Both("Distributions of groups against a reference or a baseline", "各组分布与参照或基线比较"),
      CompareOptions, analyse::AnalyseCompare);
  AddAnalysis<analyse::DetectRequest>(
      parent, exit_code, "detect",
      Both("Risk-adjusted e-detector: who does otherwise than the experts", "风险校正 e 检测：谁偏离专家基线"), DetectOptions,
      analyse::AnalyseDetect);
}

}  // namespace plumbline::app
