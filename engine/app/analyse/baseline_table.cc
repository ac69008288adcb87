// `plumbline baseline`: learning a baseline from a panel's table, showing and comparing baselines.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "connectors/csv/byte_source.h"
#include "connectors/csv/csv_reader.h"
#include "engine/app/analyse/analyse.h"
#include "engine/base/hash.h"
#include "engine/stats/baseline.h"

namespace plumbline::analyse {
namespace {

constexpr std::size_t kMaxFile = 64U << 20;

// The digest of the columns used, so that the same evidence has the same source whatever else the file holds.
std::string SourceDigest(const Table& table, const std::vector<std::string>& columns) {
  Sha256 sha;
  for (const std::string& name : columns) {
    sha.Update(name);
    sha.UpdateU64(table.rows());
    for (const std::string& text : table.Column(name)) {
      sha.UpdateU64(text.size());
      sha.Update(text);
    }
  }
  return DigestHex(sha.Finish());
}

Result<double> OutcomeOf(const BaselineRequest& r, const std::optional<Condition>& event, const Table& table, std::size_t i) {
  const std::string& column = event ? event->column : r.outcome;
  const std::string& text = table.Column(column)[i];
  if (event) {
    const auto holds = Holds(*event, text);
    if (!holds) return std::unexpected(table.At(i, column, holds.error().message));
    return *holds ? 1.0 : 0.0;
  }
  const auto number = csv::ParseNumber(text);
  if (!number) return std::unexpected(table.At(i, column, "\"" + text.substr(0, 40) + "\" is not a finite number"));
  return *number;
}

}  // namespace

Result<std::string> ReadFile(const std::string& path) {
  PLUMBLINE_ASSIGN(const auto source, csv::OpenFile(path));
  std::string text;
  std::vector<char> buffer(1U << 16);
  while (true) {
    PLUMBLINE_ASSIGN(const std::size_t got, source->Read(buffer));
    if (got == 0) return text;
    text.append(buffer.data(), got);
    if (text.size() > kMaxFile) return Fail(ErrorCode::kLimit, path + ": larger than 64 MiB");
  }
}

Result<stats::Baseline> LoadBaseline(const std::string& path, const std::string& digest) {
  PLUMBLINE_ASSIGN(const std::string text, ReadFile(path));
  auto baseline = stats::ParseBaseline(text);
  if (!baseline) return Fail(baseline.error().code, path + ": " + baseline.error().message);
  if (!digest.empty() && digest.size() < 8) return Fail(ErrorCode::kUsage, "a digest is told by at least its first 8 digits");
  if (const std::string own = baseline->DigestHexText(); !own.starts_with(digest))
    return Fail(ErrorCode::kIntegrity, path + " is baseline " + own + ", not " + digest);
  return baseline;
}

Result<BuiltBaseline> BuildBaselineFromTable(const BaselineRequest& r) {
  if (r.outcome.empty() == r.event.empty()) return Fail(ErrorCode::kUsage, "one of --outcome and --event is needed");
  std::optional<Condition> event;
  if (!r.event.empty()) {
    PLUMBLINE_ASSIGN(event, ParseCondition(r.event));
  }
  std::vector<std::string> columns = {event ? event->column : r.outcome};
  for (const std::string& c : {r.stratum, r.cluster}) {
    if (!c.empty()) columns.push_back(c);
  }
  columns.insert(columns.end(), r.numeric_features.begin(), r.numeric_features.end());
  columns.insert(columns.end(), r.level_features.begin(), r.level_features.end());
  PLUMBLINE_ASSIGN(const Table table, Load(r.table, columns));
  stats::BaselineOptions o;
  o.alpha0 = r.alpha0;
  o.ridge = r.ridge;
  o.folds = static_cast<std::size_t>(std::max<std::int64_t>(2, r.folds));
  o.low = r.low;
  o.high = r.high;
  if (r.kind != "binary" && r.kind != "ordinal" && r.kind != "numeric")
    return Fail(ErrorCode::kUsage, "--kind is binary, ordinal or numeric");
  o.kind = r.kind == "binary" ? stats::BaselineKind::kBinary
                              : (r.kind == "ordinal" ? stats::BaselineKind::kOrdinal : stats::BaselineKind::kNumeric);
  stats::PanelTable panel;
  panel.name = r.name;
  panel.outcome_name = event ? r.event : r.outcome;
  panel.source_digest = SourceDigest(table, columns);
  for (const std::string& f : r.numeric_features) panel.features.push_back({f, true, {}, {}});
  for (const std::string& f : r.level_features) panel.features.push_back({f, false, {}, {}});
  BuiltBaseline built;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    bool whole = !table.Column(columns[0])[i].empty();
    for (const auto& f : panel.features) whole = whole && !(f.numeric && table.Column(f.name)[i].empty());
    if (!whole) {
      ++built.left_out;
      continue;
    }
    PLUMBLINE_ASSIGN(const double outcome, OutcomeOf(r, event, table, i));
    panel.outcome.push_back(outcome);
    if (!r.stratum.empty()) panel.stratum.push_back(table.Column(r.stratum)[i]);
    if (!r.cluster.empty()) panel.cluster.push_back(table.Column(r.cluster)[i]);
    for (auto& f : panel.features) {
      const std::string& text = table.Column(f.name)[i];
      if (!f.numeric) {
        f.texts.push_back(text);
        continue;
      }
      const auto number = csv::ParseNumber(text);
      if (!number) return std::unexpected(table.At(i, f.name, "\"" + text.substr(0, 40) + "\" is not a finite number"));
      f.numbers.push_back(*number);
    }
  }
  PLUMBLINE_ASSIGN(const stats::Baseline baseline, stats::BuildBaseline(panel, o));
  built.text = baseline.Text();
  built.digest = baseline.DigestHexText();
  return built;
}

