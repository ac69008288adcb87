#include "engine/run/metrics.h"

#include <catch2/catch.hpp>

using namespace plumbline::run;

TEST_CASE("latencies are counted in their bucket and summed in seconds") {
  LatencyHistogram histogram;
  histogram.Record(10'000);
  histogram.Record(10'001, 3);
  histogram.Record(20'000'000'000);
  CHECK(histogram.Count(0) == 1);
  CHECK(histogram.Count(1) == 3);
  CHECK(histogram.Count(kLatencyBoundsNs.size()) == 1);
  CHECK(histogram.MaxNs() == 20'000'000'000);
  CHECK(histogram.SumSeconds() == Approx(20.000040003));
}

// Found by the undefined-behaviour sanitizer: 16,384 records of an import, thirteen years old, were more nanoseconds than fit.
TEST_CASE("the sum of an import's latencies, years times millions, does not overflow") {
  constexpr std::int64_t kYears = 407'515'319'430'000'000;
  LatencyHistogram histogram;
  for (int batch = 0; batch < 100; ++batch) histogram.Record(kYears, 16'384);
  CHECK(histogram.SumSeconds() == Approx(407'515'319.43 * 16'384 * 100));
}
