// Operators against naive implementations on random operands. Each case prints its seed; PLUMBLINE_SEED repeats one.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <set>

#include "engine/cql/interval.h"
#include "engine/cql/list.h"
#include "engine/cql/quantity.h"
#include "engine/cql/ucum.h"
#include "engine/cql/ucum_table.h"
#include "tests/cql/operator_support.h"

using namespace plumbline;
using namespace plumbline::cql;
using plumbline::cql::test::OperatorFixture;

namespace {

std::uint64_t Seed() {
  const char* given = std::getenv("PLUMBLINE_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20240506;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  int Between(int low, int high) { return low + static_cast<int>(engine_() % static_cast<std::uint64_t>(high - low + 1)); }
  bool Coin() { return (engine_() & 1) != 0; }

 private:
  std::mt19937_64 engine_;
};

using Points = std::set<int>;

struct Sample {
  Value interval;
  Points points;
};

// An interval of whole numbers 0..14 with random kinds of bounds, and the numbers in it.
Sample RandomInterval(OperatorFixture& f, Random& random) {
  for (;;) {
    const IntervalData data{Value::Integer(random.Between(0, 14)), Value::Integer(random.Between(0, 14)), random.Coin(),
                            random.Coin(), Tag::kInteger};
    Sample sample;
    const int low = data.low.integer() + (data.low_closed ? 0 : 1), high = data.high.integer() - (data.high_closed ? 0 : 1);
    for (int i = low; i <= high; ++i) sample.points.insert(i);
    if (sample.points.empty()) continue;
    sample.interval = MakeInterval(f.context(), data);
    REQUIRE_FALSE(sample.interval.IsNull());
    return sample;
  }
}

Points PointsOf(OperatorFixture& f, const Value& interval) {
  Points points;
  if (interval.IsNull()) return points;
  const int low = StartOf(f.context(), interval.interval()).integer(), high = EndOf(f.context(), interval.interval()).integer();
  for (int i = low; i <= high; ++i) points.insert(i);
  return points;
}

bool Contiguous(const Points& p) { return p.empty() || *p.rbegin() - *p.begin() + 1 == static_cast<int>(p.size()); }

Points Joined(const Points& a, const Points& b) {
  Points out = a;
  out.insert(b.begin(), b.end());
  return out;
}

Points Common(const Points& a, const Points& b) {
  Points out;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
  return out;
}

Points Minus(const Points& a, const Points& b) {
  Points out;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
  return out;
}

}  // namespace

TEST_CASE("relations between intervals agree with sets of points", "[cql][property]") {
  OperatorFixture f;
  Random random(Seed());
  INFO("seed " << Seed());
  for (int round = 0; round < 3000; ++round) {
    const Sample a = RandomInterval(f, random), b = RandomInterval(f, random);
    INFO(ToLiteral(a.interval) << " and " << ToLiteral(b.interval));
    const auto holds = [&](const char* name) {
      const Value v = f.Call(name, {a.interval, b.interval});
      REQUIRE(v.Is(Tag::kBoolean));
      return v.boolean();
    };
    const int as = *a.points.begin(), ae = *a.points.rbegin(), bs = *b.points.begin(), be = *b.points.rbegin();
    const Points common = Common(a.points, b.points);
    CHECK(holds("Overlaps") == !common.empty());
    CHECK(holds("Includes") == (common == b.points));
    CHECK(holds("IncludedIn") == (common == a.points));
    CHECK(holds("ProperIncludes") == (common == b.points && a.points != b.points));
    CHECK(holds("Before") == (ae < bs));
    CHECK(holds("After") == (as > be));
    CHECK(holds("Meets") == (ae + 1 == bs || be + 1 == as));
    CHECK(holds("OverlapsBefore") == (!common.empty() && as < bs));
    CHECK(holds("OverlapsAfter") == (!common.empty() && ae > be));
    CHECK(holds("Starts") == (as == bs && ae <= be));
    CHECK(holds("Ends") == (ae == be && as >= bs));
    CHECK(holds("Equal") == (a.points == b.points));
    const int point = random.Between(0, 14);
    CHECK(f.Call("In", {Value::Integer(point), a.interval}).boolean() == a.points.contains(point));
  }
}

TEST_CASE("set operations on intervals agree with sets of points", "[cql][property]") {
  OperatorFixture f;
  Random random(Seed() + 1);
  INFO("seed " << Seed());
  for (int round = 0; round < 3000; ++round) {
    const Sample a = RandomInterval(f, random), b = RandomInterval(f, random), c = RandomInterval(f, random);
    INFO(ToLiteral(a.interval) << ", " << ToLiteral(b.interval) << ", " << ToLiteral(c.interval));
    const auto apply = [&](const char* name, const Value& x, const Value& y) { return f.Call(name, {x, y}); };
    CHECK(PointsOf(f, apply("Intersect", a.interval, b.interval)) == Common(a.points, b.points));
    const Points joined = Joined(a.points, b.points);
    CHECK(PointsOf(f, apply("Union", a.interval, b.interval)) == (Contiguous(joined) ? joined : Points()));
    const Points minus = Minus(a.points, b.points);
    CHECK(PointsOf(f, apply("Except", a.interval, b.interval)) == (Contiguous(minus) ? minus : Points()));
    // Intersection does not depend on grouping; a null absorbs.
    const Value ab = apply("Intersect", a.interval, b.interval), bc = apply("Intersect", b.interval, c.interval);
    if (!ab.IsNull() && !bc.IsNull()) {
      CHECK(PointsOf(f, apply("Intersect", ab, c.interval)) == PointsOf(f, apply("Intersect", a.interval, bc)));
    }
  }
}

TEST_CASE("collapse gives the runs of the points, and collapsing again changes nothing", "[cql][property]") {
  OperatorFixture f;
  Random random(Seed() + 2);
  INFO("seed " << Seed());
  for (int round = 0; round < 1500; ++round) {
    std::vector<Value> intervals;
    Points all;
    for (int i = random.Between(0, 5); i > 0; --i) {
      const Sample s = RandomInterval(f, random);
      intervals.push_back(s.interval);
      all = Joined(all, s.points);
    }
    const Value list = Value::List(intervals);
    INFO(ToLiteral(list));
    const Value collapsed = f.Call("Collapse", {list});
    Points got;
    int last = -10;
    for (const Value& v : collapsed.list()) {
      const Points points = PointsOf(f, v);
      CHECK(*points.begin() > last + 1);
      last = *points.rbegin();
      got = Joined(got, points);
    }
    CHECK(got == all);
    CHECK(SameValue(f.context(), f.Call("Collapse", {collapsed}), collapsed));
    // Expanding gives each point once.
    Points expanded;
    const Value pieces = f.Call("Expand", {list});
    for (const Value& v : pieces.list()) expanded = Joined(expanded, PointsOf(f, v));
    CHECK(expanded == all);
    CHECK(pieces.list().size() == all.size());
  }
}

TEST_CASE("dates of different precision compare as all their completions do", "[cql][property]") {
  OperatorFixture f;
  Random random(Seed() + 3);
  INFO("seed " << Seed());
  const auto date = [&] {
    return *MakeDate(2012, random.Between(1, 2), random.Between(1, 3), static_cast<Precision>(random.Between(0, 2)));
  };
  for (int round = 0; round < 3000; ++round) {
    const Temporal a = date(), b = date();
    if (a.precision == b.precision) continue;
    INFO(TemporalText(a) << " and " << TemporalText(b));
    const auto first = [](const Temporal& t) { return UnixMs(EarliestOf(t), 0); };
    const auto last = [](const Temporal& t) { return UnixMs(LatestOf(t), 0); };
    const Tri less = Less(f.context(), Value::OfTemporal(a), Value::OfTemporal(b));
    const Tri expected = last(a) < first(b) ? Tri::kTrue : first(a) > last(b) ? Tri::kFalse : Tri::kNull;
    CHECK(less == expected);
  }
}

TEST_CASE("durations agree with counting steps one by one", "[cql][property]") {
  OperatorFixture f;
  Random random(Seed() + 4);
  INFO("seed " << Seed());
  for (int round = 0; round < 1000; ++round) {
    const auto make = [&] {
      DateTimeParts p;
      p.year = random.Between(2010, 2013);
      p.month = random.Between(1, 12);
      p.day = random.Between(1, DaysInMonth(p.year, p.month));
      p.hour = random.Between(0, 23);
      p.offset_minutes = 0;
      return *MakeDateTime(p);
    };
    Temporal a = make(), b = make();
    if (UnixMs(b, 0) < UnixMs(a, 0)) std::swap(a, b);
    INFO(TemporalText(a) << " to " << TemporalText(b));
    for (const Precision unit : {Precision::kMonth, Precision::kWeek, Precision::kDay, Precision::kHour}) {
      if (unit == Precision::kMonth && (a.day > 28 || b.day > 28)) continue;  // clamped days have their own tests
      std::int64_t count = 0;
      while (UnixMs(*AddToTemporal(a, count + 1, unit), 0) <= UnixMs(b, 0)) ++count;
      CHECK(DurationBetween(a, b, unit, 0) == count);
      CHECK(DurationBetween(b, a, unit, 0) == -count);
    }
    const std::int64_t days = random.Between(-2000, 2000);
    CHECK(UnixMs(*AddToTemporal(*AddToTemporal(a, days, Precision::kDay), -days, Precision::kDay), 0) == UnixMs(a, 0));
  }
}

TEST_CASE("distinct by hashing agrees with comparing all pairs, and sorting is stable", "[cql][property]") {
  OperatorFixture f;
  Random random(Seed() + 5);
  INFO("seed " << Seed());
  for (int round = 0; round < 200; ++round) {
    std::vector<Value> items;
    for (int i = random.Between(0, 80); i > 0; --i) {
      const int n = random.Between(0, 12);
      switch (random.Between(0, 4)) {
        case 0:
          items.push_back({});
          break;
        case 1:
          items.push_back(Value::Integer(n));
          break;
        case 2:
          items.push_back(Value::OfDecimal(Decimal::FromInteger(n), 1));
          break;
        case 3:
          items.push_back(MakeQuantity(f.context(), Decimal::FromInteger(n * 10), "mm", 0));
          break;
        default:
          items.push_back(MakeQuantity(f.context(), Decimal::FromInteger(n), "cm", 0));
      }
    }
    std::vector<Value> naive;
    for (const Value& v : items) {
      if (std::none_of(naive.begin(), naive.end(),
                       [&](const Value& w) { return EqualElements(f.context(), v, w) == Tri::kTrue; }))
        naive.push_back(v);
    }
    CHECK(SameValue(f.context(), DistinctList(f.context(), items), Value::List(naive)));
    const auto sorted = SortedList(f.context(), items, false).list();
    CHECK(std::is_sorted(sorted.begin(), sorted.end(),
                         [&](const Value& a, const Value& b) { return SortOrder(f.context(), a, b) < 0; }));
  }
}

TEST_CASE("units convert there and back, and a product has the sum of dimensions", "[cql][property]") {
  Random random(Seed() + 6);
  INFO("seed " << Seed());
  const auto atoms = UnitAtoms();
  int products = 0;
  for (int round = 0; round < 2000; ++round) {
    const UnitAtom& x = atoms[static_cast<std::size_t>(random.Between(0, static_cast<int>(atoms.size()) - 1))];
    const UnitAtom& y = atoms[static_cast<std::size_t>(random.Between(0, static_cast<int>(atoms.size()) - 1))];
    INFO(x.code << " and " << y.code);
    const auto a = ParseUnit(x.code), b = ParseUnit(y.code);
    REQUIRE((a && b));
    if (SameDimension(*a, *b)) {
      const auto there = MakeConversion(*a, *b);
      const auto back = MakeConversion(*b, *a);
      CHECK(there.has_value() == back.has_value());
      if (there && back) {
        const Decimal one = Decimal::FromInteger(1);
        CHECK((there->Compare(one, one) < 0) == (back->Compare(one, one) > 0));
      };
    }
    if (a->special || b->special) continue;
    const auto text = UnitProduct(*a, *b, false);
    REQUIRE(text);
    const auto product = ParseUnit(*text);
    if (!product) continue;  // a factor beyond 126 bits, of rods and Planck's constant
    ++products;
    for (std::size_t i = 0; i < product->dimension.size(); ++i) CHECK(product->dimension[i] == a->dimension[i] + b->dimension[i]);
  }
  CHECK(products > 1800);
}

TEST_CASE("scaled decimals and products compare as wide integers do", "[cql][property]") {
  Random random(Seed() + 7);
  INFO("seed " << Seed());
  for (int round = 0; round < 5000; ++round) {
    const std::int64_t a = random.Between(-1'000'000, 1'000'000), n = random.Between(1, 100'000), d = random.Between(1, 100'000);
    const Int128 product = static_cast<Int128>(a) * n;
    const Int128 rounded = (product + (product < 0 ? -d / 2 : d / 2)) / d;
    const auto scaled = Scale(Decimal::FromUnits(a), static_cast<UInt128>(n), static_cast<UInt128>(d));
    REQUIRE(scaled);
    CHECK(scaled->units() == rounded);
    const std::int64_t b = random.Between(-1'000'000, 1'000'000);
    const Int128 left = static_cast<Int128>(a) * n, right = static_cast<Int128>(b) * d;
    const auto order = CompareProducts(a, static_cast<UInt128>(n), b, static_cast<UInt128>(d));
    CHECK((order < 0) == (left < right));
    CHECK((order > 0) == (left > right));
  }
}
