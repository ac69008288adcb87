#include "engine/stats/drift.h"

#include <algorithm>
#include <cmath>

#include "engine/base/math.h"
#include "engine/stats/two_sample.h"

namespace plumbline::stats {

bool PageHinkley::Add(double x) {
  if (!std::isfinite(x)) return false;
  ++n_;
  mean_ += (x - mean_) / static_cast<double>(n_);
  sum_ = options_.alpha * sum_ + (x - mean_ - options_.delta);
  least_ = std::min(least_, sum_);
  if (n_ < options_.min_instances || sum_ - least_ <= options_.threshold) return false;
  n_ = 0;
  mean_ = sum_ = least_ = 0;
  return true;
}

bool Kswin::Add(double x) {
  if (!std::isfinite(x)) return false;
  ++n_;
  window_.push_back(x);
  if (window_.size() > options_.window) window_.pop_front();
  if (window_.size() < options_.window || options_.recent * 2 > options_.window) return false;
  // Drawn without replacement from what is older than the newest `recent`.
  std::vector<double> old(window_.begin(), window_.end() - static_cast<std::ptrdiff_t>(options_.recent));
  SplitMix random(options_.seed, n_);
  for (std::size_t i = 0; i < options_.recent; ++i) std::swap(old[i], old[i + random.Below(old.size() - i)]);
  old.resize(options_.recent);
  const std::vector<double> recent(window_.end() - static_cast<std::ptrdiff_t>(options_.recent), window_.end());
  const auto ks = KolmogorovSmirnov(old, recent);
  if (!ks || ks->p_exact > options_.alpha || ks->d <= 0.1) return false;
  window_.erase(window_.begin(), window_.end() - static_cast<std::ptrdiff_t>(options_.recent));
  return true;
}

// Joins the two oldest buckets of every row that has too many.
void Adwin::Compress() {
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    if (rows_[row].size() <= options_.max_buckets) return;
    if (row + 1 == rows_.size()) rows_.emplace_back();
    const Bucket a = rows_[row][rows_[row].size() - 1], b = rows_[row][rows_[row].size() - 2];
    rows_[row].resize(rows_[row].size() - 2);
    const double n = std::ldexp(1.0, static_cast<int>(row)), d = a.total / n - b.total / n;
    rows_[row + 1].insert(rows_[row + 1].begin(), Bucket{a.total + b.total, a.variance + b.variance + n * d * d / 2});
  }
}

void Adwin::DropOldest() {
  while (rows_.back().empty()) rows_.pop_back();
  const Bucket oldest = rows_.back().back();
  const double n = std::ldexp(1.0, static_cast<int>(rows_.size()) - 1);
  rows_.back().pop_back();
  width_ -= n;
  total_ -= oldest.total;
  const double d = width_ > 0 ? oldest.total / n - total_ / width_ : 0;
  variance_ = std::max(0.0, variance_ - oldest.variance - n * width_ / (n + width_) * d * d);
  if (rows_.back().empty() && rows_.size() > 1) rows_.pop_back();
}

// True when some cut separates two different means; the oldest bucket goes then.
bool Adwin::Shrink() {
  const double log_term = det::Log(2 * det::Log(width_) / options_.delta);
  double n0 = 0, total0 = 0;
  for (std::size_t row = rows_.size(); row-- > 0;) {
    const double n = std::ldexp(1.0, static_cast<int>(row));
    for (std::size_t k = rows_[row].size(); k-- > 0;) {
      n0 += n;
      total0 += rows_[row][k].total;
      const double n1 = width_ - n0;
      if (n1 < options_.min_window) return false;
      if (n0 < options_.min_window) continue;
      const double m = 1 / (1 / (n0 - options_.min_window + 1) + 1 / (n1 - options_.min_window + 1));
      const double epsilon = std::sqrt(2 / m * variance_ / width_ * log_term) + 2 / (3 * m) * log_term;
      if (std::fabs(total0 / n0 - (total_ - total0) / n1) > epsilon) {
        DropOldest();
        return true;
      }
    }
  }
  return false;
}

bool Adwin::Add(double x) {
  if (!std::isfinite(x)) return false;
  if (width_ > 0) variance_ += width_ * (x - total_ / width_) * (x - total_ / width_) / (width_ + 1);
  rows_[0].insert(rows_[0].begin(), Bucket{x, 0});
  width_ += 1;
  total_ += x;
  Compress();
  ++ticks_;
  if (ticks_ % options_.clock != 0 || width_ <= options_.grace) return false;
  bool changed = false;
  while (width_ > options_.grace && Shrink()) changed = true;
  return changed;
}

}  // namespace plumbline::stats
