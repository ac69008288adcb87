// Risk-adjusted e-detectors: has this reader, site or device begun to do otherwise than the experts do with the same cases? They
// watch thousands of units for ever; what they promise needs no normality, no independence and no fixed sample size.
//
// Increment (mean <= 1, given the past, while the unit does as the baseline says, up to the margin):
//   binary outcome Y in {0,1}, expected p:     l = exp(theta*Y) / (1 - p + p*exp(theta)),      theta > 0 up, theta < 0 down
//   bounded loss L in [0,1], expected m:       l = 1 + lambda*(L/m - 1),  0 <= lambda < 1;     down: the same of 1-L and 1-m
// Detector (Shiryaev-Roberts), per grid value: M_t = (1 + M_{t-1}) * l_t, averaged over the grid with fixed weights and over the
// sides. Alarm when M >= c, then restart at 0. Since M_t + c*N_t - t is a supermartingale (Shin, Ramdas & Rinaldo 2023,
// NEJSDS 2:229), the expected number of false alerts N_T in T observations is at most T/c.
// E-process, never restarted: E_t = the same average of products of l; P(sup E >= 1/alpha) <= alpha (Ville); E_t is an e-value
// for e-BH across units (multiple_testing.h). A mean Y of a cluster (a patient's readings) in [0,1] is allowed for the binary
// increment too: exp is convex, so l stays <= 1 in mean. Readings of one patient are one step: cluster them first, or the promise
// is void.
//
// EDetector is the design, shared by all units and immutable; EDetectorState is one unit's state: fixed size, copyable,
// restorable. Steps are pure functions of (design, state, observation), with the same bits on every CPU (engine/base/math.h).
// Nothing here returns NaN or infinity: observations outside the domain are refused and counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/stats/estimate.h"

namespace plumbline::stats {

inline constexpr std::size_t kMaxEGrid = 8;

enum class Response : std::uint8_t { kBinary, kBoundedLoss };
enum class WatchSides : std::uint8_t { kBoth, kUp, kDown };

// How far from the baseline a unit may be before it counts as different. Without a margin every trivial difference alarms in the
// end.
struct Margin {
  enum class Kind : std::uint8_t {
    kAbsolute,   // p +- value (probability, or loss units)
    kOddsRatio,  // odds times or divided by value >= 1 (binary only)
  };
  Kind kind = Kind::kAbsolute;
  double value = 0;
};

struct EDetectorOptions {
  Response response = Response::kBinary;
  WatchSides sides = WatchSides::kBoth;
  std::vector<double> grid;     // theta > 0, or lambda in (0,1); empty: DefaultGrid(response)
  std::vector<double> weights;  // positive, normalised here; empty: equal
  Margin margin;
  double threshold = 1000;  // c > 1, from ThresholdFor
  std::uint64_t min_n = 1;  // no alarm before so many steps (clusters) of the unit since its start
};

// One step. expected_low == expected_high when the baseline is taken as known; else the bounds at 1 - alpha0 of what the experts
// would do with this case. Up uses the high bound, down the low one, each plus the margin, so uncertainty never makes an alarm.
struct EObservation {
  double y = 0;  // in [0,1]
  double expected_low = 0;
  double expected_high = 0;
};

enum class EStep : std::uint8_t { kQuiet, kAlarmUp, kAlarmDown, kRefused };

// 1 + 2*2*8 doubles and counters; plain data.
struct EDetectorState {
  // [0] up, [1] down. Detector as log(1 + M) (0 at the start), e-process as log of the product.
  std::array<std::array<double, kMaxEGrid>, 2> detector{};
  std::array<std::array<double, kMaxEGrid>, 2> process{};
  double max_log_e = 0;  // the running maximum of log E, at least 0
  double sum_y = 0;
  double sum_expected = 0;  // of the middle of the expected bounds
  std::uint64_t n = 0;
  std::uint64_t since_restart = 0;
  std::uint32_t alarms = 0;
  std::uint32_t refused = 0;
  friend bool operator==(const EDetectorState&, const EDetectorState&) = default;
};

[[nodiscard]] std::vector<double> DefaultGrid(Response response);

class EDetector {
 public:
  // kOutsideDomain names the option that is wrong.
  [[nodiscard]] static Outcome<EDetector> Make(const EDetectorOptions& options);

