#include <cstdio>
#include <string>

#include "engine/stats/runs_rules.h"
#include "tests/stats/golden.h"

using namespace plumbline::stats;

namespace {

// Golden numbering of combined rules: 1 = 3 sigma, 2 = 2 of 3, 3 = 4 of 5, 4 = 8 on one side.
RunsOptions Combination(const std::string& digits) {
  RunsOptions options = WesternElectric();
  options.tests = 0;
  for (const char digit : digits) {
    const int test = digit == '1' ? 1 : digit == '2' ? 5 : digit == '3' ? 6 : 2;
    options.tests = static_cast<std::uint8_t>(options.tests | 1U << (test - 1));
  }
  return options;
}

std::string Name(const std::string& rules, double mean) {
  char text[64];
  std::snprintf(text, sizeof text, "rules %s mean %g", rules.c_str(), mean);
  return text;
}

}  // namespace

PLUMBLINE_GOLDEN(ArlShewhartRuns, "arl.shewhart_runs") {
  for (const auto& row : golden.expected()["spc_table"].Matrix()) {
    const std::string rules = std::to_string(static_cast<int>(row[0]));
    golden.NearValue(Name(rules, row[1]), RunsArl(Combination(rules), row[1]).value(), row[2]);
  }
  for (const auto& row : golden.expected()["combinations_own_MC"].items) {
    golden.NearValue(Name(row[0].text, row[1].Number()), RunsArl(Combination(row[0].text), row[1].Number()).value(),
                     row[2].Number());
  }
  for (const auto& row : golden.expected()["rule1_plus_run_length_L_same_side"].Matrix()) {
    RunsOptions options = Combination("14");
    options.same_side = static_cast<std::uint8_t>(row[0]);
    golden.NearValue(Name("1 and run of " + std::to_string(options.same_side), row[1]), RunsArl(options, row[1]).value(), row[2]);
  }
}

PLUMBLINE_GOLDEN(NelsonRules, "cc.nelson_rules") {
  for (const auto& [name, sequence] : golden.data()["sequences"].members) {
    std::vector<std::vector<double>> found(8);
    RunsState state;
    double at = 0;
    for (const double z : sequence.Numbers()) {
      ++at;
      const auto step = StepRuns(RunsOptions{}, &state, z);
      for (int i = 0; i < step.size; ++i) {
        found[static_cast<std::size_t>(step.alarms[static_cast<std::size_t>(i)].rule) - static_cast<std::size_t>(Rule::kNelson1)]
            .push_back(at);
      }
    }
    for (std::size_t test = 0; test < 8; ++test) {
      golden.NearValues(name + " test " + std::to_string(test + 1), found[test],
                        golden.expected()[name][std::to_string(test + 1)].Numbers());
    }
  }
}
