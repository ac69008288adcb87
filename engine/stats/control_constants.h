// Constants of control charts, computed rather than tabled (tables, and qcc, round d2 to three decimals).
#pragma once

#include <cstddef>

namespace plumbline::stats {

inline constexpr std::size_t kMaxSubgroup = 100;

// 1.128, as textbooks have d2(2); the exact value is 2/sqrt(pi) = 1.1283791671.
inline constexpr double kRoundedD2 = 1.128;

// For n normal values of standard deviation 1, 2 <= n <= kMaxSubgroup (checked): the mean and standard deviation of their range
// (Tippett 1925, Biometrika 17:364), and the mean of their sample standard deviation. Errors below 1e-10.
[[nodiscard]] double D2(std::size_t n);
[[nodiscard]] double D3(std::size_t n);
[[nodiscard]] double C4(double n);  // any n > 1: sqrt(2/(n-1)) Gamma(n/2)/Gamma((n-1)/2)
// P(range <= w).
[[nodiscard]] double RangeCdf(double w, std::size_t n);

}  // namespace plumbline::stats
