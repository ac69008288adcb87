#include "engine/cql/eval_nodes.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "engine/cql/compare.h"
#include "engine/cql/interval.h"
#include "engine/cql/list.h"
#include "engine/cql/quantity.h"

namespace plumbline::cql {
namespace {

Value TextOrNull(std::string_view text) { return text.data() == nullptr ? Value() : Value::String(text); }

std::string_view PartOf(const Value& value) { return value.Is(Tag::kString) ? value.string() : std::string_view(); }

Value VocabularyField(const VocabularyData& data, Field field) {
  if (field == Field::kId) return TextOrNull(data.id);
  if (field == Field::kVersion) return data.version.empty() ? Value() : Value::String(data.version);
  return field == Field::kName ? TextOrNull(data.name) : Value();
}

Value CodeField(const CodeData& code, Field field) {
  switch (field) {
    case Field::kCode:
      return TextOrNull(code.code);
    case Field::kSystem:
      return TextOrNull(code.system);
    case Field::kVersion:
      return TextOrNull(code.version);
    case Field::kDisplay:
      return TextOrNull(code.display);
    default:
      return {};
  }
}

Value IntervalField(const IntervalData& interval, Field field) {
  switch (field) {
    case Field::kLow:
      return interval.low;
    case Field::kHigh:
      return interval.high;
    case Field::kLowClosed:
      return Value::Boolean(interval.low_closed);
    case Field::kHighClosed:
      return Value::Boolean(interval.high_closed);
    default:
      return {};
  }
}

struct NamedField {
  std::string_view name;
  Field field;
};
constexpr std::array kFieldNames{
    NamedField{"low", Field::kLow},
    NamedField{"high", Field::kHigh},
    NamedField{"lowClosed", Field::kLowClosed},
    NamedField{"highClosed", Field::kHighClosed},
    NamedField{"value", Field::kValue},
    NamedField{"unit", Field::kUnit},
    NamedField{"numerator", Field::kNumerator},
    NamedField{"denominator", Field::kDenominator},
    NamedField{"code", Field::kCode},
    NamedField{"system", Field::kSystem},
    NamedField{"version", Field::kVersion},
    NamedField{"display", Field::kDisplay},
    NamedField{"codes", Field::kCodes},
    NamedField{"id", Field::kId},
    NamedField{"name", Field::kName},
};

// Of a choice, where what the compiler found may be another type's element of that name.
Field FieldNamed(std::string_view name) {
  for (const NamedField& entry : kFieldNames) {
    if (entry.name == name) return entry.field;
  }
  return Field::kNone;
}

}  // namespace

bool TypeTest::Matches(const EvalContext& ctx, const Value& value) const {
  if (!ctx.Step()) return false;
  switch (kind) {
    case Kind::kAny:
      return true;
    case Kind::kTag:
      return value.Is(tag) || (tag == Tag::kInteger && value.Is(Tag::kUncertain));
    case Kind::kObject:
      return value.Is(Tag::kObject) && (value.object_class() == object_class || value.object_class()->ConformsTo(name));
    case Kind::kList:
      if (!value.Is(Tag::kList)) return false;
      return std::ranges::all_of(value.list(), [&](const Value& item) { return item.IsNull() || parts[0]->Matches(ctx, item); });
    case Kind::kInterval: {
      if (!value.Is(Tag::kInterval)) return false;
      const IntervalData& data = value.interval();
      return (data.low.IsNull() || parts[0]->Matches(ctx, data.low)) && (data.high.IsNull() || parts[0]->Matches(ctx, data.high));
    }
    case Kind::kChoice:
      return std::ranges::any_of(parts, [&](const TypeTest* part) { return part->Matches(ctx, value); });
    case Kind::kTuple: {
      if (!value.Is(Tag::kTuple) || value.tuple_shape().size != names.size()) return false;
      for (std::size_t i = 0; i < names.size(); ++i) {
        const Value& item = value.tuple_values()[i];
        if (value.tuple_shape().names[i] != names[i] || !(item.IsNull() || parts[i]->Matches(ctx, item))) return false;
      }
      return true;
    }
  }
  return false;
}

Value FieldOf(EvalContext& ctx, const Value& value, const Expr& node) {
  Field field = node.field;
  const bool choice = node.kids[0]->type->IsChoice();
  if (choice && !value.Is(Tag::kTuple)) field = FieldNamed(node.name);
  switch (value.tag()) {
    case Tag::kInterval:
      return IntervalField(value.interval(), field);
    case Tag::kQuantity:
      if (field == Field::kValue) return Value::OfDecimal(value.quantity().value, value.quantity().scale);
      return field == Field::kUnit ? Value::String(value.quantity().unit) : Value();
    case Tag::kRatio:
      if (field == Field::kNumerator) return Value::Quantity(ctx.arena.Make(value.ratio().numerator));
      return field == Field::kDenominator ? Value::Quantity(ctx.arena.Make(value.ratio().denominator)) : Value();
    case Tag::kCode:
      return CodeField(value.code(), field);
    case Tag::kConcept:
      if (field == Field::kCodes) return Value::List(value.concept_data().codes, value.concept_data().size);
      return field == Field::kDisplay ? TextOrNull(value.concept_data().display) : Value();
    case Tag::kValueSet:
    case Tag::kCodeSystem:
      return VocabularyField(value.vocabulary(), field);
    case Tag::kTuple:
      return ElementOf(value, node);
    default:
      return {};
  }
}

Value ElementOf(const Value& value, const Expr& node) {
  if (!value.Is(Tag::kTuple)) return {};
  const TupleShape& shape = value.tuple_shape();
  const auto place = static_cast<std::size_t>(node.index);
  if (node.index >= 0 && place < shape.size && shape.names[place] == node.name) return value.tuple_values()[place];
  for (std::size_t i = 0; i < shape.size; ++i) {
    if (shape.names[i] == node.name) return value.tuple_values()[i];
  }
  return {};
}

Value InstanceOf(EvalContext& ctx, Tag tag, const Value* parts) {
  Arena& arena = ctx.arena;
  switch (tag) {
    case Tag::kQuantity:
      if (!parts[0].Is(Tag::kDecimal)) return {};
      return MakeQuantity(ctx, parts[0].decimal(), NormalUnit(PartOf(parts[1])), std::max(1, parts[0].scale()));
    case Tag::kRatio:
      if (parts[0].IsNull() || parts[1].IsNull()) return {};
      return Value::Ratio(arena.Make(RatioData{.numerator = parts[0].quantity(), .denominator = parts[1].quantity()}));
    case Tag::kCode:
      return Value::Code(arena.Make(CodeData{
          .code = PartOf(parts[0]), .system = PartOf(parts[1]), .version = PartOf(parts[2]), .display = PartOf(parts[3])}));
    case Tag::kConcept: {
      ConceptData data{.codes = nullptr, .size = 0, .display = PartOf(parts[1])};
      if (parts[0].Is(Tag::kList)) {
        data.codes = parts[0].list().data();
        data.size = parts[0].list().size();
      }
      return Value::Concept(arena.Make(data));
    }
    case Tag::kValueSet:
    case Tag::kCodeSystem: {
      const auto* data =
          arena.Make(VocabularyData{.id = PartOf(parts[0]), .version = PartOf(parts[1]), .name = PartOf(parts[2])});
      return tag == Tag::kValueSet ? Value::ValueSet(data) : Value::CodeSystem(data);
    }
    default:
      return {};
  }
}

Value IntervalOf(EvalContext& ctx, const Expr& node, const Value& low, const Value& high) {
  return MakeInterval(ctx, {.low = low,
                            .high = high,
                            .low_closed = (node.flags & Expr::kLowClosed) != 0,
                            .high_closed = (node.flags & Expr::kHighClosed) != 0,
                            .point = node.tag});
}

Value ConvertedInterval(EvalContext& ctx, const Expr& node, const IntervalData& from, const Value& low, const Value& high) {
  return MakeInterval(
      ctx, {.low = low, .high = high, .low_closed = from.low_closed, .high_closed = from.high_closed, .point = node.tag});
}

Value Typed(EvalContext& ctx, const TypeTest& test, const Value& interval) {
  if (PointType(interval.interval()) != Tag::kNull || test.kind != TypeTest::Kind::kInterval) return interval;
  IntervalData typed = interval.interval();
  typed.point = test.parts[0]->tag;
  return Value::Interval(ctx.arena.Make(typed));
}

Value CastFailed(EvalContext& ctx, const Expr& node, const Value& value) {
  return ctx.Fail(EvalErrorKind::kValue,
                  "a value of type " + std::string(TagName(value.tag())) + " was cast as " + std::string(node.name));
}

Value RetrieveWith(const Expr& node, Evaluation& ev, const Value& codes) {
  EvalContext& ctx = ev.context();
  if (ctx.data == nullptr) return ctx.Fail(EvalErrorKind::kData, "there are no data to retrieve from");
  if (!node.kids.empty() && codes.IsNull()) return Value::List(nullptr, 0);
  RetrieveSpec spec = node.retrieve->spec;
  spec.codes = codes;
  return ctx.data->Retrieve(ctx, spec);
}

std::span<Value> DistinctRows(EvalContext& ctx, std::span<Value> rows) {
  const Value distinct = DistinctList(ctx, rows);
  std::copy(distinct.list().begin(), distinct.list().end(), rows.begin());
  return rows.first(distinct.list().size());
}

bool RememberRow(Evaluation& ev, const QueryPlan& plan, std::size_t base) {
  // Rows are lists of the sources' values, kept on the scratch stack.
  Value* parts = ev.context().arena.AllocateArray<Value>(plan.sources.size());
  for (std::size_t i = 0; i < plan.sources.size(); ++i) parts[i] = ev.slot(plan.sources[i].slot);
  const Value row = Value::List(parts, plan.sources.size());
  std::vector<Value>& scratch = ev.scratch();
  for (std::size_t i = base; i < scratch.size(); ++i) {
    if (EqualElements(ev.context(), scratch[i], row) == Tri::kTrue) return false;
  }
  scratch.push_back(row);
  return true;
}

Value Sorted(Evaluation& ev, const QueryPlan& plan, std::span<Value> rows) {
  EvalContext& ctx = ev.context();
  const std::size_t columns = plan.sort.size();
  Value* keys = ctx.arena.AllocateArray<Value>(rows.size() * columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ev.slot(plan.sort_slot) = rows[i];
    for (std::size_t j = 0; j < columns; ++j)
      keys[i * columns + j] = plan.sort[j].by == nullptr ? rows[i] : RunKid(*plan.sort[j].by, ev);
  }
  auto* order = ctx.arena.AllocateArray<std::uint32_t>(rows.size());
  std::iota(order, order + rows.size(), 0U);
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    for (std::size_t j = 0; j < columns; ++j) {
      const int way = SortOrder(ctx, keys[a * columns + j], keys[b * columns + j]);
      if (way != 0) return plan.sort[j].descending ? way > 0 : way < 0;
    }
    return false;
  };
  // Few rows are the rule, and insertion needs no buffer; it is as stable as the merge for many.
  constexpr std::size_t kInsertionUpTo = 16;
  if (rows.size() <= kInsertionUpTo) {
    for (std::size_t i = 1; i < rows.size(); ++i) {
      for (std::size_t j = i; j > 0 && before(order[j], order[j - 1]); --j) std::swap(order[j], order[j - 1]);
    }
  } else {
    std::stable_sort(order, order + rows.size(), before);
  }
  Value* sorted = ctx.arena.AllocateArray<Value>(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) sorted[i] = rows[order[i]];
  return Value::List(sorted, rows.size());
}

const Expr* EnterCall(const Expr& node, Evaluation& ev, const Value* arguments) {
  EvalContext& ctx = ev.context();
  ++ctx.depth;
  if (ctx.depth > ctx.limits.depth) {
    (void)ctx.Fail(EvalErrorKind::kLimit, "calls are nested deeper than the limit");
    return nullptr;
  }
  if (!ev.Step()) return nullptr;
  for (std::size_t i = 0; i < node.kids.size(); ++i) ev.slot(node.slots[i]) = arguments[i];
  return ev.program().FunctionBody(node.index);
}

}  // namespace plumbline::cql
