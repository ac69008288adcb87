#include "engine/stats/clinical_scores.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "engine/stats/risk_detectors.h"

namespace plumbline::stats {
namespace {

// The score of the first band whose upper end is not below the value; the last band has no end.
struct Band {
  double up_to;
  int score;
};
int InBand(double value, std::initializer_list<Band> bands) {
  for (const Band& band : bands) {
    if (value <= band.up_to) return band.score;
  }
  return (bands.end() - 1)->score;
}

int Saturation(const News2Input& in) {
  if (!in.hypercapnic_scale) return InBand(in.spo2, {{91, 3}, {93, 2}, {95, 1}, {HUGE_VAL, 0}});
  // Above the target range only oxygen is a reason to worry.
  if (in.spo2 >= 93 && !in.on_oxygen) return 0;
  return InBand(in.spo2, {{83, 3}, {85, 2}, {87, 1}, {92, 0}, {94, 1}, {96, 2}, {HUGE_VAL, 3}});
}

bool Measured(double value) { return std::isfinite(value) && value >= 0; }

}  // namespace

News2Risk News2::Risk() const {
  const int total = Total();
  if (total >= 7) return News2Risk::kHigh;
  if (total >= 5) return News2Risk::kMedium;
  const int worst = std::max({respirations, spo2, oxygen, systolic, pulse, consciousness, temperature});
  return worst == 3 ? News2Risk::kLowMedium : News2Risk::kLow;
}

Outcome<News2> ScoreNews2(const News2Input& in) {
  for (const double value : {in.respirations, in.spo2, in.systolic, in.pulse, in.temperature}) {
    if (!Measured(value)) return No(Reason::kOutsideDomain, "a vital sign is missing, not finite or below 0");
  }
  News2 score;
  score.respirations = InBand(in.respirations, {{8, 3}, {11, 1}, {20, 0}, {24, 2}, {HUGE_VAL, 3}});
  score.spo2 = Saturation(in);
  score.oxygen = in.on_oxygen ? 2 : 0;
  score.systolic = InBand(in.systolic, {{90, 3}, {100, 2}, {110, 1}, {219, 0}, {HUGE_VAL, 3}});
  score.pulse = InBand(in.pulse, {{40, 3}, {50, 1}, {90, 0}, {110, 1}, {130, 2}, {HUGE_VAL, 3}});
  score.consciousness = in.alert ? 0 : 3;
  score.temperature = InBand(in.temperature, {{35.0, 3}, {36.0, 1}, {38.0, 0}, {39.0, 1}, {HUGE_VAL, 2}});
  return score;
}

Outcome<double> MayoNoduleRisk(const MayoNoduleInput& in) {
  if (!Measured(in.age_years) || !Measured(in.diameter_mm))
    return No(Reason::kOutsideDomain, "age and diameter are finite and not below 0");
  const double score = 0.0391 * in.age_years + 0.7917 * in.ever_smoked + 1.3388 * in.cancer_before + 0.1274 * in.diameter_mm +
                       1.0407 * in.spiculated + 0.7838 * in.upper_lobe;
  return LogisticRisk(-6.8272, 1, score);
}

Outcome<double> SphereVolume(double diameter_mm) {
  constexpr double kPi = 3.14159265358979323846;
  if (!(diameter_mm >= 0 && diameter_mm < 1e100)) return No(Reason::kOutsideDomain, "a diameter is finite and not below 0");
  return kPi / 6 * diameter_mm * diameter_mm * diameter_mm;
}

}  // namespace plumbline::stats
