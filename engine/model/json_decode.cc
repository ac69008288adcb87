#include "engine/model/json_decode.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

#include "engine/model/iso_time.h"
#include "engine/model/json_number.h"
#include "engine/model/names.h"

namespace plumbline::model {
namespace {

namespace od = simdjson::ondemand;

constexpr int kMaxUnknownDepth = 16;

enum class Field : std::uint8_t {
  kAction,
  kAnswersTo,
  kCertainty,
  kClinician,
  kClinicianRole,
  kCode,
  kDecidedBy,
  kDevice,
  kDeviceModel,
  kDurationMs,
  kEncounter,
  kFollowUp,
  kFollowUpWithinMs,
  kGrades,
  kId,
  kKind,
  kModality,
  kOffsetMinutes,
  kPatient,
  kQcLevel,
  kQcMaterial,
  kQcRun,
  kQualityFlags,
  kSite,
  kSource,
  kSourceSequence,
  kStatus,
  kTime,
  kTimeMs,
  kUnit,
  kValue,
  kValueCode,
  kVersion,
  kWaitingMs,
  kUnknown
};

// In alphabetical order, as the enumeration.
constexpr std::array<std::string_view, static_cast<std::size_t>(Field::kUnknown)> kFieldNames = {"action",
                                                                                                 "answers_to",
                                                                                                 "certainty",
                                                                                                 "clinician",
                                                                                                 "clinician_role",
                                                                                                 "code",
                                                                                                 "decided_by",
                                                                                                 "device",
                                                                                                 "device_model",
                                                                                                 "duration_ms",
                                                                                                 "encounter",
                                                                                                 "follow_up",
                                                                                                 "follow_up_within_ms",
                                                                                                 "grades",
                                                                                                 "id",
                                                                                                 "kind",
                                                                                                 "modality",
                                                                                                 "offset_minutes",
                                                                                                 "patient",
                                                                                                 "qc_level",
                                                                                                 "qc_material",
                                                                                                 "qc_run",
                                                                                                 "quality_flags",
                                                                                                 "site",
                                                                                                 "source",
                                                                                                 "source_sequence",
                                                                                                 "status",
                                                                                                 "time",
                                                                                                 "time_ms",
                                                                                                 "unit",
                                                                                                 "value",
                                                                                                 "value_code",
                                                                                                 "version",
                                                                                                 "waiting_ms"};
static_assert(std::is_sorted(kFieldNames.begin(), kFieldNames.end()));

Field FieldOf(std::string_view name) {
  const auto at = std::lower_bound(kFieldNames.begin(), kFieldNames.end(), name);
  return at != kFieldNames.end() && *at == name ? static_cast<Field>(at - kFieldNames.begin()) : Field::kUnknown;
}

// Reads one document. Every function returns false after it has filled the reject.
class Reading {
 public:
  Reading(const char* start, std::size_t size, std::size_t max_grades, Event& event, std::vector<GradeView>& grades,
          Reject& reject)
      : start_(start), size_(size), max_grades_(max_grades), event_(event), grades_(grades), reject_(reject) {}

  bool Document(od::parser& parser, std::size_t capacity) {
    od::document document;
    if (const auto error = parser.iterate(start_, size_, capacity).get(document)) return Malformed(error);
    document_ = &document;
    od::object object;
    if (const auto error = document.get_object().get(object)) return Malformed(error);
    grades_.clear();
    if (!Fields(object)) return false;
    const char* rest = nullptr;  // none is the document's end
    if (document.current_location().get(rest) == simdjson::SUCCESS)
      return Fail(RejectReason::kMalformedJson, "something follows the object");
    return Complete();
  }

 private:
  bool Fail(RejectReason reason, std::string detail) {
    reject_ = {reason, std::move(detail), kNoPosition};
    const char* location = nullptr;
    if (document_ != nullptr && document_->current_location().get(location) == simdjson::SUCCESS && location >= start_ &&
        location <= start_ + size_) {
      reject_.position = location - start_;
    }
    return false;
  }
  bool Malformed(simdjson::error_code error) {
    if (error == simdjson::UTF8_ERROR) return Fail(RejectReason::kInvalidText, "the JSON is not UTF-8");
    return Fail(RejectReason::kMalformedJson, simdjson::error_message(error));
  }
  bool Wrong(std::string_view field, std::string_view expected) {
    return Fail(RejectReason::kWrongType, std::string(field) + " must be " + std::string(expected));
  }
  // A value of another type, or bytes that are no value at all?
  bool WrongOr(simdjson::error_code error, std::string_view field, std::string_view expected) {
    if (error == simdjson::INCORRECT_TYPE || error == simdjson::NUMBER_ERROR || error == simdjson::NUMBER_OUT_OF_RANGE)
      return Wrong(field, expected);
    return Malformed(error);
  }

