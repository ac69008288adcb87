// Streaming multivariate EWMA (Lowry, Woodall, Champ & Rigdon 1992, Technometrics 34:46): Z_t = (1-lambda) Z_(t-1) + lambda (x_t
// - target), T2 = Z' S_Z^-1 Z, signal when T2 > limit. Built as detectors.h says; the state holds p numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/stats/arl.h"
#include "engine/stats/detectors.h"
#include "engine/stats/estimate.h"
#include "engine/stats/numerics.h"
#include "engine/stats/signal.h"

namespace plumbline::stats {

inline constexpr std::size_t kMaxVariables = 50;

class MewmaDesign {
 public:
  // target: p values; covariance: p x p of one observation, symmetric. kSingular when it cannot be inverted.
  [[nodiscard]] static Outcome<MewmaDesign> Make(std::vector<double> target, const SquareMatrix& covariance, double lambda,
                                                 double limit, EwmaLimits limits, AfterAlarm after = AfterAlarm::kContinue);
  [[nodiscard]] std::size_t variables() const { return target_.size(); }
  [[nodiscard]] std::span<const double> target() const { return target_; }
  [[nodiscard]] const SquareMatrix& inverse() const { return inverse_; }
  [[nodiscard]] double lambda() const { return lambda_; }
  [[nodiscard]] double limit() const { return limit_; }
  [[nodiscard]] EwmaLimits limits() const { return limits_; }
  [[nodiscard]] AfterAlarm after() const { return after_; }
  // The length it really has (of the asymptotic covariance) when the mean is off by Mahalanobis distance `shift`.
  [[nodiscard]] Outcome<double> Arl(double shift = 0) const { return MewmaArl(variables(), lambda_, limit_, shift); }

 private:
  MewmaDesign(std::vector<double> target, SquareMatrix inverse, double lambda, double limit, EwmaLimits limits, AfterAlarm after)
      : target_(std::move(target)),
        inverse_(std::move(inverse)),
        lambda_(lambda),
        limit_(limit),
        limits_(limits),
        after_(after) {}
  std::vector<double> target_;
  SquareMatrix inverse_;
  double lambda_;
  double limit_;
  EwmaLimits limits_;
  AfterAlarm after_;
};

struct MewmaState {
  std::uint64_t count = 0;
  std::uint64_t since = 0;  // count at the last restart
  double decay = 1;         // (1-lambda)^(2t)
  std::vector<double> z;    // p
  friend bool operator==(const MewmaState&, const MewmaState&) = default;
};
struct MewmaStep {
  bool refused = false;  // x of another length or not finite
  double t2 = 0;
  std::optional<Alarm> alarm;  // the points are all since the restart
};
[[nodiscard]] MewmaState StartMewma(const MewmaDesign& design);
[[nodiscard]] MewmaStep StepMewma(const MewmaDesign& design, MewmaState* state, std::span<const double> x);
[[nodiscard]] std::string Encode(const MewmaState& state);
[[nodiscard]] Result<MewmaState> DecodeMewma(std::string_view bytes);

}  // namespace plumbline::stats
