// The run length of zone tests: the detector's own states, explored over the zones, are the Markov chain.
#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "engine/stats/distributions.h"
#include "engine/stats/runs_rules.h"

namespace plumbline::stats {
namespace {

constexpr std::size_t kMaxStates = 200'000;
constexpr double kMaxArl = 1e9;

struct Zone {
  double z = 0;  // a value inside
  double probability = 0;
};

std::vector<Zone> Zones(const RunsOptions& o, double mean) {
  std::vector<double> cuts{-o.width, -2, -1, 0, 1, 2, o.width};
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::vector<Zone> zones{{cuts.front() - 1, NormalCdf(cuts.front() - mean)}};
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    // By the smaller tails, so that a far zone keeps its digits.
    const double low = cuts[i] - mean, high = cuts[i + 1] - mean;
    const double probability = low > 0 ? NormalUpper(low) - NormalUpper(high) : NormalCdf(high) - NormalCdf(low);
    zones.push_back({0.5 * (cuts[i] + cuts[i + 1]), probability});
  }
  zones.push_back({cuts.back() + 1, NormalUpper(cuts.back() - mean)});
  return zones;
}

struct Edge {
  std::uint32_t to = 0;
  double probability = 0;
};

}  // namespace

Outcome<double> RunsArl(const RunsOptions& o, double mean) {
  if (o.Has(3) || o.Has(4)) return No(Reason::kOutsideDomain, "tests 3 and 4 compare neighbours and have no chain over zones");
  if (o.tests == 0) return No(Reason::kUnbounded, "without a test there is no signal");
  if (!(o.width > 0) || !std::isfinite(mean) || o.same_side < 2 || o.within < 2 || o.beyond < 2) {
    return No(Reason::kOutsideDomain, "runs tests have a positive width and runs of at least 2");
  }
  const auto zones = Zones(o, mean);
  std::map<RunsState, std::uint32_t> index{{RunsState{}, 0}};
  std::vector<RunsState> states{RunsState{}};
  std::vector<std::vector<Edge>> edges;
  for (std::size_t i = 0; i < states.size(); ++i) {
    edges.emplace_back();
    for (const Zone& zone : zones) {
      RunsState next = states[i];
      if (StepRuns(o, &next, zone.z).size > 0) continue;  // absorbed
      next.count = 0;
      next.beyond_2 &= 0x33;  // only what later windows can see
      next.beyond_1_up &= 0xf;
      next.beyond_1_down &= 0xf;
      const auto [at, is_new] = index.emplace(next, static_cast<std::uint32_t>(states.size()));
      if (is_new) states.push_back(next);
      if (states.size() > kMaxStates) return No(Reason::kOutsideDomain, "these runs make a chain of more than 200,000 states");
      edges.back().push_back({at->second, zone.probability});
    }
  }
  // ARL = sum over n >= 0 of P(no signal in n points); once its ratio is steady the rest is a geometric series.
  std::vector<double> now(states.size(), 0.0), next(states.size());
  now[0] = 1;
  double arl = 0, alive = 1, last_ratio = 0;
  for (std::size_t n = 0; n < 20'000'000; ++n) {
    arl += alive;
    std::fill(next.begin(), next.end(), 0.0);
    for (std::size_t i = 0; i < edges.size(); ++i) {
      for (const Edge& edge : edges[i]) next[edge.to] += now[i] * edge.probability;
    }
    std::swap(now, next);
    double survived = 0;
    for (const double p : now) survived += p;
    const double ratio = survived / alive;
    if (survived == 0) return arl;
    if (n > 50 && std::fabs(ratio - last_ratio) < 1e-15 * (1 - ratio) + 1e-17) return arl + survived / (1 - ratio);
    if (survived < 1e-15 * arl && ratio < 0.999) return arl + survived / (1 - ratio);
    last_ratio = ratio;
    alive = survived;
    if (arl > kMaxArl) break;
  }
  return No(Reason::kUnbounded, "the average run length is beyond 1e9");
}

}  // namespace plumbline::stats
