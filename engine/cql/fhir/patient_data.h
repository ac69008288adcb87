// One patient's resources as the DataSource of an evaluation. All resources of the set are the patient's. A retrieve of a
// profiled type means the FHIR type and that meta.profile names the profile.
#pragma once

#include "engine/cql/data_model.h"
#include "engine/cql/fhir/resource_set.h"

namespace plumbline::cql::fhir {

class PatientData final : public DataSource {
 public:
  PatientData() = default;
  explicit PatientData(const ResourceSet* resources) : resources_(resources) {}

  // `resources` is indexed and outlives its use here.
  void Use(const ResourceSet* resources) { resources_ = resources; }
  [[nodiscard]] Value Retrieve(EvalContext& context, const RetrieveSpec& spec) override;

 private:
  [[nodiscard]] bool CodeMatches(EvalContext& context, const RetrieveSpec& spec, const Node& resource) const;
  [[nodiscard]] bool NodeMatches(EvalContext& context, const RetrieveSpec& spec, const Node& node) const;
  [[nodiscard]] bool CodesMatch(EvalContext& context, const RetrieveSpec& spec, const Value& concept_or_code) const;

  const ResourceSet* resources_ = nullptr;
};

}  // namespace plumbline::cql::fhir
