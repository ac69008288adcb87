// Runs the tests that packs carry: each in a partition of its own, with a tick of every topic each second, so that what is told
// is told at the second it is due. For `plumbline test` and the project's own tests.
#pragma once

#include <string>
#include <vector>

#include "rules/pack/pack.h"

namespace plumbline::app {

struct PackTestReport {
  const rules::RuleTest* test = nullptr;
  bool passed = false;
  std::string difference;  // for people: what was expected and what was told
};

[[nodiscard]] std::vector<PackTestReport> RunPackTests(const rules::Packs& packs);

}  // namespace plumbline::app
