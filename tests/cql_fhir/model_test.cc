#include "engine/cql/fhir/model.h"

#include <catch2/catch.hpp>

#include "engine/cql/compiler.h"
#include "engine/cql/fhir/fhir_model.h"

using namespace plumbline::cql;
using namespace plumbline::cql::fhir;

TEST_CASE("the models are found by name and version") {
  REQUIRE(FindModel("FHIR", "4.0.1") != nullptr);
  REQUIRE(FindModel("QICore", "6.0.0") != nullptr);
  REQUIRE(FindModel("USCore", "6.1.0") != nullptr);
  CHECK(FindModel("QICore", "5.0.0") == nullptr);
  CHECK(FindModel("QUICK", "") == nullptr);
  CHECK(FindModel("QICore", "")->PatientType() == "Patient");
  CHECK(FindModel("FHIR", "")->PatientBirthDate() == "birthDate.value");
}

TEST_CASE("elements of FHIR have FHIR types, those of QI-Core the System types they convert to") {
  const DataModel& fhir = *FindModel("FHIR", "4.0.1");
  const DataModel& qicore = *FindModel("QICore", "6.0.0");
  CHECK(fhir.Property("Encounter", "period")->type == "FHIR.Period");
  CHECK(qicore.Property("Encounter", "period")->type == "Interval<System.DateTime>");
  CHECK(fhir.Property("Encounter", "type")->type == "List<FHIR.CodeableConcept>");
  CHECK(qicore.Property("Encounter", "type")->type == "List<System.Concept>");
  CHECK(qicore.Property("Encounter", "status")->type == "System.String");
  CHECK(qicore.Property("Encounter", "location")->type == "List<QICore.Encounter.Location>");
  CHECK(qicore.Property("MedicationRequest", "medication")->type == "Choice<System.Concept, QICore.Reference>");
  CHECK(qicore.Property("MedicationNotRequested", "medication")->type == "Choice<System.Concept, System.ValueSet>");
  CHECK(qicore.Property("Condition", "code") == std::nullopt);
  CHECK(fhir.Property("code", "value")->type == "System.String");
  // One name has one id in all models.
  CHECK(fhir.Property("Encounter", "period")->id == qicore.Property("Encounter", "period")->id);
}

TEST_CASE("inherited elements are elements") {
  const DataModel& fhir = *FindModel("FHIR", "4.0.1");
  CHECK(fhir.Property("Encounter", "id")->type == "FHIR.id");
  CHECK(fhir.Property("Encounter", "extension")->type == "List<FHIR.Extension>");
  CHECK(fhir.BaseType("Encounter") == "FHIR.DomainResource");
  CHECK(fhir.BaseType("Age") == "FHIR.Quantity");
}

TEST_CASE("types that are other names of System types resolve to them") {
  const DataModel& qicore = *FindModel("QICore", "6.0.0");
  CHECK(qicore.ResolveType("EncounterStatus") == "System.String");
  CHECK(qicore.ResolveType("NotDoneReason") == "System.Concept");
  CHECK(qicore.ResolveType("Encounter") == "QICore.Encounter");
  CHECK(qicore.ResolveType("Encountre") == std::nullopt);
}

TEST_CASE("a retrieve of a profile knows its url and its path of codes") {
  const DataModel& qicore = *FindModel("QICore", "6.0.0");
  const auto encounter = qicore.Retrievable("Encounter");
  REQUIRE(encounter);
  CHECK(encounter->template_id == "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-encounter");
  CHECK(encounter->primary_code_path == "type");
  CHECK(encounter->base_type == "FHIR.Encounter");
  const auto pressure = qicore.Retrievable("USCoreBloodPressureProfile");
  REQUIRE(pressure);
  CHECK(pressure->base_type == "FHIR.Observation");
  CHECK(FindModel("USCore", "")->Retrievable("HeartRateProfile")->base_type == "FHIR.Observation");
  CHECK_FALSE(qicore.Retrievable("Encounter.Location"));
}

