#include "engine/stats/regression.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/distributions.h"
#include "engine/stats/random.h"

namespace plumbline::stats {
namespace {

constexpr int kNewtonSteps = 200;

double Expit(double x) { return x >= 0 ? 1 / (1 + det::Exp(-x)) : det::Exp(x) / (1 + det::Exp(x)); }

// P(Y > k-1) with P(Y > -1) = 1 and P(Y > levels-1) = 0.
double Above(const Eigen::VectorXd& parameters, std::size_t levels, std::size_t k, double eta) {
  if (k == 0) return 1;
  if (k == levels) return 0;
  return Expit(eta - parameters(static_cast<Eigen::Index>(k - 1)));
}

struct Step {
  double penalised = 0;  // log likelihood minus penalty
  double log_likelihood = 0;
  Eigen::VectorXd gradient;
  Eigen::MatrixXd information;
};

// Log likelihood, gradient and expected information of the cumulative logit model. Parameters: thresholds, then beta.
class Likelihood {
 public:
  Likelihood(const RegressionData& data, std::size_t levels, double ridge) : data_(data), levels_(levels), ridge_(ridge) {}

  [[nodiscard]] double Eta(const Eigen::VectorXd& p, std::size_t row) const {
    double eta = 0;
    for (std::size_t j = 0; j < data_.columns; ++j)
      eta += data_.x[row * data_.columns + j] * p(static_cast<Eigen::Index>(levels_ - 1 + j));
    return eta;
  }

  [[nodiscard]] double Value(const Eigen::VectorXd& p, double* log_likelihood) const {
    double sum = 0;
    for (std::size_t i = 0; i < data_.y.size(); ++i) {
      const double eta = Eta(p, i);
      const auto y = static_cast<std::size_t>(data_.y[i]);
      sum += det::Log(std::max(1e-300, Above(p, levels_, y, eta) - Above(p, levels_, y + 1, eta)));
    }
    *log_likelihood = sum;
    for (std::size_t j = 0; j < data_.columns; ++j) {
      const double b = p(static_cast<Eigen::Index>(levels_ - 1 + j));
      sum -= ridge_ * b * b / 2;
    }
    return sum;
  }

  [[nodiscard]] Step At(const Eigen::VectorXd& p) const {
    const auto size = p.size();
    Step s;
    s.gradient = Eigen::VectorXd::Zero(size);
    s.information = Eigen::MatrixXd::Zero(size, size);
    s.penalised = Value(p, &s.log_likelihood);
    Eigen::VectorXd d(size);
    for (std::size_t i = 0; i < data_.y.size(); ++i) {
      const double eta = Eta(p, i);
      for (std::size_t k = 0; k < levels_; ++k) {
        const double g0 = Above(p, levels_, k, eta), g1 = Above(p, levels_, k + 1, eta), probability = std::max(1e-12, g0 - g1);
        const double s0 = g0 * (1 - g0), s1 = g1 * (1 - g1);
        // Derivative of P(Y = k).
        d.setZero();
        if (k > 0) d(static_cast<Eigen::Index>(k - 1)) = -s0;
        if (k + 1 < levels_) d(static_cast<Eigen::Index>(k)) = s1;
        for (std::size_t j = 0; j < data_.columns; ++j) {
          d(static_cast<Eigen::Index>(levels_ - 1 + j)) = (s0 - s1) * data_.x[i * data_.columns + j];
        }
        s.information.selfadjointView<Eigen::Lower>().rankUpdate(d, 1 / probability);
        if (static_cast<std::size_t>(data_.y[i]) == k) s.gradient += d / probability;
      }
    }
    for (std::size_t j = 0; j < data_.columns; ++j) {
      const auto at = static_cast<Eigen::Index>(levels_ - 1 + j);
      s.gradient(at) -= ridge_ * p(at);
      s.information(at, at) += ridge_;
    }
    s.information = s.information.selfadjointView<Eigen::Lower>();
    return s;
  }

