// What the generator planted, to be compared with what the engine finds. Written as JSON by `plumbline generate --truth F`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/event.h"

namespace plumbline::generator {

// A septic shock and the antimicrobial that answers it, as they happened, whatever was charted when.
struct SepsisCase {
  std::string site, patient, diagnosis_id, clinician;
  model::TimeMs diagnosed = 0;
  model::TimeMs given = model::kNoTime;  // kNoTime: not within the simulation
};

struct PlantedCounts {
  std::uint64_t device = 0, consultation = 0, diagnosis = 0, heartbeats = 0;
  std::uint64_t late = 0, corrections = 0, withdrawals = 0, duplicates = 0, qc_samples = 0;
  std::uint64_t records = 0;  // all that left: events with their corrections and duplicates, and heartbeats
};

struct Planted {
  std::uint64_t seed = 0;
  model::TimeMs start = 0, end = 0;
  PlantedCounts counts;
  std::string late_clinician;
  std::string drifting_device;
  model::TimeMs drift_from = 0;
  std::int64_t drift_mg_dl_per_hour = 0;
  std::string silent_site, silent_source;
  model::TimeMs silent_from = 0, silent_to = 0;
  std::vector<SepsisCase> sepsis;

  // Canonical: fields in this order, times as RFC 3339 in UTC, one case a line.
  [[nodiscard]] std::string ToJson() const;
};

}  // namespace plumbline::generator
