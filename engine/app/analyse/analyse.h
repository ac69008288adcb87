// The analyses behind `plumbline analyse`: a table and columns in, a report out. Pure but for reading the table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/analyse/report.h"
#include "engine/app/analyse/table.h"
#include "engine/base/error.h"
#include "engine/stats/baseline.h"
#include "engine/stats/chart.h"
#include "engine/stats/funnel.h"

namespace plumbline::analyse {

struct Common {
  TableSpec table;
  Lang lang = Lang::kEn;
  std::string title;  // of the figure; empty: one is made
  double confidence = 0.95;
};

// Several readers grade the same cases; or, with `reference`, two methods measure the same cases.
struct AgreementRequest {
  Common common;
  std::string case_columns;           // "scan_id,cluster"
  std::string reader;                 // empty: every row is another reader of its case
  std::vector<std::string> values;    // graded columns; all are measured, the first one's deviations are shown
  bool categorical = false;           // grades are texts without order
  std::string group;                  // of readers; empty: none
  std::int64_t readers = 0;           // only cases with exactly so many readings, each by another reader; 0: two or more
  std::string weights = "quadratic";  // none | linear | quadratic | ordinal | ratio
  bool named_readers = false;         // a reader's name means the same person in every case: pairs, two-way ICC
  std::int64_t min_n = 10;            // groups and pairs with fewer cases are not shown
  // Two methods.
  std::string reference;        // column of the method compared with; values[0] is the other
  double multiplier = 0;        // of the SD for the limits of agreement; 0: 1.96
  double error_ratio = 1;       // Deming
  bool weighted = false;        // Deming with errors proportional to the level
  std::string ranks = "paper";  // Passing-Bablok: paper | mcr
  double resolution = 0;
};
[[nodiscard]] Result<Report> AnalyseAgreement(const AgreementRequest& request);

struct FunnelRequest {
  Common common;
  std::string unit;
  // One of: numerator and denominator (already counted, summed per unit); observed and expected; an event per row.
  std::string numerator, denominator;
  std::string observed, expected;
  std::string event;    // condition; with `expected` too: observed events over the sum of expected
  std::string cluster;  // rows of one cluster are one case (its mean)
  std::string over_dispersion = "cqc";
  double target = 0;
  std::int64_t min_n = 1;
  double trim = 0.1;            // of the over-dispersion
  std::string method = "reml";  // of tau2: fixed | dl | hedges | pm | ml | reml
  bool forest = false;          // the figure: units with intervals and shrunken values instead of the funnel
};
[[nodiscard]] Result<Report> AnalyseFunnel(const FunnelRequest& request);

struct CompareRequest {
  Common common;
  std::string group;
  std::vector<std::string> values;  // several (numbers): compared together by Hotelling's T2, the first by the others
  std::string event;                // or a condition: the categories are 1 and 0
  bool categorical = false;
  std::string reference;        // a group's name; empty: each group against the rest
  std::string baseline;         // or a baseline file: each group's levels against the panel's
  std::string baseline_digest;  // the file must have this digest (or begin with it)
  std::string stratum;          // case mix (categorical): Cochran-Mantel-Haenszel
  std::string cluster;          // rows of one cluster (a patient) are one case: its mean, or shares of one
  std::int64_t min_n = 20;
  std::uint64_t seed = 1;
  std::int64_t permutations = 199;
};
[[nodiscard]] Result<Report> AnalyseCompare(const CompareRequest& request);

struct DetectRequest {
  Common common;
  std::string unit;
  std::string event;  // condition: a binary outcome
  std::string value;  // or a number in [low, high]
  double low = 0, high = 1;
  std::string cluster;  // rows of one cluster are one step (their mean)
  std::string order;    // numeric column to sort by; empty: the file's order
  // What is expected: a column, a baseline file, the other readers of the same case, or (none of them) all units together.
  std::string expected;
  std::string baseline;
  std::string baseline_digest;  // the file must have this digest (or begin with it)
  std::string stratum;          // column for the baseline's strata
  std::string panel;            // "scan_id,cluster": deviation from the mean of the other readers of the case
  double margin = 0;            // in the value's unit (probability for an event)
  double odds_ratio = 0;        // instead of margin, for an event
  std::string sides = "both";   // both | up | down
  std::string allowance;        // "2 a month over all readers", with days
  double days = 0;              // what the table covers
  double threshold = 0;         // c itself
  double false_alerts = 0;      // allowed over this table: c = steps / false_alerts
  std::int64_t min_n = 20;
  double alpha = 0.05;  // e-BH and confidence sequences
};
[[nodiscard]] Result<Report> AnalyseDetect(const DetectRequest& request);

// A chart of the rows in order, or of subgroups of them; of each unit where one is named.
struct ChartRequest {
  Common common;
  std::string kind = "i";              // see ChartKindNames
  std::vector<std::string> values;     // the value; several for t2 and mewma
  std::string numerator, denominator;  // events and trials or area; max-sprt: events
  std::string subgroup;                // consecutive rows with the same value are one point
  std::string event;                   // condition: p and u over subgroups, g and t between events, the outcome of risk charts
  std::string expected;                // risk of a case, or expected events (max-sprt)
  std::string order;                   // column to sort by: numbers, or dates as 2026-11-25
  std::string unit;                    // a chart for each
  std::int64_t min_n = 1;              // units with fewer points are not shown
  // Limits: estimated in phase I, given, or designed for a wanted length.
  std::int64_t phase_one = 0;
  std::vector<std::int64_t> exclude;  // points, counted from 1, left out of the estimate
  std::optional<double> centre, sigma;
  double width = 0;  // of limits in standard deviations; 0: 3 (EWMA: what the length asks)
  double wanted_arl = 0;
  bool rounded_d2 = false, screen = false;
  // Runs tests.
  std::string tests = "1";
  bool western_electric = false, any_of_window = false, both_sides = false;
  // Streaming charts.
  double k = 0.5, limit = 0, headstart = 0, lambda = 0.1;
  std::string sides = "both";  // both | up
  bool go_on = false;          // after a signal the sum is not begun anew
  bool time_varying = false;   // EWMA, MEWMA: limits that open from the start
  // Risk-adjusted charts and tests.
  double odds_ratio = 2, alpha = 0.01, beta = 0.01, horizon = 0;
  std::int64_t min_events = 1;
  // Westgard.
  std::string level, run, material, target, sd;  // columns
  std::string rules, r4s = "opposite", windows = "both";
  bool gate = false, r4s_across_runs = false;
};
[[nodiscard]] Result<Report> AnalyseChart(const ChartRequest& request);

struct BaselineRequest {
  TableSpec table;
  std::string name;
  std::string outcome;          // column, or
  std::string event;            // condition
  std::string kind = "binary";  // binary | ordinal | numeric
  double low = 0, high = 1;
  std::string stratum, cluster;
  std::vector<std::string> numeric_features, level_features;
  double alpha0 = 0.05;
  std::optional<double> ridge;
  std::int64_t folds = 10;
};
// The canonical text and its digest.
struct BuiltBaseline {
  std::string text;
  std::string digest;
  std::size_t left_out = 0;  // rows with an empty outcome or feature
};
[[nodiscard]] Result<BuiltBaseline> BuildBaselineFromTable(const BaselineRequest& request);
// Reads a whole file of at most 64 MiB.
[[nodiscard]] Result<std::string> ReadFile(const std::string& path);
// kIntegrity when the file is no baseline as written, or has another digest than the one asked for (at least 8 digits; empty:
// any).
[[nodiscard]] Result<stats::Baseline> LoadBaseline(const std::string& path, const std::string& digest = "");
[[nodiscard]] Result<std::string> ShowBaseline(const std::string& path, Lang lang);
[[nodiscard]] Result<std::string> DiffBaselineFiles(const std::string& a, const std::string& b, bool* different);

}  // namespace plumbline::analyse