 private:
  const RegressionData& data_;
  std::size_t levels_;
  double ridge_;
};

bool Ascending(const Eigen::VectorXd& p, std::size_t levels) {
  for (std::size_t k = 1; k + 1 < levels; ++k) {
    if (!(p(static_cast<Eigen::Index>(k)) > p(static_cast<Eigen::Index>(k - 1)))) return false;
  }
  return true;
}

Outcome<std::vector<double>> Counts(const RegressionData& data, std::size_t levels) {
  if (levels < 2 || levels > 50) return No(Reason::kOutsideDomain, "2 to 50 levels");
  if (data.columns > kMaxRegressors) return No(Reason::kOutsideDomain, "at most 200 regressors");
  if (data.x.size() != data.columns * data.y.size() || (!data.cluster.empty() && data.cluster.size() != data.y.size())) {
    return No(Reason::kOutsideDomain, "regressors, outcomes and clusters have the same rows");
  }
  std::vector<double> counts(levels);
  for (const double y : data.y) {
    if (!(y >= 0 && y < static_cast<double>(levels)) || y != std::floor(y))
      return No(Reason::kOutsideDomain, "an outcome is none of the levels");
    counts[static_cast<std::size_t>(y)] += 1;
  }
  for (const double x : data.x) {
    if (!std::isfinite(x)) return No(Reason::kOutsideDomain, "regressors are finite");
  }
  for (std::size_t k = 0; k < levels; ++k) {
    if (counts[k] == 0) return No(Reason::kOneCategory, "outcome level " + std::to_string(k) + " never occurs");
  }
  return counts;
}

}  // namespace

Outcome<RegressionFit> FitLogistic(const RegressionData& data, double ridge) { return FitOrdinal(data, 2, ridge); }

Outcome<RegressionFit> FitOrdinal(const RegressionData& data, std::size_t levels, double ridge) {
  if (!(ridge >= 0) || !std::isfinite(ridge)) return No(Reason::kOutsideDomain, "the ridge is finite and not negative");
  PLUMBLINE_ASSIGN(const std::vector<double> counts, Counts(data, levels));
  const double n = static_cast<double>(data.y.size());
  const auto size = static_cast<Eigen::Index>(levels - 1 + data.columns);
  Eigen::VectorXd p = Eigen::VectorXd::Zero(size);
  double below = 0;
  for (std::size_t k = 0; k + 1 < levels; ++k) {
    below += counts[k];
    p(static_cast<Eigen::Index>(k)) = det::Log(below / (n - below));
  }
  const Likelihood likelihood(data, levels, ridge);
  Step s = likelihood.At(p);
  for (int step = 0; step < kNewtonSteps; ++step) {
    const Eigen::LDLT<Eigen::MatrixXd> ldlt(s.information);
    Eigen::VectorXd move = ldlt.solve(s.gradient);
    if (ldlt.info() != Eigen::Success || !move.allFinite())
      return No(Reason::kSingular, "a regressor is constant or follows from the others");
    double length = std::min(1.0, 5.0 / std::max(1e-12, move.cwiseAbs().maxCoeff())), unused = 0;
    while (length > 1e-10 && (!Ascending(p + length * move, levels) ||
                              likelihood.Value(p + length * move, &unused) < s.penalised - 1e-12 * std::fabs(s.penalised))) {
      length /= 2;
    }
    p += length * move;
    s = likelihood.At(p);
    if (move.cwiseAbs().maxCoeff() > 1e-9 && length > 1e-10) continue;
    // Separation: the likelihood reaches its end while the coefficients run away.
    if (p.cwiseAbs().maxCoeff() > 50 || s.log_likelihood > -1e-6 * n) break;
    const Eigen::MatrixXd covariance = s.information.ldlt().solve(Eigen::MatrixXd::Identity(size, size));
    if (!covariance.allFinite()) return No(Reason::kSingular, "a regressor is constant or follows from the others");
    RegressionFit fit;
    fit.levels = levels;
    fit.ridge = ridge;
    fit.log_likelihood = s.log_likelihood;
    for (Eigen::Index i = 0; i < size; ++i) {
      (i < static_cast<Eigen::Index>(levels - 1) ? fit.thresholds : fit.beta).push_back(p(i));
      for (Eigen::Index j = 0; j < size; ++j) fit.covariance.push_back(covariance(i, j));
    }
    return fit;
  }
  return No(Reason::kNotConverged, "the fit did not settle: the outcome may be separated by a regressor; use a greater ridge");
}

std::vector<double> LevelProbabilities(const RegressionFit& fit, std::span<const double> x) {
  double eta = 0, before = 1;
  for (std::size_t j = 0; j < fit.beta.size(); ++j) eta += fit.beta[j] * x[j];
  std::vector<double> p;
  for (const double t : fit.thresholds) {
    const double above = Expit(eta - t);
    p.push_back(before - above);
    before = above;
  }
  p.push_back(before);
  return p;
}

Prediction Predict(const RegressionFit& fit, std::span<const double> x, double alpha0) {
  const double z = NormalQuantile(1 - alpha0);
  const std::size_t cuts = fit.thresholds.size(), size = cuts + fit.beta.size();
  double eta = 0;
  for (std::size_t j = 0; j < fit.beta.size(); ++j) eta += fit.beta[j] * x[j];
  Prediction r;
  for (std::size_t k = 0; k < cuts; ++k) {
    // Gradient of eta - threshold_k: -1 at the threshold, x at beta.
    double variance = fit.covariance[k * size + k];
    for (std::size_t j = 0; j < fit.beta.size(); ++j) {
      variance -= 2 * x[j] * fit.covariance[k * size + cuts + j];
      for (std::size_t l = 0; l < fit.beta.size(); ++l) variance += x[j] * x[l] * fit.covariance[(cuts + j) * size + cuts + l];
    }
    const double at = eta - fit.thresholds[k], half = z * std::sqrt(std::max(0.0, variance));
    r.expected += Expit(at);
    r.low += Expit(at - half);
    r.high += Expit(at + half);
  }
  return r;
}

namespace {

std::vector<std::size_t> Folds(const RegressionData& data, std::size_t folds) {
  std::vector<std::size_t> fold(data.y.size());
  for (std::size_t i = 0; i < fold.size(); ++i)
    fold[i] = SplitMix(20260101, data.cluster.empty() ? i : data.cluster[i]).Below(folds);
  return fold;
}

RegressionData Part(const RegressionData& data, const std::vector<std::size_t>& fold, std::size_t without) {
  RegressionData part;
  part.columns = data.columns;
  for (std::size_t i = 0; i < data.y.size(); ++i) {
    if (fold[i] == without) continue;
    part.y.push_back(data.y[i]);
    part.x.insert(part.x.end(), data.x.begin() + static_cast<std::ptrdiff_t>(i * data.columns),
                  data.x.begin() + static_cast<std::ptrdiff_t>((i + 1) * data.columns));
  }
  return part;
}

// Concordance over pairs with different outcomes, by ranks within levels of the outcome: O(n log n) per pair of levels via
// sorting.
double Concordance(const std::vector<double>& score, const std::vector<double>& y, std::size_t levels) {
  std::vector<std::size_t> order(score.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score[a] < score[b]; });
  std::vector<double> seen(levels), here(levels);
  double right = 0, pairs = 0;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t j = i;
    std::fill(here.begin(), here.end(), 0);
    while (j < order.size() && score[order[j]] == score[order[i]]) here[static_cast<std::size_t>(y[order[j++]])] += 1;
    for (std::size_t k = 0; k < levels; ++k) {
      for (std::size_t l = 0; l < k; ++l) right += here[k] * (seen[l] + here[l] / 2);
    }
    for (std::size_t k = 0; k < levels; ++k) seen[k] += here[k];
    i = j;
  }
  for (std::size_t k = 0; k < levels; ++k) {
    for (std::size_t l = 0; l < k; ++l) pairs += seen[k] * seen[l];
  }
  return pairs > 0 ? right / pairs : 0.5;
}

