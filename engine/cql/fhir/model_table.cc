// Reads the tables (form in model.h) and resolves them: base classes, inherited elements, views over FHIR classes.
#include <algorithm>
#include <array>
#include <string>

#include "engine/base/check.h"
#include "engine/cql/fhir/model.h"
#include "engine/cql/fhir/tables.h"

namespace plumbline::cql::fhir {
namespace {

std::string_view NextWord(std::string_view* line) {
  const std::size_t space = line->find(' ');
  const std::string_view word = line->substr(0, space);
  *line = space == std::string_view::npos ? std::string_view() : line->substr(space + 1);
  return word;
}

bool SystemOnly(std::string_view type) {
  while (!type.empty()) {
    if (type[0] != '.') return false;
    const std::size_t bar = type.find('|');
    type = bar == std::string_view::npos ? std::string_view() : type.substr(bar + 1);
  }
  return true;
}

Conversion ConversionOf(std::string_view fhir_class) {
  if (fhir_class == "Coding") return Conversion::kCode;
  if (fhir_class == "CodeableConcept") return Conversion::kConcept;
  if (fhir_class == "Quantity") return Conversion::kQuantity;
  if (fhir_class == "Period") return Conversion::kPeriod;
  if (fhir_class == "Range") return Conversion::kRange;
  if (fhir_class == "Ratio") return Conversion::kRatio;
  return Conversion::kNone;
}

}  // namespace

class TableReader {
 public:
  TableReader(Models& models, Model& model) : models_(models), model_(model), fhir_(models.models_.front()) {}

  Result<void> Read(std::string_view table) {
    std::size_t number = 0;
    while (!table.empty()) {
      const std::size_t end = table.find('\n');
      const std::string_view line = table.substr(0, end);
      table = end == std::string_view::npos ? std::string_view() : table.substr(end + 1);
      ++number;
      if (!line.empty() && !Line(line)) {
        return Fail(ErrorCode::kParse, "model table, line " + std::to_string(number) + ": " + std::string(line));
      }
    }
    if (model_.name_.empty()) return Fail(ErrorCode::kParse, "model table: no model line");
    return Resolve();
  }

 private:
  bool IsFhir() const { return &model_ == &fhir_; }

  bool Line(std::string_view line) {
    if (line.starts_with(' ')) {
      line.remove_prefix(1);
      return current_ != nullptr && Element(line);
    }
    const std::string_view kind = NextWord(&line);
    if (kind == "model") {
      model_.name_ = NextWord(&line);
      model_.version_ = NextWord(&line);
      model_.url_ = NextWord(&line);
      return !model_.url_.empty();
    }
    if (kind == "patient") {
      model_.patient_class_ = NextWord(&line);
      model_.birth_date_ = line;
      return !line.empty();
    }
    if (kind == "codes") return Codes(line);
    return kind == "type" && Type(line);
  }

  ModelClass* AddClass(std::string_view name) {
    ModelClass& added = model_.classes_.emplace_back();
    added.name_ = name;
    added.full_name_ = std::string(model_.name_) + "." + std::string(name);
    added.model_ = &model_;
    added.ordinal_ = static_cast<std::uint16_t>(model_.classes_.size() - 1);
    model_.by_name_.emplace(name, &added);
    return &added;
  }

  bool Codes(std::string_view names) {
    while (!names.empty()) {
      ModelClass* added = AddClass(NextWord(&names));
      if (!IsFhir()) {
        added->alias_ = ".String";
        continue;
      }
      added->base_name_ = "Element";
      current_ = added;
      Element("value .String");
    }
    current_ = nullptr;
    return true;
  }

  bool Type(std::string_view rest) {
    const std::string_view name = NextWord(&rest);
    current_ = AddClass(name);
    current_->base_name_ = NextWord(&rest);
    if (name.empty() || current_->base_name_.empty()) return false;
    if (current_->base_name_ != ".Any" && SystemOnly(current_->base_name_)) {
      current_->alias_ = current_->base_name_;
      current_->base_name_ = ".Any";
    }
    while (!rest.empty()) {
      const std::string_view word = NextWord(&rest);
      if (word.starts_with("fhir=")) {
        current_->fhir_name_ = word.substr(5);
      } else if (word.starts_with("code=")) {
        current_->code_path_ = word.substr(5);
      } else if (word.starts_with("profile=")) {
        const std::string_view url = word.substr(8);
        current_->profile_ = url == "*" ? "http://hl7.org/fhir/StructureDefinition/" + std::string(name) : std::string(url);
      } else {
        return false;
      }
    }
    return true;
  }

