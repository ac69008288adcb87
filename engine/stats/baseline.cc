#include "engine/stats/baseline.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <set>

#include "engine/base/hash.h"
#include "engine/base/math.h"
#include "engine/stats/distributions.h"
#include "engine/stats/funnel.h"

namespace plumbline::stats {
namespace {

constexpr std::size_t kMaxLevels = 50;

std::unexpected<Error> Bad(std::string what) { return Fail(ErrorCode::kInvalidArgument, "baseline: " + std::move(what)); }

Result<void> CheckPanel(const PanelTable& t, const BaselineOptions& o) {
  if (t.outcome.empty()) return Bad("the table has no rows");
  if (!t.stratum.empty() && t.stratum.size() != t.outcome.size()) return Bad("as many strata as outcomes are needed");
  if (!t.cluster.empty() && t.cluster.size() != t.outcome.size()) return Bad("as many clusters as outcomes are needed");
  if (!(o.alpha0 > 0 && o.alpha0 < 0.5)) return Bad("alpha0 lies between 0 and 0.5");
  if (o.kind == BaselineKind::kNumeric && !(o.high > o.low)) return Bad("the range's high end is above its low end");
  for (std::size_t i = 0; i < t.outcome.size(); ++i) {
    const double y = t.outcome[i];
    if (!std::isfinite(y)) return Bad("row " + std::to_string(i + 1) + ": the outcome is not finite");
    if (o.kind == BaselineKind::kBinary && y != 0 && y != 1)
      return Bad("row " + std::to_string(i + 1) + ": a binary outcome is 0 or 1");
    if (o.kind == BaselineKind::kNumeric && (y < o.low || y > o.high)) {
      return Bad("row " + std::to_string(i + 1) + ": the outcome is outside the range");
    }
  }
  for (const FeatureColumn& f : t.features) {
    if ((f.numeric ? f.numbers.size() : f.texts.size()) != t.outcome.size())
      return Bad("feature " + f.name + " has another number of rows");
  }
  return {};
}

// Mean and SD over clusters' means, so that many readings of one patient count as one.
Stratum StratumOf(const PanelTable& t, const std::vector<std::size_t>& rows, const Baseline& b, std::string name) {
  Stratum s;
  s.name = std::move(name);
  s.n = rows.size();
  s.counts.assign(b.levels.size(), 0);
  std::map<std::string, std::pair<double, double>> clusters;
  for (const std::size_t i : rows) {
    auto& c = clusters[t.cluster.empty() ? std::to_string(i) : t.cluster[i]];
    c.first += t.outcome[i];
    c.second += 1;
    const auto level = std::find(b.levels.begin(), b.levels.end(), t.outcome[i]);
    if (level != b.levels.end()) ++s.counts[static_cast<std::size_t>(level - b.levels.begin())];
  }
  s.clusters = clusters.size();
  const double k = static_cast<double>(s.clusters);
  for (const auto& [key, c] : clusters) s.mean += c.first / c.second / k;
  double squares = 0;
  for (const auto& [key, c] : clusters) squares += (c.first / c.second - s.mean) * (c.first / c.second - s.mean);
  s.sd = s.clusters > 1 ? std::sqrt(squares / (k - 1)) : 0;
  return s;
}

void AddStrata(const PanelTable& t, const BaselineOptions& o, Baseline* b) {
  std::vector<std::size_t> all(t.outcome.size());
  std::map<std::string, std::vector<std::size_t>> rows;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = i;
    if (!t.stratum.empty() && !t.stratum[i].empty()) rows[t.stratum[i]].push_back(i);
  }
  b->strata.push_back(StratumOf(t, all, *b, ""));
  for (const auto& [name, part] : rows) {
    Stratum s = StratumOf(t, part, *b, name);
    if (s.clusters >= o.min_stratum) b->strata.push_back(std::move(s));
  }
}

Result<void> AddFeature(const FeatureColumn& f, Baseline* b) {
  if (f.numeric) {
    double mean = 0, squares = 0;
    const double n = static_cast<double>(f.numbers.size());
    for (const double x : f.numbers) {
      if (!std::isfinite(x)) return Bad("feature " + f.name + ": a value is not finite");
      mean += x / n;
    }
    for (const double x : f.numbers) squares += (x - mean) * (x - mean) / n;
    if (squares == 0) return Bad("feature " + f.name + " is constant");
    b->features.push_back({f.name, true, mean, std::sqrt(squares), ""});
    return {};
  }
  std::map<std::string, std::size_t> counts;
  for (const std::string& text : f.texts) ++counts[text];
  if (counts.size() < 2) return Bad("feature " + f.name + " is constant");
  if (counts.size() > kMaxLevels) return Bad("feature " + f.name + " has more than 50 levels");
  auto reference = counts.begin();
  for (auto it = counts.begin(); it != counts.end(); ++it) {
    if (it->second > reference->second) reference = it;
  }
  for (const auto& [level, n] : counts) {
    if (level != reference->first) b->features.push_back({f.name, false, 0, 1, level});
  }
  return {};
}

double Encode(const Feature& feature, const FeatureColumn& column, std::size_t row) {
  if (feature.numeric) return (column.numbers[row] - feature.mean) / feature.sd;
  return column.texts[row] == feature.level ? 1 : 0;
}

Result<void> AddModel(const PanelTable& t, const BaselineOptions& o, Baseline* b) {
  for (const FeatureColumn& f : t.features) PLUMBLINE_TRY(AddFeature(f, b));
  RegressionData data;
  data.columns = b->features.size();
  std::set<std::string> clusters;
  for (std::size_t i = 0; i < t.outcome.size(); ++i) {
    const auto level = std::find(b->levels.begin(), b->levels.end(), t.outcome[i]);
    data.y.push_back(static_cast<double>(level - b->levels.begin()));
    if (!t.cluster.empty()) {
      data.cluster.push_back(HashText(t.cluster[i]).lo);
      clusters.insert(t.cluster[i]);
    }
    for (const Feature& feature : b->features) {
      const auto column =
          std::find_if(t.features.begin(), t.features.end(), [&](const FeatureColumn& c) { return c.name == feature.column; });
      data.x.push_back(Encode(feature, *column, i));
    }
  }
  const auto refuse = [](const NoResult& why) { return Bad("the model: " + why.detail); };
  double ridge = 0;
  if (o.ridge) {
    ridge = *o.ridge;
  } else {
    const auto chosen = ChooseRidge(data, b->levels.size(), std::min<std::size_t>(o.folds, 5));
    if (!chosen) return refuse(chosen.error());
    ridge = *chosen;
  }
  auto fit = FitOrdinal(data, b->levels.size(), ridge);
  if (!fit) return refuse(fit.error());
  // Rows of one cluster may repeat each other: at worst they are one observation, so the covariance is inflated by rows per
  // cluster.
  const double inflation = clusters.empty() ? 1 : static_cast<double>(t.outcome.size()) / static_cast<double>(clusters.size());
  for (double& c : fit->covariance) c *= inflation;
  auto validation = CrossValidate(data, b->levels.size(), ridge, o.folds);
  if (!validation) return refuse(validation.error());
  b->model = std::move(*fit);
  b->validation = *validation;
  return {};
}

const Stratum& Find(const Baseline& b, const std::string& name) {
  for (const Stratum& s : b.strata) {
    if (s.name == name) return s;
  }
  return b.strata.front();
}

}  // namespace

