// A mapping file: how the rows of tables become events. Declarative: which file, which rows, and for each field of the event an
// expression in CQL over the row. README.md has the grammar. Read once; immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "config/yaml.h"
#include "engine/base/error.h"
#include "engine/model/event.h"

namespace plumbline::importer {

// The fields of an event that a mapping gives by expressions. Durations and times are groups of their own.
enum class Target : std::uint8_t {
  kId,
  kPatient,
  kEncounter,
  kSite,
  kSource,
  kSequence,
  kVersion,
  kStatus,
  kOffsetMinutes,
  kTime,
  kArrival,
  kClinician,
  kClinicianRole,
  kDevice,
  kDeviceModel,
  kCodeSystem,
  kCode,
  kCodeDisplay,
  kValue,
  kUnit,
  kValueCodeSystem,
  kValueCode,
  kValueCodeDisplay,
  kQualityFlags,
  kQcMaterial,
  kQcLevel,
  kQcRun,
  kAction,
  kModality,
  kWaiting,
  kDuration,
  kCertainty,
  kDecidedBy,
  kFollowUpSystem,
  kFollowUp,
  kFollowUpDisplay,
  kFollowUpWithin,
  kAnswersTo,
  kGradeNameSystem,
  kGradeName,
  kGradeValue,
  kGradeUnit,
  kGradeCategorySystem,
  kGradeCategory,
  kCount
};
// "time", "code.system", "grades.value".
[[nodiscard]] std::string_view TargetName(Target target);

// CQL, or a text that stands for itself ({text: ...}).
struct Expression {
  const config::Node* node = nullptr;  // of the text; lives in the mapping's document
  std::string text;
  bool constant = false;
};

// `expression` gives a number of units after `after`, or (unit_ms 0) the value itself.
struct FieldSpec {
  Target target = Target::kId;
  Expression expression;
  std::int64_t unit_ms = 0;  // of times and durations given as a number
  Expression after;          // of times: a DateTime; empty: the mapping's base
  std::uint32_t grade = 0;   // which of the grades, for its targets
};

struct EventSpec {
  const config::Node* node = nullptr;
  model::EventKind kind = model::EventKind::kDevice;
  Expression where;  // empty: every row
  std::vector<FieldSpec> fields;
};

struct NamedExpression {
  std::string name;
  Expression expression;
};

struct JoinSpec {
  std::string table;
  Expression key;
};

struct StreamSpec {
  const config::Node* node = nullptr;
  std::string name;
  std::string file;  // within the data folder, without .gz or .zst
  char separator = ',';
  std::vector<std::string> nulls;  // texts that mean nothing, besides an empty field
  std::vector<JoinSpec> joins;
  std::vector<NamedExpression> definitions;
  Expression where;
  std::vector<EventSpec> events;
};

// A table held in memory and looked into by a key: `stay.hospitalid`.
struct TableSpec {
  const config::Node* node = nullptr;
  std::string name;
  std::string file;
  std::string key;
  char separator = ',';
};

struct Mapping {
  std::string name, title;
  std::shared_ptr<const config::Diagnostics> document;  // for places in it
  std::shared_ptr<const config::Node> root;
  Expression base;  // a DateTime: minute 0 of times given as numbers; empty where none is given
  std::vector<TableSpec> tables;
  std::vector<StreamSpec> streams;
};

// kConfig with every mistake shown; kNotFound, kIo.
[[nodiscard]] Result<Mapping> LoadMapping(const std::string& path);
// `text` as if it were the file `name`.
[[nodiscard]] Result<Mapping> ParseMapping(const std::string& name, const std::string& text);

}  // namespace plumbline::importer
