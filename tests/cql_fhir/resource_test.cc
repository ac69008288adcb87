#include <catch2/catch.hpp>

#include "engine/cql/fhir/fhir_model.h"
#include "engine/cql/fhir/node_text.h"
#include "engine/cql/fhir/patient_data.h"
#include "engine/cql/fhir/primitive.h"
#include "engine/cql/fhir/resource_set.h"
#include "engine/cql/fhir/value_sets.h"

using namespace plumbline;
using namespace plumbline::cql;
using namespace plumbline::cql::fhir;

namespace {

// An evaluation over one document.
struct Fixture {
  explicit Fixture(std::string_view json) : context(arena) {
    const auto added = resources.Add(json);
    INFO((added ? "" : added.error().message));
    REQUIRE(added.has_value());
    resources.Index();
    data.Use(&resources);
    context.terms = &terms;
  }

  Value Get(const Value& object, std::string_view property) {
    REQUIRE(object.Is(Tag::kObject));
    return object.object_class()->Get(context, object.object(), Models::BuiltIn().NameId(property));
  }
  Value First(std::string_view model, std::string_view type) {
    const auto& found = *static_cast<const ModelClass*>(FindModel(model, "")->Class(type));
    const auto all = resources.OfType(*found.fhir());
    REQUIRE(!all.empty());
    return Value::Object(&found, all.front().node);
  }
  Value Retrieve(std::string_view type, const Value& codes = {}, bool primary_path = true) {
    const DataModel& model = *FindModel("QICore", "");
    const auto info = model.Retrievable(type);
    REQUIRE(info);
    return data.Retrieve(context, {.type = model.Class(type),
                                   .template_id = info->template_id,
                                   .code_path = info->primary_code_path,
                                   .primary_path = primary_path,
                                   .comparator = CodeComparator::kIn,
                                   .codes = codes,
                                   .unfiltered = false});
  }

  Arena arena;
  EvalContext context;
  ResourceSet resources;
  PatientData data;
  ValueSetIndex terms;
};

constexpr std::string_view kEncounter = R"({"resourceType":"Encounter","id":"e1",
  "meta":{"profile":["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-encounter|6.0.0"]},
  "status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},
  "type":[{"coding":[{"system":"http://snomed.info/sct","code":"183452005","display":"Inpatient"},
                     {"system":"http://example.org","code":"x"}],"text":"in\u0070atient"}],
  "period":{"start":"2026-07-11T08:00:00.000+00:00","end":"2026-07-12"},
  "location":[{"location":{"reference":"Location/1"},"period":{"end":"2026-07-12T01:02:03Z"}}],
  "unknownElement":{"a":[1,2,{"b":null}]},
  "length":{"value":1.50,"unit":"days","system":"http://unitsofmeasure.org","code":"d"}})";

}  // namespace

TEST_CASE("elements are read by QI-Core's types as System values") {
  Fixture f(kEncounter);
  const Value encounter = f.First("QICore", "Encounter");
  CHECK(f.Get(encounter, "status").string() == "finished");
  CHECK(f.Get(encounter, "class").code().code == "IMP");
  const Value types = f.Get(encounter, "type");
  REQUIRE(types.Is(Tag::kList));
  REQUIRE(types.list().size() == 1);
  const ConceptData& first = types.list()[0].concept_data();
  CHECK(first.size == 2);
  CHECK(first.codes[0].code().display == "Inpatient");
  CHECK(first.display == "inpatient");
  const IntervalData& period = f.Get(encounter, "period").interval();
  CHECK(period.low.temporal().hour == 8);
  CHECK(period.low.temporal().offset_minutes == 0);
  CHECK(period.high.temporal().precision == Precision::kDay);
  CHECK(period.low_closed);
  const QuantityData& length = f.Get(encounter, "length").quantity();
  CHECK(length.value.ToText() == "1.5");
  CHECK(length.unit == "day");
  CHECK(f.Get(encounter, "hospitalization").IsNull());
}

TEST_CASE("elements are read by FHIR's types as objects") {
  Fixture f(kEncounter);
  const Value encounter = f.First("FHIR", "Encounter");
  const Value status = f.Get(encounter, "status");
  REQUIRE(status.Is(Tag::kObject));
  CHECK(status.object_class()->TypeName() == "FHIR.EncounterStatus");
  CHECK(f.Get(status, "value").string() == "finished");
  const Value period = f.Get(encounter, "period");
  CHECK(f.Get(f.Get(period, "start"), "value").Is(Tag::kDateTime));
  CHECK(encounter.object_class()->ConformsTo("FHIR.DomainResource"));
  CHECK_FALSE(encounter.object_class()->ConformsTo("FHIR.Observation"));
}

