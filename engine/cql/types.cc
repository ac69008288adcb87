#include "engine/cql/types.h"

#include <algorithm>
#include <array>

namespace plumbline::cql {
namespace {

struct SystemName {
  Tag tag;
  std::string_view name;
};
constexpr std::array kSystemNames{
    SystemName{Tag::kBoolean, "Boolean"},   SystemName{Tag::kInteger, "Integer"},
    SystemName{Tag::kLong, "Long"},         SystemName{Tag::kDecimal, "Decimal"},
    SystemName{Tag::kString, "String"},     SystemName{Tag::kDate, "Date"},
    SystemName{Tag::kDateTime, "DateTime"}, SystemName{Tag::kTime, "Time"},
    SystemName{Tag::kQuantity, "Quantity"}, SystemName{Tag::kRatio, "Ratio"},
    SystemName{Tag::kCode, "Code"},         SystemName{Tag::kConcept, "Concept"},
    SystemName{Tag::kValueSet, "ValueSet"}, SystemName{Tag::kCodeSystem, "CodeSystem"},
};

std::string Joined(std::string_view head, std::span<const Type* const> arguments) {
  std::string text(head);
  text += '<';
  for (std::size_t i = 0; i < arguments.size(); ++i) text += (i == 0 ? "" : ", ") + arguments[i]->name;
  return text + ">";
}

void SkipSpaces(std::string_view* text) {
  while (text->starts_with(' ')) text->remove_prefix(1);
}

}  // namespace

TypeTable::TypeTable() : system_(static_cast<std::size_t>(Tag::kUncertain) + 1, nullptr) {
  any_ = Intern({.kind = TypeKind::kAny, .name = "System.Any"});
  variable_ = Intern({.kind = TypeKind::kVariable, .name = "T"});
  precision_ = Intern({.kind = TypeKind::kPrecision, .name = "precision"});
  for (const SystemName& entry : kSystemNames) {
    system_[static_cast<std::size_t>(entry.tag)] =
        Intern({.kind = TypeKind::kSystem, .tag = entry.tag, .name = "System." + std::string(entry.name)});
  }
}

const Type* TypeTable::Intern(Type type) {
  if (const auto found = by_name_.find(type.name); found != by_name_.end()) return found->second;
  for (const Type* argument : type.arguments) type.depth = std::max(type.depth, argument->depth + 1);
  bytes_ += type.name.size();
  types_.push_back(std::move(type));
  by_name_.emplace(types_.back().name, &types_.back());
  return &types_.back();
}

bool TypeTable::Fits(std::span<const Type* const> arguments, std::size_t own_bytes) {
  std::size_t bytes = own_bytes;
  for (const Type* argument : arguments) {
    bytes += argument->name.size();
    if (argument->depth >= kMaxDepth || bytes > kLongestName) overflowed_ = true;
    if (overflowed_) return false;
  }
  return true;
}

const Type* TypeTable::List(const Type* element) {
  if (!Fits({&element, 1}, 0)) return any_;
  return Intern({.kind = TypeKind::kList, .name = Joined("List", {&element, 1}), .arguments = {element}});
}

const Type* TypeTable::Interval(const Type* point) {
  if (!Fits({&point, 1}, 0)) return any_;
  return Intern({.kind = TypeKind::kInterval, .name = Joined("Interval", {&point, 1}), .arguments = {point}});
}

const Type* TypeTable::Choice(std::span<const Type* const> types) {
  std::vector<const Type*> flat;
  for (const Type* type : types) {
    if (type->IsChoice()) {
      flat.insert(flat.end(), type->arguments.begin(), type->arguments.end());
    } else {
      flat.push_back(type);
    }
  }
  std::ranges::sort(flat, {}, [](const Type* type) -> const std::string& { return type->name; });
  const auto repeated = std::ranges::unique(flat);
  flat.erase(repeated.begin(), repeated.end());
  if (flat.size() > 1) std::erase_if(flat, [](const Type* type) { return type->IsAny(); });
  if (flat.empty()) return any_;
  if (flat.size() == 1) return flat[0];
  if (!Fits(flat, 2 * flat.size())) return any_;
  return Intern({.kind = TypeKind::kChoice, .name = Joined("Choice", flat), .arguments = flat});
}

const Type* TypeTable::Tuple(std::span<const std::string> names, std::span<const Type* const> types) {
  std::size_t bytes = 0;
  for (const std::string& name : names) bytes += name.size() + 3;
  if (!Fits(types, bytes)) return any_;
  std::string text = "Tuple{";
  for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : ", ") + names[i] + " " + types[i]->name;
  return Intern({.kind = TypeKind::kTuple,
                 .name = text + "}",
                 .arguments = {types.begin(), types.end()},
                 .names = {names.begin(), names.end()}});
}

