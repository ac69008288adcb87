// A measure compiled: its program and which definitions its populations, stratifiers and supplemental data are. Made once,
// shared by threads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/cql/compiler.h"
#include "engine/cql/program.h"
#include "rules/measure/measure.h"

namespace plumbline::rules {

struct MeasureCompileOptions {
  // An include whose version is not in the bundle takes the version that is, with a warning.
  bool versions_present = false;
};

// The population over whose members an observation is made: the one it refers to, else by the scoring's custom.
[[nodiscard]] std::optional<std::size_t> ObservedPopulation(const MeasureGroup& group, std::size_t observation);

class MeasureProgram {
  struct Key {};  // made by Compile alone

 public:
  MeasureProgram(Key /*key*/, Measure measure) : measure_(std::move(measure)) {}

  struct Group {
    std::vector<int> populations;  // definitions, in the measure's order
    std::vector<int> stratifiers;
  };

  // `messages` gets what the compiler has to say, warnings too, as shown to people.
  [[nodiscard]] static Result<std::unique_ptr<MeasureProgram>> Compile(Measure measure, const MeasureCompileOptions& options,
                                                                       std::string* messages);

  [[nodiscard]] const Measure& measure() const { return measure_; }
  [[nodiscard]] const cql::Program& program() const { return *program_; }
  [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
  [[nodiscard]] const std::vector<int>& supplemental() const { return supplemental_; }
  // Definitions of the measure's own library, for a run that shows every expression.
  [[nodiscard]] std::vector<int> Expressions() const;

 private:
  [[nodiscard]] Result<void> Bind();

  Measure measure_;
  std::shared_ptr<const cql::Program> program_;
  std::vector<Group> groups_;
  std::vector<int> supplemental_;
};

}  // namespace plumbline::rules
