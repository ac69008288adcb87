#include "connectors/import/mapping.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "config/reader.h"
#include "engine/model/names.h"

namespace plumbline::importer {
namespace {

using config::Diagnostics;
using config::MapReader;
using config::Node;
using config::NodeKind;

struct TargetEntry {
  Target target;
  std::string_view name;
};

// Fields that stand directly in an event, by their key.
constexpr TargetEntry kPlain[] = {{Target::kId, "id"},
                                  {Target::kPatient, "patient"},
                                  {Target::kEncounter, "encounter"},
                                  {Target::kSite, "site"},
                                  {Target::kSource, "source"},
                                  {Target::kSequence, "sequence"},
                                  {Target::kVersion, "version"},
                                  {Target::kStatus, "status"},
                                  {Target::kOffsetMinutes, "offset_minutes"},
                                  {Target::kClinician, "clinician"},
                                  {Target::kClinicianRole, "clinician_role"},
                                  {Target::kDevice, "device"},
                                  {Target::kDeviceModel, "device_model"},
                                  {Target::kValue, "value"},
                                  {Target::kUnit, "unit"},
                                  {Target::kQualityFlags, "quality_flags"},
                                  {Target::kQcMaterial, "qc_material"},
                                  {Target::kQcLevel, "qc_level"},
                                  {Target::kQcRun, "qc_run"},
                                  {Target::kAction, "action"},
                                  {Target::kModality, "modality"},
                                  {Target::kCertainty, "certainty"},
                                  {Target::kDecidedBy, "decided_by"},
                                  {Target::kAnswersTo, "answers_to"}};
constexpr TargetEntry kMoments[] = {{Target::kTime, "time"}, {Target::kArrival, "arrival"}};
constexpr TargetEntry kDurations[] = {
    {Target::kWaiting, "waiting"}, {Target::kDuration, "duration"}, {Target::kFollowUpWithin, "follow_up_within"}};

struct CodeEntry {
  std::string_view key;
  Target system, code, display;
};
constexpr CodeEntry kCodes[] = {{"code", Target::kCodeSystem, Target::kCode, Target::kCodeDisplay},
                                {"value_code", Target::kValueCodeSystem, Target::kValueCode, Target::kValueCodeDisplay},
                                {"follow_up", Target::kFollowUpSystem, Target::kFollowUp, Target::kFollowUpDisplay}};

struct UnitEntry {
  std::string_view key;
  std::int64_t ms;
};
constexpr UnitEntry kUnits[] = {{"ms", 1}, {"seconds", 1000}, {"minutes", 60'000}, {"hours", 3'600'000}, {"days", 86'400'000}};

constexpr std::array<std::string_view, 3> kKinds = {"device", "consultation", "diagnosis"};
constexpr std::size_t kMaxEventsOfRow = 64;

class Reading {
 public:
  explicit Reading(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Mapping Document(const Node& root) {
    Mapping mapping;
    MapReader map(root, "a mapping", diagnostics_);
    if (root.kind != NodeKind::kMap) return mapping;
    mapping.name = map.Text("mapping");
    mapping.title = map.Text("title", "");
    if (const Node* base = map.Optional("base")) mapping.base = Read(*base, "base");
    if (const Node* tables = map.Optional("tables")) Tables(*tables, mapping);
    if (const Node* defaults = map.Optional("defaults")) defaults_ = Fields(*defaults, "defaults", true);
    for (const Node& node : map.Items("streams")) mapping.streams.push_back(Stream(node, mapping));
    if (root.Find("streams") == nullptr) map.Wrong(root, "a mapping needs \"streams\"", "a list of streams");
    map.Finish();
    return mapping;
  }

 private:
  Expression Read(const Node& node, std::string_view what) {
    if (node.kind == NodeKind::kMap) {
      MapReader map(node, std::string(what), diagnostics_);
      const Node* text = map.Require("text");
      map.Finish();
      if (text == nullptr) return {};
      if (text->kind != NodeKind::kText) map.Wrong(*text, "\"text\" is " + std::string(text->KindText()), "a text");
      return {text, text->text, true};
    }
    const auto text = config::TextOf(node, what, diagnostics_);
    return text ? Expression{&node, *text, false} : Expression{};
  }

  char Separator(MapReader& map) {
    const std::string text = map.Text("separator", ",");
    if (text.size() == 1) return text[0];
    map.Wrong(*map.Optional("separator"), "\"separator\" is \"" + text + "\"", "one letter");
    return ',';
  }

  void Tables(const Node& node, Mapping& mapping) {
    if (node.kind != NodeKind::kMap)
      diagnostics_.Add(node.mark, 1, "\"tables\" is " + std::string(node.KindText()), "a map of names to tables");
    for (const Node::Entry& entry : node.entries) {
      MapReader map(entry.value, "a table", diagnostics_);
      TableSpec table;
      table.node = &entry.value;
      table.name = entry.key;
      table.file = map.Text("file");
      table.key = map.Text("key");
      table.separator = Separator(map);
      map.Finish();
      if (entry.key == "row" || entry.key == "base")
        map.Wrong(entry.value, "a table cannot be named \"" + entry.key + "\": that name has a meaning of its own");
      mapping.tables.push_back(std::move(table));
    }
  }

  StreamSpec Stream(const Node& node, const Mapping& mapping) {
    MapReader map(node, "a stream", diagnostics_);
    StreamSpec stream;
    stream.node = &node;
    stream.file = map.Text("file");
    stream.name = map.Text("name", stream.file);
    stream.separator = Separator(map);
    stream.nulls = map.Texts("nothing");
    if (!stream.name.empty() && !names_.insert(stream.name).second)
      map.Wrong(node, "two streams are named \"" + stream.name + "\"");
    if (const Node* join = map.Optional("join")) Joins(*join, mapping, stream);
    if (const Node* define = map.Optional("define")) Definitions(*define, stream);
    if (const Node* where = map.Optional("where")) stream.where = Read(*where, "where");
    std::vector<FieldSpec> defaults = defaults_;
    if (const Node* more = map.Optional("defaults")) Override(defaults, Fields(*more, "defaults", true));
    for (const Node& event : map.Items("events")) stream.events.push_back(Event(event, defaults, mapping));
    if (stream.events.empty()) map.Wrong(node, "a stream needs \"events\"", "a list of at least one event");
    if (stream.events.size() > kMaxEventsOfRow)
      map.Wrong(node, "more than " + std::to_string(kMaxEventsOfRow) + " events of a row");
    map.Finish();
    return stream;
  }

  void Joins(const Node& node, const Mapping& mapping, StreamSpec& stream) {
    std::vector<std::string_view> names;
    for (const TableSpec& table : mapping.tables) names.push_back(table.name);
    if (node.kind != NodeKind::kMap)
      diagnostics_.Add(node.mark, 1, "\"join\" is " + std::string(node.KindText()), "a map of tables to keys");
    for (const Node::Entry& entry : node.entries) {
      if (std::find(names.begin(), names.end(), entry.key) == names.end()) {
        diagnostics_.Add(entry.key_mark, entry.key.size(),
                         "there is no table \"" + entry.key + "\"" + config::DidYouMean(entry.key, names),
                         names.empty() ? "a table of \"tables\"" : "one of: " + config::JoinNames(names));
        continue;
      }
      stream.joins.push_back({entry.key, Read(entry.value, "the key of " + entry.key)});
    }
  }

  void Definitions(const Node& node, StreamSpec& stream) {
    if (node.kind != NodeKind::kMap)
      diagnostics_.Add(node.mark, 1, "\"define\" is " + std::string(node.KindText()), "a map of names to expressions");
    for (const Node::Entry& entry : node.entries) stream.definitions.push_back({entry.key, Read(entry.value, entry.key)});
  }

  EventSpec Event(const Node& node, const std::vector<FieldSpec>& defaults, const Mapping& mapping) {
    EventSpec event;
    event.node = &node;
    MapReader map(node, "an event", diagnostics_);
    const Node* kind = map.Require("kind");
    if (kind != nullptr) {
      const auto found = std::find(kKinds.begin(), kKinds.end(), kind->text);
      if (found == kKinds.end()) {
        map.Wrong(*kind, "\"" + kind->text + "\" is no kind of event" + config::DidYouMean(kind->text, kKinds),
                  "one of: " + config::JoinNames(kKinds));
      } else {
        event.kind = static_cast<model::EventKind>(found - kKinds.begin() + 1);
      }
    }
    if (const Node* where = map.Optional("where")) event.where = Read(*where, "where");
    event.fields = defaults;
    Override(event.fields, Fields(node, "an event", false));
    Check(node, event, mapping);
    return event;
  }

  // Later fields replace earlier ones of the same target.
  static void Override(std::vector<FieldSpec>& fields, std::vector<FieldSpec> more) {
    for (FieldSpec& field : more) {
      std::erase_if(fields, [&](const FieldSpec& f) { return f.target == field.target && f.grade == field.grade; });
      fields.push_back(std::move(field));
    }
  }

  std::vector<FieldSpec> Fields(const Node& node, std::string_view what, bool only_fields) {
    std::vector<FieldSpec> fields;
    MapReader map(node, std::string(what), diagnostics_);
    if (!only_fields) {
      (void)map.Optional("kind");
      (void)map.Optional("where");
    }
    const auto add = [&](Target target, const Node& at, std::string_view name) {
      FieldSpec field;
      field.target = target;
      field.expression = Read(at, name);
      if (field.expression.node != nullptr) fields.push_back(std::move(field));
    };
    for (const TargetEntry& entry : kPlain) {
      if (const Node* at = map.Optional(entry.name)) add(entry.target, *at, entry.name);
    }
    for (const CodeEntry& entry : kCodes) {
      const Node* at = map.Optional(entry.key);
      if (at == nullptr) continue;
      MapReader code(*at, std::string(entry.key), diagnostics_);
      if (const Node* part = code.Optional("system")) add(entry.system, *part, "system");
      if (const Node* part = code.Require("code")) add(entry.code, *part, "code");
      if (const Node* part = code.Optional("display")) add(entry.display, *part, "display");
      code.Finish();
    }
    for (const TargetEntry& entry : kMoments) {
      if (const Node* at = map.Optional(entry.name)) Moment(entry, *at, true, fields);
    }
    for (const TargetEntry& entry : kDurations) {
      if (const Node* at = map.Optional(entry.name)) Moment(entry, *at, false, fields);
    }
    Grades(map, fields);
    map.Finish();
    return fields;
  }

  // A number of a unit ({minutes: ..., after: ...}) or, for a time, a DateTime.
  void Moment(const TargetEntry& entry, const Node& node, bool time, std::vector<FieldSpec>& fields) {
    FieldSpec field;
    field.target = entry.target;
    if (node.kind != NodeKind::kMap) {
      if (!time) {
        diagnostics_.Add(node.mark, config::ShownLength(node), std::string(entry.name) + " is " + std::string(node.KindText()),
                         "a number of a unit, such as {minutes: row.duration}");
        return;
      }
      field.expression = Read(node, entry.name);
      fields.push_back(std::move(field));
      return;
    }
    MapReader map(node, std::string(entry.name), diagnostics_);
    for (const UnitEntry& unit : kUnits) {
      const Node* at = map.Optional(unit.key);
      if (at == nullptr) continue;
      if (field.unit_ms != 0) map.Wrong(*at, std::string(entry.name) + " is given in two units");
      field.unit_ms = unit.ms;
      field.expression = Read(*at, unit.key);
    }
    if (time) {
      if (const Node* after = map.Optional("after")) field.after = Read(*after, "after");
    }
    map.Finish();
    if (field.unit_ms == 0)
      map.Wrong(node, std::string(entry.name) + " has no number", "one of: ms, seconds, minutes, hours, days");
    if (field.expression.node != nullptr) fields.push_back(std::move(field));
  }

  void Grades(MapReader& event, std::vector<FieldSpec>& fields) {
    std::uint32_t index = 0;
    for (const Node& node : event.Items("grades")) {
      MapReader map(node, "a grade", diagnostics_);
      const auto add = [&](Target target, const Node* at, std::string_view name) {
        if (at == nullptr) return;
        FieldSpec field;
        field.target = target;
        field.grade = index;
        field.expression = Read(*at, name);
        if (field.expression.node != nullptr) fields.push_back(std::move(field));
      };
      add(Target::kGradeNameSystem, map.Optional("system"), "system");
      add(Target::kGradeName, map.Require("name"), "name");
      add(Target::kGradeValue, map.Optional("value"), "value");
      add(Target::kGradeUnit, map.Optional("unit"), "unit");
      add(Target::kGradeCategorySystem, map.Optional("category_system"), "category_system");
      add(Target::kGradeCategory, map.Optional("category"), "category");
      map.Finish();
      ++index;
    }
  }

  void Check(const Node& node, const EventSpec& event, const Mapping& mapping) {
    const auto find = [&](Target target) {
      return std::find_if(event.fields.begin(), event.fields.end(), [&](const FieldSpec& f) { return f.target == target; });
    };
    for (const Target needed : {Target::kId, Target::kPatient, Target::kSite, Target::kSource, Target::kTime, Target::kCode}) {
      if (find(needed) == event.fields.end()) {
        diagnostics_.Add(node.mark, 1, "an event needs \"" + std::string(TargetName(needed)) + "\", here or in \"defaults\"");
      }
    }
    for (const FieldSpec& field : event.fields) {
      const bool moment = field.target == Target::kTime || field.target == Target::kArrival;
      if (moment && field.unit_ms != 0 && field.after.text.empty() && mapping.base.text.empty()) {
        diagnostics_.Add(field.expression.node->mark, 1,
                         std::string(TargetName(field.target)) + " is a number of a unit after nothing",
                         "\"after\" here or \"base\" in the mapping");
      }
      if (field.expression.constant) CheckConstant(field);
    }
  }

  void CheckConstant(const FieldSpec& field) {
    const std::string& text = field.expression.text;
    bool known = true;
    if (field.target == Target::kStatus) known = model::FromName<model::EventStatus>(text).has_value();
    if (field.target == Target::kAction) known = model::FromName<model::Action>(text).has_value();
    if (field.target == Target::kModality) known = model::FromName<model::Modality>(text).has_value();
    if (field.target == Target::kCertainty) known = model::FromName<model::Certainty>(text).has_value();
    if (field.target == Target::kDecidedBy) known = model::FromName<model::DecidedBy>(text).has_value();
    if (known) return;
    const Node& node = *field.expression.node;
    diagnostics_.Add(node.mark, config::ShownLength(node),
                     "\"" + text + "\" is no " + std::string(TargetName(field.target)) + " of the event model");
  }

  Diagnostics& diagnostics_;
  std::vector<FieldSpec> defaults_;
  std::set<std::string> names_;
};

}  // namespace

std::string_view TargetName(Target target) {
  for (const auto& table :
       {std::span<const TargetEntry>(kPlain), std::span<const TargetEntry>(kMoments), std::span<const TargetEntry>(kDurations)}) {
    for (const TargetEntry& entry : table) {
      if (entry.target == target) return entry.name;
    }
  }
  static constexpr TargetEntry kParts[] = {{Target::kCodeSystem, "code.system"},
                                           {Target::kCode, "code.code"},
                                           {Target::kCodeDisplay, "code.display"},
                                           {Target::kValueCodeSystem, "value_code.system"},
                                           {Target::kValueCode, "value_code.code"},
                                           {Target::kValueCodeDisplay, "value_code.display"},
                                           {Target::kFollowUpSystem, "follow_up.system"},
                                           {Target::kFollowUp, "follow_up.code"},
                                           {Target::kFollowUpDisplay, "follow_up.display"},
                                           {Target::kGradeNameSystem, "grades.system"},
                                           {Target::kGradeName, "grades.name"},
                                           {Target::kGradeValue, "grades.value"},
                                           {Target::kGradeUnit, "grades.unit"},
                                           {Target::kGradeCategorySystem, "grades.category_system"},
                                           {Target::kGradeCategory, "grades.category"}};
  for (const TargetEntry& entry : kParts) {
    if (entry.target == target) return entry.name;
  }
  return "";
}

Result<Mapping> ParseMapping(const std::string& name, const std::string& text) {
  auto document = std::make_shared<Diagnostics>(name, text);
  auto root = std::make_shared<Node>(config::ParseYaml(text, *document));
  if (!document->empty() && root->kind != NodeKind::kMap) return std::unexpected(document->ToError());
  Mapping mapping = Reading(*document).Document(*root);
  if (!document->empty()) return std::unexpected(document->ToError());
  mapping.document = std::move(document);
  mapping.root = std::move(root);
  return mapping;
}

Result<Mapping> LoadMapping(const std::string& path) {
  PLUMBLINE_ASSIGN(const std::string text, config::ReadTextFile(path));
  return ParseMapping(path, text);
}

}  // namespace plumbline::importer
