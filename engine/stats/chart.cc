// What the charts share, and the charts of measured values.
#include "engine/stats/chart.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/arl.h"
#include "engine/stats/control_constants.h"
#include "engine/stats/distributions.h"
#include "engine/stats/numerics.h"
#include "engine/stats/sums.h"

namespace plumbline::stats {
namespace internal {

Outcome<void> CheckFinite(std::span<const double> values, std::string_view what) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      return No(Reason::kOutsideDomain, std::string(what) + " " + std::to_string(i + 1) + " is not a finite number");
    }
  }
  return {};
}

Outcome<double> WidthOf(const ChartOptions& o) {
  if (o.wanted_arl) return DesignShewhart(*o.wanted_arl);
  if (!(o.width > 0 && o.width < 38)) return No(Reason::kOutsideDomain, "limits are between 0 and 38 standard deviations wide");
  return o.width;
}

std::vector<bool> EstimatingPoints(const ChartOptions& o, std::size_t n) {
  std::vector<bool> use(n, true);
  if (o.phase_one > 0) std::fill(use.begin() + static_cast<std::ptrdiff_t>(std::min(o.phase_one, n)), use.end(), false);
  for (const std::size_t i : o.exclude) {
    if (i < n) use[i] = false;
  }
  return use;
}

void AddSignals(const ChartOptions& o, std::span<const double> sd, std::uint64_t offset, Chart* chart) {
  RunsOptions runs = o.runs;
  runs.tests = static_cast<std::uint8_t>(o.tests & ~1U);
  RunsState state;
  state.count = 0;
  for (std::size_t i = 0; i < chart->points.size(); ++i) {
    const ChartPoint& p = chart->points[i];
    const std::uint64_t at = offset + i;
    if ((o.tests & 1U) != 0 && (p.value > p.upper || p.value < p.lower)) {
      chart->signals.push_back({Rule::kBeyondLimits, p.value > p.upper ? Side::kUpper : Side::kLower, at, {at}});
    }
    if (runs.tests == 0) continue;
    if (!(sd[i] > 0)) {
      const std::uint64_t count = state.count;
      state = RunsState{};  // a point without a spread ends every run
      state.count = count + 1;
      continue;
    }
    const RunsStep step = StepRuns(runs, &state, (p.value - p.centre) / sd[i]);
    for (std::size_t j = 0; j < step.size; ++j) {
      Signal signal = Expand(step.alarms[j]);
      signal.at += offset;
      for (std::uint64_t& point : signal.points) point += offset;
      chart->signals.push_back(std::move(signal));
    }
  }
}

Outcome<double> NormalArl0(const ChartOptions& o, double width) {
  if (!o.find_arl) return No(Reason::kTooFew, "not computed");
  RunsOptions runs = o.runs;
  runs.tests = o.tests;
  runs.width = width;
  return RunsArl(runs, 0);
}

Outcome<double> MeanMovingRange(std::span<const double> x, const std::vector<bool>& use, bool screen) {
  std::vector<double> ranges;
  for (std::size_t i = 1; i < x.size(); ++i) {
    if (use[i] && use[i - 1]) ranges.push_back(std::fabs(x[i] - x[i - 1]));
  }
  if (ranges.empty()) return No(Reason::kTooFew, "a moving range needs two neighbouring points in phase I");
  double mean = MeanExact(ranges);
  if (screen) {
    constexpr double kUpperFactor = 3.267;  // D4(2)
    std::erase_if(ranges, [&](double r) { return r > kUpperFactor * mean; });
    mean = MeanExact(ranges);
  }
  if (!(mean > 0)) return No(Reason::kZeroVariance, "all values of phase I are equal");
  return mean;
}

}  // namespace internal

namespace {

using internal::AddSignals;
using internal::CheckFinite;

std::vector<double> Pick(std::span<const double> x, const std::vector<bool>& use) {
  std::vector<double> picked;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (use[i]) picked.push_back(x[i]);
  }
  return picked;
}