  // Deterministic; changes only *state. An observation that is not finite or outside [0,1] is kRefused and changes only the
  // count.
  EStep Step(const EObservation& observation, EDetectorState* state) const;

  // log of the detector M; nullopt before the first step (M = 0).
  [[nodiscard]] std::optional<double> LogDetector(const EDetectorState& state) const;
  // log of the e-process E_t, 0 before the first step.
  [[nodiscard]] double LogEProcess(const EDetectorState& state) const;
  // Of one side alone (0 up, 1 down), for showing which way a unit goes.
  [[nodiscard]] double LogEProcessOfSide(const EDetectorState& state, std::size_t side) const;
  // min(1, 1/max E): valid at any time, by Ville's inequality.
  [[nodiscard]] static double AnytimeP(const EDetectorState& state);

  // Version, design fingerprint and the numbers that this design uses, little-endian. Restore refuses another version or design.
  [[nodiscard]] std::string Serialise(const EDetectorState& state) const;
  [[nodiscard]] Outcome<EDetectorState> Restore(std::string_view bytes) const;
  [[nodiscard]] std::size_t SerialisedSize() const;
  [[nodiscard]] Hash128 fingerprint() const { return fingerprint_; }

  [[nodiscard]] const EDetectorOptions& options() const { return options_; }
  [[nodiscard]] double threshold() const { return options_.threshold; }

  // The expected value that a side tests against: bound plus margin, kept inside the domain.
  [[nodiscard]] double Null(double expected, std::size_t side) const;

 private:
  EDetector() = default;
  [[nodiscard]] bool Uses(std::size_t side) const;
  // log l of every grid value.
  void LogIncrements(std::size_t side, double y, double null, std::span<double> out) const;
  [[nodiscard]] double LogMix(const std::array<double, kMaxEGrid>& logs) const;
  // Each side's averaged M, linear.
  [[nodiscard]] std::array<double, 2> DetectorSides(const EDetectorState& state) const;

  EDetectorOptions options_;
  std::size_t size_ = 0;
  std::array<double, kMaxEGrid> grid_{};
  std::array<double, kMaxEGrid> weights_{};  // normalised
  std::array<double, kMaxEGrid> log_weights_{};
  std::array<std::array<double, kMaxEGrid>, 2> expm1_{};  // exp(+-theta) - 1
  double log_threshold_ = 0;
  Hash128 fingerprint_;
};

// The other baseline processes of Shin et al. for one fixed parameter, in log: CUSUM M = max(1,M)*l and the plain product.
// Kept for comparison with published charts; alarms of the engine use Shiryaev-Roberts.
[[nodiscard]] double LogCusumStep(double log_m, double log_increment);
[[nodiscard]] double BernoulliLogIncrement(double theta, double y, double p);
[[nodiscard]] double BoundedLogIncrement(double lambda, double loss, double m);

// The adaptive grid of Shin et al. 2023, algorithm 1, for Bernoulli means above m0: covers shifts delta_lower..delta_upper with
// the fewest values for a wanted average run length. For designs offline (it may have more than kMaxEGrid values).
struct AdaptiveGrid {
  std::vector<double> lambdas;
  std::vector<double> weights;
};
struct AdaptiveGridOptions {
  double m0 = 0.1;
  double delta_lower = 0.05;
  double delta_upper = 0.4;
  double run_length = 1000;
};
[[nodiscard]] Outcome<AdaptiveGrid> DesignBernoulliGrid(const AdaptiveGridOptions& options);

}  // namespace plumbline::stats
