// FHIR, US Core and QI-Core as data models of the language.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cql/data_model.h"
#include "engine/cql/fhir/model.h"

namespace plumbline::cql::fhir {

class FhirModel final : public DataModel {
 public:
  explicit FhirModel(const Model& model);

  [[nodiscard]] std::string_view name() const override { return model_.name(); }
  [[nodiscard]] std::string_view version() const override { return model_.version(); }
  [[nodiscard]] std::optional<std::string> ResolveType(std::string_view type) const override;
  [[nodiscard]] std::optional<std::string> BaseType(std::string_view type) const override;
  [[nodiscard]] std::optional<PropertyInfo> Property(std::string_view type, std::string_view property) const override;
  [[nodiscard]] std::span<const std::string_view> TypeNames() const override { return names_; }
  [[nodiscard]] std::string PropertyNames(std::string_view type) const override;
  [[nodiscard]] std::optional<RetrieveInfo> Retrievable(std::string_view type) const override;
  [[nodiscard]] std::string_view PatientType() const override { return model_.patient_class(); }
  [[nodiscard]] std::string_view PatientBirthDate() const override { return model_.birth_date(); }
  [[nodiscard]] std::span<const ModelConversion> Conversions() const override { return conversions_; }
  [[nodiscard]] const ObjectClass* Class(std::string_view type) const override { return model_.Find(type); }
  [[nodiscard]] NativeFn Native(std::string_view library, std::string_view function,
                                std::span<const std::string_view> operand_types) const override;

 private:
  // The table's text of a type as a full type specifier.
  [[nodiscard]] std::string FullType(std::string_view type) const;

  const Model& model_;
  std::vector<std::string_view> names_;
  std::vector<ModelConversion> conversions_;
};

// The model of a `using NAME version 'VERSION'` (an empty version: the newest), null when there is none.
[[nodiscard]] const DataModel* FindModel(std::string_view name, std::string_view version);

}  // namespace plumbline::cql::fhir