  std::uint16_t Name(std::string_view name) {
    const auto [at, added] = models_.name_ids_.emplace(name, static_cast<std::uint16_t>(models_.names_.size()));
    if (added) models_.names_.push_back(name);
    return at->second;
  }

  bool Element(std::string_view rest) {
    ModelElement element;
    element.name = NextWord(&rest);
    element.type = NextWord(&rest);
    if (element.type.empty()) return false;
    element.id = Name(element.name);
    element.list = element.type.ends_with("[]");
    element.access = IsFhir() ? Access::kElement : Access::kView;
    if (!rest.empty() && !SetAccess(NextWord(&rest), rest, &element)) return false;
    current_->elements_.push_back(element);
    return true;
  }

  static bool SetAccess(std::string_view access, std::string_view rest, ModelElement* element) {
    constexpr std::array<std::string_view, 6> kSystem{"value", "concept", "code", "quantity", "interval", "ratio"};
    for (const std::string_view word : kSystem) {
      if (access == word) element->access = Access::kSystem;
    }
    if (element->access == Access::kSystem) return true;
    if (access == "choice" || access == "none") {
      element->access = access == "none" ? Access::kNone : Access::kChoice;
      return true;
    }
    if (access == "slice") {
      element->access = Access::kSlice;
      element->view = nullptr;
      NextWord(&rest);  // always `category`, as of the models there are
      element->url = NextWord(&rest);
      element->code = rest;
      return !rest.empty();
    }
    element->url = NextWord(&rest);
    if (access == "conceptorset") {
      element->access = Access::kConceptOrSet;
      return true;
    }
    element->modifier = access == "modifier";
    element->access = rest == "choice" ? Access::kExtension : Access::kExtensionView;
    return element->modifier || access == "extension";
  }

  Result<void> Resolve() {
    for (ModelClass& type : model_.classes_) {
      PLUMBLINE_TRY(ResolveClass(type, 0));
    }
    for (ModelClass& type : model_.classes_) {
      type.BuildLookup();
      if (IsFhir()) type.BuildJson(model_);
      if (!type.profile_.empty()) AddProfile(type);
    }
    model_.views_.assign(fhir_.classes_.size(), nullptr);
    for (const ModelClass& type : fhir_.classes_) {
      const ModelClass* same = model_.Find(type.name());
      if (same == nullptr || !same->alias().empty()) same = &type;
      model_.views_[type.ordinal_] = same;
    }
    return {};
  }

  void AddProfile(ModelClass& type) {
    const auto next = static_cast<std::uint16_t>(models_.profile_ids_.size() + 1);
    type.profile_id_ = models_.profile_ids_.emplace(type.profile_, next).first->second;
  }

  Result<void> ResolveClass(ModelClass& type, int depth) {
    if (type.resolved_) return {};
    if (depth > 16) return Fail(ErrorCode::kParse, "model table: " + type.full_name_ + " derives from itself");
    type.resolved_ = true;
    if (!type.base_name_.starts_with('.') && !type.base_name_.empty()) {
      const auto found = model_.by_name_.find(type.base_name_);
      if (found == model_.by_name_.end()) {
        return Fail(ErrorCode::kParse, "model table: " + type.full_name_ + " derives from an unknown type");
      }
      PLUMBLINE_TRY(ResolveClass(*found->second, depth + 1));
      Inherit(type, *found->second);
    }
    FindFhir(type);
    type.resource_ = type.name_ == "Resource" || (type.base_ != nullptr && type.base_->resource_);
    if (IsFhir()) {
      SetKind(type);
    } else {
      Connect(type);
    }
    return {};
  }

