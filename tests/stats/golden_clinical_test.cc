#include <cmath>

#include "engine/stats/clinical_scores.h"
#include "tests/stats/golden.h"

using namespace plumbline::stats;

PLUMBLINE_GOLDEN(News2Vectors, "cl.news2") {
  const auto rows = golden.data()["rows"].Matrix();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& r = rows[i];
    const auto score = ScoreNews2({.respirations = r[0],
                                   .spo2 = r[1],
                                   .hypercapnic_scale = r[2] == 2,
                                   .on_oxygen = r[3] == 1,
                                   .systolic = r[4],
                                   .pulse = r[5],
                                   .alert = r[6] == 1,
                                   .temperature = r[7]})
                           .value();
    const auto& expected = golden.expected().At(i);
    const auto& sub = expected["sub"];
    const std::string name = "row " + std::to_string(i + 1) + " ";
    golden.NearValue(name + "rr", score.respirations, sub["rr"].Number());
    golden.NearValue(name + "spo2", score.spo2, sub["spo2"].Number());
    golden.NearValue(name + "o2", score.oxygen, sub["o2"].Number());
    golden.NearValue(name + "sbp", score.systolic, sub["sbp"].Number());
    golden.NearValue(name + "hr", score.pulse, sub["hr"].Number());
    golden.NearValue(name + "cns", score.consciousness, sub["cns"].Number());
    golden.NearValue(name + "temp", score.temperature, sub["temp"].Number());
    golden.NearValue(name + "total", score.Total(), expected["total"].Number());
    const char* risks[] = {"low", "low-medium", "medium", "high"};
    golden.Holds(name + "risk " + risks[static_cast<int>(score.Risk())],
                 expected["risk"].text == risks[static_cast<int>(score.Risk())]);
  }
}

PLUMBLINE_GOLDEN(MayoNodule, "cl.mayo_nodule") {
  const auto rows = golden.data()["rows"].Matrix();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& r = rows[i];
    golden.NearValue("row " + std::to_string(i + 1),
                     MayoNoduleRisk({r[0], r[1] == 1, r[2] == 1, r[3], r[4] == 1, r[5] == 1}).value(),
                     golden.expected().At(i).Number());
  }
}

PLUMBLINE_GOLDEN(NoduleVolume, "cl.nodule_volume") {
  std::vector<double> volume, rounded;
  for (const double d : golden.data()["d_mm"].Numbers()) {
    volume.push_back(SphereVolume(d).value());
    rounded.push_back(std::round(volume.back()));
  }
  golden.Near("volume_mm3", volume);
  golden.Near("rounded", rounded);
}