TEST_CASE("a period without start begins at an unknown time") {
  Fixture f(kEncounter);
  const Value location = f.Get(f.First("QICore", "Encounter"), "location").list()[0];
  CHECK(location.object_class()->TypeName() == "QICore.Encounter.Location");
  const IntervalData& period = f.Get(location, "period").interval();
  CHECK(period.low.IsNull());
  CHECK_FALSE(period.low_closed);
  CHECK(period.high_closed);
  CHECK(f.Get(f.Get(location, "location"), "reference").string() == "Location/1");
}

TEST_CASE("a choice element has the value of the type that the resource holds") {
  Fixture quantity(R"({"resourceType":"Observation","id":"o","valueQuantity":{"value":5,"unit":"mg","code":"mg"}})");
  CHECK(quantity.Get(quantity.First("QICore", "SimpleObservation"), "value").quantity().unit == "mg");
  Fixture text(R"({"resourceType":"Observation","id":"o","valueString":"a \"b\" \\ c","effectiveDateTime":"2026"})");
  const Value observation = text.First("QICore", "SimpleObservation");
  CHECK(text.Get(observation, "value").string() == "a \"b\" \\ c");
  CHECK(text.Get(observation, "effective").temporal().precision == Precision::kYear);
  Fixture timing(R"({"resourceType":"Observation","id":"o","effectiveTiming":{"event":["2026-01-01T00:00:00Z"]}})");
  CHECK(timing.Get(timing.First("QICore", "SimpleObservation"), "effective").object_class()->TypeName() == "QICore.Timing");
}

TEST_CASE("extensions are elements of a profile, found by url") {
  Fixture f(R"({"resourceType":"Patient","id":"p","birthDate":"1956-01-01","extension":[
    {"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","extension":[
      {"url":"ombCategory","valueCoding":{"system":"s","code":"2106-3"}},{"url":"text","valueString":"White"}]},
    {"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex","valueCode":"248153007"}]})");
  const Value patient = f.First("QICore", "Patient");
  CHECK(f.Get(patient, "birthDate").Is(Tag::kDate));
  CHECK(f.Get(patient, "sex").string() == "248153007");
  const Value race = f.Get(patient, "race");
  REQUIRE(race.Is(Tag::kObject));
  CHECK(f.Get(race, "text").string() == "White");
  CHECK(f.Get(race, "ombCategory").list()[0].code().code == "2106-3");
  CHECK(f.Get(patient, "ethnicity").IsNull());
}

TEST_CASE("extensions of primitives are kept, whichever of the two fields comes first") {
  for (
      const std::string_view json :
      {R"({"resourceType":"Patient","id":"p","birthDate":"1956-01-01","_birthDate":{"extension":[{"url":"u","valueString":"x"}]}})",
       R"({"resourceType":"Patient","id":"p","_birthDate":{"extension":[{"url":"u","valueString":"x"}]},"birthDate":"1956-01-01"})"}) {
    Fixture f(json);
    const Value birth = f.Get(f.First("FHIR", "Patient"), "birthDate");
    CHECK(f.Get(birth, "value").temporal().year == 1956);
    CHECK(f.Get(birth, "extension").list().size() == 1);
  }
}

TEST_CASE("a quantity with a comparator is an error only when it is used") {
  Fixture f(R"({"resourceType":"Observation","id":"o","valueQuantity":{"value":5,"comparator":"<","unit":"mg"}})");
  const Value observation = f.First("QICore", "SimpleObservation");
  CHECK_FALSE(f.context.Failed());
  CHECK(f.Get(observation, "value").IsNull());
  CHECK(f.context.error == EvalErrorKind::kMessage);
  CHECK(f.context.error_message.find("comparator") != std::string_view::npos);
}

TEST_CASE("a retrieve wants the profile and a code of the value set") {
  Fixture f(R"({"resources":[)" + std::string(kEncounter) + R"(,{"resourceType":"Encounter","id":"e2","type":[{"coding":[
    {"system":"http://snomed.info/sct","code":"183452005"}]}]}]})");
  const std::array codes{CodeData{.code = "183452005", .system = "http://snomed.info/sct", .version = {}, .display = {}}};
  f.terms.AddCodes("http://example.org/inpatient", codes);
  const VocabularyData inpatient{.id = "http://example.org/inpatient", .version = {}, .name = {}};
  const VocabularyData other{.id = "http://example.org/other", .version = {}, .name = {}};
  CHECK(f.Retrieve("Encounter").list().size() == 1);  // the second names no profile
  CHECK(f.Retrieve("Encounter", Value::ValueSet(&inpatient)).list().size() == 1);
  CHECK_FALSE(f.context.Failed());
  CHECK(f.Retrieve("Encounter", Value::ValueSet(&other)).IsNull());
  CHECK(f.context.error == EvalErrorKind::kTerminology);
}

