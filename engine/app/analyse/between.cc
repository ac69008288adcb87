#include "engine/app/analyse/between.h"

#include <algorithm>
#include <cmath>

#include "dashboards/figure/figure.h"
#include "engine/base/math.h"
#include "engine/stats/distributions.h"

namespace plumbline::analyse {
namespace {

constexpr std::size_t kMostGlmmUnits = 5'000;

Result<stats::TauMethod> MethodOf(const std::string& name) {
  if (name == "fixed") return stats::TauMethod::kFixed;
  if (name == "dl") return stats::TauMethod::kDerSimonianLaird;
  if (name == "hedges") return stats::TauMethod::kHedges;
  if (name == "pm") return stats::TauMethod::kPauleMandel;
  if (name == "ml") return stats::TauMethod::kMaximumLikelihood;
  if (name == "reml") return stats::TauMethod::kReml;
  return Fail(ErrorCode::kUsage, "--tau2 is fixed, dl, hedges, pm, ml or reml");
}

// From the log scale back to a proportion or a ratio.
double Back(double y, stats::FunnelKind kind) {
  const double e = det::Exp(y);
  return kind == stats::FunnelKind::kProportion ? e / (1 + e) : e;
}
stats::Estimate Back(const stats::Estimate& e, stats::FunnelKind kind) {
  if (e.interval != stats::Reason::kNone) return stats::WithoutInterval(Back(e.value, kind), e.interval);
  return stats::Stated(Back(e.value, kind), Back(e.low, kind), Back(e.high, kind), e.confidence);
}

// Log odds with half a case added where a cell is empty; log O/E with half an event where none was observed.
void AddUnit(const stats::FunnelUnit& u, stats::FunnelKind kind, Between* b) {
  if (kind == stats::FunnelKind::kRatio) {
    const double o = u.numerator > 0 ? u.numerator : 0.5;
    b->y.push_back(det::Log(o / u.denominator));
    b->v.push_back(1 / o);
    return;
  }
  double events = u.numerator, none = u.denominator - u.numerator;
  if (!(events > 0) || !(none > 0)) {
    events += 0.5;
    none += 0.5;
  }
  b->y.push_back(det::Log(events / none));
  b->v.push_back(1 / events + 1 / none);
}

// Whole cases only: a cluster's mean is no binomial count.
std::optional<stats::Outcome<stats::GlmmResult>> Glmm(const Between& b, const std::vector<stats::FunnelUnit>& units) {
  stats::GlmmData data;
  data.columns = 1;
  for (std::size_t g = 0; g < b.unit.size(); ++g) {
    const stats::FunnelUnit& u = units[b.unit[g]];
    if (u.numerator != std::floor(u.numerator) || u.denominator != std::floor(u.denominator)) {
      return stats::No(stats::Reason::kOutsideDomain, "clusters' means are no counts; the logistic model needs whole cases");
    }
    data.design.push_back(1);
    data.events.push_back(u.numerator);
    data.n.push_back(u.denominator);
    data.group.push_back(g);
  }
  if (b.unit.size() < 2) return std::nullopt;
  if (b.unit.size() > kMostGlmmUnits)
    return stats::No(stats::Reason::kOutsideDomain, "the logistic model takes at most 5,000 units");
  return stats::RandomInterceptLogistic(data, 7);
}

template <typename T>
void Put(Json* json, std::string_view key, const stats::Outcome<T>& result) {
  if (result) {
    json->Member(key, *result);
  } else {
    json->Member(key, result.error());
  }
}

}  // namespace

Result<Between> BetweenUnits(const FunnelRequest& r, const std::vector<stats::FunnelUnit>& units,
                             const stats::FunnelResult& funnel, stats::FunnelKind kind) {
  PLUMBLINE_ASSIGN(const stats::TauMethod method, MethodOf(r.method));
  Between b;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (funnel.points[i].reason != stats::Reason::kNone || !(units[i].denominator > 0)) continue;
    b.unit.push_back(i);
    AddUnit(units[i], kind, &b);
  }
  b.meta = stats::RandomEffects(b.y, b.v, method, r.common.confidence);
  if (b.meta) {
    for (const double y : b.meta->shrunken) b.shrunken.push_back(Back(y, kind));
  }
  b.tau2 = stats::QProfile(b.y, b.v, r.common.confidence);
  if (kind == stats::FunnelKind::kProportion) b.glmm = Glmm(b, units);
  return b;
}

void WriteIntervals(const FunnelRequest& r, const stats::FunnelUnit& u, stats::FunnelKind kind, Json* json) {
  if (kind == stats::FunnelKind::kRatio) {
    const auto ratio = stats::ObservedExpected(u.numerator, u.denominator, r.common.confidence);
    if (ratio) {
      json->Member("garwood", ratio->garwood).Member("byar", ratio->byar).Member("p_poisson", ratio->p_two_sided);
    } else {
      json->Member("garwood", ratio.error());
    }
    return;
  }
  if (u.numerator != std::floor(u.numerator) || u.denominator != std::floor(u.denominator)) return;
  const auto p =
      stats::Proportion(static_cast<std::int64_t>(u.numerator), static_cast<std::int64_t>(u.denominator), r.common.confidence);
  if (p) json->Member("wilson", p->wilson).Member("clopper_pearson", p->clopper_pearson).Member("jeffreys", p->jeffreys);
}

