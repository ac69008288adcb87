#include "rules/measure/measure_run.h"

#include <algorithm>

#include "engine/cql/fhir/model.h"
#include "engine/cql/fhir/node_text.h"
#include "engine/cql/fhir/primitive.h"
#include "engine/cql/literal.h"

namespace plumbline::rules {
namespace {

using cql::Tag;
using cql::Temporal;
using cql::TemporalKind;
using cql::Value;

constexpr std::string_view kPeriodParameter = "Measurement Period";

Result<Temporal> ReadInstant(std::string_view text, bool end) {
  auto read = cql::fhir::ParseFhirDate(text, TemporalKind::kDateTime);
  if (!read) return Fail(ErrorCode::kInvalidArgument, "the period's '" + std::string(text) + "' is not a date");
  Temporal instant = end ? cql::LatestOf(*read) : cql::EarliestOf(*read);
  if (!instant.HasOffset()) instant.offset_minutes = 0;
  return instant;
}

std::string MemberName(const Member& member) {
  return member.type.empty() ? std::string(member.id) : std::string(member.type) + "/" + std::string(member.id);
}

void CountMembers(const GroupMembers& members, std::vector<std::int64_t>* counts) {
  counts->clear();
  for (const Members& population : members.populations) counts->push_back(static_cast<std::int64_t>(population.size()));
}

std::optional<double> NumberOf(const Value& value) {
  if (value.Is(Tag::kInteger) || value.Is(Tag::kLong)) return static_cast<double>(value.long_integer());
  if (value.Is(Tag::kDecimal)) return value.decimal().ToDouble();
  if (value.Is(Tag::kQuantity)) return value.quantity().value.ToDouble();
  return std::nullopt;
}

}  // namespace

Result<MeasurementPeriod> ReadPeriod(std::string_view start, std::string_view end) {
  if (start.empty() || end.empty()) return Fail(ErrorCode::kInvalidArgument, "no measurement period is stated");
  MeasurementPeriod period;
  PLUMBLINE_ASSIGN(period.start, ReadInstant(start, false));
  PLUMBLINE_ASSIGN(period.end, ReadInstant(end, true));
  return period;
}

MeasureRun::MeasureRun(const MeasureProgram& program, const cql::TermService& terms)
    : program_(program), context_(arena_), evaluation_(program.program()) {
  context_.terms = &terms;
  context_.data = &data_;
  members_.resize(program.groups().size());
  for (std::size_t i = 0; i < members_.size(); ++i) members_[i].populations.resize(program.groups()[i].populations.size());
}

Result<void> MeasureRun::Read(std::span<const std::string> documents, cql::fhir::ResourceSet* resources) {
  resources->Clear();
  for (const std::string& document : documents) PLUMBLINE_TRY(resources->Add(document));
  resources->Index();
  return {};
}

Result<void> MeasureRun::Evaluate(const cql::fhir::ResourceSet& resources, const MeasurementPeriod& period) {
  arena_.Reset();
  data_.Use(&resources);
  context_.error = cql::EvalErrorKind::kNone;
  context_.steps = 0;
  context_.depth = 0;
  context_.now = Value::OfTemporal(period.end);
  context_.default_offset = period.end.offset_minutes;
  period_ = {.low = Value::OfTemporal(period.start),
             .high = Value::OfTemporal(period.end),
             .low_closed = true,
             .high_closed = true,
             .point = Tag::kDateTime};
  evaluation_.Begin(context_);
  evaluation_.SetParameter(kPeriodParameter, Value::Interval(&period_));
  for (std::size_t i = 0; i < members_.size(); ++i) PLUMBLINE_TRY(EvaluateGroup(i));
  return {};
}

Error MeasureRun::EvaluationError(int definition) const {
  return {ErrorCode::kExpression, "\"" + program_.program().definitions()[static_cast<std::size_t>(definition)].name +
                                      "\": " + std::string(context_.error_message)};
}

Result<Value> MeasureRun::ValueOf(int definition) {
  const Value value = evaluation_.Evaluate(definition);
  if (context_.Failed()) return std::unexpected(EvaluationError(definition));
  return value;
}

Result<void> MeasureRun::EvaluateGroup(std::size_t group) {
  const MeasureGroup& measured = program_.measure().groups[group];
  GroupMembers& members = members_[group];
  for (std::size_t i = 0; i < measured.populations.size(); ++i) {
    members.populations[i].clear();
    if (measured.populations[i].kind == PopulationKind::kMeasureObservation) continue;
    const int definition = program_.groups()[group].populations[i];
    PLUMBLINE_ASSIGN(const Value value, ValueOf(definition));
    if (!AppendMembers(context_, value, &members.populations[i])) {
      return Fail(ErrorCode::kExpression,
                  "\"" + measured.populations[i].expression + "\" is no population: " + cql::ToLiteral(value));
    }
  }
  CutPopulations(measured, &members);
  return {};
}

Result<void> MeasureRun::AddStrata(std::size_t group, GroupCounts* counts) {
  const MeasureGroup& measured = program_.measure().groups[group];
  counts->strata.resize(measured.stratifiers.size());
  for (std::size_t s = 0; s < measured.stratifiers.size(); ++s) {
    PLUMBLINE_ASSIGN(const Value value, ValueOf(program_.groups()[group].stratifiers[s]));
    StratumCounts stratum;
    Members within;
    const bool criteria = value.Is(Tag::kList) || value.Is(Tag::kBoolean) || value.IsNull();
    stratum.value = criteria ? "true" : cql::ToLiteral(value);
    if (value.Is(Tag::kList) && !AppendMembers(context_, value, &within)) continue;
    for (const Members& population : members_[group].populations) {
      const bool all = !value.Is(Tag::kList) && (!criteria || value.IsTrue());
      stratum.counts.push_back(std::ranges::count_if(
          population, [&](const Member& member) { return all || std::ranges::find(within, member) != within.end(); }));
    }
    counts->strata[s].push_back(std::move(stratum));
  }
  return {};
}

// The members an observation counts for: those of its population that are left after the cut, without the population's own
// exclusions. A ratio's numerator has exclusions of its own.
Members MeasureRun::ObservedMembers(std::size_t group, std::size_t observation) const {
  using enum PopulationKind;
  const MeasureGroup& measured = program_.measure().groups[group];
  const auto over = ObservedPopulation(measured, observation);
  if (!over) return {};
  const PopulationKind kind = measured.populations[*over].kind;
  const PopulationKind exclusion = kind == kMeasurePopulation ? kMeasurePopulationExclusion
                                   : kind == kNumerator       ? kNumeratorExclusion
                                                              : kDenominatorExclusion;
  Members left = members_[group].populations[*over];
  for (std::size_t i = 0; i < measured.populations.size(); ++i) {
    if (measured.populations[i].kind != exclusion) continue;
    const Members& excluded = members_[group].populations[i];
    std::erase_if(left, [&](const Member& one) { return std::ranges::find(excluded, one) != excluded.end(); });
  }
  return left;
}

Result<void> MeasureRun::AddObservations(std::size_t group, GroupCounts* counts) {
  const MeasureGroup& measured = program_.measure().groups[group];
  counts->observations.resize(measured.populations.size());
  for (std::size_t i = 0; i < measured.populations.size(); ++i) {
    if (measured.populations[i].kind != PopulationKind::kMeasureObservation || program_.groups()[group].populations[i] < 0)
      continue;
    PLUMBLINE_ASSIGN(const Value value, ValueOf(program_.groups()[group].populations[i]));
    const Members left = ObservedMembers(group, i);
    if (!value.Is(Tag::kList)) {
      if (const auto number = NumberOf(value); number && !left.empty()) counts->observations[i].push_back(*number);
    } else {
      for (const Value& item : value.list()) {
        Members one;
        if (!item.Is(Tag::kTuple) || !AppendMembers(context_, Value::List(item.tuple_values().data(), 1), &one) || one.empty())
          continue;
        const auto number = NumberOf(item.tuple_values()[1]);
        if (number && std::ranges::find(left, one[0]) != left.end()) counts->observations[i].push_back(*number);
      }
    }
    counts->counts[i] = static_cast<std::int64_t>(counts->observations[i].size());
  }
  return {};
}

Result<PatientReport> MeasureRun::Run(const Patient& patient, const MeasureRunOptions& options) {
  const auto named = [&patient](Error error) {
    error.message = patient.id + ": " + error.message;
    return std::unexpected(std::move(error));
  };
  PatientReport report;
  report.period_start = patient.period_start.empty() ? options.period_start : patient.period_start;
  report.period_end = patient.period_end.empty() ? options.period_end : patient.period_end;
  const auto period = ReadPeriod(report.period_start, report.period_end);
  if (!period) return named(period.error());
  if (auto read = Read(patient.documents, &resources_); !read) return named(std::move(read).error());
  if (auto done = Evaluate(resources_, *period); !done) return named(std::move(done).error());
  report.patient = patient.id;
  static const cql::fhir::ModelClass* const kPatient = cql::fhir::Models::BuiltIn().fhir().Find("Patient");
  for (const cql::fhir::Resource& resource : resources_.OfType(*kPatient)) report.patient = resource.id;
  for (std::size_t g = 0; g < members_.size(); ++g) {
    GroupCounts counts;
    CountMembers(members_[g], &counts.counts);
    if (program_.measure().groups[g].basis != "boolean") {
      for (const Members& population : members_[g].populations) {
        auto& names = counts.members.emplace_back();
        for (const Member& member : population) names.push_back(MemberName(member));
      }
    }
    if (auto done = AddStrata(g, &counts); !done) return named(std::move(done).error());
    if (auto done = AddObservations(g, &counts); !done) return named(std::move(done).error());
    report.groups.push_back(std::move(counts));
  }
  const auto show = [this](int definition, auto* out) -> Result<void> {
    PLUMBLINE_ASSIGN(const Value value, ValueOf(definition));
    out->emplace_back(program_.program().definitions()[static_cast<std::size_t>(definition)].name, cql::ToLiteral(value));
    return {};
  };
  for (const int definition : options.supplemental ? program_.supplemental() : std::vector<int>()) {
    if (auto done = show(definition, &report.supplemental); !done) return named(std::move(done).error());
  }
  for (const int definition : options.expressions ? program_.Expressions() : std::vector<int>()) {
    if (auto done = show(definition, &report.expressions); !done) return named(std::move(done).error());
  }
  return report;
}

std::vector<std::string> Differences(const Measure& measure, const Patient& patient, const PatientReport& report) {
  std::vector<std::string> out;
  for (std::size_t e = 0; e < patient.expected.size(); ++e) {
    const ExpectedCounts& expected = patient.expected[e];
    auto group = std::ranges::find(measure.groups, expected.group, &MeasureGroup::id);
    if (group == measure.groups.end() && e < measure.groups.size())
      group = measure.groups.begin() + static_cast<std::ptrdiff_t>(e);
    if (group == measure.groups.end()) {
      out.push_back("the measure has no group " + expected.group);
      continue;
    }
    const auto index = static_cast<std::size_t>(group - measure.groups.begin());
    const std::string prefix = measure.groups.size() > 1 ? group->id + " " : "";
    for (const ExpectedCounts::Count& count : expected.counts) {
      if (count.population == PopulationCode(PopulationKind::kMeasureObservation)) continue;  // a value, not a count
      std::int64_t got = 0;
      bool known = false;
      for (std::size_t i = 0; i < group->populations.size(); ++i) {
        if (PopulationCode(group->populations[i].kind) != count.population) continue;
        got += report.groups[index].counts[i];
        known = true;
      }
      if (!known || got != count.count) {
        out.push_back(prefix + count.population + " expected " + std::to_string(count.count) + " got " +
                      (known ? std::to_string(got) : "no such population"));
      }
    }
  }
  return out;
}

}  // namespace plumbline::rules
