// RandomInterceptLogistic of meta.h: maximum likelihood with adaptive Gauss-Hermite quadrature (Pinheiro & Bates 1995). The
// conditional mode of each group's effect is found by Newton steps; beta and sigma by BFGS on central differences.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/base/error.h"
#include "engine/base/math.h"
#include "engine/stats/meta.h"

namespace plumbline::stats {
namespace {

constexpr int kNewtonSteps = 100;
constexpr int kBfgsSteps = 500;
constexpr int kMaxNodes = 64;

struct Rule {
  Eigen::VectorXd nodes, log_weights;  // of the standard normal
};

// Golub & Welsch 1969 for the probabilists' Hermite polynomials.
Rule HermiteRule(int n) {
  Eigen::MatrixXd jacobi = Eigen::MatrixXd::Zero(n, n);
  for (int i = 1; i < n; ++i) jacobi(i, i - 1) = jacobi(i - 1, i) = std::sqrt(static_cast<double>(i));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(jacobi);
  Rule rule{solver.eigenvalues(), Eigen::VectorXd(n)};
  for (int i = 0; i < n; ++i) {
    const double first = solver.eigenvectors()(0, i);
    rule.log_weights(i) = 2 * det::Log(std::max(std::fabs(first), 1e-150));
  }
  return rule;
}

double LogOnePlusExp(double x) { return x > 0 ? x + det::Log1p(det::Exp(-x)) : det::Log1p(det::Exp(x)); }
double Expit(double x) { return x >= 0 ? 1 / (1 + det::Exp(-x)) : det::Exp(x) / (1 + det::Exp(x)); }

class Model {
 public:
  Model(const GlmmData& data, int nodes) : data_(data), rule_(HermiteRule(nodes)), rows_(data.events.size()) {
    for (const std::size_t g : data.group) groups_ = std::max(groups_, g + 1);
    by_group_.resize(groups_);
    for (std::size_t i = 0; i < rows_; ++i) by_group_[data.group[i]].push_back(i);
    mode_.assign(groups_, 0);
  }

  // Minus the log likelihood at (beta, sigma).
  double Loss(const Eigen::VectorXd& x) {
    const auto p = static_cast<Eigen::Index>(data_.columns);
    eta_.assign(rows_, 0);
    for (std::size_t i = 0; i < rows_; ++i) {
      for (Eigen::Index j = 0; j < p; ++j) eta_[i] += data_.design[i * data_.columns + static_cast<std::size_t>(j)] * x(j);
    }
    const double sigma = std::fabs(x(p));
    double total = 0;
    for (std::size_t g = 0; g < groups_; ++g) total += GroupLogLikelihood(g, sigma);
    return -total;
  }
  [[nodiscard]] const std::vector<double>& mode() const { return mode_; }
  [[nodiscard]] std::size_t groups() const { return groups_; }

 private:
  // Standardised effect b, u = sigma*b: log of prod f(y|u) phi(b), without the normal constant.
  double Log(std::size_t g, double sigma, double b) const {
    double sum = -b * b / 2;
    for (const std::size_t i : by_group_[g]) {
      const double eta = eta_[i] + sigma * b;
      sum += data_.events[i] * eta - data_.n[i] * LogOnePlusExp(eta);
    }
    return sum;
  }
  double GroupLogLikelihood(std::size_t g, double sigma) {
    double b = mode_[g], curvature = 1;
    for (int step = 0; step < kNewtonSteps; ++step) {
      double slope = -b;
      curvature = 1;
      for (const std::size_t i : by_group_[g]) {
        const double p = Expit(eta_[i] + sigma * b);
        slope += sigma * (data_.events[i] - data_.n[i] * p);
        curvature += sigma * sigma * data_.n[i] * p * (1 - p);
      }
      const double move = std::clamp(slope / curvature, -2.0, 2.0);
      b += move;
      if (std::fabs(move) < 1e-12) break;
    }
    mode_[g] = b;
    const double scale = 1 / std::sqrt(curvature);
    double top = -1e300;
    std::vector<double> terms;
    for (Eigen::Index k = 0; k < rule_.nodes.size(); ++k) {
      const double t = rule_.nodes(k);
      terms.push_back(Log(g, sigma, b + scale * t) + t * t / 2 + rule_.log_weights(k));
      top = std::max(top, terms.back());
    }
    double sum = 0;
    for (const double t : terms) sum += det::Exp(t - top);
    return top + det::Log(sum) + det::Log(scale);
  }

