#include "rules/stream/stream_model.h"

#include <algorithm>
#include <array>

#include "engine/model/decode.h"
#include "engine/model/names.h"
#include "engine/rule/vocabulary.h"

namespace plumbline::rules {
namespace {

using cql::Value;
using model::EventKind;

struct RowObject {
  const rule::SubjectRows* subject;
  const rule::Row* row;
};

struct GradeObject {
  std::string_view name_system, name_code, category_system, category_code, unit;
  Decimal value;
  bool has_value;
};

enum Property : int {
  kId = 1,
  kTime,
  kArrival,
  kStatus,
  kVersion,
  kSequence,
  kEncounter,
  kSite,
  kSource,
  kCode,
  kValue,
  kHead,
  // Read from the kept bytes:
  kClinician,
  kRole,
  kDevice,
  kDeviceModel,
  kValueCode,
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
  kGrades,
  kFollowUp,
  kFollowUpWithin,
  kAnswersTo,
  kGradeName,
  kGradeValue,
  kGradeCategory
};

struct Element {
  std::string_view name;
  std::string_view type;
  int id;
  unsigned kinds;  // bit 1 << EventKind; 1: Grade
};

constexpr unsigned kDev = 2, kCon = 4, kDia = 8, kAll = 14, kGrade = 1;

constexpr Element kElements[] = {
    {"id", "System.String", kId, kAll},
    {"time", "System.DateTime", kTime, kAll},
    {"arrival", "System.DateTime", kArrival, kAll},
    {"status", "System.String", kStatus, kAll},
    {"version", "System.Integer", kVersion, kAll},
    {"sequence", "System.Long", kSequence, kAll},
    {"site", "System.String", kSite, kAll},
    {"source", "System.String", kSource, kAll},
    {"code", "System.Code", kCode, kAll},
    {"value", "System.Quantity", kValue, kDev | kCon},
    {"quantity", "System.Quantity", kValue, kDev | kCon},
    {"encounter", "System.String", kEncounter, kAll},
    {"clinician", "System.String", kClinician, kAll},
    {"role", "System.String", kRole, kAll},
    {"device", "System.String", kDevice, kDev},
    {"deviceModel", "System.String", kDeviceModel, kDev},
    {"valueCode", "System.Code", kValueCode, kDev},
    {"qualityFlags", "System.Integer", kQualityFlags, kDev},
    {"qcMaterial", "System.String", kQcMaterial, kDev},
    {"qcLevel", "System.String", kQcLevel, kDev},
    {"qcRun", "System.String", kQcRun, kDev},
    {"action", "System.String", kAction, kCon},
    {"modality", "System.String", kModality, kCon},
    {"waiting", "System.Quantity", kWaiting, kCon},
    {"duration", "System.Quantity", kDuration, kCon},
    {"certainty", "System.String", kCertainty, kDia},
    {"decidedBy", "System.String", kDecidedBy, kDia},
    {"grades", "List<Plumbline.Grade>", kGrades, kDia},
    {"followUp", "System.Code", kFollowUp, kDia},
    {"followUpWithin", "System.Quantity", kFollowUpWithin, kDia},
    {"answersTo", "System.String", kAnswersTo, kDia},
    {"name", "System.Code", kGradeName, kGrade},
    {"value", "System.Quantity", kGradeValue, kGrade},
    {"category", "System.Code", kGradeCategory, kGrade},
};

Value CodeOf(cql::Arena& arena, std::string_view system, std::string_view code) {
  if (code.empty()) return {};
  return Value::Code(arena.Make(cql::CodeData{code, system, {}, {}}));
}

Value QuantityOf(cql::Arena& arena, Decimal value, std::string_view unit) {
  return Value::Quantity(arena.Make(cql::QuantityData{value, unit.empty() ? std::string_view("1") : unit, 1}));
}

Value TextOrNull(cql::Arena& arena, std::string_view text) { return text.empty() ? Value() : Value::String(arena.Copy(text)); }

Value SpanOf(cql::Arena& arena, std::int64_t ms) {
  if (ms < 0) return {};
  return QuantityOf(arena, *Divide(Decimal::FromInteger(ms), Decimal::FromInteger(60'000)), "min");
}

Value DateTimeOf(model::TimeMs ms) { return Value::OfTemporal(cql::DateTimeFromUnixMs(ms, 0)); }

// One decoder a thread: kept bytes were verified when they were taken.
bool DecodePayload(const RowObject& object, model::Event& event) {
  if (object.row->payload == rule::kNoPayload) return false;
  thread_local model::Decoder decoder;
  const std::string& bytes = object.subject->payloads.bytes[object.row->payload];
  return decoder.Decode(std::as_bytes(std::span(bytes)), model::Encoding::kUnknown, event) == model::RejectReason::kNone;
}

Value GradesOf(cql::Arena& arena, const model::Event& event);

Value FromPayload(cql::EvalContext& context, const RowObject& object, int property) {
  model::Event e;
  if (!DecodePayload(object, e)) return {};
  cql::Arena& arena = context.arena;
  switch (property) {
    case kEncounter:
      return TextOrNull(arena, e.encounter);
    case kClinician:
      return TextOrNull(arena, e.clinician);
    case kRole:
      return TextOrNull(arena, e.clinician_role);
    case kDevice:
      return TextOrNull(arena, e.device);
    case kDeviceModel:
      return TextOrNull(arena, e.device_model);
    case kValueCode:
      return CodeOf(arena, arena.Copy(e.value_code.system), arena.Copy(e.value_code.code));
    case kQualityFlags:
      return Value::Integer(static_cast<std::int32_t>(e.quality_flags));
    case kQcMaterial:
      return TextOrNull(arena, e.qc_material);
    case kQcLevel:
      return TextOrNull(arena, e.qc_level);
    case kQcRun:
      return TextOrNull(arena, e.qc_run);
    case kAction:
      return TextOrNull(arena, model::NameOf(e.action));
    case kModality:
      return TextOrNull(arena, model::NameOf(e.modality));
    case kWaiting:
      return SpanOf(arena, e.waiting_ms);
    case kDuration:
      return SpanOf(arena, e.duration_ms);
    case kCertainty:
      return TextOrNull(arena, model::NameOf(e.certainty));
    case kDecidedBy:
      return TextOrNull(arena, model::NameOf(e.decided_by));
    case kGrades:
      return GradesOf(arena, e);
    case kFollowUp:
      return CodeOf(arena, arena.Copy(e.follow_up.system), arena.Copy(e.follow_up.code));
    case kFollowUpWithin:
      return SpanOf(arena, e.follow_up_within_ms);
    case kAnswersTo:
      return TextOrNull(arena, e.answers_to);
    case kValue:
      return e.has_quantity ? QuantityOf(arena, e.quantity.value, arena.Copy(e.quantity.unit)) : Value();
    default:
      return {};
  }
}

class EventClass final : public cql::ObjectClass {
 public:
  EventClass(std::string_view name, EventKind kind) : name_(name), kind_(kind) {}
  std::string_view TypeName() const override { return name_; }
  bool ConformsTo(std::string_view type) const override { return type == name_; }
  [[nodiscard]] EventKind kind() const { return kind_; }

  Value Get(cql::EvalContext& context, const void* object, int property) const override {
    const RowObject& o = *static_cast<const RowObject*>(object);
    const rule::Row& row = *o.row;
    const rule::Vocabulary& words = *o.subject->vocabulary;
    switch (property) {
      case kId:
        return Value::String(row.IdText());
      case kTime:
        return DateTimeOf(row.time);
      case kArrival:
        return DateTimeOf(row.arrival);
      case kStatus:
        return Value::String(model::NameOf(row.status));
      case kVersion:
        return Value::Integer(static_cast<std::int32_t>(row.version));
      case kSequence:
        return Value::Long(static_cast<std::int64_t>(row.sequence));
      case kSite:
        return Value::String(words.Text(row.site));
      case kSource:
        return Value::String(words.Text(row.source));
      case kCode:
        return CodeOf(context.arena, words.System(row.code), words.Code(row.code));
      case kValue:
        if (!row.has_value) return FromPayload(context, o, property);
        return QuantityOf(context.arena, Decimal::FromUnits(row.value), words.Text(row.unit));
      default:
        return FromPayload(context, o, property);
    }
  }
  std::optional<bool> Equal(const void* a, const void* b) const override {
    const rule::Row &x = *static_cast<const RowObject*>(a)->row, &y = *static_cast<const RowObject*>(b)->row;
    return x.id == y.id && x.version == y.version;
  }
  std::uint64_t Hash(const void* object) const override { return static_cast<const RowObject*>(object)->row->id.lo; }
  std::string Text(const void* object) const override {
    return std::string(name_.substr(10)) + "/" + std::string(static_cast<const RowObject*>(object)->row->IdText());
  }

 private:
  std::string_view name_;
  EventKind kind_;
};

class GradeClass final : public cql::ObjectClass {
 public:
  std::string_view TypeName() const override { return "Plumbline.Grade"; }
  bool ConformsTo(std::string_view type) const override { return type == TypeName(); }
  Value Get(cql::EvalContext& context, const void* object, int property) const override {
    const GradeObject& g = *static_cast<const GradeObject*>(object);
    switch (property) {
      case kGradeName:
        return CodeOf(context.arena, g.name_system, g.name_code);
      case kGradeValue:
        return g.has_value ? QuantityOf(context.arena, g.value, g.unit) : Value();
      case kGradeCategory:
        return CodeOf(context.arena, g.category_system, g.category_code);
      default:
        return {};
    }
  }
  std::optional<bool> Equal(const void* a, const void* b) const override {
    const GradeObject &x = *static_cast<const GradeObject*>(a), &y = *static_cast<const GradeObject*>(b);
    return x.name_system == y.name_system && x.name_code == y.name_code && x.value == y.value && x.unit == y.unit &&
           x.category_code == y.category_code;
  }
  std::uint64_t Hash(const void* object) const override {
    return HashText(static_cast<const GradeObject*>(object)->name_code).lo;
  }
  std::string Text(const void* object) const override { return std::string(static_cast<const GradeObject*>(object)->name_code); }
};

const EventClass kClasses[] = {{"Plumbline.Device", EventKind::kDevice},
                               {"Plumbline.Consultation", EventKind::kConsultation},
                               {"Plumbline.Diagnosis", EventKind::kDiagnosis}};
const GradeClass kGradeClass;

Value GradesOf(cql::Arena& arena, const model::Event& event) {
  auto* values = arena.AllocateArray<Value>(event.grades.size());
  std::size_t n = 0;
  for (const model::GradeView& g : event.grades) {
    const GradeObject grade{arena.Copy(g.name.system),
                            arena.Copy(g.name.code),
                            arena.Copy(g.category.system),
                            arena.Copy(g.category.code),
                            arena.Copy(g.quantity.unit),
                            g.quantity.value,
                            g.has_quantity};
    values[n++] = Value::Object(&kGradeClass, arena.Make(grade));
  }
  return Value::List(values, n);
}

unsigned MaskOf(std::string_view type) {
  if (type == "Plumbline.Grade" || type == "Grade") return kGrade;
  for (const EventClass& c : kClasses) {
    if (c.TypeName() == type || c.TypeName().substr(10) == type) return 1U << static_cast<unsigned>(c.kind());
  }
  return 0;
}

class Model final : public cql::DataModel {
 public:
  std::string_view name() const override { return "Plumbline"; }
  std::string_view version() const override { return "1"; }
  std::optional<std::string> ResolveType(std::string_view type) const override {
    if (MaskOf(type) != 0) return "Plumbline." + std::string(type);
    return std::nullopt;
  }
  std::optional<std::string> BaseType(std::string_view type) const override {
    if (MaskOf(type) == 0) return std::nullopt;
    return "System.Any";
  }
  std::optional<cql::PropertyInfo> Property(std::string_view type, std::string_view property) const override {
    const unsigned mask = MaskOf(type);
    for (const Element& e : kElements) {
      if ((e.kinds & mask) != 0 && e.name == property) return cql::PropertyInfo{std::string(e.type), e.id};
    }
    return std::nullopt;
  }
  std::span<const std::string_view> TypeNames() const override {
    static constexpr std::array<std::string_view, 4> kNames = {"Device", "Consultation", "Diagnosis", "Grade"};
    return kNames;
  }
  std::string PropertyNames(std::string_view type) const override {
    std::string out;
    for (const Element& e : kElements) {
      if ((e.kinds & MaskOf(type)) != 0) out += (out.empty() ? "" : " ") + std::string(e.name);
    }
    return out;
  }
  std::optional<cql::RetrieveInfo> Retrievable(std::string_view type) const override {
    if ((MaskOf(type) & kAll) == 0) return std::nullopt;
    std::string base(type);
    if (!base.starts_with("Plumbline.")) base = "Plumbline." + base;
    return cql::RetrieveInfo{"", "code", base};
  }
  std::string_view PatientType() const override { return ""; }
  std::string_view PatientBirthDate() const override { return ""; }
  std::span<const cql::ModelConversion> Conversions() const override { return {}; }
  const cql::ObjectClass* Class(std::string_view type) const override {
    if (MaskOf(type) == kGrade) return &kGradeClass;
    for (const EventClass& c : kClasses) {
      if (c.TypeName() == type || c.TypeName().substr(10) == type) return &c;
    }
    return nullptr;
  }
  NativeFn Native(std::string_view, std::string_view, std::span<const std::string_view>) const override { return nullptr; }
};

// Is the code of a row what the retrieve asks for.
bool CodeMatches(const cql::EvalContext& context, const cql::RetrieveSpec& spec, std::string_view system, std::string_view code) {
  switch (spec.codes.tag()) {
    case cql::Tag::kNull:
      return true;
    case cql::Tag::kValueSet:
      return context.terms != nullptr && context.terms->InValueSet(spec.codes.vocabulary(), code, system).value_or(false);
    case cql::Tag::kCode:
      return spec.codes.code().code == code && (spec.codes.code().system.data() == nullptr || spec.codes.code().system == system);
    case cql::Tag::kList:
      return std::any_of(spec.codes.list().begin(), spec.codes.list().end(), [&](const Value& v) {
        return v.Is(cql::Tag::kCode) && v.code().code == code && v.code().system == system;
      });
    default:
      return false;
  }
}

}  // namespace

const cql::DataModel& StreamModel() {
  static const Model kModel;
  return kModel;
}

const cql::DataModel* FindStreamModel(std::string_view name, std::string_view) {
  return name == "Plumbline" ? &StreamModel() : nullptr;
}

std::optional<EventKind> KindOfType(std::string_view type) {
  for (const EventClass& c : kClasses) {
    if (c.TypeName() == type || c.TypeName().substr(10) == type) return c.kind();
  }
  return std::nullopt;
}

bool ReadsPayload(std::string_view element) {
  return std::any_of(std::begin(kElements), std::end(kElements), [element](const Element& e) {
    return e.name == element && (e.id > kHead || e.id == kEncounter) && (e.kinds & kAll) != 0;
  });
}

Value RowValue(cql::Arena& arena, const rule::SubjectRows& subject, const rule::Row& row) {
  return Value::Object(&kClasses[static_cast<std::size_t>(row.kind) - 1], arena.Make(RowObject{&subject, &row}));
}

Value RowSource::Retrieve(cql::EvalContext& context, const cql::RetrieveSpec& spec) {
  const rule::RowList& rows = *sight_.subject->rows;
  const auto* type = static_cast<const EventClass*>(spec.type);
  auto* values = context.arena.AllocateArray<Value>(rows.size());
  std::size_t n = 0;
  // Codes come in few kinds: the answer for the last one is kept.
  rule::Term last = 0xffffffff;
  bool matches = false;
  for (std::size_t i = 0; i < rows.size() && rows[i].time <= sight_.instant; ++i) {
    const rule::Row& row = rows[i];
    if (row.kind != type->kind() || (sight_.encounter != 0 && row.encounter != sight_.encounter)) continue;
    if (row.code != last) {
      last = row.code;
      matches =
          CodeMatches(context, spec, sight_.subject->vocabulary->System(row.code), sight_.subject->vocabulary->Code(row.code));
    }
    if (!matches || !rule::IsVisible(rows, i, sight_.cut)) continue;
    values[n++] = RowValue(context.arena, *sight_.subject, row);
  }
  return Value::List(values, n);
}

}  // namespace plumbline::rules
