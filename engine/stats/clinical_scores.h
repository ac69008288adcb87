// Published clinical scores that case mix and baselines use as covariates. Pure arithmetic on measured values; the status of each
// source (checked against a page, or recalled and to be confirmed by a site) is shown to the user by whoever uses them.
#pragma once

#include <cstdint>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

// National Early Warning Score 2 (Royal College of Physicians 2017, chart 1). Units: breaths/min, % saturation, mmHg, beats/min,
// degrees C.
struct News2Input {
  double respirations = 0;
  double spo2 = 0;
  bool hypercapnic_scale = false;  // SpO2 scale 2, for a target of 88-92 %
  bool on_oxygen = false;
  double systolic = 0;
  double pulse = 0;
  bool alert = true;  // false: new confusion, or responds to voice or pain only, or not at all
  double temperature = 0;
};
enum class News2Risk : std::uint8_t { kLow, kLowMedium, kMedium, kHigh };
struct News2 {
  int respirations = 0, spo2 = 0, oxygen = 0, systolic = 0, pulse = 0, consciousness = 0, temperature = 0;
  [[nodiscard]] int Total() const { return respirations + spo2 + oxygen + systolic + pulse + consciousness + temperature; }
  // 7 or more high, 5 or 6 medium, a single 3 low-medium.
  [[nodiscard]] News2Risk Risk() const;
};
// kOutsideDomain for a value that is not finite or below 0.
[[nodiscard]] Outcome<News2> ScoreNews2(const News2Input& input);

// Probability that a solitary pulmonary nodule is malignant (Swensen et al. 1997, Arch. Intern. Med. 157:849).
struct MayoNoduleInput {
  double age_years = 0;
  bool ever_smoked = false;
  bool cancer_before = false;  // outside the chest, more than 5 years ago
  double diameter_mm = 0;
  bool spiculated = false;
  bool upper_lobe = false;
};
[[nodiscard]] Outcome<double> MayoNoduleRisk(const MayoNoduleInput& input);

// Volume in mm^3 of a sphere of a diameter in mm, as Lung-RADS turns its thresholds from one to the other.
[[nodiscard]] Outcome<double> SphereVolume(double diameter_mm);

}  // namespace plumbline::stats
