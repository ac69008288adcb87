// Intraclass correlation of n subjects rated by k judges, complete (Shrout & Fleiss 1979, Psychol. Bull. 86:420).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/stats/estimate.h"

namespace plumbline::stats {

enum class IccForm : std::uint8_t {
  kOneWaySingle,  // ICC(1,1): each subject by other judges
  kRandomSingle,  // ICC(2,1): the same judges, a sample; absolute agreement
  kFixedSingle,   // ICC(3,1): the same judges, the only ones; consistency
  kOneWayMean,    // ICC(1,k): of the mean of k judges
  kRandomMean,    // ICC(2,k)
  kFixedMean,     // ICC(3,k)
};

struct IccResult {
  Estimate icc;
  Test f;  // against no differences between subjects
};
struct IccTable {
  std::array<Outcome<IccResult>, 6> form;  // by IccForm
  double between_subjects = 0;             // mean squares
  double within_subjects = 0;
  double between_judges = 0;
  double residual = 0;
  std::size_t subjects = 0;
  std::size_t judges = 0;
};
// ratings: n rows of k values, n >= 2, k >= 2. kZeroVariance when the values leave no residual: F and the intervals would be
// infinite.
[[nodiscard]] Outcome<IccTable> Icc(std::span<const std::vector<double>> ratings, double confidence = 0.95);

}  // namespace plumbline::stats
