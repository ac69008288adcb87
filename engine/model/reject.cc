#include "engine/model/reject.h"

namespace plumbline::model {

std::string_view ReasonName(RejectReason reason) {
  switch (reason) {
    case RejectReason::kNone:
      return "";
    case RejectReason::kEmptyValue:
      return "empty_value";
    case RejectReason::kTooLarge:
      return "too_large";
    case RejectReason::kUnknownEncoding:
      return "unknown_encoding";
    case RejectReason::kUnknownVersion:
      return "unknown_version";
    case RejectReason::kMalformedFlatBuffer:
      return "malformed_flatbuffer";
    case RejectReason::kMalformedJson:
      return "malformed_json";
    case RejectReason::kInvalidText:
      return "invalid_text";
    case RejectReason::kWrongType:
      return "wrong_type";
    case RejectReason::kDuplicateField:
      return "duplicate_field";
    case RejectReason::kMissingField:
      return "missing_field";
    case RejectReason::kUnknownEnum:
      return "unknown_enum";
    case RejectReason::kBadNumber:
      return "bad_number";
    case RejectReason::kNotFinite:
      return "not_finite";
    case RejectReason::kBadTime:
      return "bad_time";
    case RejectReason::kTooLong:
      return "too_long";
    case RejectReason::kEmptyKey:
      return "empty_key";
    case RejectReason::kEmptyId:
      return "empty_id";
    case RejectReason::kEmptyPatient:
      return "empty_patient";
    case RejectReason::kKeyMismatch:
      return "key_mismatch";
    case RejectReason::kBadVersion:
      return "bad_version";
    case RejectReason::kUnknownFeed:
      return "unknown_feed";
    case RejectReason::kKindNotBrought:
      return "kind_not_brought";
    case RejectReason::kFuture:
      return "future";
    case RejectReason::kTooOld:
      return "too_old";
    case RejectReason::kUnknownCode:
      return "unknown_code";
    case RejectReason::kUnknownUnit:
      return "unknown_unit";
    case RejectReason::kWrongUnit:
      return "wrong_unit";
    case RejectReason::kImplausible:
      return "implausible";
    case RejectReason::kMissingValue:
      return "missing_value";
    case RejectReason::kBadDuration:
      return "bad_duration";
    case RejectReason::kWrongPartition:
      return "wrong_partition";
    case RejectReason::kConflictingDuplicate:
      return "conflicting_duplicate";
    case RejectReason::kWrongTopic:
      return "wrong_topic";
    case RejectReason::kPatientChanged:
      return "patient_changed";
  }
  return "";
}

}  // namespace plumbline::model
