// The analyses behind `plumbline analyse`: a table and columns in, a report out. Pure but for reading the table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/analyse/report.h"
#include "engine/app/analyse/table.h"
#include "engine/base/error.h"
#include "engine/stats/chart.h"
#include "engine/stats/funnel.h"

namespace plumbline::analyse {

struct Common {
  TableSpec table;
  Lang lang = Lang::kEn;
  std::string title;  // of the figure; empty: one is made
  double confidence = 0.95;
};

// Several readers grade the same cases.
struct AgreementRequest {
  Common common;
  std::string case_columns;           // "scan_id,cluster"
  std::string reader;                 // empty: every row is another reader of its case
  std::vector<std::string> values;    // graded columns; all are measured, the first one's deviations are shown
  std::string group;                  // of readers; empty: none
  std::int64_t readers = 0;           // only cases with exactly so many readings, each by another reader; 0: two or more
  std::string weights = "quadratic";  // none | linear | quadratic
  std::int64_t min_n = 10;            // groups with fewer cases are not shown
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
};
[[nodiscard]] Result<Report> AnalyseFunnel(const FunnelRequest& request);

struct CompareRequest {
  Common common;
  std::string group;
  std::string value;
  bool categorical = false;
  std::string reference;  // a group's name; empty: each group against the rest
  std::string stratum;    // case mix (categorical): Cochran-Mantel-Haenszel
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
  std::string stratum;         // column for the baseline's strata
  std::string panel;           // "scan_id,cluster": deviation from the mean of the other readers of the case
  double margin = 0;           // in the value's unit (probability for an event)
  double odds_ratio = 0;       // instead of margin, for an event
  std::string sides = "both";  // both | up | down
  std::string allowance;       // "2 a month over all readers", with days
  double days = 0;             // what the table covers
  double threshold = 0;        // c itself
  double false_alerts = 0;     // allowed over this table: c = steps / false_alerts
  std::int64_t min_n = 20;
  double alpha = 0.05;  // e-BH and confidence sequences
};
[[nodiscard]] Result<Report> AnalyseDetect(const DetectRequest& request);

struct ChartRequest {
  Common common;
  std::string kind = "i";              // i | p | u | c | laney-p | laney-u | g | t | xbar-s | xbar-r
  std::string value;                   // i, t, g, c: the value; xbar: the value within subgroups
  std::string numerator, denominator;  // p, u
  std::string subgroup;                // xbar; or with event: p over subgroups
  std::string event;
  std::string order;
  std::string tests = "1";  // Nelson tests, e.g. "1,2,5"
  double wanted_arl = 0;
  std::int64_t phase_one = 0;
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
[[nodiscard]] Result<std::string> ShowBaseline(const std::string& path, Lang lang);
[[nodiscard]] Result<std::string> DiffBaselineFiles(const std::string& a, const std::string& b, bool* different);

}  // namespace plumbline::analyse