Result<Baseline> BuildBaseline(const PanelTable& t, const BaselineOptions& o) {
  PLUMBLINE_TRY(CheckPanel(t, o));
  Baseline b;
  b.name = t.name;
  b.outcome = t.outcome_name;
  b.source = t.source_digest;
  b.kind = o.kind;
  b.rows = t.outcome.size();
  b.alpha0 = o.alpha0;
  b.low = o.low;
  b.high = o.high;
  if (o.kind != BaselineKind::kNumeric) {
    const std::set<double> levels(t.outcome.begin(), t.outcome.end());
    b.levels.assign(levels.begin(), levels.end());
    if (o.kind == BaselineKind::kBinary) b.levels = {0, 1};
    if (b.levels.size() < 2) return Bad("the outcome has one level only");
    if (b.levels.size() > kMaxLevels) return Bad("the outcome has more than 50 levels: it is numeric");
    b.low = b.levels.front();
    b.high = b.levels.back();
  }
  AddStrata(t, o, &b);
  if (!t.features.empty()) {
    if (o.kind == BaselineKind::kNumeric) return Bad("a model needs a binary or ordinal outcome; a numeric one has strata");
    PLUMBLINE_TRY(AddModel(t, o, &b));
  }
  return b;
}

std::optional<double> ScaleOutcome(const Baseline& b, double outcome) {
  if (!(outcome >= b.low && outcome <= b.high)) return std::nullopt;
  return (outcome - b.low) / (b.high - b.low);
}

