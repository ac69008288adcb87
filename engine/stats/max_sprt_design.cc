// Exact error of the Poisson maxSPRT under continuous watching, and its critical values.
#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/arl.h"
#include "engine/stats/distributions.h"
#include "engine/stats/numerics.h"

namespace plumbline::stats {
namespace {

constexpr double kMaxHorizon = 2000;

// The latest time (in expected events) at which `count` events still reach the critical value: the mu < count with
// (mu - count) + count log(count/mu) = critical. The left side falls in mu, so its negative is increasing.
double LatestTime(double count, double critical) {
  double low = 0, high = count;
  for (int i = 0; i < 200 && high - low > 1e-16 * high; ++i) {
    const double mu = 0.5 * (low + high);
    const double ratio = (mu - count) + count * det::Log(count / mu);
    (ratio >= critical ? low : high) = mu;
  }
  return 0.5 * (low + high);
}

Outcome<void> Check(double horizon, std::int64_t min_events) {
  if (!(horizon > 0 && horizon <= kMaxHorizon) || min_events < 1 || min_events > 1000) {
    return No(Reason::kOutsideDomain, "a maxSPRT has a horizon in (0, 2000] expected events and 1 to 1,000 events at least");
  }
  return {};
}

}  // namespace

Outcome<double> MaxSprtAlpha(double critical, double horizon, std::int64_t min_events) {
  PLUMBLINE_TRY(Check(horizon, min_events));
  if (!(critical > 0 && critical < 100)) return No(Reason::kOutsideDomain, "a critical value lies in (0, 100)");
  // quiet[n]: probability of n events so far and no signal. At the time LatestTime(c) fewer than c events must have come.
  std::vector<double> quiet{1.0};
  double time = 0, survived = 1;
  for (std::int64_t count = min_events;; ++count) {
    const double latest = std::min(horizon, LatestTime(static_cast<double>(count), critical));
    const double elapsed = latest - time;
    std::vector<double> next(static_cast<std::size_t>(count), 0.0);
    std::vector<double> arrivals(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < arrivals.size(); ++i) arrivals[i] = PoissonPmf(static_cast<std::int64_t>(i), elapsed);
    for (std::size_t n = 0; n < next.size(); ++n) {
      for (std::size_t from = 0; from < quiet.size() && from <= n; ++from) next[n] += quiet[from] * arrivals[n - from];
    }
    quiet = std::move(next);
    survived = 0;
    for (const double q : quiet) survived += q;
    time = latest;
    if (latest >= horizon) break;
  }
  return std::clamp(1 - survived, 0.0, 1.0);
}

Outcome<double> MaxSprtCriticalValue(double alpha, double horizon, std::int64_t min_events) {
  PLUMBLINE_TRY(Check(horizon, min_events));
  if (!(alpha > 1e-8 && alpha < 0.5)) return No(Reason::kOutsideDomain, "alpha lies in (1e-8, 0.5)");
  const auto spare = [&](double critical) -> Outcome<double> {
    PLUMBLINE_ASSIGN(const double spent, MaxSprtAlpha(critical, horizon, min_events));
    return alpha - spent;
  };
  return RootOfIncreasing(spare, 0.01, 60, 1e-11);
}

}  // namespace plumbline::stats
