// The engine's events as a data model of the expression language: Device, Consultation and Diagnosis, over the rows that a
// subject keeps. `using Plumbline version '1'` is implied in rule packs. Elements that a row does not hold are read from the
// event's kept bytes; ReadsPayload says which those are, so that only rules that need them make the engine keep them.
//
// The model is immutable. RowObject and RowSource belong to one evaluation.
#pragma once

#include <string_view>

#include "engine/cql/data_model.h"
#include "engine/rule/kind.h"

namespace plumbline::rules {

[[nodiscard]] const cql::DataModel& StreamModel();
// For CompileOptions::find_model.
[[nodiscard]] const cql::DataModel* FindStreamModel(std::string_view name, std::string_view version);
// "Device", "Consultation", "Diagnosis" to the kind; nullopt for other names.
[[nodiscard]] std::optional<model::EventKind> KindOfType(std::string_view type);
// Whether an element of that name is not held by rows.
[[nodiscard]] bool ReadsPayload(std::string_view element);

// A row as the expression language sees it; lives in the evaluation's arena.
[[nodiscard]] cql::Value RowValue(cql::Arena& arena, const rule::SubjectRows& subject, const rule::Row& row);

// The events that a Sight shows.
class RowSource final : public cql::DataSource {
 public:
  void Look(const rule::Sight& sight) { sight_ = sight; }
  cql::Value Retrieve(cql::EvalContext& context, const cql::RetrieveSpec& spec) override;

 private:
  rule::Sight sight_;
};

}  // namespace plumbline::rules
