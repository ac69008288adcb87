// The simulated hospital: three sites with their feeds, clinicians, monitors and meters. Fixed but for the number of beds, so
// that what is planted has names that a person can look for. config/examples/simulated.yaml declares the same sites and feeds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/event.h"

namespace plumbline::generator {

// A source system; its heartbeats travel with `stream`.
struct Feed {
  std::string site, source;
  model::EventKind stream = model::EventKind::kDevice;
};

struct Clinician {
  std::string id, role;
};

struct Site {
  std::string name;
  std::int16_t offset_minutes = 0;
  std::vector<Clinician> intensivists, readers;
  std::vector<std::string> meters;  // glucose meters
};

// A bed has a monitor; the patient in it changes.
struct Bed {
  std::uint32_t site = 0;
  std::uint32_t number = 0;       // within the site
  std::uint32_t stay = 0;         // how many patients have lain here before
  std::uint32_t intensivist = 0;  // of the site
  std::string patient, encounter, monitor;
  std::int64_t admitted = 0;
  // The patient's own levels, in hundredths of the unit.
  std::int64_t heart_rate = 0, spo2 = 0, pressure = 0, breaths = 0, temperature = 0, glucose = 0;
  bool septic = false;
};

struct Hospital {
  std::vector<Site> sites;
  std::vector<Feed> feeds;
  std::vector<Bed> beds;
};

inline constexpr std::string_view kMonitors = "monitors";  // device values
inline constexpr std::string_view kMeters = "meters";      // glucose meters and their QC samples
inline constexpr std::string_view kOrders = "orders";      // consultations
inline constexpr std::string_view kDiagnoses = "diagnoses";

// Who and what misbehaves.
inline constexpr std::string_view kLateClinician = "south-dr-3";
inline constexpr std::string_view kDriftingMeter = "north-meter-2";
inline constexpr std::string_view kSilentSite = "west";
inline constexpr std::string_view kSilentSource = kOrders;

[[nodiscard]] Hospital MakeHospital(std::uint32_t beds);

}  // namespace plumbline::generator
