// States of streaming statistics as bytes. Grammar, all little-endian:
//   state := kind:u8 version:u8 field*
// Fields have fixed widths per kind and version; a reader refuses another kind, another version, a short or a long input, doubles
// that are not finite or a negative zero, and counts that no unit reaches. Equal states have equal bytes, and only those bytes.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace plumbline::stats {

// First byte of a state; never used again for another meaning.
enum class StateKind : std::uint8_t {
  kRunsRules = 1,
  kAnhoej = 2,
  kWestgard = 3,
  kCusum = 4,
  kEwma = 5,
  kMewma = 6,
  kRaCusum = 7,
  kVlad = 8,
  kSprt = 9,
  kMaxSprt = 10,
};

class StateWriter {
 public:
  StateWriter(StateKind kind, std::uint8_t version) {
    U8(static_cast<std::uint8_t>(kind));
    U8(version);
  }
  void U8(std::uint8_t v) { bytes_.push_back(static_cast<char>(v)); }
  void U32(std::uint32_t v) { Put(v, 4); }
  void U64(std::uint64_t v) { Put(v, 8); }
  void F64(double v) { Put(std::bit_cast<std::uint64_t>(v + 0.0), 8); }  // + 0.0: one zero, not two
  [[nodiscard]] std::string Take() { return std::move(bytes_); }

 private:
  void Put(std::uint64_t v, int width) {
    for (int i = 0; i < width; ++i) bytes_.push_back(static_cast<char>((v >> (8 * i)) & 0xff));
  }
  std::string bytes_;
};

class StateReader {
 public:
  StateReader(std::string_view bytes, StateKind kind, std::uint8_t version) : bytes_(bytes) {
    good_ = U8() == static_cast<std::uint8_t>(kind);
    wrong_version_ = U8() != version && good_;
  }
  std::uint8_t U8() { return static_cast<std::uint8_t>(Get(1)); }
  std::uint32_t U32() { return static_cast<std::uint32_t>(Get(4)); }
  std::uint64_t U64() { return Get(8); }
  double F64() {
    const double v = std::bit_cast<double>(Get(8));
    good_ = good_ && std::isfinite(v) && !(v == 0 && std::signbit(v));
    return v;
  }
  // A number of observations, or the number of one: below 2^62, so that counting on cannot overflow.
  std::uint64_t Count() {
    const std::uint64_t v = Get(8);
    good_ = good_ && v < (1ULL << 62);
    return v;
  }
  // Must hold of what was read, e.g. a count within its limit.
  void Require(bool condition) { good_ = good_ && condition; }
  // Ends the reading: the whole input must have been used.
  [[nodiscard]] Result<void> Finish() const {
    if (wrong_version_) return Fail(ErrorCode::kVersion, "a statistic's state is of another version");
    if (!good_ || at_ != bytes_.size()) return Fail(ErrorCode::kIntegrity, "a statistic's state is damaged or of another kind");
    return {};
  }

 private:
  std::uint64_t Get(std::size_t width) {
    if (bytes_.size() - at_ < width) {
      good_ = false;
      at_ = bytes_.size();
      return 0;
    }
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < width; ++i)
      v |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes_[at_ + i])) << (8 * i);
    at_ += width;
    return v;
  }
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool good_ = true;
  bool wrong_version_ = false;
};

// The state of a pair of sums, up and down, as both kinds of CUSUM keep it.
template <typename Sums>
[[nodiscard]] std::string EncodeSums(StateKind kind, std::uint8_t version, const Sums& s) {
  StateWriter w(kind, version);
  w.U64(s.count);
  w.F64(s.upper);
  w.F64(s.lower);
  w.U64(s.upper_since);
  w.U64(s.lower_since);
  return w.Take();
}
template <typename Sums>
[[nodiscard]] Result<Sums> DecodeSums(std::string_view bytes, StateKind kind, std::uint8_t version) {
  StateReader r(bytes, kind, version);
  Sums s;
  s.count = r.Count();
  s.upper = r.F64();
  s.lower = r.F64();
  s.upper_since = r.Count();
  s.lower_since = r.Count();
  r.Require(s.upper >= 0 && s.lower >= 0 && s.upper_since <= s.count && s.lower_since <= s.count);
  PLUMBLINE_TRY(r.Finish());
  return s;
}

}  // namespace plumbline::stats
