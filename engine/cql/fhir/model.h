// The types of FHIR R4, US Core and QI-Core as the expression language sees them, read once from compact tables that are built
// into the program. A ModelClass is both what the checker asks (elements and their types) and what evaluation reads objects
// through (where an element is found in a FHIR resource and how it becomes a System value). Immutable after loading; shared by
// all threads.
//
// The form of a table, one item a line:
//   model   := "model " NAME " " VERSION " " URL
//   patient := "patient " TYPE " " BIRTHDATE          the class of the Patient context
//   codes   := "codes" {" " NAME}                     classes that hold a code: of a resource a string, else the System String
//   type    := "type " NAME " " BASE ["fhir=" NAME] ["code=" PATH] ["profile=" URL | "profile=*"]
//   element := " " NAME " " TYPE [" " ACCESS]         of the type above it
//   TYPE    := [.]NAME | TYPE "[]" | "Interval<" TYPE ">" | TYPE {"|" TYPE}      a leading dot: a System type
//   ACCESS  := "value" | "concept" | "code" | "quantity" | "interval" | "ratio" | "choice"
//            | "conceptorset " URL | ("extension " | "modifier ") [PATH.]URL (" choice" | " whole")
//            | "slice " ELEMENT SYSTEM CODE | "none"
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/error.h"
#include "engine/cql/context.h"
#include "engine/cql/data_model.h"
#include "engine/cql/fhir/node.h"
#include "engine/cql/fhir/text_hash.h"
#include "engine/cql/value.h"

namespace plumbline::cql::fhir {

class Model;
class ModelClass;

struct TextHasher {
  std::size_t operator()(std::string_view text) const { return TextHash(text); }
};

enum class Access : std::uint8_t {
  kNone,          // stands for a slice that no resource names: null
  kElement,       // the element as an object of the FHIR model, or its System value where its type is a System type
  kSystem,        // what FHIRHelpers makes of the element
  kChoice,        // the same where FHIRHelpers has a conversion, else an object
  kView,          // an object of the model's class over the element
  kConceptOrSet,  // the concept, or the value set named by an extension of the concept
  kExtension,     // the value of the extensions with a url, as kChoice
  kExtensionView,
  kSelf,   // `value` of a FHIR primitive: the object's own System value
  kSlice,  // the first concept of an element with a given coding
};

// Of a primitive: how its JSON text becomes a System value.
enum class Primitive : std::uint8_t { kNone, kString, kBoolean, kInteger, kDecimal, kDate, kDateTime, kTime };

// Which FHIRHelpers function converts an object of the class.
enum class Conversion : std::uint8_t { kNone, kCode, kConcept, kQuantity, kPeriod, kRange, kRatio };

struct ModelElement {
  std::string_view name;
  std::string_view type;     // as written in the table
  std::uint16_t id = 0;      // of the name, the same in all models
  std::uint16_t source = 0;  // index of the element in the FHIR class; kNoSource for extensions of the object itself
  Access access = Access::kElement;
  bool list = false;
  bool modifier = false;  // kExtension: among the modifier extensions
  std::string_view url;   // of an extension, or a slice's system
  std::string_view code;  // of a slice
  const ModelClass* view = nullptr;
};
inline constexpr std::uint16_t kNoSource = 0xFFFF;

class ModelClass final : public ObjectClass {
 public:
  // What a JSON field of a resource holds.
  struct JsonField {
    std::string name;
    std::uint16_t element = 0;
    Primitive primitive = Primitive::kNone;  // of an element of a System type
    const ModelClass* type = nullptr;        // null: a System type
  };

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] const std::string& full_name() const { return full_name_; }
  [[nodiscard]] const Model& model() const { return *model_; }
  [[nodiscard]] const ModelClass* base() const { return base_; }
  // The FHIR class of the objects that this class views.
  [[nodiscard]] const ModelClass* fhir() const { return fhir_; }
  // Types that are another name for a System type or a choice of them: that type's text, else empty.
  [[nodiscard]] std::string_view alias() const { return alias_; }
  [[nodiscard]] std::string_view profile() const { return profile_; }
  [[nodiscard]] std::uint16_t profile_id() const { return profile_id_; }  // Models::ProfileId of profile()
  [[nodiscard]] std::string_view code_path() const { return code_path_; }
  [[nodiscard]] bool retrievable() const { return !profile_.empty(); }
  [[nodiscard]] Primitive primitive() const { return primitive_; }
  [[nodiscard]] Conversion conversion() const { return conversion_; }
  [[nodiscard]] bool resource() const { return resource_; }
  [[nodiscard]] std::span<const ModelElement> elements() const { return elements_; }
  [[nodiscard]] const ModelElement* Find(std::uint16_t id) const;
  [[nodiscard]] const ModelElement* Find(std::string_view name) const;
  [[nodiscard]] const JsonField* FindJson(std::string_view field) const;
  [[nodiscard]] bool DerivesFrom(const ModelClass& other) const;

