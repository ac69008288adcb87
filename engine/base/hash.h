// Two kinds of digest. Hash128 (XXH3, the same on every CPU) names subjects, events and alerts inside the engine: fast, not meant
// to resist an adversary. Sha256 chains journal entries and names artefacts (packs, baselines), where tampering must show.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace plumbline {

struct Hash128 {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
  [[nodiscard]] bool IsZero() const { return hi == 0 && lo == 0; }
  // 32 lower-case hexadecimal digits, high half first.
  [[nodiscard]] std::string Hex() const;
};

// XXH3-128 of the bytes, seed 0.
[[nodiscard]] Hash128 HashBytes(std::span<const std::byte> bytes);
[[nodiscard]] Hash128 HashText(std::string_view text);
// Parses Hex(); false when `hex` is not 32 hexadecimal digits.
[[nodiscard]] bool ParseHash128(std::string_view hex, Hash128* out);

// For tables in memory whose keys are compared as texts: reads the size, the first and the last eight bytes. Names nothing.
[[nodiscard]] inline std::uint64_t QuickHash(std::string_view text) {
  std::uint64_t first = 0, last = 0;
  if (text.size() >= 8) {
    std::memcpy(&first, text.data(), 8);
    std::memcpy(&last, text.data() + text.size() - 8, 8);
  } else if (!text.empty()) {
    std::memcpy(&first, text.data(), text.size());
  }
  const std::uint64_t mixed = (first ^ (last << 29 | last >> 35) ^ text.size()) * 0x9E3779B97F4A7C15ULL;
  return mixed ^ (mixed >> 29);
}

// For std::unordered_map keyed by Hash128: the low half is already uniform.
struct Hash128Hasher {
  std::size_t operator()(const Hash128& h) const noexcept { return static_cast<std::size_t>(h.lo); }
};

using Digest = std::array<std::byte, 32>;
[[nodiscard]] std::string DigestHex(const Digest& digest);

// SHA-256, streaming. Not copyable; owned and used by one thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void Update(std::span<const std::byte> bytes);
  void Update(std::string_view text);
  // Little-endian, fixed width, so that what is hashed is the same on every machine.
  void UpdateU64(std::uint64_t value);
  void UpdateI64(std::int64_t value) { UpdateU64(static_cast<std::uint64_t>(value)); }
  // The digest of all updates since construction or the last Finish; starts anew.
  [[nodiscard]] Digest Finish();

 private:
  void* context_;
};

[[nodiscard]] Digest Sha256Of(std::span<const std::byte> bytes);
[[nodiscard]] Digest Sha256Of(std::string_view text);

inline std::span<const std::byte> AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace plumbline
