#include "engine/stats/simulated_length.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/stats/distributions.h"
#include "engine/stats/random.h"

namespace plumbline::stats {
namespace {

// Mean and standard error of counts; sums of whole numbers are exact.
class Lengths {
 public:
  void Add(double x) {
    ++n_;
    sum_ += x;
    squares_ += x * x;
  }
  [[nodiscard]] double Mean() const { return sum_ / n_; }
  [[nodiscard]] double Error() const { return std::sqrt(std::max(0.0, squares_ / n_ - Mean() * Mean()) / (n_ - 1)); }
  [[nodiscard]] Estimate Estimated() const {
    const double half = 1.959963984540054 * Error();
    if (!(half > 0)) return WithoutInterval(Mean(), Reason::kZeroVariance);
    return Stated(Mean(), Mean() - half, Mean() + half, 0.95, Error());
  }

 private:
  double n_ = 0, sum_ = 0, squares_ = 0;
};

// The middle of the generator's interval, so that neither end is drawn.
double Normal(SplitMix* random) { return NormalQuantile(random->Uniform() + 0x1p-54); }

Outcome<void> Check(const LengthSimulation& s, double shift) {
  if (s.runs < 2 || !std::isfinite(shift))
    return No(Reason::kOutsideDomain, "a simulation has 2 runs or more and a finite shift");
  return {};
}

// run(random, steps): the length of one run, counted into *steps; 0 when it passed the limit.
template <typename Run>
Outcome<Estimate> Simulate(const LengthSimulation& s, Run run) {
  Lengths lengths;
  std::uint64_t steps = 0;
  for (std::size_t i = 0; i < s.runs; ++i) {
    SplitMix random(s.seed, i);
    const std::uint64_t length = run(&random, s.most_steps - steps);
    if (length == 0) {
      return No(Reason::kUnbounded, "the run length is too long to be simulated: above about " +
                                        std::to_string(s.most_steps / (static_cast<std::uint64_t>(i) + 1)));
    }
    steps += length;
    lengths.Add(static_cast<double>(length));
  }
  return lengths.Estimated();
}

}  // namespace

Outcome<Estimate> SimulatedRunsArl(const RunsOptions& options, double mean, const LengthSimulation& simulation) {
  if (auto checked = Check(simulation, mean); !checked) return std::unexpected(checked.error());
  if (options.tests == 0) return No(Reason::kUnbounded, "without a test there is no signal");
  return Simulate(simulation, [&](SplitMix* random, std::uint64_t limit) -> std::uint64_t {
    RunsState state;
    while (state.count < limit) {
      if (StepRuns(options, &state, mean + Normal(random)).size > 0) return state.count;
    }
    return 0;
  });
}

Outcome<Estimate> SimulatedWestgardArl(const WestgardOptions& options, std::size_t levels, double shift,
                                       const LengthSimulation& simulation) {
  if (auto checked = Check(simulation, shift); !checked) return std::unexpected(checked.error());
  if (levels < 1 || levels > kMaxWestgardLevels) return No(Reason::kOutsideDomain, "a run has between 1 and 8 controls");
  if (options.rules == 0) return No(Reason::kUnbounded, "without a rule there is no signal");
  std::vector<ControlValue> run(levels);
  return Simulate(simulation, [&](SplitMix* random, std::uint64_t limit) -> std::uint64_t {
    WestgardState state;
    for (std::uint64_t length = 1; length <= limit; ++length) {
      for (std::size_t level = 0; level < levels; ++level)
        run[level] = {static_cast<std::uint8_t>(level), shift + Normal(random)};
      const auto signals = StepWestgard(options, &state, run);
      // The warning alone is no rejection where it is a gate.
      const bool rejected = signals && std::any_of(signals->begin(), signals->end(), [&](const Signal& signal) {
                              return !(options.warning_is_gate && signal.rule == Rule::kWestgard12s);
                            });
      if (rejected) return length;
    }
    return 0;
  });
}

Outcome<SprtLength> SimulatedSprt(const SprtDesign& design, const RiskMix& mix, double true_odds_ratio,
                                  const LengthSimulation& simulation) {
  if (auto checked = CheckDesign(design); !checked) return std::unexpected(checked.error());
  if (auto checked = Check(simulation, true_odds_ratio); !checked) return std::unexpected(checked.error());
  if (mix.risk.empty() || mix.risk.size() != mix.weight.size() || !(true_odds_ratio > 0))
    return No(Reason::kOutsideDomain, "a case mix has risks with weights, and the odds ratio is above 0");
  std::vector<double> cumulative;
  double total = 0;
  for (std::size_t i = 0; i < mix.risk.size(); ++i) {
    if (!(mix.risk[i] > 0 && mix.risk[i] < 1 && mix.weight[i] >= 0))
      return No(Reason::kOutsideDomain, "risks lie inside (0,1), weights are not negative");
    cumulative.push_back(total += mix.weight[i]);
  }
  if (!(total > 0)) return No(Reason::kOutsideDomain, "the weights of a case mix are not all 0");
  SprtDesign fresh = design;
  fresh.after = AfterAlarm::kContinue;
  Lengths alternative, cases;
  std::uint64_t steps = 0;
  for (std::size_t i = 0; i < simulation.runs; ++i) {
    SplitMix random(simulation.seed, i);
    SprtState state;
    for (;;) {
      if (++steps > simulation.most_steps) return No(Reason::kUnbounded, "the test is too long to be simulated");
      const double u = random.Uniform() * total;
      const auto at = std::upper_bound(cumulative.begin(), cumulative.end() - 1, u) - cumulative.begin();
      const double risk = mix.risk[static_cast<std::size_t>(at)];
      const bool event = random.Uniform() < true_odds_ratio * risk / (1 - risk + true_odds_ratio * risk);
      const SprtStep step = StepSprt(fresh, &state, event, risk);
      if (!step.alarm) continue;
      alternative.Add(step.alarm->side == Side::kUpper ? 1 : 0);
      cases.Add(static_cast<double>(state.count));
      break;
    }
  }
  SprtLength result{alternative.Estimated(), cases.Estimated(), {}};
  const double p = alternative.Mean();
  if (!(p > 0)) return No(Reason::kUnbounded, "the alternative was never accepted in the simulation");
  // Delta method; the covariance of share and length is small beside the share's own error and left out.
  const double arl = cases.Mean() / p;
  const double error = arl * std::sqrt(alternative.Error() * alternative.Error() / (p * p) +
                                       cases.Error() * cases.Error() / (cases.Mean() * cases.Mean()));
  const double half = 1.959963984540054 * error;
  result.arl =
      half > 0 ? Stated(arl, std::max(0.0, arl - half), arl + half, 0.95, error) : WithoutInterval(arl, Reason::kZeroVariance);
  return result;
}

}  // namespace plumbline::stats
