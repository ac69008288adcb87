// Lists. A null list has no elements for exists, Length and contains; for set relations it makes the answer null.
#include <algorithm>
#include <vector>

#include "engine/cql/list.h"
#include "engine/cql/operators_internal.h"

namespace plumbline::cql {

bool ValueSetBuilder::Contains(const Value& value) const {
  const auto same = [&](const Value& other) { return EqualElements(ctx_, other, value) == Tri::kTrue; };
  if (index_.empty()) return std::any_of(values_.begin(), values_.end(), same);
  const auto [first, last] = index_.equal_range(HashValue(ctx_, value));
  return std::any_of(first, last, [&](const auto& entry) { return same(values_[entry.second]); });
}

bool ValueSetBuilder::Insert(const Value& value) {
  if (Contains(value)) return false;
  values_.push_back(value);
  if (values_.size() == kHashFrom) {
    for (std::size_t i = 0; i < values_.size(); ++i) index_.emplace(HashValue(ctx_, values_[i]), i);
  } else if (values_.size() > kHashFrom) {
    index_.emplace(HashValue(ctx_, value), values_.size() - 1);
  }
  return true;
}

Value DistinctList(EvalContext& ctx, std::span<const Value> items) {
  if (items.size() < 2) return Value::List(items);
  ValueSetBuilder set(ctx);
  for (const Value& item : items) set.Insert(item);
  return ops::MakeList(ctx, set.values());
}

Value SortedList(EvalContext& ctx, std::span<const Value> items, bool descending) {
  Value* sorted = ctx.arena.AllocateArray<Value>(items.size());
  std::copy(items.begin(), items.end(), sorted);
  std::stable_sort(sorted, sorted + items.size(), [&](const Value& a, const Value& b) {
    return descending ? SortOrder(ctx, b, a) < 0 : SortOrder(ctx, a, b) < 0;
  });
  return Value::List(sorted, items.size());
}

namespace ops {
namespace {

std::span<const Value> Items(const Value& v) { return v.IsNull() ? std::span<const Value>() : v.list(); }

// Whether an element is in the list; null where only an uncertain comparison would find it.
Tri Has(const EvalContext& ctx, std::span<const Value> list, const Value& element) {
  Tri result = Tri::kFalse;
  for (const Value& item : list) {
    if (item.IsNull() != element.IsNull()) continue;
    result = Or(result, EqualElements(ctx, item, element));
    if (result == Tri::kTrue) return result;
  }
  return result;
}

Tri HasAll(const EvalContext& ctx, std::span<const Value> list, std::span<const Value> elements) {
  Tri result = Tri::kTrue;
  for (const Value& element : elements) {
    result = And(result, Has(ctx, list, element));
    if (result == Tri::kFalse) return result;
  }
  return result;
}

// Whether the list holds something other than the element.
Tri HasOther(const EvalContext& ctx, std::span<const Value> list, const Value& element) {
  Tri result = Tri::kFalse;
  for (const Value& item : list) {
    if (item.IsNull() && element.IsNull()) continue;
    result = Or(result, element.IsNull() ? Tri::kTrue : Not(Equal(ctx, item, element)));
  }
  return result;
}

Value ContainsOf(EvalContext& ctx, const Value* a, std::size_t) { return FromTri(Has(ctx, Items(a[0]), a[1])); }
Value InOf(EvalContext& ctx, const Value* a, std::size_t) { return FromTri(Has(ctx, Items(a[1]), a[0])); }
Value ProperContainsOf(EvalContext& ctx, const Value* a, std::size_t) {
  return FromTri(And(Has(ctx, Items(a[0]), a[1]), HasOther(ctx, Items(a[0]), a[1])));
}
Value ProperInOf(EvalContext& ctx, const Value* a, std::size_t) {
  const Value swapped[] = {a[1], a[0]};
  return ProperContainsOf(ctx, swapped, 2);
}
Value IncludesOf(EvalContext& ctx, const Value* a, std::size_t) { return FromTri(HasAll(ctx, a[0].list(), a[1].list())); }
Value IncludedInOf(EvalContext& ctx, const Value* a, std::size_t) { return FromTri(HasAll(ctx, a[1].list(), a[0].list())); }

Value ProperIncludesOf(EvalContext& ctx, const Value* a, std::size_t) {
  ValueSetBuilder whole(ctx), part(ctx);
  for (const Value& v : a[0].list()) whole.Insert(v);
  for (const Value& v : a[1].list()) part.Insert(v);
  return FromTri(And(HasAll(ctx, a[0].list(), a[1].list()), ToTri(whole.values().size() > part.values().size())));
}
Value ProperIncludedInOf(EvalContext& ctx, const Value* a, std::size_t) {
  const Value swapped[] = {a[1], a[0]};
  return ProperIncludesOf(ctx, swapped, 2);
}

Value DistinctOf(EvalContext& ctx, const Value* a, std::size_t) { return DistinctList(ctx, a[0].list()); }

Value ExistsOf(EvalContext&, const Value* a, std::size_t) {
  const auto items = Items(a[0]);
  return Value::Boolean(std::any_of(items.begin(), items.end(), [](const Value& v) { return !v.IsNull(); }));
}

Value LengthOf(EvalContext&, const Value* a, std::size_t) {
  return Value::Integer(static_cast<std::int32_t>(Items(a[0]).size()));
}

Value FirstOf(EvalContext&, const Value* a, std::size_t) { return a[0].list().empty() ? Value() : a[0].list().front(); }
Value LastOf(EvalContext&, const Value* a, std::size_t) { return a[0].list().empty() ? Value() : a[0].list().back(); }

Value IndexerOf(EvalContext&, const Value* a, std::size_t) {
  const auto items = a[0].list();
  const std::int32_t at = a[1].integer();
  return at < 0 || static_cast<std::size_t>(at) >= items.size() ? Value() : items[static_cast<std::size_t>(at)];
}

Value IndexOfOf(EvalContext& ctx, const Value* a, std::size_t) {
  const auto items = a[0].list();
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (Equal(ctx, items[i], a[1]) == Tri::kTrue) return Value::Integer(static_cast<std::int32_t>(i));
  }
  return Value::Integer(-1);
}

// Elements that are lists are opened, others stay.
Value FlattenOf(EvalContext& ctx, const Value* a, std::size_t) {
  std::vector<Value> out;
  for (const Value& item : a[0].list()) {
    if (item.Is(Tag::kList)) {
      out.insert(out.end(), item.list().begin(), item.list().end());
    } else if (!item.IsNull()) {
      out.push_back(item);
    }
    if (out.size() > ctx.limits.list_size) return ctx.Fail(EvalErrorKind::kLimit, "Flatten makes a list longer than the limit");
  }
  return MakeList(ctx, out);
}

Value SingletonFromOf(EvalContext& ctx, const Value* a, std::size_t) {
  const auto items = a[0].list();
  if (items.size() > 1) return ctx.Fail(EvalErrorKind::kValue, "singleton from needs a list of at most one element");
  return items.empty() ? Value() : items.front();
}

// A null count skips nothing and takes nothing.
std::size_t CountOf(const Value& v, std::size_t size) {
  if (!v.Is(Tag::kInteger) || v.integer() <= 0) return 0;
  return std::min(static_cast<std::size_t>(v.integer()), size);
}

Value SkipOf(EvalContext&, const Value* a, std::size_t) {
  if (a[0].IsNull()) return {};
  if (!a[1].IsNull() && a[1].integer() < 0) return Value::List(nullptr, 0);
  return Value::List(a[0].list().subspan(CountOf(a[1], a[0].list().size())));
}
Value TakeOf(EvalContext&, const Value* a, std::size_t) {
  if (a[0].IsNull()) return {};
  return Value::List(a[0].list().first(CountOf(a[1], a[0].list().size())));
}
Value TailOf(EvalContext&, const Value* a, std::size_t) { return Value::List(a[0].list().subspan(a[0].list().empty() ? 0 : 1)); }

// Slice(list[, start[, end]]): a negative place counts from the end, the end is exclusive, a null is the list's own.
Value SliceOf(EvalContext&, const Value* a, std::size_t count) {
  if (a[0].IsNull()) return {};
  const auto size = static_cast<std::int64_t>(a[0].list().size());
  const auto place = [&](std::size_t i, std::int64_t otherwise) {
    if (i >= count || !a[i].Is(Tag::kInteger)) return otherwise;
    const std::int64_t at = a[i].integer();
    return std::clamp(at < 0 ? at + size : at, std::int64_t{0}, size);
  };
  const std::int64_t start = place(1, 0), end = std::max(start, place(2, size));
  return Value::List(a[0].list().subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start)));
}

