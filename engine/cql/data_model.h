// What the expression language asks of data it does not know: at compile time the types of a model (DataModel), at run time the
// elements of objects (ObjectClass) and the objects themselves (DataSource). FHIR with its profiles is one such model
// (engine/cql/fhir), the engine's own events are another.
//
// Types travel as text in the form of CQL type specifiers with full names ("System.DateTime", "QICore.Encounter",
// "List<QICore.Identifier>", "Interval<System.DateTime>", "Choice<System.Concept, QICore.Reference>"), so that a model knows
// nothing of the checker. All of it is immutable and shared by threads, but for a DataSource, which belongs to one evaluation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/cql/context.h"
#include "engine/cql/value.h"

namespace plumbline::cql {

// The run-time class of an object Value: how its elements are read.
class ObjectClass {
 public:
  virtual ~ObjectClass() = default;
  // With the model's name: "FHIR.Period", "QICore.Encounter".
  [[nodiscard]] virtual std::string_view TypeName() const = 0;
  // Whether objects of this class are also of the named type (the class itself, a base, or the profiled class of it).
  [[nodiscard]] virtual bool ConformsTo(std::string_view type_name) const = 0;
  // The element with that id (PropertyInfo::id); null where the object lacks it or the class has no such element. One id means
  // one element name in all classes of a model, so that an element of a choice is read without knowing which it is.
  [[nodiscard]] virtual Value Get(EvalContext& context, const void* object, int property) const = 0;
  // CQL equality and equivalence of two objects that this model made; nullopt: unknown. Equal objects have equal hashes.
  [[nodiscard]] virtual std::optional<bool> Equal(const void* a, const void* b) const = 0;
  [[nodiscard]] virtual std::uint64_t Hash(const void* object) const = 0;
  // For people and for JSON: "Encounter/123", or the object's content on one line.
  [[nodiscard]] virtual std::string Text(const void* object) const = 0;
};

struct PropertyInfo {
  std::string type;
  int id = 0;
};

// How `[Type: ...]` looks for objects of the type.
struct RetrieveInfo {
  std::string template_id;        // profile url
  std::string primary_code_path;  // empty: the type has none
  std::string base_type;          // the class of the stored objects: "FHIR.Encounter" for QICore.Encounter
};

// An implicit conversion the model brings along, applied by a library function.
struct ModelConversion {
  std::string from_type;
  std::string to_type;
  std::string library;   // "FHIRHelpers"
  std::string function;  // "ToConcept"
};

class DataModel {
 public:
  virtual ~DataModel() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::string_view version() const = 0;
  // `type` without the model's name: "Encounter", "Encounter.Location". The full text of the type it stands for
  // ("QICore.Encounter"; for a type that is another name of a System type that type: "System.String"); nullopt when the model has
  // no such type.
  [[nodiscard]] virtual std::optional<std::string> ResolveType(std::string_view type) const = 0;
  // Full text of the type's base ("QICore.DomainResource", "System.Any").
  [[nodiscard]] virtual std::optional<std::string> BaseType(std::string_view type) const = 0;
  [[nodiscard]] virtual std::optional<PropertyInfo> Property(std::string_view type, std::string_view property) const = 0;
  // For "did you mean".
  [[nodiscard]] virtual std::span<const std::string_view> TypeNames() const = 0;
  [[nodiscard]] virtual std::string PropertyNames(std::string_view type) const = 0;  // separated by spaces
  [[nodiscard]] virtual std::optional<RetrieveInfo> Retrievable(std::string_view type) const = 0;
  // The type of `context Patient`, and the element by which ages are reckoned ("birthDate", "birthDate.value").
  [[nodiscard]] virtual std::string_view PatientType() const = 0;
  [[nodiscard]] virtual std::string_view PatientBirthDate() const = 0;
  [[nodiscard]] virtual std::span<const ModelConversion> Conversions() const = 0;
  // The run-time class, to be kept in RetrieveSpec and for `is`.
  [[nodiscard]] virtual const ObjectClass* Class(std::string_view type) const = 0;
  // A function of the library `library` that the model answers itself, faster than its text and with the same result; operands
  // are full type texts. Null: the text is compiled.
  using NativeFn = Value (*)(EvalContext&, const Value* args, std::size_t count);
  [[nodiscard]] virtual NativeFn Native(std::string_view library, std::string_view function,
                                        std::span<const std::string_view> operand_types) const = 0;
};

enum class CodeComparator : std::uint8_t { kIn, kEqual, kEquivalent };

// One retrieve as compiled; codes are evaluated before the call. The language has no retrieve by date: what bounds a retrieve in
// time is said by Program::DependenciesOf.
struct RetrieveSpec {
  const ObjectClass* type = nullptr;  // what the resulting objects are: DataModel::Class of the retrieved type
  std::string_view template_id;       // RetrieveInfo::template_id
  std::string_view code_path;         // empty: no filter by code
  bool primary_path = true;           // the type's own path, not one written in the retrieve
  CodeComparator comparator = CodeComparator::kIn;
  Value codes;              // ValueSet, CodeSystem, Code, Concept, or a List of Code; null: no filter by code
  bool unfiltered = false;  // of all subjects (context Unfiltered)
};

class DataSource {
 public:
  virtual ~DataSource() = default;
  // A List of objects, in a fixed order; failures are left in the context.
  [[nodiscard]] virtual Value Retrieve(EvalContext& context, const RetrieveSpec& spec) = 0;
};

}  // namespace plumbline::cql
