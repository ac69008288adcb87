// Runs the tests that packs carry: each in a partition of its own, with a tick of every topic each second, so that what is told
// is told at the second it is due. For `plumbline test` and the project's own tests.
#pragma once

#include <string>
#include <vector>

#include "engine/model/event.h"
#include "rules/pack/pack.h"

namespace plumbline::app {

struct PackTestReport {
  const rules::RuleTest* test = nullptr;
  bool passed = false;
  std::string difference;  // for people: what was expected and what was told
};

// As it would be decoded; its texts are those of `given`. `number`: its place among the test's events.
[[nodiscard]] model::Event EventOf(const rules::TestEvent& given, std::size_t number);

[[nodiscard]] std::vector<PackTestReport> RunPackTests(const rules::Packs& packs);

}  // namespace plumbline::app
