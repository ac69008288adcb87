// An event out of JSON of the schema (README.md has the grammar). Unknown fields are read over, as FlatBuffers does with the
// fields of a later version; a field given twice is an error. Used by Decoder.
#pragma once

#include <string_view>
#include <vector>

#include <simdjson.h>

#include "engine/model/event.h"
#include "engine/model/reject.h"

namespace plumbline::model {

class JsonDecoder {
 public:
  // Texts of `event` point into this object's buffers until the next call. At most `max_grades` grades.
  [[nodiscard]] bool Decode(std::string_view bytes, std::size_t max_grades, Event& event, std::vector<GradeView>& grades,
                            Reject& reject);

 private:
  simdjson::ondemand::parser parser_;
  std::vector<char> padded_;
};

}  // namespace plumbline::model
