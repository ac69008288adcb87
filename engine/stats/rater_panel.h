// Agreement of a panel: any number of raters, ratings may be missing. Fleiss' kappa, Gwet's AC1/AC2, Brennan-Prediger,
// Krippendorff's alpha, each for any weights, with Gwet's unconditional standard error and t intervals.
//
// Everything rests on counts[i][c]: how many raters put unit i into category c. Symbols as in Gwet 2014, "Handbook of Inter-Rater
// Reliability", 4th ed., chapters 4 to 6: r_i ratings of unit i, w_cd agreement weights in [0,1], p_a observed, p_e by chance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/stats/estimate.h"
#include "engine/stats/numerics.h"

namespace plumbline::stats {

// Ratings of n units by a panel, as counts over q categories whose values are `category` (ascending; codes where there is no
// order). Units without any rating are left out at the door.
struct PanelRatings {
  std::vector<double> category;                    // q
  std::vector<std::vector<std::uint32_t>> counts;  // n x q
  bool several_raters = true;                      // some unit has two ratings

  // ratings[i][j]: rating of unit i by rater j; nullopt: missing. Categories are the distinct values.
  [[nodiscard]] static Outcome<PanelRatings> FromRatings(std::span<const std::vector<std::optional<double>>> ratings);
  // counts as they are, with categories 0, 1, ...
  [[nodiscard]] static Outcome<PanelRatings> FromCounts(std::span<const std::vector<double>> counts);
};

enum class PanelWeights : std::uint8_t {
  kIdentity,
  kLinear,         // 1 - |c-d|/(max-min), of the categories' values
  kQuadratic,      // 1 - (c-d)^2/(max-min)^2
  kGwetOrdinal,    // 1 - C(|rank difference|+1, 2)/C(q, 2)
  kOrdinalMetric,  // Krippendorff's ordinal difference, from the frequencies of the ranks between
  kRatio,          // ((c-d)/(c+d))^2, for values above 0
};

enum class Coefficient : std::uint8_t {
  kGwet,             // p_e = sum w/(q(q-1)) sum pi_c (1-pi_c): AC1 with identity weights, AC2 with others (Gwet 2008)
  kFleiss,           // p_e = sum w_cd pi_c pi_d (Fleiss 1971, generalised)
  kBrennanPrediger,  // p_e = sum w / q^2 (1981)
  kKrippendorff,     // alpha (Krippendorff 2011); with kQuadratic its interval metric
};

struct PanelOptions {
  double confidence = 0.95;
  std::size_t min_units = 2;
};
struct PanelAgreement {
  Estimate coefficient;
  double observed = 0;    // p_a
  double by_chance = 0;   // p_e
  std::size_t units = 0;  // that count for the coefficient
};
// kSingleRater when no unit has two ratings, kOneCategory when only one category was used, kTooFew below min_units.
[[nodiscard]] Outcome<PanelAgreement> Agreement(const PanelRatings& ratings, Coefficient coefficient, PanelWeights weights,
                                                const PanelOptions& options = {});

// Fleiss' kappa for a constant number of ratings per unit, with the error it has when there is no agreement beyond chance
// (Fleiss, Nee & Landis 1979, Psychol. Bull. 86:974), for the test; the interval is Gwet's.
struct FleissKappaResult {
  PanelAgreement agreement;
  double null_standard_error = 0;
  double z = 0;
};
[[nodiscard]] Outcome<FleissKappaResult> FleissKappa(const PanelRatings& ratings, const PanelOptions& options = {});

}  // namespace plumbline::stats
