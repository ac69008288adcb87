// Runs rules on standardised values: Nelson's tests 1 to 8 (Nelson 1984, J. Qual. Technol. 16:237), with the Western Electric
// rules (1956) as a choice of options; and the average run length of any set of those that depend on zones alone.
//
// A value z is (observation - centre) / standard deviation of what is plotted. All inequalities are strict; z == 0 is on neither
// side and breaks a run. A test signals at every point that completes its pattern; nothing is reset by a signal.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/stats/estimate.h"
#include "engine/stats/signal.h"

namespace plumbline::stats {

struct RunsOptions {
  // Bit i-1 is test i.
  std::uint8_t tests = 0xff;
  double width = 3;                      // test 1, in standard deviations
  std::uint8_t same_side = 9;            // test 2: so many in a row on one side (WECO: 8)
  std::uint8_t trend = 6;                // test 3: so many points, each above (below) the one before
  std::uint8_t alternating = 14;         // test 4: so many points, up and down in turn
  std::uint8_t within = 15;              // test 7: so many in a row within 1 standard deviation
  std::uint8_t beyond = 8;               // test 8: so many in a row beyond 1 standard deviation, on either side
  bool newest_outside = true;            // tests 5 and 6: the newest point must be one of those outside (in use both ways)
  bool beyond_needs_both_sides = false;  // test 8: at least one on each side (Nelson's text; most programs do without)

  [[nodiscard]] constexpr bool Has(int test) const { return ((tests >> (test - 1)) & 1) != 0; }
};
// Western Electric 1956: beyond 3 sigma; 2 of 3 beyond 2; 4 of 5 beyond 1; 8 on one side.
[[nodiscard]] constexpr RunsOptions WesternElectric() { return RunsOptions{.tests = 0b00110011, .same_side = 8}; }

// About 40 bytes. Fields of tests that are off stay at their start, so states of the run-length chain are few.
struct RunsState {
  std::uint64_t count = 0;      // observations so far
  double last = 0;              // the value before, for tests 3 and 4
  std::uint32_t same_run = 0;   // length of the run on `side`
  std::uint32_t trend_run = 0;  // points in the running trend in `trend_side`
  std::uint32_t alternating_run = 0;
  std::uint32_t within_run = 0;
  std::uint32_t beyond_run = 0;
  std::int8_t side = 0;
  std::int8_t trend_side = 0;    // direction of the last difference
  std::uint8_t beyond_2 = 0;     // low nibble: the last 3 above +2, newest lowest; high nibble: below -2
  std::uint8_t beyond_1_up = 0;  // the last 5 above +1
  std::uint8_t beyond_1_down = 0;
  std::uint8_t beyond_sides = 0;  // test 8: sides seen in the run
  friend bool operator==(const RunsState&, const RunsState&) = default;
  friend auto operator<=>(const RunsState&, const RunsState&) = default;
};

// The alarms of one step, in the order of the tests.
struct RunsStep {
  std::array<Alarm, 8> alarms{};
  std::uint8_t size = 0;
  [[nodiscard]] std::uint8_t Tests() const;  // bit i-1: test i completed here
};

// z must be finite (checked).
[[nodiscard]] RunsStep StepRuns(const RunsOptions& options, RunsState* state, double z);
[[nodiscard]] std::string EncodeRuns(const RunsState& state);
[[nodiscard]] Result<RunsState> DecodeRuns(std::string_view bytes);

// Zero-state ARL of the first signal of any test that is on, for independent normal z with mean `mean` and standard deviation 1,
// by the Markov chain over zones (Champ & Woodall 1987, Technometrics 29:393). Tests 3 and 4 compare neighbours, which zones do
// not tell: kOutsideDomain with them. Exact to about 1e-12 relative.
[[nodiscard]] Outcome<double> RunsArl(const RunsOptions& options, double mean);

}  // namespace plumbline::stats
