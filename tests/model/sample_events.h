// Events for the tests of the model: a typical one of each kind, and random ones from a seed.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "engine/model/event.h"

namespace plumbline::model {

// 2026-01-31T16:10:00Z, as charted in Shanghai.
inline constexpr TimeMs kSampleTime = 1'769'875'800'000;

inline Event SampleDevice() {
  Event e;
  e.kind = EventKind::kDevice;
  e.source_sequence = 41;
  e.time = kSampleTime;
  e.offset_minutes = 480;
  e.id = "dev-000041";
  e.patient = "patient-0007";
  e.encounter = "enc-7";
  e.site = "north";
  e.source = "monitors";
  e.device = "monitor-12";
  e.device_model = "MX-450";
  e.code = {"http://loinc.org", "59408-5", ""};
  e.has_quantity = true;
  e.quantity = {*Decimal::Parse("96.5"), "%"};
  return e;
}

inline Event SampleConsultation() {
  Event e = SampleDevice();
  e.kind = EventKind::kConsultation;
  e.device = e.device_model = {};
  e.id = "con-9";
  e.clinician = "dr-li";
  e.clinician_role = "intensivist";
  e.code = {"http://www.whocc.no/atc", "J01DH02", "meropenem"};
  e.quantity = {*Decimal::Parse("1"), "g"};
  e.action = Action::kAdministered;
  e.modality = Modality::kInPerson;
  e.waiting_ms = 90'000;
  e.duration_ms = 0;
  return e;
}

inline const std::vector<GradeView>& SampleGrades() {
  static const std::vector<GradeView> grades = {
      {{"urn:lidc", "diameter", "Durchmesser"}, true, {*Decimal::Parse("8.25"), "mm"}, {}},
      {{"urn:lidc", "malignancy", ""}, true, {*Decimal::Parse("4"), "1"}, {}},
      {{"urn:acr", "Lung-RADS", "肺部影像报告"}, false, {}, {"urn:acr", "4A", ""}},
  };
  return grades;
}

inline Event SampleDiagnosis() {
  Event e = SampleDevice();
  e.kind = EventKind::kDiagnosis;
  e.device = e.device_model = {};
  e.has_quantity = false;
  e.quantity = {};
  e.id = "dia-3";
  e.code = {"http://hl7.org/fhir/sid/icd-10-cm", "R91.1", "Solitary pulmonary nodule"};
  e.certainty = Certainty::kProbable;
  e.decided_by = DecidedBy::kExpertPanel;
  e.grades = SampleGrades();
  e.follow_up = {"urn:follow-up", "ct", "CT"};
  e.follow_up_within_ms = 7'776'000'000;
  e.answers_to = "dia-2";
  return e;
}

// Random events whose texts live in this object.
class RandomEvents {
 public:
  explicit RandomEvents(std::uint64_t seed) : random_(seed) {}

  Event Next() {
    texts_.clear();
    texts_.reserve(2048);
    Event e;
    e.kind = static_cast<EventKind>(1 + Pick(4));
    e.status = static_cast<EventStatus>(Pick(3));
    e.version = static_cast<std::uint32_t>(1 + Pick(5));
    e.source_sequence = random_();
    e.time = kSampleTime + static_cast<TimeMs>(random_() % 1'000'000'000'000) - 500'000'000'000;
    e.offset_minutes = static_cast<std::int16_t>(static_cast<int>(Pick(1681)) - 840);
    for (std::string_view* text : {&e.id, &e.patient, &e.encounter, &e.site, &e.source, &e.clinician, &e.clinician_role,
                                   &e.device, &e.device_model, &e.qc_material, &e.qc_level, &e.qc_run, &e.answers_to}) {
      *text = Text();
    }
    for (CodeView* code : {&e.code, &e.value_code, &e.follow_up}) *code = Code();
    e.has_quantity = Pick(3) != 0;
    if (e.has_quantity) e.quantity = Quantity();
    e.quality_flags = Pick(2) == 0 ? 0 : static_cast<std::uint32_t>(random_());
    e.action = static_cast<Action>(Pick(11));
    e.modality = static_cast<Modality>(Pick(4));
    e.certainty = static_cast<Certainty>(Pick(5));
    e.decided_by = static_cast<DecidedBy>(Pick(4));
    for (std::int64_t* duration : {&e.waiting_ms, &e.duration_ms, &e.follow_up_within_ms}) {
      *duration = static_cast<std::int64_t>(random_() % 1'000'000) - 1;
    }
    grades_.clear();
    for (std::size_t i = Pick(4); i > 0; --i) {
      GradeView grade;
      grade.name = Code();
      grade.category = Code();
      grade.has_quantity = Pick(2) == 0;
      if (grade.has_quantity) grade.quantity = Quantity();
      grades_.push_back(grade);
    }
    e.grades = grades_;
    return e;
  }

  std::size_t Pick(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

 private:
  std::string_view Text() {
    static const std::vector<std::string> kPieces = {"a", "patient", "\"quoted\"", "back\\slash", "\n",   "\t", "脓毒症",
                                                     "é", "0",       " ",          "{",           "\x01", "😀"};
    std::string text;
    for (std::size_t i = Pick(4); i > 0; --i) text += kPieces[Pick(kPieces.size())];
    texts_.push_back(std::move(text));
    return texts_.back();
  }
  CodeView Code() { return {Text(), Text(), Text()}; }
  QuantityView Quantity() {
    Int128 units = static_cast<Int128>(random_() >> Pick(64));
    if (Pick(3) == 0) units *= 1'000'000;
    if (Pick(2) == 0) units = -units;
    const std::string_view unit = Text();
    return {Decimal::FromUnits(units), unit.empty() ? "1" : unit};
  }

  std::mt19937_64 random_;
  std::vector<std::string> texts_;
  std::vector<GradeView> grades_;
};

}  // namespace plumbline::model
