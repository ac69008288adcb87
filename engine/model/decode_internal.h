// What the decoders of this folder share; included by them only.
#pragma once

#include <string>
#include <vector>

#include "engine/model/decode.h"
#include "engine/model/json_decode.h"

namespace plumbline::model {

struct Decoder::Scratch {
  std::vector<std::uint64_t> aligned;  // a copy of a FlatBuffer that does not lie on eight bytes
  std::vector<GradeView> grades;
  JsonDecoder json;
};

}  // namespace plumbline::model
