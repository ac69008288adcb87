// One clinical event as the engine sees it: views into a decoded record, valid while the record's bytes (and the decoder's
// scratch) live. Produced by the decoders of this folder from FlatBuffers or JSON after verification and validation; consumed on
// the worker's thread by the partition machine, which keeps what its rules need.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/decimal.h"
#include "engine/base/hash.h"

namespace plumbline::model {

// Milliseconds since 1970-01-01T00:00:00Z; the precision of CQL's DateTime.
using TimeMs = std::int64_t;
inline constexpr TimeMs kNoTime = INT64_MIN;

// Numbers are those of the schema (events.fbs) and of on-disk state: never used again for another meaning.
// A heartbeat says for the feed (site, source) that everything up to `time` has been sent; connectors write one to every
// partition. It has no patient and needs no id.
enum class EventKind : std::uint8_t { kDevice = 1, kConsultation = 2, kDiagnosis = 3, kHeartbeat = 4 };
enum class EventStatus : std::uint8_t { kFinal = 0, kAmended = 1, kEnteredInError = 2 };
enum class Action : std::uint8_t {
  kNone = 0,
  kRequested,
  kStarted,
  kEnded,
  kReferredUp,
  kReferredDown,
  kAdvised,
  kOrdered,
  kAdministered,
  kPerformed,
  kFollowUpPlanned
};
enum class Modality : std::uint8_t { kNone = 0, kInPerson, kRemote, kArAssisted };
enum class Certainty : std::uint8_t { kNone = 0, kSuspected, kProbable, kConfirmed, kRuledOut };
enum class DecidedBy : std::uint8_t { kNone = 0, kClinician, kExpertPanel, kAiAssistance };

struct CodeView {
  std::string_view system;  // as the site writes it: an url
  std::string_view code;
  std::string_view display;
};

// Exact decimal with an UCUM unit ("1" where none was given).
struct QuantityView {
  Decimal value;
  std::string_view unit;
};

// A named grade or category of a diagnosis: nodule diameter 8 mm, malignancy 4, Lung-RADS 4A.
struct GradeView {
  CodeView name;
  bool has_quantity = false;
  QuantityView quantity;
  CodeView category;  // empty code where none
};

inline constexpr std::int64_t kNoDuration = -1;

// Order of source_sequence is the source system's own; (time, source_sequence, id) is the canonical order of events.
struct Event {
  EventKind kind = EventKind::kDevice;
  EventStatus status = EventStatus::kFinal;
  std::uint32_t version = 1;
  std::uint64_t source_sequence = 0;
  TimeMs time = 0;
  std::int16_t offset_minutes = 0;  // of the site's local time from UTC
  std::string_view id, patient, encounter, site, source, clinician, clinician_role, device, device_model;
  CodeView code;
  bool has_quantity = false;
  QuantityView quantity;  // device: the value; consultation: the amount
  CodeView value_code;    // device: a coded value
  // Device
  std::uint32_t quality_flags = 0;
  std::string_view qc_material, qc_level, qc_run;  // empty unless a QC sample
  // Consultation
  Action action = Action::kNone;
  Modality modality = Modality::kNone;
  std::int64_t waiting_ms = kNoDuration;
  std::int64_t duration_ms = kNoDuration;
  // Diagnosis
  Certainty certainty = Certainty::kNone;
  DecidedBy decided_by = DecidedBy::kNone;
  std::span<const GradeView> grades;
  CodeView follow_up;
  std::int64_t follow_up_within_ms = kNoDuration;
  std::string_view answers_to;  // id of the event that this decision answers or over-reads
  // Digest of everything above in a canonical arrangement (content.h), the same for FlatBuffers and JSON of the same content:
  // tells a repeated delivery from a conflicting one, and names the event in evidence.
  Hash128 content;
};

}  // namespace plumbline::model
