// What the dead-letter log holds of a record that could not be used: where it was, why it was refused, and its original bytes.
// This envelope is the effect's value; the embedded log keeps it as it is, Kafka gets the original bytes with Kafka Connect's
// headers.
//
//   envelope = u8 1 (form), text topic, u32 partition, i64 offset, i64 timestamp_ms, text stage, text reason, text message,
//              text key, text value, u32 count, count * (text name, text value)
//   text     = u32 size, bytes; integers little-endian
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/io/record.h"

namespace plumbline::io {

// Views: of the caller's record when encoding, of the envelope when decoding.
struct DeadLetter {
  std::string_view topic;
  std::uint32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::string_view stage;    // "decode", "validate", "key", "rules"
  std::string_view reason;   // the reject reason's name, as in metrics
  std::string_view message;  // for people: what was found, what was expected
  std::string_view key;
  std::string_view value;
  std::vector<HeaderView> headers;
};

// Appends the envelope to `out`.
void EncodeDeadLetter(const DeadLetter& letter, std::string& out);
// kParse when the bytes are no envelope. The views live as long as the bytes.
[[nodiscard]] Result<DeadLetter> DecodeDeadLetter(std::string_view bytes);

}  // namespace plumbline::io
