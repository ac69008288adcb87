// Distances between two distributions over the same categories: population stability index, Kullback-Leibler, Jensen-Shannon,
// Hellinger, total variation. Natural logarithms. The customary PSI cut-offs 0.1 and 0.25 are folklore: they ignore the sample
// sizes, and the test beside them does not (under no change PSI*n*m/(n+m) is asymptotically chi-squared with B-1 degrees of
// freedom; Yurdakul & Naranjo 2020).
#pragma once

#include <cstdint>
#include <span>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

struct Divergences {
  double psi = 0;  // KL(p|q) + KL(q|p)
  double kl_pq = 0;
  double kl_qp = 0;
  double js = 0;           // Jensen-Shannon divergence in nats, Lin 1991
  double js_bits = 0;      // the same / log 2
  double js_distance = 0;  // its square root (nats)
  double hellinger = 0;
  double total_variation = 0;
};

// p and q: probabilities of the same categories, each summing to 1 within 1e-9. kUnbounded when a category is empty in one only
// (PSI and KL are then infinite): smooth counts with PsiOfCounts instead.
[[nodiscard]] Outcome<Divergences> DivergencesOf(std::span<const double> p, std::span<const double> q);

struct PsiResult {
  Divergences divergences;
  Test test;              // on n*m/(n+m)*PSI
  bool smoothed = false;  // half a case was added to every category because one was empty
};
[[nodiscard]] Outcome<PsiResult> PsiOfCounts(std::span<const double> baseline, std::span<const double> current);

}  // namespace plumbline::stats
