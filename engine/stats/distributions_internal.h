// What distributions.cc and quantiles.cc share; no one else includes it.
#pragma once

namespace plumbline::stats::internal {

// Density of Gamma(a, scale 1) at x.
[[nodiscard]] double GammaDensity(double a, double x);
// Density of Beta(a,b) at x = 1 - y.
[[nodiscard]] double BetaDensity(double a, double b, double x, double y);

}  // namespace plumbline::stats::internal
