// The public test suite's XML files: read, run, judged. A file holds groups of tests; a test is an expression and the value it
// must have, itself an expression, or the kind of error it must end in.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace plumbline::cql {

struct SuiteTest {
  std::string group;
  std::string name;
  std::string expression;
  std::string invalid;  // "", "true", "semantic", "syntax"
  std::vector<std::string> outputs;
};

struct SuiteFile {
  std::string name;
  std::vector<SuiteTest> tests;
};

struct SuiteResult {
  bool passed = false;
  std::string expected;
  std::string got;
};

struct SuiteOptions {
  std::string instant = "2026-01-01T00:00:00.000+00:00";  // the evaluation's instant, a CQL DateTime without '@'
};

// `name` is shown; the text is bounded at 64 MiB.
[[nodiscard]] Result<SuiteFile> ReadSuite(std::string name, std::string_view xml);
[[nodiscard]] SuiteResult RunSuiteTest(const SuiteTest& test, const SuiteOptions& options);

struct SuiteFileReport {
  SuiteFile file;
  std::vector<SuiteResult> results;  // one per test
  [[nodiscard]] std::size_t passed() const;
};
[[nodiscard]] SuiteFileReport RunSuite(SuiteFile file, const SuiteOptions& options);

// A line per file and a sum; then every failure with expected and got; then "N passed, N failed".
[[nodiscard]] std::string SuiteTable(const std::vector<SuiteFileReport>& reports);
[[nodiscard]] std::string SuiteFailures(const std::vector<SuiteFileReport>& reports);
[[nodiscard]] std::string SuiteClosing(const std::vector<SuiteFileReport>& reports);
[[nodiscard]] std::string SuiteJUnit(const std::vector<SuiteFileReport>& reports);

}  // namespace plumbline::cql