  const GlmmData& data_;
  Rule rule_;
  std::size_t rows_;
  std::size_t groups_ = 0;
  std::vector<std::vector<std::size_t>> by_group_;
  std::vector<double> mode_;
  std::vector<double> eta_;
};

Eigen::VectorXd Gradient(Model* model, const Eigen::VectorXd& x) {
  Eigen::VectorXd g(x.size());
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    const double h = 1e-5 * std::max(1.0, std::fabs(x(i)));
    Eigen::VectorXd a = x, b = x;
    a(i) += h;
    b(i) -= h;
    g(i) = (model->Loss(a) - model->Loss(b)) / (2 * h);
  }
  return g;
}

// BFGS with halving steps; true when the gradient vanished.
bool Minimise(Model* model, Eigen::VectorXd* x) {
  const Eigen::Index n = x->size();
  Eigen::MatrixXd inverse = Eigen::MatrixXd::Identity(n, n);
  Eigen::VectorXd g = Gradient(model, *x);
  double loss = model->Loss(*x);
  for (int step = 0; step < kBfgsSteps; ++step) {
    if (g.cwiseAbs().maxCoeff() < 1e-6) return true;
    Eigen::VectorXd direction = -(inverse * g);
    if (direction.dot(g) >= 0) {
      inverse.setIdentity();
      direction = -g;
    }
    double length = std::min(1.0, 2.0 / std::max(1e-12, direction.cwiseAbs().maxCoeff()));
    double next_loss = model->Loss(*x + length * direction);
    while (length > 1e-12 && !(next_loss <= loss + 1e-4 * length * direction.dot(g))) {
      length /= 2;
      next_loss = model->Loss(*x + length * direction);
    }
    if (length <= 1e-12) return g.cwiseAbs().maxCoeff() < 1e-3;
    const Eigen::VectorXd s = length * direction;
    *x += s;
    const Eigen::VectorXd next = Gradient(model, *x);
    const Eigen::VectorXd y = next - g;
    const double sy = s.dot(y);
    if (sy > 1e-14) {
      const Eigen::MatrixXd a = Eigen::MatrixXd::Identity(n, n) - s * y.transpose() / sy;
      inverse = a * inverse * a.transpose() + s * s.transpose() / sy;
    }
    g = next;
    loss = next_loss;
  }
  return false;
}

Outcome<void> Check(const GlmmData& d, int nodes) {
  const std::size_t rows = d.events.size();
  if (d.columns == 0 || d.columns > 100 || d.design.size() != rows * d.columns || d.n.size() != rows || d.group.size() != rows) {
    return No(Reason::kOutsideDomain, "design, events, cases and groups have the same rows");
  }
  if (nodes < 1 || nodes > kMaxNodes) return No(Reason::kOutsideDomain, "1 to 64 nodes");
  double events = 0, cases = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    if (!(d.events[i] >= 0 && d.events[i] <= d.n[i]) || !std::isfinite(d.n[i]) || d.group[i] >= rows) {
      return No(Reason::kOutsideDomain, "row " + std::to_string(i) + " has events, cases or a group outside the domain");
    }
    events += d.events[i];
    cases += d.n[i];
  }
  for (const double x : d.design) {
    if (!std::isfinite(x)) return No(Reason::kOutsideDomain, "the design is finite");
  }
  if (events == 0 || events == cases) return No(Reason::kOneCategory, "every case has the same outcome");
  return {};
}

}  // namespace

Outcome<GlmmResult> RandomInterceptLogistic(const GlmmData& data, int nodes) {
  PLUMBLINE_TRY(Check(data, nodes));
  Model model(data, nodes);
  if (model.groups() < 2) return No(Reason::kTooFew, "two groups are needed");
  const auto p = static_cast<Eigen::Index>(data.columns);
  Eigen::VectorXd x = Eigen::VectorXd::Zero(p + 1);
  x(p) = 0.5;
  if (!Minimise(&model, &x)) return No(Reason::kNotConverged, "the likelihood's maximum was not found in 500 steps");
  GlmmResult r;
  for (Eigen::Index j = 0; j < p; ++j) r.beta.push_back(x(j));
  r.sigma2 = x(p) * x(p);
  r.log_likelihood = -model.Loss(x);
  r.median_odds_ratio = MedianOddsRatio(r.sigma2);
  r.latent_icc = r.sigma2 / (r.sigma2 + std::numbers::pi * std::numbers::pi / 3);
  for (const double b : model.mode()) r.group_mode.push_back(std::fabs(x(p)) * b);
  return r;
}

}  // namespace plumbline::stats
