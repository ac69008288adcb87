// From what the criteria of a group gave for one patient to its populations' members and counts. Every criterion is evaluated
// regardless of the others; the populations are cut with each other here, by the scoring's rules.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/cql/context.h"
#include "engine/cql/value.h"
#include "rules/measure/measure.h"

namespace plumbline::rules {

// One member of a population: a resource by type and id, the patient (both empty) for the basis boolean, or another value by its
// text. The texts live as long as the evaluation's arena and the patient's resources.
struct Member {
  std::string_view type;
  std::string_view id;
  cql::Value value;
  friend bool operator==(const Member& a, const Member& b) { return a.type == b.type && a.id == b.id; }
};

using Members = std::vector<Member>;

// The members that a criterion's value names: true is the patient; of a list each distinct item that is not null. Nullopt when
// the value is of no kind a population can be made of.
[[nodiscard]] bool AppendMembers(cql::EvalContext& context, const cql::Value& value, Members* members);

// Members of each of a group's populations before and after the cut, in the group's order; populations of one kind are united.
struct GroupMembers {
  std::vector<Members> populations;
};

// Cuts `members` (as the criteria gave them) by the group's scoring:
//   proportion: denominator within initial population; exclusion within denominator; numerator within denominator, outside
//     exclusion; numerator exclusion within numerator; exception within denominator, outside exclusion and numerator
//   ratio: denominator and numerator within initial population, exclusions within theirs
//   continuous variable: measure population within initial population, exclusion within it
//   cohort: the initial population
void CutPopulations(const MeasureGroup& group, GroupMembers* members);

// The score of counts over many patients: a proportion's rate with exclusions and exceptions out of the denominator, a ratio's
// quotient; nullopt where its denominator is zero or the scoring has no score of counts.
[[nodiscard]] std::optional<double> ScoreOf(const MeasureGroup& group, std::span<const std::int64_t> counts);

// Sum, Average, Median, Minimum, Maximum or Count of observed values, by the name a measure gives (case is ignored).
[[nodiscard]] std::optional<double> Aggregate(std::string_view method, std::vector<double> values);

}  // namespace plumbline::rules