  bool Fields(od::object& object) {
    std::uint64_t seen = 0;
    for (auto entry : object) {
      std::string_view name;
      if (const auto error = entry.unescaped_key().get(name)) return Malformed(error);
      od::value value;
      if (const auto error = entry.value().get(value)) return Malformed(error);
      const Field field = FieldOf(name);
      if (field == Field::kUnknown) {
        if (!SkipUnknown(value, 0)) return false;
        continue;
      }
      const std::uint64_t bit = std::uint64_t{1} << static_cast<int>(field);
      if ((seen & bit) != 0) return Fail(RejectReason::kDuplicateField, "\"" + std::string(name) + "\" is given twice");
      seen |= bit;
      bool null = false;
      if (const auto error = value.is_null().get(null)) return Malformed(error);
      if (!null && !Read(field, name, value)) return false;
    }
    return true;
  }

  bool Read(Field field, std::string_view name, od::value& value) {
    switch (field) {
      case Field::kKind:
        return Name(name, value, event_.kind, &has_kind_);
      case Field::kStatus:
        return Name(name, value, event_.status);
      case Field::kAction:
        return Name(name, value, event_.action);
      case Field::kModality:
        return Name(name, value, event_.modality);
      case Field::kCertainty:
        return Name(name, value, event_.certainty);
      case Field::kDecidedBy:
        return Name(name, value, event_.decided_by);
      case Field::kVersion:
        return Whole(name, value, event_.version);
      case Field::kSourceSequence:
        return Whole(name, value, event_.source_sequence);
      case Field::kQualityFlags:
        return Whole(name, value, event_.quality_flags);
      case Field::kOffsetMinutes:
        has_offset_ = true;
        return Whole(name, value, event_.offset_minutes);
      case Field::kTimeMs:
        has_time_ms_ = true;
        return Whole(name, value, event_.time);
      case Field::kWaitingMs:
        return Duration(name, value, event_.waiting_ms);
      case Field::kDurationMs:
        return Duration(name, value, event_.duration_ms);
      case Field::kFollowUpWithinMs:
        return Duration(name, value, event_.follow_up_within_ms);
      case Field::kTime:
        return Time(value);
      case Field::kValue:
        event_.has_quantity = true;
        return Number(name, value, event_.quantity.value);
      case Field::kCode:
        return Code(name, value, event_.code);
      case Field::kValueCode:
        return Code(name, value, event_.value_code);
      case Field::kFollowUp:
        return Code(name, value, event_.follow_up);
      case Field::kGrades:
        return Grades(value);
      case Field::kUnknown:
        return true;
      default:
        return Text(name, value, TextField(field));
    }
  }

  std::string_view& TextField(Field field) {
    switch (field) {
      case Field::kId:
        return event_.id;
      case Field::kPatient:
        return event_.patient;
      case Field::kEncounter:
        return event_.encounter;
      case Field::kSite:
        return event_.site;
      case Field::kSource:
        return event_.source;
      case Field::kClinician:
        return event_.clinician;
      case Field::kClinicianRole:
        return event_.clinician_role;
      case Field::kDevice:
        return event_.device;
      case Field::kDeviceModel:
        return event_.device_model;
      case Field::kUnit:
        return event_.quantity.unit;
      case Field::kQcMaterial:
        return event_.qc_material;
      case Field::kQcLevel:
        return event_.qc_level;
      case Field::kQcRun:
        return event_.qc_run;
      default:
        return event_.answers_to;
    }
  }

  bool Complete() {
    if (!has_kind_) return Fail(RejectReason::kMissingField, "\"kind\" is missing");
    if (!has_time_ms_ && !time_) return Fail(RejectReason::kMissingField, "\"time\" or \"time_ms\" is missing");
    if (time_) {
      if (has_time_ms_ && event_.time != time_->time)
        return Fail(RejectReason::kBadTime, "\"time\" and \"time_ms\" name different instants");
      if (has_offset_ && event_.offset_minutes != time_->offset_minutes) {
        return Fail(RejectReason::kBadTime, "\"time\" and \"offset_minutes\" name different offsets");
      }
      event_.time = time_->time;
      event_.offset_minutes = time_->offset_minutes;
    }
    Unit(event_.has_quantity, event_.quantity);
    event_.grades = grades_;
    return true;
  }
  // As in FlatBuffers: "1" where a value has no unit, nothing where there is no value.
  static void Unit(bool has_quantity, QuantityView& quantity) {
    if (!has_quantity) quantity.unit = {};
    if (has_quantity && quantity.unit.empty()) quantity.unit = "1";
  }

