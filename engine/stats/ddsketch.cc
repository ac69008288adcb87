#include "engine/stats/ddsketch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/math.h"

namespace plumbline::stats {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr double kTiny = 1e-300;

void PutVarint(std::string* out, std::uint64_t v) {
  while (v >= 0x80) {
    out->push_back(static_cast<char>((v & 0x7F) | 0x80));
    v >>= 7;
  }
  out->push_back(static_cast<char>(v));
}

// Only the shortest form of a number, so that equal sketches have one text.
std::optional<std::uint64_t> TakeVarint(std::string_view* in) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !in->empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(in->front());
    in->remove_prefix(1);
    if ((shift > 0 && byte == 0) || (shift == 63 && byte > 1)) return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::uint64_t Zigzag(std::int64_t v) { return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63); }
std::int64_t Unzigzag(std::uint64_t v) { return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1); }

std::unexpected<NoResult> Damaged(std::string what) {
  return No(Reason::kOutsideDomain, "the sketch's bytes: " + std::move(what));
}

}  // namespace

Outcome<DdSketch> DdSketch::Make(double alpha) {
  if (!(alpha >= 1e-4 && alpha <= 0.2)) return No(Reason::kOutsideDomain, "the relative error lies between 0.0001 and 0.2");
  const double gamma = (1 + alpha) / (1 - alpha);
  return DdSketch(alpha, gamma, det::Log(gamma));
}

std::int32_t DdSketch::IndexOf(double x) const { return static_cast<std::int32_t>(std::ceil(det::Log(x) / log_gamma_)); }
double DdSketch::ValueOf(std::int32_t index) const {
  const double value = 2 * det::Exp(log_gamma_ * index) / (gamma_ + 1);
  if (std::isfinite(value)) return value;
  // The bucket of the greatest doubles: its upper end is beyond them, its middle need not be.
  constexpr double kGreatest = std::numeric_limits<double>::max();
  const double lower = std::min(kGreatest, det::Exp(log_gamma_ * (index - 1)));
  return lower > kGreatest * (gamma_ + 1) / (2 * gamma_) ? kGreatest : lower * (2 * gamma_ / (gamma_ + 1));
}

bool DdSketch::Add(double x, std::uint64_t weight) {
  if (!std::isfinite(x) || weight == 0 || count_ > UINT64_MAX - weight) {
    ++refused_;
    return false;
  }
  if (std::fabs(x) < kTiny) {
    zero_ += weight;
  } else {
    Buckets& side = x > 0 ? positive_ : negative_;
    const std::int32_t index = IndexOf(std::fabs(x));
    if (buckets() >= kMaxBuckets && !side.contains(index)) {
      ++refused_;
      return false;
    }
    side[index] += weight;
  }
  count_ += weight;
  return true;
}

bool DdSketch::Remove(double x, std::uint64_t weight) {
  if (!std::isfinite(x)) return false;
  if (std::fabs(x) < kTiny) {
    if (zero_ < weight) return false;
    zero_ -= weight;
  } else {
    Buckets& side = x > 0 ? positive_ : negative_;
    const auto it = side.find(IndexOf(std::fabs(x)));
    if (it == side.end() || it->second < weight) return false;
    it->second -= weight;
    if (it->second == 0) side.erase(it);
  }
  count_ -= weight;
  return true;
}

Outcome<void> DdSketch::Merge(const DdSketch& other) {
  if (other.alpha_ != alpha_) return No(Reason::kOutsideDomain, "sketches of different relative error cannot be merged exactly");
  for (const auto& [index, n] : other.positive_) positive_[index] += n;
  for (const auto& [index, n] : other.negative_) negative_[index] += n;
  zero_ += other.zero_;
  count_ += other.count_;
  refused_ += other.refused_;
  return {};
}

