// Many units looked at together. e-BH is what the engine reports with: e-values of un-restarted e-processes, valid under any
// dependence. The online procedures on p-values are here for sites that already run them; their assumptions are stated.
//
// No false discovery rate is promised for detectors that restart for ever: that is proved impossible. Use T/c (e_detector.h).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

struct EBhResult {
  std::size_t rejected = 0;          // k*
  double threshold = 0;              // K/(alpha*k*) in e-value units; 0 when nothing is rejected
  std::vector<std::size_t> indices;  // of the rejected, ascending, 0-based
};
// Wang & Ramdas 2022, JRSS-B 84:822: k* = max{k : k*e_(k)/K >= 1/alpha}. FDR <= alpha under any dependence.
// log_e: log e-values, one per unit. Ties at the boundary are all rejected.
[[nodiscard]] Outcome<EBhResult> EBenjaminiHochberg(std::span<const double> log_e, double alpha);

// What an online procedure decided at each step.
struct OnlineDecisions {
  std::vector<double> levels;  // alpha_t (for e-LOND: the e-value needed, 1/alpha_t)
  std::vector<bool> rejected;
};

// Xu & Ramdas 2024 (AISTATS): alpha_t = alpha*gamma_t*(R_{t-1}+1), gamma_t = 6/(pi^2 t^2); any dependence.
[[nodiscard]] Outcome<OnlineDecisions> ELond(std::span<const double> e, double alpha);

// Javanmard & Montanari 2018. original: (D+1)*beta_t; modified: max(D,1)*beta_t. beta_t = alpha*gamma_t with LORD's gamma.
enum class LondVariant { kOriginal, kModified };
[[nodiscard]] Outcome<OnlineDecisions> Lond(std::span<const double> p, double alpha, LondVariant variant);
// Ramdas et al. 2017 (LORD++): w0 = alpha/10, gamma_j = 0.07720838*log(max(j,2))/(j*exp(sqrt(log j))). Independent p-values.
[[nodiscard]] Outcome<OnlineDecisions> LordPlusPlus(std::span<const double> p, double alpha);
// Ramdas et al. 2018: w0 = alpha/2, gamma_j = 0.4374901658*j^-1.6. Independent p-values.
[[nodiscard]] Outcome<OnlineDecisions> Saffron(std::span<const double> p, double alpha, double lambda = 0.5);
// Tian & Ramdas 2019: as SAFFRON, discarding p > tau.
[[nodiscard]] Outcome<OnlineDecisions> Addis(std::span<const double> p, double alpha, double lambda = 0.25, double tau = 0.5);

}  // namespace plumbline::stats
