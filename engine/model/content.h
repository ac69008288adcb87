// The content hash of an event: XXH3-128 over a canonical arrangement of its fields, so that FlatBuffers and JSON of the same
// content have the same hash whatever the order of their fields.
//
//   arrangement := numbers lengths texts
//   numbers     := kind:u8 status:u8 offset_minutes:i16 version:u32 time:i64 source_sequence:u64 quality_flags:u32
//                  action:u8 modality:u8 certainty:u8 decided_by:u8 waiting_ms:i64 duration_ms:i64 follow_up_within_ms:i64
//                  has_quantity:u8 value:i128 grade_count:u32 grade_number*
//   grade_number:= has_quantity:u8 value:i128
//   lengths     := u32 for each text
//   texts       := the bytes of every text in the order of Texts (content.cc), those of the grades last
// All little-endian. A unit counts as its text ("1" where none was given with a value), absent texts as empty.
#pragma once

#include <string>

#include "engine/model/event.h"

namespace plumbline::model {

class ContentHasher {
 public:
  // Sets event.content. `texts_ascii` (may be null) is told whether every text is 7-bit, which spares a check of UTF-8.
  void Hash(Event& event, bool* texts_ascii = nullptr);

 private:
  std::string scratch_;  // grows to the largest event seen, then no more
};

}  // namespace plumbline::model