  static void Inherit(ModelClass& type, const ModelClass& base) {
    type.base_ = &base;
    std::vector<ModelElement> all = base.elements_;
    for (const ModelElement& own : type.elements_) {
      bool replaced = false;
      for (ModelElement& inherited : all) {
        if (inherited.id != own.id) continue;
        inherited = own;
        replaced = true;
      }
      if (!replaced) all.push_back(own);
    }
    type.elements_ = std::move(all);
  }

  void FindFhir(ModelClass& type) {
    if (IsFhir()) {
      type.fhir_ = &type;
      return;
    }
    type.fhir_ = fhir_.Find(type.fhir_name_.empty() ? type.name_ : type.fhir_name_);
    if (type.fhir_ == nullptr && type.base_ != nullptr) type.fhir_ = type.base_->fhir_;
  }

  static void SetKind(ModelClass& type) {
    type.conversion_ = ConversionOf(type.name_);
    if (type.conversion_ == Conversion::kNone && type.base_ != nullptr) type.conversion_ = type.base_->conversion_;
    const auto value =
        std::find_if(type.elements_.begin(), type.elements_.end(), [](const ModelElement& e) { return e.name == "value"; });
    if (value == type.elements_.end() || !value->type.starts_with('.')) return;
    value->access = Access::kSelf;
    const std::string_view system = value->type.substr(1);
    type.primitive_ = system == "Boolean"    ? Primitive::kBoolean
                      : system == "Integer"  ? Primitive::kInteger
                      : system == "Decimal"  ? Primitive::kDecimal
                      : system == "Date"     ? Primitive::kDate
                      : system == "DateTime" ? Primitive::kDateTime
                      : system == "Time"     ? Primitive::kTime
                                             : Primitive::kString;
  }

  // Finds where each element of a view comes from.
  void Connect(ModelClass& type) {
    for (ModelElement& element : type.elements_) {
      std::string_view source = element.name;
      element.source = kNoSource;
      if (element.access == Access::kSlice) source = "category";
      if (element.access == Access::kExtension || element.access == Access::kExtensionView) source = {};
      if (type.fhir_ != nullptr && !source.empty()) {
        for (std::size_t i = 0; i < type.fhir_->elements_.size(); ++i) {
          if (type.fhir_->elements_[i].name == source) element.source = static_cast<std::uint16_t>(i);
        }
        if (element.source == kNoSource) element.access = Access::kNone;
      }
      std::string_view view = element.type;
      if (view.ends_with("[]")) view.remove_suffix(2);
      const auto found = model_.by_name_.find(view);
      element.view = found == model_.by_name_.end() ? nullptr : found->second;
      if (element.access == Access::kView && element.view != nullptr && !element.view->alias().empty())
        element.access = Access::kSystem;
      if (element.access == Access::kView && element.view == nullptr) element.access = Access::kChoice;
    }
  }

  Models& models_;
  Model& model_;
  const Model& fhir_;
  ModelClass* current_ = nullptr;
};

Result<void> Models::Load(std::string_view table) {
  Model& model = models_.emplace_back();
  return TableReader(*this, model).Read(table);
}

const Models& Models::BuiltIn() {
  static const Models models = [] {
    Models loaded;
    for (const std::string_view table : {kFhirTable, kUsCoreTable, kQiCoreTable}) {
      const Result<void> result = loaded.Load(table);
      PLUMBLINE_CHECK(result.has_value(), result.has_value() ? "" : result.error().message.c_str());
    }
    return loaded;
  }();
  return models;
}

const Model* Models::Find(std::string_view name, std::string_view version) const {
  for (const Model& model : models_) {
    if (model.name() == name && (version.empty() || model.version() == version)) return &model;
  }
  return nullptr;
}

std::uint16_t Models::NameId(std::string_view name) const {
  const auto found = name_ids_.find(name);
  return found == name_ids_.end() ? 0 : found->second;
}

std::uint16_t Models::ProfileId(std::string_view url) const {
  const auto found = profile_ids_.find(url);
  return found == profile_ids_.end() ? 0 : found->second;
}

}  // namespace plumbline::cql::fhir
