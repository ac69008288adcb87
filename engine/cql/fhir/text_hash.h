// A hash of short texts (element names, codes, urls) for tables in memory. Its values are never stored, printed or compared
// across processes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace plumbline::cql::fhir {

[[nodiscard]] inline std::uint64_t TextHash(std::string_view text) {
  constexpr std::uint64_t kFirst = 0x9E3779B97F4A7C15ULL;
  constexpr std::uint64_t kSecond = 0xC2B2AE3D27D4EB4FULL;
  const char* data = text.data();
  std::size_t left = text.size();
  std::uint64_t hash = left * kFirst;
  std::uint64_t word = 0;
  while (left > 8) {
    std::memcpy(&word, data, 8);
    hash = (hash ^ word) * kSecond;
    hash ^= hash >> 29;
    data += 8;
    left -= 8;
  }
  word = 0;
  if (text.size() >= 8) {
    std::memcpy(&word, text.data() + text.size() - 8, 8);
  } else {
    for (std::size_t i = 0; i < left; ++i) word |= static_cast<std::uint64_t>(static_cast<unsigned char>(data[i])) << (8 * i);
  }
  hash = (hash ^ word) * kFirst;
  return hash ^ (hash >> 32);
}

}  // namespace plumbline::cql::fhir
