#include <memory>

#include "engine/base/check.h"
#include "engine/cql/compiler.h"
#include "engine/cql/fhir/fhir_model.h"
#include "engine/cql/fhir/patient_data.h"
#include "engine/cql/fhir/resource_set.h"
#include "engine/cql/fhir/value_sets.h"
#include "engine/cql/literal.h"
#include "tests/cql/plain_walk_support.h"
#include "tests/cql/random_program_support.h"

namespace plumbline::cql {
namespace {

constexpr std::string_view kResources = R"([
  {"resourceType": "Patient", "id": "p", "birthDate": "1970-02-28",
   "meta": {"profile": ["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-patient"]}},
  {"resourceType": "Encounter", "id": "e2", "status": "finished",
   "meta": {"profile": ["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-encounter"]},
   "type": [{"coding": [{"system": "http://s", "code": "a"}]}, {"coding": [{"system": "http://s", "code": "z"}]}],
   "location": [{"location": {"reference": "Location/1"}}, {"location": {"reference": "Location/2"}}],
   "period": {"start": "2012-02-28T10:00:00Z", "end": "2012-03-02T09:00:00Z"}},
  {"resourceType": "Encounter", "id": "e1", "status": "in-progress",
   "meta": {"profile": ["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-encounter"]},
   "type": [{"coding": [{"system": "http://s", "code": "b"}]}], "period": {"start": "2012-01-05"}},
  {"resourceType": "Encounter", "id": "e3",
   "meta": {"profile": ["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-encounter"]}},
  {"resourceType": "Observation", "id": "o1", "status": "final", "valueQuantity": {"value": 2.50, "code": "mg"},
   "meta": {"profile": ["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-observation-clinical-result"]}},
  {"resourceType": "Observation", "id": "o2", "status": "final", "valueString": "high",
   "meta": {"profile": ["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-observation-clinical-result"]}}
])";

constexpr std::string_view kValueSet = R"({"resourceType": "ValueSet", "url": "http://v",
  "expansion": {"contains": [{"system": "http://s", "code": "a"}, {"system": "http://s", "code": "c"}]}})";

// The one patient, read once; lazily read parts make it a thread's own.
struct Data {
  Data() {
    PLUMBLINE_CHECK(resources.Add(kResources).has_value(), "the patient is read");
    resources.Index();
    PLUMBLINE_CHECK(terms.Add(kValueSet).has_value(), "the value set is read");
  }
  fhir::ResourceSet resources;
  fhir::ValueSetIndex terms;
};

struct Outcome {
  std::string text;
  bool failed = false;
};

Outcome OutcomeOf(const EvalContext& context, const Value& value) {
  if (context.Failed()) return {"error: " + std::string(context.error_message), true};
  return {ToLiteral(value), false};
}

class Evaluations {
 public:
  explicit Evaluations(const Program& program) : program_(program), compiled_(program) {
    compiled_.Begin(together_);
    for (EvalContext* context : {&together_, &alone_, &walked_}) {
      context->now = Value::OfTemporal(DateTimeFromUnixMs(1'700'000'000'000, 0));
      context->terms = &data_->terms;
      context->data = &source_;
    }
  }

  // As one of many, the others' values kept; an error ends the evaluation, and the next definition begins a new one.
  Outcome Together(int definition) {
    const Value value = compiled_.Evaluate(definition);
    const Outcome outcome = OutcomeOf(together_, value);
    if (outcome.failed) Again(&together_);
    return outcome;
  }

  Outcome Alone(int definition) {
    Evaluation evaluation(program_);
    alone_.error = EvalErrorKind::kNone;
    evaluation.Begin(alone_);
    const Value value = evaluation.Evaluate(definition);
    return OutcomeOf(alone_, value);
  }

  Outcome Walked(int definition) {
    constexpr std::uint64_t kSteps = 200'000;
    walked_.error = EvalErrorKind::kNone;
    const Value value = PlainWalk(program_, walked_, kSteps).Evaluate(definition);
    return OutcomeOf(walked_, value);
  }

 private:
  void Again(EvalContext* context) {
    context->error = EvalErrorKind::kNone;
    context->depth = 0;
    compiled_.Begin(*context);
  }

  static const Data& Shared() {
    static const Data data;
    return data;
  }

  const Program& program_;
  const Data* data_ = &Shared();
  fhir::PatientData source_{&data_->resources};
  Arena arena_;
  EvalContext together_{arena_};
  EvalContext alone_{arena_};
  EvalContext walked_{arena_};
  Evaluation compiled_;
};

bool Same(const Outcome& a, const Outcome& b) { return a.failed == b.failed && (a.failed || a.text == b.text); }

}  // namespace

Comparison CompareEvaluations(const std::string& library) {
  Comparison result;
  const Compiled compiled = CompileLibrary(library, "random.cql", {.find_model = fhir::FindModel});
  if (!compiled.ok()) {
    result.difference = "does not compile: " + compiled.diagnostics.Text();
    return result;
  }
  Evaluations evaluations(*compiled.program);
  const auto definitions = compiled.program->definitions();
  for (int i = 0; i < static_cast<int>(definitions.size()); ++i) {
    Outcome walked;
    try {
      walked = evaluations.Walked(i);
    } catch (const PlainWalk::TooLong&) {
      ++result.too_long;
      continue;
    }
    const Outcome alone = evaluations.Alone(i);
    const Outcome together = evaluations.Together(i);
    ++result.definitions;
    result.failed += walked.failed ? 1 : 0;
    if (Same(alone, walked) && Same(together, walked)) continue;
    result.difference = definitions[static_cast<std::size_t>(i)].name + "\ncompiled, alone:    " + alone.text +
                        "\ncompiled, together: " + together.text + "\nwalked:             " + walked.text;
    return result;
  }
  return result;
}

}  // namespace plumbline::cql
