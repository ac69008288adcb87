#include "engine/stats/multiple_testing.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/base/error.h"
#include "engine/base/math.h"

namespace plumbline::stats {
namespace {

Outcome<void> CheckLevel(double alpha) {
  if (alpha > 0 && alpha < 1) return {};
  return No(Reason::kOutsideDomain, "alpha lies between 0 and 1");
}

Outcome<void> CheckP(std::span<const double> p, double alpha) {
  PLUMBLINE_TRY(CheckLevel(alpha));
  for (const double x : p) {
    if (!(x >= 0 && x <= 1)) return No(Reason::kOutsideDomain, "p-values lie in [0,1]");
  }
  return {};
}

double LordGamma(std::size_t j) {
  const double x = static_cast<double>(j);
  return 0.07720838 * det::Log(std::max(x, 2.0)) / (x * det::Exp(std::sqrt(det::Log(x))));
}
double PowerGamma(std::size_t j) { return 0.4374901658 * det::Pow(static_cast<double>(j), -1.6); }

}  // namespace

Outcome<EBhResult> EBenjaminiHochberg(std::span<const double> log_e, double alpha) {
  PLUMBLINE_TRY(CheckLevel(alpha));
  EBhResult result;
  for (const double e : log_e) {
    if (!std::isfinite(e)) return No(Reason::kOutsideDomain, "log e-values are finite");
  }
  std::vector<double> sorted(log_e.begin(), log_e.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const double needed = det::Log(static_cast<double>(log_e.size()) / alpha);
  // 1e-12: equality in exact arithmetic counts as reached.
  for (std::size_t k = 1; k <= sorted.size(); ++k) {
    if (sorted[k - 1] >= needed - det::Log(static_cast<double>(k)) - 1e-12) result.rejected = k;
  }
  if (result.rejected == 0) return result;
  result.threshold = static_cast<double>(log_e.size()) / (alpha * static_cast<double>(result.rejected));
  const double cut = sorted[result.rejected - 1];
  for (std::size_t i = 0; i < log_e.size(); ++i) {
    if (log_e[i] >= cut) result.indices.push_back(i);
  }
  result.rejected = result.indices.size();
  return result;
}

Outcome<OnlineDecisions> ELond(std::span<const double> e, double alpha) {
  PLUMBLINE_TRY(CheckLevel(alpha));
  OnlineDecisions out;
  std::size_t rejections = 0;
  for (std::size_t i = 0; i < e.size(); ++i) {
    if (!(e[i] >= 0) || !std::isfinite(e[i])) return No(Reason::kOutsideDomain, "e-values are finite and not negative");
    const double t = static_cast<double>(i + 1);
    const double level = alpha * 6 / (std::numbers::pi * std::numbers::pi * t * t) * static_cast<double>(rejections + 1);
    out.levels.push_back(1 / level);
    out.rejected.push_back(e[i] >= 1 / level);
    rejections += out.rejected.back() ? 1 : 0;
  }
  return out;
}

Outcome<OnlineDecisions> Lond(std::span<const double> p, double alpha, LondVariant variant) {
  PLUMBLINE_TRY(CheckP(p, alpha));
  OnlineDecisions out;
  std::size_t rejections = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const std::size_t factor = variant == LondVariant::kOriginal ? rejections + 1 : std::max<std::size_t>(rejections, 1);
    out.levels.push_back(alpha * LordGamma(i + 1) * static_cast<double>(factor));
    out.rejected.push_back(p[i] <= out.levels.back());
    rejections += out.rejected.back() ? 1 : 0;
  }
  return out;
}

Outcome<OnlineDecisions> LordPlusPlus(std::span<const double> p, double alpha) {
  PLUMBLINE_TRY(CheckP(p, alpha));
  OnlineDecisions out;
  const double w0 = alpha / 10;
  std::vector<std::size_t> at;  // 1-based times of rejections
  for (std::size_t t = 1; t <= p.size(); ++t) {
    double level = LordGamma(t) * w0;
    for (std::size_t j = 0; j < at.size(); ++j) level += (j == 0 ? alpha - w0 : alpha) * LordGamma(t - at[j]);
    out.levels.push_back(level);
    out.rejected.push_back(p[t - 1] <= level);
    if (out.rejected.back()) at.push_back(t);
  }
  return out;
}

Outcome<OnlineDecisions> Saffron(std::span<const double> p, double alpha, double lambda) { return Addis(p, alpha, lambda, 1.0); }

// SAFFRON is ADDIS with tau = 1. All counts are of tests before t: `kept` those not discarded, `candidates` those with p <=
// lambda; at a rejection both are noted, so each term's index is (kept since) - (candidates since) + 1.
Outcome<OnlineDecisions> Addis(std::span<const double> p, double alpha, double lambda, double tau) {
  PLUMBLINE_TRY(CheckP(p, alpha));
  if (!(lambda > 0 && lambda < tau && tau <= 1)) return No(Reason::kOutsideDomain, "0 < lambda < tau <= 1 is needed");
  struct Mark {
    std::size_t kept;
    std::size_t candidates;
  };
  OnlineDecisions out;
  const double w0 = alpha / 2;
  std::size_t kept = 0, candidates = 0;
  std::vector<Mark> rejections;
  for (const double x : p) {
    double level = w0 * PowerGamma(1 + kept - candidates);
    for (std::size_t j = 0; j < rejections.size(); ++j) {
      const std::size_t index = 1 + (kept - rejections[j].kept) - (candidates - rejections[j].candidates);
      level += (j == 0 ? alpha - w0 : alpha) * PowerGamma(index);
    }
    level = std::min(lambda, (tau - lambda) * level);
    out.levels.push_back(level);
    out.rejected.push_back(x <= level);
    if (x <= tau) ++kept;
    if (x <= lambda) ++candidates;
    if (out.rejected.back()) rejections.push_back({kept, candidates});
  }
  return out;
}

}  // namespace plumbline::stats