Outcome<void> CheckGiven(const ChartOptions& o) {
  if (!o.given) return {};
  if (!std::isfinite(o.given->centre) || !std::isfinite(o.given->sigma))
    return No(Reason::kOutsideDomain, "the given centre and sigma are finite");
  if (!(o.given->sigma > 0)) return No(Reason::kZeroVariance, "the given standard deviation is above 0");
  return {};
}

// Points around one centre with one standard deviation.
void Fill(Chart* chart, std::span<const double> values, double centre, double lower, double upper, double sd,
          const ChartOptions& o, std::uint64_t offset) {
  for (const double v : values) chart->points.push_back({v, centre, lower, upper});
  const std::vector<double> sds(values.size(), sd);
  AddSignals(o, sds, offset, chart);
}

Outcome<double> OneOver(double probability) {
  if (!(probability > 0)) return No(Reason::kUnbounded, "no value lies outside these limits");
  return 1 / probability;
}

}  // namespace

Outcome<IndividualsCharts> ChartIndividuals(std::span<const double> x, const ChartOptions& o) {
  if (x.size() < 2) return No(Reason::kTooFew, "an individuals chart needs 2 values");
  PLUMBLINE_TRY(CheckFinite(x, "value"));
  PLUMBLINE_TRY(CheckGiven(o));
  PLUMBLINE_ASSIGN(const double width, internal::WidthOf(o));
  const auto use = internal::EstimatingPoints(o, x.size());
  const double d2 = o.rounded_d2 ? kRoundedD2 : D2(2);
  IndividualsCharts charts;
  double centre = 0, sigma = 0;
  if (o.given) {
    centre = o.given->centre;
    sigma = o.given->sigma;
    charts.mean_moving_range = sigma * d2;
  } else {
    PLUMBLINE_ASSIGN(charts.mean_moving_range, internal::MeanMovingRange(x, use, o.screen_moving_ranges));
    centre = MeanExact(Pick(x, use));
    sigma = charts.mean_moving_range / d2;
  }
  const auto phase = o.given ? 0 : static_cast<std::size_t>(std::count(use.begin(), use.end(), true));
  const auto from = o.given ? LimitsFrom::kGiven : LimitsFrom::kPhaseOne;
  Chart& individuals = charts.individuals;
  individuals = Chart{"I", from, phase, centre, sigma, width, {}, {}, internal::NormalArl0(o, width)};
  Fill(&individuals, x, centre, centre - width * sigma, centre + width * sigma, sigma, o, 0);
  std::vector<double> ranges;
  for (std::size_t i = 1; i < x.size(); ++i) ranges.push_back(std::fabs(x[i] - x[i - 1]));
  // A range of two is |N(0, 2 sigma^2)|; moving ranges overlap, so the length below is that of independent ones.
  constexpr double kTabledD4 = 3.267;
  const double upper =
      o.rounded_d2 && width == 3 ? kTabledD4 * charts.mean_moving_range : charts.mean_moving_range + width * D3(2) * sigma;
  const double outside = 2 * NormalUpper(upper / (sigma * std::sqrt(2.0)));
  charts.moving_range = Chart{"MR", from, phase, charts.mean_moving_range, sigma, width, {}, {}, OneOver(outside)};
  ChartOptions limits_only = o;
  limits_only.tests = o.tests & 1U;  // moving ranges are neither independent nor symmetric
  Fill(&charts.moving_range, ranges, charts.mean_moving_range, 0, upper, 0, limits_only, 1);
  return charts;
}

namespace {

struct SubgroupEstimate {
  double centre = 0;
  double sigma = 0;
  double mean_spread = 0;
};

Outcome<SubgroupEstimate> EstimateSubgroups(std::span<const double> means, std::span<const double> spreads,
                                            const std::vector<bool>& use, std::size_t n, SpreadBy by) {
  const auto used_means = Pick(means, use), used_spreads = Pick(spreads, use);
  if (used_means.empty()) return No(Reason::kTooFew, "no subgroup is left in phase I");
  SubgroupEstimate e;
  e.centre = MeanExact(used_means);
  e.mean_spread = MeanExact(used_spreads);
  if (by == SpreadBy::kRange) e.sigma = e.mean_spread / D2(n);
  if (by == SpreadBy::kDeviation) e.sigma = e.mean_spread / C4(static_cast<double>(n));
  if (by == SpreadBy::kPooled) {
    std::vector<double> squares;
    for (const double s : used_spreads) squares.push_back(s * s);
    const double df = static_cast<double>(used_spreads.size() * (n - 1));
    e.sigma = std::sqrt(MeanExact(squares)) / C4(df + 1);
  }
  if (!(e.sigma > 0)) return No(Reason::kZeroVariance, "within the subgroups of phase I all values are equal");
  return e;
}

}  // namespace

