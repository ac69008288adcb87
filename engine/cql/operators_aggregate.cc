// Aggregates over lists, nulls left out. Sums of decimals are exact; quantities are taken in the unit of the first.
#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/base/math.h"
#include "engine/cql/list.h"
#include "engine/cql/operators_internal.h"
#include "engine/cql/ucum.h"

namespace plumbline::cql::ops {
namespace {

std::vector<Value> Present(const Value& list) {
  std::vector<Value> out;
  if (list.IsNull()) return out;
  for (const Value& v : list.list()) {
    if (!v.IsNull() && !v.Is(Tag::kUncertain)) out.push_back(v);
  }
  return out;
}

Value CountFn(EvalContext&, const Value* a, std::size_t) {
  if (a[0].IsNull()) return Value::Integer(0);
  const auto items = a[0].list();
  return Value::Integer(
      static_cast<std::int32_t>(std::count_if(items.begin(), items.end(), [](const Value& v) { return !v.IsNull(); })));
}

Value AllTrueFn(EvalContext&, const Value* a, std::size_t) {
  if (a[0].IsNull()) return Value::Boolean(true);
  const auto items = a[0].list();
  return Value::Boolean(std::none_of(items.begin(), items.end(), [](const Value& v) { return v.IsFalse(); }));
}

Value AnyTrueFn(EvalContext&, const Value* a, std::size_t) {
  if (a[0].IsNull()) return Value::Boolean(false);
  const auto items = a[0].list();
  return Value::Boolean(std::any_of(items.begin(), items.end(), [](const Value& v) { return v.IsTrue(); }));
}

template <int kSign>
Value Extreme(EvalContext& ctx, const Value* a, std::size_t) {
  if (a[0].IsNull()) return {};
  Value best;
  for (const Value& v : a[0].list()) {
    if (v.IsNull() || v.Is(Tag::kUncertain)) continue;
    if (best.IsNull() || SortOrder(ctx, v, best) * kSign > 0) best = v;
  }
  return best;
}

// The numbers of a list as decimals in one unit. False: units that do not convert.
struct Numbers {
  std::vector<Decimal> values;
  std::string_view unit;  // of quantities, else null
  int scale = 1;

  bool Read(const std::vector<Value>& items) {
    for (const Value& v : items) {
      if (!v.Is(Tag::kQuantity)) {
        values.push_back(AsDecimal(v));
        scale = std::max(scale, v.scale());
        continue;
      }
      const QuantityData& q = v.quantity();
      if (unit.data() == nullptr) unit = q.unit;
      const auto converted = ConvertQuantityTo(q, unit);
      if (!converted) return false;
      values.push_back(*converted);
      scale = std::max<int>(scale, q.scale);
    }
    return true;
  }

