// Any bytes as a baseline file: refused, or a baseline whose text is those bytes and whose bounds are within [0, 1].
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/stats/baseline.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline::stats;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto baseline = ParseBaseline(text);
  if (!baseline) return 0;
  if (baseline->Text() != text) std::abort();
  for (const Stratum& s : baseline->strata) {
    const std::size_t features = baseline->model ? baseline->features.size() : 0;
    for (const double x : {0.0, 1.0, -3.0}) {
      const Prediction p = Expect(*baseline, {s.name, std::vector<double>(features, x)});
      if (!(p.low >= 0 && p.low <= p.expected && p.expected <= p.high && p.high <= 1)) std::abort();
    }
  }
  if (!DiffBaselines(*baseline, *baseline).empty()) std::abort();
  return 0;
}