Outcome<SubgroupCharts> ChartSubgroups(std::span<const std::vector<double>> subgroups, SpreadBy by, const ChartOptions& o) {
  if (subgroups.empty()) return No(Reason::kTooFew, "a subgroup chart needs a subgroup");
  const std::size_t n = subgroups.front().size();
  if (n < 2 || n > kMaxSubgroup)
    return No(n < 2 ? Reason::kTooFew : Reason::kOutsideDomain, "a subgroup has between 2 and 100 values");
  PLUMBLINE_TRY(CheckGiven(o));
  PLUMBLINE_ASSIGN(const double width, internal::WidthOf(o));
  std::vector<double> means, spreads;
  for (std::size_t i = 0; i < subgroups.size(); ++i) {
    if (subgroups[i].size() != n) return No(Reason::kOutsideDomain, "subgroup " + std::to_string(i + 1) + " is of another size");
    PLUMBLINE_TRY(CheckFinite(subgroups[i], "subgroup " + std::to_string(i + 1) + ", value"));
    const auto [low, high] = std::minmax_element(subgroups[i].begin(), subgroups[i].end());
    means.push_back(MeanExact(subgroups[i]));
    spreads.push_back(by == SpreadBy::kRange ? *high - *low : std::sqrt(VarianceExact(subgroups[i])));
  }
  const auto size = static_cast<double>(n);
  const double expected = by == SpreadBy::kRange ? D2(n) : C4(size);
  const double deviation = by == SpreadBy::kRange ? D3(n) : std::sqrt(1 - expected * expected);
  const auto use = internal::EstimatingPoints(o, means.size());
  SubgroupEstimate e;
  if (o.given) {
    e = {o.given->centre, o.given->sigma, o.given->sigma * expected};
  } else {
    PLUMBLINE_ASSIGN(e, EstimateSubgroups(means, spreads, use, n, by));
  }
  const auto from = o.given ? LimitsFrom::kGiven : LimitsFrom::kPhaseOne;
  const auto phase = o.given ? 0 : static_cast<std::size_t>(std::count(use.begin(), use.end(), true));
  SubgroupCharts charts;
  charts.mean_spread = e.mean_spread;
  const double sd = e.sigma / std::sqrt(size);
  charts.means = Chart{"Xbar", from, phase, e.centre, e.sigma, width, {}, {}, internal::NormalArl0(o, width)};
  Fill(&charts.means, means, e.centre, e.centre - width * sd, e.centre + width * sd, sd, o, 0);
  const double centre = e.sigma * expected;
  const double lower = std::max(0.0, centre - width * e.sigma * deviation), upper = centre + width * e.sigma * deviation;
  double outside = 0;
  if (by == SpreadBy::kRange) {
    outside = 1 - RangeCdf(upper / e.sigma, n) + RangeCdf(lower / e.sigma, n);
  } else {
    const auto scaled = [&](double s) { return (size - 1) * s * s / (e.sigma * e.sigma); };
    outside = ChiSquaredUpper(scaled(upper), size - 1) + (lower > 0 ? ChiSquaredCdf(scaled(lower), size - 1) : 0);
  }
  charts.spread = Chart{by == SpreadBy::kRange ? "R" : "S", from, phase, centre, e.sigma, width, {}, {}, OneOver(outside)};
  ChartOptions limits_only = o;
  limits_only.tests = o.tests & 1U;
  Fill(&charts.spread, spreads, centre, lower, upper, 0, limits_only, 0);
  return charts;
}