TEST_CASE("a request that refers to a medication is found by the medication's code") {
  Fixture f(R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"MedicationRequest","id":"r",
    "meta":{"profile":["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-medicationrequest"]},
    "medicationReference":{"reference":"http://server/fhir/Medication/m"}}},
    {"resource":{"resourceType":"Medication","id":"m","code":{"coding":[{"system":"rx","code":"1"}]}}}]})");
  const CodeData one{.code = "1", .system = "rx", .version = {}, .display = {}};
  const CodeData two{.code = "2", .system = "rx", .version = {}, .display = {}};
  CHECK(f.Retrieve("MedicationRequest", Value::Code(&one)).list().size() == 1);
  CHECK(f.Retrieve("MedicationRequest", Value::Code(&two)).list().empty());
  // `[MedicationRequest: medication in ...]` means the element, and a reference has no code.
  CHECK(f.Retrieve("MedicationRequest", Value::Code(&one), false).list().empty());
}

TEST_CASE("what was not done may be named by its value set") {
  Fixture f(R"([{"resourceType":"ServiceRequest","id":"r",
    "meta":{"profile":["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-servicenotrequested"]},
    "code":{"extension":[{"url":"http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDoneValueSet",
                          "valueCanonical":"http://example.org/set"}]}}])");
  f.terms.AddCodes("http://example.org/set", {});
  const VocabularyData set{.id = "http://example.org/set", .version = {}, .name = {}};
  const Value found = f.Retrieve("ServiceNotRequested", Value::ValueSet(&set));
  REQUIRE(found.list().size() == 1);
  CHECK(f.Get(found.list()[0], "code").Is(Tag::kValueSet));
  CHECK(f.Retrieve("ServiceRequest", Value::ValueSet(&set)).list().empty());
}

TEST_CASE("objects are equal by content") {
  Fixture f(
      R"([{"resourceType":"Encounter","id":"a","status":"finished"},{"resourceType":"Encounter","id":"a","status":"finished"},
                {"resourceType":"Encounter","id":"b","status":"finished"}])");
  const auto all = f.resources.all();
  const ObjectClass& type = *FindModel("QICore", "")->Class("Encounter");
  CHECK(type.Equal(all[0].node, all[1].node) == true);
  CHECK(type.Hash(all[0].node) == type.Hash(all[1].node));
  CHECK(type.Equal(all[0].node, all[2].node) == false);
  CHECK(type.Text(all[0].node) == "Encounter/a");
  CHECK(NodeJson(*all[0].node) == R"({"resourceType":"Encounter","id":"a","status":"finished"})");
}

TEST_CASE("documents that are no FHIR are refused with a reason") {
  for (const std::string_view json :
       {R"({"resourceType":"Encounte"})", R"({"a":1})", R"([1])", "{", "", R"([{"resourceType":"Patient"}] x)",
        R"({"resourceType":"Patient","name":[{"given":["a",]}]})", R"({"resourceType":"Patient","name":[}]})",
        R"({"resourceType":"Patient","name" "x"})", R"({"resourceType":"Patient","id":"open)",
        R"({"resourceType":"Patient"]})"}) {
    ResourceSet set;
    INFO(json);
    const auto added = set.Add(json);
    REQUIRE_FALSE(added.has_value());
    CHECK(added.error().message.starts_with("FHIR JSON: "));
  }
  std::string deep = R"({"resourceType":"Questionnaire","item":)";
  for (int i = 0; i < 200; ++i) deep += R"([{"item":)";
  ResourceSet set;
  CHECK_FALSE(set.Add(deep).has_value());
}

TEST_CASE("a resource that cannot be read fails who asks for its type, not the others") {
  ResourceSet set;
  REQUIRE(set.Add(R"([{"resourceType":"Patient","id":"p"},{"resourceType":"Encounter","id":"\x"}])").has_value());
  set.Index();
  CHECK(set.OfType(*Models::BuiltIn().fhir().Find("Patient")).size() == 1);
  CHECK(set.error().empty());
  CHECK(set.OfType(*Models::BuiltIn().fhir().Find("Encounter")).empty());
  CHECK(set.error().find("Encounter") != std::string::npos);
  CHECK(set.all().size() == 1);
}