TEST_CASE("every element of a view comes from its FHIR class or an extension, or is stated to come from nowhere") {
  for (const Model& model : Models::BuiltIn().all()) {
    for (const ModelClass& type : model.classes()) {
      if (!type.alias().empty()) continue;
      INFO(type.full_name());
      REQUIRE(type.fhir() != nullptr);
      for (const ModelElement& element : type.elements()) {
        INFO(element.name);
        CHECK_FALSE(element.type.empty());
        CHECK(type.Find(element.id) == &element);
        if (element.access == Access::kView) CHECK(element.view != nullptr);
      }
    }
  }
}

TEST_CASE("a program says the times of what it reads") {
  const Compiled compiled = CompileLibrary(R"(library T
using QICore version '6.0.0'
parameter "Measurement Period" Interval<DateTime>
context Patient
define function within(list List<Encounter>, P Interval<DateTime>): list E where E.period during P
define "Visits": [Encounter] E where E.period during day of "Measurement Period" and E.status = 'finished'
define "Before": "Visits" V
  with [ObservationClinicalResult] O such that O.issued 3 days or less before start of V.period
define "Year": [Procedure] P let done: end of P.performed.toInterval()
  where done after start of "Measurement Period" - 1 year return P.id
define "Late": [ConditionProblemsHealthConcerns] C where C.recordedDate >= Today() - 90 days
define "Any": First([Encounter] E sort by id) F where F.period before start of "Measurement Period"
define "Called": within([Encounter], "Measurement Period")
define fluent function toInterval(c Choice<Interval<DateTime>, Interval<Quantity>, DateTime, Quantity, String>): c as Interval<DateTime>
)",
                                           "t.cql", {.find_model = FindModel});
  INFO(compiled.diagnostics.Text());
  REQUIRE(compiled.ok());
  const auto said = [&](std::string_view name) {
    std::string text;
    for (const RetrieveDependency& r : compiled.program->DependenciesOf(*compiled.program->Find(name)).retrieves) {
      if (r.type == "QICore.Patient") continue;
      text += r.type.substr(7);
      for (const TimeBound& bound : r.bounds) text += ": " + BoundText(bound);
      text += "\n";
    }
    return text;
  };
  CHECK(said("Visits") == "Encounter: period within day of [start of \"Measurement Period\", end of \"Measurement Period\"]\n");
  CHECK(said("Before") ==
        "Encounter: period within day of [start of \"Measurement Period\", end of \"Measurement Period\"]\n"
        "ObservationClinicalResult: issued within [start of V.period - 3 day, start of V.period]\n");
  CHECK(said("Year") == "Procedure: end of performed.toInterval() within [start of \"Measurement Period\" - 1 year, -]\n");
  CHECK(said("Late") == "ConditionProblemsHealthConcerns: recordedDate within [Today() - 90 day, -]\n");
  CHECK(said("Any") == "Encounter\n");  // the first of all is taken before its time is looked at
  CHECK(said("Called") == "Encounter: period within [start of \"Measurement Period\", end of \"Measurement Period\"]\n");
  const Dependencies all = compiled.program->DependenciesOf(*compiled.program->Find("Before"));
  CHECK(all.definitions == std::vector<std::string>{"Before", "Visits"});
  CHECK(all.parameters == std::vector<std::string>{"Measurement Period"});
}

TEST_CASE("FHIRHelpers' conversions are known to the FHIR model, and some are native") {
  const DataModel& fhir = *FindModel("FHIR", "4.0.1");
  std::size_t concepts = 0;
  for (const ModelConversion& conversion : fhir.Conversions()) {
    if (conversion.from_type == "FHIR.CodeableConcept") {
      ++concepts;
      CHECK(conversion.to_type == "System.Concept");
      CHECK(conversion.library == "FHIRHelpers");
      CHECK(conversion.function == "ToConcept");
    }
    CHECK(conversion.from_type != "FHIR.Age");
  }
  CHECK(concepts == 1);
  const std::string_view period = "FHIR.Period";
  CHECK(fhir.Native("FHIRHelpers", "ToInterval", {&period, 1}) != nullptr);
  CHECK(fhir.Native("Other", "ToInterval", {&period, 1}) == nullptr);
}
