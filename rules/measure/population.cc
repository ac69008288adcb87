#include "rules/measure/population.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "engine/cql/data_model.h"
#include "engine/cql/fhir/model.h"
#include "engine/cql/fhir/node.h"
#include "engine/cql/fhir/node_text.h"

namespace plumbline::rules {
namespace {

using cql::Tag;
using cql::Value;

bool Contains(const Members& members, const Member& member) { return std::ranges::find(members, member) != members.end(); }

void Keep(Members* members, const Members& within) {
  std::erase_if(*members, [&](const Member& member) { return !Contains(within, member); });
}

void Remove(Members* members, const Members& what) {
  std::erase_if(*members, [&](const Member& member) { return Contains(what, member); });
}

// The populations of a group by kind; several of one kind (a ratio's initial populations) are cut alike.
class Cutter {
 public:
  Cutter(const MeasureGroup& group, GroupMembers* members) : group_(group), members_(members) {}

  [[nodiscard]] Members All(PopulationKind kind) const {
    Members all;
    for (std::size_t i = 0; i < group_.populations.size(); ++i) {
      if (group_.populations[i].kind != kind) continue;
      for (const Member& member : members_->populations[i]) {
        if (!Contains(all, member)) all.push_back(member);
      }
    }
    return all;
  }
  [[nodiscard]] bool Has(PopulationKind kind) const {
    return std::ranges::any_of(group_.populations, [kind](const MeasurePopulation& p) { return p.kind == kind; });
  }
  void KeepIn(PopulationKind kind, const Members& within) {
    ForEach(kind, [&within](Members* members) { Keep(members, within); });
  }
  void RemoveFrom(PopulationKind kind, const Members& what) {
    ForEach(kind, [&what](Members* members) { Remove(members, what); });
  }

 private:
  template <typename Change>
  void ForEach(PopulationKind kind, Change change) {
    for (std::size_t i = 0; i < group_.populations.size(); ++i) {
      if (group_.populations[i].kind == kind) change(&members_->populations[i]);
    }
  }
  const MeasureGroup& group_;
  GroupMembers* members_;
};

void CutProportion(Cutter& cut) {
  using enum PopulationKind;
  cut.KeepIn(kDenominator, cut.All(kInitialPopulation));
  const Members denominator = cut.Has(kDenominator) ? cut.All(kDenominator) : cut.All(kInitialPopulation);
  cut.KeepIn(kDenominatorExclusion, denominator);
  const Members excluded = cut.All(kDenominatorExclusion);
  cut.KeepIn(kNumerator, denominator);
  cut.RemoveFrom(kNumerator, excluded);
  const Members numerator = cut.All(kNumerator);
  cut.KeepIn(kNumeratorExclusion, numerator);
  cut.KeepIn(kDenominatorException, denominator);
  cut.RemoveFrom(kDenominatorException, excluded);
  cut.RemoveFrom(kDenominatorException, numerator);
}

void CutRatio(Cutter& cut) {
  using enum PopulationKind;
  const Members initial = cut.All(kInitialPopulation);
  cut.KeepIn(kDenominator, initial);
  cut.KeepIn(kDenominatorExclusion, cut.All(kDenominator));
  cut.KeepIn(kNumerator, initial);
  cut.KeepIn(kNumeratorExclusion, cut.All(kNumerator));
}

std::int64_t CountOf(const MeasureGroup& group, std::span<const std::int64_t> counts, PopulationKind kind) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < group.populations.size(); ++i) {
    if (group.populations[i].kind == kind) sum += counts[i];
  }
  return sum;
}

Member MemberOf(cql::EvalContext& context, const Value& value) {
  if (!value.Is(Tag::kObject)) {
    const auto& text = context.arena.Copy(std::to_string(static_cast<int>(value.tag())));
    return {.type = text, .id = value.Is(Tag::kString) ? value.string() : text, .value = value};
  }
  const auto& node = *static_cast<const cql::fhir::Node*>(value.object());
  const std::string_view id = cql::fhir::ChildText(node, "id");
  if (node.type != nullptr && node.type->resource() && !id.empty()) return {.type = node.type->name(), .id = id, .value = value};
  return {.type = "", .id = context.arena.Copy(value.object_class()->Text(value.object())), .value = value};
}

}  // namespace

bool AppendMembers(cql::EvalContext& context, const Value& value, Members* members) {
  switch (value.tag()) {
    case Tag::kNull:
      return true;
    case Tag::kBoolean:
      if (value.boolean()) members->push_back({.type = {}, .id = {}, .value = value});
      return true;
    case Tag::kList:
      for (const Value& item : value.list()) {
        if (item.IsNull()) continue;
        const Member member = MemberOf(context, item);
        if (!Contains(*members, member)) members->push_back(member);
      }
      return true;
    case Tag::kObject:
      members->push_back(MemberOf(context, value));
      return true;
    default:
      return false;
  }
}

void CutPopulations(const MeasureGroup& group, GroupMembers* members) {
  using enum PopulationKind;
  Cutter cut(group, members);
  switch (group.scoring) {
    case Scoring::kProportion:
      return CutProportion(cut);
    case Scoring::kRatio:
      return CutRatio(cut);
    case Scoring::kContinuousVariable:
      cut.KeepIn(kMeasurePopulation, cut.All(kInitialPopulation));
      return cut.KeepIn(kMeasurePopulationExclusion, cut.All(kMeasurePopulation));
    case Scoring::kCohort:
      return;
  }
}

std::optional<double> ScoreOf(const MeasureGroup& group, std::span<const std::int64_t> counts) {
  using enum PopulationKind;
  const std::int64_t denominator = CountOf(group, counts, kDenominator) - CountOf(group, counts, kDenominatorExclusion) -
                                   CountOf(group, counts, kDenominatorException);
  const std::int64_t numerator = CountOf(group, counts, kNumerator) - CountOf(group, counts, kNumeratorExclusion);
  if (group.scoring != Scoring::kProportion && group.scoring != Scoring::kRatio) return std::nullopt;
  if (denominator <= 0) return std::nullopt;
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

std::optional<double> Aggregate(std::string_view method, std::vector<double> values) {
  std::string name(method);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name == "count") return static_cast<double>(values.size());
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);  // sums in this order, whatever the order of the patients
  double sum = 0;
  for (const double value : values) sum += value;
  const std::size_t middle = values.size() / 2;
  if (name == "sum") return sum;
  if (name == "average" || name == "mean") return sum / static_cast<double>(values.size());
  if (name == "median") return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  if (name == "minimum" || name == "min") return values.front();
  if (name == "maximum" || name == "max") return values.back();
  return std::nullopt;
}

}  // namespace plumbline::rules
