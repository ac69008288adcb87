// Bytes of a record to a model::Event: tells FlatBuffers from JSON, verifies before it touches, and either fills the event or
// says why not. It checks that the record *can* be read; whether it is acceptable here is the validator's business (validate.h).
//
// One decoder per worker thread. It keeps its scratch: an ordinary event costs no allocation. Views of a decoded event point into
// the record's bytes or into the scratch: they hold until the next Decode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "engine/model/content.h"
#include "engine/model/event.h"
#include "engine/model/reject.h"

namespace plumbline::model {

enum class Encoding : std::uint8_t { kUnknown, kFlatBuffers, kJson };

// Of a `content-type` header's value: names JSON ("application/json", "...+json") or FlatBuffers ("application/x-flatbuffers").
[[nodiscard]] Encoding EncodingOf(std::string_view content_type);

struct DecodeLimits {
  std::size_t max_value_bytes = 1U << 20;
  std::size_t max_text_bytes = 512;      // of one text
  std::size_t max_display_bytes = 4096;  // of a code's display
  std::size_t max_grades = 64;
};

class Decoder {
 public:
  explicit Decoder(DecodeLimits limits = {});
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // kNone: `event` is filled, its content hash included. Else it is unspecified and reject() says more. `declared` is what the
  // record's header said; kUnknown lets the bytes decide. The framing of a schema registry (0, four bytes of id) is stepped over.
  [[nodiscard]] RejectReason Decode(std::span<const std::byte> value, Encoding declared, Event& event);

  // Of the last Decode that refused.
  [[nodiscard]] const Reject& reject() const { return reject_; }

 private:
  struct Scratch;  // keeps simdjson out of this header

  [[nodiscard]] RejectReason DecodeFlatBuffers(std::string_view bytes, Event& event);
  [[nodiscard]] RejectReason DecodeJson(std::string_view bytes, Event& event);
  [[nodiscard]] RejectReason Complete(std::size_t value_size, Event& event);
  [[nodiscard]] RejectReason CheckTexts(const Event& event);
  [[nodiscard]] RejectReason Refuse(RejectReason reason, std::string detail, std::int64_t position = kNoPosition);

  DecodeLimits limits_;
  ContentHasher hasher_;
  Reject reject_;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace plumbline::model