void Calibrate(const std::vector<double>& score, const std::vector<double>& y, std::size_t levels, Validation* v) {
  if (levels == 2) {
    RegressionData data;
    data.columns = 1;
    data.y = y;
    for (const double p : score) data.x.push_back(det::Log(std::clamp(p, 1e-9, 1 - 1e-9) / (1 - std::clamp(p, 1e-9, 1 - 1e-9))));
    const auto fit = FitLogistic(data, 0);
    if (!fit) {
      v->calibration = fit.error().reason;
      return;
    }
    v->calibration_intercept = -fit->thresholds[0];
    v->calibration_slope = fit->beta[0];
    return;
  }
  const double n = static_cast<double>(y.size());
  double mx = 0, my = 0, xx = 0, xy = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    mx += score[i] / n;
    my += y[i] / n;
  }
  for (std::size_t i = 0; i < y.size(); ++i) {
    xx += (score[i] - mx) * (score[i] - mx);
    xy += (score[i] - mx) * (y[i] - my);
  }
  if (xx <= 1e-12 * n) {
    v->calibration = Reason::kZeroVariance;
    return;
  }
  v->calibration_slope = xy / xx;
  v->calibration_intercept = my - v->calibration_slope * mx;
}

}  // namespace

Outcome<Validation> CrossValidate(const RegressionData& data, std::size_t levels, double ridge, std::size_t folds) {
  if (folds < 2 || folds > 100) return No(Reason::kOutsideDomain, "2 to 100 folds");
  if (data.y.size() < 2 * folds) return No(Reason::kTooFew, "fewer than two rows a fold");
  const std::vector<std::size_t> fold = Folds(data, folds);
  std::vector<double> score(data.y.size());
  Validation v;
  v.folds = folds;
  const double n = static_cast<double>(data.y.size()), top = static_cast<double>(levels - 1);
  for (std::size_t f = 0; f < folds; ++f) {
    if (std::find(fold.begin(), fold.end(), f) == fold.end()) continue;
    PLUMBLINE_ASSIGN(const RegressionFit fit, FitOrdinal(Part(data, fold, f), levels, ridge));
    for (std::size_t i = 0; i < data.y.size(); ++i) {
      if (fold[i] != f) continue;
      const std::vector<double> p =
          LevelProbabilities(fit, std::span<const double>(data.x).subspan(i * data.columns, data.columns));
      for (std::size_t k = 0; k < levels; ++k) score[i] += static_cast<double>(k) * p[k];
      v.log_loss -= det::Log(std::max(1e-12, p[static_cast<std::size_t>(data.y[i])])) / n;
      v.brier += (score[i] - data.y[i]) * (score[i] - data.y[i]) / (n * top * top);
    }
  }
  v.discrimination = Concordance(score, data.y, levels);
  Calibrate(score, data.y, levels, &v);
  return v;
}

Outcome<double> ChooseRidge(const RegressionData& data, std::size_t levels, std::size_t folds) {
  constexpr double kGrid[] = {100, 31.6227766, 10, 3.16227766, 1, 0.316227766, 0.1, 0.0316227766, 0.01};
  double best = 0, least = 0;
  NoResult why{Reason::kNotConverged, "no ridge of the grid could be fitted"};
  for (const double ridge : kGrid) {
    const auto v = CrossValidate(data, levels, ridge, folds);
    if (!v) {
      why = v.error();
      continue;
    }
    if (best == 0 || v->log_loss < least - 1e-9) {
      best = ridge;
      least = v->log_loss;
    }
  }
  if (best == 0) return std::unexpected(why);
  return best;
}

}  // namespace plumbline::stats
