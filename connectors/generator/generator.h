// A seeded, simulated hospital as records in the order of their arrival: device values of every bed at an interval, QC samples of
// glucose meters, septic shocks with their orders and antimicrobials, nodules read and over-read, referrals, admissions and
// discharges; late charting, corrections, withdrawals and duplicates; heartbeats of every feed. Three things are planted: a
// clinician who misses deadlines, a meter that drifts, a feed that falls silent.
//
// The same options give the same bytes on every machine. No wall clock: event and arrival times are the simulation's. One thread.
#pragma once

#include <cstdint>
#include <memory>

#include "connectors/generator/planted.h"
#include "connectors/sink/event_sink.h"

namespace plumbline::generator {

struct GeneratorOptions {
  std::uint64_t seed = 1;
  std::uint32_t patients = 120;               // beds, always occupied
  std::int64_t start_ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
  std::int64_t duration_ms = 6 * 3'600'000;
  std::int64_t device_interval_ms = 60'000;  // one value a patient and this much event time
  std::uint32_t late_in_a_million = 20'000;  // events charted late, by up to `late_most_ms`
  std::int64_t late_most_ms = 600'000;
  std::uint32_t corrections_in_a_million = 2'000;         // amended by a second version some minutes later
  std::uint32_t withdrawals_in_a_million = 500;           // entered in error
  std::uint32_t duplicates_in_a_million = 1'000;          // delivered twice
  std::uint32_t sepsis_per_thousand_patient_hours = 250;  // at most one a stay
  std::uint32_t nodules_per_thousand_patient_hours = 40;
  std::uint32_t stay_hours = 72;       // mean length of a stay
  std::int64_t heartbeat_ms = 30'000;  // 0: none
  bool json = false;                   // JSON instead of FlatBuffers
};

class Generator {
 public:
  explicit Generator(const GeneratorOptions& options);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // The next record; false when the simulation is over and everything late has arrived. Views hold until the next call.
  [[nodiscard]] bool Next(sink::OutRecord& record);

  // Complete once Next has returned false.
  [[nodiscard]] const Planted& planted() const;

 private:
  class Simulation;
  std::unique_ptr<Simulation> simulation_;
};

}  // namespace plumbline::generator