Value UnionOf(EvalContext& ctx, const Value* a, std::size_t) {
  ValueSetBuilder set(ctx);
  for (const Value& v : Items(a[0])) set.Insert(v);
  for (const Value& v : Items(a[1])) set.Insert(v);
  return MakeList(ctx, set.values());
}

template <bool kKeepCommon>
Value Filtered(EvalContext& ctx, const Value* a, std::size_t) {
  if (a[0].IsNull() || (kKeepCommon && a[1].IsNull())) return {};
  ValueSetBuilder other(ctx), out(ctx);
  for (const Value& v : Items(a[1])) other.Insert(v);
  for (const Value& v : a[0].list()) {
    if (other.Contains(v) == kKeepCommon) out.Insert(v);
  }
  return MakeList(ctx, out.values());
}

void Descend(const Value& v, std::vector<Value>* out, std::size_t most, int depth) {
  if (depth > 64) return;
  const auto add = [&](const Value& child) {
    if (child.IsNull() || out->size() >= most) return;
    if (!child.Is(Tag::kList)) out->push_back(child);
    Descend(child, out, most, depth + 1);
  };
  if (v.Is(Tag::kList)) {
    for (const Value& item : v.list()) add(item);
  } else if (v.Is(Tag::kTuple)) {
    for (const Value& item : v.tuple_values()) add(item);
  }
}

