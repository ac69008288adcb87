// A dead letter as the machine writes it (engine/run/patient_machine.cc), taken apart for its Kafka topic:
//
//   letter = JSON object {"reason", "detail", "topic": number, "partition", "offset", "timestamp", ...} "\n" the record's bytes
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace plumbline::kafka {

struct DeadLetter {
  std::uint64_t topic = 0;  // number of the input topic
  std::uint64_t partition = 0;
  std::uint64_t offset = 0;
  std::string reason;      // the reject reason's name, as in metrics
  std::string detail;      // for people
  std::string_view bytes;  // the record's value as it came; lives as long as the letter
};

// kParse when the letter has another form.
[[nodiscard]] Result<DeadLetter> ParseDeadLetter(std::string_view letter);

}  // namespace plumbline::kafka
