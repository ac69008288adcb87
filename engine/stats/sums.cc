#include "engine/stats/sums.h"

#include <bit>
#include <cmath>

#include "engine/base/check.h"
#include "engine/base/int128.h"

namespace plumbline::stats {
namespace {

constexpr std::int64_t kBase = std::int64_t{1} << 32;
constexpr std::int32_t kMaxPending = 1 << 30;

// Propagates carries so that all chunks but the last lie in [0, 2^32).
void Carry(std::array<std::int64_t, ExactSum::kChunks>* chunks) {
  std::int64_t carry = 0;
  for (std::size_t i = 0; i + 1 < ExactSum::kChunks; ++i) {
    const std::int64_t v = (*chunks)[i] + carry;
    carry = v >> 32;  // floor
    (*chunks)[i] = v - carry * kBase;
  }
  chunks->back() += carry;
}

}  // namespace

void ExactSum::Propagate() {
  Carry(&chunks_);
  pending_ = 0;
}

void ExactSum::Add(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const auto exponent = static_cast<int>((bits >> 52) & 0x7ff);
  PLUMBLINE_CHECK(exponent != 0x7ff, "only finite numbers are summed");
  std::uint64_t mantissa = bits & ((std::uint64_t{1} << 52) - 1);
  if (exponent != 0) mantissa |= std::uint64_t{1} << 52;
  const int shift = exponent == 0 ? 0 : exponent - 1;  // the mantissa's lowest bit weighs 2^(shift - 1074)
  const auto index = static_cast<std::size_t>(shift / 32);
  const UInt128 wide = static_cast<UInt128>(mantissa) << (shift % 32);
  const auto low = static_cast<std::int64_t>(static_cast<std::uint64_t>(wide) & 0xffffffffU);
  const auto middle = static_cast<std::int64_t>((static_cast<std::uint64_t>(wide) >> 32) & 0xffffffffU);
  const auto high = static_cast<std::int64_t>(static_cast<std::uint64_t>(wide >> 64));
  const std::int64_t sign = (bits >> 63) != 0 ? -1 : 1;
  chunks_[index] += sign * low;
  chunks_[index + 1] += sign * middle;
  chunks_[index + 2] += sign * high;
  if (++pending_ >= kMaxPending) Propagate();
}

void ExactSum::AddProduct(double x, double y) {
  constexpr double kSplit = 134217729.0;  // 2^27 + 1
  const double product = x * y;
  PLUMBLINE_CHECK(std::isfinite(product), "a product that is summed is finite");
  if (std::fabs(x) > 1e300 || std::fabs(y) > 1e300 || std::fabs(product) < 1e-250) {
    Add(product);
    return;
  }
  const double cx = kSplit * x, cy = kSplit * y;
  const double xh = cx - (cx - x), yh = cy - (cy - y);
  const double xl = x - xh, yl = y - yh;
  Add(product);
  Add(((xh * yh - product) + xh * yl + xl * yh) + xl * yl);
}

void ExactSum::Merge(const ExactSum& other) {
  ExactSum addend = other;
  addend.Propagate();
  Propagate();
  for (std::size_t i = 0; i < kChunks; ++i) chunks_[i] += addend.chunks_[i];
  pending_ = 2;
}

std::array<std::int64_t, ExactSum::kChunks> ExactSum::Canonical() const {
  auto chunks = chunks_;
  Carry(&chunks);
  return chunks;
}

ExactSum ExactSum::FromCanonical(const std::array<std::int64_t, kChunks>& chunks) {
  ExactSum sum;
  sum.chunks_ = chunks;
  sum.Propagate();
  return sum;
}

double ExactSum::Value() const {
  auto chunks = Canonical();
  const bool negative = chunks.back() < 0;
  if (negative) {
    for (auto& chunk : chunks) chunk = -chunk;
    Carry(&chunks);
  }
  std::size_t top = kChunks;
  while (top > 0 && chunks[top - 1] == 0) --top;
  if (top == 0) return 0;
  // 96 to 128 bits from the highest chunk that is not zero (the last chunk holds only carries, far below 2^32), the rest sticky.
  UInt128 head = 0;
  for (std::size_t i = 0; i < 4; ++i) head = (head << 32) | (top > i ? static_cast<UInt128>(chunks[top - 1 - i]) : UInt128{0});
  bool sticky = false;
  for (std::size_t i = 0; i + 4 < top; ++i) sticky = sticky || chunks[i] != 0;
  int width = 128;
  while ((head >> (width - 1)) == 0) --width;
  const int drop = width > 53 ? width - 53 : 0;
  auto mantissa = static_cast<std::uint64_t>(head >> drop);
  if (drop > 0) {
    const UInt128 rest = head & ((UInt128{1} << drop) - 1);
    const UInt128 half = UInt128{1} << (drop - 1);
    if (rest > half || (rest == half && (sticky || (mantissa & 1) != 0))) ++mantissa;
  }
  const int exponent = (static_cast<int>(top) - 4) * 32 - 1074 + drop;
  const double value = std::ldexp(static_cast<double>(mantissa), exponent);
  return negative ? -value : value;
}

double SumExact(std::span<const double> values) {
  ExactSum sum;
  for (const double x : values) sum.Add(x);
  return sum.Value();
}

double MeanExact(std::span<const double> values) {
  PLUMBLINE_CHECK(!values.empty(), "a mean needs values");
  return SumExact(values) / static_cast<double>(values.size());
}

double SumSquaresAbout(std::span<const double> values, double centre) {
  ExactSum sum;
  for (const double x : values) sum.AddProduct(x - centre, x - centre);
  return sum.Value();
}

double VarianceExact(std::span<const double> values) {
  PLUMBLINE_CHECK(values.size() >= 2, "a variance needs two values");
  return SumSquaresAbout(values, MeanExact(values)) / static_cast<double>(values.size() - 1);
}

}  // namespace plumbline::stats
