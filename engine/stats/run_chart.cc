#include "engine/stats/run_chart.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/base/check.h"
#include "engine/base/math.h"
#include "engine/stats/distributions.h"
#include "engine/stats/state_codec.h"

namespace plumbline::stats {
namespace {

constexpr std::uint8_t kVersion = 1;

Side SideOf(int sign) { return sign > 0 ? Side::kUpper : Side::kLower; }

}  // namespace

std::int64_t LongestUsualRun(std::int64_t n) {
  PLUMBLINE_CHECK(n >= kMinAnhoej, "runs are judged from 10 useful points on");
  if (n > 1'000'000'000) return static_cast<std::int64_t>(std::floor(det::Log2(static_cast<double>(n)) + 0.5)) + 3;
  // round(log2 n) = floor((floor(log2 n^2) + 1) / 2): in whole numbers, as it is asked at every point.
  const auto square = static_cast<std::uint64_t>(n) * static_cast<std::uint64_t>(n);
  return static_cast<std::int64_t>(std::bit_width(square)) / 2 + 3;
}

std::int64_t FewestUsualCrossings(std::int64_t n) {
  PLUMBLINE_CHECK(n >= kMinAnhoej, "crossings are judged from 10 useful points on");
  // A chart of usual length asks at every point; the quantile is computed once for each length.
  constexpr std::int64_t kKept = 1'024;
  if (n >= kKept) return BinomialQuantile(0.05, n - 1, 0.5);
  static const std::vector<std::int64_t> kept = [] {
    std::vector<std::int64_t> quantiles(kKept, 0);
    for (std::int64_t i = kMinAnhoej; i < kKept; ++i) quantiles[static_cast<std::size_t>(i)] = BinomialQuantile(0.05, i - 1, 0.5);
    return quantiles;
  }();
  return kept[static_cast<std::size_t>(n)];
}

Outcome<double> AnhoejFalseSignal(std::int64_t n) {
  constexpr std::int64_t kMost = 2'000;
  if (n < kMinAnhoej || n > kMost) return No(Reason::kOutsideDomain, "false signals are counted for 10 to 2,000 useful points");
  const auto longest = static_cast<std::size_t>(LongestUsualRun(n));
  const auto fewest = static_cast<std::size_t>(FewestUsualCrossings(n));
  // chance[c * longest + r - 1]: a run of r now and c crossings so far, none longer than usual; c stops at `fewest` (enough).
  std::vector<double> chance((fewest + 1) * longest, 0), next(chance.size());
  chance[0] = 1;
  for (std::int64_t i = 1; i < n; ++i) {
    std::fill(next.begin(), next.end(), 0.0);
    for (std::size_t c = 0; c <= fewest; ++c) {
      double all = 0;
      for (std::size_t r = 0; r < longest; ++r) {
        const double p = 0.5 * chance[c * longest + r];
        all += p;
        if (r + 1 < longest) next[c * longest + r + 1] += p;
      }
      next[std::min(c + 1, fewest) * longest] += all;
    }
    std::swap(chance, next);
  }
  double quiet = 0;
  for (std::size_t r = 0; r < longest; ++r) quiet += chance[fewest * longest + r];
  return std::clamp(1 - quiet, 0.0, 1.0);
}

AnhoejStep StepAnhoej(double centre, AnhoejState* s, double x) {
  AnhoejStep step;
  if (!std::isfinite(x) || !std::isfinite(centre)) {
    step.refused = true;
    return step;
  }
  const std::uint64_t at = s->count++;
  const auto sign = static_cast<std::int8_t>(x > centre ? 1 : x < centre ? -1 : 0);
  if (sign == 0) return step;
  ++s->useful;
  if (sign == s->side) {
    ++s->run;
  } else {
    if (s->side != 0) ++s->crossings;
    s->run = 1;
    s->run_since = at;
    s->side = sign;
  }
  if (s->run > s->longest) {
    s->longest = s->run;
    s->longest_first = s->run_since;
    s->longest_last = at;
  }
  const auto n = static_cast<std::int64_t>(s->useful);
  if (n < kMinAnhoej) return step;
  if (static_cast<std::int64_t>(s->run) > LongestUsualRun(n))
    step.long_run = Alarm{Rule::kLongestRun, SideOf(sign), at, s->run_since, 0};
  if (static_cast<std::int64_t>(s->crossings) < FewestUsualCrossings(n))
    step.crossings = Alarm{Rule::kCrossings, Side::kNeither, at, 0, 0};
  return step;
}

std::string Encode(const AnhoejState& s) {
  StateWriter w(StateKind::kAnhoej, kVersion);
  for (const std::uint64_t v : {s.count, s.useful, s.crossings, s.run, s.run_since, s.longest, s.longest_first, s.longest_last})
    w.U64(v);
  w.U8(static_cast<std::uint8_t>(s.side + 1));
  return w.Take();
}

Result<AnhoejState> DecodeAnhoej(std::string_view bytes) {
  StateReader r(bytes, StateKind::kAnhoej, kVersion);
  AnhoejState s;
  for (std::uint64_t* v :
       {&s.count, &s.useful, &s.crossings, &s.run, &s.run_since, &s.longest, &s.longest_first, &s.longest_last})
    *v = r.Count();
  s.side = static_cast<std::int8_t>(r.U8() - 1);
  r.Require(std::abs(s.side) <= 1 && s.useful <= s.count && s.run <= s.longest && s.longest <= s.useful &&
            s.run_since <= s.count);
  PLUMBLINE_TRY(r.Finish());
  return s;
}

double Median(std::span<const double> x) {
  PLUMBLINE_CHECK(!x.empty(), "a median is of at least one value");
  std::vector<double> sorted(x.begin(), x.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : 0.5 * sorted[middle - 1] + 0.5 * sorted[middle];
}

Outcome<RunChart> ChartRuns(std::span<const double> x, std::optional<double> centre) {
  for (const double v : x) {
    if (!std::isfinite(v)) return No(Reason::kOutsideDomain, "a run chart is of finite values");
  }
  if (x.size() < static_cast<std::size_t>(kMinAnhoej)) return No(Reason::kTooFew, "a run chart needs 10 points");
  RunChart chart;
  chart.centre = centre ? *centre : Median(x);
  AnhoejState state;
  for (const double v : x) {
    if (StepAnhoej(chart.centre, &state, v).refused) return No(Reason::kOutsideDomain, "the centre is finite");
  }
  chart.useful = static_cast<std::int64_t>(state.useful);
  if (chart.useful < kMinAnhoej)
    return No(Reason::kTooFew, std::to_string(chart.useful) + " points off the centre, at least 10 are needed");
  chart.longest_run = static_cast<std::int64_t>(state.longest);
  chart.crossings = static_cast<std::int64_t>(state.crossings);
  chart.longest_usual = LongestUsualRun(chart.useful);
  chart.fewest_usual = FewestUsualCrossings(chart.useful);
  if (chart.longest_run > chart.longest_usual) {
    Signal signal{Rule::kLongestRun, SideOf(x[state.longest_first] > chart.centre ? 1 : -1), state.longest_last, {}};
    for (std::uint64_t i = state.longest_first; i <= state.longest_last; ++i) {
      if (x[i] != chart.centre) signal.points.push_back(i);
    }
    chart.signals.push_back(std::move(signal));
  }
  if (chart.crossings < chart.fewest_usual)
    chart.signals.push_back(Expand(Alarm{Rule::kCrossings, Side::kNeither, x.size() - 1, 0, 0}));
  return chart;
}

}  // namespace plumbline::stats
