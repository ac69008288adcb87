#include "engine/model/reject.h"

namespace plumbline::model {
namespace {

struct Name {
  RejectReason reason;
  std::string_view name;
};
constexpr Name kNames[] = {
    {RejectReason::kEmptyValue, "empty_value"},
    {RejectReason::kTooLarge, "too_large"},
    {RejectReason::kUnknownEncoding, "unknown_encoding"},
    {RejectReason::kUnknownVersion, "unknown_version"},
    {RejectReason::kMalformedFlatBuffer, "malformed_flatbuffer"},
    {RejectReason::kMalformedJson, "malformed_json"},
    {RejectReason::kInvalidText, "invalid_text"},
    {RejectReason::kWrongType, "wrong_type"},
    {RejectReason::kDuplicateField, "duplicate_field"},
    {RejectReason::kMissingField, "missing_field"},
    {RejectReason::kUnknownEnum, "unknown_enum"},
    {RejectReason::kBadNumber, "bad_number"},
    {RejectReason::kNotFinite, "not_finite"},
    {RejectReason::kBadTime, "bad_time"},
    {RejectReason::kTooLong, "too_long"},
    {RejectReason::kEmptyKey, "empty_key"},
    {RejectReason::kEmptyId, "empty_id"},
    {RejectReason::kEmptyPatient, "empty_patient"},
    {RejectReason::kKeyMismatch, "key_mismatch"},
    {RejectReason::kBadVersion, "bad_version"},
    {RejectReason::kUnknownFeed, "unknown_feed"},
    {RejectReason::kKindNotBrought, "kind_not_brought"},
    {RejectReason::kFuture, "future"},
    {RejectReason::kTooOld, "too_old"},
    {RejectReason::kUnknownCode, "unknown_code"},
    {RejectReason::kUnknownUnit, "unknown_unit"},
    {RejectReason::kWrongUnit, "wrong_unit"},
    {RejectReason::kImplausible, "implausible"},
    {RejectReason::kMissingValue, "missing_value"},
    {RejectReason::kBadDuration, "bad_duration"},
    {RejectReason::kWrongPartition, "wrong_partition"},
    {RejectReason::kConflictingDuplicate, "conflicting_duplicate"},
    {RejectReason::kWrongTopic, "wrong_topic"},
    {RejectReason::kPatientChanged, "patient_changed"},
};

}  // namespace

std::string_view ReasonName(RejectReason reason) {
  for (const Name& n : kNames) {
    if (n.reason == reason) return n.name;
  }
  return {};
}

}  // namespace plumbline::model
