// The content hash of an event: XXH3-128 over a canonical arrangement of its fields, so that FlatBuffers and JSON of the same
// content have the same hash whatever the order of their fields.
//
//   arrangement := head quantity? body? lengths texts
//   head        := kind:u8 status:u8 offset_minutes:i16 version:u32 time:i64 source_sequence:u64 present:u32 quality_flags:u32
//   quantity    := value:i128                                      where bit 31 of `present` says so
//   body        := action:u8 modality:u8 certainty:u8 decided_by:u8 grade_count:u32 waiting_ms:i64 duration_ms:i64
//                  follow_up_within_ms:i64 (has_quantity:u8 value:i128)*   where bit 30 says so: where any of it is not the
//                  default
//   lengths     := u32 for each text that is not empty, then u32 for each of the seven texts of every grade
//   texts       := their bytes in the same order
// Bit i of `present` says that text i of Texts (content.cc) is not empty. All little-endian. A unit counts as its text ("1" where
// none was given with a value). What ordinary events leave out is left out here: an ordinary arrangement is below 240 bytes, to
// which XXH3 has its short path.
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
