#include "connectors/import/row_program.h"

#include <algorithm>
#include <limits>

#include "connectors/import/row_library.h"
#include "engine/base/int128.h"
#include "engine/cql/program.h"
#include "engine/model/iso_time.h"
#include "engine/model/names.h"

namespace plumbline::importer {
namespace {

using cql::Tag;
using cql::Value;

struct FieldPlan {
  const FieldSpec* spec = nullptr;
  std::string name;
  int definition = -1;
  int after = -1;  // of times
};

struct EventPlan {
  model::EventKind kind = model::EventKind::kDevice;
  int where = -1;
  std::vector<FieldPlan> fields;
  std::size_t grades = 0;
};

struct JoinPlan {
  int key = -1;
  const Lookup* table = nullptr;
  std::string name;
  std::vector<std::string_view> names;
  cql::TupleShape shape;
  std::vector<Value> values;
};

constexpr std::pair<Target, std::string_view model::Event::*> kTexts[] = {
    {Target::kId, &model::Event::id},
    {Target::kPatient, &model::Event::patient},
    {Target::kEncounter, &model::Event::encounter},
    {Target::kSite, &model::Event::site},
    {Target::kSource, &model::Event::source},
    {Target::kClinician, &model::Event::clinician},
    {Target::kClinicianRole, &model::Event::clinician_role},
    {Target::kDevice, &model::Event::device},
    {Target::kDeviceModel, &model::Event::device_model},
    {Target::kQcMaterial, &model::Event::qc_material},
    {Target::kQcLevel, &model::Event::qc_level},
    {Target::kQcRun, &model::Event::qc_run},
    {Target::kAnswersTo, &model::Event::answers_to},
};

struct CodePart {
  Target target;
  model::CodeView model::Event::*code;
  std::string_view model::CodeView::*part;
};
constexpr CodePart kCodeParts[] = {
    {Target::kCodeSystem, &model::Event::code, &model::CodeView::system},
    {Target::kCode, &model::Event::code, &model::CodeView::code},
    {Target::kCodeDisplay, &model::Event::code, &model::CodeView::display},
    {Target::kValueCodeSystem, &model::Event::value_code, &model::CodeView::system},
    {Target::kValueCode, &model::Event::value_code, &model::CodeView::code},
    {Target::kValueCodeDisplay, &model::Event::value_code, &model::CodeView::display},
    {Target::kFollowUpSystem, &model::Event::follow_up, &model::CodeView::system},
    {Target::kFollowUp, &model::Event::follow_up, &model::CodeView::code},
    {Target::kFollowUpDisplay, &model::Event::follow_up, &model::CodeView::display},
};

// An integer of CQL, or a decimal or text that is whole.
std::optional<Decimal> NumberOf(const Value& value) {
  if (value.Is(Tag::kInteger)) return Decimal::FromInteger(value.integer());
  if (value.Is(Tag::kLong)) return Decimal::FromInteger(value.long_integer());
  if (value.Is(Tag::kDecimal)) return value.decimal();
  if (value.Is(Tag::kString)) return Decimal::Parse(value.string());
  return std::nullopt;
}

// Rounded to whole ms, half away from zero.
std::optional<std::int64_t> MsOf(Decimal number, std::int64_t unit_ms) {
  const auto product = Multiply(number, Decimal::FromInteger(unit_ms));
  if (!product) return std::nullopt;
  const Int128 units = product->units();
  const Int128 half = Decimal::kUnit / 2;
  const Int128 ms = (units >= 0 ? units + half : units - half) / Decimal::kUnit;
  if (ms > std::numeric_limits<std::int64_t>::max() / 4 || ms < std::numeric_limits<std::int64_t>::min() / 4) return std::nullopt;
  return static_cast<std::int64_t>(ms);
}

std::string Shown(const Value& value) {
  if (value.IsNull()) return "nothing";
  if (value.Is(Tag::kString)) return "\"" + std::string(value.string().substr(0, 64)) + "\"";
  return "a " + std::string(cql::TagName(value.tag()));
}

}  // namespace

struct RowProgram::State {
  RowLibrary library;
  std::shared_ptr<const cql::Program> program;
  std::unique_ptr<cql::Evaluation> evaluation;
  cql::Arena arena;
  std::optional<cql::EvalContext> context;
  Value now;
  std::vector<std::string> nulls;
  std::vector<std::string> columns;
  std::vector<std::string_view> row_names;
  cql::TupleShape row_shape;
  std::vector<Value> row_values;
  std::vector<JoinPlan> joins;
  int base = -1;
  int where = -1;
  std::vector<EventPlan> events;
  std::optional<RowReject> reject;
  std::vector<model::GradeView> grades;

