#include "tests/cql/plain_walk_support.h"

#include <algorithm>
#include <string>

#include "engine/cql/compare.h"
#include "engine/cql/interval.h"
#include "engine/cql/quantity.h"

namespace plumbline::cql {
namespace {

Value TextOrNull(std::string_view text) { return text.data() == nullptr ? Value() : Value::String(text); }

std::string_view TextOf(const Value& value) { return value.IsNull() ? std::string_view() : value.string(); }

template <typename Key, typename T>
std::map<Key, T> With(std::map<Key, T> map, Key key, const T& value) {
  map[key] = value;
  return map;
}

}  // namespace

Value PlainWalk::Evaluate(int definition) {
  try {
    return Walk(*program_.definitions()[static_cast<std::size_t>(definition)].body, {});
  } catch (const Failed&) {
    return {};
  }
}

Value PlainWalk::Walk(const Expr& node, const Environment& env) {
  if (left_ == 0) throw TooLong();
  --left_;
  const Value value = WalkKind(node, env);
  if (ctx_.Failed()) throw Failed();
  return value;
}

Value PlainWalk::WalkKind(const Expr& node, const Environment& env) {
  switch (node.kind) {
    case ExprKind::kConstant:
      return node.constant;
    case ExprKind::kSlot:
      return env.at(node.index);
    case ExprKind::kDefine:
      return Walk(*program_.definitions()[static_cast<std::size_t>(node.index)].body, {});
    case ExprKind::kParameter:
      return Parameter(node.index);
    case ExprKind::kOperator:
      return Apply(node.op, WalkAll(node, env));
    case ExprKind::kFold:
      return Fold(node, env);
    case ExprKind::kAnd:
      return Logic(node, env, false);
    case ExprKind::kOr:
      return Logic(node, env, true);
    case ExprKind::kImplies:
      return Implies(node, env);
    case ExprKind::kIf:
      return Walk(*node.kids[0], env).IsTrue() ? Walk(*node.kids[1], env) : Walk(*node.kids[2], env);
    case ExprKind::kCase:
    case ExprKind::kCaseOf:
      return Case(node, env);
    case ExprKind::kCoalesce:
      return Coalesce(node, env);
    case ExprKind::kList:
      return Keep(WalkAll(node, env));
    case ExprKind::kTuple:
      return Tuple(node, env);
    case ExprKind::kInterval:
      return Interval(node, env);
    case ExprKind::kInstance:
      return Instance(node, env);
    case ExprKind::kElement:
    case ExprKind::kProperty:
      return Element(node, Walk(*node.kids[0], env));
    case ExprKind::kListProperty:
      return Elements(node, env);
    case ExprKind::kIs:
      return Value::Boolean(IsOf(Walk(*node.kids[0], env), *node.test));
    case ExprKind::kAs:
      return As(node, env);
    case ExprKind::kConvertList:
      return ConvertList(node, env);
    case ExprKind::kConvertInterval:
      return ConvertInterval(node, env);
    case ExprKind::kConvertChoice:
      return ConvertChoice(node, env);
    case ExprKind::kRetrieve:
      return Retrieve(node, env);
    case ExprKind::kQuery:
      return Query(node, env);
    case ExprKind::kCall:
      return Call(node, env);
  }
  throw std::logic_error("a node of no known kind");
}

std::vector<Value> PlainWalk::WalkAll(const Expr& node, const Environment& env) {
  std::vector<Value> values;
  for (const Expr* kid : node.kids) values.push_back(Walk(*kid, env));
  return values;
}

Value PlainWalk::Keep(const std::vector<Value>& items) {
  Value* kept = ctx_.arena.AllocateArray<Value>(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) kept[i] = items[i];
  return Value::List(kept, items.size());
}

Value PlainWalk::Apply(OperatorFn fn, const std::vector<Value>& args) {
  const Value result = fn(ctx_, args.data(), args.size());
  if (ctx_.Failed()) throw Failed();
  return result;
}

// `and` is decided by a false, `or` by a true; where nothing decides, a null makes the result unknown. What follows the decision
// is not evaluated.
Value PlainWalk::Logic(const Expr& node, const Environment& env, bool deciding) {
  Tri result = deciding ? Tri::kFalse : Tri::kTrue;
  for (const Expr* kid : node.kids) {
    const Tri next = ToTri(Walk(*kid, env));
    if (next == ToTri(deciding)) return Value::Boolean(deciding);
    result = deciding ? Or(result, next) : And(result, next);
  }
  return FromTri(result);
}

// a implies b is (not a) or b.
Value PlainWalk::Implies(const Expr& node, const Environment& env) {
  const Tri left = ToTri(Walk(*node.kids[0], env));
  if (left == Tri::kFalse) return Value::Boolean(true);
  return FromTri(Or(Not(left), ToTri(Walk(*node.kids[1], env))));
}

Value PlainWalk::Case(const Expr& node, const Environment& env) {
  std::vector<const Expr*> rest(node.kids.begin(), node.kids.end());
  Environment inner = env;
  if (node.kind == ExprKind::kCaseOf) {
    inner[node.index] = Walk(*rest.front(), env);
    rest.erase(rest.begin());
  }
  while (rest.size() > 1) {
    if (Walk(*rest[0], inner).IsTrue()) return Walk(*rest[1], inner);
    rest.erase(rest.begin(), rest.begin() + 2);
  }
  return Walk(*rest[0], inner);
}

Value PlainWalk::Coalesce(const Expr& node, const Environment& env) {
  if ((node.flags & Expr::kFlatten) != 0) {  // of one list: its first element that is not null
    const Value list = Walk(*node.kids[0], env);
    if (list.IsNull()) return {};
    for (const Value& item : list.list()) {
      if (!item.IsNull()) return item;
    }
    return {};
  }
  Value found;
  for (std::size_t i = 0; i < node.kids.size() && found.IsNull(); ++i) found = Walk(*node.kids[i], env);
  return found;
}

Value PlainWalk::Fold(const Expr& node, const Environment& env) {
  Value result = Walk(*node.kids[0], env);
  for (std::size_t i = 1; i < node.kids.size(); ++i) {
    const Value next = Walk(*node.kids[i], env);
    result = Apply(node.ops[i], {result, next});
  }
  return result;
}

Value PlainWalk::Parameter(std::int32_t index) {
  if (const auto set = parameters_.find(index); set != parameters_.end()) return set->second;
  const Expr* fallback = program_.parameters()[static_cast<std::size_t>(index)].fallback;
  return fallback == nullptr ? Value() : Walk(*fallback, {});
}

// A function sees its operands and nothing else.
Value PlainWalk::Call(const Expr& node, const Environment& env) {
  Environment inner;
  for (std::size_t i = 0; i < node.kids.size(); ++i) inner[node.slots[i]] = Walk(*node.kids[i], env);
  return Walk(*program_.FunctionBody(node.index), inner);
}

Value PlainWalk::Tuple(const Expr& node, const Environment& env) {
  const Value elements = Keep(WalkAll(node, env));
  return Value::Tuple(node.shape, elements.list().data());
}

Value PlainWalk::Interval(const Expr& node, const Environment& env) {
  IntervalData data;
  data.low = Walk(*node.kids[0], env);
  data.high = Walk(*node.kids[1], env);
  data.low_closed = (node.flags & Expr::kLowClosed) != 0;
  data.high_closed = (node.flags & Expr::kHighClosed) != 0;
  data.point = node.tag;
  return MakeInterval(ctx_, data);
}

Value PlainWalk::Instance(const Expr& node, const Environment& env) {
  const std::vector<Value> parts = WalkAll(node, env);
  Arena& arena = ctx_.arena;
  switch (node.tag) {
    case Tag::kQuantity:
      if (parts[0].IsNull()) return {};
      return MakeQuantity(ctx_, parts[0].decimal(), NormalUnit(TextOf(parts[1])), std::max(1, parts[0].scale()));
    case Tag::kRatio:
      if (parts[0].IsNull() || parts[1].IsNull()) return {};
      return Value::Ratio(arena.Make(RatioData{parts[0].quantity(), parts[1].quantity()}));
    case Tag::kCode:
      return Value::Code(arena.Make(CodeData{TextOf(parts[0]), TextOf(parts[1]), TextOf(parts[2]), TextOf(parts[3])}));
    case Tag::kConcept: {
      ConceptData data;
      if (!parts[0].IsNull()) {
        data.codes = parts[0].list().data();
        data.size = parts[0].list().size();
      }
      data.display = TextOf(parts[1]);
      return Value::Concept(arena.Make(data));
    }
    case Tag::kValueSet:
      return Value::ValueSet(arena.Make(VocabularyData{TextOf(parts[0]), TextOf(parts[1]), TextOf(parts[2])}));
    case Tag::kCodeSystem:
      return Value::CodeSystem(arena.Make(VocabularyData{TextOf(parts[0]), TextOf(parts[1]), TextOf(parts[2])}));
    default:
      throw std::logic_error("an instance of no System type");
  }
}

// By name alone, whatever the compiler found out about its place. A type without the element has null there.
Value PlainWalk::Element(const Expr& node, const Value& of) {
  const std::string_view name = node.name;
  switch (of.tag()) {
    case Tag::kObject:
      return of.object_class()->Get(ctx_, of.object(), node.index);
    case Tag::kTuple:
      for (std::size_t i = 0; i < of.tuple_shape().size; ++i) {
        if (of.tuple_shape().names[i] == name) return of.tuple_values()[i];
      }
      return {};
    case Tag::kInterval:
      if (name == "low") return of.interval().low;
      if (name == "high") return of.interval().high;
      if (name == "lowClosed") return Value::Boolean(of.interval().low_closed);
      return name == "highClosed" ? Value::Boolean(of.interval().high_closed) : Value();
    case Tag::kQuantity:
      if (name == "value") return Value::OfDecimal(of.quantity().value, of.quantity().scale);
      return name == "unit" ? Value::String(of.quantity().unit) : Value();
    case Tag::kRatio:
      if (name == "numerator") return Value::Quantity(ctx_.arena.Make(of.ratio().numerator));
      return name == "denominator" ? Value::Quantity(ctx_.arena.Make(of.ratio().denominator)) : Value();
    default:
      return Vocabulary(node, of);
  }
}

Value PlainWalk::Vocabulary(const Expr& node, const Value& of) {
  const std::string_view name = node.name;
  switch (of.tag()) {
    case Tag::kCode:
      if (name == "code") return TextOrNull(of.code().code);
      if (name == "system") return TextOrNull(of.code().system);
      if (name == "version") return TextOrNull(of.code().version);
      return name == "display" ? TextOrNull(of.code().display) : Value();
    case Tag::kConcept:
      if (name == "codes") return Value::List(of.concept_data().codes, of.concept_data().size);
      return name == "display" ? TextOrNull(of.concept_data().display) : Value();
    case Tag::kValueSet:
    case Tag::kCodeSystem:
      if (name == "id") return TextOrNull(of.vocabulary().id);
      if (name == "version") return of.vocabulary().version.empty() ? Value() : Value::String(of.vocabulary().version);
      return name == "name" ? TextOrNull(of.vocabulary().name) : Value();
    default:
      return {};
  }
}

// The element of each item; nulls are left out, lists are put together.
Value PlainWalk::Elements(const Expr& node, const Environment& env) {
  const Value list = Walk(*node.kids[0], env);
  if (list.IsNull()) return {};
  std::vector<Value> found;
  for (const Value& item : list.list()) {
    const Value value = Walk(*node.kids[1], With(env, node.index, item));
    if (value.IsNull()) continue;
    if ((node.flags & Expr::kFlatten) != 0) {
      for (const Value& one : value.list()) found.push_back(one);
    } else {
      found.push_back(value);
    }
  }
  return Keep(found);
}

// A null is of no type, but may stand among the elements of what is. An uncertain integer is an Integer.
bool PlainWalk::IsOf(const Value& value, const TypeTest& test) {
  if (value.IsNull()) return false;
  const auto fits = [&](const Value& part, const TypeTest& of) { return part.IsNull() || IsOf(part, of); };
  switch (test.kind) {
    case TypeTest::Kind::kAny:
      return true;
    case TypeTest::Kind::kTag:
      return test.tag == (value.Is(Tag::kUncertain) ? Tag::kInteger : value.tag());
    case TypeTest::Kind::kObject:
      return value.Is(Tag::kObject) && (value.object_class() == test.object_class || value.object_class()->ConformsTo(test.name));
    case TypeTest::Kind::kList: {
      if (!value.Is(Tag::kList)) return false;
      bool all = true;
      for (const Value& item : value.list()) all = all && fits(item, *test.parts[0]);
      return all;
    }
    case TypeTest::Kind::kInterval:
      return value.Is(Tag::kInterval) && fits(value.interval().low, *test.parts[0]) &&
             fits(value.interval().high, *test.parts[0]);
    case TypeTest::Kind::kTuple: {
      if (!value.Is(Tag::kTuple) || value.tuple_shape().size != test.names.size()) return false;
      bool all = true;
      for (std::size_t i = 0; i < test.names.size(); ++i)
        all = all && value.tuple_shape().names[i] == test.names[i] && fits(value.tuple_values()[i], *test.parts[i]);
      return all;
    }
    case TypeTest::Kind::kChoice: {
      bool any = false;
      for (const TypeTest* part : test.parts) any = any || IsOf(value, *part);
      return any;
    }
  }
  return false;
}

Value PlainWalk::As(const Expr& node, const Environment& env) {
  Value value = Walk(*node.kids[0], env);
  if (!value.IsNull() && !IsOf(value, *node.test)) {
    if ((node.flags & Expr::kStrict) == 0) return {};
    return ctx_.Fail(EvalErrorKind::kValue,
                     "a value of type " + std::string(TagName(value.tag())) + " was cast as " + std::string(node.name));
  }
  // An interval of nothing known takes the point type it is cast to.
  if (value.Is(Tag::kInterval) && PointType(value.interval()) == Tag::kNull && node.test->kind == TypeTest::Kind::kInterval) {
    IntervalData typed = value.interval();
    typed.point = node.test->parts[0]->tag;
    value = Value::Interval(ctx_.arena.Make(typed));
  }
  return value;
}

Value PlainWalk::ConvertList(const Expr& node, const Environment& env) {
  const Value list = Walk(*node.kids[0], env);
  if (list.IsNull()) return {};
  std::vector<Value> converted;
  for (const Value& item : list.list())
    converted.push_back(item.IsNull() ? Value() : Walk(*node.kids[1], With(env, node.index, item)));
  return Keep(converted);
}

Value PlainWalk::ConvertInterval(const Expr& node, const Environment& env) {
  const Value value = Walk(*node.kids[0], env);
  if (value.IsNull()) return {};
  IntervalData data = value.interval();
  if (!data.low.IsNull()) data.low = Walk(*node.kids[1], With(env, node.index, data.low));
  if (!data.high.IsNull()) data.high = Walk(*node.kids[1], With(env, node.index, data.high));
  data.point = node.tag;
  return MakeInterval(ctx_, data);
}

Value PlainWalk::ConvertChoice(const Expr& node, const Environment& env) {
  const Value value = Walk(*node.kids[0], env);
  for (std::size_t i = 1; i < node.kids.size(); ++i) {
    if (IsOf(value, *node.tests[i - 1])) return Walk(*node.kids[i], With(env, node.index, value));
  }
  return {};
}

Value PlainWalk::Retrieve(const Expr& node, const Environment& env) {
  if (ctx_.data == nullptr) return ctx_.Fail(EvalErrorKind::kData, "there are no data to retrieve from");
  RetrieveSpec spec = node.retrieve->spec;
  if (!node.kids.empty()) {
    spec.codes = Walk(*node.kids[0], env);
    if (spec.codes.IsNull()) return Keep({});
  }
  return ctx_.data->Retrieve(ctx_, spec);
}

// Every combination of the sources' elements that passes, with its lets, in order.
PlainWalk::Rows PlainWalk::QueryRows(const QueryPlan& plan, std::size_t source, const Environment& env) {
  Rows rows;
  if (source < plan.sources.size()) {
    const PlanSource& from = plan.sources[source];
    const Value value = Walk(*from.expression, env);
    if (value.IsNull()) return rows;
    std::vector<Value> items{value};
    if (from.list) items.assign(value.list().begin(), value.list().end());
    for (const Value& item : items) {
      const Rows inner = QueryRows(plan, source + 1, With(env, from.slot, item));
      rows.insert(rows.end(), inner.begin(), inner.end());
    }
    return rows;
  }
  Environment row = env;
  for (const PlanSource& let : plan.lets) row[let.slot] = Walk(*let.expression, row);
  for (const PlanRelation& relation : plan.relations) {
    if (Holds(relation, row) == relation.without) return rows;
  }
  if (plan.where != nullptr && !Walk(*plan.where, row).IsTrue()) return rows;
  rows.push_back(row);
  return rows;
}

bool PlainWalk::Holds(const PlanRelation& relation, const Environment& env) {
  const Value value = Walk(*relation.source.expression, env);
  if (value.IsNull()) return false;
  std::vector<Value> items{value};
  if (relation.source.list) items.assign(value.list().begin(), value.list().end());
  for (const Value& item : items) {
    if (Walk(*relation.such_that, With(env, relation.source.slot, item)).IsTrue()) return true;
  }
  return false;
}

Value PlainWalk::Query(const Expr& node, const Environment& env) {
  const QueryPlan& plan = *node.query;
  if (plan.aggregate != nullptr) return Aggregate(plan, env);
  std::vector<Value> results;
  for (const Environment& row : QueryRows(plan, 0, env))
    results.push_back(plan.returned == nullptr ? row.at(plan.sources[0].slot) : Walk(*plan.returned, row));
  if (plan.singular) return results.empty() ? Value() : results[0];
  if (plan.distinct) results = Distinct(results);
  if (!plan.sort.empty()) results = Sort(plan, results, env);
  return Keep(results);
}

Value PlainWalk::Aggregate(const QueryPlan& plan, const Environment& env) {
  Value result = Walk(*plan.starting, env);
  std::vector<Value> seen;
  for (const Environment& row : QueryRows(plan, 0, env)) {
    if (plan.distinct) {
      std::vector<Value> parts;
      for (const PlanSource& source : plan.sources) parts.push_back(row.at(source.slot));
      seen.push_back(Keep(parts));
      if (Distinct(seen).size() < seen.size()) {
        seen.pop_back();
        continue;
      }
    }
    result = Walk(*plan.aggregate, With(row, plan.accumulator, result));
  }
  return result;
}

std::vector<Value> PlainWalk::Distinct(const std::vector<Value>& rows) {
  std::vector<Value> kept;
  for (const Value& row : rows) {
    const bool there =
        std::any_of(kept.begin(), kept.end(), [&](const Value& other) { return EqualElements(ctx_, other, row) == Tri::kTrue; });
    if (!there) kept.push_back(row);
  }
  return kept;
}

// Each next row is the first of those that no other of the rest comes before.
std::vector<Value> PlainWalk::Sort(const QueryPlan& plan, std::vector<Value> rows, const Environment& env) {
  std::vector<std::vector<Value>> keys;
  for (const Value& row : rows) {
    std::vector<Value> key;
    for (const PlanSort& by : plan.sort) key.push_back(by.by == nullptr ? row : Walk(*by.by, With(env, plan.sort_slot, row)));
    keys.push_back(key);
  }
  const auto before = [&](const std::vector<Value>& a, const std::vector<Value>& b) {
    for (std::size_t i = 0; i < plan.sort.size(); ++i) {
      const int order = SortOrder(ctx_, a[i], b[i]);
      if (order != 0) return (order < 0) != plan.sort[i].descending;
    }
    return false;
  };
  std::vector<Value> sorted;
  while (!rows.empty()) {
    std::size_t first = 0;
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (before(keys[i], keys[first])) first = i;
    }
    sorted.push_back(rows[first]);
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(first));
    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(first));
  }
  return sorted;
}

}  // namespace plumbline::cql
