// Penalised regression for expert baselines: what would the experts do with this case? Logistic for a binary outcome,
// proportional odds for ordered grades. Ridge on everything but the intercepts; columns are expected standardised (baseline.h
// does that).
//
// Uncertainty is the inverse of the penalised information (le Cessie & van Houwelingen 1992); detectors must use it: see
// Prediction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

inline constexpr std::size_t kMaxRegressors = 200;

struct RegressionData {
  std::size_t columns = 0;  // without the intercept; may be 0
  std::vector<double> x;    // rows x columns, row-major
  std::vector<double> y;    // logistic: 0 or 1; ordinal: 0..levels-1
  std::vector<std::uint64_t>
      cluster;  // per row, e.g. a patient: cross-validation keeps a cluster in one fold; empty: each row its own
};

struct RegressionFit {
  std::size_t levels = 2;          // 2: logistic
  std::vector<double> thresholds;  // levels-1, ascending: logit P(Y > k) = x'beta - thresholds[k]; logistic: one
  std::vector<double> beta;        // columns
  std::vector<double> covariance;  // (levels-1+columns)^2, thresholds first
  double ridge = 0;
  double log_likelihood = 0;  // unpenalised
};

// kOneCategory when an outcome level never occurs; kNotConverged (separation without ridge shows so).
[[nodiscard]] Outcome<RegressionFit> FitLogistic(const RegressionData& data, double ridge);
[[nodiscard]] Outcome<RegressionFit> FitOrdinal(const RegressionData& data, std::size_t levels, double ridge);

// Expected score (probability for logistic, mean level 0..levels-1 for ordinal) and its bounds: the linear predictor moved by z
// standard errors; one-sided each at `alpha0`.
struct Prediction {
  double expected = 0;
  double low = 0;
  double high = 0;
};
[[nodiscard]] Prediction Predict(const RegressionFit& fit, std::span<const double> x, double alpha0);
// P(Y = k) for all levels.
[[nodiscard]] std::vector<double> LevelProbabilities(const RegressionFit& fit, std::span<const double> x);

struct Validation {
  std::size_t folds = 0;
  double discrimination = 0;  // concordance: the share of pairs with different outcomes that are ordered rightly (AUC), ties half
  double brier = 0;           // mean squared error of the expected score, scaled to [0,1]
  double calibration_intercept = 0;    // logit scale for logistic, score scale for ordinal; 0 is right
  double calibration_slope = 0;        // 1 is right, below 1 is over-fitted
  double log_loss = 0;                 // mean
  Reason calibration = Reason::kNone;  // why the calibration could not be stated
};
// Folds by a hash of the cluster, the same on every machine. kTooFew below two rows a fold.
[[nodiscard]] Outcome<Validation> CrossValidate(const RegressionData& data, std::size_t levels, double ridge,
                                                std::size_t folds = 10);

// The ridge of a fixed grid (0.01 .. 100 by factors of sqrt 10) with the least cross-validated log loss; ties go to the greater
// one.
[[nodiscard]] Outcome<double> ChooseRidge(const RegressionData& data, std::size_t levels, std::size_t folds = 5);

}  // namespace plumbline::stats
