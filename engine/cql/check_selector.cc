// Literals and selectors.
#include <array>
#include <set>

#include "engine/cql/compiler_internal.h"
#include "engine/cql/quantity.h"

namespace plumbline::cql {
namespace {

struct InstanceElement {
  Tag of;
  std::string_view name;
  Tag type;
};
// In the order in which a kInstance node has its operands.
constexpr std::array kElements{
    InstanceElement{Tag::kQuantity, "value", Tag::kDecimal},    InstanceElement{Tag::kQuantity, "unit", Tag::kString},
    InstanceElement{Tag::kRatio, "numerator", Tag::kQuantity},  InstanceElement{Tag::kRatio, "denominator", Tag::kQuantity},
    InstanceElement{Tag::kCode, "code", Tag::kString},          InstanceElement{Tag::kCode, "system", Tag::kString},
    InstanceElement{Tag::kCode, "version", Tag::kString},       InstanceElement{Tag::kCode, "display", Tag::kString},
    InstanceElement{Tag::kConcept, "codes", Tag::kList},        InstanceElement{Tag::kConcept, "display", Tag::kString},
    InstanceElement{Tag::kValueSet, "id", Tag::kString},        InstanceElement{Tag::kValueSet, "version", Tag::kString},
    InstanceElement{Tag::kValueSet, "name", Tag::kString},      InstanceElement{Tag::kCodeSystem, "id", Tag::kString},
    InstanceElement{Tag::kCodeSystem, "version", Tag::kString}, InstanceElement{Tag::kCodeSystem, "name", Tag::kString},
};

std::optional<std::int64_t> ParseInteger(std::string_view digits, bool negative) {
  UInt128 value = 0;
  constexpr std::size_t kLongest = 20;
  while (digits.size() > 1 && digits.starts_with('0')) digits.remove_prefix(1);
  if (digits.size() > kLongest) return std::nullopt;
  for (const char c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
  const UInt128 limit = static_cast<UInt128>(INT64_MAX) + (negative ? 1 : 0);
  if (value > limit) return std::nullopt;
  return negative ? static_cast<std::int64_t>(-static_cast<Int128>(value)) : static_cast<std::int64_t>(value);
}

int ScaleOf(std::string_view number) {
  const std::size_t point = number.find('.');
  return point == std::string_view::npos ? 0
                                         : static_cast<int>(std::min<std::size_t>(number.size() - point - 1, Decimal::kScale));
}

}  // namespace

Expr* Compiler::Number(const AstNode& ast, bool negative) {
  if (ast.kind == AstKind::kDecimal) {
    const auto value = Decimal::Parse(ast.text);
    if (!value || !value->InRange() || ScaleOf(ast.text) < static_cast<int>(ast.text.size() - ast.text.find('.') - 1))
      return Error(ast, "a Decimal has at most 28 digits, 8 of them after the point");
    return Constant(Value::OfDecimal(negative ? Negate(*value) : *value, ScaleOf(ast.text)), types_.System(Tag::kDecimal),
                    ast.span);
  }
  const bool is_long = ast.kind == AstKind::kLong;
  const auto value = ParseInteger(is_long ? ast.text.substr(0, ast.text.size() - 1) : ast.text, negative);
  if (!value || (!is_long && (*value > INT32_MAX || *value < INT32_MIN)))
    return Error(ast, is_long ? "this number is outside the range of a Long"
                              : "this number is outside the range of an Integer; write it with L or a decimal point");
  return is_long ? Constant(Value::Long(*value), types_.System(Tag::kLong), ast.span)
                 : Constant(Value::Integer(static_cast<std::int32_t>(*value)), types_.System(Tag::kInteger), ast.span);
}

Expr* Compiler::Literal(const AstNode& ast) {
  switch (ast.kind) {
    case AstKind::kNull:
      return Null(ast.span);
    case AstKind::kBoolean:
      return Constant(Value::Boolean(ast.text == "true"), types_.System(Tag::kBoolean), ast.span);
    case AstKind::kString:
      return Constant(Value::String(KeepText(ast.text)), types_.System(Tag::kString), ast.span);
    case AstKind::kInteger:
    case AstKind::kLong:
    case AstKind::kDecimal:
      return Number(ast, false);
    default:
      return TemporalLiteral(ast);
  }
}

Expr* Compiler::TemporalLiteral(const AstNode& ast) {
  std::string text(ast.text);
  // More than milliseconds may be written; they are cut off.
  if (const std::size_t point = text.find('.'); point != std::string::npos) {
    std::size_t end = point + 1;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    if (end - point - 1 > 3) text.erase(point + 4, end - point - 4);
  }
  const bool date = ast.kind == AstKind::kDate;
  const bool time = ast.kind == AstKind::kTime;
  const auto value = date ? ParseDate(text) : time ? ParseTime(text) : ParseDateTime(text);
  const Tag tag = date ? Tag::kDate : time ? Tag::kTime : Tag::kDateTime;
  if (!value) return Error(ast, "'@" + text + "' is not a " + std::string(TagName(tag)));
  return Constant(Value::OfTemporal(*value), types_.System(tag), ast.span);
}

Expr* Compiler::Quantity(const AstNode& ast) {
  const auto value = Decimal::Parse(ast.text);
  if (!value || !value->InRange()) return Error(ast, "a Decimal has at most 28 digits, 8 of them after the point");
  const Value quantity = MakeQuantity(program_.arena_, *value, KeepText(NormalUnit(KeepText(ast.text2))), ScaleOf(ast.text));
  return Constant(quantity, types_.System(Tag::kQuantity), ast.span);
}

Expr* Compiler::Ratio(const AstNode& ast) {
  const Expr* numerator = Quantity(*ast.kids[0]);
  const Expr* denominator = Quantity(*ast.kids[1]);
  if (numerator == nullptr || denominator == nullptr) return nullptr;
  const RatioData data{.numerator = numerator->constant.quantity(), .denominator = denominator->constant.quantity()};
  return Constant(Value::Ratio(program_.arena_.Make(data)), types_.System(Tag::kRatio), ast.span);
}

Expr* Compiler::Interval(const AstNode& ast) {
  Expr* low = Check(*ast.kids[0]);
  Expr* high = Check(*ast.kids[1]);
  if (low == nullptr || high == nullptr) return nullptr;
  const Type* point = CommonOperand(low->type, high->type);
  if (point == nullptr)
    return Error(ast, "the bounds of an interval must be of one type, these are " + ShortName(*low->type) + " and " +
                          ShortName(*high->type));
  if (point->IsObject()) {
    for (const Tag tag : {Tag::kDateTime, Tag::kDate, Tag::kQuantity, Tag::kDecimal, Tag::kInteger, Tag::kTime}) {
      if (!Cost(point, types_.System(tag))) continue;
      point = types_.System(tag);
      break;
    }
  }
  const bool ordered = point->IsAny() || point->IsChoice() || point->Is(Tag::kInteger) || point->Is(Tag::kLong) ||
                       point->Is(Tag::kDecimal) || point->Is(Tag::kDate) || point->Is(Tag::kDateTime) || point->Is(Tag::kTime) ||
                       point->Is(Tag::kQuantity) || point->Is(Tag::kString);
  if (!ordered) return Error(ast, "an interval of " + ShortName(*point) + " has no order");
  Expr* node = New(ExprKind::kInterval, types_.Interval(point), ast.span, {Convert(low, point), Convert(high, point)});
  if (node->kids[0] == nullptr || node->kids[1] == nullptr) return nullptr;
  node->flags = static_cast<std::uint8_t>((ast.Has(AstNode::kLowClosed) ? Expr::kLowClosed : 0) |
                                          (ast.Has(AstNode::kHighClosed) ? Expr::kHighClosed : 0));
  node->tag = point->tag;
  return Finish(node);
}

Expr* Compiler::List(const AstNode& ast) {
  const Type* element = ast.type == nullptr ? types_.any() : ResolveType(*ast.type);
  if (element == nullptr) return nullptr;
  std::vector<Expr*> items;
  bool fine = true;
  for (const AstNode* kid : ast.kids) {
    Expr* item = ast.type == nullptr ? Check(*kid) : CheckAs(*kid, element, "an element of this list");
    fine = fine && item != nullptr;
    if (item != nullptr && ast.type == nullptr) element = CommonBranch(element, item->type);
    items.push_back(item);
  }
  if (!fine) return nullptr;
  std::vector<const Expr*> kids;
  for (Expr* item : items) {
    Expr* converted = Convert(item, element);
    if (converted == nullptr) return nullptr;
    kids.push_back(converted);
  }
  return Finish(NewWith(ExprKind::kList, types_.List(element), ast.span, kids));
}

Expr* Compiler::Tuple(const AstNode& ast) {
  std::vector<const Expr*> kids;
  std::vector<std::string> names;
  std::vector<const Type*> types;
  std::vector<std::string_view> kept;
  std::set<std::string_view> different;
  bool fine = true;
  for (std::size_t i = 0; i < ast.kids.size(); ++i) {
    const Expr* value = Check(*ast.kids[i]);
    fine = fine && value != nullptr;
    kids.push_back(value);
    names.emplace_back(ast.names[i]);
    kept.push_back(KeepText(ast.names[i]));
    types.push_back(value == nullptr ? types_.any() : value->type);
    if (!different.insert(ast.names[i]).second)
      fine = Error(*ast.kids[i], "two elements are named '" + names[i] + "'") != nullptr;
  }
  if (!fine) return nullptr;
  Expr* node = NewWith(ExprKind::kTuple, types_.Tuple(names, types), ast.span, kids);
  node->shape = program_.arena_.Make(TupleShape{.names = Keep(kept).data(), .size = kept.size()});
  return Finish(node);
}

Expr* Compiler::Instance(const AstNode& ast) {
  const Type* type = ResolveType(*ast.type);
  if (type == nullptr) return nullptr;
  std::vector<const Expr*> kids;
  std::vector<bool> used(ast.names.size(), false);
  bool fine = true;
  for (const InstanceElement& element : kElements) {
    if (!type->Is(element.of)) continue;
    const Type* wanted = element.type == Tag::kList ? types_.List(types_.System(Tag::kCode)) : types_.System(element.type);
    const Expr* value = Constant({}, wanted, ast.span);
    for (std::size_t i = 0; i < ast.names.size(); ++i) {
      if (ast.names[i] != element.name) continue;
      used[i] = true;
      Expr* given = Check(*ast.kids[i]);
      // One code may stand for the list of it.
      if (given != nullptr && wanted->IsList() && given->type->Is(Tag::kCode)) given = Operator("ToList", {given}, given->span);
      if (given != nullptr && !Cost(given->type, wanted)) {
        given = Error(*ast.kids[i], "element '" + std::string(element.name) + "' must be " + ShortName(*wanted) + ", this is " +
                                        ShortName(*given->type));
      }
      value = given == nullptr ? nullptr : Convert(given, wanted);
      fine = fine && value != nullptr;
    }
    kids.push_back(value);
  }
  if (kids.empty()) return Error(ast.type->span, "values of type " + ShortName(*type) + " are not made by an expression");
  for (std::size_t i = 0; i < ast.names.size(); ++i) {
    if (used[i]) continue;
    NearestName near_name(ast.names[i]);
    for (const InstanceElement& element : kElements) {
      if (type->Is(element.of)) near_name.Offer(element.name);
    }
    fine = Error(*ast.kids[i], "a " + ShortName(*type) + " has no element '" + std::string(ast.names[i]) + "'",
                 near_name.Hint()) != nullptr;
  }
  if (!fine) return nullptr;
  Expr* node = NewWith(ExprKind::kInstance, type, ast.span, kids);
  node->tag = type->tag;
  return Finish(node);
}

const CodeData* Compiler::CodeOf(std::string_view code, std::string_view display, const AstNode& system) {
  const Expr* named = Check(system);
  if (named == nullptr) return nullptr;
  if (!named->type->Is(Tag::kCodeSystem)) {
    Error(system, "this is not a code system");
    return nullptr;
  }
  const VocabularyData& vocabulary = named->constant.vocabulary();
  CodeData data{.code = KeepText(code), .system = vocabulary.id, .version = {}, .display = {}};
  if (!vocabulary.version.empty()) data.version = vocabulary.version;
  if (!display.empty()) data.display = KeepText(display);
  return program_.arena_.Make(data);
}

Expr* Compiler::Code(const AstNode& ast) {
  const CodeData* code = CodeOf(ast.text, ast.text2, *ast.kids[0]);
  return code == nullptr ? nullptr : Constant(Value::Code(code), types_.System(Tag::kCode), ast.span);
}

Expr* Compiler::Concept(const AstNode& ast) {
  std::vector<Value> codes;
  for (const AstNode* kid : ast.kids) {
    const CodeData* code = CodeOf(kid->text, kid->text2, *kid->kids[0]);
    if (code == nullptr) return nullptr;
    codes.push_back(Value::Code(code));
  }
  ConceptData data{.codes = Keep(codes).data(), .size = codes.size(), .display = {}};
  if (!ast.text2.empty()) data.display = KeepText(ast.text2);
  return Constant(Value::Concept(program_.arena_.Make(data)), types_.System(Tag::kConcept), ast.span);
}

}  // namespace plumbline::cql