  [[nodiscard]] std::string_view TypeName() const override { return full_name_; }
  [[nodiscard]] bool ConformsTo(std::string_view type_name) const override;
  [[nodiscard]] Value Get(EvalContext& context, const void* object, int property) const override;
  [[nodiscard]] std::optional<bool> Equal(const void* a, const void* b) const override;
  [[nodiscard]] std::uint64_t Hash(const void* object) const override;
  [[nodiscard]] std::string Text(const void* object) const override;

 private:
  friend class Model;
  friend class Models;
  friend class TableReader;

  void BuildLookup();
  void BuildJson(const Model& fhir);
  void AddJson(std::string name, std::uint16_t element, std::string_view type, const Model& fhir);

  std::string_view name_;
  std::string full_name_;
  const Model* model_ = nullptr;
  std::string_view base_name_;
  std::string_view fhir_name_;
  const ModelClass* base_ = nullptr;
  const ModelClass* fhir_ = nullptr;
  std::string_view alias_;
  std::string profile_;
  std::uint16_t profile_id_ = 0;
  std::string_view code_path_;
  Primitive primitive_ = Primitive::kNone;
  Conversion conversion_ = Conversion::kNone;
  bool resource_ = false;
  bool resolved_ = false;
  std::uint16_t ordinal_ = 0;
  std::vector<ModelElement> elements_;
  struct Slot {
    std::uint16_t id = 0;
    std::uint16_t index = 0xFFFF;
  };
  std::vector<Slot> slots_;  // open addressing by id, a power of two
  std::vector<JsonField> json_;
  std::vector<std::uint16_t> json_slots_;  // index + 1 into json_, open addressing by TextHash
};

class Model {
 public:
  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::string_view version() const { return version_; }
  [[nodiscard]] std::string_view url() const { return url_; }
  [[nodiscard]] std::string_view patient_class() const { return patient_class_; }
  [[nodiscard]] std::string_view birth_date() const { return birth_date_; }
  [[nodiscard]] const ModelClass* Find(std::string_view name) const;
  [[nodiscard]] const std::deque<ModelClass>& classes() const { return classes_; }
  // The class of this model that shows an object of FHIR class `fhir` for which nothing more special is stated.
  [[nodiscard]] const ModelClass* ViewOf(const ModelClass& fhir) const { return views_[fhir.ordinal_]; }

 private:
  friend class Models;
  friend class TableReader;

  std::string_view name_, version_, url_, patient_class_, birth_date_;
  std::deque<ModelClass> classes_;
  std::unordered_map<std::string_view, ModelClass*, TextHasher> by_name_;
  std::vector<const ModelClass*> views_;
};

// All models of the program.
class Models {
 public:
  // Loaded at first use; a table that does not load is a bug.
  [[nodiscard]] static const Models& BuiltIn();
  [[nodiscard]] const Model& fhir() const { return models_.front(); }
  [[nodiscard]] const std::deque<Model>& all() const { return models_; }
  [[nodiscard]] const Model* Find(std::string_view name, std::string_view version) const;
  // Of an element's name; 0 when no model has an element of that name.
  [[nodiscard]] std::uint16_t NameId(std::string_view name) const;
  [[nodiscard]] std::string_view Name(std::uint16_t id) const { return names_[id]; }
  // Of a profile url: from 1, 0 when no model has it.
  [[nodiscard]] std::uint16_t ProfileId(std::string_view url) const;

 private:
  friend class TableReader;
  [[nodiscard]] Result<void> Load(std::string_view table);

  std::deque<Model> models_;
  std::vector<std::string_view> names_{""};
  std::unordered_map<std::string_view, std::uint16_t, TextHasher> name_ids_;
  std::unordered_map<std::string_view, std::uint16_t, TextHasher> profile_ids_;
};

}  // namespace plumbline::cql::fhir