  bool Text(std::string_view name, od::value& value, std::string_view& out) {
    if (const auto error = value.get_string().get(out)) return WrongOr(error, name, "a text");
    return true;
  }

  template <typename Enum>
  bool Name(std::string_view name, od::value& value, Enum& out, bool* seen = nullptr) {
    std::string_view text;
    if (!Text(name, value, text)) return false;
    const std::optional<Enum> found = FromName<Enum>(text);
    if (!found)
      return Fail(RejectReason::kUnknownEnum,
                  std::string(name) + " \"" + std::string(text.substr(0, 64)) + "\" is not one of the schema");
    out = *found;
    if (seen != nullptr) *seen = true;
    return true;
  }

  template <typename Integer>
  bool Whole(std::string_view name, od::value& value, Integer& out) {
    if constexpr (std::is_same_v<Integer, std::uint64_t>) {
      if (const auto error = value.get_uint64().get(out)) return WrongOr(error, name, "a whole number from 0 to 2^64-1");
    } else {
      std::int64_t number = 0;
      if (const auto error = value.get_int64().get(number)) return WrongOr(error, name, "a whole number");
      if (number < std::numeric_limits<Integer>::min() || number > std::numeric_limits<Integer>::max()) {
        return Fail(RejectReason::kBadNumber, std::string(name) + " " + std::to_string(number) + " is out of range");
      }
      out = static_cast<Integer>(number);
    }
    return true;
  }

  bool Duration(std::string_view name, od::value& value, std::int64_t& out) {
    if (!Whole(name, value, out)) return false;
    if (out < kNoDuration) return Fail(RejectReason::kBadNumber, std::string(name) + " is negative");
    return true;
  }

  bool Time(od::value& value) {
    std::string_view text;
    if (!Text("time", value, text)) return false;
    time_ = ParseTime(text);
    if (!time_)
      return Fail(RejectReason::kBadTime,
                  "\"" + std::string(text.substr(0, 64)) + "\" is not YYYY-MM-DDThh:mm:ss.fff with Z or an offset");
    return true;
  }

  // A JSON number, taken by its digits and never through binary floating point, or a text of such digits.
  bool Number(std::string_view name, od::value& value, Decimal& out) {
    od::json_type type{};
    if (const auto error = value.type().get(type)) return Malformed(error);
    std::string_view digits;
    if (type == od::json_type::string) {
      if (!Text(name, value, digits)) return false;
    } else if (type == od::json_type::number) {
      digits = value.raw_json_token();
      double ignored = 0;  // consumes the value and checks its grammar; a number beyond double is left to the check of range
      const auto error = value.get_double().get(ignored);
      if (error != simdjson::SUCCESS && error != simdjson::NUMBER_ERROR) return Malformed(error);
    } else {
      return Wrong(name, "a number or a text of digits");
    }
    const DecimalText parsed = ParseDecimalText(digits);
    if (parsed.kind == DecimalText::kNotFinite)
      return Fail(RejectReason::kNotFinite, std::string(name) + " is not a finite number");
    if (parsed.kind == DecimalText::kBad) {
      return Fail(RejectReason::kBadNumber, std::string(name) + " \"" + std::string(digits.substr(0, 64)) +
                                                "\" is not a decimal below 10^20 with at most 8 digits after the point");
    }
    out = parsed.value;
    return true;
  }

  bool Code(std::string_view name, od::value& value, CodeView& out) {
    od::object object;
    if (const auto error = value.get_object().get(object)) return WrongOr(error, name, "an object of system, code, display");
    unsigned seen = 0;
    for (auto entry : object) {
      std::string_view key;
      if (const auto error = entry.unescaped_key().get(key)) return Malformed(error);
      od::value part;
      if (const auto error = entry.value().get(part)) return Malformed(error);
      const unsigned bit = key == "system" ? 1U : key == "code" ? 2U : key == "display" ? 4U : 0U;
      if ((seen & bit) != 0)
        return Fail(RejectReason::kDuplicateField, std::string(name) + "." + std::string(key) + " is given twice");
      seen |= bit;
      bool null = false;
      if (const auto error = part.is_null().get(null)) return Malformed(error);
      if (null) continue;
      if (bit == 0) {
        if (!SkipUnknown(part, 0)) return false;
      } else if (!Text(name, part, bit == 1U ? out.system : bit == 2U ? out.code : out.display)) {
        return false;
      }
    }
    return true;
  }

