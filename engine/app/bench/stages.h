// Where an event's time goes: the same topics read again and again, each time with one more stage behind the reading. Differences
// are what the stages cost; nothing on the path of an event is timed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/io/source.h"
#include "engine/run/patient_machine.h"

namespace plumbline::app {

struct StageTime {
  std::string name;
  std::uint64_t events = 0;
  double cpu_ns = 0;  // of this thread, an event, this stage and those before it
};

struct StagesOptions {
  std::uint32_t partitions = 1;
  std::uint16_t topics = 3;
  std::function<Result<std::unique_ptr<io::Source>>()> open;                           // at its beginning
  std::function<std::unique_ptr<run::PatientMachine>(std::uint32_t partition)> rules;  // an empty machine
  model::DecodeLimits decode;
  model::ValidationTables validation;
};

// Reading; merging, digesting, making journal entries; decoding and validating; rules.
[[nodiscard]] Result<std::vector<StageTime>> TimeStages(const StagesOptions& options, Clock& clock);

// CPU time of the calling thread and of the process.
[[nodiscard]] double ThreadCpuSeconds();
[[nodiscard]] double ProcessCpuSeconds();

}  // namespace plumbline::app
