// Run lengths of Shewhart charts, normal, Poisson and risk-adjusted CUSUMs.
#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/arl.h"
#include "engine/stats/distributions.h"
#include "engine/stats/numerics.h"

namespace plumbline::stats {
namespace {

constexpr std::size_t kMaxStates = 2500;
constexpr double kMaxArl = 1e12;

bool Finite(std::initializer_list<double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

// A solution that is not an average run length (below 1, beyond what double resolves) is refused rather than shown.
Outcome<double> Length(double arl) {
  if (!std::isfinite(arl) || arl < 1 - 1e-9 || arl > kMaxArl) {
    return No(Reason::kUnbounded, "the average run length is beyond what can be computed (1e12)");
  }
  return std::max(arl, 1.0);
}

// The one-sided length as a function of where the CUSUM starts.
class OneSidedCusum {
 public:
  static Outcome<OneSidedCusum> Solve(double k, double h, double mean) {
    const auto nodes = static_cast<std::size_t>(std::clamp(40 + 12 * h, 60.0, 300.0));
    OneSidedCusum cusum(GaussLegendre(nodes, 0, h), k - mean);
    SquareMatrix a(nodes + 1);  // unknowns: the nodes, then the atom at 0
    for (std::size_t i = 0; i <= nodes; ++i) {
      const double z = i < nodes ? cusum.rule_.node[i] : 0;
      for (std::size_t j = 0; j < nodes; ++j)
        a(i, j) = -cusum.rule_.weight[j] * NormalPdf(cusum.rule_.node[j] - z + cusum.drift_);
      a(i, nodes) = -NormalCdf(cusum.drift_ - z);
      a(i, i) += 1;
    }
    const std::vector<double> ones(nodes + 1, 1.0);
    PLUMBLINE_ASSIGN(cusum.values_, SolveLinear(a, ones));
    return cusum;
  }
  [[nodiscard]] double At(double z) const {
    double sum = 1 + values_.back() * NormalCdf(drift_ - z);
    for (std::size_t j = 0; j < rule_.node.size(); ++j)
      sum += rule_.weight[j] * values_[j] * NormalPdf(rule_.node[j] - z + drift_);
    return sum;
  }

 private:
  OneSidedCusum(Quadrature rule, double drift) : rule_(std::move(rule)), drift_(drift) {}
  Quadrature rule_;
  double drift_;  // k - mean
  std::vector<double> values_;
};

// Brook & Evans' chain with `states` transient states, from 0 and from the headstart.
struct FromZeroAndHeadstart {
  double zero = 0;
  double headstart = 0;
};
Outcome<FromZeroAndHeadstart> MarkovOnce(double k, double h, double mean, double headstart, std::size_t states) {
  const double width = 2 * h / (2 * static_cast<double>(states) - 1);
  SquareMatrix q(states);
  for (std::size_t i = 0; i < states; ++i) {
    for (std::size_t j = 0; j < states; ++j) {
      const double centre = (static_cast<double>(j) - static_cast<double>(i)) * width + k - mean;
      const double upper = NormalCdf(centre + width / 2);
      q(i, j) = j == 0 ? upper : upper - NormalCdf(centre - width / 2);
    }
  }
  PLUMBLINE_ASSIGN(const auto times, AbsorptionTimes(q));
  const auto start = std::min(states - 1, static_cast<std::size_t>(headstart / width + 0.5));
  return FromZeroAndHeadstart{times[0], times[start]};
}

double Combine(double up_zero, double up_head, double down_zero, double down_head) {
  return (up_head * down_zero + up_zero * down_head - up_zero * down_zero) / (up_zero + down_zero);
}

Outcome<void> CheckCusum(const CusumArlOptions& o) {
  if (!Finite({o.k, o.h, o.mean, o.headstart}) || !(o.h > 0) || o.k < 0 || o.headstart < 0 || o.headstart > o.h || o.h > 60) {
    return No(Reason::kOutsideDomain, "a CUSUM has k >= 0, 0 < h <= 60 and a headstart within [0, h]");
  }
  return {};
}

}  // namespace

Outcome<double> ShewhartArl(double width, double mean) {
  if (!Finite({width, mean}) || !(width > 0)) return No(Reason::kOutsideDomain, "the limits' width is positive");
  return Length(1 / (NormalUpper(width - mean) + NormalUpper(width + mean)));
}

Outcome<double> DesignShewhart(double wanted_arl) {
  if (!(wanted_arl > 1) || wanted_arl > kMaxArl) return No(Reason::kOutsideDomain, "a wanted ARL lies between 1 and 1e12");
  return -NormalQuantile(0.5 / wanted_arl);
}

Outcome<double> CusumArl(const CusumArlOptions& o) {
  PLUMBLINE_TRY(CheckCusum(o));
  PLUMBLINE_ASSIGN(const auto up, OneSidedCusum::Solve(o.k, o.h, o.mean));
  if (o.sides == Sides::kUpper) return Length(up.At(o.headstart));
  PLUMBLINE_ASSIGN(const auto down, OneSidedCusum::Solve(o.k, o.h, -o.mean));
  return Length(Combine(up.At(0), up.At(o.headstart), down.At(0), down.At(o.headstart)));
}

Outcome<double> CusumArlMarkov(const CusumArlOptions& o, std::size_t states) {
  PLUMBLINE_TRY(CheckCusum(o));
  if (states < 20 || 2 * states > kMaxStates) return No(Reason::kOutsideDomain, "the chain has between 20 and 1,250 states");
  // Error expansion in (2t-1)^-2 and (2t-1)^-4: three chains remove both.
  const auto extrapolated = [&](double mean) -> Outcome<FromZeroAndHeadstart> {
    double x[3], zero[3], head[3];
    for (int i = 0; i < 3; ++i) {
      const std::size_t t = states * (2 + i) / 4;
      PLUMBLINE_ASSIGN(const auto once, MarkovOnce(o.k, o.h, mean, o.headstart, t));
      const double d = 2 * static_cast<double>(t) - 1;
      x[i] = 1 / (d * d);
      zero[i] = once.zero;
      head[i] = once.headstart;
    }
    const auto at_zero = [&](const double* y) {  // Lagrange's parabola through the three, at 0
      return y[0] * x[1] * x[2] / ((x[0] - x[1]) * (x[0] - x[2])) + y[1] * x[0] * x[2] / ((x[1] - x[0]) * (x[1] - x[2])) +
             y[2] * x[0] * x[1] / ((x[2] - x[0]) * (x[2] - x[1]));
    };
    // A headstart lies on the lattice of one chain and not of another, so it is not extrapolated.
    return FromZeroAndHeadstart{at_zero(zero), o.headstart == 0 ? at_zero(zero) : head[2]};
  };
  PLUMBLINE_ASSIGN(const auto up, extrapolated(o.mean));
  if (o.sides == Sides::kUpper) return Length(up.headstart);
  PLUMBLINE_ASSIGN(const auto down, extrapolated(-o.mean));
  return Length(Combine(up.zero, up.headstart, down.zero, down.headstart));
}

Outcome<double> DesignCusum(double k, double wanted_arl, Sides sides, double headstart_fraction) {
  if (!(wanted_arl > 2) || wanted_arl > 1e9) return No(Reason::kOutsideDomain, "a wanted ARL lies between 2 and 1e9");
  if (!(headstart_fraction >= 0 && headstart_fraction < 1))
    return No(Reason::kOutsideDomain, "a headstart is a fraction of h below 1");
  const auto excess = [&](double h) -> Outcome<double> {
    const auto arl = CusumArl({.k = k, .h = h, .mean = 0, .headstart = headstart_fraction * h, .sides = sides});
    if (!arl && arl.error().reason == Reason::kUnbounded) return 50.0;
    if (!arl) return arl;
    return det::Log(*arl) - det::Log(wanted_arl);
  };
  return RootOfIncreasing(excess, 0.01, k > 0 ? std::min(60.0, 4 + 14 / k) : 60.0, 1e-11);
}

Outcome<double> PoissonCusumArl(std::int64_t k, std::int64_t h, std::int64_t denominator, double mean) {
  if (k < 0 || h < 0 || denominator < 1 || h >= static_cast<std::int64_t>(kMaxStates) || !(mean > 0) || !std::isfinite(mean)) {
    return No(Reason::kOutsideDomain, "a Poisson CUSUM has k >= 0, 0 <= h < 2,500 units, a denominator >= 1 and a mean > 0");
  }
  const auto states = static_cast<std::size_t>(h + 1);
  SquareMatrix q(states);
  for (std::int64_t i = 0; i <= h; ++i) {
    for (std::int64_t x = 0; i + x * denominator - k <= h; ++x) {
      const std::int64_t j = std::max<std::int64_t>(0, i + x * denominator - k);
      q(static_cast<std::size_t>(i), static_cast<std::size_t>(j)) += PoissonPmf(x, mean);
    }
  }
  PLUMBLINE_ASSIGN(const auto times, AbsorptionTimes(q));
  return Length(times[0]);
}

namespace {

struct Move {
  double steps = 0;  // in lattice units, real
  double probability = 0;
};

Outcome<std::vector<Move>> RaMoves(const RiskMix& mix, const RaCusumArlOptions& o) {
  if (mix.risk.empty() || mix.risk.size() != mix.weight.size())
    return No(Reason::kTooFew, "a case mix has risks and as many weights");
  double total = 0;
  for (const double w : mix.weight) {
    if (!(w >= 0) || !std::isfinite(w)) return No(Reason::kOutsideDomain, "a weight of the case mix is not negative");
    total += w;
  }
  if (!(total > 0)) return No(Reason::kZeroExpected, "the weights of the case mix add to nothing");
  std::vector<Move> moves;
  for (std::size_t i = 0; i < mix.risk.size(); ++i) {
    const double p = mix.risk[i];
    if (!(p > 0 && p < 1)) return No(Reason::kOutsideDomain, "a risk lies inside (0,1)");
    const double denominator = 1 - p + o.odds_ratio * p;
    const double scale = static_cast<double>(o.scaling);
    const double event = o.true_odds_ratio * p / (1 - p + o.true_odds_ratio * p);
    moves.push_back({scale * det::Log(o.odds_ratio / denominator), event * mix.weight[i] / total});
    moves.push_back({-scale * det::Log(denominator), (1 - event) * mix.weight[i] / total});
  }
  return moves;
}

}  // namespace

Outcome<double> RaCusumArl(const RiskMix& mix, const RaCusumArlOptions& o) {
  if (!Finite({o.odds_ratio, o.h, o.true_odds_ratio}) || !(o.odds_ratio > 0) || o.odds_ratio == 1 || !(o.true_odds_ratio > 0) ||
      !(o.h > 0) || o.scaling < 10) {
    return No(Reason::kOutsideDomain,
              "an RA-CUSUM has h > 0, odds ratios > 0, the designed one not 1, and a scaling of at least 10");
  }
  PLUMBLINE_ASSIGN(const auto moves, RaMoves(mix, o));
  const double top = std::floor(o.h * static_cast<double>(o.scaling) + 1e-9);
  if (top + 1 > static_cast<double>(kMaxStates))
    return No(Reason::kOutsideDomain, "h times the scaling asks for more than 2,500 states");
  const auto states = static_cast<std::size_t>(top) + 1;
  SquareMatrix q(states);
  for (std::size_t i = 0; i < states; ++i) {
    const auto add = [&](double target, double probability) {
      if (target > top) return;
      q(i, static_cast<std::size_t>(std::max(0.0, target))) += probability;
    };
    for (const Move& move : moves) {
      // The move is shared between the two lattice points around it so that its mean is kept.
      const double whole = std::floor(move.steps), part = move.steps - whole;
      add(static_cast<double>(i) + whole, move.probability * (1 - part));
      add(static_cast<double>(i) + whole + 1, move.probability * part);
    }
  }
  PLUMBLINE_ASSIGN(const auto times, AbsorptionTimes(q));
  return Length(times[0]);
}

Outcome<double> DesignRaCusum(const RiskMix& mix, double odds_ratio, double wanted_arl, std::size_t scaling) {
  if (!(wanted_arl > 2) || wanted_arl > 1e9) return No(Reason::kOutsideDomain, "a wanted ARL lies between 2 and 1e9");
  const double unit = 1 / static_cast<double>(scaling);
  // On the lattice the length is a step function of h: the least lattice value that reaches the wanted length.
  std::size_t low = 1, high = std::min<std::size_t>(kMaxStates - 1, 12 * scaling);
  const auto reaches = [&](std::size_t steps) -> Outcome<bool> {
    const auto arl = RaCusumArl(mix, {.odds_ratio = odds_ratio, .h = static_cast<double>(steps) * unit, .scaling = scaling});
    if (!arl && arl.error().reason == Reason::kUnbounded) return true;
    if (!arl) return std::unexpected(arl.error());
    return *arl >= wanted_arl;
  };
  PLUMBLINE_ASSIGN(const bool possible, reaches(high));
  if (!possible) return No(Reason::kOutsideDomain, "no limit within the range that is searched meets the wanted length");
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    PLUMBLINE_ASSIGN(const bool enough, reaches(middle));
    if (enough) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return static_cast<double>(low) * unit;
}

}  // namespace plumbline::stats