  bool Grades(od::value& value) {
    od::array array;
    if (const auto error = value.get_array().get(array)) return WrongOr(error, "grades", "a list");
    for (auto element : array) {
      od::object object;
      if (const auto error = element.get_object().get(object)) return WrongOr(error, "grades", "a list of objects");
      if (grades_.size() == max_grades_)
        return Fail(RejectReason::kTooLong, "more than " + std::to_string(max_grades_) + " grades");
      GradeView grade;
      if (!Grade(object, grade)) return false;
      grades_.push_back(grade);
    }
    return true;
  }

  bool Grade(od::object& object, GradeView& grade) {
    unsigned seen = 0;
    for (auto entry : object) {
      std::string_view key;
      if (const auto error = entry.unescaped_key().get(key)) return Malformed(error);
      od::value part;
      if (const auto error = entry.value().get(part)) return Malformed(error);
      const unsigned bit = key == "name" ? 1U : key == "value" ? 2U : key == "unit" ? 4U : key == "category" ? 8U : 0U;
      if ((seen & bit) != 0) return Fail(RejectReason::kDuplicateField, "grades." + std::string(key) + " is given twice");
      seen |= bit;
      bool null = false;
      if (const auto error = part.is_null().get(null)) return Malformed(error);
      if (null) continue;
      bool read = true;
      if (bit == 0U) read = SkipUnknown(part, 0);
      if (bit == 1U) read = Code("grades.name", part, grade.name);
      if (bit == 2U) read = (grade.has_quantity = true) && Number("grades.value", part, grade.quantity.value);
      if (bit == 4U) read = Text("grades.unit", part, grade.quantity.unit);
      if (bit == 8U) read = Code("grades.category", part, grade.category);
      if (!read) return false;
    }
    Unit(grade.has_quantity, grade.quantity);
    return true;
  }

  // Reads a value over, but whole, so that JSON that is broken there is refused as well.
  bool SkipUnknown(od::value& value, int depth) {
    if (depth > kMaxUnknownDepth) return Fail(RejectReason::kMalformedJson, "nested deeper than an event can be");
    od::json_type type{};
    if (const auto error = value.type().get(type)) return Malformed(error);
    simdjson::error_code error = simdjson::SUCCESS;
    if (type == od::json_type::object) {
      od::object object;
      if ((error = value.get_object().get(object))) return Malformed(error);
      for (auto entry : object) {
        std::string_view key;
        od::value inner;
        if ((error = entry.unescaped_key().get(key)) || (error = entry.value().get(inner))) return Malformed(error);
        if (!SkipUnknown(inner, depth + 1)) return false;
      }
    } else if (type == od::json_type::array) {
      od::array array;
      if ((error = value.get_array().get(array))) return Malformed(error);
      for (auto element : array) {
        od::value inner;
        if ((error = element.get(inner))) return Malformed(error);
        if (!SkipUnknown(inner, depth + 1)) return false;
      }
    } else {
      return SkipScalar(type, value);
    }
    return true;
  }

  bool SkipScalar(od::json_type type, od::value& value) {
    std::string_view text;
    double number = 0;
    bool flag = false;
    simdjson::error_code error = simdjson::SUCCESS;
    if (type == od::json_type::string) error = value.get_string().get(text);
    if (type == od::json_type::number) error = value.get_double().get(number);
    if (type == od::json_type::boolean) error = value.get_bool().get(flag);
    if (type == od::json_type::null) error = value.is_null().get(flag);
    return error == simdjson::SUCCESS || Malformed(error);
  }

  const char* start_;
  std::size_t size_;
  std::size_t max_grades_;
  Event& event_;
  std::vector<GradeView>& grades_;
  Reject& reject_;
  od::document* document_ = nullptr;
  std::optional<OffsetTime> time_;
  bool has_kind_ = false;
  bool has_time_ms_ = false;
  bool has_offset_ = false;
};

}  // namespace

bool JsonDecoder::Decode(std::string_view bytes, std::size_t max_grades, Event& event, std::vector<GradeView>& grades,
                         Reject& reject) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (bytes.substr(0, 3) == kByteOrderMark) bytes.remove_prefix(3);
  const std::size_t needed = bytes.size() + simdjson::SIMDJSON_PADDING;
  if (padded_.size() < needed) padded_.resize(needed * 2);
  std::memcpy(padded_.data(), bytes.data(), bytes.size());
  std::memset(padded_.data() + bytes.size(), 0, simdjson::SIMDJSON_PADDING);
  return Reading(padded_.data(), bytes.size(), max_grades, event, grades, reject).Document(parser_, padded_.size());
}

}  // namespace plumbline::model
