// The yardstick of `plumbline bench`: librdkafka alone reads topics to their end, touches every record and does nothing with it.
// What a consumer of the same topics costs before any engine begins.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectors/kafka/client.h"

namespace plumbline::kafka {

struct BareCount {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // of keys and values
};

// Reads all partitions of the topics from their first record to the ends that they had at the call, in batches from one queue,
// with the settings of KafkaSource. kUnavailable when nothing comes for ten seconds.
[[nodiscard]] Result<BareCount> ConsumeAll(const Settings& settings, const std::vector<std::string>& topics);

}  // namespace plumbline::kafka
