// Westgard multirules for control materials (Westgard, Barry, Hunt & Groth 1981, Clin. Chem. 27:493): what a laboratory or a
// device run must show before its patients' results go out. A run is one z per control level measured, z = (value - target)/SD of
// that level's material. Where laboratories read a rule in more than one way, the reading is an option.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/stats/estimate.h"
#include "engine/stats/signal.h"

namespace plumbline::stats {

inline constexpr std::size_t kMaxWestgardLevels = 8;

enum class RangeReading : std::uint8_t {
  kOppositeBeyond2,  // R-4s: one control above +2s and another below -2s
  kRangeBeyond4,     // R-4s: the difference of two controls exceeds 4s (+2.5 and -1.6)
};

struct WestgardOptions {
  // Bit i: rule kWestgard12s + i is on. All of them by default.
  std::uint16_t rules = 0xfff;
  bool warning_is_gate = false;  // the 1981 scheme: the others are looked at only in a run that has 1-2s
  bool within_material = true;   // consecutive rules over the values of one level
  bool across_materials = true;  // consecutive rules over all values in the order of time
  RangeReading range = RangeReading::kOppositeBeyond2;
  bool range_across_runs = false;  // R-4s also between this run and the one before
  [[nodiscard]] constexpr bool Has(Rule rule) const {
    return ((rules >> (static_cast<unsigned>(rule) - static_cast<unsigned>(Rule::kWestgard12s))) & 1U) != 0;
  }
};

struct ControlValue {
  std::uint8_t level = 0;  // below kMaxWestgardLevels
  double z = 0;
};

// What consecutive rules remember of a sequence: signed run lengths (positive: on the upper side) and where its last values are.
struct WestgardTrack {
  std::int32_t same_side = 0;
  std::int32_t beyond_1 = 0;
  std::int32_t beyond_2 = 0;
  std::int32_t trend = 0;  // points in the running trend, signed by its direction; 0 before the first value
  double last = 0;
  std::array<std::uint64_t, 12> at{};  // observations of the last 12 values, newest first
  friend bool operator==(const WestgardTrack&, const WestgardTrack&) = default;
};

// Fixed size, about 1.2 kB: eight levels and the pooled sequence.
struct WestgardState {
  std::uint64_t count = 0;                           // values so far; they are numbered in the order of time
  double previous_least = 0, previous_greatest = 0;  // of the run before, for R-4s across runs
  std::uint64_t previous_least_at = 0, previous_greatest_at = 0;
  bool has_previous = false;
  std::array<WestgardTrack, kMaxWestgardLevels + 1> tracks{};  // the last is the pooled one
  friend bool operator==(const WestgardState&, const WestgardState&) = default;
};

// One signal per rule of this run, in the order of Rule; the points are those of the first reading that met it (material before
// pooled). Values that are not finite or of a level too great are an error, and then the state is unchanged.
[[nodiscard]] Outcome<std::vector<Signal>> StepWestgard(const WestgardOptions& options, WestgardState* state,
                                                        std::span<const ControlValue> run);
[[nodiscard]] std::string Encode(const WestgardState& state);
[[nodiscard]] Result<WestgardState> DecodeWestgard(std::string_view bytes);

// The probability that one run with `levels` controls (1 to 5), all in control and with nothing before it, meets any rule that is
// on: exact, over the zones of a normal distribution; kOutsideDomain for RangeReading::kRangeBeyond4 and for 7T, which zones do
// not tell.
[[nodiscard]] Outcome<double> WestgardFalseRejection(const WestgardOptions& options, std::size_t levels);

}  // namespace plumbline::stats