Outcome<TimeBetweenChart> ChartT(std::span<const double> times, const ChartOptions& o, double power) {
  if (!(power > 0 && power < 1)) return No(Reason::kOutsideDomain, "the power lies inside (0,1)");
  TimeBetweenChart result;
  result.power = power;
  std::vector<double> y;
  PLUMBLINE_TRY(CheckFinite(times, "time"));
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i] < 0) return No(Reason::kOutsideDomain, "time " + std::to_string(i + 1) + " is below 0");
    y.push_back(times[i] == 0 ? 0 : det::Pow(times[i], power));
  }
  PLUMBLINE_ASSIGN(auto charts, ChartIndividuals(y, o));
  result.chart = std::move(charts.individuals);
  result.chart.name = "t";
  result.mean_moving_range = charts.mean_moving_range;
  const auto back = [&](double v) { return v <= 0 ? 0.0 : det::Pow(v, 1 / power); };
  const ChartPoint& limits = result.chart.points.front();
  result.centre_time = back(limits.centre);
  result.lower_time = back(limits.lower);
  result.upper_time = back(limits.upper);
  // Times between events of a steady rate are exponential: the chance outside is exact for the mean of those that estimated.
  if (o.tests == 1) {
    const double mean = o.given ? back(limits.centre) : MeanExact(Pick(times, internal::EstimatingPoints(o, times.size())));
    if (mean > 0) result.chart.arl0 = OneOver(det::Exp(-result.upper_time / mean) - det::Expm1(-result.lower_time / mean));
  }
  return result;
}

Outcome<HotellingChart> ChartHotelling(std::span<const std::vector<double>> x, double alpha, std::size_t phase_one) {
  if (!(alpha > 0 && alpha < 1)) return No(Reason::kOutsideDomain, "alpha lies inside (0,1)");
  if (x.empty() || x.front().empty()) return No(Reason::kTooFew, "T2 needs rows of values");
  const std::size_t p = x.front().size(), m = phase_one == 0 ? x.size() : std::min(phase_one, x.size());
  if (m < p + 2)
    return No(Reason::kTooFew, std::to_string(m) + " rows in phase I, at least " + std::to_string(p + 2) + " are needed");
  HotellingChart result;
  result.mean.assign(p, 0);
  for (std::size_t j = 0; j < p; ++j) {
    ExactSum sum;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i].size() != p || !std::isfinite(x[i][j]))
        return No(Reason::kOutsideDomain, "row " + std::to_string(i + 1) + " is short or not finite");
      if (i < m) sum.Add(x[i][j]);
    }
    result.mean[j] = sum.Value() / static_cast<double>(m);
  }
  SquareMatrix covariance(p);
  for (std::size_t a = 0; a < p; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      ExactSum sum;
      for (std::size_t i = 0; i < m; ++i) sum.AddProduct(x[i][a] - result.mean[a], x[i][b] - result.mean[b]);
      covariance(a, b) = covariance(b, a) = sum.Value() / static_cast<double>(m - 1);
    }
  }
  PLUMBLINE_ASSIGN(const auto inverse, InverseSymmetric(covariance));
  const auto md = static_cast<double>(m), pd = static_cast<double>(p);
  const double first = (md - 1) * (md - 1) / md * BetaQuantile(1 - alpha, pd / 2, (md - pd - 1) / 2);
  const double second = pd * (md + 1) * (md - 1) / (md * (md - pd)) * FUpperQuantile(alpha, pd, md - pd);
  Chart& chart = result.chart;
  chart = Chart{"T2", LimitsFrom::kPhaseOne, m, 0, 0, 0, {}, {}, 1 / alpha};
  std::vector<double> d(p);
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < p; ++j) d[j] = x[i][j] - result.mean[j];
    const double upper = i < m ? first : second;
    chart.points.push_back({QuadraticForm(inverse, d), 0, 0, upper});
    if (chart.points.back().value > upper) chart.signals.push_back({Rule::kHotellingT2, Side::kUpper, i, {i}});
  }
  return result;
}

}  // namespace plumbline::stats