Prediction Expect(const Baseline& b, const CaseMix& mix) {
  if (b.model && mix.features.size() == b.features.size()) {
    // The mean level's bounds through the levels' values: exact when they are evenly spaced, else by the same share of the range.
    const Prediction p = Predict(*b.model, mix.features, b.alpha0);
    const double top = static_cast<double>(b.levels.size() - 1);
    return {std::min(1.0, p.expected / top), std::min(1.0, p.low / top), std::min(1.0, p.high / top)};
  }
  const Stratum& s = Find(b, mix.stratum);
  const double scale = b.high - b.low, mean = std::clamp((s.mean - b.low) / scale, 0.0, 1.0);
  if (s.clusters < 2) return {mean, 0, 1};
  if (b.kind == BaselineKind::kBinary && s.clusters == s.n) {
    const auto events = static_cast<std::int64_t>(s.counts[1]);
    const auto interval = Proportion(events, static_cast<std::int64_t>(s.n), 1 - 2 * b.alpha0);
    if (interval) return {mean, interval->clopper_pearson.low, interval->clopper_pearson.high};
  }
  const double k = static_cast<double>(s.clusters), half = StudentTQuantile(1 - b.alpha0, k - 1) * s.sd / scale / std::sqrt(k);
  return {mean, std::max(0.0, mean - half), std::min(1.0, mean + half)};
}

Result<std::vector<double>> EncodeFeatures(const Baseline& b, const std::map<std::string, std::string>& values) {
  std::vector<double> x;
  for (const Feature& f : b.features) {
    const auto it = values.find(f.column);
    if (it == values.end()) return Fail(ErrorCode::kParse, "the case has no " + f.column);
    if (!f.numeric) {
      x.push_back(it->second == f.level ? 1 : 0);
      continue;
    }
    double value = 0;
    const auto [end, status] = std::from_chars(it->second.data(), it->second.data() + it->second.size(), value);
    if (status != std::errc{} || end != it->second.data() + it->second.size() || !std::isfinite(value)) {
      return Fail(ErrorCode::kParse, f.column + ": \"" + it->second + "\" is not a finite number");
    }
    x.push_back((value - f.mean) / f.sd);
  }
  return x;
}

std::vector<std::string> DiffBaselines(const Baseline& a, const Baseline& b) {
  std::vector<std::string> lines;
  const auto number = [](double x) {
    char buffer[32];
    const int n = std::snprintf(buffer, sizeof buffer, "%.4g", x);
    return std::string(buffer, static_cast<std::size_t>(n));
  };
  const auto field = [&](const std::string& name, const std::string& x, const std::string& y) {
    if (x != y) lines.push_back(name + ": " + x + " -> " + y);
  };
  field("name", a.name, b.name);
  field("outcome", a.outcome, b.outcome);
  field("kind", std::to_string(static_cast<int>(a.kind)), std::to_string(static_cast<int>(b.kind)));
  field("source", a.source, b.source);
  field("rows", std::to_string(a.rows), std::to_string(b.rows));
  field("alpha0", number(a.alpha0), number(b.alpha0));
  for (const Stratum& s : a.strata) {
    const auto other = std::find_if(b.strata.begin(), b.strata.end(), [&](const Stratum& o) { return o.name == s.name; });
    const std::string label = "stratum \"" + s.name + "\"";
    if (other == b.strata.end()) {
      lines.push_back(label + ": only in the first");
    } else if (s.n != other->n || s.mean != other->mean || s.counts != other->counts) {
      double variance = 0;
      for (const Stratum* o : {&s, &*other}) variance += o->clusters > 0 ? o->sd * o->sd / static_cast<double>(o->clusters) : 0;
      lines.push_back(label + ": n " + std::to_string(s.n) + " -> " + std::to_string(other->n) + ", mean " + number(s.mean) +
                      " -> " + number(other->mean) + " (difference " + number(other->mean - s.mean) + ", standard error " +
                      number(std::sqrt(variance)) + ")");
    }
  }
  for (const Stratum& s : b.strata) {
    const bool known = std::any_of(a.strata.begin(), a.strata.end(), [&](const Stratum& o) { return o.name == s.name; });
    if (!known) lines.push_back("stratum \"" + s.name + "\": only in the second");
  }
  const auto coefficients = [](const Baseline& x) {
    std::map<std::string, double> m;
    for (std::size_t j = 0; x.model && j < x.features.size(); ++j) {
      m[x.features[j].column + (x.features[j].numeric ? "" : "=" + x.features[j].level)] = x.model->beta[j];
    }
    return m;
  };
  const auto ca = coefficients(a), cb = coefficients(b);
  for (const auto& [name, value] : ca) {
    const auto it = cb.find(name);
    if (it == cb.end()) lines.push_back("coefficient " + name + ": only in the first");
    if (it != cb.end() && it->second != value)
      lines.push_back("coefficient " + name + ": " + number(value) + " -> " + number(it->second));
  }
  for (const auto& [name, value] : cb) {
    if (!ca.contains(name)) lines.push_back("coefficient " + name + ": only in the second");
  }
  return lines;
}

}  // namespace plumbline::stats
