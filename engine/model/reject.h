// Why a record cannot be used. Bad data is a value: the decoder and the validator return one of these, the partition machine
// writes the record to the dead-letter log with it, counts it, and moves on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace plumbline::model {

// Numbers are in dead letters and in the journal: never used again for another meaning. Names (ReasonName) are metric labels.
enum class RejectReason : std::uint8_t {
  kNone = 0,
  // Bytes
  kEmptyValue = 1,
  kTooLarge = 2,         // the record's value is longer than the limit
  kUnknownEncoding = 3,  // neither FlatBuffers nor JSON of the schema
  kUnknownVersion = 4,   // FlatBuffers with an identifier of another version of the schema
  kMalformedFlatBuffer = 5,
  kMalformedJson = 6,
  kInvalidText = 7,  // not UTF-8
  // Fields
  kWrongType = 8,
  kDuplicateField = 9,
  kMissingField = 10,
  kUnknownEnum = 11,  // an enumeration's name or number that the schema does not have
  kBadNumber = 12,    // not an exact decimal of the range and scale kept
  kNotFinite = 13,    // NaN or infinity
  kBadTime = 14,
  kTooLong = 15,  // a text or list longer than its limit
  // Validation
  kEmptyKey = 20,
  kEmptyId = 21,
  kEmptyPatient = 22,
  kKeyMismatch = 23,     // the record's key is not the patient
  kBadVersion = 24,      // versions begin at 1
  kUnknownFeed = 25,     // (site, source) is not declared
  kKindNotBrought = 26,  // the feed is not declared to bring events of this kind
  kFuture = 27,          // event time beyond arrival + the feed's limit
  kTooOld = 28,
  kUnknownCode = 29,
  kUnknownUnit = 30,   // not a UCUM unit
  kWrongUnit = 31,     // a unit that this code is not measured in
  kImplausible = 32,   // outside the plausible range of the code
  kMissingValue = 33,  // a device event with neither value nor coded value
  kBadDuration = 34,   // a negative waiting time or duration
  // By the partition machine
  kWrongPartition = 40,        // the key does not belong into the partition it was read from
  kConflictingDuplicate = 41,  // the same id and version with other content
  kWrongTopic = 42,            // a kind that this topic does not carry
  kPatientChanged = 43,        // a correction under another patient's key
};

// "future", "conflicting_duplicate"; stable. Empty for kNone.
[[nodiscard]] std::string_view ReasonName(RejectReason reason);

inline constexpr std::int64_t kNoPosition = -1;

struct Reject {
  RejectReason reason = RejectReason::kNone;
  std::string detail;                   // for people: which field, what was found, what was expected
  std::int64_t position = kNoPosition;  // byte in the record's value where the trouble was seen
};

}  // namespace plumbline::model