TEST_CASE("escapes, nulls and extensions of lists are read where they stand") {
  ResourceSet set;
  REQUIRE(set.Add(R"({"resourceType":"Patient","id":"a\u00e4\ud83d\ude00\n",
    "name":[{"given":["x",null,"z"],"_given":[null,{"extension":[{"url":"u"}]},null]}],
    "communication":[{"language":{"coding":[null,{"code":"en"}]}}]})")
              .has_value());
  set.Index();
  REQUIRE(set.all().size() == 1);
  CHECK(set.all()[0].id == "a\xC3\xA4\xF0\x9F\x98\x80\n");
  const Node& name = *Child(*set.all()[0].node, "name");
  const Field& given = name.fields[0];
  REQUIRE(given.count == 3);
  CHECK(given.nodes[1].system.IsNull());
  CHECK(ExtensionUrl(ExtensionsOf(given.nodes[1], false)[0]) == "u");
  CHECK(given.nodes[2].system.string() == "z");
}

TEST_CASE("extensions of a long list of primitives take room in proportion") {
  std::string json = R"({"resourceType":"Patient","id":"p","name":[{"_given":[)";
  constexpr int kItems = 20'000;
  for (int i = 0; i < kItems; ++i) json += i == 0 ? "{}" : ",{}";
  json += "]}]}";
  ResourceSet set;
  REQUIRE(set.Add(json).has_value());
  set.Index();
  REQUIRE(set.all().size() == 1);
  CHECK(Child(*set.all()[0].node, "name")->fields[0].count == kItems);
  CHECK(set.bytes() < std::size_t{64} << 20);
}

TEST_CASE("decimals of FHIR keep their digits") {
  CHECK(ParseDecimalText("1.50").decimal().ToText() == "1.5");
  CHECK(ParseDecimalText("1.50").scale() == 2);
  CHECK(ParseDecimalText("-0.000000005").decimal().ToText() == "-0.00000001");
  CHECK(ParseDecimalText("1e3").decimal().ToText() == "1000");
  CHECK(ParseDecimalText("12.5E-1").decimal().ToText() == "1.25");
  CHECK(ParseDecimalText("0.1234567891234567891234567891234567890").decimal().ToText() == "0.12345679");
  CHECK(ParseDecimalText("1.2.3").IsNull());
  CHECK(ParseDecimalText("").IsNull());
  CHECK(ParseDecimalText("123456789012345678901234567890").IsNull());
}

TEST_CASE("dates of FHIR keep their precision and offset") {
  const auto at = ParseFhirDate("2026-07-11T08:09:10.1234-05:30", TemporalKind::kDateTime);
  REQUIRE(at);
  CHECK(at->millisecond == 123);
  CHECK(at->offset_minutes == -330);
  CHECK(ParseFhirDate("2026-02-29", TemporalKind::kDate) == std::nullopt);
  CHECK(ParseFhirDate("2026-07-11T25:00:00Z", TemporalKind::kDateTime) == std::nullopt);
  CHECK(ParseFhirDate("2026-07", TemporalKind::kDate)->precision == Precision::kMonth);
  CHECK(ParseFhirDate("2026-07-11x", TemporalKind::kDate) == std::nullopt);
}

TEST_CASE("value sets answer by url, system and code") {
  ValueSetIndex index;
  const auto added = index.Add(R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"ValueSet","url":"http://v",
    "expansion":{"contains":[{"system":"s","code":"a"},{"system":"s","code":"a"},{"abstract":true,"system":"s","code":"group",
      "contains":[{"system":"t","code":"b"}]}]}}},
    {"resource":{"resourceType":"ValueSet","url":"http://w","compose":{"include":[{"system":"s","concept":[{"code":"c"}]}]}}},
    {"resource":{"resourceType":"CodeSystem","url":"s","concept":[{"code":"a","concept":[{"code":"a1"}]}]}}]})");
  REQUIRE(added.has_value());
  const VocabularyData v{.id = "http://v|1.0", .version = {}, .name = {}};
  const VocabularyData w{.id = "http://w", .version = {}, .name = {}};
  const VocabularyData s{.id = "s", .version = {}, .name = {}};
  CHECK(index.code_count() == 5);
  CHECK(index.InValueSet(v, "a", "s") == true);
  CHECK(index.InValueSet(v, "a", "t") == false);
  CHECK(index.InValueSet(v, "a", {}) == true);
  CHECK(index.InValueSet(v, "b", "t") == true);
  CHECK(index.InValueSet(v, "group", "s") == false);
  CHECK(index.InValueSet(w, "c", "s") == true);
  CHECK(index.InCodeSystem(s, "a1") == true);
  CHECK(index.InValueSet(s, "a", "s") == std::nullopt);
  Arena arena;
  CHECK(index.Expand(v, arena)->size() == 2);
  CHECK_FALSE(index.Add(R"({"resourceType":"ValueSet"})").has_value());
  CHECK_FALSE(index.Add("[").has_value());
}