Outcome<double> DdSketch::Quantile(double q) const {
  if (!(q >= 0 && q <= 1)) return No(Reason::kOutsideDomain, "a quantile's level lies in [0,1]");
  if (count_ == 0) return No(Reason::kTooFew, "the sketch is empty");
  const auto rank = static_cast<std::uint64_t>(std::floor(q * static_cast<double>(count_ - 1)));
  std::uint64_t seen = 0;
  for (auto it = negative_.rbegin(); it != negative_.rend(); ++it) {
    seen += it->second;
    if (seen > rank) return -ValueOf(it->first);
  }
  seen += zero_;
  if (seen > rank) return 0.0;
  for (const auto& [index, n] : positive_) {
    seen += n;
    if (seen > rank) return ValueOf(index);
  }
  return positive_.empty() ? 0.0 : ValueOf(positive_.rbegin()->first);
}

Outcome<double> DdSketch::ShareAtMost(double x) const {
  if (!std::isfinite(x)) return No(Reason::kOutsideDomain, "the value is not finite");
  if (count_ == 0) return No(Reason::kTooFew, "the sketch is empty");
  std::uint64_t below = 0;
  const bool zero = std::fabs(x) < kTiny;
  const std::int32_t index = zero ? 0 : IndexOf(std::fabs(x));
  for (const auto& [i, n] : negative_) below += x < 0 && !zero && i < index ? 0 : n;
  if (x >= 0 || zero) below += zero_;
  for (const auto& [i, n] : positive_) below += x > 0 && !zero && i <= index ? n : 0;
  return static_cast<double>(below) / static_cast<double>(count_);
}

std::string DdSketch::Serialise() const {
  std::string out(1, static_cast<char>(kVersion));
  const auto put64 = [&out](std::uint64_t v) {
    for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>((v >> (8 * i)) & 0xFF));
  };
  put64(std::bit_cast<std::uint64_t>(alpha_));
  put64(zero_);
  put64(refused_);
  for (const Buckets* side : {&negative_, &positive_}) {
    PutVarint(&out, side->size());
    std::int64_t before = 0;
    for (const auto& [index, n] : *side) {
      PutVarint(&out, Zigzag(index - before));
      PutVarint(&out, n);
      before = index;
    }
  }
  return out;
}

Outcome<DdSketch> DdSketch::Restore(std::string_view bytes) {
  if (bytes.size() < 25) return Damaged("too short");
  if (static_cast<std::uint8_t>(bytes[0]) != kVersion) return Damaged("another version");
  bytes.remove_prefix(1);
  const auto take64 = [&bytes] {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < 8; ++i) v |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[i])) << (8 * i);
    bytes.remove_prefix(8);
    return v;
  };
  PLUMBLINE_ASSIGN(DdSketch sketch, Make(std::bit_cast<double>(take64())));
  sketch.zero_ = take64();
  sketch.refused_ = take64();
  constexpr std::uint64_t kMostCounted = 1ULL << 62;
  if (sketch.zero_ >= kMostCounted || sketch.refused_ >= kMostCounted) return Damaged("a count");
  sketch.count_ = sketch.zero_;
  const std::int64_t least = sketch.IndexOf(kTiny), greatest = sketch.IndexOf(std::numeric_limits<double>::max());
  for (Buckets* side : {&sketch.negative_, &sketch.positive_}) {
    const auto size = TakeVarint(&bytes);
    if (!size || *size > 2 * kMaxBuckets) return Damaged("the number of buckets");
    std::int64_t index = 0;
    for (std::uint64_t i = 0; i < *size; ++i) {
      const auto delta = TakeVarint(&bytes);
      const auto n = TakeVarint(&bytes);
      if (!delta || !n || *n == 0) return Damaged("a bucket");
      const std::int64_t step = Unzigzag(*delta);
      if (i > 0 && step <= 0) return Damaged("buckets are not ascending");
      if (step > INT32_MAX || step < INT32_MIN || index + step < least || index + step > greatest)
        return Damaged("a bucket's index");
      index += step;
      (*side)[static_cast<std::int32_t>(index)] = *n;
      if (*n >= kMostCounted || sketch.count_ + *n >= kMostCounted) return Damaged("a count");
      sketch.count_ += *n;
    }
  }
  if (!bytes.empty()) return Damaged("something follows the last bucket");
  return sketch;
}

}  // namespace plumbline::stats
