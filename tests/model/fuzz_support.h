// What both decoder targets check of an event that was read: it goes through the encoders and comes back as it was.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "engine/base/hash.h"
#include "engine/model/decode.h"
#include "engine/model/encode.h"
#include "engine/model/validate.h"

namespace plumbline::model {

inline void CheckDecoded(std::string_view bytes, Encoding declared) {
  static Decoder decoder, again;
  static Encoder encoder;
  static Validator validator{ValidationTables{}};
  Event event;
  const RejectReason reason = decoder.Decode(AsBytes(bytes), declared, event);
  if (reason != RejectReason::kNone) {
    PLUMBLINE_CHECK(!ReasonName(reason).empty() && decoder.reject().reason == reason, "a reason has a name");
    PLUMBLINE_CHECK(!decoder.reject().detail.empty(), "a reason has a detail");
    PLUMBLINE_CHECK(decoder.reject().position <= static_cast<std::int64_t>(bytes.size()), "a position lies within the value");
    return;
  }
  (void)validator.Validate(event, event.patient, event.time);
  // Negative durations beyond "none" can stand in a FlatBuffer; the validator refuses them and JSON has no word for them.
  const bool durations =
      event.waiting_ms >= kNoDuration && event.duration_ms >= kNoDuration && event.follow_up_within_ms >= kNoDuration;
  for (const bool json : {false, true}) {
    if (json && !durations) continue;
    const std::string encoded(json ? encoder.Json(event) : encoder.FlatBuffers(event));
    if (encoded.size() > DecodeLimits{}.max_value_bytes) continue;
    Event back;
    PLUMBLINE_CHECK(again.Decode(AsBytes(encoded), json ? Encoding::kJson : Encoding::kFlatBuffers, back) == RejectReason::kNone,
                    "what was read can be written and read again");
    PLUMBLINE_CHECK(back.content == event.content, "the content is the same in both encodings");
  }
}

}  // namespace plumbline::model
