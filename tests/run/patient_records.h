// Records for crash tests with the engine's own stage one: septic shock and its antimicrobial, late and corrected events,
// withdrawn ones, records that are refused. Seeded.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "engine/base/hash.h"
#include "engine/io/murmur2.h"
#include "engine/model/encode.h"
#include "engine/run/patient_machine.h"
#include "tests/run/engine_probe.h"

namespace plumbline::run {

inline constexpr std::int64_t kPatientStart = 1'700'000'000'000, kPatientPhase = 15 * 60 * 1000;
inline constexpr int kPatientRecordsInPhase = 30;

struct PatientRecord {
  int topic = 0;  // device, consultation, diagnosis
  std::uint32_t partition = 0;
  std::int64_t arrival_ms = 0;
  std::string key, bytes;
};

// Record `i` of the phase that begins at phase_ms.
inline PatientRecord MakePatientRecord(std::mt19937_64& random, model::Encoder& encoder, std::int64_t phase_ms, int i,
                                       std::uint32_t partitions) {
  static const auto rule = oracle::NamedRule("shock");
  PatientRecord out;
  out.key = "patient-" + std::to_string(random() % 12);
  const bool shock = random() % 2 == 0;
  const std::string id = out.key + (shock ? "-d" : "-a") + std::to_string(random() % 9);
  out.arrival_ms = phase_ms + i * (kPatientPhase / 40);
  model::Event event;
  event.kind = shock ? model::EventKind::kDiagnosis : model::EventKind::kConsultation;
  event.action = shock ? model::Action::kNone : model::Action::kAdministered;
  event.version = static_cast<std::uint32_t>(1 + random() % 3);
  event.status = random() % 8 == 0   ? model::EventStatus::kEnteredInError
                 : event.version > 1 ? model::EventStatus::kAmended
                                     : model::EventStatus::kFinal;
  event.source_sequence = random() % 1000;
  event.time = out.arrival_ms - static_cast<std::int64_t>(random() % 20) * 60'000;
  event.id = id;
  event.patient = out.key;
  event.site = "site";
  event.source = "chart";
  const std::string code = shock ? rule.code : rule.answer;
  event.code = {"test", code, {}};
  const bool broken = random() % 15 == 0;
  out.bytes = broken ? "{not json" : std::string(random() % 2 == 0 ? encoder.Json(event) : encoder.FlatBuffers(event));
  out.topic = shock ? 2 : 1;
  out.partition = io::PartitionOfKey(AsBytes(out.key), partitions);
  return out;
}

inline std::unique_ptr<Machine> MakePatientMachine(std::uint32_t partition, std::uint32_t partitions) {
  PatientMachineOptions options;
  options.partition.partition = partition;
  options.partition.partition_count = partitions;
  return std::make_unique<PatientMachine>(options, oracle::EngineRule(oracle::NamedRule("shock")));
}

}  // namespace plumbline::run
