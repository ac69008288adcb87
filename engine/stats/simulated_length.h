// Run lengths by simulation, for charts whose length no chain over zones tells: Nelson's tests 3 and 4 (they compare neighbours),
// Westgard's rules over several runs, Wald's test over a case mix. Run i draws from the stream (seed, i) of random.h, so a result
// is the same on every machine; it comes with its standard error. For looking and designing, not for the path of an event: tens
// of milliseconds to a second.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/stats/estimate.h"
#include "engine/stats/risk_detectors.h"
#include "engine/stats/runs_rules.h"
#include "engine/stats/westgard.h"

namespace plumbline::stats {

struct LengthSimulation {
  std::uint64_t seed = 1;
  std::size_t runs = 10'000;
  std::uint64_t most_steps = 30'000'000;  // over all runs; beyond it the length is kUnbounded
};

// Points until the first signal of any test that is on, for independent normal points with mean `mean` and standard deviation 1.
[[nodiscard]] Outcome<Estimate> SimulatedRunsArl(const RunsOptions& options, double mean,
                                                 const LengthSimulation& simulation = {});

// Runs of `levels` controls (1 to kMaxWestgardLevels) until the first signal other than a warning that is only a gate. All
// controls have mean `shift`.
[[nodiscard]] Outcome<Estimate> SimulatedWestgardArl(const WestgardOptions& options, std::size_t levels, double shift = 0,
                                                     const LengthSimulation& simulation = {});

// Wald's test on cases of a mix whose true odds ratio is `true_odds_ratio`, begun anew whenever it accepts the null.
struct SprtLength {
  Estimate alternative;  // the share of tests that accept the alternative (the false alarms when the odds ratio is 1)
  Estimate cases;        // of one test
  Estimate arl;          // cases until an alternative is accepted: E cases / P(alternative), by Wald's identity for renewals
};
[[nodiscard]] Outcome<SprtLength> SimulatedSprt(const SprtDesign& design, const RiskMix& mix, double true_odds_ratio = 1,
                                                const LengthSimulation& simulation = {});

}  // namespace plumbline::stats
