// A record as it lies in a partitioned log, whichever log: the embedded one or Kafka. Views into the source's buffers, valid
// until the next Poll or Seek of the same topic-partition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace plumbline::io {

struct HeaderView {
  std::string_view name;
  std::span<const std::byte> value;
};

// Topics are numbered by their order in the configuration; that number is part of the state.
struct Record {
  std::uint16_t topic = 0;
  std::uint32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;  // arrival: LogAppendTime, an importer's CreateTime, or the embedded log's stamp
  std::span<const std::byte> key;
  std::span<const std::byte> value;
  std::span<const HeaderView> headers;
};

}  // namespace plumbline::io