Result<std::string> ShowBaseline(const std::string& path, Lang lang) {
  PLUMBLINE_ASSIGN(const stats::Baseline b, LoadBaseline(path));
  std::string out = Say(lang, "baseline ", "基线 ") + b.name + "\nsha256 " + b.DigestHexText() + "\n" +
                    Say(lang, "outcome ", "结局 ") + b.outcome + ", " + std::to_string(b.rows) +
                    Say(lang, " rows, bounds at alpha0 = ", " 行，界限 alpha0 = ") + General(b.alpha0) + "\n\n";
  TextTable strata({Say(lang, "stratum", "分层"), Say(lang, "rows", "行"), Say(lang, "clusters", "聚类"),
                    Say(lang, "mean", "均值"), "SD", Say(lang, "bounds used", "使用的界限")});
  for (const stats::Stratum& s : b.strata) {
    stats::Baseline plain = b;
    plain.model.reset();
    const stats::Prediction p = stats::Expect(plain, {s.name, {}});
    const double scale = b.high - b.low;
    strata.Row({s.name.empty() ? Say(lang, "(all)", "（全部）") : s.name, std::to_string(s.n), std::to_string(s.clusters),
                Fixed(s.mean, 4), Fixed(s.sd, 4), Fixed(b.low + p.low * scale, 4) + " .. " + Fixed(b.low + p.high * scale, 4)});
  }
  out += strata.Render();
  if (b.model && b.validation) {
    TextTable model({Say(lang, "coefficient (standardised)", "系数（标准化）"), Say(lang, "value", "值"),
                     Say(lang, "standard error", "标准误")});
    const std::size_t cuts = b.model->thresholds.size(), size = cuts + b.model->beta.size();
    for (std::size_t j = 0; j < b.features.size(); ++j) {
      const stats::Feature& f = b.features[j];
      model.Row({f.column + (f.numeric ? "" : " = " + f.level), Fixed(b.model->beta[j], 4),
                 Fixed(std::sqrt(b.model->covariance[(cuts + j) * (size + 1)]), 4)});
    }
    const stats::Validation& v = *b.validation;
    out += "\n" + model.Render() + Say(lang, "ridge ", "岭参数 ") + General(b.model->ridge) + "; " + std::to_string(v.folds) +
           Say(lang, "-fold cross-validation: concordance ", " 折交叉验证：一致性 ") + Fixed(v.discrimination, 4) + ", Brier " +
           Fixed(v.brier, 4) + Say(lang, ", calibration intercept ", "，校准截距 ") +
           (v.calibration == stats::Reason::kNone
                ? Fixed(v.calibration_intercept, 3) + Say(lang, ", slope ", "，斜率 ") + Fixed(v.calibration_slope, 3)
                : Say(lang, v.calibration)) +
           "\n";
  }
  return out;
}

Result<std::string> DiffBaselineFiles(const std::string& a_path, const std::string& b_path, bool* different) {
  PLUMBLINE_ASSIGN(const stats::Baseline a, LoadBaseline(a_path));
  PLUMBLINE_ASSIGN(const stats::Baseline b, LoadBaseline(b_path));
  const std::vector<std::string> lines = stats::DiffBaselines(a, b);
  *different = a.DigestHexText() != b.DigestHexText();
  std::string out =
      a.DigestHexText().substr(0, 12) + " -> " + b.DigestHexText().substr(0, 12) + (*different ? "\n" : " (the same)\n");
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace plumbline::analyse
