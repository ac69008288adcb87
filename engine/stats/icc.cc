#include "engine/stats/icc.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/base/error.h"
#include "engine/stats/distributions.h"
#include "engine/stats/sums.h"

namespace plumbline::stats {
namespace {

struct MeanSquares {
  double subjects = 0, within = 0, judges = 0, residual = 0;
};

MeanSquares Analyse(std::span<const std::vector<double>> x, std::size_t k) {
  const auto n = static_cast<double>(x.size()), kd = static_cast<double>(k);
  ExactSum all;
  for (const auto& row : x) {
    for (const double v : row) all.Add(v);
  }
  const double grand = all.Value() / (n * kd);
  std::vector<double> judge(k);
  for (std::size_t j = 0; j < k; ++j) {
    ExactSum sum;
    for (const auto& row : x) sum.Add(row[j]);
    judge[j] = sum.Value() / n;
  }
  CompensatedSum subjects, within, judges, residual;
  for (const auto& row : x) {
    const double mean = MeanExact(row);
    subjects.Add(kd * (mean - grand) * (mean - grand));
    for (std::size_t j = 0; j < k; ++j) {
      within.Add((row[j] - mean) * (row[j] - mean));
      const double rest = row[j] - mean - judge[j] + grand;
      residual.Add(rest * rest);
    }
  }
  for (const double mean : judge) judges.Add(n * (mean - grand) * (mean - grand));
  return {subjects.Value() / (n - 1), within.Value() / (n * (kd - 1)), judges.Value() / (kd - 1),
          residual.Value() / ((n - 1) * (kd - 1))};
}

// Single rater from F = MS(subjects)/MS(error): (F-1)/(F+k-1); mean of k: 1 - 1/F.
double Single(double f, double k) { return (f - 1) / (f + k - 1); }
double OfMean(double single, double k) { return k * single / (1 + (k - 1) * single); }

}  // namespace

Outcome<IccTable> Icc(std::span<const std::vector<double>> x, double confidence) {
  if (!(confidence > 0 && confidence < 1)) return No(Reason::kOutsideDomain, "a confidence lies inside (0,1)");
  if (x.size() < 2) return No(Reason::kTooFew, "an intraclass correlation needs 2 subjects");
  const std::size_t k = x.front().size();
  if (k < 2) return No(Reason::kSingleRater, "an intraclass correlation needs 2 judges");
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool good = x[i].size() == k &&
                      std::all_of(x[i].begin(), x[i].end(), [](double v) { return std::isfinite(v) && std::fabs(v) < 1e150; });
    if (!good) return No(Reason::kOutsideDomain, "subject " + std::to_string(i + 1) + " lacks a rating, or one is not finite");
  }
  const MeanSquares ms = Analyse(x, k);
  const double tiny = 1e-13 * (ms.subjects + ms.judges);
  if (!(ms.within > tiny) || !(ms.residual > tiny))
    return No(Reason::kZeroVariance, "the judges differ by nothing but a constant");
  const auto n = static_cast<double>(x.size()), kd = static_cast<double>(k);
  const double tail = 0.5 * (1 - confidence), df1 = n - 1, df_within = n * (kd - 1), df_residual = (n - 1) * (kd - 1);
  IccTable table{{}, ms.subjects, ms.within, ms.judges, ms.residual, x.size(), k};
  const auto fill = [&](IccForm single, IccForm mean, double value, double low, double high, const Test& f) {
    auto& one = table.form[static_cast<std::size_t>(single)];
    auto& many = table.form[static_cast<std::size_t>(mean)];
    // Below -1/(k-1) the mean of k has no correlation (its variance would be negative); only ICC(2) can get there.
    const double pole = -1 / (kd - 1);
    if (!std::isfinite(value) || !std::isfinite(low) || !std::isfinite(high)) {
      one = many = No(Reason::kUnbounded, "subjects and judges vary too little beside the residual");
      return;
    }
    one = IccResult{Stated(value, low, high, confidence), f};
    if (std::min(value, low) > pole + 1e-9) {
      many = IccResult{Stated(OfMean(value, kd), OfMean(low, kd), OfMean(high, kd), confidence), f};
    } else {
      many = No(Reason::kUnbounded, "the correlation of the mean is unbounded below");
    }
  };
  const auto from_f = [&](IccForm single, IccForm mean, double error, double df2) {
    const double f = ms.subjects / error;
    fill(single, mean, Single(f, kd), Single(f / FUpperQuantile(tail, df1, df2), kd),
         Single(f * FUpperQuantile(tail, df2, df1), kd), {f, df1, df2, FUpper(f, df1, df2)});
  };
  from_f(IccForm::kOneWaySingle, IccForm::kOneWayMean, ms.within, df_within);
  from_f(IccForm::kFixedSingle, IccForm::kFixedMean, ms.residual, df_residual);
  const double value = (ms.subjects - ms.residual) / (ms.subjects + (kd - 1) * ms.residual + kd * (ms.judges - ms.residual) / n);
  const double fj = ms.judges / ms.residual;
  const double part = n * (1 + (kd - 1) * value) - kd * value;
  const double numerator = kd * value * fj + part,
               v = df_residual * numerator * numerator / ((n - 1) * kd * kd * value * value * fj * fj + part * part);
  if (!(v > 1e-3) || !std::isfinite(v)) {
    table.form[static_cast<std::size_t>(IccForm::kRandomSingle)] = table.form[static_cast<std::size_t>(IccForm::kRandomMean)] =
        No(Reason::kUnbounded, "subjects and judges vary too little beside the residual");
    return table;
  }
  const double judges = kd * ms.judges + (kd * n - kd - n) * ms.residual;
  const double upper = FUpperQuantile(tail, df1, v), lower = FUpperQuantile(tail, v, df1);
  fill(IccForm::kRandomSingle, IccForm::kRandomMean, value,
       n * (ms.subjects - upper * ms.residual) / (upper * judges + n * ms.subjects),
       n * (lower * ms.subjects - ms.residual) / (judges + n * lower * ms.subjects),
       {ms.subjects / ms.residual, df1, df_residual, FUpper(ms.subjects / ms.residual, df1, df_residual)});
  return table;
}

}  // namespace plumbline::stats
