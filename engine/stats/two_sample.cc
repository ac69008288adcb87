#include "engine/stats/two_sample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "engine/base/error.h"
#include "engine/base/math.h"

namespace plumbline::stats {
namespace {

Outcome<std::vector<double>> Sorted(std::span<const double> values) {
  std::vector<double> v(values.begin(), values.end());
  for (const double x : v) {
    if (!std::isfinite(x)) return No(Reason::kOutsideDomain, "values are finite");
  }
  if (v.empty()) return No(Reason::kTooFew, "a sample is empty");
  std::sort(v.begin(), v.end());
  return v;
}

// P(D >= d) by Smirnov's lattice paths. Rescaled by the path's length as it goes, so nothing overflows. `checked[k]`: after k
// values of the pooled sample a distinct value ends, so the difference is seen there.
double SmirnovUpper(std::size_t n, std::size_t m, double d, const std::vector<bool>& checked) {
  const double dn = static_cast<double>(n), dm = static_cast<double>(m);
  // D takes values on a lattice of 1/(n*m): compare between its points.
  const double q = (0.5 + std::floor(d * dn * dm - 1e-7)) / (dn * dm);
  std::vector<double> u(m + 1);
  const auto outside = [&](std::size_t i, std::size_t j) {
    return checked[i + j] && std::fabs(static_cast<double>(i) / dn - static_cast<double>(j) / dm) > q;
  };
  u[0] = 1;
  for (std::size_t j = 1; j <= m; ++j) u[j] = outside(0, j) ? 0 : u[j - 1];
  for (std::size_t i = 1; i <= n; ++i) {
    // weight: of all paths to (i,j), the share that comes from (i-1,j) is i/(i+j) and from (i,j-1) is j/(i+j).
    if (outside(i, 0)) u[0] = 0;
    for (std::size_t j = 1; j <= m; ++j) {
      const double di = static_cast<double>(i), dj = static_cast<double>(j);
      u[j] = outside(i, j) ? 0 : u[j] * (di / (di + dj)) + u[j - 1] * (dj / (di + dj));
    }
  }
  return std::clamp(1 - u[m], 0.0, 1.0);
}

double KolmogorovUpper(double z) {
  if (z < 0.2) return 1;
  double sum = 0;
  for (int k = 1; k <= 100; ++k) {
    const double term = det::Exp(-2.0 * k * k * z * z);
    sum += k % 2 == 1 ? term : -term;
    if (term < 1e-18) break;
  }
  return std::clamp(2 * sum, 0.0, 1.0);
}

// Calls f(x, next_x, F_a, F_b) on every interval between pooled distinct values.
template <typename F>
void Steps(const std::vector<double>& a, const std::vector<double>& b, F f) {
  std::size_t i = 0, j = 0;
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  while (i < a.size() || j < b.size()) {
    const double x = j == b.size() || (i < a.size() && a[i] <= b[j]) ? a[i] : b[j];
    while (i < a.size() && a[i] == x) ++i;
    while (j < b.size() && b[j] == x) ++j;
    if (i == a.size() && j == b.size()) return;
    const double next = j == b.size() || (i < a.size() && a[i] <= b[j]) ? a[i] : b[j];
    f(x, next, static_cast<double>(i) / n, static_cast<double>(j) / m);
  }
}

}  // namespace

Outcome<KsResult> KolmogorovSmirnov(std::span<const double> a_values, std::span<const double> b_values,
                                    double max_exact_product) {
  PLUMBLINE_ASSIGN(const std::vector<double> a, Sorted(a_values));
  PLUMBLINE_ASSIGN(const std::vector<double> b, Sorted(b_values));
  KsResult r;
  Steps(a, b, [&](double, double, double fa, double fb) {
    if (std::fabs(fa - fb) > r.d) {
      r.d = std::fabs(fa - fb);
      r.d_signed = fa - fb;
    }
  });
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  r.p_asymptotic = KolmogorovUpper(r.d * std::sqrt(n * m / (n + m)));
  if (n * m > max_exact_product) return r;
  std::vector<double> pooled(a);
  pooled.insert(pooled.end(), b.begin(), b.end());
  std::sort(pooled.begin(), pooled.end());
  std::vector<bool> checked(pooled.size() + 1, true);
  for (std::size_t k = 1; k < pooled.size(); ++k) checked[k] = pooled[k - 1] != pooled[k];
  r.p_exact = r.d == 0 ? 1 : SmirnovUpper(a.size(), b.size(), r.d, checked);
  r.exact = true;
  return r;
}

namespace {

double AndersonDarlingP(double t, double m) {
  struct Row {
    double p, b0, b1, b2;
  };
  // Scholz & Stephens 1987, table 2: critical t = b0 + b1/sqrt(m) + b2/m.
  static constexpr std::array kTable = {Row{0.25, 0.675, -0.245, -0.105}, Row{0.10, 1.281, 0.250, -0.305},
                                        Row{0.05, 1.645, 0.678, -0.362},  Row{0.025, 1.960, 1.149, -0.391},
                                        Row{0.01, 2.326, 1.822, -0.396},  Row{0.005, 2.573, 2.364, -0.345},
                                        Row{0.001, 3.085, 3.615, -0.154}};
  std::array<double, kTable.size()> critical{}, log_p{};
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    critical[i] = kTable[i].b0 + kTable[i].b1 / std::sqrt(m) + kTable[i].b2 / m;
    log_p[i] = det::Log(kTable[i].p);
  }
  std::size_t k = 1;
  while (k + 1 < kTable.size() && t > critical[k]) ++k;
  const double slope = (log_p[k] - log_p[k - 1]) / (critical[k] - critical[k - 1]);
  return std::min(1.0, det::Exp(log_p[k - 1] + slope * (t - critical[k - 1])));
}

double AndersonDarlingSigma(double k, double n, double inverse_sizes) {
  double h = 0, g = 0, tail = 0;
  const auto size = static_cast<std::int64_t>(n);
  for (std::int64_t i = 1; i < size; ++i) h += 1 / static_cast<double>(i);
  // g = sum over i<j of 1/((N-i) j): summed from the far end so that the inner sum is kept.
  for (std::int64_t i = size - 2; i >= 1; --i) {
    tail += 1 / static_cast<double>(i + 1);
    g += tail / static_cast<double>(size - i);
  }
  const double s = inverse_sizes;
  const double a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * s;
  const double b = (2 * g - 4) * k * k + 8 * h * k + (2 * g - 14 * h - 4) * s - 8 * h + 4 * g - 6;
  const double c = (6 * h + 2 * g - 2) * k * k + (4 * h - 4 * g + 6) * k + (2 * h - 6) * s + 4 * h;
  const double d = (2 * h + 6) * k * k - 4 * h * k;
  return std::sqrt((((a * n + b) * n + c) * n + d) / ((n - 1) * (n - 2) * (n - 3)));
}

}  // namespace