  bool Refuse(const std::string& definition, std::string message) {
    reject = RowReject{definition, library.ColumnsOf(definition), std::move(message)};
    return false;
  }
  // False after a run-time error, which is then the reject.
  bool Evaluate(int definition, const std::string& name, Value& value) {
    value = evaluation->Evaluate(definition);
    if (!context->Failed()) return true;
    return Refuse(name, std::string(context->error_message));
  }
  Value TextValue(std::string_view field) const {
    if (field.data() == nullptr) return {};
    for (const std::string& null : nulls) {
      if (field == null) return {};
    }
    return Value::String(field);
  }

  bool Begin(const std::vector<std::string_view>& fields);
  bool Field(const FieldPlan& plan, MappedEvent& out, bool* arrival);
  bool Moment(const FieldPlan& plan, const Value& value, std::int64_t* ms, std::int16_t* offset);
  bool Text(const FieldPlan& plan, const Value& value, std::string_view& out);
  bool Number(const FieldPlan& plan, const Value& value, model::Event& event);
  bool Quantity(const FieldPlan& plan, const Value& value, bool* has, model::QuantityView* out);
  bool Grade(const FieldPlan& plan, const Value& value);
  template <typename Enum>
  bool Name(const FieldPlan& plan, const Value& value, Enum& out);
  bool Enumeration(const FieldPlan& plan, const Value& value, model::Event& event);
};

namespace {

bool IsText(Target target) {
  for (const auto& [t, member] : kTexts) {
    if (t == target) return true;
  }
  for (const CodePart& part : kCodeParts) {
    if (part.target == target) return true;
  }
  return false;
}

bool IsGrade(Target target) { return target >= Target::kGradeNameSystem && target <= Target::kGradeCategory; }

}  // namespace

bool RowProgram::State::Begin(const std::vector<std::string_view>& fields) {
  reject.reset();
  arena.Reset();
  context.emplace(arena);
  context->now = now;
  for (std::size_t i = 0; i < row_values.size(); ++i) row_values[i] = i < fields.size() ? TextValue(fields[i]) : Value();
  evaluation->Begin(*context);
  evaluation->SetParameter("row", Value::Tuple(&row_shape, row_values.data()));
  for (JoinPlan& join : joins) {
    Value key;
    std::fill(join.values.begin(), join.values.end(), Value());
    evaluation->SetParameter(join.name, Value::Tuple(&join.shape, join.values.data()));
    if (!Evaluate(join.key, JoinName(join.name), key)) return false;
    if (!key.Is(Tag::kString)) continue;
    const std::string_view* found = join.table->Find(key.string());
    if (found == nullptr) continue;
    for (std::size_t i = 0; i < join.values.size(); ++i) join.values[i] = TextValue(found[i]);
  }
  if (where < 0) return true;
  Value wanted;
  return Evaluate(where, std::string(kWhere), wanted) && wanted.IsTrue();
}

bool RowProgram::State::Moment(const FieldPlan& plan, const Value& value, std::int64_t* ms, std::int16_t* offset) {
  std::int64_t shift = 0;
  Value instant = value;
  if (plan.spec->unit_ms != 0) {
    const auto number = NumberOf(value);
    const auto scaled = number ? MsOf(*number, plan.spec->unit_ms) : std::nullopt;
    if (!scaled) return Refuse(plan.name, Shown(value) + " is no number");
    shift = *scaled;
    if (!Evaluate(plan.after, plan.name + " after", instant)) return false;
  }
  if (!instant.Is(Tag::kDateTime)) return Refuse(plan.name, Shown(instant) + " is no DateTime");
  const cql::Temporal& temporal = instant.temporal();
  *ms = cql::UnixMs(temporal, 0) + shift;
  if (offset != nullptr && temporal.HasOffset()) *offset = temporal.offset_minutes;
  if (*ms < model::kMinTime || *ms > model::kMaxTime) return Refuse(plan.name, "not between the years 1 and 9999");
  return true;
}

bool RowProgram::State::Text(const FieldPlan& plan, const Value& value, std::string_view& out) {
  if (!value.Is(Tag::kString)) return Refuse(plan.name, Shown(value) + " is no text; ToString(...) makes one");
  out = value.string();
  return true;
}

template <typename Enum>
bool RowProgram::State::Name(const FieldPlan& plan, const Value& value, Enum& out) {
  std::string_view text;
  if (!Text(plan, value, text)) return false;
  const auto found = model::FromName<Enum>(text);
  if (!found) return Refuse(plan.name, Shown(value) + " is not a name of the event model");
  out = *found;
  return true;
}

bool RowProgram::State::Enumeration(const FieldPlan& plan, const Value& value, model::Event& event) {
  switch (plan.spec->target) {
    case Target::kStatus:
      return Name(plan, value, event.status);
    case Target::kAction:
      return Name(plan, value, event.action);
    case Target::kModality:
      return Name(plan, value, event.modality);
    case Target::kCertainty:
      return Name(plan, value, event.certainty);
    default:
      return Name(plan, value, event.decided_by);
  }
}

bool RowProgram::State::Number(const FieldPlan& plan, const Value& value, model::Event& event) {
  const auto number = NumberOf(value);
  const Int128 units = number ? number->units() : 0;
  const Int128 whole = units / Decimal::kUnit;
  if (!number || units % Decimal::kUnit != 0) return Refuse(plan.name, Shown(value) + " is no whole number");
  const auto within = [&](Int128 least, Int128 most) { return whole >= least && whole <= most; };
  switch (plan.spec->target) {
    case Target::kSequence:
      if (!within(0, std::numeric_limits<std::int64_t>::max())) break;
      event.source_sequence = static_cast<std::uint64_t>(whole);
      return true;
    case Target::kVersion:
      if (!within(1, std::numeric_limits<std::uint32_t>::max())) break;
      event.version = static_cast<std::uint32_t>(whole);
      return true;
    case Target::kQualityFlags:
      if (!within(0, std::numeric_limits<std::uint32_t>::max())) break;
      event.quality_flags = static_cast<std::uint32_t>(whole);
      return true;
    default:
      if (!within(-model::kMaxOffsetMinutes, model::kMaxOffsetMinutes)) break;
      event.offset_minutes = static_cast<std::int16_t>(whole);
      return true;
  }
  return Refuse(plan.name, "out of range");
}

bool RowProgram::State::Quantity(const FieldPlan& plan, const Value& value, bool* has, model::QuantityView* out) {
  const bool plain = value.Is(Tag::kInteger) || value.Is(Tag::kLong) || value.Is(Tag::kDecimal);
  if (!plain && !value.Is(Tag::kQuantity))
    return Refuse(plan.name, Shown(value) + " is no number or quantity; ToDecimal(...) makes one");
  *has = true;
  if (plain) {
    out->value = *NumberOf(value);
    return true;
  }
  out->value = value.quantity().value;
  out->unit = value.quantity().unit;
  return true;
}

bool RowProgram::State::Grade(const FieldPlan& plan, const Value& value) {
  model::GradeView& grade = grades[plan.spec->grade];
  switch (plan.spec->target) {
    case Target::kGradeNameSystem:
      return Text(plan, value, grade.name.system);
    case Target::kGradeName:
      return Text(plan, value, grade.name.code);
    case Target::kGradeCategorySystem:
      return Text(plan, value, grade.category.system);
    case Target::kGradeCategory:
      return Text(plan, value, grade.category.code);
    case Target::kGradeUnit:
      return Text(plan, value, grade.quantity.unit);
    default:
      return Quantity(plan, value, &grade.has_quantity, &grade.quantity);
  }
}

// Nothing leaves a field as it is; fields that an event must have are looked at when all are read.
bool RowProgram::State::Field(const FieldPlan& plan, MappedEvent& out, bool* arrival) {
  Value value;
  if (!Evaluate(plan.definition, plan.name, value)) return false;
  const Target target = plan.spec->target;
  if (value.IsNull()) {
    const bool needed = target == Target::kId || target == Target::kPatient || target == Target::kTime || target == Target::kCode;
    return !needed || Refuse(plan.name, "is nothing");
  }
  model::Event& event = out.event;
  if (IsGrade(target)) return Grade(plan, value);
  if (IsText(target)) {
    std::string_view text;
    if (!Text(plan, value, text)) return false;
    for (const auto& [t, member] : kTexts) {
      if (t == target) event.*member = text;
    }
    for (const CodePart& part : kCodeParts) {
      if (part.target == target) event.*part.code.*part.part = text;
    }
    return true;
  }
  const auto duration = [&](std::int64_t& ms) {
    const auto number = NumberOf(value);
    const auto scaled = number ? MsOf(*number, plan.spec->unit_ms) : std::nullopt;
    if (!scaled || *scaled < 0) return Refuse(plan.name, Shown(value) + " is no number from 0 on");
    ms = *scaled;
    return true;
  };
  switch (target) {
    case Target::kTime:
      return Moment(plan, value, &event.time, &event.offset_minutes);
    case Target::kArrival:
      *arrival = true;
      return Moment(plan, value, &out.arrival_ms, nullptr);
    case Target::kValue:
      return Quantity(plan, value, &event.has_quantity, &event.quantity);
    case Target::kUnit:
      return Text(plan, value, event.quantity.unit);
    case Target::kWaiting:
      return duration(event.waiting_ms);
    case Target::kDuration:
      return duration(event.duration_ms);
    case Target::kFollowUpWithin:
      return duration(event.follow_up_within_ms);
    case Target::kSequence:
    case Target::kVersion:
    case Target::kQualityFlags:
    case Target::kOffsetMinutes:
      return Number(plan, value, event);
    default:
      return Enumeration(plan, value, event);
  }
}

Result<std::unique_ptr<RowProgram>> RowProgram::Compile(const Mapping& mapping, const StreamSpec& stream,
                                                        const std::vector<std::string>& columns,
                                                        const std::vector<JoinedTable>& joined) {
  auto state = std::make_unique<State>();
  state->library = WriteLibrary(mapping, stream, columns, joined);
  PLUMBLINE_ASSIGN(state->program, CompileLibrary(state->library, mapping, stream));
  const auto find = [&](std::string_view name) { return state->program->Find(name).value_or(-1); };
  state->nulls = stream.nulls;
  state->columns = columns;
  for (const std::string& column : state->columns) state->row_names.push_back(column);
  state->row_shape = {state->row_names.data(), state->row_names.size()};
  state->row_values = std::vector<Value>(columns.size());
  for (std::size_t i = 0; i < joined.size(); ++i) {
    JoinPlan join;
    join.key = find(JoinName(joined[i].name));
    join.table = joined[i].table;
    join.name = joined[i].name;
    for (const std::string& column : joined[i].table->columns()) join.names.push_back(column);
    join.values = std::vector<Value>(join.names.size());
    state->joins.push_back(std::move(join));
    state->joins.back().shape = {state->joins.back().names.data(), state->joins.back().names.size()};
  }
  state->base = find(kBase);
  if (!stream.where.text.empty()) state->where = find(kWhere);
  for (std::size_t i = 0; i < stream.events.size(); ++i) {
    const EventSpec& event = stream.events[i];
    EventPlan plan;
    plan.kind = event.kind;
    if (!event.where.text.empty()) plan.where = find("event " + std::to_string(i) + " where");
    for (const FieldSpec& field : event.fields) {
      const std::string name = DefinitionName(i, field);
      const int after = field.after.text.empty() ? state->base : find(name + " after");
      plan.fields.push_back({&field, name, find(name), after});
      if (IsGrade(field.target)) plan.grades = std::max<std::size_t>(plan.grades, field.grade + 1);
    }
    state->events.push_back(std::move(plan));
  }
  state->now = Value::OfTemporal(cql::DateTimeFromUnixMs(0, 0));
  state->evaluation = std::make_unique<cql::Evaluation>(*state->program);
  return std::make_unique<RowProgram>(std::move(state));
}

RowProgram::RowProgram(std::unique_ptr<State> state) : state_(std::move(state)) {}
RowProgram::~RowProgram() = default;
bool RowProgram::Begin(const std::vector<std::string_view>& fields) { return state_->Begin(fields); }
std::size_t RowProgram::events() const { return state_->events.size(); }
const std::optional<RowReject>& RowProgram::reject() const { return state_->reject; }

RowProgram::Outcome RowProgram::Make(std::size_t index, MappedEvent& out) {
  State& state = *state_;
  const EventPlan& plan = state.events[index];
  state.reject.reset();
  out = MappedEvent();
  out.event.kind = plan.kind;
  state.grades.assign(plan.grades, model::GradeView());
  if (plan.where >= 0) {
    Value wanted;
    if (!state.Evaluate(plan.where, "event " + std::to_string(index) + " where", wanted)) return Outcome::kRejected;
    if (!wanted.IsTrue()) return Outcome::kNotWanted;
  }
  bool arrival = false;
  for (const FieldPlan& field : plan.fields) {
    if (!state.Field(field, out, &arrival)) return Outcome::kRejected;
  }
  if (!arrival) out.arrival_ms = out.event.time;
  // "1" is the unit of a number without one; a grade without a value or category says nothing.
  const auto unit = [](bool has, model::QuantityView& quantity) {
    if (!has) quantity.unit = {};
    if (has && quantity.unit.empty()) quantity.unit = "1";
  };
  unit(out.event.has_quantity, out.event.quantity);
  std::erase_if(state.grades, [](const model::GradeView& g) { return !g.has_quantity && g.category.code.empty(); });
  for (model::GradeView& grade : state.grades) unit(grade.has_quantity, grade.quantity);
  out.event.grades = state.grades;
  return Outcome::kEvent;
}

}  // namespace plumbline::importer
