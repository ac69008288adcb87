#include "engine/model/encode.h"

#include <vector>

#include "engine/model/events_generated.h"
#include "engine/model/iso_time.h"
#include "engine/model/names.h"

namespace plumbline::model {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::String;

fb::Decimal ToFb(const Decimal& value) {
  const auto bits = static_cast<UInt128>(value.units());
  return {static_cast<std::uint64_t>(bits), static_cast<std::int64_t>(static_cast<std::uint64_t>(bits >> 64))};
}

// Absent texts are left out of the buffer.
Offset<String> Put(FlatBufferBuilder& builder, std::string_view text) {
  return text.empty() ? Offset<String>() : builder.CreateString(text.data(), text.size());
}

bool Empty(const CodeView& code) { return code.system.empty() && code.code.empty() && code.display.empty(); }

Offset<fb::Code> Put(FlatBufferBuilder& builder, const CodeView& code) {
  if (Empty(code)) return {};
  const auto system = Put(builder, code.system);
  const auto text = Put(builder, code.code);
  const auto display = Put(builder, code.display);
  return fb::CreateCode(builder, system, text, display);
}

// The unit "1" is what an absent one means.
std::string_view UnitToWrite(const QuantityView& quantity) { return quantity.unit == "1" ? std::string_view() : quantity.unit; }

Offset<fb::Grade> Put(FlatBufferBuilder& builder, const GradeView& grade) {
  const auto name = Put(builder, grade.name);
  const auto unit = grade.has_quantity ? Put(builder, UnitToWrite(grade.quantity)) : Offset<String>();
  const auto category = Put(builder, grade.category);
  const fb::Decimal value = ToFb(grade.quantity.value);
  return fb::CreateGrade(builder, name, grade.has_quantity ? &value : nullptr, unit, category);
}

// Everything that lies outside the event's table, written before it.
struct Outside {
  Offset<String> id, patient, encounter, site, source, unit, device, device_model, clinician, clinician_role;
  Offset<String> qc_material, qc_level, qc_run, answers_to;
  Offset<fb::Code> code, value_code, follow_up;
  Offset<flatbuffers::Vector<Offset<fb::Grade>>> grades;
};

Outside PutOutside(FlatBufferBuilder& b, const Event& e, std::vector<Offset<fb::Grade>>& grades) {
  Outside o;
  o.id = Put(b, e.id);
  o.patient = Put(b, e.patient);
  o.encounter = Put(b, e.encounter);
  o.site = Put(b, e.site);
  o.source = Put(b, e.source);
  o.unit = e.has_quantity ? Put(b, UnitToWrite(e.quantity)) : Offset<String>();
  o.device = Put(b, e.device);
  o.device_model = Put(b, e.device_model);
  o.clinician = Put(b, e.clinician);
  o.clinician_role = Put(b, e.clinician_role);
  o.qc_material = Put(b, e.qc_material);
  o.qc_level = Put(b, e.qc_level);
  o.qc_run = Put(b, e.qc_run);
  o.answers_to = Put(b, e.answers_to);
  o.code = Put(b, e.code);
  o.value_code = Put(b, e.value_code);
  o.follow_up = Put(b, e.follow_up);
  grades.clear();
  for (const GradeView& grade : e.grades) grades.push_back(Put(b, grade));
  if (!grades.empty()) o.grades = b.CreateVector(grades);
  return o;
}

void AddOutside(fb::EventBuilder& table, const Outside& o) {
  const auto add = [](auto offset, auto adder) {
    if (!offset.IsNull()) adder(offset);
  };
  add(o.id, [&](auto x) { table.add_id(x); });
  add(o.patient, [&](auto x) { table.add_patient(x); });
  add(o.encounter, [&](auto x) { table.add_encounter(x); });
  add(o.site, [&](auto x) { table.add_site(x); });
  add(o.source, [&](auto x) { table.add_source(x); });
  add(o.unit, [&](auto x) { table.add_unit(x); });
  add(o.device, [&](auto x) { table.add_device(x); });
  add(o.device_model, [&](auto x) { table.add_device_model(x); });
  add(o.clinician, [&](auto x) { table.add_clinician(x); });
  add(o.clinician_role, [&](auto x) { table.add_clinician_role(x); });
  add(o.qc_material, [&](auto x) { table.add_qc_material(x); });
  add(o.qc_level, [&](auto x) { table.add_qc_level(x); });
  add(o.qc_run, [&](auto x) { table.add_qc_run(x); });
  add(o.answers_to, [&](auto x) { table.add_answers_to(x); });
  add(o.code, [&](auto x) { table.add_code(x); });
  add(o.value_code, [&](auto x) { table.add_value_code(x); });
  add(o.follow_up, [&](auto x) { table.add_follow_up(x); });
  add(o.grades, [&](auto x) { table.add_grades(x); });
}

// One JSON object under construction: each Add writes a comma where one is due.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_.push_back('{'); }
  void Close() { out_.push_back('}'); }
  void Name(std::string_view name) {
    if (!first_) out_.push_back(',');
    first_ = false;
    out_.push_back('"');
    out_.append(name);
    out_.append("\":");
  }
  void Text(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    Name(name);
    AppendJsonText(out_, text);
  }
  template <typename Integer>
  void Whole(std::string_view name, Integer value, Integer absent) {
    if (value == absent) return;
    Name(name);
    out_.append(std::to_string(value));
  }
  void Code(std::string_view name, const CodeView& code) {
    if (Empty(code)) return;
    Name(name);
    Object inner(out_);
    inner.Text("system", code.system);
    inner.Text("code", code.code);
    inner.Text("display", code.display);
    inner.Close();
  }
  void Quantity(bool has, const QuantityView& quantity) {
    if (!has) return;
    Name("value");
    out_.append(quantity.value.ToText());
    Text("unit", UnitToWrite(quantity));
  }
  void Grades(std::span<const GradeView> grades) {
    if (grades.empty()) return;
    Name("grades");
    out_.push_back('[');
    for (std::size_t i = 0; i < grades.size(); ++i) {
      if (i > 0) out_.push_back(',');
      Object inner(out_);
      inner.Code("name", grades[i].name);
      inner.Quantity(grades[i].has_quantity, grades[i].quantity);
      inner.Code("category", grades[i].category);
      inner.Close();
    }
    out_.push_back(']');
  }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace

struct Encoder::Scratch {
  FlatBufferBuilder builder{1024};
  std::vector<Offset<fb::Grade>> grades;
};

Encoder::Encoder() : scratch_(std::make_unique<Scratch>()) {}
Encoder::~Encoder() = default;

std::string_view Encoder::FlatBuffers(const Event& e) {
  FlatBufferBuilder& builder = scratch_->builder;
  builder.Clear();
  const Outside outside = PutOutside(builder, e, scratch_->grades);
  const fb::Decimal value = ToFb(e.quantity.value);
  fb::EventBuilder table(builder);
  // Wide fields first: the builder then needs no padding between them.
  table.add_time_ms(e.time);
  table.add_source_sequence(e.source_sequence);
  if (e.has_quantity) table.add_value(&value);
  table.add_waiting_ms(e.waiting_ms);
  table.add_duration_ms(e.duration_ms);
  table.add_follow_up_within_ms(e.follow_up_within_ms);
  AddOutside(table, outside);
  table.add_version(e.version);
  table.add_quality_flags(e.quality_flags);
  table.add_offset_minutes(e.offset_minutes);
  table.add_kind(static_cast<fb::Kind>(e.kind));
  table.add_status(static_cast<fb::Status>(e.status));
  table.add_action(static_cast<fb::Action>(e.action));
  table.add_modality(static_cast<fb::Modality>(e.modality));
  table.add_certainty(static_cast<fb::Certainty>(e.certainty));
  table.add_decided_by(static_cast<fb::DecidedBy>(e.decided_by));
  fb::FinishEventBuffer(builder, table.Finish());
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

std::string_view Encoder::Json(const Event& e) {
  json_.clear();
  Object object(json_);
  object.Text("kind", NameOf(e.kind));
  object.Text("id", e.id);
  object.Whole<std::uint64_t>("source_sequence", e.source_sequence, 0);
  object.Whole<std::uint32_t>("version", e.version, 1);
  if (e.status != EventStatus::kFinal) object.Text("status", NameOf(e.status));
  object.Text("time", FormatTime(e.time, e.offset_minutes));
  object.Text("patient", e.patient);
  object.Text("encounter", e.encounter);
  object.Text("site", e.site);
  object.Text("source", e.source);
  object.Text("clinician", e.clinician);
  object.Text("clinician_role", e.clinician_role);
  object.Text("device", e.device);
  object.Text("device_model", e.device_model);
  object.Code("code", e.code);
  object.Quantity(e.has_quantity, e.quantity);
  object.Code("value_code", e.value_code);
  object.Whole<std::uint32_t>("quality_flags", e.quality_flags, 0);
  object.Text("qc_material", e.qc_material);
  object.Text("qc_level", e.qc_level);
  object.Text("qc_run", e.qc_run);
  object.Text("action", NameOf(e.action));
  object.Text("modality", NameOf(e.modality));
  object.Whole<std::int64_t>("waiting_ms", e.waiting_ms, kNoDuration);
  object.Whole<std::int64_t>("duration_ms", e.duration_ms, kNoDuration);
  object.Text("certainty", NameOf(e.certainty));
  object.Text("decided_by", NameOf(e.decided_by));
  object.Grades(e.grades);
  object.Code("follow_up", e.follow_up);
  object.Whole<std::int64_t>("follow_up_within_ms", e.follow_up_within_ms, kNoDuration);
  object.Text("answers_to", e.answers_to);
  object.Close();
  return json_;
}

void AppendJsonText(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out.append("\\u00");
      out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kHex[static_cast<unsigned char>(c) & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace plumbline::model