// Everything below a value: elements of tuples and lists, at any depth.
Value DescendantsOf(EvalContext& ctx, const Value* a, std::size_t) {
  std::vector<Value> out;
  Descend(a[0], &out, ctx.limits.list_size, 0);
  return MakeList(ctx, out);
}

// clang-format off
constexpr OperatorEntry kRows[] = {
    {"Contains", "(List<T>, T): Boolean", ContainsOf, 0},
    {"In", "(T, List<T>): Boolean", InOf, 0},
    {"ProperContains", "(List<T>, T): Boolean", ProperContainsOf, 0},
    {"ProperIn", "(T, List<T>): Boolean", ProperInOf, 0},
    {"Includes", "(List<T>, List<T>): Boolean", N<IncludesOf>, kNullPropagating},
    {"IncludedIn", "(List<T>, List<T>): Boolean", N<IncludedInOf>, kNullPropagating},
    {"ProperIncludes", "(List<T>, List<T>): Boolean", N<ProperIncludesOf>, kNullPropagating},
    {"ProperIncludedIn", "(List<T>, List<T>): Boolean", N<ProperIncludedInOf>, kNullPropagating},
    {"Distinct", "(List<T>): List<T>", N<DistinctOf>, kNullPropagating},
    {"Exists", "(List<T>): Boolean", ExistsOf, 0},
    {"Length", "(List<T>): Integer", LengthOf, 0},
    {"First", "(List<T>): T", N<FirstOf>, kNullPropagating},
    {"Last", "(List<T>): T", N<LastOf>, kNullPropagating},
    {"Indexer", "(List<T>, Integer): T", N<IndexerOf>, kNullPropagating},
    {"IndexOf", "(List<T>, T): Integer", N<IndexOfOf>, kNullPropagating},
    {"Flatten", "(List<List<T>>): List<T>", N<FlattenOf>, kNullPropagating},
    {"SingletonFrom", "(List<T>): T", N<SingletonFromOf>, kNullPropagating},
    {"Skip", "(List<T>, Integer): List<T>", SkipOf, 0},
    {"Take", "(List<T>, Integer): List<T>", TakeOf, 0},
    {"Tail", "(List<T>): List<T>", N<TailOf>, kNullPropagating},
    {"Slice", "(List<T>): List<T>", SliceOf, 0},
    {"Slice", "(List<T>, Integer): List<T>", SliceOf, 0},
    {"Slice", "(List<T>, Integer, Integer): List<T>", SliceOf, 0},
    {"Union", "(List<T>, List<T>): List<T>", UnionOf, 0},
    {"Intersect", "(List<T>, List<T>): List<T>", Filtered<true>, 0},
    {"Except", "(List<T>, List<T>): List<T>", Filtered<false>, 0},
    {"Descendents", "(Any): List<Any>", N<DescendantsOf>, kNullPropagating},
};
// clang-format on

}  // namespace

std::span<const OperatorEntry> ListOperators() { return kRows; }

}  // namespace ops
}  // namespace plumbline::cql
