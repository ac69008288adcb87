// Little-endian integers in byte strings: the one way in which formats of this project are written and read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/hash.h"

namespace plumbline {

template <typename T>
[[nodiscard]] inline T LoadLe(const void* from) {
  const auto* bytes = static_cast<const unsigned char*>(from);
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value | static_cast<T>(static_cast<T>(bytes[i]) << (8 * i)));
  return value;
}
template <typename T>
inline void StoreLe(void* to, T value) {
  auto* bytes = static_cast<unsigned char*>(to);
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<unsigned char>(value >> (8 * i));
}

// Appends to a string.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}
  void U8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void U16(std::uint16_t v) { Put(v); }
  void U32(std::uint32_t v) { Put(v); }
  void U64(std::uint64_t v) { Put(v); }
  void I64(std::int64_t v) { Put(static_cast<std::uint64_t>(v)); }
  void Bytes(std::string_view v) { out_.append(v); }
  void Raw(const Digest& d) { out_.append(reinterpret_cast<const char*>(d.data()), d.size()); }
  void Hash(const Hash128& h) {
    U64(h.hi);
    U64(h.lo);
  }
  // u32 size, bytes.
  void Text(std::string_view v) {
    U32(static_cast<std::uint32_t>(v.size()));
    Bytes(v);
  }

 private:
  template <typename T>
  void Put(T v) {
    char bytes[sizeof(T)];
    StoreLe(bytes, v);
    out_.append(bytes, sizeof(T));
  }
  std::string& out_;
};

// Reads front to back. Past the end every read gives zero and ok() turns false: check it once, when done.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  std::uint8_t U8() { return Take<std::uint8_t>(); }
  std::uint16_t U16() { return Take<std::uint16_t>(); }
  std::uint32_t U32() { return Take<std::uint32_t>(); }
  std::uint64_t U64() { return Take<std::uint64_t>(); }
  std::int64_t I64() { return static_cast<std::int64_t>(Take<std::uint64_t>()); }
  std::string_view Bytes(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const auto out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  std::string_view Text() { return Bytes(U32()); }
  Hash128 Hash() {
    const std::uint64_t hi = U64();
    return {hi, U64()};
  }
  Digest Raw() {
    Digest d{};
    const auto bytes = Bytes(d.size());
    if (ok_) std::memcpy(d.data(), bytes.data(), d.size());
    return d;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  [[nodiscard]] bool AtEnd() const { return rest_.empty(); }

 private:
  template <typename T>
  T Take() {
    const auto bytes = Bytes(sizeof(T));
    return bytes.size() == sizeof(T) ? LoadLe<T>(bytes.data()) : T{0};
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace plumbline
