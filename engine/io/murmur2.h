// The key hash by which Java's Kafka producer chooses a partition (and librdkafka's `murmur2` and `murmur2_random`). The three
// input topics have the same partition count and this hash, so that all that is known of one patient meets in one partition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/bytes.h"

namespace plumbline::io {

[[nodiscard]] inline std::uint32_t Murmur2(std::span<const std::byte> key) {
  constexpr std::uint32_t kSeed = 0x9747b28c, kMultiplier = 0x5bd1e995;
  constexpr int kShift = 24;
  std::uint32_t h = kSeed ^ static_cast<std::uint32_t>(key.size());
  const std::byte* at = key.data();
  std::size_t left = key.size();
  for (; left >= 4; at += 4, left -= 4) {
    std::uint32_t k = LoadLe<std::uint32_t>(at);
    k *= kMultiplier;
    k ^= k >> kShift;
    k *= kMultiplier;
    h *= kMultiplier;
    h ^= k;
  }
  std::uint32_t tail = 0;
  for (std::size_t i = 0; i < left; ++i) tail |= std::to_integer<std::uint32_t>(at[i]) << (8 * i);
  if (left > 0) h = (h ^ tail) * kMultiplier;
  h ^= h >> 13;
  h *= kMultiplier;
  h ^= h >> 15;
  return h;
}

// `partitions` is above 0.
[[nodiscard]] inline std::uint32_t PartitionOfKey(std::span<const std::byte> key, std::uint32_t partitions) {
  return (Murmur2(key) & 0x7fffffffu) % partitions;
}

}  // namespace plumbline::io
