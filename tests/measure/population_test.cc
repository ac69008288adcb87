#include "rules/measure/population.h"

#include <catch2/catch.hpp>

using namespace plumbline;
using namespace plumbline::rules;
using enum PopulationKind;

namespace {

MeasureGroup Group(Scoring scoring, std::vector<PopulationKind> kinds) {
  MeasureGroup group;
  group.scoring = scoring;
  for (const PopulationKind kind : kinds) {
    MeasurePopulation population;
    population.kind = kind;
    population.id = std::string(PopulationCode(kind));
    group.populations.push_back(population);
  }
  return group;
}

Members Encounters(std::vector<std::string_view> ids) {
  Members members;
  for (const std::string_view id : ids) members.push_back({.type = "Encounter", .id = id, .value = {}});
  return members;
}

std::vector<std::size_t> Cut(const MeasureGroup& group, std::vector<Members> raw) {
  GroupMembers members{.populations = std::move(raw)};
  CutPopulations(group, &members);
  std::vector<std::size_t> sizes;
  for (const Members& population : members.populations) sizes.push_back(population.size());
  return sizes;
}

}  // namespace

TEST_CASE("a proportion's populations lie within each other") {
  const MeasureGroup group = Group(Scoring::kProportion, {kInitialPopulation, kDenominator, kDenominatorExclusion, kNumerator,
                                                          kNumeratorExclusion, kDenominatorException});
  // a: numerator; b: excluded, so not in the numerator; c: exception; d: in the numerator, so no exception; x: not initial.
  CHECK(Cut(group, {Encounters({"a", "b", "c", "d"}), Encounters({"a", "b", "c", "d", "x"}), Encounters({"b", "x"}),
                    Encounters({"a", "b", "d", "x"}), Encounters({"c", "d"}), Encounters({"b", "c", "d"})}) ==
        std::vector<std::size_t>{4, 4, 1, 2, 1, 1});
}

TEST_CASE("a proportion without denominator takes the initial population for it") {
  const MeasureGroup group = Group(Scoring::kProportion, {kInitialPopulation, kNumerator});
  CHECK(Cut(group, {Encounters({"a"}), Encounters({"a", "b"})}) == std::vector<std::size_t>{1, 1});
}

TEST_CASE("a ratio's numerator need not lie in its denominator") {
  const MeasureGroup group =
      Group(Scoring::kRatio, {kInitialPopulation, kDenominator, kDenominatorExclusion, kNumerator, kNumeratorExclusion});
  CHECK(Cut(group, {Encounters({"a", "b", "c"}), Encounters({"a"}), Encounters({"a", "b"}), Encounters({"b", "c", "x"}),
                    Encounters({"a", "c"})}) == std::vector<std::size_t>{3, 1, 1, 2, 1});
}

TEST_CASE("a continuous variable is measured within the initial population") {
  const MeasureGroup group =
      Group(Scoring::kContinuousVariable, {kInitialPopulation, kMeasurePopulation, kMeasurePopulationExclusion});
  CHECK(Cut(group, {Encounters({"a", "b"}), Encounters({"b", "c"}), Encounters({"a", "b"})}) ==
        std::vector<std::size_t>{2, 1, 1});
}

TEST_CASE("members are distinct by type and id, nulls are none, true is the patient") {
  cql::Arena arena;
  cql::EvalContext context(arena);
  Members members;
  CHECK(AppendMembers(context, cql::Value::Boolean(true), &members));
  CHECK(members.size() == 1);
  CHECK(AppendMembers(context, cql::Value::Boolean(false), &members));
  CHECK(AppendMembers(context, cql::Value(), &members));
  CHECK(members.size() == 1);
  const cql::Value items[] = {cql::Value::String("a"), cql::Value(), cql::Value::String("a"), cql::Value::String("b")};
  members.clear();
  CHECK(AppendMembers(context, cql::Value::List(items), &members));
  CHECK(members.size() == 2);
  CHECK_FALSE(AppendMembers(context, cql::Value::Integer(3), &members));
}

TEST_CASE("a rate leaves exclusions and exceptions out of its denominator") {
  const MeasureGroup group =
      Group(Scoring::kProportion, {kInitialPopulation, kDenominator, kDenominatorExclusion, kNumerator, kDenominatorException});
  const std::vector<std::int64_t> counts{12, 10, 2, 3, 2};
  CHECK(ScoreOf(group, counts) == 0.5);
  const std::vector<std::int64_t> none{2, 2, 2, 0, 0};
  CHECK(ScoreOf(group, none) == std::nullopt);
}

TEST_CASE("observations are put together by the measure's method") {
  CHECK(Aggregate("Sum", {1, 2, 4}) == 7.0);
  CHECK(Aggregate("average", {1, 2, 6}) == 3.0);
  CHECK(Aggregate("Median", {5, 1, 2}) == 2.0);
  CHECK(Aggregate("Median", {5, 1, 2, 4}) == 3.0);
  CHECK(Aggregate("Minimum", {5, 1}) == 1.0);
  CHECK(Aggregate("Maximum", {5, 1}) == 5.0);
  CHECK(Aggregate("Count", {}) == 0.0);
  CHECK(Aggregate("Sum", {}) == std::nullopt);
  CHECK(Aggregate("Mode", {1}) == std::nullopt);
}
