// Detectors of change without a promise, for comparison with what others use: Page-Hinkley, KSWIN and ADWIN. Alerts that reach
// people come from e_detector.h. Each is a small state; Add returns true when a change is seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "engine/stats/random.h"

namespace plumbline::stats {

// Page 1954: sum of (x - running mean - delta), faded by alpha, above its threshold; upwards. The running mean restarts at an
// alarm.
struct PageHinkleyOptions {
  std::uint64_t min_instances = 30;
  double delta = 0.005;
  double threshold = 50;
  double alpha = 0.9999;
};
class PageHinkley {
 public:
  explicit PageHinkley(PageHinkleyOptions options = {}) : options_(options) {}
  bool Add(double x);

 private:
  PageHinkleyOptions options_;
  std::uint64_t n_ = 0;
  double mean_ = 0;
  double sum_ = 0;
  double least_ = 0;
};

// Raab, Heusinger & Schleif 2020: the newest `recent` values against as many drawn from the window before, by Kolmogorov-Smirnov.
struct KswinOptions {
  double alpha = 1e-4;
  std::size_t window = 100;
  std::size_t recent = 30;
  std::uint64_t seed = 42;
};
class Kswin {
 public:
  explicit Kswin(KswinOptions options = {}) : options_(options) {}
  bool Add(double x);

 private:
  KswinOptions options_;
  std::uint64_t n_ = 0;
  std::deque<double> window_;
};

// Bifet & Gavalda 2007 (ADWIN2): exponential histogram of buckets; every `clock` values all cuts are tested against
// sqrt(2/m var ln(2 ln n / delta)) + 2/(3m) ln(2 ln n / delta).
struct AdwinOptions {
  double delta = 0.002;
  std::uint64_t clock = 32;
  std::size_t max_buckets = 5;
  double min_window = 5;
  double grace = 10;
};
class Adwin {
 public:
  explicit Adwin(AdwinOptions options = {}) : options_(options) {}
  bool Add(double x);
  [[nodiscard]] double width() const { return width_; }

 private:
  struct Bucket {
    double total = 0;
    double variance = 0;  // sum of squares about the bucket's mean
  };
  void Compress();
  bool Shrink();
  void DropOldest();

  AdwinOptions options_;
  std::vector<std::vector<Bucket>> rows_{1};  // row k: buckets of 2^k values, newest first
  double width_ = 0;
  double total_ = 0;
  double variance_ = 0;
  std::uint64_t ticks_ = 0;
};

}  // namespace plumbline::stats
