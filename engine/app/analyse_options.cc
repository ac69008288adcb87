#include "engine/app/analyse_options.h"

#include <tuple>
#include <utility>

#include "engine/app/bilingual.h"

namespace plumbline::app {
namespace {

// Examples are commands on the formats of public clinical tables: LIDC readings, eICU patients, charting and APACHE results.
std::string Examples(std::string_view commands) { return Both("Examples:\n", "示例：\n") + std::string(commands); }

}  // namespace

void AgreementOptions(CLI::App* c, analyse::AgreementRequest* r) {
  c->add_option("--case", r->case_columns, Both("columns that name a case, parted by commas", "标识病例的列，逗号分隔"));
  c->add_option("--value", r->values,
                Both("graded column; may be given often, deviations are of the first", "评级列；可多次给出，偏差按第一列"))
      ->required();
  c->add_option("--reader", r->reader, Both("column that tells a case's readers apart", "区分同病例阅片者的列"));
  c->add_flag("--named-readers", r->named_readers,
              Both("a reader's name is the same person in every case: pairs of readers, two-way ICC",
                   "阅片者名称在各病例中为同一人：给出两两比较与双向 ICC"));
  c->add_option(
      "--group", r->group,
      Both("column of the readers' group, for deviations from the other readers", "阅片者分组列，用于与其他阅片者的偏差"));
  c->add_option("--readers", r->readers,
                Both("only cases with exactly so many readings; 0: two or more", "仅含恰好若干次阅片的病例；0：两次及以上"))
      ->capture_default_str();
  c->add_flag("--categorical", r->categorical, Both("grades are texts without order", "评级为无序文本"));
  c->add_option("--weights", r->weights,
                Both("of agreement: none gives AC1, the others AC2; ordinal and ratio are for the panel's coefficients",
                     "一致性权重：none 为 AC1，其余为 AC2；ordinal、ratio 用于专家组系数"))
      ->check(CLI::IsMember({"none", "linear", "quadratic", "ordinal", "ratio"}))
      ->capture_default_str();
  c->add_option("--min-n", r->min_n, Both("groups and pairs with fewer cases are not shown", "例数更少的组与配对不显示"))
      ->capture_default_str();
  c->add_option("--reference", r->reference,
                Both("two methods: the column that --value is compared with (Bland-Altman, Lin, Deming, Passing-Bablok)",
                     "两种方法：与 --value 比较的参考列（Bland-Altman、Lin、Deming、Passing-Bablok）"));
  c->add_option("--multiplier", r->multiplier,
                Both("of the SD for limits of agreement; 0: 1.96", "一致性界限的标准差倍数；0：1.96"))
      ->capture_default_str();
  c->add_option(
       "--error-ratio", r->error_ratio,
       Both("Deming: variance of the value's error over that of the reference", "Deming：测量误差方差与参考误差方差之比"))
      ->capture_default_str();
  c->add_flag("--weighted", r->weighted, Both("Deming: errors proportional to the level", "Deming：误差与水平成比例"));
  c->add_option("--ranks", r->ranks, Both("Passing-Bablok: paper or mcr", "Passing-Bablok：paper 或 mcr"))->capture_default_str();
  c->add_option(
       "--resolution", r->resolution,
       Both("Passing-Bablok: values are whole multiples of this, 0.01 for two decimals", "Passing-Bablok：数值的最小单位"))
      ->capture_default_str();
  c->footer(Examples(
      "  plumbline analyse agreement readings.csv.gz --case scan_id,cluster --reader reader_session --readers 4 \\\n"
      "    --value malignancy --value spiculation --value texture --value subtlety --group id_format_group --svg agreement.svg\n"
      "  plumbline analyse agreement readings.csv.gz --case scan_id,cluster --value malignancy --weights ordinal --json\n"
      "  plumbline analyse agreement vitalaperiodic.csv.gz --value noninvasivemean --reference noninvasivediastolic \\\n"
      "    --case patientunitstayid --svg bland-altman.svg"));
}

namespace {

void DataOptions(CLI::App* c, analyse::ChartRequest* r) {
  const std::string group = Both("Data", "数据");
  c->add_option("--value", r->values, Both("column that is charted; several for t2 and mewma", "作图列；t2 与 mewma 可多列"))
      ->group(group);
  c->add_option("--numerator", r->numerator, Both("column of events", "事件数列"))->group(group);
  c->add_option("--denominator", r->denominator, Both("column of trials or area", "分母或面积列"))->group(group);
  c->add_option("--subgroup", r->subgroup,
                Both("column: consecutive rows with the same value are one point", "列：值相同的连续行为一个点"))
      ->group(group);
  c->add_option("--event", r->event,
                Both("condition: a row is an event (p, np, u over subgroups; g, t between events; risk-adjusted)",
                     "条件：该行为事件（p、np、u 按子组；g、t 为事件间隔；风险校正图）"))
      ->group(group);
  c->add_option("--expected", r->expected,
                Both("column of a case's risk, or of expected events (max-sprt)", "病例风险列，或期望事件数列（max-sprt）"))
      ->group(group);
  c->add_option("--order", r->order,
                Both("column to sort by: numbers, or dates as 2026-11-25", "排序列：数字或 2026-11-25 式日期"))
      ->group(group);
  c->add_option("--unit", r->unit, Both("a chart for each unit of this column", "按该列每个单位各作一图"))->group(group);
  c->add_option("--min-n", r->min_n, Both("units with fewer points are not shown", "点数更少的单位不显示"))
      ->capture_default_str()
      ->group(group);
}

void LimitOptions(CLI::App* c, analyse::ChartRequest* r) {
  const std::string group = Both("Limits", "界限");
  c->add_option(
       "--phase-one", r->phase_one,
       Both("the first so many points (of each level) estimate the limits; 0: all", "前若干点（每水平）估计界限；0：全部"))
      ->capture_default_str()
      ->group(group);
  c->add_option("--exclude", r->exclude, Both("points left out of the estimate, counted from 1", "不参与估计的点，从 1 计"))
      ->group(group);
  c->add_option("--centre", r->centre, Both("given centre, instead of estimating", "给定中心，不作估计"))->group(group);
  c->add_option("--sigma", r->sigma, Both("given standard deviation of one observation", "给定单次观察标准差"))->group(group);
  c->add_option("--width", r->width,
                Both("of limits in standard deviations; 0: 3, or what --arl asks", "界限宽度（标准差）；0：3 或由 --arl 决定"))
      ->group(group);
  c->add_option("--arl", r->wanted_arl,
                Both("limits with this average run length in control (ewma, cusum, mewma, ra-cusum: 370 unless told)",
                     "按此受控平均链长设计界限（ewma、cusum、mewma、ra-cusum 默认 370）"))
      ->group(group);
  c->add_flag("--rounded-d2", r->rounded_d2, Both("1.128 for d2(2), as textbooks", "d2(2) 取教科书值 1.128"))->group(group);
  c->add_flag("--screen", r->screen,
              Both("leave outlying moving ranges out once (Nelson 1982)", "剔除一次过大的移动极差（Nelson 1982）"))
      ->group(group);
}

void RunsTestOptions(CLI::App* c, analyse::ChartRequest* r) {
  const std::string group = Both("Runs tests", "链规则");
  c->add_option("--tests", r->tests, Both("Nelson's tests, e.g. 1,2,5", "Nelson 规则，如 1,2,5"))
      ->capture_default_str()
      ->group(group);
  c->add_flag("--western-electric", r->western_electric, Both("the four rules of 1956", "1956 年四条规则"))->group(group);
  c->add_flag("--any-of-window", r->any_of_window,
              Both("tests 5 and 6: the newest point need not be one of those outside", "规则 5、6：最新点不必在界外"))
      ->group(group);
  c->add_flag("--both-sides", r->both_sides, Both("test 8: at least one point on each side", "规则 8：两侧至少各一点"))
      ->group(group);
}

void StreamOptions(CLI::App* c, analyse::ChartRequest* r) {
  const std::string group = Both("EWMA, CUSUM, MEWMA", "EWMA、CUSUM、MEWMA");
  c->add_option("--lambda", r->lambda, Both("weight of the newest value", "最新值权重"))->capture_default_str()->group(group);
  c->add_option("--k", r->k,
                Both("CUSUM: half the shift to be found, in standard deviations", "CUSUM：待检出偏移的一半（标准差）"))
      ->capture_default_str()
      ->group(group);
  c->add_option("--limit", r->limit,
                Both("h of a sum, T2 of mewma, critical value of max-sprt; 0: designed",
                     "累积和 h、mewma 的 T2、max-sprt 临界值；0：自动设计"))
      ->group(group);
  c->add_option("--headstart", r->headstart, Both("CUSUM: fast initial response, a part of h", "CUSUM：快速初始响应，h 的比例"))
      ->group(group);
  c->add_option("--sides", r->sides, Both("both or up", "both 双侧或 up 仅向上"))->capture_default_str()->group(group);
  c->add_flag("--go-on", r->go_on, Both("a sum is not begun anew after a signal", "报警后累积和不清零"))->group(group);
  c->add_flag("--time-varying", r->time_varying, Both("limits that open from the start", "界限自起点逐渐展开"))->group(group);
}

void RiskOptions(CLI::App* c, analyse::ChartRequest* r) {
  const std::string group = Both("Risk-adjusted", "风险校正");
  c->add_option("--odds-ratio", r->odds_ratio, Both("that is looked for", "待检出的比值比"))->capture_default_str()->group(group);
  c->add_option("--alpha", r->alpha, Both("sprt, max-sprt: false alarms", "sprt、max-sprt：误报概率"))
      ->capture_default_str()
      ->group(group);
  c->add_option("--beta", r->beta, Both("sprt: missed changes", "sprt：漏报概率"))->capture_default_str()->group(group);
  c->add_option("--horizon", r->horizon,
                Both("max-sprt: expected events until the end; 0: those of the table", "max-sprt：终点期望事件数；0：表中合计"))
      ->group(group);
  c->add_option("--min-events", r->min_events, Both("max-sprt: no signal before", "max-sprt：最少事件数"))
      ->capture_default_str()
      ->group(group);
}

void WestgardOptions(CLI::App* c, analyse::ChartRequest* r) {
  const std::string group = "Westgard";
  c->add_option("--level", r->level, Both("column of the control's level", "质控水平列"))->group(group);
  c->add_option("--run", r->run, Both("column of the run: its consecutive rows come together", "批次列：连续同批行合为一批"))
      ->group(group);
  c->add_option("--material", r->material, Both("column of the material (lot): each has a chart", "质控品（批号）列：各作一图"))
      ->group(group);
  c->add_option("--target", r->target, Both("column of the target value, with --sd", "靶值列，与 --sd 同用"))->group(group);
  c->add_option("--sd", r->sd, Both("column of the standard deviation", "标准差列"))->group(group);
  c->add_option("--rules", r->rules,
                Both("of 1-2s,1-3s,2-2s,R-4s,3-1s,4-1s,6x,8x,9x,10x,12x,7T; all unless told",
                     "所用规则，默认全部：1-2s,1-3s,2-2s,R-4s,3-1s,4-1s,6x,8x,9x,10x,12x,7T"))
      ->group(group);
  c->add_flag(
       "--gate", r->gate,
       Both("1-2s is a gate: other rules are looked at only in a run that has it", "1-2s 为门槛：仅在其出现的批次检查其他规则"))
      ->group(group);
  c->add_option("--r4s", r->r4s,
                Both("opposite: one beyond +2s and one beyond -2s; range: apart by more than 4s",
                     "opposite：分居 ±2s 之外；range：相差超过 4s"))
      ->capture_default_str()
      ->group(group);
  c->add_flag("--r4s-across-runs", r->r4s_across_runs, Both("R-4s also with the run before", "R-4s 跨前一批"))->group(group);
  c->add_option("--windows", r->windows,
                Both("consecutive rules within a level, across levels, or both", "连续规则：within 水平内、across 跨水平或 both"))
      ->capture_default_str()
      ->group(group);
}

}  // namespace

void ChartOptionsOf(CLI::App* c, analyse::ChartRequest* r) {
  c->add_option(
       "--kind", r->kind,
       Both("i, xbar-r, xbar-s, xbar-pooled, p, np, c, u, laney-p, laney-u, g, t, runs (Anhoej), ewma, cusum, t2, mewma, "
            "westgard, ra-cusum, vlad, sprt, max-sprt",
            "i、xbar-r、xbar-s、xbar-pooled、p、np、c、u、laney-p、laney-u、g、t、runs（Anhoej）、ewma、cusum、t2、mewma、"
            "westgard、ra-cusum、vlad、sprt、max-sprt"))
      ->capture_default_str();
  DataOptions(c, r);
  LimitOptions(c, r);
  RunsTestOptions(c, r);
  StreamOptions(c, r);
  RiskOptions(c, r);
  WestgardOptions(c, r);
  c->footer(Examples(
      "  plumbline analyse chart apachepatientresult.csv.gz --kind ra-cusum --where apacheversion=IVa \\\n"
      "    --where 'predictedhospitalmortality>0' --event actualhospitalmortality=EXPIRED --expected predictedhospitalmortality "
      "\\\n"
      "    --arl 1000 --svg ra-cusum.svg\n"
      "  plumbline analyse chart vitalaperiodic.csv.gz --kind ewma --value noninvasivemean --where patientunitstayid=141764 \\\n"
      "    --order observationoffset --phase-one 20\n"
      "  plumbline analyse chart patient.csv.gz --kind p --event hospitaldischargestatus=Expired --subgroup "
      "hospitaldischargeyear \\\n"
      "    --order hospitaldischargeyear --svg p.svg\n"
      "  plumbline analyse chart controls.csv --kind westgard --value result --level level --run run --material lot --gate"));
}

void FunnelOptionsOf(CLI::App* c, analyse::FunnelRequest* r) {
  c->add_option("--unit", r->unit, Both("column of the centre, ward, reader or device", "中心、病区、阅片者或设备列"))
      ->required();
  c->add_option("--numerator", r->numerator, Both("column of events (summed per unit)", "事件数列（按单位合计）"));
  c->add_option("--denominator", r->denominator, Both("column of cases", "病例数列"));
  c->add_option("--observed", r->observed, Both("column of observed events", "观察事件数列"));
  c->add_option("--expected", r->expected,
                Both("column of expected events, or of each row's expected probability with --event",
                     "期望事件数列；与 --event 同用时为每行期望概率"));
  c->add_option("--event", r->event,
                Both("a row is an event when this holds: column>number, column=value", "条件成立则该行为事件：列>数、列=值"));
  c->add_option("--cluster", r->cluster,
                Both("rows of one cluster (a patient, a stay) are one case", "同一聚类（患者、住院）的行为一例"));
  c->add_option("--over-dispersion", r->over_dispersion, Both("none, cqc or shmi", "none、cqc 或 shmi"))->capture_default_str();
  c->add_option("--trim", r->trim, Both("share winsorised or truncated at each end", "每端缩尾或截去的比例"))
      ->check(CLI::Range(0.0, 0.49))
      ->capture_default_str();
  c->add_option(
       "--tau2", r->method,
       Both("between-unit variance by fixed, dl, hedges, pm, ml or reml", "单位间方差估计：fixed、dl、hedges、pm、ml、reml"))
      ->capture_default_str();
  c->add_option("--target", r->target, Both("common proportion; 0: that of all units", "总体比例；0：全部单位合计"))
      ->capture_default_str();
  c->add_option("--min-n", r->min_n, Both("units with fewer cases are not shown", "例数更少的单位不显示"))->capture_default_str();
  c->add_flag("--forest", r->forest, Both("the figure is a forest plot with shrunken values", "图形为含收缩值的森林图"));
  c->footer(Examples(
      "  plumbline analyse funnel respiratorycharting.csv.gz --join patient.csv.gz:patientunitstayid --unit hospitalid \\\n"
      "    --where 'respchartvaluelabel=TV/kg IBW' --event 'respchartvalue>8' --cluster patientunitstayid --min-n 5 --svg "
      "funnel.svg\n"
      "  plumbline analyse funnel apachepatientresult.csv.gz --join patient.csv.gz:patientunitstayid --unit hospitalid \\\n"
      "    --where apacheversion=IVa --where 'predictedhospitalmortality>=0' --event actualhospitalmortality=EXPIRED \\\n"
      "    --expected predictedhospitalmortality --min-n 10 --over-dispersion shmi --forest --svg forest.svg"));
}

void CompareOptions(CLI::App* c, analyse::CompareRequest* r) {
  c->add_option("--group", r->group, Both("column of the groups", "分组列"))->required();
  c->add_option("--value", r->values,
                Both("column that is compared; several numbers are compared together too (Hotelling's T2)",
                     "比较列；多列数值另作联合比较（Hotelling T2）"));
  c->add_option("--event", r->event, Both("or a condition: the categories are 1 and 0", "或条件：类别为 1 与 0"));
  c->add_flag("--categorical", r->categorical, Both("values are categories, not numbers", "值为类别而非数字"));
  c->add_option("--reference", r->reference,
                Both("a group; without it each is compared with all the others", "参照组；缺省则各组与其余合计比较"));
  c->add_option("--baseline", r->baseline,
                Both("or a file made by plumbline baseline build: each against the panel",
                     "或 plumbline baseline build 生成的基线：各组与专家组比较"));
  c->add_option("--baseline-digest", r->baseline_digest,
                Both("refuse a baseline file with another digest", "基线文件摘要不符则拒绝"));
  c->add_option("--stratum", r->stratum,
                Both("column of case mix: categories are compared within strata (Cochran-Mantel-Haenszel)",
                     "病例构成列：类别在层内比较（Cochran-Mantel-Haenszel）"));
  c->add_option("--cluster", r->cluster,
                Both("rows of one cluster (a patient, a stay) are one case", "同一聚类（患者、住院）的行为一例"));
  c->add_option("--min-n", r->min_n, Both("groups with fewer cases are not shown", "例数更少的组不显示"))->capture_default_str();
  c->add_option("--permutations", r->permutations, Both("of the energy test; 0: none", "能量检验的置换次数；0：不做"))
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  c->add_option("--seed", r->seed, Both("of the permutations", "置换种子"))->capture_default_str();
  c->footer(Examples(
      "  plumbline analyse compare readings.csv.gz --group id_format_group --value malignancy --categorical --stratum texture "
      "--svg compare.svg\n"
      "  plumbline analyse compare patient.csv.gz --group hospitalid --value admissionweight --cluster uniquepid --min-n 30\n"
      "  plumbline analyse compare readings.csv.gz --group id_format_group --value malignancy --categorical --baseline "
      "lidc.baseline"));
}

void DetectOptions(CLI::App* c, analyse::DetectRequest* r) {
  c->add_option("--unit", r->unit, Both("column of the reader, site or device", "阅片者、站点或设备列"))->required();
  c->add_option("--event", r->event, Both("binary outcome: column>number, column=value", "二值结局：列>数、列=值"));
  c->add_option("--value", r->value, Both("or a number within --range", "或 --range 内的数值列"));
  c->add_option_function<std::pair<double, double>>(
      "--range", [r](const std::pair<double, double>& range) { std::tie(r->low, r->high) = range; },
      Both("low and high end of --value", "--value 的下端与上端"));
  c->add_option("--cluster", r->cluster,
                Both("rows of one cluster (a patient, a stay) are one step", "同一聚类（患者、住院）的行为一步"));
  c->add_option("--order", r->order, Both("numeric column to go by; without it the file's order", "数字排序列；缺省按文件顺序"));
  c->add_option("--expected", r->expected, Both("column of what the experts would do", "专家期望列"));
  c->add_option("--baseline", r->baseline,
                Both("file made by plumbline baseline build", "plumbline baseline build 生成的基线文件"));
  c->add_option("--baseline-digest", r->baseline_digest,
                Both("refuse a baseline file with another digest", "基线文件摘要不符则拒绝"));
  c->add_option("--stratum", r->stratum, Both("column of the baseline's strata", "基线分层列"));
  c->add_option("--panel", r->panel,
                Both("columns that name a case: each reading against the case's other readers",
                     "标识病例的列：每次阅片与同病例其他阅片者比较"));
  c->add_option("--margin", r->margin,
                Both("how far from the expected is still the same, in the value's unit", "容差（与值同单位）"))
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  c->add_option("--odds-ratio", r->odds_ratio, Both("the margin as an odds ratio, for an event", "以比值比表示的容差（事件）"));
  c->add_option("--sides", r->sides, Both("both, up or down", "both、up 或 down"))->capture_default_str();
  c->add_option("--allowance", r->allowance,
                Both("false alerts in words: \"2 a month over all readers\", with --days",
                     "误报允许值，如“全部阅片者每月2次”，与 --days 同用"));
  c->add_option("--days", r->days, Both("how many days the table covers", "表覆盖的天数"));
  c->add_option("--false-alerts", r->false_alerts,
                Both("allowed over this table, instead of --allowance", "本表允许的误报数，代替 --allowance"));
  c->add_option("--threshold", r->threshold, Both("c itself, instead of --allowance", "直接给定 c，代替 --allowance"));
  c->add_option("--min-n", r->min_n, Both("units with fewer steps neither alarm nor are shown", "步数更少的单位不报警、不显示"))
      ->capture_default_str();
  c->add_option("--alpha", r->alpha, Both("of e-BH and of the confidence sequences", "e-BH 与置信序列的 alpha"))
      ->check(CLI::Range(0.0001, 0.5))
      ->capture_default_str();
  c->footer(Examples(
      "  plumbline analyse detect readings.csv.gz --unit id_format_group --value malignancy --range 1 5 --panel scan_id,cluster "
      "\\\n"
      "    --margin 0.25 --allowance '1 a year over all readers' --days 365 --svg detect.svg\n"
      "  plumbline analyse detect respiratorycharting.csv.gz --join patient.csv.gz:patientunitstayid --unit hospitalid \\\n"
      "    --where 'respchartvaluelabel=TV/kg IBW' --event 'respchartvalue>8' --cluster patientunitstayid --margin 0.1 "
      "--false-alerts 0.5"));
}

}  // namespace plumbline::app
