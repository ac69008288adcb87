#include "engine/io/crc32c.h"

#include <array>

#include "engine/base/bytes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace plumbline::io {
namespace {

using Table = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Table MakeTable() {
  Table table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
    table[0][i] = crc;
  }
  for (std::size_t i = 0; i < 256; ++i)
    for (std::size_t k = 1; k < 8; ++k) table[k][i] = (table[k - 1][i] >> 8) ^ table[0][table[k - 1][i] & 255];
  return table;
}

constexpr Table kTable = MakeTable();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t Hardware(const std::byte* data, std::size_t size) {
  std::uint64_t crc = 0xFFFFFFFFu;
  for (; size >= 8; data += 8, size -= 8) {
    std::uint64_t word;
    __builtin_memcpy(&word, data, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  auto narrow = static_cast<std::uint32_t>(crc);
  for (; size > 0; ++data, --size) narrow = _mm_crc32_u8(narrow, std::to_integer<std::uint8_t>(*data));
  return ~narrow;
}

const bool kHasInstruction = __builtin_cpu_supports("sse4.2");
#endif

}  // namespace

std::uint32_t Crc32cPortable(std::span<const std::byte> bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  while (bytes.size() >= 8) {
    const auto low = LoadLe<std::uint32_t>(bytes.data()) ^ crc;
    const auto high = LoadLe<std::uint32_t>(bytes.data() + 4);
    crc = kTable[7][low & 255] ^ kTable[6][low >> 8 & 255] ^ kTable[5][low >> 16 & 255] ^ kTable[4][low >> 24] ^
          kTable[3][high & 255] ^ kTable[2][high >> 8 & 255] ^ kTable[1][high >> 16 & 255] ^ kTable[0][high >> 24];
    bytes = bytes.subspan(8);
  }
  for (const std::byte b : bytes) crc = (crc >> 8) ^ kTable[0][(crc ^ std::to_integer<std::uint32_t>(b)) & 255];
  return ~crc;
}

std::uint32_t Crc32c(std::span<const std::byte> bytes) {
#if defined(__x86_64__)
  if (kHasInstruction) return Hardware(bytes.data(), bytes.size());
#endif
  return Crc32cPortable(bytes);
}

}  // namespace plumbline::io
