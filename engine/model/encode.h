// A model::Event to bytes: FlatBuffers or JSON of the schema, as the generator, the importer, connectors and tests write them.
// One encoder per thread; it keeps its buffers. What comes out decodes to the same event with the same content hash.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/model/event.h"

namespace plumbline::model {

// The `content-type` header's value that goes with each.
inline constexpr std::string_view kFlatBuffersContentType = "application/x-flatbuffers";
inline constexpr std::string_view kJsonContentType = "application/json";

class Encoder {
 public:
  Encoder();
  ~Encoder();
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  // The bytes hold until the next call. `event.content` is not read.
  [[nodiscard]] std::string_view FlatBuffers(const Event& event);
  // One line without a line end; fields that say nothing are left out. Texts must be UTF-8.
  [[nodiscard]] std::string_view Json(const Event& event);

 private:
  struct Scratch;  // keeps flatbuffers out of this header
  std::unique_ptr<Scratch> scratch_;
  std::string json_;
};

// Appends `text` as a JSON string with its quotes.
void AppendJsonText(std::string& out, std::string_view text);

}  // namespace plumbline::model