void WriteBetween(const FunnelRequest& r, const Between& b, stats::FunnelKind kind, Json* json) {
  json->Key("between").Open('{').Member("scale", kind == stats::FunnelKind::kRatio ? "log_ratio" : "log_odds");
  json->Member("tau2_method", r.method).MemberInteger("units", b.unit.size());
  if (!b.meta) {
    json->Member("meta", b.meta.error()).Close('}');
    return;
  }
  json->Member("q", b.meta->q).Member("i2_percent", b.meta->i2).Member("h2", b.meta->h2).Member("tau2", b.meta->tau2);
  if (b.tau2) {
    json->Key("tau2_q_profile").Open('{').Member("low", b.tau2->low).Member("high", b.tau2->high).Close('}');
  } else {
    json->Member("tau2_q_profile", b.tau2.error());
  }
  json->Member("mean", Back(b.meta->mean, kind)).Member("hksj", Back(b.meta->hksj, kind));
  json->Member("prediction", Back(b.meta->prediction_t, kind)).Member("prediction_normal", Back(b.meta->prediction_normal, kind));
  json->Member("prediction_hksj", Back(b.meta->prediction_hksj, kind));
  if (b.glmm) {
    if (*b.glmm) {
      json->Member("median_odds_ratio", (**b.glmm).median_odds_ratio).Member("sigma2_logistic", (**b.glmm).sigma2);
      json->Member("latent_icc", (**b.glmm).latent_icc);
    } else {
      json->Member("median_odds_ratio", b.glmm->error());
    }
  }
  json->Close('}');
}

std::string BetweenText(const FunnelRequest& r, const Between& b, stats::FunnelKind kind) {
  const Lang lang = r.common.lang;
  if (!b.meta) return Say(lang, "between units: ", "单位间：") + Say(lang, b.meta.error().reason) + "\n";
  const auto interval = [&](const stats::Estimate& e) {
    const stats::Estimate back = Back(e, kind);
    if (back.interval != stats::Reason::kNone) return General(back.value) + " (" + Say(lang, back.interval) + ")";
    return General(back.value) + " [" + General(back.low) + ", " + General(back.high) + "]";
  };
  std::string out = Say(lang, "between units: Q ", "单位间：Q ") + General(b.meta->q.statistic) + " (df " +
                    General(b.meta->q.df) + ", p " + PValue(b.meta->q.p) + "), I2 " + Fixed(b.meta->i2, 1) + " %, tau2 " +
                    General(b.meta->tau2) + " (" + r.method + ")";
  if (b.tau2) out += " [" + General(b.tau2->low) + ", " + General(b.tau2->high) + "]";
  out += "\n" + Say(lang, "mean ", "均值 ") + interval(b.meta->mean) + ", HKSJ " + interval(b.meta->hksj) +
         Say(lang, ", prediction for a new unit ", "，新单位预测区间 ") + interval(b.meta->prediction_t) + "\n";
  if (b.glmm && *b.glmm) out += Say(lang, "median odds ratio ", "中位数比值比 ") + Fixed((**b.glmm).median_odds_ratio, 3) + "\n";
  return out;
}

std::string BetweenForest(const FunnelRequest& r, const std::vector<std::string>& names,
                          const std::vector<stats::FunnelUnit>& units, const Between& b, stats::FunnelKind kind) {
  const Lang lang = r.common.lang;
  const bool ratio = kind == stats::FunnelKind::kRatio;
  constexpr std::size_t kMostRows = 80;
  figure::Forest f;
  f.title =
      r.common.title.empty() ? Say(lang, "Units and what they have in common, by ", "各单位与总体：") + r.unit : r.common.title;
  f.subtitle = b.meta ? "tau2 " + General(b.meta->tau2) + ", I2 " + Fixed(b.meta->i2, 1) + " %" : "";
  f.axis = ratio ? Say(lang, "observed / expected", "观察/期望") : Say(lang, "proportion with event", "事件比例");
  f.label_header = r.unit;
  f.text_header = Say(lang, "value, shrunken, n", "值，收缩值，例数");
  f.log = ratio;
  f.reference = b.meta ? Back(b.meta->mean.value, kind) : (ratio ? 1 : 0);
  std::vector<std::size_t> order(b.unit.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) {
    return std::fabs(b.y[x] - (b.meta ? b.meta->mean.value : 0)) / std::sqrt(b.v[x]) >
           std::fabs(b.y[y] - (b.meta ? b.meta->mean.value : 0)) / std::sqrt(b.v[y]);
  });
  order.resize(std::min(order.size(), kMostRows));
  const double z = stats::NormalQuantile((1 + r.common.confidence) / 2);
  for (const std::size_t i : order) {
    const double half = z * std::sqrt(b.v[i]);
    figure::ForestRow row{names[b.unit[i]], Back(b.y[i], kind), Back(b.y[i] - half, kind), Back(b.y[i] + half, kind)};
    row.text = General(row.value) + (b.shrunken.empty() ? "" : ", " + General(b.shrunken[i])) + ", " +
               General(units[b.unit[i]].denominator);
    if (row.low > f.reference) row.tone = figure::Tone::kHigh;
    if (row.high < f.reference) row.tone = figure::Tone::kLow;
    f.rows.push_back(std::move(row));
  }
  f.notes = {
      Say(lang,
          "Intervals are for one look at one unit; of many units some lie apart by chance. The shrunken value is what is "
          "expected of the unit given all others. Most distant units first, at most 80.",
          "区间仅适用于单个单位的单次查看；单位众多时总有偏离者。收缩值为结合其他单位后的期望。按偏离程度排序，最多 80 个。")};
  return figure::Render(f);
}

}  // namespace plumbline::analyse
