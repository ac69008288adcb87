// Streaming charts of measured values: tabular CUSUM and EWMA. Each is a design (belongs to the rule), a state of some
// tens of bytes (belongs to the unit watched, kept by the caller), and a step that is a pure function of both and the
// observation. No allocation, no clock; one thread at a time per state. Observations that are not finite are refused and change
// nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/stats/arl.h"
#include "engine/stats/estimate.h"
#include "engine/stats/signal.h"

namespace plumbline::stats {

// What happens to the statistic after an alarm.
enum class AfterAlarm : std::uint8_t {
  kContinue,  // it goes on, and signals at every further point beyond the limit
  kRestart,   // it starts anew (with the headstart, where there is one)
};

// --- Tabular CUSUM (Montgomery 2009, section 9.1) ----------------------------------------------------------------------------
// C+ = max(0, C+ + z - k), C- = max(0, C- - z - k), z = (x - target)/sigma; signal when C > h (strictly).
struct CusumDesign {
  double target = 0;     // same unit as x
  double sigma = 1;      // standard deviation of x, > 0
  double k = 0.5;        // in sigmas: half the shift to be found
  double h = 5;          // in sigmas
  double headstart = 0;  // in sigmas, 0 <= headstart <= h
  Sides sides = Sides::kTwo;
  AfterAlarm after = AfterAlarm::kContinue;
};
struct CusumState {
  std::uint64_t count = 0;
  double upper = 0;
  double lower = 0;               // as a positive number
  std::uint64_t upper_since = 0;  // the observation after the last one at which the sum was 0
  std::uint64_t lower_since = 0;
  friend bool operator==(const CusumState&, const CusumState&) = default;
};
struct CusumStep {
  bool refused = false;
  double upper = 0;
  double lower = 0;
  std::optional<Alarm> upper_alarm;  // the points are those since the sum last was 0
  std::optional<Alarm> lower_alarm;
};
[[nodiscard]] Outcome<void> CheckDesign(const CusumDesign& design);
[[nodiscard]] CusumState StartCusum(const CusumDesign& design);
[[nodiscard]] CusumStep StepCusum(const CusumDesign& design, CusumState* state, double x);
// The length the chart really has when the mean is off target by `shift` sigmas.
[[nodiscard]] Outcome<double> Arl(const CusumDesign& design, double shift = 0);
[[nodiscard]] std::string Encode(const CusumState& state);
[[nodiscard]] Result<CusumState> DecodeCusum(std::string_view bytes);

// --- EWMA (Roberts 1959; Lucas & Saccucci 1990, Technometrics 32:1) -----------------------------------------------------------
// z_t = (1-lambda) z_(t-1) + lambda x_t, z_0 = target; limits target +- width sigma sqrt(lambda/(2-lambda) [1-(1-lambda)^2t]).
struct EwmaDesign {
  double target = 0;
  double sigma = 1;
  double lambda = 0.1;
  double width = 2.7;
  EwmaLimits limits = EwmaLimits::kTimeVarying;
  AfterAlarm after = AfterAlarm::kContinue;
};
struct EwmaState {
  std::uint64_t count = 0;
  double deviation = 0;     // z - target
  double decay = 1;         // (1-lambda)^(2t) since the start
  std::uint64_t since = 0;  // the observation at which z last came to the side of the target it is on
  friend bool operator==(const EwmaState&, const EwmaState&) = default;
};
struct EwmaStep {
  bool refused = false;
  double z = 0;
  double lower = 0;
  double upper = 0;
  std::optional<Alarm> alarm;  // the points are those since z crossed the target
};
[[nodiscard]] Outcome<void> CheckDesign(const EwmaDesign& design);
[[nodiscard]] EwmaStep StepEwma(const EwmaDesign& design, EwmaState* state, double x);
[[nodiscard]] Outcome<double> Arl(const EwmaDesign& design, double shift = 0);
[[nodiscard]] std::string Encode(const EwmaState& state);
[[nodiscard]] Result<EwmaState> DecodeEwma(std::string_view bytes);

}  // namespace plumbline::stats
