// Estimates that are valid at any time one looks: confidence sequences and the time-uniform boundaries behind them. Under
// continuous watching a fixed-n interval is wrong sooner or later; these hold at all times together with probability 1 - alpha.
//
// Boundaries after Howard, Ramdas, McAuliffe & Sekhon 2021, Ann. Stat. 49:1055, in its notation: s a sum of centred terms, v its
// intrinsic time; a mixture M(s,v) is a supermartingale with mean <= 1, so s stays below the bound with M = 1/alpha.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

// The rho at which the two-sided normal mixture's bound is tightest at v for level alpha (one-sided: call with 2*alpha).
[[nodiscard]] double BestRho(double v, double alpha);

class NormalMixture {  // two-sided, sub-Gaussian; the bound in closed form
 public:
  NormalMixture(double v_opt, double alpha_opt) : rho_(BestRho(v_opt, alpha_opt)) {}
  [[nodiscard]] double LogMixture(double s, double v) const;
  [[nodiscard]] double Bound(double v, double alpha) const;

 private:
  double rho_;
};
class OneSidedNormalMixture {
 public:
  OneSidedNormalMixture(double v_opt, double alpha_opt) : rho_(BestRho(v_opt, 2 * alpha_opt)) {}
  [[nodiscard]] double LogMixture(double s, double v) const;
  [[nodiscard]] double Bound(double v, double alpha) const;

 private:
  double rho_;
};
class GammaExponentialMixture {  // one-sided, sub-exponential with scale c > 0
 public:
  GammaExponentialMixture(double v_opt, double alpha_opt, double c);
  [[nodiscard]] double LogMixture(double s, double v) const;
  [[nodiscard]] double Bound(double v, double alpha) const;

 private:
  double rho_, c_, leading_;
};
class BetaBinomialMixture {  // two-sided, terms in [-g, h]
 public:
  BetaBinomialMixture(double v_opt, double alpha_opt, double g, double h);
  [[nodiscard]] double LogMixture(double s, double v) const;
  [[nodiscard]] double Bound(double v, double alpha) const;

 private:
  double g_, h_, r_, normaliser_;
};

struct Stitching {
  double v_min = 1;
  double c = 0;
  double s = 1.4;
  double eta = 2;
};
// Polynomial stitching (their theorem 1): sqrt(k1^2 v l + (k2 c l)^2) + k2 c l.
[[nodiscard]] double PolynomialStitchingBound(double v, double alpha, const Stitching& o);

// Sup-norm distance of the empirical distribution function from the true one at t >= t_min, uniformly in time (Howard & Ramdas
// 2022, Bernoulli 28:1704, theorem 2). kNotConverged when no constant is found.
[[nodiscard]] Outcome<double> EmpiricalProcessBound(double t, double alpha, double t_min, double a = 0.85);
// Uniform in time and quantile: bound on the count deviation at quantile p (the same paper, theorem 3).
struct DoubleStitching {
  double t_opt = 1;
  double delta = 0.5;
  double s = 1.4;
  double eta = 2;
};
[[nodiscard]] double DoubleStitchingBound(double p, double t, double alpha, const DoubleStitching& o);

// Confidence sequence of a Bernoulli mean from the counts so far, by inverting the beta-binomial mixture; t_opt is the sample
// size at which it is tightest.
[[nodiscard]] Outcome<Estimate> BernoulliConfidenceSequence(double events, double n, double alpha, double t_opt);

// E-process against a point null p0, by the Beta(a,b) mixture (a = b = 1/2: Krichevsky-Trofimov):
// log E = log B(a+S, b+n-S) - log B(a,b) - S log p0 - (n-S) log(1-p0).
[[nodiscard]] Outcome<double> BetaBinomialLogE(double events, double n, double p0, double a = 0.5, double b = 0.5);

// Predictable plug-in empirical-Bernstein confidence sequence of a mean in [0,1] (Waudby-Smith & Ramdas 2024, JRSS-B 86:1,
// theorem 2), one value at a time. Needs no model at all beyond values in [0,1] with the same conditional mean. Plain data.
// Without running intersection, so that a mean that moves is followed.
class EmpiricalBernsteinSequence {
 public:
  // alpha from kLeastAlpha and truncation from kLeastTruncation, both below 1: below that, sums of weights would vanish.
  static constexpr double kLeastAlpha = 1e-300, kLeastTruncation = 1e-6;
  explicit EmpiricalBernsteinSequence(double alpha = 0.05, double truncation = 0.5) : alpha_(alpha), truncation_(truncation) {}
  // False when x is not in [0,1]; nothing changes then.
  bool Add(double x);
  // Before the first value: [0,1].
  [[nodiscard]] Estimate Interval() const;
  [[nodiscard]] std::uint64_t n() const { return n_; }
  [[nodiscard]] std::string Serialise() const;
  [[nodiscard]] static Outcome<EmpiricalBernsteinSequence> Restore(std::string_view bytes);
  friend bool operator==(const EmpiricalBernsteinSequence&, const EmpiricalBernsteinSequence&) = default;

 private:
  double alpha_, truncation_;
  std::uint64_t n_ = 0;
  double sum_ = 0;         // of x
  double squares_ = 0;     // of (x - mean so far)^2
  double lambda_sum_ = 0;  // of lambda
  double lambda_x_ = 0;    // of lambda*x
  double psi_low_ = 0;     // of psi(lambda)*(x - centre)^2
  double psi_high_ = 0;
};

}  // namespace plumbline::stats