  [[nodiscard]] Value Make(EvalContext& ctx, const std::optional<Decimal>& value) const {
    if (!value) return {};
    const int digits = std::max(scale, NaturalScale(*value));
    return unit.data() == nullptr ? Value::OfDecimal(*value, digits) : MakeQuantity(ctx, *value, unit, digits);
  }
};

std::optional<Decimal> SumOf(const std::vector<Decimal>& values) {
  std::optional<Decimal> sum = Decimal();
  for (const Decimal v : values) {
    if (sum) sum = Add(*sum, v);
  }
  return sum;
}

std::optional<Decimal> MeanOf(const std::vector<Decimal>& values) {
  const auto sum = SumOf(values);
  return sum ? Divide(*sum, Decimal::FromInteger(static_cast<std::int64_t>(values.size()))) : std::nullopt;
}

// Sum and product of whole numbers stay whole.
template <bool kProduct>
Value FoldWhole(const std::vector<Value>& items) {
  std::int64_t total = kProduct ? 1 : 0;
  bool is_long = false;
  for (const Value& v : items) {
    is_long |= v.Is(Tag::kLong);
    const bool overflow = kProduct ? __builtin_mul_overflow(total, v.long_integer(), &total)
                                   : __builtin_add_overflow(total, v.long_integer(), &total);
    if (overflow) return {};
  }
  if (is_long) return Value::Long(total);
  if (total > INT32_MAX || total < INT32_MIN) return {};
  return Value::Integer(static_cast<std::int32_t>(total));
}

bool AllWhole(const std::vector<Value>& items) {
  return std::all_of(items.begin(), items.end(), [](const Value& v) { return v.Is(Tag::kInteger) || v.Is(Tag::kLong); });
}

Value SumFn(EvalContext& ctx, const Value* a, std::size_t) {
  const auto items = Present(a[0]);
  if (items.empty()) return {};
  if (AllWhole(items)) return FoldWhole<false>(items);
  Numbers numbers;
  return numbers.Read(items) ? numbers.Make(ctx, SumOf(numbers.values)) : Value();
}

Value ProductFn(EvalContext& ctx, const Value* a, std::size_t) {
  const auto items = Present(a[0]);
  if (items.empty()) return {};
  if (AllWhole(items)) return FoldWhole<true>(items);
  Numbers numbers;
  if (!numbers.Read(items)) return {};
  std::optional<Decimal> product = Decimal::FromInteger(1);
  for (const Decimal v : numbers.values) {
    if (product) product = Multiply(*product, v);
  }
  return numbers.Make(ctx, product);
}

Value AvgFn(EvalContext& ctx, const Value* a, std::size_t) {
  const auto items = Present(a[0]);
  Numbers numbers;
  if (items.empty() || !numbers.Read(items)) return {};
  return numbers.Make(ctx, MeanOf(numbers.values));
}

Value MedianFn(EvalContext& ctx, const Value* a, std::size_t) {
  const auto items = Present(a[0]);
  Numbers numbers;
  if (items.empty() || !numbers.Read(items)) return {};
  std::sort(numbers.values.begin(), numbers.values.end());
  const std::size_t half = numbers.values.size() / 2;
  if (numbers.values.size() % 2 == 1) return numbers.Make(ctx, numbers.values[half]);
  return numbers.Make(ctx, MeanOf({numbers.values[half - 1], numbers.values[half]}));
}

// The most frequent value; of several the least.
Value ModeFn(EvalContext& ctx, const Value* a, std::size_t) {
  auto items = Present(a[0]);
  std::stable_sort(items.begin(), items.end(), [&](const Value& x, const Value& y) { return SortOrder(ctx, x, y) < 0; });
  Value best;
  std::size_t most = 0;
  for (std::size_t i = 0; i < items.size();) {
    std::size_t end = i + 1;
    while (end < items.size() && Equal(ctx, items[i], items[end]) == Tri::kTrue) ++end;
    if (end - i > most) {
      most = end - i;
      best = items[i];
    }
    i = end;
  }
  return best;
}

// Sum of squared deviations over n - `less`; in the square of the unit, which a root brings back.
std::optional<Decimal> VarianceOf(const std::vector<Decimal>& values, std::size_t less) {
  if (values.size() <= less) return std::nullopt;
  const auto mean = MeanOf(values);
  if (!mean) return std::nullopt;
  std::optional<Decimal> sum = Decimal();
  for (const Decimal v : values) {
    const auto deviation = Subtract(v, *mean);
    const auto square = deviation ? Multiply(*deviation, *deviation) : std::nullopt;
    sum = sum && square ? Add(*sum, *square) : std::nullopt;
  }
  return sum ? Divide(*sum, Decimal::FromInteger(static_cast<std::int64_t>(values.size() - less))) : std::nullopt;
}

template <int kLess, bool kRoot>
Value SpreadFn(EvalContext& ctx, const Value* a, std::size_t) {
  const auto items = Present(a[0]);
  Numbers numbers;
  if (items.empty() || !numbers.Read(items)) return {};
  auto variance = VarianceOf(numbers.values, kLess);
  if (!variance) return {};
  if (kRoot) return numbers.Make(ctx, Decimal::FromDouble(std::sqrt(variance->ToDouble())));
  if (numbers.unit.data() != nullptr) {
    const auto unit = ParseUnit(numbers.unit);
    const auto square = unit ? UnitProduct(*unit, *unit, false) : std::nullopt;
    if (!square) return {};
    numbers.unit = ctx.arena.Copy(*square);
  }
  return numbers.Make(ctx, variance);
}

Value GeometricMeanFn(EvalContext&, const Value* a, std::size_t) {
  const auto items = Present(a[0]);
  if (items.empty()) return {};
  double sum = 0;
  for (const Value& v : items) {
    const Decimal x = AsDecimal(v);
    if (x.units() < 0) return {};
    if (x.units() == 0) return Value::OfDecimal(Decimal(), 1);
    sum += det::Log(x.ToDouble());
  }
  const auto mean = Decimal::FromDouble(det::Exp(sum / static_cast<double>(items.size())));
  return mean ? Value::OfDecimal(*mean, std::max(1, NaturalScale(*mean))) : Value();
}

// clang-format off
#define PLUMBLINE_NUMERIC_ROWS(name, fn)                                                                   \
  {name, "(List<Decimal>): Decimal", fn, 0}, {name, "(List<Quantity>): Quantity", fn, 0}
#define PLUMBLINE_ORDERED_ROWS(name, fn)                                                                   \
  {name, "(List<Integer>): Integer", fn, 0}, {name, "(List<Long>): Long", fn, 0},                           \
  PLUMBLINE_NUMERIC_ROWS(name, fn), {name, "(List<String>): String", fn, 0},                                \
  {name, "(List<Date>): Date", fn, 0}, {name, "(List<DateTime>): DateTime", fn, 0}, {name, "(List<Time>): Time", fn, 0}

constexpr OperatorEntry kRows[] = {
    {"Count", "(List<T>): Integer", CountFn, 0},
    {"AllTrue", "(List<Boolean>): Boolean", AllTrueFn, 0},
    {"AnyTrue", "(List<Boolean>): Boolean", AnyTrueFn, 0},
    PLUMBLINE_ORDERED_ROWS("Min", Extreme<-1>),
    PLUMBLINE_ORDERED_ROWS("Max", Extreme<1>),
    {"Sum", "(List<Integer>): Integer", SumFn, 0}, {"Sum", "(List<Long>): Long", SumFn, 0}, PLUMBLINE_NUMERIC_ROWS("Sum", SumFn),
    {"Product", "(List<Integer>): Integer", ProductFn, 0}, {"Product", "(List<Long>): Long", ProductFn, 0},
    PLUMBLINE_NUMERIC_ROWS("Product", ProductFn),
    PLUMBLINE_NUMERIC_ROWS("Avg", AvgFn),
    PLUMBLINE_NUMERIC_ROWS("Median", MedianFn),
    {"Mode", "(List<T>): T", ModeFn, 0},
    PLUMBLINE_NUMERIC_ROWS("Variance", (SpreadFn<1, false>)),
    PLUMBLINE_NUMERIC_ROWS("PopulationVariance", (SpreadFn<0, false>)),
    PLUMBLINE_NUMERIC_ROWS("StdDev", (SpreadFn<1, true>)),
    PLUMBLINE_NUMERIC_ROWS("PopulationStdDev", (SpreadFn<0, true>)),
    {"GeometricMean", "(List<Decimal>): Decimal", GeometricMeanFn, 0},
};
// clang-format on

}  // namespace

std::span<const OperatorEntry> AggregateOperators() { return kRows; }

}  // namespace plumbline::cql::ops