const Type* TypeTable::Object(const DataModel& model, std::string_view local_name) {
  return Intern({.kind = TypeKind::kObject,
                 .name = std::string(model.name()) + "." + std::string(local_name),
                 .model = &model,
                 .local_name = std::string(local_name),
                 .object_class = model.Class(local_name)});
}

const Type* TypeTable::SystemByName(std::string_view name) const {
  if (name.starts_with("System.")) name.remove_prefix(7);
  if (name == "Any") return any_;
  if (name == "Vocabulary") return System(Tag::kValueSet);
  for (const SystemName& entry : kSystemNames) {
    if (entry.name == name) return System(entry.tag);
  }
  return nullptr;
}

const Type* TypeTable::Parse(std::string_view text, std::span<const DataModel* const> models) {
  const Type* type = ParseAt(&text, models);
  SkipSpaces(&text);
  return text.empty() ? type : nullptr;
}

const Type* TypeTable::ParseAt(std::string_view* text, std::span<const DataModel* const> models) {
  SkipSpaces(text);
  const std::size_t end = text->find_first_of("<>,");
  const std::string_view name = text->substr(0, end);
  text->remove_prefix(name.size());
  if (!text->starts_with('<')) {
    if (name == "T") return variable_;
    if (name == "precision") return precision_;
    if (const Type* system = SystemByName(name)) return system;
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return nullptr;
    for (const DataModel* model : models) {
      if (model->name() == name.substr(0, dot)) return Object(*model, name.substr(dot + 1));
    }
    return nullptr;
  }
  std::vector<const Type*> arguments;
  do {
    text->remove_prefix(1);
    const Type* argument = ParseAt(text, models);
    if (argument == nullptr) return nullptr;
    arguments.push_back(argument);
  } while (text->starts_with(','));
  if (!text->starts_with('>')) return nullptr;
  text->remove_prefix(1);
  if (name == "List") return List(arguments[0]);
  if (name == "Interval") return Interval(arguments[0]);
  return name == "Choice" ? Choice(arguments) : nullptr;
}

bool TypeTable::IsSubtype(const Type* type, const Type* of) {
  if (type == of || of->IsAny()) return true;
  if (type->IsAny()) return false;
  if (type->IsChoice()) return std::ranges::all_of(type->arguments, [&](const Type* one) { return IsSubtype(one, of); });
  if (of->IsChoice()) return std::ranges::any_of(of->arguments, [&](const Type* one) { return IsSubtype(type, one); });
  if (type->kind != of->kind) return false;
  switch (type->kind) {
    case TypeKind::kList:
    case TypeKind::kInterval:
      return IsSubtype(type->element(), of->element());
    case TypeKind::kTuple:
      if (type->names != of->names) return false;
      for (std::size_t i = 0; i < type->arguments.size(); ++i) {
        if (!IsSubtype(type->arguments[i], of->arguments[i])) return false;
      }
      return true;
    case TypeKind::kObject: {
      const Type* at = type;
      constexpr int kLongestChain = 32;
      for (int i = 0; i < kLongestChain; ++i) {
        const std::optional<std::string> base = at->model->BaseType(at->local_name);
        if (!base || *base == "System.Any") return false;
        const DataModel* models[] = {at->model, of->model};
        at = Parse(*base, models);
        if (at == of) return true;
        if (at == nullptr || !at->IsObject()) return false;
      }
      return false;
    }
    default:
      return false;
  }
}

std::string ShortName(const Type& type) {
  std::string text;
  std::string_view rest = type.name;
  while (!rest.empty()) {
    if (rest.starts_with("System.")) rest.remove_prefix(7);
    const std::size_t end = rest.find_first_of("<, ");
    const std::size_t taken = end == std::string_view::npos ? rest.size() : end + 1;
    text += rest.substr(0, taken);
    rest.remove_prefix(taken);
  }
  return text;
}

}  // namespace plumbline::cql
