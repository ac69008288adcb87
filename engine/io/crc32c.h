// CRC-32C (Castagnoli), the checksum of frames on disk. The same value on every CPU: the instruction where there is one, tables
// elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace plumbline::io {

[[nodiscard]] std::uint32_t Crc32c(std::span<const std::byte> bytes);

// The table form, whatever the CPU. For the test that both agree.
[[nodiscard]] std::uint32_t Crc32cPortable(std::span<const std::byte> bytes);

}  // namespace plumbline::io
