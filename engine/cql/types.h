// The types of the language, interned in a TypeTable: two types are the same when their pointers are. A table belongs to one
// compilation and then to the program it made.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cql/data_model.h"
#include "engine/cql/value.h"

namespace plumbline::cql {

enum class TypeKind : std::uint8_t {
  kAny,
  kSystem,    // tag
  kObject,    // of a data model
  kList,      // arguments[0]
  kInterval,  // arguments[0]
  kChoice,    // arguments
  kTuple,     // arguments, names
  kVariable,  // T of an operator's signature
  kPrecision  // a precision operand of an operator's signature
};

struct Type {
  TypeKind kind = TypeKind::kAny;
  Tag tag = Tag::kNull;  // kSystem
  std::string name{};    // full text: "System.Integer", "QICore.Encounter", "List<System.Any>"
  const DataModel* model = nullptr;
  std::string local_name{};  // of an object's type, without the model's name
  const ObjectClass* object_class = nullptr;
  std::vector<const Type*> arguments{};
  std::vector<std::string> names{};
  int depth = 1;

  [[nodiscard]] bool IsList() const { return kind == TypeKind::kList; }
  [[nodiscard]] bool IsInterval() const { return kind == TypeKind::kInterval; }
  [[nodiscard]] bool IsAny() const { return kind == TypeKind::kAny; }
  [[nodiscard]] bool IsChoice() const { return kind == TypeKind::kChoice; }
  [[nodiscard]] bool IsTuple() const { return kind == TypeKind::kTuple; }
  [[nodiscard]] bool IsObject() const { return kind == TypeKind::kObject; }
  [[nodiscard]] bool Is(Tag wanted) const { return kind == TypeKind::kSystem && tag == wanted; }
  [[nodiscard]] const Type* element() const { return arguments[0]; }
};

class TypeTable {
 public:
  TypeTable();
  TypeTable(const TypeTable&) = delete;
  TypeTable& operator=(const TypeTable&) = delete;

  [[nodiscard]] const Type* any() const { return any_; }
  [[nodiscard]] const Type* System(Tag tag) const { return system_[static_cast<std::size_t>(tag)]; }
  [[nodiscard]] const Type* List(const Type* element);
  [[nodiscard]] const Type* Interval(const Type* point);
  // Choices in choices are flattened, repetitions dropped; of one type: that type.
  [[nodiscard]] const Type* Choice(std::span<const Type* const> types);
  [[nodiscard]] const Type* Tuple(std::span<const std::string> names, std::span<const Type* const> types);
  [[nodiscard]] const Type* Object(const DataModel& model, std::string_view local_name);
  // A model's text such as "Interval<System.DateTime>"; null where it cannot be read. `models` are searched for named types.
  [[nodiscard]] const Type* Parse(std::string_view text, std::span<const DataModel* const> models);
  // "Integer", "System.Integer"; null when it is no System type.
  [[nodiscard]] const Type* SystemByName(std::string_view name) const;
  [[nodiscard]] const Type* variable() const { return variable_; }
  [[nodiscard]] const Type* precision() const { return precision_; }

  // Whether every value of `type` is one of `of`.
  [[nodiscard]] bool IsSubtype(const Type* type, const Type* of);
  // A type was asked for that is nested too deep or whose name is too long; Any was given in its stead.
  [[nodiscard]] bool overflowed() const { return overflowed_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  // of names

 private:
  static constexpr int kMaxDepth = 250;
  static constexpr std::size_t kLongestName = std::size_t{256} << 10;

  const Type* Intern(Type type);
  [[nodiscard]] bool Fits(std::span<const Type* const> arguments, std::size_t own_bytes);
  const Type* ParseAt(std::string_view* text, std::span<const DataModel* const> models);

  std::deque<Type> types_;
  std::map<std::string, const Type*, std::less<>> by_name_;
  const Type* any_ = nullptr;
  const Type* variable_ = nullptr;
  const Type* precision_ = nullptr;
  std::vector<const Type*> system_;
  std::size_t bytes_ = 0;
  bool overflowed_ = false;
};

// As people write it: "Integer", "List<Encounter>".
[[nodiscard]] std::string ShortName(const Type& type);

}  // namespace plumbline::cql