Outcome<AndersonDarlingResult> AndersonDarlingK(std::span<const std::vector<double>> samples) {
  if (samples.size() < 2) return No(Reason::kTooFew, "at least two samples are needed");
  const std::size_t k = samples.size();
  std::map<double, std::vector<double>> cells;  // distinct value -> count per sample
  double n = 0, inverse = 0;
  for (std::size_t i = 0; i < k; ++i) {
    if (samples[i].empty()) return No(Reason::kTooFew, "a sample is empty");
    for (const double x : samples[i]) {
      if (!std::isfinite(x)) return No(Reason::kOutsideDomain, "values are finite");
      auto& counts = cells[x];
      counts.resize(k);
      counts[i] += 1;
    }
    n += static_cast<double>(samples[i].size());
    inverse += 1 / static_cast<double>(samples[i].size());
  }
  if (n < 4) return No(Reason::kTooFew, "at least 4 values are needed");
  if (cells.size() < 2) return No(Reason::kZeroVariance, "all values are equal");
  AndersonDarlingResult r;
  std::vector<double> below(k);
  double before = 0;
  for (const auto& [value, counts] : cells) {
    double here = 0;
    for (const double f : counts) here += f;
    const double upto = before + here, middle = before + here / 2;
    double v1 = 0, v2 = 0;
    for (std::size_t i = 0; i < k; ++i) {
      const double size = static_cast<double>(samples[i].size());
      const double d1 = n * (below[i] + counts[i]) - size * upto, d2 = n * (below[i] + counts[i] / 2) - size * middle;
      v1 += d1 * d1 / size;
      v2 += d2 * d2 / size;
      below[i] += counts[i];
    }
    if (upto < n) r.a2_v1 += here / n * v1 / (upto * (n - upto));
    r.a2_v2 += here / n * v2 / (middle * (n - middle) - n * here / 4);
    before = upto;
  }
  r.a2_v2 *= (n - 1) / n;
  const double m = static_cast<double>(k - 1);
  r.sigma = AndersonDarlingSigma(static_cast<double>(k), n, inverse);
  r.t_v1 = (r.a2_v1 - m) / r.sigma;
  r.t_v2 = (r.a2_v2 - m) / r.sigma;
  r.p_v1 = AndersonDarlingP(r.t_v1, m);
  r.p_v2 = AndersonDarlingP(r.t_v2, m);
  return r;
}

Outcome<Distances> DistancesOf(std::span<const double> a_values, std::span<const double> b_values) {
  PLUMBLINE_ASSIGN(const std::vector<double> a, Sorted(a_values));
  PLUMBLINE_ASSIGN(const std::vector<double> b, Sorted(b_values));
  Distances d;
  Steps(a, b, [&](double x, double next, double fa, double fb) {
    d.wasserstein += std::fabs(fa - fb) * (next - x);
    d.energy_squared += 2 * (fa - fb) * (fa - fb) * (next - x);
  });
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  d.energy_t = n * m / (n + m) * d.energy_squared;
  if (!std::isfinite(d.energy_squared) || !std::isfinite(d.wasserstein))
    return No(Reason::kUnbounded, "the values' range overflows");
  return d;
}

}  // namespace plumbline::stats
