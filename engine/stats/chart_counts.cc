// Charts of counts: p, np, c, u, Laney's p' and u', g.
#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/chart.h"
#include "engine/stats/control_constants.h"
#include "engine/stats/distributions.h"
#include "engine/stats/sums.h"

namespace plumbline::stats {
namespace {

constexpr double kMostCounted = 1e15;

// A count in `size` (trials, area): the ratio is plotted.
struct Counts {
  std::span<const double> events;
  std::vector<double> size;
  bool binomial = false;
};

Outcome<void> Check(const Counts& c) {
  if (c.events.empty()) return No(Reason::kTooFew, "a chart of counts needs a count");
  if (c.events.size() != c.size.size()) return No(Reason::kOutsideDomain, "there are as many sizes as counts");
  for (std::size_t i = 0; i < c.events.size(); ++i) {
    const std::string where = "row " + std::to_string(i + 1);
    if (!(c.size[i] > 0 && c.size[i] < kMostCounted)) return No(Reason::kZeroExpected, where + " has no trials or area");
    if (!(c.events[i] >= 0 && c.events[i] < kMostCounted) || c.events[i] != std::floor(c.events[i])) {
      return No(Reason::kOutsideDomain, where + ": a count is a whole number, 0 or more");
    }
    if (c.binomial && (c.events[i] > c.size[i] || c.size[i] != std::floor(c.size[i]))) {
      return No(Reason::kOutsideDomain, where + " has more events than trials, or trials that are not whole");
    }
  }
  return {};
}

struct Rate {
  double centre = 0;
  std::vector<double> sd;  // of each ratio
  std::size_t phase_one = 0;
};

Outcome<Rate> EstimateRate(const Counts& c, const ChartOptions& o, const std::vector<bool>& use) {
  Rate rate;
  if (o.given) {
    rate.centre = o.given->centre;
    if (!(rate.centre > 0) || !std::isfinite(rate.centre)) return No(Reason::kZeroExpected, "the given rate is above 0");
  } else {
    ExactSum events, size;
    for (std::size_t i = 0; i < use.size(); ++i) {
      if (!use[i]) continue;
      events.Add(c.events[i]);
      size.Add(c.size[i]);
      ++rate.phase_one;
    }
    if (rate.phase_one == 0) return No(Reason::kTooFew, "no point is left in phase I");
    rate.centre = events.Value() / size.Value();
    if (!(rate.centre > 0)) return No(Reason::kZeroVariance, "phase I has no event");
  }
  if (c.binomial && !(rate.centre < 1)) return No(Reason::kZeroVariance, "every trial of phase I has the event");
  for (const double size : c.size)
    rate.sd.push_back(std::sqrt((c.binomial ? rate.centre * (1 - rate.centre) : rate.centre) / size));
  return rate;
}

// The chance that a count falls strictly outside its limits while its rate is the centre.
double Outside(const Counts& c, std::size_t i, double centre, double lower, double upper) {
  const double n = c.size[i];
  // The least count above the upper limit and the greatest below the lower, judged as the chart judges: on the ratio.
  auto high = static_cast<std::int64_t>(std::floor(upper * n));
  while (static_cast<double>(high) / n > upper) --high;
  while (static_cast<double>(high + 1) / n <= upper) ++high;
  auto low = static_cast<std::int64_t>(std::ceil(lower * n));
  while (static_cast<double>(low) / n < lower) ++low;
  while (low > 0 && static_cast<double>(low - 1) / n >= lower) --low;
  if (c.binomial) {
    const auto trials = static_cast<std::int64_t>(n);
    return BinomialAtLeast(high + 1, trials, centre) + BinomialCdf(low - 1, trials, centre);
  }
  return PoissonAtLeast(high + 1, centre * n) + PoissonCdf(low - 1, centre * n);
}

// The chart from its rate; `spread` multiplies every standard deviation (Laney's sigma_z).
Chart Build(std::string name, const Counts& c, const Rate& rate, double width, double spread, const ChartOptions& o) {
  Chart chart{
      std::move(name), o.given ? LimitsFrom::kGiven : LimitsFrom::kPhaseOne, rate.phase_one, rate.centre, 0, width, {}, {}, 0.0};
  std::vector<double> sd;
  ExactSum outside;
  for (std::size_t i = 0; i < c.events.size(); ++i) {
    sd.push_back(rate.sd[i] * spread);
    const double lower = std::max(0.0, rate.centre - width * sd[i]);
    const double upper = c.binomial ? std::min(1.0, rate.centre + width * sd[i]) : rate.centre + width * sd[i];
    chart.points.push_back({c.events[i] / c.size[i], rate.centre, lower, upper});
    if (spread == 1) outside.Add(Outside(c, i, rate.centre, lower, upper));
  }
  internal::AddSignals(o, sd, 0, &chart);
  if (spread != 1 || o.tests != 1) {
    chart.arl0 = internal::NormalArl0(o, width);  // with runs tests, or an empirical spread, the normal approximation
  } else if (const double mean = outside.Value() / static_cast<double>(c.events.size()); mean > 0) {
    chart.arl0 = 1 / mean;
  } else {
    chart.arl0 = No(Reason::kUnbounded, "no count lies outside these limits");
  }
  return chart;
}

Outcome<Chart> Plain(std::string name, const Counts& c, const ChartOptions& o) {
  PLUMBLINE_TRY(Check(c));
  PLUMBLINE_ASSIGN(const double width, internal::WidthOf(o));
  PLUMBLINE_ASSIGN(const Rate rate, EstimateRate(c, o, internal::EstimatingPoints(o, c.events.size())));
  return Build(std::move(name), c, rate, width, 1, o);
}

Outcome<LaneyChart> Laney(std::string name, const Counts& c, const ChartOptions& o) {
  PLUMBLINE_TRY(Check(c));
  PLUMBLINE_ASSIGN(const double width, internal::WidthOf(o));
  const auto use = internal::EstimatingPoints(o, c.events.size());
  PLUMBLINE_ASSIGN(const Rate rate, EstimateRate(c, o, use));
  std::vector<double> z;
  for (std::size_t i = 0; i < c.events.size(); ++i) z.push_back((c.events[i] / c.size[i] - rate.centre) / rate.sd[i]);
  PLUMBLINE_ASSIGN(const double mean, internal::MeanMovingRange(z, use, o.screen_moving_ranges));
  LaneyChart result;
  result.sigma_z = mean / (o.rounded_d2 ? kRoundedD2 : D2(2));
  result.chart = Build(std::move(name), c, rate, width, result.sigma_z, o);
  return result;
}

// All counts and limits times `factor`, for charts of the count itself.
void Scale(Chart* chart, double factor) {
  chart->centre *= factor;
  for (ChartPoint& p : chart->points) p = {p.value * factor, p.centre * factor, p.lower * factor, p.upper * factor};
}

std::vector<double> Copy(std::span<const double> v) { return {v.begin(), v.end()}; }

}  // namespace

Outcome<Chart> ChartP(std::span<const double> events, std::span<const double> trials, const ChartOptions& o) {
  return Plain("p", Counts{events, Copy(trials), true}, o);
}

Outcome<Chart> ChartNp(std::span<const double> events, double trials, const ChartOptions& o) {
  auto chart = Plain("np", Counts{events, std::vector<double>(events.size(), trials), true}, o);
  if (chart) Scale(&*chart, trials);
  return chart;
}

Outcome<Chart> ChartC(std::span<const double> events, const ChartOptions& o) {
  return Plain("c", Counts{events, std::vector<double>(events.size(), 1.0), false}, o);
}

Outcome<Chart> ChartU(std::span<const double> events, std::span<const double> area, const ChartOptions& o) {
  return Plain("u", Counts{events, Copy(area), false}, o);
}

Outcome<LaneyChart> ChartLaneyP(std::span<const double> events, std::span<const double> trials, const ChartOptions& o) {
  return Laney("p'", Counts{events, Copy(trials), true}, o);
}

Outcome<LaneyChart> ChartLaneyU(std::span<const double> events, std::span<const double> area, const ChartOptions& o) {
  return Laney("u'", Counts{events, Copy(area), false}, o);
}

Outcome<Chart> ChartG(std::span<const double> between, const ChartOptions& o) {
  const Counts counts{between, std::vector<double>(between.size(), 1.0), false};
  PLUMBLINE_TRY(Check(counts));
  PLUMBLINE_ASSIGN(const double width, internal::WidthOf(o));
  PLUMBLINE_ASSIGN(const Rate rate, EstimateRate(counts, o, internal::EstimatingPoints(o, between.size())));
  const double mean = rate.centre, sigma = std::sqrt(mean * (mean + 1));
  double lower = std::max(0.0, mean - width * sigma), upper = mean + width * sigma;
  // P(G >= g) = (m/(1+m))^g.
  const double log_no_event = -det::Log1p(1 / mean);
  const auto at_least = [&](double g) { return det::Exp(g * log_no_event); };
  if (o.wanted_arl) {
    const double tail = 0.5 / *o.wanted_arl;
    upper = std::max(0.0, std::ceil(det::Log(tail) / log_no_event) - 1);  // the least u with P(G > u) <= tail
    lower = std::floor(det::Log1p(-tail) / log_no_event);                 // the greatest l with P(G < l) <= tail
  }
  Chart chart{"g", o.given ? LimitsFrom::kGiven : LimitsFrom::kPhaseOne, rate.phase_one, mean, sigma, width, {}, {}, 0.0};
  for (const double g : between) chart.points.push_back({g, mean, lower, upper});
  const std::vector<double> sd(between.size(), sigma);
  internal::AddSignals(o, sd, 0, &chart);
  const double outside = at_least(std::floor(upper) + 1) + (1 - at_least(std::ceil(lower)));
  if (outside > 0) {
    chart.arl0 = 1 / outside;
  } else {
    chart.arl0 = No(Reason::kUnbounded, "no count lies outside these limits");
  }
  return chart;
}

}  // namespace plumbline::stats
